"""Access tokens that say nothing themselves: rows, found by the whole token only (O24)."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select

from idp.base.ids import fingerprint, is_token, new_token
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Work
from idp.oidc.models import OpaqueToken

KIND = "opq"

_TABLE = table(OpaqueToken)
_KEEP = Prepared(insert(_TABLE))
_FIND = Prepared(
    select(OpaqueToken.claims, OpaqueToken.expires_at).where(
        OpaqueToken.organization_id == bindparam("organization_id"), OpaqueToken.token_hash == bindparam("token_hash")
    )
)
_REMOVE = Prepared(
    delete(_TABLE).where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.id == bindparam("of_token"),
        _TABLE.c.expires_at > bindparam("at", type_=_TABLE.c.expires_at.type),
    )
)


def keep(
    work: Work, organization_id: str, application_id: str, api_id: str, said: dict[str, Any], lives: timedelta
) -> str:
    """Return a token that stands for what is *said* (the claims of an access token) as long as it *lives*."""
    token = new_token(KIND)
    work.tx.run(
        _KEEP,
        organization_id=organization_id,
        id=said["jti"],
        token_hash=fingerprint(token),
        api_id=api_id,
        application_id=application_id,
        grant_id=said.get("grant_id"),
        claims=said,
        created_at=work.now,
        expires_at=work.now + lives,
    )
    return token


def is_opaque(token: str) -> bool:
    """Say whether *token* has the form of an opaque access token."""
    return is_token(token, KIND)


def find(work: Work, organization_id: str, token: str) -> dict[str, Any] | None:
    """Return what the opaque *token* of an organization stands for; None where there is none, or it is over."""
    row = work.tx.row(_FIND, organization_id=organization_id, token_hash=fingerprint(token))
    return None if row is None or row.expires_at <= work.now else dict(row.claims)


def remove(work: Work, organization_id: str, token_id: str, *, at: datetime) -> bool:
    """End an opaque token before its time; say whether it was good until now."""
    return bool(work.tx.run(_REMOVE, of_organization=organization_id, of_token=token_id, at=at))
