"""The SAML schemas of OASIS, as pysaml2 carries them, in lxml: no network. `outgoing` puts them where things leave."""

import base64
import re
import zlib
from collections.abc import Iterable, Mapping
from functools import cache
from html import unescape
from pathlib import Path
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


def messages_in(headers: Mapping[str, str], body: bytes) -> Iterable[bytes]:
    """
    Yield the SAML messages of an answer, whose names of *headers* are in lower case.

    In a form or a link of a page, in the address of a redirect, as metadata, in SOAP.
    """
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
