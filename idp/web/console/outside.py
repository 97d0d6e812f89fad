"""
What a page of the console asks of somebody outside, before its own unit of work is opened: no transaction waits for
the network. Whoever may not do what it is for asks nobody.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from idp.base import egress
from idp.base.errors import Forbidden, Invalid, Unavailable
from idp.base.work import Work
from idp.directory import organizations
from idp.web import context
from idp.web.console import entrance
from idp.web.console.desk import Desk

T = TypeVar("T")


def at_work(act: Callable[[Work, Desk], T]) -> T:
    """
    Return what *act* returns in a unit of work of its own, done by whoever administers.

    Raises:
        Forbidden: their session has ended in between.
    """
    with context.open_work() as work:
        session = context.current_session(work)
        if session is None:
            raise Forbidden("You are signed out.", advice="Sign in again.")
        actor = replace(work.actor, roles=entrance.roles_of(work, session))
        desk = Desk(organizations.by_id(work, session.organization_id), session, actor)
        return act(replace(work, actor=actor), desk)


def fetched(address: str, *, most_bytes: int, field: str) -> bytes:
    """
    Return what is at *address*, through the guard (T14). Call it while no transaction is open.

    Raises:
        Invalid: nothing came from there; why is in the log, never on the page.
    """
    of = context.settings()
    try:
        with context.aside():
            return egress.fetch(
                address,
                allowed=of.egress.allow_addresses,
                most_bytes=most_bytes,
                http_loopback=of.development.allow_http_loopback_applications,
            )
    except Unavailable as error:
        raise Invalid(
            "Nothing that can be used came from that address.",
            field=field,
            advice="It must begin with https:// and be reachable from here without a redirect. Or upload the file.",
            cause=error.cause,
        ) from None
