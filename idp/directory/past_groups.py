"""In which groups accounts were at a moment of the past: read once, asked often."""

from datetime import datetime

from sqlalchemy import bindparam, select

from idp.base.db import Prepared
from idp.base.work import Work
from idp.directory.models import Membership

_COLUMNS = (Membership.account_id, Membership.group_id, Membership.valid_from, Membership.valid_to)
_ALL = Prepared(select(*_COLUMNS).where(Membership.organization_id == bindparam("organization_id")))
_OF_ONE = Prepared(
    select(*_COLUMNS).where(
        Membership.organization_id == bindparam("organization_id"), Membership.account_id == bindparam("account_id")
    )
)
_NONE: frozenset[str] = frozenset()


class PastGroups:
    """The memberships of an organization, or of one account of it, with their dates."""

    def __init__(self, work: Work, organization_id: str, account_id: str | None = None) -> None:
        values = {"organization_id": organization_id} | ({} if account_id is None else {"account_id": account_id})
        self._of: dict[str, list[tuple[datetime, datetime | None, str]]] = {}
        for row in work.tx.rows(_ALL if account_id is None else _OF_ONE, **values):
            self._of.setdefault(row.account_id, []).append((row.valid_from, row.valid_to, row.group_id))

    def at(self, account_id: str, moment: datetime) -> frozenset[str]:
        """Return the ids of the groups that the account was in."""
        held = self._of.get(account_id)
        if not held:
            return _NONE
        return frozenset(group for since, until, group in held if since <= moment and (until is None or moment < until))
