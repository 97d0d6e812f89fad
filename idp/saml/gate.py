"""
The gate in front of any XML library (threats D2): sizes, alphabet, inflation, and what XML may hold.

Messages come from anybody. In this order: how long is it, is it strict base64, does it inflate to
no more than 128 KiB, is it UTF-8 without DOCTYPE, comment, CDATA or processing instruction, has it
few enough tags; only then it is parsed, and then the tree is looked at once. Everything is refused
rather than repaired.
"""

import binascii
import re
import zlib
from typing import Any

from lxml import etree

from idp.base.texts import phrase
from idp.saml.errors import UNREADABLE, MessageRefused

MOST_BYTES = 128 * 1024
MOST_ENCODED_BYTES = MOST_BYTES * 4 // 3 + 4
MOST_METADATA_BYTES = 2 * 1024 * 1024
ENCODING = "utf-8"
"""Said to every parser: else libxml2 goes by the first octets."""
DEEPEST = 32
MOST_ELEMENTS = 2000
MOST_METADATA_ELEMENTS = 20_000
MOST_ATTRIBUTES = 4000
MOST_METADATA_ATTRIBUTES = 40_000
_MOST_ATTRIBUTES_OF_ONE = 64
_MOST_NAMESPACES_OF_ONE = 32

_DECLARATION = re.compile(
    rb"""<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*["']1\.0["']"""
    rb"""(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*["'](?i:utf-8)["'])?"""
    rb"""(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*["'](?:yes|no)["'])?[ \t\r\n]*\?>"""
)
_BOM = b"\xef\xbb\xbf"
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+")

Tree = Any
"""An lxml element; lxml has no types of its own."""


def unreadable(cause: str, reason: str = "malformed", **facts: Any) -> MessageRefused:
    """Return the refusal of something that is no message at all; *reason* is a slug that the doctor knows."""
    return MessageRefused(UNREADABLE, cause, reason=reason, **facts)


def inflated(encoded: str) -> bytes:
    """
    Return the message in the parameter of a redirect (SAML Bindings 2.0 section 3.4.4.1).

    Raises:
        MessageRefused: too long, no strict base64, no DEFLATE, or more than 128 KiB when inflated (X5, X6).
    """
    raw = _decoded(encoded)
    decompressor = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        message = decompressor.decompress(raw, MOST_BYTES + 1)
    except zlib.error:
        raise unreadable("the message is not DEFLATE", "not-deflate") from None
    if len(message) > MOST_BYTES:
        raise unreadable(
            phrase("the message inflates to more than %(most_bytes)s bytes", most_bytes=MOST_BYTES), "too-large"
        )
    if not decompressor.eof or decompressor.unused_data:
        raise unreadable("the DEFLATE stream is cut off, or something follows it", "cut-off")
    return message


def decoded(encoded: str) -> bytes:
    """
    Return the message in the field of a form (SAML Bindings 2.0 section 3.5.4); it is never inflated.

    Line breaks are taken, because base64 of MIME has them (RFC 2045 section 6.8).

    Raises:
        MessageRefused: too long, or no strict base64.
    """
    return _decoded(encoded.replace("\r", "").replace("\n", ""))


