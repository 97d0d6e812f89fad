"""The pages of a sign-on, each made of how far it has come."""

from typing import Any
from urllib.parse import urlsplit

from flask import Response, url_for

from idp.base.work import Work
from idp.directory import join_rules, organizations, sites
from idp.policy.signon import Method
from idp.signon import grace, proving
from idp.signon.factors import totp
from idp.signon.flow import (
    AskSecondStep,
    Refuse,
)
from idp.signon.lockout import Wait
from idp.signon.progress import Progress
from idp.signon.request import SignOnRequest
from idp.web import asks, context, pictures, ways
from idp.web.render import page
from idp.web.security import allow_form_action

RECOVERY_CODES = "recovery-codes"
FIRST_AUTHENTICATOR = "Authenticator app"


def other_ways(handle: str, progress: Progress, shown: Method) -> list[dict[str, str]]:
    """Return the other second steps that would do: address and words of each, in our order."""
    methods = progress.step.methods if isinstance(progress.step, AskSecondStep) else frozenset()
    here = {way.endpoint for way in ways.known() if way.method is shown}
    others = {way.endpoint: way.label for way in ways.known() if way.method in methods and way.endpoint not in here}
    return [{"url": url_for(endpoint, handle=handle), "label": label} for endpoint, label in others.items()]


def wait(outcome: Wait, what: str) -> dict[str, Any]:
    """Return the problem that a page shows for a try that must wait; *what* is ``password`` or ``code``."""
    if outcome.stopped:
        return {"code": f"stopped-{what}"}
    return {"code": "wait", "seconds": outcome.seconds, "minutes": -(-outcome.seconds // 60)}


def throttled(response: Response, outcome: Wait) -> Response:
    """Return *response* as the answer to a try that must wait."""
    response.status_code = 429
    if outcome.seconds:
        response.headers["Retry-After"] = str(outcome.seconds)
    return response


def way_back(handle: str, progress: Progress) -> str:
    return f"{progress.request.resume_url}/{handle}"


def step_page(work: Work, handle: str, progress: Progress, template: str, status: int = 200, **values: Any) -> Response:
    wanted = progress.request
    allow_form_action(wanted.answers_at)
    return page(
        template,
        status,
        handle=handle,
        site=sites.facts_by_id(work, wanted.organization_id, wanted.site_id) if wanted.site_id else None,
        organization_name=organization_name(work, progress),
        application=wanted.application_name if wanted.application_id else "",
        attempt_id=progress.row.attempt_id,
        remember_days=proving.remember_days(progress),
        grace=grace.left(progress),
        **{"problem": None, **values},
    )


def password_page(
    work: Work, handle: str, progress: Progress, email: str, problem: dict[str, Any] | None = None, status: int = 200
) -> Response:
    return step_page(
        work,
        handle,
        progress,
        "signin/password.html",
        status,
        email=email[:320],
        problem=problem or _not_allowed(progress),
        **ways.beside(work, progress),
        joined_at=join_rules.offered_at(work, progress.request.organization_id),
        several_organizations=not progress.request.application_id and organizations.only_one(work) is None,
    )


def _not_allowed(progress: Progress) -> dict[str, Any] | None:
    """Whoever has proven the right password, which their policy does not allow, is told so (and nobody else)."""
    known = any(proof.method is Method.PASSWORD and proof.fresh for proof in progress.facts.proofs)
    return {"code": "password-not-allowed"} if known and Method.PASSWORD not in progress.facts.policy.methods else None


def code_page(
    work: Work, handle: str, progress: Progress, problem: dict[str, Any] | None = None, status: int = 200
) -> Response:
    return step_page(
        work,
        handle,
        progress,
        "signin/code.html",
        status,
        email=proving.email_of(work, progress),
        problem=problem,
        other_ways=other_ways(handle, progress, Method.TOTP),
    )


def recovery_page(
    work: Work, handle: str, progress: Progress, problem: dict[str, Any] | None = None, status: int = 200
) -> Response:
    return step_page(
        work,
        handle,
        progress,
        "signin/recovery.html",
        status,
        email=proving.email_of(work, progress),
        problem=problem,
        other_ways=other_ways(handle, progress, Method.RECOVERY_CODE),
    )


def enrol_page(
    work: Work, handle: str, progress: Progress, problem: dict[str, Any] | None = None, status: int = 200
) -> Response:
    secret = totp.spelled(proving.offered_secret(work, progress))
    return step_page(
        work,
        handle,
        progress,
        "signin/enrol.html",
        status,
        email=proving.email_of(work, progress),
        problem=problem,
        picture=url_for("signin.authenticator", handle=handle),
        secret=secret,
        secret_in_groups=pictures.grouped(secret),
        other_ways=ways.other_enrolments(handle, progress, "signin.begin_enrolling_authenticator"),
    )


def consent_page(work: Work, handle: str, progress: Progress) -> Response:
    return step_page(
        work,
        handle,
        progress,
        "signin/consent.html",
        email=proving.email_of(work, progress),
        host=_host(progress.request),
        asks=asks.in_words(work, progress, progress.request.asks),
        privacy=asks.link(progress.request.privacy_url),
        terms=asks.link(progress.request.terms_url),
        logo=asks.link(progress.request.logo_url),
        unchecked=progress.request.unchecked,
    )


def _host(wanted: SignOnRequest) -> str:
    """Return the host that the answer goes to; nothing where it is told by a page of ours (devices)."""
    address = wanted.answers_at or wanted.start_again_url
    return "" if address.startswith(f"{context.settings().base_url}/") else urlsplit(address).hostname or ""


def refused_page(work: Work, handle: str, progress: Progress, step: Refuse) -> Response:
    return step_page(
        work,
        handle,
        progress,
        "signin/refused.html",
        403,
        email=proving.email_of(work, progress),
        refusal=step.refusal.value,
        application_id=progress.request.application_id,
        text=step.text,
        way_back=way_back(handle, progress),
    )


def organization_name(work: Work, progress: Progress) -> str:
    wanted = progress.request
    if not wanted.site_id:
        return wanted.application_name  # of our own pages, the organization's
    site = sites.facts_by_id(work, wanted.organization_id, wanted.site_id)
    return site.organization_name if site is not None else ""


ways.register(Method.TOTP, page=code_page, endpoint="signin.authenticator_code", label="Use your authenticator app")
ways.register(Method.RECOVERY_CODE, page=recovery_page, endpoint="signin.recovery", label="Use a recovery code")
ways.register_enrolment(
    frozenset({Method.TOTP}),
    page=enrol_page,
    endpoint="signin.begin_enrolling_authenticator",
    label="Use an authenticator app instead",
)
