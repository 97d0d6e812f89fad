"""
Registering many service providers from one aggregate, in batches: each is a transaction, so it can be begun again.

An entity is read while no transaction is open (`read`); `register` only writes. What is wrong with
one entity is said of that one, and the others go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import queries
from idp.directory.models import Application
from idp.directory.rights import require_on
from idp.policy.permissions import Permission
from idp.saml import proposing, registering
from idp.saml.aggregates import Entity
from idp.saml.description import SpDescription
from idp.saml.models import ServiceProvider
from idp.saml.proposals import propose
from idp.saml.switches import Switches

AT_ONCE = 200


class Came(StrEnum):
    """What came of an entity."""

    REGISTERED = "registered"
    ALREADY = "already"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True)
class Read:
    """An entity and what it says; ``described`` is None where ``cause`` says why it cannot be taken."""

    entity: Entity
    described: SpDescription | None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an entity: its application, if it was registered, and otherwise the cause."""

    entity_id: str
    came: Came
    application_id: str = ""
    cause: str = ""


def registered(work: Work, site_slug: str, entity_ids: Sequence[str]) -> frozenset[str]:
    """
    Return those of *entity_ids* that are registered at a site already.

    Raises:
        NotFound: no such site that this actor may see.
    """
    held = (
        queries.visible(work, Application, Permission.APPLICATION_READ)
        .with_only_columns(ServiceProvider.entity_id, maintain_column_froms=True)
        .join(
            ServiceProvider,
            (Application.organization_id == ServiceProvider.organization_id)
            & (Application.id == ServiceProvider.application_id),
        )
        .where(
            ServiceProvider.site_id == queries.site(work, site_slug).id,
            ServiceProvider.entity_id.in_(entity_ids),
            Application.deleted_at.is_(None),
        )
    )
    return frozenset(work.tx.session.scalars(held))


def read(entity: Entity, *, now: datetime, allow_http_loopback: bool = False) -> Read:
    """Return what an entity says. Call it while no transaction is open: it takes a millisecond."""
    try:
        return Read(entity, entity.described(now=now, http_loopback=allow_http_loopback))
    except Invalid as error:
        return Read(entity, None, _words(error))


def register(
    work: Work,
    site_slug: str,
    batch: Sequence[Read],
    *,
    everyone: bool = False,
    release_requested: bool = False,
    metadata_url: str = "",
    metadata_key: str = "",
) -> list[Outcome]:
    """
    Register the service providers of a *batch* at a site; those that are there already stay as they are.

    Args:
        everyone: everybody in the organization may open them at once.
        release_requested: each receives those of our attributes that it asks for, and no other.
        metadata_url: the address of the aggregate, where they are looked for again.
        metadata_key: the certificate (DER, base64) that the aggregate must be signed with then.

    Raises:
        NotFound: no such site that this actor may see.
        Forbidden: the actor may not register applications there.
    """
    site = queries.site(work, site_slug)
    require_on(work, Permission.APPLICATION_CREATE, site)
    there = set(registered(work, site_slug, [one.entity.entity_id for one in batch]))
    own = proposing.own_at(work, site.organization_id, site.id)
    outcomes = []
    for one in batch:
        entity_id = one.entity.entity_id
        if entity_id in there:
            outcomes.append(Outcome(entity_id, Came.ALREADY))
            continue
        if one.described is None:
            outcomes.append(Outcome(entity_id, Came.FAULTY, cause=one.cause))
            continue
        try:
            made = registering.enroll(
                work,
                site_slug,
                one.described,
                Switches(),
                document=one.entity.document.decode(),
                metadata_url=metadata_url,
                metadata_key=metadata_key,
                everyone=everyone,
            )
        except Invalid as error:  # raised before anything is written
            outcomes.append(Outcome(entity_id, Came.FAULTY, cause=_words(error)))
            continue
        if release_requested:
            proposing.agree(work, made.application_id, propose(one.described.requested_attributes, own))
        there.add(entity_id)
        outcomes.append(Outcome(entity_id, Came.REGISTERED, made.application_id))
    return outcomes


def _words(error: Invalid) -> str:
    return error.message if error.cause == error.message else f"{error.message} ({error.cause})"
