"""
Reads the document of an access policy: JSON to rules (`document_writing` goes the other way). Pure.

The empty document ``{}`` lets everybody pass. Reading is strict: what is not known is refused, with the place
where it stands, so that no typing error makes a rule wider than it was meant.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from enum import Enum
from hashlib import sha256
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from idp.base.errors import Invalid
from idp.base.texts import is_plain, is_storable, phrase
from idp.policy.access.context import AccountKind, Behaviour, RequestKind
from idp.policy.access.rules import (
    BROWSERS,
    OPERATING_SYSTEMS,
    Answer,
    Conditions,
    Devices,
    Effect,
    Mode,
    Networks,
    People,
    Rule,
    Rules,
    Sessions,
    Targets,
    Times,
)
from idp.policy.signon import PHISHING_RESISTANT, STRONG_SECOND_STEPS, Method, Strength

MOST_RULES = 200
"""Guard rails and rules of one policy together."""
MOST_NAMED = 500
"""In one list."""
LONGEST_ID = 64
LONGEST_NAME = 120
LONGEST_REFERENCE = 320
LONGEST_TEXT = 1000
LONGEST_SPAN = timedelta(days=3650)

STRENGTHS = {
    "password": Strength.PASSWORD,
    "second-step": Strength.SECOND_STEP,
    "phishing-resistant": Strength.PHISHING_RESISTANT,
}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MINUTES = 24 * 60
_CATCH_ALL = "catch-all"
"""The id by which records name the catch-all."""
_OF_ONE_MACHINE = frozenset({"localtime", "posixrules"})
"""Files that lie beside those of time zones, and differ from machine to machine."""

T = TypeVar("T")
E = TypeVar("E", bound=Enum)


def rules_from_json(values: object) -> Rules:
    """
    Return the rules of a document.

    What it names (accounts, groups, applications, sites, zones) is taken as it is written. A rule without an id
    has an empty one: whoever keeps the rules gives it one.

    Raises:
        Invalid: it is no such document; ``field`` is the path to what is wrong ("rules[2].conditions.times.zone").
    """
    try:
        storable = is_storable(values)
    except RecursionError:
        raise Invalid("The document is too deep.", field="rules") from None
    if not storable:
        raise Invalid("The document has characters that are no text.", field="rules")
    top = _Object(values, "", ("guards", "rules", "catch_all"))
    guards = top.each("guards", _guard)
    rules = top.each("rules", _rule)
    if len(guards) + len(rules) > MOST_RULES:
        raise Invalid(
            phrase("A policy has at most %(most_rules)s rules, guard rails included.", most_rules=MOST_RULES),
            field="rules",
        )
    _refuse_twice([(rule.id, path) for rule, path in _placed(guards, rules) if rule.id], "id")
    _refuse_twice([(rule.name.casefold(), path) for rule, path in _placed(guards, rules)], "name")
    catch_all = top.of("catch_all", _answer, Answer())
    return Rules(guards, rules, catch_all)


def from_text(text: bytes) -> object:
    """
    Return what the JSON *text* says (RFC 8259). A name that stands twice in one object is refused: one would be lost.

    Raises:
        Invalid: it is no JSON, or has a name twice.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
            shown = twice[:80] if is_plain(twice[:80]) else "…"
            raise Invalid(
                phrase("“%(shown)s” stands twice in one object.", shown=shown),
                field="rules",
                advice="One of them would be lost.",
            )
        return found

    try:
        return json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise Invalid(
            "This is not JSON.", field="rules", advice="The empty document is {}.", cause=str(error)[:200]
        ) from error


def digest(document: Mapping[str, Any]) -> str:
    """Return what tells one stored document from another: SHA-256 in hex."""
    return sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def with_ids(rules: Rules, make: Callable[[], str], *, before: Rules) -> Rules:
    """Return *rules* with an id for each that has none: that of the rule of the same name *before*, else a new one."""
    taken = {rule.id for rule in (*rules.guards, *rules.rules) if rule.id}
    known = {(kind, rule.name): rule.id for kind, rule in _by_kind(before) if rule.id not in taken}

    def named(kind: str, rule: Rule) -> Rule:
        return rule if rule.id else replace(rule, id=known.get((kind, rule.name)) or make())

    return replace(
        rules,
        guards=tuple(named("guard", rule) for rule in rules.guards),
        rules=tuple(named("rule", rule) for rule in rules.rules),
    )


def renamed(rules: Rules, call: Callable[[str, str, str], str]) -> Rules:
    """
    Return *rules* with everything that they name called otherwise.

    Args:
        call: gets what kind of thing it is ("account", "group", "application", "site", "zone"), what it is called,
            and the path to it; returns what it is to be called.
    """
    return replace(
        rules,
        guards=tuple(_renamed(rule, call, f"guards[{place}]") for place, rule in enumerate(rules.guards)),
        rules=tuple(_renamed(rule, call, f"rules[{place}]") for place, rule in enumerate(rules.rules)),
    )


