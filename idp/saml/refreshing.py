"""
Fetching a service provider's metadata again, and what follows from it (X30).

Three parts, so that nothing is fetched while a transaction is open: `look` says what to fetch,
`fetch` asks for it, `settle` judges it. Nothing but further certificates, and how long it is valid, is
applied by itself; everything else waits for an administrator, who applies it or discards it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
import structlog
from sqlalchemy import select, update

from idp.audit.events import (
    ServiceProviderChangeOffered,
    ServiceProviderExpiryWarned,
    ServiceProviderOfferDiscarded,
    ServiceProviderRefreshFailed,
)
from idp.audit.log import record
from idp.base import egress, jobs, sweeping
from idp.base.errors import Conflict, Invalid, NotFound, Unavailable
from idp.base.jobs import Errand
from idp.base.work import Work
from idp.directory import organizations
from idp.directory.models import Application
from idp.saml import expiry, gate, metadata, providers, redescribing
from idp.saml.aggregates import pick
from idp.saml.description import SpDescription
from idp.saml.difference import Change, difference, only_adds_certificates
from idp.saml.errors import MessageRefused
from idp.saml.key_change import schedule
from idp.saml.lately import Lately
from idp.saml.models import ServiceProvider
from idp.saml.names import ENTITIES_DESCRIPTOR
from idp.saml.redescribing import Proposed

_MARK = 12
SWEEP, KIND = "saml-metadata", "saml-metadata-refresh"

log = structlog.get_logger("idp.saml")


class Came(StrEnum):
    """What came of a refresh."""

    UNCHANGED = "unchanged"
    APPLIED = "applied"
    OFFERED = "offered"
    DISCARDED = "discarded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Look:
    """What to fetch, for which application."""

    application_id: str
    url: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address answered, or why it did not."""

    document: bytes | None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What came of a refresh, the differences that were found, and the cause of a failure.

    ``offer`` is the `mark` of what waits now.
    """

    came: Came
    changes: tuple[Change, ...] = ()
    cause: str = ""
    offer: str = ""


def look(work: Work, application_id: str) -> Look:
    """
    Return what to fetch for a service provider.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Invalid: its metadata comes from no address.
    """
    _, provider = redescribing.editable(work, application_id)
    if not provider.metadata_url:
        raise Invalid(
            "The metadata of this application comes from no address.",
            field="metadata_url",
            advice="Name one: idp application saml set APP --metadata-url URL",
        )
    return Look(application_id, provider.metadata_url)


def fetch(asked: Look, *, allowed: Sequence[str], http_loopback: bool) -> Fetched:
    """Return what the address answers. Call it while no transaction is open."""
    return _answer(asked.url, allowed=allowed, http_loopback=http_loopback)


def _answer(url: str, *, allowed: Sequence[str], http_loopback: bool) -> Fetched:
    try:
        document = egress.fetch(url, allowed=allowed, most_bytes=gate.MOST_METADATA_BYTES, http_loopback=http_loopback)
    except Unavailable as error:
        return Fetched(None, error.cause)
    return Fetched(document)


def settle(work: Work, asked: Look, fetched: Fetched, *, allow_http_loopback: bool = False) -> Outcome:
    """
    Do what follows from what was *fetched*: nothing, apply it, let it wait for approval, or say that it failed.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
    """
    application, provider = redescribing.editable(work, asked.application_id)
    if provider.metadata_url != asked.url:  # it was changed while we asked
        return Outcome(Came.UNCHANGED)
    if fetched.document is None:
        return _failed(work, provider, fetched.cause)
    try:
        document, described = _proven(work, provider, fetched.document, allow_http_loopback)
    except (Invalid, MessageRefused) as error:
        return _failed(work, provider, error.cause)
    changes = difference(SpDescription.from_json(provider.description), described)
    if changes and (not only_adds_certificates(changes) or _brings_back(provider, described)):
        return _offer(work, provider, document, described, changes)
    if changes:
        provider.metadata_xml, provider.offered = document, None
        redescribing.put(work, application, provider, Proposed(described, changes), source=redescribing.REFRESH)
    _note(work, provider, described, offered=None)
    return Outcome(Came.APPLIED if changes else Came.UNCHANGED, changes)


def offered(work: Work, application_id: str, *, allow_http_loopback: bool = False) -> Proposed | None:
    """
    Return what waits for approval, and what it would change now; None where nothing waits.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Invalid: it can no longer be taken (it was valid until a moment that has passed).
    """
    _, provider = redescribing.editable(work, application_id)
    if not provider.offered or "description" not in provider.offered:
        return None
    described = SpDescription.from_json(provider.offered["description"])
    metadata.judge(described, now=work.now, http_loopback=allow_http_loopback)
    return Proposed(described, difference(SpDescription.from_json(provider.description), described))


def apply(
    work: Work,
    application_id: str,
    *,
    if_version: int | None = None,
    if_offer: str | None = None,
    allow_http_loopback: bool = False,
) -> Proposed:
    """
    Let what waits for approval be what is known of a service provider.

    Args:
        if_offer: the `mark` of what was looked at: whoever publishes it may have changed it since.

    Raises:
        NotFound: no such application that this actor may see, or nothing waits.
        Forbidden: the actor may not edit applications there.
        Invalid: it cannot be taken, or does not go with a switch.
        Conflict: somebody else has changed it in the meantime, or something else waits.
    """
    application, provider = redescribing.editable(work, application_id)
    providers.check_version(provider, if_version)
    proposed = offered(work, application_id, allow_http_loopback=allow_http_loopback)
    if proposed is None or provider.offered is None:
        raise _nothing_waits()
    if if_offer is not None and if_offer != mark(proposed.described):
        raise Conflict(
            "Something else waits for approval by now than what was looked at.",
            advice="Look at it: idp application saml refresh APP --show",
        )
    provider.metadata_xml, provider.offered = provider.offered["document"], None
    redescribing.put(work, application, provider, proposed, source=redescribing.OFFER)
    return proposed


def mark(described: SpDescription) -> str:
    """Return what an offer of *described* is told from another one by."""
    return _digest(described.to_json())[:_MARK]


def discard(work: Work, application_id: str) -> tuple[str, ...]:
    """
    Refuse what waits for approval; the very same is not offered again. Return what it would have changed.

    Raises:
        NotFound: no such application that this actor may see, or nothing waits.
        Forbidden: the actor may not edit applications there.
    """
    _, provider = redescribing.editable(work, application_id)
    if not provider.offered or "description" not in provider.offered:
        raise _nothing_waits()
    changes = tuple(provider.offered["changes"])
    provider.offered = {"discarded": _digest(provider.offered["description"])}
    work.tx.session.flush()
    record(
        work,
        ServiceProviderOfferDiscarded(
            organization_id=provider.organization_id,
            target_id=provider.application_id,
            entity_id=provider.entity_id,
            changes=changes,
        ),
    )
    return changes


def errand(*, allowed: Sequence[str], http_loopback: bool) -> Errand:
    """Return what handles a job of this `KIND`. Those whose metadata is at one address are served by one answer."""
    lately = Lately(lambda url: _answer(url, allowed=allowed, http_loopback=http_loopback))

    def prepare(work: Work, payload: Mapping[str, Any]) -> Look | None:
        try:
            return look(work, str(payload["application_id"]))
        except (NotFound, Invalid):  # deleted, or its address was taken away, since the job was asked for
            return None

    def settled(work: Work, asked: Look, fetched: Fetched) -> None:
        try:
            settle(work, asked, fetched, allow_http_loopback=http_loopback)
        except NotFound:
            return

    return Errand(prepare, lambda asked: lately.ask(asked.url), settled)


def sweep(work: Work, at_once: int = sweeping.AT_ONCE) -> bool:
    """Ask for a job for each metadata that is due, and warn of what ends; say whether more is left."""
    return at_once in (_ask(work, at_once), _warn(work, at_once))


run = sweeping.handler(SWEEP, sweep)


def _ask(work: Work, at_once: int) -> int:
    due = _live(select(ServiceProvider)).where(ServiceProvider.refresh_due_at <= work.now)
    found = list(work.tx.session.scalars(due.order_by(ServiceProvider.refresh_due_at).limit(at_once)))
    for provider in found:
        jobs.defer(
            work,
            KIND,
            key=f"{KIND}:{provider.application_id}:{work.now:%Y-%m-%dT%H}",
            payload={"application_id": provider.application_id},
            organization_id=provider.organization_id,
        )
        _quietly(work, provider, refresh_due_at=work.now + schedule.SOONEST)
    return len(found)


def _warn(work: Work, at_once: int) -> int:
    due = _live(select(ServiceProvider)).where(ServiceProvider.warn_at <= work.now)
    found = list(work.tx.session.scalars(due.order_by(ServiceProvider.warn_at).limit(at_once)))
    for provider in found:
        described = SpDescription.from_json(provider.description)
        warned = dict(provider.warned)
        for one in expiry.to_warn(described, work.now, warned):
            warned[one.ending.key] = one.stage
            ends = f"{one.ending.ends:%Y-%m-%d}"
            log.warning("ends soon", entity_id=provider.entity_id, what=one.ending.what, ends=ends, days=one.stage)
            record(
                work,
                ServiceProviderExpiryWarned(
                    organization_id=provider.organization_id,
                    target_id=provider.application_id,
                    entity_id=provider.entity_id,
                    what=one.ending.what,
                    ends=ends,
                    within_days=one.stage,
                ),
            )
        known = {one.key for one in expiry.endings(described)}
        warned = {key: days for key, days in warned.items() if key in known}
        _quietly(
            work,
            provider,
            warned=warned,
            warn_at=expiry.next_warning(described, work.now, warned),
            ends_at=expiry.next_end(described, work.now),
        )
    return len(found)


def _live(query: Any) -> Any:
    return query.join(
        Application,
        (Application.organization_id == ServiceProvider.organization_id)
        & (Application.id == ServiceProvider.application_id),
    ).where(Application.deleted_at.is_(None), ServiceProvider.organization_id.not_in(organizations.suspended()))


def _proven(work: Work, provider: ServiceProvider, document: bytes, http_loopback: bool) -> tuple[str, SpDescription]:
    """Return the metadata to keep and what it says, once it is proven to be the provider's own and of today."""
    root = metadata.proven(document, provider.metadata_key)
    if root.tag == ENTITIES_DESCRIPTOR:
        entity = pick(root, provider.entity_id)
        described = entity.described(now=work.now, http_loopback=http_loopback)
        text = entity.document.decode()
    else:
        described = metadata.understood(root, now=work.now, http_loopback=http_loopback)
        text = document.decode("utf-8-sig")
    redescribing.check_entity(provider, described)
    return text, described


