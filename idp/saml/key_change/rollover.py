"""
Verbs on a change of our signing key: who is ready for it, who is switched, and the way back.

A new key is published beside the active one (`idp keys rotate`). From then on each service provider
can be switched to it by itself, and back, while all others go on as before; in the end the new key
becomes the active one for all (see `rotating`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select

from idp.audit.events import RolloverConfirmed
from idp.audit.log import record
from idp.base.errors import Conflict
from idp.base.tables import table
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import queries
from idp.directory.models import Application, Site
from idp.directory.rights import require_on
from idp.keyring import keyring
from idp.keyring.keyring import Key
from idp.policy.permissions import Permission, require
from idp.saml import providers, watching
from idp.saml.key_change.rollover_plan import FORMER, NEW, WORDS, Campaign, Standing, campaigns, standing
from idp.saml.models import RolloverStep, ServiceProvider
from idp.saml.switches import Switches

_PROVIDERS, _STEPS = table(ServiceProvider), table(RolloverStep)


@dataclass(frozen=True, slots=True)
class Report:
    """One service provider in a rollover: what is known of it, and where it stands."""

    application_id: str
    name: str
    entity_id: str
    kind: str
    signs_with: str
    by_hand: bool
    fetched_at: datetime | None
    fetched_by: str
    confirmed_at: datetime | None
    switched_at: datetime | None
    answered_at: datetime | None
    proven_at: datetime | None
    closed_at: datetime | None

    @property
    def on_new(self) -> bool:
        """Whether it is answered with the new key."""
        return self.signs_with == NEW

    @property
    def standing(self) -> Standing:
        """Where it stands."""
        return standing(
            on_new=self.on_new,
            by_hand=self.by_hand,
            fetched_at=self.fetched_at,
            confirmed_at=self.confirmed_at,
            switched_at=self.switched_at,
            answered_at=self.answered_at,
            proven_at=self.proven_at,
            closed_at=self.closed_at,
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        times = ("fetched_at", "confirmed_at", "switched_at", "answered_at", "proven_at")
        return {
            "application_id": self.application_id,
            "name": self.name,
            "entity_id": self.entity_id,
            "kind": self.kind,
            "signs_with": self.signs_with,
            "certificate_by_hand": self.by_hand,
            "fetched_by": self.fetched_by,
            **{name: None if (at := getattr(self, name)) is None else at.isoformat() for name in times},
            "standing": self.standing.value,
            "words": WORDS[self.standing],
        }


@dataclass(frozen=True, slots=True)
class Moved:
    """What switching many came to: those that were, and those that were left as they are."""

    done: tuple[Report, ...]
    left: tuple[Report, ...]


def going_on(work: Work, site: Site) -> tuple[Campaign, ...]:
    """
    Return the rollovers that go on at *site*: none, or one per kind of key.

    Raises:
        Forbidden: the actor may not see keys there.
    """
    require_on(work, Permission.KEY_READ, site)
    return campaigns(keyring.published(work, site.organization_id, site.id, keyring.SAML_SIGNING))


def reports(work: Work, site: Site, campaign: Campaign, application_id: str | None = None) -> list[Report]:
    """
    Return where the service providers of *site* that *campaign* is about stand, by name.

    Raises:
        Forbidden: the actor may not see applications there.
    """
    require_on(work, Permission.APPLICATION_READ, site)
    work.tx.session.flush()
    query = (
        select(
            ServiceProvider.application_id,
            ServiceProvider.entity_id,
            ServiceProvider.signing_key_id,
            ServiceProvider.certificate_by_hand,
            Application.name,
            RolloverStep.fetched_at,
            RolloverStep.fetched_by,
            RolloverStep.confirmed_at,
            RolloverStep.switched_at,
            RolloverStep.answered_at,
            RolloverStep.proven_at,
            RolloverStep.closed_at,
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
                RolloverStep.key_id == campaign.new.id,
            ),
        )
        .where(
            ServiceProvider.organization_id == site.organization_id,
            ServiceProvider.site_id == site.id,
            Application.deleted_at.is_(None),
            of_kind(campaign.on_curve),
        )
        .order_by(Application.name, Application.id)
    )
    if application_id is not None:
        query = query.where(ServiceProvider.application_id == application_id)
    return [_report(campaign, row) for row in work.tx.session.execute(query)]


def state(work: Work, application_id: str) -> Report | None:
    """
    Return where one service provider stands; None while no rollover goes on that concerns it.

    Raises:
        NotFound: no such SAML application that this actor may see.
        Forbidden: the actor may not see keys there.
    """
    found = _concerning(work, application_id)
    return None if found is None else _stands(work, *found)


def new_certificate(work: Work, application_id: str) -> str:
    """
    Return the new certificate (PEM), for whoever puts it into this service provider by hand.

    Raises:
        NotFound: no such SAML application that this actor may see.
        Forbidden: the actor may not see keys there.
        Conflict: no rollover goes on.
    """
    return _required(work, application_id)[1].new.certificate_pem


def switch(work: Work, application_id: str, *, anyway: bool = False, if_version: int | None = None) -> Report:
    """
    Sign with the new key for this service provider from now on.

    Args:
        anyway: also where nothing shows that it knows the new certificate.

    Raises:
        NotFound: no such SAML application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Conflict: no rollover goes on, it is switched already, or nothing shows that it is ready.
    """
    site, campaign, provider = _required(work, application_id)
    before = _stands(work, site, campaign, provider)
    if before.on_new:
        raise Conflict(phrase("%(name)s is answered with the new key already.", name=before.name))
    if before.standing is not Standing.READY and not anyway:
        raise Conflict(
            phrase("%(name)s is not switched: %(words)s.", name=before.name, words=WORDS[before.standing]),
            code="rollover-not-ready",
            advice="Confirm it once the application has the new certificate (--confirm), or say --anyway.",
        )
    _switch(work, campaign, provider, if_version)
    return _stands(work, site, campaign, provider)


def back(work: Work, application_id: str, *, if_version: int | None = None) -> Report:
    """
    Sign with the former key for this service provider again, for as long as it is told otherwise.

    Raises:
        NotFound: no such SAML application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Conflict: no rollover goes on, or it is answered with the former key.
    """
    site, campaign, provider = _required(work, application_id)
    before = _stands(work, site, campaign, provider)
    if before.signs_with == FORMER:
        raise Conflict(phrase("%(name)s is answered with the former key.", name=before.name))
    _back(work, campaign, provider, if_version)
    return _stands(work, site, campaign, provider)


def confirm(work: Work, application_id: str) -> Report:
    """
    Note what an administrator has seen of this service provider: before it is switched, that it has the
    new certificate; after that, that it takes what is signed with the new key.

    Raises:
        NotFound: no such SAML application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Conflict: no rollover goes on.
    """
    site, campaign, provider = _required(work, application_id)
    require(
        work,
        Permission.APPLICATION_EDIT,
        provider.organization_id,
        site_id=provider.site_id,
        application_id=provider.application_id,
    )
    step = _step(work, provider, campaign.new)
    if step.confirmed_at is None or (step.switched_at is not None and step.confirmed_at < step.switched_at):
        step.confirmed_at = work.now
        record(
            work,
            RolloverConfirmed(
                organization_id=provider.organization_id,
                target_id=provider.application_id,
                entity_id=provider.entity_id,
                key_id=campaign.new.id,
            ),
        )
    return _stands(work, site, campaign, provider)


def switch_all(work: Work, site: Site, *, anyway: bool = False) -> Moved:
    """
    Switch every service provider of *site* that is ready; the others are left as they are.

    Args:
        anyway: switch those as well that nothing is known of.

    Raises:
        Forbidden: the actor may not edit applications there.
        Conflict: no rollover goes on.
    """
    done, left = [], []
    for campaign, report in _all(work, site):
        if report.on_new:
            continue
        if report.standing is Standing.READY or anyway:
            _switch(work, campaign, _provider(work, site, report), None)
            done.append(report)
        else:
            left.append(report)
    return Moved(tuple(done), tuple(left))


def back_all(work: Work, site: Site) -> Moved:
    """
    Sign with the former key again for every service provider of *site* that was switched.

    Raises:
        Forbidden: the actor may not edit applications there.
        Conflict: no rollover goes on.
    """
    done = []
    for campaign, report in _all(work, site):
        if report.on_new:
            _back(work, campaign, _provider(work, site, report), None)
            done.append(report)
    return Moved(tuple(done), ())


def of_kind(on_curve: bool) -> ColumnElement[bool]:
    """Return the condition that a service provider is answered with a key of that kind."""
    by_ecdsa = _PROVIDERS.c.signature_algorithm.startswith("ecdsa")
    return by_ecdsa if on_curve else ~by_ecdsa


def _switch(work: Work, campaign: Campaign, provider: ServiceProvider, if_version: int | None) -> None:
    providers.change(
        work,
        provider.application_id,
        Switches(signing_key_id=campaign.name_of(campaign.new)),
        if_version=if_version,
    )
    watching.stop(work, provider.organization_id, provider.application_id)
    step = _step(work, provider, campaign.new)
    step.switched_at, step.answered_at, step.proven_at, step.closed_at = work.now, None, None, None


def _back(work: Work, campaign: Campaign, provider: ServiceProvider, if_version: int | None) -> None:
    providers.change(
        work,
        provider.application_id,
        Switches(signing_key_id=campaign.name_of(campaign.former)),
        if_version=if_version,
    )
    # What was believed of it was wrong, or nobody would go back: it is to be confirmed anew.
    step = _step(work, provider, campaign.new)
    step.closed_at, step.confirmed_at, step.proven_at = work.now, None, None


def _step(work: Work, provider: ServiceProvider, key: Key) -> RolloverStep:
    watching.note_step(work, provider.organization_id, provider.application_id, key.id)
    of = (provider.organization_id, provider.application_id, key.id)
    return work.tx.session.get_one(RolloverStep, of, populate_existing=True)


def _all(work: Work, site: Site) -> list[tuple[Campaign, Report]]:
    require_on(work, Permission.APPLICATION_EDIT, site)
    going = going_on(work, site)
    if not going:
        raise _none_going_on(site)
    return [(campaign, report) for campaign in going for report in reports(work, site, campaign)]


def _provider(work: Work, site: Site, report: Report) -> ServiceProvider:
    return work.tx.session.get_one(ServiceProvider, (site.organization_id, report.application_id))


def _concerning(work: Work, application_id: str) -> tuple[Site, Campaign, ServiceProvider] | None:
    application = queries.application(work, application_id)
    provider = providers.of_application(work, application)
    site = work.tx.session.get_one(Site, (provider.organization_id, provider.site_id))
    for campaign in going_on(work, site):
        if campaign.is_for(provider.signature_algorithm):
            return site, campaign, provider
    return None


def _required(work: Work, application_id: str) -> tuple[Site, Campaign, ServiceProvider]:
    found = _concerning(work, application_id)
    if found is None:
        application = queries.application(work, application_id)
        raise _none_going_on(work.tx.session.get_one(Site, (application.organization_id, application.site_id)))
    return found


def _none_going_on(site: Site) -> Conflict:
    return Conflict(
        phrase("No change of keys goes on at %(slug)s.", slug=site.slug),
        code="no-rollover",
        advice=phrase(
            "Publish the next certificate: idp keys rotate --site %(slug)s --purpose saml-signing", slug=site.slug
        ),
    )


def _stands(work: Work, site: Site, campaign: Campaign, provider: ServiceProvider) -> Report:
    return reports(work, site, campaign, provider.application_id)[0]


def _report(campaign: Campaign, row: Any) -> Report:
    return Report(
        application_id=row.application_id,
        name=row.name,
        entity_id=row.entity_id,
        kind=campaign.kind,
        signs_with=campaign.signs_with(row.signing_key_id),
        by_hand=row.certificate_by_hand,
        fetched_at=row.fetched_at,
        fetched_by=row.fetched_by or "",
        confirmed_at=row.confirmed_at,
        switched_at=row.switched_at,
        answered_at=row.answered_at,
        proven_at=row.proven_at,
        closed_at=row.closed_at,
    )
