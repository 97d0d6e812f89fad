"""
ManageNameID (SAML Core 2.0 section 3.6; Profiles 2.0 section 4.5): a service provider gives up a name.

The persistent name is terminated: never used and never given to anybody again (X23). When the person
signs on there the next time a new one is made, if the request allows that. A name of the service
provider's own (NewID) is not taken: names are ours.
"""

from dataclasses import dataclass

from sqlalchemy import bindparam, update

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.events import NameIdTerminated, SignOnRefused
from idp.audit.log import record
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.texts import phrase
from idp.base.work import Work
from idp.saml import gate, made_names, nameid, requests, soap
from idp.saml.bindings import REQUEST, Incoming
from idp.saml.checks import BY_BROWSER, BY_SOAP
from idp.saml.checks.examined import Examined
from idp.saml.errors import UNREADABLE, USED, MessageRefused
from idp.saml.facts import ProviderFacts
from idp.saml.messages import ManageNameIdRequest, read_manage_name_id_request
from idp.saml.models import SamlSubject
from idp.saml.names import (
    MANAGE_NAME_ID_REQUEST,
    PERSISTENT,
    REQUEST_UNSUPPORTED,
    REQUESTER,
    SUCCESS,
    UNKNOWN_PRINCIPAL,
)
from idp.saml.proven import proven
from idp.saml.requests import Place
from idp.signon import seen

KIND = "saml.name-id"
_TABLE = table(SamlSubject)
_TERMINATE = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.application_id == bindparam("of_application"),
        _TABLE.c.name_id == bindparam("name"),
        _TABLE.c.terminated_at.is_(None),
    )
    .values(terminated_at=bindparam("at", type_=_TABLE.c.terminated_at.type))
)


@dataclass(frozen=True, slots=True)
class Managed:
    """A request that was taken, and the status that it is answered with."""

    provider: ProviderFacts
    request_id: str
    relay_state: str
    codes: tuple[str, ...]


def by_browser(work: Work, place: Place, incoming: Incoming, trail: Trail) -> Managed:
    """
    Take a request that came by HTTP-Redirect or HTTP-POST.

    Raises:
        MessageRefused: it is not proven, not fresh or not new.
    """
    if incoming.kind != REQUEST:
        raise MessageRefused(UNREADABLE, "a response where a request is taken")
    root = gate.read(incoming.message, MANAGE_NAME_ID_REQUEST)
    trail.passed("message", binding=incoming.binding.rpartition(":")[2], bytes=len(incoming.message))
    known, covered = proven(work, place, root, incoming.signature, trail)
    request = read_manage_name_id_request(covered)
    here = f"{place.address}/manage-nameid"
    for check in BY_BROWSER:
        check(Examined(request.header, signed=True, must_be_signed=True, here=here, now=work.now))
    return _managed(work, place, known, request, incoming.relay_state, trail)


def by_soap(work: Work, place: Place, envelope: bytes, trail: Trail) -> Managed:
    """
    Take a request that came by SOAP.

    Raises:
        MessageRefused: as for `by_browser`.
    """
    root = soap.opened(envelope, MANAGE_NAME_ID_REQUEST)
    trail.passed("message", binding="SOAP", bytes=len(envelope))
    known, covered = proven(work, place, root, None, trail)
    request = read_manage_name_id_request(covered)
    here = f"{place.address}/manage-nameid/soap"
    for check in BY_SOAP:
        check(Examined(request.header, signed=True, must_be_signed=True, here=here, now=work.now))
    return _managed(work, place, known, request, "", trail)


def _managed(
    work: Work, place: Place, known: ProviderFacts, request: ManageNameIdRequest, relay_state: str, trail: Trail
) -> Managed:
    if not seen.first_time(work, known.site_id, known.entity_id, request.header.id, lives=requests.REMEMBERED):
        raise MessageRefused(USED, phrase("the request %(id)s was taken before", id=request.header.id[:80]))
    codes = _decided(work, place, known, request, trail)
    if codes == (SUCCESS,):
        trail.succeeded()
    else:
        refused = SignOnRefused(
            organization_id=known.organization_id,
            target_id=known.application_id,
            attempt_id=trail.id,
            code=trail.code,
        )
        record(work, refused)
    attempts.save(work, trail)
    return Managed(known, request.header.id, relay_state, codes)


def _decided(
    work: Work, place: Place, known: ProviderFacts, request: ManageNameIdRequest, trail: Trail
) -> tuple[str, ...]:
    name = request.name_id
    account_id = None
    if name is not None and name.format == PERSISTENT:
        account_id = nameid.account_of(work, known, place.issuer, name)
    if name is None or account_id is None:
        trail.failed("subject", "saml-unknownprincipal", "no account has that persistent NameID at this application")
        return REQUESTER, UNKNOWN_PRINCIPAL
    trail.account_id = account_id
    if not request.terminate:
        trail.failed("wish", "saml-requestunsupported", "a NewID is wanted; names are made here only")
        return REQUESTER, REQUEST_UNSUPPORTED
    ended = work.tx.run(
        _TERMINATE,
        of_organization=known.organization_id,
        of_application=known.application_id,
        name=name.value,
        at=work.now,
    )
    if not ended and made_names.is_made(known, PERSISTENT):
        trail.failed(
            "wish", "saml-requestunsupported", "the NameID is made of an attribute, and would be the same again"
        )
        return REQUESTER, REQUEST_UNSUPPORTED
    trail.passed("terminated")
    record(
        work,
        NameIdTerminated(
            organization_id=known.organization_id,
            target_id=account_id,
            application_id=known.application_id,
            name_id=name.value,
            attempt_id=trail.id,
        ),
    )
    return (SUCCESS,)
