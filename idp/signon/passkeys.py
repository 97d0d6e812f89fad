"""
Signing in with a passkey or security key: alone, as second step, and set up on the way.

Two requests each: `options` makes a challenge for the browser's authenticator; what that answers is handed to
`sign_in`, `second_step` or `enrol`. Outcomes are values, so that a challenge is used up by a wrong answer too.
No throttling: there is nothing to guess, and whoever is throttled by others still gets in (A6).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import webauthn
from webauthn.helpers import base64url_to_bytes, options_to_json_dict
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from idp.audit import attempts
from idp.base.texts import phrase, sentence
from idp.base.work import Work
from idp.directory import rights
from idp.directory.models import Account, Organization
from idp.directory.policies import AuthenticationFacts, authentication_policy
from idp.policy.signon import Method
from idp.signon import pending
from idp.signon import progress as progress_
from idp.signon.factors import enrolled, passkey, recovery, webauthn_challenge, webauthn_checks
from idp.signon.factors.passkey import Known
from idp.signon.factors.webauthn_challenge import Bound, Ceremony
from idp.signon.factors.webauthn_checks import Answer, NewCredential, Proven, Rejected
from idp.signon.factors.webauthn_party import RelyingParty
from idp.signon.flow import AskFirstStep, AskSecondStep, EnrolSecondStep
from idp.signon.models import Authenticator
from idp.signon.progress import Progress
from idp.signon.proving import Enrolled

METHODS = frozenset({Method.PASSKEY, Method.SECURITY_KEY})
TIMEOUT_MS = int(webauthn_challenge.LIVES.total_seconds() * 1000)
PASSKEY_NAME, KEY_NAME = "Passkey", "Security key"


@dataclass(frozen=True, slots=True)
class Right:
    """It was proven, and counts in the sign-on."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """
    Nothing was proven. ``cause`` is for the administrator, ``code`` says which sentence the person gets.

    ``wrong``, ``late``, ``many``, and, told to nobody who has not signed the challenge, ``not-accepted`` (by the
    policy), ``not-alone``, ``not-verified``.
    """

    cause: str
    code: str = "wrong"


# Options


def options(work: Work, progress: Progress, party: RelyingParty, browser: str) -> dict[str, Any] | None:
    """Return what the browser is to ask its authenticator in the present step, None where that is not for passkeys."""
    step = progress.step
    if isinstance(step, AskFirstStep):
        return _to_sign_in(work, progress, party, browser)
    if isinstance(step, AskSecondStep) and step.methods & METHODS:
        return _to_prove(work, progress, step, party, browser)
    if isinstance(step, EnrolSecondStep) and step.methods & METHODS:
        account = _account(work, progress)
        verified = needs_verification(work, account, step.methods)
        bound = _bound(Ceremony.ENROL, progress, account.id, browser)
        return creation(work, account, party, bound, user_verification=verified)
    return None


def _to_sign_in(work: Work, progress: Progress, party: RelyingParty, browser: str) -> dict[str, Any] | None:
    """No credential is named: the authenticator finds its own, and nobody learns whom we know (A1, section 14.6.2)."""
    if not passkey.offered(work, progress.request.organization_id):
        return None
    bound = _bound(Ceremony.SIGN_IN, progress, "", browser)
    return _request(work, party, bound, [], user_verification=True)


def _to_prove(
    work: Work, progress: Progress, step: AskSecondStep, party: RelyingParty, browser: str
) -> dict[str, Any] | None:
    account = _account(work, progress)
    usable = usable_ones(work, account, step.methods)
    if not usable:  # an empty list would mean: any
        return None
    bound = _bound(Ceremony.SECOND_STEP, progress, account.id, browser)
    return _request(work, party, bound, usable, user_verification=needs_verification(work, account, step.methods))


def can_prove(work: Work, progress: Progress) -> bool:
    """Say whether the account has a passkey or security key that will do in the present step."""
    methods = progress.step.methods if isinstance(progress.step, AskSecondStep) else frozenset()
    return bool(usable_ones(work, _account(work, progress), methods))


def usable_ones(work: Work, account: Account, methods: frozenset[Method]) -> list[Authenticator]:
    """Return the credentials of an account that can prove one of *methods*, and that its policy takes."""
    policy = _policy(work, account)
    return [
        one
        for one in passkey.of_account(work, account.organization_id, account.id)
        if (one.verifies or Method.SECURITY_KEY in methods)
        and passkey.why_not_accepted(
            policy, aaguid=one.aaguid, attestation=one.attestation, backup_eligible=one.backup_eligible
        )
        is None
    ]


def needs_verification(work: Work, account: Account, methods: frozenset[Method]) -> bool:
    """Say whether the person must be verified, not only present: administrators, and where touching proves too little."""
    return Method.SECURITY_KEY not in methods or bool(rights.roles_of(work, account.organization_id, account.id))


def creation(
    work: Work, account: Account, party: RelyingParty, bound: Bound, *, user_verification: bool
) -> dict[str, Any]:
    """Return what the browser is to ask of an authenticator that makes a credential for *account* (section 5.4)."""
    policy = _policy(work, account)
    organization = work.tx.session.get_one(Organization, account.organization_id)
    known = passkey.of_account(work, account.organization_id, account.id)
    made = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=organization.name,
        user_id=passkey.user_handle(work.tx.vault, account.organization_id, account.id),
        user_name=account.email,
        user_display_name=account.name,
        challenge=webauthn_challenge.issue(work, bound),
        timeout=TIMEOUT_MS,
        attestation=AttestationConveyancePreference.DIRECT
        if policy.authenticators
        else AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=_verification(user_verification)
        ),
        exclude_credentials=[_descriptor(one) for one in known],
        supported_pub_key_algs=webauthn_checks.ALGORITHMS,
    )
    return {**options_to_json_dict(made), "extensions": {"credProps": True}}


def _request(
    work: Work, party: RelyingParty, bound: Bound, among: list[Authenticator], *, user_verification: bool
) -> dict[str, Any]:
    made = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=webauthn_challenge.issue(work, bound),
        timeout=TIMEOUT_MS,
        allow_credentials=[_descriptor(one) for one in among],
        user_verification=_verification(user_verification),
    )
    return options_to_json_dict(made)


# What comes back


def sign_in(work: Work, progress: Progress, party: RelyingParty, browser: str, sent: str) -> Right | Wrong:
    """Try a passkey alone: it says who it is, and it must verify the person. Its account is of this organization."""
    organization_id = progress.request.organization_id
    read = _answer(work, sent, _bound(Ceremony.SIGN_IN, progress, "", browser))
    if isinstance(read, Wrong):
        return _failed(work, progress, read, None)
    answer, challenge = read
    known = passkey.find(work, organization_id, answer.credential_id)
    if known is None or known.account_disabled:
        why = phrase("no such credential in the organization") if known is None else phrase("the account is disabled")
        return _failed(work, progress, Wrong(why), None if known is None else known.account_id)
    handle = answer.user_handle
    if handle is None or not passkey.is_handle_of(work.tx.vault, handle, organization_id, known.account_id):
        return _failed(
            work,
            progress,
            Wrong("it is held for another account than ours, or does not say for whom"),
            known.account_id,
        )
    policy = authentication_policy(work, organization_id, known.account_policy_id)

    def judge(_: Proven) -> Wrong | None:
        if Method.PASSKEY not in policy.methods:
            return Wrong("the policy of the account takes no passkeys", "not-accepted")
        if not known.verifies:
            return Wrong("it did not verify the person when it was set up, so it cannot stand alone", "not-alone")
        return None

    wrong = _try(work, answer, challenge, known, party, policy, judge, user_verification=True)
    if wrong is not None:
        return _failed(work, progress, wrong, known.account_id)
    pending.prove(work, progress.row, Method.PASSKEY, account_id=known.account_id, epoch=known.account_epoch)
    progress_.passed(work, progress, Method.PASSKEY.value)
    return Right()


def second_step(work: Work, progress: Progress, party: RelyingParty, browser: str, sent: str) -> Right | Wrong:
    """Try one of the account's passkeys and security keys as second step of this sign-on."""
    step = progress.step
    methods = step.methods if isinstance(step, AskSecondStep) else frozenset()
    account = _account(work, progress)
    read = _answer(work, sent, _bound(Ceremony.SECOND_STEP, progress, account.id, browser))
    if isinstance(read, Wrong):
        return _failed(work, progress, read, account.id)
    answer, challenge = read
    known = passkey.find(work, account.organization_id, answer.credential_id)
    if known is None or known.account_id != account.id:
        return _failed(work, progress, Wrong("it is not a credential of this account"), account.id)
    handle = answer.user_handle
    if handle is not None and not passkey.is_handle_of(work.tx.vault, handle, account.organization_id, account.id):
        return _failed(work, progress, Wrong("it is held for another account than ours"), account.id)
    reached: list[Method] = []

    def judge(proven: Proven) -> Wrong | None:
        method = proves(methods, verified=proven.user_verified and known.verifies)
        if method is None:
            return Wrong("it did not verify the person, and that was needed", "not-verified")
        reached.append(method)
        return None

    verified = needs_verification(work, account, methods)
    wrong = _try(work, answer, challenge, known, party, _policy(work, account), judge, user_verification=verified)
    if wrong is not None:
        return _failed(work, progress, wrong, account.id)
    _prove(work, progress, reached[0])
    return Right()


