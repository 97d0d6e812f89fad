"""What is written down when somebody takes a list away as a file."""

from collections.abc import Mapping

from idp.audit.events import ListExported
from idp.audit.log import record
from idp.base.work import Work

_NOTHING = "everything"


def note(work: Work, organization_id: str, name: str, filters: Mapping[str, str], *, of_id: str = "") -> None:
    """
    Note that a list is exported; the caller has required what reading it needs.

    Args:
        filters: what it was narrowed to, by name; empty ones are left out.
        of_id: the object that the list is of; empty: the organization.
    """
    said = ", ".join(f"{key}={value}" for key, value in sorted(filters.items()) if value)
    record(
        work,
        ListExported(
            organization_id=organization_id, target_id=of_id or organization_id, list=name, filters=said or _NOTHING
        ),
    )
