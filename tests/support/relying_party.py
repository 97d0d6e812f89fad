"""A relying party with pages of its own, on another site than the provider: ``localhost`` beside ``127.0.0.1``."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from flask import Flask, Response, request
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.deployed import free_port

_PAGE = """<!doctype html><title>Relying party</title><h1>Relying party</h1>
<iframe id="op" src="{frame}" hidden></iframe>
<script>
  window.answers = [];
  addEventListener("message", (event) => {{
    if (event.origin === "{provider}") window.answers.push(event.data);
  }});
  window.ask = (said) => document.getElementById("op").contentWindow.postMessage(said, "{provider}");
</script>"""


class _Quiet(WSGIRequestHandler):
    def log_request(self, code="-", size="-") -> None:
        pass


class RelyingParty:
    """Its callback holds the provider's frame; ``/out`` is told of logouts. ``left`` are the visits to its goodbye."""

    def __init__(self, provider: str, *, host: str = "localhost", slow: float = 0) -> None:
        self.port = free_port()
        self.address = f"http://{host}:{self.port}"
        self.provider, self.slow = provider, slow
        self.told: list[dict[str, str]] = []
        self.cookies: list[dict[str, str]] = []
        self.left: list[dict[str, str]] = []
        self.app = Flask(f"rp{self.port}")
        self.app.add_url_rule("/callback", view_func=self._callback)
        self.app.add_url_rule("/out", view_func=self._out)
        self.app.add_url_rule("/bye", view_func=self._bye)

    def _callback(self) -> Response:
        response = Response(
            _PAGE.format(provider=self.provider, frame=f"{self.provider}/sites/acme/oauth2/session"),
            mimetype="text/html",
        )
        response.set_cookie("rp_session", "ours", secure=True, samesite="None")
        return response

    def _out(self) -> Response:
        import time

        time.sleep(self.slow)
        self.told.append(request.args.to_dict())
        self.cookies.append(dict(request.cookies))
        return Response("<script>document.title = 'out'</script>", mimetype="text/html")

    def _bye(self) -> Response:
        self.left.append(request.args.to_dict())
        return Response("<h1>Goodbye</h1>", mimetype="text/html")

    @contextmanager
    def served(self) -> Iterator["RelyingParty"]:
        server = make_server("127.0.0.1", self.port, self.app, threaded=True, request_handler=_Quiet)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
