"""Bookmarks: the list, each one's address, note, logo and who may open it."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for

from idp.base.errors import NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import (
    application_lists,
    applications,
    bookmark_lists,
    bookmarks,
    history,
    pictures,
    queries,
    reaching,
    sizes,
)
from idp.directory.bookmarks import PROTOCOL, Change
from idp.directory.models import Application, Site
from idp.directory.rights import require_on
from idp.policy.permissions import Permission
from idp.web.console import confirming, giving, lists, logos, seen
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.lists import At
from idp.web.languages import gettext as _
from idp.web.launcher import hue
from idp.web.security import administrator

pages = Blueprint("console_bookmarks", __name__, url_prefix="/admin/bookmarks")

_PLACE = "bookmarks"


def _cells(work: Work, at: At, rows: Sequence[Application]) -> Iterator[Sequence[object]]:
    sites = {one.id: one.slug for one in queries.sites(work, organization_id=at.organization_id)}
    for one in rows:
        yield one.id, one.name, one.launch_url, one.note, sites.get(one.site_id, ""), one.requestable, one.created_at


LIST = lists.Listing(
    name="bookmarks",
    file="console_bookmarks.as_csv",
    read=lambda work, at, after, limit: bookmark_lists.page(
        work, at.organization_id, after=after, limit=limit, starting=at.chosen["q"]
    ),
    key=lambda one: (one.name, one.id),
    heads=("id", "name", "leads_to", "note", "site", "on_request", "created"),
    cells=_cells,
    filters={"q": lists.text},
)
OPENERS = lists.Listing(
    name="bookmark-access",
    file="console_bookmarks.openers_as_csv",
    read=lambda work, at, after, limit: application_lists.openers(work, at.of, after=after, limit=limit),
    key=lambda one: (one.id,),
    heads=("id", "kind", "subject_id", "name", "since", "until", "reason"),
    cells=lambda work, at, rows: (
        (one.id, one.kind, one.subject_id, one.name, one.since, one.until, one.reason) for one in rows
    ),
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List bookmarks by name; ``q`` is the beginning of one."""
    return console_page(
        work,
        desk,
        "console/bookmarks/index.html",
        place=_PLACE,
        listed=LIST.page(work, desk),
        hue=hue,
        sites=_sites(work, desk),
    )


