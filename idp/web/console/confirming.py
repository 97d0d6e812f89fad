"""The page before something that is not done by a slip: one sentence on what will happen, and to how many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from idp.base.work import Work
from idp.signon import own_account
from idp.web import own_pages
from idp.web.console import entrance
from idp.web.console.desk import Desk, Unconfirmed, console_page

_ITS_OWN = frozenset({"csrf_token", "version", "opened_at", "confirmed"})
"""What a form sends that is of this one page."""


@dataclass(frozen=True, slots=True)
class Question:
    """
    What is asked.

    Args:
        title: the question.
        says: sentences on what will happen, and to how many.
        button: what the button says.
        action: the address that the form is sent to.
        back: the address of the page before, and what that is called.
        carried: what the form sends on: names and values.
        version: of what is changed, as it was when this was asked (None: nothing that was shown is changed).
        danger: it takes something away.
    """

    title: str
    says: Sequence[str]
    button: str
    action: str
    back: tuple[str, str]
    carried: Sequence[tuple[str, str]] = ()
    version: int | None = None
    danger: bool = False


def ask(work: Work, desk: Desk, question: Question, *, place: str) -> Response:
    """Show the page."""
    return console_page(work, desk, "console/confirm.html", place=place, question=question)


def confirmed(question: Question, *, place: str) -> None:
    """
    Go on if *question* was answered; else take back all that was done in this request, and ask it.

    Called when the change is made: what is refused is refused before anybody is asked, and what was typed is sent on
    (see `sent_on`), so that it is typed once.
    """
    if request.form.get("confirmed") != "yes":
        raise Unconfirmed(lambda work, desk: ask(work, desk, question, place=place))


def sent_on() -> list[tuple[str, str]]:
    """Return what this request's form has sent, for the form of a question to send it again, with the answer."""
    return [
        *((name, value) for name, value in request.form.items(multi=True) if name not in _ITS_OWN),
        ("confirmed", "yes"),
    ]


def second_step(work: Work, desk: Desk, back: tuple[str, dict[str, Any]] | None = None) -> Response | None:
    """
    Return where a second step is proven, where none was within five minutes; None: go on.

    For views of which only some acts are dangerous; the others carry `desk.fresh`.

    Args:
        back: the endpoint and the values of the page to come back to; None: this page, or the one of this form.
    """
    if own_account.recently_proven(work, desk.session):
        return None
    endpoint, wanted = back or entrance.wanted_page()
    return own_pages.prove_again(work, desk.session, endpoint, wanted)
