"""
Noting, in the transaction of a change, that applications are to be told of it.

Whoever changes what an account is, whether it can sign in, or what it may open calls one of these. It costs one read
where the organization tells no application of its accounts. Who reads the marks decides what follows: they say no
more than whom to look at.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, insert, select

from idp.base.ids import new_id
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Work
from idp.directory.told_models import ProvisioningMark, ProvisioningTarget

_MOST_ONE_BY_ONE = 1000
_ANY = Prepared(
    select(ProvisioningTarget.id)
    .where(
        ProvisioningTarget.organization_id == bindparam("organization_id"), ProvisioningTarget.enabled_at.is_not(None)
    )
    .limit(1)
)


def accounts(work: Work, organization_id: str, account_ids: Collection[str]) -> None:
    """Let every application of the organization that is told of accounts look at these again."""
    if not account_ids or not _told(work, organization_id):
        return
    few = len(account_ids) <= _MOST_ONE_BY_ONE
    _write(work, organization_id, "", sorted(set(account_ids)) if few else [""], work.now)


def everybody(work: Work, organization_id: str) -> None:
    """Let every application of the organization that is told of accounts look at all of them: a group is called otherwise."""
    if _told(work, organization_id):
        _write(work, organization_id, "", [""], work.now)


def application(
    work: Work, organization_id: str, application_id: str, *, account_id: str = "", ends: datetime | None = None
) -> None:
    """
    Let an application, if it is told of accounts, look at all of them again, or at one.

    Args:
        ends: and at this moment once more, since then access ends.
    """
    if not _told(work, organization_id):
        return
    for due_at in (work.now, ends):
        if due_at is not None:
            _write(work, organization_id, application_id, [account_id], due_at)


def _told(work: Work, organization_id: str) -> bool:
    return work.tx.row(_ANY, organization_id=organization_id) is not None


def _write(work: Work, organization_id: str, application_id: str, account_ids: list[str], due_at: datetime) -> None:
    work.tx.session.execute(
        insert(table(ProvisioningMark)),
        [
            {
                "organization_id": organization_id,
                "id": new_id("ptm"),
                "application_id": application_id,
                "account_id": one,
                "cursor": "",
                "due_at": due_at,
            }
            for one in account_ids
        ],
    )
