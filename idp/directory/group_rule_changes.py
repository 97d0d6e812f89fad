"""
Verbs on the rules of groups: to write them, to switch them on and off, to see what they would do, to let them run.

A rule is written switched off. Whoever switches it on, or changes it while it is on, has seen what that does: the
numbers of those who enter and leave are handed in, and refused where they are others by then.
"""

from collections.abc import Iterable

from sqlalchemy import func, select

from idp.audit.events import (
    GroupRuleRemoved,
    GroupRuleSwitchedOff,
    GroupRuleSwitchedOn,
    GroupRuleWritten,
)
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import (
    attributes,
    group_exceptions,
    group_rights,
    group_rules,
    membership_changes,
    memberships,
    names,
    nesting,
    queries,
)
from idp.directory.group_models import GroupRule
from idp.directory.group_rights import MANUAL, PROVISIONED, RULE
from idp.directory.group_rule_turns import Ran, rule, run_over
from idp.directory.group_rules import OWN_ATTRIBUTES, Plan, Rule
from idp.directory.models import Account, Group
from idp.directory.rights import require_into
from idp.policy import conditions
from idp.policy.permissions import Permission, require

MOST_RULES = 500
"""In one organization."""


def spelled(work: Work, of: GroupRule) -> str:
    """Return the condition of a rule as people write it: groups by their names."""
    condition = conditions.parse(of.condition)
    called = {one.id: one.name for one in group_rights.groups_by_id(work, of.organization_id, condition.groups)}
    return conditions.renamed(condition, lambda id_: called.get(id_, id_))


def exceptions(work: Work, of: GroupRule) -> list[Account]:
    """Return who is an exception to a rule, by e-mail address, as far as the actor may see."""
    query = queries.visible(work, Account, Permission.ACCOUNT_READ).where(
        Account.organization_id == of.organization_id, Account.id.in_(of.exceptions)
    )
    return list(work.tx.session.scalars(query.order_by(Account.email_key)))


def members(work: Work, of: GroupRule) -> int:
    """Return how many a rule has put into its group."""
    return len(memberships.ids(work, of.organization_id, of.group_id, memberships.RULE + of.id))


def write(
    work: Work,
    group: str,
    *,
    organization: str,
    condition: str | None = None,
    brake_percent: int | None = None,
    excepted: Iterable[str] | None = None,
    seen: tuple[int, int] | None = None,
    if_version: int | None = None,
) -> GroupRule:
    """
    Write the rule of a group, switched off; or change it: while it is on, only as it was previewed.

    Args:
        condition: in the language of `policy.conditions`; groups by their names or ids. None: it stays.
        brake_percent: a run that would let go of more of the members does nothing, and waits. None: it stays, or 20.
        excepted: all exceptions, by e-mail address or id. None: they stay.
        seen: how many would enter and leave, as the preview said. They do at once.
        if_version: the version of the rule that the change was made for.

    Raises:
        NotFound: no such organization, group or account that this actor may see.
        Forbidden: the actor may not edit groups there, or not change who is in this one.
        Invalid: the condition is none, or asks for what there is not; the percentage is none.
        Conflict: the rule is on and what it would do was not seen; the condition would make a circle; the group
            carries roles, is a default group, or is provisioned; or somebody else has changed the rule.
    """
    target = _to_change(work, group, organization)
    found = group_exceptions.rule_of(work, target)
    if found is not None and if_version is not None and if_version != found.version:
        raise ChangedMeanwhile(target.id)
    if found is None and condition is None:
        raise Invalid("Say who belongs to the group: a condition.", field="condition")
    text = None if condition is None else _resolved(work, target, condition)
    if brake_percent is not None and not 0 <= brake_percent <= 100:
        raise Invalid("The brake is a percentage from 0 to 100.", field="brake_percent")
    if found is None:
        made = _made(work, target, text or "")
        before = ""
    else:
        made, before = found, found.condition
        if made.active_at is not None:
            _refuse_unseen(_planned(work, target, made, text, _ids(work, target, excepted)), seen)
    made.condition = made.condition if text is None else text
    made.brake_percent = made.brake_percent if brake_percent is None else brake_percent
    work.tx.session.flush()
    if text is not None or brake_percent is not None:
        record(
            work,
            GroupRuleWritten(
                organization_id=target.organization_id,
                target_id=target.id,
                group=target.name,
                condition=spelled(work, made),
                before=before,
                brake_percent=made.brake_percent,
            ),
        )
    ids = _ids(work, target, excepted)
    if ids is not None and set(ids) != set(made.exceptions):
        group_exceptions.change(work, target, made, ids)
    if made.active_at is not None:
        run_over(work, target, made, confirmed=True)
    return made


