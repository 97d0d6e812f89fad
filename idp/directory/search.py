"""
Finding people, groups, applications, domains, sites and attempts by a few letters.

Whoever creates, renames or takes away one of them says it here (`put`, `forget`), in the same transaction. What is
found is never told from the words alone: each is read through `queries.visible`, as everything is (threats T2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, delete, func, insert, literal_column, or_, select, tuple_
from sqlalchemy.orm import aliased

from idp.audit.models import Attempt
from idp.base import jobs
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Work
from idp.directory import queries
from idp.directory.console_models import SearchWord
from idp.directory.domain_models import Domain
from idp.directory.models import Account, Application, Group, Owned, Site
from idp.directory.search_words import asked, words
from idp.policy.permissions import Permission, allows

REBUILD = "search-index"
"""The job that writes the words of everything anew, in parts."""

AT_ONCE = 500
LONGEST_QUESTION = 200

_ATTEMPT = "att_"
_NAMES_A_MINUTE = 12
"""So many letters of a reference, with what it begins with, tell attempts of one minute from all others."""
_CHANCE_FROM = len(_ATTEMPT) + 12 + 1
"""Where in a reference its time is over and chance begins, counted from one (`ids.new_ordered_id`)."""
_NEWEST_ATTEMPTS = 2000
_LAST = "\U0010ffff"
_RARE = 400
_FURTHER = (500, 4000)
_TABLE = table(SearchWord)
_OF_TARGET = (
    _TABLE.c.organization_id == bindparam("organization"),
    _TABLE.c.kind == bindparam("of_kind"),
    _TABLE.c.target_id == bindparam("target"),
)
_KNOWN = Prepared(select(_TABLE.c.word).where(*_OF_TARGET))
_FORGET = Prepared(delete(_TABLE).where(*_OF_TARGET))
_FORGET_WORD = Prepared(delete(_TABLE).where(*_OF_TARGET, _TABLE.c.word == bindparam("one_word")))
_ADD = Prepared(insert(_TABLE))


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: of which kind, its id, what it is called, and what else tells it from others of that name."""

    kind: str
    id: str
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Kind:
    model: type[Owned]
    permission: Permission
    lives: ColumnElement[bool] | None


_KINDS: Mapping[str, _Kind] = {
    "application": _Kind(Application, Permission.APPLICATION_READ, Application.deleted_at.is_(None)),
    "group": _Kind(Group, Permission.GROUP_READ, None),
    "domain": _Kind(Domain, Permission.DOMAIN_READ, Domain.removed_at.is_(None)),
    "site": _Kind(Site, Permission.SITE_READ, None),
    "account": _Kind(Account, Permission.ACCOUNT_READ, Account.erased_at.is_(None)),
}
KINDS = tuple(_KINDS)
_BY_MODEL = {kind.model: name for name, kind in _KINDS.items()}


def put(work: Work, found: Account | Application | Domain | Group | Site) -> None:
    """Let *found* be found by what it is called now; called by whatever creates or renames it."""
    index(work, found.organization_id, _BY_MODEL[type(found)], found.id, *_texts(found))


def take_away(work: Work, gone: Account | Application | Domain | Group | Site) -> None:
    """Let *gone* be found no more; called by whatever deletes or erases it."""
    forget(work, gone.organization_id, _BY_MODEL[type(gone)], gone.id)


def index(work: Work, organization_id: str, kind: str, target_id: str, *texts: str) -> None:
    """
    Let the target be found by the words of *texts*, and by no others any more.

    Args:
        kind: one of `KINDS`.
    """
    of = {"organization": organization_id, "of_kind": kind, "target": target_id}
    known = {row.word for row in work.tx.rows(_KNOWN, **of)}
    wanted = words(*texts)
    for word in known - wanted:
        work.tx.run(_FORGET_WORD, **of, one_word=word)
    for word in sorted(wanted - known):
        work.tx.run(_ADD, organization_id=organization_id, kind=kind, target_id=target_id, word=word)


def forget(work: Work, organization_id: str, kind: str, target_id: str) -> None:
    """Let the target be found by nothing any more."""
    work.tx.run(_FORGET, organization=organization_id, of_kind=kind, target=target_id)


