"""Layouts of the launcher: the list in the order in which they count, each one's sections, and what a person sees."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for

from idp.base.errors import Conflict, Invalid
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import history, launcher_arrangements, launcher_layouts, reaching
from idp.directory.launcher_models import LauncherLayout
from idp.policy import launcher
from idp.policy.launcher import LONGEST_NAME, Section
from idp.policy.permissions import Permission, require
from idp.web.console import confirming, lists, seen
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.lists import At
from idp.web.languages import gettext as _
from idp.web.languages import ngettext
from idp.web.launcher import shelves
from idp.web.render import redirect
from idp.web.security import administrator

pages = Blueprint("console_layouts", __name__, url_prefix="/admin/layouts")

_PLACE = "layouts"
_UP, _DOWN = -1, 1
_LONGEST = 128
_BEFORE = "before"
_MANY = 10
"""So many people, or more, are many: what reaches them asks for a second step, and for a yes."""


def _cells(work: Work, at: At, rows: Sequence[LauncherLayout]) -> Iterator[Sequence[object]]:
    named = launcher_layouts.named(work, rows)
    for one in rows:
        sections = "; ".join(str(section["name"]) for section in one.sections)
        yield one.id, one.group_id, named[one.id], one.overrides, sections, one.created_at


LIST = lists.Listing(
    name="layouts",
    file="console_layouts.as_csv",
    read=lambda work, at, after, limit: lists.part(
        [
            one
            for one in launcher_layouts.layouts(work, at.organization)
            if not at.chosen["counts"] or (at.chosen["counts"] == _BEFORE) == one.overrides
        ],
        launcher_layouts.order_of,
        after,
        limit,
    ),
    key=launcher_layouts.order_of,
    heads=("id", "group_id", "for", "before_what_people_arrange", "sections", "created"),
    cells=_cells,
    filters={"counts": lists.one_of((_BEFORE, "as-a-beginning"))},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List the layouts, narrowed by how they ``counts``; of those that are for a person, the first one counts."""
    found = LIST.page(work, desk)
    return console_page(
        work,
        desk,
        "console/layouts/index.html",
        place=_PLACE,
        listed=found,
        named=launcher_layouts.named(work, found.rows),
        shown=seen.mark([one.id for one in launcher_layouts.layouts(work, desk.organization.slug)]),
        at=request.args.get("at", ""),
        by=request.args.get("by", ""),
    )


