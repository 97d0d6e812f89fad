"""The organization itself: its name, its language."""

from flask import Blueprint, Response, request

from idp.base.catalogues import LANGUAGES, own_name
from idp.base.work import Work
from idp.directory import history, organizations, queries
from idp.web.console import lists
from idp.web.console.desk import Desk, at_desk, console_page, done
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint("console_organization", __name__, url_prefix="/admin/organization")

_PLACE = "organization"


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """Show the organization, as a form for whoever may change it."""
    return console_page(
        work,
        desk,
        "console/organization/index.html",
        place=_PLACE,
        organization=queries.organization(work, desk.organization.slug),
        languages=[(one, own_name(one)) for one in LANGUAGES],
        entries=history.of_target(work, desk.organization.id, desk.organization.id, limit=20)
        if desk.may("audit:read")
        else [],
    )


@pages.post("")
@administrator
@at_desk(again=index)
def save(work: Work, desk: Desk) -> Response:
    """Change the organization."""
    organizations.edit(
        work,
        desk.organization.slug,
        name=request.form.get("name", ""),
        language=request.form.get("language", ""),
        if_version=lists.version(),
    )
    return done(work, desk, _("Saved."), "console_organization.index")
