"""Audit events of sign-ins, sessions and logouts."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInFailed(Event):
    tag = "sign-in.failed"
    sentence = "failed to sign in ({method}: {cause})"
    attempt_id: str
    method: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted(Event):
    tag = "session.started"
    sentence = "signed in ({methods})"
    attempt_id: str
    session_id: str
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    tag = "session.ended"
    sentence = "was signed out ({cause})"
    session_id: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutFinished(Event):
    """What every application of an ended session has said: confirmed, asked, failed, cannot (target: the account)."""

    tag = "logout.finished"
    sentence = "told the applications of an ended session of {person} ({cause}): {summary}"
    logout_id: str
    person: str
    cause: str
    summary: str
    applications: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlassUsed(Event):
    """An account for emergencies was used, or somebody tried to. Organization administrators were told by mail."""

    tag = "break-glass-account.used"
    sentence = "ALARM: used the break-glass account {email}: {what} ({method})"
    email: str
    what: str
    method: str
    attempt_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReported(Event):
    """
    A person said that something was not them, and everything was ended (target: the account).

    Args:
        removed: the second steps that had been added since.
        address: the e-mail address that the account got back, if so.
        helped_by: ``mail`` (a link to set a new password was mailed) or ``administrator``.
    """

    tag = "incident.reported"
    sentence = "said of {kind} that it was not them; removed: {removed}; address: {address}; helped by {helped_by}"
    kind: str
    since: str
    removed: tuple[str, ...]
    address: str
    helped_by: str
