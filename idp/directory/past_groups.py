"""In which groups accounts were at a moment of the past: read once for each account, asked often."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from idp.base.work import Work
from idp.directory import memberships
from idp.directory.models import Membership

_COLUMNS = (Membership.account_id, Membership.group_id, Membership.valid_from, Membership.valid_to)
_NONE: frozenset[str] = frozenset()


class PastGroups:
    """The memberships of accounts of one organization, with their dates: of those that it was told to learn."""

    def __init__(self, work: Work, organization_id: str) -> None:
        self._work, self._organization_id = work, organization_id
        self._of: dict[str, list[tuple[datetime, datetime | None, str]]] = {}

    def learn(self, account_ids: Iterable[str]) -> None:
        """Read the memberships of accounts that are not known yet; a statement for every 500."""
        for some in memberships.chunks([one for one in account_ids if one not in self._of]):
            self._of.update({one: [] for one in some})
            query = select(*_COLUMNS).where(
                Membership.organization_id == self._organization_id, Membership.account_id.in_(some)
            )
            for row in self._work.tx.session.execute(query):
                self._of[row.account_id].append((row.valid_from, row.valid_to, row.group_id))

    def at(self, account_id: str, moment: datetime) -> frozenset[str]:
        """Return the ids of the groups that the account was in."""
        held = self._of.get(account_id)
        if not held:
            return _NONE
        return frozenset(group for since, until, group in held if since <= moment and (until is None or moment < until))
