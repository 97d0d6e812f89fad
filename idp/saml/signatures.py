"""
Verifying what service providers sign: a signature that is there must be good (P3, X10), whoever asked for it.

An enveloped signature has to have the one shape that cannot be misread (X1, X2), is then verified
by signxml with the registered keys, and from there on only the octets that it covers exist.
"""

import base64
from collections.abc import Callable
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import (  # type: ignore[attr-defined]
    DigestAlgorithm,
    SignatureConfiguration,
    SignatureMethod,
    XMLVerifier,
)
from signxml.exceptions import SignXMLException

from idp.base.texts import phrase
from idp.saml import gate
from idp.saml.algorithms import LEGACY_DIGESTS, LEGACY_SIGNATURES, digest_algorithms, signature_algorithms, verifies
from idp.saml.bindings import DetachedSignature
from idp.saml.certificates import KnownKey, thumbprint
from idp.saml.errors import SIGNATURE, MessageRefused
from idp.saml.gate import Tree
from idp.saml.names import DS, ENVELOPED, EXCLUSIVE_C14N
from idp.saml.names import SIGNATURE as SIGNATURE_TAG

_D = f"{{{DS}}}"
_PREFIX_LIST = f"{{{EXCLUSIVE_C14N}}}InclusiveNamespaces"
_ID_ATTRIBUTES = frozenset({"id"})
_LONGEST_VALUE = 4096
_MOST_SHOWN = 10


def not_proven(cause: str, reason: str = "shape", **facts: Any) -> MessageRefused:
    """Return the refusal of a signature that is missing or wrong; *reason* is a slug that the doctor knows."""
    return MessageRefused(SIGNATURE, cause, reason=reason, **facts)


def verified(
    root: Tree,
    signature: DetachedSignature | None,
    keys: tuple[KnownKey, ...],
    allowed: frozenset[str] = frozenset(),
) -> tuple[Tree, bool]:
    """
    Return the message that may be read, and whether it is signed.

    Where there is a signature, what comes back is what it covers.

    Args:
        root: the message as it arrived, through the gate.
        signature: the one over the query that it came in, if there is one.
        keys: what this service provider has registered to sign with.
        allowed: the old algorithms that are allowed to it now (see `legacy`).

    Raises:
        MessageRefused: there is a signature and it does not verify.
    """
    signed = False
    if signature is not None:
        _verify_detached(signature, keys, allowed)
        signed = True
    if _has_signature(root):
        root = _verify_enveloped(root, keys, allowed)
        signed = True
    return root, signed


def old_algorithms(root: Tree, signature: DetachedSignature | None, allowed: frozenset[str]) -> list[str]:
    """
    Return those of the old algorithms *allowed* that the signatures of a message were made by, once it was verified.

    Args:
        root: the message as it arrived.
    """
    if not allowed:
        return []
    named = {signature.algorithm} if signature is not None else set()
    named.update(node.get("Algorithm") for node in root.iterfind(f"{SIGNATURE_TAG}/{_D}SignedInfo//*[@Algorithm]"))
    return sorted(name for name in allowed if named & {*LEGACY_SIGNATURES.get(name, ()), *LEGACY_DIGESTS.get(name, ())})


def verified_metadata(root: Tree, keys: tuple[KnownKey, ...]) -> Tree:
    """
    Return the metadata that the signature of *root* covers (SAML Metadata 2.0 section 3.1).

    Args:
        root: a metadata document through the gate.
        keys: one of them must have signed it.

    Raises:
        MessageRefused: it is not signed, or not so that it verifies.
    """
    if not _has_signature(root):
        raise not_proven("the metadata is not signed")
    return _verify_enveloped(root, keys, frozenset(), lambda covered, _: gate.read_metadata(covered))


def of_document(root: Tree) -> Tree:
    """
    Return the one signature over all of *root*, not verified yet (see `aggregate_signatures`).

    Raises:
        MessageRefused: there is none, or it has another shape than the one that is allowed.
    """
    return _shape(root, frozenset())[0]


