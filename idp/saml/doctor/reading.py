"""
From what somebody pasted to what the checks look at: which form it has is found out, and nothing is repaired.

Everything goes through the gate that messages of strangers go through; what it refuses is kept as a finding.
Signatures are looked at more closely than a sign-on does, to tell a changed key from a changed message.
"""

import base64
import binascii
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, unquote_to_bytes

from lxml import etree

from idp.base.texts import joined, phrase, sentence
from idp.saml import bindings, contexts, gate, signatures
from idp.saml.algorithms import signature_algorithms, verifies
from idp.saml.bindings import DetachedSignature, Incoming
from idp.saml.certificates import KnownKey
from idp.saml.contexts import STANDARD_MAP, ContextMap
from idp.saml.description import SpDescription
from idp.saml.doctor.subjects import Document, Failed, Received, Signature
from idp.saml.errors import VERSION, MessageRefused
from idp.saml.gate import Tree, unreadable
from idp.saml.messages import AuthnRequest, issuer_of, read_authn_request, read_logout_request
from idp.saml.names import AUTHN_REQUEST, DS, ENTITY_DESCRIPTOR, LOGOUT_REQUEST, MD, POST, REDIRECT
from idp.saml.names import SIGNATURE as SIGNATURE_TAG

_D, _M = f"{{{DS}}}", f"{{{MD}}}"
MOST_GIVEN = 512 * 1024
_BEGINNING = 200
_MOST_ENTITIES = 100
_PARAMETER = re.compile(rb"(?:^|[?&])SAML(?:Request|Response)=")
_FIELD = re.compile(rb"""<input\b[^<>]{0,2000}?\bname=["']?(SAMLRequest|SAMLResponse|RelayState)["'\s][^<>]*>""", re.I)
_VALUE = re.compile(rb"""\bvalue=(?:"([^"]*)"|'([^']*)')""", re.I)
_UNSURE = frozenset({"unknown-key", "broken", "unverified"})


@dataclass(frozen=True, slots=True)
class Recognised:
    """
    A message in one of the forms that people have it in.

    Args:
        given: that form, in words.
        incoming: the message; None where *failed* says why there is none.
        query: the raw query that it came in, where it did.
    """

    given: str
    incoming: Incoming | None = None
    sent_to: str = ""
    query: bytes = b""
    failed: Failed | None = None


# Metadata


def read_document(octets: bytes, *, wanted: str = "") -> Document:
    """
    Return what *octets* are, as metadata.

    Args:
        wanted: the entity ID to pick where there are several.
    """
    beginning = octets[:_BEGINNING].decode("utf-8", "replace").strip()
    try:
        root = gate.read_metadata(octets)
    except MessageRefused as error:
        return Document(failed=_failed(error), beginning=beginning)
    name = etree.QName(root)
    entities: tuple[str, ...] = ()
    entity = root
    if root.tag == _M + "EntitiesDescriptor":
        inside = list(root.iter(ENTITY_DESCRIPTOR))
        entities = tuple((one.get("entityID") or "")[:300] for one in inside[:_MOST_ENTITIES])
        entity = next((one for one in inside if one.get("entityID") == wanted), inside[0] if len(inside) == 1 else None)
    description, unread = (None, "") if entity is None else _described(entity)
    return Document(
        beginning=beginning,
        root=name.localname,
        namespace=name.namespace or "",
        entity_id=root.get("entityID") or "",
        roles=() if entity is None else tuple(_roles(entity)),
        entities=entities,
        description=description,
        unread=unread,
    )


def _described(entity: Tree) -> tuple[SpDescription | None, str]:
    from idp.saml import engine  # noqa: PLC0415 (importing pysaml2 costs as much as a hundred sign-ons)

    if entity.tag != ENTITY_DESCRIPTOR:
        return None, ""
    try:
        return engine.describe(entity), ""
    except engine.NotUnderstood as error:
        return None, str(error)
    except ValueError:
        return None, phrase("A date in it (validUntil) cannot be read.")


def _roles(entity: Tree) -> Iterator[tuple[str, str]]:
    for child in entity:
        name = etree.QName(child)
        if name.namespace == MD and name.localname.endswith("Descriptor"):
            yield name.localname, child.get("protocolSupportEnumeration") or ""


# Requests


