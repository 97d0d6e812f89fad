"""Removing tokens and grants that are over, so that rotation does not fill the tables."""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select, tuple_

from idp.base import sweeping
from idp.base.sweeping import remove
from idp.base.work import Work
from idp.oidc.models import ApiToken, DeviceCode, Grant, OpaqueToken, RefreshToken, RevokedToken

KIND = "oauth-housekeeping"

_DAY = timedelta(days=1)
_KEEP_GRANTS = timedelta(days=30)
_KEEP_API_TOKENS = timedelta(days=90)


def sweep(work: Work, at_once: int = sweeping.AT_ONCE) -> bool:
    """
    Remove at most *at_once* rows of each kind that are over; say whether more are left.

    A refresh token that has expired is refused by its age, whether it was used or not, so that
    its row proves nothing any more (O21).
    """
    counts = (
        remove(work, RevokedToken, RevokedToken.expires_at <= work.now, at_once),
        remove(work, DeviceCode, DeviceCode.expires_at <= work.now - _DAY, at_once),
        remove(work, OpaqueToken, OpaqueToken.expires_at <= work.now, at_once),
        remove(work, RefreshToken, RefreshToken.expires_at <= work.now - _DAY, at_once),
        remove(work, ApiToken, ApiToken.expires_at <= work.now - _KEEP_API_TOKENS, at_once),
        remove(work, ApiToken, ApiToken.revoked_at <= work.now - _KEEP_API_TOKENS, at_once),
        _remove_grants(work, Grant.expires_at <= work.now - _KEEP_GRANTS, at_once),
    )
    return at_once in counts


run = sweeping.handler(KIND, sweep)


def _remove_grants(work: Work, where: ColumnElement[bool], at_once: int) -> int:
    found = [
        tuple(row)
        for row in work.tx.session.execute(select(Grant.organization_id, Grant.id).where(where).limit(at_once))
    ]
    if found:
        owned = tuple_(RefreshToken.organization_id, RefreshToken.grant_id)
        work.tx.session.execute(delete(RefreshToken).where(owned.in_(found)))
        work.tx.session.execute(delete(Grant).where(tuple_(Grant.organization_id, Grant.id).in_(found)))
    return len(found)
