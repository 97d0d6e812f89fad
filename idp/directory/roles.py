"""Verbs on roles: those that come with Ostiary, and those of an organization's own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, false, func, or_, select

from idp.audit.events import RoleChanged, RoleCreated, RoleDeleted
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict, Forbidden, Invalid, NotFound
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import HeldRole, Work
from idp.directory import administering, names, queries
from idp.directory.models import Role, RoleAssignment
from idp.policy.permissions import OPERATOR, ROLES, SCOPES, Permission, exceeds, reach, require

SCOPE_NAMES = ("organization", "site", "application")
MOST_ROLES = 100
_LONGEST_DESCRIPTION = 1024
_NEVER = frozenset({Permission.ORGANIZATION_CREATE})
_ALWAYS = frozenset({Permission.ORGANIZATION_READ})
"""What every role holds: else it could do nothing in an organization that it does not see."""
_BUILT_IN = frozenset(ROLES) - {OPERATOR}


@dataclass(frozen=True, slots=True)
class AnyRole:
    """A role as it can be granted: ``key`` is its name if it comes with Ostiary, else the id of a `Role`."""

    key: str
    name: str
    permissions: frozenset[Permission]
    scopes: frozenset[str]
    own: Role | None = None

    def held(self, organization_id: str, site_id: str | None = None, application_id: str | None = None) -> HeldRole:
        """Return this role as somebody would hold it there."""
        permissions = () if self.own is None else tuple(self.own.permissions)
        return HeldRole(self.key, organization_id, site_id, application_id, permissions)


def role(work: Work, reference: str, *, organization_id: str) -> AnyRole:
    """
    Return the role that comes with Ostiary, or that of the organization's own, with the name or id *reference*.

    Raises:
        NotFound: none that this actor may see.
    """
    if reference in _BUILT_IN:
        return _built_in(reference)
    return _any(_own(work, reference, organization_id))


def own(work: Work, reference: str, *, organization_id: str) -> AnyRole:
    """
    Return the role of the organization's own with the name or id *reference*.

    Raises:
        NotFound: none that this actor may see, or it comes with Ostiary.
    """
    return _any(_own(work, reference, organization_id))


def roles(work: Work, *, organization_id: str) -> list[AnyRole]:
    """Return every role: those that come with Ostiary, then those of the organization's own that the actor may see."""
    query = _visible(work, organization_id).order_by(Role.name_key)
    return [*(_built_in(name) for name in ROLES if name in _BUILT_IN), *map(_any, work.tx.session.scalars(query))]


def create(work: Work, name: str, *, organization: str, permissions: Iterable[str], description: str = "") -> Role:
    """
    Create a role of the organization's own, which nobody holds yet. It always holds ``organization:read``, too.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not edit roles there, or does not hold all of *permissions* in the whole organization.
        Invalid: the name or the description cannot be used, there is no such permission, or none was named.
        Conflict: there is a role of that name, or there are as many as an organization can have.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.ROLE_EDIT, owner.id)
    administering.hold(work, owner.id)
    held = _held(work, owner.id, _read(permissions))
    name, description = _free_name(work, owner.id, name), _description(description)
    count = select(func.count()).select_from(Role).where(Role.organization_id == owner.id)
    if (work.tx.session.scalar(count) or 0) >= MOST_ROLES:
        raise Conflict(phrase("An organization has at most %(most_roles)s roles of its own.", most_roles=MOST_ROLES))
    made = Role(
        organization_id=owner.id,
        id=new_id("cro"),
        name=name,
        name_key=names.name_key(name),
        description=description,
        permissions=held,
        created_at=work.now,
    )
    work.tx.session.add(made)
    work.tx.session.flush()
    record(work, RoleCreated(organization_id=owner.id, target_id=made.id, name=name, permissions=tuple(held)))
    return made


def edit(
    work: Work,
    reference: str,
    *,
    organization: str,
    name: str | None = None,
    description: str | None = None,
    permissions: Iterable[str] | None = None,
    if_version: int | None = None,
) -> Role:
    """
    Change a role of the organization's own; what is None stays. Whoever holds it holds the new permissions at once.

    Args:
        if_version: the version of the role that the change was made for.

    Raises:
        NotFound: no such organization or role that this actor may see, or it comes with Ostiary.
        Forbidden: the actor may not edit roles there, or does not hold all that the role holds and is to hold.
        Invalid: a value cannot be used.
        Conflict: there is a role of that name, or somebody else has changed this one in the meantime.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.ROLE_EDIT, owner.id)
    administering.hold(work, owner.id)
    found = _own(work, reference, owner.id)
    if if_version is not None and if_version != found.version:
        raise ChangedMeanwhile(found.id)
    _check_held(work, owner.id, found.permissions)
    wanted = {
        "name": found.name if name is None else _free_name(work, owner.id, name, but=found.id),
        "description": found.description if description is None else _description(description),
        "permissions": found.permissions if permissions is None else _held(work, owner.id, _read(permissions)),
    }
    changes = {part: value for part, value in wanted.items() if value != getattr(found, part)}
    if not changes:
        return found
    before = {part: _in_words(getattr(found, part)) for part in changes}
    for part, value in changes.items():
        setattr(found, part, value)
    found.name_key = names.name_key(found.name)
    work.tx.session.flush()
    record(
        work,
        RoleChanged(
            organization_id=owner.id,
            target_id=found.id,
            name=found.name,
            before=before,
            after={part: _in_words(value) for part, value in changes.items()},
        ),
    )
    return found


