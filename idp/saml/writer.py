"""
The one writer of XML. What it writes is in exclusive canonical form by construction.

Canonical XML is not a matter of taste here: what we sign is hashed as it stands, without being
parsed again (decisions 11). So every element is written as Exclusive XML Canonicalization 1.0
would: a namespace is declared where its prefix is first used and not again below, attributes are
sorted, there are no empty-element tags, and each kind of value is escaped in its own way.
Callers hand in elements, attributes and text; nobody else formats XML.

One attribute has a prefix in its value: `TYPE`. Exclusive canonicalization cannot see that one, so
what has it is canonical with `IN_VALUES` as InclusiveNamespaces (section 4), and is signed so.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.base.values import quickly_made
from idp.saml.names import PREFIXES

# XML 1.0 section 2.2: what cannot be in a document, not even escaped.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_TEXT = re.compile(r"[&<>\r]")
_IN_ATTRIBUTE = re.compile(r'[&<"\t\n\r]')
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"}
stands_as_it_is = re.compile(r"[ !#-%'-;=?-~]*").fullmatch

_NONE: frozenset[str] = frozenset()

TYPE = "xsi:type"
"""The attribute that says a value's type, for example ``xs:string`` (XML Schema Part 1 section 2.6.1)."""
IN_VALUES = "xs"
"""The prefix that occurs in values of `TYPE`."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Written:
    """
    A whole element that was written before, to be put into another.

    ``declares`` are the prefixes that it declares, ``needs`` those that it expects to be declared
    around it. Only where that holds is it canonical, and only there it can be put.
    """

    xml: str
    declares: frozenset[str]
    needs: frozenset[str] = _NONE


@dataclass(frozen=True, slots=True)
class Element:
    """
    An element to be written. ``name`` is ``prefix:local``; prefixes are those of `names.PREFIXES`
    (or ``local`` alone, in no namespace).

    A child that is a ``str`` is text. Attributes that are None are left out.
    """

    name: str
    attributes: Mapping[str, str | None] | None
    children: Sequence["Element | Written | str"]


Child = Element | Written | str


def element(name: str, attributes: Mapping[str, str | None] | None = None, *children: Child) -> Element:
    """Return an element with these attributes and children."""
    return Element(name, attributes, children)


def write(root: Element, inside: frozenset[str] = _NONE) -> Written:
    """
    Return *root* written as the apex of a document, or for a place where the prefixes *inside* are declared.

    Raises:
        Invalid: a value has a character that XML cannot hold.
    """
    out: list[str] = []
    declared: set[str] = set()
    _write(root, inside, declared, out)
    return Written("".join(out), frozenset(declared), inside)


def write_around(root: Element, place: int) -> tuple[str, str, frozenset[str]]:
    """
    Return *root* in two parts, before and after its child number *place*, and what it declares.

    The two parts together are what `write` returns; a signature goes between them.
    """
    declared: set[str] = set()
    head: list[str] = []
    scope = _open(root, _NONE, declared, head)
    _write_all(root.children[:place], scope, declared, head)
    tail: list[str] = []
    _write_all(root.children[place:], scope, declared, tail)
    tail.append(f"</{root.name}>")
    return "".join(head), "".join(tail), frozenset(declared)


def _write(node: Element, scope: frozenset[str], declared: set[str], out: list[str]) -> None:
    name, attributes, children = node.name, node.attributes, node.children
    if attributes is None and name.partition(":")[0] in scope:
        if len(children) == 1 and type(children[0]) is str:  # the most frequent kind of all
            out.append(f"<{name}>{text_value(children[0])}</{name}>")
            return
        out.append(f"<{name}>")
        _write_all(children, scope, declared, out)
    elif attributes is not None and len(attributes) == len(children) == 1 and TYPE in attributes:
        start, inside, declares = _start_of_typed(name, attributes[TYPE], scope)  # there may be hundreds alike
        out.append(start)
        declared |= declares
        _write_all(children, inside, declared, out)
    else:
        _write_all(children, _open(node, scope, declared, out), declared, out)
    out.append(f"</{name}>")


def _write_all(children: Sequence[Child], scope: frozenset[str], declared: set[str], out: list[str]) -> None:
    for child in children:
        if isinstance(child, Element):
            _write(child, scope, declared, out)
        elif isinstance(child, str):
            out.append(text_value(child))
        else:
            if child.declares & scope or not child.needs <= scope:
                raise ValueError("written for another place, where other namespaces are declared")
            declared |= child.declares
            out.append(child.xml)


def _open(node: Element, scope: frozenset[str], declared: set[str], out: list[str]) -> frozenset[str]:
    """Write the start tag; return the prefixes that are in scope inside."""
    name = node.name
    prefix = name.partition(":")[0]
    out.append("<" + name)
    if prefix not in scope and prefix != name:  # without a prefix it is in no namespace, and none is declared
        out.append(f' xmlns:{prefix}="{PREFIXES[prefix]}"')
        scope |= {prefix}
        declared.add(prefix)
    if node.attributes:
        if TYPE in node.attributes:
            scope = _declare_type(node.attributes[TYPE], scope, declared, out)
        for attribute, value in _ordered(node.attributes):
            out.append(f' {attribute}="{value if stands_as_it_is(value) else attribute_value(value)}"')
    out.append(">")
    return scope


@lru_cache(maxsize=256)
def _start_of_typed(name: str, type_: str | None, scope: frozenset[str]) -> tuple[str, frozenset[str], frozenset[str]]:
    """Return the start tag of an element with a type and no other attribute, its scope, and what it declares."""
    declared: set[str] = set()
    out: list[str] = []
    inside = _open(Element(name, {TYPE: type_}, ()), scope, declared, out)
    return "".join(out), inside, frozenset(declared)


def _declare_type(value: str | None, scope: frozenset[str], declared: set[str], out: list[str]) -> frozenset[str]:
    """Declare what `TYPE` needs, in the order of the prefixes: after ``saml``, before any attribute."""
    if value is None or not value.startswith(IN_VALUES + ":"):
        raise ValueError("a type is one of XML Schema's own")
    for prefix in (IN_VALUES, "xsi"):
        if prefix not in scope:
            out.append(f' xmlns:{prefix}="{PREFIXES[prefix]}"')
            scope |= {prefix}
            declared.add(prefix)
    return scope


def _ordered(attributes: Mapping[str, str | None]) -> list[tuple[str, str]]:
    """By namespace, then by local name; no namespace comes first (Canonical XML 1.0 section 2.2)."""
    given = [(name, value) for name, value in attributes.items() if value is not None]
    given.sort()
    if ":" not in "".join(attributes):
        return given
    if any(":" in name and not name.startswith("xml:") and name != TYPE for name in attributes):
        raise ValueError("only xml:… attributes and the type have a prefix here")
    return sorted(given, key=lambda attribute: (attribute[0].startswith("xml:"), ":" in attribute[0]))


def text_value(value: str) -> str:
    """
    Return *value* as text is written.

    Raises:
        Invalid: it has a character that XML cannot hold.
    """
    if stands_as_it_is(value):  # nothing in it to look at; most values are like that
        return value
    return _IN_TEXT.sub(_escape, _legal(value))


def attribute_value(value: str) -> str:
    """
    Return *value* as it is written between the quotes of an attribute.

    Raises:
        Invalid: it has a character that XML cannot hold.
    """
    if stands_as_it_is(value):
        return value
    return _IN_ATTRIBUTE.sub(_escape, _legal(value))


def is_writable(value: str) -> bool:
    """Say whether XML can hold every character of *value*."""
    return _ILLEGAL.search(value) is None


def _legal(value: str) -> str:
    found = _ILLEGAL.search(value)
    if found is not None:
        raise Invalid(
            "A value cannot be sent to this application.",
            code="xml-illegal-character",
            advice="Tell your administrator the reference.",
            cause=phrase("the character U+%(number)s cannot be in an XML document", number=f"{ord(found[0]):04X}"),
        )
    return value


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES[found[0]]
