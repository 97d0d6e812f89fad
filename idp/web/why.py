"""/why/<application>: why it does not open, in one plain sentence; for whoever was given that address."""

from flask import Blueprint, Response

from idp.base.work import Work
from idp.directory import own_access
from idp.signon import own_rules
from idp.signon.session import CurrentSession
from idp.web import context
from idp.web.account import own_page, with_session
from idp.web.security import signed_in

pages = Blueprint("why", __name__, url_prefix="/why")


@pages.get("/<application_id>")
@signed_in
@with_session
def index(work: Work, session: CurrentSession, application_id: str) -> Response:
    """Say what stands between the person and the application, and whom to ask."""
    answer = own_access.why_not(work, session.organization_id, session.account_id, application_id)
    asked = answer.fact == own_access.Fact.OPEN and not answer.is_bookmark
    return own_page(
        work,
        session,
        "launcher/why.html",
        answer=answer,
        rules=own_rules.ask(work, session, application_id) if asked else None,
        application_id=application_id,
        asks=context.view_of("own_requests.index") is not None,
    )
