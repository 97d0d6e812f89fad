"""
Adding an application: choose how, hand in what the vendor gives, see what was understood, register it.

From then on it is there, and nobody may open it yet; what follows (the doctor, the preview, access, the vendor's
values, the test) are its own pages, one after the other.
"""

from flask import Blueprint, Response, request

from idp.base.errors import Forbidden, NotFound
from idp.base.work import Work
from idp.directory import queries
from idp.directory.models import Site
from idp.oidc import templates as client_templates
from idp.oidc.templates.model import Template as ClientTemplate
from idp.policy.permissions import Permission
from idp.saml import editing, from_template, metadata, proposing, registering, templates
from idp.saml.certificates import thumbprint_of
from idp.saml.description import Endpoint, SpDescription
from idp.saml.doctor import examination
from idp.saml.models import ServiceProvider
from idp.saml.names import REDIRECT
from idp.saml.switches import NO_SWITCHES
from idp.saml.templates.model import Registration, Template
from idp.saml.wording import certificate_end, endpoint_words
from idp.web import context
from idp.web.console import metadata_given
from idp.web.console.application_page import PLACE, loopback
from idp.web.console.desk import Desk, at_desk, console_page, done
from idp.web.console.metadata_given import Given, given, with_metadata
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint("console_application_adding", __name__, url_prefix="/admin/applications/new")

_GENERIC = "generic"


@pages.get("")
@administrator
@at_desk
def choose(work: Work, desk: Desk) -> Response:
    """Offer the ways to add an application; ``q`` is looked for among the vendors."""
    sites = sites_to_add_to(work, desk)
    wanted = request.args.get("q", "").strip()[:100]
    return console_page(
        work,
        desk,
        "console/applications/new/choose.html",
        place=PLACE,
        sites=sites,
        q=wanted,
        vendors=_vendors(wanted),
    )


@pages.get("/saml")
@administrator
@at_desk
def ask_for_metadata(work: Work, desk: Desk) -> Response:
    """Ask for the metadata."""
    return console_page(
        work, desk, "console/applications/new/metadata.html", place=PLACE, sites=sites_to_add_to(work, desk)
    )


@pages.post("/saml")
@administrator
@with_metadata(Permission.APPLICATION_CREATE)
@at_desk(again=ask_for_metadata)
def look(work: Work, desk: Desk) -> Response:
    """Show what was understood of the metadata, and what the doctor finds in it. Changes nothing."""
    site = site_to_add_to(work, desk)
    found = given()
    assert found is not None
    described = metadata.read(found.document, now=work.now, http_loopback=loopback())
    return _understood(work, desk, site, found, described)


@pages.post("/saml/register")
@administrator
@with_metadata(Permission.APPLICATION_CREATE)
@at_desk(again=ask_for_metadata)
def register(work: Work, desk: Desk) -> Response:
    """Register what was looked at."""
    site = site_to_add_to(work, desk)
    found = given()
    assert found is not None
    provider = registering.register(
        work,
        site.slug,
        found.document,
        name=request.form.get("name", "").strip() or None,
        metadata_url=found.address,
        allow_http_loopback=loopback(),
    )
    if request.form.get("release") == "on":
        proposing.apply(work, provider.application_id)
    return _added(work, desk, provider)


@pages.get("/saml/by-hand")
@administrator
@at_desk
def ask_by_hand(work: Work, desk: Desk) -> Response:
    """Ask for what a vendor without metadata says."""
    return console_page(
        work, desk, "console/applications/new/by_hand.html", place=PLACE, sites=sites_to_add_to(work, desk)
    )


@pages.post("/saml/by-hand")
@administrator
@at_desk(again=ask_by_hand)
def register_by_hand(work: Work, desk: Desk) -> Response:
    """Register a service provider as it was described by hand."""
    site = site_to_add_to(work, desk)
    described = editing.by_hand(
        request.form.get("entity_id", "").strip(),
        metadata_given.lines("consumers"),
        logout=[Endpoint(REDIRECT, location) for location in metadata_given.lines("logout")],
        certificates=metadata_given.certificates_given("certificates"),
        name=request.form.get("name", "").strip(),
    )
    metadata.judge(described, now=work.now, http_loopback=loopback())
    return _added(work, desk, registering.enroll(work, site.slug, described, NO_SWITCHES))


