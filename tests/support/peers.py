"""Applications on loopback that are called from here: good ones, and those of X29 that hang, loop and lie."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lxml import etree

from idp.saml import names
from tests.support.service_provider import NOON, ServiceProvider, stamp

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


@dataclass
class Heard:
    """One call that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Peer:
    """A small server. ``answer`` returns status, headers and body for each call."""

    answer: Callable[[Heard], tuple[int, dict[str, str], bytes]]
    heard: list[Heard] = field(default_factory=list)
    address: str = ""


@contextmanager
def serving(answer: Callable[[Heard], tuple[int, dict[str, str], bytes]], port: int = 0) -> Iterator[Peer]:
    """Serve *answer* on *port* of loopback (0: a free one) until the block ends."""
    peer = Peer(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            heard = Heard(self.path, dict(self.headers), body)
            peer.heard.append(heard)
            status, headers, content = peer.answer(heard)
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass

        do_GET = do_PATCH = do_DELETE = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    peer.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def message_in(envelope: bytes):
    """Return the one element in the Body of *envelope*."""
    root = etree.fromstring(envelope)
    assert root.tag == f"{{{SOAP}}}Envelope"
    (body,) = root.findall(f"{{{SOAP}}}Body")
    (message,) = body
    return message


def in_envelope(message: str, *, header: str = "", after: str = "") -> bytes:
    """Return *message* in an envelope, as other libraries write it."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="{SOAP}">{header}'
        f"<S:Body>{message}{after}</S:Body></S:Envelope>"
    ).encode()


def logout_response(
    sp: ServiceProvider,
    in_response_to: str,
    *codes: str,
    element: str = "LogoutResponse",
    issuer: str = "",
    **changes: str | None,
) -> str:
    """Return an answer of *sp*, good but for *changes*."""
    attributes: dict[str, str | None] = {
        "ID": sp.new_id(),
        "Version": "2.0",
        "IssueInstant": stamp(NOON),
        "Destination": f"{sp.idp}/slo",
        "InResponseTo": in_response_to,
    } | changes
    status = ""
    for code in reversed(codes or (names.SUCCESS,)):
        status = f'<samlp:StatusCode Value="{code}">{status}</samlp:StatusCode>'
    return sp._request(element, attributes, issuer, f"<samlp:Status>{status}</samlp:Status>")


def confirming(sp: ServiceProvider, *, signed: bool = True) -> Callable[[Heard], tuple[int, dict[str, str], bytes]]:
    """Return what confirms every logout request that comes by SOAP."""

    def answer(heard: Heard) -> tuple[int, dict[str, str], bytes]:
        response = logout_response(sp, message_in(heard.body).get("ID"), Destination=None)
        written = sp.enveloped(response) if signed else response
        return 200, {"Content-Type": "text/xml"}, in_envelope(written)

    return answer


def hanging(seconds: float = 8.0) -> Callable[[Heard], tuple[int, dict[str, str], bytes]]:
    """Return what does not answer for so long."""

    def answer(heard: Heard) -> tuple[int, dict[str, str], bytes]:
        time.sleep(seconds)
        return 200, {}, b""

    return answer
