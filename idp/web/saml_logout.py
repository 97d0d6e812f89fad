"""SAML single logout and ManageNameID below ``/sites/<slug>/saml``: URL in, one call, answer out. No decisions."""

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response, make_response, request
from flask import redirect as flask_redirect

from idp.audit.attempts import Trail
from idp.base.errors import IdpError
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory.sites import SiteFacts
from idp.saml import bindings, endpoints, managing, soap
from idp.saml.bindings import RESPONSE, Incoming
from idp.saml.errors import UNREADABLE, MessageRefused
from idp.saml.logout import replies, requests, visits
from idp.saml.logout.replies import NAME_ID, Sent
from idp.saml.logout.requests import Taken
from idp.saml.requests import Place
from idp.signon import logout, logout_steps
from idp.web import context, saml, telling
from idp.web.carrying import carried
from idp.web.context import open_work
from idp.web.errors import status_of
from idp.web.render import page, redirect, redirect_to_path
from idp.web.security import acts, allow_form_action, protocol

pages = Blueprint("saml_logout", __name__, url_prefix="/sites/<slug>/saml")

_XML = "text/xml"
_REFUSED = 403

Outcome = TypeVar("Outcome")


@pages.get("/slo")
@protocol
@acts
def slo(slug: str) -> Response:
    """The single logout service by HTTP-Redirect; answers of applications come back to it, too."""
    return _single_logout(slug, lambda: bindings.from_query(request.query_string), with_cookies=True)


@pages.post("/slo")
@protocol
def slo_post(slug: str) -> Response:
    """The single logout service by HTTP-POST: cross-site, so without cookies (threats I3)."""
    return _single_logout(slug, saml.posted, with_cookies=False)


@pages.post("/slo/soap")
@protocol
def slo_soap(slug: str) -> Response:
    """The single logout service by SOAP: the others are told before the answer is written."""

    def act(work: Work, place: Place, trail: Trail) -> Taken:
        return requests.by_soap(work, telling.tellers(), place, _envelope(), trail)

    def answer(taken: Taken) -> Response:
        telling.at_once_to_the_end(taken.started)
        with open_work() as work:
            complete = taken.started is not None and logout.is_complete(work, taken.started)
            codes = taken.codes if taken.started is None else requests.status(complete)
            place = saml.place_of(work, slug)
            return _xml(replies.by_soap(work, place, taken.provider, codes, request_id=taken.request_id))

    return _by_soap(slug, requests.KIND, act, answer)


@pages.get("/slo/done/<handle>")
@protocol
@acts
def slo_done(slug: str, handle: str) -> Response:
    """Answer the application that started a logout, once the others have been told."""

    def act(work: Work, place: Place, trail: Trail) -> Response:
        resume_url = request.path.rpartition("/")[0]
        resumed = logout_steps.resume(work, handle, context.browser(), resume_url)
        if resumed is None:
            return redirect("signout.steps", handle=handle)
        codes = requests.status(resumed.complete)
        return _carry(replies.again(work, place, resumed.protocol_state, codes), place.site)

    return _attempted(slug, requests.KIND, act, lambda response: response)


@pages.get("/slo/visit/<handle>/<step_id>")
@protocol
@acts
def visit(slug: str, handle: str, step_id: str) -> Response:
    """Send the browser to the application of a step, with a request that it signs the person out."""

    def act(work: Work, place: Place, trail: Trail) -> Response:
        base_url = context.settings().base_url
        made = visits.visit(work, base_url, handle, step_id, context.browser())
        if made is None:
            return redirect("signout.steps", handle=handle)
        if not made.message:
            return make_response(flask_redirect(made.location, 303))  # made from a RegisteredEndpoint (D1)
        allow_form_action(*(("https:",) if made.location.startswith("https:") else ("https:", "http:")))
        return page("saml/visit.html", site=place.site, visit=made)

    return _attempted(slug, requests.KIND, act, lambda response: response)


@pages.get("/manage-nameid")
@protocol
@acts
def manage_name_id(slug: str) -> Response:
    """The name identifier management service by HTTP-Redirect."""
    return _manage(slug, lambda: bindings.from_query(request.query_string))


@pages.post("/manage-nameid")
@protocol
def manage_name_id_post(slug: str) -> Response:
    """The name identifier management service by HTTP-POST."""
    return _manage(slug, saml.posted)


@pages.post("/manage-nameid/soap")
@protocol
def manage_name_id_soap(slug: str) -> Response:
    """The name identifier management service by SOAP."""

    def act(work: Work, place: Place, trail: Trail) -> bytes:
        managed = managing.by_soap(work, place, _envelope(), trail)
        return replies.by_soap(
            work, place, managed.provider, managed.codes, request_id=managed.request_id, name=NAME_ID
        )

    return _by_soap(slug, managing.KIND, act, _xml)