def preview(
    work: Work,
    group: str,
    *,
    organization: str,
    condition: str | None = None,
    excepted: Iterable[str] | None = None,
) -> Plan:
    """
    Return who would enter and who would leave, were the rule of a group run over everybody now. Nothing changes.

    Args:
        condition, excepted: as they would be; None: as the rule has them.

    Raises:
        NotFound: no such organization, group or account that this actor may see, or the group has no rule.
        Forbidden: the actor may not edit groups there.
        Invalid: the condition is none, or asks for what there is not.
        Conflict: the condition would make a circle.
    """
    target, found, text, ids = _asked(work, group, organization, condition, excepted)
    return _planned(work, target, found, text, ids)


def as_previewed(
    work: Work,
    group: str,
    *,
    organization: str,
    condition: str | None = None,
    excepted: Iterable[str] | None = None,
) -> Rule:
    """Return the rule that `preview` would look at everybody with; arguments and errors are the same."""
    target, found, text, ids = _asked(work, group, organization, condition, excepted)
    return _previewed(target, found, text, ids)


def may_change(work: Work, group: str, *, organization: str) -> Group:
    """
    Return a group whose rule the actor may change; for whoever lets it be changed later.

    Raises:
        NotFound: no such organization or group that this actor may see.
        Forbidden: the actor may not edit groups there, or not change who is in this one.
    """
    owner = queries.organization(work, organization)
    target = queries.group(work, group, organization_id=owner.id)
    require(work, Permission.GROUP_EDIT, owner.id)
    require_into(work, target)
    return target


def switch_on(work: Work, group: str, *, organization: str, seen: tuple[int, int] | None = None) -> Ran:
    """
    Switch the rule of a group on, and run it over everybody.

    Args:
        seen: how many would enter and leave, as the preview said; the brake does not hold what was seen.

    Raises:
        NotFound: no such organization or group that this actor may see, or the group has no rule.
        Forbidden: the actor may not edit groups there, or not change who is in this one.
        Conflict: it is on already; what it would do is not what was seen; the group carries roles.
    """
    target = _to_change(work, group, organization)
    found = rule(work, target)
    if found.active_at is not None:
        raise Conflict(phrase("The rule of “%(name)s” is on already.", name=target.name))
    if seen is not None:
        _refuse_unseen(_planned(work, target, found, None, None), seen)
    found.active_at, found.held_at, found.held = work.now, None, {}
    work.tx.session.flush()
    record(
        work,
        GroupRuleSwitchedOn(organization_id=target.organization_id, target_id=target.id, group=target.name),
    )
    return run_over(work, target, found, confirmed=seen is not None)


def switch_off(work: Work, group: str, *, organization: str) -> GroupRule:
    """
    Switch the rule of a group off. Whoever it has put there stays, and nobody enters or leaves by it any more.

    Raises:
        NotFound: no such organization or group that this actor may see, or the group has no rule.
        Forbidden: the actor may not edit groups there, or not change who is in this one.
        Conflict: it is off already.
    """
    target = _to_change(work, group, organization)
    found = rule(work, target)
    if found.active_at is None:
        raise Conflict(phrase("The rule of “%(name)s” is off already.", name=target.name))
    found.active_at, found.held_at, found.held = None, None, {}
    work.tx.session.flush()
    record(
        work,
        GroupRuleSwitchedOff(organization_id=target.organization_id, target_id=target.id, group=target.name),
    )
    return found


