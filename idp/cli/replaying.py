"""What a replay is asked and how its outcome is told, whichever policy it is of."""

from collections.abc import Callable
from typing import Any

import click

from idp.base.work import Work
from idp.cli.context import open_work, rehearsal, tell
from idp.cli.show import instant
from idp.directory import queries
from idp.policy.access.replay import Change, Count
from idp.signon.replay_words import WORDS, people, sign_ons, why
from idp.signon.replaying import Judging, Replayed, judging, replay

ORGANIZATION = click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
DAYS = click.option(
    "--days",
    type=click.IntRange(1, 366),
    default=30,
    show_default=True,
    metavar="N",
    help="The sign-ons of so many days.",
)
_MOST_SHOWN = 20


def replayed(organization: str, days: int, change: Callable[[Work], object]) -> None:
    """
    Tell what *change* would have meant for the recorded sign-ons of the last *days* days; nothing is changed.

    Raises:
        NotFound: there is no such organization.
        IdpError: the change itself would be refused.
    """
    before, after = _rehearsed(organization, change)
    with open_work() as work:
        found = replay(work, organization, before, after, days=days)
    tell(_value(found, days), "\n".join(_lines(found, days)))


def _rehearsed(organization: str, change: Callable[[Work], object]) -> tuple[Judging, Judging]:
    """Return what judges before and after a change, which is made and taken back: no lock outlives this."""
    with rehearsal() as work:
        owner = queries.organization(work, organization)
        before = judging(work, owner.id)
        change(work)
        work.tx.session.flush()
        after = judging(work, owner.id)
    return before, after


def _value(found: Replayed, days: int) -> dict[str, Any]:
    changes = {change.value.replace("-", "_"): _change(found, change) for change in WORDS}
    return {
        "since": instant(found.since),
        "days": days,
        "sign_ons": found.tally.judged,
        "unchanged": found.tally.judged - sum(one["sign_ons"] for one in changes.values()),
        **changes,
    }


def _change(found: Replayed, change: Change) -> dict[str, Any]:
    met = [
        {
            "account_id": account_id,
            "email": found.people.get(account_id),
            "sign_ons": count.count,
            "why": count.why,
            "examples": count.examples,
        }
        for account_id, count in people(found, change)
    ]
    return {"sign_ons": found.tally.count(change), "people": met}


def _lines(found: Replayed, days: int) -> list[str]:
    judged = found.tally.judged
    if not judged:
        return [f"In the last {days} days nobody signed on."]
    lines = [f"{sign_ons(judged)} of the last {days} days, judged by the rules as they are and as they would be:"]
    changed = 0
    for change, words in WORDS.items():
        met = people(found, change)
        count = found.tally.count(change)
        changed += count
        if not met:
            continue
        lines += ["", f"{words}: {sign_ons(count)} of {len(met)} {'person' if len(met) == 1 else 'people'}"]
        lines += [line for one in met[:_MOST_SHOWN] for line in _person(found, change, *one)]
        if len(met) > _MOST_SHOWN:
            lines.append(f"  and {len(met) - _MOST_SHOWN} more people; --json lists them all")
    if not changed:
        return [*lines, "", "Nothing would have been different for anybody."]
    return [*lines, "", f"unchanged: {sign_ons(judged - changed)}"]


def _person(found: Replayed, change: Change, account_id: str, count: Count) -> list[str]:
    lines = [f"  {found.people.get(account_id, account_id):<36} {count.count:>6}   e.g. {count.examples[-1]}"]
    for reason, times in sorted(count.why.items(), key=lambda one: -one[1]):
        lines.append(f"    {times:>6}  {why(change, reason)}")
    return lines
