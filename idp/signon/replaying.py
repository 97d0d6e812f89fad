"""
Replay over what was recorded: attempts in, and who would newly be asked, denied or let in out.

Read in parts, in the order in which they happened; judged in memory. Groups are those that people were in at the time,
authentication policies and what application is under which access policy are those of today.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, bindparam, select

from idp.audit.models import Attempt
from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory import access_policies, authentication_policies, memberships, queries
from idp.directory.access_policies import Standing
from idp.directory.authentication_policies import AuthenticationFacts
from idp.directory.models import Account, Application
from idp.directory.past_groups import PastGroups
from idp.policy.access import recording
from idp.policy.access.context import AccountKind, Context, RequestKind
from idp.policy.access.evaluate import Compiled, evaluate
from idp.policy.access.outcome import ALLOWED, Denied
from idp.policy.access.replay import Recorded, Said, Side, Tally, compare, said, turning
from idp.policy.access.rules import Rules
from idp.policy.authentication import Terms
from idp.policy.models import AccessPolicy, AuthenticationPolicy
from idp.policy.permissions import Permission, require
from idp.policy.signon import Method, SignOnPolicy, Strength

_AT_ONCE = 2000

_PART = Prepared(
    select(
        Attempt.id,
        Attempt.at,
        Attempt.kind,
        Attempt.account_id,
        Attempt.application_id,
        Attempt.site_id,
        Attempt.ip,
        Attempt.context,
    )
    .where(
        Attempt.organization_id == bindparam("organization_id"),
        Attempt.account_id.is_not(None),
        Attempt.decision != "",
        Attempt.at
        >= bindparam("at", type_=Attempt.at.type),  # the index begins here; an OR alone begins at the first row
        (Attempt.at > bindparam("at", type_=Attempt.at.type)) | (Attempt.id > bindparam("after")),
    )
    .order_by(Attempt.at, Attempt.id)
    .limit(_AT_ONCE)
)
_OLDEST = Prepared(
    select(Attempt.at)
    .where(
        Attempt.organization_id == bindparam("organization_id"),
        Attempt.account_id.is_not(None),
        Attempt.decision != "",
        Attempt.at >= bindparam("since", type_=Attempt.at.type),
    )
    .order_by(Attempt.at.desc())
    .limit(1)
    .offset(bindparam("skipped", type_=Integer()))
)
_UNDER = Prepared(
    select(Application.id, Application.access_policy_id).where(
        Application.organization_id == bindparam("organization_id"), Application.access_policy_id.is_not(None)
    )
)
_NOTHING = Said(ALLOWED)
_STRENGTHS = {strength.name.lower(): strength for strength in Strength}


@dataclass(frozen=True, slots=True)
class Judging:
    """
    By what sign-ons are judged.

    Args:
        access: the access policies.
        under: the access policy that each application is under, where it is not the default.
        policies: the authentication policies by id; None: the organization's default.
    """

    access: Standing
    under: Mapping[str, str | None]
    policies: Mapping[str | None, SignOnPolicy]


@dataclass(frozen=True, slots=True)
class Replayed:
    """
    What a replay found since a moment, and what the accounts in it are called.

    ``newest``: only the newest sign-ons were judged, since there are more than were asked for.
    """

    since: datetime
    tally: Tally
    people: Mapping[str, str]
    newest: bool = False


@dataclass(slots=True)
class _Known:
    """What is read once of each account that has signed on."""

    work: Work
    organization_id: str
    groups: PastGroups
    policy_of: dict[str, str | None] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    break_glass: set[str] = field(default_factory=set)
    turning: "_Turning" = field(default_factory=lambda: _Turning())

    def learn(self, account_ids: Iterable[str]) -> None:
        """Read what is to know of accounts that are not known yet."""
        new = [one for one in dict.fromkeys(account_ids) if one not in self.people]
        self.groups.learn(new)
        for some in memberships.chunks(new):
            query = select(Account.id, Account.email, Account.policy_id, Account.kind).where(
                Account.organization_id == self.organization_id, Account.id.in_(some)
            )
            for row in self.work.tx.session.execute(query):
                self.policy_of[row.id], self.people[row.id] = row.policy_id, row.email
                if row.kind == AccountKind.BREAK_GLASS:
                    self.break_glass.add(row.id)


def judging(work: Work, organization_id: str) -> Judging:
    """Return by what sign-ons are judged as this transaction sees it: before a change, or after it."""
    facts = authentication_policies.as_it_is(work, organization_id)
    return Judging(
        access=access_policies.as_it_is(work, organization_id),
        under={row.id: row.access_policy_id for row in work.tx.rows(_UNDER, organization_id=organization_id)},
        policies={policy_id: _without_grace(of) for policy_id, of in facts.items()},
    )


def with_rules(work: Work, before: Judging, of: AccessPolicy, rules: Rules) -> Judging:
    """
    Return what would judge instead of *before* if an access policy had *rules*. Nothing is written.

    Raises:
        Invalid: the rules name what is not there.
    """
    return replace(before, access=access_policies.proposed(work, of, rules))


def with_terms(before: Judging, of: AuthenticationPolicy, terms: Terms) -> Judging:
    """Return what would judge instead of *before* if an authentication policy said *terms*."""
    remembered = {Method.KNOWN_DEVICE} if terms.known_device_days else set()
    then = SignOnPolicy(0, terms.second_step, frozenset(terms.methods) | remembered)
    changed: dict[str | None, SignOnPolicy] = {of.id: then}
    return replace(before, policies={**before.policies, **changed, **({None: then} if of.is_default else {})})


def _without_grace(of: AuthenticationFacts) -> SignOnPolicy:
    """What is put off is asked for in the end; nor does it matter which version asks."""
    remembered = {Method.KNOWN_DEVICE} if of.known_device_days else set()
    return SignOnPolicy(0, of.second_step, of.methods | remembered)


def replay(
    work: Work, organization: str, before: Judging, after: Judging, *, days: int, most: int | None = None
) -> Replayed:
    """
    Return what *after* instead of *before* would have meant for the sign-ons of the last *days* days.

    Args:
        most: judge no more than so many, the newest; None: all of them.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not read policies and the log there.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_READ, owner.id)
    require(work, Permission.AUDIT_READ, owner.id)
    since = beginning(work, owner.id, days=days, most=most)
    known = _Known(work, owner.id, PastGroups(work, owner.id))
    tally = Tally()
    for rows in recorded_since(work, owner.id, since):
        known.learn(row.account_id for row in rows)
        for row in rows:
            _judge(row, known, before, after, tally)
    return Replayed(since, tally, known.people, newest=is_newest(work, since, days=days))


