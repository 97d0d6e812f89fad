"""
First passwords: an invitation that makes an account and mails its link, or a link for an account that has none yet.

Whoever opens the link sets the password and then signs in as the policy asks: an administrator never knows it. What
an invitation is for is in our rows alone (threats T21): its link is a random value, and nothing in it can be edited.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from idp.audit.events import AccountInvited, FirstPasswordLinkMade, InvitationRevoked
from idp.audit.log import record
from idp.base.errors import Conflict, Forbidden, IdpError, Invalid, NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access, accounts, groups, mailing, queries, rights
from idp.directory import invitations as rows
from idp.directory.invitations import State
from idp.directory.joining_models import Invitation
from idp.directory.models import Account, Organization
from idp.directory.policies import authentication_policy
from idp.policy import invited as invited_
from idp.policy.access.context import AccountKind
from idp.policy.permissions import Permission, require
from idp.policy.signon import Method
from idp.signon import mail_links, onetime, password_reset
from idp.signon.mail_links import FIRST_PASSWORD, INVITATION, Purpose

INVITED = (AccountKind.MEMBER.value, AccountKind.GUEST.value)
MOST_GROUPS = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of inviting one of many: an account, or why not."""

    email: str
    account: Account | None = None
    error: IdpError | None = None


def invite(
    work: Work, email: str, *, organization: str, name: str = "", kind: str = "", groups: Sequence[str] = ()
) -> Account:
    """
    Create an account and mail the person a link to set its password, good for 7 days.

    An account that is there already and has no password yet is mailed a new link; the older one is good no more.

    Args:
        name: the person's name; for a new account.
        kind: ``member`` or ``guest``; for a new account (default: member).
        groups: names or ids of the groups that it enters.

    Raises:
        NotFound: no such organization or group that this actor may see.
        Forbidden: the actor may not create accounts there, or not change who is in one of the groups.
        Invalid: the address or the name cannot be used, or there is no name, or nobody of that kind is invited.
        Conflict: the account has a password, is disabled, or its policy allows no passwords.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.ACCOUNT_CREATE, owner.id)
    if kind and kind not in INVITED:
        raise Invalid(phrase("Only a %(value)s is invited.", value=" or a ".join(INVITED)), field="kind")
    if len(groups) > MOST_GROUPS:
        raise Invalid(
            phrase("An invitation leads into at most %(most_groups)s groups.", most_groups=MOST_GROUPS), field="groups"
        )
    try:
        account = queries.account(work, email, organization_id=owner.id)
    except NotFound:
        if not name:
            raise Invalid(
                "Whom you invite needs a name.", field="name", advice="Say it with --name.", cause="no such account"
            ) from None
        account = accounts.create(
            work,
            email,
            organization=organization,
            name=name,
            kind=kind or AccountKind.MEMBER.value,
            through="invitation",
        )
    rights.require_over(work, Permission.ACCOUNT_CREATE, account)
    enter(work, account, groups, organization=organization)
    send(work, account)
    return account


def invite_all(
    work: Work, text: str, *, organization: str, kind: str = "", groups: Sequence[str] = ()
) -> list[Outcome]:
    """
    Invite everybody whom *text* names, 200 at most; return what came of each. Whoever cannot be invited is left out.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not create accounts there.
        Invalid: the text names nobody, or too many.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.ACCOUNT_CREATE, owner.id)
    return [_tried(work, one, organization, kind, groups) for one in invited_.read(text)]


def _tried(work: Work, one: invited_.Invited, organization: str, kind: str, groups: Sequence[str]) -> Outcome:
    try:
        with work.tx.session.begin_nested():  # of one who cannot be invited nothing is left behind
            account = invite(work, one.email, organization=organization, name=one.name, kind=kind, groups=groups)
    except (Invalid, NotFound, Conflict, Forbidden) as error:
        return Outcome(one.email[:320], error=error)
    return Outcome(account.email, account)


