"""A test sign-in in another tab, and its trace as it appears."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request

from idp.audit import step_words
from idp.audit.attempts import cause_of
from idp.audit.models import Attempt
from idp.base.texts import Words
from idp.base.work import Work
from idp.directory import access, sign_on_tests
from idp.directory.models import Application
from idp.oidc import clients
from idp.saml import providers
from idp.web.console.application_page import application_of, application_page, onward
from idp.web.console.desk import Desk, at_desk
from idp.web.render import redirect
from idp.web.security import administrator

pages = Blueprint("console_application_test", __name__, url_prefix="/admin/applications/<application_id>/test")

_WATCHED = timedelta(minutes=10)
"""How long the page looks again by itself: else it would keep a session alive that nobody uses."""


@dataclass(frozen=True, slots=True)
class Trace:
    """An attempt, told: each step in one sentence, with whether it went well and why not."""

    id: str
    at: datetime
    outcome: str
    steps: list[tuple[Words, bool, str]]
    code: str


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk, application_id: str) -> Response:
    """Offer a test, or show how the one goes that began at ``since``."""
    application = application_of(work, desk, application_id)
    since = _since(request.args.get("since", ""))
    traces: list[Trace] = []
    if since is not None:
        found = sign_on_tests.attempts(work, application.id, desk.session.account_id, since)
        traces = [_trace(one) for one in found]
    return application_page(
        work,
        desk,
        "test",
        application,
        "test",
        since=since,
        traces=traces,
        watching=since is not None and work.now - since < _WATCHED,
        starts_at=_starts_at(work, application),
        opens=access.may_open(work, application.organization_id, application.id, desk.session.account_id),
    )


@pages.post("")
@administrator
@at_desk(again=index)
def begin(work: Work, desk: Desk, application_id: str) -> Response:
    """Begin to watch: what is seen from now on belongs to the test."""
    application = application_of(work, desk, application_id)
    return redirect(
        "console_application_test.index", application_id=application.id, since=work.now.isoformat(), **onward()
    )


def _since(text: str) -> datetime | None:
    try:
        since = datetime.fromisoformat(text)
    except ValueError:
        return None
    return since if since.tzinfo is not None else None


def _starts_at(work: Work, application: Application) -> str:
    """Return where signing on begins; empty where nobody knows: then people begin at the application."""
    if application.disabled_at is not None:
        return ""
    if application.protocol == providers.PROTOCOL:
        provider = providers.of_application(work, application)
        return application.launch_url if provider.idp_initiated or provider.start_url else ""
    registration: dict[str, Any] = clients.of_application(work, application).registration
    return application.launch_url if registration.get("initiate_login_uri") else ""


def _trace(attempt: Attempt) -> Trace:
    steps = [
        (
            step_words.sentence(attempt.kind, step),
            step.get("state") != "failed",
            cause_of(step) if step.get("state") == "failed" else _facts(step),
        )
        for step in attempt.steps
    ]
    return Trace(attempt.id, attempt.at, attempt.outcome, steps, attempt.code)


def _facts(step: dict[str, Any]) -> str:
    known = ("step", "state", "code", "cause", "words")
    return ", ".join(f"{name}: {_said(value)}" for name, value in step.items() if name not in known and value)


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
