"""
The password factor: trying one, setting one.

Signing in takes three parts so that no hash is computed inside a transaction: `begin`
(reserve the try, read the hash), `matches` (compute, with the same work for an account that
does not exist), `settle` (write the outcome). So does a new password: `propose` (everything that
costs nothing), `computed` (the history, and the hash), `settle_new`.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select, update

from idp.audit.events import PasswordChanged
from idp.audit.log import record
from idp.base.crypto import Vault
from idp.base.errors import Invalid
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Work
from idp.directory import accounts, names, queries, rights
from idp.directory.models import Account, Organization
from idp.directory.policies import AuthenticationFacts, authentication_policy
from idp.policy import passwords
from idp.policy.permissions import Permission
from idp.settings import ThrottlingSettings
from idp.signon import breached, lockout, notices
from idp.signon.factors import former, hashing
from idp.signon.factors.hashing import PEPPER, hash_of
from idp.signon.models import Password

RESET, BREACHED, EXPIRED = "reset", "breached", "expired"
"""Why a new password is due: an administrator wants it, it is on the list of breached ones, it is too old."""

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
_DUE = Prepared(
    select(Password.must_change, Password.changed_at).where(
        Password.organization_id == bindparam("organization_id"), Password.account_id == bindparam("account_id")
    )
)
_TABLE = table(Password)
_UPGRADE = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.account_id == bindparam("of_account"),
        _TABLE.c.hash == bindparam("seen_hash"),
    )
    .values(hash=bindparam("new_hash"), pepper=PEPPER, imported="")
)
_REQUIRE = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.account_id == bindparam("of_account"),
        _TABLE.c.must_change != bindparam("why"),
    )
    .values(must_change=bindparam("why"))
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
        return Try(None, 0, disabled=False, hash=hashing.NOBODY, reserved=reserved)
    return Try(row.id, row.epoch, disabled=row.disabled_at is not None, hash=row.hash, reserved=reserved)


def matches(vault: Vault, attempt: Try, typed: str) -> bool:
    """
    Say whether *typed* is the password. Same work whoever it is (A2); nothing is read or written.

    Raises:
        Unavailable: too many are being checked at this moment.
    """
    if passwords.too_long(typed):
        typed = ""
    with hashing.in_turn():
        right = hashing.is_right(vault, attempt.account_id or "", attempt.hash, typed)
    return right and attempt.account_id is not None and not attempt.disabled


def rehashed(vault: Vault, attempt: Try, typed: str) -> str | None:
    """Return a new hash if the stored one is another system's, or was made with other parameters than today's."""
    return hash_of(vault, typed) if hashing.is_outdated(attempt.hash) else None


def upgrade(work: Work, organization_id: str, attempt: Try, hashed: str) -> None:
    """Put *hashed* in the place of the hash that was tried, unless that has changed in the meantime."""
    work.tx.run(
        _UPGRADE,
        of_organization=organization_id,
        of_account=attempt.account_id,
        seen_hash=attempt.hash,
        new_hash=hashed,
    )


def require_new(work: Work, organization_id: str, account_id: str, why: str) -> bool:
    """Note that a new password is due because of *why*; return whether that is new."""
    return bool(work.tx.run(_REQUIRE, of_organization=organization_id, of_account=account_id, why=why))


def new_one_due(work: Work, organization_id: str, account_id: str, policy: AuthenticationFacts) -> str:
    """Return why the account's password must be changed; empty: it need not be."""
    row = work.tx.row(_DUE, organization_id=organization_id, account_id=account_id)
    return "" if row is None else _why_due(work, row, policy)


