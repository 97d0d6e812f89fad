"""
Default groups: whoever is given an application in a role is put into all of its default groups for that role.

So what people may open is read off their groups. Where an application has no default group, a person gets a grant of
their own. To take the role away is to take them out of every group that gives it; which these are is said before.
"""

from dataclasses import dataclass

from sqlalchemy import or_, select

from idp.audit.events import DefaultGroupMarked, DefaultGroupUnmarked, MemberAdded
from idp.audit.log import record
from idp.base.errors import Conflict, Invalid
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import (
    access,
    administering,
    applications,
    group_rights,
    membership_changes,
    memberships,
    nesting,
    queries,
    rights,
)
from idp.directory.group_models import DefaultGroup
from idp.directory.models import AccessGrant, Account, Application, Group, Membership
from idp.policy.permissions import Permission, require

USER, ADMINISTRATOR = "user", "administrator"
ROLES = (USER, ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Given:
    """What came of giving an application to somebody: the groups that they were put into, or a grant of their own."""

    account: Account
    application: Application
    groups: tuple[Group, ...]
    grant: AccessGrant | None


@dataclass(frozen=True, slots=True)
class Taken:
    """
    What taking an application away from somebody comes to.

    Args:
        groups: those that they leave, by name.
        direct: a grant of their own ends.
        everyone: it is open to everyone: they go on opening it.
        kept: groups that give it and that they cannot be taken out of by hand.
    """

    account: Account
    application: Application
    groups: tuple[Group, ...]
    direct: bool
    everyone: bool
    kept: tuple[Group, ...]

    @property
    def still_open(self) -> bool:
        """Whether they can open it all the same."""
        return self.everyone or bool(self.kept)


def defaults(work: Work, application: Application, role: str = USER) -> list[Group]:
    """Return the default groups of an application for a role, by name."""
    query = (
        select(Group)
        .join(
            DefaultGroup,
            (DefaultGroup.organization_id == Group.organization_id) & (DefaultGroup.group_id == Group.id),
        )
        .where(
            DefaultGroup.organization_id == application.organization_id,
            DefaultGroup.application_id == application.id,
            DefaultGroup.role == role,
        )
        .order_by(Group.name_key)
    )
    return list(work.tx.session.scalars(query))


def of_group(work: Work, group: Group) -> list[tuple[Application, str]]:
    """Return of which applications a group is a default group, and for which role, as far as the actor may see."""
    rows = work.tx.session.execute(
        queries.visible(work, Application, Permission.APPLICATION_READ)
        .add_columns(DefaultGroup.role)
        .join(
            DefaultGroup,
            (DefaultGroup.organization_id == Application.organization_id)
            & (DefaultGroup.application_id == Application.id),
        )
        .where(
            DefaultGroup.organization_id == group.organization_id,
            DefaultGroup.group_id == group.id,
            Application.deleted_at.is_(None),
        )
        .order_by(Application.name, Application.id, DefaultGroup.role)
    )
    return [(row[0], row[1]) for row in rows]


def mark(work: Work, application_id: str, group: str, *, role: str = USER) -> Group:
    """
    Make a group a default group of an application. It opens the application from now on, if it did not before.

    Raises:
        NotFound: no such application or group that this actor may see.
        Forbidden: the actor may not give access there, or not change who is in the group.
        Invalid: there is no such role.
        Conflict: it is one already; a rule or a directory fills it; it carries a role in the whole organization, or a
            group that it is inside of does; it does not carry the role of an administrator of the application.
    """
    application, target = _both(work, application_id, group, role)
    nesting.hold(work, application.organization_id)
    rights.require_into(work, target)
    if target.id in {one.id for one in defaults(work, application, role)}:
        raise Conflict(
            phrase("“%(name)s” is a default group of “%(name_2)s” already.", name=target.name, name_2=application.name)
        )
    _refuse_unfit(work, target)
    _let_give(work, application, target, role)
    work.tx.session.add(
        DefaultGroup(
            organization_id=application.organization_id,
            id=new_id("dfg"),
            application_id=application.id,
            role=role,
            group_id=target.id,
            created_at=work.now,
        )
    )
    work.tx.session.flush()
    record(work, DefaultGroupMarked(**_said(application, target, role)))
    return target


def unmark(work: Work, application_id: str, group: str, *, role: str = USER) -> Group:
    """
    Make a group no default group any more. Whoever is in it stays, and it goes on opening the application.

    Raises:
        NotFound: no such application or group that this actor may see.
        Forbidden: the actor may not give access there.
        Invalid: there is no such role.
        Conflict: it is none.
    """
    application, target = _both(work, application_id, group, role)
    found = work.tx.session.scalar(
        select(DefaultGroup).where(
            DefaultGroup.organization_id == application.organization_id,
            DefaultGroup.application_id == application.id,
            DefaultGroup.role == role,
            DefaultGroup.group_id == target.id,
        )
    )
    if found is None:
        raise Conflict(
            phrase("“%(name)s” is no default group of “%(name_2)s”.", name=target.name, name_2=application.name)
        )
    work.tx.session.delete(found)
    work.tx.session.flush()
    record(work, DefaultGroupUnmarked(**_said(application, target, role)))
    return target


def give(work: Work, account: str, application_id: str, *, reason: str = "") -> Given:
    """
    Let an account use an application: put it into all default groups, or give it a grant of its own if there is none.

    Args:
        reason: why, kept with a grant of its own.

    Raises:
        NotFound: no such account or application that this actor may see.
        Forbidden: the actor may not give access there, or not change who is in one of these groups.
        Conflict: the account has all of it already.
    """
    application = queries.application(work, application_id)
    _require_grant(work, application)
    member = queries.account(work, account, organization_id=application.organization_id)
    nesting.hold(work, application.organization_id)
    chosen = defaults(work, application)
    if not chosen:
        made = applications.grant(work, application.id, account=member.id, reason=reason)
        return Given(member, application, (), made)
    entered: list[Group] = []
    for one in chosen:
        rights.require_into(work, one)
        if membership_changes.enter(work, one, [member.id], memberships.DEFAULT):
            entered.append(one)
            record(
                work,
                MemberAdded(
                    organization_id=one.organization_id,
                    target_id=one.id,
                    group=one.name,
                    account_id=member.id,
                    source=memberships.DEFAULT,
                ),
            )
    if not entered:
        raise Conflict(
            phrase(
                "“%(email)s” is in every default group of “%(name)s” already.",
                email=member.email,
                name=application.name,
            )
        )
    return Given(member, application, tuple(entered), None)


def may_put_in(work: Work, application: Application) -> bool:
    """Say whether the actor may put people into every default group of an application that it was given (D17)."""
    return all(rights.may_change_members(work, one) for one in defaults(work, application))


def would_take(work: Work, account: str, application_id: str) -> Taken:
    """
    Return what `take` would do. Nothing changes.

    Raises:
        NotFound: no such account or application that this actor may see.
        Forbidden: the actor may not give access there.
    """
    application = queries.application(work, application_id)
    _require_grant(work, application)
    member = queries.account(work, account, organization_id=application.organization_id)
    standing = _grants(work, application)
    giving = {one.subject_id for one in standing if one.subject_kind == access.GROUP}
    leaves, kept = _ways(work, application.organization_id, member, giving)
    return Taken(
        member,
        application,
        tuple(group_rights.groups_by_id(work, application.organization_id, leaves)),
        any(one.subject_kind == access.ACCOUNT and one.subject_id == member.id for one in standing),
        any(one.subject_kind == access.EVERYONE for one in standing),
        tuple(group_rights.groups_by_id(work, application.organization_id, kept)),
    )


def take(work: Work, account: str, application_id: str) -> Taken:
    """
    Take an application away from an account: out of every group that gives it, and end its own grant.

    Return what came of it; ``kept`` and ``everyone`` say why it can open the application all the same.

    Raises:
        NotFound: no such account or application that this actor may see.
        Forbidden: the actor may not give access there, or not change who is in one of the groups.
        Conflict: nothing gives it to this account alone.
    """
    application = queries.application(work, application_id)
    _require_grant(work, application)
    nesting.hold(work, application.organization_id)
    planned = would_take(work, account, application_id)
    if not planned.groups and not planned.direct:
        raise Conflict(
            f"“{planned.account.email}” cannot be taken “{application.name}” from: "
            + (
                "it is open to everyone."
                if planned.everyone
                else f"it comes from the directory, through “{planned.kept[0].name}”."
                if planned.kept
                else "nothing gives it to them."
            )
        )
    with administering.keeping_one(work, application.organization_id):
        for one in planned.groups:
            rights.require_into(work, one)
            membership_changes.take_out(work, one, planned.account)
    for grant in _grants(work, application) if planned.direct else ():
        if grant.subject_kind == access.ACCOUNT and grant.subject_id == planned.account.id:
            applications.withdraw(work, application.id, grant.id)
    return planned


def _ways(work: Work, organization_id: str, account: Account, giving: set[str]) -> tuple[set[str], set[str]]:
    """Return the groups that an account must leave so that it is in none of *giving*, and those it cannot leave."""
    rows = work.tx.session.execute(
        select(Membership.group_id, Membership.source).where(
            Membership.organization_id == organization_id,
            Membership.account_id == account.id,
            memberships.held(work.now),
        )
    )
    sources: dict[str, set[str]] = {}
    for group_id, source in rows:
        sources.setdefault(group_id, set()).add(source)
    leaves: set[str] = set()
    kept: set[str] = set()
    ahead = [one for one in giving if one in sources]
    seen = set(ahead)
    while ahead:
        group_id = ahead.pop()
        for source in sources.get(group_id, ()):
            if source.startswith(memberships.INSIDE):
                inner = source.removeprefix(memberships.INSIDE)
                if inner not in seen:
                    seen.add(inner)
                    ahead.append(inner)
            elif source in memberships.BY_HAND or source.startswith(memberships.RULE):
                leaves.add(group_id)
            else:
                kept.add(group_id)
    return leaves, kept


def _both(work: Work, application_id: str, group: str, role: str) -> tuple[Application, Group]:
    if role not in ROLES:
        raise Invalid(
            phrase("There is no role “%(role)s” of applications.", role=role[:64]),
            field="role",
            advice="There are: user, administrator.",
        )
    application = queries.application(work, application_id)
    _require_grant(work, application)
    return application, queries.group(work, group, organization_id=application.organization_id)


def _require_grant(work: Work, application: Application) -> None:
    require(
        work,
        Permission.APPLICATION_GRANT,
        application.organization_id,
        site_id=application.site_id,
        application_id=application.id,
    )


def _refuse_unfit(work: Work, group: Group) -> None:
    if group.kind != group_rights.MANUAL:
        filled = "a rule" if group.kind == group_rights.RULE else "a directory"
        raise Conflict(
            phrase(
                "“%(name)s” can be no default group: %(filled)s decides who is in it.", name=group.name, filled=filled
            ),
            advice="Choose a group that administrators fill by hand.",
        )
    around = {group.id, *nesting.above(work, group.organization_id, group.id)}
    carrying = group_rights.with_roles(work, group.organization_id, around, organization_wide=True)
    if carrying:
        raise Conflict(
            phrase(
                "“%(name)s” can be no default group: “%(name_2)s” carries a role in the whole organization.",
                name=group.name,
                name_2=carrying[0].name,
            ),
            code="carries-role",
            advice="Choose a group that opens applications and nothing else.",
        )


def _let_give(work: Work, application: Application, group: Group, role: str) -> None:
    """See to it that the group gives the role."""
    if role == USER:
        if not any(
            one.subject_kind == access.GROUP and one.subject_id == group.id for one in _grants(work, application)
        ):
            applications.grant(work, application.id, group=group.id)
    elif not group_rights.administers(work, group, application):
        raise Conflict(
            phrase(
                "“%(name)s” does not carry the role of an administrator of “%(name_2)s”.",
                name=group.name,
                name_2=application.name,
            ),
            advice="Give it that role first: idp role grant",
        )


def _grants(work: Work, application: Application) -> list[AccessGrant]:
    """Return every grant of an application that holds now; for changes, whatever the actor may see of them."""
    query = select(AccessGrant).where(
        AccessGrant.organization_id == application.organization_id,
        AccessGrant.application_id == application.id,
        AccessGrant.valid_from <= work.now,
        or_(AccessGrant.valid_to.is_(None), AccessGrant.valid_to > work.now),
    )
    return list(work.tx.session.scalars(query))


def _said(application: Application, group: Group, role: str) -> dict[str, str]:
    return {
        "organization_id": application.organization_id,
        "target_id": application.id,
        "group": group.name,
        "group_id": group.id,
        "application": application.name,
        "role": role,
    }
