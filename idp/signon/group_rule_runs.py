"""
Rules of groups in organizations where looking at everybody takes longer than a page may: previewed and carried out by runs.

The same verbs as for few accounts (`directory.group_rule_changes`): what a preview said is handed in by whoever goes on,
and refused where it is otherwise by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import group_rule_changes, group_rules, memberships, runs
from idp.directory.console_models import Run
from idp.directory.group_rule_turns import Ran
from idp.directory.group_rules import MOST_SAMPLED, Person, Plan
from idp.directory.models import Account, Group, Organization
from idp.directory.runs import Kinds, Step
from idp.signon.guarding import guarded

PREVIEW, CHANGE = "group-rule-preview", "group-rule"
_WRITE, _SWITCH_ON, _CONFIRM, _RUN = "write", "switch-on", "confirm", "run"


@dataclass(frozen=True, slots=True)
class Previewed:
    """What a rule would do: how many are in its group by it, would enter and would leave; name and address of the first."""

    members: int
    entering: int
    leaving: int
    entering_people: tuple[tuple[str, str], ...]
    leaving_people: tuple[tuple[str, str], ...]

    def brakes(self, percent: int) -> bool:
        """Say whether more than *percent* of the members would leave."""
        return self.leaving > 0 and self.leaving * 100 > self.members * percent


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rule as somebody wants it (None: as it is): condition, exceptions (ids or addresses), brake in percent."""

    condition: str | None = None
    excepted: Sequence[str] | None = None
    brake_percent: int | None = None


def of_plan(plan: Plan) -> Previewed:
    """Return a plan that was made at once as a preview."""
    return Previewed(
        plan.members, len(plan.entering), len(plan.leaving), _named(plan.entering_people), _named(plan.leaving_people)
    )


def of_run(run: Run) -> Previewed:
    """Return what a run that is over has found out."""
    found = run.result
    return Previewed(
        found["members"],
        found["entering"],
        found["leaving"],
        *(tuple((name, email) for name, email in found[f"{key}_people"]) for key in ("entering", "leaving")),
    )


def start_preview(work: Work, group: str, wanted: Wanted, *, organization_id: str) -> Run:
    """
    Begin to look at whom the rule of a group would let in and let go.

    Raises:
        NotFound, Forbidden, Invalid, Conflict: as `group_rule_changes.preview`.
    """
    rule = group_rule_changes.as_previewed(
        work,
        group,
        organization=_slug(work, organization_id),
        condition=wanted.condition,
        excepted=wanted.excepted,
    )
    of_rule = memberships.ids(work, organization_id, rule.group_id, rule.source)
    title = phrase("Preview of the rule of %(group)s", group=rule.group)
    made = _start(work, PREVIEW, title, rule.group_id, wanted, {})
    made.result = {
        "members": len(of_rule), "entering": 0, "leaving": 0, "entering_people": [], "leaving_people": [],
    }  # fmt: skip
    work.tx.session.flush()
    return made


def start_change(
    work: Work,
    group: str,
    wanted: Wanted,
    *,
    organization_id: str,
    seen: tuple[int, int],
    if_version: int | None,
    switch_on: bool = False,
    confirm: bool = False,
) -> Run:
    """
    Begin to do what was previewed: to keep the rule, with *switch_on* to switch it on, or to let one go on that holds itself.

    Args:
        seen: how many would enter and leave, as the preview said.
        if_version: the version of the rule that the change was made for.

    Raises:
        NotFound, Forbidden: as `group_rule_changes.write`.
    """
    target = group_rule_changes.may_change(work, group, organization=_slug(work, organization_id))
    act = _CONFIRM if confirm else _SWITCH_ON if switch_on else _WRITE
    more = {"act": act, "seen": list(seen), "if_version": if_version}
    title = phrase("Apply the rule of %(group)s", group=target.name)
    return _start(work, CHANGE, title, target.id, wanted, more)


def start_run(work: Work, group: str, *, organization_id: str) -> Run:
    """
    Begin to run the rule of a group over everybody.

    Raises:
        NotFound, Forbidden: as `group_rule_changes.run`.
    """
    target = group_rule_changes.may_change(work, group, organization=_slug(work, organization_id))
    title = phrase("Run the rule of %(group)s", group=target.name)
    return _start(work, CHANGE, title, target.id, Wanted(), {"act": _RUN})


def _start(work: Work, kind: str, title: str, group_id: str, wanted: Wanted, more: dict[str, Any]) -> Run:
    organization_id = work.tx.session.scalars(select(Group.organization_id).where(Group.id == group_id)).one()
    query = select(func.count()).select_from(Account).where(Account.organization_id == organization_id)
    return runs.start(
        work,
        kind,
        organization_id=organization_id,
        title=title,
        parameters={
            "group_id": group_id,
            "condition": wanted.condition,
            "excepted": None if wanted.excepted is None else list(wanted.excepted),
            "brake_percent": wanted.brake_percent,
            **more,
        },
        total=work.tx.session.scalar(query) or 0,
    )


def _preview_step(work: Work, run: Run, cursor: str) -> Step:
    """Look at the next two thousand accounts."""
    rule = group_rule_changes.as_previewed(
        work,
        run.parameters["group_id"],
        organization=_slug(work, run.organization_id),
        condition=run.parameters["condition"],
        excepted=run.parameters["excepted"],
    )
    part = group_rules.plan_part(work, run.organization_id, rule, cursor)
    found = dict(run.result)
    for key, people in (("entering", part.entering), ("leaving", part.leaving)):
        found[key] += len(people)
        known = [*found[f"{key}_people"], *([name, email] for name, email in _named(people))]
        found[f"{key}_people"] = sorted(known, key=lambda one: one[1].lower())[:MOST_SAMPLED]
    run.result = found
    return Step(part.seen, cursor=part.following)


def _change_step(work: Work, run: Run, _: str) -> Step:
    """Do it, all at once: whoever enters and leaves does so at one moment."""
    findings: list[str] = []
    with runs.item(work, findings, runs.title(run)), guarded(work, run.organization_id):
        ran = _change(work, run, _slug(work, run.organization_id))
        if ran is not None:
            run.result = {"held": ran.held, "entered": len(ran.plan.entering), "left": len(ran.plan.leaving)}
    if findings:
        return Step(0, run.total, findings)
    return Step(run.total)


def _change(work: Work, run: Run, organization: str) -> Ran | None:
    asked = run.parameters
    group, act = asked["group_id"], asked["act"]
    if act == _RUN:
        return group_rule_changes.run(work, group, organization=organization)
    seen = (asked["seen"][0], asked["seen"][1])
    if act == _CONFIRM:
        return group_rule_changes.confirm(work, group, organization=organization, seen=seen)
    written = group_rule_changes.write(
        work,
        group,
        organization=organization,
        condition=asked["condition"],
        brake_percent=asked["brake_percent"],
        excepted=asked["excepted"],
        seen=seen,
        if_version=asked["if_version"],
    )
    if act == _SWITCH_ON and written.active_at is None:
        return group_rule_changes.switch_on(work, group, organization=organization, seen=seen)
    return None


KINDS: Kinds = {PREVIEW: _preview_step, CHANGE: _change_step}


def _named(people: Sequence[Person]) -> tuple[tuple[str, str], ...]:
    return tuple((one.name, one.email) for one in people)


def _slug(work: Work, organization_id: str) -> str:
    return work.tx.session.get_one(Organization, organization_id).slug