@pages.get("/template/<name>")
@administrator
@at_desk
def ask_for_template(work: Work, desk: Desk, name: str) -> Response:
    """Ask for what a template wants to know."""
    return console_page(
        work,
        desk,
        "console/applications/new/template.html",
        place=PLACE,
        sites=sites_to_add_to(work, desk),
        vendor=templates.find(name),
        by_metadata=templates.find(name).registration is Registration.METADATA,
    )


@pages.post("/template/<name>")
@administrator
@with_metadata(Permission.APPLICATION_CREATE)
@at_desk(again=ask_for_template)
def register_template(work: Work, desk: Desk, name: str) -> Response:
    """Register the application of a template."""
    site = site_to_add_to(work, desk)
    template = templates.find(name)
    found = given(needed=False)
    answers = {one.name: request.form.get(f"field-{one.name}", "").strip() for one in template.fields}
    provider = from_template.register_from_template(
        work,
        site.slug,
        template,
        {field: value for field, value in answers.items() if value},
        vendor=None if found is None else from_template.Metadata(found.document, found.address),
        name=request.form.get("name", "").strip() or None,
        allow_http_loopback=loopback(),
    )
    return _added(work, desk, provider)


def sites_to_add_to(work: Work, desk: Desk) -> list[Site]:
    """
    Return the sites that this actor may add applications to.

    Raises:
        Forbidden: there is none.
    """
    found = queries.sites(work, organization_id=desk.organization.id)
    allowed = [one for one in found if desk.may(Permission.APPLICATION_CREATE, site_id=one.id)]
    if not allowed:
        raise Forbidden(
            "You may not do this.", advice="Ask an administrator of your organization for the role that may."
        )
    return allowed


def site_to_add_to(work: Work, desk: Desk) -> Site:
    """
    Return the site that the form names.

    Raises:
        NotFound: none that this actor may add to.
    """
    wanted = request.form.get("site", "")
    found = next((one for one in sites_to_add_to(work, desk) if one.id == wanted), None)
    if found is None:
        raise NotFound("There is no such site.", field="site")
    return found


def _understood(work: Work, desk: Desk, site: Site, found: Given, described: SpDescription) -> Response:
    looked = examination.Given(metadata=found.document)
    base_url = context.settings().base_url
    examined = examination.of_site(work, site.slug, looked, base_url=base_url, http_loopback=loopback())
    certificates = [
        (use, thumbprint_of(der), certificate_end(der))
        for use, ders in (
            (_("signs with"), described.signing_certificates),
            (_("is encrypted for with"), tuple(key.certificate for key in described.encryption_keys)),
        )
        for der in ders
    ]
    return console_page(
        work,
        desk,
        "console/applications/new/understood.html",
        place=PLACE,
        chosen=site,
        given=found,
        described=described,
        name=metadata.name_of(described),
        consumers=[endpoint_words(one) for one in described.assertion_consumers],
        logout=[endpoint_words(one) for one in described.logout_endpoints],
        certificates=certificates,
        proposal=proposing.at_site(work, site, described),
        examined=examined,
    )


def _added(work: Work, desk: Desk, provider: ServiceProvider) -> Response:
    words = _("It is registered. Nobody may open it yet: go on step by step, or come back later.")
    return done(
        work,
        desk,
        words,
        "console_application_checks.doctor",
        application_id=provider.application_id,
        guided="1",
    )


def _vendors(wanted: str) -> dict[str, list[Template | ClientTemplate]]:
    """Return the templates that fit what is looked for, in the order of their titles: a vendor has one card for all."""
    every: list[Template | ClientTemplate] = [*client_templates.every(), *templates.every()]
    found: dict[str, list[Template | ClientTemplate]] = {}
    for one in sorted(every, key=lambda one: one.title.casefold()):
        if one.name != _GENERIC and any(
            wanted.casefold() in text.casefold() for text in (one.title, one.about, one.name)
        ):
            found.setdefault(one.title, []).append(one)
    return found
