"""
A sign-on from its request to its answer: at once, by way of the person, or refused.

What is sent is signed first; then everything is written, last and together, in one transaction.
"""

from dataclasses import dataclass, fields

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.events import SignedOn, SignOnRefused
from idp.audit.log import record
from idp.base.values import quickly_made
from idp.base.work import Work
from idp.saml import nameid, requests, responses, speaking, watching
from idp.saml.bindings import Incoming
from idp.saml.endpoints import RegisteredEndpoint, Requester
from idp.saml.errors import STATUS, StatusError
from idp.saml.facts import ProviderFacts
from idp.saml.requests import Asked, Place
from idp.saml.session_index import session_index
from idp.saml.speaking import Speaker
from idp.signon import door, pending, session
from idp.signon.door import Interact, Proceed, Refused
from idp.signon.request import SignOnResult
from idp.signon.session import CurrentSession

PROTOCOL = "saml"


@quickly_made
@dataclass(frozen=True, slots=True)
class Answer:
    """A Response, and where the browser is to carry it."""

    answer_to: RegisteredEndpoint
    xml: str
    relay_state: str
    application_name: str


@dataclass(frozen=True, slots=True)
class Ask:
    """The person must be asked first: send the browser to *path*, a path of ours."""

    path: str


def by_redirect(
    work: Work, place: Place, incoming: Incoming, *, current: CurrentSession | None, browser: str, trail: Trail
) -> Answer | Ask:
    """
    Take a request that came by HTTP-Redirect, with the browser's cookies: answer it at once if that is possible.

    Raises:
        MessageRefused: nobody may be answered.
        StatusError: the service provider is told that it cannot have what it asks for.
    """
    asked = requests.receive(work, place, incoming, trail)
    answered = _begin(work, place, asked, current, browser, trail)
    requests.accept_once(work, asked.requester)
    return answered


def by_post(work: Work, place: Place, incoming: Incoming, trail: Trail) -> Ask:
    """
    Take a request that came by HTTP-POST from another site, and so without cookies: it is stored,
    and goes on with a GET of the browser that shows up (threats I3).

    Raises:
        MessageRefused: nobody may be answered.
        StatusError: the service provider is told that it cannot have what it asks for.
    """
    asked = requests.receive(work, place, incoming, trail)
    handle = pending.begin(
        work,
        asked.request,
        browser=None,
        protocol=PROTOCOL,
        protocol_state=requests.keep(asked.requester),
        trail=trail,
    )
    requests.accept_once(work, asked.requester)
    # Where nothing may be shown there is nothing to ask: it is answered as it stands.
    return Ask(f"{asked.request.resume_url}/{handle}" if asked.request.passive else f"/signin/{handle}")


def from_our_side(
    work: Work,
    place: Place,
    entity_id: str,
    relay_state: str,
    *,
    current: CurrentSession | None,
    browser: str,
    trail: Trail,
) -> Answer | Ask:
    """
    Start a sign-on that no request asked for.

    Raises:
        MessageRefused: this application is not started from here.
    """
    asked = requests.start(work, place, entity_id, relay_state, trail)
    return _begin(work, place, asked, current, browser, trail)


def resume(
    work: Work, place: Place, handle: str, *, current: CurrentSession | None, browser: str, trail: Trail
) -> Answer:
    """
    Answer a sign-on that the pages have brought to its end, once. *trail* becomes the attempt that it is.

    Raises:
        SignOnLost: unknown, expired, used, of another browser, or not at its end.
        MessageRefused: the application or its address is registered no more.
        StatusError: there is no name for the person that the application may have.
    """
    resumed = door.resume(work, handle, session=current, browser=browser, protocol=PROTOCOL, site_id=place.site.id)
    for part in fields(Trail):
        setattr(trail, part.name, getattr(resumed.trail, part.name))
    requester = requests.again(work, place, resumed.protocol_state)
    if isinstance(resumed.answer, Refused):
        return tell(work, place, requester, STATUS[resumed.answer.refusal], trail)
    return _signed_on(work, place, requester, resumed.answer.result, trail)


def use_up(work: Work, requester: Requester, handle: str, browser: str) -> None:
    """
    Use up a request that is answered with a status, or the sign-on *handle* that it has become: a later answer to
    it would be a second one (X19).

    Raises:
        MessageRefused: the request was taken before.
        SignOnLost: the sign-on was answered before.
    """
    if handle:
        pending.take(work, pending.find(work, handle, browser))
    else:
        requests.accept_once(work, requester)


def refused(work: Work, place: Place, error: StatusError, trail: Trail) -> Answer:
    """Return what the service provider is told of *error*, and write it down."""
    trail.refused(error, "wishes")
    return tell(work, place, error.requester, error.status, trail)


def tell(work: Work, place: Place, requester: Requester, codes: tuple[str, str], trail: Trail) -> Answer:
    """Return the Response with the status *codes*, and write down the attempt, which has failed already."""
    attempts.save(work, trail)
    record(
        work,
        SignOnRefused(
            organization_id=requester.provider.organization_id,
            target_id=trail.account_id or requester.provider.application_id,
            attempt_id=trail.id,
            code=trail.code,
        ),
    )
    return _answer(requester, responses.status(speaker(work, place, requester.provider), requester, codes, work.now))


def speaker(work: Work, place: Place, provider: ProviderFacts) -> Speaker:
    """Return who speaks to *provider* at this site, with the key that signs for it."""
    return speaking.speaker(work, place.site, place.issuer, provider)


def _begin(
    work: Work, place: Place, asked: Asked, current: CurrentSession | None, browser: str, trail: Trail
) -> Answer | Ask:
    requester = asked.requester
    step = door.begin(
        work,
        asked.request,
        session=current,
        browser=browser,
        protocol=PROTOCOL,
        protocol_state=requests.keep(requester),
        trail=trail,
    )
    match step:
        case Proceed(result=result):
            return _signed_on(work, place, requester, result, trail)
        case Refused(refusal=refusal):
            return tell(work, place, requester, STATUS[refusal], trail)
        case Interact(handle=handle):
            return Ask(f"/signin/{handle}")


def _signed_on(work: Work, place: Place, requester: Requester, result: SignOnResult, trail: Trail) -> Answer:
    provider = requester.provider
    if (result.organization_id, result.site_id, result.application_id) != (
        provider.organization_id,
        place.site.id,
        provider.application_id,
    ):
        raise ValueError("a sign-on is answered to whom it was judged for")
    who = speaker(work, place, provider)
    subject = nameid.subject_for(work, place.issuer, requester, result)
    index = session_index(work.tx.vault, provider.application_id, result.session_id)
    xml = responses.success(who, requester, result, subject, index, work.now)
    trail.passed(
        "response",
        nameid_format=subject.format,
        attributes=sorted([one.name for one in result.statements]),
        encrypted=provider.encrypt_assertion,
        **({"old_algorithms": old} if (old := provider.old_algorithms) else {}),
    )
    trail.succeeded()
    session.join(
        work, result.organization_id, result.session_id, result.application_id, subject.to_json(session_index=index)
    )
    if provider.watched is not None:
        watching.answered(work, provider, who.key.key_id)
    attempts.save(work, trail)
    record(
        work,
        SignedOn(
            organization_id=result.organization_id,
            target_id=result.account_id,
            attempt_id=trail.id,
            application_id=result.application_id,
            session_id=result.session_id,
            protocol=PROTOCOL,
        ),
    )
    return _answer(requester, xml)


def _answer(requester: Requester, xml: str) -> Answer:
    return Answer(requester.answer_to, xml, requester.relay_state, requester.provider.name)
