"""
First passwords: an invitation that makes an account and mails its link, or a link for an account that has none yet.

Whoever opens the link sets the password and then signs in as the policy asks: an administrator never knows it.
"""

from idp.audit.events import AccountInvited, FirstPasswordLinkMade
from idp.audit.log import record
from idp.base import mail
from idp.base.errors import Conflict, Invalid, NotFound
from idp.base.work import Work
from idp.directory import accounts, queries, rights
from idp.directory.models import Account, Organization
from idp.directory.policies import authentication_policy
from idp.policy.access.context import AccountKind
from idp.policy.permissions import Permission, require
from idp.policy.signon import Method
from idp.signon import mail_links, password_reset
from idp.signon.mail_links import FIRST_PASSWORD, INVITATION, Purpose

INVITED = (AccountKind.MEMBER.value, AccountKind.GUEST.value)


def invite(work: Work, email: str, *, organization: str, name: str = "", kind: str = "") -> Account:
    """
    Create an account and mail the person a link to set its password, good for 7 days.

    An account that is there already and has no password yet is mailed a new link; the older one is good no more.

    Args:
        name: the person's name; for a new account.
        kind: ``member`` or ``guest``; for a new account (default: member).

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not create accounts there.
        Invalid: the address or the name cannot be used, or there is no name, or nobody of that kind is invited.
        Conflict: the account has a password, is disabled, or its policy allows no passwords.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.ACCOUNT_CREATE, owner.id)
    if kind and kind not in INVITED:
        raise Invalid(f"Only a {' or a '.join(INVITED)} is invited.", field="kind")
    try:
        account = queries.account(work, email, organization_id=owner.id)
    except NotFound:
        if not name:
            raise Invalid(
                "Whom you invite needs a name.", field="name", advice="Say it with --name.", cause="no such account"
            ) from None
        account = accounts.create(
            work, email, organization=organization, name=name, kind=kind or AccountKind.MEMBER.value
        )
    rights.require_over(work, Permission.ACCOUNT_CREATE, account)
    _check(work, account)
    _mail(work, account, INVITATION)
    record(work, AccountInvited(organization_id=owner.id, target_id=account.id, email=account.email))
    return account


def first_password(
    work: Work, reference: str, *, organization_id: str | None = None, by_mail: bool = True
) -> tuple[Account, str]:
    """
    Make a link with which the person sets the first password of an account, good for 24 hours.

    Args:
        by_mail: mail it; else its path is returned, for somebody who hands it over in another way.

    Returns:
        The account, and the path of the link (empty where it was mailed).

    Raises:
        NotFound: no such account, or none this actor may see.
        Forbidden: the actor may not administer the account's credentials, or it administers what the actor does not.
        Conflict: the account has a password, is disabled, is for emergencies and the link would be mailed, or its
            policy allows no passwords.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    rights.require_over(work, Permission.ACCOUNT_CREDENTIALS, account)
    _check(work, account)
    if by_mail and account.kind == AccountKind.BREAK_GLASS:
        raise Conflict(
            "The password of an account for emergencies is never set by mail.", advice="Print the link with --print."
        )
    path = ""
    if by_mail:
        _mail(work, account, FIRST_PASSWORD)
    else:
        path = _path(work, account, FIRST_PASSWORD)
    record(
        work,
        FirstPasswordLinkMade(
            organization_id=account.organization_id, target_id=account.id, email=account.email, mailed=by_mail
        ),
    )
    return account, path


def _check(work: Work, account: Account) -> None:
    if account.disabled_at is not None:
        raise Conflict(f"“{account.email}” is disabled.", advice="Enable it first: idp account enable")
    if password_reset.has_usable_password(work, account):
        raise Conflict(
            f"“{account.email}” has a password.",
            advice="The person can set a new one by mail, or you: idp account reset-password",
        )
    policy = authentication_policy(work, account.organization_id, account.policy_id)
    if Method.PASSWORD not in policy.methods:
        raise Conflict(
            f"The authentication policy of “{account.email}” allows no passwords.",
            advice="Give the person a temporary access pass instead.",
        )


def _path(work: Work, account: Account, purpose: Purpose) -> str:
    return f"/welcome/{mail_links.issue(work, purpose, account)}"


def _mail(work: Work, account: Account, purpose: Purpose) -> None:
    organization = work.tx.session.get_one(Organization, account.organization_id)
    mail.queue(
        work,
        account.email,
        "welcome",
        {
            "organization": organization.name,
            "name": account.name,
            "email": account.email,
            "days": purpose.lives.days,
            "path": _path(work, account, purpose),
        },
        organization_id=account.organization_id,
    )