def _verify_detached(signature: DetachedSignature, keys: tuple[KnownKey, ...], allowed: frozenset[str]) -> None:
    method = signature_algorithms(allowed).get(signature.algorithm)
    if method is None:
        raise _not_taken(signature.algorithm)
    if not keys:
        raise not_proven(
            "the request is signed, but no usable certificate to verify it is registered", "no-certificate"
        )
    for octets in signature.octets:
        if any(verifies(key.public, method, octets, signature.value) for key in keys):
            return
    raise not_proven(
        "the signature over the query does not verify with any registered certificate",
        "unverified",
        algorithm=signature.algorithm,
        registered=_thumbprints(keys),
    )


def _has_signature(root: Tree) -> bool:
    return next(root.iter(SIGNATURE_TAG), None) is not None


def _verify_enveloped(
    root: Tree,
    keys: tuple[KnownKey, ...],
    allowed: frozenset[str],
    read_again: Callable[[bytes, str], Tree] = gate.read,
) -> Tree:
    signature, algorithm = _shape(root, allowed)
    kind = signature_algorithms(allowed)[algorithm][0]
    if not keys:
        raise not_proven(
            "the message is signed, but no usable certificate to verify it is registered",
            "no-certificate",
            signed_with=named_certificate(signature),
        )
    identifier, tag = root.get("ID"), root.tag
    key_info = signature.find(_D + "KeyInfo")
    if key_info is not None:
        signature.remove(key_info)  # whose key it is says our registration, not the message (X13)
    document = etree.tostring(root)
    for key in keys:
        covered = _covered(document, key, kind, allowed)
        if covered is not None:
            read = read_again(covered, tag)
            if read.tag != tag or read.get("ID") != identifier or _has_signature(read):
                raise not_proven("what the signature covers is not the message")
            return read
    named = "" if key_info is None else _named(key_info)
    registered = _thumbprints(keys)
    raise not_proven(
        "the signature does not verify with any registered certificate",
        "broken" if named in registered else "unknown-key" if named else "unverified",
        algorithm=algorithm,
        signed_with=named,
        registered=registered,
    )


def named_certificate(signature: Tree) -> str:
    """Return the thumbprint of the certificate that *signature* says it was made with, empty if it says none."""
    key_info = signature.find(_D + "KeyInfo")
    return "" if key_info is None else _named(key_info)


def _named(key_info: Tree) -> str:
    """Only ever shown, never trusted (X13): it is hashed, not parsed."""
    text = "".join((key_info.findtext(f"{_D}X509Data/{_D}X509Certificate") or "").split())
    try:
        der = base64.b64decode(text, validate=True)
    except ValueError:
        return ""
    return thumbprint(der) if der else ""


def _thumbprints(keys: tuple[KnownKey, ...]) -> list[str]:
    return [thumbprint(key.certificate.public_bytes(Encoding.DER)) for key in keys[:_MOST_SHOWN]]


def _not_taken(algorithm: str) -> MessageRefused:
    return not_proven(
        phrase("the algorithm %(algorithm)s is not taken", algorithm=repr(algorithm[:120])),
        "algorithm",
        algorithm=algorithm[:120],
    )


def _covered(document: bytes, key: KnownKey, kind: str, allowed: frozenset[str]) -> bytes | None:
    """Return the octets that the signature in *document* covers, None if it was not made with *key*."""
    if (kind == "ecdsa") != hasattr(key.public, "curve"):
        return None
    methods, digests = _for_signxml(allowed)
    expected = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=methods,
        digest_algorithms=digests,
        verification_time=key.certificate.not_valid_before_utc,  # dates of certificates mean nothing in SAML
    )
    try:
        result: Any = XMLVerifier().verify(
            document, x509_cert=key.certificate, id_attribute="ID", validate_schema=False, expect_config=expected
        )
    except (SignXMLException, etree.LxmlError, ValueError, TypeError):
        return None
    covered = result.signed_data
    return covered if isinstance(covered, bytes) and covered else None


