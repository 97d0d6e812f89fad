"""Verbs on service providers, the SAML half of applications."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import and_, select

from idp.audit.events import LegacyAlgorithmsAllowed, ServiceProviderChanged, ServiceProviderRegistered
from idp.audit.log import record
from idp.base.errors import Conflict, Invalid, NotFound
from idp.base.work import Work
from idp.directory import applications, queries
from idp.directory import names as names_
from idp.directory.models import Application, Site
from idp.policy import expressions
from idp.policy.permissions import Permission, require
from idp.saml import (
    addresses,
    expiry,
    inherited_names,
    legacy,
    made_names,
    metadata,
    nameid,
    provider_view,
    schedule,
    signing,
    switches,
    watching,
)
from idp.saml.description import SpDescription
from idp.saml.encryption import target
from idp.saml.models import ServiceProvider

PROTOCOL = "saml"
_MOST_RELAY_STATES = 50
_LONGEST_RELAY_STATE = 1024


@dataclass(frozen=True, slots=True)
class Switches:
    """
    What an administrator decides about a service provider; None leaves it to the metadata, or as it is.

    Args:
        sign_response, sign_assertion: what is signed; at least one of the two.
        encrypt_assertion: assertions are encrypted, and none is sent where that is impossible.
        require_signed_requests: unsigned requests are refused.
        nameid_format: the name that is given where a request asks for none; empty: by the metadata.
        idp_initiated: a sign-on may be started from our side.
        relay_states: what RelayState such a sign-on may carry.
        name_id_source: the attribute or expression that names of a value (e-mail, unspecified, Windows,
            X.509, and persistent where that is the ``nameid_format``) are made of; empty: the e-mail
            address, or names of ours.
        signature_algorithm: what we sign by, a name of `signing.METHODS` or an old one that is allowed.
        encrypt_name_id: the NameID is encrypted, and nothing is sent where that is impossible.
        context_map: names of authentication contexts, as `contexts.ContextMap` stores them.
        legacy_algorithms, legacy_until: old algorithms, and the moment until which they are allowed
            (see `legacy`); an empty tuple takes them away.
        signing_key_id: the key that we sign with; empty: the active one of the site.
        certificate_by_hand: its copy of our certificate is kept by hand, not by our metadata.
        start_url: where the launcher leads, if sign-on is not started from our side; empty: to the origin
            of where assertions go.
    """

    sign_response: bool | None = None
    sign_assertion: bool | None = None
    encrypt_assertion: bool | None = None
    require_signed_requests: bool | None = None
    nameid_format: str | None = None
    idp_initiated: bool | None = None
    relay_states: tuple[str, ...] | None = None
    name_id_source: str | None = None
    signature_algorithm: str | None = None
    encrypt_name_id: bool | None = None
    context_map: dict[str, Any] | None = None
    legacy_algorithms: tuple[str, ...] | None = None
    legacy_until: datetime | None = None
    signing_key_id: str | None = None
    certificate_by_hand: bool | None = None
    start_url: str | None = None


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
    require(work, Permission.APPLICATION_CREATE, site.organization_id)
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
        updated_at=work.now,
    )
    _set(provider, wanted)
    _judge(provider, described)
    switches.judge(work, provider, wanted)
    _put(work, provider, described)
    if metadata_url:
        provider.refreshed_at = work.now
        provider.refresh_due_at = schedule.next_refresh(described, work.now, key=described.entity_id)
    chosen = names_.name(name or metadata.name_of(described))
    former = _clear_the_way(work, site, described.entity_id)
    application = applications.create(
        work,
        site,
        protocol=PROTOCOL,
        name=chosen,
        launch_url=_launch_url(provider, described, site.slug),
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
    _record_legacy(work, provider, wanted)
    if everyone:
        applications.grant(work, application.id, everyone=True)
    work.tx.after_commit(work.tx.memory.forget)
    return provider


def describe(work: Work, provider: ServiceProvider, application: Application, described: SpDescription) -> None:
    """
    Let *described* (and judged: `metadata.read`, `metadata.judge`) be what is known of *provider* from now on.

    A part of verbs, which see, require and record.

    Raises:
        Invalid: it does not go with a switch that the administrator has set.
    """
    _judge(provider, described)
    _put(work, provider, described)
    site = work.tx.session.get_one(Site, (provider.organization_id, provider.site_id))
    application.launch_url = _launch_url(provider, described, site.slug)
    provider.updated_at = work.now
    work.tx.after_commit(work.tx.memory.forget)


def check_version(provider: ServiceProvider, if_version: int | None) -> None:
    """
    Raises:
        Conflict: the change was made for another version than the one there is.
    """
    if if_version is not None and if_version != provider.version:
        raise Conflict("Someone else changed this in the meantime. Look at it again, then repeat your change.")


def change(work: Work, application_id: str, wanted: Switches, *, if_version: int | None = None) -> ServiceProvider:
    """
    Change the switches of a service provider; those that are None stay as they are.

    Args:
        if_version: the version that the change was made for.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Invalid: a switch cannot be taken.
        Conflict: somebody else has changed it in the meantime.
    """
    application = queries.application(work, application_id)
    require(work, Permission.APPLICATION_EDIT, application.organization_id)
    provider = of_application(work, application)
    check_version(provider, if_version)
    described = SpDescription.from_json(provider.description)
    before = _switches(provider)
    _set(provider, wanted)
    _judge(provider, described)
    switches.judge(work, provider, wanted)
    site = work.tx.session.get_one(Site, (provider.organization_id, provider.site_id))
    application.launch_url = _launch_url(provider, described, site.slug)
    provider.updated_at = work.now
    work.tx.session.flush()
    after = _switches(provider)
    if signing.by_curve(before["signature_algorithm"]) != signing.by_curve(after["signature_algorithm"]):
        watching.stop(work, provider.organization_id, provider.application_id)
    changed = sorted(key for key in after if after[key] != before[key])
    record(
        work,
        ServiceProviderChanged(
            organization_id=provider.organization_id,
            target_id=application.id,
            entity_id=provider.entity_id,
            before={key: str(before[key]) for key in changed},
            after={key: str(after[key]) for key in changed},
        ),
    )
    _record_legacy(work, provider, wanted)
    work.tx.after_commit(work.tx.memory.forget)
    return provider


def find_application(work: Work, entity_id: str) -> Application | None:
    """
    Return the application whose service provider is *entity_id*, None where this actor may see none.

    Raises:
        Conflict: several sites know that entity ID.
    """
    held = select(ServiceProvider.organization_id, ServiceProvider.application_id).where(
        ServiceProvider.entity_id == entity_id
    )
    found: list[Application] = []
    for row in work.tx.session.execute(held):
        try:
            found.append(queries.application(work, row.application_id))
        except NotFound:  # deleted, or of an organization that this actor may not see
            continue
    if len(found) > 1:
        raise Conflict(
            "Several sites have a service provider of that entity ID.",
            code="ambiguous",
            advice="Name it by our id (app_…).",
        )
    return found[0] if found else None


def find(work: Work, reference: str) -> ServiceProvider:
    """
    Return the service provider with our id or entity ID *reference*.

    Raises:
        NotFound: none that this actor may see.
        Conflict: several sites know that entity ID.
    """
    application = find_application(work, reference)
    return of_application(work, application or queries.application(work, reference))


def of_application(work: Work, application: Application) -> ServiceProvider:
    """
    Return the service provider of an application that the actor has been given.

    Raises:
        NotFound: the application is of another protocol.
    """
    provider = work.tx.session.get(ServiceProvider, (application.organization_id, application.id))
    if provider is None:
        raise NotFound(f"“{application.name}” is no SAML application.", field="application")
    return provider


def represent(provider: ServiceProvider, now: datetime | None = None) -> dict[str, Any]:
    """Return a service provider as JSON values: its switches, and what its metadata says (see `provider_view`)."""
    return provider_view.represent(provider, _switches(provider), now)


def _put(work: Work, provider: ServiceProvider, described: SpDescription) -> None:
    provider.description = described.to_json()
    provider.ends_at = expiry.next_end(described, work.now)
    provider.warn_at = expiry.next_warning(described, work.now, provider.warned)


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
            f"The service provider “{entity_id[:200]}” is registered at this site already.",
            field="metadata",
            advice=f"It is the application “{application.name}” ({application.id}).",
        )
    work.tx.session.delete(provider)
    work.tx.session.flush()
    return application.id


def _set(provider: ServiceProvider, wanted: Switches) -> None:
    for switch in fields(Switches):
        value = getattr(wanted, switch.name)
        if value is not None:
            setattr(provider, switch.name, list(value) if isinstance(value, tuple) else value)
    if wanted.legacy_algorithms == ():
        provider.legacy_until = None


def _switches(provider: ServiceProvider) -> dict[str, Any]:
    values = {switch.name: getattr(provider, switch.name) for switch in fields(Switches)}
    until = values["legacy_until"]
    return {**values, "legacy_until": None if until is None else until.isoformat()}


def warnings(provider: ServiceProvider, now: datetime) -> list[str]:
    """Return what everybody who looks at a service provider is to be told loudly."""
    warning = legacy.warning(provider.legacy_algorithms, provider.legacy_until, now)
    return [warning] if warning else []


def with_legacy(work: Work, organization_id: str) -> list[tuple[Application, ServiceProvider]]:
    """
    Return the live service providers of an organization with an old algorithm that is or was allowed.

    Raises:
        Forbidden: the actor may not see applications there.
    """
    require(work, Permission.APPLICATION_READ, organization_id)
    query = (
        select(Application, ServiceProvider)
        .join(
            ServiceProvider,
            and_(
                ServiceProvider.organization_id == Application.organization_id,
                ServiceProvider.application_id == Application.id,
            ),
        )
        .where(
            Application.organization_id == organization_id,
            Application.deleted_at.is_(None),
            ServiceProvider.legacy_until.is_not(None),
        )
        .order_by(Application.name, Application.id)
    )
    return [(row[0], row[1]) for row in work.tx.session.execute(query)]


def _record_legacy(work: Work, provider: ServiceProvider, wanted: Switches) -> None:
    if provider.legacy_until is None or (wanted.legacy_algorithms is None and wanted.legacy_until is None):
        return
    record(
        work,
        LegacyAlgorithmsAllowed(
            organization_id=provider.organization_id,
            target_id=provider.application_id,
            entity_id=provider.entity_id,
            algorithms=tuple(provider.legacy_algorithms),
            until=provider.legacy_until.isoformat(),
        ),
    )


def _judge(provider: ServiceProvider, described: SpDescription) -> None:
    if not provider.sign_response and not provider.sign_assertion:
        raise Invalid(
            "Response and assertion cannot both go out unsigned.",
            field="sign_assertion",
            advice="Sign at least one of the two.",
        )
    encrypts = provider.encrypt_assertion or provider.encrypt_name_id
    # Whether an old algorithm has run out by now is no reason to refuse some other change.
    if encrypts and target(described.encryption_keys, frozenset(provider.legacy_algorithms)) is None:
        raise Invalid(
            "Nothing can be encrypted for this service provider.",
            field="encrypt_assertion" if provider.encrypt_assertion else "encrypt_name_id",
            advice="Its metadata must have an RSA certificate for encryption, and name AES-GCM and RSA-OAEP if any.",
        )
    if provider.require_signed_requests and not metadata.can_verify(described):
        raise Invalid(
            "Signed requests are required of this service provider, but its metadata has no certificate to check them.",
            field="require_signed_requests",
            advice="Ask for metadata with its signing certificate, or register it with --no-require-signed-requests.",
        )
    if provider.nameid_format and provider.nameid_format not in nameid.FORMATS:
        raise Invalid(
            f"The NameID format “{provider.nameid_format[:120]}” is not given here.",
            field="nameid_format",
            advice=f"Choose one of: {', '.join(nameid.FORMATS)}.",
        )
    _judge_name_id_source(provider)
    _judge_start_url(provider.start_url)
    _judge_relay_states(provider.relay_states)


def _judge_name_id_source(provider: ServiceProvider) -> None:
    if provider.name_id_source:
        try:
            expressions.parse(provider.name_id_source)
        except Invalid as error:
            raise Invalid(error.message, field="name_id_source", advice=error.advice) from error
    elif provider.nameid_format in made_names.NEED_A_SOURCE:
        raise Invalid(
            "It must be said what such a NameID is made of.",
            field="nameid_format",
            advice="Name an attribute, or write an expression: --name-id-source 'upper(department) + \"\\\\\" + login'",
        )


def _judge_start_url(start_url: str) -> None:
    """Every person who may open the application is led there by the launcher (X16)."""
    fault = addresses.fault(start_url, http_loopback=True) if start_url else None
    if fault is not None:
        raise Invalid(fault, field="start_url", advice="Give the address that people open the application at.")


def _judge_relay_states(relay_states: Sequence[str]) -> None:
    if len(relay_states) > _MOST_RELAY_STATES:
        raise Invalid(f"At most {_MOST_RELAY_STATES} values of RelayState are kept.", field="relay_states")
    for value in relay_states:
        if not value or len(value.encode("utf-8")) > _LONGEST_RELAY_STATE or not value.isprintable():
            raise Invalid(
                f"A RelayState has 1 to {_LONGEST_RELAY_STATE} bytes and no control characters.", field="relay_states"
            )


def _launch_url(provider: ServiceProvider, described: SpDescription, slug: str) -> str:
    """Where the launcher starts the application: from our side if that is allowed, else where it begins, or lives."""
    if provider.idp_initiated:
        return f"/sites/{slug}/saml/start?sp={quote(provider.entity_id, safe='')}"
    if provider.start_url:
        return provider.start_url
    return addresses.origin(described.default_consumer().location) + "/"
