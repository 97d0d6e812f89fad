"""
Setting a password by a link in a mail: for whoever has forgotten theirs, was invited, or gets their first one.

It never signs in and leaves the second step as it is (threats A19). What is asked for at the page does the same
work whoever it is for, and answers the same: the look-up is a job's, the mail is the outbox's (A1, A2).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from idp.audit.events import PasswordLinkUsed, PasswordResetMailed, PasswordResetRefused
from idp.audit.log import record
from idp.base import jobs
from idp.base.errors import Conflict
from idp.base.work import Actor, Work
from idp.directory import invitations, mailing, names
from idp.directory.models import Account, Organization
from idp.directory.policies import authentication_policy
from idp.policy.access.context import AccountKind
from idp.policy.signon import Method
from idp.settings import ThrottlingSettings
from idp.signon import devices, lockout, mail_links
from idp.signon.factors import hashing
from idp.signon.factors import password as password_
from idp.signon.factors.password import Judgement
from idp.signon.mail_links import FIRST_PASSWORD, INVITATION, PASSWORD_RESET, Link, LinkOver
from idp.signon.models import Password

KIND = "password-reset"
"""The job that looks whether there is somebody to mail to."""
BY_MAIL = "mail"
STOPPED = "stopped"
"""In `Password.must_change`: the password was stopped, and only an administrator helps."""
# What no password is the password of: the tag of no input is all zeros.
_NEVER = "$argon2id$v=19$m=19456,t=2,p=1$b3N0aWFyeS1zdG9wcGVkIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
_PURPOSES = (PASSWORD_RESET, INVITATION, FIRST_PASSWORD)


def ask(work: Work, organization_id: str, typed_email: str, limits: ThrottlingSettings) -> lockout.Wait | None:
    """
    Ask for a link to be mailed to the account of *typed_email*, if there is one and its policy allows it.

    Of one address a few within an hour are honoured; the answer is the same for the others. A network that asks
    too much is told to wait.

    Raises:
        Invalid: it is no e-mail address.
    """
    key = names.email_key(typed_email)
    honoured = lockout.reserve_mail(work, f"{KIND}:{organization_id}:{key}", limits)
    if isinstance(honoured, lockout.Wait):
        return honoured
    if honoured:
        jobs.defer(
            work,
            KIND,
            key=f"{KIND}:{work.origin.request_id}",
            payload={"organization_id": organization_id, "email_key": key, "ip": work.origin.ip},
            organization_id=organization_id,
        )
    return None


def run(work: Work, payload: Mapping[str, Any]) -> None:
    """Do the job that `ask` asked for: mail a link, or nothing."""
    account = work.tx.session.scalar(
        select(Account).where(
            Account.organization_id == payload["organization_id"], Account.email_key == payload["email_key"]
        )
    )
    if account is None:
        return
    cause = why_not(work, account)
    if cause:
        record(
            work,
            PasswordResetRefused(
                organization_id=account.organization_id, target_id=account.id, cause=cause, asked_from=payload["ip"]
            ),
        )
        return
    mail_reset(work, account, asked_from=payload["ip"])


def mail_reset(work: Work, account: Account, *, asked_from: str) -> None:
    """Mail a link to *account*; the caller knows that its policy allows it (`why_not`)."""
    organization = work.tx.session.get_one(Organization, account.organization_id)
    mailing.queue(
        work,
        account.email,
        "password-reset",
        {
            "organization": organization.name,
            "email": account.email,
            "asked_from": asked_from,
            "path": f"/recover/{mail_links.issue(work, PASSWORD_RESET, account)}",
        },
        organization_id=account.organization_id,
    )
    record(
        work,
        PasswordResetMailed(organization_id=account.organization_id, target_id=account.id, asked_from=asked_from),
    )


def why_not(work: Work, account: Account) -> str:
    """Return why *account* cannot be won back by mail, for the administrator; empty: it can."""
    policy = authentication_policy(work, account.organization_id, account.policy_id)
    password = work.tx.session.get(Password, (account.organization_id, account.id))
    if account.disabled_at is not None:
        return "the account is disabled"
    if account.kind == AccountKind.BREAK_GLASS:
        return "break-glass accounts are not recovered by mail"
    if BY_MAIL not in policy.recovery:
        return "its authentication policy does not allow recovery by mail"
    if Method.PASSWORD not in policy.methods:
        return "its authentication policy does not allow passwords"
    if password is not None and password.must_change == STOPPED:
        return "its password was stopped after an incident: an administrator helps"
    return ""


def has_usable_password(work: Work, account: Account) -> bool:
    """Say whether there is a password with which the account could be signed in to."""
    row = work.tx.session.get(Password, (account.organization_id, account.id))
    return row is not None and row.hash != _NEVER


def stop(work: Work, account: Account, *, only_administrator: bool) -> None:
    """
    Let the account's password work no more.

    Args:
        only_administrator: nor can it be set anew by mail, until an administrator has helped.
    """
    row = work.tx.session.get(Password, (account.organization_id, account.id))
    if row is None:
        if not only_administrator:
            return
        row = Password(organization_id=account.organization_id, account_id=account.id, changed_at=work.now)
        work.tx.session.add(row)
    row.hash, row.pepper, row.imported = _NEVER, hashing.PEPPER, ""
    row.must_change = STOPPED if only_administrator else ""
    work.tx.session.flush()


def find(work: Work, token: str) -> Link:
    """
    Return the link with which a password may be set now.

    Raises:
        LinkOver: it is not good, or no longer.
    """
    return _allowed(work, mail_links.find(work, token, *_PURPOSES))


def minimum(work: Work, link: Link) -> int:
    """Return the least number of characters that the password of the link's account has."""
    return authentication_policy(work, link.organization_id, link.policy_id).password_rules.minimum


