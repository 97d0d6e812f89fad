"""A code by e-mail as the second step: the page that asks for it, and the button that sends it."""

from typing import Any

from flask import Response

from idp.base.work import Work
from idp.policy.signon import Method
from idp.signon import proving
from idp.signon.flow import AskSecondStep
from idp.signon.lockout import Wait
from idp.signon.progress import Progress
from idp.web import signin, signin_pages, ways
from idp.web.context import open_work
from idp.web.render import redirect
from idp.web.security import public


@signin.pages.get("/<handle>/email-code")
@public
def email_code(handle: str) -> Response:
    """Offer a code by e-mail, or ask for the one that was sent."""
    return signin.other_way(handle, Method.EMAIL_CODE)


@signin.pages.post("/<handle>/email-code/send")
@public
def send_email_code(handle: str) -> Response:
    """Mail a code to the address of the account that is signing in."""
    with open_work() as work:
        progress = signin.look(work, handle)
        if not isinstance(progress.step, AskSecondStep) or Method.EMAIL_CODE not in progress.step.methods:
            return redirect("signin.dispatch", handle=handle)
        waiting = proving.send_email_code(work, progress)
        if isinstance(waiting, Wait):
            return signin_pages.throttled(_page(work, handle, progress, signin_pages.wait(waiting, "code")), waiting)
    return redirect("signin.email_code", handle=handle)


@signin.pages.post("/<handle>/email-code")
@public
def use_email_code(handle: str) -> Response:
    """Take the code."""
    return signin.second_step(handle, proving.email_code, "email_code", _page)


def _page(
    work: Work, handle: str, progress: Progress, problem: dict[str, Any] | None = None, status: int = 200
) -> Response:
    return signin_pages.step_page(
        work,
        handle,
        progress,
        "signin/email_code.html",
        status,
        email=proving.email_of(work, progress),
        sent=proving.email_code_was_sent(work, progress),
        problem=problem,
        other_ways=signin_pages.other_ways(handle, progress, Method.EMAIL_CODE),
    )


ways.register(Method.EMAIL_CODE, page=_page, endpoint="signin.email_code", label="Get a code by e-mail")
