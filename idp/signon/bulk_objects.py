"""
One act on many things of a list, as a run: on those that were chosen, or on all that its filters match.

Each is acted on by the verb that acts on one, in a unit of its own: what may not be done, or cannot be, is left as it is
and named, and nothing is half done.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func

from idp.base.errors import Invalid, NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import queries, runs
from idp.directory.console_models import Run
from idp.directory.models import Application
from idp.directory.rights import allows_on, require_on
from idp.directory.runs import Kinds, Step
from idp.policy.permissions import Permission, reach, require

KIND = "bulk-objects"
MOST_CHOSEN = 200
AT_ONCE = 10
NAMED = 10
"""So many of those that a filter matches are named before it begins; what was chosen by hand is named as a whole."""
LONGEST_ANSWER = 1024


@dataclass(frozen=True, slots=True)
class Chosen:
    """
    Which things: the *ids*, or where there are none all that the *filters* of the list match when their turn comes,
    that the act fits, and that were there when it began. *of*: the application that the list is of.
    """

    ids: Sequence[str] = ()
    filters: Mapping[str, str] | None = None
    of: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """
    What can be done to many.

    Args:
        name: of the act.
        prefix: what ids of the things begin with.
        permissions: any of them is needed of each, at least.
        do: acts on one; what it returns is a sentence on why nothing came of it, or empty.
        named: names of those things that the actor may see, by id.
        title: what the run is called, of so many.
        matching: what filters match and the act fits; of those, if the last argument says so, what the actor may do it to.
        id, since: columns of what is matched: its id, and since when it is there.
        of_all: what is needed beside in the organization for all that a filter matches.
        answers: people are told an answer, which has to be given.
    """

    name: str
    prefix: str
    permissions: tuple[Permission, ...]
    do: Callable[[Work, Run, str], str]
    named: Callable[[Work, str, str, Sequence[str]], dict[str, str]]
    title: Callable[[int], str]
    matching: Callable[[Work, str, Chosen, bool], Select[*tuple[Any, ...]]]
    id: Any
    since: Any
    of_all: Permission | None = None
    answers: bool = False


@dataclass(frozen=True, slots=True)
class Meant:
    """
    To what an act would be done.

    Args:
        count: to so many.
        named: names by id: of all that were chosen by hand, or of the first that filters match.
        gone: so many of those that were chosen are not there any more.
        left_out: so many more match, and the actor may not do it to them.
    """

    count: int
    named: Mapping[str, str]
    gone: int = 0
    left_out: int = 0
    ids: tuple[str, ...] = field(default=(), repr=False)


def meant(work: Work, act: Act, *, organization_id: str, chosen: Chosen) -> Meant:
    """
    Return to what an act would be done, as far as the actor may see it.

    Raises:
        Forbidden: the actor may do this nowhere in the organization, or not to all that a filter matches.
        NotFound: there is no such application, or other thing that a filter names, that this actor may see.
        Invalid: nothing was chosen, or too much; or nothing of it is there.
    """
    _require_somewhere(work, act, organization_id, chosen)
    if chosen.filters is not None and not chosen.ids:
        query = _matching(work, act, organization_id, chosen, work.now, touchable=True)
        every = _matching(work, act, organization_id, chosen, work.now, touchable=False)
        first = list(work.tx.session.scalars(_ids(query, act).order_by(act.id).limit(NAMED)))
        count = _count(work, query, act)
        return Meant(
            count, act.named(work, organization_id, chosen.of, first), left_out=_count(work, every, act) - count
        )
    wanted = [*dict.fromkeys(one for one in chosen.ids if one.startswith(f"{act.prefix}_") and len(one) <= 64)]
    if not wanted or len(wanted) != len(set(chosen.ids)):
        raise Invalid("Choose at least one of the list.", field="chosen", advice="Go back to the list and choose.")
    if len(wanted) > MOST_CHOSEN:
        raise Invalid(
            phrase("Choose at most %(most)s at once.", most=MOST_CHOSEN), field="chosen", advice="Choose fewer."
        )
    named = act.named(work, organization_id, chosen.of, wanted)
    if not named:
        raise Invalid("None of those that you chose is there any more.", field="chosen", advice="Load the list again.")
    return Meant(len(named), named, gone=len(wanted) - len(named), ids=tuple(named))


def every_id(work: Work, act: Act, *, organization_id: str, chosen: Chosen) -> list[str]:
    """Return the ids of all that filters match and the actor may do it to: of a list that is read as a whole anyway."""
    query = _matching(work, act, organization_id, chosen, work.now, touchable=True)
    return list(work.tx.session.scalars(_ids(query, act)))


def start(work: Work, act: Act, *, organization_id: str, chosen: Chosen, answer: str = "") -> Run:
    """
    Begin to do *act* to the things that were chosen.

    Args:
        answer: what people are told whose requests are decided on.

    Raises:
        Forbidden, NotFound, Invalid: as of `meant`; or there is nothing to do it to, or an answer is missing.
        Conflict: the actor has as many runs open as there may be.
    """
    found = meant(work, act, organization_id=organization_id, chosen=chosen)
    if not found.count:
        raise Invalid(
            "There is nothing here to which you could do this.", field="chosen", advice="Load the list again."
        )
    if act.answers and not answer.strip():
        raise Invalid("Say why, for those who asked.", field="answer")
    if len(answer) > LONGEST_ANSWER:
        raise Invalid(phrase("An answer has at most %(most)s characters.", most=LONGEST_ANSWER), field="answer")
    return runs.start(
        work,
        KIND,
        organization_id=organization_id,
        title=act.title(found.count),
        parameters={
            "act": act.name,
            "ids": list(found.ids),
            "filters": None if found.ids else dict(chosen.filters or {}),
            "of": chosen.of,
            "answer": answer.strip(),
            "left_out": found.left_out,
        },
        total=found.count,
    )


def kinds(acts: Mapping[str, Act]) -> Kinds:
    """Return what does a part of such a run; *acts*: all that there are, by their names."""
    return {KIND: lambda work, run, cursor: _step(work, run, cursor, acts[run.parameters["act"]])}


def _step(work: Work, run: Run, cursor: str, act: Act) -> Step:
    """Do the act to the next few."""
    part, following = _next(work, run, cursor, act)
    named = act.named(work, run.organization_id, run.parameters["of"], part)
    findings: list[str] = []
    for one in part:
        with runs.item(work, findings, named.get(one, one)):
            if said := act.do(work, run, one):
                findings.append(runs.finding(named.get(one, one), said))
    return Step(len(part) - len(findings), len(findings), findings, following)


def _next(work: Work, run: Run, cursor: str, act: Act) -> tuple[list[str], str | None]:
    """Return the ids of the next few and where to go on after them; None: nowhere."""
    ids: list[str] = run.parameters["ids"]
    if ids:
        at = int(cursor or 0)
        return ids[at : at + AT_ONCE], str(at + AT_ONCE) if at + AT_ONCE < len(ids) else None
    chosen = Chosen(filters=run.parameters["filters"], of=run.parameters["of"])
    query = _ids(_matching(work, act, run.organization_id, chosen, run.created_at, touchable=True), act)
    found = list(work.tx.session.scalars(query.where(act.id > cursor).order_by(act.id).limit(AT_ONCE)))
    return found, found[-1] if len(found) == AT_ONCE else None


def _matching(
    work: Work, act: Act, organization_id: str, chosen: Chosen, begun: datetime, *, touchable: bool
) -> Select[*tuple[Any, ...]]:
    return act.matching(work, organization_id, chosen, touchable).where(act.since <= begun)


def _ids(query: Select[*tuple[Any, ...]], act: Act) -> Select[str]:
    return query.with_only_columns(act.id, maintain_column_froms=True)


def _count(work: Work, query: Select[*tuple[Any, ...]], act: Act) -> int:
    return work.tx.session.scalar(func.count().select().select_from(_ids(query, act).subquery())) or 0


def _require_somewhere(work: Work, act: Act, organization_id: str, chosen: Chosen) -> None:
    if act.of_all is not None and chosen.filters is not None and not chosen.ids:
        require(work, act.of_all, organization_id)
    if chosen.of:
        application = application_of(work, organization_id, chosen.of)
        if not any(allows_on(work, one, application) for one in act.permissions):
            require_on(work, act.permissions[0], application)
        return
    inside: set[str] = set()
    for permission in act.permissions:
        where = reach(work.actor, permission)
        inside.update(one for one, _ in (*where.sites, *where.applications))
        inside.update(where.organizations, {organization_id} if where.everywhere else ())
    if organization_id not in inside:
        require(work, act.permissions[0], organization_id)


def application_of(work: Work, organization_id: str, application_id: str) -> Application:
    """
    Return an application of the organization.

    Raises:
        NotFound: none that this actor may see.
    """
    found = queries.application(work, application_id)
    if found.organization_id != organization_id:
        raise NotFound("There is no such application.", field="application")
    return found