def enrol(work: Work, progress: Progress, party: RelyingParty, browser: str, sent: str) -> Enrolled | Wrong:
    """Set up a passkey or security key in this sign-on; it counts as the second step of it."""
    step = progress.step
    methods = step.methods if isinstance(step, EnrolSecondStep) else frozenset()
    account = _account(work, progress)
    made = verified_new(
        work,
        account,
        party,
        _bound(Ceremony.ENROL, progress, account.id, browser),
        sent,
        user_verification=needs_verification(work, account, methods),
    )
    if isinstance(made, Wrong):
        return _enrolment_failed(work, progress, made)
    method = proves(methods, verified=made.user_verified)
    if method is None:
        return _enrolment_failed(
            work, progress, Wrong("it did not verify the person, and that was needed", "not-verified")
        )
    codes = keep(work, account, made, name=PASSKEY_NAME if made.user_verified else KEY_NAME)
    if isinstance(codes, Wrong):
        return _enrolment_failed(work, progress, codes)
    _prove(work, progress, method)
    return Enrolled(account.id, codes)


def verified_new(
    work: Work, account: Account, party: RelyingParty, bound: Bound, sent: str, *, user_verification: bool
) -> NewCredential | Wrong:
    """Return the credential that was made for *account*, verified and taken by its policy; or why it is not."""
    read = _answer(work, sent, bound)
    if isinstance(read, Wrong):
        return read
    answer, challenge = read
    policy = _policy(work, account)
    made = webauthn_checks.check_new(
        answer,
        party,
        challenge,
        user_verification=user_verification,
        roots=party.roots() if policy.authenticators else (),
    )
    if isinstance(made, Rejected):
        return Wrong(made.cause)
    why = passkey.why_not_accepted(
        policy, aaguid=made.aaguid, attestation=made.attestation, backup_eligible=made.backup_eligible
    )
    return made if why is None else Wrong(why, "not-accepted")


