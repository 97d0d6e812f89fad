"""
Signing what we send, in process, over strings that are canonical already (decisions 11).

XML Signature 1.1, enveloped, exclusive canonicalization (SAML Core 2.0 section 5.4); and the
signature over a redirect's query (SAML Bindings 2.0 section 3.4.4.1).
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from idp.base.values import quickly_made
from idp.keyring.keyring import Key
from idp.keyring.private import Certifiable
from idp.saml import mold, names
from idp.saml.mold import Mold
from idp.saml.names import ENVELOPED, EXCLUSIVE_C14N
from idp.saml.writer import IN_VALUES, Element, Written, element, write_around

_PKCS1 = padding.PKCS1v15()
_AFTER_ISSUER = 1

STANDARD = "rsa-sha256"
OF_CURVES = "ecdsa-sha256"


@dataclass(frozen=True, slots=True)
class Method:
    """A signature algorithm, and the digest of the same strength that goes with it."""

    algorithm: str
    digest: str
    hash: hashes.HashAlgorithm
    digested: Callable[[bytes], Any]
    needs_curve: bool = False


METHODS: dict[str, Method] = {
    STANDARD: Method(names.RSA_SHA256, names.SHA256, hashes.SHA256(), hashlib.sha256),
    "rsa-sha384": Method(names.RSA_SHA384, names.SHA384, hashes.SHA384(), hashlib.sha384),
    "rsa-sha512": Method(names.RSA_SHA512, names.SHA512, hashes.SHA512(), hashlib.sha512),
    OF_CURVES: Method(names.ECDSA_SHA256, names.SHA256, hashes.SHA256(), hashlib.sha256, needs_curve=True),
    "ecdsa-sha384": Method(names.ECDSA_SHA384, names.SHA384, hashes.SHA384(), hashlib.sha384, needs_curve=True),
    "ecdsa-sha512": Method(names.ECDSA_SHA512, names.SHA512, hashes.SHA512(), hashlib.sha512, needs_curve=True),
}
"""What an administrator may choose for a service provider, by the name that it is chosen by."""

LEGACY_METHODS: dict[str, Method] = {
    "rsa-sha1": Method(names.RSA_SHA1, names.SHA1, hashes.SHA1(), hashlib.sha1),  # noqa: S303 (see `legacy`)
}
"""What may be chosen only where it is allowed until a day (see `legacy`)."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Signer:
    """A key of ours and how it signs. Made by `signer`; its key fits its method."""

    key_id: str
    private: Certifiable
    certificate: str
    method: Method


def signer(key: Key, name: str | None = None) -> Signer:
    """
    Return *key* ready to sign by the algorithm *name* of `METHODS` or `LEGACY_METHODS`.

    Without a name it is SHA-256 with whatever kind of key it is.

    Raises:
        ValueError: the key is of the other kind.
    """
    on_curve = is_on_curve(key)
    name = name or (OF_CURVES if on_curve else STANDARD)
    method = METHODS.get(name) or LEGACY_METHODS[name]
    if method.needs_curve != on_curve:
        raise ValueError(f"a key of {key.algorithm} does not sign by {name}")
    if not on_curve and not key.algorithm.startswith("RSA-"):
        raise ValueError(f"{key.algorithm} does not sign XML here")
    return Signer(key.id, key.private, key.certificate_der_base64, method)  # type: ignore[arg-type]  # not Ed25519


def is_on_curve(key: Key) -> bool:
    """Say whether *key* is an elliptic-curve key, which signs by ECDSA."""
    return key.algorithm.startswith("P-")


def by_curve(name: str) -> bool:
    """Say whether the algorithm *name* of ours signs with an EC key."""
    return name.startswith("ecdsa")


def signed(root: Element, by: Signer, *, behind: int = _AFTER_ISSUER) -> Written:
    """
    Return *root* written and signed.

    Args:
        behind: how many of its children come before the signature. Messages have one, their Issuer
            (SAML Core 2.0 sections 2.3.3 and 3.2.2); metadata has none (Metadata 2.0 section 2.3.2).
    """
    assert root.attributes is not None
    head, tail, declares = write_around(root, behind)
    return Written(*signed_around(head, tail, declares, str(root.attributes["ID"]), by))


