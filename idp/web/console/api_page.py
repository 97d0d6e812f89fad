"""What every page of one API has: the API, its site, its head and its tabs."""

from typing import Any

from flask import Response

from idp.base.work import Work
from idp.directory import queries
from idp.directory.models import Site
from idp.oidc import api_lists
from idp.oidc.models import Api
from idp.policy.permissions import Permission
from idp.web.console.desk import Desk, console_page

PLACE = "apis"


def api_of(work: Work, desk: Desk, api_id: str) -> Api:
    """
    Return the API of this desk's organization with that id.

    Raises:
        NotFound: none that this actor may see.
    """
    return api_lists.found(work, desk.organization.id, api_id)


def site_of(work: Work, api: Api) -> Site | None:
    """Return the site of an API, if this actor may see it."""
    sites = queries.sites(work, organization_id=api.organization_id)
    return next((one for one in sites if one.id == api.site_id), None)


def api_page(work: Work, desk: Desk, template: str, api: Api, **values: Any) -> Response:
    """Answer with a page of an API."""
    return console_page(
        work,
        desk,
        f"console/apis/{template}.html",
        place=PLACE,
        api=api,
        at_site=site_of(work, api),
        may_edit=desk.may(Permission.API_EDIT, site_id=api.site_id),
        may_grant=desk.may(Permission.API_GRANT, site_id=api.site_id),
        may_delete=desk.may(Permission.API_DELETE, site_id=api.site_id),
        **values,
    )
