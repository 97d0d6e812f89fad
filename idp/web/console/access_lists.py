"""Lists of contextual access, as pages and as files: policies, the rules of one, its versions, what is under it; what is in report-only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from flask import Blueprint, Response

from idp.base.work import Work
from idp.directory import access_assignments, access_names, access_policies, policy_lists
from idp.policy.access import documents, words
from idp.policy.access.evaluate import Compiled
from idp.policy.access.replay import Count
from idp.policy.access.rules import Mode, Rule
from idp.policy.models import AccessPolicy, AccessPolicyVersion
from idp.signon import reporting
from idp.signon.reporting import OfRule, Report
from idp.web.console import lists, replays
from idp.web.console.desk import Desk, at_desk
from idp.web.console.lists import After, At
from idp.web.security import administrator

pages = Blueprint("console_access_lists", __name__, url_prefix="/admin/access")

GUARD, RULE = "guard", "rule"


@dataclass(frozen=True, slots=True)
class Placed:
    """A rule or guard rail at its place among those of its kind; ``said``: what it says."""

    kind: str
    place: int
    rule: Rule
    said: str
    last: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """A version of a policy's rules, and in words what it changed."""

    version: AccessPolicyVersion
    changes: Sequence[str]


def compiled(work: Work, organization_id: str) -> dict[str, Compiled]:
    """Return every access policy as it is asked, by its id."""
    standing = access_policies.as_it_is(work, organization_id)
    return {one.policy_id: one for one in (standing.session, *standing.applications.values())}


def _policies(work: Work, at: At, rows: Sequence[AccessPolicy]) -> Iterator[Sequence[object]]:
    counts = access_assignments.counts(work, at.organization_id)
    every = compiled(work, at.organization_id)
    for one in rows:
        rules = every[one.id].rules
        under = counts.get(one.id, 0) + (counts.get(None, 0) if one.is_default else 0)
        yield one.id, one.name, one.kind, one.is_default, under, len(rules.guards), len(rules.rules)


LIST = lists.Listing(
    name="access-policies",
    file="console_access_lists.as_csv",
    read=lambda work, at, after, limit: policy_lists.access(
        work, at.organization_id, after=after, limit=limit, starting=at.chosen["q"], kind=at.chosen["kind"]
    ),
    key=policy_lists.access_key,
    heads=("id", "name", "asked", "default", "applications", "guard_rails", "rules"),
    cells=_policies,
    filters={"q": lists.text, "kind": lists.one_of((access_policies.SESSION, access_policies.APPLICATION))},
)
APPLICATIONS = lists.Listing(
    name="access-applications",
    file="console_access_lists.applications_as_csv",
    read=lambda work, at, after, limit: access_assignments.under(
        work, at.of, after=after, limit=limit, starting=at.chosen["q"]
    ),
    key=lambda one: (one.name, one.id),
    heads=("id", "name", "protocol"),
    cells=lambda work, at, rows: ((one.id, one.name, one.protocol) for one in rows),
    filters={"q": lists.text},
)


def _rules(work: Work, at: At, after: After, limit: int) -> list[Placed]:
    rules = access_policies.rules_of(work, at.of)
    names = access_names.of_rules(work, at.organization_id, rules)
    every = [
        Placed(kind, place, one, words.sentence(one, names), place == len(some) - 1)
        for kind, some in ((GUARD, rules.guards), (RULE, rules.rules))
        for place, one in enumerate(some)
        if at.chosen["mode"] in ("", one.mode.value)
    ]
    return lists.part(every, _place, after, limit)


def _place(one: Placed) -> tuple[int, int]:
    return (0 if one.kind == GUARD else 1, one.place)


RULES = lists.Listing(
    name="access-rules",
    file="console_access_lists.rules_as_csv",
    read=_rules,
    key=_place,
    heads=("id", "kind", "place", "name", "state", "says"),
    cells=lambda work, at, rows: (
        (one.rule.id, one.kind, one.place + 1, one.rule.name, one.rule.mode.value, one.said) for one in rows
    ),
    filters={"mode": lists.one_of(Mode)},
)


