"""Who administers what, in words: assignments of roles that have not ended, as far as the actor may see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Select, and_, distinct, func, or_, select

from idp.base.errors import Invalid, NotFound
from idp.base.texts import phrase
from idp.base.work import HeldRole, Work
from idp.directory import access, queries, rights
from idp.directory.models import Account, Application, Group, Membership, Owned, Role, RoleAssignment, Site
from idp.policy.permissions import ROLES, Permission, allows, exceeds

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


def people(work: Work, group: Group) -> int:
    """Return how many accounts are in *group* now."""
    query = select(func.count(distinct(Membership.account_id))).where(
        Membership.organization_id == group.organization_id,
        Membership.group_id == group.id,
        Membership.valid_from <= work.now,
        or_(Membership.valid_to.is_(None), Membership.valid_to > work.now),
    )
    return work.tx.session.scalar(query) or 0


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


def live(work: Work, query: Select[S]) -> Select[S]:
    return query.where(or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > work.now))


def listed(work: Work, organization_id: str) -> Select[RoleAssignment]:
    """Return a query for what has not ended, as far as the actor may see it."""
    return live(work, queries.visible(work, RoleAssignment, Permission.ROLE_READ)).where(
        RoleAssignment.organization_id == organization_id
    )


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
