"""Verbs that register a service provider, the SAML half of an application, at a site."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from idp.audit.events import ServiceProviderRegistered
from idp.audit.log import record
from idp.base.errors import Conflict
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import applications, queries
from idp.directory import names as names_
from idp.directory.models import Application, Site
from idp.directory.rights import require_on
from idp.policy.permissions import Permission
from idp.saml import inherited_names, metadata, providers, signing, switches
from idp.saml.description import SpDescription
from idp.saml.key_change import schedule
from idp.saml.models import ServiceProvider
from idp.saml.switches import Switches

_TOKEN_BYTES = 16


def register(
    work: Work,
    site_slug: str,
    document: bytes,
    *,
    name: str | None = None,
    metadata_url: str = "",
    metadata_key: str = "",
    everyone: bool = False,
    allow_http_loopback: bool = False,
    **wanted: Any,
) -> ServiceProvider:
    """
    Register the service provider that the metadata *document* describes as an application of a site.

    Args:
        name: what people read; the metadata's own name where none is given.
        metadata_url: where the document came from, if it came from an address: it is fetched again from there.
        metadata_key: the certificate (DER, base64) that it must be signed with then.
        everyone: everybody in the organization may open it at once.
        allow_http_loopback: take plain http addresses on loopback (for trials on one machine).
        wanted: `Switches` by name; signed requests are required where the metadata says that they are
            (SAML Metadata 2.0 section 2.4.4).

    Raises:
        NotFound: no such site that this actor may see.
        Forbidden: the actor may not register applications there.
        Invalid: the metadata, or a switch, cannot be taken.
        Conflict: the site has a service provider of that entity ID.
    """
    described = metadata.read(document, now=work.now, http_loopback=allow_http_loopback)
    switches_ = Switches(**{**wanted, "relay_states": tuple(wanted.get("relay_states") or ())})
    if switches_.require_signed_requests is None:
        switches_ = replace(switches_, require_signed_requests=described.authn_requests_signed)
    return enroll(
        work,
        site_slug,
        described,
        switches_,
        document=document.decode("utf-8-sig"),
        name=name,
        metadata_url=metadata_url,
        metadata_key=metadata_key,
        everyone=everyone,
    )


def enroll(
    work: Work,
    site_slug: str,
    described: SpDescription,
    wanted: Switches,
    *,
    document: str = "",
    name: str | None = None,
    metadata_url: str = "",
    made_from: Mapping[str, Any] | None = None,
    metadata_key: str = "",
    everyone: bool = False,
) -> ServiceProvider:
    """
    Register the service provider that was *described* (and judged: `metadata.read`, `metadata.judge`) at a site.

    Args:
        document: the metadata that says so; empty where it was described by hand.
        metadata_key: the certificate that further metadata from *metadata_url* must be signed with.
        made_from: the application template, and the values of its fields.

    Raises:
        NotFound, Forbidden, Invalid, Conflict: as for `register`; Invalid before anything is written.
    """
    site = queries.site(work, site_slug)
    require_on(work, Permission.APPLICATION_CREATE, site)
    provider = ServiceProvider(
        organization_id=site.organization_id,
        site_id=site.id,
        entity_id=described.entity_id,
        metadata_xml=document,
        metadata_url=metadata_url,
        metadata_key=metadata_key,
        sign_response=True,
        sign_assertion=True,
        encrypt_assertion=False,
        require_signed_requests=described.authn_requests_signed,
        nameid_format="",
        idp_initiated=False,
        relay_states=[],
        start_url="",
        made_from=dict(made_from or {}),
        warned={},
        name_id_source="",
        signature_algorithm=signing.STANDARD,
        encrypt_name_id=False,
        context_map={},
        legacy_algorithms=[],
        legacy_until=None,
        signing_key_id="",
        certificate_by_hand=False,
        metadata_token=secrets.token_urlsafe(_TOKEN_BYTES),
        updated_at=work.now,
    )
    switches.put(provider, wanted)
    switches.judge_described(provider, described)
    switches.judge(work, provider, wanted)
    providers.put(work, provider, described)
    if metadata_url:
        provider.refreshed_at = work.now
        provider.refresh_due_at = schedule.next_refresh(described, work.now, key=metadata_url)
    chosen = names_.name(name or metadata.name_of(described))
    former = _clear_the_way(work, site, described.entity_id)
    application = applications.create(
        work,
        site,
        protocol=providers.PROTOCOL,
        name=chosen,
        launch_url=providers.launch_url(provider, described, site.slug),
    )
    provider.application_id = application.id
    if former is not None:
        inherited_names.inherit(work, site.organization_id, former, application.id)
    work.tx.session.add(provider)
    work.tx.session.flush()
    record(
        work,
        ServiceProviderRegistered(
            organization_id=site.organization_id,
            target_id=application.id,
            entity_id=provider.entity_id,
            metadata_digest=hashlib.sha256(document.encode()).hexdigest() if document else "",
        ),
    )
    providers.record_legacy(work, provider, wanted)
    if everyone:
        applications.grant(work, application.id, everyone=True)
    work.tx.after_commit(work.tx.memory.forget)
    return provider


def _clear_the_way(work: Work, site: Site, entity_id: str) -> str | None:
    """
    An entity ID is free again once its application was deleted; names of people that it knew are not (X23).

    Return the id of that application, whose names its successor inherits; None where there was none.
    """
    held = select(ServiceProvider).where(ServiceProvider.site_id == site.id, ServiceProvider.entity_id == entity_id)
    provider = work.tx.session.scalar(held)
    if provider is None:
        return None
    application = work.tx.session.get_one(Application, (provider.organization_id, provider.application_id))
    if application.deleted_at is None:
        raise Conflict(
            phrase(
                "The service provider “%(entity_id)s” is registered at this site already.", entity_id=entity_id[:200]
            ),
            field="metadata",
            advice=phrase("It is the application “%(name)s” (%(id)s).", name=application.name, id=application.id),
        )
    work.tx.session.delete(provider)
    work.tx.session.flush()
    return application.id
