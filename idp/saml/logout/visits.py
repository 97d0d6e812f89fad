"""
The browser on its round from application to application, and what they answer
(SAML Profiles 2.0 sections 4.4.3.3 and 4.4.3.4; X28, X29).

An answer is taken only where this browser's logout waits for it: to this very request, from this
very service provider, signed. RelayState is not sent, and not looked at.
"""

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base.work import Work
from idp.saml import gate, watching
from idp.saml.bindings import RESPONSE, Incoming
from idp.saml.checks import BY_BROWSER
from idp.saml.checks.examined import Examined
from idp.saml.errors import UNREADABLE, MessageRefused
from idp.saml.logout import telling
from idp.saml.logout.telling import Visit
from idp.saml.messages import read_status_response
from idp.saml.names import LOGOUT_RESPONSE, SUCCESS
from idp.saml.proven import proven
from idp.saml.requests import Place
from idp.signon import logout_steps
from idp.signon.logout_stage import FRONT
from idp.signon.teller import CANNOT, Verdict

_NOBODY_WAITS = "a logout response that nobody waits for"


def visit(work: Work, base_url: str, handle: str, step_id: str, browser: str) -> Visit | None:
    """
    Return the request that the browser carries to the application of a step; None where it is not its turn.

    Raises:
        LogoutLost: the logout is unknown, over, or of another browser.
    """
    found = logout_steps.find(work, handle, browser)
    step = next((one for one in logout_steps.steps(work, found) if one.id == step_id), None)
    if step is None or step.channel != FRONT or not logout_steps.ask(work, step):
        return None
    made = telling.visit(work, base_url, logout_steps.told(found, step))
    if made is None:
        logout_steps.settle(work, found, step, Verdict(CANNOT, "the application has no address to be told at any more"))
    return made


def answered(work: Work, place: Place, incoming: Incoming, *, browser: str | None, trail: Trail) -> str:
    """
    Note what an application has answered; return the path of the page of steps.

    Args:
        browser: the binding secret of the browser that brought it; None where it was posted by a page of
            another site, so without cookies. Then the path leads to where the browser is looked at.

    Raises:
        MessageRefused: nobody waits for this answer here, or it is not proven.
    """
    if incoming.kind != RESPONSE:
        raise MessageRefused(UNREADABLE, "a request where a response is taken")
    root = gate.read(incoming.message, LOGOUT_RESPONSE)
    trail.passed("message", binding=incoming.binding.rpartition(":")[2], bytes=len(incoming.message))
    known, covered = proven(work, place, root, incoming.signature, trail)
    response = read_status_response(covered)
    for check in BY_BROWSER:
        check(Examined(response.header, signed=True, must_be_signed=True, here=f"{place.address}/slo", now=work.now))
    waiting = logout_steps.step_of(work, known.organization_id, response.in_response_to)
    if waiting is None or waiting[1].application_id != known.application_id:
        raise MessageRefused(UNREADABLE, _NOBODY_WAITS)
    found, step = waiting
    if browser is not None and not logout_steps.is_of(found, browser):
        raise MessageRefused(UNREADABLE, "a logout response that another browser waits for")
    verdict = telling.verdict(response)
    if not logout_steps.settle(work, found, step, verdict):
        raise MessageRefused(UNREADABLE, _NOBODY_WAITS)  # any more: another one came at the same time
    if response.codes == (SUCCESS,) and step.asked_at is not None:
        watching.took_our_message(work, known, step.asked_at)
    trail.account_id = found.account_id
    trail.passed("answer", outcome=verdict.outcome, cause=verdict.cause)
    trail.succeeded()
    attempts.save(work, trail)
    return f"/signout/{logout_steps.handle_of(work.tx.vault, found.id)}"
