"""
One act on many accounts, as a run: on those that were chosen, or on all that filters match.

Each account is acted on by the verb that acts on one, so that nothing is allowed here that is not allowed there. A part
that would lock administrators out is done account by account, without those that would.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from idp.base.errors import Conflict, IdpError, Invalid
from idp.base.ids import is_id
from idp.base.texts import counted, phrase
from idp.base.work import Work
from idp.directory import account_lists, accounts, authentication_policies, groups, policy_members, queries, runs
from idp.directory.console_models import Run
from idp.directory.models import Account, Organization
from idp.directory.runs import Kinds, Step
from idp.policy.permissions import Permission, require
from idp.signon import signing_out_others
from idp.signon.guarding import LOCK_OUT, guarded

KIND = "bulk-accounts"
DISABLE, ENABLE, ADD_TO_GROUP, END_SESSIONS, MOVE = (
    "disable",
    "enable",
    "add-to-group",
    "end-sessions",
    "move-to-policy",
)
MOST_CHOSEN = 1000
AT_ONCE = 25

_PERMISSIONS = {
    DISABLE: Permission.ACCOUNT_DISABLE,
    ENABLE: Permission.ACCOUNT_DISABLE,
    ADD_TO_GROUP: Permission.GROUP_MEMBERS,
    END_SESSIONS: Permission.ACCOUNT_CREDENTIALS,
    MOVE: Permission.POLICY_EDIT,
}
ACTS: Mapping[str, Permission] = _PERMISSIONS
"""What can be done to many at once, and the permission that it needs."""

_FILTERS = frozenset({"starting", "state", "kind", "group"})
GROUP_AT_ONCE = 200
"""So many members of a group are acted on while somebody waits; more are work for a run."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """
    Which accounts: the *ids*, or where there are none all that the *filters* match (as `account_lists.matching` has
    them) when their turn comes.
    """

    ids: Sequence[str] = ()
    filters: Mapping[str, str] | None = None


def count(work: Work, organization_id: str, chosen: Chosen) -> int:
    """
    Return how many accounts are meant.

    Raises:
        Invalid: none, too many, or what cannot be an account or a filter.
    """
    if chosen.ids:
        if len(chosen.ids) > MOST_CHOSEN:
            raise Invalid(
                phrase("Choose at most %(most)s accounts, or all that a filter matches.", most=MOST_CHOSEN),
                field="accounts",
            )
        if not all(is_id(one, "acc") for one in chosen.ids):
            raise Invalid("This is no choice of accounts.", field="accounts")
        return len(set(chosen.ids))
    if chosen.filters is None:
        raise Invalid("Choose at least one account.", field="accounts")
    if not _FILTERS.issuperset(chosen.filters):
        raise Invalid("There is no such filter.", field="accounts")
    matched = account_lists.matching(work, organization_id, **chosen.filters).subquery()
    return work.tx.session.scalar(select(func.count()).select_from(matched)) or 0


def target_name(work: Work, organization_id: str, act: str, to: str) -> tuple[str, str]:
    """
    Return the id and the name of the group or policy that *act* puts accounts into; empty where it does not.

    Raises:
        NotFound: no such group or policy that this actor may see.
        Invalid: there is no such act.
    """
    if act not in ACTS:
        raise Invalid("There is no such act.", field="act")
    if act == ADD_TO_GROUP:
        group = queries.group(work, to, organization_id=organization_id)
        return group.id, group.name
    if act == MOVE:
        policy = authentication_policies.policy(work, _slug(work, organization_id), to)
        return policy.id, policy.name
    return "", ""


def start(work: Work, act: str, *, organization_id: str, chosen: Chosen, to: str = "") -> Run:
    """
    Begin to do *act* (one of `ACTS`) to the accounts that were chosen.

    Args:
        to: the group, or the policy, that they are put into.

    Raises:
        NotFound: no such group or policy that this actor may see.
        Forbidden: the actor may not do this in the organization.
        Invalid: there is no such act, or nobody was chosen.
    """
    to, name = target_name(work, organization_id, act, to)
    require(work, ACTS[act], organization_id)
    total = count(work, organization_id, chosen)
    return runs.start(
        work,
        KIND,
        organization_id=organization_id,
        title=_title(act, total, name),
        parameters={
            "act": act,
            "to": to,
            "ids": list(dict.fromkeys(chosen.ids)),
            "filters": dict(chosen.filters or {}),
        },
        total=total,
    )


def _title(act: str, total: int, to: str) -> str:
    accounts = counted("%(num)s account", "%(num)s accounts", total)
    titles = {
        DISABLE: phrase("Disable %(accounts)s", accounts=accounts),
        ENABLE: phrase("Enable %(accounts)s", accounts=accounts),
        ADD_TO_GROUP: phrase("Add %(accounts)s to %(group)s", accounts=accounts, group=to),
        END_SESSIONS: phrase("End the sessions of %(accounts)s", accounts=accounts),
        MOVE: phrase("Move %(accounts)s to the policy %(policy)s", accounts=accounts, policy=to),
    }
    return titles[act]


def step(work: Work, run: Run, cursor: str) -> Step:
    """Do the act to the next 25 accounts."""
    people, following = _next(work, run, cursor)
    findings: list[str] = []
    try:
        with work.tx.session.begin_nested(), guarded(work, run.organization_id):
            for account_id, email in people:
                with runs.item(work, findings, email):
                    _act(work, run, account_id)
            work.tx.session.flush()
    except Conflict as error:
        if error.code != LOCK_OUT:
            raise
        findings = []
        for account_id, email in people:
            with runs.item(work, findings, email), guarded(work, run.organization_id):
                _act(work, run, account_id)
    return Step(len(people) - len(findings), len(findings), findings, following)


KINDS: Kinds = {KIND: step}


def _next(work: Work, run: Run, cursor: str) -> tuple[list[tuple[str, str]], str | None]:
    """Return the next accounts (id and address) and where to go on after them; None: nowhere."""
    ids: list[str] = run.parameters["ids"]
    if ids:
        at = int(cursor or 0)
        part = ids[at : at + AT_ONCE]
        return _named(work, run.organization_id, part), str(at + AT_ONCE) if at + AT_ONCE < len(ids) else None
    query = (
        account_lists.matching(work, run.organization_id, **run.parameters["filters"])
        .where(Account.id > cursor)
        .with_only_columns(Account.id, Account.email, maintain_column_froms=True)
        .order_by(Account.id)
        .limit(AT_ONCE)
    )
    rows = [(row.id, row.email) for row in work.tx.session.execute(query)]
    return rows, rows[-1][0] if len(rows) == AT_ONCE else None


def _named(work: Work, organization_id: str, ids: Sequence[str]) -> list[tuple[str, str]]:
    query = (
        queries.visible(work, Account, Permission.ACCOUNT_READ)
        .where(Account.organization_id == organization_id, Account.id.in_(ids))
        .with_only_columns(Account.id, Account.email, maintain_column_froms=True)
    )
    emails = {row.id: row.email for row in work.tx.session.execute(query)}
    return [(one, emails.get(one, one)) for one in ids]


def _act(work: Work, run: Run, account_id: str) -> None:
    _DO[run.parameters["act"]](work, run, account_id)


def _disable(work: Work, run: Run, account_id: str) -> None:
    if work.actor.kind == "account" and work.actor.id == account_id:
        raise Conflict("You cannot disable yourself along with others.")
    accounts.disable(work, account_id, organization_id=run.organization_id)


def _enable(work: Work, run: Run, account_id: str) -> None:
    accounts.enable(work, account_id, organization_id=run.organization_id)


def _add(work: Work, run: Run, account_id: str) -> None:
    slug = _slug(work, run.organization_id)
    groups.add(work, run.parameters["to"], account_id, organization=slug)


def _end_sessions(work: Work, run: Run, account_id: str) -> None:
    signing_out_others.end_sessions(work, account_id, organization_id=run.organization_id)


def _move(work: Work, run: Run, account_id: str) -> None:
    moved = policy_members.move(work, _slug(work, run.organization_id), [account_id], run.parameters["to"])
    error: IdpError | None = moved[0].error
    if error is not None:
        raise error


_DO: Mapping[str, Callable[[Work, Run, str], None]] = {
    DISABLE: _disable,
    ENABLE: _enable,
    ADD_TO_GROUP: _add,
    END_SESSIONS: _end_sessions,
    MOVE: _move,
}


def _slug(work: Work, organization_id: str) -> str:
    return work.tx.session.get_one(Organization, organization_id).slug
