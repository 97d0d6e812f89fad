"""Verbs on registered service providers, the SAML half of applications; `registering` registers them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import and_, select, tuple_

from idp.audit.events import LegacyAlgorithmsAllowed, ServiceProviderChanged
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict, NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import queries
from idp.directory.models import Application, Site
from idp.directory.rights import require_on
from idp.policy.permissions import Permission, require
from idp.saml import (
    addresses,
    expiry,
    legacy,
    provider_view,
    signing,
    switch_words,
    switches,
    watching,
)
from idp.saml.description import SpDescription
from idp.saml.models import ServiceProvider
from idp.saml.switches import Switches

PROTOCOL = "saml"


def describe(work: Work, provider: ServiceProvider, application: Application, described: SpDescription) -> None:
    """
    Let *described* (and judged: `metadata.read`, `metadata.judge`) be what is known of *provider* from now on.

    A part of verbs, which see, require and record.

    Raises:
        Invalid: it does not go with a switch that the administrator has set.
    """
    switches.judge_described(provider, described)
    put(work, provider, described)
    site = work.tx.session.get_one(Site, (provider.organization_id, provider.site_id))
    application.launch_url = launch_url(provider, described, site.slug)
    provider.updated_at = work.now
    work.tx.after_commit(work.tx.memory.forget)


def check_version(provider: ServiceProvider, if_version: int | None) -> None:
    """
    Raises:
        ChangedMeanwhile: the change was made for another version than the one there is.
    """
    if if_version is not None and if_version != provider.version:
        raise ChangedMeanwhile(provider.application_id)


def change(
    work: Work,
    application_id: str,
    wanted: Switches,
    *,
    if_version: int | None = None,
    described: SpDescription | None = None,
) -> ServiceProvider:
    """
    Change the switches of a service provider; those that are None stay as they are.

    Where that makes no difference, nothing is written and nothing recorded.

    Args:
        if_version: the version that the change was made for.
        described: what will be known of it when the unit of work ends, where that changes, too (see `altering`).

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Invalid: a switch cannot be taken.
        Conflict: somebody else has changed it in the meantime.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    provider = of_application(work, application)
    check_version(provider, if_version)
    described = described or SpDescription.from_json(provider.description)
    before = switches.values(provider)
    switches.put(provider, wanted)
    switches.judge_described(provider, described)
    switches.judge(work, provider, wanted)
    after = switches.values(provider)
    if after == before:
        return provider
    site = work.tx.session.get_one(Site, (provider.organization_id, provider.site_id))
    application.launch_url = launch_url(provider, described, site.slug)
    provider.updated_at = work.now
    work.tx.session.flush()
    if signing.by_curve(before["signature_algorithm"]) != signing.by_curve(after["signature_algorithm"]):
        watching.stop(work, provider.organization_id, provider.application_id)
    record(
        work,
        ServiceProviderChanged(
            organization_id=provider.organization_id,
            target_id=application.id,
            entity_id=provider.entity_id,
            changes=tuple(map(str, switch_words.difference(before, after))),
        ),
    )
    record_legacy(work, provider, wanted)
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


def entity_ids(work: Work, organization_ids: Collection[str]) -> dict[str, str]:
    """Return the entity IDs of the service providers of organizations that the actor may see, by application."""
    seen = queries.visible(work, Application, Permission.APPLICATION_READ).with_only_columns(
        Application.organization_id, Application.id
    )
    held = select(ServiceProvider.application_id, ServiceProvider.entity_id).where(
        ServiceProvider.organization_id.in_(organization_ids),
        tuple_(ServiceProvider.organization_id, ServiceProvider.application_id).in_(seen),
    )
    return {row.application_id: row.entity_id for row in work.tx.session.execute(held)}


def entity_ids_of(work: Work, applications: Collection[Application]) -> dict[str, str]:
    """Return the entity IDs of those of *applications*, which the actor has been given, that are service providers."""
    keys = [(one.organization_id, one.id) for one in applications]
    held = select(ServiceProvider.application_id, ServiceProvider.entity_id)
    query = held.where(queries.among(ServiceProvider.organization_id, ServiceProvider.application_id, keys))
    return {row.application_id: row.entity_id for row in work.tx.session.execute(query)}


def of_application(work: Work, application: Application) -> ServiceProvider:
    """
    Return the service provider of an application that the actor has been given.

    Raises:
        NotFound: the application is of another protocol.
    """
    provider = work.tx.session.get(ServiceProvider, (application.organization_id, application.id))
    if provider is None:
        raise NotFound(phrase("“%(name)s” is no SAML application.", name=application.name), field="application")
    return provider


def represent(provider: ServiceProvider, now: datetime | None = None) -> dict[str, Any]:
    """Return a service provider as JSON values: its switches, and what its metadata says (see `provider_view`)."""
    return provider_view.represent(provider, switches.values(provider), now)


def put(work: Work, provider: ServiceProvider, described: SpDescription) -> None:
    """Store what was *described*, and when the next thing in it ends. A part of verbs."""
    if provider.description:
        described = described.after(SpDescription.from_json(provider.description))
    provider.description = described.to_json()
    provider.ends_at = expiry.next_end(described, work.now)
    provider.warn_at = expiry.next_warning(described, work.now, provider.warned)


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


def record_legacy(work: Work, provider: ServiceProvider, wanted: Switches) -> None:
    """Record that old algorithms were allowed, where *wanted* says so. A part of verbs."""
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


def launch_url(provider: ServiceProvider, described: SpDescription, slug: str) -> str:
    """Return where the launcher starts the application: from our side if that is allowed, else where it begins, or lives."""
    if provider.idp_initiated:
        return f"/sites/{slug}/saml/start?sp={quote(provider.entity_id, safe='')}"
    if provider.start_url:
        return provider.start_url
    return addresses.origin(described.default_consumer().location) + "/"