@pages.get("/layouts.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the layouts as a CSV file, streamed, in the order in which they count."""
    return LIST.as_csv(work, desk)


@pages.post("/order")
@administrator
@at_desk(again=index)
def order(work: Work, desk: Desk) -> Response:
    """Move the layout that ``up`` or ``down`` names one place; where many are in both groups, when that was confirmed."""
    by = "up" if "up" in request.form else "down"
    there = launcher_layouts.layouts(work, desk.organization.slug)
    ids = [one.id for one in there]
    seen.unchanged(request.form.get(by, ""), seen.mark(ids))
    moved = request.form.get(by, "")
    if moved in ids:
        at = ids.index(moved)
        to = min(max(at + (_UP if by == "up" else _DOWN), 0), len(ids) - 1)
        count = _in_both(work, there[at], there[to])
        unproven = _unproven(work, desk, count, "console_layouts.index")
        if unproven is not None:
            return unproven
        ids.insert(to, ids.pop(at))
        launcher_layouts.order(work, desk.organization.slug, ids)
        said = ngettext(
            "For %(num)s person, who is in both groups, another layout counts from now on.",
            "For %(num)s people, who are in both groups, another layout counts from now on.",
            count,
        )
        _confirmed(count, _("Change the order of the layouts?"), said, _("Change the order"))
    return redirect("console_layouts.index", at=moved[:_LONGEST], by=by)


@pages.get("/new")
@administrator
@at_desk
@fresh
def new(work: Work, desk: Desk) -> Response:
    """Ask for whom a layout is to be."""
    return console_page(work, desk, "console/layouts/new.html", place=_PLACE)


@pages.post("/new")
@administrator
@at_desk(again=new)
@fresh
def create(work: Work, desk: Desk) -> Response:
    """Create a layout without sections; where it is for many, when somebody has said yes to that."""
    group = request.form.get("group", "").strip()
    made = launcher_layouts.create(
        work, desk.organization.slug, group=group or None, sections=[], overrides="overrides" in request.form
    )
    count = _reach(work, made)
    said = ngettext(
        "It counts for %(num)s person at once, and is empty until you give it sections.",
        "It counts for %(num)s people at once, and is empty until you give it sections.",
        count,
    )
    _confirmed(count, _("Add a layout for so many?"), said, _("Add it"))
    return done(work, desk, _("Created. Give it sections now."), "console_layouts.show", layout_id=made.id)


@pages.get("/preview")
@administrator
@at_desk
def preview(work: Work, desk: Desk) -> Response:
    """Show what a person (``account``, an address) finds in the launcher now."""
    account = request.args.get("account", "").strip()[:320]
    seen = None
    if account:
        own = launcher_arrangements.of_other(work, account, organization_id=desk.organization.id)
        seen = [shelf for shelf in shelves(own) if shelf.tiles]
    return console_page(work, desk, "console/layouts/preview.html", place=_PLACE, account=account, shelves=seen)


@pages.get("/<layout_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, layout_id: str) -> Response:
    """
    Show the sections of a layout, each application with its buttons; ``q`` finds some to add, ``change`` one section.

    Whoever may change one that is for many proves the second step before they do.
    """
    found = launcher_layouts.layout(work, desk.organization.slug, layout_id)
    reach = _reach(work, found)
    if desk.may(Permission.ORGANIZATION_EDIT):
        unproven = _unproven(work, desk, reach)
        if unproven is not None:
            return unproven
    query = request.args.get("q", "").strip()[:100]
    sections = launcher.read(found.sections)
    placed = [application for one in sections for application in one.applications]
    matches = launcher_layouts.find_applications(work, desk.organization.id, query)
    return console_page(
        work,
        desk,
        "console/layouts/show.html",
        place=_PLACE,
        layout=found,
        reach=reach,
        called=launcher_layouts.named(work, [found])[found.id],
        parts=sections,
        known=launcher_layouts.applications(work, desk.organization.id, placed),
        placed=frozenset(placed),
        query=query,
        matches=matches,
        at=request.args.get("at", ""),
        by=request.args.get("by", ""),
        longest=LONGEST_NAME,
        changing=request.form.get("section") or request.args.get("change", ""),
    )


@pages.post("/<layout_id>")
@administrator
@at_desk(again=show)
def change(work: Work, desk: Desk, layout_id: str) -> Response:
    """Change a layout by the one thing that the form names."""
    found = launcher_layouts.layout(work, desk.organization.slug, layout_id)
    unproven = _unproven(work, desk, _reach(work, found))
    if unproven is not None:
        return unproven
    sections = _changed(launcher.read(found.sections))
    launcher_layouts.edit(work, desk.organization.slug, layout_id, sections=sections, if_version=lists.version())
    by = next((name for name in ("up", "down") if name in request.form), "")
    return redirect("console_layouts.show", layout_id=layout_id, at=_sent(by) or _sent("application"), by=by)


def _changed(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    form, section = request.form, _sent("section")
    everything = frozenset(application for one in sections for application in one.applications)
    if "up" in form or "down" in form:
        by = "up" if "up" in form else "down"
        _check(_sent(by) in everything)
        return launcher.step(sections, _sent(by), _UP if by == "up" else _DOWN, everything)
    if "out" in form:
        return launcher.take_out(sections, _sent("out"))
    if "add" in form:
        name = launcher_layouts.section_name(form["add"])
        if any(one.name.casefold() == name.casefold() for one in sections):
            raise Conflict(phrase("There is a section “%(name)s” already.", name=name), field="add")
        return launcher.add(sections, name)
    if "moved" in form:
        _check(any(one.name == _sent("moved") for one in sections))
        return launcher.place(sections, _sent("moved"), _sent("before") or None)
    _check(any(one.name == section for one in sections))
    if "application" in form:
        return launcher.put(sections, _sent("application"), section, _sent("before") or None)
    if "section_up" in form or "section_down" in form:
        return launcher.shift(sections, section, _UP if "section_up" in form else _DOWN)
    if "section_out" in form:
        return launcher.remove(sections, section)
    return launcher.rename(sections, section, launcher_layouts.section_name(form.get("name", "")))


def _check(there: bool) -> None:
    if not there:
        raise Invalid("There is no such section or application any more.", advice="Load the page again.")


@pages.post("/<layout_id>/counts")
@administrator
@at_desk(again=show)
def counts(work: Work, desk: Desk, layout_id: str) -> Response:
    """Say whether the layout goes before what people arrange; where they are many, when that was confirmed."""
    found = launcher_layouts.layout(work, desk.organization.slug, layout_id)
    count, before = _reach(work, found), found.overrides
    unproven = _unproven(work, desk, count, "console_layouts.show", layout_id=layout_id)
    if unproven is not None:
        return unproven
    changed = launcher_layouts.edit(
        work,
        desk.organization.slug,
        layout_id,
        overrides="overrides" in request.form,
        if_version=lists.version(),
    )
    if changed.overrides != before:
        _overriding(count, changed)
    return done(work, desk, _("Saved."), "console_layouts.show", layout_id=layout_id)


@pages.get("/<layout_id>/delete")
@administrator
@at_desk
@fresh
def ask_to_delete(work: Work, desk: Desk, layout_id: str) -> Response:
    """Ask whether to delete a layout, and say what that means, and for how many."""
    require(work, Permission.ORGANIZATION_EDIT, desk.organization.id)
    found = launcher_layouts.layout(work, desk.organization.slug, layout_id)
    return _of(work, desk, layout_id, "delete", count=_reach(work, found))


@pages.post("/<layout_id>/delete")
@administrator
@at_desk(again=ask_to_delete)
@fresh
def delete(work: Work, desk: Desk, layout_id: str) -> Response:
    """Delete a layout."""
    launcher_layouts.delete(work, desk.organization.slug, layout_id, if_version=lists.version())
    return done(work, desk, _("Deleted."), "console_layouts.index")


@pages.get("/<layout_id>/history")
@administrator
@at_desk
def past(work: Work, desk: Desk, layout_id: str) -> Response:
    """Show what was done to a layout."""
    return _of(work, desk, layout_id, "history", entries=history.of_target(work, desk.organization.id, layout_id))


def _reach(work: Work, of: LauncherLayout) -> int:
    """Return how many people a layout is for."""
    if of.group_id is None:
        return reaching.everyone(work, of.organization_id)
    return reaching.group_by_id(work, of.organization_id, of.group_id)


def _in_both(work: Work, one: LauncherLayout, other: LauncherLayout) -> int:
    """Return for how many people it matters which of two layouts comes first; that of everyone is always last."""
    if one.group_id is None or other.group_id is None or one is other:
        return 0
    return reaching.both_by_id(work, one.organization_id, one.group_id, other.group_id)


def _unproven(work: Work, desk: Desk, reach: int, back: str = "", **values: str) -> Response | None:
    """Return where the second step is proven before something reaches many people; *back*: to come back to."""
    if reach < _MANY or not desk.may(Permission.ORGANIZATION_EDIT):  # who may not is refused by the verb
        return None
    return confirming.second_step(work, desk, (back, values) if back else None)


def _overriding(count: int, of: LauncherLayout) -> None:
    if of.overrides:
        title = _("Put this layout before what people arrange?")
        said = ngettext(
            "%(num)s person finds its sections first at once, whatever they have arranged, and cannot move them.",
            "%(num)s people find its sections first at once, whatever they have arranged, and cannot move them.",
            count,
        )
    else:
        title = _("Let people arrange before this layout?")
        said = ngettext(
            "%(num)s person finds at once what they have arranged, and this layout only where they have not.",
            "%(num)s people find at once what they have arranged, and this layout only where they have not.",
            count,
        )
    _confirmed(count, title, said, _("Save"), of)


def _confirmed(count: int, title: str, said: str, button: str, of: LauncherLayout | None = None) -> None:
    """Ask before something is kept that reaches *count* people, where these are many."""
    if count < _MANY:
        return
    back = url_for("console_layouts.index"), _("Launcher layouts")
    if of is not None:
        back = url_for("console_layouts.show", layout_id=of.id), _("The layout")
    question = confirming.Question(
        title=title,
        says=[said % {"num": count}],
        button=button,
        action=request.path,
        back=back,
        carried=confirming.sent_on(),
        version=lists.version(),
    )
    confirming.confirmed(question, place=_PLACE)


def _of(work: Work, desk: Desk, layout_id: str, template: str, **values: Any) -> Response:
    found: LauncherLayout = launcher_layouts.layout(work, desk.organization.slug, layout_id)
    return console_page(
        work,
        desk,
        f"console/layouts/{template}.html",
        place=_PLACE,
        layout=found,
        called=launcher_layouts.named(work, [found])[found.id],
        **values,
    )


def _sent(name: str) -> str:
    return request.form.get(name, "")[:_LONGEST]
