"""
The one file that signs or reads JOSE (RFC 7515, 7517, 7519; threats D13, O15, O16); `jwe` encrypts.

Callers name a purpose, never an algorithm: what is allowed for it stands in `_RULES`. A header
can choose neither key nor algorithm; it can only name one of the keys that we hold for the
party, and one algorithm that this key is for.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from idp.base.texts import is_storable, phrase
from idp.keyring.keyring import GoneKey, Key
from idp.keyring.private import PrivateKey
from idp.oidc import jwe, signatures

RS256, ES256, PS256, EDDSA, ED25519 = "RS256", "ES256", "PS256", "EdDSA", "Ed25519"
SIGNING_ALGORITHMS = {RS256: "RSA-2048", PS256: "RSA-2048", ES256: "P-256", EDDSA: "Ed25519"}
"""What we sign tokens with, and the kind of key that it takes (RFC 7518 section 3.1, RFC 8037 section 3.1)."""
CLIENT_ALGORITHMS = (RS256, PS256, ES256, EDDSA, ED25519)
"""What clients may sign their assertions with. The last two are one, by its old name and by RFC 9864."""

SKEW = timedelta(seconds=60)
LONGEST_ASSERTION = timedelta(minutes=5)
LONGEST = 8192
_LEAST_RSA_BITS, _MOST_RSA_BITS = 2048, 16384
_MOST_KEYS = 20
_FORBIDDEN_HEADERS = frozenset({"crit", "b64", "zip", "enc", "jwk", "jku", "x5u", "x5c"})
_FORBIDDEN_IN_PROOFS = _FORBIDDEN_HEADERS - {"jwk"}

VerifyingKey = RSAKey | ECKey | OKPKey


class Typ(StrEnum):
    """Which kind of token it is; in the header, so that none passes for another (RFC 8725 section 3.11)."""

    ID_TOKEN = "JWT"  # noqa: S105 (a kind of token)
    ACCESS_TOKEN = "at+jwt"  # noqa: S105 (a kind of token)
    LOGOUT_TOKEN = "logout+jwt"  # noqa: S105 (a kind of token)
    USERINFO = ""
    """No specification names one for it; and it must not pass for an ID token."""


class Purpose(StrEnum):
    """What a token is read for."""

    ACCESS_TOKEN = "access token"  # noqa: S105 (a kind of token)
    ID_TOKEN_HINT = "ID token hint"  # noqa: S105 (a kind of token)
    CLIENT_ASSERTION = "client assertion"
    REQUEST_OBJECT = "request object"


@dataclass(frozen=True, slots=True)
class _Rule:
    algorithms: frozenset[str]
    types: frozenset[str]
    may_be_over: bool = False
    several_audiences: bool = False
    longest: timedelta | None = None
    comes_again: bool = False
    is_request: bool = False
    """Who sends it, to whom and for how long may be left out (RFC 9101 section 4)."""


_OURS = frozenset(SIGNING_ALGORITHMS)
_RULES = {
    Purpose.ACCESS_TOKEN: _Rule(_OURS, frozenset({"at+jwt"}), several_audiences=True, comes_again=True),
    Purpose.ID_TOKEN_HINT: _Rule(_OURS, frozenset({"jwt"}), may_be_over=True),
    # RFC 7523 has no typ; draft-ietf-oauth-rfc7523bis brings one.
    Purpose.CLIENT_ASSERTION: _Rule(
        frozenset(CLIENT_ALGORITHMS), frozenset({"", "jwt", "client-authentication+jwt"}), longest=LONGEST_ASSERTION
    ),
    Purpose.REQUEST_OBJECT: _Rule(
        frozenset(CLIENT_ALGORITHMS),
        frozenset({"", "jwt", "oauth-authz-req+jwt"}),
        several_audiences=True,
        is_request=True,
    ),
}


class Unverified(Exception):
    """A token is not what it is read for. The message is for the administrator only, and so are *facts*."""

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.facts = facts


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A public key that we hold for ourselves or for a client, and what it may verify; a client's, or encrypt."""

    id: str
    algorithms: frozenset[str]
    key: VerifyingKey


# Signing


