"""Verbs on organizations, the tenants."""

from dataclasses import dataclass

from sqlalchemy import Select, bindparam, func, literal_column, select

from idp.audit.events import OrganizationChanged, OrganizationCreated, OrganizationResumed, OrganizationSuspended
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict
from idp.base.ids import new_id
from idp.base.prepared import Prepared
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import names, queries
from idp.directory.models import Account, Organization
from idp.policy.access import documents
from idp.policy.authentication import PolicyKind, first_terms
from idp.policy.models import AccessPolicy, AccessPolicyVersion, AuthenticationPolicy, ReleasePolicy
from idp.policy.permissions import Permission, require
from idp.policy.release import DEFAULT_RELEASE


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    """An organization as the pages need to know it."""

    id: str
    slug: str
    name: str


_NAMED = select(Organization.id, Organization.slug, Organization.name)
_FIRST_TWO = Prepared(_NAMED.where(Organization.suspended_at.is_(None)).limit(literal_column("2")))
_BY_SLUG = Prepared(_NAMED.where(Organization.slug == bindparam("slug"), Organization.suspended_at.is_(None)))
_BY_ID = Prepared(_NAMED.where(Organization.id == bindparam("organization_id")))


def create(work: Work, slug: str, *, name: str) -> Organization:
    """
    Create an organization with its default authentication policy and default release policy.

    Raises:
        Forbidden: the actor may not create organizations.
        Invalid: the short name or the name cannot be used.
        Conflict: the short name is taken.
    """
    require(work, Permission.ORGANIZATION_CREATE, None)
    slug, name = names.slug(slug), names.name(name)
    if work.tx.session.scalar(select(func.count()).select_from(Organization).where(Organization.slug == slug)):
        raise Conflict(phrase("There is an organization “%(slug)s” already.", slug=slug), field="slug")
    organization = Organization(id=new_id("org"), slug=slug, name=name, created_at=work.now)
    work.tx.session.add(organization)
    work.tx.session.flush()
    _add_policies(work, organization.id)
    work.tx.session.add(
        ReleasePolicy(
            organization_id=organization.id,
            id=new_id("rel"),
            level="organization",
            subject_id=organization.id,
            attributes=list(DEFAULT_RELEASE),
        )
    )
    record(work, OrganizationCreated(organization_id=organization.id, target_id=organization.id, slug=slug, name=name))
    work.tx.after_commit(work.tx.memory.forget)
    return organization


def edit(
    work: Work, slug: str, *, name: str | None = None, language: str | None = None, if_version: int | None = None
) -> Organization:
    """
    Change what an organization is called, and what it speaks; what is None stays as it is.

    Args:
        language: what its pages and mails speak to those who chose none; empty: what their browser prefers.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not edit it.
        Invalid: the name or the language cannot be used.
        ChangedMeanwhile: somebody else has changed it since.
    """
    organization = queries.organization(work, slug)
    require(work, Permission.ORGANIZATION_EDIT, organization.id)
    if if_version is not None and if_version != organization.version:
        raise ChangedMeanwhile(organization.id)
    wanted = {
        "name": None if name is None else names.name(name),
        "language": None if language is None else names.language(language),
    }
    changes = {key: value for key, value in wanted.items() if value is not None and value != getattr(organization, key)}
    if not changes:
        return organization
    before = {key: str(getattr(organization, key)) for key in changes}
    for key, value in changes.items():
        setattr(organization, key, value)
    work.tx.session.flush()
    record(
        work,
        OrganizationChanged(organization_id=organization.id, target_id=organization.id, before=before, after=changes),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return organization


def suspend(work: Work, slug: str) -> Organization:
    """
    Stop everything of an organization, within a second and until it is resumed: nobody signs in, no session and no token
    of its people is taken, its sites do not answer, and applications are told of no account. Nothing of it is lost.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not create organizations; it is for whoever runs the installation.
        Conflict: it is suspended already.
    """
    organization = queries.organization(work, slug)
    require(work, Permission.ORGANIZATION_CREATE, None)  # its own administrators could not undo what they did
    if organization.suspended_at is not None:
        raise Conflict(phrase("The organization “%(name)s” is suspended already.", name=organization.name))
    organization.suspended_at = work.now
    work.tx.session.flush()
    record(
        work,
        OrganizationSuspended(
            organization_id=organization.id, target_id=organization.id, slug=organization.slug, name=organization.name
        ),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return organization


def resume(work: Work, slug: str) -> Organization:
    """
    Let a suspended organization go on where it stood: sessions and tokens that have not run out are taken again.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not create organizations; it is for whoever runs the installation.
        Conflict: it is not suspended.
    """
    organization = queries.organization(work, slug)
    require(work, Permission.ORGANIZATION_CREATE, None)  # its own administrators could not undo what they did
    if organization.suspended_at is None:
        raise Conflict(phrase("The organization “%(name)s” is not suspended.", name=organization.name))
    organization.suspended_at = None
    work.tx.session.flush()
    record(
        work,
        OrganizationResumed(
            organization_id=organization.id, target_id=organization.id, slug=organization.slug, name=organization.name
        ),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return organization


def people(work: Work, organization_id: str) -> int:
    """Return how many accounts an organization has."""
    query = select(func.count()).select_from(Account).where(Account.organization_id == organization_id)
    return work.tx.session.scalar(query.where(Account.erased_at.is_(None))) or 0


def _add_policies(work: Work, organization_id: str) -> None:
    """Add what every organization begins with: for its members, its guests, emergencies; and rules that let all pass."""
    for kind, name in (("member", "Default"), ("guest", "Guests"), ("break-glass", "Break glass")):
        work.tx.session.add(
            AuthenticationPolicy(
                organization_id=organization_id,
                id=new_id("pol"),
                name=name,
                kind=kind,
                is_default=kind == "member",
                known_device_days=first_terms(PolicyKind(kind)).known_device_days,
                recovery=list(first_terms(PolicyKind(kind)).recovery),
                created_at=work.now,
            )
        )
    for kind, name in (("session", "Sessions"), ("application", "Applications")):
        policy_id = new_id("acp")
        work.tx.session.add(
            AccessPolicy(
                organization_id=organization_id,
                id=policy_id,
                kind=kind,
                name=name,
                is_default=True,
                current=1,
                confirmed=1,
                created_at=work.now,
            )
        )
        work.tx.session.flush()
        work.tx.session.add(
            AccessPolicyVersion(
                organization_id=organization_id,
                policy_id=policy_id,
                number=1,
                rules={},
                digest=documents.digest({}),
                created_at=work.now,
                created_by="",
            )
        )


def only_one(work: Work) -> OrganizationFacts | None:
    """Return the organization of an installation that has just one, else None; as it was within the last second."""
    found = work.tx.memory.recall(("only-organization",), lambda: work.tx.rows(_FIRST_TWO))
    return OrganizationFacts(*found[0]) if len(found) == 1 else None


def by_slug(work: Work, slug: str) -> OrganizationFacts | None:
    """Return the organization that a person names at the door, or None; not for administrators."""
    found = work.tx.row(_BY_SLUG, slug=slug) if names.is_slug(slug) else None
    return None if found is None else OrganizationFacts(*found)


def by_id(work: Work, organization_id: str) -> OrganizationFacts:
    """Return the organization of somebody who is signed in to it; not for administrators."""
    return OrganizationFacts(*work.tx.rows(_BY_ID, organization_id=organization_id)[0])


def suspended() -> Select[str]:
    """Return a query for the ids of suspended organizations: what is done by itself leaves these out, and goes on later."""
    return select(Organization.id).where(Organization.suspended_at.is_not(None))
