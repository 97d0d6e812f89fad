"""/signin/<handle>/pass: a temporary access pass in place of the password, or of the second step."""

from typing import Any

from flask import Blueprint, Response, request

from idp.base.errors import Conflict
from idp.base.work import Work
from idp.policy.signon import Method
from idp.signon import proving
from idp.signon.factors.totp import Right
from idp.signon.flow import AskFirstStep
from idp.signon.lockout import Wait
from idp.signon.progress import Progress
from idp.web import context, signin, signin_pages, ways
from idp.web.context import open_work
from idp.web.render import redirect
from idp.web.security import public

pages = Blueprint("signin_pass", __name__, url_prefix="/signin")
pages.register_error_handler(Conflict, signin.at_the_same_moment)


@pages.get("/<handle>/pass")
@public
def ask(handle: str) -> Response:
    """Ask for a pass, in the place of whichever step is next."""
    with open_work() as work:
        progress = signin.look(work, handle)
        if isinstance(progress.step, AskFirstStep):
            return _first_page(work, handle, progress, progress.request.login_hint)
    return signin.other_way(handle, Method.TEMPORARY_PASS)


@pages.post("/<handle>/pass")
@public
def use(handle: str) -> Response:
    """Take e-mail address and pass in place of the password."""
    email, typed = request.form.get("username", ""), request.form.get("pass", "")
    with open_work() as work:
        progress = signin.look(work, handle)
        if not isinstance(progress.step, AskFirstStep):
            return redirect("signin.dispatch", handle=handle)
        outcome = proving.first_pass(work, progress, email, typed, context.settings().throttling)
        if isinstance(outcome, Right):
            return signin.go_on(work, handle, progress)
        if isinstance(outcome, Wait):
            problem = signin_pages.wait(outcome, "pass")
            return signin_pages.throttled(_first_page(work, handle, progress, email, problem), outcome)
        return _first_page(work, handle, progress, email, {"code": "wrong-pass"}, 422)


@pages.post("/<handle>/pass/second")
@public
def use_second(handle: str) -> Response:
    """Take a pass in place of the second step."""
    return signin.second_step(handle, proving.second_pass, "pass", _second_page)


def _first_page(
    work: Work, handle: str, progress: Progress, email: str, problem: dict[str, Any] | None = None, status: int = 200
) -> Response:
    return signin_pages.step_page(
        work, handle, progress, "signin/first_pass.html", status, email=email[:320], problem=problem
    )


def _second_page(
    work: Work, handle: str, progress: Progress, problem: dict[str, Any] | None = None, status: int = 200
) -> Response:
    return signin_pages.step_page(
        work,
        handle,
        progress,
        "signin/second_pass.html",
        status,
        email=proving.email_of(work, progress),
        problem=problem,
        other_ways=signin_pages.other_ways(handle, progress, Method.TEMPORARY_PASS),
    )


ways.register(Method.TEMPORARY_PASS, page=_second_page, endpoint="signin_pass.ask", label="Use a temporary access pass")
