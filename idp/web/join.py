"""
/join: whoever has an address on a domain that has a rule joins the organization by themselves.

Whoever asks is answered the same, whatever they ask for (threats A1). Reading a link changes nothing; joining signs
nobody in: the password is set next, on the page that invitations lead to.
"""

from typing import Any

from flask import Blueprint, Response, request, url_for

from idp.base.errors import Invalid, NotFound
from idp.base.work import Work
from idp.directory import join_rules, organizations
from idp.directory.organizations import OrganizationFacts
from idp.signon import joining
from idp.signon.lockout import Wait
from idp.signon.mail_links import LinkOver
from idp.web import context, mailed, own_pages, signin_pages
from idp.web.context import open_work
from idp.web.render import page, redirect
from idp.web.security import public

pages = Blueprint("join", __name__)


@pages.get("/join")
@public
def index() -> Response:
    """Go to the page of the organization that this browser knows."""
    with open_work() as work:
        organization = own_pages.known_organization(work)
    if organization is None:
        return redirect("launcher.organization")
    return redirect("join.ask", organization=organization.slug)


@pages.get("/join/<organization>")
@public
def ask(organization: str) -> Response:
    """Ask for name and address."""
    with open_work() as work:
        return page("join/ask.html", **_named(_open(work, organization)))


@pages.post("/join/<organization>")
@public
def send(organization: str) -> Response:
    """Mail a link, if there is a rule for the address."""
    with open_work() as work:
        found = _open(work, organization)
        name, email = request.form.get("name", "")[:300], request.form.get("email", "")[:400]
        typed: dict[str, Any] = {"typed_name": name, "typed_email": email}
        if not context.settings().mail.smtp_url:
            return page("join/ask.html", **_named(found), **typed)
        limits = context.settings().throttling
        try:
            waiting = joining.ask(work, found.id, name, email, limits)
        except Invalid as error:
            wrong = f"{error.message} {error.advice}".strip()
            return page("join/ask.html", 422, **_named(found), **typed, wrong=wrong, wrong_field=error.field)
        if isinstance(waiting, Wait):
            answer = page("join/ask.html", **_named(found), **typed, problem=signin_pages.wait(waiting, "password"))
            return signin_pages.throttled(answer, waiting)
    return redirect("join.sent", organization=found.slug)


@pages.get("/join/<organization>/sent")
@public
def sent(organization: str) -> Response:
    """Say that a mail is on its way, if the address may join."""
    with open_work() as work:
        return page("join/sent.html", **_named(_open(work, organization)))


@pages.get("/joining/<token>")
@public
def link(token: str) -> Response:
    """Take the token of a mail out of the address. Nothing is looked up yet, and nothing is changed."""
    return mailed.strip(token, "join.confirm")


@pages.get("/joining")
@public
def confirm() -> Response:
    """Say what would be joined as whom."""
    with open_work() as work:
        try:
            found = joining.find(work, mailed.held())
        except LinkOver:
            return _over()
        return page(
            "join/confirm.html", organization_name=found.organization, email=found.email, person_name=found.name
        )


@pages.post("/joining")
@public
def confirmed() -> Response:
    """Join: at once, or wait for approval."""
    token = mailed.held()
    try:
        with open_work() as work:
            organization = joining.find(work, token).organization
            joined = joining.confirm(work, token)
    except LinkOver:
        return _over()
    if joined.token:
        return mailed.strip(joined.token, "recover.new_password")
    return mailed.forget(page("join/done.html", organization_name=organization, waits=joined.request is not None))


def _open(work: Work, slug: str) -> OrganizationFacts:
    """The same answer whether there is no such organization, or nobody joins it by themselves."""
    found = organizations.by_slug(work, slug)
    if found is None or not join_rules.are_there(work, found.id):
        raise NotFound("Nobody joins here by themselves.", advice="Ask an administrator to invite you.")
    return found


def _named(of: OrganizationFacts) -> dict[str, Any]:
    return {
        "organization_name": of.name,
        "organization_slug": of.slug,
        "way_back": url_for("launcher.index"),
    }


def _over() -> Response:
    """The same page whether the link never was, was used, or is too old."""
    return mailed.forget(page("join/over.html", 410))
