"""
``session_state``: what a client shows our frame to learn whether the session is still the one that it knows
(OpenID Connect Session Management 1.0 sections 2 and 3.2).
"""

import hashlib
import secrets

from idp.oidc import addresses


def session_state(client_id: str, redirect_uri: str, browser_state: str) -> str:
    """
    Return the session state for a client whose page is at the origin of *redirect_uri*; another one at every call.

    ``static/session.js`` makes the same from the origin that speaks to it and the browser's cookie.
    """
    salt = secrets.token_urlsafe(12)
    said = f"{client_id} {addresses.origin(redirect_uri)} {browser_state} {salt}"
    return f"{hashlib.sha256(said.encode()).hexdigest()}.{salt}"
