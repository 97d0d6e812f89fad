"""What signing in keeps of a person, erased with their account."""

from sqlalchemy import delete, select, tuple_, update

from idp.base.work import Work
from idp.signon import lockout
from idp.signon import session as session_
from idp.signon.models import (
    Authenticator,
    Consent,
    FormerPassword,
    KnownDevice,
    Logout,
    LogoutStep,
    Notice,
    OneTimeValue,
    Participant,
    Password,
    PendingSignOn,
    RecoveryCode,
    SignIn,
    SignOnSession,
    TemporaryPass,
    TotpFactor,
)

_OF_A_PERSON = (
    *(Password, FormerPassword, TotpFactor, RecoveryCode, Authenticator, TemporaryPass),
    *(KnownDevice, SignIn, Notice, Consent),
)


def erase(work: Work, organization_id: str, account_id: str) -> None:
    """
    Remove credentials, second steps, devices, sign-ins, notices and consents; end sessions, and say nothing in them of the person.

    Applications are told of sessions that are ended only now. So that they can be, the rows of sessions and logouts
    that are younger than the deletion go with housekeeping, 30 days later.
    """
    session_.end_outdated(work, organization_id, account_id)
    for device_id in work.tx.session.scalars(
        select(KnownDevice.id).where(
            KnownDevice.organization_id == organization_id, KnownDevice.account_id == account_id
        )
    ):
        lockout.clear_device(work, device_id)
    lockout.clear_account(work, account_id)
    lockout.clear_second_steps(work, account_id)
    for model in _OF_A_PERSON:
        work.tx.session.execute(
            delete(model).where(model.organization_id == organization_id, model.account_id == account_id)
        )
    work.tx.session.execute(
        delete(PendingSignOn).where(
            PendingSignOn.organization_id == organization_id, PendingSignOn.account_id == account_id
        )
    )
    work.tx.session.execute(delete(OneTimeValue).where(OneTimeValue.subject_id == account_id))
    _forget_sessions(work, organization_id, account_id)


def _forget_sessions(work: Work, organization_id: str, account_id: str) -> None:
    settled = work.now - session_.LIVES_ON_IN_LOGOUTS
    mine = (SignOnSession.organization_id == organization_id, SignOnSession.account_id == account_id)
    over = [
        tuple(row)
        for row in work.tx.session.execute(
            select(SignOnSession.organization_id, SignOnSession.id).where(*mine, SignOnSession.ended_at <= settled)
        )
    ]
    for at in range(0, len(over), 500):
        part = over[at : at + 500]
        work.tx.session.execute(
            delete(Participant).where(tuple_(Participant.organization_id, Participant.session_id).in_(part))
        )
        work.tx.session.execute(
            delete(SignOnSession).where(tuple_(SignOnSession.organization_id, SignOnSession.id).in_(part))
        )
    work.tx.session.execute(update(SignOnSession).where(*mine).values(ip="", user_agent="", device_id=""))
    logouts = select(Logout.id).where(
        Logout.organization_id == organization_id, Logout.account_id == account_id, Logout.created_at <= settled
    )
    ids = list(work.tx.session.scalars(logouts))
    for at in range(0, len(ids), 500):
        some = ids[at : at + 500]
        work.tx.session.execute(
            delete(LogoutStep).where(LogoutStep.organization_id == organization_id, LogoutStep.logout_id.in_(some))
        )
        work.tx.session.execute(delete(Logout).where(Logout.organization_id == organization_id, Logout.id.in_(some)))
