"""Lists of audit entries and of attempts for administrators: the newest first, by key, narrowed by what indexes know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, and_, or_, select

from idp.audit.models import Attempt, AuditEntry
from idp.base.work import Work
from idp.directory.models import Account, Application
from idp.policy.permissions import Permission, require

Row = TypeVar("Row", AuditEntry, Attempt)
After = tuple[str, str]
"""The moment (ISO 8601) and the id of the last row that was shown."""


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment (included) to a moment (not included); None: unbounded."""

    since: datetime | None = None
    until: datetime | None = None


ALWAYS = Period()


OUTCOMES = ("succeeded", "refused", "pending")
_KINDS = ("sign-in", "sign-on", "saml", "oidc", "page", "blocked", "password-change")


def is_kind(said: str) -> bool:
    """Say whether attempts are of a kind ("saml.sign-on"), or of a protocol ("saml"), that is called so."""
    return said.partition(".")[0] in _KINDS


def key(row: AuditEntry | Attempt) -> After:
    """Return the key of a row, by which the next page begins."""
    return row.at.isoformat(), row.id


def entries(
    work: Work,
    organization_id: str,
    *,
    after: tuple[Any, ...] | None = None,
    limit: int = 50,
    actor: str = "",
    target: str = "",
    tag: str = "",
    period: Period = ALWAYS,
) -> list[AuditEntry]:
    """
    Return audit entries of an organization, the newest first, at most *limit*.

    Args:
        after: the key of the last entry that was shown; None: from the newest on.
        actor, target: ids of who did it, and of what it was done to.
        tag: what happened ("account.disabled"), or a noun and everything that happened to such ("account").

    Raises:
        Forbidden: the actor may not read the log there.
    """
    require(work, Permission.AUDIT_READ, organization_id)
    query = select(AuditEntry).where(AuditEntry.organization_id == organization_id)
    if actor:
        query = query.where(AuditEntry.actor_id == actor)
    if target:
        query = query.where(AuditEntry.target_id == target)
    if tag:
        begin = f"{tag}."
        query = query.where(AuditEntry.tag == tag if "." in tag else _begins(AuditEntry.tag, begin))
    return _read(work, query, AuditEntry, after, limit, period)


def attempts(
    work: Work,
    organization_id: str,
    *,
    after: tuple[Any, ...] | None = None,
    limit: int = 50,
    outcome: str = "",
    application_id: str = "",
    account_id: str = "",
    kind: str = "",
    period: Period = ALWAYS,
) -> list[Attempt]:
    """
    Return attempts of an organization, the newest first, at most *limit*.

    Args:
        after: the key of the last attempt that was shown; None: from the newest on.
        outcome: ``succeeded``, ``refused`` or ``pending``.
        kind: of one kind ("saml.sign-on"), or everything of a protocol ("saml").

    Raises:
        Forbidden: the actor may not read the log there.
    """
    require(work, Permission.AUDIT_READ, organization_id)
    query = select(Attempt).where(Attempt.organization_id == organization_id)
    if outcome:
        query = query.where(Attempt.outcome == outcome)
    if application_id:
        query = query.where(Attempt.application_id == application_id)
    if account_id:
        query = query.where(Attempt.account_id == account_id)
    if kind:
        query = query.where(or_(Attempt.kind == kind, _begins(Attempt.kind, f"{kind}.")))
    return _read(work, query, Attempt, after, limit, period)


def called(work: Work, organization_id: str, ids: set[str]) -> Mapping[str, str]:
    """Return what accounts and applications are called: address or name by their ids; what is gone is missing."""
    accounts = {one for one in ids if one.startswith("acc_")}
    found: dict[str, str] = {}
    if accounts:
        query = select(Account.id, Account.email).where(
            Account.organization_id == organization_id, Account.id.in_(accounts)
        )
        found.update((row[0], row[1]) for row in work.tx.session.execute(query))
    applications = {one for one in ids if one.startswith("app_")}
    if applications:
        names = select(Application.id, Application.name).where(
            Application.organization_id == organization_id, Application.id.in_(applications)
        )
        found.update((row[0], row[1]) for row in work.tx.session.execute(names))
    return found


def _begins(column: Any, begin: str) -> Any:
    return and_(column >= begin, column < begin + "\U0010ffff")


def _read(
    work: Work, query: Select[Row], model: type[Row], after: tuple[Any, ...] | None, limit: int, period: Period
) -> list[Row]:
    if period.since is not None:
        query = query.where(model.at >= period.since)
    if period.until is not None:
        query = query.where(model.at < period.until)
    if after is not None:
        at = datetime.fromisoformat(after[0])
        # Not a comparison of tuples: one of them would not bind as a moment.
        query = query.where(model.at <= at, or_(model.at < at, model.id < after[1]))
    return list(work.tx.session.scalars(query.order_by(model.at.desc(), model.id.desc()).limit(limit)))
