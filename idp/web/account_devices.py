"""The devices that a person is known on, and the history of their sign-ins."""

from typing import Any

from flask import Blueprint, Response, url_for

from idp.base.work import Place, Work
from idp.signon import history as history_
from idp.signon import own_devices
from idp.signon.history import SUCCEEDED
from idp.signon.models import SignIn
from idp.signon.session import CurrentSession
from idp.web.account import own_page, with_session
from idp.web.devices import device
from idp.web.render import redirect
from idp.web.security import signed_in

pages = Blueprint("account_devices", __name__, url_prefix="/account")


@pages.post("/devices/<device_id>/forget")
@signed_in
@with_session
def forget(work: Work, session: CurrentSession, device_id: str) -> Response:
    """Forget one of the person's devices."""
    own_devices.forget(work, session, device_id)
    return redirect("account.devices", done="device-forgotten")


@pages.post("/devices/forget-all")
@signed_in
@with_session
def forget_all(work: Work, session: CurrentSession) -> Response:
    """Forget every device of the person, this one too."""
    own_devices.forget_all(work, session)
    return redirect("account.devices", done="devices-forgotten")


@pages.get("/history")
@signed_in
@with_session
def history(work: Work, session: CurrentSession) -> Response:
    """Show when, where and with what the person signed in, or somebody tried to."""
    return own_page(
        work,
        session,
        "account/history.html",
        here="account_devices.history",
        sign_ins=[_shown(one, session) for one in history_.recent(work, session.organization_id, session.account_id)],
        most=history_.SHOWN,
        most_failed=history_.FAILURES_SHOWN,
    )


def _shown(one: SignIn, session: CurrentSession) -> dict[str, Any]:
    here, succeeded = one.session_id == session.id, one.outcome == SUCCEEDED
    can_be_reported = succeeded and not here
    return {
        "at": one.at,
        "succeeded": succeeded,
        "methods": one.methods,
        "ip": one.ip,
        "place": str(Place(one.country, one.city)),
        "device": device(one.user_agent),
        "known": bool(one.device_id),
        "here": here,
        "not_me": url_for("account.not_me", sign_in_id=one.id) if can_be_reported else "",
    }
