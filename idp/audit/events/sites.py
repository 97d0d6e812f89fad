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
