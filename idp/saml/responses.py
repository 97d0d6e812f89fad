"""
What we answer: a Response with one assertion, or with a status (SAML Profiles 2.0 section 4.1.4.2; X24).

Everything that the Web Browser SSO profile requires and nothing more. Pure: values in, XML out.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from idp.keyring.keyring import Key
from idp.policy.release import Statement
from idp.saml.contexts import attested
from idp.saml.encryption import encrypted
from idp.saml.endpoints import Requester
from idp.saml.errors import NOT_ENCRYPTABLE, MessageRefused
from idp.saml.instants import instant
from idp.saml.nameid import Subject
from idp.saml.names import ATTRIBUTE_NAME_FORMATS, BEARER, SUCCESS
from idp.saml.signing import signed
from idp.saml.writer import TYPE, Child, Element, Written, element, write
from idp.signon.request import SignOnResult

VALID_FOR = timedelta(minutes=5)
VALID_BEFORE = timedelta(seconds=60)

_TYPES = {"string": "xs:string", "boolean": "xs:boolean", "integer": "xs:integer", "none": None}


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who answers: the site's entity ID, and the key that it signs with."""

    issuer: str
    key: Key


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
    plain = _assertion(speaker, requester, result, subject, session_index, now)
    assertion: Child = signed(plain, speaker.key) if provider.sign_assertion else write(plain)
    if provider.encrypt_assertion:
        if provider.encryption is None or not isinstance(assertion, Written):
            raise MessageRefused(NOT_ENCRYPTABLE, "no registered key and method can be used to encrypt")
        assertion = encrypted(assertion, provider.encryption)
    response = _response(speaker, requester, now, (SUCCESS,), assertion)
    return signed(response, speaker.key).xml if provider.sign_response else write(response).xml


def unprotected(
    speaker: Speaker, requester: Requester, result: SignOnResult, subject: Subject, session_index: str, now: datetime
) -> str:
    """
    Return the assertion alone, neither signed nor encrypted, to be looked at: it proves nothing to anybody.

    Raises:
        Invalid: a value has a character that XML cannot hold.
    """
    return write(_assertion(speaker, requester, result, subject, session_index, now)).xml


def status(speaker: Speaker, requester: Requester, codes: tuple[str, str], now: datetime) -> str:
    """Return the signed Response that says by *codes* (top and second level) why there is no assertion."""
    return signed(_response(speaker, requester, now, codes), speaker.key).xml


def new_message_id() -> str:
    """Return an ID of 128 random bits that XML takes (SAML Core 2.0 section 1.3.4)."""
    return "_" + secrets.token_hex(16)


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
        _SUCCESS if codes == (SUCCESS,) else status_element(codes),
        *content,
    )


def _assertion(
    speaker: Speaker, requester: Requester, result: SignOnResult, subject: Subject, session_index: str, now: datetime
) -> Element:
    until = instant(now + VALID_FOR)
    wanted = requester.wanted
    return element(
        "saml:Assertion",
        {"ID": new_message_id(), "IssueInstant": instant(now), "Version": "2.0"},
        element("saml:Issuer", None, speaker.issuer),
        element(
            "saml:Subject",
            None,
            element(
                "saml:NameID",
                {
                    "Format": subject.format,
                    "NameQualifier": subject.name_qualifier,
                    "SPNameQualifier": subject.sp_name_qualifier,
                },
                subject.value,
            ),
            element(
                "saml:SubjectConfirmation",
                {"Method": BEARER},
                element(
                    "saml:SubjectConfirmationData",
                    {
                        "InResponseTo": requester.request_id,
                        "NotOnOrAfter": until,
                        "Recipient": requester.answer_to.location,
                    },
                ),
            ),
        ),
        element(
            "saml:Conditions",
            {"NotBefore": instant(now - VALID_BEFORE), "NotOnOrAfter": until},
            _audience(requester.provider.entity_id),
        ),
        element(
            "saml:AuthnStatement",
            {
                "AuthnInstant": instant(result.authenticated_at),
                "SessionIndex": session_index,
                "SessionNotOnOrAfter": instant(result.expires_at),
            },
            _context(attested(result.strength, wanted.comparison, wanted.classes)),
        ),
        *_attributes(result.statements),
    )


# What is the same for everybody who opens an application is written once, for its place inside of the assertion.


@lru_cache(maxsize=4096)
def _audience(entity_id: str) -> Written:
    return write(element("saml:AudienceRestriction", None, element("saml:Audience", None, entity_id)), _INSIDE)


@lru_cache(maxsize=64)
def _context(class_: str) -> Written:
    return write(element("saml:AuthnContext", None, element("saml:AuthnContextClassRef", None, class_)), _INSIDE)


def _attributes(statements: tuple[Statement, ...]) -> tuple[Element, ...]:
    """An AttributeStatement with nothing in it is not allowed (SAML Core 2.0 section 2.7.3)."""
    if not statements:
        return ()
    return (element("saml:AttributeStatement", None, *map(_attribute, statements)),)


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
_SUCCESS = write(status_element((SUCCESS,)), frozenset({"samlp"}))
