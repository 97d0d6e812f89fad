"""What hot roads need to know of a service provider, as a process may remember it for a second."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, select

from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory.models import Application
from idp.saml import legacy, signing
from idp.saml.certificates import KnownKey, known_keys
from idp.saml.contexts import ContextMap
from idp.saml.description import SpDescription
from idp.saml.encryption import CBC_NAMES, EncryptionTarget, target
from idp.saml.models import RolloverStep, ServiceProvider

LONGEST_ENTITY_ID = 1024

_FIND = Prepared(
    select(
        ServiceProvider.organization_id,
        ServiceProvider.site_id,
        ServiceProvider.application_id,
        Application.name,
        Application.launch_url,
        ServiceProvider.entity_id,
        ServiceProvider.description,
        ServiceProvider.metadata_url,
        ServiceProvider.sign_response,
        ServiceProvider.sign_assertion,
        ServiceProvider.encrypt_assertion,
        ServiceProvider.require_signed_requests,
        ServiceProvider.nameid_format,
        ServiceProvider.name_id_source,
        ServiceProvider.idp_initiated,
        ServiceProvider.relay_states,
        ServiceProvider.signature_algorithm,
        ServiceProvider.encrypt_name_id,
        ServiceProvider.context_map,
        ServiceProvider.legacy_algorithms,
        ServiceProvider.legacy_until,
        ServiceProvider.signing_key_id,
        RolloverStep.key_id.label("new_key_id"),
        RolloverStep.switched_at,
        RolloverStep.answered_at,
    )
    .join(
        Application,
        and_(
            Application.organization_id == ServiceProvider.organization_id,
            Application.id == ServiceProvider.application_id,
        ),
    )
    .outerjoin(
        RolloverStep,
        and_(
            RolloverStep.organization_id == ServiceProvider.organization_id,
            RolloverStep.application_id == ServiceProvider.application_id,
            RolloverStep.switched_at.is_not(None),
            RolloverStep.proven_at.is_(None),
            RolloverStep.closed_at.is_(None),
        ),
    )
    .where(
        ServiceProvider.organization_id == bindparam("organization_id"),
        ServiceProvider.site_id == bindparam("site_id"),
        ServiceProvider.entity_id == bindparam("entity_id"),
        Application.deleted_at.is_(None),
    )
)


_OF_APPLICATION = Prepared(
    select(ServiceProvider.site_id, ServiceProvider.entity_id).where(
        ServiceProvider.organization_id == bindparam("organization_id"),
        ServiceProvider.application_id == bindparam("application_id"),
    )
)


@dataclass(frozen=True, slots=True)
class Watched:
    """A key that we have begun to sign with for a service provider, until it has shown that it takes it."""

    key_id: str
    switched_at: datetime
    answered: bool


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """
    A service provider of a site, its switches, and its keys as they are ready to use.

    ``verify_keys`` are those that it signs with and that are good enough; ``encryption`` is None
    where nothing can be encrypted for it; ``valid_until`` is until when all this may be used to sign people on, None
    where nothing says so that binds (metadata that comes from no address can be renewed by nobody); ``allowed`` are the old algorithms that are allowed to it
    now, and ``signature_algorithm`` is what we sign by now; ``watched`` is None while no new key of
    ours is being introduced to it.
    """

    organization_id: str
    site_id: str
    application_id: str
    name: str
    launch_url: str
    entity_id: str
    description: SpDescription
    valid_until: datetime | None
    sign_response: bool
    sign_assertion: bool
    encrypt_assertion: bool
    require_signed_requests: bool
    nameid_format: str
    name_id_source: str
    idp_initiated: bool
    relay_states: tuple[str, ...]
    verify_keys: tuple[KnownKey, ...]
    encryption: EncryptionTarget | None
    signature_algorithm: str
    encrypt_name_id: bool
    contexts: ContextMap
    allowed: frozenset[str]
    signing_key_id: str
    watched: Watched | None

    @property
    def old_algorithms(self) -> list[str]:
        """The old algorithms that an answer to it is made by."""
        if not self.allowed:
            return []
        used = [self.signature_algorithm]
        if self.encryption is not None and (self.encrypt_assertion or self.encrypt_name_id):
            used.append(CBC_NAMES.get(self.encryption.data, ""))
        return [name for name in used if name in self.allowed]


def provider(work: Work, organization_id: str, site_id: str, entity_id: str) -> ProviderFacts | None:
    """
    Return the service provider *entity_id* of that site as it was within the last second, or None.

    The site is part of the question: what another site has registered under the same name is not
    known here (X21).
    """

    def read() -> ProviderFacts | None:
        row = work.tx.row(_FIND, organization_id=organization_id, site_id=site_id, entity_id=entity_id)
        if row is None:
            return None
        description = SpDescription.from_json(row.description)
        allowed = legacy.live(row.legacy_algorithms, row.legacy_until, work.now)
        return ProviderFacts(
            organization_id=row.organization_id,
            site_id=row.site_id,
            application_id=row.application_id,
            name=row.name,
            launch_url=row.launch_url,
            entity_id=row.entity_id,
            description=description,
            valid_until=description.valid_until if row.metadata_url else None,
            sign_response=row.sign_response,
            sign_assertion=row.sign_assertion,
            encrypt_assertion=row.encrypt_assertion,
            require_signed_requests=row.require_signed_requests,
            nameid_format=row.nameid_format,
            name_id_source=row.name_id_source,
            idp_initiated=row.idp_initiated,
            relay_states=tuple(row.relay_states),
            verify_keys=known_keys(description.signing_certificates),
            encryption=target(description.encryption_keys, allowed),
            signature_algorithm=signs_by(row.signature_algorithm, allowed),
            encrypt_name_id=row.encrypt_name_id,
            contexts=ContextMap.from_json(row.context_map),
            allowed=allowed,
            signing_key_id=row.signing_key_id,
            watched=_watched(row),
        )

    if not 0 < len(entity_id) <= LONGEST_ENTITY_ID:
        return None
    return work.tx.memory.recall(("saml-provider", organization_id, site_id, entity_id), read)


def signs_by(chosen: str, allowed: frozenset[str]) -> str:
    """Return the algorithm that holds now: an old one no longer than it is allowed."""
    return chosen if chosen in signing.METHODS or chosen in allowed else signing.STANDARD


def _watched(row: Any) -> Watched | None:
    if row.new_key_id is None:
        return None
    return Watched(row.new_key_id, row.switched_at, row.answered_at is not None)


def provider_of(work: Work, organization_id: str, application_id: str) -> ProviderFacts | None:
    """Return the service provider that the application of that id is, or None."""
    row = work.tx.row(_OF_APPLICATION, organization_id=organization_id, application_id=application_id)
    return None if row is None else provider(work, organization_id, row.site_id, row.entity_id)