def _decoded(encoded: str) -> bytes:
    if len(encoded) > MOST_ENCODED_BYTES:
        raise unreadable(
            phrase(
                "the message is longer than %(most_encoded_bytes)s characters", most_encoded_bytes=MOST_ENCODED_BYTES
            ),
            "too-large",
        )
    if len(encoded) % 4:  # Python 3.11 takes more padding than there may be
        raise unreadable("the message is not base64", "not-base64")
    try:
        raw = binascii.a2b_base64(encoded.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        raise unreadable("the message is not base64", "not-base64") from None
    if not raw or len(raw) > MOST_BYTES:
        raise unreadable("the message is empty or too long", "too-large" if raw else "empty")
    return raw


def read(message: bytes, expected: str) -> Tree:
    """
    Return the root of *message*, which must be one element named *expected*.

    Raises:
        MessageRefused: it has something that no message needs, or is no such message (X2, X4, X7).
    """
    text = _checked(message, MOST_BYTES, MOST_ELEMENTS, MOST_ATTRIBUTES)
    if text.count(b"<!"):
        raise unreadable("the message has a DOCTYPE, a comment or a CDATA section", _exclamation(text))
    root = _parsed(text, _message_parser())
    if root.tag != expected:
        raise unreadable(
            phrase(
                "the message is no %(tag)s but %(got)s",
                tag=expected.rpartition("}")[2],
                got=str(root.tag)[:100],
            ),
            "other-message",
            received=str(root.tag)[:200],
            expected=expected,
        )
    _look_through(root, MOST_ELEMENTS)
    return root


def read_metadata(document: bytes) -> Tree:
    """
    Return the root of a metadata document. Comments, which people write there, are left out.

    Raises:
        MessageRefused: too large, a DOCTYPE, or no XML that we take (X4).
    """
    text = _checked(document, MOST_METADATA_BYTES, MOST_METADATA_ELEMENTS, MOST_METADATA_ATTRIBUTES)
    if text.count(b"<!") != text.count(b"<!--"):
        raise unreadable("the document has a DOCTYPE or a CDATA section", _exclamation(text))
    root = _parsed(text, metadata_parser())
    _look_through(root, MOST_METADATA_ELEMENTS)
    return root


def without_declaration(document: bytes) -> bytes:
    """
    Return *document*, or its beginning, without byte order mark and XML declaration.

    Raises:
        MessageRefused: the declaration is that of another XML or another encoding.
    """
    document = document.removeprefix(_BOM)
    if not document.startswith(b"<?"):
        return document
    declaration = _DECLARATION.match(document)
    if declaration is None:
        raise unreadable("the XML declaration is not that of XML 1.0 in UTF-8", "not-utf-8")
    return document[declaration.end() :]


def refuse_other_encodings(octets: bytes) -> None:
    """
    Refuse text in UTF-16 or UTF-32: its octets are ASCII and valid UTF-8, with NULs between them, so that nothing
    forbidden stands in them side by side; and libxml2 knows such text without being told (X4).

    Raises:
        MessageRefused: it has a NUL, which no XML in UTF-8 has (XML 1.0 section 2.2).
    """
    if b"\0" in octets:
        raise unreadable("it has a NUL octet: it is not UTF-8", "not-utf-8")


def _checked(message: bytes, most_bytes: int, most_elements: int, most_attributes: int) -> bytes:
    """Look at the octets; return them without byte order mark and XML declaration."""
    if len(message) > most_bytes:
        raise unreadable(
            phrase("it is longer than %(most_bytes)s bytes", most_bytes=most_bytes), "too-large", bytes=len(message)
        )
    message = without_declaration(message)
    refuse_other_encodings(message)
    if message.count(b"<?"):
        raise unreadable("it has a processing instruction", "instruction")
    if not message.isascii():
        try:
            message.decode("utf-8")
        except UnicodeDecodeError:
            raise unreadable("it is not UTF-8", "not-utf-8") from None
    if message.count(b"<") - message.count(b"</") > most_elements:
        raise unreadable(
            phrase("it has more than %(most_elements)s elements", most_elements=most_elements), "too-large"
        )
    if message.count(b'="') + message.count(b"='") > most_attributes:
        raise unreadable(
            phrase("it has more than %(most_attributes)s attributes", most_attributes=most_attributes), "too-large"
        )
    return message


def _parsed(text: bytes, parser: Any) -> Tree:
    try:
        return etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        said = str(getattr(error, "msg", None) or error)
        raise unreadable(phrase("it is not well-formed XML: %(said)s", said=said[:200]), "not-xml") from None


def _exclamation(text: bytes) -> str:
    """Return which of the three that begin with an exclamation mark it is."""
    if b"<!DOCTYPE" in text:
        return "doctype"
    return "comment" if b"<!--" in text else "cdata"


def _look_through(root: Tree, most_elements: int) -> None:
    """Walk the tree once: depth, counts, namespaces, and names that two readers would read in two ways."""
    seen = 0
    level = [root]
    depth = 0
    while level:
        depth += 1
        seen += len(level)
        if depth > DEEPEST or seen > most_elements:
            raise unreadable(
                phrase(
                    "it is deeper than %(deepest)s levels or has more than %(most_elements)s elements",
                    deepest=DEEPEST,
                    most_elements=most_elements,
                ),
                "too-large",
            )
        below = []
        for node in level:
            attributes = node.attrib
            if attributes:
                _look_at_attributes(attributes)
            for uri in _declared(node):
                if uri and not _ABSOLUTE.fullmatch(uri):  # xmlns="" takes a namespace away
                    raise unreadable("it has a relative namespace name")
            below.extend(node)
        level = below


def _look_at_attributes(attributes: Any) -> None:
    names = attributes.keys()
    if len(names) > _MOST_ATTRIBUTES_OF_ONE:
        raise unreadable("an element has too many attributes")
    local = {name.rpartition("}")[2] for name in names}
    if len(local) != len(names):
        raise unreadable("an element has two attributes of the same local name")


def _declared(node: Tree) -> list[str]:
    namespaces = node.nsmap
    if len(namespaces) > _MOST_NAMESPACES_OF_ONE:
        raise unreadable("too many namespaces are in scope")
    above = node.getparent()
    if above is None or not namespaces:
        return list(namespaces.values())
    known = above.nsmap
    return [uri for prefix, uri in namespaces.items() if known.get(prefix) != uri]


def _message_parser() -> Any:
    return etree.XMLParser(
        encoding=ENCODING,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
    )


def metadata_parser() -> Any:
    """Return a parser of metadata: no DTD, no entities, no network; comments are left out."""
    return etree.XMLParser(
        encoding=ENCODING,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
