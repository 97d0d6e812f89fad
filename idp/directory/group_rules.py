"""
Who is in a group by rule: kept so whenever an account, or what groups it is in, changes.

A rule puts accounts into its group, and takes out those that it has put there, by memberships of the source
``rule:<id>``. Accounts that cannot sign in (disabled, or to be deleted) are left as they are until they can again.
A rule can turn on groups; rules are settled in the order in which they turn on one another, and there is no circle.
What a person has typed (a name at joining, an address of their own) decides nothing until an administrator vouches for
it; until then rules go by the address that was vouched for before.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import select

from idp.audit.events import MemberAdded, MemberRemoved
from idp.audit.log import record
from idp.base.work import Work
from idp.directory import memberships, nesting, provisioning_marks
from idp.directory.group_models import GroupRule
from idp.directory.models import Account, Group, Membership
from idp.policy import conditions
from idp.policy.conditions import Condition

_COLUMNS = (
    *(Account.id, Account.email, Account.name, Account.given_name, Account.family_name, Account.attributes),
    *(Account.kind.label("account_kind"), Account.disabled_at, Account.deletion_at, Account.erased_at),
    *(Account.typed_by_person, Account.vouched_email),
)
OWN_ATTRIBUTES = ("email", "name", "given_name", "family_name", "account_kind")
"""What a condition can ask of every account, beside its further attributes."""
MOST_SAMPLED = 50
_PARTS_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is run."""

    id: str
    group_id: str
    group: str
    condition: Condition
    exceptions: frozenset[str]

    @property
    def source(self) -> str:
        """The source of the memberships that the rule makes."""
        return memberships.RULE + self.id


