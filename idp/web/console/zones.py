"""Zones and the block list, and how the one who looks is seen."""

from flask import Blueprint, Response, request, url_for

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import history, policy_lists, zones
from idp.directory.zones import Contents, Tested
from idp.policy.access.networks import parsed
from idp.policy.models import Zone
from idp.web.console import confirming, lists, zone_words
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.guarding import guarded
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint("console_zones", __name__, url_prefix="/admin/zones")

_PLACE = "zones"


LIST = lists.Listing(
    name="zones",
    file="console_zones.as_csv",
    read=lambda work, at, after, limit: policy_lists.zones(
        work, at.organization_id, after=after, limit=limit, starting=at.chosen["q"], usage=at.chosen["usage"]
    ),
    key=lambda one: (one.name, one.id),
    heads=("id", "name", "usage", "networks", "asns", "countries", "cities", "created"),
    cells=lambda work, at, rows: (
        (
            *(one.id, one.name, one.usage, " ".join(one.networks), " ".join(one.asns), " ".join(one.countries)),
            *("; ".join(one.cities), one.created_at),
        )
        for one in rows
    ),
    filters={"q": lists.text, "usage": lists.one_of(zones.USAGES)},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List the zones, narrowed by ``q`` and ``usage``; say how this request is seen, and in which zones an address is."""
    asked = lists.filters("ip")["ip"]
    listed = LIST.page(work, desk)
    return console_page(
        work,
        desk,
        "console/zones/index.html",
        place=_PLACE,
        listed=listed,
        zones=[(one, zones.described(zones.contents_of(one))) for one in listed.rows],
        here=work.origin,
        located=work.origin.locate(work.origin.ip),
        inside=_inside(work, desk, work.origin.ip),
        asked=asked,
        no_address=bool(asked) and parsed(asked) is None,
        asked_place=work.origin.locate(asked) if parsed(asked) is not None else None,
        asked_inside=_inside(work, desk, asked),
    )


@pages.get("/zones.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the zones that the address asks for as a CSV file, streamed."""
    return LIST.as_csv(work, desk)


@pages.get("/new")
@administrator
@at_desk
@fresh
def new(work: Work, desk: Desk) -> Response:
    """Ask what a new zone is made of."""
    return console_page(work, desk, "console/zones/edit.html", place=_PLACE, zone=None, lines=_lines(None))


@pages.post("/new")
@administrator
@at_desk(again=new)
@fresh
def create(work: Work, desk: Desk) -> Response:
    """Create a zone; where it goes onto the block list, when somebody has said yes to what that does."""
    with guarded(work, desk):
        made = zones.create(
            work, desk.organization.slug, request.form.get("name", ""), _contents(), usage=request.form.get("usage", "")
        )
    _confirmed(work, desk, None, made, _("Create the zone “%(name)s”?", name=made.name), _("Create the zone"))
    return done(work, desk, _("The zone was created."), "console_zones.show", zone_id=made.id)


@pages.get("/<zone_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, zone_id: str) -> Response:
    """Show a zone, all that it is made of, and what was done to it."""
    zone = _zone(work, desk, zone_id)
    return console_page(
        work,
        desk,
        "console/zones/show.html",
        place=_PLACE,
        zone=zone,
        lines=_lines(zone),
        rules=zones.named_by(work, zone),
        entries=history.of_target(work, desk.organization.id, zone.id, limit=20),
    )


@pages.get("/<zone_id>/edit")
@administrator
@at_desk
@fresh
def edit(work: Work, desk: Desk, zone_id: str) -> Response:
    """Ask what is to change of a zone."""
    zone = _zone(work, desk, zone_id)
    return console_page(work, desk, "console/zones/edit.html", place=_PLACE, zone=zone, lines=_lines(zone))


@pages.post("/<zone_id>/edit")
@administrator
@at_desk(again=edit)
@fresh
def save(work: Work, desk: Desk, zone_id: str) -> Response:
    """
    Change a zone; rules that name it count with its new contents at once.

    Where that shuts addresses out, lets them in or changes what rules say of them, somebody says yes to it first.
    """
    found = _zone(work, desk, zone_id)
    before = zone_words.standing(found)
    with guarded(work, desk):
        changed = zones.change(
            work,
            desk.organization.slug,
            found.id,
            name=request.form.get("name", ""),
            contents=_contents(),
            usage=request.form.get("usage", ""),
            if_version=lists.version(),
        )
    _confirmed(work, desk, before, changed, _("Change the zone “%(name)s”?", name=changed.name), _("Save"))
    return done(work, desk, _("Saved."), "console_zones.show", zone_id=zone_id)


@pages.get("/<zone_id>/delete")
@administrator
@at_desk
@fresh
def removal(work: Work, desk: Desk, zone_id: str) -> Response:
    """Ask whether a zone is to be deleted."""
    zone = _zone(work, desk, zone_id)
    return console_page(
        work, desk, "console/zones/delete.html", place=_PLACE, zone=zone, rules=zones.named_by(work, zone)
    )


@pages.post("/<zone_id>/delete")
@administrator
@at_desk(again=removal)
@fresh
def delete(work: Work, desk: Desk, zone_id: str) -> Response:
    """Delete a zone that no rule names."""
    with guarded(work, desk):
        gone = zones.delete(work, desk.organization.slug, _zone(work, desk, zone_id).id, if_version=lists.version())
    return done(work, desk, _("The zone “%(name)s” was deleted.", name=gone.name), "console_zones.index")


def _confirmed(
    work: Work, desk: Desk, before: zone_words.Standing | None, after: Zone, title: str, button: str
) -> None:
    """Ask before a change that meets people is kept; one that meets nobody is not asked about."""
    says = zone_words.said(work, desk, before, after)
    if not says:
        return
    index, shown = url_for("console_zones.index"), url_for("console_zones.show", zone_id=after.id)
    question = confirming.Question(
        title=title,
        says=says,
        button=button,
        action=request.path,
        back=(index, _("Zones")) if before is None else (shown, before.name),
        carried=confirming.sent_on(),
        version=lists.version(),
        danger=True,
    )
    confirming.confirmed(question, place=_PLACE)


def _zone(work: Work, desk: Desk, zone_id: str) -> Zone:
    return zones.zone(work, desk.organization.slug, zone_id)


def _inside(work: Work, desk: Desk, ip: str) -> list[Tested]:
    try:
        found = zones.test(work, desk.organization.slug, ip, work.origin.locate(ip))
    except Invalid:
        return []
    return [one for one in found if one.inside]


def _contents() -> Contents:
    return Contents(**{name: tuple(_typed(name)) for name in ("networks", "asns", "countries", "cities")})


def _typed(name: str) -> list[str]:
    """Return the lines of a field; what stands behind # is a comment."""
    said = (line.partition("#")[0].strip() for line in request.form.get(name, "").splitlines())
    return [line for line in said if line]


def _lines(zone: Zone | None) -> dict[str, str]:
    contents = Contents() if zone is None else zones.contents_of(zone)
    return {name: "\n".join(getattr(contents, name)) for name in ("networks", "asns", "countries", "cities")}
