"""/account/data: everything that is held of a person, as a file for that person."""

from typing import Any

import orjson
from flask import Blueprint, Response

from idp.base.work import Work
from idp.directory import organizations, own_data
from idp.oidc import own_data as oidc
from idp.saml import own_data as saml
from idp.signon import own_data as signon
from idp.signon.session import CurrentSession
from idp.web.account import own_page, recently_proven, with_session
from idp.web.security import signed_in

pages = Blueprint("account_data", __name__, url_prefix="/account")

PORTIONS = (*own_data.PORTIONS, *signon.PORTIONS, *oidc.PORTIONS, *saml.PORTIONS)


@pages.get("/data")
@signed_in
@with_session
def index(work: Work, session: CurrentSession) -> Response:
    """Say what is in the file, and offer it."""
    return own_page(work, session, "account/data.html", here="account_data.index", most=own_data.MOST_ROWS)


@pages.post("/data")
@signed_in
@with_session
@recently_proven
def download(work: Work, session: CurrentSession) -> Response:
    """Hand out the file; asks for the password first where it was not proven just now."""
    content = orjson.dumps(_everything(work, session), option=orjson.OPT_INDENT_2)
    own_data.note(work, session.organization_id, session.account_id)
    response = Response(content, mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


def _everything(work: Work, session: CurrentSession) -> dict[str, Any]:
    found = own_data.read(work, PORTIONS, session.organization_id, session.account_id)
    organization = organizations.by_id(work, session.organization_id)
    return {
        "organization": {"id": organization.id, "name": organization.name},
        "made_at": work.now.isoformat().replace("+00:00", "Z"),
        **found,
        "names": own_data.names(work, session.organization_id, found),
    }
