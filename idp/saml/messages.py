"""What service providers send, read into frozen values: strictly, from a tree that has passed the gate."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from idp.base.texts import phrase
from idp.base.values import quickly_made
from idp.saml.gate import Tree, unreadable
from idp.saml.instants import read_instant
from idp.saml.names import ENTITY, ISSUER, SAML, SAMLP
from idp.saml.names import SIGNATURE as SIGNATURE_TAG

_S, _P = f"{{{SAML}}}", f"{{{SAMLP}}}"
# An NCName (XML Namespaces 1.0 section 3), ASCII: what every sender makes.
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,255}")
_LONGEST_ENTITY_ID = 1024
_LONGEST_NAME = 1024
_MOST_CLASSES = 32
_MOST_SESSION_INDEXES = 64
_MOST_PROVIDERS = 256
_MOST_REQUESTERS = 32
_MOST_CODES = 4
COMPARISONS = frozenset({"exact", "minimum", "maximum", "better"})


@dataclass(frozen=True, slots=True)
class NameId:
    """A name identifier (SAML Core 2.0 section 2.2.3). An absent format means unspecified."""

    value: str
    format: str | None = None
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None


@dataclass(frozen=True, slots=True)
class NameIdPolicy:
    """Which name is wanted (section 3.4.1.1). ``allow_create`` is None where nothing is said."""

    format: str | None
    sp_name_qualifier: str | None
    allow_create: bool | None


@dataclass(frozen=True, slots=True)
class RequestedContext:
    """How the person is to be authenticated (section 3.3.2.2.1). ``by_declaration`` is what we cannot do."""

    comparison: str
    classes: tuple[str, ...]
    by_declaration: bool = False


@dataclass(frozen=True, slots=True)
class RequestedSubject:
    """Whom the request is about (section 3.4.1.4); ``name_id`` is None if it says so in another way than by a name."""

    name_id: NameId | None


@dataclass(frozen=True, slots=True)
class Scoping:
    """
    Who may answer, and for whom it is asked (section 3.4.1.2).

    Args:
        proxy_count: how often the request may be handed on; None where nothing is said. We never hand one on.
        providers: the entity IDs of the identity providers that may answer; None where nothing is said.
        is_complete: whether these are all; else the rest is at an address, which we do not read.
        requesters: for whom it is asked, the nearest last.
    """

    proxy_count: int | None
    providers: tuple[str, ...] | None
    is_complete: bool
    requesters: tuple[str, ...]


@quickly_made
@dataclass(frozen=True, slots=True)
class Header:
    """What every request has (section 3.2.1)."""

    id: str
    issuer: str
    version: str
    issue_instant: datetime
    destination: str | None


@quickly_made
@dataclass(frozen=True, slots=True)
class AuthnRequest:
    """An AuthnRequest (section 3.4.1), as it was written."""

    header: Header
    consumer_url: str | None
    consumer_index: int | None
    protocol_binding: str | None
    force: bool
    passive: bool
    name_id_policy: NameIdPolicy | None
    context: RequestedContext | None
    subject: RequestedSubject | None
    scoping: Scoping | None = None


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A LogoutRequest (section 3.7.1), as it was written. ``name_id`` is None where it is encrypted."""

    header: Header
    not_on_or_after: datetime | None
    name_id: NameId | None
    session_indexes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatusResponse:
    """An answer of a service provider to a request of ours (section 3.2.2); ``codes`` from the top level down."""

    header: Header
    in_response_to: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ManageNameIdRequest:
    """A ManageNameIDRequest (section 3.6.1). ``terminate``: the name ends; else a new one is wanted for it."""

    header: Header
    name_id: NameId | None
    terminate: bool


def issuer_of(root: Tree) -> str:
    """
    Return who says to have sent the message; a claim until its signature has been verified.

    Raises:
        MessageRefused: there is not exactly one issuer that is an entity.
    """
    found = list(root.iterchildren(ISSUER))
    if len(found) != 1:
        raise unreadable("the message has not exactly one Issuer", "issuer", received=len(found))
    if found[0].get("Format", ENTITY) != ENTITY:
        raise unreadable("the Issuer is not an entity")
    issuer = _text(found[0], "Issuer")
    if not 0 < len(issuer) <= _LONGEST_ENTITY_ID:
        raise unreadable("the Issuer is empty or too long", "issuer", received=len(issuer))
    return issuer