def remove(work: Work, group: str, *, organization: str, keep_members: bool) -> tuple[Group, int]:
    """
    Remove the rule of a group; return the group, and how many it had put there.

    Args:
        keep_members: they stay, as if they had been added by hand; else they leave.

    Raises:
        NotFound: no such organization or group that this actor may see, or the group has no rule.
        Forbidden: the actor may not edit groups there, or not change who is in this one.
    """
    target = _to_change(work, group, organization)
    found = rule(work, target)
    source = memberships.RULE + found.id
    if keep_members:
        there = memberships.ids(work, target.organization_id, target.id, source)
        membership_changes.enter(work, target, there, memberships.MANUAL)
    work.tx.session.delete(found)
    work.tx.session.flush()
    count = len(membership_changes.leave(work, target, None, source))
    target.kind = MANUAL
    record(
        work,
        GroupRuleRemoved(
            organization_id=target.organization_id,
            target_id=target.id,
            group=target.name,
            members_kept=keep_members,
            members=count,
        ),
    )
    work.tx.session.flush()
    return target, count


def run(work: Work, group: str, *, organization: str) -> Ran:
    """
    Run the rule of a group over everybody now. Where more would leave than the brake allows, nothing is done.

    Raises:
        NotFound: no such organization or group that this actor may see, or the group has no rule.
        Forbidden: the actor may not edit groups there, or not change who is in this one.
        Conflict: the rule is off.
    """
    target = _to_change(work, group, organization)
    found = rule(work, target)
    if found.active_at is None:
        raise Conflict(phrase("The rule of “%(name)s” is off.", name=target.name), advice="Switch it on first.")
    return run_over(work, target, found, confirmed=False)


def confirm(work: Work, group: str, *, organization: str, seen: tuple[int, int] | None = None) -> Ran:
    """
    Let a rule that holds itself do what it would do.

    Args:
        seen: how many would enter and leave, as the preview said (None: whatever it is by now).

    Raises:
        NotFound: no such organization or group that this actor may see, or the group has no rule.
        Forbidden: the actor may not edit groups there, or not change who is in this one.
        Conflict: it does not hold itself, or what it would do is not what was seen.
    """
    target = _to_change(work, group, organization)
    found = rule(work, target)
    if found.held_at is None:
        raise Conflict(phrase("The rule of “%(name)s” waits for nothing.", name=target.name))
    if seen is not None:
        _refuse_unseen(_planned(work, target, found, None, None), seen)
    return run_over(work, target, found, confirmed=True)


def _to_change(work: Work, group: str, organization: str) -> Group:
    """Return a group whose rule the actor may change; nobody else changes groups until the end."""
    owner = queries.organization(work, organization)
    target = queries.group(work, group, organization_id=owner.id)
    require(work, Permission.GROUP_EDIT, owner.id)
    nesting.hold(work, owner.id)
    require_into(work, target)
    return target


def _made(work: Work, group: Group, condition: str) -> GroupRule:
    if group.kind == PROVISIONED:
        raise Conflict(phrase("Who is in “%(name)s” is decided by the directory that it comes from.", name=group.name))
    above = nesting.above(work, group.organization_id, group.id)
    group_rights.refuse_roles(work, group, {group.id, *above}, why=f"“{group.name}” can have no rule")
    defaults = group_rights.defaults_among(work, group.organization_id, [group.id])
    if defaults:
        raise Conflict(
            phrase(
                "“%(name)s” can have no rule: it is a default group of “%(defaults)s”.",
                name=group.name,
                defaults=defaults[0][1],
            ),
            advice="Whoever is given that application is put into it by hand.",
        )
    taken = work.tx.session.scalar(
        select(func.count()).select_from(GroupRule).where(GroupRule.organization_id == group.organization_id)
    )
    if (taken or 0) >= MOST_RULES:
        raise Conflict(phrase("An organization has at most %(most_rules)s rules for groups.", most_rules=MOST_RULES))
    made = GroupRule(
        organization_id=group.organization_id,
        id=new_id("rul"),
        group_id=group.id,
        condition=condition,
        exceptions=[],
        brake_percent=20,
        active_at=None,
        held_at=None,
        held={},
        created_at=work.now,
    )
    group.kind = RULE
    work.tx.session.add(made)
    work.tx.session.flush()
    return made


