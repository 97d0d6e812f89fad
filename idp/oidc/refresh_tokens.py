"""Refresh tokens: rows, each used once (RFC 6749 section 6, RFC 9700 section 4.14; O21, O24)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, insert, select, update

from idp.base.ids import fingerprint, is_token, new_id, new_token
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.values import quickly_made
from idp.base.work import Work
from idp.oidc.grants import LiveGrant
from idp.oidc.models import Grant, RefreshToken

IDLE = timedelta(days=7)
KIND = "rfr"

_TABLE = table(RefreshToken)
_KEEP = Prepared(insert(_TABLE))
_FIND = Prepared(
    select(
        RefreshToken.organization_id,
        RefreshToken.id,
        RefreshToken.grant_id,
        RefreshToken.created_at,
        RefreshToken.expires_at,
        RefreshToken.used_at,
        Grant.application_id,
    )
    .join(Grant, and_(Grant.organization_id == RefreshToken.organization_id, Grant.id == RefreshToken.grant_id))
    .where(RefreshToken.token_hash == bindparam("token_hash"))
)
_USE = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.id == bindparam("of_token"),
        _TABLE.c.used_at.is_(None),
    )
    .values(used_at=bindparam("at", type_=_TABLE.c.used_at.type))
)


@quickly_made
@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token as it is stored; whether it is good is for whoever uses it to say."""

    organization_id: str
    id: str
    grant_id: str
    application_id: str
    created_at: datetime
    expires_at: datetime
    used: bool


def keep(work: Work, grant: LiveGrant) -> str:
    """Make a refresh token of *grant*; it lives a week unused, and never longer than the grant."""
    token = new_token(KIND)
    work.tx.run(
        _KEEP,
        organization_id=grant.organization_id,
        id=new_id("rft"),
        grant_id=grant.id,
        token_hash=fingerprint(token),
        created_at=work.now,
        expires_at=min(work.now + IDLE, grant.expires_at),
        used_at=None,
    )
    return token


def find(work: Work, token: str) -> Refresh | None:
    """Return the refresh token *token*, used or not, or None. Only the whole token counts (O24)."""
    row = work.tx.row(_FIND, token_hash=fingerprint(token)) if is_token(token, KIND) else None
    if row is None:
        return None
    return Refresh(
        organization_id=row.organization_id,
        id=row.id,
        grant_id=row.grant_id,
        application_id=row.application_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used=row.used_at is not None,
    )


def use(work: Work, refresh: Refresh) -> bool:
    """Use a refresh token up; say whether it was this call that did. Of many at once, one does (O21)."""
    return bool(work.tx.run(_USE, of_organization=refresh.organization_id, of_token=refresh.id, at=work.now))
