"""Applications: the list, and each one's overview, name, state, end and history."""

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, request

from idp.base.errors import NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import application_lists, applications, history, pictures, queries
from idp.directory.models import Application
from idp.oidc import clients
from idp.saml import expiry, providers
from idp.saml.description import SpDescription
from idp.web import context
from idp.web.console import application_page as page_
from idp.web.console import lists, logos, seen
from idp.web.console.application_page import PLACE, application_of, application_page
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.lists import At
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint("console_applications", __name__, url_prefix="/admin/applications")


def _cells(work: Work, at: At, rows: Sequence[Application]) -> Iterator[Sequence[object]]:
    sites = {one.id: one.slug for one in queries.sites(work, organization_id=at.organization_id)}
    names = providers.entity_ids_of(work, rows) | clients.client_ids_of(work, rows)
    for one in rows:
        state = application_lists.DISABLED if one.disabled_at else application_lists.ACTIVE
        known_as = names.get(one.id, "")
        yield one.name, one.id, one.protocol, sites.get(one.site_id, ""), state, known_as, one.launch_url


def site_asked(work: Work, at: At) -> str:
    """Return the site that the address names, by id or short name; `NotFound` where there is none."""
    said = at.chosen["site"]
    known = {of: one.id for one in queries.sites(work, organization_id=at.organization_id) for of in (one.id, one.slug)}
    if said and said not in known:
        raise NotFound(phrase("There is no site “%(slug)s”.", slug=said[:80]), field="site")
    return known.get(said, "")


LIST = lists.Listing(
    name="applications",
    file="console_applications.export",
    read=lambda work, at, after, limit: application_lists.page(
        work,
        at.organization_id,
        after=after,
        limit=limit,
        starting=at.chosen["q"],
        site_id=site_asked(work, at),
        protocol=at.chosen["protocol"],
        state=at.chosen["state"],
    ),
    key=lambda one: (one.name, one.id),
    heads=("name", "id", "protocol", "site", "state", "known_as", "launch_url"),
    cells=_cells,
    filters={
        "q": lists.text,
        "site": lists.text,
        "protocol": lists.one_of(application_lists.PROTOCOLS),
        "state": lists.one_of(application_lists.STATES),
    },
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List applications by name; ``q`` is the beginning of one, ``site``, ``protocol`` and ``state`` narrow the list."""
    found = LIST.page(work, desk)
    return console_page(
        work,
        desk,
        "console/applications/index.html",
        place=PLACE,
        listed=found,
        sites=queries.sites(work, organization_id=desk.organization.id),
        opened_to=application_lists.opened_to(work, found.rows),
        may_add=_may_add(work, desk),
    )


@pages.get("/export.csv")
@administrator
@at_desk
def export(work: Work, desk: Desk) -> Response:
    """Send the applications that the address asks for as a CSV file, streamed."""
    return LIST.as_csv(work, desk)


@pages.get("/<application_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, application_id: str) -> Response:
    """Show an application."""
    application = application_of(work, desk, application_id)
    known_as = (
        providers.of_application(work, application).entity_id
        if application.protocol == providers.PROTOCOL
        else clients.of_application(work, application).client_id
    )
    return application_page(
        work,
        desk,
        "show",
        application,
        "overview",
        known_as=known_as,
        openers=application_lists.openers(work, application, limit=6),
        ends=_ends(work, application),
    )


@pages.get("/<application_id>/name")
@administrator
@at_desk
def name(work: Work, desk: Desk, application_id: str) -> Response:
    """Ask for another name."""
    application = application_of(work, desk, application_id)
    version = application.version
    if application.protocol == clients.PROTOCOL:
        version = clients.of_application(work, application).version
    return application_page(work, desk, "name", application, "", version=version)


@pages.post("/<application_id>/name")
@administrator
@at_desk(again=name)
def rename(work: Work, desk: Desk, application_id: str) -> Response:
    """Let people call it by another name."""
    application = application_of(work, desk, application_id)
    wanted = request.form.get("name", "")
    if application.protocol == clients.PROTOCOL:
        clients.rename(
            work,
            application.id,
            wanted,
            if_version=lists.version(),
            base_url=context.settings().base_url,
            allow_http_loopback=page_.loopback(),
        )
    else:
        applications.rename(work, application.id, wanted, if_version=lists.version())
    return done(work, desk, _("Saved."), "console_applications.show", application_id=application.id)


@pages.post("/<application_id>/logo")
@administrator
@at_desk(again=name)
def logo(work: Work, desk: Desk, application_id: str) -> Response:
    """Give it the logo that was sent, or take its logo away."""
    application = application_of(work, desk, application_id)
    pictures.set_of_application(work, application.id, logos.sent(), if_version=lists.version())
    return done(work, desk, _("Saved."), "console_applications.show", application_id=application.id)


@pages.get("/<application_id>/disable")
@administrator
@at_desk
def ask_to_disable(work: Work, desk: Desk, application_id: str) -> Response:
    """Say what happens when an application is disabled."""
    application = application_of(work, desk, application_id)
    return application_page(work, desk, "disable", application, "", openers=_opened(work, application))


@pages.post("/<application_id>/disable")
@administrator
@at_desk(again=ask_to_disable)
@fresh
def disable(work: Work, desk: Desk, application_id: str) -> Response:
    """Let nobody sign on to it any more."""
    found = application_of(work, desk, application_id)
    seen.unchanged(found.id, found.version)
    application = applications.disable(work, found.id)
    words = _("%(name)s is disabled: nobody can sign on to it.", name=application.name)
    return done(work, desk, words, "console_applications.show", application_id=application.id)


@pages.post("/<application_id>/enable")
@administrator
@at_desk
def enable(work: Work, desk: Desk, application_id: str) -> Response:
    """Let people sign on to it again."""
    found = application_of(work, desk, application_id)
    seen.unchanged(found.id, found.version)
    application = applications.enable(work, found.id)
    words = _("People can sign on to %(name)s again.", name=application.name)
    return done(work, desk, words, "console_applications.show", application_id=application.id)


@pages.get("/<application_id>/delete")
@administrator
@at_desk
def ask_to_delete(work: Work, desk: Desk, application_id: str) -> Response:
    """Say what is lost when an application is deleted."""
    application = application_of(work, desk, application_id)
    return application_page(work, desk, "delete", application, "", openers=_opened(work, application))


@pages.post("/<application_id>/delete")
@administrator
@at_desk(again=ask_to_delete)
@fresh
def delete(work: Work, desk: Desk, application_id: str) -> Response:
    """Remove it for good."""
    found = application_of(work, desk, application_id)
    seen.unchanged(found.id, found.version)
    application = applications.delete(work, found.id)
    return done(work, desk, _("%(name)s was deleted.", name=application.name), "console_applications.index")


@pages.get("/<application_id>/history")
@administrator
@at_desk
def past(work: Work, desk: Desk, application_id: str) -> Response:
    """Show what was done to an application."""
    application = application_of(work, desk, application_id)
    entries = history.of_target(work, desk.organization.id, application.id)
    return application_page(work, desk, "history", application, "history", entries=entries)


def _opened(work: Work, application: Application) -> int:
    return application_lists.opened_to(work, [application]).get(application.id, 0)


def _may_add(work: Work, desk: Desk) -> bool:
    sites = queries.sites(work, organization_id=desk.organization.id)
    return any(desk.may("application:create", site_id=one.id) for one in sites)


def _ends(work: Work, application: Application) -> object:
    if application.protocol != providers.PROTOCOL:
        return None
    described = SpDescription.from_json(providers.of_application(work, application).description)
    return expiry.next_end(described, work.now)