def find(work: Work, organization_id: str, text: str, limit: int = 8, *, kinds: Sequence[str] = KINDS) -> list[Hit]:
    """
    Return what of the organization this actor may see and every word of *text* is the beginning of a word of.

    Args:
        limit: how many of each kind at most.
        kinds: only of these.
    """
    text = text[:LONGEST_QUESTION]
    beginnings = asked(text)
    if text.strip().lower().startswith(_ATTEMPT):
        return _attempts(work, organization_id, text.strip(), limit, alone=False)
    found: list[Hit] = []
    if not beginnings:
        return found
    counts = _counts(work, organization_id, kinds, beginnings)
    for kind in kinds:
        met = {beginning: counts[kind, beginning] for beginning in beginnings}
        if all(met.values()):
            rarest_first = sorted(beginnings, key=lambda one: met[one])
            found += [_hit(kind, row) for row in _of_kind(work, organization_id, kind, rarest_first, limit)]
    return found or _attempts(work, organization_id, text.strip(), limit, alone=True)


def _counts(
    work: Work, organization_id: str, kinds: Sequence[str], beginnings: Sequence[str]
) -> dict[tuple[str, str], int]:
    """Return how many words of each kind begin with each of *beginnings*, counted up to 400, in one statement."""
    asked_for = [(kind, beginning) for kind in kinds for beginning in beginnings]

    def some(kind: str, beginning: str) -> Any:
        few = (
            select(SearchWord.target_id)
            .where(SearchWord.organization_id == organization_id, SearchWord.kind == kind)
            .where(*_begins(SearchWord, beginning))
            .limit(_RARE)
            .subquery()
        )
        return select(func.count()).select_from(few).scalar_subquery()

    row = work.tx.session.execute(select(*(some(*one) for one in asked_for))).one()
    return dict(zip(asked_for, row, strict=True))


def _of_kind(work: Work, organization_id: str, kind: str, beginnings: Sequence[str], limit: int) -> list[Any]:
    """
    Return what of a kind is met by all of *beginnings* and may be seen, at most *limit*.

    Words are looked through in parts that grow; whoever sees only little of what there is finds it among the first
    thousands, or with more letters.
    """
    after: tuple[str, str] | None = None
    seen: set[str] = set()
    found: list[Any] = []
    for size in (limit * 4, *_FURTHER):
        rows = _targets(work, organization_id, kind, beginnings, after, size)
        fresh = [row.target_id for row in rows if row.target_id not in seen]
        fresh = list(dict.fromkeys(fresh))
        seen.update(fresh)
        found += _seen(work, organization_id, kind, fresh)
        if len(found) >= limit or len(rows) < size:
            break
        after = rows[-1].word, rows[-1].target_id
    return found[:limit]


def _targets(
    work: Work, organization_id: str, kind: str, beginnings: Sequence[str], after: tuple[str, str] | None, size: int
) -> list[Any]:
    first, *others = beginnings
    query = (
        select(SearchWord.word, SearchWord.target_id)
        .where(SearchWord.organization_id == organization_id, SearchWord.kind == kind, *_begins(SearchWord, first))
        .where(*(_has(organization_id, kind, other) for other in others))
        .order_by(SearchWord.word, SearchWord.target_id)
        .limit(size)
    )
    if after is not None:
        query = query.where(tuple_(SearchWord.word, SearchWord.target_id) > tuple_(*after))
    return list(work.tx.session.execute(query))


def _seen(work: Work, organization_id: str, kind: str, ids: Sequence[str]) -> list[Any]:
    """Return those of *ids* that are there and that this actor may see, in their order."""
    if not ids:
        return []
    what = _KINDS[kind]
    query = queries.visible(work, what.model, what.permission).where(
        what.model.organization_id == organization_id, what.model.id.in_(ids)
    )
    if what.lives is not None:
        query = query.where(what.lives)
    rows = {row.id: row for row in work.tx.session.scalars(query)}
    return [rows[one] for one in ids if one in rows]


def _has(organization_id: str, kind: str, beginning: str) -> ColumnElement[bool]:
    """Return the condition that a row's target is met by *beginning*: looked up row by row, never joined (LIMIT forbids it)."""
    word = aliased(SearchWord)
    one: Select[Any] = (
        select(literal_column("1"))
        .where(
            word.organization_id == organization_id,
            word.kind == kind,
            word.target_id == SearchWord.target_id,
            *_begins(word, beginning),
        )
        .limit(literal_column("1"))
        .correlate(SearchWord)
    )
    return one.scalar_subquery().is_not(None)


