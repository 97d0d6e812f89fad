"""
What provisioning clients called and what came of it: a line for each call, its id that of the attempt.

The newest thousand of a client are kept, for thirty days at most (`housekeeping`). A client that is refused what it
wants to write is failing until something of it is taken again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update

from idp.base import sweeping
from idp.base.sweeping import remove
from idp.base.work import Work
from idp.directory.provisioning_models import ProvisioningCall, ProvisioningClient, ProvisioningToken
from idp.policy.permissions import Permission, require
from idp.provisioning.tokens import Caller

KIND = "provisioning-housekeeping"
MOST, KEPT = 1000, timedelta(days=30)
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_HARMLESS = frozenset({404, 409, 412, 429})
"""Statuses of a write that a client meets in the course of things; they do not make it a failing one."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call: its method, its address below SCIM's, what it was about, how it ended, and why, in words."""

    attempt_id: str
    method: str
    what: str
    target_id: str
    status: int
    said: str


def note(work: Work, caller: Caller, call: Call) -> None:
    """Write a call down, and when client and token were used last (to within a minute)."""
    work.tx.session.add(
        ProvisioningCall(
            organization_id=caller.organization_id,
            id=call.attempt_id,
            client_id=caller.client_id,
            at=work.now,
            method=call.method[:8],
            what=call.what[:128],
            target_id=call.target_id[:64],
            status=call.status,
            said=call.said[:512],
        )
    )
    work.tx.session.flush()
    values: dict[str, object] = {}
    failed = call.status >= 400 and call.status not in _HARMLESS
    if failed and not caller.failing and (call.method in _WRITES or call.status in (401, 403)):
        values["failing_since"] = work.now
    elif caller.failing and call.method in _WRITES and call.status < 400:
        values["failing_since"] = None
    if not caller.used_lately:
        values["last_used_at"] = work.now
        work.tx.session.execute(
            update(ProvisioningToken)
            .where(ProvisioningToken.organization_id == caller.organization_id, ProvisioningToken.id == caller.token_id)
            .values(last_used_at=work.now)
            .execution_options(synchronize_session=False)
        )
    if values:
        work.tx.session.execute(
            update(ProvisioningClient)
            .where(
                ProvisioningClient.organization_id == caller.organization_id, ProvisioningClient.id == caller.client_id
            )
            .values(**values)
            .execution_options(synchronize_session=False)
        )


def latest(
    work: Work,
    of: ProvisioningClient,
    *,
    after: Sequence[str] | None = None,
    failed: bool = False,
    limit: int = 50,
) -> list[ProvisioningCall]:
    """
    Return calls of a client, the newest first.

    Args:
        after: the id of the last one that was seen.
        failed: only those that were refused.

    Raises:
        Forbidden: the actor may not see provisioning there.
    """
    require(work, Permission.PROVISIONING_READ, of.organization_id)
    query = select(ProvisioningCall).where(
        ProvisioningCall.organization_id == of.organization_id, ProvisioningCall.client_id == of.id
    )
    if after is not None:
        query = query.where(ProvisioningCall.id < after[0])
    if failed:
        query = query.where(ProvisioningCall.status >= 400)
    return list(work.tx.session.scalars(query.order_by(ProvisioningCall.id.desc()).limit(limit)))


def sweep(work: Work, at_once: int = sweeping.AT_ONCE) -> bool:
    """Remove calls that are too old, and of each client those beyond the newest thousand; say whether more are left."""
    old = remove(work, ProvisioningCall, ProvisioningCall.at <= work.now - KEPT, at_once)
    clients = work.tx.session.execute(select(ProvisioningClient.organization_id, ProvisioningClient.id)).all()
    for organization_id, client_id in clients:
        of = (ProvisioningCall.organization_id == organization_id, ProvisioningCall.client_id == client_id)
        oldest = work.tx.session.scalar(
            select(ProvisioningCall.id).where(*of).order_by(ProvisioningCall.id.desc()).offset(MOST).limit(1)
        )
        if oldest is not None:
            work.tx.session.execute(
                delete(ProvisioningCall)
                .where(*of, ProvisioningCall.id <= oldest)
                .execution_options(synchronize_session=False)
            )
    return old == at_once


run = sweeping.handler(KIND, sweep)
