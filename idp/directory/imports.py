"""
Imports of accounts: a file is read and shown as a difference; what was shown, and nothing else, is applied or undone.

Each row is done by the verbs that administrators use one by one, with the rights of whoever applies it, and refused
where the account is not any more what was shown. Who may sign in is of a floor above: `signon.account_imports`.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import func, insert, or_, select, update

from idp.audit.events import AccountImportPreviewed
from idp.audit.log import record
from idp.base.errors import Conflict, NotFound
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import attributes, names, queries, rights
from idp.directory.joining_models import AccountImport, AccountImportRow
from idp.directory.models import Account, Group, Membership
from idp.policy import importing
from idp.policy.access.context import AccountKind
from idp.policy.importing import Action, Difference, Directory, Present, Row, Rules
from idp.policy.permissions import Permission, allows, require

PREVIEWED, APPLYING, APPLIED, UNDOING, UNDONE = "previewed", "applying", "applied", "undoing", "undone"
STATES = (PREVIEWED, APPLYING, APPLIED, UNDOING, UNDONE)
CREATED, CHANGED, REFUSED = "created", "changed", "refused"
REMOVED, DISABLED, RESTORED, PARTLY, KEPT = "removed", "disabled", "restored", "partly", "kept"
OUTCOMES = (CREATED, CHANGED, REFUSED, REMOVED, DISABLED, RESTORED, PARTLY, KEPT)
_TOGETHER = 500

RULES = Rules(
    email=names.email,
    key=names.email_key,
    name=names.name,
    attribute_name=attributes.further_name,
    attribute=lambda called, texts: attributes.further({called: texts})[called],
)


def preview(work: Work, octets: bytes, *, organization: str, file_name: str = "") -> AccountImport:
    """
    Read a CSV file of accounts and keep what it would do; nothing is done yet.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not create accounts there.
        Invalid: the file cannot be read; what is wrong with single rows is told in them.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.ACCOUNT_CREATE, owner.id)
    rows = importing.read(octets, RULES)
    differences = importing.compare(rows, _directory(work, owner.id, rows))
    made = AccountImport(
        organization_id=owner.id,
        id=new_id("imp"),
        file_name=_file_name(file_name),
        state=PREVIEWED,
        counts=_counts(differences),
        created_by=work.actor.id,
        created_by_name=(work.actor.name or work.actor.kind)[:320],
        created_at=work.now,
    )
    work.tx.session.add(made)
    work.tx.session.flush()
    for part in _chunks(differences):
        work.tx.session.execute(insert(AccountImportRow), [_stored(made, one) for one in part])
    record(
        work,
        AccountImportPreviewed(
            organization_id=owner.id, target_id=made.id, file_name=made.file_name, counts=dict(made.counts)
        ),
    )
    return made


def _file_name(value: str) -> str:
    """Return what a file is called, as far as it can be shown; the folders that some browsers name are left out."""
    return "".join(c for c in value.replace("\\", "/").rpartition("/")[2] if c.isprintable())[:256]


def _counts(differences: Iterable[Difference]) -> dict[str, int]:
    counts = dict.fromkeys((action.value for action in Action), 0)
    for one in differences:
        counts[one.action.value] += 1
    return counts


def _stored(of: AccountImport, one: Difference) -> dict[str, Any]:
    return {
        "organization_id": of.organization_id,
        "id": new_id("imr"),
        "import_id": of.id,
        "number": one.line,
        "email": one.email[:320],
        "action": one.action.value,
        "before": dict(one.before),
        "after": dict(one.after),
        "done": {},
        "problem": one.problem,
        "account_id": one.account_id,
        "outcome": "",
    }


def _chunks(of: Sequence[Any]) -> Iterator[list[Any]]:
    rest = iter(of)
    while part := list(islice(rest, _TOGETHER)):
        yield part


def _directory(work: Work, organization_id: str, rows: Sequence[Row]) -> Directory:
    found: dict[str, Account] = {}
    for keys in _chunks([row.key for row in rows if row.key]):
        people = queries.visible(work, Account, Permission.ACCOUNT_READ).where(
            Account.organization_id == organization_id, Account.email_key.in_(keys)
        )
        found.update({account.email_key: account for account in work.tx.session.scalars(people)})
    named = _groups(work, organization_id, {name for row in rows for name in row.groups})
    members = _memberships(work, organization_id, [account.id for account in found.values()], named)
    return Directory(
        accounts={key: present(account, members.get(account.id, frozenset())) for key, account in found.items()},
        groups={name: group.id for name, group in named.items()},
        closed={name: why for name, group in named.items() if (why := _closed(work, group))},
        may_create=allows(work.actor, Permission.ACCOUNT_CREATE, organization_id),
        may_change=allows(work.actor, Permission.ACCOUNT_EDIT, organization_id),
    )


def _groups(work: Work, organization_id: str, wanted: set[str]) -> dict[str, Group]:
    keys = {name: names.name_key(name) for name in wanted}
    by_key: dict[str, Group] = {}
    for part in _chunks(sorted(set(keys.values()))):
        query = queries.visible(work, Group, Permission.GROUP_READ).where(
            Group.organization_id == organization_id, Group.name_key.in_(part)
        )
        by_key.update({group.name_key: group for group in work.tx.session.scalars(query)})
    return {name: by_key[key] for name, key in keys.items() if key in by_key}


def _closed(work: Work, group: Group) -> str:
    if group.kind != "manual":
        return f"Who is in “{group.name}” is not decided by hand."
    if not rights.may_change_members(work, group):
        return f"You may not change who is in “{group.name}”."
    return ""


def _memberships(
    work: Work, organization_id: str, account_ids: Sequence[str], named: dict[str, Group]
) -> dict[str, frozenset[str]]:
    group_ids = [group.id for group in named.values()]
    found: dict[str, set[str]] = {}
    for part in _chunks(account_ids) if group_ids else ():
        query = select(Membership.account_id, Membership.group_id).where(
            Membership.organization_id == organization_id,
            Membership.account_id.in_(part),
            Membership.group_id.in_(group_ids),
            Membership.valid_from <= work.now,
            or_(Membership.valid_to.is_(None), Membership.valid_to > work.now),
        )
        for row in work.tx.session.execute(query):
            found.setdefault(row.account_id, set()).add(row.group_id)
    return {account_id: frozenset(ids) for account_id, ids in found.items()}


def present(of: Account, member_of: frozenset[str]) -> Present:
    refused = ""
    if of.kind == AccountKind.BREAK_GLASS:
        refused = "An account for emergencies is changed by no file."
    elif of.deletion_at is not None:
        refused = "The account is scheduled for deletion."
    return Present(
        of.id, of.kind, {part: getattr(of, part) for part in importing.NAMES}, of.attributes, member_of, refused
    )


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
