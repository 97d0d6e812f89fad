"""A target of an application, as whoever acts may see it and change it."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, select

from idp.base.errors import ChangedMeanwhile, NotFound
from idp.base.work import Work
from idp.directory import organizations, queries
from idp.directory.models import Application
from idp.directory.rights import require_on
from idp.directory.told_models import ProvisioningTarget
from idp.policy.permissions import Permission


def of_application(work: Work, application: Application) -> ProvisioningTarget | None:
    """Return the target of an application that the actor has been given; None: it is told of nothing."""
    return work.tx.session.scalar(
        select(ProvisioningTarget).where(
            ProvisioningTarget.organization_id == application.organization_id,
            ProvisioningTarget.application_id == application.id,
        )
    )


def readable(work: Work, application_id: str) -> tuple[Application, ProvisioningTarget]:
    """
    Return an application and its target.

    Raises:
        NotFound: no such application that this actor may see, or it is told of nothing.
    """
    application = queries.application(work, application_id)
    target = of_application(work, application)
    if target is None:
        raise NotFound(
            "This application is told of no accounts.", field="application", advice="Set up where it is told first."
        )
    return application, target


def editable(
    work: Work, application_id: str, *, if_version: int | None = None
) -> tuple[Application, ProvisioningTarget]:
    """
    Return an application and its target, to be changed.

    Raises:
        NotFound: no such application that this actor may see, or it is told of nothing.
        Forbidden: the actor may not edit the application.
        ChangedMeanwhile: the target has another version than *if_version*.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    application, target = readable(work, application_id)
    if if_version is not None and if_version != target.version:
        raise ChangedMeanwhile(target.id)
    return application, target


def visible(work: Work) -> Select[ProvisioningTarget, Application]:
    """Return a query for the targets, with their applications, that the actor may see."""
    return (
        queries.visible(work, Application, Permission.APPLICATION_READ)
        .with_only_columns(ProvisioningTarget, Application)
        .join(ProvisioningTarget, together())
        .where(Application.deleted_at.is_(None))
    )


def together() -> ColumnElement[bool]:
    """Return the condition that a target is that of an application."""
    return and_(
        ProvisioningTarget.organization_id == Application.organization_id,
        ProvisioningTarget.application_id == Application.id,
    )


def live(
    work: Work, organization_id: str, application_id: str = ""
) -> Sequence[tuple[ProvisioningTarget, Application]]:
    """Return the targets of an organization (of one application) that are switched on, by their ids; of a suspended one none."""
    query = (
        select(ProvisioningTarget, Application)
        .join(Application, together())
        .where(
            ProvisioningTarget.organization_id == organization_id,
            ProvisioningTarget.organization_id.not_in(organizations.suspended()),
            ProvisioningTarget.enabled_at.is_not(None),
            Application.deleted_at.is_(None),
        )
        .order_by(ProvisioningTarget.id)
    )
    if application_id:
        query = query.where(ProvisioningTarget.application_id == application_id)
    return [(row[0], row[1]) for row in work.tx.session.execute(query)]
