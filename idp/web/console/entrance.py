"""
Who gets into the console, and how they are asked.

It is an application under the organization's access policies (its own, `Organization.console_policy_id`): a strong
second step always, proven at most eight hours ago; whoever has done nothing for a quarter of an hour proves again.
"""

from datetime import timedelta
from typing import Any

from flask import Response, request, url_for
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.exceptions import NotFound as NoSuchAddress

from idp.base.errors import Forbidden, Invalid, NotFound
from idp.base.texts import phrase
from idp.base.work import HeldRole, Work
from idp.directory import organizations, rights
from idp.policy.access.context import RequestKind
from idp.policy.signon import Strength
from idp.signon import console_use, door
from idp.signon.session import CurrentSession
from idp.web import context, own_pages
from idp.web.render import redirect

LONGEST = timedelta(hours=8)
HOME = "console.home"


def is_open(work: Work, session: CurrentSession | None) -> bool:
    """
    Say whether the person of *session* may go on in the console now.

    Raises:
        Forbidden: they are signed in well enough and administer nothing.
    """
    _refuse_nul()
    if session is None or console_use.is_idle(work, session):
        return False
    if not door.stands(work, session, kind=RequestKind.CONSOLE, asked=Strength.SECOND_STEP, max_age=LONGEST):
        return False
    if not roles_of(work, session):
        raise Forbidden(
            "You administer nothing here.",
            advice="Ask an administrator of your organization for a role.",
            cause=phrase("%(email)s holds no role", email=session.email),
        )
    console_use.touch(work, session)
    return True


def ask() -> Response:
    """Send a browser to sign in for the console, and then to the page that it wanted."""
    endpoint, values = wanted_page()
    with context.open_work() as work:
        session = context.current_session(work)
        organization = (
            own_pages.known_organization(work)
            if session is None
            else organizations.by_id(work, session.organization_id)
        )
        if organization is None:
            return redirect("launcher.organization")
        return own_pages.begin(
            work,
            organization,
            endpoint,
            force=session is not None and console_use.is_idle(work, session),
            asked=Strength.SECOND_STEP,
            max_age=LONGEST,
            kind=RequestKind.CONSOLE,
            values=values,
        )


def wanted_page() -> tuple[str, dict[str, Any]]:
    """Return the page that this request is for: what was posted is not sent again, its page is shown."""
    if request.method == "GET" and request.endpoint:
        asked = {name: value for name, value in request.args.items() if name != "endpoint" and not name.startswith("_")}
        return request.endpoint, {**asked, **(request.view_args or {})}
    try:
        return context.endpoint_for("GET")
    except (MethodNotAllowed, NoSuchAddress):
        return HOME, {}


def page_of_form() -> str:
    """
    Return the address of the page that this form is on: its own where that is a page, else the nearest above it.

    A question is passed over: it asks about what was chosen on the page before it, which its address does not say.
    """
    pattern = request.url_rule.rule if request.url_rule else ""
    pages = context.pages_by_pattern()
    while pattern:
        endpoint, names = pages.get(pattern, ("", frozenset()))
        if endpoint and not endpoint.rpartition(".")[2].startswith("ask"):
            known = {name: value for name, value in (request.view_args or {}).items() if name in names}
            return url_for(endpoint, **known)
        pattern = pattern.rpartition("/")[0]
    return url_for(HOME)


def roles_of(work: Work, session: CurrentSession) -> tuple[HeldRole, ...]:
    """Return the roles of the person of *session*, now."""
    return rights.roles_of(work, session.organization_id, session.account_id)


def _refuse_nul() -> None:
    """PostgreSQL takes no NUL: nothing that is stored, or looked for, has one."""
    if any("\x00" in str(value) for value in (request.view_args or {}).values()):
        raise NotFound("There is no page at this address.")
    if any("\x00" in value for sent in (request.args, request.form) for _, value in sent.items(multi=True)):
        raise Invalid("This form cannot be read.", advice="Go back, and type it again.", cause="a NUL was sent")
