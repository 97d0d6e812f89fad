"""Who holds a right at a place: whom the page of a thing names as those who may change it."""

from collections.abc import Collection, Iterable

from sqlalchemy import and_, or_, select, true

from idp.base.work import Actor, HeldRole, Work
from idp.directory.held_roles import Held, in_words, listed
from idp.directory.models import Role, RoleAssignment
from idp.policy.permissions import DIRECTORY, ROLES, Permission, allows, exceeds

_MOST_LOOKED_AT = 500


def who_may(
    work: Work,
    permission: Permission,
    *,
    organization_id: str,
    site_id: str | None = None,
    application_id: str | None = None,
) -> list[Held]:
    """Return the assignments, of those that the actor may see, that hold *permission* there now: who may change what is there."""
    told, _more = holders(
        work,
        {permission},
        organization_id=organization_id,
        site_id=site_id,
        application_id=application_id,
        limit=_MOST_LOOKED_AT,
    )
    return told


def holders(
    work: Work,
    permissions: Collection[Permission],
    *,
    organization_id: str,
    site_id: str | None = None,
    application_id: str | None = None,
    limit: int,
) -> tuple[list[Held], bool]:
    """
    Return the assignments, of those that the actor may see, that hold one of *permissions* there now, at most *limit*.

    What is held in the organization comes before what is held at the site, and that before the application's.
    Say, too, whether there are more.
    """
    anywhere = bool(DIRECTORY & set(permissions))  # these hold in the organization wherever they are held
    names = [name for name, held in ROLES.items() if held & set(permissions)]
    own = select(Role.id, Role.permissions).where(Role.organization_id == organization_id)
    names += [row.id for row in work.tx.session.execute(own) if set(permissions) & set(row.permissions)]
    places = [and_(RoleAssignment.site_id.is_(None), RoleAssignment.application_id.is_(None))]
    if site_id is not None:
        places.append(RoleAssignment.site_id == site_id)
    if application_id is not None:
        places.append(RoleAssignment.application_id == application_id)
    query = listed(work, organization_id).where(
        RoleAssignment.valid_from <= work.now,
        RoleAssignment.role.in_(names),
        true() if anywhere else or_(*places),
    )
    order = (RoleAssignment.application_id.is_not(None), RoleAssignment.site_id.is_not(None), RoleAssignment.id)
    found = list(work.tx.session.scalars(query.order_by(*order).limit(limit + 1)))
    told = in_words(work, found[:limit])
    at = {"site_id": site_id, "application_id": application_id}
    return [one for one in told if any(holds_all(one, (wanted,), **at) for wanted in permissions)], len(found) > limit


def holds_all(
    of: Held, permissions: Iterable[Permission], *, site_id: str | None = None, application_id: str | None = None
) -> bool:
    """Say whether an assignment alone holds all of *permissions* there."""
    actor = Actor(of.subject_kind, roles=(of.held,))
    return all(
        allows(actor, one, of.held.organization_id, site_id=site_id, application_id=application_id)
        for one in permissions
    )


def lacks(of: Held, roles: Iterable[HeldRole]) -> bool:
    """Say whether *roles* hold something that an assignment alone does not hold in the same place (D17)."""
    return bool(exceeds(roles, Actor(of.subject_kind, roles=(of.held,))))
