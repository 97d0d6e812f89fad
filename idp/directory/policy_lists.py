"""Lists of policies and of zones for administrators, narrowed by name and kind."""

from typing import Any, TypeVar

from sqlalchemy import Select, case, select
from sqlalchemy.orm import InstrumentedAttribute

from idp.base.work import Work
from idp.directory.access_policies import SESSION
from idp.directory.keysets import Key, begins, rising
from idp.policy.models import AccessPolicy, AccessPolicyVersion, AuthenticationPolicy, Zone
from idp.policy.permissions import Permission, require

_Listed = TypeVar("_Listed", AuthenticationPolicy, AccessPolicy, Zone)
_DEFAULT_FIRST = case((AuthenticationPolicy.is_default, 0), else_=1)
_SESSION_FIRST = case((AccessPolicy.kind == SESSION, 0), (AccessPolicy.is_default, 1), else_=2)


def _narrowed(
    work: Work,
    organization_id: str,
    model: type[_Listed],
    narrowing: InstrumentedAttribute[str],
    starting: str,
    only: str,
) -> Select[_Listed]:
    """Return the query for those of *model* whose name begins so, and whose column *narrowing* says *only* this."""
    require(work, Permission.POLICY_READ, organization_id)
    query = select(model).where(model.organization_id == organization_id)
    if starting:
        query = query.where(begins(model.name, starting))
    return query.where(narrowing == only) if only else query


def authentication(
    work: Work, organization_id: str, *, after: Key | None = None, limit: int = 50, starting: str = "", kind: str = ""
) -> list[AuthenticationPolicy]:
    """
    Return authentication policies of an organization, the default first, then by name, at most *limit*.

    Args:
        after: `authentication_key` of the last one that was shown; None: from the start.
        starting: only those whose name begins so, whatever the case.
        kind: only those of one `PolicyKind`.

    Raises:
        Forbidden: the actor may not read policies there.
    """
    query = _narrowed(work, organization_id, AuthenticationPolicy, AuthenticationPolicy.kind, starting, kind)
    by = (_DEFAULT_FIRST, AuthenticationPolicy.name, AuthenticationPolicy.id)
    return list(work.tx.session.scalars(rising(query, by, after, limit)))


def authentication_key(one: AuthenticationPolicy) -> tuple[Any, ...]:
    """Return what authentication policies are ordered by."""
    return (0 if one.is_default else 1, one.name, one.id)


def access(
    work: Work, organization_id: str, *, after: Key | None = None, limit: int = 50, starting: str = "", kind: str = ""
) -> list[AccessPolicy]:
    """
    Return access policies of an organization: that for sessions, the default, then by name, at most *limit*.

    Args:
        after: `access_key` of the last one that was shown; None: from the start.
        starting: only those whose name begins so, whatever the case.
        kind: only those for the ``session``, or for an ``application``.

    Raises:
        Forbidden: the actor may not read policies there.
    """
    query = _narrowed(work, organization_id, AccessPolicy, AccessPolicy.kind, starting, kind)
    by = (_SESSION_FIRST, AccessPolicy.name, AccessPolicy.id)
    return list(work.tx.session.scalars(rising(query, by, after, limit)))


def access_key(one: AccessPolicy) -> tuple[Any, ...]:
    """Return what access policies are ordered by."""
    return (0 if one.kind == SESSION else 1 if one.is_default else 2, one.name, one.id)


def access_versions(
    work: Work, of: AccessPolicy, *, after: Key | None = None, limit: int = 50
) -> list[AccessPolicyVersion]:
    """
    Return versions of a policy that the actor has been given, the newest first, at most *limit*.

    Args:
        after: the number of the last one that was shown; None: from the newest on.
    """
    number = AccessPolicyVersion.number
    query = select(AccessPolicyVersion).where(
        AccessPolicyVersion.organization_id == of.organization_id, AccessPolicyVersion.policy_id == of.id
    )
    if after is not None:
        query = query.where(number < after[0])
    return list(work.tx.session.scalars(query.order_by(number.desc()).limit(limit)))


def zones(
    work: Work, organization_id: str, *, after: Key | None = None, limit: int = 50, starting: str = "", usage: str = ""
) -> list[Zone]:
    """
    Return zones of an organization by name, at most *limit*.

    Args:
        after: the name and id of the last one that was shown; None: from the start.
        starting: only those whose name begins so, whatever the case.
        usage: only those for a ``policy``, or of the ``blocklist``.

    Raises:
        Forbidden: the actor may not read policies there.
    """
    query = _narrowed(work, organization_id, Zone, Zone.usage, starting, usage)
    return list(work.tx.session.scalars(rising(query, (Zone.name, Zone.id), after, limit)))