def judge(work: Work, link: Link, typed: str) -> Judgement:
    """Return what there is to say of *typed* as the password of the link's account, while it is typed."""
    account = work.tx.session.get_one(Account, (link.organization_id, link.account_id))
    return password_.judge(work, account, typed)


def propose(work: Work, token: str, wanted: str) -> password_.Proposed | password_.Unfit:
    """
    Check *wanted* as the password of the link's account. Commit before `password.computed`.

    Raises:
        LinkOver: the link is not good, or no longer.
    """
    link = find(work, token)
    return password_.propose(_as_themselves(work, link), link.account_id, wanted, organization_id=link.organization_id)


def set_password(work: Work, token: str, new: password_.Computed) -> None:
    """
    Use the link up and set the password, in one transaction. Every sign-on of the account ends.

    Raises:
        LinkOver: it is not good, it is another account's, or somebody else was faster.
    """
    link = _allowed(work, mail_links.use(work, token, *_PURPOSES))
    proposed = new.proposed
    if (proposed.organization_id, proposed.account_id, proposed.epoch) != (
        link.organization_id,
        link.account_id,
        link.epoch,
    ):
        raise LinkOver
    try:
        account = password_.settle_new(_as_themselves(work, link), new)
    except Conflict as error:
        raise LinkOver from error
    mail_links.end_all(work, account.id)
    devices.end_all(work, link.organization_id, account.id)
    invitations.note_accepted(work, link.organization_id, account.id)
    record(
        work,
        PasswordLinkUsed(organization_id=link.organization_id, target_id=account.id, purpose=link.purpose.name),
    )


def _as_themselves(work: Work, link: Link) -> Work:
    """Whoever brings the link is taken for the person, for this one thing."""
    return replace(work, actor=Actor("account", link.account_id, link.email, link.organization_id))


def _allowed(work: Work, link: Link | None) -> Link:
    if link is None:
        raise LinkOver
    if link.purpose is PASSWORD_RESET:
        account = work.tx.session.get_one(Account, (link.organization_id, link.account_id))
        if why_not(work, account):
            raise LinkOver
    return link
