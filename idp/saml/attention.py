"""What of service providers wants an administrator: what ends soon, what was not taken, what waits for approval."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select

from idp.base.work import Work
from idp.directory import queries
from idp.directory.models import Application
from idp.policy.permissions import Permission
from idp.saml import expiry
from idp.saml.description import SpDescription
from idp.saml.expiry import Warned
from idp.saml.models import ServiceProvider

AT_MOST = 50
_AHEAD = timedelta(days=expiry.STAGES[-1])


@dataclass(frozen=True, slots=True)
class Attention:
    """
    An application, and what about its service provider wants somebody.

    Args:
        ends: what ends within 30 days.
        not_taken: why its metadata was not taken when it was fetched last; empty where it was.
        waits: new metadata waits for approval.
    """

    application_id: str
    name: str
    ends: tuple[Warned, ...] = ()
    not_taken: str = ""
    waits: bool = False


def wanted(work: Work, organization_id: str | None = None) -> list[Attention]:
    """
    Return those that want attention, at most 50 whose things end and 50 whose metadata is fetched.

    Args:
        organization_id: only of this organization; None: of all that the actor sees.
    """
    ending = (
        _providers(work, organization_id)
        .where(ServiceProvider.ends_at <= work.now + _AHEAD)
        .order_by(ServiceProvider.ends_at)
    )
    found = {
        row.id: Attention(row.id, row.name, expiry.near(SpDescription.from_json(row.description), work.now))
        for row in work.tx.session.execute(ending.limit(AT_MOST))
    }
    fetched = _providers(work, organization_id).where(
        ServiceProvider.refresh_due_at.is_not(None),  # the index of those that are fetched: few among many
        (ServiceProvider.refresh_error != "") | ServiceProvider.offered.is_not(None),
    )
    for row in work.tx.session.execute(fetched.order_by(ServiceProvider.refresh_due_at).limit(AT_MOST)):
        known = found.get(row.id)
        waits = bool(row.offered and "description" in row.offered)
        found[row.id] = Attention(row.id, row.name, known.ends if known else (), row.refresh_error, waits)
    return [one for one in found.values() if one.ends or one.not_taken or one.waits]


def _providers(work: Work, organization_id: str | None) -> Select[Any]:
    query = (
        queries.visible(work, Application, Permission.APPLICATION_READ)
        .with_only_columns(
            Application.id,
            Application.name,
            ServiceProvider.description,
            ServiceProvider.refresh_error,
            ServiceProvider.offered,
            maintain_column_froms=True,
        )
        .join(
            ServiceProvider,
            (Application.organization_id == ServiceProvider.organization_id)
            & (Application.id == ServiceProvider.application_id),
        )
        .where(Application.deleted_at.is_(None))
    )
    return query if organization_id is None else query.where(ServiceProvider.organization_id == organization_id)
