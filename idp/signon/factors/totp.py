"""
Authenticator apps: time-based one-time passwords (RFC 6238: SHA-1, 6 digits, 30 s).

No time step is honoured twice: accepting one is a conditional write (A7).
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import pyotp
from sqlalchemy import bindparam, delete, select, update

from idp.audit.events import SecondStepEnrolled, SecondStepRemoved
from idp.audit.log import record
from idp.base.crypto import Vault, equal
from idp.base.errors import Conflict, Invalid, NotFound
from idp.base.ids import new_id
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import names, policy_members
from idp.directory.models import Account
from idp.directory.rights import RECOVERY
from idp.policy.signon import Method
from idp.settings import ThrottlingSettings
from idp.signon import devices, lockout, notices
from idp.signon.factors import enrolled
from idp.signon.factors.password import own_or_administered
from idp.signon.models import TotpFactor

STEP_SECONDS = 30
WINDOW = (0, -1, 1)
SECRET_BYTES = 20
LEAST_SECRET_BYTES = 16
MOST_PER_ACCOUNT = 5

_TABLE = table(TotpFactor)
_CONFIRMED = Prepared(
    select(TotpFactor.id, TotpFactor.secret_sealed, TotpFactor.last_step).where(
        TotpFactor.organization_id == bindparam("organization_id"),
        TotpFactor.account_id == bindparam("account_id"),
        TotpFactor.confirmed_at.is_not(None),
    )
)
_ACCEPT = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.id == bindparam("factor_id"),
        _TABLE.c.last_step < bindparam("step"),
    )
    .values(
        last_step=bindparam("step"), failures=0, last_used_at=bindparam("used_at", type_=_TABLE.c.last_used_at.type)
    )
)
_FAIL = Prepared(
    update(_TABLE)
    .where(_TABLE.c.organization_id == bindparam("of_organization"), _TABLE.c.account_id == bindparam("of_account"))
    .values(failures=_TABLE.c.failures + 1)
)


@dataclass(frozen=True, slots=True)
class Right:
    """The code was right and has been used up."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """The code was wrong, or was used before; ``cause`` is for the administrator."""

    cause: str


def exists(work: Work, organization_id: str, account_id: str) -> bool:
    """Say whether the account has a confirmed authenticator."""
    return bool(work.tx.rows(_CONFIRMED, organization_id=organization_id, account_id=account_id))


def factors(work: Work, organization_id: str, account_id: str) -> list[TotpFactor]:
    """Return the confirmed authenticators of an account, oldest first."""
    query = (
        select(TotpFactor)
        .where(
            TotpFactor.organization_id == organization_id,
            TotpFactor.account_id == account_id,
            TotpFactor.confirmed_at.is_not(None),
        )
        .order_by(TotpFactor.created_at, TotpFactor.id)
    )
    return list(work.tx.session.scalars(query))


def verify(
    work: Work, organization_id: str, account_id: str, code: str, limits: ThrottlingSettings
) -> Right | Wrong | lockout.Wait:
    """
    Try *code*; a right one is used up in this transaction. The outcome is a value, so it commits.
    """
    reserved = lockout.reserve_code(work, account_id, limits)
    if isinstance(reserved, lockout.Wait):
        return reserved
    digits = "".join(code.split())
    cause = phrase("wrong code")
    for row in work.tx.rows(_CONFIRMED, organization_id=organization_id, account_id=account_id):
        step = matching_step(work.tx.vault.open_(row.secret_sealed, _place(row.id)), digits, work.now)
        if step is None:
            continue
        if work.tx.run(_ACCEPT, of_organization=organization_id, factor_id=row.id, step=step, used_at=work.now):
            lockout.succeeded(work, reserved)
            return Right()
        cause = phrase("the code of this time step was used before")
    work.tx.run(_FAIL, of_organization=organization_id, of_account=account_id)
    if reserved.last:
        lockout.stopped(work, organization_id, account_id, Method.TOTP)
    return Wrong(cause)


def matching_step(secret: bytes, digits: str, now: datetime) -> int | None:
    """Return the time step within the window that *digits* belong to, or None."""
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    generator = pyotp.TOTP(base64.b32encode(secret).decode("ascii"))
    current = int(now.timestamp()) // STEP_SECONDS
    found = None
    for offset in WINDOW:
        if equal(generator.generate_otp(current + offset), digits) and found is None:
            found = current + offset
    return found


def enrolment_secret(vault: Vault, enrolment: str) -> bytes:
    """
    Return the secret that is offered in the enrolment called *enrolment*, each time the same.

    It is derived, not stored: showing the page writes nothing, and nothing is kept of an
    enrolment that was never confirmed.
    """
    key = vault.derived("totp-enrolment")
    return hmac.new(key, enrolment.encode("utf-8"), hashlib.sha256).digest()[:SECRET_BYTES]


def provisioning_uri(secret: bytes, *, email: str, organization: str) -> str:
    """Return the ``otpauth://`` address that authenticator apps read from the QR code."""
    label = f"{quote(organization, safe='')}:{quote(email, safe='@')}"
    return f"otpauth://totp/{label}?secret={spelled(secret)}&issuer={quote(organization, safe='')}"


