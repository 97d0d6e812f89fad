"""
A logout that a service provider asks for (SAML Profiles 2.0 section 4.4; Core 2.0 section 3.7; X28).

A logout request must be signed, whatever else is not, and must name the person as we named them to
this service provider, in a session in which it took part. Nothing is ended for less.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, bindparam, select

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.events import SignOnRefused
from idp.audit.log import record
from idp.base.prepared import Prepared
from idp.base.texts import phrase
from idp.base.work import Work
from idp.saml import endpoints, gate, nameid, requests, soap, watching
from idp.saml.bindings import REQUEST, Incoming
from idp.saml.checks import BY_BROWSER, BY_SOAP
from idp.saml.checks.examined import Examined
from idp.saml.errors import STALE, UNREADABLE, USED, MessageRefused
from idp.saml.facts import ProviderFacts
from idp.saml.logout import replies
from idp.saml.messages import LogoutRequest, NameId, read_logout_request
from idp.saml.names import LOGOUT_REQUEST, PARTIAL_LOGOUT, REQUESTER, SUCCESS, UNKNOWN_PRINCIPAL, UNSPECIFIED
from idp.saml.proven import proven
from idp.saml.requests import Place
from idp.saml.session_index import session_of
from idp.signon import logout, seen, session
from idp.signon.logout import Attended, Started, Starter
from idp.signon.models import Participant, SignOnSession
from idp.signon.session import CurrentSession
from idp.signon.teller import Tellers

KIND = "saml.logout"
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
class Taken:
    """
    A logout request that was taken: what it ended, and who is to be answered.

    ``started`` is None where it named no session of this service provider. ``relay_state`` goes back as
    it came (X17).
    """

    provider: ProviderFacts
    request_id: str
    relay_state: str
    started: Started | None

    @property
    def codes(self) -> tuple[str, ...]:
        """The status, where nobody else needs to be waited for."""
        if self.started is None:
            return (REQUESTER, UNKNOWN_PRINCIPAL)
        return status(self.started.complete)


def status(complete: bool) -> tuple[str, ...]:
    """Return the status: partial unless every other application has confirmed (SAML Core 2.0 section 3.7.3.2)."""
    return (SUCCESS,) if complete else (SUCCESS, PARTIAL_LOGOUT)


def by_browser(
    work: Work,
    tellers: Tellers,
    place: Place,
    incoming: Incoming,
    *,
    current: CurrentSession | None,
    browser: str | None,
    trail: Trail,
) -> Taken:
    """
    Take a request that came by HTTP-Redirect or HTTP-POST: end what it asks to be ended.

    Args:
        current: the session of the browser that brought the request, if it brought its cookie.
        browser: its binding secret; None where it brought no cookies, as a form of another site does.

    Raises:
        MessageRefused: it is not proven, not fresh or not new.
    """
    if incoming.kind != REQUEST:
        raise MessageRefused(UNREADABLE, "a response where a request is taken")
    root = gate.read(incoming.message, LOGOUT_REQUEST)
    trail.passed("message", binding=incoming.binding.rpartition(":")[2], bytes=len(incoming.message))
    known, covered = proven(work, place, root, incoming.signature, trail)
    request = read_logout_request(covered)
    _check(BY_BROWSER, request, f"{place.address}/slo", work)
    endpoint = endpoints.logout_reply(known)
    starter = Starter(
        known.application_id,
        resume_url=f"/sites/{place.site.slug}/saml/slo/done" if endpoint is not None else "",
        protocol_state=replies.keep(known, request.header.id, incoming.relay_state),
    )
    attended = Attended(browser)
    started = _end(work, tellers, place, known, request, current, attended, starter, trail)
    return Taken(known, request.header.id, incoming.relay_state, started)


def by_soap(work: Work, tellers: Tellers, place: Place, envelope: bytes, trail: Trail) -> Taken:
    """
    Take a request that came by SOAP, from the service provider itself (SAML Bindings 2.0 section 3.2).

    Raises:
        MessageRefused: as for `by_browser`.
    """
    root = soap.opened(envelope, LOGOUT_REQUEST)
    trail.passed("message", binding="SOAP", bytes=len(envelope))
    known, covered = proven(work, place, root, None, trail)
    request = read_logout_request(covered)
    _check(BY_SOAP, request, f"{place.address}/slo/soap", work)
    started = _end(work, tellers, place, known, request, None, None, Starter(known.application_id), trail)
    return Taken(known, request.header.id, "", started)


def _check(checks: Iterable[Callable[[Examined], None]], request: LogoutRequest, here: str, work: Work) -> None:
    examined = Examined(request.header, signed=True, must_be_signed=True, here=here, now=work.now)
    for check in checks:
        check(examined)
    if request.not_on_or_after is not None and request.not_on_or_after <= work.now - _SKEW:
        raise MessageRefused(STALE, phrase("NotOnOrAfter was %(at)s", at=request.not_on_or_after.isoformat()))


def _end(
    work: Work,
    tellers: Tellers,
    place: Place,
    known: ProviderFacts,
    request: LogoutRequest,
    current: CurrentSession | None,
    attended: Attended | None,
    starter: Starter,
    trail: Trail,
) -> Started | None:
    sessions = _sessions(work, place, known, request, current)
    if request.session_indexes and known.watched is not None:
        watching.named_our_sessions(work, known, sessions)
    if not seen.first_time(work, known.site_id, known.entity_id, request.header.id, lives=requests.REMEMBERED):
        raise MessageRefused(USED, phrase("the request %(id)s was taken before", id=request.header.id[:80]))
    if not sessions:
        _refuse(work, known, trail, encrypted=request.name_id is None)
        return None
    trail.account_id = next(iter(sessions.values()))
    started = logout.start(
        work,
        tellers,
        known.organization_id,
        sessions,
        because=_BECAUSE,
        attended=attended,
        starter=starter,
    )
    trail.passed("ended", sessions=len(sessions), logout=started.id or "nobody else to tell")
    trail.succeeded()
    attempts.save(work, trail)
    return started


def _refuse(work: Work, known: ProviderFacts, trail: Trail, *, encrypted: bool) -> None:
    if encrypted:
        trail.failed("subject", "saml-unknownprincipal", "the NameID is encrypted", reason="encrypted")
    else:
        trail.failed("subject", "saml-unknownprincipal", "no session of this application has that NameID and index")
    attempts.save(work, trail)
    record(
        work,
        SignOnRefused(
            organization_id=known.organization_id,
            target_id=known.application_id,
            attempt_id=trail.id,
            code=trail.code,
        ),
    )


def _sessions(
    work: Work, place: Place, known: ProviderFacts, request: LogoutRequest, current: CurrentSession | None
) -> Mapping[str, str]:
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
        account = nameid.account_once_of(work, known, place.issuer, name)
        if account is not None:
            meant += [one.id for one in session.sessions(work, known.organization_id, account)]
    found = {one: _account_in(work, known, one, name, place.issuer) for one in meant if one is not None}
    return {session_id: account for session_id, account in found.items() if account is not None}


def _account_in(work: Work, known: ProviderFacts, session_id: str, name: NameId, issuer: str) -> str | None:
    """Return whose session that is, if this service provider took part in it and was given this very name there."""
    if not nameid.is_between(known, issuer, name):
        return None
    rows = work.tx.rows(
        _TOOK_PART,
        organization_id=known.organization_id,
        session_id=session_id,
        application_id=known.application_id,
    )
    return next((str(row.account_id) for row in rows if _is_this(row.subject, name)), None)


def _is_this(given: Mapping[str, str], name: NameId) -> bool:
    return given.get("value") == name.value and (name.format or UNSPECIFIED) in (given["format"], UNSPECIFIED)
