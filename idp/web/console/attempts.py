"""Attempts: how sign-ins, sign-ons and token requests went; the list, and each as a trace."""

from flask import Blueprint, Response

from idp.audit.findings import Finding
from idp.audit.models import Attempt
from idp.base.errors import NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import history, history_lists
from idp.oidc.checking import examination as of_clients
from idp.policy.permissions import Permission
from idp.saml.doctor import examination as of_providers
from idp.signon.story import story
from idp.web import context
from idp.web.console import lists, log_filters
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.security import administrator

pages = Blueprint("console_attempts", __name__, url_prefix="/admin/attempts")

_PLACE = "attempts"
_FILTERS = ("outcome", "who", "application", "kind", "since", "until")


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List attempts, the newest first; the address says with what outcome, of whom, to what and when."""
    chosen = lists.filters(*_FILTERS)
    organization_id = desk.organization.id
    who = log_filters.person(work, organization_id, chosen["who"])
    application = log_filters.application(work, organization_id, chosen["application"])
    found = lists.listed(
        desk,
        "attempts",
        chosen,
        lambda after, limit: history_lists.attempts(
            work,
            organization_id,
            after=after,
            limit=limit,
            outcome=chosen["outcome"],
            account_id=who.id,
            application_id=application.id,
            kind=chosen["kind"],
            period=log_filters.period(chosen["since"], chosen["until"]),
        ),
        history_lists.key,
    )
    ids = {id_ for one in found.rows for id_ in (one.account_id, one.application_id) if id_}
    return console_page(
        work,
        desk,
        "console/attempts/index.html",
        place=_PLACE,
        listed=found,
        called=history_lists.called(work, organization_id, ids),
        unknown=who.unknown or application.unknown,
    )


@pages.get("/<attempt_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, attempt_id: str) -> Response:
    """Show how an attempt went, step by step; of one that failed, why, and who changes what."""
    attempt = history.attempt(work, attempt_id)
    if attempt.organization_id != desk.organization.id:
        raise NotFound(
            phrase("There is no attempt “%(attempt_id)s”.", attempt_id=attempt_id[:80]),
            advice="Copy the whole reference: att_…",
        )
    ids = {id_ for id_ in (attempt.account_id, attempt.application_id) if id_}
    return console_page(
        work,
        desk,
        "console/attempts/show.html",
        place=_PLACE,
        attempt=attempt,
        called=history_lists.called(work, desk.organization.id, ids),
        findings=_findings(work, attempt),
        chapters=story(work, attempt) if desk.may(Permission.POLICY_READ) else (),
    )


def _findings(work: Work, attempt: Attempt) -> tuple[Finding, ...]:
    settings = context.settings()
    return tuple(
        finding
        for look in (of_providers.of_attempt, of_clients.of_attempt)
        for finding in look(
            work,
            attempt,
            base_url=settings.base_url,
            http_loopback=settings.development.allow_http_loopback_applications,
        )
    )
