"""SAML below ``/sites/<slug>/saml``: URL in, one call, answer out. No decisions."""

from collections.abc import Callable

from flask import Blueprint, Request, Response, abort, request

from idp.audit.attempts import Trail
from idp.base.errors import IdpError
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import sites
from idp.directory.sites import SiteFacts
from idp.saml import answering, bindings, metadata, watching
from idp.saml.answering import Answer, Ask
from idp.saml.bindings import Incoming
from idp.saml.errors import UNREADABLE, MessageRefused, StatusError
from idp.saml.metadata import Published
from idp.saml.requests import Place, place_at
from idp.signon.pending import SignOnLost
from idp.web import context
from idp.web.carrying import carried
from idp.web.context import open_work
from idp.web.errors import status_of
from idp.web.render import page, redirect_to_path
from idp.web.security import acts, protocol

pages = Blueprint("saml", __name__, url_prefix="/sites/<slug>/saml")

SIGN_ON = "saml.sign-on"
_FORM = "application/x-www-form-urlencoded"
_METADATA = "application/samlmetadata+xml"

Act = Callable[[Work, Place, Trail], Answer | Ask]


@pages.get("/metadata")
@protocol
def metadata_(slug: str) -> Response:
    """The site's metadata, at the address that is its entity ID (SAML Metadata 2.0 section 4.1)."""
    with open_work() as work:
        published = _published(work, place_of(work, slug))
    return _as_metadata(published)


@pages.get("/metadata/<application_id>/<token>")
@protocol
def metadata_for(slug: str, application_id: str, token: str) -> Response:
    """The same document, at an address of one application's own: so it is known who has read of a new key."""
    with open_work() as work:
        place = place_of(work, slug)
        published = _published(work, place)
        if not watching.is_own_address(work, place.site, application_id, token):
            abort(404)
        if request.method == "GET" and not _by_a_person(request):
            watching.fetched(work, place.site, application_id, request.user_agent.string)
    return _as_metadata(published)


def _by_a_person(asked: Request) -> bool:
    """Say whether a browser asks: what somebody looked at is not what their application has read."""
    # Sec-Fetch-Mode: Fetch Metadata, section 2.1; browsers send it to https and to this machine only
    return "Sec-Fetch-Mode" in asked.headers or asked.user_agent.string.startswith("Mozilla/")


def _published(work: Work, place: Place) -> Published:
    base_url = context.settings().base_url
    issuer = sites.issuer(base_url, place.site.slug)
    return metadata.published(work, place.site, issuer, base_url, signed=request.args.get("signed") == "1")


def _as_metadata(published: Published) -> Response:
    response = Response(published.document, mimetype=_METADATA)
    response.set_etag(published.etag)
    response.headers["Cache-Control"] = "public, max-age=300"
    response.make_conditional(request)
    return response


@pages.get("/sso")
@protocol
@acts
def sso(slug: str) -> Response:
    """The single sign-on service by HTTP-Redirect; with a live session it answers in this very request."""

    def act(work: Work, place: Place, trail: Trail) -> Answer | Ask:
        context.count_beginning(work)
        current = context.current_session(work)
        incoming = bindings.from_query(request.query_string)
        return answering.by_redirect(work, place, incoming, current=current, browser=context.browser(), trail=trail)

    return _attempted(slug, SIGN_ON, act)


@pages.post("/sso")
@protocol
def sso_post(slug: str) -> Response:
    """The single sign-on service by HTTP-POST: cross-site, so without cookies (threats I3)."""

    def act(work: Work, place: Place, trail: Trail) -> Ask:
        context.count_beginning(work)
        return answering.by_post(work, place, posted(), trail)

    return _attempted(slug, SIGN_ON, act)


@pages.get("/resume/<handle>")
@protocol
@acts
def resume(slug: str, handle: str) -> Response:
    """Answer a sign-on that the sign-in pages have brought to its end."""

    def act(work: Work, place: Place, trail: Trail) -> Answer:
        current = context.current_session(work)
        return answering.resume(work, place, handle, current=current, browser=context.browser(), trail=trail)

    return _attempted(slug, SIGN_ON, act, resumed=handle)


@pages.get("/start")
@protocol
@acts
def start(slug: str) -> Response:
    """Start an application from our side, where its switch allows that."""

    def act(work: Work, place: Place, trail: Trail) -> Answer | Ask:
        context.count_beginning(work)
        return answering.from_our_side(
            work,
            place,
            request.args.get("sp", ""),
            request.args.get("RelayState", ""),
            current=context.current_session(work),
            browser=context.browser(),
            trail=trail,
        )

    return _attempted(slug, SIGN_ON, act)


def _attempted(slug: str, kind: str, act: Act, *, resumed: str = "") -> Response:
    """
    Do *act* in one transaction; whatever refuses it is recorded in another, and shown or told.

    Args:
        resumed: the handle of the sign-on that goes on; its attempt was begun by another request, whose row is
            there already.
    """
    trail = Trail(kind=kind)
    site: SiteFacts | None = None
    try:
        try:
            with open_work() as work:
                place = place_of(work, slug, trail)
                site = place.site
                outcome = act(work, place, trail)
        except StatusError as error:
            trail.stored = trail.stored and bool(resumed)  # what this request had stored was rolled back
            with open_work() as work:
                context.count_beginning(work)  # anew: what this request had counted was rolled back
                answering.use_up(work, error.requester, resumed, context.browser())
                outcome = answering.refused(work, place, error, trail)
    except IdpError as error:
        trail.stored = trail.stored and bool(resumed)
        context.save_refusal(trail, error)
        return refusal_page(error, trail, site)
    return _leave(outcome, place.site)


def place_of(work: Work, slug: str, trail: Trail | None = None) -> Place:
    """Return our end of the conversation at the site *slug*; there is none where there is no site."""
    place = place_at(work, context.settings().base_url, slug)
    if place is None:
        abort(404)
    if trail is not None:
        trail.organization_id, trail.site_id = place.site.organization_id, place.site.id
    return place


def posted() -> Incoming:
    """
    Return the message in the form that was posted.

    Raises:
        MessageRefused: there is none that can be read.
    """
    if request.mimetype != _FORM:
        raise MessageRefused(
            UNREADABLE, phrase("the content type is %(mimetype)s", mimetype=repr(request.mimetype[:80]))
        )
    return bindings.from_form(request.get_data(cache=False))


def _leave(outcome: Answer | Ask, site: SiteFacts) -> Response:
    match outcome:
        case Answer():
            return carried(outcome, site)
        case Ask(path=path):
            return redirect_to_path(path)


def refusal_page(error: IdpError, trail: Trail, site: SiteFacts | None) -> Response:
    """Return the page of a refusal; where the application is known, it offers to begin anew there."""
    lost = isinstance(error, SignOnLost) or (isinstance(error, MessageRefused) and error.start_again_url)
    template = "errors/lost.html" if lost else "errors/error.html"
    response = page(template, status_of(error), error=error, reference=trail.id, site=site)
    if response.status_code == 503:
        response.headers["Retry-After"] = "5"
    return response
