"""Which addresses of a service provider are taken: at registration, and once more before one is used (X15, X16)."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from idp.base.texts import phrase

LONGEST = 2048
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ALLOWED = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]+")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]+")


@lru_cache(maxsize=4096)
def fault(address: str, *, http_loopback: bool) -> str | None:
    """
    Return what is wrong with *address* in one plain sentence, None if we may send people and messages there.

    Args:
        http_loopback: plain http is taken on loopback (for trials on one machine).
    """
    shown = "".join(c if c.isprintable() else "\ufffd" for c in address[:200])
    if not 0 < len(address) <= LONGEST:
        return phrase("An address has 1 to %(longest)s characters.", longest=LONGEST)
    if not _ALLOWED.fullmatch(address):
        return phrase("“%(shown)s” has characters that an address cannot have, or a fragment.", shown=shown)
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return phrase("“%(shown)s” is no address.", shown=shown)
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not address.startswith(f"{parts.scheme}://") or not host:
        return phrase("“%(shown)s” is no https address.", shown=shown)
    if parts.scheme == "http" and not (http_loopback and host in _LOOPBACK):
        return phrase(
            "“%(shown)s” is plain http. Use https; for a trial on one machine there is development.allow_http_loopback_applications.",
            shown=shown,
        )
    if "@" in parts.netloc:
        return phrase("“%(shown)s” has a user name in it.", shown=shown)
    if port == 0 or parts.netloc.endswith(":") or not _is_host(parts.netloc, host):
        return phrase("“%(shown)s” names no host that can be reached.", shown=shown)
    return None


def _is_host(netloc: str, host: str) -> bool:
    if netloc.startswith("["):
        return _IPV6.fullmatch(host) is not None
    return _HOST.fullmatch(host) is not None and ".." not in host


def origin(address: str) -> str:
    """Return the origin of an address without fault: ``https://sp.example:8443``."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
