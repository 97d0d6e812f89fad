"""/account/connection: how a person is seen from here, for when a rule did not do what somebody expected."""

from flask import Blueprint, Response, request

from idp.base.work import Work
from idp.directory import organizations
from idp.signon import own_connection
from idp.signon.session import CurrentSession
from idp.web import context
from idp.web.account import with_session
from idp.web.devices import device
from idp.web.render import page
from idp.web.security import signed_in

pages = Blueprint("connection", __name__, url_prefix="/account/connection")

DIRECT, FORWARDED, SHORT = "direct", "forwarded", "short"


@pages.get("")
@signed_in
@with_session
def index(work: Work, session: CurrentSession) -> Response:
    """Show address, place, zones and device, and where the address is taken from."""
    return page(
        "account/connection.html",
        organization_name=organizations.by_id(work, session.organization_id).name,
        problem=None,
        ip=work.origin.ip,
        how=_how(),
        hops=context.settings().proxy.trusted_hops,
        device=device(work.origin.user_agent),
        found=own_connection.connection(work, session),
        certificates=bool(context.settings().proxy.certificate_header or work.origin.certificate),
    )


def _how() -> str:
    """Say where the address is taken from; see `context.ip_of`."""
    hops = context.settings().proxy.trusted_hops
    if hops == 0:
        return DIRECT
    stated = request.environ.get("HTTP_X_FORWARDED_FOR", "")
    return FORWARDED if stated.strip() and len(stated.split(",")) >= hops else SHORT
