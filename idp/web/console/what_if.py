"""What if somebody signed on: every rule, and whether it matches or why not. Nothing is written."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from flask import Blueprint, Response, request

from idp.base.errors import IdpError, Invalid
from idp.base.work import Place, Work
from idp.policy.access import words
from idp.policy.access.context import Behaviour, RequestKind
from idp.policy.signon import Method, Proof
from idp.signon import what_if_words
from idp.signon.what_if import WITHOUT_PERSON, Supposed, WhatIf, what_if
from idp.web.console import lists, log_filters
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.security import administrator

pages = Blueprint("console_what_if", __name__, url_prefix="/admin/access/what-if")

E = TypeVar("E", RequestKind, Behaviour, Method)

_FILTERS = (
    *("who", "application", "request", "ip", "at", "country", "city", "asn", "agent", "known", "certificate"),
    *("session_age",),
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """Ask who, to what, from where and when; say what would come of it, and why."""
    chosen = lists.filters(*_FILTERS)
    behaviours, proven = request.args.getlist("behaviour"), request.args.getlist("proven")
    found, wrong = None, None
    if chosen["who"] or chosen["request"]:
        try:
            found = what_if(work, _supposed(work, desk, chosen, behaviours, proven))
        except IdpError as error:
            wrong = error
    return console_page(
        work,
        desk,
        "console/access/what_if.html",
        place="access",
        chosen=chosen,
        chosen_behaviours=behaviours,
        chosen_proven=proven,
        found=found,
        wrong=wrong,
        end="" if found is None else what_if_words.end(found),
        gets_in=found is not None and what_if_words.gets_in(found),
        together="" if found is None or found.together is None else words.demand(found.together),
        traces=() if found is None else _traces(found),
        requests=[one.value for one in RequestKind],
        behaviours=[one.value for one in Behaviour],
        methods=[one.value for one in Method],
        here=work.origin,
    )


def _supposed(work: Work, desk: Desk, chosen: dict[str, str], behaviours: list[str], proven: list[str]) -> Supposed:
    at = work.now if not chosen["at"] else _moment(chosen["at"])
    kind = _one_of(chosen["request"], RequestKind, "request") if chosen["request"] else None
    application = log_filters.application(work, desk.organization.id, chosen["application"])
    if application.unknown:
        raise Invalid(
            "There is no such application, or there are several.", field="application", advice="Write its id."
        )
    ip = chosen["ip"] or work.origin.ip
    began = at - timedelta(minutes=_minutes(chosen["session_age"]))
    methods = [_one_of(one, Method, "proven") for one in proven]
    return Supposed(
        at=at,
        organization=desk.organization.slug,
        account="" if kind in WITHOUT_PERSON else chosen["who"],
        application_id=application.id,
        request=kind,
        ip=ip,
        place=_place(work, ip, chosen),
        user_agent=chosen["agent"],
        known_device=bool(chosen["known"]),
        certificate=chosen["certificate"],
        behaviours=frozenset(_one_of(one, Behaviour, "behaviour") for one in behaviours),
        proven=tuple(Proof(method, began) for method in methods),
        session_started_at=began if methods else None,
    )


def _traces(found: WhatIf) -> list[tuple[str, int, str, list[tuple[str, str]]]]:
    """Return of each policy its name, its version, what it says, and every rule: how it stands, and in words."""
    return [
        (
            one.name,
            one.version,
            words.outcome(one.evaluation.outcome),
            [
                (
                    "decides" if step.rule_id == one.evaluation.rule_id else "matches" if step.matched else "",
                    what_if_words.step(step, decides=step.rule_id == one.evaluation.rule_id),
                )
                for step in one.evaluation.trace
            ],
        )
        for one in found.access
    ]


def _place(work: Work, ip: str, chosen: dict[str, str]) -> Place:
    country, city, asn = chosen["country"].upper(), chosen["city"], chosen["asn"].upper().removeprefix("AS")
    return Place(country=country, city=city, asn=asn) if country or city or asn else work.origin.locate(ip)


def _moment(said: str) -> datetime:
    try:
        found = datetime.fromisoformat(said)
    except ValueError as error:
        raise Invalid("This is no time.", field="at", advice="Write it like 2026-11-26T22:30.") from error
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError as error:
        raise Invalid("This time cannot be told in UTC.", field="at") from error


def _minutes(said: str) -> int:
    if said and not (said.isascii() and said.isdecimal() and len(said) < 7):
        raise Invalid("This is a whole number of minutes.", field="session_age")
    return int(said or 0)


def _one_of(said: str, of: type[E], field: str) -> E:
    if said not in set(of):
        raise Invalid("Choose one of those that there are.", field=field)
    return of(said)
