"""
Groups inside of groups: who is in the inner one is in the outer one, too.

Memberships stay flat, so that whoever asks "who is in this group" need not know of nesting: the outer group has a row
of the source ``group:<inner>`` for each member of the inner one, and `settle` keeps it so in the transaction of
whatever changed. There is never a circle, nor one that leads through a rule that reads groups.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, update

from idp.audit.events import GroupNested, GroupUnnested
from idp.audit.log import record
from idp.base.errors import Conflict
from idp.base.ids import new_id
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import memberships, queries
from idp.directory.group_models import GroupNesting, GroupRule
from idp.directory.models import Group, Membership, Organization
from idp.policy import conditions
from idp.policy.permissions import Permission

MOST_NESTINGS = 2000
"""In one organization."""

_ORGANIZATIONS = table(Organization)
_LOCK = Prepared(
    update(_ORGANIZATIONS)
    .where(_ORGANIZATIONS.c.id == bindparam("of_organization"))
    .values(version=_ORGANIZATIONS.c.version)
)


@dataclass(frozen=True, slots=True)
class Graph:
    """
    Which group turns on which, in one organization.

    ``parents`` and ``children`` are of nestings; ``needs`` are the children of a group and the groups that its rule
    reads: whatever must be settled before it.
    """

    parents: Mapping[str, frozenset[str]]
    children: Mapping[str, frozenset[str]]
    needs: Mapping[str, frozenset[str]]

    def above(self, group_id: str) -> frozenset[str]:
        """Return every group that members of *group_id* are members of, too."""
        return _reached(self.parents, group_id)

    def below(self, group_id: str) -> frozenset[str]:
        """Return every group whose members are members of *group_id*, too."""
        return _reached(self.children, group_id)

    def turns_on(self, group_id: str) -> frozenset[str]:
        """Return every group that *group_id* turns on, through nestings and rules."""
        return _reached(self.needs, group_id)


def _reached(edges: Mapping[str, frozenset[str]], start: str) -> frozenset[str]:
    found: set[str] = set()
    ahead = [start]
    while ahead:
        for one in edges.get(ahead.pop(), ()):
            if one not in found:
                found.add(one)
                ahead.append(one)
    return frozenset(found)


def hold(work: Work, organization_id: str) -> None:
    """
    Let nobody else change groups of the organization until this transaction ends. Whoever comes second waits.

    Called before what a change turns on is read. A write that changes nothing: SQLite knows no SELECT FOR UPDATE, and
    would let others write between our read and our write.
    """
    work.tx.run(_LOCK, of_organization=organization_id)


def graph(work: Work, organization_id: str) -> Graph:
    """Return which group turns on which; rules that are switched off count as well."""
    parents: dict[str, set[str]] = {}
    children: dict[str, set[str]] = {}
    needs: dict[str, set[str]] = {}
    for parent, child in work.tx.session.execute(
        select(GroupNesting.parent_id, GroupNesting.child_id).where(
            GroupNesting.organization_id == organization_id, _standing(work)
        )
    ):
        parents.setdefault(child, set()).add(parent)
        children.setdefault(parent, set()).add(child)
        needs.setdefault(parent, set()).add(child)
    for group_id, condition in work.tx.session.execute(
        select(GroupRule.group_id, GroupRule.condition).where(GroupRule.organization_id == organization_id)
    ):
        needs.setdefault(group_id, set()).update(conditions.parse(condition).groups)
    return Graph(*({one: frozenset(of) for one, of in edges.items()} for edges in (parents, children, needs)))


def above(work: Work, organization_id: str, group_id: str) -> frozenset[str]:
    """Return the ids of every group that members of *group_id* are members of through nesting, at any depth."""
    return graph(work, organization_id).above(group_id)


def below(work: Work, organization_id: str, group_id: str) -> frozenset[str]:
    """Return the ids of every group whose members are members of *group_id* through nesting, at any depth."""
    return graph(work, organization_id).below(group_id)


def insert(work: Work, organization_id: str, child: Group, parent: Group) -> set[str]:
    """
    Put *child* inside of *parent*; return the accounts that entered a group. The caller holds and has checked rights.

    Raises:
        Conflict: it is there already, it would make a circle, or there are too many.
    """
    if child.id == parent.id:
        raise Conflict(phrase("“%(name)s” cannot be inside of itself.", name=child.name), field="child", code="circle")
    standing = graph(work, organization_id)
    if parent.id in standing.parents.get(child.id, ()):
        raise Conflict(
            phrase("“%(name)s” is inside of “%(name_2)s” already.", name=child.name, name_2=parent.name), field="child"
        )
    if parent.id in standing.turns_on(child.id):
        raise Conflict(
            phrase(
                "“%(name)s” cannot be inside of “%(name_2)s”: who is in it turns on who is in “%(name_2)s”.",
                name=child.name,
                name_2=parent.name,
            ),
            field="child",
            code="circle",
            advice="A group is never inside of itself, by whatever way round.",
        )
    if sum(map(len, standing.parents.values())) >= MOST_NESTINGS:
        raise Conflict(
            phrase(
                "An organization has at most %(most_nestings)s groups inside of groups.", most_nestings=MOST_NESTINGS
            )
        )
    work.tx.session.add(
        GroupNesting(
            organization_id=organization_id,
            id=new_id("nst"),
            parent_id=parent.id,
            child_id=child.id,
            valid_from=work.now,
            valid_to=None,
        )
    )
    work.tx.session.flush()
    record(
        work,
        GroupNested(
            organization_id=organization_id,
            target_id=parent.id,
            group=parent.name,
            child=child.name,
            child_id=child.id,
        ),
    )
    return memberships.ids(work, organization_id, child.id)


def remove(work: Work, organization_id: str, child: Group, parent: Group) -> set[str]:
    """
    Take *child* out of *parent*; return the accounts whose membership ended by that. The caller holds.

    Raises:
        Conflict: it is not inside of it.
    """
    ended = work.tx.session.execute(
        update(GroupNesting)
        .where(
            GroupNesting.organization_id == organization_id,
            GroupNesting.parent_id == parent.id,
            GroupNesting.child_id == child.id,
            _standing(work),
        )
        .values(valid_to=work.now)
        .returning(GroupNesting.id)
        .execution_options(synchronize_session="fetch")
    ).all()
    if not ended:
        raise Conflict(
            phrase("“%(name)s” is not inside of “%(name_2)s”.", name=child.name, name_2=parent.name), field="child"
        )
    record(
        work,
        GroupUnnested(
            organization_id=organization_id,
            target_id=parent.id,
            group=parent.name,
            child=child.name,
            child_id=child.id,
        ),
    )
    return set(memberships.leave(work, organization_id, parent.id, None, memberships.INSIDE + child.id))


def settle(work: Work, organization_id: str, group_id: str, account_ids: Collection[str]) -> dict[str, set[str]]:
    """
    Keep the rows of the groups that *group_id* is inside of right, after *account_ids* entered it or left it.

    Returns:
        For each group above in which something was written: the accounts concerned.
    """
    changed: dict[str, set[str]] = {}
    ahead: list[tuple[str, set[str]]] = [(group_id, set(account_ids))]
    while ahead:
        child, accounts = ahead.pop()
        parents = _parents(work, organization_id, child) if accounts else []
        if not parents:
            continue
        inside = _among(work, organization_id, child, accounts)
        for parent in parents:
            source = memberships.INSIDE + child
            written = set(memberships.enter(work, organization_id, parent, inside, source))
            written.update(memberships.leave(work, organization_id, parent, accounts - inside, source))
            if written:
                changed.setdefault(parent, set()).update(written)
                ahead.append((parent, written))
    return changed


def _parents(work: Work, organization_id: str, group_id: str) -> list[str]:
    query = (
        select(GroupNesting.parent_id)
        .where(GroupNesting.organization_id == organization_id, GroupNesting.child_id == group_id, _standing(work))
        .order_by(GroupNesting.parent_id)
    )
    return list(work.tx.session.scalars(query))


def _among(work: Work, organization_id: str, group_id: str, account_ids: set[str]) -> set[str]:
    """Return those of *account_ids* that are in the group now, by whatever source."""
    found: set[str] = set()
    for some in memberships.chunks(sorted(account_ids)):
        found.update(
            work.tx.session.scalars(
                select(Membership.account_id).where(
                    Membership.organization_id == organization_id,
                    Membership.group_id == group_id,
                    Membership.account_id.in_(some),
                    memberships.held(work.now),
                )
            )
        )
    return found


def _standing(work: Work) -> ColumnElement[bool]:
    return and_(
        GroupNesting.valid_from <= work.now,
        or_(GroupNesting.valid_to.is_(None), GroupNesting.valid_to > work.now),
    )


def nested(work: Work, group: Group, *, inside: bool) -> list[Group]:
    """Return the groups that *group* is inside of (else: those inside of it), by name, as far as the actor may see."""
    of, other = (
        (GroupNesting.child_id, GroupNesting.parent_id) if inside else (GroupNesting.parent_id, GroupNesting.child_id)
    )
    query = queries.visible(work, Group, Permission.GROUP_READ).where(
        Group.organization_id == group.organization_id,
        Group.id.in_(
            select(other).where(GroupNesting.organization_id == group.organization_id, of == group.id, _standing(work))
        ),
    )
    return list(work.tx.session.scalars(query.order_by(Group.name_key)))
