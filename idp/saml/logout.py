"""
Single logout that a service provider asks for (SAML Profiles 2.0 section 4.4; Core 2.0 section 3.7; X28).

A logout request must be signed, whatever else is not, and must name the person as we named them to
this service provider, in a session in which it took part. Nothing is ended for less.
"""

import base64
import zlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, bindparam, select

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.events import SignOnRefused
from idp.audit.log import record
from idp.base.db import Prepared
from idp.base.work import Work
from idp.saml import answering, endpoints, gate, nameid, requests, signatures, watching
from idp.saml.answering import Answer
from idp.saml.bindings import REQUEST, Incoming
from idp.saml.checks import CHECKS
from idp.saml.checks.examined import Examined
from idp.saml.endpoints import RegisteredEndpoint
from idp.saml.errors import STALE, UNREADABLE, USED, MessageRefused
from idp.saml.facts import ProviderFacts
from idp.saml.instants import instant
from idp.saml.messages import LogoutRequest, NameId, issuer_of, read_logout_request
from idp.saml.names import (
    LOGOUT_REQUEST,
    PARTIAL_LOGOUT,
    REDIRECT,
    REQUESTER,
    SUCCESS,
    UNKNOWN_PRINCIPAL,
    UNSPECIFIED,
)
from idp.saml.requests import Place
from idp.saml.responses import new_message_id, status_element
from idp.saml.session_index import session_of
from idp.saml.signing import signed, signed_query
from idp.saml.writer import element, write
from idp.signon import seen, session
from idp.signon.models import Participant, SignOnSession
from idp.signon.session import CurrentSession

_SKEW = timedelta(minutes=3)
_BECAUSE = "an application signed out"

_TOOK_PART = Prepared(
    select(SignOnSession.account_id, Participant.subject)
    .join(
        SignOnSession,
        and_(SignOnSession.organization_id == Participant.organization_id, SignOnSession.id == Participant.session_id),
    )
    .where(
        Participant.organization_id == bindparam("organization_id"),
        Participant.session_id == bindparam("session_id"),
        Participant.application_id == bindparam("application_id"),
    )
)


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """
    What a logout request came to.

    ``answer`` is carried by a form of ours; ``location`` is where the browser is redirected, with the
    answer in its query. Where the metadata names no address for answers there is neither. ``ended``
    are the sessions that are over.
    """

    answer: Answer | None
    location: str
    ended: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Reply:
    """To whom and how a logout request is answered."""

    provider: ProviderFacts
    answer_to: RegisteredEndpoint
    request_id: str
    relay_state: str


def receive(work: Work, place: Place, incoming: Incoming, *, current: CurrentSession | None, trail: Trail) -> LoggedOut:
    """
    End what *incoming* asks to be ended, and return the answer.

    Args:
        current: the session of the browser that brought the request, if it brought its cookie.

    Raises:
        MessageRefused: it is not proven, not fresh or not new.
    """
    if incoming.kind != REQUEST:
        raise MessageRefused(UNREADABLE, "a logout response that nobody waits for")
    root = gate.read(incoming.message, LOGOUT_REQUEST)
    trail.passed("message", binding=incoming.binding.rpartition(":")[2], bytes=len(incoming.message))
    known = requests.identified(work, place, issuer_of(root), trail)
    root, is_signed = signatures.verified(root, incoming.signature, known.verify_keys, known.allowed)
    request = read_logout_request(root)
    if request.header.issuer != known.entity_id:
        raise signatures.not_proven("the signed part of the message has another Issuer")
    _check(request, Examined(request.header, is_signed, must_be_signed=True, here=f"{place.address}/slo", now=work.now))
    trail.passed("signature", signed=is_signed)
    answer_to = endpoints.logout_reply(known)
    sessions = _sessions(work, place, known, request, current)
    if request.session_indexes and known.watched is not None:
        watching.named_our_sessions(work, known, sessions)
    if not seen.first_time(work, known.site_id, known.entity_id, request.header.id, lives=requests.REMEMBERED):
        raise MessageRefused(USED, f"the request {request.header.id[:80]} was taken before")
    codes, ended = _end(work, known, sessions, trail)
    attempts.save(work, trail)
    if answer_to is None:
        return LoggedOut(None, "", ended)
    reply = _Reply(known, answer_to, request.header.id, incoming.relay_state)
    return _answered(work, place, reply, codes, ended)


