"""
The evaluator of contextual access: rules and a context in, outcome and reasons out. Pure: no database, no clock.

Guard rails come first: whichever matches denies. Then the rules in order: the first that matches answers.
The catch-all answers where none does.

Three values: a rule matches, does not, or that cannot be told, for want of a fact that was not recorded
(None in the context). Such a rule never counts as a match: the walk goes on to what answers without it. The facts
are named in ``uncertain`` if and only if that rule, had it matched, would have answered something else in substance
(denied or not; what is required). A rule of which one condition certainly fails does not match, whatever else is
unknown. The facts of a request that is happening are never None, so that nothing is uncertain then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from idp.base.texts import joined, phrase
from idp.policy.access import conditions
from idp.policy.access.asked import Asked, Condition, Names
from idp.policy.access.context import Context
from idp.policy.access.networks import CompiledZone
from idp.policy.access.outcome import Allowed, Denied, Outcome
from idp.policy.access.rules import Answer, Effect, Mode, Rule, Rules
from idp.policy.signon import Decision

GUARD, RULE, CATCH_ALL = "guard", "rule", "catch-all"
_NO_NAMES: Names = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A rule with everything about it that does not turn on the request."""

    id: str
    name: str
    kind: str
    mode: Mode
    conditions: tuple[Condition, ...]
    outcome: Outcome
    substance: tuple[Any, ...]

    def matches(self, asked: Asked) -> bool | None:
        result: bool | None = True
        for condition in self.conditions:
            holds = condition.holds(asked)
            if holds is False:
                return False
            if holds is None:
                result = None
        return result

    def unknown(self, asked: Asked) -> frozenset[str]:
        return frozenset().union(*(c.unknown(asked) for c in self.conditions if c.holds(asked) is None))


@dataclass(frozen=True, slots=True)
class Compiled:
    """
    An access policy that is ready to be asked.

    Args:
        policy_id, name, version: which one, and which version of its rules.
        zones: every zone that the rules name, by id. One that is missing is one that cannot be told.

    Raises:
        Unavailable: this machine does not know a time zone that a rule names.
    """

    policy_id: str
    name: str
    version: int
    rules: Rules
    zones: Mapping[str, CompiledZone] = field(default_factory=dict)
    _guards: tuple[_Prepared, ...] = field(init=False, repr=False, compare=False)
    _rules: tuple[_Prepared, ...] = field(init=False, repr=False, compare=False)
    _catch_all: _Prepared = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        live = [rule for rule in self.rules.guards if rule.mode is not Mode.OFF]
        object.__setattr__(self, "_guards", tuple(_prepared(self.name, rule, GUARD) for rule in live))
        live = [rule for rule in self.rules.rules if rule.mode is not Mode.OFF]
        object.__setattr__(self, "_rules", tuple(_prepared(self.name, rule, RULE) for rule in live))
        last = Rule(CATCH_ALL, CATCH_ALL, answer=self.rules.catch_all)
        object.__setattr__(self, "_catch_all", _prepared(self.name, last, CATCH_ALL))

    @property
    def trivial(self) -> bool:
        """Whether every request is allowed and nothing is required: nothing need be looked up to know the outcome."""
        return self.rules.trivial

    @property
    def weight(self) -> int:
        """How much room it takes, without its zones: rules."""
        return 1 + len(self.rules.guards) + len(self.rules.rules)