def keep(work: Work, account: Account, made: NewCredential, *, name: str) -> tuple[str, ...] | Wrong:
    """
    Keep a verified credential; return the recovery codes that come with an account's first second step.

    Raises:
        Invalid: the name cannot be used.
    """
    if passkey.is_full(work, account):
        return Wrong(
            phrase(
                "the account has %(most_per_account)s passkeys and security keys already",
                most_per_account=passkey.MOST_PER_ACCOUNT,
            ),
            "many",
        )
    codes_are_due = Method.RECOVERY_CODE in _policy(work, account).methods and not enrolled.exists(
        work, account.organization_id, account.id
    )
    kept = passkey.enrol(work, account, made, name=name)
    if isinstance(kept, Rejected):
        return Wrong(kept.cause)
    return tuple(recovery.make(work, account)) if codes_are_due else ()


def note_problem(work: Work, progress: Progress, problem: str) -> None:
    """Record in the attempt, once, that it came to nothing in the browser, and why: no failure of the person's."""
    trail = progress_.trail_of(work, progress)
    step = {
        "step": Method.PASSKEY.value,
        "state": "failed",
        "code": progress_.NOT_PROVEN,
        **attempts.kept(phrase("browser: %(problem)s", problem=problem)),
    }
    if not any(known.items() >= step.items() for known in trail.steps):
        trail.steps.append({**step, "at": work.now.isoformat()})
        attempts.save(work, trail)


