"""
Codes by e-mail: six digits to the account's address, good for ten minutes, in one sign-on of one browser.

The weakest second step, off unless an authentication policy allows it: whoever reads the mailbox has it. The
address is the account's own and nobody else's choice; the code is in the mail and in no answer (threats A9).
"""

import hashlib
import hmac
import secrets
from datetime import timedelta

from idp.audit.events import EmailCodeMailed
from idp.audit.log import record
from idp.base.work import Work
from idp.directory import mailing
from idp.directory.models import Account, Organization
from idp.policy.signon import Method
from idp.settings import ThrottlingSettings
from idp.signon import lockout, onetime
from idp.signon.factors.totp import Right, Wrong
from idp.signon.pending import Pending

PURPOSE = "email-code"
LIVES = timedelta(minutes=10)
DIGITS = 6


def send(work: Work, account: Account, row: Pending) -> lockout.Wait | None:
    """Mail a new code for the sign-on *row*; the one before is good no more. Or say how long to wait."""
    waiting = lockout.reserve_mailed_code(work, account.id, row.id)
    if waiting is not None:
        return waiting
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    onetime.end(work, PURPOSE, row.id)
    onetime.store(
        work,
        PURPOSE,
        _stored(work, account, row, digits),
        organization_id=account.organization_id,
        subject_id=row.id,
        bound={"account_id": account.id},
        lives=LIVES,
    )
    organization = work.tx.session.get_one(Organization, account.organization_id)
    mailing.queue(
        work,
        account.email,
        "email-code",
        {"organization": organization.name, "code": digits, "asked_from": work.origin.ip},
        organization_id=account.organization_id,
    )
    record(work, EmailCodeMailed(organization_id=account.organization_id, target_id=account.id))
    return None


def was_sent(work: Work, row: Pending) -> bool:
    """Say whether a code of the sign-on *row* is on its way and still good."""
    return onetime.waits(work, PURPOSE, row.id)


def verify(
    work: Work, account: Account, row: Pending, typed: str, limits: ThrottlingSettings
) -> Right | Wrong | lockout.Wait:
    """Try a code; a right one is used up in this transaction. Five tries in one sign-on."""
    reserved = lockout.reserve_email_code(work, account.id, row.id, limits)
    if isinstance(reserved, lockout.Wait):
        return reserved
    digits = "".join(typed[:64].split())
    if len(digits) == DIGITS and digits.isascii() and digits.isdigit():
        used = onetime.consume(work, PURPOSE, _stored(work, account, row, digits))
        if isinstance(used, onetime.Consumed):
            lockout.succeeded(work, reserved)
            return Right()
    if reserved.last:
        lockout.stopped(work, account.organization_id, account.id, Method.EMAIL_CODE)
    return Wrong("wrong code by e-mail, or it is too old, or of another sign-on")


def _stored(work: Work, account: Account, row: Pending, digits: str) -> str:
    """
    What stands for a code: six digits are guessed from a plain fingerprint at once, so that it takes our key.

    Sign-on, browser, account and address are part of it: anywhere else the same digits are wrong.
    """
    said = ":".join((row.id, row.browser_hash or "", account.organization_id, account.id, account.email_key, digits))
    return hmac.new(work.tx.vault.derived("email-code"), said.encode(), hashlib.sha256).hexdigest()
