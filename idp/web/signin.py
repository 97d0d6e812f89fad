"""
/signin/<handle>: one sign-on, step by step.

Every page posts to its own address; every POST that changes something answers with 303 to
`dispatch`, which alone decides what comes next. A POST for a step that is not the next one
(a second tab, the back button, a double click) changes nothing and leads there as well.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, request

from idp.base.errors import Conflict, IdpError
from idp.base.work import Work
from idp.policy.signon import Method
from idp.signon import breached, pending, proving
from idp.signon import progress as progress_
from idp.signon.factors import password as password_
from idp.signon.factors import totp
from idp.signon.factors.totp import Right
from idp.signon.flow import (
    AskConsent,
    AskFirstStep,
    AskSecondStep,
    ChangePassword,
    Complete,
    EnrolSecondStep,
    OpenSession,
    Refuse,
    Step,
)
from idp.signon.lockout import Wait
from idp.signon.progress import Progress
from idp.signon.request import Refusal
from idp.web import context, own_pages, pictures, shown_once, ways
from idp.web.context import open_work
from idp.web.render import page, redirect, redirect_to_path
from idp.web.security import public
from idp.web.signin_pages import (
    FIRST_AUTHENTICATOR,
    RECOVERY_CODES,
    code_page,
    consent_page,
    enrol_page,
    organization_name,
    password_page,
    recovery_page,
    refused_page,
    step_page,
    throttled,
    wait,
    way_back,
)

pages = Blueprint("signin", __name__, url_prefix="/signin")


@pages.get("/<handle>")
@public
def dispatch(handle: str) -> Response:
    """Show what comes next; or, when nothing does, go back to the application."""
    with open_work() as work:
        progress = look(work, handle)
        if isinstance(progress.step, OpenSession):  # the answer to the POST that proved it was lost
            progress = _open_session(work, progress)
        return _answer(work, handle, progress)


@pages.get("/<handle>/<any(password, code, enrol, consent, cancel, restart):_step>")
@public
def begin_again(handle: str, _step: str) -> Response:
    """Whoever loads the address of a form anew is shown what comes next."""
    return redirect("signin.dispatch", handle=handle)


@pages.post("/<handle>/password")
@public
def password(handle: str) -> Response:
    """Take e-mail address and password. The hash is computed between two transactions."""
    typed_email, typed = request.form.get("username", ""), request.form.get("password", "")
    with open_work() as work:
        progress = look(work, handle)
        if not isinstance(progress.step, AskFirstStep):
            return redirect("signin.dispatch", handle=handle)
        attempt = proving.try_password(work, progress, typed_email, context.settings().throttling)
        if isinstance(attempt, Wait):
            return throttled(password_page(work, handle, progress, typed_email, wait(attempt, "password")), attempt)
    vault = context.installation().database.vault
    right = password_.matches(vault, attempt, typed)
    rehashed = password_.rehashed(vault, attempt, typed) if right else None
    listed = right and breached.listed(typed)
    with open_work() as work:
        progress = look(work, handle)
        if not isinstance(progress.step, AskFirstStep):
            return redirect("signin.dispatch", handle=handle)
        proving.settle_password(work, progress, attempt, right=right, rehashed=rehashed, listed=listed)
        if not right:
            return password_page(work, handle, progress, typed_email, {"code": "wrong-password"}, 422)
        return go_on(work, handle, progress)


@pages.post("/<handle>/code")
@public
def code(handle: str) -> Response:
    """Take the code of an authenticator app."""
    return second_step(handle, proving.code, "otp", code_page)


@pages.get("/<handle>/recovery")
@public
def recovery(handle: str) -> Response:
    """Ask for a recovery code in place of another second step."""
    return other_way(handle, Method.RECOVERY_CODE)


@pages.get("/<handle>/authenticator")
@public
def authenticator_code(handle: str) -> Response:
    """Ask for the code of an authenticator app in place of another second step."""
    return other_way(handle, Method.TOTP)


def other_way(handle: str, method: Method) -> Response:
    """Show the page of *method*, if that is one of the second steps that are asked for."""
    with open_work() as work:
        progress = look(work, handle)
        if not isinstance(progress.step, AskSecondStep) or method not in progress.step.methods:
            return redirect("signin.dispatch", handle=handle)
        return ways.page_of(method)(work, handle, progress)


@pages.post("/<handle>/recovery")
@public
def use_recovery(handle: str) -> Response:
    """Take a recovery code."""
    return second_step(handle, proving.recovery_code, "recovery_code", recovery_page)


@pages.get("/<handle>/authenticator.svg")
@public
def authenticator(handle: str) -> Response:
    """Draw the secret that is offered to an authenticator app."""
    with open_work() as work:
        progress = look(work, handle)
        if not isinstance(progress.step, EnrolSecondStep) or Method.TOTP not in progress.step.methods:
            abort(404)
        secret = proving.offered_secret(work, progress)
        email, organization = proving.email_of(work, progress), organization_name(work, progress)
    return pictures.qr(totp.provisioning_uri(secret, email=email, organization=organization))


@pages.post("/<handle>/enrol")
@public
def enrol(handle: str) -> Response:
    """Take the first code of a new authenticator; then show the recovery codes."""
    with open_work() as work:
        progress = look(work, handle)
        if not isinstance(progress.step, EnrolSecondStep) or Method.TOTP not in progress.step.methods:
            return redirect("signin.dispatch", handle=handle)
        outcome = proving.enrol(work, progress, request.form.get("otp", ""), name=FIRST_AUTHENTICATOR)
        if not isinstance(outcome, proving.Enrolled):
            return enrol_page(work, handle, progress, {"code": "wrong-first-code"}, 422)
        response = go_on(work, handle, progress)
        if not outcome.recovery_codes:  # it is not the first second step: the codes of that one stay
            return response
        return shown_once.show(
            redirect("signin.recovery_codes", handle=handle),
            RECOVERY_CODES,
            context.browser(),
            outcome.recovery_codes,
            work.now,
        )


@pages.get("/<handle>/enrol/authenticator")
@public
def begin_enrolling_authenticator(handle: str) -> Response:
    """Offer to set up an authenticator app in place of another second step."""
    with open_work() as work:
        progress = look(work, handle)
        if not isinstance(progress.step, EnrolSecondStep) or Method.TOTP not in progress.step.methods:
            return redirect("signin.dispatch", handle=handle)
        return enrol_page(work, handle, progress)


@pages.get("/<handle>/recovery-codes")
@public
def recovery_codes(handle: str) -> Response:
    """Show the recovery codes that were just made."""
    with open_work() as work:
        progress = look(work, handle)
        codes = shown_once.shown(RECOVERY_CODES, context.browser(), work.now)
        if not codes:
            return redirect("signin.dispatch", handle=handle)
        return step_page(work, handle, progress, "signin/recovery_codes.html", recovery_codes=codes)


@pages.get("/<handle>/recovery-codes.txt")
@public
def recovery_codes_file(handle: str) -> Response:
    """Return the recovery codes that were just made as a file."""
    with open_work() as work:
        progress = look(work, handle)
        codes = shown_once.shown(RECOVERY_CODES, context.browser(), work.now)
        organization = organization_name(work, progress)
    return codes_file(codes, organization)


@pages.post("/<handle>/recovery-codes")
@public
def recovery_codes_kept(handle: str) -> Response:
    """The person has kept the recovery codes: they are shown no more."""
    return shown_once.forget(redirect("signin.dispatch", handle=handle))


@pages.post("/<handle>/consent")
@public
def consent(handle: str) -> Response:
    """The person lets the application have what it asks for."""
    with open_work() as work:
        progress = look(work, handle)
        if isinstance(progress.step, AskConsent):
            proving.agree(work, progress)
    return redirect("signin.dispatch", handle=handle)


@pages.post("/<handle>/cancel")
@public
def cancel(handle: str) -> Response:
    """The person does not want to go on; the application is told so."""
    with open_work() as work:
        progress = look(work, handle)
        if progress.request.application_id:
            pending.cancel(work, progress.row)
    return redirect("signin.dispatch", handle=handle)


@pages.post("/<handle>/restart")
@public
def restart(handle: str) -> Response:
    """Begin this sign-on anew with another account."""
    with open_work() as work:
        pending.forget_account(work, look(work, handle).row)
    return redirect("signin.dispatch", handle=handle)


@pages.errorhandler(Conflict)
def at_the_same_moment(error: IdpError) -> Response:
    """Two requests of one sign-on met (a double click): whichever was first counts, look at what comes next."""
    if request.method != "POST":
        raise error
    return redirect("signin.dispatch", handle=(request.view_args or {})["handle"])


def codes_file(codes: tuple[str, ...], organization: str) -> Response:
    """Return recovery codes as a text file to keep."""
    if not codes:
        abort(404)
    response = page("signin/recovery_codes.txt", recovery_codes=codes, organization_name=organization)
    response.mimetype = "text/plain"
    response.headers["Content-Disposition"] = 'attachment; filename="recovery-codes.txt"'
    return response


def look(work: Work, handle: str) -> Progress:
    """Return the sign-on of *handle* as it stands for this browser; see `progress.look`."""
    return progress_.look(work, handle, browser=context.browser(), session=context.current_session(work))


def _open_session(work: Work, progress: Progress) -> Progress:
    token, progress = progress_.open_session(
        work, progress, held=context.current_session(work), limits=context.settings().throttling
    )
    context.keep_session(token)
    context.keep_devices(progress.devices)
    return progress


def go_on(work: Work, handle: str, progress: Progress) -> Response:
    """After something was proven: open the session as soon as it suffices, in the same transaction."""
    progress = progress_.again(work, progress, session=context.current_session(work))
    if isinstance(progress.step, OpenSession):
        _open_session(work, progress)
    return redirect("signin.dispatch", handle=handle)


def _answer(work: Work, handle: str, progress: Progress) -> Response:
    step: Step = progress.step
    match step:
        case AskFirstStep():
            return password_page(work, handle, progress, progress.request.login_hint)
        case AskSecondStep():
            return ways.preferred(step.methods)(work, handle, progress)
        case EnrolSecondStep():
            return ways.enrolment(step.methods)(work, handle, progress)
        case AskConsent():
            return consent_page(work, handle, progress)
        case ChangePassword():
            return ways.new_password_page()(work, handle, progress)
        case Refuse(refusal=Refusal.NOT_ALLOWED | Refusal.WRONG_ACCOUNT | Refusal.DENIED):
            progress_.refused(work, progress, step.refusal)
            return refused_page(work, handle, progress, step)
        case Refuse() | Complete():
            return _leave(work, handle, progress)
        case OpenSession():
            return redirect("signin.dispatch", handle=handle)


def _leave(work: Work, handle: str, progress: Progress) -> Response:
    if progress.request.application_id:
        return redirect_to_path(way_back(handle, progress))
    return own_pages.resume(work, handle)


def second_step(
    handle: str,
    verb: Callable[..., Any],
    field: str,
    again: Callable[..., Response],
) -> Response:
    """
    Take what was typed as a second step in *field* of the form.

    Args:
        verb: tries it, as `proving.code` does.
        again: the page that asked, to be shown with the problem.
    """
    with open_work() as work:
        progress = look(work, handle)
        if not isinstance(progress.step, AskSecondStep):
            return redirect("signin.dispatch", handle=handle)
        outcome = verb(work, progress, request.form.get(field, ""), context.settings().throttling)
        if isinstance(outcome, Right):
            if request.form.get("remember_device"):
                proving.remember_device(work, progress)
            return go_on(work, handle, progress)
    with open_work() as work:  # a wrong one commits; the same form sent twice at once was right the other time
        progress = look(work, handle)
        if isinstance(outcome, Wait) and outcome.over and isinstance(progress.step, AskFirstStep):
            return throttled(password_page(work, handle, progress, "", {"code": "over"}), outcome)
        if not isinstance(progress.step, AskSecondStep):
            return redirect("signin.dispatch", handle=handle)
        if isinstance(outcome, Wait):
            return throttled(again(work, handle, progress, wait(outcome, "code")), outcome)
        return again(work, handle, progress, {"code": f"wrong-{field}"}, 422)
