"""
The signature over a whole aggregate, which may be larger than what fits into memory several times.

The shape is judged as for every signature (`signatures.of_document`); then the digest is taken of the canonical
octets while they are written to a file, and only that file is read from there on (X1, X2, X30).
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import IO, Any

from lxml import etree

from idp.base.texts import phrase
from idp.saml import gate
from idp.saml.aggregates import MOST_AGGREGATE_BYTES, checked
from idp.saml.algorithms import SIGNATURE_ALGORITHMS, verifies
from idp.saml.certificates import KnownKey
from idp.saml.gate import Tree, unreadable
from idp.saml.names import EXCLUSIVE_C14N, SHA256, SHA384, SHA512
from idp.saml.signatures import not_proven, of_document

_DIGESTS = {SHA256: hashlib.sha256, SHA384: hashlib.sha384, SHA512: hashlib.sha512}


def verified_copy(stream: IO[bytes], keys: Iterable[KnownKey], into: IO[bytes]) -> None:
    """
    Write to *into* what the signature over the document in *stream* covers.

    Args:
        keys: one of them must have signed it.

    Raises:
        MessageRefused: it is not signed, or not so that it verifies. What is in *into* then is of no use.
    """
    root = _tree(stream)
    signature = of_document(root)
    info = signature[0]
    method = SIGNATURE_ALGORITHMS[info[1].get("Algorithm")]
    octets = etree.tostring(
        info, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=_prefixes(info[0])
    )
    value = base64.b64decode("".join((signature[1].text or "").split()))
    if not any(verifies(key.public, method, octets, value) for key in keys):
        raise not_proven("the signature does not verify with the certificate that was given")
    transforms, digest_method, digest = info[2]
    expected = base64.b64decode("".join((digest.text or "").split()))
    prefixes = _prefixes(transforms[1])
    _take_out(signature)
    hashing = _Hashing(into, _DIGESTS[digest_method.get("Algorithm")]())
    root.getroottree().write_c14n(hashing, exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes)
    if not hmac.compare_digest(hashing.digest.digest(), expected):
        raise not_proven("the document is not what was signed")


class _Hashing:
    """A file that takes the digest of what is written to it."""

    def __init__(self, into: IO[bytes], digest: Any) -> None:
        self._into, self.digest = into, digest

    def write(self, octets: bytes) -> int:
        self.digest.update(octets)
        return self._into.write(octets)


def _tree(stream: IO[bytes]) -> Tree:
    parser = gate.metadata_parser()
    try:
        for chunk in checked(stream, MOST_AGGREGATE_BYTES):
            parser.feed(chunk)
        return parser.close()
    except (etree.XMLSyntaxError, ValueError) as error:
        raise unreadable(phrase("it is not well-formed XML: %(got)s", got=str(error)[:200])) from None


def _take_out(signature: Tree) -> None:
    """Remove the signature as the enveloped transform does: what stands behind it stays."""
    above, before = signature.getparent(), signature.getprevious()
    tail = signature.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        above.text = (above.text or "") + tail
    above.remove(signature)


def _prefixes(algorithm: Tree) -> list[str] | None:
    named = next(iter(algorithm), None)
    if named is None or named.tag != f"{{{EXCLUSIVE_C14N}}}InclusiveNamespaces":
        return None
    return (named.get("PrefixList") or "").split() or None
