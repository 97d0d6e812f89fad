"""The form of one rule of an access policy: every part of its document as a field, and back."""

import re
from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from idp.base.errors import Invalid
from idp.policy.access import document_writing, documents
from idp.policy.access.editing import GUARD
from idp.policy.access.rules import Answer, Rule, Rules

Form = MultiDict[str, str]

_LISTS = (
    *("people.accounts", "people.groups", "people.except_accounts", "people.except_groups", "people.kinds"),
    *("targets.applications", "targets.sites", "targets.except_applications"),
    *("networks.zones", "networks.except_zones", "devices.operating_systems", "devices.browsers"),
    *("requests", "times.days", "behaviours", "sessions.proven", "sessions.not_proven"),
)
_TEXTS = ("times.zone", "times.begins", "times.ends", "times.not_before", "times.not_after")
_FLAGS = ("devices.known", "devices.certificate")
_MINUTES = {
    "sessions.older_than": "sessions.older_than_seconds",
    "sessions.proof_older_than": "sessions.proof_older_than_seconds",
}
_YES, _NO = "yes", "no"
_MINUTE = 60
_PLACE = re.compile(r"^(?:guards|rules)\[\d+\](?:\.(?:conditions\.)?)?")
_IN_A_LIST = re.compile(r"\[\d+\]$")


def rule(form: Form, kind: str, rule_id: str, mode: str) -> Rule:
    """
    Return the rule that a form describes; what it names is as it was typed.

    Args:
        kind: ``guard`` or ``rule``.
        rule_id: of the rule that is changed; empty: a new one.

    Raises:
        Invalid: something cannot be taken; ``field`` is that of the form.
    """
    written: dict[str, Any] = {"name": form.get("name", "").strip(), "mode": mode, "conditions": _conditions(form)}
    if rule_id:
        written["id"] = rule_id
    if kind == GUARD:
        text = form.get("answer.text", "").strip()
        written |= {"text": text} if text else {}
    else:
        written["answer"] = _answer(form)
    try:
        read = documents.rules_from_json({f"{kind}s": [written]})
    except Invalid as error:
        raise plain(error) from error
    return (*read.guards, *read.rules)[0]


def answer(form: Form) -> Answer:
    """
    Return the answer that a form describes: what holds where no rule matches.

    Raises:
        Invalid: something cannot be taken.
    """
    try:
        return documents.rules_from_json({"catch_all": _answer(form)}).catch_all
    except Invalid as error:
        raise plain(error) from error


def filled(of: Rule | None, kind: str, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the fields show: what was typed, where something was; else what a rule says (None: a new one)."""
    if isinstance(typed, MultiDict) and typed:
        return {
            **{name: _listed(typed, name) for name in (*_LISTS, "answer.methods")},
            **{name: typed.get(name, "") for name in (*_TEXTS, *_FLAGS, *_MINUTES, "name", "answer.within")},
            **{name: typed.get(name, "") for name in ("answer.effect", "answer.strength", "answer.text")},
        }
    written = {} if of is None else _written(of, kind)
    conditions: dict[str, Any] = written.get("conditions", {})
    return {
        "name": written.get("name", ""),
        **{name: [str(one) for one in _at(conditions, name) or ()] for name in _LISTS},
        **{name: _at(conditions, name) or "" for name in _TEXTS},
        **{name: {True: _YES, False: _NO}.get(_at(conditions, name), "") for name in _FLAGS},
        **{field: _in_minutes(_at(conditions, name)) for field, name in _MINUTES.items()},
        **_filled_answer(written, kind),
    }


def filled_answer(of: Answer, typed: Mapping[str, Any]) -> dict[str, Any]:
    """As `filled`, of an answer alone."""
    if isinstance(typed, MultiDict) and typed:
        return filled(None, "rule", typed)
    return filled(Rule("", "-", answer=of), "rule", {})


def plain(error: Invalid) -> Invalid:
    """Return what is wrong with a document as what is wrong with a field of the form."""
    path = error.field or ""
    field = (
        _PLACE.sub("", _IN_A_LIST.sub("", path)).replace("within_seconds", "within").replace("_than_seconds", "_than")
    )
    field = f"answer.{field.removeprefix('catch_all.')}" if path.startswith("catch_all") else field or "name"
    field = "answer.text" if field == "text" else "answer.effect" if field == "answer" else field
    said = error.message
    if said.startswith(f"{path}: "):
        said = said[len(path) + 2 :]
        said = said[:1].upper() + said[1:]
    elif path and said.startswith(f"{path} "):
        said = f"This {said[len(path) + 1 :]}"
    elif re.match(r"^(?:guards|rules)\[\d+\]|^catch_all", said):
        said = f"This {said.partition(' ')[2]}"
    return Invalid(said, field=field, advice=error.advice, cause=error.cause)


def _conditions(form: Form) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in _LISTS:
        _put(found, name, _listed(form, name))
    for name in _TEXTS:
        _put(found, name, form.get(name, "").strip())
    for name in _FLAGS:
        _put(found, name, {_YES: True, _NO: False}.get(form.get(name, ""), ""))
    for field, name in _MINUTES.items():
        _put(found, name, _seconds(form, field))
    if set(found.get("times", ())) == {"zone"}:
        del found["times"]
    return found


def _answer(form: Form) -> dict[str, Any]:
    effect = form.get("answer.effect", "")
    found: dict[str, Any] = {"effect": effect}
    if effect == "require":
        strength = form.get("answer.strength", "")
        found |= {"strength": strength} if strength else {}
        methods = form.getlist("answer.methods")
        found |= {"methods": methods} if methods else {}
        within = _seconds(form, "answer.within")
        found |= {"within_seconds": within} if within != "" else {}
    text = form.get("answer.text", "").strip()
    if effect == "deny" and text:
        found["text"] = text
    return found


def _filled_answer(written: dict[str, Any], kind: str) -> dict[str, Any]:
    said = {"effect": "deny", "text": written.get("text", "")} if kind == GUARD else written.get("answer", {})
    return {
        "answer.effect": said.get("effect", "require"),
        "answer.strength": said.get("strength", ""),
        "answer.methods": list(said.get("methods", ())),
        "answer.within": _in_minutes(said.get("within_seconds")),
        "answer.text": said.get("text", ""),
    }


def _written(of: Rule, kind: str) -> dict[str, Any]:
    whole = Rules(guards=(of,)) if kind == GUARD else Rules(rules=(of,))
    written = document_writing.rules_to_json(whole)
    found: dict[str, Any] = (written.get("guards") or written["rules"])[0]
    return found


def _listed(form: Any, name: str) -> list[str]:
    """Return what boxes were ticked, or what lines were written."""
    lines = (line.strip() for said in form.getlist(name) for line in said.splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def _seconds(form: Form, name: str) -> int | str:
    said = form.get(name, "").strip()
    if not said:
        return ""
    if not (said.isascii() and said.isdecimal() and len(said) < 8):
        raise Invalid("This is a whole number of minutes.", field=name)
    return int(said) * _MINUTE


def _in_minutes(seconds: int | None) -> str:
    return "" if seconds is None else str(seconds // _MINUTE)


def _put(into: dict[str, Any], name: str, value: Any) -> None:
    if value in ("", []):
        return
    part, dot, rest = name.partition(".")
    if dot:
        into.setdefault(part, {})[rest] = value
    else:
        into[part] = value


def _at(values: dict[str, Any], name: str) -> Any:
    part, dot, rest = name.partition(".")
    return values.get(part, {}).get(rest) if dot else values.get(part)
