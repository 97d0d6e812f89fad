"""How many people have a second step, counted by the hourly job that also counts what happened (`daily_counts`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from idp.base import jobs
from idp.base.work import Work
from idp.directory import authentication_policies, daily_counts, sizes
from idp.directory.models import Account
from idp.signon import insights
from idp.signon.factors import enrolled

ALL, WITH_SECOND_STEP = "all", "second-step"
_ORGANIZATIONS_AT_ONCE = 20


def count_organizations(work: Work, payload: Mapping[str, Any]) -> None:
    """Count for the next 20 organizations, and ask for the next part of the job."""
    after, hour = str(payload.get("after", "")), str(payload.get("hour", f"{work.now:%Y-%m-%dT%H}"))
    found = daily_counts.organizations(work, after, _ORGANIZATIONS_AT_ONCE)
    for organization_id in found:
        daily_counts.count(work, organization_id)
        count_people(work, organization_id)
    if len(found) == _ORGANIZATIONS_AT_ONCE:
        following = {"after": found[-1], "hour": hour}
        jobs.defer(work, daily_counts.KIND, key=f"{daily_counts.KIND}:{hour}:{found[-1]}", payload=following)


def count_people(work: Work, organization_id: str) -> None:
    """Count the people of an organization who can sign in, and those of them who have set up a second step."""
    people = select(func.count()).where(
        Account.organization_id == organization_id, Account.disabled_at.is_(None), Account.erased_at.is_(None)
    )
    counted = {
        ALL: work.tx.session.scalar(people) or 0,
        WITH_SECOND_STEP: work.tx.session.scalar(people.where(enrolled.exists_for(Account))) or 0,
    }
    daily_counts.put(work, organization_id, daily_counts.PEOPLE, counted, work.now.date())
    if sizes.is_large(work, organization_id):  # of few people pages count themselves
        kinds = insights.count(work, organization_id)
        daily_counts.put(work, organization_id, daily_counts.KINDS, kinds.to_counts(), None)
        policies = authentication_policies.counts(work, organization_id, counted=False)
        daily_counts.put(work, organization_id, daily_counts.POLICIES, policies, None)


def second_step(work: Work, organization_id: str) -> tuple[int, int] | None:
    """Return how many people could sign in when it was counted last, and how many of them had a second step."""
    found = daily_counts.latest(work, organization_id, daily_counts.PEOPLE, (ALL, WITH_SECOND_STEP))
    return (found[ALL], found[WITH_SECOND_STEP]) if len(found) == 2 else None


@dataclass(frozen=True, slots=True)
class Day:
    """How many people could sign in on a day: those with a second step, and those without."""

    day: date
    having: int
    lacking: int


def by_day(work: Work, organization_id: str) -> list[Day]:
    """Return the last 30 days, the oldest first; the caller has asked for permission. Both 0: it was not counted."""
    return [
        Day(day, having, max(0, everybody - having))
        for day, (everybody, having) in daily_counts.people(work, organization_id, (ALL, WITH_SECOND_STEP))
    ]
