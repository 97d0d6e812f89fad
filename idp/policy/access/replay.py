"""
Replay: what a changed policy would have done with sign-ons of the past. Pure.

Each recorded sign-on is judged twice, by what stands and by what is proposed, and the two verdicts are
compared: so whoever replays an unchanged policy changes nobody. A fact that was not recorded is tried both
ways: only where the comparison comes out differently it cannot be told.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import product

from idp.policy.access.context import Context
from idp.policy.access.evaluate import Evaluation
from idp.policy.access.outcome import Allowed, Denied, Outcome
from idp.policy.access.rules import Answer, Effect, Mode, Rule, Rules
from idp.policy.signon import Decision, SignOnPolicy, Strength, asks_more, both, decide, meets

MOST_EXAMPLES = 3


class Change(StrEnum):
    """What a changed policy would have meant for one sign-on."""

    NONE = "none"
    DENIED = "denied"
    """It would newly be denied."""
    ASKED = "asked"
    """It would newly be asked for something that was not proven in it."""
    LET_IN = "let-in"
    """It was denied, or asked for something that was not proven, and would newly get on."""
    SPARED = "spared"
    """It would get on as before, with less asked of it."""
    CANNOT_TELL = "cannot-tell"
    """It turns on a fact that was not recorded."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """
    One sign-on of the past.

    Args:
        reference: its attempt.
        asked: the application's own demand.
        has_second_step: whether the person had one at that time; None: not recorded.
    """

    reference: str
    context: Context
    asked: Strength | None = None
    has_second_step: bool | None = False


@dataclass(frozen=True, slots=True)
class Fork:
    """
    What a policy says where a fact was not recorded: ``outcome`` if *turns_on* holds, else what comes after.

    Args:
        turns_on: what has to hold, comparable between two versions of a policy.
        facts: names of the facts that it cannot be told without.
    """

    turns_on: object
    facts: tuple[str, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Said:
    """What one access policy says of a recorded sign-on: *outcome*, unless one of *forks* (in order) holds."""

    outcome: Outcome
    forks: tuple[Fork, ...] = ()

    def if_(self, holding: frozenset[object]) -> Outcome:
        """Return what it says if just these of what was not recorded hold."""
        return next((fork.outcome for fork in self.forks if fork.turns_on in holding), self.outcome)


def said(by: Evaluation) -> Said:
    """Return what a policy says, of its evaluation."""
    return Said(by.outcome, tuple(Fork(rule.conditions, rule.facts, rule.outcome) for rule in by.unsure))


@dataclass(frozen=True, slots=True)
class Side:
    """By what a sign-on is judged: the authentication policy, and what the access policies say of it."""

    policy: SignOnPolicy
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comes of judging: denied (by a rule), or what is wanted and whether the recorded proofs meet it."""

    denied_by: str
    wanted: Decision
    met: bool

    @property
    def rule(self) -> str:
        return self.denied_by or self.wanted.rule


@dataclass(frozen=True, slots=True)
class Compared:
    """The change for one sign-on, the rule that makes it, and the facts that it cannot be told without."""

    change: Change
    rule: str = ""
    facts: tuple[str, ...] = ()


_MOST_UNKNOWN = 6
_SECOND_STEP = "second step"
_UNCHANGED = Compared(Change.NONE)


def compare(recorded: Recorded, before: Side, after: Side) -> Compared:
    """Return what *after* instead of *before* would have meant for this sign-on."""
    if before == after:
        return _UNCHANGED
    forks = {fork.turns_on: fork for side in (before, after) for one in side.said for fork in one.forks}
    facts = tuple(sorted({fact for fork in forks.values() for fact in fork.facts}))
    unknown = recorded.has_second_step is None
    if len(forks) > _MOST_UNKNOWN:
        return Compared(Change.CANNOT_TELL, facts=facts)
    outcomes = {
        _compared(judge(one, before, holding), judge(one, after, holding))
        for one in ([replace(recorded, has_second_step=had) for had in (False, True)] if unknown else [recorded])
        for holding in _assignments(tuple(forks))
    }
    if len(outcomes) == 1:
        return outcomes.pop()
    changes = {outcome.change for outcome in outcomes}
    if len(changes) == 1:
        return min(outcomes, key=lambda outcome: outcome.rule)
    missing = _that_matter(recorded, before, after, forks) if forks else ()
    if unknown and not missing:
        missing = (_SECOND_STEP,)
    return Compared(Change.CANNOT_TELL, facts=missing or facts)


