"""Reads for administrators. Each starts from `visible`: isolation is where queries come from."""

from collections.abc import Collection
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from idp.base.errors import Conflict, NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import names
from idp.directory.models import Account, Application, Group, Organization, Owned, Site
from idp.policy.permissions import Permission, organizations_of, reach

M = TypeVar("M", bound=Owned)


def _site_of(model: type[Owned]) -> InstrumentedAttribute[str] | None:
    """By what a table's rows lie at a site; None: they do not, by themselves."""
    return Site.id if model is Site else getattr(model, "site_id", None)


def _application_of(model: type[Owned]) -> InstrumentedAttribute[str] | None:
    """By what a table's rows belong to an application; None: they do not."""
    return Application.id if model is Application else getattr(model, "application_id", None)


def visible(work: Work, model: type[M], permission: Permission) -> Select[M]:
    """
    Return a query for what of *model* this actor may see with *permission*. The only way to begin.

    What has a ``site_id`` or an ``application_id`` is seen by whoever holds the permission there; what belongs to
    an application, by whoever holds it at the application's site. All else belongs to the organization alone.
    """
    where = reach(work.actor, permission)
    query = select(model)
    if where.everywhere:
        return query
    conditions: list[ColumnElement[bool]] = []
    if where.organizations:
        conditions.append(model.organization_id.in_(where.organizations))
    site, application = _site_of(model), _application_of(model)
    if where.sites and site is not None:
        conditions.append(tuple_(model.organization_id, site).in_(where.sites))
    if where.sites and application is not None and model is not Application:
        at_sites = select(Application.organization_id, Application.id).where(
            tuple_(Application.organization_id, Application.site_id).in_(where.sites)
        )
        conditions.append(tuple_(model.organization_id, application).in_(at_sites))
    if where.applications and application is not None:
        conditions.append(tuple_(model.organization_id, application).in_(where.applications))
    return query.where(or_(*conditions)) if conditions else query.where(false())


def among(
    organization: InstrumentedAttribute[str], id_: InstrumentedAttribute[str], keys: Collection[tuple[str, str]]
) -> ColumnElement[bool]:
    """
    Say that a row is of one of *keys*: the id of an organization, and an id of that organization.

    SQLite finds rows by an index for a list of each column, but reads the table from end to end for pairs alone.
    """
    return and_(
        organization.in_({key[0] for key in keys}),
        id_.in_({key[1] for key in keys}),
        tuple_(organization, id_).in_(keys),
    )


def organizations(work: Work) -> list[Organization]:
    """Return the organizations this actor may see, by short name."""
    allowed = organizations_of(work.actor, Permission.ORGANIZATION_READ)
    query = select(Organization).order_by(Organization.slug)
    if allowed is not None:
        query = query.where(Organization.id.in_(allowed))
    return list(work.tx.session.scalars(query))


def organization(work: Work, slug: str) -> Organization:
    """
    Return the organization with the short name *slug*.

    Raises:
        NotFound: none that this actor may see.
    """
    allowed = organizations_of(work.actor, Permission.ORGANIZATION_READ)
    query = select(Organization).where(Organization.slug == slug)
    if allowed is not None:
        query = query.where(Organization.id.in_(allowed))
    found = work.tx.session.scalar(query)
    if found is None:
        raise NotFound(
            phrase("There is no organization “%(slug)s”.", slug=slug[:80]),
            field="organization",
            advice="See: idp organization list",
        )
    return found


def sites(work: Work, *, organization_id: str | None = None) -> list[Site]:
    """Return the sites this actor may see, by short name."""
    query = visible(work, Site, Permission.SITE_READ).order_by(Site.slug)
    if organization_id is not None:
        query = query.where(Site.organization_id == organization_id)
    return list(work.tx.session.scalars(query))


def site(work: Work, slug: str, *, organization_id: str | None = None) -> Site:
    """
    Raises:
        NotFound: no such site (of that organization) that this actor may see.
    """
    query = visible(work, Site, Permission.SITE_READ).where(Site.slug == slug)
    if organization_id is not None:
        query = query.where(Site.organization_id == organization_id)
    found = work.tx.session.scalar(query)
    if found is None:
        raise NotFound(phrase("There is no site “%(slug)s”.", slug=slug[:80]), field="site")
    return found


