"""
Passkeys and security keys while signing in: below ``/signin/<handle>/passkey``.

The routes are of the sign-on's own door, so that headers, form tokens and collisions are handled as for its other steps.
A page without scripts sends the form empty, and is told what is missing.
"""

from typing import Any

import orjson
from flask import Response, request

from idp.base.work import Work
from idp.policy.signon import Method
from idp.signon import lockout, passkeys, proving
from idp.signon.factors import passkey as passkey_
from idp.signon.factors.webauthn_party import RelyingParty, relying_party
from idp.signon.flow import AskFirstStep, AskSecondStep, EnrolSecondStep
from idp.signon.progress import Progress
from idp.web import context, shown_once, signin, signin_pages, ways
from idp.web.context import open_work
from idp.web.render import redirect
from idp.web.security import public

_PROBLEMS = {
    "NotAllowedError": "cancelled",
    "AbortError": "cancelled",
    "TimeoutError": "timed-out",
    "InvalidStateError": "known",
    "NotSupportedError": "unsupported",
    "ConstraintError": "unsupported",
    "SecurityError": "address",
    "Busy": "busy",
    "": "script",
}
"""What the browser says (`DOMException` names, and two words of our own script), by the code of our sentence."""


@signin.pages.post("/<handle>/passkey/options")
@public
def passkey_options(handle: str) -> Response:
    """Make a challenge for the step that comes next."""
    party = party_here()
    with open_work() as work:
        progress = signin.look(work, handle)
        waiting = lockout.count_challenge(work, context.settings().throttling)
        if waiting is not None:
            return signin_pages.throttled(answer_json({"problem": "busy"}), waiting)
        asked = None if party is None else passkeys.options(work, progress, party, context.browser())
        if asked is None:
            return answer_json({"problem": "again"}, 409)
        return answer_json(asked)


@signin.pages.get("/<handle>/passkey")
@public
def passkey(handle: str) -> Response:
    """Ask for a passkey or security key in place of another second step."""
    with open_work() as work:
        progress = signin.look(work, handle)
        if not isinstance(progress.step, AskSecondStep) or not progress.step.methods & passkeys.METHODS:
            return redirect("signin.dispatch", handle=handle)
        return _passkey_page(work, handle, progress)


@signin.pages.post("/<handle>/passkey")
@public
def use_passkey(handle: str) -> Response:
    """Take what the authenticator answered: in place of the password, or as second step."""
    party = party_here()
    with open_work() as work:
        progress = signin.look(work, handle)
        step = progress.step
        if party is None or not isinstance(step, AskFirstStep | AskSecondStep):
            return redirect("signin.dispatch", handle=handle)
        problem = problem_of(work, progress)
        if problem is None:
            verb = passkeys.sign_in if isinstance(step, AskFirstStep) else passkeys.second_step
            outcome = verb(work, progress, party, context.browser(), request.form.get("credential", ""))
            if isinstance(outcome, passkeys.Right):
                if isinstance(step, AskSecondStep) and request.form.get("remember_device"):
                    proving.remember_device(work, progress)
                return signin.go_on(work, handle, progress)
            problem = {"code": f"passkey-{outcome.code}"}
    with open_work() as work:  # what did not match commits, and the step is looked at anew
        progress = signin.look(work, handle)
        if not isinstance(progress.step, type(step)):
            return redirect("signin.dispatch", handle=handle)
        if isinstance(step, AskFirstStep):
            return signin_pages.password_page(work, handle, progress, request.form.get("username", ""), problem, 422)
        return _passkey_page(work, handle, progress, problem, 422)


@signin.pages.get("/<handle>/passkey/enrol")
@public
def begin_enrolling_passkey(handle: str) -> Response:
    """Offer to set up a passkey or security key."""
    with open_work() as work:
        progress = signin.look(work, handle)
        if not isinstance(progress.step, EnrolSecondStep) or not progress.step.methods & passkeys.METHODS:
            return redirect("signin.dispatch", handle=handle)
        return _enrol_page(work, handle, progress)


