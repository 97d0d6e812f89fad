"""The sites of the organization: how each shows itself, its addresses, its people, its short name."""

from typing import Any

from flask import Blueprint, Response, request

from idp.base.catalogues import LANGUAGES, own_name
from idp.base.work import Work
from idp.directory import account_lists, history, queries, site_life, site_lists, site_people, sites
from idp.directory.models import Site
from idp.directory.pictures import set_of_site
from idp.policy.permissions import Permission
from idp.web import context, pictures
from idp.web.console import lists, logos, seen
from idp.web.console.accounts import acts_of, may_act_on_all
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint("console_sites", __name__, url_prefix="/admin/sites")

_PLACE = "sites"


LIST = lists.Listing(
    name="sites",
    file="console_sites.as_csv",
    read=lambda work, at, after, limit: site_lists.page(
        work, at.organization_id, after=after, limit=limit, starting=at.chosen["q"], state=at.chosen["state"]
    ),
    key=lambda one: (one.slug,),
    heads=("id", "short_name", "name", "issuer", "entity_id", "state", "created"),
    cells=lambda work, at, rows: (
        (
            *(one.id, one.slug, one.name, _issuer(one), f"{_issuer(one)}/saml/metadata"),
            *(site_lists.OFF if one.disabled_at else site_lists.ON, one.created_at),
        )
        for one in rows
    ),
    filters={"q": lists.text, "state": lists.one_of(site_lists.STATES)},
)
PEOPLE = lists.Listing(
    name="site-people",
    file="console_sites.people_as_csv",
    read=lambda work, at, after, limit: site_people.page(
        work, at.of, after=after, limit=limit, starting=at.chosen["q"], kind=at.chosen["kind"]
    ),
    key=lambda one: (one.email_key, one.id),
    heads=("id", "email", "name", "kind", "last_active"),
    cells=lambda work, at, rows: ((one.id, one.email, one.name, one.kind, one.last_active_at) for one in rows),
    filters={"q": lists.text, "kind": lists.one_of(account_lists.KINDS)},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List the sites; ``q`` is the beginning of a name, ``state`` says whether those that are on or off."""
    found = LIST.page(work, desk)
    return console_page(work, desk, "console/sites/index.html", place=_PLACE, listed=found, issuer=_issuer)


@pages.get("/sites.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the sites that the address asks for as a CSV file, streamed."""
    return LIST.as_csv(work, desk)


@pages.get("/new")
@administrator
@at_desk
def new(work: Work, desk: Desk) -> Response:
    """Ask for the short name and the name of a new site."""
    return console_page(work, desk, "console/sites/new.html", place=_PLACE, base_url=context.settings().base_url)


@pages.post("/new")
@administrator
@at_desk(again=new)
def create(work: Work, desk: Desk) -> Response:
    """Create a site, with keys of its own."""
    made = sites.create(
        work,
        request.form.get("slug", "").strip(),
        organization=desk.organization.slug,
        name=request.form.get("name", ""),
    )
    return done(work, desk, _("The site is there, with keys of its own."), "console_sites.show", slug=made.slug)


@pages.get("/<slug>")
@administrator
@at_desk
def show(work: Work, desk: Desk, slug: str) -> Response:
    """Show a site and the addresses that applications are given."""
    site = _site(work, desk, slug)
    issuer = _issuer(site)
    return _page(
        work,
        desk,
        site,
        "show",
        issuer=issuer,
        addresses=[
            ("issuer", issuer),
            ("entity_id", f"{issuer}/saml/metadata"),
            ("configuration", f"{issuer}/.well-known/openid-configuration"),
        ],
        languages=[own_name(one) for one in site.languages],
        dependent=site_life.dependent(work, site),
    )


@pages.get("/<slug>/<what>.svg")
@administrator
@at_desk
def drawn(work: Work, desk: Desk, slug: str, what: str) -> Response:
    """Draw an address of a site as a QR code."""
    issuer = _issuer(_site(work, desk, slug))
    return pictures.qr(f"{issuer}/saml/metadata" if what == "entity_id" else issuer)


@pages.get("/<slug>/edit")
@administrator
@at_desk
def edit(work: Work, desk: Desk, slug: str) -> Response:
    """Ask how the site shows itself."""
    site = _site(work, desk, slug)
    return _page(work, desk, site, "edit", languages=[(one, own_name(one)) for one in LANGUAGES])


@pages.post("/<slug>/edit")
@administrator
@at_desk(again=edit)
def save(work: Work, desk: Desk, slug: str) -> Response:
    """Change how the site shows itself."""
    site = _site(work, desk, slug)
    given = request.form
    sites.edit(
        work,
        site.slug,
        name=given.get("name", ""),
        accent=given.get("accent", "").strip(),
        support_contact=given.get("support_contact", "").strip(),
        description=given.get("description", ""),
        organization_url=given.get("organization_url", "").strip(),
        technical_contact=given.get("technical_contact", "").strip(),
        languages=given.getlist("languages"),
        if_version=lists.version(),
    )
    return done(work, desk, _("Saved."), "console_sites.show", slug=site.slug)


@pages.post("/<slug>/logo")
@administrator
@at_desk(again=edit)
def logo(work: Work, desk: Desk, slug: str) -> Response:
    """Give the site the logo that was sent, or take its logo away."""
    site = _site(work, desk, slug)
    set_of_site(work, site.slug, logos.sent(), if_version=lists.version())
    return done(work, desk, _("Saved."), "console_sites.show", slug=site.slug)


@pages.get("/<slug>/people")
@administrator
@at_desk
def people(work: Work, desk: Desk, slug: str) -> Response:
    """List who may open an application of the site; ``q`` is the beginning of an address, ``kind`` narrows the list."""
    site = _site(work, desk, slug)
    return _page(
        work,
        desk,
        site,
        "people",
        listed=PEOPLE.page(work, desk, site),
        acts=acts_of(desk),
        may_act_on_all=may_act_on_all(desk),
    )


@pages.get("/<slug>/people.csv")
@administrator
@at_desk
def people_as_csv(work: Work, desk: Desk, slug: str) -> Response:
    """Send who may open an application of the site as a CSV file, streamed."""
    return PEOPLE.as_csv(work, desk, _site(work, desk, slug))


@pages.get("/<slug>/history")
@administrator
@at_desk
def past(work: Work, desk: Desk, slug: str) -> Response:
    """Show what was done to the site."""
    site = _site(work, desk, slug)
    return _page(work, desk, site, "history", entries=history.of_target(work, desk.organization.id, site.id))


@pages.get("/<slug>/rename")
@administrator
@at_desk
@fresh
def rename(work: Work, desk: Desk, slug: str) -> Response:
    """Ask for another short name, and say what it breaks."""
    site = _site(work, desk, slug)
    return _page(
        work, desk, site, "rename", dependent=site_life.dependent(work, site), base_url=context.settings().base_url
    )


@pages.post("/<slug>/rename")
@administrator
@at_desk(again=rename)
@fresh
def renamed(work: Work, desk: Desk, slug: str) -> Response:
    """Give the site another short name."""
    site = _site(work, desk, slug)
    new_slug = request.form.get("slug", "").strip()
    changed = site_life.rename(work, site.slug, new_slug, if_version=lists.version())
    words = _("The addresses have changed. Tell every application now.")
    return done(work, desk, words, "console_sites.show", slug=changed.slug)


@pages.get("/<slug>/switch")
@administrator
@at_desk
@fresh
def switch(work: Work, desk: Desk, slug: str) -> Response:
    """Ask whether to switch the site off, or on again, and say what that means."""
    site = _site(work, desk, slug)
    return _page(work, desk, site, "switch", dependent=site_life.dependent(work, site))


@pages.post("/<slug>/switch")
@administrator
@at_desk(again=switch)
@fresh
def switched(work: Work, desk: Desk, slug: str) -> Response:
    """Switch the site off, or on again, as was asked."""
    site = _site(work, desk, slug)
    seen.unchanged(site.id, site.version)
    if request.form.get("to") == "on":
        site_life.enable(work, site.slug)
        return done(work, desk, _("The site is on again."), "console_sites.show", slug=site.slug)
    site_life.disable(work, site.slug)
    return done(work, desk, _("The site is off. Nobody signs on through it."), "console_sites.show", slug=site.slug)


def _page(work: Work, desk: Desk, site: Site, name: str, **values: Any) -> Response:
    return console_page(
        work,
        desk,
        f"console/sites/{name}.html",
        place=_PLACE,
        subject=site,
        may_edit=desk.may(Permission.SITE_EDIT, site_id=site.id),
        **values,
    )


def _site(work: Work, desk: Desk, slug: str) -> Site:
    return queries.site(work, slug, organization_id=desk.organization.id)


def _issuer(site: Site) -> str:
    return sites.issuer(context.settings().base_url, site.slug)
