"""
How the context of a request is written into its attempt, and read back to be judged again. Pure.

Written is only what was looked up. What is not there cannot be told later (None), and no rule that
turns on it is said to have matched. What is always known is left out where it is empty.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from idp.base.moments import iso
from idp.policy.access.context import AccountKind, Behaviour, Context, RequestKind
from idp.policy.signon import Method, Proof

KEY = "access"
"""Where in an attempt's context it is."""
_FORM = 1
_PLACE = ("country", "city", "asn")
_ALWAYS_KNOWN = ("operating_system", "browser", "certificate")


def write(context: Context, *, place_known: bool, known: frozenset[str]) -> dict[str, Any]:
    """
    Return *context* as JSON values, without what the attempt has elsewhere: its columns, and the proofs.

    Args:
        place_known: there are files to look for places in, so that an empty one says something.
        known: those of groups, device_known and behaviours that were looked up.
    """
    written: dict[str, Any] = {
        "form": _FORM,
        "at": iso(context.at),
        "request": context.request._value_,  # `value` is two calls of functions
    }
    if context.kind is not None and context.account_id:
        written["kind"] = context.kind._value_
    if context.session_started_at is not None:
        written["session"] = iso(context.session_started_at)
    for name in _ALWAYS_KNOWN:
        if value := getattr(context, name):
            written[name] = value
    if place_known:
        written["place"] = [getattr(context, name) or "" for name in _PLACE]
    if "groups" in known:
        written["groups"] = sorted(context.groups or ())
    if "device_known" in known:
        written["device_known"] = context.device_known
    if "behaviours" in known:
        written["behaviours"] = sorted(behaviour.value for behaviour in context.behaviours or ())
    return written


def place_of(recorded: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Return the country, the city and the system in an attempt's ``context``; None: not looked for."""
    country, city, asn = (recorded.get(KEY) or {}).get("place") or (None, None, None)
    return country, city, asn


def read(
    recorded: Mapping[str, Any],
    *,
    at: datetime,
    account_id: str | None,
    application_id: str | None,
    site_id: str | None,
    ip: str | None,
    attempt: str = "",
) -> Context:
    """
    Return the context that an attempt was judged by, with None for what was not recorded.

    Args:
        recorded: the attempt's ``context``, as a whole; attempts of before there were access policies
            have no part that `write` wrote.
        at, account_id, application_id, site_id, ip: its columns.
        attempt: its kind; says what kind of request it was where that was not recorded.
    """
    found: Mapping[str, Any] = recorded.get(KEY) or {}
    there = found.get("form") == _FORM
    country, city, asn = place_of(recorded)
    groups, behaviours, began = found.get("groups"), found.get("behaviours"), found.get("session")
    no_person = there and not account_id
    return Context(
        at=datetime.fromisoformat(found["at"]) if "at" in found else at,
        request=RequestKind(found["request"]) if "request" in found else _request(attempt),
        account_id=account_id or "",
        kind=AccountKind(found["kind"]) if "kind" in found else None,
        groups=frozenset[str]() if no_person else None if groups is None else frozenset(groups),
        application_id=application_id or "",
        site_id=site_id or "",
        ip=found.get("ip", ip),
        country=country,
        city=city,
        asn=asn,
        device_known=found.get("device_known"),
        operating_system=found.get("operating_system", "" if there else None),
        browser=found.get("browser", "" if there else None),
        certificate=found.get("certificate", "" if there else None),
        behaviours=frozenset[Behaviour]()
        if no_person
        else None
        if behaviours is None
        else frozenset(map(Behaviour, behaviours)),
        proofs=tuple(
            Proof(Method(method), datetime.fromisoformat(when), fresh)
            for method, when, fresh in recorded.get("proofs") or ()
        ),
        session_started_at=None if began is None else datetime.fromisoformat(began),
        session_known=there and not no_person,
    )


def _request(attempt: str) -> RequestKind:
    kind = attempt.partition(".")[0]
    return RequestKind(kind) if kind in set(RequestKind) else RequestKind.BROWSER
