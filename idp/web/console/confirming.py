"""The page before something that is not done by a slip: one sentence on what will happen, and to how many."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response

from idp.base.work import Work
from idp.signon import own_account
from idp.web import own_pages
from idp.web.console import entrance
from idp.web.console.desk import Desk, console_page


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


def second_step(work: Work, desk: Desk) -> Response | None:
    """
    Return where a second step is proven, where none was within five minutes; None: go on.

    For views of which only some acts are dangerous; the others carry `desk.fresh`.
    """
    if own_account.recently_proven(work, desk.session):
        return None
    endpoint, wanted = entrance.wanted_page()
    return own_pages.prove_again(work, desk.session, endpoint, wanted)
