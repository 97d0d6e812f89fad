"""Verbs on accounts."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select, update

from idp.audit.events import (
    AccountAttributesChanged,
    AccountCreated,
    AccountDisabled,
    AccountEnabled,
    AccountRenamed,
    AccountWordsConfirmed,
)
from idp.audit.log import record
from idp.base import jobs
from idp.base.errors import ChangedMeanwhile, Conflict
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import (
    account_notices,
    administering,
    attribute_sources,
    attributes,
    managed,
    names,
    own_words,
    policy_members,
    provisioned,
    provisioning_marks,
    queries,
    rights,
    role_assignments,
    rule_moves,
    search,
)
from idp.directory.attribute_sources import Source
from idp.directory.models import Account, Organization, RoleAssignment
from idp.policy.authentication import PolicyKind
from idp.policy.permissions import Permission, require

OUTDATED = "sign-ons-outdated"
"""The job that ends the sign-ons of an account that was disabled, or whose credentials changed."""


def create(
    work: Work,
    email: str,
    *,
    organization: str,
    name: str,
    further: Mapping[str, Sequence[str]] | None = None,
    kind: str = "member",
    through: str = "administrator",
    given_name: str = "",
    family_name: str = "",
    typed_by_person: bool = False,
) -> Account:
    """
    Create an account; it has no credentials yet.

    Args:
        typed_by_person: the person has said the name and the address: rules of groups do not go by them, but by an
            address on a domain that the organization has proven.
        further: the values of each further attribute.
        kind: ``member``, ``guest`` or ``break-glass``; it enters the authentication policy of its kind.
        through: how it comes to be: ``administrator``, ``invitation``, ``import``, ``join-rule`` or ``provisioning``.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not create accounts there, or (of break-glass accounts) not change policies; or a rule would
            put it into a group, or take it out of one, whose members the actor may not change.
        Invalid: the e-mail address, the name, the kind or a further attribute cannot be used.
        Conflict: the organization has an account of that address, or as many break-glass accounts as there may be.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.ACCOUNT_CREATE, owner.id)
    what = policy_members.read_kind(kind)
    if what is PolicyKind.BREAK_GLASS:  # it will be under no rules of contextual access
        require(work, Permission.POLICY_EDIT, owner.id)
    email, key, name = names.email(email), names.email_key(email), names.name(name)
    taken = (
        select(func.count()).select_from(Account).where(Account.organization_id == owner.id, Account.email_key == key)
    )
    if work.tx.session.scalar(taken):
        raise Conflict(phrase("There is an account “%(email)s” already.", email=email), field="email")
    account = Account(
        organization_id=owner.id,
        id=new_id("acc"),
        email=email,
        email_key=key,
        name=name,
        given_name=given_name and names.name(given_name, field="given_name"),
        family_name=family_name and names.name(family_name, field="family_name"),
        attributes=attributes.further(further or {}),
        kind=what.value,
        policy_id=policy_members.policy_id_for(work, owner.id, what),
        created_through=through,
        created_at=work.now,
        updated_at=work.now,
    )
    if typed_by_person:
        own_words.mark(account, "name")
        own_words.mark_address(work, account)
    work.tx.session.add(account)
    work.tx.session.flush()
    managed.follow_address(work, account)
    record(
        work, AccountCreated(organization_id=owner.id, target_id=account.id, email=email, name=name, kind=what.value)
    )
    rule_moves.settle_edited(work, account)
    search.put(work, account)
    return account