def recognise(given: bytes) -> Recognised:
    """Return the message in *given*: XML, base64, deflated base64, an address, a query, a form's body or its HTML."""
    given = given.removeprefix(b"\xef\xbb\xbf").strip()
    if len(given) > MOST_GIVEN:
        return _none(
            phrase("something long"),
            unreadable(phrase("it is longer than %(most_given)s bytes", most_given=MOST_GIVEN), "too-large"),
        )
    fields = {found[1].decode(): _value(found[0]) for found in _FIELD.finditer(given)} if b"<" in given else {}
    if fields:
        return _from_html(fields)
    if given.lower().startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return _none(phrase("a web page"), unreadable("it is a web page without a SAML form in it", "no-message"))
    if given.startswith(b"<"):
        return Recognised("XML", Incoming(POST, bindings.REQUEST, given, ""))
    if _PARAMETER.search(given):
        return _from_parameters(given)
    if b"SAML" not in given[:8] and (b"://" in given[:12] or given.startswith(b"/")):
        return _none(phrase("an address"), unreadable("the address has no SAMLRequest in it", "no-message"))
    return _from_base64(given)


def received(
    recognised: Recognised,
    keys: tuple[KnownKey, ...],
    allowed: frozenset[str] = frozenset(),
    by: ContextMap = STANDARD_MAP,
) -> Received:
    """
    Return what can be read of a message, and everything that cannot.

    Args:
        keys: what the service provider has registered to sign with.
        allowed: the old algorithms that are allowed to it now.
        by: what authentication contexts mean to it.
    """
    incoming = recognised.incoming
    if incoming is None:
        failed = () if recognised.failed is None else (recognised.failed,)
        return Received(given=recognised.given, sent_to=recognised.sent_to, failed=failed)
    faults: list[Failed] = []
    issuer, request, logout, signature = "", None, None, None
    try:
        if incoming.kind != bindings.REQUEST:
            raise unreadable("a response where a request is taken", "other-message")
        root = _root(incoming.message, sent_to=recognised.sent_to)
        signature = _signature(root, incoming.signature, keys, allowed, recognised.query)
        issuer = issuer_of(root)
        if root.tag == LOGOUT_REQUEST:
            logout = read_logout_request(root)
        else:
            request = read_authn_request(root)
    except MessageRefused as error:
        faults.append(_failed(error))
    asked = request or logout
    if asked is not None and asked.header.version != "2.0":
        version = asked.header.version[:20]
        faults.append(Failed(VERSION, phrase("Version is %(version)s", version=repr(version)), {"received": version}))
    return Received(
        given=recognised.given,
        sent_to=recognised.sent_to,
        relay_state=incoming.relay_state,
        failed=tuple(faults),
        issuer=issuer,
        request=request,
        logout=logout,
        signature=signature,
        unattainable=_unattainable(request, by),
    )


def _root(message: bytes, *, sent_to: str) -> Tree:
    """Return the message: a sign-on request, or a logout request that was not sent to where the former belong."""
    try:
        return gate.read(message, AUTHN_REQUEST)
    except MessageRefused as error:
        if error.facts.get("reason") != "other-message" or sent_to.endswith("/saml/sso"):
            raise
        try:
            return gate.read(message, LOGOUT_REQUEST)
        except MessageRefused:
            raise error from None


def _from_html(fields: dict[str, bytes]) -> Recognised:
    names = {name.casefold(): value for name, value in fields.items()}
    kind = bindings.REQUEST if "samlrequest" in names else bindings.RESPONSE
    message = names.get(kind.casefold())
    if message is None:
        return _none(phrase("a form"), unreadable("the form has no SAMLRequest", "no-message"))
    body = f"{kind}={quote_plus(message)}&RelayState={quote_plus(names.get('relaystate', b''))}"
    return _read(phrase("the HTML of a form"), body.encode(), post=True)


def _from_parameters(given: bytes) -> Recognised:
    """A line of a log, or of a browser's tools, may have words around the address."""
    word = next((one for one in given.split() if _PARAMETER.search(one)), given)
    before, mark, after = word.partition(b"?")
    if not mark or _PARAMETER.match(before):
        message = re.search(rb"(?:^|&)SAML(?:Request|Response)=([^&]*)", word)
        plain = message is not None and _is_xml(_loosely(unquote_to_bytes(message[1].replace(b"+", b" "))))
        signed = b"Signature=" in word
        return _read(
            phrase("a form's body") if plain and not signed else phrase("a query"), word, post=plain and not signed
        )
    query = after.partition(b"#")[0]
    sent_to = before.decode("utf-8", "replace")
    return _read(phrase("an address"), query, post=False, sent_to=sent_to if "://" in sent_to else "")


def _from_base64(given: bytes) -> Recognised:
    octets = unquote_to_bytes(given) if b"%" in given else given
    text = octets.replace(b"\r", b"").replace(b"\n", b"").decode("utf-8", "replace")
    try:
        message = gate.decoded(text)
        if _is_xml(message):
            return Recognised("base64", Incoming(POST, bindings.REQUEST, message, ""))
        if message[:1] == b"\x78" or message[:2] == b"\x1f\x8b":
            head = "zlib" if message[:1] == b"\x78" else "gzip"
            raise unreadable(phrase("it has a %(head)s head before its DEFLATE data", head=head), "not-deflate")
        return Recognised(phrase("deflated base64"), Incoming(REDIRECT, bindings.REQUEST, gate.inflated(text), ""))
    except MessageRefused as error:
        return _none(phrase("text"), error)