def sign(claims: Mapping[str, Any], key: Key, typ: Typ, algorithm: str | None = None) -> str:
    """
    Return *claims* as a signed JWT in compact form.

    Args:
        algorithm: one that *key* is for; None: the first one of its kind.

    Raises:
        ValueError: the key is not for the algorithm.
    """
    fits = _algorithms(key.algorithm)
    stated = algorithm or fits[0]
    if stated not in fits:
        raise ValueError(f"a key of {key.algorithm} does not sign by {stated}")
    signed = _header(key.id, stated, typ) + b"." + _encoded(orjson.dumps(claims))
    return (signed + b"." + _encoded(_signature(key.private, stated, signed))).decode("ascii")


def _signature(private: PrivateKey, algorithm: str, signed: bytes) -> bytes:
    # Straight to the library that does the work: joserfc's way there costs 40 µs more, on the hottest road.
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(signed, _PSS if algorithm == PS256 else _PKCS1, _SHA256)
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign(signed)
    r, s = decode_dss_signature(private.sign(signed, ec.ECDSA(_SHA256)))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")  # RFC 7518 section 3.4


_SHA256, _PKCS1 = hashes.SHA256(), padding.PKCS1v15()
_PSS = padding.PSS(padding.MGF1(_SHA256), _SHA256.digest_size)  # RFC 7518 section 3.5


@cache
def _algorithms(kind: str) -> tuple[str, ...]:
    """What a key of ours of *kind* is for."""
    return tuple(name for name, takes in SIGNING_ALGORITHMS.items() if takes == kind)


@lru_cache(maxsize=4096)
def _header(key_id: str, algorithm: str, typ: Typ) -> bytes:
    said = {"alg": algorithm, "kid": key_id}
    return _encoded(orjson.dumps({**said, "typ": typ.value} if typ.value else said))


