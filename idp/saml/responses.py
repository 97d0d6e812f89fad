"""
What we answer: a Response with one assertion, or with a status (SAML Profiles 2.0 section 4.1.4.2; X24).

Everything that the Web Browser SSO profile requires and nothing more. Pure: values in, XML out.
"""

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

from idp.policy.release import Statement
from idp.saml import mold
from idp.saml.contexts import attested
from idp.saml.encryption import encrypted, encrypted_id
from idp.saml.endpoints import Requester
from idp.saml.errors import NOT_ENCRYPTABLE, MessageRefused
from idp.saml.facts import ProviderFacts
from idp.saml.instants import instant
from idp.saml.mold import Mold
from idp.saml.nameid import Subject
from idp.saml.names import ATTRIBUTE_NAME_FORMATS, BEARER, SUCCESS
from idp.saml.signing import Signer, signed, signed_around
from idp.saml.speaking import Speaker
from idp.saml.writer import TYPE, Child, Element, Written, element, write
from idp.signon.request import SignOnResult

VALID_FOR = timedelta(minutes=5)
VALID_BEFORE = timedelta(seconds=60)

_TYPES = {"string": "xs:string", "boolean": "xs:boolean", "integer": "xs:integer", "none": None}


def success(
    speaker: Speaker, requester: Requester, result: SignOnResult, subject: Subject, session_index: str, now: datetime
) -> str:
    """
    Return the Response that signs the person of *result* on, signed and encrypted as the requester has it.

    Raises:
        MessageRefused: it must be encrypted and cannot be (X25).
        Invalid: a value has a character that XML cannot hold.
    """
    provider = requester.provider
    assertion = _filled(
        speaker,
        requester,
        result,
        subject,
        session_index,
        now,
        by=speaker.key if provider.sign_assertion else None,
        encrypt_name_id=provider.encrypt_name_id,
    )
    if provider.encrypt_assertion:
        if provider.encryption is None:
            raise MessageRefused(NOT_ENCRYPTABLE, "no registered key and method can be used to encrypt")
        assertion = write(encrypted(assertion, provider.encryption), _INSIDE_RESPONSE)
    around = _response_mold(speaker.issuer, requester.answer_to.location, requester.request_id is not None)
    values = {
        "id": new_message_id(),
        "request_id": requester.request_id or "",
        "now": instant(now),
        "assertion": assertion.xml,
    }
    head, tail = around[0].filled(values), around[1].filled(values)
    if not provider.sign_response:
        return head + tail
    return signed_around(head, tail, around[0].declares | assertion.declares, values["id"], speaker.key)[0]


def unprotected(
    speaker: Speaker, requester: Requester, result: SignOnResult, subject: Subject, session_index: str, now: datetime
) -> str:
    """
    Return the assertion alone, neither signed nor encrypted, to be looked at: it proves nothing to anybody.

    Raises:
        Invalid: a value has a character that XML cannot hold.
    """
    return _filled(speaker, requester, result, subject, session_index, now, by=None, encrypt_name_id=False).xml


def status(speaker: Speaker, requester: Requester, codes: tuple[str, str], now: datetime) -> str:
    """Return the signed Response that says by *codes* (top and second level) why there is no assertion."""
    return signed(_response(speaker, requester, now, codes), speaker.key).xml


def new_message_id() -> str:
    """Return an ID of 128 random bits that XML takes (SAML Core 2.0 section 1.3.4)."""
    return "_" + os.urandom(16).hex()


def status_element(codes: tuple[str, ...]) -> Element:
    """Return the Status with these codes, each inside of the one before (SAML Core 2.0 section 3.2.2.1)."""
    inner: tuple[Element, ...] = ()
    for code in reversed(codes):
        inner = (element("samlp:StatusCode", {"Value": code}, *inner),)
    return element("samlp:Status", None, *inner)


def _response(
    speaker: Speaker, requester: Requester, now: datetime, codes: tuple[str, ...], *content: Child
) -> Element:
    return element(
        "samlp:Response",
        {
            "Destination": requester.answer_to.location,
            "ID": new_message_id(),
            "InResponseTo": requester.request_id,
            "IssueInstant": instant(now),
            "Version": "2.0",
        },
        element("saml:Issuer", None, speaker.issuer),
        status_element(codes),
        *content,
    )


def _filled(
    speaker: Speaker,
    requester: Requester,
    result: SignOnResult,
    subject: Subject,
    session_index: str,
    now: datetime,
    *,
    by: Signer | None,
    encrypt_name_id: bool,
) -> Written:
    """Return the assertion, signed by *by* if it is to be signed."""
    provider, wanted = requester.provider, requester.wanted
    head, tail = _assertion_mold(
        speaker.issuer, provider.entity_id, requester.answer_to.location, requester.request_id is not None
    )
    attributes = _attributes(result.statements)
    values = {
        "id": new_message_id(),
        "now": instant(now),
        "name_id": _named(provider, subject, encrypt=encrypt_name_id).xml,
        "request_id": requester.request_id or "",
        "since": instant(now - VALID_BEFORE),
        "until": instant(now + VALID_FOR),
        "authenticated": instant(result.authenticated_at),
        "session_index": session_index,
        "session_until": instant(result.expires_at),
        "context": attested(result.strength, wanted.comparison, wanted.classes, provider.contexts),
        "attributes": attributes.xml,
    }
    declares = head.declares | attributes.declares
    before, after = head.filled(values), tail.filled(values)
    if by is None:
        return Written(before + after, declares)
    return Written(*signed_around(before, after, declares, values["id"], by))


# What is the same for everybody who opens an application is written once.