_REFERENCES = {
    "people": {"accounts": "account", "groups": "group", "except_accounts": "account", "except_groups": "group"},
    "targets": {"applications": "application", "sites": "site", "except_applications": "application"},
    "networks": {"zones": "zone", "except_zones": "zone"},
}


def _renamed(rule: Rule, call: Callable[[str, str, str], str], path: str) -> Rule:
    changed = {}
    for part, lists in _REFERENCES.items():
        of = getattr(rule.conditions, part)
        new = {
            name: frozenset(call(kind, one, f"{path}.conditions.{part}.{name}") for one in sorted(getattr(of, name)))
            for name, kind in lists.items()
        }
        changed[part] = replace(of, **new)
    return replace(rule, conditions=replace(rule.conditions, **changed))


def named(rules: Rules) -> dict[str, frozenset[str]]:
    """Return everything that *rules* name, by its kind ("account", "group", "application", "site", "zone")."""
    found: dict[str, set[str]] = {kind: set() for lists in _REFERENCES.values() for kind in lists.values()}

    def note(kind: str, name: str, _: str) -> str:
        found[kind].add(name)
        return name

    renamed(rules, note)
    return {kind: frozenset(names) for kind, names in found.items()}


def _by_kind(rules: Rules) -> list[tuple[str, Rule]]:
    return [("guard", rule) for rule in rules.guards] + [("rule", rule) for rule in rules.rules]


def _placed(guards: Iterable[Rule], rules: Iterable[Rule]) -> list[tuple[Rule, str]]:
    return [
        (rule, f"{name}[{place}]")
        for name, all_ in (("guards", guards), ("rules", rules))
        for place, rule in enumerate(all_)
    ]


def _refuse_twice(values: list[tuple[str, str]], what: str) -> None:
    seen: dict[str, str] = {}
    for value, path in values:
        if value in seen:
            raise Invalid(
                phrase(
                    "%(path)s has the %(what)s of %(seen)s, “%(value)s”.",
                    path=path,
                    what=what,
                    seen=seen[value],
                    value=value[:80],
                ),
                field=f"{path}.{what}",
                advice=phrase(
                    "Each rule of a policy has %(value)s of its own.", value="an id" if what == "id" else "a name"
                ),
            )
        seen[value] = path


# --- reading


