"""
/device: a person types in the code that a device shows, signs in, and decides (RFC 8628 section 3.3).

One page for the whole installation, so that its address is short. Signing in itself is at ``/signin``; it
comes back here with its handle. A code in the address only fills the field: nothing is ever approved by a link.
"""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from idp.audit.attempts import Trail
from idp.base.errors import Conflict, IdpError
from idp.base.work import Work
from idp.directory import organizations, sites
from idp.oidc import scopes
from idp.oidc.authorize import scope
from idp.oidc.claims import OPENID
from idp.oidc.device import deciding, entering, user_codes
from idp.oidc.device.deciding import Decided, Question, Unfinished
from idp.oidc.device.entering import WrongUserCode
from idp.signon import lockout, proving
from idp.signon.lockout import Wait
from idp.signon.pending import SignOnLost
from idp.web import asks, context, own_pages, shown_once, signin_pages
from idp.web.context import open_work
from idp.web.devices import device as device_of
from idp.web.devices import named
from idp.web.render import page, redirect
from idp.web.security import acts, public

pages = Blueprint("device", __name__, url_prefix="/device")

_DONE = "device"
_LONGEST_SHOWN = 20


@pages.get("")
@public
def ask() -> Response:
    """Ask for the code; with ``user_code`` in the address it is filled in (RFC 8628 section 3.3.1)."""
    code = user_codes.canonical(request.args.get("user_code", ""))
    with open_work() as work:
        return _enter_page(work, user_codes.shown(code) if code else "")


@pages.post("")
@public
def enter() -> Response:
    """Take the code; where a device waits with it, begin to sign the person in."""
    typed, trail = request.form.get("user_code", ""), Trail(kind=entering.KIND)
    with open_work() as work:
        context.count_beginning(work)
        found = entering.enter(
            work,
            context.settings().base_url,
            typed,
            session=context.current_session(work),
            browser=context.browser(),
            limits=context.settings().throttling,
            trail=trail,
        )
        if isinstance(found, Wait):
            problem = signin_pages.wait(found, "code")
            return signin_pages.throttled(_enter_page(work, typed, problem), found)
    if isinstance(found, WrongUserCode):
        context.save_refusal(trail, found)
        with open_work() as work:
            return _enter_page(work, typed, {"code": found.code}, 422, attempt_id=trail.id)
    return redirect("signin.dispatch", handle=found.handle)


@pages.get("/done")
@public
def done() -> Response:
    """Say what came of it."""
    with open_work() as work:
        kept = shown_once.shown(_DONE, context.browser(), work.now)
        if not kept:
            return redirect("device.ask")
        outcome, application, organization_id, site_id = kept
        site = sites.facts_by_id(work, organization_id, site_id)
    name = site.organization_name if site is not None else ""
    return page("device/done.html", outcome=outcome, application=application, site=site, organization_name=name)


@pages.get("/<handle>")
@public
@acts
def confirm(handle: str) -> Response:
    """Where a sign-on for a device comes back to: show what asks, from where, and let the person decide."""
    with open_work() as work:
        found = deciding.look(
            work,
            context.settings().base_url,
            handle,
            browser=context.browser(),
            session=context.current_session(work),
        )
        return _answer(work, handle, found)


@pages.post("/<handle>/allow")
@public
def allow(handle: str) -> Response:
    """The person lets the device in."""
    return _decide(handle, allowed=True)


@pages.post("/<handle>/deny")
@public
def deny(handle: str) -> Response:
    """The person keeps the device out."""
    return _decide(handle, allowed=False)


@pages.get("/<handle>/<any(allow, deny):_step>")
@public
def confirm_again(handle: str, _step: str) -> Response:
    """Whoever loads the address of a form anew is asked again."""
    return redirect("device.confirm", handle=handle)


@pages.errorhandler(Conflict)
def at_the_same_moment(error: IdpError) -> Response:
    """Somebody else is signed in meanwhile, or two requests met: look at how it stands now."""
    if request.method != "POST" or "handle" not in (request.view_args or {}):
        raise error
    return redirect("device.confirm", handle=(request.view_args or {})["handle"])


def _decide(handle: str, *, allowed: bool) -> Response:
    try:
        with open_work() as work:
            found = deciding.decide(
                work,
                context.settings().base_url,
                handle,
                allow=allowed,
                account_id=request.form.get("account_id", ""),
                browser=context.browser(),
                session=context.current_session(work),
            )
            return _answer(work, handle, found)
    except SignOnLost as error:
        if error.code == "sign-on-unfinished":  # the session ended, or something was taken back, meanwhile
            return redirect("signin.dispatch", handle=handle)
        raise


def _answer(work: Work, handle: str, found: Question | Unfinished | Decided) -> Response:
    if isinstance(found, Unfinished):
        return redirect("signin.dispatch", handle=handle)
    if isinstance(found, Question):
        return _confirm_page(work, handle, found)
    kept = (found.outcome, found.application, found.organization_id, found.site_id)
    return shown_once.show(redirect("device.done"), _DONE, context.browser(), kept, work.now)


def _enter_page(
    work: Work, code: str, problem: dict[str, Any] | None = None, status: int = 200, *, attempt_id: str = ""
) -> Response:
    organization = own_pages.known_organization(work)
    return page(
        "device/enter.html",
        status,
        user_code=code[:_LONGEST_SHOWN],
        organization_name=organization.name if organization is not None else "",
        longest=_LONGEST_SHOWN,
        problem=problem,
        attempt_id=attempt_id,
    )


def _confirm_page(work: Work, handle: str, question: Question) -> Response:
    progress, asking = question.progress, question.asking
    wanted = progress.request
    site = sites.facts_by_id(work, wanted.organization_id, wanted.site_id)
    shared: dict[str, Any] = {
        "handle": handle,
        "site": site,
        "organization_name": organizations.by_id(work, wanted.organization_id).name,
        "application": wanted.application_name,
        "attempt_id": progress.row.attempt_id,
        "problem": None,
    }
    if asking is None:
        return page("device/over.html", **shared)
    asked_by, here = asking.device, context.client_ip()
    wanted_scopes = (name for name in scope.granted(asking.request) if name != OPENID)
    return page(
        "device/confirm.html",
        **shared,
        email=proving.email_of(work, progress),
        account_id=progress.facts.account_id,
        user_code=user_codes.shown(asking.user_code),
        asks=asks.in_words(work, progress, tuple(scopes.ask(asking.request.apis, name) for name in wanted_scopes)),
        device=device_of(asked_by.client_agent),
        calls_itself=named(asked_by.client_agent),
        ip=asked_by.client_ip,
        here=here,
        near=lockout.network_of(asked_by.client_ip) == lockout.network_of(here) != lockout.UNKNOWN,
        seconds=max(0, (work.now - asked_by.created_at) // timedelta(seconds=1)),
    )
