"""Attempts: how sign-ins, sign-ons and token requests went; the list, and each as a trace."""

from collections.abc import Iterator, Mapping, Sequence

from flask import Blueprint, Response

from idp.audit import step_words
from idp.audit.attempts import cause_of, cause_of_attempt
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
from idp.web.console.lists import After, At
from idp.web.security import administrator

pages = Blueprint("console_attempts", __name__, url_prefix="/admin/attempts")

_PLACE = "attempts"


def _read(work: Work, at: At, after: After, limit: int) -> list[Attempt]:
    chosen = at.chosen
    return history_lists.attempts(
        work,
        at.organization_id,
        after=after,
        limit=limit,
        outcome=chosen["outcome"],
        account_id=log_filters.person(work, at.organization_id, chosen["who"]).id,
        application_id=log_filters.application(work, at.organization_id, chosen["application"]).id,
        kind=chosen["kind"],
        period=log_filters.period(chosen["since"], chosen["until"]),
    )


def _cells(work: Work, at: At, rows: Sequence[Attempt]) -> Iterator[Sequence[object]]:
    called = _called(work, at.organization_id, rows)
    for one in rows:
        yield (
            *(one.at, one.id, one.kind, one.outcome, one.code, one.cause, one.decision, one.rule),
            *(called.get(one.account_id or "", one.account_id), one.site_id, one.application_id),
            *(called.get(one.application_id or "", ""), one.ip, one.request_id),
        )


LIST = lists.Listing(
    name="attempts",
    file="console_attempts.as_csv",
    read=_read,
    key=history_lists.key,
    heads=(
        *("at", "id", "kind", "outcome", "code", "cause", "decision", "rule"),
        *("person", "site_id", "application_id", "application", "ip", "request_id"),
    ),
    cells=_cells,
    filters={
        "outcome": lists.one_of(history_lists.OUTCOMES),
        "who": lists.text,
        "application": lists.text,
        "kind": history_lists.is_kind,
        "since": lists.day,
        "until": lists.day,
    },
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List attempts, the newest first; the address says with what outcome, of whom, to what and when."""
    organization_id = desk.organization.id
    found = LIST.page(work, desk)
    who = log_filters.person(work, organization_id, found.filters["who"])
    application = log_filters.application(work, organization_id, found.filters["application"])
    return console_page(
        work,
        desk,
        "console/attempts/index.html",
        place=_PLACE,
        listed=found,
        called=_called(work, organization_id, found.rows),
        unknown=who.unknown or application.unknown,
        cause_of_attempt=cause_of_attempt,
    )


@pages.get("/attempts.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the attempts that the address asks for as a CSV file, streamed."""
    return LIST.as_csv(work, desk)


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
        cause_of=cause_of,
        in_a_sentence=step_words.sentence,
        cause_of_attempt=cause_of_attempt,
        chapters=story(work, attempt) if desk.may(Permission.POLICY_READ) else (),
    )


def _called(work: Work, organization_id: str, rows: Sequence[Attempt]) -> Mapping[str, str]:
    ids = {id_ for one in rows for id_ in (one.account_id, one.application_id) if id_}
    return history_lists.called(work, organization_id, ids)


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
