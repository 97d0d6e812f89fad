"""`idp access report`: what rules in report-only would have done."""

from typing import Any

import click

from idp.cli.context import Command, open_work, tell
from idp.cli.replaying import DAYS, ORGANIZATION
from idp.cli.show import instant
from idp.policy.access.replay import Count
from idp.signon.replay_words import sign_ons
from idp.signon.reporting import ALLOWED, DENIED, NOT_PROVEN, PROVEN, OfRule, Report, report

_MOST_SHOWN = 20
_WORDS = {
    DENIED: "would have denied",
    NOT_PROVEN: "would have asked for more",
    PROVEN: "would have asked for what was proven anyway",
    ALLOWED: "would have allowed",
}


@click.command("report", cls=Command)
@ORGANIZATION
@DAYS
def report_(organization: str, days: int) -> None:
    """List what each rule in report-only would have done, and to whom."""
    with open_work() as work:
        found = report(work, organization, days=days)
    tell(_value(found, days), "\n".join(_lines(found, days)))


def _value(found: Report, days: int) -> dict[str, Any]:
    return {
        "since": instant(found.since),
        "days": days,
        "sign_ons": found.judged,
        "rules": [_rule(found, of) for of in found.rules],
    }


def _rule(found: Report, of: OfRule) -> dict[str, Any]:
    return {
        "policy": of.policy,
        "rule": of.rule,
        "mode": of.mode,
        "would_have": {name.replace("-", "_"): of.by_outcome.get(name, 0) for name in _WORDS},
        "people": [
            {
                "account_id": account_id,
                "email": found.people.get(account_id),
                "sign_ons": count.count,
                "would_have": {name.replace("-", "_"): times for name, times in count.why.items()},
                "examples": count.examples,
            }
            for account_id, count in _people(found, of)
        ],
    }


def _people(found: Report, of: OfRule) -> list[tuple[str, Count]]:
    return sorted(of.people.items(), key=lambda one: (-one[1].count, found.people.get(one[0], one[0])))


def _lines(found: Report, days: int) -> list[str]:
    lines = [f"{sign_ons(found.judged)} of the last {days} days"]
    if not found.rules:
        return [*lines, "No rule is in report-only."]
    for of in found.rules:
        mode = "" if of.mode == "report-only" else f" ({of.mode} now)"
        lines += ["", f"{of.policy}: “{of.rule}”{mode}"]
        if not of.by_outcome:
            lines.append("  would have met nobody")
        for outcome, words in _WORDS.items():
            lines += _met(found, of, outcome, words)
    return lines


def _met(found: Report, of: OfRule, outcome: str, words: str) -> list[str]:
    people = [one for one in _people(found, of) if outcome in one[1].why]
    if not people:
        return []
    lines = [
        f"  {words}: {sign_ons(of.by_outcome[outcome])} of {len(people)} {'person' if len(people) == 1 else 'people'}"
    ]
    for account_id, count in people[:_MOST_SHOWN]:
        lines.append(
            f"    {found.people.get(account_id, account_id):<36} {count.why[outcome]:>6}   e.g. {count.examples[-1]}"
        )
    if len(people) > _MOST_SHOWN:
        lines.append(f"    and {len(people) - _MOST_SHOWN} more people; --json lists them all")
    return lines
