"""The rotation of a site's keys, and what becomes of those who sign in with SAML when the new key is everybody's."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import and_, insert, literal, or_, select, update

from idp.base.tables import table
from idp.base.work import Work
from idp.directory import keys as site_keys
from idp.directory.models import Application, Site
from idp.directory.rights import require_on
from idp.keyring import keyring
from idp.keyring.models import SigningKey
from idp.policy.permissions import Permission
from idp.saml.key_change.rollover import Report, going_on, of_kind, reports
from idp.saml.key_change.rollover_plan import HOLDS, Campaign, Standing
from idp.saml.models import RolloverStep, ServiceProvider

_PROVIDERS, _STEPS = table(ServiceProvider), table(RolloverStep)


@dataclass(frozen=True, slots=True)
class Held:
    """A key that was neither retired nor dropped, because of these service providers."""

    key: SigningKey
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation came to; ``unseen`` counts who follows to a new key unseen, having shown nothing of it."""

    changed: tuple[SigningKey, ...]
    held: tuple[Held, ...]
    unseen: int


def rotate(
    work: Work,
    site: Site,
    *,
    purpose: str | None = None,
    at_once: bool = True,
    anyway: bool = False,
    unattended: bool = False,
) -> Rotated:
    """
    Move the keys of *site* one step on (see `directory.keys.rotate`), and those who sign in with SAML with them.

    A SAML key stays while a service provider is bound to it by name; or was taken back to it, or keeps its
    copy of the certificate by hand, and has not been confirmed to have the next one.

    Args:
        anyway: retire and drop also what is held; who was held to a key that goes follows the active one.
        unattended: nobody reads what comes of it, so the former SAML key stays also for those who have shown
            nothing of the new one.

    Raises:
        Forbidden: the actor may not rotate keys there.
    """
    require_on(work, Permission.KEY_ROTATE, site)
    before = [(campaign, reports(work, site, campaign)) for campaign in going_on(work, site)]
    holders = _holders(work, site, before, HOLDS | {Standing.UNKNOWN} if unattended else HOLDS)
    unseen = {campaign.new.id: sum(one.standing is Standing.UNKNOWN for one in found) for campaign, found in before}
    turned = site_keys.rotate(
        work,
        site.organization_id,
        site.id,
        subject=site.slug,
        purpose=purpose,
        at_once=at_once,
        held=frozenset() if anyway else frozenset(holders),
    )
    work.tx.session.flush()
    followed = 0
    for key in turned.changed:
        if key.purpose == keyring.SAML_SIGNING and key.state == keyring.ACTIVE:
            followed += unseen.get(key.id, 0)
            _follow(work, site, key)
        if key.purpose == keyring.SAML_SIGNING and key.state in (keyring.RETIRED, keyring.GONE):
            _release(work, site, key)
    held = tuple(Held(key, tuple(sorted(holders[key.id]))) for key in turned.withheld)
    return Rotated(tuple(turned.changed), held, followed)


def _holders(
    work: Work, site: Site, going: Iterable[tuple[Campaign, list[Report]]], holding: Collection[Standing]
) -> dict[str, set[str]]:
    """Return by key who would be shut out, or is bound to it by name, if it went."""
    found: dict[str, set[str]] = {}
    query = (
        select(ServiceProvider.signing_key_id, Application.name)
        .join(
            Application,
            and_(
                Application.organization_id == ServiceProvider.organization_id,
                Application.id == ServiceProvider.application_id,
            ),
        )
        .where(
            ServiceProvider.organization_id == site.organization_id,
            ServiceProvider.site_id == site.id,
            ServiceProvider.signing_key_id != "",
            Application.deleted_at.is_(None),
        )
    )
    for row in work.tx.session.execute(query):
        found.setdefault(row.signing_key_id, set()).add(row.name)
    for campaign, stands in going:
        for report in stands:
            if report.standing in holding:
                found.setdefault(campaign.former.id, set()).add(report.name)
    return found


def _follow(work: Work, site: Site, key: SigningKey) -> None:
    """The key is the active one now: who was switched to it needs no name for it; all others are watched from here."""
    on_curve = (key.purpose, key.algorithm) in keyring.OPTIONAL_KINDS
    here = (_PROVIDERS.c.organization_id == site.organization_id, _PROVIDERS.c.site_id == site.id)
    work.tx.session.execute(
        update(_PROVIDERS).where(*here, _PROVIDERS.c.signing_key_id == key.id).values(signing_key_id="")
    )
    mine = select(_STEPS.c.application_id).where(
        _STEPS.c.organization_id == site.organization_id, _STEPS.c.key_id == key.id
    )
    follows = (*here, _PROVIDERS.c.signing_key_id == "", of_kind(on_curve))
    in_place = (_STEPS.c.organization_id == site.organization_id, _STEPS.c.key_id == key.id)
    work.tx.session.execute(
        update(_STEPS)
        .where(
            *in_place,
            or_(_STEPS.c.switched_at.is_(None), _STEPS.c.closed_at.is_not(None)),
            _STEPS.c.application_id.in_(select(_PROVIDERS.c.application_id).where(*follows)),
        )
        .values(switched_at=work.now, answered_at=None, proven_at=None, closed_at=None)
    )
    at = literal(work.now, _STEPS.c.switched_at.type)
    columns = [
        _STEPS.c.organization_id,
        _STEPS.c.application_id,
        _STEPS.c.key_id,
        _STEPS.c.fetched_by,
        _STEPS.c.switched_at,
    ]
    missing = select(_PROVIDERS.c.organization_id, _PROVIDERS.c.application_id, literal(key.id), literal(""), at).where(
        *follows, _PROVIDERS.c.application_id.not_in(mine)
    )
    work.tx.session.execute(insert(_STEPS).from_select([c.name for c in columns], missing))


def _release(work: Work, site: Site, key: SigningKey) -> None:
    """A key that has gone is named by nobody; what was watched of a key that is no longer new is over."""
    own = _STEPS.c.organization_id == site.organization_id
    work.tx.session.execute(
        update(_STEPS).where(own, _STEPS.c.key_id == key.id, _STEPS.c.closed_at.is_(None)).values(closed_at=work.now)
    )
    if key.state == keyring.GONE:
        work.tx.session.execute(
            update(_PROVIDERS)
            .where(_PROVIDERS.c.organization_id == site.organization_id, _PROVIDERS.c.signing_key_id == key.id)
            .values(signing_key_id="")
        )
