"""Verbs on groups: to create, change and delete them, and to put people in by hand and take them out."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, or_, select, update

from idp.audit.events import GroupChanged, GroupCreated, GroupDeleted, MemberAdded
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict, IdpError, Invalid, NotFound
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import (
    access,
    administering,
    group_exceptions,
    group_mentions,
    group_rights,
    membership_changes,
    memberships,
    names,
    nesting,
    provisioned,
    provisioning_marks,
    queries,
    search,
)
from idp.directory.group_rights import PROVISIONED
from idp.directory.membership_changes import Removed
from idp.directory.memberships import MANUAL
from idp.directory.models import AccessGrant, Account, Group, Membership
from idp.directory.rights import require_into
from idp.policy.permissions import Permission, require

LONGEST_DESCRIPTION = 1024
MOST_AT_ONCE = 1000
"""Accounts that one call puts into a group, or takes out."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one account of many. ``error`` says why nothing did; without it, ``changed`` whether something."""

    reference: str
    account: Account | None = None
    changed: bool = False
    error: IdpError | None = None


def create(work: Work, name: str, *, organization: str, description: str = "") -> Group:
    """
    Create an empty group.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not create groups there.
        Invalid: the name or the description cannot be used.
        Conflict: the organization has a group of that name.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.GROUP_CREATE, owner.id)
    name = names.name(name)
    key = names.name_key(name)
    _refuse_taken(work, owner.id, name, key)
    group = Group(
        organization_id=owner.id,
        id=new_id("grp"),
        name=name,
        name_key=key,
        description=_description(description),
        created_at=work.now,
    )
    work.tx.session.add(group)
    work.tx.session.flush()
    record(work, GroupCreated(organization_id=owner.id, target_id=group.id, name=name))
    search.put(work, group)
    return group


def edit(
    work: Work,
    group: str,
    *,
    organization: str,
    name: str | None = None,
    description: str | None = None,
    if_version: int | None = None,
) -> Group:
    """
    Change what a group is called, or what it is for; what is None stays.

    Args:
        if_version: the version of the group that the change was made for.

    Raises:
        NotFound: no such organization or group that this actor may see.
        Forbidden: the actor may not edit groups there.
        Invalid: the name or the description cannot be used.
        Conflict: the organization has a group of that name; release rules speak of it by its name; or somebody else
            has changed it in the meantime.
    """
    target = _found(work, group, organization)
    require(work, Permission.GROUP_EDIT, target.organization_id)
    refuse_changed(target, if_version)
    wanted = {
        "name": None if name is None else names.name(name),
        "description": None if description is None else _description(description),
    }
    changes = {part: value for part, value in wanted.items() if value is not None and value != getattr(target, part)}
    if not changes:
        return target
    provisioned.refuse_group_edit(work, target)
    if "name" in changes:
        _refuse_rename(work, target, changes["name"])
        target.name_key = names.name_key(changes["name"])
    before = {part: str(getattr(target, part)) for part in changes}
    for part, value in changes.items():
        setattr(target, part, value)
    record(
        work,
        GroupChanged(
            organization_id=target.organization_id, target_id=target.id, name=target.name, before=before, after=changes
        ),
    )
    work.tx.session.flush()
    if "name" in changes:
        provisioning_marks.everybody(work, target.organization_id)
    search.put(work, target)
    return target


def delete(work: Work, group: str, *, organization: str, if_version: int | None = None) -> Group:
    """
    Delete a group for good: its members leave it, what it opened is closed to them, and its id is never used again.

    Raises:
        NotFound: no such organization or group that this actor may see.
        Forbidden: the actor may not edit groups there, or not change who is in it.
        Conflict: something speaks of it (default groups, roles, rules, policies), or somebody else has changed it.
    """
    target = _found(work, group, organization)
    require(work, Permission.GROUP_EDIT, target.organization_id)
    nesting.hold(work, target.organization_id)
    require_into(work, target)
    refuse_changed(target, if_version)
    provisioned.refuse_group_edit(work, target)
    speaking = group_mentions.mentions(work, target)
    if speaking:
        raise Conflict(
            phrase(
                "“%(name)s” cannot be deleted. It is named by: %(value)s.", name=target.name, value="; ".join(speaking)
            ),
            code="still-named",
            advice="Take it out of there first.",
        )
    opened = [one.name for one in group_mentions.applications(work, target)]
    rule = group_exceptions.rule_of(work, target)
    if rule is not None:  # before its members leave, or it would put them in again
        work.tx.session.delete(rule)
        work.tx.session.flush()
    with administering.keeping_one(work, target.organization_id):
        left = memberships.end_all(work, target.organization_id, target.id)
        membership_changes.follow(work, target, left)
        for parent in nesting.nested(work, target, inside=True):
            nesting.remove(work, target.organization_id, target, parent)
        for child in nesting.nested(work, target, inside=False):
            nesting.remove(work, target.organization_id, child, target)
    _end_grants(work, target)
    search.take_away(work, target)
    target.deleted_at, target.name_key = work.now, target.id
    record(
        work,
        GroupDeleted(
            organization_id=target.organization_id,
            target_id=target.id,
            name=target.name,
            members=len(left),
            applications=opened,
        ),
    )
    work.tx.session.flush()
    work.tx.after_commit(work.tx.memory.forget)
    return target


def add(work: Work, group: str, account: str, *, organization: str, source: str = MANUAL) -> Membership:
    """
    Make an account a member of a group from now on, by *source*.

    Raises:
        NotFound: no such organization, group or account that this actor may see.
        Forbidden: the actor may not change members there, or of a group that this one is inside of.
        Conflict: it is a member by that source already, or others decide who is in the group.
    """
    target = _to_change(work, group, organization)
    member = queries.account(work, account, organization_id=target.organization_id)
    if not _put_in(work, target, [member], source):
        raise Conflict(phrase("“%(email)s” is in “%(name)s” already.", email=member.email, name=target.name))
    query = select(Membership).where(
        Membership.organization_id == target.organization_id,
        Membership.group_id == target.id,
        Membership.account_id == member.id,
        Membership.source == source,
        memberships.held(work.now),
    )
    return work.tx.session.scalars(query).one()


def add_all(work: Work, group: str, accounts: Iterable[str], *, organization: str) -> list[Outcome]:
    """
    Make accounts (ids or e-mail addresses, a thousand at most) members of a group; return what came of each.

    Raises:
        NotFound, Forbidden: as in `add`.
        Invalid: there are too many.
        Conflict: others decide who is in the group.
    """
    target = _to_change(work, group, organization)
    found = _accounts(work, target.organization_id, accounts)
    entered = _put_in(work, target, [one.account for one in found if one.account is not None], MANUAL)
    return [Outcome(one.reference, one.account, _id(one) in entered, one.error) for one in found]


def remove(work: Work, group: str, account: str, *, organization: str) -> Removed:
    """
    Take an account out of a group; where a rule has put it there, it becomes an exception to that rule.

    Raises:
        NotFound: no such organization, group or account that this actor may see.
        Forbidden: the actor may not change members there, or of a group that this one is inside of.
        Conflict: it is not in the group, or only through another group or a directory.
    """
    target = _to_change(work, group, organization)
    member = queries.account(work, account, organization_id=target.organization_id)
    with administering.keeping_one(work, target.organization_id):
        return membership_changes.take_out(work, target, member)


def remove_all(work: Work, group: str, accounts: Iterable[str], *, organization: str) -> list[Outcome]:
    """
    Take accounts (ids or e-mail addresses, a thousand at most) out of a group; return what came of each.

    Raises:
        NotFound, Forbidden, Conflict: as in `add_all`.
        Invalid: there are too many.
    """
    target = _to_change(work, group, organization)
    outcomes: list[Outcome] = []
    with administering.keeping_one(work, target.organization_id):
        for one in _accounts(work, target.organization_id, accounts):
            outcomes.append(one if one.account is None else _taken_out(work, target, one.reference, one.account))
    return outcomes


def nest(work: Work, child: str, parent: str, *, organization: str) -> tuple[Group, Group]:
    """
    Put the group *child* inside of *parent*: who is in it is in *parent*, too. Return both.

    Raises:
        NotFound: no such organization or group that this actor may see.
        Forbidden: the actor may not change members of *parent*, or of a group that it is inside of.
        Conflict: it is there already, it would make a circle, others decide who is in *parent*, or roles of
            administrators would come to whoever a rule or a directory puts into *child*.
    """
    outer = _to_change(work, parent, organization)
    inner = queries.group(work, child, organization_id=outer.organization_id)
    _refuse_escalation(work, inner, outer)
    membership_changes.nest(work, inner, outer)
    return inner, outer


def unnest(work: Work, child: str, parent: str, *, organization: str) -> tuple[Group, Group]:
    """
    Take the group *child* out of *parent*: who was in *parent* only by that leaves it. Return both.

    Raises:
        NotFound: no such organization or group that this actor may see.
        Forbidden: the actor may not change members of *parent*, or of a group that it is inside of.
        Conflict: it is not inside of it.
    """
    outer = _to_change(work, parent, organization)
    inner = queries.group(work, child, organization_id=outer.organization_id)
    with administering.keeping_one(work, outer.organization_id):
        membership_changes.unnest(work, inner, outer)
    return inner, outer


def refuse_changed(group: Group, if_version: int | None) -> None:
    """
    Raises:
        ChangedMeanwhile: the group is at another version than *if_version*.
    """
    if if_version is not None and if_version != group.version:
        raise ChangedMeanwhile(group.id)


def _found(work: Work, group: str, organization: str) -> Group:
    owner = queries.organization(work, organization)
    return queries.group(work, group, organization_id=owner.id)


def _to_change(work: Work, group: str, organization: str) -> Group:
    """Return a group whose members the actor may change by hand; nobody else changes groups until the end."""
    target = _found(work, group, organization)
    nesting.hold(work, target.organization_id)
    require_into(work, target)
    if target.kind == PROVISIONED:
        raise Conflict(
            phrase("Who is in “%(name)s” is decided by the directory that it comes from.", name=target.name),
            advice="Change it there.",
        )
    return target


def _put_in(work: Work, group: Group, accounts: list[Account], source: str) -> set[str]:
    entered = set(membership_changes.enter(work, group, [one.id for one in accounts], source))
    for one in accounts:
        if one.id in entered:
            record(
                work,
                MemberAdded(
                    organization_id=group.organization_id,
                    target_id=group.id,
                    group=group.name,
                    account_id=one.id,
                    source=source,
                ),
            )
    return entered


def _taken_out(work: Work, group: Group, reference: str, account: Account) -> Outcome:
    try:
        membership_changes.take_out(work, group, account)
    except Conflict as error:
        return Outcome(reference, account, error=error)
    return Outcome(reference, account, changed=True)


def _refuse_escalation(work: Work, inner: Group, outer: Group) -> None:
    """Let no rule or directory decide who gets roles, nor a default group give them (threats T5)."""
    standing = nesting.graph(work, outer.organization_id)
    gives = {outer.id, *standing.above(outer.id)}
    filled = {inner.id, *standing.below(inner.id)}
    chosen_by_others = [
        one for one in group_rights.groups_by_id(work, outer.organization_id, filled) if one.kind != group_rights.MANUAL
    ]
    chosen_by_others += group_rights.joined_among(work, outer.organization_id, filled)
    if chosen_by_others:
        group_rights.refuse_roles(
            work,
            outer,
            gives,
            why=f"“{inner.name}” cannot be inside of “{outer.name}”, since others than administrators fill it",
        )
    if group_rights.defaults_among(work, outer.organization_id, filled):
        carrying = group_rights.with_roles(work, outer.organization_id, gives, organization_wide=True)
        if carrying:
            raise Conflict(
                phrase(
                    "“%(name)s” cannot be inside of “%(name_2)s”: a default group gives no role in the whole organization, and “%(name_3)s” carries one.",
                    name=inner.name,
                    name_2=outer.name,
                    name_3=carrying[0].name,
                ),
                code="carries-role",
            )


def _accounts(work: Work, organization_id: str, references: Iterable[str]) -> list[Outcome]:
    wanted = list(dict.fromkeys(references))
    if len(wanted) > MOST_AT_ONCE:
        raise Invalid(phrase("At most %(most_at_once)s accounts at once.", most_at_once=MOST_AT_ONCE), field="accounts")
    keys = {one: names.email_key_or_empty(one) if "@" in one else one for one in wanted}
    found: dict[str, Account] = {}
    for some in memberships.chunks(sorted({one for one in keys.values() if one})):
        query = queries.visible(work, Account, Permission.ACCOUNT_READ).where(
            Account.organization_id == organization_id, or_(Account.email_key.in_(some), Account.id.in_(some))
        )
        for account in work.tx.session.scalars(query):
            found[account.email_key] = found[account.id] = account
    outcomes: list[Outcome] = []
    for one in wanted:
        member = found.get(keys[one])
        error = None if member is not None else NotFound(phrase("There is no account “%(one)s”.", one=one[:80]))
        outcomes.append(Outcome(one, member, error=error))
    return outcomes


def _id(of: Outcome) -> str:
    return "" if of.account is None else of.account.id


def _refuse_taken(work: Work, organization_id: str, name: str, key: str, *, but: str = "") -> None:
    taken = (
        select(func.count())
        .select_from(Group)
        .where(Group.organization_id == organization_id, Group.name_key == key, Group.id != but)
    )
    if work.tx.session.scalar(taken):
        raise Conflict(phrase("There is a group “%(name)s” already.", name=name), field="name")


def _refuse_rename(work: Work, group: Group, name: str) -> None:
    _refuse_taken(work, group.organization_id, name, names.name_key(name), but=group.id)
    if group_mentions.release_turns_on(work, group, name):
        raise Conflict(
            phrase("“%(name)s” cannot be called otherwise: release rules speak of it by its name.", name=group.name),
            field="name",
            code="still-named",
            advice="Change those rules first; see: idp release show",
        )


def _description(value: str) -> str:
    return names.words(value, longest=LONGEST_DESCRIPTION, field="description") if value.strip() else ""


def _end_grants(work: Work, group: Group) -> None:
    work.tx.session.execute(
        update(AccessGrant)
        .where(
            AccessGrant.organization_id == group.organization_id,
            AccessGrant.subject_kind == access.GROUP,
            AccessGrant.subject_id == group.id,
            or_(AccessGrant.valid_to.is_(None), AccessGrant.valid_to > work.now),
        )
        .values(valid_to=work.now)
        .execution_options(synchronize_session="fetch")
    )
