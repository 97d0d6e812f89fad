"""What the address of a list of the log asks for: a period, a person, an application."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from idp.base.errors import IdpError
from idp.base.work import Work
from idp.directory import access_names, queries
from idp.directory.history_lists import Period

NOBODY = "-"
"""An id that nothing has: what was asked for is not there, so that nothing is listed."""
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a filter names, as an id; ``unknown``: nothing is called so."""

    id: str = ""
    unknown: bool = False


def period(since: str, until: str) -> Period:
    """Return the period from one day to another, both included (UTC); what is no day is unbounded."""
    begin, end = _day(since), _day(until)
    return Period(begin, None if end is None else end + _ONE_DAY)


def person(work: Work, organization_id: str, said: str) -> Asked:
    """Return the id of the account that somebody has named by address or id; an id of what is gone is taken as it is."""
    if not said:
        return Asked()
    if "@" not in said:
        return Asked(said)
    try:
        return Asked(queries.account(work, said, organization_id=organization_id).id)
    except IdpError:
        return Asked(NOBODY, unknown=True)


def application(work: Work, organization_id: str, said: str) -> Asked:
    """Return the id of the application that somebody has named, or whose id it is."""
    if not said or said.startswith("app_"):
        return Asked(said)
    found = access_names.ids(work, organization_id, "application", said)
    return Asked(found[0]) if len(found) == 1 else Asked(NOBODY, unknown=True)


def _day(said: str) -> datetime | None:
    try:
        return datetime.combine(datetime.fromisoformat(said[:10]).date(), time(), UTC)
    except ValueError:
        return None
