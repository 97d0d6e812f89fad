"""A running provider, for journeys with clients that are not ours."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from idp.base.db import Database
from idp.signon.factors import password
from tests.oidc.support import ANN, Place

PASSWORD = "a quiet garden gate 7"
CALLBACK = "https://rp.example/callback"


class _Quiet(WSGIRequestHandler):
    """Says nothing about the requests that it serves."""

    def log_request(self, code="-", size="-") -> None:
        pass


@contextmanager
def _served(place: Place, port: int) -> Iterator[None]:
    server = make_server("127.0.0.1", port, place.app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def running(database_url, vault) -> Iterator[Place]:
    """A server at the address that its settings name (``address``), with Ann and her password."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    database = Database(database_url, vault)
    place = Place(database, base_url=f"http://127.0.0.1:{port}")
    with place.work() as work:
        ann = place.account(work, ANN)
        password.set_password(work, ann.id, PASSWORD, organization_id=ann.organization_id)
    with _served(place, port):
        place.address = f"http://127.0.0.1:{port}"
        yield place
    database.dispose()
