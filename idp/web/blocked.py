"""
Zones of the block list: whoever comes from one gets no answer of the organization, whatever is asked.

Looked at before anything else: before a session is used, a form is read, or a password is compared. Nobody is
excepted, break-glass accounts neither: a request has no account yet. Health and files that are the same for
everybody are no organization's.
"""

from collections.abc import Iterator

import structlog
from flask import Flask, Response, request

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.events import RequestBlocked
from idp.audit.log import record
from idp.base.db import NotRemembered, Recollection
from idp.base.errors import Forbidden, Unavailable
from idp.base.memory import BriefMemory
from idp.base.texts import phrase
from idp.base.work import ANONYMOUS, Work
from idp.directory import blocklist, organizations, sites
from idp.signon import lockout, pending
from idp.web import context, mailed, own_pages
from idp.web.access_log import route
from idp.web.context import Installation
from idp.web.errors import page_for

_OF_NOBODY = frozenset({"health", "assets"})
_REASON = "blocked"

log = structlog.get_logger("idp.web")


def install(app: Flask) -> None:
    """Put the block list before everything that *app* does for a request."""
    # References by organization and network: of a flood, one request in a second is written down by a process.
    written = BriefMemory(seconds=1.0, size=1024)

    def check() -> Response | None:
        try:
            return _check(context.installation_of(app), written)
        except Unavailable:  # nor can the view do anything then; it says so in the words of its protocol
            return None

    app.before_request(check)


def _check(shared: Installation, written: BriefMemory) -> Response | None:
    try:
        listed = blocklist.organizations(Recollection(shared.database))
    except NotRemembered:
        if _is_of_nobody():
            return None
        with shared.database.transaction() as tx:
            listed = blocklist.organizations(tx)
    if not listed or _is_of_nobody():
        return None
    with shared.database.transaction() as tx:
        work = Work(tx, ANONYMOUS, shared.clock(), context.origin())
        for organization_id in _concerned(work):
            zone = blocklist.zone_of(work, organization_id) if organization_id in listed else None
            if zone is not None:
                return _refusal(organization_id, zone, _reference(work, organization_id, zone, written))
    return None


def _is_of_nobody() -> bool:
    return request.endpoint in (None, "static") or request.blueprint in _OF_NOBODY


def _concerned(work: Work) -> Iterator[str]:
    """Yield whose this request is: the site's in its address, the sign-on's, the mail's, the session's, that of this browser."""
    values = request.view_args or {}
    if "slug" in values:
        site = sites.facts(work, values["slug"])
        if site is not None:
            yield site.organization_id
        return
    if "handle" in values:
        yield pending.organization_of(work, values["handle"])
    if "organization" in values:
        named = organizations.by_slug(work, values["organization"])
        if named is not None:
            yield named.id
    if request.blueprint in mailed.BLUEPRINTS:
        yield mailed.organization_of(work)
    yield context.organization_of_session(work)
    known = own_pages.known_organization(work)
    if known is not None:
        yield known.id


def _reference(work: Work, organization_id: str, zone: str, written: BriefMemory) -> str:
    """Write down what was refused, of one network so many in a minute (I10); return the reference."""

    def write() -> str:
        if not lockout.may_be_written_down(work):
            return ""
        what = f"{request.method} {route()}"
        trail = Trail(kind="blocked", organization_id=organization_id)
        trail.failed(
            "block-list",
            _REASON,
            phrase("the address is in the zone %(zone)s of the block list: %(what)s", zone=zone, what=what),
        )
        attempts.save(work, trail)
        record(
            work,
            RequestBlocked(organization_id=organization_id, target_id="", attempt_id=trail.id, zone=zone, what=what),
        )
        return trail.id

    network = lockout.network_of(work.origin.ip)
    return written.recall((organization_id, network), write) or context.request_id()


def _refusal(organization_id: str, zone: str, reference: str) -> Response:
    error = Forbidden(
        "Nothing is served to the network that you are in.",
        code=_REASON,
        advice="Try from another network, or ask your administrator and tell the reference.",
        cause=phrase("zone %(zone)s", zone=zone),
    )
    log.info("blocked", reference=reference, organization_id=organization_id, zone=zone, route=route())
    if "text/html" in request.headers.get("Accept", ""):
        return page_for(error, reference)
    words = f"{error.message} {error.advice}\nReference: {reference}\n"
    return Response(words, 403, mimetype="text/plain")
