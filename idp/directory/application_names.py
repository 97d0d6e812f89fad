"""What applications are called, many in one statement."""

from collections.abc import Sequence

from idp.base.work import Work
from idp.directory import queries
from idp.directory.models import Application
from idp.policy.permissions import Permission


def named(work: Work, organization_id: str, ids: Sequence[str]) -> dict[str, str]:
    """Return the names of those applications that this actor may see, by id; deleted ones are not among them."""
    if not ids:
        return {}
    query = (
        queries.visible(work, Application, Permission.APPLICATION_READ)
        .where(Application.organization_id == organization_id, Application.id.in_(ids))
        .where(Application.deleted_at.is_(None))
        .with_only_columns(Application.id, Application.name, maintain_column_froms=True)
    )
    return {application_id: name for application_id, name in work.tx.session.execute(query)}  # noqa: C416 (rows are no pairs)
