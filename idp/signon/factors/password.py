"""
The password factor: argon2id over a peppered, normalised value.

Signing in takes three parts so that no hash is computed inside a transaction: `begin`
(reserve the try, read the hash), `matches` (compute, with the same work for an account that
does not exist), `settle` (write the outcome).
"""

import hashlib
import hmac
import os
from dataclasses import dataclass
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from sqlalchemy import bindparam, select

from idp.audit.events import PasswordChanged
from idp.audit.log import record
from idp.base.crypto import Vault
from idp.base.db import Prepared
from idp.base.errors import Forbidden, Invalid, Unavailable
from idp.base.work import Work
from idp.directory import accounts, names, queries
from idp.directory.models import Account, Organization
from idp.directory.policies import authentication_policy
from idp.policy import passwords
from idp.settings import ThrottlingSettings
from idp.signon import lockout
from idp.signon.models import Password

# OWASP Password Storage: m = 19 MiB, t = 2, p = 1 (docs/decisions/0006-passwords.md).
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1, hash_len=32, salt_len=16)
PEPPER = 1
_QUEUE_SECONDS = 2.0
_at_once = BoundedSemaphore(max(1, os.cpu_count() or 1))
# What a try against an account that does not exist is compared with: the same work, never equal.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$b3N0aWFyeS1ub2JvZHkhIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

_FIND = Prepared(
    select(
        Account.id,
        Account.epoch,
        Account.disabled_at,
        Password.hash,
    )
    .select_from(Account)
    .outerjoin(Password, (Password.organization_id == Account.organization_id) & (Password.account_id == Account.id))
    .where(Account.organization_id == bindparam("organization_id"), Account.email_key == bindparam("email_key"))
)


@dataclass(frozen=True, slots=True)
class Try:
    """A reserved try: whom it would sign in (None: nobody), and the hash to compare with."""

    account_id: str | None
    epoch: int
    disabled: bool
    hash: str
    reserved: lockout.Reserved


def begin(work: Work, organization_id: str, typed_email: str, limits: ThrottlingSettings) -> Try | lockout.Wait:
    """Reserve a try for what was typed as e-mail address. Commit before calling `matches`."""
    key = names.email_key_or_empty(typed_email)
    row = work.tx.row(_FIND, organization_id=organization_id, email_key=key) if key else None
    account_id = row.id if row is not None else None
    reserved = lockout.reserve_password(work, organization_id, account_id, key or typed_email[:320], limits)
    if isinstance(reserved, lockout.Wait):
        return reserved
    if row is None or row.hash is None:
        return Try(None, 0, disabled=False, hash=_NOBODY, reserved=reserved)
    return Try(row.id, row.epoch, disabled=row.disabled_at is not None, hash=row.hash, reserved=reserved)


def matches(vault: Vault, attempt: Try, typed: str) -> bool:
    """
    Say whether *typed* is the password. Same work whoever it is (A2); nothing is read or written.

    Raises:
        Unavailable: too many are being checked at this moment.
    """
    if passwords.too_long(typed):
        typed = ""
    if not _at_once.acquire(timeout=_QUEUE_SECONDS):
        raise Unavailable("Too many people are signing in at this moment. Try again in a few seconds.", code="busy")
    right = False
    try:
        right = bool(HASHER.verify(attempt.hash, _peppered(vault, typed)))
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        right = False
    finally:
        _at_once.release()
    return right and attempt.account_id is not None and not attempt.disabled


def rehashed(vault: Vault, attempt: Try, typed: str) -> str | None:
    """Return a new hash if the stored one was made with other parameters than today's, else None."""
    return hash_of(vault, typed) if HASHER.check_needs_rehash(attempt.hash) else None


def hash_of(vault: Vault, password: str) -> str:
    """Return the hash to be stored for *password*. Takes about 30 ms of CPU: not inside a transaction that wrote."""
    return HASHER.hash(_peppered(vault, password))


def _peppered(vault: Vault, password: str) -> bytes:
    pepper = vault.derived("password-pepper")
    canonical = passwords.canonical(password).encode("utf-8", "surrogatepass")
    return hmac.new(pepper, canonical, hashlib.sha256).hexdigest().encode("ascii")


def set_password(work: Work, account_id: str, password: str, *, organization_id: str) -> Account:
    """
    Give an account a new password and end every sign-on it has.

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: the actor is neither the account nor an administrator of its credentials.
        Invalid: the password cannot be taken; the message says why.
    """
    account = own_or_administered(work, account_id, organization_id)
    organization = work.tx.session.get_one(Organization, organization_id)
    policy = authentication_policy(work, organization_id, account.policy_id)
    reasons = passwords.weaknesses(
        password, minimum=policy.password_minimum, context=context_words(account, organization)
    )
    if reasons:
        raise Invalid("This password cannot be used.", field="password", code="weak-password", advice=" ".join(reasons))
    store(work, account, hash_of(work.tx.vault, password))
    accounts.bump_epoch(work, organization_id, account.id)
    lockout.clear_account(work, account.id)
    record(
        work,
        PasswordChanged(organization_id=organization_id, target_id=account.id, by=work.actor.kind),
    )
    return account


def store(work: Work, account: Account, hashed: str) -> None:
    """Store the hash of an account's password."""
    row = work.tx.session.get(Password, (account.organization_id, account.id))
    if row is None:
        row = Password(organization_id=account.organization_id, account_id=account.id, changed_at=work.now)
        work.tx.session.add(row)
    row.hash, row.pepper, row.changed_at = hashed, PEPPER, work.now
    work.tx.session.flush()


def has_password(work: Work, organization_id: str, account_id: str) -> bool:
    """Say whether the account has a password."""
    return work.tx.session.get(Password, (organization_id, account_id)) is not None


def context_words(account: Account, organization: Organization) -> set[str]:
    """Return the words that may not be an account's password: e-mail, its parts, names, the organization."""
    local, _, domain = account.email.partition("@")
    words = {account.email, local, domain, domain.partition(".")[0], organization.name, organization.slug}
    words.update(account.name.split())
    words.add(account.name)
    words.add(account.name.replace(" ", ""))
    return words


def own_or_administered(work: Work, account_id: str, organization_id: str) -> Account:
    """
    Return an account whose credentials this actor may change: its own, or one it administers.

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: it may see it, but not change its credentials.
    """
    if work.actor.kind == "account" and (work.actor.organization_id, work.actor.id) == (organization_id, account_id):
        return work.tx.session.get_one(Account, (organization_id, account_id))
    account = queries.account(work, account_id, organization_id=organization_id)
    if not accounts.may_administer_credentials(work, account):
        raise Forbidden("You may not change the credentials of this account.")
    return account
