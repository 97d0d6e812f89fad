"""Gathers what the dispatcher judges by, from the database and nothing else."""

from sqlalchemy import bindparam, select

from idp.base.db import Prepared
from idp.base.work import Work
from idp.directory import access
from idp.directory.models import Account
from idp.directory.policies import AuthenticationFacts, authentication_policy
from idp.policy.signon import Method, SecondStep, SignOnPolicy, Strength
from idp.signon import consent, pending
from idp.signon.factors import totp
from idp.signon.flow import Facts
from idp.signon.pending import Pending
from idp.signon.request import Proof, SignOnRequest
from idp.signon.session import CurrentSession

_ACCOUNT = Prepared(
    select(Account.policy_id, Account.epoch, Account.disabled_at).where(
        Account.organization_id == bindparam("organization_id"), Account.id == bindparam("account_id")
    )
)


def gather(
    work: Work, request: SignOnRequest, session: CurrentSession | None, row: Pending | None = None
) -> tuple[Facts, AuthenticationFacts]:
    """
    Return the facts of a sign-on, and the authentication policy that they were read with.

    *row* is the sign-on in progress, None where a request may be answered at once. A session of
    another organization does not count; nor do proofs of an account that has changed since.
    """
    if session is not None and session.organization_id != request.organization_id:
        session = None
    account_id: str | None = None
    policy_id: str | None = None
    proofs: tuple[Proof, ...] = ()
    unsaved = False
    if row is not None and row.account_id is not None:
        account = work.tx.row(_ACCOUNT, organization_id=request.organization_id, account_id=row.account_id)
        if account is not None and account.disabled_at is None and account.epoch == row.account_epoch:
            account_id, policy_id = row.account_id, account.policy_id
            proofs = pending.proofs(row)
    if account_id is None and session is not None:
        account_id, policy_id, proofs = session.account_id, session.policy_id, session.methods
    elif account_id is not None:
        saved = session.methods if session is not None and session.account_id == account_id else ()
        unsaved = any(not _is_saved(proof, saved) for proof in proofs)
        proofs = _merged(proofs, saved)
    policy = authentication_policy(work, request.organization_id, policy_id)
    facts = Facts(
        now=work.now,
        cancelled=row is not None and row.outcome == pending.CANCELLED,
        account_id=account_id,
        proofs=proofs,
        unsaved=unsaved,
        policy=SignOnPolicy(policy.version, policy.second_step),
        has_second_step=_has_second_step(work, request, account_id, proofs, policy),
        allowed=_allowed(work, request, account_id),
        consent_missing=_consent_missing(work, request, account_id, row),
    )
    return facts, policy


def _is_saved(proof: Proof, saved: tuple[Proof, ...]) -> bool:
    return any(known.method is proof.method and known.at == proof.at for known in saved)


def _merged(fresh: tuple[Proof, ...], saved: tuple[Proof, ...]) -> tuple[Proof, ...]:
    methods = {proof.method for proof in fresh}
    return fresh + tuple(proof for proof in saved if proof.method not in methods)


def _has_second_step(
    work: Work,
    request: SignOnRequest,
    account_id: str | None,
    proofs: tuple[Proof, ...],
    policy: AuthenticationFacts,
) -> bool:
    """Whoever has proven one has one; asked of the database only where the answer matters."""
    if account_id is None:
        return False
    if any(proof.method is Method.TOTP for proof in proofs):
        return True
    if policy.second_step is SecondStep.OFF and request.asked is not Strength.SECOND_STEP:
        return False
    return totp.exists(work, request.organization_id, account_id)


def _allowed(work: Work, request: SignOnRequest, account_id: str | None) -> bool:
    if not request.application_id:
        return True
    if account_id is None:
        return False
    return access.may_open(work, request.organization_id, request.application_id, account_id)


def _consent_missing(work: Work, request: SignOnRequest, account_id: str | None, row: Pending | None) -> bool:
    if not request.asks or account_id is None:
        return False
    if request.ask_consent_again and (row is None or row.outcome != pending.CONSENTED):
        return True
    return bool(consent.missing(work, request.organization_id, account_id, request.application_id, request.asks))
