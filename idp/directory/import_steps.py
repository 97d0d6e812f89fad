"""Doing the rows of an import, and taking them back, some at a time."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from idp.audit.events import AccountImportApplied, AccountImportUndone, AccountRemoved
from idp.audit.log import record
from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.work import Work
from idp.directory import access, accounts, groups, names, provisioning_marks, queries, rights
from idp.directory.attribute_sources import Source
from idp.directory.console_models import SearchWord
from idp.directory.imports import (
    APPLIED,
    CHANGED,
    CREATED,
    DISABLED,
    KEPT,
    PARTLY,
    REFUSED,
    REMOVED,
    RESTORED,
    UNDONE,
    done,
    refusal,
)
from idp.directory.joining_models import AccountImport, AccountImportRow, Invitation
from idp.directory.models import AccessGrant, Account, Membership, Organization, RoleAssignment
from idp.policy import importing
from idp.policy.access.context import AccountKind
from idp.policy.importing import ATTRIBUTE, Action
from idp.policy.permissions import Permission, require

AT_ONCE = 200
"""So many rows are done in one transaction."""
_REFUSALS = (Invalid, NotFound, Conflict, Forbidden)


def stop(work: Work, of: AccountImport) -> None:
    """Stop an import, or its undoing, in the middle: whoever asked may not go on. What was done can be undone."""
    of.state, of.applied_at = APPLIED, of.applied_at or work.now
    of.counts = {**of.counts, **_outcomes(work, of), "stopped": 1}
    work.tx.session.flush()


def _unguarded(_account_id: str) -> AbstractContextManager[None]:
    return nullcontext()


def apply_some(
    work: Work,
    of: AccountImport,
    then: Callable[[Account], None],
    *,
    guard: Callable[[str], AbstractContextManager[None]] = _unguarded,
    limit: int = AT_ONCE,
) -> bool:
    """
    Do the next rows of an import, at most *limit*; say whether more are left. Of a row that is refused nothing is done.

    Args:
        then: what else is done with an account that was created.
        guard: inside of what an account that is there already is changed; it gets the account's id, and may refuse.

    Raises:
        Forbidden: the actor may not create accounts there.
    """
    require(work, Permission.ACCOUNT_CREATE, of.organization_id)
    owner = work.tx.session.get_one(Organization, of.organization_id)
    todo = _rows_to_do(work, of, Action.CREATE.value, Action.CHANGE.value, outcomes=("",), limit=limit)
    for row in todo:
        try:
            with work.tx.session.begin_nested():
                if row.action == Action.CREATE:
                    then(_create(work, owner, row))
                else:
                    with guard(row.account_id or ""):
                        _change(work, owner, row)
        except _REFUSALS as error:
            work.tx.session.refresh(row)
            row.outcome, row.problem = REFUSED, error.message[:512]
    work.tx.session.flush()
    if len(todo) == limit:
        return True
    of.state, of.applied_at = APPLIED, work.now
    of.counts = {**of.counts, **_outcomes(work, of)}
    record(
        work,
        AccountImportApplied(
            organization_id=of.organization_id, target_id=of.id, file_name=of.file_name, counts=_outcomes(work, of)
        ),
    )
    work.tx.session.flush()
    return False


def _outcomes(work: Work, of: AccountImport) -> dict[str, int]:
    return {outcome: count for outcome, count in done(work, of).items() if outcome}


def _rows_to_do(
    work: Work, of: AccountImport, *actions: str, outcomes: Sequence[str], limit: int
) -> list[AccountImportRow]:
    query = (
        select(AccountImportRow)
        .where(
            AccountImportRow.organization_id == of.organization_id,
            AccountImportRow.import_id == of.id,
            AccountImportRow.action.in_(actions),
            AccountImportRow.outcome.in_(outcomes),
        )
        .order_by(AccountImportRow.number)
        .limit(limit)
    )
    return list(work.tx.session.scalars(query))


def _create(work: Work, owner: Organization, row: AccountImportRow) -> Account:
    after = row.after
    account = accounts.create(
        work,
        row.email,
        organization=owner.slug,
        name=after["name"],
        given_name=after.get("given_name", ""),
        family_name=after.get("family_name", ""),
        kind=after["kind"],
        further=_further(after),
        through="import",
    )
    _enter(work, owner, account, row)
    row.account_id, row.outcome = account.id, CREATED
    return account


def _further(values: dict[str, Any]) -> dict[str, list[str]]:
    return {name.removeprefix(ATTRIBUTE): texts for name, texts in values.items() if name.startswith(ATTRIBUTE)}


def _change(work: Work, owner: Organization, row: AccountImportRow) -> None:
    account = queries.account(work, row.account_id or "", organization_id=owner.id)
    if account.email_key != names.email_key(row.email) or _differs(account, row.before):
        raise Conflict("Somebody has changed the account since this was shown.")
    refused = refusal(account)
    if refused:
        raise Conflict(refused)
    _set(work, account, row.after, Source.IMPORT)
    _enter(work, owner, account, row)
    row.outcome = CHANGED


def _differs(account: Account, shown: dict[str, Any]) -> list[str]:
    """Return which values of *account* are not (any more) those that were *shown*."""
    return [field for field, value in shown.items() if _value(account, field) != value]


def _value(account: Account, field: str) -> Any:
    if field.startswith(ATTRIBUTE):
        return list(account.attributes.get(field.removeprefix(ATTRIBUTE), ()))
    return getattr(account, field)


def _set(work: Work, account: Account, values: dict[str, Any], source: Source) -> None:
    wanted = {part: values[part] for part in importing.NAMES if part in values}
    if wanted:
        accounts.rename(work, account.id, organization_id=account.organization_id, source=source, **wanted)
    further = _further(values)
    if further:
        accounts.set_attributes(work, account.id, further, organization_id=account.organization_id, source=source)


def _enter(work: Work, owner: Organization, account: Account, row: AccountImportRow) -> None:
    already = access.group_ids_of(work, owner.id, account.id)
    began: dict[str, str] = {}
    for group_id in row.after.get("groups", ()):
        if group_id not in already:
            began[group_id] = groups.add(work, group_id, account.id, organization=owner.slug).id
    row.done = began


def undo_some(
    work: Work,
    of: AccountImport,
    is_used: Callable[[Account], bool],
    *,
    guard: Callable[[str], AbstractContextManager[None]] = _unguarded,
    limit: int = AT_ONCE,
) -> bool:
    """
    Take the next applied rows of an import back, at most *limit*; say whether more are left.

    An account that it created is removed where nobody has used it; where something holds on to it, it is disabled.
    A value that it changed goes back unless somebody has changed it since.

    Args:
        is_used: whether somebody has signed in with an account, or could.
        guard: as in `apply_some`.

    Raises:
        Forbidden: the actor may not create accounts there.
    """
    require(work, Permission.ACCOUNT_CREATE, of.organization_id)
    owner = work.tx.session.get_one(Organization, of.organization_id)
    actions = (Action.CREATE.value, Action.CHANGE.value)
    todo = _rows_to_do(work, of, *actions, outcomes=(CREATED, CHANGED), limit=limit)
    for row in todo:
        try:
            with work.tx.session.begin_nested(), guard(row.account_id or ""):
                if row.outcome == CREATED:
                    _take_back(work, owner, row, is_used)
                else:
                    _restore(work, owner, row)
        except _REFUSALS as error:
            work.tx.session.refresh(row)
            row.outcome, row.problem = KEPT, error.message[:512]
    work.tx.session.flush()
    if len(todo) == limit:
        return True
    of.state, of.undone_at = UNDONE, work.now
    of.counts = {**of.counts, "undone": _outcomes(work, of)}
    record(
        work,
        AccountImportUndone(
            organization_id=of.organization_id, target_id=of.id, file_name=of.file_name, counts=_outcomes(work, of)
        ),
    )
    work.tx.session.flush()
    return False


def _take_back(work: Work, owner: Organization, row: AccountImportRow, is_used: Callable[[Account], bool]) -> None:
    account = work.tx.session.get(Account, (owner.id, row.account_id or ""))
    if account is None or account.erased_at is not None:
        row.outcome, row.problem = REMOVED, "Somebody has removed the account before."
        return
    if is_used(account) or _has_power(work, account) or rights.roles_to_come(work, owner.id, account.id):
        row.outcome, row.problem = KEPT, "The account has been used since, or was given a role or access of its own."
        return
    if account.kind == AccountKind.BREAK_GLASS:
        row.outcome, row.problem = KEPT, "The account is for emergencies since."
        return
    _leave(work, owner, account, row)
    try:
        with work.tx.session.begin_nested():
            _remove(work, account)
    except IntegrityError:
        work.tx.session.refresh(account)
        if account.disabled_at is None:
            accounts.disable(work, account.id, organization_id=owner.id)
        row.outcome, row.problem = DISABLED, "Something holds on to the account: it was disabled."
        return
    row.outcome = REMOVED


def _has_power(work: Work, account: Account) -> bool:
    held = (
        select(func.count())
        .select_from(RoleAssignment)
        .where(RoleAssignment.organization_id == account.organization_id, RoleAssignment.account_id == account.id)
    )
    granted = (
        select(func.count())
        .select_from(AccessGrant)
        .where(AccessGrant.organization_id == account.organization_id, AccessGrant.subject_id == account.id)
    )
    return bool(work.tx.session.scalar(held)) or bool(work.tx.session.scalar(granted))


def _remove(work: Work, account: Account) -> None:
    """Delete an account that was never anybody's, and every trace of it but the audit log."""
    record(work, AccountRemoved(organization_id=account.organization_id, target_id=account.id, email=account.email))
    for model in (Membership, Invitation):
        work.tx.session.execute(
            delete(model).where(model.organization_id == account.organization_id, model.account_id == account.id)
        )
    work.tx.session.execute(
        delete(SearchWord).where(
            SearchWord.organization_id == account.organization_id, SearchWord.target_id == account.id
        )
    )
    provisioning_marks.accounts(work, account.organization_id, [account.id])
    work.tx.session.delete(account)
    work.tx.session.flush()


def _restore(work: Work, owner: Organization, row: AccountImportRow) -> None:
    account = queries.account(work, row.account_id or "", organization_id=owner.id)
    fields = {field: value for field, value in row.after.items() if field != "groups"}
    kept = _differs(account, fields)
    back = {field: row.before[field] for field in fields if field not in kept}
    _set(work, account, back, Source.ADMINISTRATOR)
    left = _leave(work, owner, account, row)
    if kept:
        row.problem = f"Changed since, and left as it is: {', '.join(kept)}."[:512]
    row.outcome = RESTORED if not kept else PARTLY if back or left else KEPT


def _leave(work: Work, owner: Organization, account: Account, row: AccountImportRow) -> bool:
    """Take *account* out of the groups that the row put it into, where the very membership that it began still holds."""
    left = False
    for group_id, membership_id in row.done.items():
        membership = work.tx.session.get(Membership, (owner.id, membership_id))
        if membership is not None and membership.valid_to is None:
            groups.remove(work, group_id, account.id, organization=owner.slug)
            left = True
    return left
