"""
The end of accounts: scheduled, cancelled, carried out.

An account that is scheduled for deletion is disabled at once, and looks it everywhere; for 14 days it can be brought
back as it was. Then a job erases it to a tombstone: its id stays, and with it whatever names applications know the
person by, so that none of it is ever given to another (ADR 46). What the floors above keep of a person, they erase
themselves (`Eraser`).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Text, cast, delete, or_, select, update

from idp.audit.events import AccountDeletionCancelled, AccountDeletionScheduled, AccountErased
from idp.audit.log import record
from idp.base import jobs, mail
from idp.base.errors import ChangedMeanwhile, Conflict
from idp.base.jobs import Handler
from idp.base.letters import spoken
from idp.base.models import OutboxMessage
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import (
    accounts,
    administering,
    domain_reads,
    mailing,
    provisioning_marks,
    queries,
    rights,
    rule_moves,
    search,
)
from idp.directory.console_models import Run, SearchWord
from idp.directory.domain_models import Domain
from idp.directory.joining_models import AccessRequest, AccountImport, AccountImportRow, Invitation, JoinRequest
from idp.directory.launcher_models import LauncherArrangement
from idp.directory.models import AccessGrant, Account, Membership, Organization, RoleAssignment
from idp.directory.provisioning_models import ProvisionedAccount, ProvisioningCall
from idp.policy import domains as policy
from idp.policy.models import AccessPolicyVersion
from idp.policy.permissions import Permission

GRACE = timedelta(days=14)
ERASE = "account-erasure"
FORMER = "Former user"
"""What an erased account is called."""
ACTIVE, DISABLED = "active", "disabled"
_LATER = timedelta(days=1)

Eraser = Callable[[Work, str, str], None]
"""``erase(work, organization_id, account_id)``: removes what a floor keeps of a person, in the caller's transaction."""


def schedule_deletion(
    work: Work, reference: str, *, organization_id: str | None = None, if_version: int | None = None
) -> Account:
    """
    Disable an account now, and erase it in 14 days unless that is cancelled. Its sign-ons end, its person is told.

    Raises:
        NotFound: no such account, or none this actor may see.
        Forbidden: the actor may not delete accounts there.
        Conflict: it is scheduled already, is the actor's own, is the last that administers the organization, is on a
            domain whose proof is missing, or was changed in the meantime.
    """
    account = _deletable(work, reference, organization_id, if_version)
    if account.deletion_at is not None:
        raise Conflict(
            phrase("“%(email)s” is going to be deleted already.", email=account.email), advice="Cancel that, or wait."
        )
    _schedule(work, account, work.now + GRACE)
    _tell(work, account)
    return account


