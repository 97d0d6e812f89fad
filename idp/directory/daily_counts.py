"""
What happened on each day, added up by an hourly job, so that no page counts attempts.

A day is counted until it is over, and once more after that; counting it again gives the same. Days are of UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import delete, func, insert, select

from idp.audit.attempts import REFUSED, SUCCEEDED
from idp.audit.models import Attempt
from idp.base.tables import table
from idp.base.work import Work
from idp.directory.console_models import DailyCount
from idp.directory.models import Organization

KIND = "daily-counts"
"""The job that counts; see `signon.coverage`."""

DAYS = 30
SIGN_ONS = ("sign-in", "saml.sign-on", "oidc.sign-on")
"""The kinds of attempts that are somebody who signs in, or opens an application."""

OUTCOME, APPLICATION, OPENED, PEOPLE = "sign-on", "application", "application-30", "people"
"""Measures: sign-ons by outcome, by application, by application in the last 30 days together, people."""
KINDS, POLICIES = "kinds-of-people", "policies"
"""Measures of organizations with very many accounts, as they were counted last: people by kind, by authentication policy."""

_CLOSED = "closed"
_TABLE = table(DailyCount)


@dataclass(frozen=True, slots=True)
class Day:
    """How many sign-ons of a day succeeded and were refused."""

    day: date
    succeeded: int = 0
    refused: int = 0


def organizations(work: Work, after: str, limit: int) -> list[str]:
    """Return the ids of the next organizations after the id *after*."""
    query = select(Organization.id).where(Organization.id > after).order_by(Organization.id).limit(limit)
    return list(work.tx.session.scalars(query))


def count(work: Work, organization_id: str) -> None:
    """Count what was not counted yet of the last 30 days of an organization, and today so far."""
    today = work.now.date()
    days = [today - timedelta(days=back) for back in range(DAYS)]
    closed = _per_day(work, organization_id, _CLOSED, "")
    for day in days:
        if day.isoformat() in closed:
            continue
        _count_day(work, organization_id, day)
        if day < today - timedelta(days=1):  # a sign-on that began before midnight may end after it
            put(work, organization_id, _CLOSED, {"": 1}, day)
    since = days[-1].isoformat()
    opened = (
        select(DailyCount.subject_id, func.sum(DailyCount.count))
        .where(DailyCount.organization_id == organization_id, DailyCount.measure == APPLICATION)
        .where(DailyCount.day >= since)
        .group_by(DailyCount.subject_id)
    )
    put(work, organization_id, OPENED, {row[0]: int(row[1]) for row in work.tx.session.execute(opened)}, None)
    work.tx.session.execute(
        delete(_TABLE).where(
            _TABLE.c.organization_id == organization_id,
            _TABLE.c.measure.in_((OUTCOME, APPLICATION, PEOPLE, _CLOSED)),
            _TABLE.c.day < (today - timedelta(days=400)).isoformat(),
        )
    )


def _count_day(work: Work, organization_id: str, day: date) -> None:
    begin = datetime.combine(day, time(), UTC)
    query = (
        select(Attempt.outcome, Attempt.application_id, func.count())
        .where(Attempt.organization_id == organization_id, Attempt.at >= begin, Attempt.at < begin + timedelta(days=1))
        .where(Attempt.kind.in_(SIGN_ONS), Attempt.outcome.in_((SUCCEEDED, REFUSED)))
        .group_by(Attempt.outcome, Attempt.application_id)
    )
    outcomes: dict[str, int] = {}
    applications: dict[str, int] = {}
    for outcome, application_id, amount in work.tx.session.execute(query):
        outcomes[outcome] = outcomes.get(outcome, 0) + amount
        if application_id is not None and outcome == SUCCEEDED:
            applications[application_id] = amount
    put(work, organization_id, OUTCOME, outcomes, day)
    put(work, organization_id, APPLICATION, applications, day)


def put(work: Work, organization_id: str, measure: str, counts: Mapping[str, int], day: date | None) -> None:
    """
    Write down what was counted in the place of what was there.

    Args:
        counts: by subject.
        day: of which day; None: of the last 30 together.
    """
    said = "" if day is None else day.isoformat()
    work.tx.session.execute(
        delete(_TABLE).where(
            _TABLE.c.organization_id == organization_id, _TABLE.c.measure == measure, _TABLE.c.day == said
        )
    )
    rows = [
        {"organization_id": organization_id, "measure": measure, "subject_id": subject, "day": said, "count": amount}
        for subject, amount in counts.items()
    ]
    if rows:
        work.tx.session.execute(insert(_TABLE), rows)


def sign_ons(work: Work, organization_id: str) -> list[Day]:
    """Return the last 30 days, the oldest first; the caller has asked for permission."""
    succeeded = _per_day(work, organization_id, OUTCOME, SUCCEEDED)
    refused = _per_day(work, organization_id, OUTCOME, REFUSED)
    return [
        Day(day, succeeded.get(day.isoformat(), 0), refused.get(day.isoformat(), 0)) for day in _days(work.now.date())
    ]


def of_application(work: Work, organization_id: str, application_id: str) -> list[int]:
    """Return how often an application was opened on each of the last 30 days, the oldest first."""
    found = _per_day(work, organization_id, APPLICATION, application_id)
    return [found.get(day.isoformat(), 0) for day in _days(work.now.date())]


def most_opened(work: Work, organization_id: str, limit: int = 10) -> list[tuple[str, int]]:
    """Return the ids of the applications that were opened most in the last 30 days, each with how often."""
    query = (
        select(DailyCount.subject_id, DailyCount.count)
        .where(DailyCount.organization_id == organization_id, DailyCount.measure == OPENED)
        .order_by(DailyCount.count.desc(), DailyCount.subject_id)
        .limit(limit)
    )
    return [(subject_id, amount) for subject_id, amount in work.tx.session.execute(query)]


def people(work: Work, organization_id: str, subjects: Sequence[str]) -> list[tuple[date, tuple[int, ...]]]:
    """Return how many people each of *subjects* had on each of the last 30 days, the oldest first; 0: not counted."""
    counted = [_per_day(work, organization_id, PEOPLE, subject) for subject in subjects]
    return [(day, tuple(found.get(day.isoformat(), 0) for found in counted)) for day in _days(work.now.date())]


def latest(work: Work, organization_id: str, measure: str, subjects: Sequence[str]) -> dict[str, int]:
    """Return what was counted last of each subject; nothing where it never was."""
    found = {}
    for subject in subjects:
        days = _per_day(work, organization_id, measure, subject)
        if days:
            found[subject] = days[max(days)]
    return found


def newest(work: Work, organization_id: str, measure: str) -> dict[str, int]:
    """Return what was counted last of a measure that has no days, by subject; empty: it was not counted yet."""
    query = select(DailyCount.subject_id, DailyCount.count).where(
        DailyCount.organization_id == organization_id, DailyCount.measure == measure, DailyCount.day == ""
    )
    return {str(subject): int(amount) for subject, amount in work.tx.session.execute(query)}


def _days(today: date) -> list[date]:
    return [today - timedelta(days=back) for back in reversed(range(DAYS))]


def _per_day(work: Work, organization_id: str, measure: str, subject_id: str) -> dict[str, int]:
    since = (work.now.date() - timedelta(days=DAYS)).isoformat()
    query = select(DailyCount.day, DailyCount.count).where(
        DailyCount.organization_id == organization_id,
        DailyCount.measure == measure,
        DailyCount.subject_id == subject_id,
        DailyCount.day >= since,
    )
    return {str(day): int(amount) for day, amount in work.tx.session.execute(query)}