def delete(work: Work, reference: str, *, organization: str) -> Role:
    """
    Delete a role of the organization's own that nobody holds.

    Raises:
        NotFound: no such organization or role that this actor may see, or it comes with Ostiary.
        Forbidden: the actor may not edit roles there, or does not hold all that the role holds.
        Conflict: somebody holds it, or is to hold it.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.ROLE_EDIT, owner.id)
    administering.hold(work, owner.id)
    found = _own(work, reference, owner.id)
    _check_held(work, owner.id, found.permissions)
    holders = (
        select(func.count())
        .select_from(RoleAssignment)
        .where(
            RoleAssignment.organization_id == owner.id,
            RoleAssignment.role == found.id,
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > work.now),
        )
    )
    count = work.tx.session.scalar(holders) or 0
    if count:
        raise Conflict(
            phrase(
                "“%(name)s” cannot be deleted: it is assigned %(value)s.",
                name=found.name,
                value="once" if count == 1 else f"{count} times",
            ),
            advice="Withdraw it from everybody first.",
        )
    work.tx.session.delete(found)
    work.tx.session.flush()
    record(work, RoleDeleted(organization_id=owner.id, target_id=found.id, name=found.name))
    return found


def _built_in(name: str) -> AnyRole:
    return AnyRole(name, name, ROLES[name], SCOPES[name])


def _any(own: Role) -> AnyRole:
    known = frozenset(Permission(one) for one in own.permissions if one in frozenset(Permission))
    return AnyRole(own.id, own.name, known, frozenset(SCOPE_NAMES), own)


def _visible(work: Work, organization_id: str) -> Select[Role]:
    """What roles hold may be read by whoever reads roles anywhere in the organization: they are held there, too."""
    where = reach(work.actor, Permission.ROLE_READ)
    somewhere = {*where.organizations, *(one for one, _ in (*where.sites, *where.applications))}
    query = select(Role).where(Role.organization_id == organization_id)
    return query if where.everywhere or organization_id in somewhere else query.where(false())


def _own(work: Work, reference: str, organization_id: str) -> Role:
    query = _visible(work, organization_id).where(or_(Role.id == reference, Role.name_key == names.name_key(reference)))
    found = work.tx.session.scalar(query)
    if found is None:
        known = reference in _BUILT_IN
        raise NotFound(
            f"“{reference}” comes with Ostiary, and is as it is." if known else f"There is no role “{reference[:80]}”.",
            field="role",
            advice="" if known else "See: idp role list",
        )
    return found


def _read(permissions: Iterable[str]) -> frozenset[Permission]:
    wanted = set(permissions)
    unknown = sorted(one for one in wanted if one not in frozenset(Permission))
    if unknown:
        raise Invalid(phrase("There is no permission “%(unknown)s”.", unknown=unknown[0][:64]), field="permissions")
    never = sorted(wanted & _NEVER)
    if never:
        raise Invalid(
            phrase("“%(never)s” is never part of a role: it reaches beyond the organization.", never=never[0]),
            field="permissions",
        )
    if not wanted:
        raise Invalid("A role holds at least one permission.", field="permissions")
    return _ALWAYS | {Permission(one) for one in wanted}


def _held(work: Work, organization_id: str, wanted: frozenset[Permission]) -> list[str]:
    _check_held(work, organization_id, [one.value for one in wanted])
    return [one.value for one in Permission if one in wanted]


def _check_held(work: Work, organization_id: str, permissions: Iterable[str]) -> None:
    excess = exceeds([HeldRole("", organization_id, permissions=tuple(permissions))], work.actor)
    if excess:
        raise Forbidden(
            phrase("You do not hold all that the role holds: %(value)s.", value=", ".join(sorted(excess))),
            advice="Leave it out, or ask an administrator who holds it.",
        )


def _free_name(work: Work, organization_id: str, name: str, *, but: str = "") -> str:
    name = names.name(name)
    key = names.name_key(name)
    taken = (
        select(func.count())
        .select_from(Role)
        .where(Role.organization_id == organization_id, Role.name_key == key, Role.id != but)
    )
    if key in ROLES or work.tx.session.scalar(taken):
        raise Conflict(phrase("There is a role “%(name)s” already.", name=name), field="name")
    return name


def _description(value: str) -> str:
    return names.words(value, longest=_LONGEST_DESCRIPTION, field="description") if value.strip() else ""


def _in_words(value: Sequence[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)
