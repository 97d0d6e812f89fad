"""
/recover: a new password by mail; and the page of every link that lets one set a password.

Whoever asks is answered the same, whoever they ask for (threats A1). Setting a password signs nobody in (A19).
"""

from typing import Any

from flask import Blueprint, Response, request, url_for

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import organizations
from idp.signon import password_reset
from idp.signon.factors import password as password_
from idp.signon.factors.password import Unfit
from idp.signon.flow import AskFirstStep
from idp.signon.lockout import Wait
from idp.signon.mail_links import LinkOver
from idp.web import context, mailed, own_pages, signin, signin_pages
from idp.web import new_password as new_password_
from idp.web.context import open_work
from idp.web.render import page, redirect
from idp.web.security import public

pages = Blueprint("recover", __name__)


@pages.get("/recover")
@public
def ask() -> Response:
    """Ask for the e-mail address."""
    with open_work() as work:
        organization = own_pages.known_organization(work)
        if organization is None:
            return redirect("launcher.organization")
        return page("recover/ask.html", **_own(organization.name))


@pages.post("/recover")
@public
def mail() -> Response:
    """Mail a link, if there is somebody to mail to."""
    with open_work() as work:
        organization = own_pages.known_organization(work)
        if organization is None:
            return redirect("launcher.organization")
        problem = _mail(work, organization.id)
        if problem is None:
            return redirect("recover.sent")
        return _again(page("recover/ask.html", **_own(organization.name), **problem), problem)


@pages.get("/recover/sent")
@public
def sent() -> Response:
    """Say that a mail is on its way, if there is somebody to mail to."""
    with open_work() as work:
        organization = own_pages.known_organization(work)
    return page(
        "recover/sent.html",
        organization_name=organization.name if organization is not None else "",
        way_back=url_for("launcher.index"),
    )


@signin.pages.get("/<handle>/recover")
@public
def recover(handle: str) -> Response:
    """Ask for the e-mail address, on the way to an application."""
    with open_work() as work:
        progress = signin.look(work, handle)
        if not isinstance(progress.step, AskFirstStep):
            return redirect("signin.dispatch", handle=handle)
        return signin_pages.step_page(work, handle, progress, "recover/ask.html", **_in_sign_on(handle))


@signin.pages.post("/<handle>/recover")
@public
def recover_mail(handle: str) -> Response:
    """Mail a link, if there is somebody to mail to."""
    with open_work() as work:
        progress = signin.look(work, handle)
        if not isinstance(progress.step, AskFirstStep):
            return redirect("signin.dispatch", handle=handle)
        problem = _mail(work, progress.request.organization_id)
        if problem is None:
            return redirect("signin.recover_sent", handle=handle)
        response = signin_pages.step_page(work, handle, progress, "recover/ask.html", **_in_sign_on(handle), **problem)
        return _again(response, problem)


@signin.pages.get("/<handle>/recover/sent")
@public
def recover_sent(handle: str) -> Response:
    """Say that a mail is on its way, if there is somebody to mail to."""
    with open_work() as work:
        progress = signin.look(work, handle)
        way_back = url_for("signin.dispatch", handle=handle)
        return signin_pages.step_page(work, handle, progress, "recover/sent.html", way_back=way_back)


@pages.get("/recover/<token>")
@pages.get("/welcome/<token>")
@public
def link(token: str) -> Response:
    """Take the token of a mail out of the address. Nothing is looked up yet, and nothing is changed."""
    return mailed.strip(token, "recover.new_password")


@pages.get("/recover/password")
@public
def new_password() -> Response:
    """Ask for the new password."""
    with open_work() as work:
        try:
            return _password_page(work, mailed.held())
        except LinkOver:
            return _over()


@pages.post("/recover/password")
@public
def set_password() -> Response:
    """Set the password that was typed. Its hash is computed between two transactions."""
    token = mailed.held()
    try:
        with open_work() as work:
            proposed = password_reset.propose(work, token, new_password_.typed())
            if isinstance(proposed, Unfit):
                return _password_page(work, token, proposed.reasons, 422)
        new = password_.computed(context.installation().database.vault, proposed)
        with open_work() as work:
            if isinstance(new, Unfit):
                return _password_page(work, token, new.reasons, 422)
            password_reset.set_password(work, token, new)
    except LinkOver:
        return _over()
    return mailed.forget(redirect("recover.done"))


@pages.post("/recover/password/score")
@public
def score() -> Response:
    """Judge what is typed as the password of the link's account."""
    refused = new_password_.too_fast()
    if refused is not None:
        return refused
    try:
        with open_work() as work:
            found = password_reset.find(work, mailed.held())
            return new_password_.judged(password_reset.judge(work, found, new_password_.typed()))
    except LinkOver:
        return _over()


@pages.get("/recover/done")
@public
def done() -> Response:
    """Say that the password is set, and where to sign in with it."""
    with open_work() as work:
        organization = own_pages.known_organization(work)
    return page("recover/done.html", organization_name=organization.name if organization is not None else "")


def _mail(work: Work, organization_id: str) -> dict[str, Any] | None:
    """Ask for the mail; return what the page shows if that was refused."""
    typed = request.form.get("username", "")[:320]
    if not context.settings().mail.smtp_url:
        return {"email": typed, "wrong": "", "problem": None}
    try:
        waiting = password_reset.ask(work, organization_id, typed, context.settings().throttling)
    except Invalid as error:
        return {"email": typed, "wrong": f"{error.message} {error.advice}", "problem": None}
    if isinstance(waiting, Wait):
        return {"email": typed, "wrong": "", "problem": signin_pages.wait(waiting, "password"), "waiting": waiting}
    return None


def _again(response: Response, problem: dict[str, Any]) -> Response:
    waiting = problem.get("waiting")
    if isinstance(waiting, Wait):
        return signin_pages.throttled(response, waiting)
    response.status_code = 422
    return response


def _own(organization_name: str) -> dict[str, Any]:
    return {
        "organization_name": organization_name,
        "action": url_for("recover.mail"),
        "way_back": url_for("launcher.index"),
    }


def _in_sign_on(handle: str) -> dict[str, Any]:
    return {
        "action": url_for("signin.recover_mail", handle=handle),
        "way_back": url_for("signin.dispatch", handle=handle),
    }


def _password_page(work: Work, token: str, reasons: tuple[str, ...] = (), status: int = 200) -> Response:
    found = password_reset.find(work, token)
    return page(
        "recover/password.html",
        status,
        organization_name=organizations.by_id(work, found.organization_id).name,
        email=found.email,
        purpose=found.purpose.name,
        minimum=password_reset.minimum(work, found),
        reasons=reasons,
    )


def _over() -> Response:
    """The same page whether the link never was, was used, or is too old."""
    return mailed.forget(page("recover/over.html", 410))
