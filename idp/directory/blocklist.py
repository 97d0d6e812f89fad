"""Zones of the block list: whose organizations have any, and whether a request comes from one of them."""

from sqlalchemy import bindparam, select

from idp.base.db import Transaction
from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory import access_policies
from idp.policy.models import Zone

_LISTED = Prepared(select(Zone.organization_id).where(Zone.usage == bindparam("usage")).distinct())


def organizations(tx: Transaction) -> frozenset[str]:
    """Return the ids of the organizations that have a zone of the block list, as of the last second."""

    def read() -> frozenset[str]:
        return frozenset(row.organization_id for row in tx.rows(_LISTED, usage=access_policies.BLOCKLIST))

    return tx.memory.recall("block-lists", read)


def zone_of(work: Work, organization_id: str) -> str | None:
    """Return the name of the organization's zone of the block list that this request comes from, None: of none."""
    place = work.origin.locate(work.origin.ip)
    standing = access_policies.standing(work, organization_id)
    return standing.blocked(work.origin.ip, place.country, place.city, place.asn)
