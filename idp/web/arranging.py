"""/arrange: how one's own launcher is laid out. By buttons, and by dragging where there are scripts."""

from flask import Blueprint, Response, request

from idp.base.errors import Conflict, Invalid
from idp.base.work import Work
from idp.directory import launcher_arrangements, organizations
from idp.policy.launcher import LONGEST_NAME, Kind
from idp.signon.session import CurrentSession
from idp.web import context, launcher
from idp.web.context import open_work
from idp.web.launcher import tile
from idp.web.render import page, redirect
from idp.web.security import signed_in

pages = Blueprint("arranging", __name__, url_prefix="/arrange")

_UP, _DOWN = -1, 1
_LONGEST = 128


@pages.get("")
@signed_in
def index() -> Response:
    """Show every section and what is in it, each with its buttons."""
    with open_work() as work:
        session = context.current_session(work)
        if session is None:
            return redirect("launcher.index")
        return _page(work, session)


@pages.post("")
@signed_in
def move() -> Response:
    """Move an application one place (``up``, ``down``); or it (``application``), or a section (``moved``), to where it was dragged."""
    with open_work() as work:
        session = context.current_session(work)
        if session is None:
            return redirect("launcher.index")
        whose = session.organization_id, session.account_id
        if "application" in request.form:
            launcher_arrangements.put(
                work, *whose, _sent("application"), _sent("section"), before=_sent("before") or None
            )
            return redirect("arranging.index", at=_sent("application"))
        if "moved" in request.form:
            launcher_arrangements.place_section(work, *whose, _sent("moved"), before=_sent("before") or None)
            return redirect("arranging.index")
        by = "up" if "up" in request.form else "down"
        launcher_arrangements.step(work, *whose, _sent(by), _UP if by == "up" else _DOWN)
        return redirect("arranging.index", at=_sent(by), by=by)


@pages.get("/applications/<application_id>")
@signed_in
def choose(application_id: str) -> Response:
    """Ask into which section an application is to go."""
    with open_work() as work:
        session = context.current_session(work)
        if session is None:
            return redirect("launcher.index")
        own = launcher_arrangements.of_account(work, session.organization_id, session.account_id)
        if application_id not in own.openable:
            return redirect("arranging.index")
        return page(
            "launcher/choose.html",
            organization_name=organizations.by_id(work, session.organization_id).name,
            administers=launcher.administers(work, session),
            application=tile(own, application_id),
            here=next((s.name for s in launcher_arrangements.arrangeable(own) if application_id in s.applications), ""),
            sections=[section.name for section in launcher_arrangements.arrangeable(own)],
        )


@pages.post("/sections")
@signed_in
def add_section() -> Response:
    """Add a section."""
    with open_work() as work:
        session = context.current_session(work)
        if session is None:
            return redirect("launcher.index")
        try:
            launcher_arrangements.add_section(
                work, session.organization_id, session.account_id, request.form.get("name", "")
            )
        except (Invalid, Conflict) as error:
            return _page(work, session, error, request.form.get("name", ""), 422)
        return redirect("arranging.index", _anchor="add")


@pages.post("/section")
@signed_in
def change_section() -> Response:
    """Rename, move or remove the section that ``section`` names."""
    form, section = request.form, _sent("section")
    with open_work() as work:
        session = context.current_session(work)
        if session is None:
            return redirect("launcher.index")
        whose = session.organization_id, session.account_id
        if "up" in form or "down" in form:
            launcher_arrangements.shift_section(work, *whose, section, _UP if "up" in form else _DOWN)
        elif "remove" in form:
            launcher_arrangements.remove_section(work, *whose, section)
        else:
            try:
                launcher_arrangements.rename_section(work, *whose, section, form.get("name", ""))
            except (Invalid, Conflict) as error:
                return _page(work, session, error, status=422)
    return redirect("arranging.index")


@pages.post("/anew")
@signed_in
def start_anew() -> Response:
    """Forget what the person has arranged."""
    with open_work() as work:
        session = context.current_session(work)
        if session is not None:
            launcher_arrangements.start_anew(work, session.organization_id, session.account_id)
    return redirect("launcher.index")


def _sent(name: str) -> str:
    return request.form.get(name, "")[:_LONGEST]


def _page(
    work: Work, session: CurrentSession, error: Invalid | Conflict | None = None, typed: str = "", status: int = 200
) -> Response:
    own = launcher_arrangements.of_account(work, session.organization_id, session.account_id)
    sections = [
        {"name": one.name, "tiles": [tile(own, a) for a in one.applications if a in own.openable]}
        for one in launcher_arrangements.arrangeable(own)
    ]
    return page(
        "launcher/arrange.html",
        status,
        organization_name=organizations.by_id(work, session.organization_id).name,
        administers=launcher.administers(work, session),
        fixed=[
            {"name": one.name, "tiles": [tile(own, a) for a in one.applications]}
            for one in own.sections
            if one.kind is Kind.FIXED and one.applications
        ],
        sections=sections,
        new=[tile(own, a) for one in own.sections if one.kind is Kind.NEW for a in one.applications],
        arranged=own.arranged,
        at=request.args.get("at", ""),
        by=request.args.get("by", ""),
        longest=LONGEST_NAME,
        error=error,
        typed=typed[:LONGEST_NAME],
    )
