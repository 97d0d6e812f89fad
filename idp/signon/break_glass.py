"""
The alarm of break-glass accounts: every use of one, and every try, is told to all organization administrators.

Such an account is under no rules of contextual access, so that somebody gets in when the rules are wrong.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import bindparam, select

from idp.audit.events import BreakGlassUsed
from idp.audit.log import plain, record
from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory import mailing, queries
from idp.directory.administering import ADMINISTRATES
from idp.directory.models import Account, Organization
from idp.policy.authentication import PolicyKind
from idp.policy.permissions import Permission
from idp.signon import lockout
from idp.signon.factors import enrolled
from idp.signon.models import Password

_ROTATED_WITHIN = timedelta(days=365)
SIGNED_IN, BEGAN, TRIED = "signed in", "began to sign in: the first step was right", "tried to sign in, without success"

log = structlog.get_logger("idp.break_glass")

_ACCOUNT = Prepared(
    select(Account.kind, Account.email, Organization.name.label("organization"))
    .join(Organization, Organization.id == Account.organization_id)
    .where(Account.organization_id == bindparam("organization_id"), Account.id == bindparam("account_id"))
)
_ADMINISTRATORS = Prepared(select(Account.email).where(ADMINISTRATES).order_by(Account.email))


def signed_in(work: Work, organization_id: str, account_id: str, methods: str, attempt_id: str) -> None:
    """Raise the alarm: a break-glass account has got a session, or has proven something anew in one."""
    account = work.tx.rows(_ACCOUNT, organization_id=organization_id, account_id=account_id)[0]
    _record(work, organization_id, account_id, account.email, SIGNED_IN, methods, attempt_id)
    _mail(work, organization_id, account, SIGNED_IN, methods, attempt_id)


def began(work: Work, organization_id: str, account_id: str, method: str, attempt_id: str) -> None:
    """
    Raise the alarm if the account, whose first step was just proven by *method*, is a break-glass one.

    Whoever has got hold of its password learns so by it, and may never go on to the second step. Every time is
    audited and logged; of those of one hour ten are mailed, whatever number of tries failed.
    """
    account = work.tx.row(_ACCOUNT, organization_id=organization_id, account_id=account_id)
    if account is None or account.kind != PolicyKind.BREAK_GLASS:
        return
    _record(work, organization_id, account_id, account.email, BEGAN, method, attempt_id)
    if lockout.count_alarm(work, account_id, BEGAN) is None:
        _mail(work, organization_id, account, BEGAN, method, attempt_id)


def tried(work: Work, organization_id: str, account_id: str, method: str, cause: str, attempt_id: str) -> None:
    """
    Raise the alarm if the account, of which something was not proven because of *cause*, is a break-glass one.

    Every try is audited and logged; of those of one hour ten are mailed.
    """
    account = work.tx.row(_ACCOUNT, organization_id=organization_id, account_id=account_id)
    if account is None or account.kind != PolicyKind.BREAK_GLASS:
        return
    what = f"{TRIED} ({cause})"
    _record(work, organization_id, account_id, account.email, what, method, attempt_id)
    if lockout.count_alarm(work, account_id, TRIED) is None:
        _mail(work, organization_id, account, what, method, attempt_id)


@dataclass(frozen=True, slots=True)
class Neglected:
    """A break-glass account that may not help in an emergency, or helps somebody else."""

    email: str
    cause: str


def neglected(work: Work) -> list[Neglected]:
    """Return the break-glass accounts that the actor may see and that somebody should look after."""
    query = (
        queries.visible(work, Account, Permission.ACCOUNT_READ)
        .where(Account.kind == PolicyKind.BREAK_GLASS, Account.disabled_at.is_(None))
        .order_by(Account.email)
    )
    found = ((account.email, _why_neglected(work, account)) for account in work.tx.session.scalars(query))
    return [Neglected(email, cause) for email, cause in found if cause]


def _why_neglected(work: Work, account: Account) -> str:
    password = work.tx.session.get(Password, (account.organization_id, account.id))
    if not enrolled.exists(work, account.organization_id, account.id):
        return "it has no second step yet: whoever signs in first sets one up"
    if password is not None and work.now - password.changed_at > _ROTATED_WITHIN:
        return f"its password has not been changed since {password.changed_at:%Y-%m-%d}"
    return ""


def _record(
    work: Work, organization_id: str, account_id: str, email: str, what: str, method: str, attempt_id: str
) -> None:
    log.error(
        "break-glass account used",
        organization=organization_id,
        account=account_id,
        what=what,
        method=method,
        reference=attempt_id,
        ip=work.origin.ip,
        request_id=work.origin.request_id,
    )
    record(
        work,
        BreakGlassUsed(
            organization_id=organization_id,
            target_id=account_id,
            email=email,
            what=what,
            method=method,
            attempt_id=attempt_id,
        ),
    )


def _mail(work: Work, organization_id: str, account: Any, what: str, method: str, attempt_id: str) -> None:
    values = {
        "email": account.email,
        "organization": account.organization,
        "what": what,
        "method": method,
        "at": work.now.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "ip": work.origin.ip,
        "agent": plain(work.origin.user_agent)[:256],
        "reference": attempt_id,
    }
    for administrator in work.tx.rows(_ADMINISTRATORS, organization_id=organization_id, now=work.now):
        mailing.queue(work, administrator.email, "break-glass", values, organization_id=organization_id)
