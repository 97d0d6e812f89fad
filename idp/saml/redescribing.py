"""Verbs that change what is known of a service provider: part by part, by metadata, and where that comes from."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace as with_

from idp.audit.events import ServiceProviderChanged, ServiceProviderRedescribed
from idp.audit.log import record
from idp.base import egress
from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import names as names_
from idp.directory import queries, search
from idp.directory.models import Application
from idp.directory.rights import require_on
from idp.policy.permissions import Permission
from idp.saml import addresses, metadata, providers
from idp.saml.description import SpDescription
from idp.saml.difference import Change, certificate_words, difference, one
from idp.saml.editing import Edit, edited
from idp.saml.key_change import schedule
from idp.saml.models import ServiceProvider

_CALLED = "name that people read"
HAND, METADATA, OFFER, REFRESH = "hand", "metadata", "offer", "refresh"
_MOST_OCTETS = 256 * 1024
_RISK = "the addresses and keys that its publisher gives up after {until} are used on"


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a description would become, and what that changes; nothing has been changed yet."""

    described: SpDescription
    changes: tuple[Change, ...]


def after_edit(work: Work, application_id: str, edit: Edit, *, allow_http_loopback: bool = False) -> Proposed:
    """
    Return what *edit* would make of a service provider's description. Changes nothing.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Invalid: the edit, or what comes out of it, cannot be taken.
    """
    _, provider = editable(work, application_id)
    before = SpDescription.from_json(provider.description)
    after = edited(before, edit)
    # Until when its metadata was valid keeps nobody from taking a certificate out (X30).
    judged = after if after.valid_until != before.valid_until else with_(after, valid_until=None)
    metadata.judge(judged, now=work.now, http_loopback=allow_http_loopback)
    return Proposed(after, (*difference(before, after), *_risk(provider, before, after)))


def after_metadata(work: Work, application_id: str, document: bytes, *, allow_http_loopback: bool = False) -> Proposed:
    """
    Return what new metadata would make of a service provider's description. Changes nothing.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Invalid: the metadata cannot be taken, or is that of another entity.
    """
    _, provider = editable(work, application_id)
    after = metadata.read(document, now=work.now, http_loopback=allow_http_loopback)
    check_entity(provider, after)
    return Proposed(after, difference(SpDescription.from_json(provider.description), after))


def edit(
    work: Work, application_id: str, wanted: Edit, *, if_version: int | None = None, allow_http_loopback: bool = False
) -> Proposed:
    """
    Change parts of a service provider's description; with a new display name, its application is called so, too.

    Where that makes no difference, nothing is written and nothing recorded.

    Raises:
        NotFound, Forbidden, Invalid: as for `after_edit`; Invalid also where a switch forbids it.
        Conflict: somebody else has changed it in the meantime.
    """
    application, provider = editable(work, application_id)
    providers.check_version(provider, if_version)
    proposed = after_edit(work, application_id, wanted, allow_http_loopback=allow_http_loopback)
    if wanted.display_name is not None:
        name = names_.name(wanted.display_name)
        if application.name != SpDescription.from_json(provider.description).display_name:
            proposed = Proposed(proposed.described, (*one(_CALLED, application.name, name), *proposed.changes))
        application.name = name
        search.put(work, application)
    if not proposed.changes:
        return proposed
    put(work, application, provider, proposed, source=HAND)
    return proposed


def replace(
    work: Work,
    application_id: str,
    document: bytes,
    *,
    if_version: int | None = None,
    allow_http_loopback: bool = False,
) -> Proposed:
    """
    Let new metadata of the same entity be what is known of a service provider.

    Raises:
        NotFound, Forbidden, Invalid: as for `after_metadata`; Invalid also where a switch forbids it.
        Conflict: somebody else has changed it in the meantime.
    """
    application, provider = editable(work, application_id)
    providers.check_version(provider, if_version)
    proposed = after_metadata(work, application_id, document, allow_http_loopback=allow_http_loopback)
    text = document.decode("utf-8-sig")
    if not proposed.changes and provider.metadata_xml == text:
        return proposed
    provider.metadata_xml = text
    put(work, application, provider, proposed, source=METADATA)
    return proposed