def _encoded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def half_hash(value: str, algorithm: str) -> str:
    """
    Return the left half of the hash of *value* (``at_hash``, ``c_hash``, ``s_hash``; OpenID Connect Core 3.1.3.6).

    The hash is that of the *algorithm* that signs the ID token; Ed25519 has SHA-512 (RFC 8032 section 5.1).
    """
    made = (hashlib.sha512 if algorithm == EDDSA else hashlib.sha256)(value.encode("ascii")).digest()
    return _encoded(made[: len(made) // 2]).decode("ascii")


# Verifying


def verify(
    token: str,
    purpose: Purpose,
    keys: Sequence[KnownKey],
    *,
    issuer: str,
    is_audience: Callable[[str], bool],
    now: datetime,
    algorithm: str | None = None,
) -> dict[str, Any]:
    """
    Return the claims of *token* once signature, kind, issuer, audience and times are right.

    Args:
        keys: the keys of the party that must have signed it.
        is_audience: says whether an audience that the token names is the right one. It names one, in a string;
            an access token (RFC 9068 section 2.2) and a request object may name several, of which one will do.
        algorithm: the party's registered one, of those that the purpose allows; None: any of them.

    Raises:
        Unverified: anything else than a token that is good for *purpose* now.
    """
    read = _read_again if _RULES[purpose].comes_again else _read
    return _checked(read(token, purpose, keys, algorithm)[1], _RULES[purpose], issuer, is_audience, now)


def _read(
    token: str, purpose: Purpose, keys: Sequence[KnownKey], algorithm: str | None
) -> tuple[KnownKey, dict[str, Any]]:
    """Return the key that signed *token*, and what it says: all of it that no time and no place can change."""
    header, payload = _parts(token)
    _check_typ(header, purpose)
    stated = header.get("alg")
    if not isinstance(stated, str) or stated not in _RULES[purpose].algorithms or algorithm not in (None, stated):
        raise Unverified(
            phrase(
                "algorithm %(stated)s is not taken for a %(purpose)s of this party",
                stated=repr(stated),
                purpose=purpose,
            )
        )
    return _signer(token, keys, header.get("kid"), stated), _object(payload, "payload")


def _read_again(
    token: str, purpose: Purpose, keys: Sequence[KnownKey], algorithm: str | None
) -> tuple[KnownKey, dict[str, Any]]:
    """
    As `_read`, but what was rightly signed once is not read anew: a signature does not get wrong.

    Whoever calls looks at everything that can change every time: times, audience, revocation; and here it
    is looked at whether the key is still one of the party's. No token is kept, only what it says under the
    digest of all its octets.
    """
    digest = hashlib.sha256(f"{purpose} {algorithm} {token}".encode("utf-8", "surrogatepass")).digest()
    known = _READ.get(digest)
    if known is None or not any(key is known[0] for key in keys):
        known = _read(token, purpose, keys, algorithm)
        if len(_READ) >= _MOST_READ:
            _READ.clear()
        _READ[digest] = known
    return known[0], dict(known[1])


_READ: dict[bytes, tuple[KnownKey, dict[str, Any]]] = {}
_MOST_READ = 2048


def is_unsigned(token: str) -> bool:
    """Say whether *token* has no signature at all, so that nothing but `read_unsigned` can read it."""
    return token.endswith(".")


def read_unsigned(
    token: str, purpose: Purpose, *, issuer: str, is_audience: Callable[[str], bool], now: datetime
) -> dict[str, Any]:
    """
    Return what *token* says, for which nobody vouches (RFC 7519 section 6): no more than a way to write it.

    Raises:
        Unverified: it has a signature or another algorithm than ``none``, or the rest of it is wrong.
    """
    header, payload = _parts(token, signed=False)
    _check_typ(header, purpose)
    if header.get("alg") != "none":
        raise Unverified("it has no signature, but its algorithm is not none")
    return _checked(_object(payload, "payload"), _RULES[purpose], issuer, is_audience, now)


def _check_typ(header: Mapping[str, Any], purpose: Purpose) -> None:
    typ = str(header.get("typ", "")).lower().removeprefix("application/")
    if typ not in _RULES[purpose].types:
        raise Unverified(phrase("typ %(typ)s is not of a %(purpose)s", typ=repr(typ), purpose=purpose))


def _checked(
    claims: dict[str, Any], rule: _Rule, issuer: str, is_audience: Callable[[str], bool], now: datetime
) -> dict[str, Any]:
    if claims.get("iss") != issuer and not (rule.is_request and "iss" not in claims):
        raise Unverified(phrase("iss %(got)s is not %(issuer)s", got=repr(claims.get("iss")), issuer=repr(issuer)))
    if not (rule.is_request and "aud" not in claims):
        _check_audience(claims.get("aud"), rule, is_audience)
    _check_times(claims, rule, now)
    return claims


def unverified_claim(token: str, name: str) -> str | None:
    """Return the text that *token* claims as *name*, before anything is verified: only to look up who to verify it for."""
    try:
        value = _object(_parts(token)[1], "payload").get(name)
    except Unverified:
        return None
    return value if isinstance(value, str) else None


def unverified_key_id(token: str) -> str | None:
    """Return the ``kid`` that *token* names, before anything is verified: only to see whether keys must be fetched."""
    try:
        value = _parts(token)[0].get("kid")
    except Unverified:
        return None
    return value if isinstance(value, str) else None


def proof_parts(token: str) -> tuple[Mapping[str, Any], dict[str, Any], bytes, bytes]:
    """
    Return header, claims, signed octets and signature of a DPoP proof, before anything is verified.

    It is the one kind of JWT whose header brings its key (RFC 9449 section 4.2).

    Raises:
        Unverified: it is no JWT in compact form, or its header has other members that choose keys or change rules.
    """
    header, payload = _parts(token, _FORBIDDEN_IN_PROOFS)
    signed, _, signature = token.rpartition(".")
    return header, _object(payload, "payload"), signed.encode("ascii"), decoded(signature)


def _parts(
    token: str, forbidden: frozenset[str] = _FORBIDDEN_HEADERS, *, signed: bool = True
) -> tuple[Mapping[str, Any], bytes]:
    parts = token.split(".")
    if len(token) > LONGEST or len(parts) != 3 or not all(parts[:2]) or not token.isascii():
        raise Unverified("it is no signed JWT in compact form" if signed else "it is no JWT in compact form")
    if bool(parts[2]) is not signed:
        raise Unverified("it has no signature" if signed else "it has a signature")
    header = _header_in(parts[0])
    odd = forbidden & header.keys()
    if odd:
        raise Unverified(phrase("header members that choose keys or change rules: %(all)s", all=", ".join(sorted(odd))))
    return header, decoded(parts[1])


@lru_cache(maxsize=256)
def _header_in(part: str) -> Mapping[str, Any]:
    """Whoever signs many tokens with one key begins them all alike."""
    return _object(decoded(part), "header")


def decoded(part: str) -> bytes:
    """
    Return the octets that *part* spells in base64url without padding (RFC 7515 section 2).

    Raises:
        Unverified: it is not that, or not the one way to spell them.
    """
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unverified("a part is not base64url") from error
    if _encoded(raw) != part.encode("ascii"):
        raise Unverified("a part is not canonical base64url")
    return raw


def _object(raw: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError) as error:
        raise Unverified(phrase("the %(what)s is not JSON, or repeats a member", what=what)) from error
    if not isinstance(value, dict):
        raise Unverified(phrase("the %(what)s is no JSON object", what=what))
    if not is_storable(value):
        raise Unverified(phrase("the %(what)s holds characters that are none", what=what))
    return value


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a member is repeated")
    return made


def _signer(token: str, keys: Sequence[KnownKey], key_id: object, algorithm: str) -> KnownKey:
    fitting = [k for k in keys if algorithm in k.algorithms and (key_id is None or k.id == key_id)]
    if not fitting:
        raise Unverified("no key of that party is named by kid and fits the algorithm")
    signed, _, encoded = token.rpartition(".")
    signature, octets = decoded(encoded), signed.encode("ascii")
    for known in fitting[:_MOST_KEYS]:
        if signatures.is_right(known.key.public_key, algorithm, octets, signature):
            return known
    raise Unverified("the signature is wrong")


def _check_audience(audience: object, rule: _Rule, is_audience: Callable[[str], bool]) -> None:
    stated: list[object] = audience if rule.several_audiences and isinstance(audience, list) else [audience]
    named = [one for one in stated if isinstance(one, str)]
    if len(named) != len(stated) or not any(is_audience(one) for one in named):
        raise Unverified(phrase("aud %(audience)s is not what it must be", audience=repr(audience)))


def _check_times(claims: dict[str, Any], rule: _Rule, now: datetime) -> None:
    at = now.timestamp()
    skew = SKEW.total_seconds()
    expires = _seconds(claims, "exp")
    if expires is None and not rule.is_request:
        raise Unverified("it has no exp")
    if not rule.may_be_over and expires is not None and at >= expires + skew:
        raise Unverified("it is over", seconds=int(at - expires))
    for name in ("iat", "nbf"):
        value = _seconds(claims, name)
        if value is not None and value > at + skew:
            raise Unverified(phrase("its %(name)s is in the future", name=name), seconds=int(value - at))
    if rule.longest is not None and expires is not None and expires > at + rule.longest.total_seconds() + skew:
        raise Unverified("its exp is too far away", seconds=int(expires - at))


def _seconds(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise Unverified(phrase("its %(name)s is no time", name=name))
    return float(value)


# Keys


@lru_cache(maxsize=4096)
def _own_key(key: Key) -> KnownKey:
    return KnownKey(key.id, frozenset(_algorithms(key.algorithm)), _public(key.id, key.private.public_key()))


@lru_cache(maxsize=1024)
def former_key(key: GoneKey) -> KnownKey:
    """Return what is left of a key of a site's own, for reading again what it signed long ago."""
    return KnownKey(
        key.id, frozenset(_algorithms(key.algorithm)), _public(key.id, load_pem_public_key(key.public_pem.encode()))
    )


def _public(key_id: str, public: object) -> VerifyingKey:
    """One for several algorithms names none (RFC 7517 section 4.4)."""
    if isinstance(public, rsa.RSAPublicKey):
        return RSAKey.import_key({**_rsa_jwk(public), "kid": key_id, "use": "sig"})
    if isinstance(public, ed25519.Ed25519PublicKey):
        x = _encoded(public.public_bytes_raw()).decode("ascii")
        return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": key_id, "use": "sig", "alg": EDDSA})
    if isinstance(public, ec.EllipticCurvePublicKey):
        return ECKey.import_key({**_ec_jwk(public), "kid": key_id, "use": "sig", "alg": ES256})
    raise Unverified(phrase("key %(key_id)s is of an unknown kind", key_id=key_id))


def _rsa_jwk(public: rsa.RSAPublicKey) -> dict[str, str | list[str]]:
    numbers = public.public_numbers()
    return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}


def _ec_jwk(public: ec.EllipticCurvePublicKey) -> dict[str, str | list[str]]:
    numbers = public.public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _number(numbers.x, 32), "y": _number(numbers.y, 32)}


def _number(value: int, length: int | None = None) -> str:
    return _encoded(value.to_bytes(length or (value.bit_length() + 7) // 8, "big")).decode("ascii")


def own_keys(keys: Sequence[Key]) -> tuple[KnownKey, ...]:
    """Return a site's own published keys, for reading what it signed."""
    return tuple(_own_key(key) for key in keys)


def public_set(keys: Sequence[Key]) -> dict[str, Any]:
    """Return *keys* as a JWK Set of public keys (RFC 7517 section 5)."""
    return {"keys": [_own_key(key).key.as_dict(private=False) for key in keys]}


class UnusableKeys(ValueError):
    """A client's JWK Set cannot be used; the message says why, in our words."""


def client_keys(jwks: Mapping[str, Any]) -> tuple[KnownKey, ...]:
    """
    Return the keys of a client's JWK Set that can verify what it signs, or encrypt to it; others are passed over.

    Raises:
        UnusableKeys: it is no JWK Set of public keys, or none of its keys can be used.
    """
    listed = jwks.get("keys")
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS or not all(isinstance(k, dict) for k in listed):
        raise UnusableKeys(f"A key set is an object with a list “keys” of at most {_MOST_KEYS} keys.")
    known = tuple(k for k in map(_client_key, listed) if k is not None)
    if not known:
        raise UnusableKeys(
            "None of the keys can be used. Give RSA keys of at least 2048 bits, or P-256 keys; Ed25519 for signatures, "
            "X25519 for encryption."
        )
    return known


def _client_key(jwk: dict[str, Any]) -> KnownKey | None:
    if any(name in jwk for name in ("d", "p", "q", "dp", "dq", "qi", "k")):
        raise UnusableKeys("The key set holds a private or symmetric key. Give public keys only.")
    use, shape = jwk.get("use"), (jwk.get("kty"), jwk.get("crv"))
    key: VerifyingKey
    try:
        if shape[0] == "RSA":
            if not _LEAST_RSA_BITS <= int.from_bytes(decoded(str(jwk["n"]))).bit_length() <= _MOST_RSA_BITS:
                return None  # counted by the number itself: leading zeros make no key longer
            key, signs, encrypts = RSAKey.import_key(_plain(jwk)), {RS256, PS256}, {*jwe.RSA_ALGORITHMS}
        elif shape == ("EC", "P-256"):
            key, signs, encrypts = ECKey.import_key(_plain(jwk)), {ES256}, {*jwe.CURVE_ALGORITHMS}
        elif shape == ("OKP", "Ed25519"):
            key, signs, encrypts = OKPKey.import_key(_plain(jwk)), {EDDSA, ED25519}, set()
        elif shape == ("OKP", "X25519"):
            key, signs, encrypts = OKPKey.import_key(_plain(jwk)), set(), {*jwe.CURVE_ALGORITHMS}
        else:
            return None
    except (JoseError, Unverified, ValueError, TypeError, KeyError):
        return None
    fits = {"sig": signs, "enc": encrypts, None: signs | encrypts}.get(use, set()) if _is_text(use) else set()
    stated = jwk.get("alg")
    if stated is not None:
        fits = fits & {str(stated)}
    return KnownKey(str(jwk.get("kid", "")), frozenset(fits), key) if fits else None


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _plain(jwk: dict[str, Any]) -> dict[str, Any]:
    """What makes up the key, without what others say about it (x5u, x5c …)."""
    return {name: jwk[name] for name in ("kty", "crv", "n", "e", "x", "y") if name in jwk}
