"""The client's public keys (RFC 7517, RFC 7518 section 3.3; O13, O18)."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from idp.audit.findings import Kind, Severity
from idp.base.texts import joined, phrase
from idp.oidc import jose
from idp.oidc.checking.acts import amend
from idp.oidc.checking.commands import change
from idp.oidc.checking.subjects import Findings, Registered, Registration, host
from idp.oidc.metadata import PRIVATE_KEY_JWT, UNSIGNED

WEAK = Kind(
    "key-weak",
    Severity.WARNING,
    "a key that is not used",
    "It is too short, of a kind that is not taken, or cannot be read. What is signed with it is refused.",
    clause="RFC 7518 section 3.3",
)
DUPLICATE = Kind(
    "key-duplicate",
    Severity.WARNING,
    "the same key, or the same kid, more than once",
    "Nobody can tell which key is meant, or a rotation has changed nothing but a name.",
    clause="RFC 7517 section 4.5",
)
EXPIRED = Kind(
    "key-expired",
    Severity.WARNING,
    "a key whose time has passed",
    "By its own words it is not to be used any more; here it still verifies what is signed with it.",
    clause="RFC 7517 section 4",
)
UNUSED = Kind(
    "keys-unused",
    Severity.NOTE,
    "keys that nothing is done with",
    "The client authenticates in another way, signs no requests and is sent nothing encrypted.",
    fixes="leaves the keys out",
    clause="RFC 7591 section 2",
)
ELSEWHERE = Kind(
    "keys-elsewhere",
    Severity.WARNING,
    "keys at another host than the application's",
    "Whoever controls that host can authenticate as this client.",
    clause="RFC 7591 section 5",
)
RSA_2048 = Kind(
    "key-rsa-2048",
    Severity.NOTE,
    "an RSA key of 2048 bits",
    "It is the least that is taken. For keys that are to last, take 3072 bits, P-256 or Ed25519.",
    clause="RFC 7518 section 3.3",
)
NO_KID = Kind(
    "key-without-kid",
    Severity.WARNING,
    "several keys, and not each has a kid",
    "Which key has signed can only be guessed, and a change of keys is not noticed.",
    clause="RFC 7517 section 4.5",
)
NONE_FITS = Kind(
    "key-algorithm-missing",
    Severity.SERIOUS,
    "no key for the registered algorithm",
    "What the client signs by that algorithm can be verified by none of its keys: it is always refused.",
    clause="RFC 7515 section 4.1.1",
)
KINDS = (WEAK, DUPLICATE, EXPIRED, UNUSED, ELSEWHERE, RSA_2048, NO_KID, NONE_FITS)

_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "k")
_NEW_KEYS = "Please make new keys, publish them at an address of yours (jwks_uri), and tell us that address."


def check_registration(registration: Registration) -> Findings:
    """Is each of them good, current and used, and in the application's own hands?"""
    registered = registration.registered
    at = registered.text("jwks_uri")
    if at and registered.hosts and host(at) not in registered.hosts:
        yield ELSEWHERE.found(
            phrase("jwks_uri %(at)s; redirect URIs are at %(hosts)s", at=at, hosts=", ".join(registered.hosts)),
            here=change(registered, "make sure that the host of jwks_uri is the application's"),
        )
    if (at or "jwks" in registered.registration) and not _needs_keys(registered):
        yield UNUSED.found(
            phrase("token_endpoint_auth_method is %(method)s", method=registered.method),
            here=change(registered, "use private_key_jwt, or leave the keys out"),
            fix=amend("leaves its keys out", jwks=None, jwks_uri=None),
        )
    keys = listed(registered)
    signing = [key for key in keys if key.get("use", "sig") == "sig"]
    yield from _each(registration, signing)
    yield from _together(registered, keys)
    yield from _algorithms(registered, signing)


def listed(registered: Registered) -> list[Mapping[str, Any]]:
    """Return the keys that stand in the registration; none where they are at an address."""
    jwks = registered.registration.get("jwks")
    found = jwks.get("keys") if isinstance(jwks, dict) else None
    return [key for key in found if isinstance(key, dict)] if isinstance(found, list) else []


