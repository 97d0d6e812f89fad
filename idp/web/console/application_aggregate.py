"""Adding SAML applications out of metadata of many entities: look at what is in it, choose, register those."""

import io
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, g, request

from idp.base.errors import IdpError, Invalid
from idp.base.work import Work
from idp.policy.permissions import Permission
from idp.saml import aggregates, importing
from idp.saml.aggregate_signatures import verified_copy
from idp.saml.aggregates import Entity
from idp.saml.certificates import known_keys
from idp.saml.errors import MessageRefused
from idp.saml.importing import Came, Read
from idp.web import context
from idp.web.console import metadata_given
from idp.web.console.application_adding import site_to_add_to, sites_to_add_to
from idp.web.console.application_page import PLACE, loopback
from idp.web.console.desk import Desk, at_desk, console_page, done
from idp.web.console.metadata_given import given, with_metadata
from idp.web.languages import gettext as _
from idp.web.languages import ngettext
from idp.web.security import administrator

pages = Blueprint("console_application_aggregate", __name__, url_prefix="/admin/applications/new/aggregate")

MOST_SHOWN = 100
_LONGEST_WORD = 200


@dataclass(frozen=True, slots=True)
class Found:
    """What is in the metadata: how many service providers, and the first of those that were looked for."""

    count: int
    shown: tuple[Entity, ...]


@pages.get("")
@administrator
@at_desk
def ask(work: Work, desk: Desk) -> Response:
    """Ask for the metadata."""
    return console_page(
        work,
        desk,
        "console/applications/new/aggregate.html",
        place=PLACE,
        sites=sites_to_add_to(work, desk),
        found=None,
    )


@pages.post("")
@administrator
@with_metadata(Permission.APPLICATION_CREATE)
def look() -> Response:
    """Show which service providers are in it; ``q`` is looked for in their names. Changes nothing."""
    g.fault, g.found = None, Found(0, ())
    try:
        g.found = _look(request.form.get("q", "").strip()[:_LONGEST_WORD].casefold())
    except IdpError as error:
        g.fault = error
    return _shown()


@at_desk(again=ask)
def _shown(work: Work, desk: Desk) -> Response:
    _raise_fault()
    site = site_to_add_to(work, desk)
    found: Found = g.found
    there = importing.registered(work, site.slug, [one.entity_id for one in found.shown])
    return console_page(
        work,
        desk,
        "console/applications/new/aggregate.html",
        place=PLACE,
        sites=sites_to_add_to(work, desk),
        chosen=site,
        given=given(),
        found=found,
        there=there,
        key=request.form.get("metadata_key", ""),
        q=request.form.get("q", ""),
        most=MOST_SHOWN,
    )


@pages.post("/register")
@administrator
@with_metadata(Permission.APPLICATION_CREATE)
def register() -> Response:
    """Register those that were ticked; what is there already stays as it is."""
    g.fault, g.read = None, []
    try:
        g.read = _chosen(context.installation().clock())
    except IdpError as error:
        g.fault = error
    return _registered()


@at_desk(again=ask)
def _registered(work: Work, desk: Desk) -> Response:
    _raise_fault()
    site, document = site_to_add_to(work, desk), given()
    read: list[Read] = g.read
    assert document is not None
    outcomes = importing.register(
        work,
        site.slug,
        read,
        release_requested=request.form.get("release") == "on",
        metadata_url=document.address,
        metadata_key=_key(),
    )
    made = [one for one in outcomes if one.came is Came.REGISTERED]
    registered = ngettext(
        "%(num)s application was registered; nobody may open it yet.",
        "%(num)s applications were registered; nobody may open them yet.",
        len(made),
    )
    words = [registered % {"num": len(made)}]
    words += [
        _("Not taken: %(entity_id)s (%(why)s)", entity_id=one.entity_id[:200], why=one.cause)
        for one in outcomes
        if one.came is Came.FAULTY
    ][:5]
    return done(work, desk, " ".join(words), "console_applications.index", site=site.id)


def _raise_fault() -> None:
    if g.fault is not None:
        fault: IdpError = g.fault
        raise fault


def _look(word: str) -> Found:
    count, shown = 0, list[Entity]()
    for one in _entities():
        count += 1
        if len(shown) < MOST_SHOWN and word in f"{one.entity_id}\n{one.name}".casefold():
            shown.append(one)
    return Found(count, tuple(shown))


def _chosen(now: datetime) -> list[Read]:
    wanted = frozenset(request.form.getlist("entity"))
    if not wanted:
        raise Invalid(
            "Choose at least one.", field="entity", advice="Look at the metadata again, and tick what you want."
        )
    if len(wanted) > MOST_SHOWN:
        raise Invalid("These are more than a page shows.", field="entity")
    first = {one.entity_id: one for one in reversed([one for one in _entities() if one.entity_id in wanted])}
    return [importing.read(one, now=now, allow_http_loopback=loopback()) for one in first.values()]


def _entities() -> list[Entity]:
    """Return the service providers in what was handed in; with a certificate, of what its signature covers and no more."""
    found, key = given(), _key()
    assert found is not None
    document = io.BytesIO(found.document)
    try:
        if key:
            covered = io.BytesIO()
            verified_copy(document, known_keys((key,)), covered)
            document = io.BytesIO(covered.getvalue())
        return [one for one in aggregates.entities(document) if one.is_service_provider]
    except MessageRefused as error:
        raise Invalid(
            "This metadata cannot be read, or is not proven to be what it claims to be.",
            field="metadata",
            code="saml-metadata",
            advice="Fetch it again, and compare the certificate with the one that its publisher names.",
            cause=error.cause,
        ) from None


def _key() -> str:
    keys = metadata_given.certificates_given("metadata_key")
    if len(keys) > 1:
        raise Invalid("Give the one certificate that signs.", field="metadata_key")
    return keys[0] if keys else ""
