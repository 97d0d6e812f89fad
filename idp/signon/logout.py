"""Ending a session, and who took part in it."""

from dataclasses import dataclass

from idp.base.work import Work
from idp.directory.models import Application
from idp.signon import session as session_
from idp.signon.session import CurrentSession


@dataclass(frozen=True, slots=True)
class SignedOut:
    """What a sign-out ended: the applications that got an answer in the session, by name."""

    applications: tuple[str, ...]


def sign_out(work: Work, session: CurrentSession, *, because: str) -> SignedOut:
    """End *session* here; return the applications that may still have sessions of their own."""
    names: list[str] = []
    for participant in session_.participants(work, session.organization_id, session.id):
        application = work.tx.session.get(Application, (session.organization_id, participant.application_id))
        if application is not None and application.deleted_at is None:
            names.append(application.name)
    session_.end(work, session.organization_id, session.id, because=because)
    return SignedOut(tuple(sorted(names)))
