"""Audit events of sites."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCreated(Event):
    tag = "site.created"
    sentence = "created the site {name} ({slug})"
    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteChanged(Event):
    tag = "site.changed"
    sentence = "changed a site from {before} to {after}"
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRenamed(Event):
    tag = "site.renamed"
    sentence = "changed the short name of a site from {before} to {after}: all of its addresses"
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDisabled(Event):
    tag = "site.disabled"
    sentence = "switched the site {name} off"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEnabled(Event):
    tag = "site.enabled"
    sentence = "switched the site {name} on again"
    name: str
