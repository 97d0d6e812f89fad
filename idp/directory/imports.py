"""
Imports of accounts: a file is read and shown as a difference; what was shown, and nothing else, is applied or undone.

Each row is done by the verbs that administrators use one by one, with the rights of whoever applies it, and refused
where the account is not any more what was shown (`directory.import_steps`). How a file is read:
`directory.import_reading`. Who may sign in is of a floor above: `signon.account_imports`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from idp.base.errors import Conflict, NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import queries
from idp.directory.joining_models import AccountImport, AccountImportRow
from idp.directory.models import Account, Group
from idp.policy.access.context import AccountKind
from idp.policy.importing import Action
from idp.policy.permissions import Permission, require

READING, PREVIEWED, APPLYING, APPLIED = "reading", "previewed", "applying", "applied"
UNDOING, UNDONE = "undoing", "undone"
STATES = (READING, PREVIEWED, APPLYING, APPLIED, UNDOING, UNDONE)
CREATED, CHANGED, REFUSED = "created", "changed", "refused"
REMOVED, DISABLED, RESTORED, PARTLY, KEPT = "removed", "disabled", "restored", "partly", "kept"
OUTCOMES = (CREATED, CHANGED, REFUSED, REMOVED, DISABLED, RESTORED, PARTLY, KEPT)


def refusal(account: Account) -> str:
    """Return why no file changes an account; empty: one may."""
    if account.kind == AccountKind.BREAK_GLASS:
        return "An account for emergencies is changed by no file."
    if account.deletion_at is not None:
        return "The account is scheduled for deletion."
    return ""


def imports(
    work: Work,
    *,
    organization_id: str | None = None,
    state: str = "",
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[AccountImport]:
    """
    Return imports that this actor could have made, the newest first, at most *limit*.

    Args:
        state: only those in this one of `STATES`.
        after: only those behind the one that was made then, with this id.
    """
    query = queries.visible(work, AccountImport, Permission.ACCOUNT_CREATE)
    if state:
        query = query.where(AccountImport.state == state)
    if organization_id is not None:
        query = query.where(AccountImport.organization_id == organization_id)
    if after is not None:
        at, id_ = AccountImport.created_at, AccountImport.id
        query = query.where((at < after[0]) | ((at == after[0]) & (id_ < after[1])))
    query = query.order_by(AccountImport.created_at.desc(), AccountImport.id.desc()).limit(limit)
    return list(work.tx.session.scalars(query))


def get(work: Work, import_id: str, *, organization_id: str | None = None) -> AccountImport:
    """
    Raises:
        NotFound: no such import that this actor could have made.
    """
    query = queries.visible(work, AccountImport, Permission.ACCOUNT_CREATE).where(AccountImport.id == import_id)
    if organization_id is not None:
        query = query.where(AccountImport.organization_id == organization_id)
    found = work.tx.session.scalar(query)
    if found is None:
        raise NotFound(
            phrase("There is no import “%(import_id)s”.", import_id=import_id[:80]), advice="See: idp import list"
        )
    return found


def rows(
    work: Work, of: AccountImport, *, action: str = "", outcome: str = "", after: int = 0, limit: int = 100
) -> list[AccountImportRow]:
    """
    Return rows of an import in the order of its file, at most *limit*.

    Args:
        action, outcome: only those that would do this, of which this became.
        after: only those below this line of the file.
    """
    query = queries.visible(work, AccountImportRow, Permission.ACCOUNT_CREATE).where(
        AccountImportRow.organization_id == of.organization_id,
        AccountImportRow.import_id == of.id,
        AccountImportRow.number > after,
    )
    if action:
        query = query.where(AccountImportRow.action == action)
    if outcome:
        query = query.where(AccountImportRow.outcome == outcome)
    return list(work.tx.session.scalars(query.order_by(AccountImportRow.number).limit(limit)))


def done(work: Work, of: AccountImport) -> dict[str, int]:
    """Return how many rows have come to which outcome so far; those that did nothing yet are under the empty text."""
    query = (
        select(AccountImportRow.outcome, func.count())
        .where(
            AccountImportRow.organization_id == of.organization_id,
            AccountImportRow.import_id == of.id,
            AccountImportRow.action.in_((Action.CREATE.value, Action.CHANGE.value)),
        )
        .group_by(AccountImportRow.outcome)
    )
    return {row[0]: row[1] for row in work.tx.session.execute(query)}


def group_names(work: Work, organization_id: str, group_ids: Iterable[str]) -> dict[str, str]:
    """Return what groups are called now, by id; those that are gone are missing."""
    wanted = sorted(set(group_ids))
    query = queries.visible(work, Group, Permission.GROUP_READ).where(
        Group.organization_id == organization_id, Group.id.in_(wanted)
    )
    return {group.id: group.name for group in work.tx.session.scalars(query)} if wanted else {}


def begin(work: Work, of: AccountImport, before: str, during: str, **options: Any) -> None:
    """
    Move an import from one state to the next; of many who try at once one does.

    Raises:
        Forbidden: the actor may not create accounts there.
        Conflict: it is not in that state (any more).
    """
    require(work, Permission.ACCOUNT_CREATE, of.organization_id)
    work.tx.session.flush()
    moved = work.tx.session.execute(
        update(AccountImport)
        .where(
            AccountImport.organization_id == of.organization_id,
            AccountImport.id == of.id,
            AccountImport.state == before,
        )
        .values(state=during, options={**of.options, **options}, version=AccountImport.version + 1)
        .execution_options(synchronize_session=False)
    )
    if not moved.rowcount:  # type: ignore[attr-defined]
        raise Conflict(
            phrase("This import is not %(before)s any more.", before=before),
            advice="Look at it again: somebody else may have been faster.",
        )
    work.tx.session.refresh(of)