@dataclass(frozen=True, slots=True)
class Person:
    """
    What a rule can know of an account, and whether rules touch it at all.

    ``typed`` are the attributes that the person typed, and no administrator has vouched for: they decide nothing.
    """

    id: str
    email: str
    name: str
    touched: bool
    attributes: Mapping[str, Sequence[str]]
    typed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run of a rule over everybody would do. ``members`` is how many are in its group by the rule now."""

    members: int
    entering: tuple[str, ...]
    leaving: tuple[str, ...]
    entering_people: tuple[Person, ...] = field(default=())
    leaving_people: tuple[Person, ...] = field(default=())
    """The first `MOST_SAMPLED` of each, by e-mail address."""

    def brakes(self, percent: int) -> bool:
        """Say whether more than *percent* of the members would leave."""
        return bool(self.leaving) and len(self.leaving) * 100 > self.members * percent


def settle_account(work: Work, organization_id: str, account_id: str) -> frozenset[str]:
    """
    Let every rule of the organization, and every application that is told, see an account that is new or changed.

    Nothing is locked where there are no rules. Returns the ids of the groups that the account has entered or left by their
    rules; `rule_moves` asks for the rights to that where an administrator has edited it.
    """
    provisioning_marks.accounts(work, organization_id, (account_id,))
    if not _any(work, organization_id):
        return frozenset()
    nesting.hold(work, organization_id)
    return _settle(work, organization_id, _ordered(work, organization_id), (account_id,))


def hold(work: Work, organization_id: str) -> None:
    """As `nesting.hold`, where the organization has a rule; for whoever writes an account before it is settled."""
    if _any(work, organization_id):
        nesting.hold(work, organization_id)


def settle_changed(work: Work, organization_id: str, changed: Mapping[str, Collection[str]]) -> None:
    """
    Let the rules that read groups see who has entered or left these. The caller holds.

    Args:
        changed: the accounts concerned, for each group.
    """
    account_ids = {one for some in changed.values() for one in some}
    if not account_ids:
        return
    rules = [one for one in _ordered(work, organization_id) if one.condition.groups]
    if any(one.condition.groups & changed.keys() for one in rules):
        _settle(work, organization_id, rules, account_ids)


def active(work: Work, organization_id: str) -> list[Rule]:
    """Return the rules that are switched on."""
    rows = work.tx.session.execute(
        select(GroupRule.id, GroupRule.group_id, Group.name, GroupRule.condition, GroupRule.exceptions)
        .join(Group, (Group.organization_id == GroupRule.organization_id) & (Group.id == GroupRule.group_id))
        .where(GroupRule.organization_id == organization_id, GroupRule.active_at.is_not(None))
        .order_by(GroupRule.id)
    )
    return [Rule(row[0], row[1], row[2], conditions.parse(row[3]), frozenset(row[4])) for row in rows]


def plan(work: Work, organization_id: str, rule: Rule) -> Plan:
    """Return what a run of *rule* over everybody would do. Nothing is written."""
    there = memberships.ids(work, organization_id, rule.group_id, rule.source)
    entering: list[Person] = []
    leaving: list[Person] = []
    for people in _everybody(work, organization_id):
        groups = _groups(work, organization_id, [rule], people)
        doubtful = _doubtful(work, organization_id, [rule], people, groups)
        for person in people:
            if not person.touched:
                continue
            wanted = _belongs(rule, person, groups, doubtful)
            if wanted and person.id not in there:
                entering.append(person)
            elif not wanted and person.id in there:
                leaving.append(person)
    return Plan(
        len(there),
        tuple(one.id for one in entering),
        tuple(one.id for one in leaving),
        tuple(sorted(entering, key=_by_address)[:MOST_SAMPLED]),
        tuple(sorted(leaving, key=_by_address)[:MOST_SAMPLED]),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """What a run of a rule would do to one part of everybody. ``following`` is where the next begins; None: nowhere."""

    seen: int
    entering: tuple[Person, ...]
    leaving: tuple[Person, ...]
    following: str | None


def plan_part(work: Work, organization_id: str, rule: Rule, after: str) -> Part:
    """Return what a run of *rule* would do to the next two thousand accounts after the id *after*. Nothing is written."""
    people: list[Person] = []
    for some in islice(_everybody(work, organization_id, after), _PARTS_AT_ONCE):
        people += some
    groups = _groups(work, organization_id, [rule], people)
    there: set[str] = set()
    for ids in memberships.chunks([one.id for one in people]):
        query = select(Membership.account_id).where(
            Membership.organization_id == organization_id,
            Membership.group_id == rule.group_id,
            Membership.source == rule.source,
            Membership.account_id.in_(ids),
            memberships.held(work.now),
        )
        there.update(work.tx.session.scalars(query))
    doubtful = _doubtful(work, organization_id, [rule], people, groups)
    wanted = {one.id for one in people if _belongs(rule, one, groups, doubtful)}
    return Part(
        len(people),
        tuple(one for one in people if one.touched and one.id in wanted - there),
        tuple(one for one in people if one.touched and one.id in there - wanted),
        people[-1].id if len(people) == _PARTS_AT_ONCE * 2 * memberships.AT_ONCE else None,
    )


def carry_out(work: Work, organization_id: str, rule: Rule, planned: Plan) -> None:
    """Do what was planned, and what follows of it. The caller holds since before it planned."""
    entered = memberships.enter(work, organization_id, rule.group_id, planned.entering, rule.source)
    left = memberships.leave(work, organization_id, rule.group_id, planned.leaving, rule.source)
    _follow(work, organization_id, rule.group_id, {*entered, *left})


def _follow(work: Work, organization_id: str, group_id: str, account_ids: set[str]) -> None:
    above = nesting.settle(work, organization_id, group_id, account_ids)
    settle_changed(work, organization_id, {group_id: account_ids, **above})


def _settle(work: Work, organization_id: str, rules: Sequence[Rule], account_ids: Collection[str]) -> frozenset[str]:
    """Ask *rules*, in this order, about accounts; each sees what those before it have done. Return the groups that changed."""
    moved: set[str] = set()
    for some in memberships.chunks(sorted(account_ids)):
        people = [one for one in _people(work, organization_id, some) if one.touched]
        groups = _groups(work, organization_id, rules, people)
        doubtful = _doubtful(work, organization_id, rules, people, groups)
        sources = _by_rule(work, organization_id, people) if people else {}
        for rule in rules:
            there = sources.get(rule.source, set())
            wanted = {one.id for one in people if _belongs(rule, one, groups, doubtful)}
            entered = memberships.enter(work, organization_id, rule.group_id, wanted - there, rule.source)
            left = memberships.leave(work, organization_id, rule.group_id, there - wanted, rule.source)
            if entered or left:
                moved.add(rule.group_id)
                nesting.settle(work, organization_id, rule.group_id, {*entered, *left})
                groups = _groups(work, organization_id, rules, people)
                doubtful = _doubtful(work, organization_id, rules, people, groups)
                _say(work, organization_id, rule, entered, left)
    return frozenset(moved)


def _say(work: Work, organization_id: str, rule: Rule, entered: list[str], left: list[str]) -> None:
    for kind, accounts in ((MemberAdded, entered), (MemberRemoved, left)):
        for account_id in accounts:
            record(
                work,
                kind(
                    organization_id=organization_id,
                    target_id=rule.group_id,
                    group=rule.group,
                    account_id=account_id,
                    source=rule.source,
                ),
            )


def _belongs(
    rule: Rule, person: Person, groups: Mapping[str, Collection[str]], doubtful: Mapping[str, Collection[str]]
) -> bool:
    return person.id not in rule.exceptions and conditions.holds(
        rule.condition,
        person.attributes,
        groups.get(person.id, ()),
        unsure=person.typed,
        doubtful=doubtful.get(person.id, ()),
    )


def _doubtful(
    work: Work,
    organization_id: str,
    rules: Iterable[Rule],
    people: Iterable[Person],
    groups: Mapping[str, Collection[str]],
) -> Mapping[str, Collection[str]]:
    """
    Return for each person who has typed something the groups of which nobody but they say whether they are in them.

    Whoever is kept out of a group since its rule cannot tell is not let in by another that asks who is *not* in it (T5).
    """
    typed = [one for one in people if one.typed]
    if not typed or not any(one.condition.groups for one in rules):
        return {}
    every, standing = _ordered(work, organization_id), nesting.graph(work, organization_id)
    found: dict[str, set[str]] = {one.id: set() for one in typed}
    for person in typed:
        doubtful = found[person.id]
        for rule in every:
            said = conditions.judge(
                rule.condition,
                person.attributes,
                groups.get(person.id, ()),
                unsure=person.typed,
                doubtful=doubtful,
            )
            if said is None and person.id not in rule.exceptions:
                doubtful |= {rule.group_id, *standing.above(rule.group_id)}
    return found


def _any(work: Work, organization_id: str) -> bool:
    query = select(GroupRule.id).where(GroupRule.organization_id == organization_id, GroupRule.active_at.is_not(None))
    return work.tx.session.scalar(query.limit(1)) is not None


def _ordered(work: Work, organization_id: str) -> list[Rule]:
    """Return the rules that are switched on, each after those that it turns on."""
    rules = active(work, organization_id)
    if not any(one.condition.groups for one in rules):
        return rules
    standing = nesting.graph(work, organization_id)
    # Whoever turns on another one turns on all that this one turns on, and on it besides.
    return sorted(rules, key=lambda one: len(standing.turns_on(one.group_id)))


def _groups(
    work: Work, organization_id: str, rules: Iterable[Rule], people: Sequence[Person]
) -> Mapping[str, Collection[str]]:
    if not people or not any(one.condition.groups for one in rules):
        return {}
    found: dict[str, set[str]] = {}
    for some in memberships.chunks([one.id for one in people]):
        found.update(memberships.groups_of(work, organization_id, some))
    return found


def _by_rule(work: Work, organization_id: str, people: Sequence[Person]) -> dict[str, set[str]]:
    """Return for each source that is a rule who is somewhere by it now."""
    query = select(Membership.account_id, Membership.source).where(
        Membership.organization_id == organization_id,
        Membership.account_id.in_([one.id for one in people]),
        Membership.source.startswith(memberships.RULE),
        memberships.held(work.now),
    )
    found: dict[str, set[str]] = {}
    for account_id, source in work.tx.session.execute(query):
        found.setdefault(source, set()).add(account_id)
    return found


def _people(work: Work, organization_id: str, account_ids: Sequence[str]) -> list[Person]:
    work.tx.session.flush()
    query = select(*_COLUMNS).where(Account.organization_id == organization_id, Account.id.in_(account_ids))
    return [_person(row) for row in work.tx.session.execute(query)]


def _everybody(work: Work, organization_id: str, after: str = "") -> Iterator[list[Person]]:
    """Return all accounts of the organization (after the id *after*), a thousand at a time."""
    work.tx.session.flush()
    while True:
        query = (
            select(*_COLUMNS)
            .where(Account.organization_id == organization_id, Account.id > after)
            .order_by(Account.id)
            .limit(2 * memberships.AT_ONCE)
        )
        people = [_person(row) for row in work.tx.session.execute(query)]
        if not people:
            return
        yield people
        after = people[-1].id


def _person(row: Any) -> Person:
    own = {name: (getattr(row, name),) for name in OWN_ATTRIBUTES if getattr(row, name)}
    typed = frozenset(row.typed_by_person)
    if "email" in typed and row.vouched_email:
        own["email"], typed = (row.vouched_email,), typed - {"email"}
    return Person(
        row.id,
        row.email,
        row.name,
        row.disabled_at is None and row.deletion_at is None and row.erased_at is None,
        {**row.attributes, **own},
        typed,
    )


def _by_address(person: Person) -> str:
    return person.email.lower()
