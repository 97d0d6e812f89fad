"""
DPoP proofs: whoever asks holds a key, and shows it for this very request (RFC 9449 sections 4 and 7; O34).

A proof is good for one method, one address of ours, a minute, and once.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from idp.base.crypto import equal
from idp.base.ids import fingerprint
from idp.base.texts import phrase, words_of
from idp.base.work import Work
from idp.oidc import dpop_nonces, jose, proof_keys
from idp.oidc.errors import InvalidDpopProof, UseDpopNonce
from idp.oidc.jose import Unverified
from idp.oidc.provider import Provider
from idp.signon import seen

TYP = "dpop+jwt"
LIVES = timedelta(seconds=60)
AHEAD = timedelta(seconds=10)
LONGEST = 4096
LONGEST_TOKEN_ID = 128
_REMEMBERED = LIVES + AHEAD + jose.SKEW
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in base64url
_PLAIN = re.compile(r"[\x21-\x7e]{1,2048}")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PORTS = {"http": ":80", "https": ":443"}


def of_request(
    work: Work,
    provider: Provider,
    sent: str | None,
    *,
    method: str,
    endpoint: str,
    access_token: str | None = None,
) -> str:
    """
    Return the thumbprint of the key that a request proves to hold; empty where it brought no proof.

    The proof is used up, if the caller's transaction commits.

    Args:
        sent: the header ``DPoP``; None: there was none.
        method: of the request, as in HTTP.
        endpoint: what it was sent to, below ``/oauth2/`` of the issuer.
        access_token: that came with it, at a protected resource.

    Raises:
        UseDpopNonce: it has no nonce of this issuer, or one that is too old.
        InvalidDpopProof: it is not good for this request now, or was used before.
    """
    if sent is None:
        return ""
    try:
        claims, thumbprint = _verified(sent)
    except Unverified as error:
        raise InvalidDpopProof(
            "The DPoP proof cannot be verified.", cause=phrase("DPoP proof: %(error)s", error=words_of(error))
        ) from error
    _check_request(claims, method, f"{provider.issuer}/oauth2/{endpoint}")
    _check_times(claims, work.now)
    if access_token is not None:
        _check_access_token(claims, access_token)
    token_id = _token_id(claims)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not dpop_nonces.is_good(work.tx.vault, provider.issuer, nonce, work.now):
        raise UseDpopNonce
    by = f"DPoP {thumbprint}"
    if not seen.first_time(work, provider.site_id, by, fingerprint(token_id), lives=_REMEMBERED):
        raise InvalidDpopProof("The DPoP proof was used before.", cause="DPoP proof: its jti was used before")
    return thumbprint


def is_thumbprint(value: str) -> bool:
    """Say whether *value* has the form of a thumbprint of a key (RFC 7638, SHA-256)."""
    return _THUMBPRINT.fullmatch(value) is not None


def _verified(sent: str) -> tuple[dict[str, Any], str]:
    """Two headers of one name reach us as one, with a comma, which no JWT has (RFC 9449 section 4.3, check 1)."""
    if len(sent) > LONGEST:
        raise Unverified("it is too long")
    header, claims, signed, signature = jose.proof_parts(sent)
    if header.get("typ") != TYP:
        raise Unverified(phrase("typ %(got)s is not %(typ)s", got=repr(str(header.get("typ"))[:40]), typ=TYP))
    key = proof_keys.read(header.get("jwk"))
    proof_keys.check_signature(key, header.get("alg"), signed, signature)
    return claims, key.thumbprint


def _check_request(claims: Mapping[str, Any], method: str, address: str) -> None:
    """RFC 9449 section 4.3, checks 8 and 9."""
    if claims.get("htm") != method:
        raise _wrong("htm", "is not the method of this request", claims)
    stated = claims.get("htu")
    if stated != address and (not isinstance(stated, str) or _normalised(stated) != _normalised(address)):
        raise _wrong("htu", "is not the address of this request", claims)


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    """RFC 9449 section 4.3, check 11. A proof that says how long it is good is held to it (RFC 7519 section 4.1)."""
    at = now.timestamp()
    times = {name: claims[name] for name in ("iat", "exp", "nbf") if name in claims}
    for name, value in times.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
            raise _wrong(name, "is no time", claims)
    made = times.get("iat")
    if made is None or made < at - LIVES.total_seconds():
        raise _wrong("iat", "is missing or too old", claims)
    if max(made, times.get("nbf", made)) > at + AHEAD.total_seconds():
        raise _wrong("iat", "is in the future", claims)
    if times.get("exp", at) < at:
        raise _wrong("exp", "is over", claims)


def _check_access_token(claims: Mapping[str, Any], access_token: str) -> None:
    """RFC 9449 section 4.3, check 12."""
    digest = hashlib.sha256(access_token.encode("utf-8")).digest()
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
    stated = claims.get("ath")
    if not isinstance(stated, str) or not equal(stated, expected):
        raise _wrong("ath", "is not of this access token", claims)


def _token_id(claims: Mapping[str, Any]) -> str:
    value = claims.get("jti")
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TOKEN_ID:
        raise _wrong("jti", "is missing, no text, or too long", claims)
    return value


def _wrong(name: str, fault: str, claims: Mapping[str, Any]) -> InvalidDpopProof:
    return InvalidDpopProof(
        f"The {name} of the DPoP proof is missing, or not good for this request.",
        cause=phrase(
            "DPoP proof: %(name)s %(got)s %(fault)s", name=name, got=repr(str(claims.get(name))[:200]), fault=fault
        ),
    )


@lru_cache(maxsize=256)
def _normalised(address: str) -> str | None:
    """
    Return *address* without query and fragment, in the normal form of RFC 3986 sections 6.2.2 and 6.2.3.

    None: it is no address of a request, and so equal to none of ours.
    """
    if not _PLAIN.fullmatch(address):
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    scheme, host = parts.scheme.lower(), parts.netloc.lower()
    if scheme not in _PORTS or not host:
        return None
    host = host.removesuffix(_PORTS[scheme]).removesuffix(":")
    return f"{scheme}://{host}{_without_dots(_ESCAPE.sub(_unescaped, parts.path)) or '/'}"


def _unescaped(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if character in _UNRESERVED else escape[0].upper()


def _without_dots(path: str) -> str:
    """RFC 3986 section 5.2.4."""
    segments = path.split("/")
    kept: list[str] = []
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
            continue
        if last:
            kept.append("")
    return "/".join(kept)
