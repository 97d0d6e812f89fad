"""Verbs on who administers what: roles given to accounts and groups, at a scope, from and to a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, and_, distinct, func, or_, select

from idp.audit.events import RoleGranted, RoleWithdrawn
from idp.audit.log import record
from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import HeldRole, Work
from idp.directory import access, administering, group_rights, names, queries, rights
from idp.directory import roles as roles_
from idp.directory.group_models import GroupRule
from idp.directory.joining_models import JoinRule
from idp.directory.models import Account, Application, Group, Membership, Owned, Role, RoleAssignment, Site
from idp.directory.roles import AnyRole
from idp.policy.permissions import ROLES, Permission, allows, exceeds, require

_LONGEST_REASON = 500
MANUAL = "manual"
_SCOPED = {
    "organization": and_(RoleAssignment.site_id.is_(None), RoleAssignment.application_id.is_(None)),
    "site": RoleAssignment.site_id.is_not(None),
    "application": RoleAssignment.application_id.is_not(None),
}
SCOPES = tuple(_SCOPED)
"""Where a role can be held."""
M = TypeVar("M", bound=Owned)
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a role holds: in the organization, at one of its sites, or for one of its applications."""

    organization_id: str
    site: Site | None = None
    application: Application | None = None

    @property
    def kind(self) -> str:
        """``organization``, ``site`` or ``application``."""
        return "application" if self.application else "site" if self.site else "organization"

    @property
    def words(self) -> str:
        """What it is called."""
        if self.application is not None:
            return f"the application {self.application.name}"
        return "the organization" if self.site is None else f"the site {self.site.name}"

    @property
    def site_id(self) -> str | None:
        """The site, or that of the application."""
        if self.application is not None:
            return self.application.site_id
        return None if self.site is None else self.site.id

    @property
    def application_id(self) -> str | None:
        """The application."""
        return None if self.application is None else self.application.id


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a grant would give to whom, where; to one account, or to whoever is in a group."""

    role: AnyRole
    account: Account | None
    group: Group | None
    where: Scope
    reason: str

    @property
    def subject(self) -> str:
        """The address of the account, or the name of the group."""
        return self.account.email if self.account is not None else self.group.name if self.group is not None else ""


@dataclass(frozen=True, slots=True)
class Held:
    """An assignment in words: who (an account or a group) holds what where."""

    assignment: RoleAssignment
    role: str
    subject_kind: str
    subject_id: str
    subject: str
    scope: str
    scope_name: str
    held: HeldRole
    may_withdraw: bool


def grant(
    work: Work,
    role: str,
    *,
    organization: str,
    account: str | None = None,
    group: str | None = None,
    site: str | None = None,
    application: str | None = None,
    reason: str = "",
    until: datetime | None = None,
) -> RoleAssignment:
    """
    Let an account, or whoever is in a group, administer the organization, one site or one application, from now on.

    Args:
        role: the name of a role that comes with Ostiary, or the name or id of one of the organization's own.
        account, group: whom, by id, address or name; exactly one of them.
        site, application: a site's short name, or an application's id; none of them: the whole organization.
        until: when it ends by itself.

    Raises:
        NotFound: no such organization, role, account, group, site or application that this actor may see.
        Forbidden: the actor may not grant roles there, or does not hold there all that the role holds.
        Invalid: not exactly one of account and group; the role is not held there; the reason or the end cannot be used.
        Conflict: they hold it there already; who is in the group is decided by a rule or by another system; or whoever is
            given an application comes into it, and it would carry a role in the whole organization.
    """
    asked = _proposal(work, role, organization, account, group, site, application, reason, until)
    _check_may_grant(work, asked)
    administering.hold(work, asked.where.organization_id)
    if asked.group is not None:
        check_may_carry(work, asked.group)
        _check_not_default(work, asked.group, asked.where)
    assignment = RoleAssignment(
        organization_id=asked.where.organization_id,
        id=new_id("rol"),
        account_id=asked.account and asked.account.id,
        group_id=asked.group and asked.group.id,
        role=asked.role.key,
        site_id=asked.where.site and asked.where.site.id,
        application_id=asked.where.application_id,
        valid_from=work.now,
        valid_to=until,
    )
    if _is_there(work, assignment):
        raise Conflict(
            phrase(
                "“%(subject)s” has the role “%(name)s” for %(words)s already.",
                subject=asked.subject,
                name=asked.role.name,
                words=asked.where.words,
            )
        )
    work.tx.session.add(assignment)
    work.tx.session.flush()
    record(
        work,
        RoleGranted(
            organization_id=assignment.organization_id,
            target_id=assignment.account_id or assignment.group_id or "",
            role=asked.role.name,
            subject=asked.subject,
            scope=asked.where.words,
            site_id=assignment.site_id,
            application_id=assignment.application_id,
            until="withdrawn" if until is None else until.isoformat(timespec="minutes"),
            reason=asked.reason,
        ),
    )
    return assignment


def preview(
    work: Work,
    role: str,
    *,
    organization: str,
    account: str | None = None,
    group: str | None = None,
    site: str | None = None,
    application: str | None = None,
    reason: str = "",
    until: datetime | None = None,
) -> Proposal:
    """
    Return what `grant` would do, and to how many; nothing is changed.

    Raises:
        NotFound, Forbidden, Invalid, Conflict: as for `grant`, but for a role that they have already.
    """
    asked = _proposal(work, role, organization, account, group, site, application, reason, until)
    _check_may_grant(work, asked)
    if asked.group is not None:
        check_may_carry(work, asked.group)
        _check_not_default(work, asked.group, asked.where)
    return asked


def _proposal(
    work: Work,
    role: str,
    organization: str,
    account: str | None,
    group: str | None,
    site: str | None,
    application: str | None,
    reason: str,
    until: datetime | None,
) -> Proposal:
    owner = queries.organization(work, organization)
    if (account is None) == (group is None):
        raise Invalid("Say who gets the role: one account or one group.", field="subject")
    where = scope(work, owner.id, site=site, application=application)
    asked = Proposal(
        role=roles_.role(work, role, organization_id=owner.id),
        account=None if account is None else queries.account(work, account, organization_id=owner.id),
        group=None if group is None else queries.group(work, group, organization_id=owner.id),
        where=where,
        reason=_reason(reason),
    )
    _check_scope(asked.role, where)
    if until is not None and until <= work.now:
        raise Invalid("The end is over already.", field="until")
    return asked


def _check_may_grant(work: Work, asked: Proposal) -> None:
    where = asked.where
    require(
        work,
        Permission.ROLE_GRANT,
        where.organization_id,
        site_id=where.site_id,
        application_id=where.application_id,
    )
    _check_held(work, asked.role.held(where.organization_id, where.site_id, where.application_id))


def people(work: Work, group: Group) -> int:
    """Return how many accounts are in *group* now."""
    query = select(func.count(distinct(Membership.account_id))).where(
        Membership.organization_id == group.organization_id,
        Membership.group_id == group.id,
        Membership.valid_from <= work.now,
        or_(Membership.valid_to.is_(None), Membership.valid_to > work.now),
    )
    return work.tx.session.scalar(query) or 0


def withdraw(work: Work, assignment_id: str, *, organization: str, reason: str = "") -> RoleAssignment:
    """
    Take a role from an account or a group: what it gave ends at once.

    Raises:
        NotFound: no such organization, or no such assignment that this actor may see and that has not ended.
        Forbidden: the actor may not grant roles there, or does not hold there all that the role holds.
        Conflict: nobody would administer the organization any more.
    """
    owner = queries.organization(work, organization)
    told = assignment(work, assignment_id, organization_id=owner.id)
    found, where = told.assignment, told.held
    require(work, Permission.ROLE_GRANT, owner.id, site_id=where.site_id, application_id=where.application_id)
    _check_held(work, where)
    said = _reason(reason)
    with administering.keeping_one(work, owner.id):
        found.valid_to = work.now
    record(
        work,
        RoleWithdrawn(
            organization_id=owner.id,
            target_id=told.subject_id,
            role=told.role,
            subject=told.subject,
            scope=told.scope_name,
            site_id=found.site_id,
            application_id=found.application_id,
            reason=said,
        ),
    )
    return found


def assignment(work: Work, assignment_id: str, *, organization_id: str) -> Held:
    """
    Return one assignment that has not ended.

    Raises:
        NotFound: none that this actor may see.
    """
    query = listed(work, organization_id).where(RoleAssignment.id == assignment_id)
    found = work.tx.session.scalar(query)
    if found is None:
        raise NotFound("This role was withdrawn already, or was never given.", field="assignment")
    return in_words(work, [found])[0]


def page(
    work: Work,
    organization_id: str,
    *,
    after: tuple[object, ...] | None = None,
    limit: int = 50,
    role: str = "",
    scope: str = "",
    site: Site | None = None,
) -> list[Held]:
    """
    Return who administers what, as far as the actor may see it, by id, at most *limit*.

    Args:
        after: the id of the last one that was shown; None: from the start.
        role: only of this one (its key).
        scope: only those held in the ``organization``, at a ``site``, for an ``application``.
        site: only those held at this one, or for one of its applications.
    """
    query = listed(work, organization_id)
    if role:
        query = query.where(RoleAssignment.role == role)
    if scope in _SCOPED:
        query = query.where(_SCOPED[scope])
    if site is not None:
        there = select(Application.id).where(
            Application.organization_id == organization_id, Application.site_id == site.id
        )
        query = query.where(or_(RoleAssignment.site_id == site.id, RoleAssignment.application_id.in_(there)))
    if after is not None:
        query = query.where(RoleAssignment.id > after[0])
    return in_words(work, list(work.tx.session.scalars(query.order_by(RoleAssignment.id).limit(limit))))


def assignments(
    work: Work,
    *,
    organization_id: str,
    role: str | None = None,
    account_id: str | None = None,
    group_id: str | None = None,
    site_id: str | None = None,
    application_id: str | None = None,
    limit: int = 500,
) -> list[Held]:
    """
    Return who administers what, as far as the actor may see it, the last given first, at most *limit*.

    Args:
        role: the key of one role (`roles.AnyRole.key`).
        account_id, group_id, site_id, application_id: only what was given to, or for, this one itself.
    """
    query = listed(work, organization_id)
    wanted = {"role": role, "account_id": account_id, "group_id": group_id}
    wanted |= {"site_id": site_id, "application_id": application_id}
    for name, value in wanted.items():
        if value is not None:
            query = query.where(getattr(RoleAssignment, name) == value)
    query = query.order_by(RoleAssignment.valid_from.desc(), RoleAssignment.id).limit(limit)
    return in_words(work, list(work.tx.session.scalars(query)))


def of_account(work: Work, account: Account) -> list[Held]:
    """Return what an account administers, by itself and by the groups that it is in now, as far as the actor may see it."""
    groups = access.group_ids_of(work, account.organization_id, account.id)
    query = listed(work, account.organization_id).where(
        or_(RoleAssignment.account_id == account.id, RoleAssignment.group_id.in_(groups))
    )
    return in_words(work, list(work.tx.session.scalars(query.order_by(RoleAssignment.id))))


def scope(work: Work, organization_id: str, *, site: str | None = None, application: str | None = None) -> Scope:
    """
    Return a site (short name) or an application (id) of the organization as a scope; without both, the organization.

    Raises:
        NotFound: none that this actor may see.
        Invalid: both were named.
    """
    if site is not None and application is not None:
        raise Invalid("Say one site or one application, not both.", field="scope")
    if site is not None:
        at = queries.site(work, site)
        if at.organization_id != organization_id:
            raise NotFound(phrase("There is no site “%(site)s”.", site=site[:80]), field="site")
        return Scope(organization_id, site=at)
    if application is not None:
        of = queries.application(work, application)
        if of.organization_id != organization_id:
            raise NotFound(
                phrase("There is no application “%(application)s”.", application=application[:200]), field="application"
            )
        return Scope(organization_id, application=of)
    return Scope(organization_id)


def check_may_carry(work: Work, group: Group) -> None:
    """
    Refuse that *group* carries roles where no administrator decides on each member (T5).

    Raises:
        Conflict: a rule, another system, or who may join decides who is in it, or in a group inside of it.
    """
    inside = rights.contained(work, group)
    query = (
        select(Group.name)
        .outerjoin(GroupRule, and_(GroupRule.organization_id == Group.organization_id, GroupRule.group_id == Group.id))
        .where(
            Group.organization_id == group.organization_id,
            Group.id.in_(inside),
            or_(Group.kind != MANUAL, GroupRule.id.is_not(None)),
        )
        .order_by(Group.name)
        .limit(1)
    )
    decided = work.tx.session.scalar(query)
    if decided is not None:
        raise Conflict(
            phrase(
                "“%(name)s” can carry no role: a rule or another system decides who is in “%(decided)s”.",
                name=group.name,
                decided=decided,
            ),
            field="group",
            advice="Give the role to a group into which administrators put each member themselves.",
        )
    joined = work.tx.session.scalars(select(JoinRule.groups).where(JoinRule.organization_id == group.organization_id))
    if any(inside & frozenset(one) for one in joined):
        raise Conflict(
            phrase("“%(name)s” can carry no role: whoever joins the organization comes into it.", name=group.name),
            field="group",
            advice="Take it out of the rules on who may join first.",
        )


def _check_not_default(work: Work, group: Group, where: Scope) -> None:
    """Refuse that whoever is given an application comes to a role in the whole organization."""
    if where.kind != "organization":
        return
    found = group_rights.defaults_among(work, group.organization_id, rights.contained(work, group))
    if found:
        raise Conflict(
            phrase(
                "“%(name)s” can carry no role in the whole organization: “%(name_2)s” is a default group of “%(found)s”.",
                name=group.name,
                name_2=found[0][0].name,
                found=found[0][1],
            ),
            field="group",
            advice="Give the role to a group that opens no application by default.",
        )


def carries_roles(work: Work, group: Group) -> bool:
    """Say whether being in *group*, or in one that it is inside of, gives rights now or later."""
    return bool(rights.roles_of_group(work, group))


def _reason(typed: str) -> str:
    return names.words(typed, longest=_LONGEST_REASON, field="reason") if typed.strip() else ""


def _check_scope(role: AnyRole, where: Scope) -> None:
    if where.kind not in role.scopes:
        allowed = " or ".join(f"for the {one}" for one in roles_.SCOPE_NAMES if one in role.scopes)
        raise Invalid(
            phrase(
                "The role “%(name)s” is held %(value)s.",
                name=role.name,
                value=allowed.replace("for the organization", "in the organization"),
            ),
            field="scope",
        )


def _check_held(work: Work, held: HeldRole) -> None:
    excess = exceeds([held], work.actor)
    if excess:
        raise Forbidden(
            "You may not do this: the role holds more there than you do.",
            advice="Ask an administrator who holds at least as much.",
            cause=phrase("lacks %(all)s", all=", ".join(sorted(excess))),
        )


def _live(work: Work, query: Select[S]) -> Select[S]:
    return query.where(or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > work.now))


def listed(work: Work, organization_id: str) -> Select[RoleAssignment]:
    """Return a query for what has not ended, as far as the actor may see it."""
    return _live(work, queries.visible(work, RoleAssignment, Permission.ROLE_READ)).where(
        RoleAssignment.organization_id == organization_id
    )


def _is_there(work: Work, wanted: RoleAssignment) -> bool:
    same = ("organization_id", "account_id", "group_id", "role", "site_id", "application_id")
    query = _live(work, select(RoleAssignment.id)).where(
        *(getattr(RoleAssignment, name).is_not_distinct_from(getattr(wanted, name)) for name in same)
    )
    return work.tx.session.scalar(query.limit(1)) is not None


def in_words(work: Work, assigned: Sequence[RoleAssignment]) -> list[Held]:
    """
    Return assignments in words: one query for each kind of name, however many there are.

    Who may read roles and not accounts, groups, sites or applications is told their ids.
    """
    accounts = _by_id(work, Account, {(one.organization_id, one.account_id) for one in assigned})
    groups = _by_id(work, Group, {(one.organization_id, one.group_id) for one in assigned})
    applications = _by_id(work, Application, {(one.organization_id, one.application_id) for one in assigned})
    sites = _by_id(work, Site, {(one.organization_id, one.site_id) for one in assigned})
    own = _by_id(work, Role, {(one.organization_id, one.role) for one in assigned if one.role not in ROLES})
    found = []
    for one in assigned:
        person, people = accounts.get(one.account_id or ""), groups.get(one.group_id or "")
        where = Scope(one.organization_id, sites.get(one.site_id or ""), applications.get(one.application_id or ""))
        role = own.get(one.role)
        held = HeldRole(
            one.role,
            one.organization_id,
            where.site_id,
            one.application_id,
            () if role is None else tuple(role.permissions),
        )
        found.append(
            Held(
                assignment=one,
                role=one.role if role is None else role.name,
                subject_kind="account" if person is not None else "group",
                subject_id=one.account_id or one.group_id or "",
                subject=_subject(work, person, people),
                scope=where.kind,
                scope_name=_place(work, where),
                held=held,
                may_withdraw=_may_withdraw(work, held),
            )
        )
    return found


def _subject(work: Work, person: Account | None, people: Group | None) -> str:
    if person is not None:
        seen = allows(work.actor, Permission.ACCOUNT_READ, person.organization_id)
        return person.email if seen else person.id
    if people is None:
        return ""
    return people.name if allows(work.actor, Permission.GROUP_READ, people.organization_id) else people.id


def _place(work: Work, where: Scope) -> str:
    if where.application is not None and not rights.allows_on(work, Permission.APPLICATION_READ, where.application):
        return f"the application {where.application.id}"
    if where.site is not None and not rights.allows_on(work, Permission.SITE_READ, where.site):
        return f"the site {where.site.id}"
    return where.words


def _by_id(work: Work, model: type[M], keys: set[tuple[str, str | None]]) -> dict[str, M]:
    wanted = [(organization_id, id_) for organization_id, id_ in keys if id_ is not None]
    if not wanted:
        return {}
    query = select(model).where(queries.among(model.organization_id, model.id, wanted))
    return {one.id: one for one in work.tx.session.scalars(query)}


def _may_withdraw(work: Work, held: HeldRole) -> bool:
    may = allows(
        work.actor,
        Permission.ROLE_GRANT,
        held.organization_id,
        site_id=held.site_id,
        application_id=held.application_id,
    )
    return may and not exceeds([held], work.actor)
