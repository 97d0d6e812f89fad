"""Verbs on sites, and what hot roads need to know of one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, bindparam, select

from idp.audit.events import SiteChanged, SiteCreated
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Invalid
from idp.base.ids import new_id
from idp.base.prepared import Prepared
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import names, queries, search, site_life
from idp.directory.models import Organization, Site
from idp.directory.rights import require_on
from idp.keyring import keyring
from idp.policy.permissions import Permission, require

_LONGEST_DESCRIPTION = 1024
_LONGEST_SIDE = 4096
_MOST_DAYS = 3650
OFF, TOKEN, OPEN = "off", "token", "open"
CLIENT_REGISTRATION = (OFF, TOKEN, OPEN)
"""Which clients may register themselves: none, those that bring an initial access token, all."""
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A live site and its organization, as a process may remember them for a second."""

    organization_id: str
    organization_slug: str
    organization_name: str
    id: str
    slug: str
    name: str
    accent: str
    support_contact: str
    pkce_for_public_clients_only: bool
    client_registration: str
    registered_clients_open_to_everyone: bool
    registered_clients_may_be_legacy: bool
    fetch_request_objects: bool
    assertions_for_token_endpoint: bool
    picture_id: str | None


def _live() -> Select[str, str, str, str, str, str, str, str, bool, str, bool, bool, bool, bool, str | None]:
    return (
        select(
            Site.organization_id,
            Organization.slug.label("organization_slug"),
            Organization.name.label("organization_name"),
            Site.id,
            Site.slug,
            Site.name,
            Site.accent,
            Site.support_contact,
            Site.pkce_for_public_clients_only,
            Site.client_registration,
            Site.registered_clients_open_to_everyone,
            Site.registered_clients_may_be_legacy,
            Site.fetch_request_objects,
            Site.assertions_for_token_endpoint,
            Site.picture_id,
        )
        .join(Organization, Organization.id == Site.organization_id)
        .where(Site.disabled_at.is_(None), Organization.suspended_at.is_(None))
    )


_BY_SLUG = Prepared(_live().where(Site.slug == bindparam("slug")))
_BY_ID = Prepared(_live().where(Site.organization_id == bindparam("organization_id"), Site.id == bindparam("site_id")))


def facts(work: Work, slug: str) -> SiteFacts | None:
    """Return the live site *slug* as it was within the last second, or None."""

    def read() -> SiteFacts | None:
        row = work.tx.row(_BY_SLUG, slug=slug)
        return None if row is None else SiteFacts(*row)

    if not names.is_slug(slug):
        return None
    return work.tx.memory.recall(("site", slug), read)


def facts_by_id(work: Work, organization_id: str, site_id: str) -> SiteFacts | None:
    """Return the live site of that id as it was within the last second, or None."""

    def read() -> SiteFacts | None:
        row = work.tx.row(_BY_ID, organization_id=organization_id, site_id=site_id)
        return None if row is None else SiteFacts(*row)

    return work.tx.memory.recall(("site", organization_id, site_id), read)


def support_contact(work: Work, organization_id: str) -> str:
    """Return whom the people of an organization ask for help: the contact of its first site that names one."""
    query = (
        select(Site.support_contact)
        .where(Site.organization_id == organization_id, Site.disabled_at.is_(None), Site.support_contact != "")
        .order_by(Site.created_at, Site.id)
        .limit(1)
    )
    return work.tx.session.scalar(query) or ""


def issuer(base_url: str, slug: str) -> str:
    """Return the issuer of a site: the address that its entity ID and every endpoint begin with."""
    return f"{base_url}/sites/{slug}"


def create(work: Work, slug: str, *, organization: str, name: str) -> Site:
    """
    Create a site of *organization* (a short name), with its own signing keys.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not create sites there.
        Invalid: the short name or the name cannot be used.
        Conflict: the short name is taken (it is unique in the installation).
    """
    owner = queries.organization(work, organization)
    require(work, Permission.SITE_CREATE, owner.id)
    slug, name = names.slug(slug), names.name(name)
    site_life.check_free(work, slug)
    site = Site(organization_id=owner.id, id=new_id("sit"), slug=slug, name=name, created_at=work.now)
    work.tx.session.add(site)
    work.tx.session.flush()
    record(work, SiteCreated(organization_id=owner.id, target_id=site.id, slug=slug, name=name))
    keyring.create_for_site(work, owner.id, site.id, subject=slug)
    search.put(work, site)
    return site