def cancel_deletion(
    work: Work, reference: str, *, organization_id: str | None = None, if_version: int | None = None
) -> Account:
    """
    Bring an account that is scheduled for deletion back as it was: active, or disabled. Its sign-ons stay ended.

    Raises:
        NotFound: no such account, or none this actor may see.
        Forbidden: the actor may not delete accounts there; or a rule would move it, as of `accounts.set_attributes`.
        Conflict: it is not scheduled, or was changed in the meantime.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    rights.require_over(work, Permission.ACCOUNT_DELETE, account)
    _check_version(account, if_version)
    if account.deletion_at is None:
        raise Conflict(phrase("“%(email)s” is not going to be deleted.", email=account.email))
    if account.deletion_from == ACTIVE:
        account.disabled_at = None
    back_to, account.deletion_at, account.deletion_from = account.deletion_from, None, ""
    work.tx.session.flush()
    record(
        work,
        AccountDeletionCancelled(
            organization_id=account.organization_id, target_id=account.id, email=account.email, back_to=back_to
        ),
    )
    rule_moves.settle_edited(work, account)  # what it missed meanwhile, edits among that
    return account


def erase_now(
    work: Work, reference: str, *, organization_id: str | None = None, if_version: int | None = None
) -> Account:
    """
    Erase an account without grace: it is disabled now, and erased by the next run of jobs. Nothing brings it back.

    Raises:
        NotFound: no such account, or none this actor may see.
        Forbidden: the actor may not delete accounts there.
        Conflict: as of `schedule_deletion`, but for one that is scheduled.
    """
    account = _deletable(work, reference, organization_id, if_version)
    _schedule(work, account, work.now)
    return account


def handler(erasers: Sequence[Eraser]) -> Handler:
    """
    Return what handles a job of the kind `ERASE`.

    Args:
        erasers: what the floors above know of a person is theirs to erase.
    """

    def run(work: Work, payload: Mapping[str, Any]) -> None:
        account = work.tx.session.get(Account, (payload["organization_id"], payload["account_id"]))
        if account is None or account.erased_at is not None:
            return
        if account.deletion_at is None or account.deletion_at > work.now:
            return  # cancelled; or scheduled anew, which has a job of its own
        if _nobody_could_cancel(work, account) or _lapsed_domain(work, account) is not None:
            account.deletion_at = work.now + _LATER  # nobody's account is erased while it is open whose domain it is
            work.tx.session.flush()
            _defer(work, account)
            return
        for erase in erasers:
            erase(work, account.organization_id, account.id)
        _erase(work, account)

    return run


def _deletable(work: Work, reference: str, organization_id: str | None, if_version: int | None) -> Account:
    account = queries.account(work, reference, organization_id=organization_id)
    rights.require_over(work, Permission.ACCOUNT_DELETE, account)
    _check_version(account, if_version)
    own = work.actor.kind == "account" and work.actor.id == account.id
    if own and work.actor.organization_id == account.organization_id:
        raise Conflict("You cannot delete your own account.", advice="Another administrator can.")
    lapsed = _lapsed_domain(work, account)
    if lapsed is not None:
        raise domain_reads.not_proven(lapsed)
    return account


def _check_version(account: Account, if_version: int | None) -> None:
    if if_version is not None and if_version != account.version:
        raise ChangedMeanwhile(account.id)


def _nobody_could_cancel(work: Work, account: Account) -> bool:
    """Say whether the organization is suspended: its administrators do not get in to call a deletion off."""
    return work.tx.session.get_one(Organization, account.organization_id).suspended_at is not None


def _lapsed_domain(work: Work, account: Account) -> Domain | None:
    """Return the domain of the account's address if the organization holds it, but its proof is missing for too long."""
    held = work.tx.session.scalar(
        select(Domain).where(
            Domain.held_name == account.email_domain, Domain.organization_id == account.organization_id
        )
    )
    if held is None or policy.may_claim(held.state, held.missing_since, work.now):
        return None
    return held


def _schedule(work: Work, account: Account, at: Any) -> None:
    if account.deletion_at is None:
        account.deletion_from = ACTIVE if account.disabled_at is None else DISABLED
    with administering.keeping_one(work, account.organization_id):
        account.disabled_at = account.disabled_at or work.now
        account.deletion_at = at
        account.epoch += 1
    record(
        work,
        AccountDeletionScheduled(
            organization_id=account.organization_id,
            target_id=account.id,
            email=account.email,
            deletion_at=spoken(at),
        ),
    )
    accounts.defer_ending(work, account.organization_id, account.id)
    provisioning_marks.accounts(work, account.organization_id, [account.id])
    _defer(work, account)


def _defer(work: Work, account: Account) -> None:
    assert account.deletion_at is not None
    jobs.defer(
        work,
        ERASE,
        key=f"{ERASE}:{account.id}:{account.deletion_at.isoformat()}",
        payload={"organization_id": account.organization_id, "account_id": account.id},
        organization_id=account.organization_id,
        run_at=account.deletion_at,
    )


def _tell(work: Work, account: Account) -> None:
    organization = work.tx.session.get_one(Organization, account.organization_id)
    mailing.queue(
        work,
        account.email,
        "account-deletion",
        {"organization": organization.name, "email": account.email, "at": (work.now + GRACE).isoformat()},
        organization_id=account.organization_id,
    )


