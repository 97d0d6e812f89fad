"""The options of a sign-on that is supposed to happen: when, from where, on what, and what was proven before."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import click

from idp.base.errors import Invalid
from idp.cli import instants
from idp.cli.zone import place_of
from idp.policy.access.context import Behaviour
from idp.policy.signon import Method, Proof
from idp.signon.what_if import Supposed

_Function = Callable[..., Any]

_OPTIONS = (
    click.option("--at", "at", metavar="TIME", help="When, like 2026-11-26T22:30+01:00 (default: now; UTC if no offset)."),
    click.option("--country", default="", metavar="CC", help="Where the address is (ISO 3166)."),
    click.option("--city", default="", metavar="NAME", help="In which city."),
    click.option("--asn", default="", metavar="AS", help="In which autonomous system."),
    click.option("--user-agent", default="", metavar="TEXT", help="What the browser says it is (User-Agent)."),
    click.option("--known-device", is_flag=True, help="The account has signed in on this device before."),
    click.option("--certificate", default="", metavar="SUBJECT", help="The device presents this client certificate."),
    click.option(
        "--behaviour", "behaviours", multiple=True, type=click.Choice([one.value for one in Behaviour]),
        help="What is unusual about it.",
    ),
    click.option("--proven", default="", metavar="METHODS", help="What was proven before, like pwd,otp."),
    click.option(
        "--session-age", type=click.IntRange(min=0), metavar="MINUTES", help="How long ago that was (default: 0)."
    ),
)  # fmt: skip


def options(command: _Function) -> _Function:
    """Give *command* these options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read(now: datetime, ip: str, asked: dict[str, Any]) -> Supposed:
    """
    Return what these options say of a sign-on from *ip*.

    Raises:
        Invalid: something in them is malformed, or does not go together.
    """
    at = now if asked["at"] is None else instants.read(asked["at"], field="at")
    age = asked["session_age"]
    began = at - timedelta(minutes=age or 0)
    methods = _methods(asked["proven"])
    if age is not None and not methods:
        raise Invalid("A session has proofs: say which with --proven.", field="proven")
    return Supposed(
        at=at,
        ip=ip,
        place=place_of(ip, asked["country"], asked["city"], asked["asn"]),
        user_agent=asked["user_agent"],
        known_device=asked["known_device"],
        certificate=asked["certificate"],
        behaviours=frozenset(map(Behaviour, asked["behaviours"])),
        proven=tuple(Proof(method, began) for method in methods),
        session_started_at=began if methods else None,
    )


def _methods(written: str) -> list[Method]:
    known = {one.value: one for one in Method}
    found = []
    for word in filter(None, (part.strip() for part in written.split(","))):
        if word not in known:
            raise Invalid(
                f"There is no method “{word[:40]}”.", field="proven", advice=f"Choose among: {', '.join(known)}."
            )
        found.append(known[word])
    return found
