"""
Which addresses a client may register, and what an address is when one is compared (O1, O2, O3, O5).

Addresses are registered once, by somebody who is told what is wrong with them; later they are
compared octet by octet. Schemes are an allow-list: https, http on loopback, and reverse-DNS
schemes of native applications (RFC 8252 section 7).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

LONGEST = 2048
LOOPBACK_ADDRESSES = frozenset({"127.0.0.1", "::1"})
_LOOPBACK_NAMES = LOOPBACK_ADDRESSES | {"localhost"}
_OWN_PORTS = {"https": 443, "http": 80}
_ALLOWED = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()+,;=%-]+")
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_IPV6 = re.compile(r"[0-9a-f:.]+")

# Whatever we ever add to an answer: a registered query that has one already would read like our answer (O3).
RESPONSE_PARAMETERS = frozenset(
    {
        "access_token",
        "code",
        "error",
        "error_description",
        "error_uri",
        "expires_in",
        "id_token",
        "iss",
        "response",
        "scope",
        "session_state",
        "state",
        "token_type",
    }
)


@dataclass(frozen=True, slots=True)
class Kinds:
    """Which addresses are taken, beside https: plain http on loopback (named hosts too), private schemes."""

    http_loopback: bool = False
    http_loopback_addresses: bool = False
    private_schemes: bool = False


def fault(address: object, kinds: Kinds, *, reserved: Iterable[str] = ()) -> str | None:
    """Return what is wrong with *address* as one plain sentence, None if it can be registered."""
    if not isinstance(address, str) or not address or len(address) > LONGEST:
        return f"An address is a text of 1 to {LONGEST} characters."
    if "#" in address:
        return f"“{address[:200]}” has a fragment (#…). Leave it out."
    if "*" in address:
        return f"“{_shown(address)}” has a *. Wildcards do not exist here: register each address in full."
    if not _ALLOWED.fullmatch(address):
        return f"“{_shown(address)}” has characters that an address cannot have. Escape them with %."
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return f"“{_shown(address)}” is no address."
    found = _scheme_fault(address, parts, kinds)
    if found is None and parts.netloc:
        found = _host_fault(parts, port)
    return found or _path_fault(parts, reserved)


def _scheme_fault(address: str, parts: SplitResult, kinds: Kinds) -> str | None:
    if not parts.scheme:
        return f"“{_shown(address)}” is no full address: it begins with no scheme such as https."
    if not address.startswith(parts.scheme + ":"):
        return "Write the scheme in small letters."
    if parts.scheme == "https":
        return None if address.startswith("https://") and parts.hostname else f"“{_shown(address)}” names no host."
    if parts.scheme == "http":
        names = _LOOPBACK_NAMES if kinds.http_loopback else LOOPBACK_ADDRESSES
        if (kinds.http_loopback or kinds.http_loopback_addresses) and parts.hostname in names:
            return None
        return (
            f"“{_shown(address)}” is plain http. Use https. A native application may use http://127.0.0.1 or "
            "http://[::1]; for a trial on one machine there is development.allow_http_loopback_applications."
        )
    if kinds.private_schemes and _PRIVATE_SCHEME.fullmatch(parts.scheme):
        return "A private scheme is followed by one slash: com.example.app:/callback." if parts.netloc else None
    return (
        f"“{parts.scheme[:40]}:” is not taken. Use https, or, in a native application, "
        "a scheme made of a domain of yours such as com.example.app:/callback."
    )


def _host_fault(parts: SplitResult, port: int | None) -> str | None:
    host = parts.hostname or ""
    if "@" in parts.netloc:
        return "An address with a user name in it (…@…) is not taken."
    if port == 0 or parts.netloc.endswith(":"):
        return "The port is not a port."
    if parts.netloc.startswith("["):
        return None if _IPV6.fullmatch(host) else "The host is no IPv6 address."
    if len(host) > 253 or not _HOST.fullmatch(host) or host != parts.netloc.partition(":")[0]:
        return "The host is not a name in small letters (names in other alphabets: their xn--… form). No wildcards."
    return None


def _path_fault(parts: SplitResult, reserved: Iterable[str]) -> str | None:
    if any(unquote(segment) in (".", "..") for segment in parts.path.split("/")):
        return "An address with the path segments “.” or “..” is not taken."
    if "%2f" in parts.path.lower() or "%5c" in parts.path.lower():
        return "An address with an escaped slash in its path is not taken."
    names = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    clash = sorted(names & frozenset(reserved))
    return f"The query may not hold “{clash[0]}”: that is what we answer with." if clash else None


def origin(address: str) -> str:
    """
    Return the origin of a registered address as browsers write it, without the scheme's own port (RFC 6454
    section 6.2): ``https://app.example``. A private scheme has none: as a CSP source, ``com.example.app:``.
    """
    parts = urlsplit(address)
    if not parts.netloc:
        return f"{parts.scheme}:"
    own = parts.port is not None and parts.port == _OWN_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{parts.netloc.rpartition(':')[0] if own else parts.netloc}"


def _shown(address: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in address[:200])
