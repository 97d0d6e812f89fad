"""Audit events of the installation and its organizations."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationInitialized(Event):
    tag = "installation.initialized"
    sentence = "initialised the installation (version {version})"
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationCreated(Event):
    tag = "organization.created"
    sentence = "created the organization {name} ({slug})"
    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationChanged(Event):
    tag = "organization.changed"
    sentence = "changed the organization from {before} to {after}"
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationSuspended(Event):
    tag = "organization.suspended"
    sentence = "suspended the organization {name} ({slug})"
    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationResumed(Event):
    tag = "organization.resumed"
    sentence = "resumed the organization {name} ({slug})"
    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationSeeded(Event):
    tag = "installation.seeded"
    sentence = "filled the installation with made-up organizations ({scale}, seed {seed})"
    scale: str
    seed: int
