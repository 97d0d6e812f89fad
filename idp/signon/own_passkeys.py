"""Passkeys and security keys of one's own account: added, renamed, removed by whoever is signed in (A11: lately proven)."""

from typing import Any

from idp.base.errors import NotFound
from idp.base.work import Work
from idp.directory import names
from idp.directory.models import Account
from idp.directory.policies import authentication_policy
from idp.policy.signon import SecondStep
from idp.signon import own_account, passkeys
from idp.signon.factors import passkey
from idp.signon.factors.webauthn_challenge import Bound, Ceremony
from idp.signon.factors.webauthn_party import RelyingParty
from idp.signon.models import Authenticator
from idp.signon.passkeys import KEY_NAME, METHODS, PASSKEY_NAME, Wrong
from idp.signon.session import CurrentSession


def may_add(work: Work, session: CurrentSession) -> bool:
    """Say whether the person's policy takes passkeys or security keys at all."""
    return bool(authentication_policy(work, session.organization_id, session.policy_id).methods & METHODS)


def options(work: Work, session: CurrentSession, party: RelyingParty, browser: str) -> dict[str, Any] | None:
    """Return what the browser is to ask of an authenticator that makes a new one, None where the policy takes none."""
    if not may_add(work, session):
        return None
    account = _account(work, session)
    return passkeys.creation(
        work, account, party, _bound(session, browser), user_verification=_verified(work, session, account)
    )


def add(
    work: Work, session: CurrentSession, party: RelyingParty, browser: str, sent: str, *, name: str
) -> tuple[str, ...] | Wrong:
    """
    Add what the authenticator made; return the recovery codes that come with a first second step, none with a further.

    Raises:
        Invalid: the name cannot be used.
    """
    called = names.name(name) if name else ""
    if not may_add(work, session):
        return Wrong("the policy takes neither passkeys nor security keys", "not-accepted")
    account = _account(work, session)
    verified = _verified(work, session, account)
    made = passkeys.verified_new(work, account, party, _bound(session, browser), sent, user_verification=verified)
    if isinstance(made, Wrong):
        return made
    return passkeys.keep(work, account, made, name=called or (PASSKEY_NAME if made.user_verified else KEY_NAME))


def own(work: Work, session: CurrentSession, authenticator_id: str) -> Authenticator:
    """
    Return one of the person's passkeys and security keys.

    Raises:
        NotFound: the person has no such one.
    """
    known = passkey.of_account(work, session.organization_id, session.account_id)
    found = next((one for one in known if one.id == authenticator_id), None)
    if found is None:
        raise NotFound("There is no such passkey or security key.", advice="Look at your account again.")
    return found


def rename(work: Work, session: CurrentSession, authenticator_id: str, name: str) -> None:
    """
    Give one of them another name.

    Raises:
        NotFound: the person has no such one.
        Invalid: the name cannot be used.
    """
    passkey.rename(work, session.account_id, authenticator_id, name, organization_id=session.organization_id)


def remove(work: Work, session: CurrentSession, authenticator_id: str) -> None:
    """
    Remove one of them. Every other sign-on ends: one that was opened with it would go on (A24).

    Raises:
        NotFound: the person has no such one.
        Conflict: it is the last second step, and the organization requires one.
    """
    policy = authentication_policy(work, session.organization_id, session.policy_id)
    passkey.remove(
        work,
        session.account_id,
        authenticator_id,
        organization_id=session.organization_id,
        keep_one=policy.second_step is SecondStep.REQUIRED,
    )
    own_account.end_other_sessions(work, session, because="second step removed")


def _verified(work: Work, session: CurrentSession, account: Account) -> bool:
    policy = authentication_policy(work, session.organization_id, session.policy_id)
    return passkeys.needs_verification(work, account, policy.methods)


def _bound(session: CurrentSession, browser: str) -> Bound:
    return Bound(Ceremony.ENROL, session.id, session.organization_id, session.account_id, browser)


def _account(work: Work, session: CurrentSession) -> Account:
    return work.tx.session.get_one(Account, (session.organization_id, session.account_id))
