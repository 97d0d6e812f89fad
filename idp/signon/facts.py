"""Gathers what the dispatcher judges by, from the database and nothing else."""

from sqlalchemy import bindparam, select

from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory import access
from idp.directory.models import Account
from idp.directory.policies import AuthenticationFacts, authentication_policy
from idp.policy.access.context import AccountKind
from idp.policy.signon import ENROLLABLE, STRONG_SECOND_STEPS, Method, Proof, SecondStep, SignOnPolicy
from idp.signon import consent, contextual, pending
from idp.signon.contextual import Access, Person
from idp.signon.factors import enrolled, password
from idp.signon.flow import Facts
from idp.signon.pending import Pending
from idp.signon.request import SignOnRequest
from idp.signon.session import CurrentSession

_ACCOUNT = Prepared(
    select(Account.policy_id, Account.epoch, Account.disabled_at, Account.kind, Account.grace_used).where(
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
    person, proofs, unsaved = _person(work, request, session, row)
    policy = authentication_policy(work, request.organization_id, None if person is None else person.policy_id)
    deciding = policy.deciding(work.now, 0 if person is None else person.grace_used)
    # What the authentication policy no longer takes has proven nothing to a rule either.
    taken = tuple([proof for proof in proofs if proof.method in deciding.methods])
    access_ = Access() if person is None else contextual.judge(work, request, person, session, row, taken)
    facts = Facts(
        now=work.now,
        cancelled=row is not None and row.outcome == pending.CANCELLED,
        account_id=None if person is None else person.account_id,
        proofs=proofs,
        unsaved=unsaved,
        policy=deciding,
        second_steps=_second_steps(work, request, person, proofs, deciding, access_),
        allowed=_allowed(work, request, person),
        consent_missing=_consent_missing(work, request, person, row),
        session_access=access_.session,
        application_access=access_.application,
        access_context=access_.recorded,
        grace_used=0 if person is None else person.grace_used,
        put_off=row is not None and row.outcome == pending.PUT_OFF,
        new_password=_new_password(work, request, person, proofs, policy),
    )
    return facts, policy


def _person(
    work: Work, request: SignOnRequest, session: CurrentSession | None, row: Pending | None
) -> tuple[Person | None, tuple[Proof, ...], bool]:
    """Return whose sign-on it is, what they have proven, and whether some of that is not in a session yet."""
    if row is not None and row.account_id is not None:
        account = work.tx.row(_ACCOUNT, organization_id=request.organization_id, account_id=row.account_id)
        if account is not None and account.disabled_at is None and account.epoch == row.account_epoch:
            fresh = pending.proofs(row)
            saved = session.methods if session is not None and session.account_id == row.account_id else ()
            person = Person(row.account_id, AccountKind(account.kind), account.policy_id, account.grace_used)
            return person, _merged(fresh, saved), any(not _is_saved(proof, saved) for proof in fresh)
    if session is None:
        return None, (), False
    person = Person(session.account_id, session.kind, session.policy_id, session.grace_used)
    return person, session.methods, False


def _new_password(
    work: Work,
    request: SignOnRequest,
    person: Person | None,
    proofs: tuple[Proof, ...],
    policy: AuthenticationFacts,
) -> str:
    """Return why a new password is due: asked only of who has just typed the old one, so nobody is locked out."""
    typed = [proof for proof in proofs if proof.fresh and proof.method is Method.PASSWORD]
    if person is None or not typed or Method.PASSWORD not in policy.methods:
        return ""
    return password.new_one_due(work, request.organization_id, person.account_id, policy)


def _is_saved(proof: Proof, saved: tuple[Proof, ...]) -> bool:
    return any(known.method is proof.method and known.at == proof.at for known in saved)


def _merged(fresh: tuple[Proof, ...], saved: tuple[Proof, ...]) -> tuple[Proof, ...]:
    methods = {proof.method for proof in fresh}
    return fresh + tuple(proof for proof in saved if proof.method not in methods)


def _second_steps(
    work: Work,
    request: SignOnRequest,
    person: Person | None,
    proofs: tuple[Proof, ...],
    policy: SignOnPolicy,
    access_: Access,
) -> frozenset[Method]:
    """
    Whoever has proven one has one, but for a pass, which is lent; the database is asked only where the answer matters.
    """
    if person is None:
        return frozenset()
    asks_more = request.asked is not None or access_.requires_something
    proven = frozenset({proof.method for proof in proofs}) & STRONG_SECOND_STEPS & policy.methods
    if not asks_more and request.max_age is None and not request.force:
        if proven & ENROLLABLE or (proven and Method.TEMPORARY_PASS not in proven):
            return proven
        if policy.second_step is SecondStep.OFF:
            return frozenset()
    return enrolled.second_steps(work, request.organization_id, person.account_id, policy.methods)


def _allowed(work: Work, request: SignOnRequest, person: Person | None) -> bool:
    if not request.application_id:
        return True
    if person is None:
        return False
    return access.may_open(work, request.organization_id, request.application_id, person.account_id)


def _consent_missing(work: Work, request: SignOnRequest, person: Person | None, row: Pending | None) -> bool:
    if not request.asks or person is None:
        return False
    if request.ask_consent_again and (row is None or row.outcome != pending.CONSENTED):
        return True
    return bool(consent.missing(work, request.organization_id, person.account_id, request.application_id, request.asks))
