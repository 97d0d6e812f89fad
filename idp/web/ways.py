"""
The ways to prove a second step: which page asks for each, and in which order they are offered.

Every factor registers its own page here when its module is imported.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response

from idp.policy.signon import Method

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
