"""
Groups at targets: those that were chosen are made there, and have those of their members who are there.

One node at a time is at the groups of a target. What was interrupted is begun anew, and finds what it has made by
``externalId``, then by ``displayName``.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import and_, or_, select, update

from idp.base import backoff, clock
from idp.base.db import Database
from idp.base.ids import is_id, new_id
from idp.base.work import Actor, Origin, Work
from idp.directory import memberships, organizations
from idp.directory.models import Group, Membership
from idp.directory.told_models import ProvisioningTarget, ToldAccount, ToldGroup
from idp.provisioning.targets import found, noticing, server, tokens
from idp.provisioning.targets.sending import Dial
from idp.provisioning.targets.server import Call, Failed, Fault

MOST_MEMBERS = 20_000
_LEASE = timedelta(minutes=30)
_SECONDS = 15.0
_MOST_TARGETS = 50


log = structlog.get_logger("idp.provisioning")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A group as it shall be there, and what is known of it."""

    group_id: str
    document: Mapping[str, Any]
    digest: str
    remote_id: str


@dataclass(frozen=True, slots=True)
class _Claimed:
    key: tuple[str, str]
    endpoint: str
    by_put: bool
    groups: tuple[_Wanted, ...]
    token: str = field(repr=False)


def drain(database: Database, dial: Dial, now: datetime, *, seconds: float = _SECONDS) -> int:
    """
    Send the groups that have changed to every target where some may have, for *seconds*; return how many went.

    A target that answers slowly has the rest of its groups sent when all others had their turn (I10).
    """
    until, sent = clock.monotonic() + seconds, 0
    with database.transaction() as tx:
        due = [(row[0], row[1]) for row in tx.session.execute(_due(now))]
    for key in due:
        sent += _one(database, dial, key, now, until)
        if clock.monotonic() >= until:
            break
    return sent


def _is_due(now: datetime) -> Any:
    of = ProvisioningTarget
    free = or_(of.groups_locked_until.is_(None), of.groups_locked_until <= now)
    left = and_(of.groups_due_at.is_(None), of.groups_locked_until.is_not(None))  # by a node that died at it
    return and_(
        of.enabled_at.is_not(None),
        of.organization_id.not_in(organizations.suspended()),
        of.stopped_at.is_(None),
        or_(of.next_at.is_(None), of.next_at <= now),
        free,
        or_(of.groups_due_at <= now, left),
    )


def _due(now: datetime) -> Any:
    of = ProvisioningTarget
    return select(of.organization_id, of.id).where(_is_due(now)).order_by(of.groups_due_at).limit(_MOST_TARGETS)


def _one(database: Database, dial: Dial, key: tuple[str, str], now: datetime, until: float) -> int:
    with database.transaction() as tx:
        claimed = _claim(_work_of(tx, now), key)
    if claimed is None:
        return 0
    call, sent, again, left = dial(claimed.endpoint, claimed.token), 0, False, False
    for at, one in enumerate(claimed.groups):
        left = at > 0 and clock.monotonic() >= until
        if left:
            break
        try:
            remote_id = _carry(call, one, by_put=claimed.by_put)
        except Failed as failure:
            log.warning("group not sent", target=key[1], group=one.group_id, fault=failure.fault.value)
            with database.transaction() as tx:
                noted = _note(_work_of(tx, now), claimed, one, one.remote_id, failure.fault.value)
            if failure.fault.of_target or not noted:
                again = noted
                break
            continue
        with database.transaction() as tx:
            noted = _note(_work_of(tx, now), claimed, one, remote_id, "")
        if not noted:
            break
        sent += 1
    with database.transaction() as tx:
        _release(_work_of(tx, now), claimed, again=again, left=left)
    return sent


def _work_of(tx: Any, now: datetime) -> Work:
    return Work(tx, Actor("job", name="provisioning"), now, Origin("job"))


def _claim(work: Work, key: tuple[str, str]) -> _Claimed | None:
    taken = work.tx.session.execute(
        update(ProvisioningTarget)
        .where(ProvisioningTarget.organization_id == key[0], ProvisioningTarget.id == key[1], _is_due(work.now))
        .values(groups_due_at=None, groups_locked_until=work.now + _LEASE)
        .execution_options(synchronize_session=False)
    )
    target = work.tx.session.get(ProvisioningTarget, key)
    if not taken.rowcount or target is None:  # type: ignore[attr-defined]
        return None
    token = tokens.read(work, target)
    if not token or not found.live(work, key[0], target.application_id):
        return None
    return _Claimed(key, target.endpoint, target.update_by == "put", _changed(work, target), token)