def named(key: Mapping[str, Any]) -> str:
    """Return how a key is spoken of: its kind, and its kid where it has one."""
    of = f"{key.get('kty')} {key.get('crv')}" if key.get("crv") else str(key.get("kty"))
    if key.get("kid"):
        return phrase("%(of)s key %(kid)s", of=of, kid=str(key["kid"])[:80])
    return phrase("%(of)s key without kid", of=of)


def _each(registration: Registration, signing: list[Mapping[str, Any]]) -> Findings:
    for key in signing:
        if not _algorithms_of(key):
            bits = rsa_bits(key)
            yield WEAK.found(
                phrase("%(key)s of %(bits)s bits", key=named(key), bits=bits) if bits else named(key), vendor=_NEW_KEYS
            )
        elif rsa_bits(key) in range(2041, 2049):
            yield RSA_2048.found(
                named(key), vendor="Please take a longer one, or another kind, at your next change of keys."
            )
    for key in listed(registration.registered):
        ends = key.get("exp")
        if isinstance(ends, int | float) and not isinstance(ends, bool) and ends <= registration.now.timestamp():
            yield EXPIRED.found(phrase("%(key)s: its exp has passed", key=named(key)), vendor=_NEW_KEYS)


def _together(registered: Registered, keys: list[Mapping[str, Any]]) -> Findings:
    kids = [str(key["kid"]) for key in keys if key.get("kid")]
    twice = sorted({kid[:80] for kid in kids if kids.count(kid) > 1})
    material = [_material(key) for key in keys]
    same = len(set(material)) < len(material)
    if twice or same:
        said = [phrase("the kid %(kid)s comes twice", kid=kid) for kid in twice] + (
            [phrase("a key comes twice")] if same else []
        )
        yield DUPLICATE.found(joined(said, "; "), vendor=_NEW_KEYS)
    if len(keys) > 1 and len(kids) < len(keys):
        yield NO_KID.found(
            phrase("%(without)s of %(all)s keys have none", without=len(keys) - len(kids), all=len(keys)),
            here=change(registered, "give each key a kid of its own, as the application names it"),
            vendor="Please give each of your keys a kid, and name it in the header of what you sign.",
        )


def _algorithms(registered: Registered, signing: list[Mapping[str, Any]]) -> Findings:
    if "jwks" not in registered.registration:
        return
    have = {algorithm for key in signing for algorithm in _algorithms_of(key)}
    for name in ("token_endpoint_auth_signing_alg", "request_object_signing_alg"):
        stated = registered.text(name)
        if stated and stated != UNSIGNED and stated not in have:
            yield NONE_FITS.found(
                phrase(
                    "%(name)s is %(stated)s; its keys are for %(have)s",
                    name=name,
                    stated=stated,
                    have=", ".join(sorted(have)) or phrase("none that is taken"),
                ),
                here=change(
                    registered, phrase("set %(name)s to what its keys are for, or take its right keys", name=name)
                ),
            )


def _needs_keys(registered: Registered) -> bool:
    encrypts = any(registered.text(f"{what}_encrypted_response_alg") for what in ("id_token", "userinfo"))
    signs = registered.text("request_object_signing_alg") not in ("", UNSIGNED)
    signs = signs or bool(registered.registration.get("require_signed_request_object"))
    return registered.method == PRIVATE_KEY_JWT or encrypts or signs


def _algorithms_of(key: Mapping[str, Any]) -> frozenset[str]:
    try:
        known = jose.client_keys({"keys": [dict(key)]})
    except jose.UnusableKeys:
        return frozenset()
    return frozenset(algorithm for one in known for algorithm in one.algorithms)


def _material(key: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(key.get(name)) for name in ("kty", "crv", "n", "e", "x", "y"))


def rsa_bits(key: Mapping[str, Any]) -> int:
    """Return how many bits the modulus of an RSA key has; 0 where it is no readable RSA key."""
    if key.get("kty") != "RSA" or not isinstance(key.get("n"), str):
        return 0
    try:
        raw = base64.urlsafe_b64decode(key["n"] + "=" * (-len(key["n"]) % 4))
    except (binascii.Error, ValueError):
        return 0
    return int.from_bytes(raw, "big").bit_length()