def edit(
    work: Work,
    slug: str,
    *,
    name: str | None = None,
    accent: str | None = None,
    support_contact: str | None = None,
    pkce_for_public_clients_only: bool | None = None,
    client_registration: str | None = None,
    registered_clients_open_to_everyone: bool | None = None,
    registered_clients_may_be_legacy: bool | None = None,
    description: str | None = None,
    logo_url: str | None = None,
    logo_size: tuple[int, int] | None = None,
    organization_url: str | None = None,
    technical_contact: str | None = None,
    sign_metadata: bool | None = None,
    metadata_valid_days: int | None = None,
    fetch_request_objects: bool | None = None,
    assertions_for_token_endpoint: bool | None = None,
    languages: Sequence[str] | None = None,
    if_version: int | None = None,
) -> Site:
    """
    Change how a site shows itself, or what it asks of its clients; what is None stays as it is.

    Args:
        accent: its colour as ``#rrggbb``; empty: Ostiary's own.
        support_contact: whom its people ask for help: an address, a page, or words.
        pkce_for_public_clients_only: excuse confidential clients from PKCE (some certifications need that).
        client_registration: which clients may register themselves, one of `CLIENT_REGISTRATION`.
        registered_clients_open_to_everyone: everybody of the organization may open those that did; else nobody,
            until an administrator gives access.
        registered_clients_may_be_legacy: they may have the response types that answer with a token in the address.
        description: one or two sentences for those who choose among identity providers; empty: none.
        logo_url, logo_size: a picture at an https address, and its width and height in pixels;
            an empty address: none.
        organization_url: the https address of the organization's own pages; empty: our own.
        technical_contact: the e-mail address of those who run this site; empty: none.
        sign_metadata: SAML metadata is always signed, not only for those who ask.
        metadata_valid_days: for how many days SAML metadata may be used, 1 to 3650.
        fetch_request_objects: read authorization requests from the addresses that clients have registered.
        languages: those that its pages offer, best first; none: all that there are.
        if_version: the version of the site that the change was made for.
        assertions_for_token_endpoint: take client assertions for the token endpoint, too (some certifications need that).

    Raises:
        NotFound: no such site that this actor may see.
        Forbidden: the actor may not edit sites there.
        Invalid: a value cannot be used.
        ChangedMeanwhile: somebody else has changed the site since.
    """
    site = queries.site(work, slug)
    require_on(work, Permission.SITE_EDIT, site)
    if if_version is not None and if_version != site.version:
        raise ChangedMeanwhile(site.id)
    wanted: dict[str, str | bool | int | list[str] | None] = {
        "languages": None if languages is None else [names.language(one) for one in languages if one],
        "name": None if name is None else names.name(name),
        "accent": None if accent is None else _colour(accent),
        "support_contact": None if not support_contact else names.name(support_contact, field="support_contact"),
        "pkce_for_public_clients_only": pkce_for_public_clients_only,
        "client_registration": None if client_registration is None else _registration(client_registration),
        "registered_clients_open_to_everyone": registered_clients_open_to_everyone,
        "registered_clients_may_be_legacy": registered_clients_may_be_legacy,
        "description": description and names.words(description, longest=_LONGEST_DESCRIPTION, field="description"),
        "logo_url": logo_url and names.web_address(logo_url, field="logo_url"),
        "organization_url": organization_url and names.web_address(organization_url, field="organization_url"),
        "technical_contact": technical_contact and _contact(technical_contact),
        "sign_metadata": sign_metadata,
        "metadata_valid_days": None if metadata_valid_days is None else _days(metadata_valid_days),
        "fetch_request_objects": fetch_request_objects,
        "assertions_for_token_endpoint": assertions_for_token_endpoint,
    }
    if support_contact == "":
        wanted["support_contact"] = ""
    wanted["logo_width"], wanted["logo_height"] = _logo_size(site, logo_url, logo_size)
    changes = {key: value for key, value in wanted.items() if value is not None and value != getattr(site, key)}
    before = {key: str(getattr(site, key)) for key in changes}
    for key, value in changes.items():
        setattr(site, key, value)
    if changes:
        work.tx.session.flush()
        after = {key: str(value) for key, value in changes.items()}
        record(work, SiteChanged(organization_id=site.organization_id, target_id=site.id, before=before, after=after))
        search.put(work, site)
        work.tx.after_commit(work.tx.memory.forget)
    return site


def _registration(value: str) -> str:
    if value not in CLIENT_REGISTRATION:
        raise Invalid(
            "Client registration is off, for those with a token, or open.",
            field="client_registration",
            advice=phrase("Choose among %(value)s.", value=", ".join(CLIENT_REGISTRATION)),
        )
    return value


def _contact(value: str) -> str:
    try:
        return names.email(value)
    except Invalid as error:
        raise Invalid(error.message, field="technical_contact", advice=error.advice) from None


def _days(value: int) -> int:
    if not 1 <= value <= _MOST_DAYS:
        raise Invalid(
            phrase("Metadata is valid for 1 to %(most_days)s days.", most_days=_MOST_DAYS), field="metadata_valid_days"
        )
    return value


def _logo_size(site: Site, logo_url: str | None, logo_size: tuple[int, int] | None) -> tuple[int | None, int | None]:
    """The size is a part of the statement (SAML Metadata Extensions for Login and Discovery 1.0 section 2.1.5)."""
    if logo_url == "":
        return 0, 0
    if logo_size is None:
        if logo_url and not site.logo_width:
            raise Invalid(
                "A logo is announced with its size.", field="logo_size", advice="Say it in pixels: --logo-size 80x60."
            )
        return None, None
    if not all(1 <= length <= _LONGEST_SIDE for length in logo_size):
        raise Invalid(
            phrase("Each side of a logo has 1 to %(longest_side)s pixels.", longest_side=_LONGEST_SIDE),
            field="logo_size",
        )
    return logo_size


def _colour(value: str) -> str:
    if value and not _COLOUR.fullmatch(value):
        raise Invalid("This is no colour.", field="accent", advice="Write it like #14665a.")
    return value.lower()
