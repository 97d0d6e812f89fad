"""Telling people that their account is managed by their organization from now on, or is not any more: a job."""

from collections.abc import Mapping
from typing import Any

from idp.audit.events import AccountClaimed, AccountUnclaimed
from idp.audit.log import record
from idp.base.work import Work
from idp.directory import managed
from idp.directory.models import Account
from idp.signon import notices


def run(work: Work, payload: Mapping[str, Any]) -> None:
    """Write the entry of each account, and tell its person by mail and on their pages."""
    claimed = payload["what"] == managed.CLAIMED
    for account_id in payload["account_ids"]:
        account = work.tx.session.get(Account, (payload["organization_id"], account_id))
        if account is None or account.erased_at is not None or (account.managed_at is not None) != claimed:
            continue  # it has changed again since: that has a job of its own
        whose = {"organization_id": account.organization_id, "target_id": account.id}
        if claimed:
            record(work, AccountClaimed(**whose, email=account.email, domain=payload["domain"]))
        else:
            record(
                work,
                AccountUnclaimed(**whose, email=account.email, domain=payload["domain"], cause=payload["cause"]),
            )
        if account.disabled_at is None:
            notices.notify(
                work,
                organization_id=account.organization_id,
                account_id=account.id,
                kind=notices.ACCOUNT_MANAGED if claimed else notices.ACCOUNT_UNMANAGED,
                facts={"domain": payload["domain"]},
                undoable=False,
            )
