"""Audit events of the launcher: layouts, bookmarks, what tiles show."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutCreated(Event):
    tag = "layout.created"
    sentence = "created a layout of the launcher for {group}"
    group: str
    sections: list[str]
    overrides: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutChanged(Event):
    tag = "layout.changed"
    sentence = "changed the layout of the launcher for {group} from {before} to {after}"
    group: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutRanked(Event):
    tag = "layout.order-changed"
    sentence = "changed which layout of the launcher counts first: {order}"
    order: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutDeleted(Event):
    tag = "layout.deleted"
    sentence = "deleted the layout of the launcher for {group}"
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookmarkChanged(Event):
    tag = "application.bookmark-changed"
    sentence = "changed the bookmark {name} from {before} to {after}"
    name: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TileChanged(Event):
    tag = "application.tile-changed"
    sentence = "changed the tile of the application {name} from {before} to {after}"
    name: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationPictureChanged(Event):
    tag = "application.logo-changed"
    sentence = "changed the logo of the application {name} (there is one now: {present})"
    name: str
    present: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePictureChanged(Event):
    tag = "site.logo-changed"
    sentence = "changed the logo of the site {slug} (there is one now: {present})"
    slug: str
    present: bool
