"""Audit events of APIs and their scopes."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCreated(Event):
    tag = "api.created"
    sentence = "registered the API {name} ({identifier})"
    name: str
    identifier: str
    site_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiChanged(Event):
    tag = "api.changed"
    sentence = "changed the API {identifier} from {before} to {after}"
    identifier: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDisabled(Event):
    tag = "api.disabled"
    sentence = "disabled the API {identifier}"
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiEnabled(Event):
    tag = "api.enabled"
    sentence = "enabled the API {identifier} again"
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDeleted(Event):
    tag = "api.deleted"
    sentence = "removed the API {name} ({identifier}) for good"
    name: str
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSecretRotated(Event):
    tag = "api.secret-rotated"
    sentence = "made a new secret for the API {identifier}"
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiScopeAdded(Event):
    tag = "api.scope-added"
    sentence = "added the scope {scope} to the API {identifier}: {description}"
    identifier: str
    scope: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiScopeChanged(Event):
    tag = "api.scope-changed"
    sentence = "changed what the scope {scope} of the API {identifier} means from {before} to {after}"
    identifier: str
    scope: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiScopeRemoved(Event):
    tag = "api.scope-removed"
    sentence = "removed the scope {scope} of the API {identifier}"
    identifier: str
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiScopeGranted(Event):
    tag = "api.scope-granted"
    sentence = "granted {subject_kind} {subject} the scope {scope} of the API {identifier} (until: {until})"
    identifier: str
    scope: str
    subject_kind: str
    subject: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiScopeWithdrawn(Event):
    tag = "api.scope-withdrawn"
    sentence = "withdrew the scope {scope} of the API {identifier} from {subject_kind} {subject}"
    identifier: str
    scope: str
    subject_kind: str
    subject: str
