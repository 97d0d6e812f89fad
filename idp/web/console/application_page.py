"""What every page of one application has: the application, its head, its tabs, and the way through adding one."""

from typing import Any

from flask import Response, request

from idp.base.errors import NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import queries
from idp.directory.models import Application
from idp.saml import providers
from idp.web import context
from idp.web.console.desk import Desk, console_page

PLACE = "applications"
STEPS = ("doctor", "preview", "access", "vendor", "test")
"""What comes after an application was registered, in order: each is a page that it has for ever."""


def application_of(work: Work, desk: Desk, application_id: str) -> Application:
    """
    Return the application of this desk's organization with that id.

    Raises:
        NotFound: none that this actor may see, or it is a bookmark.
    """
    found = queries.application(work, application_id)
    if found.organization_id != desk.organization.id or found.protocol not in ("saml", "oidc"):
        raise NotFound(
            phrase("There is no application “%(application_id)s”.", application_id=application_id[:200]),
            field="application",
        )
    return found


def application_page(
    work: Work, desk: Desk, template: str, application: Application, tab: str, *, status: int = 200, **values: Any
) -> Response:
    """
    Answer with a page of an application.

    Args:
        tab: which of its tabs it is.
    """
    shown = {**head_of(work, desk, application, tab), **values}
    return console_page(work, desk, f"console/applications/{template}.html", place=PLACE, status=status, **shown)


def head_of(work: Work, desk: Desk, application: Application, tab: str) -> dict[str, Any]:
    """Return what the head of a page of *application* shows: where it is, its tabs, and what the actor may do with it."""
    return {
        "application": application,
        "site": None,  # the pages are ours, not the site's: they wear no site's colours
        "at_site": queries.site_of(work, application),
        "is_saml": application.protocol == providers.PROTOCOL,
        "tab": tab,
        "steps": STEPS,
        "guided": guided(),
        "may_edit": desk.may("application:edit", site_id=application.site_id, application_id=application.id),
        "may_grant": desk.may("application:grant", site_id=application.site_id, application_id=application.id),
        "may_delete": desk.may("application:delete", site_id=application.site_id, application_id=application.id),
    }


def guided() -> bool:
    """Say whether the page is a step of adding an application."""
    return request.args.get("guided") == "1"


def onward() -> dict[str, str]:
    """Return what the address of the next page says so that adding an application goes on there."""
    return {"guided": "1"} if guided() else {}


def loopback() -> bool:
    """Say whether plain http addresses on loopback are taken (for trials on one machine)."""
    return context.settings().development.allow_http_loopback_applications