def site_of(work: Work, application: Application) -> Site:
    """
    Return the site that an application is registered at.

    Raises:
        NotFound: none that this actor may see.
    """
    query = visible(work, Site, Permission.SITE_READ).where(
        Site.organization_id == application.organization_id, Site.id == application.site_id
    )
    found = work.tx.session.scalar(query)
    if found is None:
        raise NotFound("The site of this application cannot be seen.", field="site")
    return found


def accounts(work: Work, *, starting: str = "", limit: int = 50) -> list[Account]:
    """Return accounts by e-mail address, at most *limit*, from *starting* on."""
    query = (
        visible(work, Account, Permission.ACCOUNT_READ)
        .where(Account.email_key >= starting, Account.erased_at.is_(None))
        .order_by(Account.email_key, Account.id)
        .limit(limit)
    )
    return list(work.tx.session.scalars(query))


def account(work: Work, reference: str, *, organization_id: str | None = None, erased: bool = False) -> Account:
    """
    Return the account with the id or e-mail address *reference*, erased ones only by their id and if *erased* is set.

    Raises:
        NotFound: none that this actor may see.
        Conflict: several organizations have one of that address.
    """
    query = visible(work, Account, Permission.ACCOUNT_READ)
    if not erased:
        query = query.where(Account.erased_at.is_(None))
    if organization_id is not None:
        query = query.where(Account.organization_id == organization_id)
    if "@" in reference:
        query = query.where(Account.email_key == names.email_key(reference))
    else:
        query = query.where(Account.id == reference)
    found = list(work.tx.session.scalars(query.limit(2)))
    return _one(
        found, f"There is no account “{reference[:80]}”.", "Several organizations have an account of that address."
    )


def groups(work: Work, *, organization_id: str | None = None, limit: int = 200) -> list[Group]:
    """Return groups by name, at most *limit*."""
    query = (
        visible(work, Group, Permission.GROUP_READ)
        .where(Group.deleted_at.is_(None))
        .order_by(Group.name_key)
        .limit(limit)
    )
    if organization_id is not None:
        query = query.where(Group.organization_id == organization_id)
    return list(work.tx.session.scalars(query))


def group(work: Work, reference: str, *, organization_id: str) -> Group:
    """
    Return the group with the id or name *reference* in the organization.

    Raises:
        NotFound: none that this actor may see.
    """
    query = visible(work, Group, Permission.GROUP_READ).where(
        Group.organization_id == organization_id,
        Group.deleted_at.is_(None),
        (Group.id == reference) | (Group.name_key == names.name_key(reference)),
    )
    found = work.tx.session.scalar(query)
    if found is None:
        raise NotFound(phrase("There is no group “%(reference)s”.", reference=reference[:80]), field="group")
    return found


def applications(
    work: Work, *, organization_id: str | None = None, site_id: str | None = None, limit: int = 500
) -> list[Application]:
    """Return the applications (not the deleted ones) by name, at most *limit*."""
    query = (
        visible(work, Application, Permission.APPLICATION_READ)
        .where(Application.deleted_at.is_(None))
        .order_by(Application.name, Application.id)
        .limit(limit)
    )
    if organization_id is not None:
        query = query.where(Application.organization_id == organization_id)
    if site_id is not None:
        query = query.where(Application.site_id == site_id)
    return list(work.tx.session.scalars(query))


def application(work: Work, application_id: str) -> Application:
    """
    Raises:
        NotFound: no such application that this actor may see, or it was deleted.
    """
    found = work.tx.session.scalar(
        visible(work, Application, Permission.APPLICATION_READ).where(
            Application.id == application_id, Application.deleted_at.is_(None)
        )
    )
    if found is None:
        raise NotFound(
            phrase("There is no application “%(application_id)s”.", application_id=application_id[:200]),
            field="application",
        )
    return found


def _one(found: list[M], none: str, several: str) -> M:
    if not found:
        raise NotFound(none)
    if len(found) > 1:
        raise Conflict(several, code="ambiguous", advice="Say which with --organization.")
    return found[0]
