"""
Writes the document of an access policy: rules to JSON, as `documents` reads it. Pure.

What says nothing is left out, and what has no order is sorted: equal rules are written equally.
"""

from collections.abc import Iterable
from datetime import timedelta
from enum import Enum
from typing import Any

from idp.policy.access.documents import DAYS, STRENGTHS
from idp.policy.access.rules import Answer, Conditions, Mode, Networks, People, Rule, Rules, Targets, Times
from idp.policy.signon import Strength

_STRENGTH_WORDS = {strength: word for word, strength in STRENGTHS.items()}


def rules_to_json(rules: Rules) -> dict[str, Any]:
    """Return the document of *rules*, as `documents.rules_from_json` reads it."""
    return _without_nothing(
        {
            "guards": [_guard_to_json(rule) for rule in rules.guards],
            "rules": [_rule_to_json(rule) for rule in rules.rules],
            "catch_all": {} if rules.catch_all == Answer() else _answer_to_json(rules.catch_all),
        }
    )


def _without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value not in ("", [], {})}


def _guard_to_json(rule: Rule) -> dict[str, Any]:
    return _without_nothing({**_any_rule_to_json(rule), "text": rule.answer.text})


def _rule_to_json(rule: Rule) -> dict[str, Any]:
    return _without_nothing({**_any_rule_to_json(rule), "answer": _answer_to_json(rule.answer)})


def _any_rule_to_json(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "mode": None if rule.mode is Mode.ON else rule.mode.value,
        "conditions": _conditions_to_json(rule.conditions),
    }


def _answer_to_json(answer: Answer) -> dict[str, Any]:
    return _without_nothing(
        {
            "effect": answer.effect.value,
            "strength": None if answer.strength is Strength.PASSWORD else _STRENGTH_WORDS[answer.strength],
            "methods": _sorted(answer.methods),
            "within_seconds": _seconds(answer.within),
            "text": answer.text,
        }
    )


def _conditions_to_json(of: Conditions) -> dict[str, Any]:
    return _without_nothing(
        {
            "people": _lists(of.people),
            "targets": _lists(of.targets),
            "networks": _lists(of.networks),
            "devices": _without_nothing(
                {
                    "known": of.devices.known,
                    "certificate": of.devices.certificate,
                    "operating_systems": sorted(of.devices.operating_systems),
                    "browsers": sorted(of.devices.browsers),
                }
            ),
            "requests": _sorted(of.requests),
            "times": {} if of.times is None else _times_to_json(of.times),
            "behaviours": _sorted(of.behaviours),
            "sessions": _without_nothing(
                {
                    "older_than_seconds": _seconds(of.sessions.older_than),
                    "proven": _sorted(of.sessions.proven),
                    "not_proven": _sorted(of.sessions.not_proven),
                    "proof_older_than_seconds": _seconds(of.sessions.proof_older_than),
                }
            ),
        }
    )


def _lists(of: People | Targets | Networks) -> dict[str, Any]:
    return _without_nothing({name: sorted(map(str, getattr(of, name))) for name in of.__dataclass_fields__})


def _times_to_json(of: Times) -> dict[str, Any]:
    return _without_nothing(
        {
            "zone": of.zone,
            "days": [DAYS[day] for day in sorted(of.days)],
            "begins": _clock(of.begins),
            "ends": _clock(of.ends),
            "not_before": None if of.not_before is None else of.not_before.isoformat(),
            "not_after": None if of.not_after is None else of.not_after.isoformat(),
        }
    )


def _sorted(of: Iterable[Enum]) -> list[str]:
    return sorted(str(one.value) for one in of)


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())


def _clock(minutes: int | None) -> str | None:
    return None if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"
