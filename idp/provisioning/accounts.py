"""
What another directory does to accounts: brings them, changes them, deactivates them, lets go of them.

It reaches the accounts that are its own, and takes over others by what its client is set to; never one that holds a
role or is for emergencies (D17). An address by itself is no proof: it is on a domain that the organization has
proven (S6). What it brings has no password.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select

from idp.audit.events import AccountProvisioned, AccountReleased
from idp.audit.log import record
from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import (
    accounts,
    attribute_sources,
    domain_reads,
    managed,
    membership_changes,
    names,
    own_words,
    rights,
)
from idp.directory.group_rights import groups_by_id
from idp.directory.memberships import held
from idp.directory.models import Account, Membership, Organization
from idp.directory.provisioned import KEPT, SOURCE
from idp.directory.provisioning_models import ProvisionedAccount, ProvisioningClient
from idp.policy.permissions import Permission, require
from idp.provisioning import braking, clients
from idp.signon import email_change, mail_links

MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Changes:
    """
    What of an account is to be otherwise; what is None stays as it is.

    ``attributes`` are values of further attributes by our names, an empty one takes it away.
    """

    email: str | None = None
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    external_id: str | None = None
    active: bool | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Provisioned:
    """An account of a client, and what is noted of that. ``notes``: what was passed over, and why."""

    account: Account
    link: ProvisionedAccount
    notes: tuple[str, ...] = ()


def create(work: Work, client: ProvisioningClient, wanted: Changes) -> Provisioned:
    """
    Bring an account: make it, or take over the one that has the address, where the client may.

    Raises:
        Forbidden: the actor may not create accounts there.
        Invalid: a value cannot be used, or the address is on no domain that the organization has proven.
        Conflict: there is an account of that address that is not taken over, or the client calls another one so.
    """
    require(work, Permission.ACCOUNT_CREATE, client.organization_id)
    email = names.email(wanted.email or "")
    _refuse_domain(work, client.organization_id, email)
    _refuse_called(work, client, wanted.external_id or "", but="")
    there = work.tx.session.scalar(
        select(Account).where(
            Account.organization_id == client.organization_id, Account.email_key == names.email_key(email)
        )
    )
    if there is not None:
        return _take_over(work, client, there, wanted)
    account = accounts.create(
        work,
        email,
        organization=_slug(work, client),
        name=wanted.name or email,
        given_name=wanted.given_name or "",
        family_name=wanted.family_name or "",
        further={name: [value] for name, value in wanted.attributes.items() if value},
        through="provisioning",
    )
    managed.manage(work, account)
    accounts.vouch(work, account, own_words.EMAIL)  # the directory says it, too
    link = _linked(work, client, account, wanted.external_id or "", taken_over=False)
    if wanted.active is False:
        accounts.disable(work, account.id, organization_id=account.organization_id)
        link.deactivated_at = account.disabled_at
    work.tx.session.flush()
    return Provisioned(account, link)


def change(work: Work, client: ProvisioningClient, account_id: str, wanted: Changes) -> Provisioned:
    """
    Change an account of the client's own. Deactivating it ends its sign-ons; it wakes only what it has put to sleep.

    Raises:
        NotFound: it has no such account.
        Forbidden: the account holds a role, or is for emergencies, and something would change.
        Invalid: a value cannot be used, or the address is on no domain that the organization has proven.
        Conflict: another account has the address, or is called so by the client.
        BrakeReached: it deactivates too many, or gives too many other addresses.
    """
    found = one(work, client, account_id)
    before = (found.account.version, found.link.version)
    notes = _changed(work, client, found, wanted)
    work.tx.session.flush()
    if (found.account.version, found.link.version) != before:
        refuse_protected(work, found.account)
    return Provisioned(found.account, found.link, notes)


def release(work: Work, client: ProvisioningClient, account_id: str) -> Account:
    """
    Deactivate an account of the client's own and let go of it: it is the organization's from then on. Nothing is erased.

    Raises:
        NotFound: it has no such account.
        Forbidden: the account holds a role, or is for emergencies.
        BrakeReached: it deactivates too many.
    """
    found = one(work, client, account_id)
    account, link = found.account, found.link
    refuse_protected(work, account)
    if account.disabled_at is None:
        _deactivate(work, client, account, link)
    _leave_groups(work, client, account)
    link.released_at = work.now
    link.external_id = ""
    work.tx.session.flush()
    record(
        work,
        AccountReleased(
            organization_id=account.organization_id, target_id=account.id, email=account.email, client=client.name
        ),
    )
    return account


def one(work: Work, client: ProvisioningClient, account_id: str) -> Provisioned:
    """
    Return an account of the client's own.

    Raises:
        NotFound: it has none of that id.
    """
    row = work.tx.session.execute(
        select(Account, ProvisionedAccount)
        .join(
            ProvisionedAccount,
            (ProvisionedAccount.organization_id == Account.organization_id) & (ProvisionedAccount.id == Account.id),
        )
        .where(
            Account.organization_id == client.organization_id,
            Account.id == account_id,
            Account.erased_at.is_(None),
            ProvisionedAccount.client_id == client.id,
            ProvisionedAccount.released_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such user.")
    return Provisioned(row[0], row[1])


def refuse_protected(work: Work, account: Account) -> None:
    """
    Raises:
        Forbidden: the account holds a role, or is for emergencies: no directory touches it.
    """
    if account.kind == "break-glass" or rights.roles_to_come(work, account.organization_id, account.id):
        raise Forbidden(
            "This account is protected: administrators change it here.",
            code="protected-account",
            cause="the account administers something, or is for emergencies",
        )


def _changed(work: Work, client: ProvisioningClient, found: Provisioned, wanted: Changes) -> tuple[str, ...]:
    account, link, in_ = found.account, found.link, found.account.organization_id
    notes: list[str] = []
    if wanted.email is not None and names.email(wanted.email) != account.email:
        refuse_protected(work, account)  # before its address is anybody else's
        braking.count_account(work, client)
        _readdress(work, account, names.email(wanted.email))
    if (wanted.name, wanted.given_name, wanted.family_name) != (None, None, None):
        accounts.rename(
            work,
            account.id,
            organization_id=in_,
            name=wanted.name,
            given_name=wanted.given_name,
            family_name=wanted.family_name,
        )
    changes = {name: [value] if value else [] for name, value in wanted.attributes.items() if name in KEPT}
    if changes:
        accounts.set_attributes(work, account.id, changes, organization_id=in_)
    if wanted.external_id is not None and wanted.external_id != link.external_id:
        _refuse_called(work, client, wanted.external_id, but=account.id)
        link.external_id = wanted.external_id
    if wanted.active is False and account.disabled_at is None:
        refuse_protected(work, account)
        _deactivate(work, client, account, link)
    elif wanted.active is True and account.disabled_at is not None:
        if account.disabled_at == link.deactivated_at and account.deletion_at is None:
            accounts.enable(work, account.id, organization_id=in_)
            link.deactivated_at = None
        else:
            notes.append("an administrator has deactivated the account: it stays so")
    return tuple(notes)


def _take_over(work: Work, client: ProvisioningClient, account: Account, wanted: Changes) -> Provisioned:
    link = work.tx.session.get(ProvisionedAccount, (account.organization_id, account.id))
    if link is not None and link.released_at is None:
        raise Conflict(
            "There is a user of this userName already.",
            code="provisioned-already",
            cause="it is this client's own" if link.client_id == client.id else "another directory keeps it",
        )
    refusal = _why_not(work, client, account)
    if refusal:
        raise Conflict(
            "There is an account of this address that provisioning may not take over.",
            code="not-taken-over",
            cause=refusal,
        )
    managed.manage(work, account)
    attribute_sources.note(work, account, ("email", "name", "given_name", "family_name"))
    link = _linked(work, client, account, wanted.external_id or "", taken_over=True)
    found = Provisioned(account, link)
    notes = _changed(work, client, found, wanted)
    work.tx.session.flush()
    return Provisioned(account, link, (*notes, "the account was there already, and was taken over"))


def _why_not(work: Work, client: ProvisioningClient, account: Account) -> str:
    """Return why a client does not take an account over; empty: it does."""
    if account.kind != MEMBER:
        return phrase("the account is of the kind %(kind)s", kind=account.kind)
    if rights.roles_to_come(work, account.organization_id, account.id):
        return phrase("the account administers something")
    if account.deletion_at is not None:
        return phrase("the account is going to be deleted")
    if client.takes_over == clients.NOTHING:
        return phrase("the client takes over no account")
    if client.takes_over == clients.MANAGED and account.managed_at is None:
        return phrase(
            "the account is not managed: claim it, or let the client take over all on the organization's domains"
        )
    return ""


def _linked(
    work: Work, client: ProvisioningClient, account: Account, external_id: str, *, taken_over: bool
) -> ProvisionedAccount:
    link = work.tx.session.get(ProvisionedAccount, (account.organization_id, account.id))
    if link is None:
        link = ProvisionedAccount(
            organization_id=account.organization_id,
            id=account.id,
            client_id=client.id,
            external_id=external_id,
            since=work.now,
        )
        work.tx.session.add(link)
    else:
        if link.client_id != client.id:
            link.deactivated_at = None
        link.client_id, link.external_id, link.since, link.released_at = client.id, external_id, work.now, None
    work.tx.session.flush()
    record(
        work,
        AccountProvisioned(
            organization_id=account.organization_id,
            target_id=account.id,
            email=account.email,
            client=client.name,
            taken_over=taken_over,
        ),
    )
    return link


def _deactivate(work: Work, client: ProvisioningClient, account: Account, link: ProvisionedAccount) -> None:
    braking.count_account(work, client)
    accounts.disable(work, account.id, organization_id=account.organization_id)
    link.deactivated_at = account.disabled_at


def _readdress(work: Work, account: Account, email: str) -> None:
    """Change the address; neither password nor second steps change by it, and what was mailed to the old one is over (S6)."""
    _refuse_domain(work, account.organization_id, email)
    mail_links.hold(work, account.organization_id, account.id)
    email_change.replace(work, account, email, seen=account.email, by="provisioning")
    managed.manage(work, account)


def _leave_groups(work: Work, client: ProvisioningClient, account: Account) -> None:
    source = SOURCE + client.id
    query = select(Membership.group_id).where(
        Membership.organization_id == account.organization_id,
        Membership.account_id == account.id,
        Membership.source == source,
        held(work.now),
    )
    for group in groups_by_id(work, account.organization_id, list(work.tx.session.scalars(query))):
        membership_changes.leave(work, group, [account.id], source)


def _refuse_domain(work: Work, organization_id: str, email: str) -> None:
    domain = names.email_key(email).rpartition("@")[2]
    if not domain_reads.may_join(work, organization_id, domain):
        raise Invalid(
            phrase("%(domain)s is not a verified domain of the organization.", domain=domain),
            field="email",
            code="domain-not-proven",
            advice="Send the e-mail address of a verified domain as userName.",
        )


def _refuse_called(work: Work, client: ProvisioningClient, external_id: str, *, but: str) -> None:
    if not external_id:
        return
    taken = select(func.count()).where(
        ProvisionedAccount.organization_id == client.organization_id,
        ProvisionedAccount.client_id == client.id,
        ProvisionedAccount.external_id == external_id,
        ProvisionedAccount.released_at.is_(None),
        ProvisionedAccount.id != but,
    )
    if work.tx.session.scalar(taken):
        raise Conflict("There is a user of this externalId already.", field="externalId")


def _slug(work: Work, client: ProvisioningClient) -> str:
    return work.tx.session.get_one(Organization, client.organization_id).slug