@cache
def _for_signxml(allowed: frozenset[str]) -> tuple[frozenset[SignatureMethod], frozenset[DigestAlgorithm]]:
    methods, digests = signature_algorithms(allowed), digest_algorithms(allowed)
    return (
        frozenset(method for method in SignatureMethod if method.value in methods),
        frozenset(digest for digest in DigestAlgorithm if digest.value in digests),
    )


def _shape(root: Tree, allowed: frozenset[str]) -> tuple[Tree, str]:
    """
    Return the signature and its algorithm, if it has the one shape that SAML Core 2.0 section 5.4 allows.

    One signature, a child of the root, over the root by its ID, which is nowhere else; nothing in it
    that is not needed.
    """
    signatures = list(root.iter(SIGNATURE_TAG))
    if len(signatures) != 1 or signatures[0].getparent() is not root:
        raise not_proven("there is not exactly one signature, as a child of the message")
    signature = signatures[0]
    identifier = root.get("ID") or ""
    if not identifier or _ids(root).count(identifier) != 1:
        raise not_proven("the message has no ID, or something in it has the same")
    parts = [child.tag for child in signature]
    if parts not in (
        [_D + "SignedInfo", _D + "SignatureValue"],
        [_D + "SignedInfo", _D + "SignatureValue", _D + "KeyInfo"],
    ):
        raise not_proven("the signature holds something else than SignedInfo, SignatureValue and KeyInfo")
    info = signature[0]
    if [child.tag for child in info] != [_D + "CanonicalizationMethod", _D + "SignatureMethod", _D + "Reference"]:
        raise not_proven("SignedInfo has not exactly one reference")
    canonicalization, method, reference = info
    if not _is_exclusive(canonicalization):
        raise not_proven("SignedInfo is not canonicalized exclusively")
    algorithm = method.get("Algorithm") or ""
    if algorithm not in signature_algorithms(allowed) or len(method):
        raise _not_taken(algorithm)
    if reference.get("URI") != f"#{identifier}":
        raise not_proven("the reference is not to the message itself")
    _check_reference(reference, digest_algorithms(allowed))
    _check_base64(signature[1], "SignatureValue")
    return signature, algorithm


def _check_reference(reference: Tree, digests: frozenset[str]) -> None:
    if [child.tag for child in reference] != [_D + "Transforms", _D + "DigestMethod", _D + "DigestValue"]:
        raise not_proven("the reference has not transforms, digest method and digest value")
    transforms, digest_method, digest = reference
    if [child.tag for child in transforms] != [_D + "Transform"] * 2:
        raise not_proven("there are other transforms than the two that are allowed")
    if transforms[0].get("Algorithm") != ENVELOPED or len(transforms[0]) or not _is_exclusive(transforms[1]):
        raise not_proven("the transforms are not that of an enveloped signature, then exclusive canonicalization")
    if digest_method.get("Algorithm") not in digests or len(digest_method):
        name = str(digest_method.get("Algorithm"))[:120]
        raise not_proven(phrase("the digest %(name)s is not taken", name=repr(name)), "algorithm", algorithm=name)
    _check_base64(digest, "DigestValue")


def _is_exclusive(node: Tree) -> bool:
    return node.get("Algorithm") == EXCLUSIVE_C14N and [child.tag for child in node] in ([], [_PREFIX_LIST])


def _check_base64(node: Tree, name: str) -> None:
    text = "".join((node.text or "").split())
    if len(node) or not 0 < len(text) <= _LONGEST_VALUE:
        raise not_proven(phrase("%(name)s is empty or too long", name=name))
    try:
        base64.b64decode(text, validate=True)
    except ValueError:  # also of letters that are not ASCII
        raise not_proven(phrase("%(name)s is not base64", name=name)) from None


def _ids(root: Tree) -> list[str]:
    """Return every value that any reader could take for an ID, however it spells the attribute."""
    return [
        value
        for node in root.iter()
        for name, value in node.attrib.items()
        if name.rpartition("}")[2].lower() in _ID_ATTRIBUTES
    ]
