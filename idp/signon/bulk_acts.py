"""
One act on many accounts, as a run: on those that were chosen, or on all that filters match.

Each account is acted on by the verb that acts on one, so that nothing is allowed here that is not allowed there. Whom
the actor may not touch is left out, and counted before anything begins. A part that would lock administrators out is
done account by account, without those that would.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_

from idp.base.errors import Conflict, Forbidden, Invalid
from idp.base.ids import is_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import account_lists, authentication_policies, queries, rights, runs, site_people
from idp.directory.console_models import Run
from idp.directory.models import Account
from idp.directory.runs import Kinds, Step
from idp.policy.permissions import Permission, allows, require
from idp.signon import insights
from idp.signon.bulk_account_acts import ACTS, ADD_TO_GROUP, DO, MOVE, Act, Do, slug, title
from idp.signon.guarding import LOCK_OUT, guarded

KIND = "bulk-accounts"
MOST_CHOSEN = 1000
MOST_BY_HELP = 50
"""So many are chosen at once by whoever may help people, and no more: a page of the list."""
AT_ONCE = 25
NAMED = 10
"""So many of those that are meant are named before it begins."""

_FILTERS = frozenset({"starting", "state", "kind", "group", "site", "which"})
GROUP_AT_ONCE = 200
"""So many members of a group are acted on while somebody waits; more are work for a run."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """
    Which accounts: the *ids*, or where there are none all that the *filters* match when their turn comes, and that were
    there when it began. The filters are those of `account_lists.matching`; with ``site`` (a short name) those of
    `site_people.matching`, with ``which`` (one of `insights.LISTS`) those of `insights.matching`.
    """

    ids: Sequence[str] = ()
    filters: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Meant:
    """
    Whom an act would be done to.

    Args:
        count: so many accounts.
        left_out: so many more were chosen, and are left out: they administer what the actor does not, or are the actor.
        first: addresses of the first of them.
        ids: those of the chosen that are not left out; empty where filters choose.
    """

    count: int
    left_out: int
    first: tuple[str, ...] = ()
    ids: tuple[str, ...] = field(default=(), repr=False)


def meant(work: Work, organization_id: str, act: str, chosen: Chosen) -> Meant:
    """
    Return whom *act* (one of `ACTS`) would be done to.

    Raises:
        NotFound: no such group that this actor may see.
        Invalid: there is no such act; nobody was chosen, or too many; or what cannot be an account or a filter.
    """
    found = _act(act)
    untouchable = _untouchable(work, organization_id, found)
    if chosen.ids:
        return _meant_by_ids(work, organization_id, _checked(chosen.ids), untouchable)
    query = _matching(work, organization_id, found, chosen.filters, work.now)
    kept = query if untouchable is None else query.where(~untouchable)
    left_out = 0 if untouchable is None else _count(work, query.where(untouchable))
    return Meant(_count(work, kept), left_out, _first(work, kept))


def _meant_by_ids(
    work: Work, organization_id: str, ids: tuple[str, ...], untouchable: ColumnElement[bool] | None
) -> Meant:
    seen = queries.visible(work, Account, Permission.ACCOUNT_READ).where(
        Account.organization_id == organization_id, Account.id.in_(ids)
    )
    out: set[str] = set()
    if untouchable is not None:
        out.update(work.tx.session.scalars(seen.where(untouchable).with_only_columns(Account.id)))
        seen = seen.where(~untouchable)
    kept = tuple(one for one in ids if one not in out)
    return Meant(len(kept), len(out), _first(work, seen), kept)


def _checked(ids: Sequence[str]) -> tuple[str, ...]:
    if len(ids) > MOST_CHOSEN:
        raise Invalid(
            phrase("Choose at most %(most)s accounts, or all that a filter matches.", most=MOST_CHOSEN),
            field="accounts",
        )
    if not all(is_id(one, "acc") for one in ids):
        raise Invalid("This is no choice of accounts.", field="accounts")
    return tuple(dict.fromkeys(ids))


def _matching(
    work: Work, organization_id: str, act: Act, filters: Mapping[str, str] | None, begun: datetime
) -> Select[Account]:
    if filters is None:
        raise Invalid("Choose at least one account.", field="accounts")
    if not _FILTERS.issuperset(filters):
        raise Invalid("There is no such filter.", field="accounts")
    return _listed(work, organization_id, filters).where(act.fits, Account.created_at <= begun)


def _listed(work: Work, organization_id: str, filters: Mapping[str, str]) -> Select[Account]:
    said = {name: value for name, value in filters.items() if value}
    site, which = said.pop("site", ""), said.pop("which", "")
    if not site and not which:
        return account_lists.matching(work, organization_id, **said)
    if (site and which) or not {"starting", "kind"}.issuperset(said):
        raise Invalid(
            "There is no such filter.", field="accounts"
        )  # read as none it would match more than was asked for
    if which:
        return insights.matching(work, organization_id, which, **said)
    return site_people.matching(work, queries.site(work, site, organization_id=organization_id), **said)


def _untouchable(work: Work, organization_id: str, act: Act) -> ColumnElement[bool] | None:
    """Return which accounts the actor may not do this to; None: there is no such account."""
    out = [rights.out_of_reach(work, organization_id)] if act.over else []
    if act.others and work.actor.kind == "account" and work.actor.organization_id == organization_id:
        out.append(Account.id == work.actor.id)
    known = [one for one in out if one is not None]
    return or_(*known) if known else None


def _count(work: Work, query: Select[Account]) -> int:
    inner = query.with_only_columns(Account.id, maintain_column_froms=True).subquery()
    return work.tx.session.scalar(func.count().select().select_from(inner)) or 0


def _first(work: Work, query: Select[Account]) -> tuple[str, ...]:
    named = query.with_only_columns(Account.email, maintain_column_froms=True)
    return tuple(work.tx.session.scalars(named.order_by(Account.email_key, Account.id).limit(NAMED)))


def target_name(work: Work, organization_id: str, act: str, to: str) -> tuple[str, str]:
    """
    Return the id and the name of the group or policy that *act* puts accounts into; empty where it does not.

    Raises:
        NotFound: no such group or policy that this actor may see.
        Invalid: there is no such act.
    """
    _act(act)
    if act == ADD_TO_GROUP:
        group = queries.group(work, to, organization_id=organization_id)
        return group.id, group.name
    if act == MOVE:
        policy = authentication_policies.policy(work, slug(work, organization_id), to)
        return policy.id, policy.name
    return "", ""


def require_to_begin(work: Work, organization_id: str, act: str, chosen: Chosen) -> None:
    """
    Require what it needs to begin *act*: the verb for one asks again, of each account.

    Raises:
        Forbidden: the actor may not do this in the organization; or only to some that were chosen by hand.
        Invalid: there is no such act.
    """
    found = _act(act)
    if allows(work.actor, found.of_all, organization_id):
        return
    if not any(allows(work.actor, one, organization_id) for one in found.permissions):
        require(work, found.of_all, organization_id)
    if not chosen.ids or len(chosen.ids) > MOST_BY_HELP:
        raise Forbidden(
            phrase("You may do this to at most %(most)s accounts at once, which you choose.", most=MOST_BY_HELP),
            advice="Choose them in the list, page by page.",
            cause=phrase(
                "%(kind)s %(name)s lacks %(value)s",
                kind=work.actor.kind,
                name=work.actor.name or work.actor.id,
                value=found.of_all.value,
            ),
        )


def may_begin(work: Work, organization_id: str, act: str, chosen: Chosen) -> bool:
    """Say whether `require_to_begin` would let the actor pass."""
    try:
        require_to_begin(work, organization_id, act, chosen)
    except Forbidden:
        return False
    return True


def start(
    work: Work, act: str, *, organization_id: str, chosen: Chosen, to: str = "", options: Collection[str] = ()
) -> Run:
    """
    Begin to do *act* (one of `ACTS`) to the accounts that were chosen, but for those that are left out (`meant`).

    Args:
        to: the group, or the policy, that they are put into.
        options: what is wished for beside (`Act.options`).

    Raises:
        NotFound: no such group or policy that this actor may see.
        Forbidden: the actor may not do this in the organization.
        Conflict: the actor has as many runs open as there may be.
        Invalid: there is no such act or option, nobody was chosen, or everybody is left out.
    """
    to, name = target_name(work, organization_id, act, to)
    require_to_begin(work, organization_id, act, chosen)
    if not ACTS[act].options.issuperset(options):
        raise Invalid("There is no such option.", field="options")
    found = meant(work, organization_id, act, chosen)
    if not found.count:
        raise Invalid("There is nobody here to whom you could do this.", field="accounts", advice="Choose others.")
    return runs.start(
        work,
        KIND,
        organization_id=organization_id,
        title=title(act, found.count, name),
        parameters={
            "act": act,
            "to": to,
            "ids": list(found.ids),
            "filters": dict(chosen.filters or {}),
            "options": sorted(options),
            "left_out": found.left_out,
        },
        total=found.count,
    )


def kinds(further: Mapping[str, Do]) -> Kinds:
    """Return what does a part of such a run; *further*: what does the acts that floors above do themselves."""
    do = {**DO, **further}
    return {KIND: lambda work, run, cursor: _step(work, run, cursor, do)}


KINDS: Kinds = kinds({})
"""As `kinds`, without what is of floors above."""


def _step(work: Work, run: Run, cursor: str, do: Mapping[str, Do]) -> Step:
    """Do the act to the next 25 accounts."""
    act = do[run.parameters["act"]]
    people, following = _next(work, run, cursor)
    findings: list[str] = []
    try:
        with work.tx.session.begin_nested(), guarded(work, run.organization_id):
            for account_id, email in people:
                with runs.item(work, findings, email):
                    act(work, run, account_id)
            work.tx.session.flush()
    except Conflict as error:
        if error.code != LOCK_OUT:
            raise
        findings = []
        for account_id, email in people:
            with runs.item(work, findings, email), guarded(work, run.organization_id):
                act(work, run, account_id)
    return Step(len(people) - len(findings), len(findings), findings, following)


def _next(work: Work, run: Run, cursor: str) -> tuple[list[tuple[str, str]], str | None]:
    """Return the next accounts (id and address) and where to go on after them; None: nowhere."""
    ids: list[str] = run.parameters["ids"]
    if ids:
        at = int(cursor or 0)
        part = ids[at : at + AT_ONCE]
        return _named(work, run.organization_id, part), str(at + AT_ONCE) if at + AT_ONCE < len(ids) else None
    act = ACTS[run.parameters["act"]]
    query = _matching(work, run.organization_id, act, run.parameters["filters"], run.created_at)
    untouchable = _untouchable(work, run.organization_id, act)
    if untouchable is not None:
        query = query.where(~untouchable)
    query = query.where(Account.id > cursor).order_by(Account.id).limit(AT_ONCE)
    named = query.with_only_columns(Account.id, Account.email, maintain_column_froms=True)
    rows = [(row.id, row.email) for row in work.tx.session.execute(named)]
    return rows, rows[-1][0] if len(rows) == AT_ONCE else None


def _named(work: Work, organization_id: str, ids: Sequence[str]) -> list[tuple[str, str]]:
    query = (
        queries.visible(work, Account, Permission.ACCOUNT_READ)
        .where(Account.organization_id == organization_id, Account.id.in_(ids))
        .with_only_columns(Account.id, Account.email, maintain_column_froms=True)
    )
    emails = {row.id: row.email for row in work.tx.session.execute(query)}
    return [(one, emails.get(one, one)) for one in ids]


def _act(act: str) -> Act:
    if act not in ACTS:
        raise Invalid("There is no such act.", field="act")
    return ACTS[act]
