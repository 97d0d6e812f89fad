"""A file of addresses on a domain, to claim accounts by or to give them back: read, and then looked at before anything is done."""

from flask import Blueprint, Response, request

from idp.base.errors import Invalid, NotFound
from idp.base.work import Work
from idp.directory import claim_lists, managed
from idp.web.console.desk import Desk, at_desk
from idp.web.render import redirect
from idp.web.security import administrator

pages = Blueprint("console_claim_lists", __name__, url_prefix="/admin/domains")

UPLOADS = {"/admin/domains/list": managed.MOST_BYTES + 64 * 1024}
"""The path that takes files, and how long a body may be there."""

_FOR = {"claim": "console_domains.claim", "unclaim": "console_domains.unclaim"}


@pages.post("/list")
@administrator
@at_desk
def upload(work: Work, desk: Desk) -> Response:
    """Read a file, and go on to the page that says whom it affects."""
    endpoint = _FOR.get(request.form.get("for", ""))
    if endpoint is None:
        raise NotFound("There is no page at this address.")
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("Choose a file first.", field="file", advice="Go back, and choose it.")
    octets = file.stream.read(managed.MOST_BYTES + 1)
    made = claim_lists.keep(work, desk.organization.slug, request.form.get("domain", ""), octets)
    return redirect(endpoint, domain_id=made.domain_id, list=made.id)