def enter(work: Work, account: Account, wanted: Sequence[str], *, organization: str) -> None:
    """
    Put *account* into groups (names or ids) that it is not in yet.

    Raises:
        NotFound: no such group that this actor may see.
        Forbidden: the actor may not change who is in one of them.
        Conflict: others decide who is in one of them.
    """
    already = access.group_ids_of(work, account.organization_id, account.id)
    for reference in dict.fromkeys(wanted):
        group = queries.group(work, reference, organization_id=account.organization_id)
        if group.id not in already:
            groups.add(work, group.id, account.id, organization=organization)


def send(work: Work, account: Account, *, import_id: str | None = None) -> Invitation:
    """
    Mail *account* a link to set its first password, and write the invitation down; whoever calls has asked who may.

    Raises:
        Conflict: the account has a password, is disabled, or its policy allows no passwords.
    """
    _check(work, account)
    _mail(work, account, INVITATION)
    made = rows.note_sent(work, account, expires_at=work.now + INVITATION.lives, import_id=import_id)
    record(work, AccountInvited(organization_id=account.organization_id, target_id=account.id, email=account.email))
    return made


def resend(work: Work, reference: str, *, organization_id: str | None = None) -> Invitation:
    """
    Mail the link of an invitation anew, good for 7 days from now; the older link is good no more.

    Args:
        reference: the id of the invitation, or the address of its account.

    Raises:
        NotFound: no such invitation that this actor may see.
        Forbidden: the actor may not create accounts there.
        Conflict: it was accepted or revoked, or the account cannot be invited (any more).
    """
    found = rows.invitation(work, reference, organization_id=organization_id)
    account = work.tx.session.get_one(Account, (found.organization_id, found.account_id))
    rights.require_over(work, Permission.ACCOUNT_CREATE, account)
    state = rows.state_of(found, work.now)
    if state in (State.ACCEPTED, State.REVOKED):
        raise Conflict(
            phrase("The invitation of “%(email)s” was %(value)s.", email=found.email, value=state.value),
            advice="Invite the person anew.",
        )
    return send(work, account)


def revoke(work: Work, reference: str, *, organization_id: str | None = None) -> Invitation:
    """
    Take an invitation back: its link is good no more. The account stays, and nobody can sign in with it.

    Args:
        reference: the id of the invitation, or the address of its account.

    Raises:
        NotFound: no such invitation that this actor may see.
        Forbidden: the actor may not create accounts there.
        Conflict: it was accepted or revoked already.
    """
    found = rows.invitation(work, reference, organization_id=organization_id)
    account = work.tx.session.get_one(Account, (found.organization_id, found.account_id))
    rights.require_over(work, Permission.ACCOUNT_CREATE, account)
    state = rows.state_of(found, work.now)
    if state in (State.ACCEPTED, State.REVOKED):
        raise Conflict(
            phrase("The invitation of “%(email)s” was %(value)s already.", email=found.email, value=state.value)
        )
    mail_links.hold(work, found.organization_id, found.account_id)
    onetime.end(work, INVITATION.name, found.account_id)
    found.revoked_at = work.now
    record(
        work, InvitationRevoked(organization_id=found.organization_id, target_id=found.account_id, email=found.email)
    )
    work.tx.session.flush()
    return found


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


def takes_password(work: Work, account: Account) -> bool:
    """Say whether the authentication policy of *account* lets it have a password."""
    policy = authentication_policy(work, account.organization_id, account.policy_id)
    return Method.PASSWORD in policy.methods


def _check(work: Work, account: Account) -> None:
    if account.disabled_at is not None:
        raise Conflict(
            phrase("“%(email)s” is disabled.", email=account.email), advice="Enable it first: idp account enable"
        )
    if password_reset.has_usable_password(work, account):
        raise Conflict(
            phrase("“%(email)s” has a password.", email=account.email),
            advice="The person can set a new one by mail, or you: idp account reset-password",
        )
    if not takes_password(work, account):
        raise Conflict(
            phrase("The authentication policy of “%(email)s” allows no passwords.", email=account.email),
            advice="Give the person a temporary access pass instead.",
        )


def _path(work: Work, account: Account, purpose: Purpose) -> str:
    return f"/welcome/{mail_links.issue(work, purpose, account)}"


def _mail(work: Work, account: Account, purpose: Purpose) -> None:
    organization = work.tx.session.get_one(Organization, account.organization_id)
    mailing.queue(
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
