"""/not-me: the page of the link in every notice; /account/…: the same, for what one's own pages tell."""

from flask import Blueprint, Response, request, url_for

from idp.base.work import Work
from idp.directory import organizations
from idp.signon import not_me
from idp.signon.mail_links import LinkOver
from idp.signon.not_me import Ended, Incident
from idp.signon.session import CurrentSession
from idp.web import account, mailed, own_pages
from idp.web.account import recently_proven, with_session
from idp.web.context import open_work
from idp.web.render import page, redirect
from idp.web.security import public, signed_in

pages = Blueprint("not_me", __name__)

MAIL, ADMINISTRATOR = "mail", "administrator"


@pages.get("/not-me/<token>")
@public
def link(token: str) -> Response:
    """Take the token of a mail out of the address. Nothing is looked up yet, and nothing is changed."""
    return mailed.strip(token, "not_me.ask")


@pages.get("/not-me")
@public
def ask() -> Response:
    """Say what it is about and what will be ended, and ask."""
    with open_work() as work:
        try:
            found = not_me.find(work, mailed.held())
        except LinkOver:
            return _over()
        return _page(work, found, url_for("not_me.end"))


@pages.post("/not-me")
@public
def end() -> Response:
    """End everything."""
    try:
        with open_work() as work:
            ended = not_me.report(work, mailed.held())
    except LinkOver:
        return _over()
    return mailed.forget(_ended(ended))


@pages.get("/not-me/done")
@public
def done() -> Response:
    """Say what was ended and how it goes on."""
    with open_work() as work:
        organization = own_pages.known_organization(work)
    return page(
        "not_me/done.html",
        organization_name=organization.name if organization is not None else "",
        by_mail=request.args.get("by") == MAIL,
    )


@account.pages.get("/not-me/<sign_in_id>", endpoint="not_me")
@signed_in
@with_session
@recently_proven
def ask_of_sign_in(work: Work, session: CurrentSession, sign_in_id: str) -> Response:
    """Say what will be ended because of a sign-in that was somebody else's, and ask."""
    return _page(
        work, not_me.sign_in(work, session, sign_in_id), url_for("account.report_not_me", sign_in_id=sign_in_id)
    )


@account.pages.post("/not-me/<sign_in_id>", endpoint="report_not_me")
@signed_in
@with_session
@recently_proven
def end_for_sign_in(work: Work, session: CurrentSession, sign_in_id: str) -> Response:
    """End everything because of it."""
    return _ended(not_me.report_sign_in(work, session, sign_in_id))


@account.pages.get("/notices/<notice_id>/not-me", endpoint="not_me_told")
@signed_in
@with_session
@recently_proven
def ask_of_notice(work: Work, session: CurrentSession, notice_id: str) -> Response:
    """Say what will be ended because of what a notice tells, and ask."""
    action = url_for("account.report_not_me_told", notice_id=notice_id)
    return _page(work, not_me.told(work, session, notice_id), action)


@account.pages.post("/notices/<notice_id>/not-me", endpoint="report_not_me_told")
@signed_in
@with_session
@recently_proven
def end_for_notice(work: Work, session: CurrentSession, notice_id: str) -> Response:
    """End everything because of it."""
    return _ended(not_me.report_told(work, session, notice_id))


def _page(work: Work, incident: Incident, action: str) -> Response:
    return page(
        "not_me/ask.html",
        organization_name=organizations.by_id(work, incident.organization_id).name,
        kind=incident.kind,
        facts=incident.facts,
        at=incident.at,
        email=incident.address,
        restores=incident.restores,
        action=action,
    )


def _ended(ended: Ended) -> Response:
    return redirect("not_me.done", by=MAIL if ended.by_mail else ADMINISTRATOR)


def _over() -> Response:
    return mailed.forget(page("not_me/over.html", 410))
