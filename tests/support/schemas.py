"""
The SAML schemas of OASIS, as pysaml2 carries them, in lxml: no network.

`watched` puts them behind an application under test: whatever SAML leaves it is validated, in every test.
"""

import base64
import re
import zlib
from collections.abc import Callable, Iterable
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import saml2.data.schemas
from lxml import etree

_FOLDER = Path(saml2.data.schemas.__file__).parent
# Protocol brings assertions, signatures and encryption with it; ui and algsupport stand in Extensions of metadata.
_FILES = {
    "urn:oasis:names:tc:SAML:2.0:protocol": "saml-schema-protocol-2.0.xsd",
    "urn:oasis:names:tc:SAML:2.0:metadata": "saml-schema-metadata-2.0.xsd",
    "urn:oasis:names:tc:SAML:metadata:ui": "sstc-saml-metadata-ui-v1.0.xsd",
    "urn:oasis:names:tc:SAML:metadata:algsupport": "sstc-saml-metadata-algsupport-v1.0.xsd",
    "http://schemas.xmlsoap.org/soap/envelope/": "envelope.xsd",
}
_FIELD = re.compile(rb"""name="SAML(?:Request|Response)"\s+value="([^"]+)\"""")
_PARAMETER = re.compile(rb"""[?&;]SAML(?:Request|Response)=([^&"'\s]+)""")

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _Local(etree.Resolver):
    """Finds an imported schema by the last part of its address."""

    def resolve(self, url, pubid, context):
        file = _FOLDER / str(url).rpartition("/")[2]
        return self.resolve_filename(str(file), context) if file.exists() else None


@cache
def _schema() -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Local())
    imports = "".join(f'<import namespace="{name}" schemaLocation="{file}"/>' for name, file in _FILES.items())
    whole = f'<schema xmlns="http://www.w3.org/2001/XMLSchema">{imports}</schema>'
    return etree.XMLSchema(etree.fromstring(whole, parser, base_url=f"{_FOLDER}/all.xsd"))


def validate(document: bytes) -> None:
    """Check that *document* is valid by the schema of its first element; of SOAP, with what is in its body."""
    _schema().assertValid(etree.fromstring(document))


class Watched:
    """
    A WSGI application that validates every SAML message of ours on its way out.

    In a form or a link of a page, in the address of a redirect, as metadata, in SOAP. ``seen`` counts
    them by their first element.
    """

    def __init__(self, app: Wsgi) -> None:
        self.app = app
        self.seen: dict[str, int] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        headers: dict[str, str] = {}

        def started(status: str, given: list[tuple[str, str]], *more: Any) -> Any:
            headers.update({name.lower(): value for name, value in given})
            return start_response(status, given, *more)

        answer = self.app(environ, started)
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        for message in _messages(headers, body):
            validate(message)
            name = etree.QName(etree.fromstring(message)).localname
            self.seen[name] = self.seen.get(name, 0) + 1
        return [body]


def watched(app: Any) -> Watched:
    """Put the schemas behind the Flask application *app*; return what counts its messages."""
    app.wsgi_app = watch = Watched(app.wsgi_app)
    return watch


def _messages(headers: dict[str, str], body: bytes) -> Iterable[bytes]:
    kind = headers.get("content-type", "").partition(";")[0]
    if body and (kind in ("application/samlmetadata+xml", "text/xml") or kind.startswith("application/soap")):
        yield body
    if kind == "text/html" and "location" not in headers:  # the page behind a redirect repeats its address
        for value in _FIELD.findall(body):
            yield base64.b64decode(unescape(value.decode()), validate=True)
        for value in _PARAMETER.findall(body):
            yield _inflated(unescape(value.decode()))
    for value in _PARAMETER.findall(headers.get("location", "").encode()):
        yield _inflated(value.decode())


def _inflated(value: str) -> bytes:
    return zlib.decompress(base64.b64decode(unquote(value), validate=True), -zlib.MAX_WBITS)
