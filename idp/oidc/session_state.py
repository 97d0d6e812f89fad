"""
``session_state``: what a client shows our frame to learn whether the session is still the one that it knows
(OpenID Connect Session Management 1.0 sections 2 and 3.2).
"""

import hashlib
import secrets
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"https": 443, "http": 80}


def session_state(client_id: str, redirect_uri: str, browser_state: str) -> str:
    """
    Return the session state for a client whose page is at the origin of *redirect_uri*; another one at every call.

    ``static/session.js`` makes the same from the origin that speaks to it and the browser's cookie.
    """
    salt = secrets.token_urlsafe(12)
    said = f"{client_id} {origin(redirect_uri)} {browser_state} {salt}"
    return f"{hashlib.sha256(said.encode()).hexdigest()}.{salt}"


def origin(address: str) -> str:
    """Return the origin of a registered address as browsers write it: without the scheme's own port (RFC 6454 section 6.2)."""
    parts = urlsplit(address)
    port = parts.port
    authority = parts.netloc
    if port is not None and port == _DEFAULT_PORTS.get(parts.scheme):
        authority = authority.rpartition(":")[0]
    return f"{parts.scheme}://{authority}" if authority else "null"
