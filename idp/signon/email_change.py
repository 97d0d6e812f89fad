"""
Changing the e-mail address of an account: proven by a link to the new one, told to the old one.

The link holds the very address that it was mailed to (threats A21); an address is unique in its organization when
it is confirmed. Sign-ons go on: the address is a name, not a proof. What was mailed to the old one is good no more,
but its notice, which brings the old address back for seven days (`signon.not_me`).
"""

from sqlalchemy import func, select, update

from idp.audit.events import EmailChangeAsked, EmailChanged
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict, Invalid
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import (
    accounts,
    group_rules,
    mailing,
    managed,
    names,
    own_words,
    provisioned,
    queries,
    rights,
    rule_moves,
    search,
)
from idp.directory.attribute_sources import Source
from idp.directory.models import Account, Organization
from idp.policy.access.context import AccountKind
from idp.policy.permissions import Permission
from idp.settings import ThrottlingSettings
from idp.signon import lockout, mail_links, notices, onetime
from idp.signon.mail_links import EMAIL_CHANGE, Link, LinkOver
from idp.signon.session import CurrentSession

_ASK_AGAIN_SECONDS = 3600

_SOURCES = {"account": Source.PERSON, "administrator": Source.ADMINISTRATOR}


def ask(work: Work, session: CurrentSession, typed: str, limits: ThrottlingSettings) -> lockout.Wait | None:
    """
    Mail a link to the address that the person wants, good for 24 hours; the door has asked for their proofs.

    Nothing is mailed to an address that another account of the organization has; the answer is the same.

    Raises:
        Invalid: it is no e-mail address, or the account has it already.
        Conflict: the account is for emergencies, or managed; administrators change its address.
    """
    wanted, key = names.email(typed), names.email_key(typed)
    account = work.tx.session.get_one(Account, (session.organization_id, session.account_id))
    if account.kind == AccountKind.BREAK_GLASS:
        raise Conflict("Administrators change the address of an account for emergencies.")
    managed.refuse_own_change(account)
    provisioned.refuse_edit(work, account)
    if wanted == account.email:
        raise Invalid("This is your e-mail address already.", field="email")
    for about in (f"email-change:{account.id}", f"email-change-to:{account.organization_id}:{key}"):
        honoured = lockout.reserve_mail(work, about, limits)
        if isinstance(honoured, lockout.Wait):
            return honoured
        if not honoured:
            return lockout.Wait(_ASK_AGAIN_SECONDS)
    record(
        work,
        EmailChangeAsked(
            organization_id=account.organization_id, target_id=account.id, before=account.email, wanted=wanted
        ),
    )
    if key != account.email_key and _taken(work, account.organization_id, key):
        return None
    organization = work.tx.session.get_one(Organization, account.organization_id)
    mailing.queue(
        work,
        wanted,
        "email-change",
        {
            "organization": organization.name,
            "before": account.email,
            "wanted": wanted,
            "path": f"/email/{mail_links.issue(work, EMAIL_CHANGE, account, email=wanted)}",
        },
        organization_id=account.organization_id,
    )
    return None


def is_managed(work: Work, session: CurrentSession) -> bool:
    """Say whether the organization manages the account, so that its administrators alone change the address."""
    account = work.tx.session.get_one(Account, (session.organization_id, session.account_id))
    return account.managed_at is not None


def find(work: Work, token: str) -> Link:
    """
    Return the link with which an address can be confirmed now; ``further["email"]`` is the new one.

    Raises:
        LinkOver: it is not good, or no longer.
    """
    found = mail_links.find(work, token, EMAIL_CHANGE)
    if found is None:
        raise LinkOver
    return found


def confirm(work: Work, token: str) -> str:
    """
    Use the link up, and give its account the address that it was mailed to; return that address.

    Raises:
        LinkOver: it is not good, or somebody else was faster.
        Conflict: another account has taken the address in the meantime, or the organization manages the account.
    """
    link = mail_links.use(work, token, EMAIL_CHANGE)
    if link is None:
        raise LinkOver
    account = work.tx.session.get_one(Account, (link.organization_id, link.account_id))
    managed.refuse_own_change(account)
    replace(work, account, link.further["email"], seen=link.email, by="account")
    notices.notify(
        work,
        organization_id=link.organization_id,
        account_id=link.account_id,
        kind=notices.ADDRESS_CHANGED,
        facts={"before": link.email},
        to=link.email,
    )
    return str(link.further["email"])