_NAME_ID_POLICY, _REQUESTED_CONTEXT, _SCOPING = _P + "NameIDPolicy", _P + "RequestedAuthnContext", _P + "Scoping"
_SUBJECT = _S + "Subject"
_OF_AUTHN_REQUEST = frozenset(
    {
        ISSUER,
        SIGNATURE_TAG,
        _P + "Extensions",
        _SUBJECT,
        _NAME_ID_POLICY,
        _S + "Conditions",
        _REQUESTED_CONTEXT,
        _SCOPING,
    }
)


def read_authn_request(root: Tree) -> AuthnRequest:
    """
    Raises:
        MessageRefused: it is no AuthnRequest that can be understood in one way only.
    """
    parts = _parts(root, _OF_AUTHN_REQUEST)
    return AuthnRequest(
        header=_header(root),
        consumer_url=root.get("AssertionConsumerServiceURL"),
        consumer_index=_number(root.get("AssertionConsumerServiceIndex"), "AssertionConsumerServiceIndex"),
        protocol_binding=root.get("ProtocolBinding"),
        force=_boolean(root.get("ForceAuthn")) is True,
        passive=_boolean(root.get("IsPassive")) is True,
        name_id_policy=_name_id_policy(parts.get(_NAME_ID_POLICY)),
        context=_context(parts.get(_REQUESTED_CONTEXT)),
        subject=_subject(parts.get(_SUBJECT)),
        scoping=_scoping(parts.get(_SCOPING)),
    )


def read_logout_request(root: Tree) -> LogoutRequest:
    """
    Raises:
        MessageRefused: it is no LogoutRequest that can be understood in one way only.
    """
    several = _P + "SessionIndex"
    parts = _parts(
        root,
        {ISSUER, SIGNATURE_TAG, _P + "Extensions", _S + "BaseID", _S + "NameID", _S + "EncryptedID", several},
        several=several,
    )
    until = root.get("NotOnOrAfter")
    indexes = tuple(_text(node, "SessionIndex") for node in root.findall(several))
    if len(indexes) > _MOST_SESSION_INDEXES:
        raise unreadable("too many session indexes")
    name_id = parts.get(_S + "NameID")
    return LogoutRequest(
        header=_header(root),
        not_on_or_after=None if until is None else _instant(until, "NotOnOrAfter"),
        name_id=None if name_id is None else _name_id(name_id),
        session_indexes=indexes,
    )


_STATUS_CODE = _P + "StatusCode"
_OF_STATUS = frozenset({_STATUS_CODE, _P + "StatusMessage", _P + "StatusDetail"})


def read_status_response(root: Tree) -> StatusResponse:
    """
    Raises:
        MessageRefused: it is no answer of the kind that LogoutResponse is, understood in one way only.
    """
    parts = _parts(root, {ISSUER, SIGNATURE_TAG, _P + "Extensions", _P + "Status"})
    status = parts.get(_P + "Status")
    if status is None:
        raise unreadable("the answer has no Status")
    codes: list[str] = []
    inside = _parts(status, _OF_STATUS)
    while (code := inside.get(_STATUS_CODE)) is not None and len(codes) < _MOST_CODES:
        codes.append(code.get("Value") or "")
        inside = _parts(code, {_STATUS_CODE})
    if not codes:
        raise unreadable("the Status has no code")
    return StatusResponse(_header(root), root.get("InResponseTo") or "", tuple(codes))


def read_manage_name_id_request(root: Tree) -> ManageNameIdRequest:
    """
    Raises:
        MessageRefused: it is no ManageNameIDRequest that can be understood in one way only.
    """
    names = {_S + "NameID", _S + "EncryptedID"}
    wishes = {_P + "NewID", _P + "NewEncryptedID", _P + "Terminate"}
    parts = _parts(root, {ISSUER, SIGNATURE_TAG, _P + "Extensions", *names, *wishes})
    if len(names & parts.keys()) != 1 or len(wishes & parts.keys()) != 1:
        raise unreadable("the request has not exactly one name and one wish")
    name_id = parts.get(_S + "NameID")
    return ManageNameIdRequest(
        header=_header(root),
        name_id=None if name_id is None else _name_id(name_id),
        terminate=_P + "Terminate" in parts,
    )


def _header(root: Tree) -> Header:
    identifier = root.get("ID") or ""
    if not _ID.fullmatch(identifier):
        raise unreadable("the message has no ID, or one that is no name")
    return Header(
        id=identifier,
        issuer=issuer_of(root),
        version=root.get("Version") or "",
        issue_instant=_instant(root.get("IssueInstant") or "", "IssueInstant"),
        destination=root.get("Destination"),
    )


