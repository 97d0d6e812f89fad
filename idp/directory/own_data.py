"""Everything that is held of one person, for that person: what each floor holds is said there, in portions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from idp.audit.events import OwnDataDownloaded
from idp.audit.log import record
from idp.audit.models import Attempt, AuditEntry
from idp.base.tables import Base, table
from idp.base.work import Work
from idp.directory.joining_models import AccessRequest, AccountImportRow, Invitation, JoinRequest
from idp.directory.launcher_models import LauncherArrangement
from idp.directory.models import AccessGrant, Account, Application, Group, Membership, RoleAssignment
from idp.directory.provisioning_models import ProvisionedAccount, ProvisioningCall
from idp.directory.told_models import ToldAccount

MOST_ROWS = 10_000
"""Of each kind, the latest."""


@dataclass(frozen=True, slots=True)
class Portion:
    """
    Rows of one table that are of a person.

    Args:
        name: under which they stand.
        columns: what is handed out, by name. Secrets, and what only we have a use for, are not among them.
        whose: the column that names the account.
        when: the column by which the latest are found.
    """

    name: str
    model: type[Base]
    columns: tuple[str, ...]
    whose: str = "account_id"
    when: str = ""


PORTIONS = (
    Portion(
        "account",
        Account,
        (
            *("id", "email", "name", "given_name", "family_name", "attributes", "kind", "language", "created_through"),
            *("created_at", "updated_at", "last_active_at", "disabled_at", "managed_at", "deletion_at"),
            "vouched_email",
        ),
        whose="id",
    ),
    Portion("groups", Membership, ("group_id", "source", "valid_from", "valid_to"), when="valid_from"),
    Portion(
        "kept_by_another_directory",
        ProvisionedAccount,
        ("client_id", "external_id", "since", "released_at", "deactivated_at"),
        whose="id",
    ),
    Portion(
        "calls_of_another_directory", ProvisioningCall, ("at", "method", "status", "said"), whose="target_id", when="at"
    ),
    Portion("roles", RoleAssignment, ("role", "site_id", "application_id", "valid_from", "valid_to")),
    Portion(
        "access_given_to_you",
        AccessGrant,
        ("application_id", "valid_from", "valid_to", "reason"),
        whose="subject_id",
        when="valid_from",
    ),
    Portion(
        "access_asked_for",
        AccessRequest,
        ("application_id", "reason", "state", "created_at", "decided_at", "answer"),
        when="created_at",
    ),
    Portion(
        "invitations",
        Invitation,
        ("email", "invited_by_name", "sent_at", "expires_at", "accepted_at", "revoked_at"),
        when="sent_at",
    ),
    Portion(
        "joining", JoinRequest, ("email", "name", "state", "created_at", "decided_at", "answer"), when="created_at"
    ),
    Portion("imports", AccountImportRow, ("email", "action", "before", "after", "outcome")),
    Portion("at_applications_as", ToldAccount, ("target_id", "remote_id", "state", "changed_at")),
    Portion("launcher", LauncherArrangement, ("sections", "favourites", "opened", "updated_at"), whose="id"),
    Portion(
        "attempts",
        Attempt,
        ("id", "at", "kind", "application_id", "ip", "outcome", "code", "context"),
        when="at",
    ),
    Portion(
        "what_happened_to_your_account",
        AuditEntry,
        ("at", "tag", "actor_kind", "details"),
        whose="target_id",
        when="at",
    ),
    Portion("what_you_did", AuditEntry, ("at", "tag", "ip"), whose="actor_id", when="at"),
)


def read(work: Work, portions: Sequence[Portion], organization_id: str, account_id: str) -> dict[str, Any]:
    """Return the rows of *portions* that are of an account, as JSON values, by the portions' names."""
    return {one.name: _rows(work, one, organization_id, account_id) for one in portions}


def names(work: Work, organization_id: str, found: dict[str, Any]) -> dict[str, str]:
    """Return the name of each group and application that *found* mentions, by its id."""
    mentioned = {
        str(value)
        for rows in found.values()
        for row in rows
        for key, value in row.items()
        if key in ("group_id", "application_id") and value
    }
    known: dict[str, str] = {}
    for model in (Group, Application):
        query = select(model.id, model.name).where(model.organization_id == organization_id, model.id.in_(mentioned))
        known |= {row.id: row.name for row in work.tx.session.execute(query)} if mentioned else {}
    return known


def note(work: Work, organization_id: str, account_id: str) -> None:
    """Write down that a person took what is held of them."""
    record(work, OwnDataDownloaded(organization_id=organization_id, target_id=account_id))


def _rows(work: Work, portion: Portion, organization_id: str, account_id: str) -> list[dict[str, Any]]:
    of = table(portion.model)
    where: list[ColumnElement[bool]] = [
        of.c.organization_id == organization_id,
        of.c[portion.whose] == account_id,
    ]
    query = select(*(of.c[name] for name in portion.columns)).where(*where).limit(MOST_ROWS)
    if portion.when:
        query = query.order_by(of.c[portion.when].desc())
    rows = work.tx.connection.execute(query)
    return [{name: _plain(value) for name, value in zip(portion.columns, row, strict=True)} for row in rows]


def _plain(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
