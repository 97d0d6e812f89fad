"""
Reading a file of accounts and comparing it with the directory: what it would do is kept; nothing is done yet.

A short file is read at once. Of a long one the head and the rows are looked at at once, so that what is wrong with the
file is told to whoever waits; what is in its rows is read by a run, a thousand of them at a time. Until then the file is
kept; it is gone when it was read, or after a day (`signon.housekeeping`).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import delete, insert, or_, select

from idp.audit.events import AccountImportPreviewed
from idp.audit.log import record
from idp.base.errors import Conflict
from idp.base.ids import new_id
from idp.base.tables import table
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import attributes, names, queries, rights, runs
from idp.directory.console_models import Run
from idp.directory.imports import PREVIEWED, READING, refusal
from idp.directory.joining_models import AccountImport, AccountImportFile, AccountImportRow
from idp.directory.models import Account, Group, Membership
from idp.directory.runs import Kinds, Step
from idp.policy import importing
from idp.policy.importing import Action, Difference, Directory, Present, Row, Rules
from idp.policy.permissions import Permission, allows, require

KIND = "read-import"
AT_ONCE = 1000
"""So many rows are read while somebody waits, and in one part of a run."""
KEPT = timedelta(days=1)
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
    made = _made(work, owner.id, file_name, PREVIEWED)
    _keep(work, made, rows)
    _note(work, made)
    return made


def begin(work: Work, octets: bytes, *, organization: str, file_name: str = "") -> tuple[AccountImport, Run | None]:
    """
    As `preview`; a file of more than `AT_ONCE` rows is read by a run, which is returned with it.

    Raises:
        NotFound, Forbidden, Invalid: as of `preview`.
        Conflict: the actor has as many runs open as there may be.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.ACCOUNT_CREATE, owner.id)
    count = importing.count(octets, RULES)
    if count <= AT_ONCE:
        return preview(work, octets, organization=organization, file_name=file_name), None
    made = _made(work, owner.id, file_name, READING)
    run = runs.start(
        work,
        KIND,
        organization_id=owner.id,
        title=phrase("Read the file %(name)s", name=made.file_name or made.id),
        parameters={"import_id": made.id},
        total=count,
    )
    made.options = {"run_id": run.id}
    work.tx.session.add(AccountImportFile(organization_id=owner.id, id=made.id, content=octets, created_at=work.now))
    work.tx.session.flush()
    return made, run


def _step(work: Work, run: Run, cursor: str) -> Step:
    """Read the next rows of a file."""
    require(work, Permission.ACCOUNT_CREATE, run.organization_id)
    key = (run.organization_id, run.parameters["import_id"])
    found, file = work.tx.session.get(AccountImport, key), work.tx.session.get(AccountImportFile, key)
    if found is None or file is None or found.state != READING:
        raise Conflict("The file is not there any more.", advice="Upload it again.")
    at = int(cursor or 0)
    rows = importing.read(file.content, RULES, start=at, most=AT_ONCE)
    _keep(work, found, rows)
    if len(rows) == AT_ONCE and at + AT_ONCE < run.total:
        return Step(len(rows), cursor=str(at + AT_ONCE))
    found.state = PREVIEWED
    work.tx.session.flush()
    of = table(AccountImportFile)
    work.tx.session.execute(delete(of).where(of.c.organization_id == key[0], of.c.id == key[1]))
    _note(work, found)
    return Step(len(rows))


KINDS: Kinds = {KIND: _step}


def _made(work: Work, organization_id: str, file_name: str, state: str) -> AccountImport:
    made = AccountImport(
        organization_id=organization_id,
        id=new_id("imp"),
        file_name=_file_name(file_name),
        state=state,
        counts=_counts([]),
        created_by=work.actor.id,
        created_by_name=(work.actor.name or work.actor.kind)[:320],
        created_at=work.now,
    )
    work.tx.session.add(made)
    work.tx.session.flush()
    return made


def _keep(work: Work, of: AccountImport, rows: Sequence[Row]) -> None:
    differences = importing.compare(rows, _directory(work, of.organization_id, rows))
    for part in _chunks(differences):
        work.tx.session.execute(insert(AccountImportRow), [_stored(of, one) for one in part])
    of.counts = {name: of.counts[name] + more for name, more in _counts(differences).items()}
    work.tx.session.flush()


def _note(work: Work, of: AccountImport) -> None:
    record(
        work,
        AccountImportPreviewed(
            organization_id=of.organization_id, target_id=of.id, file_name=of.file_name, counts=dict(of.counts)
        ),
    )


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
        accounts={key: _present(account, members.get(account.id, frozenset())) for key, account in found.items()},
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


def _present(of: Account, member_of: frozenset[str]) -> Present:
    return Present(
        of.id, of.kind, {part: getattr(of, part) for part in importing.NAMES}, of.attributes, member_of, refusal(of)
    )
