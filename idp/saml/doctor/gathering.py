"""Gathers what is registered of a service provider, with `work`, as the checks look at it. Changes nothing."""

from sqlalchemy import func, select

from idp.base.errors import Forbidden, NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access_words, policies, queries
from idp.directory.attributes import ATTRIBUTES
from idp.directory.models import Application, Site
from idp.keyring import keyring
from idp.policy import expressions, release
from idp.policy.permissions import Permission
from idp.policy.rules import NOTHING
from idp.saml import legacy, made_names, nameid
from idp.saml.contexts import ContextMap
from idp.saml.description import SpDescription
from idp.saml.doctor.subjects import OurKey, Registered, Sent
from idp.saml.key_change import rollover
from idp.saml.key_change.rollover_plan import HOLDS, WORDS, Standing
from idp.saml.models import ServiceProvider

MOST_SHOWN = 10
_TO_BE_DONE = HOLDS | {Standing.READY}


def registered(work: Work, application: Application, provider: ServiceProvider) -> Registered:
    """Return what is registered of an application that the actor has been given."""
    levels = policies.release_levels(work, application.organization_id, application.site_id, application.id)
    may, above = release.may_leave(levels), release.may_leave([one for one in levels if one.level != "application"])
    source = provider.name_id_source
    return Registered(
        application_id=application.id,
        name=application.name,
        entity_id=provider.entity_id,
        description=SpDescription.from_json(provider.description),
        disabled=application.disabled_at is not None,
        sign_response=provider.sign_response,
        sign_assertion=provider.sign_assertion,
        encrypt_assertion=provider.encrypt_assertion,
        require_signed_requests=provider.require_signed_requests,
        nameid_format=provider.nameid_format,
        formats=tuple(one for one in nameid.FORMATS if nameid.gives(provider, one)),
        made_formats=tuple(one for one in nameid.FORMATS if made_names.is_made(provider, one)),
        name_reads=expressions.parse(source).reads if source else frozenset(),
        encrypt_name_id=provider.encrypt_name_id,
        contexts=ContextMap.from_json(provider.context_map),
        allowed=legacy.live(provider.legacy_algorithms, provider.legacy_until, work.now),
        legacy_until=provider.legacy_until,
        legacy=legacy.warning(provider.legacy_algorithms, provider.legacy_until, work.now),
        idp_initiated=provider.idp_initiated,
        relay_states=tuple(provider.relay_states),
        released=_in_order(may),
        withheld_by_application=_in_order(above - may),
        open_to=access_words.open_to(work, application),
        same_entity_at=sites_with(work, provider.entity_id, but=provider.site_id),
        sent=_sent(levels, may),
        metadata_url=provider.metadata_url,
        metadata_key=provider.metadata_key,
        refreshed_at=provider.refreshed_at,
        refresh_error=provider.refresh_error,
        offered=tuple((provider.offered or {}).get("changes", ())),
        our_key=_our_key(work, provider),
        updated_at=provider.updated_at,
    )


def _in_order(attributes: frozenset[str]) -> tuple[str, ...]:
    own = [name for name in ATTRIBUTES if name in attributes]
    return (*own, *sorted(attributes.difference(own)))


def _sent(levels: release.Levels, may: frozenset[str]) -> tuple[Sent, ...]:
    ruled = release.effective(levels)
    if not ruled:
        return tuple(Sent(one, release.FRIENDLY_NAMES.get(one, ""), frozenset((one,))) for one in _in_order(may))
    return tuple(
        Sent(rule.name, rule.friendly_name, rule.reads(), level, release.why_never(rule, levels))
        for rule, level in ruled
        if rule.source != NOTHING
    )


def _our_key(work: Work, provider: ServiceProvider) -> OurKey:
    published = keyring.published(work, provider.organization_id, provider.site_id, keyring.SAML_SIGNING)
    named = next((key for key in published if key.id == provider.signing_key_id), None)
    retired = named is not None and named.state == keyring.RETIRED
    pinned = (
        phrase("the key %(signing_key_id)s, which is retired", signing_key_id=provider.signing_key_id)
        if retired
        else ""
    )
    try:
        stands = rollover.state(work, provider.application_id)
    except Forbidden:  # who may not see keys is told what is known without them
        stands = None
    if stands is None:
        return OurKey(pinned, provider.certificate_by_hand)
    return OurKey(pinned, provider.certificate_by_hand, WORDS[stands.standing], stands.standing in _TO_BE_DONE)


def sites_with(work: Work, entity_id: str, *, but: str) -> tuple[str, ...]:
    """Return the other sites, of those that the actor may see, at which *entity_id* is registered."""
    query = (
        queries.visible(work, Site, Permission.SITE_READ)
        .join(
            ServiceProvider,
            (ServiceProvider.organization_id == Site.organization_id) & (ServiceProvider.site_id == Site.id),
        )
        .join(
            Application,
            (Application.organization_id == ServiceProvider.organization_id)
            & (Application.id == ServiceProvider.application_id),
        )
        .where(ServiceProvider.entity_id == entity_id, Site.id != but, Application.deleted_at.is_(None))
        .order_by(Site.slug)
        .limit(MOST_SHOWN)
    )
    return tuple(site.slug for site in work.tx.session.scalars(query))


def at_site(work: Work, site: Site, entity_id: str) -> Registered | None:
    """Return the application of that site with that entity ID, or with one that is almost the same."""
    bare = entity_id.strip().lower().rstrip("/")
    bare = bare.removeprefix("https://").removeprefix("http://")
    spellings = [scheme + bare + slash for scheme in ("", "https://", "http://") for slash in ("", "/")]
    query = (
        select(ServiceProvider)
        .where(ServiceProvider.site_id == site.id, func.lower(ServiceProvider.entity_id).in_(spellings))
        .order_by(ServiceProvider.entity_id != entity_id)
    )
    for provider in work.tx.session.scalars(query):
        try:
            application = queries.application(work, provider.application_id)
        except NotFound:  # deleted
            continue
        return registered(work, application, provider)
    return None