def _check(request: LogoutRequest, examined: Examined) -> None:
    for check in CHECKS:
        check(examined)
    if request.not_on_or_after is not None and request.not_on_or_after + _SKEW <= examined.now:
        raise MessageRefused(STALE, f"NotOnOrAfter was {request.not_on_or_after.isoformat()}")


def _sessions(
    work: Work, place: Place, known: ProviderFacts, request: LogoutRequest, current: CurrentSession | None
) -> dict[str, str]:
    """
    Return the sessions that are meant, and their accounts: those of the indexes; without indexes all of
    this person's in which the service provider took part (SAML Core 2.0 section 3.7.3.2).
    """
    name = request.name_id
    if name is None:
        return {}
    if request.session_indexes:
        meant = [session_of(work.tx.vault, known.application_id, index) for index in request.session_indexes]
    else:
        meant = [current.id] if current is not None and current.organization_id == known.organization_id else []
        account = nameid.account_of(work, known, place.issuer, name)
        if account is not None:
            meant += [one.id for one in session.sessions(work, known.organization_id, account)]
    found = {one: _account_in(work, known, one, name, place.issuer) for one in meant if one is not None}
    return {session_id: account for session_id, account in found.items() if account is not None}


def _account_in(work: Work, known: ProviderFacts, session_id: str, name: NameId, issuer: str) -> str | None:
    """Return whose session that is, if this service provider took part in it and knows the person by this very name."""
    row = work.tx.row(
        _TOOK_PART,
        organization_id=known.organization_id,
        session_id=session_id,
        application_id=known.application_id,
    )
    if row is None or row.subject.get("value") != name.value:
        return None
    same = (
        (name.format or UNSPECIFIED) in (row.subject["format"], UNSPECIFIED)
        and name.name_qualifier in (None, "", issuer)
        and name.sp_name_qualifier in (None, "", known.entity_id)
    )
    return str(row.account_id) if same else None


def _end(
    work: Work, known: ProviderFacts, sessions: dict[str, str], trail: Trail
) -> tuple[tuple[str, ...], frozenset[str]]:
    """End *sessions*; return the status to answer with: partial where other applications took part."""
    if not sessions:
        trail.failed("subject", "saml-unknownprincipal", "no session of this application has that NameID and index")
        refused = SignOnRefused(
            organization_id=known.organization_id,
            target_id=known.application_id,
            attempt_id=trail.id,
            code=trail.code,
        )
        record(work, refused)
        return (REQUESTER, UNKNOWN_PRINCIPAL), frozenset()
    others = 0
    for session_id, account_id in sessions.items():
        trail.account_id = account_id
        took_part = session.participants(work, known.organization_id, session_id)
        others += sum(one.application_id != known.application_id for one in took_part)
        session.end(work, known.organization_id, session_id, because=_BECAUSE)
    trail.passed("ended", sessions=len(sessions), other_applications=others)
    trail.succeeded()
    return ((SUCCESS, PARTIAL_LOGOUT) if others else (SUCCESS,)), frozenset(sessions)


def _answered(work: Work, place: Place, reply: _Reply, codes: tuple[str, ...], ended: frozenset[str]) -> LoggedOut:
    """Return the LogoutResponse, signed: in the query of a redirect, or inside of the message of a form."""
    who = answering.speaker(work, place, reply.provider)
    response = element(
        "samlp:LogoutResponse",
        {
            "Destination": reply.answer_to.location,
            "ID": new_message_id(),
            "InResponseTo": reply.request_id,
            "IssueInstant": instant(work.now),
            "Version": "2.0",
        },
        element("saml:Issuer", None, who.issuer),
        status_element(codes),
    )
    if reply.answer_to.binding != REDIRECT:
        xml = signed(response, who.key).xml
        return LoggedOut(Answer(reply.answer_to, xml, reply.relay_state, reply.provider.name), "", ended)
    query = signed_query("SAMLResponse", _deflated(write(response).xml), reply.relay_state, who.key)
    joint = "&" if "?" in reply.answer_to.location else "?"
    return LoggedOut(None, f"{reply.answer_to.location}{joint}{query}", ended)


def _deflated(xml: str) -> str:
    """Return *xml* as a redirect carries it: raw DEFLATE, then base64 (SAML Bindings 2.0 section 3.4.4.1)."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return base64.b64encode(compressor.compress(xml.encode()) + compressor.flush()).decode("ascii")