def signed_around(
    head: str, tail: str, declares: frozenset[str], reference: str, by: Signer
) -> tuple[str, frozenset[str]]:
    """
    Return the element that *head* and *tail* are, signed, the signature between them; and what it declares.

    Args:
        head, tail: what the writer wrote before and after the place of the signature.
        declares: what the two declare.
        reference: the element's ID.
    """
    digest = base64.b64encode(by.method.digested((head + tail).encode()).digest()).decode()
    info, signature = _molds(by.method.algorithm, by.method.digest, by.certificate, IN_VALUES in declares)
    values = {"reference": f"#{reference}", "digest": digest}
    # On its own SignedInfo declares its namespace, as it does when it is canonicalized to be verified.
    values["value"] = base64.b64encode(raw_signature(info.filled(values).encode(), by)).decode()
    return f"{head}{signature.filled(values)}{tail}", declares | signature.declares


def signed_query(name: str, message: str, relay_state: str, by: Signer) -> str:
    """
    Return the query of a redirect that carries *message*, deflated and encoded already, signed.

    Args:
        name: ``SAMLRequest`` or ``SAMLResponse``.
    """
    query = f"{name}={quote(message, safe='')}"
    if relay_state:
        query += f"&RelayState={quote(relay_state, safe='')}"
    query += f"&SigAlg={quote(by.method.algorithm, safe='')}"
    value = base64.b64encode(raw_signature(query.encode("ascii"), by)).decode()
    return f"{query}&Signature={quote(value, safe='')}"


def raw_signature(octets: bytes, by: Signer) -> bytes:
    """Return the signature over *octets*; of ECDSA r and s side by side (XML Signature 1.1 section 6.4.3)."""
    private: Any = by.private  # of the kind that the method wants: `signer` has seen to it
    if by.method.needs_curve:
        size = (private.key_size + 7) // 8
        r, s = decode_dss_signature(private.sign(octets, ec.ECDSA(by.method.hash)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return private.sign(octets, _PKCS1, by.method.hash)  # type: ignore[no-any-return]


# What is the same in every signature is written once.


@lru_cache(maxsize=256)
def _molds(algorithm: str, digest: str, certificate: str, typed: bool) -> tuple[Mold, Mold]:
    """Return SignedInfo as the apex of a document, and the Signature that holds it."""
    info = element(
        "ds:SignedInfo",
        None,
        *_methods(algorithm),
        element(
            "ds:Reference",
            {"URI": mold.attribute("reference")},
            *_transforms(digest, typed=typed),
            element("ds:DigestValue", None, mold.ours("digest")),
        ),
    )
    value = element("ds:SignatureValue", None, mold.ours("value"))
    signature = element("ds:Signature", None, info, value, _key_info(certificate))
    return mold.mold(info), mold.mold(signature)


def _methods(algorithm: str) -> tuple[Element, Element]:
    canonicalization = element("ds:CanonicalizationMethod", {"Algorithm": EXCLUSIVE_C14N})
    return canonicalization, element("ds:SignatureMethod", {"Algorithm": algorithm})


def _transforms(digest: str, *, typed: bool) -> tuple[Element, Element]:
    """Return how it is canonicalized, and digested; a prefix in a type is kept (Exclusive XML C14N section 4)."""
    keep = (element("ec:InclusiveNamespaces", {"PrefixList": IN_VALUES}),) if typed else ()
    transforms = element(
        "ds:Transforms",
        None,
        element("ds:Transform", {"Algorithm": ENVELOPED}),
        element("ds:Transform", {"Algorithm": EXCLUSIVE_C14N}, *keep),
    )
    return transforms, element("ds:DigestMethod", {"Algorithm": digest})


def _key_info(certificate: str) -> Element:
    """Return the certificate, so that a peer which knows several of ours finds the right one at once."""
    data = element("ds:X509Data", None, element("ds:X509Certificate", None, certificate))
    return element("ds:KeyInfo", None, data)
