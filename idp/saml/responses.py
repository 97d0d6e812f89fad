"""
What we answer: a Response with one assertion, or with a status (SAML Profiles 2.0 section 4.1.4.2; X24).

Everything that the Web Browser SSO profile requires and nothing more. Pure: values in, XML out.
"""

import secrets
from datetime import datetime, timedelta
from functools import lru_cache

from idp.saml.contexts import attested
from idp.saml.encryption import encrypted, encrypted_id
from idp.saml.endpoints import Requester
from idp.saml.errors import NOT_ENCRYPTABLE, MessageRefused
from idp.saml.facts import ProviderFacts
from idp.saml.instants import instant
from idp.saml.nameid import Subject
from idp.saml.names import BASIC, BEARER, SUCCESS
from idp.saml.signing import signed
from idp.saml.speaking import Speaker
from idp.saml.writer import Child, Element, Written, element, write
from idp.signon.request import SignOnResult

VALID_FOR = timedelta(minutes=5)
VALID_BEFORE = timedelta(seconds=60)

FRIENDLY_NAMES = {
    "email": "mail",
    "name": "displayName",
    "given_name": "givenName",
    "family_name": "sn",
    "groups": "isMemberOf",
}


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
            _named(requester.provider, subject),
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
            _context(attested(result.strength, wanted.comparison, wanted.classes, requester.provider.contexts)),
        ),
        *_attributes(result.attributes),
    )


def _named(provider: ProviderFacts, subject: Subject) -> Element:
    """Return the NameID, or the EncryptedID that holds it (SAML Core 2.0 section 2.2.4)."""
    plain = element(
        "saml:NameID",
        {
            "Format": subject.format,
            "NameQualifier": subject.name_qualifier,
            "SPNameQualifier": subject.sp_name_qualifier,
        },
        subject.value,
    )
    if not provider.encrypt_name_id:
        return plain
    if provider.encryption is None:
        raise MessageRefused(NOT_ENCRYPTABLE, "no registered key and method can be used to encrypt the NameID")
    return encrypted_id(write(plain), provider.encryption)


# What is the same for everybody who opens an application is written once, for its place inside of the assertion.


@lru_cache(maxsize=4096)
def _audience(entity_id: str) -> Written:
    return write(element("saml:AudienceRestriction", None, element("saml:Audience", None, entity_id)), _INSIDE)


@lru_cache(maxsize=64)
def _context(class_: str) -> Written:
    return write(element("saml:AuthnContext", None, element("saml:AuthnContextClassRef", None, class_)), _INSIDE)


def _attributes(attributes: dict[str, tuple[str, ...]]) -> tuple[Element, ...]:
    """An AttributeStatement with nothing in it is not allowed (SAML Core 2.0 section 2.7.3)."""
    if not attributes:
        return ()
    return (
        element(
            "saml:AttributeStatement",
            None,
            *(
                element(
                    "saml:Attribute",
                    {"FriendlyName": FRIENDLY_NAMES.get(name), "Name": name, "NameFormat": BASIC},
                    *(element("saml:AttributeValue", None, value) for value in values),
                )
                for name, values in attributes.items()
            ),
        ),
    )


_INSIDE = frozenset({"saml"})
_SUCCESS = write(status_element((SUCCESS,)), frozenset({"samlp"}))
