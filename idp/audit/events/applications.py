"""Audit events of applications and who may open them."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationCreated(Event):
    tag = "application.created"
    sentence = "registered the application {name} ({protocol})"
    name: str
    protocol: str
    site_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRenamed(Event):
    tag = "application.renamed"
    sentence = "renamed the application {before} to {after}"
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationDisabled(Event):
    tag = "application.disabled"
    sentence = "disabled the application {name}"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationEnabled(Event):
    tag = "application.enabled"
    sentence = "enabled the application {name} again"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationDeleted(Event):
    tag = "application.deleted"
    sentence = "deleted the application {name}"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessGranted(Event):
    tag = "application.access-granted"
    sentence = "gave {subject_kind} {subject} access to an application"
    subject_kind: str
    subject: str
    name: str = ""
    until: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessWithdrawn(Event):
    """An access grant was ended before its time."""

    tag = "application.access-withdrawn"
    sentence = "took access to the application {name} from {subject_kind} {subject}"
    name: str
    subject_kind: str
    subject: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOn(Event):
    """A person was signed on to an application (target: the account)."""

    tag = "application.signed-on"
    sentence = "signed on to an application ({protocol})"
    attempt_id: str
    application_id: str
    session_id: str
    protocol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOnRefused(Event):
    """An application was refused to a person, or a request of an application was refused."""

    tag = "application.sign-on-refused"
    sentence = "was refused at an application ({code})"
    attempt_id: str
    code: str