@lru_cache(maxsize=1024)
def _response_mold(issuer: str, location: str, answers: bool) -> tuple[Mold, Mold]:
    """Return a Response with success, before and after the place of its signature."""
    return mold.mold(
        element(
            "samlp:Response",
            {
                "Destination": location,
                "ID": mold.ours("id"),
                "InResponseTo": mold.attribute("request_id") if answers else None,
                "IssueInstant": mold.ours("now"),
                "Version": "2.0",
            },
            element("saml:Issuer", None, issuer),
            mold.place("signature"),
            status_element((SUCCESS,)),
            mold.place("assertion"),
        )
    ).split_at("signature")


@lru_cache(maxsize=1024)
def _assertion_mold(issuer: str, audience: str, recipient: str, answers: bool) -> tuple[Mold, Mold]:
    """Return an Assertion, before and after the place of its signature."""
    return mold.mold(
        element(
            "saml:Assertion",
            {"ID": mold.ours("id"), "IssueInstant": mold.ours("now"), "Version": "2.0"},
            element("saml:Issuer", None, issuer),
            mold.place("signature"),
            element(
                "saml:Subject",
                None,
                mold.place("name_id"),
                element(
                    "saml:SubjectConfirmation",
                    {"Method": BEARER},
                    element(
                        "saml:SubjectConfirmationData",
                        {
                            "InResponseTo": mold.attribute("request_id") if answers else None,
                            "NotOnOrAfter": mold.ours("until"),
                            "Recipient": recipient,
                        },
                    ),
                ),
            ),
            element(
                "saml:Conditions",
                {"NotBefore": mold.ours("since"), "NotOnOrAfter": mold.ours("until")},
                element("saml:AudienceRestriction", None, element("saml:Audience", None, audience)),
            ),
            element(
                "saml:AuthnStatement",
                {
                    "AuthnInstant": mold.ours("authenticated"),
                    "SessionIndex": mold.ours("session_index"),
                    "SessionNotOnOrAfter": mold.ours("session_until"),
                },
                element("saml:AuthnContext", None, element("saml:AuthnContextClassRef", None, mold.text("context"))),
            ),
            mold.place("attributes"),
        )
    ).split_at("signature")


def _named(provider: ProviderFacts, subject: Subject, *, encrypt: bool) -> Written:
    """Return the NameID, or the EncryptedID that holds it (SAML Core 2.0 section 2.2.4), for its place."""
    qualifiers = subject.name_qualifier, subject.sp_name_qualifier
    if not encrypt:
        molded = _name_mold(subject.format, *qualifiers)
        return Written(molded.filled({"value": subject.value}), molded.declares, _INSIDE)
    plain = _name_id(subject.format, *qualifiers, subject.value)
    if provider.encryption is None:
        raise MessageRefused(NOT_ENCRYPTABLE, "no registered key and method can be used to encrypt the NameID")
    return write(encrypted_id(write(plain), provider.encryption), _INSIDE)


@lru_cache(maxsize=1024)
def _name_mold(format_: str, name_qualifier: str | None, sp_name_qualifier: str | None) -> Mold:
    return mold.mold(_name_id(format_, name_qualifier, sp_name_qualifier, mold.text("value")), _INSIDE)


def _name_id(format_: str, name_qualifier: str | None, sp_name_qualifier: str | None, value: str) -> Element:
    qualified = {"Format": format_, "NameQualifier": name_qualifier, "SPNameQualifier": sp_name_qualifier}
    return element("saml:NameID", qualified, value)


def _attributes(statements: tuple[Statement, ...]) -> Written:
    """An AttributeStatement with nothing in it is not allowed (SAML Core 2.0 section 2.7.3)."""
    if not statements:
        return _NOTHING
    values = [value for one in statements for value in one.values]
    if len(values) <= _MOST_IN_A_MOLD:
        shape = tuple([(one.name, one.friendly_name, one.name_format, one.type, len(one.values)) for one in statements])
        molded, marks = _attributes_mold(shape)
        return Written(molded.filled(dict(zip(marks, values, strict=True))), molded.declares, _INSIDE)
    return write(_attribute_statement(statements), _INSIDE)


@lru_cache(maxsize=1024)
def _attributes_mold(shape: tuple[tuple[str, str, str, str, int], ...]) -> tuple[Mold, list[str]]:
    """Return the statement of attributes so named, so typed and with so many values, and the marks of all of these."""
    marks = [f"value{number}" for number in range(sum(many for *_, many in shape))]
    free = iter(marks)
    statements = [
        Statement(name, friendly_name, name_format, type_, tuple(mold.text(next(free)) for _ in range(many)), "")
        for name, friendly_name, name_format, type_, many in shape
    ]
    return mold.mold(_attribute_statement(statements), _INSIDE), marks


def _attribute_statement(statements: Iterable[Statement]) -> Element:
    return element("saml:AttributeStatement", None, *map(_attribute, statements))


def _attribute(statement: Statement) -> Element:
    """SAML Core 2.0 section 2.7.3.1; the type of a value is said where the rule says one (section 2.7.3.1.1)."""
    type_ = _TYPES[statement.type]
    typed = None if type_ is None else {TYPE: type_}
    return element(
        "saml:Attribute",
        {
            "FriendlyName": statement.friendly_name or None,
            "Name": statement.name,
            "NameFormat": ATTRIBUTE_NAME_FORMATS[statement.name_format],
        },
        *(element("saml:AttributeValue", typed, value) for value in statement.values),
    )


_INSIDE = frozenset({"saml"})
_INSIDE_RESPONSE = frozenset({"samlp"})
_NOTHING = Written("", frozenset())
_MOST_IN_A_MOLD = 64  # values; a person in hundreds of groups is written out