def rename(
    work: Work,
    reference: str,
    *,
    name: str | None = None,
    given_name: str | None = None,
    family_name: str | None = None,
    organization_id: str | None = None,
    if_version: int | None = None,
    source: Source | None = None,
) -> Account:
    """
    Change what a person is called; what is None stays as it is, and an empty given or family name is taken away.

    Whoever says a name vouches for it, the same one too: rules of groups go by it then.

    Args:
        if_version: the version of the account that the change was made for.
        source: where the names come from; without one, from whoever acts.

    Raises:
        NotFound: no such account, or none this actor may see.
        Forbidden: the actor may not edit accounts there, or the account administers what the actor does not; or a rule would
            put it into a group, or take it out of one, whose members the actor may not change.
        Invalid: a name cannot be used.
        ChangedMeanwhile: somebody else has changed the account since.
        Conflict: another directory keeps it.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    rights.require_over(work, Permission.ACCOUNT_EDIT, account)
    if if_version is not None and if_version != account.version:
        raise ChangedMeanwhile(account.id)
    wanted = {
        "name": None if name is None else names.name(name),
        "given_name": given_name and names.name(given_name, field="given_name"),
        "family_name": family_name and names.name(family_name, field="family_name"),
    }
    changes = {part: value for part, value in wanted.items() if value is not None and value != getattr(account, part)}
    vouched = own_words.vouch(account, *(part for part, value in wanted.items() if value is not None))
    if not changes and not vouched:
        return account
    provisioned.refuse_edit(work, account)
    before = {part: str(getattr(account, part)) for part in changes}
    for part, value in changes.items():
        setattr(account, part, value)
    attribute_sources.note(work, account, changes, source)
    account.updated_at = work.now
    if changes:
        record(
            work,
            AccountRenamed(
                organization_id=account.organization_id,
                target_id=account.id,
                email=account.email,
                before=before,
                after=changes,
            ),
        )
    _say_vouched(work, account, vouched)
    work.tx.session.flush()
    rule_moves.settle_edited(work, account)
    search.put(work, account)
    return account


def vouch(work: Work, account: Account, *parts: str) -> None:
    """Take what the person had typed as right, where it is what they typed; rules of groups go by it from now on. The caller has checked."""
    vouched = own_words.vouch(account, *parts)
    if vouched:
        _say_vouched(work, account, vouched)
        work.tx.session.flush()
        rule_moves.settle_edited(work, account)


def _say_vouched(work: Work, account: Account, vouched: tuple[str, ...]) -> None:
    if vouched:
        record(
            work,
            AccountWordsConfirmed(
                organization_id=account.organization_id,
                target_id=account.id,
                email=account.email,
                attributes=", ".join(vouched),
            ),
        )


def disable(
    work: Work, reference: str, *, organization_id: str | None = None, told: bool = False, message: str = ""
) -> Account:
    """
    Stop an account from signing in, and end every sign-on it has.

    Args:
        told: its person gets a mail.
        message: what the mail says beside, at most 500 characters; empty: nothing.

    Raises:
        NotFound: no such account, or none this actor may see.
        Forbidden: the actor may not disable accounts there, or the account administers what the actor does not.
        Conflict: it is disabled already, or nobody else administers the organization.
        Invalid: the message cannot be sent, or nobody is told.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    rights.require_over(work, Permission.ACCOUNT_DISABLE, account)
    words = account_notices.message(message, told=told)
    if account.disabled_at is not None:
        raise Conflict(phrase("“%(email)s” is disabled already.", email=account.email))
    with administering.keeping_one(work, account.organization_id):
        account.disabled_at = work.now
        account.epoch += 1
    record(work, AccountDisabled(organization_id=account.organization_id, target_id=account.id, email=account.email))
    defer_ending(work, account.organization_id, account.id)
    provisioning_marks.accounts(work, account.organization_id, [account.id])
    if told:
        account_notices.tell(work, account, account_notices.DISABLED, words)
    return account