def _parts(root: Tree, known: AbstractSet[str], *, several: str = "") -> Mapping[str, Tree]:
    """Return the children by name; each known one at most once, and no other."""
    found: dict[str, Tree] = {}
    for child in root:
        if child.tag not in known:
            raise unreadable(phrase("the message holds %(got)s, which has no place there", got=str(child.tag)[:100]))
        if child.tag in found and child.tag != several:
            raise unreadable(phrase("the message holds %(tag)s twice", tag=child.tag.rpartition("}")[2]))
        found[child.tag] = child
    return found


def _name_id_policy(node: Tree | None) -> NameIdPolicy | None:
    if node is None:
        return None
    return NameIdPolicy(node.get("Format"), node.get("SPNameQualifier"), _boolean(node.get("AllowCreate")))


def _context(node: Tree | None) -> RequestedContext | None:
    if node is None:
        return None
    comparison = node.get("Comparison", "exact")
    if comparison not in COMPARISONS or not 0 < len(node) <= _MOST_CLASSES:
        raise unreadable("RequestedAuthnContext is malformed")
    tags = {child.tag for child in node}
    if tags == {_S + "AuthnContextDeclRef"}:
        return RequestedContext(comparison, (), by_declaration=True)
    if tags != {_S + "AuthnContextClassRef"}:
        raise unreadable("RequestedAuthnContext is malformed")
    return RequestedContext(comparison, tuple(_text(child, "AuthnContextClassRef") for child in node))


def _subject(node: Tree | None) -> RequestedSubject | None:
    if node is None:
        return None
    if [child.tag for child in node] == [_S + "NameID"]:
        return RequestedSubject(_name_id(node[0]))
    return RequestedSubject(None)


def _scoping(node: Tree | None) -> Scoping | None:
    if node is None:
        return None
    several = _P + "RequesterID"
    parts = _parts(node, {_P + "IDPList", several}, several=several)
    requesters = tuple(_entity_id(_text(child, "RequesterID"), "RequesterID") for child in node.findall(several))
    if len(requesters) > _MOST_REQUESTERS:
        raise unreadable("Scoping names too many requesters")
    listed = parts.get(_P + "IDPList")
    return Scoping(
        proxy_count=_number(node.get("ProxyCount"), "ProxyCount"),
        providers=None if listed is None else _providers(listed),
        is_complete=listed is None or listed.find(_P + "GetComplete") is None,
        requesters=requesters,
    )


def _providers(listed: Tree) -> tuple[str, ...]:
    """Return the entity IDs in an IDPList (section 3.4.1.3)."""
    several = _P + "IDPEntry"
    _parts(listed, {several, _P + "GetComplete"}, several=several)
    entries = listed.findall(several)
    if not 0 < len(entries) <= _MOST_PROVIDERS:
        raise unreadable("IDPList names no identity provider, or too many")
    if any(len(entry) for entry in entries):
        raise unreadable("an IDPEntry is not empty")
    return tuple(_entity_id(entry.get("ProviderID") or "", "ProviderID") for entry in entries)


def _entity_id(value: str, name: str) -> str:
    if not 0 < len(value) <= _LONGEST_ENTITY_ID:
        raise unreadable(phrase("%(name)s is empty or too long", name=name))
    return value


def _name_id(node: Tree) -> NameId:
    value = _text(node, "NameID")
    if not 0 < len(value) <= _LONGEST_NAME:
        raise unreadable("a NameID is empty or too long")
    return NameId(value, node.get("Format"), node.get("NameQualifier"), node.get("SPNameQualifier"))


def _text(node: Tree, name: str) -> str:
    if len(node):
        raise unreadable(phrase("%(name)s is not text alone", name=name))
    return (node.text or "").strip()


def _number(value: str | None, name: str) -> int | None:
    if value is None:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) <= 5):
        raise unreadable(phrase("%(name)s is no number", name=name))
    return int(value)


def _boolean(value: str | None) -> bool | None:
    if value is None:
        return None
    if value not in ("true", "1", "false", "0"):
        raise unreadable("a yes or no is neither")
    return value in ("true", "1")


def _instant(value: str, name: str) -> datetime:
    try:
        return read_instant(value)
    except ValueError:
        raise unreadable(phrase("%(name)s is no moment in UTC", name=name), "instant", received=value[:64]) from None
