"""
Lists of addresses that were uploaded to claim accounts by, or to give them back: kept between being looked at and being used.

A list is its uploader's alone, and is gone when it was used, or after a day (`signon.housekeeping`).
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete

from idp.base.errors import NotFound
from idp.base.ids import is_id, new_id
from idp.base.tables import table
from idp.base.work import Work
from idp.directory import managed
from idp.directory.domain_models import ClaimList
from idp.directory.domain_reads import editable

KEPT = timedelta(days=1)


def keep(work: Work, organization: str, reference: str, content: bytes) -> ClaimList:
    """
    Read a CSV file of addresses for a domain and keep them until they are used. No account is changed.

    Raises:
        NotFound: no such organization or domain that this actor may see.
        Forbidden: the actor may not change domains there.
        Conflict: the domain was removed.
        Invalid: the file cannot be read, or has no address.
    """
    return keep_addresses(work, organization, reference, managed.read_addresses(content))


def keep_addresses(work: Work, organization: str, reference: str, addresses: Sequence[str]) -> ClaimList:
    """
    As `keep`, of addresses that were read already (`managed.read_addresses`).

    Raises:
        NotFound, Forbidden, Conflict: as of `keep`.
    """
    domain = editable(work, organization, reference)
    made = ClaimList(
        organization_id=domain.organization_id,
        id=new_id("lst"),
        domain_id=domain.id,
        addresses=list(addresses),
        created_by=work.actor.id,
        created_at=work.now,
    )
    work.tx.session.add(made)
    work.tx.session.flush()
    return made


def get(work: Work, organization_id: str, domain_id: str, list_id: str) -> ClaimList:
    """
    Return a list that this actor has uploaded for that domain.

    Raises:
        NotFound: there is none, or its day is over.
    """
    found = work.tx.session.get(ClaimList, (organization_id, list_id)) if is_id(list_id, "lst") else None
    mine = found is not None and found.created_by == work.actor.id and found.domain_id == domain_id
    if found is None or not mine or found.created_at <= work.now - KEPT:
        raise NotFound("This list is no longer there.", field="list", advice="Upload the file again.")
    return found


def addresses(work: Work, organization_id: str, domain_id: str, list_id: str) -> tuple[str, ...]:
    """
    Return the addresses of a list that this actor has uploaded for that domain.

    Raises:
        NotFound: there is none, or its day is over.
    """
    return tuple(get(work, organization_id, domain_id, list_id).addresses)


def drop(work: Work, organization_id: str, list_id: str) -> None:
    """Forget a list that was used."""
    of = table(ClaimList)
    work.tx.session.execute(delete(of).where(of.c.organization_id == organization_id, of.c.id == list_id))