def set_source(
    work: Work,
    application_id: str,
    *,
    url: str | None = None,
    key: str | None = None,
    if_version: int | None = None,
    allow_http_loopback: bool = False,
) -> tuple[Change, ...]:
    """
    Say where a service provider's metadata is fetched from, and what it must be signed with; None leaves it.

    Return what that has changed.

    Args:
        url: an address, or the empty string: it is not fetched any more.
        key: a certificate (DER, base64) that is pinned, or the empty string for none.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Invalid: the address cannot be fetched from.
        Conflict: somebody else has changed it in the meantime.
    """
    application, provider = editable(work, application_id)
    providers.check_version(provider, if_version)
    before, fetched = _source(provider), bool(provider.metadata_url)
    if url is not None:
        if url:
            _judge_url(url, allow_http_loopback)
        provider.metadata_url = url
    if key is not None:
        provider.metadata_key = key
    after = _source(provider)
    changes = tuple(change for part in after for change in one(part, before[part], after[part]))
    if not changes:
        return changes
    described = SpDescription.from_json(provider.description)
    if fetched and not provider.metadata_url and described.valid_until is not None:
        changes += (*one("risk", "", _RISK.format(until=f"{described.valid_until:%Y-%m-%d %H:%M} UTC")),)
    provider.offered, provider.refresh_error = None, ""  # what was found came from elsewhere, or unproven
    provider.refresh_due_at = work.now if provider.metadata_url else None
    provider.updated_at = work.now
    work.tx.session.flush()
    record(
        work,
        ServiceProviderChanged(
            organization_id=provider.organization_id,
            target_id=application.id,
            entity_id=provider.entity_id,
            changes=words(changes),
        ),
    )
    return changes


def editable(work: Work, application_id: str) -> tuple[Application, ServiceProvider]:
    """
    Return an application and its service provider, for changing them.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    return application, providers.of_application(work, application)


def check_entity(provider: ServiceProvider, described: SpDescription) -> None:
    """
    Raises:
        Invalid: what was *described* is another entity: who it is never changes (X30).
    """
    if described.entity_id != provider.entity_id:
        raise Invalid(
            "The metadata is that of another entity.",
            field="metadata",
            code="saml-metadata",
            advice="The entity ID of a registered application never changes; register the other one anew.",
            cause=phrase(
                "it is of %(entity_id)s, not of %(registered)s",
                entity_id=repr(described.entity_id[:200]),
                registered=repr(provider.entity_id[:200]),
            ),
        )


def put(work: Work, application: Application, provider: ServiceProvider, proposed: Proposed, *, source: str) -> None:
    """
    Let what is *proposed* be known of a service provider, and record it. A part of verbs, which see and require.

    Raises:
        Invalid: it does not go with a switch that the administrator has set.
    """
    providers.describe(work, provider, application, proposed.described)
    if provider.metadata_url and source != HAND:
        provider.refresh_due_at = schedule.next_refresh(proposed.described, work.now, key=provider.metadata_url)
    work.tx.session.flush()
    if proposed.changes:
        record(
            work,
            ServiceProviderRedescribed(
                organization_id=provider.organization_id,
                target_id=application.id,
                entity_id=provider.entity_id,
                source=source,
                changes=words(proposed.changes),
            ),
        )


def words(changes: Sequence[Change]) -> tuple[str, ...]:
    """
    Return changes as the audit log keeps them: all of them, up to 256 KiB (more than a thousand).

    Of what is beyond that its number and SHA-256 are kept, by which metadata that somebody has kept can be compared.
    """
    said, left = list[str](), _MOST_OCTETS
    every = [str(one) for one in changes]
    for line in every:
        left -= len(line.encode())
        if left < 0:
            break
        said.append(line)
    beyond = every[len(said) :]
    if beyond:
        digest = hashlib.sha256("\n".join(beyond).encode()).hexdigest()
        said.append(f"and {len(beyond)} more, SHA-256 of their lines {digest}")
    return tuple(said)


def _risk(provider: ServiceProvider, before: SpDescription, after: SpDescription) -> list[Change]:
    """Where metadata comes from an address its validity binds: whoever says that it lasts longer answers for it."""
    if not provider.metadata_url or before.valid_until is None:
        return []
    if after.valid_until is not None and after.valid_until <= before.valid_until:
        return []
    return one("risk", "", _RISK.format(until=f"{before.valid_until:%Y-%m-%d %H:%M} UTC"))


def _judge_url(url: str, http_loopback: bool) -> None:
    wrong = addresses.fault(url, http_loopback=http_loopback)
    if wrong is not None or len(url) > egress.LONGEST_URL:
        raise Invalid(wrong or "The address is too long.", field="metadata_url")


def _source(provider: ServiceProvider) -> dict[str, str]:
    key = provider.metadata_key
    return {
        "address of the metadata": provider.metadata_url,
        "certificate that the metadata must be signed with": certificate_words(key) if key else "",
    }
