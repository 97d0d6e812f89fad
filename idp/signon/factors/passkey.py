"""
Passkeys and security keys of accounts: what is kept of them, and what is written when one is used (WebAuthn level 3).

One that verified the person when it was set up is a passkey and can stand alone; any other is a second step.
"""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, select, update

from idp.audit.events import AuthenticatorCloned, AuthenticatorRenamed, SecondStepEnrolled, SecondStepRemoved
from idp.audit.log import record
from idp.base.crypto import Vault, equal
from idp.base.errors import NotFound
from idp.base.ids import is_id, new_id
from idp.base.prepared import Prepared
from idp.base.tables import insert_if_absent, table
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import names, policy_members
from idp.directory.models import Account
from idp.directory.policies import AuthenticationFacts
from idp.directory.rights import RECOVERY
from idp.policy.models import AuthenticationPolicy
from idp.policy.permissions import Permission
from idp.policy.signon import Method
from idp.signon import devices, notices
from idp.signon.factors import enrolled
from idp.signon.factors.password import own_or_administered
from idp.signon.factors.webauthn_checks import NO_MODEL, NewCredential, Proven, Rejected
from idp.signon.models import Authenticator

MOST_PER_ACCOUNT = 20
_ID = "aut"

_TABLE = table(Authenticator)
_COLUMNS = (
    "organization_id",
    "id",
    "account_id",
    "name",
    "credential_id",
    "public_key",
    "sign_count",
    "transports",
    "aaguid",
    "attestation",
    "verifies",
    "backup_eligible",
)
_FIND = Prepared(
    select(
        *(_TABLE.c[name] for name in _COLUMNS),
        Account.epoch,
        Account.disabled_at,
        Account.policy_id,
    )
    .join(Account, (Account.organization_id == _TABLE.c.organization_id) & (Account.id == _TABLE.c.account_id))
    .where(
        _TABLE.c.organization_id == bindparam("organization_id"), _TABLE.c.credential_id == bindparam("credential_id")
    )
)
_ADD = Prepared(insert_if_absent(Authenticator))
# Section 6.1.1: a counter that stays at zero is no counter; any other only ever grows, or there are two of it.
_USE = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.id == bindparam("authenticator_id"),
        (_TABLE.c.sign_count < bindparam("new_count")) | ((_TABLE.c.sign_count == 0) & (bindparam("new_count") == 0)),
    )
    .values(
        sign_count=bindparam("new_count"),
        backed_up=bindparam("new_backed_up", type_=_TABLE.c.backed_up.type),
        last_used_at=bindparam("used_at", type_=_TABLE.c.last_used_at.type),
    )
)


@dataclass(frozen=True, slots=True)
class Known:
    """A credential that is known here, and the account that it is of."""

    organization_id: str
    id: str
    account_id: str
    name: str
    credential_id: str
    public_key: str
    sign_count: int
    transports: list[str]
    aaguid: str
    attestation: str
    verifies: bool
    backup_eligible: bool
    account_epoch: int
    account_disabled: bool
    account_policy_id: str | None


def user_handle(vault: Vault, organization_id: str, account_id: str) -> bytes:
    """Return what authenticators call the account: 32 bytes, always the same, that say nothing of the person (14.6.1)."""
    key = vault.derived("webauthn-user-handle")
    return hmac.new(key, f"{organization_id}:{account_id}".encode(), hashlib.sha256).digest()


def is_handle_of(vault: Vault, handle: bytes, organization_id: str, account_id: str) -> bool:
    """Say whether *handle* is what authenticators call the account."""
    return equal(handle.hex(), user_handle(vault, organization_id, account_id).hex())


def offered(work: Work, organization_id: str) -> bool:
    """Say whether somebody of the organization may sign in with a passkey alone. The same whoever it is (A1)."""

    def read() -> bool:
        stored = work.tx.session.scalars(
            select(AuthenticationPolicy.methods).where(AuthenticationPolicy.organization_id == organization_id)
        )
        return any(Method.PASSKEY.value in methods for methods in stored)

    return work.tx.memory.recall(("passkeys-offered", organization_id), read)


def find(work: Work, organization_id: str, credential_id: str) -> Known | None:
    """Return the credential of that id (base64url) in the organization, None if there is none."""
    row = work.tx.row(_FIND, organization_id=organization_id, credential_id=credential_id)
    if row is None:
        return None
    return Known(
        **{name: getattr(row, name) for name in _COLUMNS},
        account_epoch=row.epoch,
        account_disabled=row.disabled_at is not None,
        account_policy_id=row.policy_id,
    )


def of_account(work: Work, organization_id: str, account_id: str) -> list[Authenticator]:
    """Return the passkeys and security keys of an account, oldest first."""
    query = (
        select(Authenticator)
        .where(Authenticator.organization_id == organization_id, Authenticator.account_id == account_id)
        .order_by(Authenticator.created_at, Authenticator.id)
    )
    return list(work.tx.session.scalars(query))


def why_not_accepted(
    policy: AuthenticationFacts, *, aaguid: str, attestation: str, backup_eligible: bool
) -> str | None:
    """Return why the policy does not take such a credential, None if it does."""
    if policy.device_bound_only and backup_eligible:
        return phrase("it can be copied to other devices, which the policy does not take")
    if policy.authenticators and attestation in NO_MODEL:
        return phrase("its maker does not vouch for its model, and the policy takes named models only")
    if policy.authenticators and aaguid not in policy.authenticators:
        return phrase("its model (%(aaguid)s) is none of those that the policy takes", aaguid=aaguid)
    return None