def _resolved(work: Work, group: Group, text: str) -> str:
    """Return a condition with ids for the groups that it names, after checking what it asks for."""
    condition = conditions.parse(text)
    for name in sorted(condition.reads):
        if name == "groups":
            raise Invalid('A condition asks for groups like: in group "Staff"', field="condition")
        if name not in OWN_ATTRIBUTES:
            attributes.further_name(name)
    keys = {one: names.name_key(one) for one in condition.groups}
    query = queries.visible(work, Group, Permission.GROUP_READ).where(
        Group.organization_id == group.organization_id,
        Group.deleted_at.is_(None),
        Group.id.in_(list(condition.groups)) | Group.name_key.in_(list(keys.values())),
    )
    found = list(work.tx.session.scalars(query))
    by_id, by_key = {one.id: one.id for one in found}, {one.name_key: one.id for one in found}
    ids = {one: by_id.get(one) or by_key.get(key) for one, key in keys.items()}
    for reference, id_ in ids.items():
        if id_ is None:
            raise Invalid(
                phrase("There is no group “%(reference)s”.", reference=reference[:80]),
                field="condition",
                advice="See: idp group list",
            )
    _refuse_circle(work, group, {one for one in ids.values() if one is not None})
    return conditions.parse(conditions.renamed(condition, lambda one: ids[one] or one)).text


def _refuse_circle(work: Work, group: Group, read: set[str]) -> None:
    if not read:
        return
    standing = nesting.graph(work, group.organization_id)
    around = [one for one in sorted(read) if one == group.id or group.id in standing.turns_on(one)]
    if around:
        called = group_rights.groups_by_id(work, group.organization_id, around)[0].name
        raise Conflict(
            phrase(
                "Who is in “%(name)s” cannot turn on “%(called)s”: who is in that one turns on “%(name)s”.",
                name=group.name,
                called=called,
            ),
            field="condition",
            code="circle",
        )


def _ids(work: Work, group: Group, references: Iterable[str] | None) -> list[str] | None:
    if references is None:
        return None
    wanted = list(dict.fromkeys(references))
    if len(wanted) > group_exceptions.MOST_EXCEPTIONS:
        raise Invalid(
            phrase(
                "A rule has at most %(most_exceptions)s exceptions.", most_exceptions=group_exceptions.MOST_EXCEPTIONS
            ),
            field="exceptions",
        )
    return [queries.account(work, one, organization_id=group.organization_id).id for one in wanted]


def _asked(
    work: Work, group: str, organization: str, condition: str | None, excepted: Iterable[str] | None
) -> tuple[Group, GroupRule | None, str | None, list[str] | None]:
    owner = queries.organization(work, organization)
    target = queries.group(work, group, organization_id=owner.id)
    require(work, Permission.GROUP_EDIT, owner.id)
    found = group_exceptions.rule_of(work, target)
    if found is None and condition is None:
        raise NotFound(
            phrase("“%(name)s” has no rule.", name=target.name), field="group", advice="Write one: idp group rule set"
        )
    text = None if condition is None else _resolved(work, target, condition)
    return target, found, text, _ids(work, target, excepted)


def _planned(work: Work, group: Group, of: GroupRule | None, condition: str | None, excepted: list[str] | None) -> Plan:
    return group_rules.plan(work, group.organization_id, _previewed(group, of, condition, excepted))


def _previewed(group: Group, of: GroupRule | None, condition: str | None, excepted: list[str] | None) -> Rule:
    text = condition if condition is not None else "" if of is None else of.condition
    standing = [] if of is None else of.exceptions
    return Rule(
        "" if of is None else of.id,
        group.id,
        group.name,
        conditions.parse(text),
        frozenset(standing if excepted is None else excepted),
    )


def _refuse_unseen(planned: Plan, seen: tuple[int, int] | None) -> None:
    now = (len(planned.entering), len(planned.leaving))
    if seen != now:
        raise Conflict(
            phrase("%(now)s would enter the group, and %(now_2)s would leave it.", now=now[0], now_2=now[1]),
            code="unseen",
            advice="Look at the preview, then confirm these numbers.",
        )
