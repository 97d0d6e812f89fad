"""The SAML schemas of OASIS, as pysaml2 carries them, in lxml: no network."""

from functools import cache
from pathlib import Path

import saml2.data.schemas
from lxml import etree

_FOLDER = Path(saml2.data.schemas.__file__).parent
_FILES = {
    "urn:oasis:names:tc:SAML:2.0:assertion": "saml-schema-assertion-2.0.xsd",
    "urn:oasis:names:tc:SAML:2.0:protocol": "saml-schema-protocol-2.0.xsd",
    "urn:oasis:names:tc:SAML:2.0:metadata": "saml-schema-metadata-2.0.xsd",
}


class _Local(etree.Resolver):
    """Finds an imported schema by the last part of its address."""

    def resolve(self, url, pubid, context):
        file = _FOLDER / str(url).rpartition("/")[2]
        return self.resolve_filename(str(file), context) if file.exists() else None


@cache
def _schema(namespace: str) -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Local())
    return etree.XMLSchema(etree.parse(_FOLDER / _FILES[namespace], parser))


def validate(document: bytes) -> None:
    """Check that *document* is valid by the schema of its first element."""
    root = etree.fromstring(document)
    _schema(etree.QName(root).namespace).assertValid(root)