def _changed(work: Work, target: ProvisioningTarget) -> tuple[_Wanted, ...]:
    """Return the groups of a target that are not as they were sent."""
    of = ToldGroup
    known = {
        one.group_id: one
        for one in work.tx.session.scalars(
            select(of).where(of.organization_id == target.organization_id, of.target_id == target.id)
        )
    }
    groups = work.tx.session.scalars(
        select(Group)
        .where(
            Group.organization_id == target.organization_id,
            Group.id.in_(target.pushed_group_ids),
            Group.deleted_at.is_(None),
        )
        .order_by(Group.id)
    )
    wanted = []
    for group in groups:
        members = _members(work, target, group)
        document = {"displayName": group.name, "externalId": group.id, "members": [{"value": one} for one in members]}
        digest = hashlib.sha256(json.dumps(document).encode()).hexdigest()
        row = known.get(group.id)
        if row is None or row.digest != digest:
            wanted.append(_Wanted(group.id, document, digest, "" if row is None else row.remote_id))
    return tuple(wanted)


def _members(work: Work, target: ProvisioningTarget, group: Group) -> list[str]:
    of = ToldAccount
    query = (
        select(of.remote_id)
        .join(
            Membership, and_(Membership.organization_id == of.organization_id, Membership.account_id == of.account_id)
        )
        .where(
            of.organization_id == target.organization_id,
            of.target_id == target.id,
            of.active.is_(True),
            of.remote_id != "",
            of.act != "deactivate",
            Membership.group_id == group.id,
            memberships.held(work.now),
        )
        .distinct()
        .order_by(of.remote_id)
        .limit(MOST_MEMBERS)
    )
    return list(work.tx.session.scalars(query))


def _carry(call: Call, wanted: _Wanted, *, by_put: bool) -> str:
    remote_id = wanted.remote_id or _find(call, wanted)
    made, by_put = server.put_group(call, remote_id, wanted.document, by_put=by_put)
    if not made:  # it is not there any more
        made, _ = server.put_group(call, _find(call, wanted), wanted.document, by_put=by_put)
    if not made:
        raise Failed(Fault.REFUSED, status=404)
    return made


def _find(call: Call, wanted: _Wanted) -> str:
    for attribute in ("externalId", "displayName"):
        alike = server.matching(call, attribute, str(wanted.document[attribute]), kind=server.GROUPS)
        if len(alike) > 1:
            raise Failed(Fault.TAKEN)
        if alike:
            other = alike[0].get("externalId")
            if isinstance(other, str) and other != wanted.group_id and is_id(other, "grp"):
                raise Failed(Fault.TAKEN)  # a group of ours that was called so before
            return server.id_of(alike[0])
    return ""


def _still(work: Work, claimed: _Claimed) -> ProvisioningTarget | None:
    """Return the target, unless it is gone or is at another address by now: ids of one server mean nothing at another (T8)."""
    target = work.tx.session.get(ProvisioningTarget, claimed.key)
    return target if target is not None and target.endpoint == claimed.endpoint else None


def _note(work: Work, claimed: _Claimed, wanted: _Wanted, remote_id: str, error: str) -> bool:
    """Note what came of a group; return whether the target is still where it was sent to."""
    if _still(work, claimed) is None:
        return False
    of, key = ToldGroup, claimed.key
    row = work.tx.session.scalar(
        select(of).where(of.organization_id == key[0], of.target_id == key[1], of.group_id == wanted.group_id)
    )
    if row is None:
        row = ToldGroup(
            organization_id=key[0], id=new_id("ptr"), target_id=key[1], group_id=wanted.group_id, changed_at=work.now
        )
        work.tx.session.add(row)
    row.remote_id, row.error, row.changed_at = remote_id, error, work.now
    if not error:
        row.digest, row.members = wanted.digest, len(wanted.document["members"])
    work.tx.session.flush()
    return True


def _release(work: Work, claimed: _Claimed, *, again: bool, left: bool) -> None:
    target = _still(work, claimed)
    if target is None:
        return
    values: dict[str, object] = {"groups_locked_until": None}  # what has become due meanwhile stays so
    if again:
        values["groups_due_at"] = work.now + (backoff.delay(target.tries + 1) or timedelta(hours=1))
    elif left:
        values["groups_due_at"] = work.now  # behind whoever waits already
    noticing.set_(work, target, **values)