def _versions(work: Work, at: At, after: After, limit: int) -> list[Changed]:
    every = policy_lists.access_versions(work, at.of, after=after, limit=limit + 1)  # one more, to tell what changed
    read = [documents.rules_from_json(one.rules) for one in every]
    names = access_names.of_rules(work, at.organization_id, *read)
    changes = [words.differences(before, now, names) for now, before in pairwise(read)]
    return [Changed(one, said) for one, said in zip(every, [*changes, ()], strict=False)][:limit]


VERSIONS = lists.Listing(
    name="access-versions",
    file="console_access_lists.versions_as_csv",
    read=_versions,
    key=lambda one: (one.version.number,),
    heads=("version", "at", "by", "changes"),
    cells=lambda work, at, rows: (
        (one.version.number, one.version.created_at, one.version.created_by, "; ".join(one.changes)) for one in rows
    ),
)


def _reported(work: Work, at: At, after: After, limit: int) -> list[OfRule]:
    every = [one for one in at.of.rules if lists.begins(one.rule, at.chosen["q"])]
    return lists.part(every, _rule_of_policy, after, limit)


def _rule_of_policy(one: OfRule) -> tuple[str, str, str]:
    return one.policy, one.rule, one.rule_id


def _met(work: Work, at: At, rows: Sequence[OfRule]) -> Iterator[Sequence[object]]:
    """A line for each person whom a rule would have met; of a rule that would have met nobody, one without a person."""
    for one in rows:
        rule = (one.policy, one.rule_id, one.rule, one.mode)
        for account_id, count in sorted(one.people.items()) or [("", Count())]:
            why = [count.why.get(reason, 0) for reason in (reporting.DENIED, reporting.NOT_PROVEN, reporting.PROVEN)]
            yield (
                *(*rule, account_id, at.of.people.get(account_id, account_id), count.count),
                *(*why, count.examples[-1] if count.examples else ""),
            )


REPORT = lists.Listing(
    name="report-only",
    file="console_access_lists.report_as_csv",
    read=_reported,
    key=_rule_of_policy,
    heads=(
        *("policy", "rule_id", "rule", "state", "person_id", "person", "sign_ons", "denied", "asked_for_more"),
        *("asked_for_what_was_proven", "attempt"),
    ),
    cells=_met,
    filters={"days": lists.one_of(replays.LOOKS_BACK), "q": lists.text},
    most=20,
)


def reported(work: Work, desk: Desk) -> tuple[Report, int]:
    """Return what the rules in report-only would have done in the days that the address asks for, and how many these are."""
    days = replays.days(lists.filters("days")["days"])
    return reporting.report(work, desk.organization.slug, days=days, most=replays.MOST_REPORTED), days


@pages.get("/report.csv")
@administrator
@at_desk
def report_as_csv(work: Work, desk: Desk) -> Response:
    """Send whom each rule in report-only would have met as a CSV file, streamed."""
    return REPORT.as_csv(work, desk, reported(work, desk)[0])


@pages.get("/policies.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the policies that the address asks for as a CSV file, streamed."""
    return LIST.as_csv(work, desk)


@pages.get("/<policy_id>/applications.csv")
@administrator
@at_desk
def applications_as_csv(work: Work, desk: Desk, policy_id: str) -> Response:
    """Send the applications under a policy as a CSV file, streamed."""
    return APPLICATIONS.as_csv(work, desk, _policy(work, desk, policy_id))


@pages.get("/<policy_id>/rules.csv")
@administrator
@at_desk
def rules_as_csv(work: Work, desk: Desk, policy_id: str) -> Response:
    """Send the rules of a policy that count now as a CSV file, streamed."""
    return RULES.as_csv(work, desk, _policy(work, desk, policy_id))


@pages.get("/<policy_id>/versions.csv")
@administrator
@at_desk
def versions_as_csv(work: Work, desk: Desk, policy_id: str) -> Response:
    """Send the versions of a policy as a CSV file, streamed, each with what it changed."""
    return VERSIONS.as_csv(work, desk, _policy(work, desk, policy_id))


def _policy(work: Work, desk: Desk, policy_id: str) -> AccessPolicy:
    return access_policies.policy(work, desk.organization.slug, policy_id)
