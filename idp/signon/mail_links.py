"""
Links in mails: good once, for one purpose and one account, as long as that account is what it was.

A link is bound to the account's address and epoch: it dies with a new password, with the end of every sign-on and
with a new address (threats A17). A newer one of the same purpose ends the older ones. What it does is decided by
the token that was consumed and by nothing else (A18).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select

from idp.base.errors import PageError
from idp.base.ids import is_token, new_token
from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory.models import Account, Organization
from idp.signon import onetime


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a link is for: its name, the kind of its token, how long it lives, how its template is called."""

    name: str
    token: str
    lives: timedelta


PASSWORD_RESET = Purpose("password-reset", "rst", timedelta(minutes=30))
INVITATION = Purpose("invitation", "inv", timedelta(days=7))
FIRST_PASSWORD = Purpose("first-password", "fpw", timedelta(hours=24))
EMAIL_CHANGE = Purpose("email-change", "eml", timedelta(hours=24))
PURPOSES = (PASSWORD_RESET, INVITATION, FIRST_PASSWORD, EMAIL_CHANGE)


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is good at this moment, and the account that it is for. ``further`` is what it holds besides."""

    purpose: Purpose
    organization_id: str
    account_id: str
    epoch: int
    kind: str
    policy_id: str | None
    email: str
    further: dict[str, Any]


class LinkOver(PageError):
    """The link of a mail is good no more, or never was."""

    def __init__(self) -> None:
        super().__init__(
            "This link is not good, or no longer.",
            code="link-over",
            advice="Each link is good once and for a short time. Ask for a new one.",
            cause="no such link, or it was used, is too old, or its account has changed since",
        )


_ACCOUNT = Prepared(
    select(Account.email, Account.email_key, Account.epoch, Account.kind, Account.policy_id, Account.disabled_at)
    .join(Organization, Organization.id == Account.organization_id)
    .where(
        Account.organization_id == bindparam("organization_id"),
        Account.id == bindparam("account_id"),
        Organization.suspended_at.is_(None),
    )
)


_HOLD = Prepared(
    select(Account.id)
    .where(Account.organization_id == bindparam("organization_id"), Account.id == bindparam("account_id"))
    .with_for_update()
)


def purpose_of(token: str) -> Purpose | None:
    """Return what a token that somebody brought could be for, by its form alone."""
    return next((purpose for purpose in PURPOSES if is_token(token, purpose.token)), None)


def issue(work: Work, purpose: Purpose, account: Account, **further: str) -> str:
    """Return the token of a new link for *account*; older ones of that purpose are good no more."""
    hold(work, account.organization_id, account.id)
    onetime.end(work, purpose.name, account.id)
    token = new_token(purpose.token)
    onetime.store(
        work,
        purpose.name,
        token,
        organization_id=account.organization_id,
        subject_id=account.id,
        bound={
            "organization_id": account.organization_id,
            "account_id": account.id,
            "address": account.email_key,
            "epoch": account.epoch,
            "further": further,
        },
        lives=purpose.lives,
    )
    return token


def find(work: Work, token: str, *purposes: Purpose) -> Link | None:
    """Return the link of *token* if it is one of *purposes* and good at this moment. Uses nothing up."""
    purpose = purpose_of(token)
    if purpose not in purposes or purpose is None:
        return None
    found = onetime.look(work, purpose.name, token)
    return _link(work, purpose, found.bound) if isinstance(found, onetime.Unused) else None


def use(work: Work, token: str, *purposes: Purpose) -> Link | None:
    """Use the link of *token* up; None if it is not good, or somebody else was faster."""
    purpose = purpose_of(token)
    if purpose not in purposes or purpose is None:
        return None
    seen = onetime.look(work, purpose.name, token)
    if not isinstance(seen, onetime.Unused):
        return None
    hold(work, seen.bound["organization_id"], seen.bound["account_id"])
    consumed = onetime.consume(work, purpose.name, token)
    return _link(work, purpose, consumed.bound) if isinstance(consumed, onetime.Consumed) else None


def hold(work: Work, organization_id: str, account_id: str) -> None:
    """
    Let no other link of this account be made or used until this transaction is over.

    Always before the first link is written: of two that end each other's links one would wait for the other for
    ever (PostgreSQL; on SQLite one writes at a time anyway).
    """
    work.tx.row(_HOLD, organization_id=organization_id, account_id=account_id)


def end_all(work: Work, account_id: str) -> None:
    """End every link of an account that is still good."""
    for purpose in PURPOSES:
        onetime.end(work, purpose.name, account_id)


def _link(work: Work, purpose: Purpose, bound: dict[str, Any]) -> Link | None:
    row = work.tx.row(_ACCOUNT, organization_id=bound["organization_id"], account_id=bound["account_id"])
    if row is None or row.disabled_at is not None:
        return None
    if row.epoch != bound["epoch"] or row.email_key != bound["address"]:
        return None
    return Link(
        purpose=purpose,
        organization_id=bound["organization_id"],
        account_id=bound["account_id"],
        epoch=row.epoch,
        kind=row.kind,
        policy_id=row.policy_id,
        email=row.email,
        further=bound["further"],
    )
