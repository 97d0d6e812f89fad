"""
HTTP-Redirect and HTTP-POST: from the octets of a query or a form to one message (SAML Bindings 2.0).

Names are looked at before anything is decoded: each of the five may come once, and a request and a
response never together (X11). What a redirect signs are its octets as they were sent.
"""

import binascii
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from idp.base.texts import phrase
from idp.base.values import quickly_made
from idp.saml import gate
from idp.saml.gate import unreadable
from idp.saml.names import DEFLATE, POST, REDIRECT

REQUEST, RESPONSE = "SAMLRequest", "SAMLResponse"
_NAMES = frozenset({REQUEST, RESPONSE, "RelayState", "SigAlg", "Signature", "SAMLEncoding"})
_MOST_OCTETS = 64 * 1024
_MOST_PARAMETERS = 64
_MOST_RELAY_STATE = 1024
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_PERCENT, _PLUS = b"%+"
_OF_BASE64 = ((b"%2B", b"+"), (b"%2F", b"/"), (b"%3D", b"="))
_IN_SMALL_LETTERS = ((b"%2b", b"+"), (b"%2f", b"/"), (b"%3d", b"="))
_BEGINS = (b"<", b"\xef", b" ", b"\t", b"\r", b"\n")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class DetachedSignature:
    """
    The signature over a redirect's query.

    ``octets`` are what may have been signed: with an empty RelayState, and without it.
    """

    algorithm: str
    value: bytes
    octets: tuple[bytes, ...]


@quickly_made
@dataclass(frozen=True, slots=True)
class Incoming:
    """One message as it arrived, and nothing of it read yet. ``kind`` is the name of its parameter."""

    binding: str
    kind: str
    message: bytes
    relay_state: str
    signature: DetachedSignature | None = None


def from_query(query: bytes) -> Incoming:
    """
    Read a message sent by HTTP-Redirect from the raw *query* (section 3.4.4).

    Raises:
        MessageRefused: no message, or not exactly one; anything repeated, malformed or too long.
    """
    raw = _parameters(query)
    kind = _kind(raw)
    encoding = raw.get("SAMLEncoding")
    if encoding is not None and _text(encoding) != DEFLATE:
        raise unreadable("SAMLEncoding is not DEFLATE")
    message = gate.inflated(_text(raw[kind]))
    return Incoming(REDIRECT, kind, message, _relay_state(raw), _detached(raw, kind))


def from_form(body: bytes) -> Incoming:
    """
    Read a message sent by HTTP-POST from the raw *body* of a form (section 3.5.4).

    Raises:
        MessageRefused: as for `from_query`.
    """
    raw = _parameters(body)
    kind = _kind(raw)
    if "Signature" in raw or "SigAlg" in raw:
        raise unreadable("a form carries its signature inside of the message")
    message = gate.decoded(_text(raw[kind]))
    if message[:1] not in _BEGINS:  # refused a moment later in any case; here it can be said why
        raise unreadable("the message of the form begins like no XML; it may be deflated", "deflated-post")
    return Incoming(POST, kind, message, _relay_state(raw))


def _parameters(octets: bytes) -> dict[str, bytes]:
    if len(octets) > _MOST_OCTETS:
        raise unreadable(
            phrase("longer than %(most_octets)s octets", most_octets=_MOST_OCTETS), "too-large", bytes=len(octets)
        )
    parts = octets.split(b"&")
    if len(parts) > _MOST_PARAMETERS:
        raise unreadable("too many parameters")
    found: dict[str, bytes] = {}
    for part in parts:
        name_, _, value = part.partition(b"=")
        name = _text(name_)
        if name in _NAMES:
            if name in found:
                raise unreadable(phrase("%(name)s comes twice", name=name))
            found[name] = value
    return found


def _kind(raw: dict[str, bytes]) -> str:
    if REQUEST in raw and RESPONSE in raw:
        raise unreadable("a request and a response at once", "no-message")
    if REQUEST not in raw and RESPONSE not in raw:
        raise unreadable("no SAML message", "no-message")
    return REQUEST if REQUEST in raw else RESPONSE


def _relay_state(raw: dict[str, bytes]) -> str:
    """RelayState is opaque: kept as it is, shown escaped, never followed (X17)."""
    value = _text(raw.get("RelayState", b""))
    if len(value.encode("utf-8")) > _MOST_RELAY_STATE:
        raise unreadable(
            phrase("RelayState is longer than %(most_relay_state)s bytes", most_relay_state=_MOST_RELAY_STATE),
            "relay-state",
            bytes=len(value.encode("utf-8")),
        )
    if _CONTROLS.search(value):
        raise unreadable("RelayState has control characters, which no browser would give back unchanged")
    return value


def _detached(raw: dict[str, bytes], kind: str) -> DetachedSignature | None:
    """
    Return the signature that the query carries, whatever it may be worth.

    Section 3.4.4.1: what is signed is the query with message, RelayState and SigAlg in this order,
    in the very octets that were sent. An empty RelayState is signed by some and left out by others.
    """
    if "Signature" not in raw and "SigAlg" not in raw:
        return None
    if "Signature" not in raw or "SigAlg" not in raw:
        raise unreadable("only one of SigAlg and Signature is there")
    try:
        value = binascii.a2b_base64(_text(raw["Signature"]).replace("\r", "").replace("\n", ""), strict_mode=True)
    except (binascii.Error, ValueError):
        raise unreadable("Signature is not base64") from None
    first, last = kind.encode() + b"=" + raw[kind], b"&SigAlg=" + raw["SigAlg"]
    relay_state = raw.get("RelayState")
    octets = [first + last] if relay_state is None else [first + b"&RelayState=" + relay_state + last]
    if relay_state == b"":
        octets.append(first + last)
    return DetachedSignature(_text(raw["SigAlg"]), value, tuple(octets))


def _unescaped(raw: bytes) -> bytes:
    """Return *raw* without its escapes, none of which is broken: first those of base64, which messages are full of."""
    for of_base64 in (_OF_BASE64, _IN_SMALL_LETTERS):
        for escape, octet in of_base64:
            raw = raw.replace(escape, octet)
        if _PERCENT not in raw:
            return raw
    return unquote_to_bytes(raw)


def _text(raw: bytes) -> str:
    """Decode one name or value of a form, once and strictly."""
    if _PERCENT in raw:
        if _BROKEN_ESCAPE.search(raw):
            raise unreadable("a broken percent escape", "not-base64")
        raw = _unescaped(raw.replace(b"+", b" "))
    elif _PLUS in raw:
        raw = raw.replace(b"+", b" ")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise unreadable("a parameter is not UTF-8") from None