def _brings_back(provider: ServiceProvider, described: SpDescription) -> bool:
    """
    Say whether *described* has a certificate that was taken out, however long ago and whatever its publisher has
    said in the meantime; or one that stood in the document taken last, so that its publisher does not add it now.
    """
    known = SpDescription.from_json(provider.description)
    if described.uses() & set(known.taken_out):
        return True
    if not provider.metadata_xml:
        return False
    former = metadata.said(provider.metadata_xml.encode())
    return any(
        (certificates(former) - certificates(known)) & certificates(described)
        for certificates in (SpDescription.signing, SpDescription.encryption)
    )


def _offer(
    work: Work, provider: ServiceProvider, document: str, described: SpDescription, changes: tuple[Change, ...]
) -> Outcome:
    value = described.to_json()
    before = provider.offered or {}
    if before.get("discarded") == _digest(value):
        _note(work, provider, described, offered=before)
        return Outcome(Came.DISCARDED, changes)
    said = redescribing.words(changes)
    if "description" not in before or _digest(before["description"]) != _digest(value):
        record(
            work,
            ServiceProviderChangeOffered(
                organization_id=provider.organization_id,
                target_id=provider.application_id,
                entity_id=provider.entity_id,
                changes=said,
            ),
        )
    kept = {"description": value, "document": document, "changes": list(said), "at": work.now.isoformat()}
    _note(work, provider, described, offered=kept)
    return Outcome(Came.OFFERED, changes, offer=mark(described))


