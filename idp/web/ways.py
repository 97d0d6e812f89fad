"""
The ways to prove a second step, and to set one up: which page is for each, and in which order they are offered.

Every factor registers its own pages here when its module is imported.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, url_for

from idp.base.work import Work
from idp.policy.signon import Method
from idp.signon.flow import EnrolSecondStep
from idp.signon.progress import Progress

_ORDER = (
    Method.PASSKEY,
    Method.SECURITY_KEY,
    Method.TOTP,
    Method.EMAIL_CODE,
    Method.TEMPORARY_PASS,
    Method.RECOVERY_CODE,
)


@dataclass(frozen=True, slots=True)
class Way:
    """
    One way to prove a second step.

    Args:
        page: shows the page that asks for it: ``page(work, handle, progress, problem=None, status=200)``.
        endpoint: the route that shows the same page when the person chooses it.
        label: the words of the link to it.
    """

    method: Method
    page: Callable[..., Response]
    endpoint: str
    label: str


_ways: dict[Method, Way] = {}
_new_password: list[Callable[..., Response]] = []


def register(method: Method, *, page: Callable[..., Response], endpoint: str, label: str) -> None:
    """Make a way known."""
    _ways[method] = Way(method, page, endpoint, label)


def known() -> list[Way]:
    """Return all ways, the one to be offered first at the beginning."""
    return [_ways[method] for method in _ORDER if method in _ways]


def preferred(methods: frozenset[Method]) -> Callable[..., Response]:
    """Return the page that asks for the best of *methods*."""
    return next(way.page for way in known() if way.method in methods)


def register_new_password(page: Callable[..., Response]) -> None:
    """Make the page known that asks for a new password in a sign-on: ``page(work, handle, progress)``."""
    _new_password.append(page)


def new_password_page() -> Callable[..., Response]:
    """Return the page that asks for a new password in a sign-on."""
    return _new_password[-1]


def page_of(method: Method) -> Callable[..., Response]:
    """Return the page that asks for *method*."""
    return _ways[method].page


@dataclass(frozen=True, slots=True)
class Enrolment:
    """
    One way to set up a second step while signing in.

    Args:
        methods: what it can come to.
        page: shows the page: ``page(work, handle, progress, problem=None, status=200)``.
        endpoint: the route that shows the same page when the person chooses it.
        label: the words of the link to it.
    """

    methods: frozenset[Method]
    page: Callable[..., Response]
    endpoint: str
    label: str


_enrolments: list[Enrolment] = []


def register_enrolment(methods: frozenset[Method], *, page: Callable[..., Response], endpoint: str, label: str) -> None:
    """Make a way to set up a second step known; those that are made known first are offered first."""
    _enrolments.append(Enrolment(methods, page, endpoint, label))


def enrolment(methods: frozenset[Method]) -> Callable[..., Response]:
    """Return the page that sets up one of *methods*."""
    return next(one.page for one in _enrolments if one.methods & methods)


def other_enrolments(handle: str, progress: Progress, shown: str) -> list[dict[str, str]]:
    """Return the other ways to set up what is asked for than the one at the route *shown*: address and words of each."""
    methods = progress.step.methods if isinstance(progress.step, EnrolSecondStep) else frozenset()
    return [
        {"url": url_for(one.endpoint, handle=handle), "label": one.label}
        for one in _enrolments
        if one.methods & methods and one.endpoint != shown
    ]


_beside: dict[str, Callable[[Work, Progress], Any]] = {}


def register_beside(name: str, value: Callable[[Work, Progress], Any]) -> None:
    """Let the page with e-mail address and password know *value* under *name*: what stands in for the password."""
    _beside[name] = value


def beside(work: Work, progress: Progress) -> dict[str, Any]:
    """Return what the page with e-mail address and password offers beside them."""
    return {name: value(work, progress) for name, value in _beside.items()}