@pages.get("/bookmarks.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the bookmarks that the address asks for as a CSV file, streamed."""
    return LIST.as_csv(work, desk)


@pages.get("/<bookmark_id>/access.csv")
@administrator
@at_desk
def openers_as_csv(work: Work, desk: Desk, bookmark_id: str) -> Response:
    """Send who may open a bookmark as a CSV file, streamed."""
    return OPENERS.as_csv(work, desk, _bookmark(work, desk, bookmark_id))


@pages.get("/new")
@administrator
@at_desk
def new(work: Work, desk: Desk) -> Response:
    """Ask for the name and the address of a bookmark."""
    return console_page(work, desk, "console/bookmarks/new.html", place=_PLACE, sites=_sites(work, desk))


@pages.post("/new")
@administrator
@at_desk(again=new)
def create(work: Work, desk: Desk) -> Response:
    """Create a bookmark."""
    form = request.form
    site = next((one for one in _sites(work, desk) if one.slug == form.get("site", "")), None)
    if site is None:
        raise NotFound("There is no such site.", field="site", advice="Load the page again.")
    made = bookmarks.create(
        work,
        site.slug,
        name=form.get("name", ""),
        address=form.get("address", ""),
        note=form.get("note", ""),
        requestable="requestable" in form,
    )
    return done(work, desk, _("Created. Nobody may open it yet."), "console_bookmarks.show", bookmark_id=made.id)


@pages.get("/<bookmark_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, bookmark_id: str) -> Response:
    """Show a bookmark, and who may open it."""
    found = _bookmark(work, desk, bookmark_id)
    return _page(work, desk, "show", found, listed=OPENERS.page(work, desk, found))


@pages.get("/<bookmark_id>/access")
@administrator
@at_desk(again=show)
@fresh
def ask_to_give(work: Work, desk: Desk, bookmark_id: str) -> Response:
    """Say who gets access to a bookmark, and how many they are."""
    found, sent = _bookmark(work, desk, bookmark_id), lists.filters("who", "name")
    require_on(work, Permission.APPLICATION_GRANT, found)
    said = giving.sentence(work, desk, found, kind=sent["who"], group=sent["name"], account=sent["name"])
    question = confirming.Question(
        title=_("Give access to %(name)s?", name=found.name),
        says=[said],
        button=_("Give access"),
        action=url_for("console_bookmarks.give", bookmark_id=found.id),
        back=(url_for("console_bookmarks.show", bookmark_id=found.id), found.name),
        carried=[(name, value) for name, value in sent.items() if value],
    )
    return confirming.ask(work, desk, question, place=_PLACE)


@pages.post("/<bookmark_id>/access")
@administrator
@at_desk(again=show)
@fresh
def give(work: Work, desk: Desk, bookmark_id: str) -> Response:
    """Let everyone, a group or an account open a bookmark."""
    found = _bookmark(work, desk, bookmark_id)
    giving.check_kind(request.form.get("who", ""))
    who, name = request.form.get("who", ""), request.form.get("name", "").strip()
    applications.grant(
        work,
        found.id,
        everyone=who == "everyone",
        group=name if who == "group" else None,
        account=name if who == "account" else None,
    )
    return done(work, desk, _("Access is given."), "console_bookmarks.show", bookmark_id=found.id)


@pages.get("/<bookmark_id>/access/<grant_id>/withdraw")
@administrator
@at_desk
@fresh
def ask_to_withdraw(work: Work, desk: Desk, bookmark_id: str, grant_id: str) -> Response:
    """Say who loses access to a bookmark, and how many they are."""
    found = _bookmark(work, desk, bookmark_id)
    require_on(work, Permission.APPLICATION_GRANT, found)
    return console_page(
        work,
        desk,
        "console/applications/withdraw.html",
        place=_PLACE,
        application=found,
        opener=application_lists.opener(work, found, grant_id),
        losing=application_lists.losing(work, found, grant_id),
        countable=sizes.MANY,
        back=url_for("console_bookmarks.show", bookmark_id=found.id),
    )


@pages.post("/<bookmark_id>/access/<grant_id>/withdraw")
@administrator
@at_desk(again=ask_to_withdraw)
@fresh
def withdraw(work: Work, desk: Desk, bookmark_id: str, grant_id: str) -> Response:
    """End one access grant of a bookmark now."""
    found = _bookmark(work, desk, bookmark_id)
    applications.withdraw(work, found.id, grant_id, reason=request.form.get("reason", "").strip())
    words = _("Access to %(name)s was withdrawn.", name=found.name)
    return done(work, desk, words, "console_bookmarks.show", bookmark_id=found.id)


@pages.get("/<bookmark_id>/edit")
@administrator
@at_desk
def edit(work: Work, desk: Desk, bookmark_id: str) -> Response:
    """Ask for what is to be different."""
    return _page(work, desk, "edit", _bookmark(work, desk, bookmark_id))


@pages.post("/<bookmark_id>/edit")
@administrator
@at_desk(again=edit)
def save(work: Work, desk: Desk, bookmark_id: str) -> Response:
    """Change a bookmark."""
    form = request.form
    found = _bookmark(work, desk, bookmark_id)
    bookmarks.edit(
        work,
        found.id,
        Change(form.get("name", ""), form.get("address", ""), form.get("note", ""), "requestable" in form),
        if_version=lists.version(),
    )
    return done(work, desk, _("Saved."), "console_bookmarks.show", bookmark_id=found.id)


@pages.post("/<bookmark_id>/logo")
@administrator
@at_desk(again=edit)
def logo(work: Work, desk: Desk, bookmark_id: str) -> Response:
    """Give a bookmark the picture that was sent; without one, take its logo away."""
    found = _bookmark(work, desk, bookmark_id)
    pictures.set_of_application(work, found.id, logos.sent(), if_version=lists.version())
    return done(work, desk, _("Saved."), "console_bookmarks.show", bookmark_id=found.id)


@pages.get("/<bookmark_id>/delete")
@administrator
@at_desk
@fresh
def ask_to_delete(work: Work, desk: Desk, bookmark_id: str) -> Response:
    """Ask whether to delete a bookmark, and say what that means."""
    found = _bookmark(work, desk, bookmark_id)
    require_on(work, Permission.APPLICATION_DELETE, found)
    return _page(work, desk, "delete", found, count=reaching.application(work, found))


@pages.post("/<bookmark_id>/delete")
@administrator
@at_desk(again=ask_to_delete)
@fresh
def delete(work: Work, desk: Desk, bookmark_id: str) -> Response:
    """Delete a bookmark."""
    found = _bookmark(work, desk, bookmark_id)
    seen.unchanged(found.id, found.version)
    applications.delete(work, found.id)
    return done(work, desk, _("Deleted."), "console_bookmarks.index")


@pages.get("/<bookmark_id>/history")
@administrator
@at_desk
def past(work: Work, desk: Desk, bookmark_id: str) -> Response:
    """Show what was done to a bookmark."""
    found = _bookmark(work, desk, bookmark_id)
    return _page(work, desk, "history", found, entries=history.of_target(work, desk.organization.id, found.id))


def _bookmark(work: Work, desk: Desk, bookmark_id: str) -> Application:
    found = queries.application(work, bookmark_id)
    if found.organization_id != desk.organization.id or found.protocol != PROTOCOL:
        raise NotFound(phrase("There is no bookmark “%(bookmark_id)s”.", bookmark_id=bookmark_id[:80]))
    return found


def _sites(work: Work, desk: Desk) -> list[Site]:
    return [
        one
        for one in queries.sites(work, organization_id=desk.organization.id)
        if desk.may(Permission.APPLICATION_CREATE, site_id=one.id)
    ]


def _page(work: Work, desk: Desk, template: str, bookmark: Application, **values: Any) -> Response:
    of = {"site_id": bookmark.site_id, "application_id": bookmark.id}
    return console_page(
        work,
        desk,
        f"console/bookmarks/{template}.html",
        place=_PLACE,
        bookmark=bookmark,
        hue=hue,
        may_edit=desk.may(Permission.APPLICATION_EDIT, **of),
        may_grant=desk.may(Permission.APPLICATION_GRANT, **of),
        may_delete=desk.may(Permission.APPLICATION_DELETE, **of),
        **values,
    )