def spelled(secret: bytes) -> str:
    """Return *secret* in base32 without padding, as people type it."""
    return base64.b32encode(secret).decode("ascii").rstrip("=")


def read_secret(value: str) -> bytes:
    """
    Return the secret that *value* spells in base32 (spaces, hyphens and case do not matter).

    Raises:
        Invalid: it is no base32, or fewer than 128 bits.
    """
    text = "".join(value.split()).replace("-", "").upper().rstrip("=")
    try:
        secret = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError) as error:
        raise Invalid("This is no base32 secret.", field="totp_secret") from error
    if len(secret) < LEAST_SECRET_BYTES:
        raise Invalid(
            "This secret is too short.", field="totp_secret", advice="Use at least 26 base32 characters (128 bits)."
        )
    return secret


def add(work: Work, account_id: str, secret: bytes, *, organization_id: str, name: str) -> TotpFactor:
    """
    Give an account a confirmed authenticator with *secret* (it was proven, or an administrator vouches).

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: the actor is neither the account nor an administrator of its credentials.
        Conflict: it has as many as there may be.
    """
    account = own_or_administered(work, account_id, organization_id)
    being_made = work.actor.kind != "account" and account.created_at == work.now
    return enrol(work, account, secret, name=name, tell=not being_made)


def enrol(work: Work, account: Account, secret: bytes, *, name: str, tell: bool = True) -> TotpFactor:
    """
    Store a confirmed authenticator for *account*; the caller has checked that this may be done.

    Args:
        tell: the person gets a notice (not while an administrator makes the account).

    Raises:
        Conflict: it has as many as there may be.
    """
    if len(factors(work, account.organization_id, account.id)) >= MOST_PER_ACCOUNT:
        raise Conflict(
            phrase("An account has at most %(most_per_account)s authenticators.", most_per_account=MOST_PER_ACCOUNT),
            advice="Remove one first.",
        )
    factor_id = new_id("otp")
    factor = TotpFactor(
        organization_id=account.organization_id,
        id=factor_id,
        account_id=account.id,
        name=names.name(name)[:128],
        secret_sealed=work.tx.vault.seal(secret, _place(factor_id)),
        created_at=work.now,
        confirmed_at=work.now,
    )
    work.tx.session.add(factor)
    policy_members.begin_grace_anew(account)
    work.tx.session.flush()
    record(
        work,
        SecondStepEnrolled(
            organization_id=account.organization_id, target_id=account.id, method=Method.TOTP.value, name=factor.name
        ),
    )
    if tell:
        _notify(work, account, notices.SECOND_STEP_ADDED, factor.name)
    return factor


def use_first_code(work: Work, factor: TotpFactor, code: str) -> bool:
    """Use up the code that confirmed a new authenticator; False if it does not fit its secret."""
    secret = work.tx.vault.open_(factor.secret_sealed, _place(factor.id))
    step = matching_step(secret, "".join(code.split()), work.now)
    if step is None:
        return False
    return bool(
        work.tx.run(_ACCEPT, of_organization=factor.organization_id, factor_id=factor.id, step=step, used_at=work.now)
    )


def remove(work: Work, account_id: str, factor_id: str, *, organization_id: str, keep_one: bool) -> None:
    """
    Remove an authenticator from an account.

    Args:
        keep_one: the account's policy requires a second step, so the last one stays.

    Raises:
        NotFound: no such authenticator, or no such account that this actor may see.
        Forbidden: the actor is neither the account nor an administrator of its credentials.
        Conflict: it is the last one, and *keep_one*.
    """
    account = own_or_administered(work, account_id, organization_id, RECOVERY)
    known = factors(work, organization_id, account.id)
    factor = next((f for f in known if f.id == factor_id), None)
    if factor is None:
        raise NotFound("There is no such authenticator.")
    if keep_one:
        enrolled.keep_one(work, account, frozenset({Method.TOTP}))
    work.tx.session.execute(
        delete(TotpFactor).where(TotpFactor.organization_id == organization_id, TotpFactor.id == factor_id)
    )
    devices.ask_again(work, organization_id, account.id)
    record(
        work,
        SecondStepRemoved(
            organization_id=organization_id, target_id=account.id, method=Method.TOTP.value, name=factor.name
        ),
    )
    _notify(work, account, notices.SECOND_STEP_REMOVED, factor.name)


def _notify(work: Work, account: Account, kind: str, name: str) -> None:
    notices.notify(
        work,
        organization_id=account.organization_id,
        account_id=account.id,
        kind=kind,
        facts={"method": Method.TOTP.value, "name": name},
    )


def _place(factor_id: str) -> str:
    return f"totp_factors:secret_sealed:{factor_id}"