def enrol(work: Work, account: Account, made: NewCredential, *, name: str) -> str | Rejected:
    """
    Keep a credential that was verified; return its id. The caller has checked that this may be done, and by policy.

    Raises:
        Invalid: the name cannot be used.
    """
    authenticator_id, called = new_id(_ID), names.name(name)[:128]
    added = work.tx.run(
        _ADD,
        organization_id=account.organization_id,
        id=authenticator_id,
        account_id=account.id,
        name=called,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        transports=list(made.transports),
        aaguid=made.aaguid,
        attestation=made.attestation,
        verifies=made.user_verified,
        discoverable=made.discoverable,
        backup_eligible=made.backup_eligible,
        backed_up=made.backed_up,
        created_at=work.now,
        last_used_at=None,
    )
    if not added:
        return Rejected("a credential of this id is known here already")
    policy_members.begin_grace_anew(account)
    record(
        work,
        SecondStepEnrolled(
            organization_id=account.organization_id,
            target_id=account.id,
            method=method_of(verifies=made.user_verified).value,
            name=called,
        ),
    )
    _notify(work, account.organization_id, account.id, notices.SECOND_STEP_ADDED, called)
    return authenticator_id


def use(work: Work, known: Known, proven: Proven) -> Rejected | None:
    """
    Write down that a credential was used; return why it is not taken after all.

    A counter that did not grow means that there is a copy of the key: refused, and told to the audit log (6.1.1).
    """
    if proven.backup_eligible != known.backup_eligible:
        return Rejected("whether it can be copied has changed, which cannot be")
    if work.tx.run(
        _USE,
        of_organization=known.organization_id,
        authenticator_id=known.id,
        new_count=proven.sign_count,
        new_backed_up=proven.backed_up,
        used_at=work.now,
    ):
        return None
    record(
        work,
        AuthenticatorCloned(
            organization_id=known.organization_id,
            target_id=known.account_id,
            name=known.name,
            known_count=known.sign_count,
            shown_count=proven.sign_count,
        ),
    )
    return Rejected(
        phrase(
            "its counter did not grow (%(sign_count)s after %(known)s): there may be a copy of it",
            sign_count=proven.sign_count,
            known=known.sign_count,
        )
    )


def rename(work: Work, account_id: str, authenticator_id: str, name: str, *, organization_id: str) -> None:
    """
    Give a passkey or security key another name.

    Raises:
        NotFound: no such one, or no such account that this actor may see.
        Forbidden: the actor is neither the account nor an administrator of its credentials.
        Invalid: the name cannot be used.
    """
    found = _own(work, account_id, authenticator_id, organization_id)
    before, found.name = found.name, names.name(name)[:128]
    work.tx.session.flush()
    if before != found.name:
        record(
            work,
            AuthenticatorRenamed(
                organization_id=organization_id, target_id=found.account_id, before=before, after=found.name
            ),
        )


def remove(work: Work, account_id: str, authenticator_id: str, *, organization_id: str, keep_one: bool) -> None:
    """
    Remove a passkey or security key from an account.

    Args:
        keep_one: the account's policy requires a second step, so the last one stays.

    Raises:
        NotFound: no such one, or no such account that this actor may see.
        Forbidden: the actor is neither the account nor an administrator of its credentials.
        Conflict: it is the last one, and *keep_one*.
    """
    found = _own(work, account_id, authenticator_id, organization_id, RECOVERY)
    if keep_one:
        account = work.tx.session.get_one(Account, (organization_id, found.account_id))
        enrolled.keep_one(work, account, frozenset({Method.SECURITY_KEY, method_of(verifies=found.verifies)}))
    work.tx.session.execute(
        delete(Authenticator).where(
            Authenticator.organization_id == organization_id, Authenticator.id == authenticator_id
        )
    )
    devices.ask_again(work, organization_id, found.account_id)
    record(
        work,
        SecondStepRemoved(
            organization_id=organization_id,
            target_id=found.account_id,
            method=method_of(verifies=found.verifies).value,
            name=found.name,
        ),
    )
    _notify(work, organization_id, found.account_id, notices.SECOND_STEP_REMOVED, found.name)


def _notify(work: Work, organization_id: str, account_id: str, kind: str, name: str) -> None:
    notices.notify(work, organization_id=organization_id, account_id=account_id, kind=kind, facts={"name": name})


def method_of(*, verifies: bool) -> Method:
    """Return what a credential proves at best."""
    return Method.PASSKEY if verifies else Method.SECURITY_KEY


def _own(
    work: Work,
    account_id: str,
    authenticator_id: str,
    organization_id: str,
    permission: Permission | Collection[Permission] = Permission.ACCOUNT_CREDENTIALS,
) -> Authenticator:
    account = own_or_administered(work, account_id, organization_id, permission)
    known = is_id(authenticator_id, _ID)
    found = work.tx.session.get(Authenticator, (organization_id, authenticator_id)) if known else None
    if found is None or found.account_id != account.id:
        raise NotFound("There is no such passkey or security key.", advice="Look at the account again.")
    return found


def is_full(work: Work, account: Account) -> bool:
    """Say whether the account has as many as there may be."""
    found = (
        work.tx.session.scalar(
            select(func.count())
            .select_from(Authenticator)
            .where(Authenticator.organization_id == account.organization_id, Authenticator.account_id == account.id)
        )
        or 0
    )
    return found >= MOST_PER_ACCOUNT
