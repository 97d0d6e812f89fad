"""What the page after a POST says has happened; and what has happened to something since its page was opened."""

from datetime import datetime, timedelta

from flask import Response

from idp.audit.models import AuditEntry
from idp.base.work import Work
from idp.directory import history
from idp.signon.session import CurrentSession
from idp.web import context, shown_once

_PURPOSE = "console-told"
_LONGEST = 1000
_A_DAY = timedelta(days=1)


def tell(response: Response, session: CurrentSession, words: str, now: datetime) -> Response:
    """Let the page after *response* say *words*, once, to the person of *session*."""
    return shown_once.show(response, _PURPOSE, session.id, (words[:_LONGEST],), now)


def read(session: CurrentSession) -> str:
    """Return what is to be said; empty: nothing."""
    found = shown_once.shown(_PURPOSE, session.id, context.installation().clock())
    return found[0] if found else ""


def is_there() -> bool:
    """Say whether the browser has brought something to be shown."""
    return shown_once.is_there()


def forget(response: Response) -> Response:
    """Say it no more."""
    return shown_once.forget(response)


def opened_at(now: datetime) -> str:
    """Return the moment at which a form was opened, for its hidden field."""
    return now.isoformat()


def since(work: Work, organization_id: str, target_id: str, opened: str) -> list[AuditEntry]:
    """Return what has happened to a target since the form that says *opened* was opened: a day back at most."""
    if not target_id:
        return []
    try:
        begin = datetime.fromisoformat(opened)
    except ValueError:
        begin = work.now - _A_DAY
    if begin.tzinfo is None:
        begin = work.now - _A_DAY
    return history.of_target(work, organization_id, target_id, since=max(begin, work.now - _A_DAY), limit=20)
