"""A person's own sign-out: asked once, done, and then told application by application what came of it."""

from flask import Blueprint, Response, request

from idp.base.work import Work
from idp.directory import organizations
from idp.oidc import addresses
from idp.signon import logout, logout_stage, logout_steps
from idp.signon.logout import Attended, Started
from idp.signon.logout_stage import (
    BACK,
    FRAME,
    FRAMES,
    FRONT,
    GO,
    LOADED_WITHIN,
    OFFER,
    OVER,
    WAIT,
    WAITING,
    Stage,
    is_being_called,
    is_late,
    is_unreached,
)
from idp.signon.models import Logout, LogoutStep
from idp.signon.teller import ASKED, CANNOT, CONFIRMED
from idp.web import context, telling
from idp.web.context import open_work
from idp.web.render import page, redirect
from idp.web.security import allow_frames, public

pages = Blueprint("signout", __name__, url_prefix="/signout")

_SOON_SECONDS, _LOOK_AGAIN_SECONDS = 1, 3
_READ_SECONDS, _GLANCE_SECONDS = 8, 3


@pages.get("")
@public
def ask() -> Response:
    """Ask whether to sign out."""
    with open_work() as work:
        session = context.current_session(work)
        if session is None:
            return redirect("signout.done")
        name = organizations.by_id(work, session.organization_id).name
        return page("signout/ask.html", email=session.email, organization_name=name)


@pages.post("")
@public
def end() -> Response:
    """End the session of this browser, then tell the applications."""
    with open_work() as work:
        session = context.current_session(work)
        if session is None:
            return redirect("signout.done")
        started = logout.start(
            work,
            telling.tellers(),
            session.organization_id,
            {session.id: session.account_id},
            because="signed out",
            attended=Attended(context.browser()),
        )
    context.drop_session()
    return go_on(started)


def go_on(started: Started) -> Response:
    """Tell whoever can be called, then show the page of steps; without any step, that all is done."""
    telling.at_once(started)
    return redirect("signout.steps", handle=started.handle) if started.id else redirect("signout.done")


@pages.get("/going-on")
@public
def going_on() -> Response:
    """Lead back to the page of steps, where this browser has one."""
    with open_work() as work:
        handle = logout_steps.going_on(work, context.browser())
    return redirect("signout.steps", handle=handle) if handle else redirect("launcher.index")


@pages.get("/<handle>")
@public
def steps(handle: str) -> Response:
    """
    Show what came of each application, and lead the browser to the next one that only it can tell.

    With ``loaded`` the page itself comes back, once its frames have loaded.
    """
    loaded = "loaded" in request.args
    with open_work() as work:
        found = logout_steps.find(work, handle, context.browser())
        frames = logout_steps.frames(work, telling.tellers(), found, loaded=loaded)
        allow_frames(*dict.fromkeys(addresses.origin(address) for address in frames))
        every = logout_steps.steps(work, found)
        stage = logout_stage.stage(found, every, work.now, loaded=loaded)
        if stage.kind == OVER:
            logout_steps.finish(work, found)
        next_address, seconds = _next(found, every, stage, handle)
        return page(
            "signout/steps.html",
            organization_name=organizations.by_id(work, found.organization_id).name,
            rows=[_row(found, step, stage, work) for step in every],
            stage=stage.kind,
            current=stage.step.application_name if stage.step is not None else "",
            complete=all(step.outcome == CONFIRMED for step in every),
            frames=frames,
            starter=_starter(work, found),
            next_address=next_address,
            seconds=seconds,
        )


@pages.get("/done")
@public
def done() -> Response:
    """Say that nobody is signed in here."""
    with open_work() as work:
        if context.current_session(work) is not None:
            return redirect("signout.ask")
        return page("signout/done.html")


def _next(found: Logout, every: list[LogoutStep], stage: Stage, handle: str) -> tuple[str, int | None]:
    """Return the path that comes next (empty: none), and after how many seconds the page goes there by itself."""
    here = f"/signout/{handle}"
    if any(step.channel == FRAME for step in every):
        here += "?loaded=yes"
    if stage.kind == FRAMES:
        return here, int(LOADED_WITHIN.total_seconds())
    if stage.step is not None and stage.kind in (GO, OFFER):
        return f"{stage.step.visit_url}/{handle}/{stage.step.id}", 1 if stage.kind == GO else None
    if stage.kind == WAIT:
        called = stage.step is not None and stage.step.channel == BACK
        return here, _SOON_SECONDS if called else _LOOK_AGAIN_SECONDS
    if found.resume_url and found.resumed_at is None:
        expected = all(step.outcome == CONFIRMED or (step.channel, step.outcome) == (FRAME, ASKED) for step in every)
        return f"{found.resume_url}/{handle}", _GLANCE_SECONDS if expected else _READ_SECONDS
    return "", None


def _row(found: Logout, step: LogoutStep, stage: Stage, work: Work) -> dict[str, object]:
    state = _state(found, step, stage, work)
    return {
        "name": step.application_name,
        "state": state,
        "lives": state in ("silent", "framed", ASKED, CANNOT),
        "until": step.until,
    }


def _state(found: Logout, step: LogoutStep, stage: Stage, work: Work) -> str:
    """Return the word for a step's state; the page says it in full."""
    if stage.step is not None and step.id == stage.step.id and stage.kind in (GO, WAIT):
        return "now"
    if step.channel == FRAME and step.outcome in (WAITING, ASKED):
        return "now" if stage.kind == FRAMES else "framed"
    if is_being_called(found, step, work.now):
        return "now"
    if is_unreached(step):
        return CANNOT
    if step.channel == FRONT and is_late(step, work.now):
        return "silent"
    if step.channel == FRONT and step.outcome == WAITING:
        return "waits"
    return step.outcome if step.outcome in (CONFIRMED, CANNOT) else ASKED


def _starter(work: Work, found: Logout) -> str:
    if not found.resume_url or found.resumed_at is not None:
        return ""
    return logout.name_of(work, found.organization_id, found.started_by)
