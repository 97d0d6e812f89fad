"""Verbs on the release that a service provider asks for in its metadata: look at it, and let it be so."""

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import policies, queries
from idp.directory.attributes import ATTRIBUTES
from idp.directory.models import Site
from idp.policy import release
from idp.saml import providers, recognizing
from idp.saml.description import SpDescription
from idp.saml.proposals import Proposal, propose
from idp.saml.recognizing import Own


def of(work: Work, application_id: str) -> Proposal:
    """
    Return what could be released to a service provider by what its metadata asks for. Changes nothing.

    Raises:
        NotFound: no such application that this actor may see, or it is of another protocol.
    """
    provider = providers.of_application(work, queries.application(work, application_id))
    own = own_at(work, provider.organization_id, provider.site_id)
    return propose(SpDescription.from_json(provider.description).requested_attributes, own)


def at_site(work: Work, site: Site, description: SpDescription) -> Proposal:
    """Return what could be released to a service provider that is to be registered at a site the actor was given."""
    return propose(description.requested_attributes, own_at(work, site.organization_id, site.id))


def own_at(work: Work, organization_id: str, site_id: str) -> Own:
    """
    Return the organization's own attributes that it and the site let applications have: the others are proposed to none.

    For whoever was given the site. Names are also those under which organization and site send an attribute.
    """
    levels = policies.release_levels(work, organization_id, site_id, "")
    may = release.may_leave(levels)
    return Own(may.difference(ATTRIBUTES), recognizing.sent_as((rule for rule, _ in release.effective(levels)), may))


def apply(work: Work, application_id: str, *, must_ask: bool = False, if_version: int | None = None) -> Proposal:
    """
    Narrow what a service provider receives to what it asks for and we have, under the names it asks for.

    Takes the place of the rules that the application has. What the organization withholds stays withheld.
    Where it asks for nothing, nothing is changed.

    Args:
        must_ask: it is a fault that it asks for nothing.
        if_version: the version of the release policy that the change was made for; 0: there was none.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Invalid: its metadata asks for nothing, where it must.
        ChangedMeanwhile: somebody else has changed what it receives.
    """
    proposal = of(work, application_id)
    agree(work, application_id, proposal, if_version=if_version)
    if must_ask and not proposal.supplied and not proposal.missing:
        raise Invalid(
            "The metadata of this application asks for no attributes.",
            field="requested_attributes",
            advice="Say what it receives with: idp application release APP --attribute NAME",
        )
    return proposal


def agree(work: Work, application_id: str, proposal: Proposal, *, if_version: int | None = None) -> None:
    """
    Let a *proposal* be what an application receives, as `apply` does.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
    """
    if proposal.supplied or proposal.missing:
        policies.set_application_release(
            work, application_id, proposal.attributes, proposal.rules, if_version=if_version
        )
