"""Running the rule of a group over everybody, and the jobs that do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from idp.audit.events import (
    GroupRuleHeld,
    GroupRuleRan,
)
from idp.audit.log import record
from idp.base import jobs
from idp.base.errors import NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import (
    group_exceptions,
    group_rules,
    nesting,
)
from idp.directory.group_models import GroupRule
from idp.directory.group_rules import Plan, Rule
from idp.directory.models import Group
from idp.policy import conditions

SWEEP, RUN = "group-rules", "group-rule-run"
"""The job that asks for a run of every rule, and the one that runs a rule over everybody."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run did; where ``held``, it did nothing, since more would have left than the brake allows."""

    plan: Plan
    held: bool


def rule(work: Work, group: Group) -> GroupRule:
    """
    Return the rule of a group that the actor was given.

    Raises:
        NotFound: it has none.
    """
    found = group_exceptions.rule_of(work, group)
    if found is None:
        raise NotFound(
            phrase("“%(name)s” has no rule.", name=group.name), field="group", advice="Write one: idp group rule set"
        )
    return found


def sweep(work: Work, _: Mapping[str, Any]) -> None:
    """Ask for a run of every rule that is on (a job's handler)."""
    query = select(GroupRule.organization_id, GroupRule.id).where(GroupRule.active_at.is_not(None))
    for organization_id, rule_id in work.tx.session.execute(query):
        jobs.defer(
            work,
            RUN,
            key=f"{RUN}:{rule_id}:{work.now.isoformat()}",
            payload={"organization_id": organization_id, "rule_id": rule_id},
            organization_id=organization_id,
        )


def run_one(work: Work, payload: Mapping[str, Any]) -> None:
    """Run a rule over everybody (a job's handler)."""
    organization_id = str(payload["organization_id"])
    nesting.hold(work, organization_id)
    found = work.tx.session.get(GroupRule, (organization_id, str(payload["rule_id"])), populate_existing=True)
    if found is None or found.active_at is None:
        return
    group = work.tx.session.get_one(Group, (organization_id, found.group_id))
    run_over(work, group, found, confirmed=False)


def run_over(work: Work, group: Group, of: GroupRule, *, confirmed: bool) -> Ran:
    planned = group_rules.plan(work, group.organization_id, _as_run(group, of))
    if not confirmed and planned.brakes(of.brake_percent):
        if of.held_at is None:
            record(
                work,
                GroupRuleHeld(
                    organization_id=group.organization_id,
                    target_id=group.id,
                    group=group.name,
                    entering=len(planned.entering),
                    leaving=len(planned.leaving),
                    members=planned.members,
                ),
            )
        of.held_at = of.held_at or work.now
        of.held = {"entering": len(planned.entering), "leaving": len(planned.leaving), "members": planned.members}
        work.tx.session.flush()
        return Ran(planned, held=True)
    group_rules.carry_out(work, group.organization_id, _as_run(group, of), planned)
    of.held_at, of.held = None, {}
    if planned.entering or planned.leaving:
        record(
            work,
            GroupRuleRan(
                organization_id=group.organization_id,
                target_id=group.id,
                group=group.name,
                entered=len(planned.entering),
                left=len(planned.leaving),
            ),
        )
    work.tx.session.flush()
    return Ran(planned, held=False)


def _as_run(group: Group, of: GroupRule) -> Rule:
    return Rule(of.id, group.id, group.name, conditions.parse(of.condition), frozenset(of.exceptions))