def enable(
    work: Work, reference: str, *, organization_id: str | None = None, told: bool = False, message: str = ""
) -> Account:
    """
    Let a disabled account sign in again. Its former sign-ons stay ended.

    Args:
        told: its person gets a mail.
        message: what the mail says beside, at most 500 characters; empty: nothing.

    Raises:
        NotFound: no such account, or none this actor may see.
        Forbidden: the actor may not enable accounts there, or the account administers what the actor does not; or a rule
            would move it, as of `set_attributes`.
        Conflict: it is not disabled, or going to be deleted.
        Invalid: as of `disable`.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    rights.require_over(work, Permission.ACCOUNT_DISABLE, account)
    words = account_notices.message(message, told=told)
    if account.disabled_at is None:
        raise Conflict(phrase("“%(email)s” is not disabled.", email=account.email))
    if account.deletion_at is not None:
        raise Conflict(
            phrase("“%(email)s” is going to be deleted.", email=account.email), advice="Cancel the deletion."
        )
    account.disabled_at = None
    record(work, AccountEnabled(organization_id=account.organization_id, target_id=account.id, email=account.email))
    rule_moves.settle_edited(work, account)  # what it missed meanwhile, edits among that
    if told:
        account_notices.tell(work, account, account_notices.ENABLED, words)
    return account


def set_attributes(
    work: Work,
    reference: str,
    changes: Mapping[str, Sequence[str]],
    *,
    organization_id: str | None = None,
    if_version: int | None = None,
    source: Source | None = None,
) -> Account:
    """
    Change further attributes of an account; those that are not named stay as they are.

    Args:
        changes: the values of each attribute; an attribute without values is removed.
        if_version: the version of the account that the change was made for.
        source: where they come from; without one, from whoever acts.

    Raises:
        NotFound: no such account, or none this actor may see.
        Forbidden: the actor may not edit accounts there, or the account administers what the actor does not; or a rule would
            put it into a group, or take it out of one, whose members the actor may not change.
        Invalid: a name or a value cannot be taken, or there are too many.
        Conflict: somebody else has changed the account in the meantime, or another directory keeps such an attribute.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    rights.require_over(work, Permission.ACCOUNT_EDIT, account)
    if if_version is not None and if_version != account.version:
        raise ChangedMeanwhile(account.id)
    removed = {attributes.further_name(name) for name, values in changes.items() if not values}
    kept = {name: values for name, values in account.attributes.items() if name not in removed}
    after = attributes.further({**kept, **{name: values for name, values in changes.items() if values}})
    changed = sorted(name for name in changes if after.get(name) != account.attributes.get(name))
    if not changed:
        return account
    provisioned.refuse_edit(work, account, changed)
    record(
        work,
        AccountAttributesChanged(
            organization_id=account.organization_id,
            target_id=account.id,
            email=account.email,
            before={name: ", ".join(account.attributes.get(name, ())) for name in changed},
            after={name: ", ".join(after.get(name, ())) for name in changed},
        ),
    )
    attribute_sources.note(work, account, changed, source)
    account.attributes, account.updated_at = after, work.now
    work.tx.session.flush()
    rule_moves.settle_edited(work, account)
    return account


def grant_role(work: Work, account_id: str, role: str, *, organization_id: str) -> RoleAssignment:
    """
    Let an account administer its whole organization in *role*; see `role_assignments.grant`.

    Raises:
        NotFound: no such account or role that this actor may see.
        Forbidden: the actor may not grant roles there, or does not hold all that the role holds.
        Invalid: the role is not held in a whole organization.
        Conflict: it has that role already.
    """
    owner = work.tx.session.get_one(Organization, organization_id)
    return role_assignments.grant(work, role, organization=owner.slug, account=account_id)


def bump_epoch(work: Work, organization_id: str, account_id: str, *, if_epoch: int | None = None) -> None:
    """
    End every sign-on that the account has now (called by what changes its credentials).

    Args:
        if_epoch: the epoch that the change was made for; of several at once one is made.

    Raises:
        Conflict: the account has another epoch than *if_epoch*.
    """
    still = [] if if_epoch is None else [Account.epoch == if_epoch]
    changed = work.tx.session.execute(
        update(Account)
        .where(Account.organization_id == organization_id, Account.id == account_id, *still)
        .values(epoch=Account.epoch + 1, version=Account.version + 1)
        .returning(Account.id)
        .execution_options(synchronize_session="fetch")
    ).all()
    if still and not changed:
        raise Conflict("Your password was changed in the meantime, or you were signed out. Sign in again.")
    defer_ending(work, organization_id, account_id)


def defer_ending(work: Work, organization_id: str, account_id: str) -> None:
    """Let applications be told that the sign-ons of an account are over. They are dead from now on; the job writes that down and tells the applications."""
    jobs.defer(
        work,
        OUTDATED,
        key=f"{OUTDATED}:{new_id('key')}",
        payload={"organization_id": organization_id, "account_id": account_id},
        organization_id=organization_id,
    )