@signin.pages.post("/<handle>/passkey/enrol")
@public
def enrol_passkey(handle: str) -> Response:
    """Set up what the authenticator made; then show the recovery codes, where there are new ones."""
    party = party_here()
    with open_work() as work:
        progress = signin.look(work, handle)
        step = progress.step
        if party is None or not isinstance(step, EnrolSecondStep) or not step.methods & passkeys.METHODS:
            return redirect("signin.dispatch", handle=handle)
        problem = problem_of(work, progress)
        if problem is None:
            outcome = passkeys.enrol(work, progress, party, context.browser(), request.form.get("credential", ""))
            if isinstance(outcome, proving.Enrolled):
                response = signin.go_on(work, handle, progress)
                if not outcome.recovery_codes:
                    return response
                return shown_once.show(
                    redirect("signin.recovery_codes", handle=handle),
                    signin_pages.RECOVERY_CODES,
                    context.browser(),
                    outcome.recovery_codes,
                    work.now,
                )
            problem = {"code": f"passkey-{outcome.code}"}
    with open_work() as work:
        progress = signin.look(work, handle)
        if not isinstance(progress.step, EnrolSecondStep):
            return redirect("signin.dispatch", handle=handle)
        return _enrol_page(work, handle, progress, problem, 422)


def party_here() -> RelyingParty | None:
    """Return who we are towards authenticators; None where there can be no passkeys."""
    return relying_party(context.settings())


def answer_json(value: dict[str, Any], status: int = 200) -> Response:
    """Return *value* as JSON for our own script."""
    return Response(orjson.dumps(value), status, mimetype="application/json")


def browser_problem() -> str | None:
    """Return the code of what went wrong in the browser, None where it sent a credential."""
    if request.form.get("credential", ""):
        return None
    return f"passkey-{_PROBLEMS.get(request.form.get('problem', ''), 'wrong')}"


def problem_of(work: Work, progress: Progress) -> dict[str, Any] | None:
    """As `browser_problem`, recorded in the attempt."""
    code = browser_problem()
    if code is None:
        return None
    passkeys.note_problem(work, progress, code.removeprefix("passkey-"))
    return {"code": code}


def _passkey_page(
    work: Work, handle: str, progress: Progress, problem: dict[str, Any] | None = None, status: int = 200
) -> Response:
    usable = passkeys.can_prove(work, progress)
    return signin_pages.step_page(
        work,
        handle,
        progress,
        "signin/passkey.html",
        status,
        email=proving.email_of(work, progress),
        problem=problem if usable else {"code": "passkey-none"},
        possible=party_here() is not None,
        usable=usable,
        other_ways=signin_pages.other_ways(handle, progress, Method.PASSKEY),
    )


def _enrol_page(
    work: Work, handle: str, progress: Progress, problem: dict[str, Any] | None = None, status: int = 200
) -> Response:
    return signin_pages.step_page(
        work,
        handle,
        progress,
        "signin/enrol_passkey.html",
        status,
        email=proving.email_of(work, progress),
        problem=problem,
        possible=party_here() is not None,
        other_ways=ways.other_enrolments(handle, progress, "signin.begin_enrolling_passkey"),
    )


def _beside_password(work: Work, progress: Progress) -> bool:
    return party_here() is not None and passkey_.offered(work, progress.request.organization_id)


for _method in (Method.PASSKEY, Method.SECURITY_KEY):
    ways.register(_method, page=_passkey_page, endpoint="signin.passkey", label="Use a passkey or security key")
ways.register_enrolment(
    passkeys.METHODS,
    page=_enrol_page,
    endpoint="signin.begin_enrolling_passkey",
    label="Use a passkey or security key instead",
)
ways.register_beside("passkeys", _beside_password)
