"""
What a browser's signing in looks like from outside: a value that changes whenever that does, and says nothing else.

Scripts may read it, so nothing can be told from it: neither who is signed in nor whether anybody is.
"""

import base64
import hashlib
import hmac

from idp.base.crypto import Vault
from idp.signon.session import CurrentSession


def browser_state(vault: Vault, session: CurrentSession | None, browser: str) -> str:
    """
    Return the state of a browser, the same until somebody signs in, signs out, or signs in again.

    Args:
        session: the live session of the browser; None: nobody is signed in.
        browser: its binding secret. A browser without a session has a state of its own too, that nobody can
            guess: who could, would find out in any browser whether somebody is signed in.
    """
    if session is None:
        of = f"nobody\n{browser}"
    else:
        proven = max((proof.at for proof in session.methods), default=session.started_at)
        of = f"session\n{session.id}\n{proven.isoformat()}"
    digest = hmac.new(vault.derived("browser-state"), of.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode("ascii")
