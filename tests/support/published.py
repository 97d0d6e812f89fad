"""Metadata as somebody publishes it: signed by python-xmlsec (so not by us), and served on loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import xmlsec
from lxml import etree

from idp.saml import names
from tests.support.service_provider import Pair, signature_template


def signed(document: bytes, by: Pair, **changes: str) -> bytes:
    """Return metadata whose root, which has an ID, is signed by *by* as a whole."""
    root = etree.fromstring(document)
    template = etree.fromstring(signature_template(root.get("ID"), **changes))
    template.tail = "\n"
    root.insert(0, template)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(by.key_pem, xmlsec.KeyFormat.PEM)
    context.key.load_cert_from_memory(by.pem, xmlsec.KeyFormat.PEM)
    context.register_id(root, "ID")
    context.sign(template)
    return etree.tostring(root)


def stripped(document: bytes) -> bytes:
    """Return metadata without its signature."""
    root = etree.fromstring(document)
    for signature in root.findall(f"{{{names.DS}}}Signature"):
        root.remove(signature)
    return etree.tostring(root)


@dataclass
class Publisher:
    """A server on loopback that answers with what it is told to."""

    port: int
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    repeat: int = 1
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/metadata"


@contextmanager
def publisher() -> Iterator[Publisher]:
    """Run such a server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            made.asked.append(self.path)
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(made.body) * made.repeat))
            self.end_headers()
            try:
                for _ in range(made.repeat):
                    self.wfile.write(made.body)
            except OSError:  # whoever asked has read enough
                pass

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = Publisher(server.server_address[1])
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(2)