def _erase(work: Work, account: Account) -> None:
    email, email_key = account.email, account.email_key
    where, of = account.organization_id, account.id
    for model in (Invitation, AccessRequest):
        work.tx.session.execute(delete(model).where(model.organization_id == where, model.account_id == of))
    work.tx.session.execute(
        delete(JoinRequest).where(
            JoinRequest.organization_id == where,
            or_(JoinRequest.account_id == of, JoinRequest.email_key == email_key),
        )
    )
    work.tx.session.execute(
        update(AccountImportRow)
        .where(
            AccountImportRow.organization_id == where,
            or_(AccountImportRow.account_id == of, AccountImportRow.email.in_({email, email_key})),
        )
        .values(email="", before={}, after={}, done={}, problem="")
    )
    work.tx.session.execute(
        delete(LauncherArrangement).where(LauncherArrangement.organization_id == where, LauncherArrangement.id == of)
    )
    work.tx.session.execute(
        delete(ProvisionedAccount).where(ProvisionedAccount.organization_id == where, ProvisionedAccount.id == of)
    )
    work.tx.session.execute(
        delete(ProvisioningCall).where(
            ProvisioningCall.organization_id == where,
            or_(
                ProvisioningCall.target_id == of,
                ProvisioningCall.what.icontains(email, autoescape=True),
                ProvisioningCall.said.icontains(email, autoescape=True),
            ),
        )
    )
    work.tx.session.execute(delete(SearchWord).where(SearchWord.organization_id == where, SearchWord.target_id == of))
    work.tx.session.execute(
        delete(OutboxMessage).where(
            OutboxMessage.organization_id == where, OutboxMessage.kind == mail.KIND, OutboxMessage.destination == email
        )
    )
    _forget_as_actor(work, where, of, email)
    _forget_in_runs(work, where, email)
    _end_facts(work, where, of)
    account.email, account.email_key, account.email_domain = "", f"erased:{of}", ""
    account.name, account.given_name, account.family_name = FORMER, "", ""
    account.attributes, account.attribute_sources = {}, {}
    account.typed_by_person, account.vouched_email = [], ""
    account.language, account.policy_id = "", None
    account.domain_id = account.managed_at = account.last_active_at = None
    account.deletion_at, account.deletion_from = None, ""
    account.disabled_at, account.erased_at, account.updated_at = account.disabled_at or work.now, work.now, work.now
    account.epoch += 1
    work.tx.session.flush()
    search.take_away(work, account)
    record(work, AccountErased(organization_id=where, target_id=of))


def _forget_in_runs(work: Work, organization_id: str, email: str) -> None:
    """What runs have found out says no name and no address of the person any more."""
    written = {email, json.dumps(email)[1:-1]}  # as text, or as JSON has it
    said = [cast(of, Text).icontains(one, autoescape=True) for of in (Run.findings, Run.result) for one in written]
    for run in work.tx.session.scalars(select(Run).where(Run.organization_id == organization_id, or_(*said))):
        run.findings = [one.replace(email, FORMER) for one in run.findings]
        run.result = {
            key: [[FORMER, ""] if email in one else one for one in value] if isinstance(value, list) else value
            for key, value in run.result.items()
        }


def _forget_as_actor(work: Work, organization_id: str, account_id: str, email: str) -> None:
    """What others are shown of what the person did as an administrator says no name any more."""
    for who, id_, name in (
        (AccountImport, AccountImport.created_by, "created_by_name"),
        (Run, Run.created_by, "created_by_name"),
        (Invitation, Invitation.invited_by, "invited_by_name"),
    ):
        work.tx.session.execute(
            update(who).where(who.organization_id == organization_id, id_ == account_id).values({name: FORMER})
        )
    for model, column in (
        (AccessRequest, AccessRequest.decided_by),
        (JoinRequest, JoinRequest.decided_by),
        (AccessPolicyVersion, AccessPolicyVersion.created_by),
    ):
        work.tx.session.execute(
            update(model).where(model.organization_id == organization_id, column == email).values({column.key: FORMER})
        )


def _end_facts(work: Work, organization_id: str, account_id: str) -> None:
    """What is dated ends now; that it was stays, under an id that names nobody any more."""
    for model, mine in (
        (Membership, Membership.account_id == account_id),
        (RoleAssignment, RoleAssignment.account_id == account_id),
        (AccessGrant, (AccessGrant.subject_kind == "account") & (AccessGrant.subject_id == account_id)),
    ):
        work.tx.session.execute(
            update(model)
            .where(
                model.organization_id == organization_id,
                mine,
                or_(model.valid_to.is_(None), model.valid_to > work.now),
            )
            .values(valid_to=work.now)
        )