def judge(recorded: Recorded, side: Side, holding: frozenset[object] = frozenset()) -> Verdict:
    """Return the verdict of *side*, if just these of the facts that were not recorded hold."""
    context = recorded.context
    wanted = decide(side.policy, has_second_step=bool(recorded.has_second_step), asked=recorded.asked)
    denied_by = ""
    for one in side.said:
        outcome = one.if_(holding)
        if isinstance(outcome, Denied):
            denied_by = denied_by or outcome.rule
        elif isinstance(outcome, Allowed) and outcome.requires is not None:
            wanted = both(wanted, outcome.requires)
    proofs = [proof for proof in context.proofs if proof.method in side.policy.methods]
    return Verdict(denied_by, wanted, met=not denied_by and meets(wanted, proofs, context.at))


def _compared(before: Verdict, after: Verdict) -> Compared:
    change = _change(before, after)
    if change is Change.NONE:
        return _UNCHANGED
    return Compared(change, before.rule if change in (Change.LET_IN, Change.SPARED) else after.rule)


def _change(before: Verdict, after: Verdict) -> Change:
    if after.denied_by:
        return Change.NONE if before.denied_by else Change.DENIED
    if before.denied_by:
        return Change.LET_IN
    if not after.met:
        return Change.ASKED if before.met or asks_more(after.wanted, before.wanted) else Change.NONE
    if not before.met:
        return Change.LET_IN
    return Change.SPARED if asks_more(before.wanted, after.wanted) else Change.NONE


def _assignments(unknown: tuple[object, ...]) -> Iterator[frozenset[object]]:
    for values in product((False, True), repeat=len(unknown)):
        yield frozenset(one for one, holds in zip(unknown, values, strict=True) if holds)


def _that_matter(recorded: Recorded, before: Side, after: Side, forks: dict[object, Fork]) -> tuple[str, ...]:
    """Return the facts without which the change cannot be told: those that change it alone in some case."""
    missing: set[str] = set()
    for turns_on, fork in forks.items():
        others = tuple(one for one in forks if one != turns_on)
        for holding in _assignments(others):
            without = _change(judge(recorded, before, holding), judge(recorded, after, holding))
            with_it = holding | {turns_on}
            if _change(judge(recorded, before, with_it), judge(recorded, after, with_it)) is not without:
                missing.update(fork.facts)
                break
    return tuple(sorted(missing))


def turning(before: Rules, after: Rules) -> Rules | None:
    """
    Return rules that deny whoever the difference between two versions can matter to, and let everybody else pass.

    The rules that both have, in the order that both have them in, are left out: where none of the others matches,
    both versions come to the same. None: that can matter to everybody.
    """
    if before.catch_all != after.catch_all:
        return None
    differing = _differing(_counting(before.guards), _counting(after.guards)) + _differing(
        _counting(before.rules), _counting(after.rules)
    )
    deny = Answer(Effect.DENY)
    return Rules(rules=tuple(replace(rule, id=str(n), answer=deny) for n, rule in enumerate(differing)))


def _counting(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if rule.mode is Mode.ON)


def _differing(before: tuple[Rule, ...], after: tuple[Rule, ...]) -> tuple[Rule, ...]:
    found: list[Rule] = []
    for what, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what != "equal":
            found += [*before[i:j], *after[k:m]]
    return tuple(found)


@dataclass(slots=True)
class Count:
    """How often something happened to one person, by which rules (or facts that are missing), and examples."""

    count: int = 0
    why: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    def add(self, why: str, reference: str) -> None:
        self.count += 1
        self.why[why] = self.why.get(why, 0) + 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(reference)


@dataclass(slots=True)
class Tally:
    """What a replay has found: of how many sign-ons, and by change and account."""

    judged: int = 0
    found: dict[Change, dict[str, Count]] = field(default_factory=dict)

    def add(self, recorded: Recorded, compared: Compared) -> None:
        self.judged += 1
        if compared.change is Change.NONE:
            return
        people = self.found.setdefault(compared.change, {})
        why = ", ".join(compared.facts) if compared.change is Change.CANNOT_TELL else compared.rule
        people.setdefault(recorded.context.account_id, Count()).add(why, recorded.reference)

    def count(self, change: Change) -> int:
        """Return to how many sign-ons *change* would have happened."""
        return sum(of.count for of in self.found.get(change, {}).values())


def tally(pairs: Iterable[tuple[Recorded, Side, Side]]) -> Tally:
    """Return what comes of judging each recorded sign-on by what stands and by what is proposed."""
    made = Tally()
    for recorded, before, after in pairs:
        made.add(recorded, compare(recorded, before, after))
    return made