@dataclass(frozen=True, slots=True)
class Step:
    """
    One line of the trace: a rule, and whether it matched or why not.

    Args:
        rule_id, rule: its id and its name; those of the catch-all are both "catch-all".
        kind: ``guard``, ``rule`` or ``catch-all``.
        matched: None: cannot be told. Of a catch-all: whether it decided.
        why: in plain words.
    """

    rule_id: str
    rule: str
    kind: str
    mode: Mode
    matched: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class Reported:
    """What a rule that only reports would have answered in its place."""

    rule_id: str
    rule: str
    kind: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Unsure:
    """A rule of which it cannot be told whether it matches: what it asks, the facts it lacks, what it would answer."""

    conditions: tuple[Condition, ...]
    facts: tuple[str, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Evaluation:
    """
    What a policy says of a context.

    Args:
        rule_id: which rule decided; "catch-all" where none matched.
        trace: one step for every rule, in the order of the policy, the catch-all last; empty unless asked for.
            The first step that matched and whose mode is ``on`` is the one that decided.
        uncertain: the facts (fields of `Context`, or "zone" for one that is no longer known) that were not
            recorded and on which the outcome turns.
        report: what rules in report-only would have decided: guard rails, and rules before the one that decided.
        unsure: where ``uncertain``: all rules before the one that decided of which it cannot be told, in order.
    """

    outcome: Outcome
    rule_id: str
    trace: tuple[Step, ...] = ()
    uncertain: tuple[str, ...] = ()
    report: tuple[Reported, ...] = ()
    unsure: tuple[Unsure, ...] = ()


def evaluate(compiled: Compiled, context: Context, *, explain: bool = False, names: Names = _NO_NAMES) -> Evaluation:
    """
    Return what the policy says of *context*.

    Args:
        explain: tell of every rule whether it matched, or why not.
        names: what accounts, groups, applications, sites and zones are called, for the words of the trace.
    """
    asked = Asked(context, compiled.zones)
    unsure: list[_Prepared] = []
    report: list[Reported] = []
    decided = _first(compiled._guards, asked, unsure, report)
    if decided is None:
        decided = _first(compiled._rules, asked, unsure, report) or compiled._catch_all
    facts: frozenset[str] = frozenset().union(
        *(rule.unknown(asked) for rule in unsure if rule.substance != decided.substance)
    )
    return Evaluation(
        outcome=decided.outcome,
        rule_id=decided.id,
        trace=_trace(compiled, decided, asked, names) if explain else (),
        uncertain=tuple(sorted(facts)),
        report=tuple(report),
        unsure=tuple(Unsure(r.conditions, tuple(sorted(r.unknown(asked))), r.outcome) for r in unsure) if facts else (),
    )


def _first(
    rules: tuple[_Prepared, ...], asked: Asked, unsure: list[_Prepared], report: list[Reported]
) -> _Prepared | None:
    """Return the first of *rules* that counts and matches; note what is unsure and what would be reported."""
    decided: _Prepared | None = None
    for rule in rules:
        if rule.mode is Mode.ON:
            if decided is not None:
                continue
            matched = rule.matches(asked)
            if matched:
                decided = rule
                if rule.kind is RULE:
                    break
            elif matched is None:
                unsure.append(rule)
        elif rule.matches(asked):
            report.append(Reported(rule.id, rule.name, rule.kind, rule.outcome))
    return decided


def rule_of(policy: str, rule: str) -> str:
    """Return what decisions and attempts call the *rule* of an access *policy*, both by name."""
    return f"access-policy {policy}: {rule}"


def _prepared(policy: str, rule: Rule, kind: str) -> _Prepared:
    words = rule_of(policy, rule.name)
    outcome = _outcome(rule.answer, words)
    return _Prepared(
        id=rule.id,
        name=rule.name,
        kind=kind,
        mode=rule.mode,
        conditions=conditions.compiled(rule.conditions),
        outcome=outcome,
        substance=_substance(outcome),
    )


def _outcome(answer: Answer, words: str) -> Outcome:
    if answer.effect is Effect.DENY:
        return Denied(words, answer.text)
    if answer.effect is Effect.ALLOW:
        return Allowed(words)
    return Allowed(
        words,
        Decision(
            required=answer.strength,
            rule=words,
            any_of=(answer.methods,) if answer.methods else (),
            within=answer.within,
        ),
    )


def _substance(outcome: Outcome) -> tuple[Any, ...]:
    """Return what an outcome comes to, whichever rule it is of and whatever it tells the person."""
    if isinstance(outcome, Denied):
        return ("denied",)
    wanted = outcome.requires
    return ("allowed",) if wanted is None else ("allowed", wanted.required, wanted.any_of, wanted.within)


def _trace(compiled: Compiled, decided: _Prepared, asked: Asked, names: Names) -> tuple[Step, ...]:
    prepared = {(rule.kind, rule.id): rule for rule in (*compiled._guards, *compiled._rules)}
    steps = []
    reached = True
    for kind, rules in ((GUARD, compiled.rules.guards), (RULE, compiled.rules.rules)):
        reached = reached and not (kind is RULE and decided.kind is GUARD)
        for rule in rules:
            found = prepared.get((kind, rule.id))
            steps.append(_step(rule, kind, found, decided if not reached else None, asked, names))
            if found is decided:
                reached = False
    last = decided.kind is CATCH_ALL
    why = phrase("no rule before it matched") if last else phrase("not reached: “%(rule)s” decided", rule=decided.name)
    return (*steps, Step(CATCH_ALL, CATCH_ALL, CATCH_ALL, Mode.ON, last, why))


def _step(
    rule: Rule, kind: str, found: _Prepared | None, earlier: _Prepared | None, asked: Asked, names: Names
) -> Step:
    if found is None:
        return Step(rule.id, rule.name, kind, rule.mode, False, phrase("it is switched off"))
    matched = found.matches(asked)
    why = _why(found, matched, asked, names)
    if earlier is not None:
        why = phrase("%(why)s; not reached: “%(rule)s” decided", why=why, rule=earlier.name)
    return Step(rule.id, rule.name, kind, rule.mode, matched, why)


def _why(rule: _Prepared, matched: bool | None, asked: Asked, names: Names) -> str:
    if matched:
        if not rule.conditions:
            return phrase("it is for every request")
        return joined([condition.said(names) for condition in rule.conditions], "; ")
    if matched is None:
        facts = joined([FACTS[fact] for fact in sorted(rule.unknown(asked))], ", ")
        return phrase("cannot be told: %(facts)s not recorded", facts=facts)
    failing = next(condition for condition in rule.conditions if condition.holds(asked) is False)
    return phrase("only if %(asked)s, but %(found)s", asked=failing.said(names), found=failing.found(asked, names))


FACTS: dict[str, str] = {
    "ip": phrase("the address"),
    "country": phrase("the country"),
    "city": phrase("the city"),
    "asn": phrase("the network's operator"),
    "kind": phrase("the kind of account"),
    "groups": phrase("the groups"),
    "device_known": phrase("whether the device was known"),
    "operating_system": phrase("the operating system"),
    "browser": phrase("the browser"),
    "certificate": phrase("the client certificate"),
    "behaviours": phrase("what was unusual"),
    "proofs": phrase("what was proven"),
    "session_started_at": phrase("the age of the session"),
    "zone": phrase("the zone"),
}
"""Facts of a context, as they are called in sentences."""
