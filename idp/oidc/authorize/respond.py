"""
Answer an authorization request: at once where the session is good enough, else when the person is done.

Everything that was decided is committed with the answer, refusals too.
"""

from collections.abc import Sequence

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.events import SignedOn, SignOnRefused
from idp.audit.log import record
from idp.base.work import Work
from idp.oidc import answer, clients, errors
from idp.oidc.answer import Answer
from idp.oidc.authorize import STEPS, arrival
from idp.oidc.authorize.arrival import Arrived
from idp.oidc.authorize.identify import ReplyTo, identify, unanswerable, who
from idp.oidc.authorize.issue import issue
from idp.oidc.authorize.request import AuthorizeRequest, again, kept, parse
from idp.oidc.authorize.request_uri import Brought, ObjectWanted
from idp.oidc.authorize.sign_on import sign_on_request
from idp.oidc.claims import OPENID
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import OAuthError
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider
from idp.oidc.remote_keys import Wanted
from idp.oidc.session_state import session_state
from idp.signon import door
from idp.signon.door import Interact, Proceed, Refused
from idp.signon.request import SignOnRequest
from idp.signon.session import CurrentSession

KIND = "oidc.sign-on"


def begin(
    work: Work,
    provider: Provider,
    parameters: Parameters,
    *,
    session: CurrentSession | None,
    browser: str | None,
    browser_state: str,
    trail: Trail,
    brought: Brought,
) -> Answer | Interact | Wanted | ObjectWanted:
    """
    Answer the request, or say under which handle the person must be asked first; or what must be
    fetched before either can be said.

    Args:
        parameters: as the browser brought them.
        brought: what was fetched for this request before.
        browser_state: what the browser's cookie says of its signing in, for ``session_state``.

    Raises:
        PageError: it is not certain where an answer may go.
    """
    try:
        arrived = arrival.read(work, provider, parameters, brought)
    except OAuthError as error:
        if parameters.get("redirect_uri") is None:  # it was in the request object, which proves nothing
            raise unanswerable(who(work, provider, parameters), error) from error
        # Whoever is told of it is who the plain parameters prove, if they prove anybody (RFC 9101 section 7).
        return _refuse(work, _proven(work, provider, parameters, trail)[1], error, trail)
    if isinstance(arrived, Wanted | ObjectWanted):
        return arrived
    parameters = arrived.parameters
    client, reply_to = _proven(work, provider, parameters, trail)
    try:
        arrival.check(client, arrived)
        request, wanted = judged(work, provider, parameters, client, reply_to)
    except OAuthError as error:
        return _refuse(work, reply_to, error, trail)
    trail.passed("request", scope=request.scope, prompt=request.prompt, **_came(arrived))
    found = door.begin(
        work,
        wanted,
        session=session,
        browser=browser,
        protocol=clients.PROTOCOL,
        protocol_state=kept(parameters),
        trail=trail,
    )
    if isinstance(found, Interact):
        return found
    return _settle(work, request, reply_to, found, trail, browser_state)


def resume(
    work: Work, provider: Provider, handle: str, *, session: CurrentSession | None, browser: str, browser_state: str
) -> Answer:
    """
    Answer the request whose sign-on has come to its end. The request is judged anew.

    Raises:
        PageError: the sign-on is lost, or the client is no longer allowed its answer.
    """
    resumed = door.resume(
        work, handle, session=session, browser=browser, protocol=clients.PROTOCOL, site_id=provider.site_id
    )
    parameters = again(resumed.protocol_state)
    client, reply_to = identify(work, provider, parameters)
    try:
        request, _ = judged(work, provider, parameters, client, reply_to)
    except OAuthError as error:
        return _refuse(work, reply_to, error, resumed.trail)
    return _settle(work, request, reply_to, resumed.answer, resumed.trail, browser_state)


def judged(
    work: Work, provider: Provider, parameters: Parameters, client: ClientFacts, reply_to: ReplyTo
) -> tuple[AuthorizeRequest, SignOnRequest]:
    """
    Return the request once every step has passed it, and what it asks of signing on.

    Raises:
        OAuthError: a step refuses it.
    """
    request = parse(work, provider, client, parameters)
    for check in STEPS:
        check(request)
    return request, sign_on_request(work, request, reply_to)


def _proven(work: Work, provider: Provider, parameters: Parameters, trail: Trail) -> tuple[ClientFacts, ReplyTo]:
    client, reply_to = identify(work, provider, parameters)
    trail.application_id = client.application_id
    trail.passed("client", client_id=client.client_id)
    trail.passed("redirect-uri")
    return client, reply_to


def _came(arrived: Arrived) -> dict[str, bool]:
    return {"pushed": arrived.pushed, "signed": arrived.signed} if arrived.pushed or arrived.signed else {}


def _settle(
    work: Work,
    request: AuthorizeRequest,
    reply_to: ReplyTo,
    found: Proceed | Refused,
    trail: Trail,
    browser_state: str,
) -> Answer:
    beside = _session_state(request, reply_to, browser_state)
    if isinstance(found, Refused):
        return _refuse(work, reply_to, errors.for_refusal(found.refusal), trail, beside)
    result = found.result
    try:
        fields = issue(work, request, result, trail)
    except OAuthError as error:
        return _refuse(work, reply_to, error, trail, beside)
    trail.succeeded()
    attempts.save(work, trail)
    record(
        work,
        SignedOn(
            organization_id=result.organization_id,
            target_id=result.account_id,
            attempt_id=trail.id,
            application_id=result.application_id,
            session_id=result.session_id,
            protocol=clients.PROTOCOL,
        ),
    )
    return answer.success(reply_to, [*fields, *beside])


def _session_state(request: AuthorizeRequest, reply_to: ReplyTo, browser_state: str) -> list[tuple[str, str]]:
    """
    With every answer about a person, also with the one that they are not signed in
    (OpenID Connect Session Management 1.0 sections 2 and 3.2).
    """
    if OPENID not in (request.scope or "").split(" "):
        return []
    return [("session_state", session_state(reply_to.client_id, reply_to.redirect_uri, browser_state))]


def _refuse(
    work: Work, reply_to: ReplyTo, error: OAuthError, trail: Trail, beside: Sequence[tuple[str, str]] = ()
) -> Answer:
    trail.refused(error)
    attempts.save(work, trail)
    record(
        work,
        SignOnRefused(
            organization_id=trail.organization_id,
            target_id=trail.account_id or trail.application_id or "",
            attempt_id=trail.id,
            code=error.error,
        ),
    )
    return answer.refusal(reply_to, error, trail.id, beside)
