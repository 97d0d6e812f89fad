"""
How the access policies came to what they said of an attempt, told again: the versions that were asked then, and the
context that was recorded, judged once more. Zones are those of today.
"""

from dataclasses import dataclass

from idp.audit.models import Attempt
from idp.base.errors import NotFound
from idp.base.work import Work
from idp.directory import access_names, access_policies
from idp.directory.models import Organization
from idp.policy.access import recording
from idp.policy.access.evaluate import Step, evaluate
from idp.policy.access.outcome import Denied
from idp.policy.access.rules import Rules
from idp.policy.models import AccessPolicy


@dataclass(frozen=True, slots=True)
class Chapter:
    """
    What one access policy said.

    Args:
        policy, version: its name, and the version of its rules that was asked.
        rule: the rule that decided; by its id where neither rule nor version is there any more.
        outcome: ``denied`` or ``allowed``; empty where that can no longer be told.
        trace: every rule, and why it matched or not; empty where the version is gone.
    """

    policy: str
    version: int
    rule: str
    outcome: str
    trace: tuple[Step, ...] = ()


def story(work: Work, attempt: Attempt) -> tuple[Chapter, ...]:
    """Return what the access policies said of an attempt that the actor has been given; empty: none was asked."""
    asked = attempt.context.get(recording.KEY, {}).get("policies", ())
    owner = work.tx.session.get(Organization, attempt.organization_id) if attempt.organization_id else None
    return tuple(_chapter(work, attempt, owner, *one) for one in asked)


def _chapter(
    work: Work, attempt: Attempt, owner: Organization | None, policy_id: str, version: int, rule_id: str
) -> Chapter:
    found = None if owner is None else _asked(work, owner.slug, policy_id, version)
    if owner is None or found is None:
        return Chapter(policy_id, version, rule_id, "")
    policy, rules = found
    standing = access_policies.as_it_is(work, owner.id)
    context = recording.read(
        attempt.context,
        at=attempt.at,
        account_id=attempt.account_id,
        application_id=attempt.application_id,
        site_id=attempt.site_id,
        ip=attempt.ip,
        attempt=attempt.kind,
    )
    names = access_names.of_rules(work, owner.id, rules)
    names |= access_names.called(work, owner.id, "group", context.groups or ())
    names |= access_names.called(work, owner.id, "account", [context.account_id] if context.account_id else ())
    said = evaluate(
        access_policies.compiled(policy.id, policy.name, version, rules, standing.zones),
        context,
        explain=True,
        names=names,
    )
    outcome = "" if said.rule_id != rule_id else "denied" if isinstance(said.outcome, Denied) else "allowed"
    return Chapter(policy.name, version, _name(rules, rule_id), outcome, said.trace)


def _asked(work: Work, organization: str, policy_id: str, version: int) -> tuple[AccessPolicy, Rules] | None:
    try:
        policy = access_policies.policy(work, organization, policy_id)
        return policy, access_policies.rules_of(work, policy, version)
    except NotFound:
        return None


def _name(rules: Rules, rule_id: str) -> str:
    return next((rule.name for rule in (*rules.guards, *rules.rules) if rule.id == rule_id), rule_id)
