"""The form of an authentication policy: every term as a field, and back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from idp.base.errors import Invalid
from idp.policy.authentication import RANGES, Terms

_MINUTE = 60
_NUMBERS = (
    "grace_sign_ins",
    "password_minimum",
    "password_score",
    "password_history",
    "password_maximum_days",
    "known_device_days",
    "api_token_days",
)
_MINUTES = {"session_idle": "session_idle_seconds", "session_absolute": "session_absolute_seconds"}
_SWITCHES = ("upstream_allowed", "api_tokens_allowed", "device_bound_only")
RANGES_SHOWN = {
    **{name: RANGES[name] for name in _NUMBERS},
    **{field: (RANGES[name][0] // _MINUTE, RANGES[name][1] // _MINUTE) for field, name in _MINUTES.items()},
}
"""From and to of each number, as the form has it."""


def filled(terms: Terms, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the fields show: what was typed, where something was; else what *terms* say."""
    if isinstance(typed, MultiDict) and typed:
        return {
            **{name: typed.get(name, "") for name in ("second_step", "grace_until", "authenticators")},
            **{name: typed.get(name, "") for name in (*_NUMBERS, *_MINUTES)},
            **{name: name in typed for name in _SWITCHES},
            **{name: typed.getlist(name) for name in ("methods", "recovery")},
        }
    return {
        "second_step": terms.second_step.value,
        "grace_until": _day(terms),
        "authenticators": "\n".join(terms.authenticators),
        **{name: str(getattr(terms, name)) for name in _NUMBERS},
        **{field: str(getattr(terms, name) // _MINUTE) for field, name in _MINUTES.items()},
        **{name: getattr(terms, name) for name in _SWITCHES},
        "methods": [str(one) for one in terms.methods],
        "recovery": list(terms.recovery),
    }


def changes(form: "MultiDict[str, str]", before: Terms) -> dict[str, Any]:
    """
    Return what the form asks for, by the names of `Terms`.

    Raises:
        Invalid: a field is no number, or no day; ``field`` is that of the form.
    """
    found: dict[str, Any] = {name: _number(form, name) for name in _NUMBERS}
    found |= {name: _number(form, field) * _MINUTE for field, name in _MINUTES.items()}
    found |= {name: name in form for name in _SWITCHES}
    found |= {"second_step": form.get("second_step", ""), "methods": form.getlist("methods")}
    found |= {"recovery": form.getlist("recovery"), "authenticators": form.get("authenticators", "").split()}
    day = form.get("grace_until", "").strip()
    if day != _day(before):
        found["grace_until"] = _moment(day)
    return found


def _day(terms: Terms) -> str:
    return "" if terms.grace_until is None else terms.grace_until.date().isoformat()


def _number(form: "MultiDict[str, str]", name: str) -> int:
    said = form.get(name, "").strip()
    if not (said.isascii() and said.isdecimal() and len(said) < 10):
        raise Invalid("This is a whole number.", field=name)
    return int(said)


def _moment(day: str) -> datetime | None:
    if not day:
        return None
    try:
        return datetime.fromisoformat(day[:10]).replace(tzinfo=UTC)
    except ValueError as error:
        raise Invalid("This is no day.", field="grace_until", advice="Write it like 2030-03-01.") from error