def _read(given: str, octets: bytes, *, post: bool, sent_to: str = "") -> Recognised:
    try:
        incoming = bindings.from_form(octets) if post else bindings.from_query(octets)
    except MessageRefused as error:
        return Recognised(given, sent_to=sent_to, failed=_failed(error))
    return Recognised(given, incoming, sent_to, b"" if post else octets)


def _none(given: str, error: MessageRefused) -> Recognised:
    return Recognised(given, failed=_failed(error))


def _failed(error: MessageRefused) -> Failed:
    return Failed(error.code, sentence(error.cause), error.facts)


def _value(field: bytes) -> bytes:
    found = _VALUE.search(field)
    text = b"" if found is None else found[1] if found[1] is not None else found[2]
    return html.unescape(text.decode("utf-8", "replace")).encode()


def _loosely(encoded: bytes) -> bytes:
    try:
        return base64.b64decode(encoded[:400].replace(b" ", b"+")[: len(encoded[:400]) // 4 * 4])
    except binascii.Error:
        return b""


def _is_xml(message: bytes) -> bool:
    return re.match(rb"(?:\xef\xbb\xbf)?\s*<[A-Za-z?!_]", message) is not None


def _unattainable(request: AuthnRequest | None, by: ContextMap) -> tuple[str, ...]:
    if request is None or request.context is None or not contexts.least(request.context, by)[1]:
        return ()
    return request.context.classes or (phrase("a declaration (AuthnContextDeclRef)"),)


# Signatures


def _signature(
    root: Tree, detached: DetachedSignature | None, keys: tuple[KnownKey, ...], allowed: frozenset[str], query: bytes
) -> Signature | None:
    try:
        _, signed = signatures.verified(root, detached, keys, allowed)
    except MessageRefused as error:
        failed = _failed(error)
    else:
        return Signature(None) if signed else None
    if failed.reason not in _UNSURE:
        return Signature(failed)
    if detached is not None and query:
        return Signature(failed, as_written=_as_written(detached, keys, allowed, query))
    return Signature(failed, right_key=_right_key(root, keys, allowed))


def _right_key(root: Tree, keys: tuple[KnownKey, ...], allowed: frozenset[str]) -> bool:
    """Say whether SignedInfo was signed with one of *keys*; then what it refers to was changed, and not the key."""
    signature = root.find(SIGNATURE_TAG)
    info = None if signature is None else signature.find(_D + "SignedInfo")
    method = None if info is None else info.find(_D + "SignatureMethod")
    taken = None if method is None else signature_algorithms(allowed).get(method.get("Algorithm"))
    if taken is None:
        return False
    octets = etree.tostring(info, method="c14n", exclusive=True)
    value = base64.b64decode("".join(signature.findtext(_D + "SignatureValue").split()))
    return any(verifies(key.public, taken, octets, value) for key in keys)


def _as_written(detached: DetachedSignature, keys: tuple[KnownKey, ...], allowed: frozenset[str], query: bytes) -> str:
    """Return in which other way the query has to be written for its signature to fit, empty if in none we know."""
    method = signature_algorithms(allowed)[detached.algorithm]
    raw = dict(part.split(b"=", 1) for part in query.split(b"&") if b"=" in part)
    values = {name.decode("ascii", "replace"): unquote_to_bytes(v.replace(b"+", b" ")) for name, v in raw.items()}
    kind = bindings.REQUEST if bindings.REQUEST in values else bindings.RESPONSE
    ways: dict[str, Callable[[bytes], str]] = {
        phrase("escaped with capital letters (%%2F)"): lambda value: quote(value, safe=""),
        phrase("escaped with small letters (%%2f)"): lambda value: _small(quote(value, safe="")),
        phrase("escaped with + for blanks"): quote_plus,
        phrase("escaped with + for blanks and small letters"): lambda value: _small(quote_plus(value)),
        phrase("not escaped at all"): lambda value: value.decode("utf-8", "replace"),
    }
    orders = {
        "": (kind, "RelayState", "SigAlg"),
        phrase("without RelayState"): (kind, "SigAlg"),
        phrase("with RelayState last"): (kind, "SigAlg", "RelayState"),
        phrase("with SigAlg first"): ("SigAlg", kind, "RelayState"),
    }
    for way, escaped in ways.items():
        for order, names in orders.items():
            written = "&".join(f"{name}={escaped(values[name])}" for name in names if name in values)
            octets = written.encode()
            if any(verifies(key.public, method, octets, detached.value) for key in keys):
                return joined([way, order], " and ") if order else way
    return ""


def _small(escaped: str) -> str:
    return re.sub(r"%..", lambda found: found[0].lower(), escaped)
