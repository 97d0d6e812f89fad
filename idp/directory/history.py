"""Reads of what happened, for those who may read the audit log of an organization."""

from collections.abc import Collection
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, false, select

from idp.audit.attempts import REFUSED
from idp.audit.models import Attempt, AuditEntry
from idp.base.errors import NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.policy.permissions import Permission, organizations_of

M = TypeVar("M", Attempt, AuditEntry)


def attempt(work: Work, reference: str) -> Attempt:
    """
    Return the attempt that an error page calls *reference*.

    Raises:
        NotFound: none that this actor may see.
    """
    found = work.tx.session.scalar(_visible(work, Attempt).where(Attempt.id == reference))
    if found is None:
        raise NotFound(
            phrase("There is no attempt “%(reference)s”.", reference=reference[:80]),
            advice="Copy the whole reference: att_…",
        )
    return found


def attempts(work: Work, *, before: datetime | None = None, refused: bool = False, limit: int = 50) -> list[Attempt]:
    """Return attempts, the newest first, at most *limit*."""
    query = _visible(work, Attempt).order_by(Attempt.at.desc(), Attempt.id).limit(limit)
    if before is not None:
        query = query.where(Attempt.at < before)
    if refused:
        query = query.where(Attempt.outcome == REFUSED)
    return list(work.tx.session.scalars(query))


def entries(work: Work, *, tag: str | None = None, before: datetime | None = None, limit: int = 50) -> list[AuditEntry]:
    """Return audit entries, the newest first, at most *limit*."""
    query = _visible(work, AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id).limit(limit)
    if tag is not None:
        query = query.where(AuditEntry.tag == tag)
    if before is not None:
        query = query.where(AuditEntry.at < before)
    return list(work.tx.session.scalars(query))


def entry(work: Work, organization_id: str, entry_id: str) -> AuditEntry:
    """
    Return one entry of an organization's log.

    Raises:
        NotFound: none that this actor may see.
    """
    query = _visible(work, AuditEntry).where(AuditEntry.id == entry_id, AuditEntry.organization_id == organization_id)
    found = work.tx.session.scalar(query)
    if found is None:
        raise NotFound(phrase("There is no entry “%(entry_id)s”.", entry_id=entry_id[:80]), field="entry")
    return found


def of_target(
    work: Work,
    organization_id: str,
    target_id: str,
    *,
    since: datetime | None = None,
    before: datetime | None = None,
    limit: int = 50,
) -> list[AuditEntry]:
    """Return what has happened to one thing of an organization, the newest first, at most *limit*."""
    query = (
        _visible(work, AuditEntry)
        .where(AuditEntry.target_id == target_id, AuditEntry.organization_id == organization_id)
        .order_by(AuditEntry.at.desc(), AuditEntry.id)
        .limit(limit)
    )
    if since is not None:
        query = query.where(AuditEntry.at > since)
    if before is not None:
        query = query.where(AuditEntry.at < before)
    return list(work.tx.session.scalars(query))


def _visible(work: Work, model: type[M]) -> Select[M]:
    allowed = organizations_of(work.actor, Permission.AUDIT_READ)
    query = select(model)
    if allowed is None:
        return query
    return query.where(model.organization_id.in_(allowed)) if allowed else query.where(false())


def of_targets(work: Work, organization_id: str, target_ids: Collection[str], *, limit: int = 50) -> list[AuditEntry]:
    """Return what has happened to some things of an organization, a hundred at most, the newest first."""
    query = (
        _visible(work, AuditEntry)
        .where(AuditEntry.target_id.in_(sorted(target_ids)[:100]), AuditEntry.organization_id == organization_id)
        .order_by(AuditEntry.at.desc(), AuditEntry.id)
        .limit(limit)
    )
    return list(work.tx.session.scalars(query))
