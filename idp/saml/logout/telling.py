"""
Telling a service provider that a session is over: by SOAP from here, or by way of the browser
(SAML Profiles 2.0 section 4.4.3.3; Core 2.0 section 3.7.3.2).
"""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import sites
from idp.saml import endpoints, metadata, signatures, soap, speaking, watching
from idp.saml.answering import PROTOCOL
from idp.saml.checks import version
from idp.saml.checks.examined import Examined
from idp.saml.encryption import encrypted_id
from idp.saml.endpoints import RegisteredEndpoint
from idp.saml.errors import MessageRefused
from idp.saml.facts import ProviderFacts, provider_of
from idp.saml.instants import instant
from idp.saml.logout.replies import deflated, with_query
from idp.saml.messages import StatusResponse, issuer_of, read_status_response
from idp.saml.names import LOGOUT_RESPONSE, POST, REDIRECT, SOAP, SUCCESS
from idp.saml.signing import signed, signed_query
from idp.saml.speaking import Speaker
from idp.saml.writer import Element, element, write
from idp.signon.teller import ASKED, CONFIRMED, FAILED, Letter, Reply, Teller, Told, Verdict, Ways

_GOOD_FOR = timedelta(minutes=5)
_ANSWERED_WITHIN = timedelta(seconds=30)  # an answer by SOAP comes on the line that the request went out by


@dataclass(frozen=True, slots=True)
class Visit:
    """A logout request that the browser carries: in the query of *location*, or as *message* in a form to it."""

    location: str
    application_name: str
    message: str = ""

    @property
    def encoded(self) -> str:
        """The message as a form carries it (SAML Bindings 2.0 section 3.5.4)."""
        return base64.b64encode(self.message.encode()).decode("ascii")


def tellers(base_url: str) -> dict[str, Teller]:
    """Return how service providers are told by an installation at *base_url*."""

    def letter(work: Work, told: Told) -> Letter | None:
        known = provider_of(work, told.organization_id, told.application_id)
        endpoint = _endpoint(known, SOAP)
        who = _speaker(work, base_url, known)
        if known is None or who is None or endpoint is None or not _can_name(known):
            return None
        request = signed(_request(who, known, told, endpoint, work.now), who.key)
        return Letter(endpoint.location, soap.enveloped(request), soap.CONTENT_TYPE, (soap.ACTION,))

    return {PROTOCOL: Teller(ways, letter, judge)}


def ways(work: Work, told: Told) -> Ways:
    """Return how the service provider can be told; by the browser only if its answer could be verified."""
    known = provider_of(work, told.organization_id, told.application_id)
    if known is None or "value" not in told.subject:
        return Ways(bounded=True)
    if not _can_name(known):
        return Ways(known.name, bounded=True)
    site = sites.facts_by_id(work, known.organization_id, known.site_id)
    if site is None:
        return Ways(known.name, bounded=True)
    back = _endpoint(known, SOAP)
    front = _endpoint(known, REDIRECT, POST) if known.verify_keys else None
    return Ways(
        known.name,
        back="" if back is None else back.location,
        front="" if front is None else f"/sites/{site.slug}/saml/slo/visit",
        bounded=True,  # every assertion says SessionNotOnOrAfter
    )


def judge(work: Work, told: Told, reply: Reply) -> Verdict:
    """Return what the answer to a SOAP request means; one that is signed must be signed right."""
    known = provider_of(work, told.organization_id, told.application_id)
    if known is None:
        return Verdict(FAILED, "the application was removed while it was told")
    if reply.status != 200:
        return Verdict(ASKED, phrase("status %(status)s", status=reply.status))
    try:
        root = soap.opened(reply.body, LOGOUT_RESPONSE)
        root, is_signed = signatures.verified(root, None, known.verify_keys, known.allowed)
        if issuer_of(root) != known.entity_id:
            return Verdict(ASKED, "the answer has another Issuer")
        response = read_status_response(root)
        version.check(Examined(response.header, is_signed, must_be_signed=False, here="", now=work.now))
    except MessageRefused as error:
        return Verdict(ASKED, error.cause)
    if response.in_response_to != told.message_id:
        return Verdict(ASKED, "the answer is to another request")
    if is_signed and response.codes == (SUCCESS,):
        watching.took_our_message(work, known, work.now - _ANSWERED_WITHIN)
    return verdict(response)


def verdict(response: StatusResponse) -> Verdict:
    """Return what a proven answer says. One that is partial does not confirm (SAML Core 2.0 section 3.7.3.2)."""
    if response.codes == (SUCCESS,):
        return Verdict(CONFIRMED)
    return Verdict(
        FAILED,
        phrase("it answered %(codes)s", codes=", ".join(code.rpartition(":")[2][:60] for code in response.codes)),
    )


def visit(work: Work, base_url: str, told: Told) -> Visit | None:
    """Return the request for the browser to carry; None where the service provider takes none any more."""
    known = provider_of(work, told.organization_id, told.application_id)
    endpoint = _endpoint(known, REDIRECT, POST)
    who = _speaker(work, base_url, known)
    if known is None or who is None or endpoint is None or not _can_name(known):
        return None
    request = _request(who, known, told, endpoint, work.now)
    if endpoint.binding == POST:
        return Visit(endpoint.location, known.name, signed(request, who.key).xml)
    query = signed_query("SAMLRequest", deflated(write(request).xml), "", who.key)
    return Visit(with_query(endpoint.location, query), known.name)


def _endpoint(known: ProviderFacts | None, *bindings: str) -> RegisteredEndpoint | None:
    try:
        return None if known is None else endpoints.logout_service(known, *bindings)
    except MessageRefused:  # an address that is led to by nobody (X16)
        return None


def _speaker(work: Work, base_url: str, known: ProviderFacts | None) -> Speaker | None:
    """Return who speaks to *known*: its site, with the key that signs; None where either has gone."""
    if known is None:
        return None
    site = sites.facts_by_id(work, known.organization_id, known.site_id)
    if site is None:
        return None
    return speaking.speaker(work, site, metadata.entity_id(sites.issuer(base_url, site.slug)), known)


def _can_name(known: ProviderFacts) -> bool:
    """Say whether a person can be named to *known*: where names are encrypted, never in plain instead (X25)."""
    return not known.encrypt_name_id or known.encryption is not None


def _named(known: ProviderFacts, told: Told) -> Element:
    """Return the name of the person, encrypted where the service provider has its names encrypted (section 2.2.4)."""
    subject = told.subject
    qualified = {
        "Format": subject.get("format"),
        "NameQualifier": subject.get("name_qualifier"),
        "SPNameQualifier": subject.get("sp_name_qualifier"),
    }
    plain = element("saml:NameID", qualified, subject["value"])
    if not known.encrypt_name_id:
        return plain
    if known.encryption is None:
        raise ValueError("a name that is to be encrypted is never written in plain")
    return encrypted_id(write(plain), known.encryption)


def _request(who: Speaker, known: ProviderFacts, told: Told, endpoint: RegisteredEndpoint, now: datetime) -> Element:
    """Return the LogoutRequest (SAML Core 2.0 section 3.7.1)."""
    index = told.subject.get("session_index")
    indexes = [index] if index else []
    return element(
        "samlp:LogoutRequest",
        {
            "Destination": endpoint.location,
            "ID": told.message_id,
            "IssueInstant": instant(now),
            "NotOnOrAfter": instant(now + _GOOD_FOR),
            "Version": "2.0",
        },
        element("saml:Issuer", None, who.issuer),
        _named(known, told),
        *(element("samlp:SessionIndex", None, index) for index in indexes),
    )
