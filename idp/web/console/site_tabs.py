"""What is at a site: its applications, and who administers it."""

from flask import Blueprint, Response

from idp.base.work import Work
from idp.directory import application_lists, held_roles, queries
from idp.directory.models import Site
from idp.policy.permissions import Permission
from idp.web.console import applications as all_applications
from idp.web.console import lists
from idp.web.console import roles as all_roles
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.security import administrator

pages = Blueprint("console_site_tabs", __name__, url_prefix="/admin/sites/<slug>")


APPLICATIONS = lists.Listing(
    name="site-applications",
    file="console_site_tabs.applications_as_csv",
    read=lambda work, at, after, limit: application_lists.page(
        work,
        at.organization_id,
        after=after,
        limit=limit,
        starting=at.chosen["q"],
        site_id=at.of.id,
        protocol=at.chosen["protocol"],
        state=at.chosen["state"],
    ),
    key=all_applications.LIST.key,
    heads=all_applications.LIST.heads,
    cells=all_applications.LIST.cells,
    filters={name: all_applications.LIST.filters[name] for name in ("q", "protocol", "state")},
)
ADMINISTRATORS = lists.Listing(
    name="site-administrators",
    file="console_site_tabs.administrators_as_csv",
    read=lambda work, at, after, limit: held_roles.page(
        work, at.organization_id, after=after, limit=limit, site=at.of, scope=at.chosen["scope"]
    ),
    key=all_roles.LIST.key,
    heads=all_roles.LIST.heads,
    cells=all_roles.LIST.cells,
    filters={"scope": lists.one_of(("site", "application"))},
)


@pages.get("/applications")
@administrator
@at_desk
def applications(work: Work, desk: Desk, slug: str) -> Response:
    """List the applications at the site; ``q`` is the beginning of a name, ``protocol`` and ``state`` narrow the list."""
    site = _site(work, desk, slug)
    found = APPLICATIONS.page(work, desk, site)
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


@pages.get("/applications.csv")
@administrator
@at_desk
def applications_as_csv(work: Work, desk: Desk, slug: str) -> Response:
    """Send the applications at the site that the address asks for as a CSV file, streamed."""
    return APPLICATIONS.as_csv(work, desk, _site(work, desk, slug))


@pages.get("/administrators")
@administrator
@at_desk
def administrators(work: Work, desk: Desk, slug: str) -> Response:
    """List who holds a role at the site, or for one of its applications; ``scope`` says which of both."""
    site = _site(work, desk, slug)
    return console_page(
        work,
        desk,
        "console/sites/administrators.html",
        place="sites",
        subject=site,
        listed=ADMINISTRATORS.page(work, desk, site),
        may_edit=desk.may(Permission.SITE_EDIT, site_id=site.id),
        may_give=desk.may(Permission.ROLE_GRANT, site_id=site.id),
        may_see_all=desk.may_anywhere(Permission.ROLE_READ),
    )


@pages.get("/administrators.csv")
@administrator
@at_desk
def administrators_as_csv(work: Work, desk: Desk, slug: str) -> Response:
    """Send who holds a role at the site, or for one of its applications, as a CSV file, streamed."""
    return ADMINISTRATORS.as_csv(work, desk, _site(work, desk, slug))


def _site(work: Work, desk: Desk, slug: str) -> Site:
    return queries.site(work, slug, organization_id=desk.organization.id)
