"""Whether this process lives, and whether it can serve (for load balancers)."""

from flask import Blueprint, Response

from idp.base.errors import IdpError
from idp.web import context
from idp.web.security import protocol

pages = Blueprint("health", __name__)


@pages.get("/livez")
@protocol
def live() -> Response:
    """Answer while the process runs; asks nobody."""
    return Response("ok\n", mimetype="text/plain")


@pages.get("/readyz")
@protocol
def ready() -> Response:
    """Answer 200 while the database answers, 503 otherwise."""
    try:
        with context.installation().database.transaction() as tx:
            tx.connection.exec_driver_sql("SELECT 1")
    except IdpError:
        return Response("the database does not answer\n", 503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")