def administer(
    work: Work, reference: str, email: str, *, organization_id: str | None = None, if_version: int | None = None
) -> Account:
    """
    Give an account another address; an administrator vouches for it, for the same one, too. The old one is told, and undoes nothing.

    Args:
        if_version: the version of the account that the change was made for.

    Raises:
        NotFound: no such account, or none this actor may see.
        Forbidden: the actor may not edit accounts there, or not administer their credentials: whoever has the
            address wins the account back by mail.
        Invalid: it is no e-mail address.
        Conflict: another account of the organization has it, or another directory keeps the account.
        ChangedMeanwhile: somebody else has changed the account since.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    rights.require_over(work, Permission.ACCOUNT_EDIT, account)
    rights.require_over(work, Permission.ACCOUNT_CREDENTIALS, account)
    if if_version is not None and if_version != account.version:
        raise ChangedMeanwhile(account.id)
    mail_links.hold(work, account.organization_id, account.id)
    wanted, before = names.email(email), account.email
    if wanted == before:
        accounts.vouch(work, account, own_words.EMAIL)
        return account
    provisioned.refuse_edit(work, account)
    replace(work, account, wanted, seen=before, by="administrator")
    onetime.end(work, notices.NOT_ME, account.id)  # whoever has the old mailbox may be the reason for the change
    notices.notify(
        work,
        organization_id=account.organization_id,
        account_id=account.id,
        kind=notices.ADDRESS_CHANGED,
        facts={"before": before, "by": "administrator"},
        to=before,
        undoable=False,
    )
    return account


def replace(work: Work, account: Account, email: str, *, seen: str, by: str) -> None:
    """
    Put *email* in the place of the address *seen*, if that is still the account's. What was mailed to it is over.

    Raises:
        Conflict: another account has it, or this one was changed in the meantime.
    """
    key = names.email_key(email)
    if key != account.email_key and _taken(work, account.organization_id, key):
        raise Conflict(phrase("Another account has the address “%(email)s”.", email=email), field="email")
    group_rules.hold(work, account.organization_id)  # before the account: who runs a rule holds in this order, too
    changed = work.tx.session.execute(
        update(Account)
        .where(
            Account.organization_id == account.organization_id,
            Account.id == account.id,
            Account.email == seen,
        )
        .values(
            email=email,
            email_key=key,
            email_domain=key.rpartition("@")[2],
            attribute_sources={**account.attribute_sources, "email": _SOURCES.get(by, Source.PROVISIONING).value},
            updated_at=work.now,
            version=Account.version + 1,
        )
        .execution_options(synchronize_session="fetch")
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise Conflict("Someone else changed this in the meantime. Look at it again, then repeat your change.")
    mail_links.end_all(work, account.id)
    work.tx.session.refresh(account)
    managed.follow_address(work, account)
    if by in ("administrator", "provisioning"):
        own_words.vouch(account, own_words.EMAIL)
    else:
        own_words.mark_address(work, account, before=seen)
    work.tx.session.flush()
    search.put(work, account)
    record(
        work,
        EmailChanged(
            organization_id=account.organization_id, target_id=account.id, before=seen, after=email, changed_by=by
        ),
    )
    if by == "administrator":
        rule_moves.settle_edited(work, account)
    else:
        group_rules.settle_account(work, account.organization_id, account.id)


def is_free(work: Work, organization_id: str, email: str) -> bool:
    """Say whether no account of the organization has the address now."""
    return not _taken(work, organization_id, names.email_key(email))


def _taken(work: Work, organization_id: str, key: str) -> bool:
    """Whether an account has it now; the unique index decides where two come at once."""
    return bool(
        work.tx.session.scalar(
            select(func.count())
            .select_from(Account)
            .where(Account.organization_id == organization_id, Account.email_key == key)
        )
    )
