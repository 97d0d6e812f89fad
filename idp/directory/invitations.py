"""The rows of invitations: who was invited by whom, until when, and what came of it. The link is `signon.invitations`."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, select, update

from idp.base.errors import NotFound
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import queries
from idp.directory.joining_models import Invitation
from idp.directory.models import Account
from idp.policy.permissions import Permission


class State(StrEnum):
    """What became of an invitation."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    REVOKED = "revoked"


def state_of(invitation: Invitation, now: datetime) -> State:
    """Return what became of an invitation as of *now*."""
    if invitation.accepted_at is not None:
        return State.ACCEPTED
    if invitation.revoked_at is not None:
        return State.REVOKED
    return State.PENDING if invitation.expires_at > now else State.EXPIRED


def invitations(
    work: Work,
    *,
    organization_id: str | None = None,
    state: State | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Invitation]:
    """
    Return invitations, the newest first, at most *limit*.

    Args:
        state: only those of which this became.
        after: only those that come after the one that was sent then, with this id.
    """
    query = matching(work, organization_id, state=state).order_by(Invitation.sent_at.desc(), Invitation.id.desc())
    if after is not None:
        sent_at, id_ = after
        query = query.where((Invitation.sent_at < sent_at) | ((Invitation.sent_at == sent_at) & (Invitation.id < id_)))
    return list(work.tx.session.scalars(query.limit(limit)))


def matching(
    work: Work,
    organization_id: str | None,
    *,
    state: State | None = None,
    permission: Permission = Permission.ACCOUNT_READ,
) -> Select[Invitation]:
    """Return a query for the invitations that filters match (see `invitations`), if the actor holds *permission*."""
    query = queries.visible(work, Invitation, permission)
    if organization_id is not None:
        query = query.where(Invitation.organization_id == organization_id)
    return query if state is None else query.where(*_in_state(work, state))


def invitation(work: Work, reference: str, *, organization_id: str | None = None) -> Invitation:
    """
    Return the invitation with the id *reference*, or the newest one of the account with that address.

    Raises:
        NotFound: none that this actor may see.
    """
    query = queries.visible(work, Invitation, Permission.ACCOUNT_READ)
    if organization_id is not None:
        query = query.where(Invitation.organization_id == organization_id)
    if "@" in reference:
        account = queries.account(work, reference, organization_id=organization_id)
        query = query.where(
            Invitation.organization_id == account.organization_id, Invitation.account_id == account.id
        ).order_by(Invitation.sent_at.desc(), Invitation.id.desc())
    else:
        query = query.where(Invitation.id == reference)
    found = work.tx.session.scalar(query.limit(1))
    if found is None:
        raise NotFound(
            phrase("There is no invitation “%(reference)s”.", reference=reference[:80]),
            advice="See: idp invitation list",
        )
    return found


def open_one(work: Work, account: Account) -> Invitation | None:
    """Return the invitation of *account* that was neither accepted nor revoked, expired or not; None: there is none."""
    return work.tx.session.scalar(
        select(Invitation)
        .where(*_open(account.organization_id, account.id))
        .order_by(Invitation.sent_at.desc())
        .limit(1)
    )


def note_sent(work: Work, account: Account, *, expires_at: datetime, import_id: str | None = None) -> Invitation:
    """Write down that *account* was invited now: the invitation that was still open goes on, or a new one begins."""
    found = open_one(work, account)
    if found is None:
        found = Invitation(
            organization_id=account.organization_id,
            id=new_id("ivt"),
            account_id=account.id,
            import_id=import_id,
            accepted_at=None,
            revoked_at=None,
        )
        work.tx.session.add(found)
    found.email, found.sent_at, found.expires_at = account.email, work.now, expires_at
    found.invited_by, found.invited_by_name = work.actor.id, (work.actor.name or work.actor.kind)[:320]
    work.tx.session.flush()
    return found


def note_accepted(work: Work, organization_id: str, account_id: str) -> None:
    """Write down that the person of an account has come in: its open invitation is accepted."""
    work.tx.session.execute(
        update(Invitation)
        .where(*_open(organization_id, account_id))
        .values(accepted_at=work.now)
        .execution_options(synchronize_session="fetch")
    )


def _open(organization_id: str, account_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Invitation.organization_id == organization_id,
        Invitation.account_id == account_id,
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
    )


def _in_state(work: Work, state: State) -> tuple[ColumnElement[bool], ...]:
    open_ = (Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
    match state:
        case State.ACCEPTED:
            return (Invitation.accepted_at.is_not(None),)
        case State.REVOKED:
            return (Invitation.accepted_at.is_(None), Invitation.revoked_at.is_not(None))
        case State.PENDING:
            return (*open_, Invitation.expires_at > work.now)
        case State.EXPIRED:
            return (*open_, Invitation.expires_at <= work.now)
