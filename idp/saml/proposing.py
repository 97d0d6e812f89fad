"""Verbs on the release that a service provider asks for in its metadata: look at it, and let it be so."""

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import policies, queries
from idp.saml import providers
from idp.saml.description import SpDescription
from idp.saml.proposals import Proposal, propose


def of(work: Work, application_id: str) -> Proposal:
    """
    Return what could be released to a service provider by what its metadata asks for. Changes nothing.

    Raises:
        NotFound: no such application that this actor may see, or it is of another protocol.
    """
    provider = providers.of_application(work, queries.application(work, application_id))
    return propose(SpDescription.from_json(provider.description).requested_attributes)


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
