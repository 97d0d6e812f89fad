"""
Metadata of many entities (SAML Metadata 2.0 section 2.3.1), read piece by piece: never more than one entity at a time.

The gate of single documents holds for each entity; what it checks of octets is checked here as they
stream by, before any XML library sees them (X4, X7, X30).
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO, Any

from lxml import etree

from idp.base.texts import phrase
from idp.saml import gate, metadata
from idp.saml.description import SpDescription
from idp.saml.gate import Tree, unreadable
from idp.saml.instants import read_instant
from idp.saml.names import ENTITIES_DESCRIPTOR, ENTITY_DESCRIPTOR, MD, MDUI

MOST_AGGREGATE_BYTES = 512 * 1024 * 1024
_CHUNK = 64 * 1024
_FORBIDDEN = re.compile(rb"<\?|<!(?!--)")
_LOOK_AHEAD = 3  # "<!" is judged by the two octets behind it

_ROLE = f"{{{MD}}}SPSSODescriptor"
_DISPLAY_NAMES = (
    f"{_ROLE}/{{{MD}}}Extensions/{{{MDUI}}}UIInfo/{{{MDUI}}}DisplayName",
    f"{_ROLE}/{{{MD}}}AttributeConsumingService/{{{MD}}}ServiceName",
    f"{{{MD}}}Organization/{{{MD}}}OrganizationDisplayName",
)


@dataclass(frozen=True, slots=True)
class Entity:
    """
    One entity of an aggregate, cut out as a document of its own.

    Args:
        document: its EntityDescriptor, canonical.
        is_service_provider: it has the role that can be registered.
        until: the ``validUntil`` of what it stands in, as written; they hold for it, too.
    """

    entity_id: str
    name: str
    is_service_provider: bool
    document: bytes
    until: tuple[str, ...]

    def described(self, *, now: datetime, http_loopback: bool) -> SpDescription:
        """
        Return what it says of its service provider, judged.

        Raises:
            Invalid: something in it cannot be taken.
        """
        described = metadata.read(self.document, now=now, http_loopback=http_loopback)
        try:
            bounds = [read_instant(one) for one in self.until]
        except ValueError as error:
            raise metadata.fault(
                "The metadata has a date that cannot be read.", "Ask for corrected metadata.", str(error)
            ) from None
        if not bounds:
            return described
        described = replace(described, valid_until=min(b for b in (*bounds, described.valid_until) if b is not None))
        metadata.judge(described, now=now, http_loopback=http_loopback)
        return described


def entities(stream: IO[bytes], *, most_bytes: int = MOST_AGGREGATE_BYTES) -> Iterator[Entity]:
    """
    Yield every entity in the document that *stream* holds, in its order; of a document of one entity that one.

    Raises:
        MessageRefused: it is no metadata that we take. What was yielded before was in order.
    """
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=(ENTITIES_DESCRIPTOR, ENTITY_DESCRIPTOR),
        encoding=gate.ENCODING,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    until: list[str] = []
    pending, seen = 0, False
    for chunk in checked(stream, most_bytes):
        pending += len(chunk)
        _feed(parser, chunk)
        for event, node in parser.read_events():
            if not seen:
                _check_root(node)
                seen = True
            if any(above.tag != ENTITIES_DESCRIPTOR for above in node.iterancestors()):
                continue  # what stands inside of an entity, or of an extension, is none of the aggregate
            if node.tag == ENTITIES_DESCRIPTOR:
                _enter(until, node) if event == "start" else until.pop()
            elif event == "end":
                yield _entity(node, tuple(one for one in until if one))
                _forget(node)
                pending = 0
        if pending > gate.MOST_METADATA_BYTES + _CHUNK:
            raise unreadable(
                phrase(
                    "an entity, or what stands between two, is longer than %(most_metadata_bytes)s bytes",
                    most_metadata_bytes=gate.MOST_METADATA_BYTES,
                )
            )
        if not seen and pending > _CHUNK:
            raise unreadable("the document is no SAML metadata")
    _close(parser)
    if not seen:
        raise unreadable("the document is no SAML metadata")


def pick(root: Tree, entity_id: str) -> Entity:
    """
    Return the one entity called *entity_id* of the aggregate *root*, which has passed the gate.

    Raises:
        MessageRefused: there is none, or more than one.
    """
    found = [
        node
        for node in root.iter(ENTITY_DESCRIPTOR)
        if node.get("entityID") == entity_id and all(above.tag == ENTITIES_DESCRIPTOR for above in node.iterancestors())
    ]
    if len(found) != 1:
        raise unreadable(
            phrase(
                "the aggregate has %(number)s entities called %(entity_id)s",
                number=len(found),
                entity_id=repr(entity_id[:200]),
            )
        )
    above = [node.get("validUntil") for node in found[0].iterancestors()]
    return _entity(found[0], tuple(one for one in above if one))


def checked(stream: IO[bytes], most_bytes: int = MOST_AGGREGATE_BYTES) -> Iterator[bytes]:
    """
    Yield the octets of *stream* without byte order mark and XML declaration, once they have passed the gate.

    Raises:
        MessageRefused: too long, no UTF-8, or with a DOCTYPE, a CDATA section or a processing instruction (X4).
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    held = gate.without_declaration(stream.read(_CHUNK))
    length, last = len(held), False
    while not last:
        chunk = stream.read(_CHUNK)
        last, length = not chunk, length + len(chunk)
        if length > most_bytes:
            raise unreadable(phrase("it is longer than %(most_bytes)s bytes", most_bytes=most_bytes))
        window = held + chunk
        gate.refuse_other_encodings(window)
        ready = len(window) if last else max(0, len(window) - _LOOK_AHEAD)
        for match in _FORBIDDEN.finditer(window):
            if match.start() < ready:
                raise unreadable("it has a DOCTYPE, a CDATA section or a processing instruction")
        try:
            decoder.decode(window[:ready], last)
        except UnicodeDecodeError:
            raise unreadable("it is not UTF-8") from None
        held = window[ready:]
        if ready:
            yield window[:ready]


def _feed(parser: Any, chunk: bytes) -> None:
    try:
        parser.feed(chunk)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise unreadable(phrase("it is not well-formed XML: %(got)s", got=str(error)[:200])) from None


def _close(parser: Any) -> None:
    try:
        parser.close()
    except (etree.XMLSyntaxError, ValueError) as error:
        raise unreadable(phrase("it is not well-formed XML: %(got)s", got=str(error)[:200])) from None


def _check_root(node: Tree) -> None:
    if node.getparent() is not None:
        raise unreadable("the document is no SAML metadata")


def _enter(until: list[str], node: Tree) -> None:
    until.append(node.get("validUntil") or "")
    if len(until) > gate.DEEPEST:
        raise unreadable(phrase("it is deeper than %(deepest)s levels", deepest=gate.DEEPEST))


def _entity(node: Tree, until: tuple[str, ...]) -> Entity:
    return Entity(
        entity_id=node.get("entityID") or "",
        name=_name(node),
        is_service_provider=node.find(_ROLE) is not None,
        document=etree.tostring(node, method="c14n", exclusive=True, with_comments=False),
        until=until,
    )


def _name(node: Tree) -> str:
    for path in _DISPLAY_NAMES:
        found = node.find(path)
        if found is not None and found.text:
            return " ".join(found.text.split())[:256]
    return ""


def _forget(node: Tree) -> None:
    """Let go of what was read: the node, and what stands before it."""
    above = node.getparent()
    node.clear()
    if above is not None:
        while node.getprevious() is not None:
            del above[0]
