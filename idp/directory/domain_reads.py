"""Reads of domains, and who may change one."""

from sqlalchemy import select

from idp.base.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import queries
from idp.directory.domain_models import Domain
from idp.policy import domains as policy
from idp.policy.domains import State
from idp.policy.permissions import Permission, require

MANUAL, AUTOMATIC = "manual", "automatic"
"""Whether new accounts on a domain become managed by themselves."""


def domains(work: Work, organization: str, *, gone: bool = False) -> list[Domain]:
    """
    Return the domains of an organization by name; with *gone*, those that it has removed or lost, too.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not see domains there.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.DOMAIN_READ, owner.id)
    query = select(Domain).where(Domain.organization_id == owner.id).order_by(Domain.name, Domain.created_at)
    if not gone:
        query = query.where(Domain.state != State.REMOVED)
    return list(work.tx.session.scalars(query))


def domain(work: Work, organization: str, reference: str) -> Domain:
    """
    Return the domain with the id or name *reference*; of that name, the one that is not removed.

    Raises:
        NotFound: no such organization or domain that this actor may see.
        Forbidden: the actor may not see domains there.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.DOMAIN_READ, owner.id)
    query = select(Domain).where(Domain.organization_id == owner.id)
    if reference.startswith("dom_"):
        query = query.where(Domain.id == reference)
    else:
        query = query.where(Domain.name == _name_or_nothing(reference), Domain.state != State.REMOVED)
    found = work.tx.session.scalar(query)
    if found is None:
        raise NotFound(
            phrase("There is no domain “%(reference)s” here.", reference=reference[:80]),
            field="domain",
            advice="See: idp domain list",
        )
    return found


def editable(work: Work, organization: str, reference: str, if_version: int | None = None) -> Domain:
    """
    Return a domain that this actor may change, of the version that the change was made for.

    Raises:
        NotFound: no such organization or domain that this actor may see.
        Forbidden: the actor may not change domains there.
        Conflict: it was removed, or somebody else has changed it in the meantime.
    """
    found = domain(work, organization, reference)
    require(work, Permission.DOMAIN_EDIT, found.organization_id)
    if found.state == State.REMOVED:
        raise Conflict("This domain was removed. Add it anew to prove it again.")
    if if_version is not None and if_version != found.version:
        raise ChangedMeanwhile(found.id)
    return found


def not_proven(domain: Domain) -> Conflict:
    """Return why nothing can be claimed through a domain now."""
    if domain.state in (policy.State.FROZEN, policy.State.MISSING_TOKEN):
        return Conflict(
            phrase(
                "The proof of %(name)s is missing: no account can be claimed through it, or be deleted.",
                name=domain.name,
            ),
            code="domain-frozen",
            advice="Put the proof back, and check the domain again.",
        )
    return Conflict(
        phrase("%(name)s is not proven to be yours: no account can be claimed through it.", name=domain.name),
        code="domain-not-proven",
        advice="Put the TXT record or the file there, and check the domain.",
    )


def may_join(work: Work, organization_id: str, name: str) -> bool:
    """Say whether people may join the organization by an address on the domain *name* (A-labels) now."""
    found = _held(work, organization_id, name)
    return found is not None and policy.may_join(found.state, found.missing_since, work.now)


def has_power(work: Work, organization_id: str, name: str) -> bool:
    """Say whether the organization has proven the domain *name* (A-labels), and holds it now."""
    return _held(work, organization_id, name) is not None


def _held(work: Work, organization_id: str, name: str) -> Domain | None:
    return work.tx.session.scalar(
        select(Domain).where(Domain.held_name == name, Domain.organization_id == organization_id)
    )


def _name_or_nothing(reference: str) -> str:
    try:
        return policy.name(reference)
    except Invalid:
        return ""