def _failed(work: Work, provider: ServiceProvider, cause: str) -> Outcome:
    """What is known stays as it is. Said once for each cause, tried again in an hour."""
    cause = cause[:2000]
    if provider.refresh_error != cause:
        if work.origin.door == "job":  # whoever else asked is told
            log.warning("metadata not refreshed", entity_id=provider.entity_id, cause=cause)
        record(
            work,
            ServiceProviderRefreshFailed(
                organization_id=provider.organization_id,
                target_id=provider.application_id,
                entity_id=provider.entity_id,
                cause=cause,
            ),
        )
    described = SpDescription.from_json(provider.description)
    due = schedule.next_refresh(described, work.now, key=provider.metadata_url, failed=True)
    _quietly(work, provider, refresh_error=cause, refresh_due_at=due)
    return Outcome(Came.FAILED, cause=cause)


def _note(work: Work, provider: ServiceProvider, described: SpDescription, *, offered: dict[str, Any] | None) -> None:
    due = schedule.next_refresh(described, work.now, key=provider.metadata_url)
    _quietly(work, provider, refreshed_at=work.now, refresh_error="", refresh_due_at=due, offered=offered)


def _quietly(work: Work, provider: ServiceProvider, **values: Any) -> None:
    """Note what is not a change of the registration: its version, which changes are made for, stays."""
    work.tx.session.execute(
        update(ServiceProvider)
        .where(
            ServiceProvider.organization_id == provider.organization_id,
            ServiceProvider.application_id == provider.application_id,
        )
        .values(**values)
    )


def _digest(description: dict[str, Any]) -> str:
    """How long metadata says that it is valid is new each time: it makes nothing another offer."""
    return hashlib.sha256(orjson.dumps({**description, "valid_until": None}, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _nothing_waits() -> NotFound:
    return NotFound("Nothing waits for approval.", advice="See: idp application saml refresh APP")