class _Object:
    """A JSON object of the document, and where it stands."""

    def __init__(self, values: object, path: str, fields: tuple[str, ...]) -> None:
        self.path = path
        if not isinstance(values, dict):
            raise self.wrong("", "is no JSON object", "It is written in braces: { … }.")
        unknown = [name for name in values if name not in fields]
        if unknown:
            shown = unknown[0][:80] if is_plain(unknown[0][:80]) else "…"
            raise self.wrong("", f"has no “{shown}”", f"It has: {', '.join(fields)}.")
        self.values: dict[str, Any] = values

    def at(self, name: str) -> str:
        """Return the path to a field."""
        return f"{self.path}.{name}" if self.path and name else self.path or name

    def wrong(self, name: str, what: str, advice: str = "") -> Invalid:
        """Return the error that says what is wrong with a field."""
        path = self.at(name)
        return Invalid(
            phrase("%(value)s %(what)s.", value=path or "The document", what=what), field=path or "rules", advice=advice
        )

    def of(self, name: str, read: Callable[[object, str], T], otherwise: T) -> T:
        """Return what *read* makes of a field; *otherwise* where it is not there."""
        return read(self.values[name], self.at(name)) if name in self.values else otherwise

    def each(self, name: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
        """Return what *read* makes of each item of a list."""
        values = self.values.get(name, [])
        if not isinstance(values, list):
            raise self.wrong(name, "is no list", "It is written in brackets: [ … ].")
        if len(values) > MOST_NAMED:
            raise self.wrong(name, f"has more than {MOST_NAMED} items")
        return tuple(read(value, f"{self.at(name)}[{place}]") for place, value in enumerate(values))

    def text(self, name: str, longest: int, otherwise: str = "") -> str:
        """Return a text without control characters, of at most so many characters."""
        return self.of(name, lambda value, path: _text(value, path, longest), otherwise)

    def references(self, name: str) -> frozenset[str]:
        """Return the things that a list names."""
        return frozenset(self.each(name, lambda value, path: _text(value, path, LONGEST_REFERENCE)))

    def words(self, name: str, known: Mapping[str, T]) -> frozenset[T]:
        """Return what the words of a list stand for."""
        return frozenset(self.each(name, lambda value, path: _word(value, path, known)))

    def enums(self, name: str, of: type[E], without: Iterable[E] = ()) -> frozenset[E]:
        """Return members of an enumeration, by their values."""
        left_out = set(without)
        return self.words(name, {one.value: one for one in of if one not in left_out})

    def flag(self, name: str) -> bool | None:
        """Return true or false; None where it is not there."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(name, "is neither true nor false")
        return value

    def span(self, name: str) -> timedelta | None:
        """Return a length of time that is given in seconds; None where it is not there."""
        if name not in self.values:
            return None
        value = self.values[name]
        longest = int(LONGEST_SPAN.total_seconds())
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= longest:
            raise self.wrong(name, f"is no whole number of seconds from 0 to {longest}")
        return timedelta(seconds=value)


def _text(value: object, path: str, longest: int) -> str:
    if not isinstance(value, str):
        raise Invalid(
            phrase("%(path)s is no text.", path=path), field=path, advice='It is written in quotation marks: "…".'
        )
    if not 0 < len(value) <= longest or not is_plain(value) or value != value.strip():
        raise Invalid(
            phrase(
                "%(path)s cannot be taken: 1 to %(longest)s characters, no control characters, no blanks around it.",
                path=path,
                longest=longest,
            ),
            field=path,
        )
    return value


def _word(value: object, path: str, known: Mapping[str, T]) -> T:
    if not isinstance(value, str) or value not in known:
        shown = f" “{value[:80]}”" if isinstance(value, str) and is_plain(value[:80]) else ""
        raise Invalid(
            phrase("%(path)s%(shown)s is not known.", path=path, shown=shown),
            field=path,
            advice=phrase("Choose among: %(value)s.", value=", ".join(known)),
        )
    return known[value]


_RULE_FIELDS = ("id", "name", "mode", "conditions")


def _guard(value: object, path: str) -> Rule:
    of = _Object(value, path, (*_RULE_FIELDS, "text"))
    return _any_rule(of, Answer(Effect.DENY, text=of.text("text", LONGEST_TEXT)))


def _rule(value: object, path: str) -> Rule:
    of = _Object(value, path, (*_RULE_FIELDS, "answer"))
    if "answer" not in of.values:
        raise of.wrong("", "has no answer", 'Write one, like "answer": {"effect": "allow"}.')
    return _any_rule(of, _answer(of.values["answer"], of.at("answer")))


def _any_rule(of: _Object, answer: Answer) -> Rule:
    if "name" not in of.values:
        raise of.wrong("", "has no name", "Name it: the name is what reports and refusals say.")
    id_ = of.text("id", LONGEST_ID)
    if id_ and not all(character.isascii() and (character.isalnum() or character in "-_") for character in id_):
        raise of.wrong("id", "has other characters than letters, digits, - and _", "Leave it out for a new rule.")
    if id_ == _CATCH_ALL:
        raise of.wrong("id", "is that of what holds otherwise", "Leave it out for a new rule.")
    return Rule(
        id=id_,
        name=of.text("name", LONGEST_NAME),
        conditions=of.of("conditions", _conditions, Conditions()),
        answer=answer,
        mode=of.of("mode", lambda value, path: _word(value, path, {one.value: one for one in Mode}), Mode.ON),
    )


def _answer(value: object, path: str) -> Answer:
    of = _Object(value, path, ("effect", "strength", "methods", "within_seconds", "text"))
    effects = {one.value: one for one in Effect}
    if "effect" not in of.values:
        raise of.wrong("", "has no effect", f"Choose among: {', '.join(effects)}.")
    effect = _word(of.values["effect"], of.at("effect"), effects)
    requires, denies = effect is Effect.REQUIRE, effect is Effect.DENY
    for name in ("strength", "methods", "within_seconds"):
        if name in of.values and not requires:
            raise of.wrong(name, "is only for the effect require")
    if "text" in of.values and not denies:
        raise of.wrong("text", "is only for the effect deny")
    answer = Answer(
        effect=effect,
        strength=of.of("strength", lambda v, p: _word(v, p, STRENGTHS), Strength.PASSWORD),
        methods=of.words("methods", {one.value: one for one in Method if one in STRONG_SECOND_STEPS}),
        within=of.span("within_seconds"),
        text=of.text("text", LONGEST_TEXT),
    )
    if requires and answer == Answer(Effect.REQUIRE):
        raise of.wrong("", "requires nothing", "Give a strength, methods, or within_seconds; or the effect allow.")
    if answer.strength is Strength.PHISHING_RESISTANT and answer.methods and not answer.methods & PHISHING_RESISTANT:
        raise of.wrong("methods", "has none that is phishing-resistant, which the strength asks for")
    if answer.within is not None and answer.within < timedelta(minutes=1):
        raise of.wrong("within_seconds", "is less than a minute", "Nobody could prove anything in time.")
    return answer


_CONDITION_FIELDS = ("people", "targets", "networks", "devices", "requests", "times", "behaviours", "sessions")


def _conditions(value: object, path: str) -> Conditions:
    of = _Object(value, path, _CONDITION_FIELDS)
    return Conditions(
        people=of.of("people", _people, People()),
        targets=of.of("targets", _targets, Targets()),
        networks=of.of("networks", _networks, Networks()),
        devices=of.of("devices", _devices, Devices()),
        requests=of.enums("requests", RequestKind),
        times=of.of("times", _times, None),
        behaviours=of.enums("behaviours", Behaviour),
        sessions=of.of("sessions", _sessions, Sessions()),
    )


def _people(value: object, path: str) -> People:
    of = _Object(value, path, ("accounts", "groups", "kinds", "except_accounts", "except_groups"))
    return People(
        accounts=of.references("accounts"),
        groups=of.references("groups"),
        # Accounts for emergencies are under no rules: naming them would promise what does not happen.
        kinds=of.enums("kinds", AccountKind, without=[AccountKind.BREAK_GLASS]),
        except_accounts=of.references("except_accounts"),
        except_groups=of.references("except_groups"),
    )


def _targets(value: object, path: str) -> Targets:
    of = _Object(value, path, ("applications", "sites", "except_applications"))
    return Targets(of.references("applications"), of.references("sites"), of.references("except_applications"))


def _networks(value: object, path: str) -> Networks:
    of = _Object(value, path, ("zones", "except_zones"))
    return Networks(of.references("zones"), of.references("except_zones"))


def _devices(value: object, path: str) -> Devices:
    of = _Object(value, path, ("known", "certificate", "operating_systems", "browsers"))
    return Devices(
        known=of.flag("known"),
        certificate=of.flag("certificate"),
        operating_systems=of.words("operating_systems", {one: one for one in OPERATING_SYSTEMS}),
        browsers=of.words("browsers", {one: one for one in BROWSERS}),
    )


def _times(value: object, path: str) -> Times | None:
    of = _Object(value, path, ("zone", "days", "begins", "ends", "not_before", "not_after"))
    if ("begins" in of.values) != ("ends" in of.values):
        raise of.wrong("", "has one of begins and ends", "Give both, like 08:00 and 18:00; the day ends at 24:00.")
    times = Times(
        zone=of.of("zone", _zone, "UTC"),
        days=of.words("days", {day: number for number, day in enumerate(DAYS)}),
        begins=of.of("begins", lambda v, p: _minutes(v, p, _MINUTES - 1), None),
        ends=of.of("ends", lambda v, p: _minutes(v, p, _MINUTES), None),
        not_before=of.of("not_before", _date, None),
        not_after=of.of("not_after", _date, None),
    )
    if times.not_before and times.not_after and times.not_after < times.not_before:
        raise of.wrong("not_after", "is before not_before: that would be never")
    return None if replace(times, zone="UTC") == Times() else times


def _zone(value: object, path: str) -> str:
    name = _text(value, path, LONGEST_ID)
    try:
        ZoneInfo("" if name in _OF_ONE_MACHINE else name)
    except (KeyError, ValueError, OSError):
        raise Invalid(
            phrase("%(path)s: there is no time zone “%(name)s”.", path=path, name=name),
            field=path,
            advice="Write it like Europe/Berlin, or UTC.",
        ) from None
    return name


def _minutes(value: object, path: str, latest: int) -> int:
    hours, colon, minutes = value.partition(":") if isinstance(value, str) else ("", "", "")
    digits = hours + minutes
    good = colon and len(hours) == len(minutes) == 2 and digits.isascii() and digits.isdigit() and int(minutes) < 60
    if not good or int(hours) * 60 + int(minutes) > latest:
        raise Invalid(phrase("%(path)s is no time of the day.", path=path), field=path, advice="Write it like 08:00.")
    return int(hours) * 60 + int(minutes)


def _date(value: object, path: str) -> date | None:
    with suppress(ValueError):
        if isinstance(value, str) and len(value) == len("2026-11-26"):
            return date.fromisoformat(value)
    raise Invalid(phrase("%(path)s is no day.", path=path), field=path, advice="Write it like 2026-11-26.")


def _sessions(value: object, path: str) -> Sessions:
    of = _Object(value, path, ("older_than_seconds", "proven", "not_proven", "proof_older_than_seconds"))
    return Sessions(
        older_than=of.span("older_than_seconds"),
        proven=of.enums("proven", Method),
        not_proven=of.enums("not_proven", Method),
        proof_older_than=of.span("proof_older_than_seconds"),
    )