def _begins(word: Any, beginning: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return word.word >= beginning, word.word < beginning + _LAST


def _attempts(work: Work, organization_id: str, text: str, limit: int, *, alone: bool) -> list[Hit]:
    """
    Return attempts by their reference, the newest first.

    A few letters of it (its beginning; or, *alone*: nothing else was found, of what is by chance in it) find it among the
    newest two thousand of the organization. Twelve of the beginning name a minute, and find it whatever its age.
    """
    reference = text.lower()
    said = reference.removeprefix(_ATTEMPT)
    named = reference.startswith(_ATTEMPT)
    if not (said.isascii() and said.isalnum() and len(reference) <= 64) or not (named or (alone and len(said) >= 4)):
        return []
    if not allows(work.actor, Permission.AUDIT_READ, organization_id):
        return []
    columns = (Attempt.id, Attempt.kind, Attempt.outcome, Attempt.at)
    if len(reference) >= _NAMES_A_MINUTE and named:
        query = (
            select(*columns)
            # References are small letters and digits: nothing of that beginning comes after as many z as there is room for.
            .where(Attempt.id >= reference, Attempt.id <= reference.ljust(64, "z"))
            .where(Attempt.organization_id == organization_id)
            .order_by(Attempt.id)
            .limit(limit)
        )
    else:
        newest = (
            select(*columns)
            .where(Attempt.organization_id == organization_id)
            .order_by(Attempt.at.desc())
            .limit(_NEWEST_ATTEMPTS)
            .subquery()
        )
        begins = [newest.c.id.startswith(reference if named else _ATTEMPT + said, autoescape=True)]
        if not named:
            begins += [func.substr(newest.c.id, _CHANCE_FROM, len(said)) == said, newest.c.id.endswith(said)]
        query = select(newest).where(or_(*begins)).order_by(newest.c.at.desc(), newest.c.id).limit(limit)
    rows = work.tx.session.execute(query)
    return [Hit("attempt", row.id, row.id, f"{row.kind}, {row.outcome}") for row in rows]


def _texts(found: Any) -> tuple[str, ...]:
    if isinstance(found, Account):
        return found.email, found.name, found.given_name, found.family_name
    if isinstance(found, Site):
        return found.name, found.slug
    name: str = found.name
    return (name,)


def _hit(kind: str, row: Any) -> Hit:
    if kind == "account":
        return Hit(kind, row.id, row.name, row.email)
    if kind == "site":
        return Hit(kind, row.id, row.name, row.slug)
    return Hit(kind, row.id, row.name, row.protocol if kind == "application" else "")


def ask_for_rebuild(work: Work, *, key: str) -> bool:
    """Ask for the job that writes the words of everything anew; False where one of that *key* was asked for before."""
    return jobs.defer(work, REBUILD, key=f"{REBUILD}:{key}", payload={"key": key})


def rebuild(work: Work, payload: Mapping[str, Any]) -> None:
    """Do a part of the job `REBUILD`, and ask for the next."""
    key, kind = str(payload.get("key", "first")), str(payload.get("kind", KINDS[0]))
    after = (str(payload.get("organization_id", "")), str(payload.get("id", "")))
    last, _ = rebuild_part(work, kind, after)
    if last is None:
        at = KINDS.index(kind) + 1
        if at == len(KINDS):
            return
        kind, last = KINDS[at], ("", "")
    following = {"key": key, "kind": kind, "organization_id": last[0], "id": last[1]}
    jobs.defer(work, REBUILD, key=f"{REBUILD}:{key}:{kind}:{last[0]}:{last[1]}", payload=following)


def rebuild_part(
    work: Work, kind: str, after: tuple[str, str], at_once: int = AT_ONCE
) -> tuple[tuple[str, str] | None, int]:
    """
    Write the words of the next *at_once* targets of *kind* after the key *after* (organization and id) anew.

    Returns:
        The key of the last one (None where there are no more), and how many there were.
    """
    what = _KINDS[kind]
    model = what.model
    query = (
        queries.visible(work, model, what.permission)
        .where((model.organization_id > after[0]) | ((model.organization_id == after[0]) & (model.id > after[1])))
        .order_by(model.organization_id, model.id)
        .limit(at_once)
    )
    found = list(work.tx.session.scalars(query))
    for one in found:
        if _is_gone(one):
            forget(work, one.organization_id, kind, one.id)
        else:
            index(work, one.organization_id, kind, one.id, *_texts(one))
    return (found[-1].organization_id, found[-1].id) if len(found) == at_once else None, len(found)


def _is_gone(found: Any) -> bool:
    return any(getattr(found, column, None) is not None for column in ("deleted_at", "erased_at", "removed_at"))
