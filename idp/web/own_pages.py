"""Signing in for our own pages (launcher, account): the same road as an application's, without one."""

from datetime import timedelta

from flask import Response, request

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base.work import Work
from idp.directory import organizations
from idp.directory.organizations import OrganizationFacts
from idp.policy.access.context import RequestKind
from idp.policy.signon import Strength
from idp.signon import door, own_account
from idp.signon.request import SignOnRequest
from idp.signon.session import CurrentSession
from idp.web import context
from idp.web.render import redirect

PAGES = "pages"
LAUNCHER = "launcher.index"
ORGANIZATION_COOKIE = "ostiary_organization"


def begin(
    work: Work,
    organization: OrganizationFacts,
    page: str,
    *,
    force: bool = False,
    asked: Strength | None = None,
    max_age: timedelta | None = None,
    kind: RequestKind = RequestKind.BROWSER,
    values: dict[str, str] | None = None,
) -> Response:
    """
    Send the browser to sign in and then to *page* (the name of a route of ours).

    Args:
        force: ask for the password even of someone who has a session (before a sensitive change).
        asked: the least that must be proven, beyond what the policy asks.
        max_age: how long ago it may have been proven.
        kind: of which of our pages *page* is, for the rules of contextual access.
        values: what the route of *page* takes in its address.
    """
    context.count_beginning(work)
    session = context.current_session(work)
    hint = session.email if session is not None and session.organization_id == organization.id else ""
    wanted = SignOnRequest(
        organization_id=organization.id,
        site_id="",
        application_id="",
        application_name=organization.name,
        resume_url="",
        force=force,
        asked=asked,
        max_age=max_age,
        kind=kind,
        login_hint=hint,
    )
    answer = door.begin(
        work,
        wanted,
        session=session,
        browser=context.browser(),
        protocol=PAGES,
        protocol_state={"page": page, "values": values or {}},
        trail=Trail(kind="sign-in", organization_id=organization.id),
    )
    if isinstance(answer, door.Interact):
        return redirect("signin.dispatch", handle=answer.handle)
    return redirect(page, **(values or {}))


def resume(work: Work, handle: str) -> Response:
    """
    Use up a sign-on of our own pages that has come to its end, and go to the page that was wanted.

    Raises:
        SignOnLost: unknown, expired, used, of another browser, or not at its end.
    """
    resumed = door.resume(
        work, handle, session=context.current_session(work), browser=context.browser(), protocol=PAGES, site_id=""
    )
    attempts.save(work, resumed.trail)
    if isinstance(resumed.answer, door.Refused):
        return redirect(LAUNCHER)
    return redirect(resumed.protocol_state["page"], **resumed.protocol_state["values"])


def prove_again(work: Work, session: CurrentSession, page: str, values: dict[str, str]) -> Response:
    """
    Ask for the password of someone who is signed in, and for the second step where there is one,
    then come back to *page* (before a sensitive change).
    """
    organization = organizations.by_id(work, session.organization_id)
    asked = Strength.SECOND_STEP if own_account.has_second_step(work, session) else None
    return begin(work, organization, page, force=True, asked=asked, values=values)


def is_open(work: Work, session: CurrentSession | None) -> bool:
    """Say whether *session* is good enough for our own pages."""
    return session is not None and door.stands(work, session)


def ask_to_sign_in() -> Response:
    """Send a browser without a session that will do to sign in, and then to the page it wanted."""
    wanted = request.endpoint if request.method == "GET" else None
    with context.open_work() as work:
        session = context.current_session(work)
        organization = (
            known_organization(work) if session is None else organizations.by_id(work, session.organization_id)
        )
        if organization is None:
            return redirect("launcher.organization")
        return begin(work, organization, wanted or LAUNCHER, values=request.view_args if wanted else None)


def known_organization(work: Work) -> OrganizationFacts | None:
    """Return the organization to sign in to: the only one, or the one this browser used last."""
    only = organizations.only_one(work)
    if only is not None:
        return only
    slug = request.cookies.get(ORGANIZATION_COOKIE, "")
    return organizations.by_slug(work, slug) if 0 < len(slug) <= 63 else None
