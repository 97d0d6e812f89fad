"""
Claiming accounts by a long list of addresses, or giving them back, as a run: some hundred addresses at a time.

Each part is one claim of its own: it asks again whether anything can be claimed through the domain, and is told in its
history. What is done when a run ends early stays done, and can be taken back by the same list.
"""

from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import claim_lists, managed, runs
from idp.directory.console_models import Run
from idp.directory.domain_models import ClaimList
from idp.directory.domain_reads import editable
from idp.directory.models import Organization
from idp.directory.runs import Kinds, Step
from idp.policy import domains as policy

KIND = "claim-list"
AT_ONCE = 500
"""So many addresses are claimed by while somebody waits, and in one part of a run."""


def start(work: Work, organization: str, kept: ClaimList, *, claim: bool, count: int) -> Run:
    """
    Begin to let the accounts of a list that was kept be managed, or managed no more.

    Args:
        claim: false: they are given back.
        count: how many accounts it was said to affect.

    Raises:
        NotFound: no such organization or domain that this actor may see.
        Forbidden: the actor may not change domains there.
        Conflict: the domain was removed, or the actor has as many runs open as there may be.
    """
    domain = editable(work, organization, kept.domain_id)
    name = policy.shown(domain.name)
    return runs.start(
        work,
        KIND,
        organization_id=domain.organization_id,
        title=phrase("Claim accounts on %(domain)s by a list", domain=name)
        if claim
        else phrase("Give accounts on %(domain)s back by a list", domain=name),
        parameters={"domain_id": domain.id, "list_id": kept.id, "claim": claim},
        total=count,
    )


def _step(work: Work, run: Run, cursor: str) -> Step:
    """Claim by the next addresses, or give back."""
    domain_id, list_id = run.parameters["domain_id"], run.parameters["list_id"]
    addresses = claim_lists.addresses(work, run.organization_id, domain_id, list_id)
    at = int(cursor or 0)
    part = addresses[at : at + AT_ONCE]
    verb = managed.claim if run.parameters["claim"] else managed.unclaim
    done = verb(work, work.tx.session.get_one(Organization, run.organization_id).slug, domain_id, part)
    if at + AT_ONCE < len(addresses):
        return Step(done, cursor=str(at + AT_ONCE))
    claim_lists.drop(work, run.organization_id, list_id)
    return Step(done)


KINDS: Kinds = {KIND: _step}
