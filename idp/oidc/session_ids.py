"""
The ``sid`` by which a client knows a session (OpenID Connect Back-Channel Logout 1.0 section 2.1).

Clients of one sector, and those with public subjects, know it by one name. Others know another, which
only we can make: two of them that compare notes must not find that they have one person before them.
"""

import hashlib
import hmac

from idp.base.work import Work
from idp.oidc.client_facts import ClientFacts
from idp.oidc.subjects import PUBLIC

_PURPOSE = "oidc:sid"
_LONG = 32


def of(work: Work, client: ClientFacts, session_id: str) -> str:
    """Return what *client* knows the session *session_id* by."""
    if client.sector == PUBLIC:
        return session_id
    said = f"{client.organization_id} {client.sector} {session_id}".encode()
    return "sid_" + hmac.digest(work.tx.vault.derived(_PURPOSE), said, hashlib.sha256).hex()[:_LONG]