def _single_logout(slug: str, read: Callable[[], Incoming], *, with_cookies: bool) -> Response:
    kinds: list[str] = []

    def act(work: Work, place: Place, trail: Trail) -> tuple[Taken, SiteFacts] | str:
        incoming = read()
        kinds.append(incoming.kind)
        browser = context.browser() if with_cookies else None
        if incoming.kind == RESPONSE:
            return visits.answered(work, place, incoming, browser=browser, trail=trail)
        current = context.current_session(work)
        taken = requests.by_browser(
            work, telling.tellers(), place, incoming, current=current, browser=browser, trail=trail
        )
        if current is not None and taken.started is not None and current.id in taken.started.ended:
            context.drop_session()
        return taken, place.site

    def answer(outcome: tuple[Taken, SiteFacts] | str) -> Response:
        return redirect_to_path(outcome) if isinstance(outcome, str) else _answered(slug, *outcome)

    def refused(error: IdpError, trail: Trail, site: SiteFacts | None) -> Response:
        if kinds != [RESPONSE] or (with_cookies and not _goes_on()):
            return saml.refusal_page(error, trail, site)
        return page("errors/logout_answer.html", status_of(error), error=error, reference=trail.id, site=site)

    return _attempted(slug, requests.KIND, act, answer, refused)


def _goes_on() -> bool:
    """Say whether this browser is in a logout. One that comes by form has no cookies: that is seen where the link leads."""
    with open_work() as work:
        return bool(logout_steps.going_on(work, context.browser()))


def _answered(slug: str, taken: Taken, site: SiteFacts) -> Response:
    """Tell the others at once; answer if that was all, else show the page of steps."""
    started = taken.started
    telling.at_once(started)
    with open_work() as work:
        if started is not None and started.id and not logout.is_complete(work, started):
            return redirect("signout.steps", handle=started.handle)
        codes = taken.codes if started is None or not started.id else requests.status(complete=True)
        sent = replies.by_browser(
            work,
            saml.place_of(work, slug),
            taken.provider,
            endpoints.logout_reply(taken.provider),
            codes,
            request_id=taken.request_id,
            relay_state=taken.relay_state,
        )
    return _carry(sent, site)


def _manage(slug: str, read: Callable[[], Incoming]) -> Response:
    def act(work: Work, place: Place, trail: Trail) -> Response:
        managed = managing.by_browser(work, place, read(), trail)
        sent = replies.by_browser(
            work,
            place,
            managed.provider,
            endpoints.name_id_reply(managed.provider),
            managed.codes,
            request_id=managed.request_id,
            relay_state=managed.relay_state,
            name=NAME_ID,
        )
        if sent.answer is None and not sent.location:
            return page("saml/name_id.html", site=place.site, application=managed.provider.name)
        return _carry(sent, place.site)

    return _attempted(slug, managing.KIND, act, lambda response: response)


def _attempted(
    slug: str,
    kind: str,
    act: Callable[[Work, Place, Trail], Outcome],
    answer: Callable[[Outcome], Response],
    refused: Callable[[IdpError, Trail, SiteFacts | None], Response] = saml.refusal_page,
) -> Response:
    """Do *act* in one transaction and *answer* after it; what refuses it is recorded in another, and shown."""
    trail = Trail(kind=kind)
    site: SiteFacts | None = None
    try:
        with open_work() as work:
            place = saml.place_of(work, slug, trail)
            site = place.site
            outcome = act(work, place, trail)
    except IdpError as error:
        trail.stored = False  # what this request had stored was rolled back
        context.save_refusal(trail, error)
        return refused(error, trail, site)
    return answer(outcome)


def _by_soap(
    slug: str,
    kind: str,
    act: Callable[[Work, Place, Trail], Outcome],
    answer: Callable[[Outcome], Response],
) -> Response:
    """
    Do *act* in one transaction and *answer* after it. Who is not proven to be anyone is told a fault and
    a reference, nothing else (SAML Bindings 2.0 section 3.2.3.3).
    """
    trail = Trail(kind=kind)
    try:
        with open_work() as work:
            outcome = act(work, saml.place_of(work, slug, trail), trail)
    except IdpError as error:
        trail.stored = False
        context.save_refusal(trail, error)
        malformed = error.code == UNREADABLE
        return _xml(soap.fault(trail.id), 500 if malformed else _REFUSED)
    return answer(outcome)


def _envelope() -> bytes:
    if request.mimetype != _XML:
        raise MessageRefused(
            UNREADABLE, phrase("the content type is %(mimetype)s", mimetype=repr(request.mimetype[:80]))
        )
    return request.get_data(cache=False)


def _xml(body: bytes, status: int = 200) -> Response:
    return Response(body, status, content_type=soap.CONTENT_TYPE)


def _carry(sent: Sent, site: SiteFacts) -> Response:
    if sent.answer is not None:
        return carried(sent.answer, site, signed_out=True)
    if sent.location:
        return make_response(flask_redirect(sent.location, 303))  # made from a RegisteredEndpoint (D1)
    return redirect("signout.done")
