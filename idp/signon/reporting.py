"""What rules in report-only would have done: read from the attempts in which they matched."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from idp.base.work import Work
from idp.directory import access_policies, queries
from idp.policy.access import recording
from idp.policy.access.replay import Count
from idp.policy.access.rules import Mode, Rule
from idp.policy.permissions import Permission, require
from idp.policy.signon import Method, Strength, strength
from idp.signon import contextual
from idp.signon.replaying import beginning, is_newest, people, recorded_since

DENIED, ALLOWED, REMOVED = contextual.DENIED, contextual.PASSED, "removed"
PROVEN, NOT_PROVEN = contextual.PROVEN, contextual.NOT_PROVEN
_STRENGTHS = {one.name.lower(): one for one in Strength}
"""What an earlier recording says of a demand."""


@dataclass(slots=True)
class OfRule:
    """
    What one rule would have done, to whom.

    ``mode`` is that of today, or ``removed``. ``by_outcome`` says of how many sign-ons it would have been what: ``denied``, ``allowed``, or what would have been
    required and was ``proven`` anyway, or ``not-proven``.
    """

    policy: str
    rule: str
    mode: str
    rule_id: str = ""
    by_outcome: dict[str, int] = field(default_factory=dict)
    people: dict[str, Count] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """
    Since when, of how many sign-ons, what each rule would have done, and what the accounts are called.

    ``newest``: only the newest sign-ons were looked at, since there are more than were asked for.
    """

    since: datetime
    judged: int
    rules: tuple[OfRule, ...]
    people: Mapping[str, str]
    newest: bool = False


def report(work: Work, organization: str, *, days: int, most: int | None = None) -> Report:
    """
    Return what the rules in report-only would have done in the last *days* days; one that met nobody is among them.

    A rule that was removed since is called by its id.

    Args:
        most: look at no more than so many sign-ons, the newest; None: at all of them.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not read policies and the log there.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_READ, owner.id)
    require(work, Permission.AUDIT_READ, owner.id)
    since = beginning(work, owner.id, days=days, most=most)
    called = _called(work, owner.id)
    found = {key: _of(key, called) for key, (_, rule) in called.items() if rule.mode is Mode.REPORT_ONLY}
    judged = 0
    for rows in recorded_since(work, owner.id, since):
        judged += len(rows)
        for row in rows:
            for policy_id, rule_id, outcome in row.context.get(recording.KEY, {}).get("reported", ()):
                of = found.setdefault((policy_id, rule_id), _of((policy_id, rule_id), called))
                became = _became(outcome, row.context)
                of.by_outcome[became] = of.by_outcome.get(became, 0) + 1
                of.people.setdefault(row.account_id, Count()).add(became, row.id)
    met = {account_id for of in found.values() for account_id in of.people}
    newest = is_newest(work, since, days=days)
    return Report(since, judged, tuple(found.values()), people(work, owner.id, sorted(met)), newest)


_Key = tuple[str, str]


def _called(work: Work, organization_id: str) -> dict[_Key, tuple[str, Rule]]:
    """Return every rule that there is, and the name of its policy, by the ids of both."""
    standing = access_policies.as_it_is(work, organization_id)
    every = {one.policy_id: one for one in (standing.session, *standing.applications.values())}
    return {
        (one.policy_id, rule.id): (one.name, rule)
        for one in every.values()
        for rule in (*one.rules.guards, *one.rules.rules)
    }


def _of(key: _Key, called: Mapping[_Key, tuple[str, Rule]]) -> OfRule:
    if key not in called:
        return OfRule(*key, mode=REMOVED, rule_id=key[1])
    policy, rule = called[key]
    return OfRule(policy, rule.name, rule.mode.value, rule.id)


def _became(outcome: str, context: Mapping[str, Any]) -> str:
    required = _STRENGTHS.get(outcome)
    if required is None:
        return outcome
    have = strength(frozenset(Method(method) for method, _, _ in context.get("proofs") or ()))
    return PROVEN if have is not None and have >= required else NOT_PROVEN
