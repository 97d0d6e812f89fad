"""What is at a site: its applications, and who administers it."""

from flask import Blueprint, Response

from idp.base.work import Work
from idp.directory import application_lists, queries, role_assignments
from idp.policy.permissions import Permission
from idp.web.console import lists
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.security import administrator

pages = Blueprint("console_site_tabs", __name__, url_prefix="/admin/sites/<slug>")


@pages.get("/applications")
@administrator
@at_desk
def applications(work: Work, desk: Desk, slug: str) -> Response:
    """List the applications that are registered at the site; ``q`` is the beginning of a name."""
    site = queries.site(work, slug, organization_id=desk.organization.id)
    chosen = lists.filters("q")
    found = lists.listed(
        desk,
        f"applications of {site.id}",
        chosen,
        lambda after, limit: application_lists.page(
            work, desk.organization.id, after=after, limit=limit, starting=chosen["q"], site_id=site.id
        ),
        lambda one: (one.name, one.id),
    )
    return console_page(
        work,
        desk,
        "console/sites/applications.html",
        place="sites",
        subject=site,
        listed=found,
        opened_to=application_lists.opened_to(work, found.rows),
        may_edit=desk.may(Permission.SITE_EDIT, site_id=site.id),
        may_add=desk.may(Permission.APPLICATION_CREATE, site_id=site.id),
    )


@pages.get("/administrators")
@administrator
@at_desk
def administrators(work: Work, desk: Desk, slug: str) -> Response:
    """List who holds a role at the site, or for one of its applications."""
    site = queries.site(work, slug, organization_id=desk.organization.id)
    found = lists.listed(
        desk,
        f"administrators of {site.id}",
        {},
        lambda after, limit: role_assignments.page(work, desk.organization.id, after=after, limit=limit, site=site),
        lambda one: (one.assignment.id,),
    )
    return console_page(
        work,
        desk,
        "console/sites/administrators.html",
        place="sites",
        subject=site,
        listed=found,
        may_edit=desk.may(Permission.SITE_EDIT, site_id=site.id),
        may_give=desk.may(Permission.ROLE_GRANT, site_id=site.id),
        may_see_all=desk.may_anywhere(Permission.ROLE_READ),
    )
