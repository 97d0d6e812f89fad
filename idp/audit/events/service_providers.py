"""Audit events of SAML service providers."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderRegistered(Event):
    tag = "service-provider.registered"
    sentence = "registered the SAML service provider {entity_id}"
    entity_id: str
    metadata_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderTemplateApplied(Event):
    """A service provider was registered from an application template, with these values of its fields."""

    tag = "service-provider.template-applied"
    sentence = "made a SAML service provider by the template {template} ({fields})"
    template: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderChanged(Event):
    """How a service provider is answered was changed, or where its metadata comes from."""

    tag = "service-provider.changed"
    sentence = "changed the SAML service provider {entity_id}: {changes}"
    entity_id: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderRedescribed(Event):
    """What is known of a service provider was changed. ``source`` is ``hand``, ``metadata``, ``offer`` or ``refresh``."""

    tag = "service-provider.redescribed"
    sentence = "changed what is known of the SAML service provider {entity_id} ({source}): {changes}"
    entity_id: str
    source: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderChangeOffered(Event):
    """Metadata fetched anew says something else, and waits until an administrator applies or discards it."""

    tag = "service-provider.change-offered"
    sentence = "found new metadata of {entity_id}, which waits for approval: {changes}"
    entity_id: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderOfferDiscarded(Event):
    tag = "service-provider.offer-discarded"
    sentence = "discarded new metadata of {entity_id}: {changes}"
    entity_id: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderRefreshFailed(Event):
    """Metadata could not be fetched or taken (recorded once per cause, not once per try)."""

    tag = "service-provider.refresh-failed"
    sentence = "could not take the metadata of {entity_id}: {cause}"
    entity_id: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderExpiryWarned(Event):
    tag = "service-provider.expiry-warned"
    sentence = "found that the {what} of {entity_id} ends on {ends}, within {within_days} days"
    entity_id: str
    what: str
    ends: str
    within_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderNameFreed(Event):
    """A name that ``account_id`` had at an application may be given to another account."""

    tag = "service-provider.name-freed"
    sentence = "let the NameID {name} of the account {account_id} be given to another"
    name: str
    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyAlgorithmsAllowed(Event):
    """Old algorithms were allowed to a service provider, until a moment."""

    tag = "service-provider.legacy-allowed"
    sentence = "allowed old algorithms ({algorithms}) to {entity_id} until {until}"
    entity_id: str
    algorithms: tuple[str, ...]
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloverConfirmed(Event):
    """An administrator says that a service provider takes a new key of ours."""

    tag = "service-provider.new-key-confirmed"
    sentence = "confirmed that {entity_id} takes the key {key_id}"
    entity_id: str
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameIdTerminated(Event):
    """A service provider gave up the name that it knew a person by (target: the account)."""

    tag = "name-id.terminated"
    sentence = "ended the name that the application {application_id} knew an account by"
    application_id: str
    name_id: str
    attempt_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderFixApplied(Event):
    """A fix that the doctor offered was applied; what it changed is an event of its own."""

    tag = "service-provider.fix-applied"
    sentence = "applied the doctor's fix for {kind}: {does}. Risk: {risk}"
    kind: str
    does: str
    risk: str
