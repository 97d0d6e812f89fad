"""Lists of groups for administrators: by name, narrowed by who fills them."""

from typing import Any

from sqlalchemy import Select, func, select, tuple_

from idp.base.work import Work
from idp.directory import memberships, names, queries, sizes
from idp.directory.models import Group, Membership
from idp.policy.permissions import Permission


def page(
    work: Work,
    organization_id: str,
    *,
    after: tuple[Any, ...] | None = None,
    limit: int = 50,
    starting: str = "",
    kind: str = "",
) -> list[Group]:
    """
    Return groups of an organization by name, at most *limit*.

    Args:
        after: the key of the name, and the id, of the last group that was shown; None: from the start.
        starting: only those whose name begins so.
        kind: only ``manual``, ``rule`` or ``provisioned``.
    """
    query = matching(work, organization_id, starting=starting, kind=kind)
    if after is not None:
        query = query.where(tuple_(Group.name_key, Group.id) > tuple_(*after))
    return list(work.tx.session.scalars(query.order_by(Group.name_key, Group.id).limit(limit)))


def matching(
    work: Work,
    organization_id: str,
    *,
    starting: str = "",
    kind: str = "",
    permission: Permission = Permission.GROUP_READ,
) -> Select[Group]:
    """Return a query for the groups that filters match (see `page`), if the actor holds *permission*."""
    query = queries.visible(work, Group, permission).where(
        Group.organization_id == organization_id, Group.deleted_at.is_(None)
    )
    if starting:
        begin = names.name_key(starting)
        query = query.where(Group.name_key >= begin, Group.name_key < begin + "\U0010ffff")
    return query.where(Group.kind == kind) if kind else query


def counts(work: Work, organization_id: str, group_ids: list[str], *, most: int | None = None) -> dict[str, int]:
    """
    Return how many accounts are in each of these groups now.

    Args:
        most: count up to one more than that, whatever the size of a group; None: to the end.
    """
    if most is not None:
        members = {one: _members(work, organization_id).where(Membership.group_id == one) for one in group_ids}
        return sizes.each_up_to(work, members, most)
    query = (
        select(Membership.group_id, func.count(Membership.account_id.distinct()))
        .where(
            Membership.organization_id == organization_id,
            Membership.group_id.in_(group_ids),
            memberships.held(work.now),
        )
        .group_by(Membership.group_id)
    )
    return {row[0]: row[1] for row in work.tx.session.execute(query)}


def _members(work: Work, organization_id: str) -> Select[str]:
    held = memberships.held(work.now)
    return select(Membership.account_id).where(Membership.organization_id == organization_id, held).distinct()