def _why_due(work: Work, row: Any, policy: AuthenticationFacts) -> str:
    if row.must_change:
        return str(row.must_change)
    expires = passwords.expires_at(row.changed_at, policy.password_rules.maximum_days)
    return EXPIRED if expires is not None and expires <= work.now else ""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A new password that passed every check that costs nothing, for an account as it was then."""

    organization_id: str
    account_id: str
    epoch: int
    password: str = field(repr=False)
    not_again: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Computed:
    """The hash of a new password that may be taken."""

    proposed: Proposed
    hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unfit:
    """A password that cannot be taken, and why: plain sentences."""

    reasons: tuple[str, ...]


def propose(work: Work, account_id: str, password: str, *, organization_id: str) -> Proposed | Unfit:
    """
    Check a new password for an account: everything but its history, which costs hashes.

    Where a change is due the current password is not taken again, whatever the policy says of history.

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: the actor is neither the account nor an administrator of its credentials.
    """
    account = own_or_administered(work, account_id, organization_id)
    policy = authentication_policy(work, organization_id, account.policy_id)
    reasons = weaknesses(work, account, policy, password)
    if reasons:
        return Unfit(tuple(reasons))
    current = work.tx.session.get(Password, (organization_id, account.id))
    history = policy.password_rules.history
    not_again = former.hashes(work, organization_id, account.id, history - 1)
    if current is not None and (history or _why_due(work, current, policy)):
        not_again.insert(0, current.hash)
    return Proposed(organization_id, account.id, account.epoch, password, tuple(not_again))


def weaknesses(work: Work, account: Account, policy: AuthenticationFacts, password: str) -> list[str]:
    """Return why *password* cannot be the account's, one plain sentence each; its history is not looked at."""
    organization = work.tx.session.get_one(Organization, account.organization_id)
    return passwords.weaknesses(
        password,
        asked=policy.password_rules,
        context=context_words(account, organization),
        listed=breached.listed,
    )


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of a password while it is typed: how hard it is to guess (0 to 4), and why it cannot be taken."""

    score: int
    reasons: tuple[str, ...]


def judge(work: Work, account: Account, typed: str) -> Judgement:
    """Return what there is to say of *typed* as the new password of *account*; its history is not looked at."""
    policy = authentication_policy(work, account.organization_id, account.policy_id)
    organization = work.tx.session.get_one(Organization, account.organization_id)
    reasons = weaknesses(work, account, policy, typed)
    return Judgement(passwords.score(typed, context_words(account, organization)), tuple(reasons))


def computed(vault: Vault, proposed: Proposed) -> Computed | Unfit:
    """
    Look whether the password was used before, and hash it. Takes 30 ms for each: outside of a transaction.

    Raises:
        Unavailable: too many hashes are being computed at this moment.
    """
    with hashing.in_turn():
        for stored in proposed.not_again:
            if hashing.is_right(vault, proposed.account_id, stored, proposed.password):
                return Unfit((passwords.USED_BEFORE,))
        return Computed(proposed, hash_of(vault, proposed.password))


def settle_new(work: Work, new: Computed, *, due: str = "") -> Account:
    """
    Give the account its new password and end every sign-on it has.

    Args:
        due: why another one is due at the next sign-in; empty: none is.

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: the actor is neither the account nor an administrator of its credentials.
        Conflict: the account's credentials have changed since the password was proposed.
    """
    proposed = new.proposed
    account = own_or_administered(work, proposed.account_id, proposed.organization_id)
    accounts.bump_epoch(work, account.organization_id, account.id, if_epoch=proposed.epoch)
    policy = authentication_policy(work, account.organization_id, account.policy_id)
    row = work.tx.session.get(Password, (account.organization_id, account.id))
    if row is not None:
        former.keep(work, row, policy.password_rules.history - 1)
    store(work, account, new.hash, due=due)
    lockout.clear_account(work, account.id)
    record(
        work,
        PasswordChanged(organization_id=account.organization_id, target_id=account.id, by=work.actor.kind),
    )
    if row is not None:  # setting the first one is no change
        notices.notify(
            work,
            organization_id=account.organization_id,
            account_id=account.id,
            kind=notices.PASSWORD_CHANGED,
            facts={},
        )
    return account


def set_password(work: Work, account_id: str, password: str, *, organization_id: str, due: str = "") -> Account:
    """
    Give an account a new password and end every sign-on it has; all in one transaction (see `propose`).

    Args:
        due: why another one is due at the next sign-in; empty: none is.

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: the actor is neither the account nor an administrator of its credentials.
        Invalid: the password cannot be taken; the message says why.
    """
    outcome: Proposed | Computed | Unfit = propose(work, account_id, password, organization_id=organization_id)
    if isinstance(outcome, Proposed):
        outcome = computed(work.tx.vault, outcome)
    if isinstance(outcome, Computed):
        return settle_new(work, outcome, due=due)
    raise unfit(outcome.reasons)


def unfit(reasons: tuple[str, ...]) -> Invalid:
    """Return the refusal of a password that cannot be taken."""
    return Invalid("This password cannot be used.", field="password", code="weak-password", advice=" ".join(reasons))


def store(work: Work, account: Account, hashed: str, *, due: str = "") -> None:
    """Store the hash of a new password of an account."""
    row = work.tx.session.get(Password, (account.organization_id, account.id))
    if row is None:
        row = Password(organization_id=account.organization_id, account_id=account.id, changed_at=work.now)
        work.tx.session.add(row)
    row.hash, row.pepper, row.changed_at = hashed, PEPPER, work.now
    row.must_change, row.imported = due, ""
    work.tx.session.flush()


def state(work: Work, organization_id: str, account_id: str) -> tuple[str, str]:
    """Return the scheme of the account's password if another system hashed it, and why a new one is due; else empty."""
    row = work.tx.session.get(Password, (organization_id, account_id))
    return ("", "") if row is None else (row.imported, row.must_change)


def has_password(work: Work, organization_id: str, account_id: str) -> bool:
    """Say whether the account has a password."""
    return work.tx.session.get(Password, (organization_id, account_id)) is not None


def context_words(account: Account, organization: Organization) -> set[str]:
    """Return the words that may not be an account's password: e-mail, its parts, names, organization, product."""
    local, _, domain = account.email.partition("@")
    words = {account.email, local, domain, domain.partition(".")[0], organization.name, organization.slug, "ostiary"}
    words.update(local.replace("_", ".").replace("-", ".").replace("+", ".").split("."))
    words.update(account.name.split())
    words.update((account.name, account.name.replace(" ", ""), organization.name.replace(" ", "")))
    words.update((account.given_name, account.family_name))
    return words - {""}


def own_or_administered(
    work: Work,
    account_id: str,
    organization_id: str,
    permission: Permission | Collection[Permission] = Permission.ACCOUNT_CREDENTIALS,
) -> Account:
    """
    Return an account whose credentials this actor may change: its own, or one it administers.

    Args:
        permission: what an administrator needs (one of several).

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: it may see it, but not change its credentials, or the account administers what the actor does not.
    """
    if work.actor.kind == "account" and (work.actor.organization_id, work.actor.id) == (organization_id, account_id):
        return work.tx.session.get_one(Account, (organization_id, account_id))
    account = queries.account(work, account_id, organization_id=organization_id)
    rights.require_over(work, permission, account)
    return account