def proves(methods: frozenset[Method], *, verified: bool) -> Method | None:
    """Return which of the *methods* that would do was proven, None if none was."""
    if verified and Method.PASSKEY in methods:
        return Method.PASSKEY
    return Method.SECURITY_KEY if Method.SECURITY_KEY in methods else None


def _answer(work: Work, sent: str, bound: Bound) -> tuple[Answer, bytes] | Wrong:
    """Read what was sent, and use up the challenge that it names."""
    answer = webauthn_checks.read(sent)
    if isinstance(answer, Rejected):
        return Wrong(answer.cause)
    challenge = webauthn_challenge.consume(work, answer.challenge, bound)
    return Wrong(challenge, "late") if isinstance(challenge, str) else (answer, challenge)


def _try(
    work: Work,
    answer: Answer,
    challenge: bytes,
    known: Known,
    party: RelyingParty,
    policy: AuthenticationFacts,
    judge: Callable[[Proven], Wrong | None],
    *,
    user_verification: bool,
) -> Wrong | None:
    """Verify the signature, then let *judge* and the policy look at it, then write down the use."""
    proven = webauthn_checks.check_use(answer, party, challenge, known.public_key, user_verification=user_verification)
    if isinstance(proven, Rejected):
        return Wrong(proven.cause)
    why = passkey.why_not_accepted(
        policy, aaguid=known.aaguid, attestation=known.attestation, backup_eligible=known.backup_eligible
    )
    wrong = Wrong(why, "not-accepted") if why is not None else judge(proven)
    if wrong is not None:
        return wrong
    refused = passkey.use(work, known, proven)
    return None if refused is None else Wrong(refused.cause)


def _prove(work: Work, progress: Progress, method: Method) -> None:
    row, session = progress.row, progress.session
    account_id = progress.facts.account_id
    epoch = row.account_epoch
    if row.account_id is None and session is not None:  # a step up from a session that is there already
        epoch = session.account_epoch
    assert account_id is not None
    assert epoch is not None
    pending.prove(work, row, method, account_id=account_id, epoch=epoch)
    progress_.passed(work, progress, method.value)


def _failed(work: Work, progress: Progress, wrong: Wrong, account_id: str | None) -> Wrong:
    progress_.failed(work, progress, Method.PASSKEY.value, wrong.cause, account_id=account_id)
    return wrong


def _enrolment_failed(work: Work, progress: Progress, wrong: Wrong) -> Wrong:
    told = Wrong(
        phrase("a new passkey or security key was not taken: %(cause)s", cause=sentence(wrong.cause)), wrong.code
    )
    return _failed(work, progress, told, progress.facts.account_id)


def _bound(ceremony: Ceremony, progress: Progress, account_id: str, browser: str) -> Bound:
    return Bound(ceremony, progress.row.id, progress.request.organization_id, account_id, browser)


def _account(work: Work, progress: Progress) -> Account:
    assert progress.facts.account_id is not None  # the dispatcher asks for nothing more of nobody
    return work.tx.session.get_one(Account, (progress.request.organization_id, progress.facts.account_id))


def _policy(work: Work, account: Account) -> AuthenticationFacts:
    return authentication_policy(work, account.organization_id, account.policy_id)


def _verification(required: bool) -> UserVerificationRequirement:
    return UserVerificationRequirement.REQUIRED if required else UserVerificationRequirement.PREFERRED


def _descriptor(one: Authenticator) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(
        id=base64url_to_bytes(one.credential_id),
        transports=[AuthenticatorTransport(name) for name in one.transports] or None,
    )
