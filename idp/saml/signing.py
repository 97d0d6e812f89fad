"""
Signing what we send, in process, over strings that are canonical already (decisions 11).

XML Signature 1.1, enveloped, exclusive canonicalization, SHA-256 (SAML Core 2.0 section 5.4);
and the signature over a redirect's query (SAML Bindings 2.0 section 3.4.4.1).
"""

import base64
import hashlib
from functools import cache, lru_cache
from urllib.parse import quote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from idp.keyring.keyring import Key, PrivateKey
from idp.saml.names import ECDSA_SHA256, ENVELOPED, EXCLUSIVE_C14N, RSA_SHA256, SHA256
from idp.saml.writer import IN_VALUES, Element, Written, element, write, write_around

_PKCS1, _SHA256, _ECDSA = padding.PKCS1v15(), hashes.SHA256(), ec.ECDSA(hashes.SHA256())
_AFTER_ISSUER = 1
_INSIDE = frozenset({"ds"})


def signed(root: Element, key: Key) -> Written:
    """
    Return *root* written and signed with *key*.

    Its first child must be its Issuer: the signature comes right behind it, where the schemas
    have it (SAML Core 2.0 sections 2.3.3 and 3.2.2).
    """
    assert root.attributes is not None
    head, tail, declares = write_around(root, _AFTER_ISSUER)
    digest = base64.b64encode(hashlib.sha256((head + tail).encode()).digest()).decode()
    info = _signed_info(str(root.attributes["ID"]), digest, algorithm(key.private), typed=IN_VALUES in declares)
    # Written on its own it declares its namespace, as it does when it is canonicalized to be verified.
    value = base64.b64encode(raw_signature(write(info).xml.encode(), key.private)).decode()
    signature = write(
        element(
            "ds:Signature",
            None,
            info,
            element("ds:SignatureValue", None, value),
            _key_info(key.certificate_der_base64),
        )
    )
    return Written(head + signature.xml + tail, declares | signature.declares)


def signed_query(name: str, message: str, relay_state: str, key: Key) -> str:
    """
    Return the query of a redirect that carries *message*, deflated and encoded already, signed with *key*.

    Args:
        name: ``SAMLRequest`` or ``SAMLResponse``.
    """
    query = f"{name}={quote(message, safe='')}"
    if relay_state:
        query += f"&RelayState={quote(relay_state, safe='')}"
    query += f"&SigAlg={quote(algorithm(key.private), safe='')}"
    value = base64.b64encode(raw_signature(query.encode("ascii"), key.private)).decode()
    return f"{query}&Signature={quote(value, safe='')}"


def algorithm(private: PrivateKey) -> str:
    """Return the name of the algorithm that we sign with by *private*."""
    return ECDSA_SHA256 if isinstance(private, ec.EllipticCurvePrivateKey) else RSA_SHA256


def raw_signature(octets: bytes, private: PrivateKey) -> bytes:
    """Return the signature over *octets*; of ECDSA r and s side by side (XML Signature 1.1 section 6.4.3)."""
    if isinstance(private, ec.EllipticCurvePrivateKey):
        size = (private.key_size + 7) // 8
        r, s = decode_dss_signature(private.sign(octets, _ECDSA))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return private.sign(octets, _PKCS1, _SHA256)


def _signed_info(reference: str, digest: str, algorithm_: str, *, typed: bool) -> Element:
    value = element("ds:DigestValue", None, digest)
    written = write(element("ds:Reference", {"URI": f"#{reference}"}, *_transforms(typed), value), _INSIDE)
    return element("ds:SignedInfo", None, *_methods(algorithm_), written)


# What is the same in every signature is written once, for its place inside of ds:Signature.


@cache
def _methods(algorithm_: str) -> tuple[Written, Written]:
    canonicalization = element("ds:CanonicalizationMethod", {"Algorithm": EXCLUSIVE_C14N})
    return write(canonicalization, _INSIDE), write(element("ds:SignatureMethod", {"Algorithm": algorithm_}), _INSIDE)


@cache
def _transforms(typed: bool) -> tuple[Written, Written]:
    """Return how it is canonicalized, and digested; a prefix in a type is kept (Exclusive XML C14N section 4)."""
    keep = (element("ec:InclusiveNamespaces", {"PrefixList": IN_VALUES}),) if typed else ()
    transforms = element(
        "ds:Transforms",
        None,
        element("ds:Transform", {"Algorithm": ENVELOPED}),
        element("ds:Transform", {"Algorithm": EXCLUSIVE_C14N}, *keep),
    )
    return write(transforms, _INSIDE), write(element("ds:DigestMethod", {"Algorithm": SHA256}), _INSIDE)


@lru_cache(maxsize=256)
def _key_info(certificate: str) -> Written:
    """Return the certificate, so that a peer which knows several of ours finds the right one at once."""
    data = element("ds:X509Data", None, element("ds:X509Certificate", None, certificate))
    return write(element("ds:KeyInfo", None, data), _INSIDE)