def beginning(work: Work, organization_id: str, *, days: int, most: int | None) -> datetime:
    """Return the moment so many days ago; or later, so that no more than *most* sign-ons are since then."""
    since = work.now - timedelta(days=days)
    if most is None:
        return since
    oldest = work.tx.row(_OLDEST, organization_id=organization_id, skipped=most - 1, since=since)
    return since if oldest is None else max(since, oldest.at)


def is_newest(work: Work, since: datetime, *, days: int) -> bool:
    """Say whether *since*, as `beginning` returned it, leaves out sign-ons of the last *days* days."""
    return since > work.now - timedelta(days=days)


def people(work: Work, organization_id: str, account_ids: Iterable[str]) -> dict[str, str]:
    """Return what accounts of an organization are called: their e-mail addresses by their ids."""
    found: dict[str, str] = {}
    for some in memberships.chunks(list(dict.fromkeys(account_ids))):
        query = select(Account.id, Account.email).where(
            Account.organization_id == organization_id, Account.id.in_(some)
        )
        found |= {row.id: row.email for row in work.tx.session.execute(query)}
    return found


def recorded_since(work: Work, organization_id: str, since: datetime) -> Iterator[list[Any]]:
    """Yield the attempts of an organization since a moment in which a person was judged, in parts, the oldest first."""
    at, after = since - timedelta(microseconds=1), ""
    while True:
        rows = work.tx.rows(_PART, organization_id=organization_id, at=at, after=after)
        yield rows
        if len(rows) < _AT_ONCE:
            return
        at, after = rows[-1].at, rows[-1].id


class _Turning:
    """Whether the difference between two versions of an access policy can matter to a context; asked often."""

    def __init__(self) -> None:
        self._of: dict[tuple[int, int], Compiled | None] = {}

    def may_matter(self, before: Compiled, after: Compiled, context: Context) -> bool:
        if before is after:
            return False
        key = id(before), id(after)
        if key not in self._of:
            rules = (
                None if before.zones != after.zones and _shared(before, after) else turning(before.rules, after.rules)
            )
            zones = {**before.zones, **after.zones}
            self._of[key] = None if rules is None else access_policies.compiled("", "", 0, rules, zones)
        turns_on = self._of[key]
        if turns_on is None:
            return True
        said_ = evaluate(turns_on, context)
        return isinstance(said_.outcome, Denied) or bool(said_.uncertain)


def _shared(before: Compiled, after: Compiled) -> bool:
    """Whether a zone that both name is not the same in both."""
    return any(after.zones[one] != zone for one, zone in before.zones.items() if one in after.zones)


def _judge(row: Any, known: _Known, before: Judging, after: Judging, tally: Tally) -> None:
    context = _context(row, known)
    policies = _policy(before, known, row), _policy(after, known, row)
    sides = [Side(policy) for policy in policies]
    if context.kind is not AccountKind.BREAK_GLASS and row.account_id not in known.break_glass:
        asked = _asked(before, row, context.request), _asked(after, row, context.request)
        if policies[0] == policies[1] and not any(
            known.turning.may_matter(one, other, context) for one, other in zip(*asked, strict=True)
        ):
            tally.judged += 1  # nearly all of them: nothing else need be asked
            return
        sides = [
            Side(policy, tuple(_said(one, context) for one in of)) for policy, of in zip(policies, asked, strict=True)
        ]
    recorded = Recorded(
        row.id,
        context,
        asked=_STRENGTHS.get(row.context.get("asked") or ""),
        has_second_step=row.context.get("has_second_step"),
    )
    tally.add(recorded, compare(recorded, *sides))


def _context(row: Any, known: _Known) -> Context:
    context = recording.read(
        row.context,
        at=row.at,
        account_id=row.account_id,
        application_id=row.application_id,
        site_id=row.site_id,
        ip=row.ip,
        attempt=row.kind,
    )
    return replace(context, groups=known.groups.at(row.account_id, row.at))


def _said(by: Compiled, context: Context) -> Said:
    return _NOTHING if by.trivial else said(evaluate(by, context))


def _asked(by: Judging, row: Any, kind: RequestKind) -> tuple[Compiled, ...]:
    if kind is RequestKind.CONSOLE:
        return by.access.session, by.access.console
    if row.application_id is None:
        return (by.access.session,)
    return by.access.session, by.access.of_application(by.under.get(row.application_id))


def _policy(judging: Judging, known: _Known, row: Any) -> SignOnPolicy:
    return judging.policies.get(known.policy_of.get(row.account_id)) or judging.policies[None]
