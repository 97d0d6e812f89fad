"""/account/email: another e-mail address for one's own account; /email: the page of the link that confirms it."""

from flask import Blueprint, Response, request

from idp.base.errors import Conflict, Invalid
from idp.base.work import Work
from idp.directory import organizations
from idp.signon import email_change
from idp.signon.lockout import Wait
from idp.signon.mail_links import LinkOver
from idp.signon.session import CurrentSession
from idp.web import account, context, mailed, signin_pages
from idp.web.account import recently_proven, with_session
from idp.web.context import open_work
from idp.web.render import page, redirect
from idp.web.security import public, signed_in

pages = Blueprint("account_email", __name__)


@account.pages.get("/email")
@signed_in
@with_session
@recently_proven
def change_email(work: Work, session: CurrentSession) -> Response:
    """Ask for the new address."""
    return _page(work, session)


@account.pages.post("/email")
@signed_in
@with_session
@recently_proven
def email_wanted(work: Work, session: CurrentSession) -> Response:
    """Mail a link to the address that was typed."""
    typed = request.form.get("email", "")[:320]
    try:
        waiting = email_change.ask(work, session, typed, context.settings().throttling)
    except (Invalid, Conflict) as error:
        return _page(work, session, typed, f"{error.message} {error.advice}".strip(), 422)
    if isinstance(waiting, Wait):
        return signin_pages.throttled(_page(work, session, typed, waiting=waiting), waiting)
    return redirect("account.index", done="email-asked")


@pages.get("/email/<token>")
@public
def link(token: str) -> Response:
    """Take the token of a mail out of the address. Nothing is looked up yet, and nothing is changed."""
    return mailed.strip(token, "account_email.confirm")


@pages.get("/email")
@public
def confirm() -> Response:
    """Ask whether the new address is to be taken."""
    with open_work() as work:
        try:
            found = email_change.find(work, mailed.held())
        except LinkOver:
            return _over()
        return page(
            "account/email_confirm.html",
            organization_name=organizations.by_id(work, found.organization_id).name,
            before=found.email,
            wanted=found.further["email"],
        )


@pages.post("/email")
@public
def confirmed() -> Response:
    """Take the new address."""
    try:
        with open_work() as work:
            email_change.confirm(work, mailed.held())
    except LinkOver:
        return _over()
    return mailed.forget(redirect("account_email.done"))


@pages.get("/email/done")
@public
def done() -> Response:
    """Say that the address is changed."""
    return page("account/email_done.html")


def _over() -> Response:
    return mailed.forget(page("account/email_over.html", 410))


def _page(
    work: Work,
    session: CurrentSession,
    typed: str = "",
    wrong: str = "",
    status: int = 200,
    *,
    waiting: Wait | None = None,
) -> Response:
    return page(
        "account/email.html",
        status,
        organization_name=organizations.by_id(work, session.organization_id).name,
        email=session.email,
        managed=email_change.is_managed(work, session),
        typed=typed,
        wrong=wrong,
        problem=None if waiting is None else signin_pages.wait(waiting, "password"),
    )
