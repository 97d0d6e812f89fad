"""
What an account may administer, and over whom: the one place where rights are computed (threats D17, T5).

Rights come by assignments of roles to the account, or to a group that it is in. Memberships are flat (a group inside
of another one gives its members rows in it), so that one join is enough.
"""

import json
from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, and_, bindparam, column, exists, or_, select, table
from sqlalchemy.orm import InstrumentedAttribute

from idp.base.errors import Forbidden
from idp.base.prepared import Prepared
from idp.base.texts import phrase
from idp.base.work import HeldRole, Work
from idp.directory import access, group_mentions
from idp.directory.group_models import GroupNesting, GroupRule
from idp.directory.models import AccessGrant, Account, Application, Group, Membership, Owned, Role, RoleAssignment, Site
from idp.policy.models import AccessPolicy, AccessPolicyVersion
from idp.policy.permissions import Permission, allows, exceeds, require

RECOVERY = (Permission.ACCOUNT_RECOVER, Permission.ACCOUNT_CREDENTIALS)
"""Either of these takes away second steps and ends sign-ons; only the latter sets passwords."""

_SCOPES = table("api_scope_grants", column("organization_id"), column("subject_kind"), column("subject_id"))
"""Of a floor above, and so known by its name only."""
_ORGANIZATION = bindparam("organization_id", type_=RoleAssignment.organization_id.type)
_WHO = bindparam("account_id", type_=RoleAssignment.id.type)
_NOW = bindparam("now", type_=RoleAssignment.valid_from.type)


def _not_over(until: InstrumentedAttribute[object]) -> ColumnElement[bool]:
    return or_(until.is_(None), until > _NOW)


def _holds(since: InstrumentedAttribute[object], until: InstrumentedAttribute[object]) -> ColumnElement[bool]:
    return and_(since <= _NOW, _not_over(until))


def _assigned(
    who: ColumnElement[bool], *times: ColumnElement[bool]
) -> Select[str, str | None, str | None, str, list[str]]:
    """What is assigned to *who*; nothing of a deleted application, and of a role of the organization's own what it holds."""
    return (
        select(
            RoleAssignment.role,
            RoleAssignment.site_id,
            RoleAssignment.application_id,
            Application.site_id.label("site_of_application"),
            Role.permissions,
        )
        .outerjoin(
            Application,
            and_(
                Application.organization_id == RoleAssignment.organization_id,
                Application.id == RoleAssignment.application_id,
                Application.deleted_at.is_(None),
            ),
        )
        .outerjoin(Role, and_(Role.organization_id == RoleAssignment.organization_id, Role.id == RoleAssignment.role))
        .where(
            RoleAssignment.organization_id == _ORGANIZATION,
            or_(RoleAssignment.application_id.is_(None), Application.id.is_not(None)),
            who,
            *times,
        )
    )


def _of_account(*times: ColumnElement[bool]) -> ColumnElement[bool]:
    groups = select(Membership.group_id).where(
        Membership.organization_id == _ORGANIZATION, Membership.account_id == _WHO, *times
    )
    return or_(RoleAssignment.account_id == _WHO, RoleAssignment.group_id.in_(groups))


_HELD = Prepared(
    _assigned(
        _of_account(_holds(Membership.valid_from, Membership.valid_to)),
        _holds(RoleAssignment.valid_from, RoleAssignment.valid_to),
    )
)
_HELD_OR_TO_COME = Prepared(_assigned(_of_account(_not_over(Membership.valid_to)), _not_over(RoleAssignment.valid_to)))
_EVERYBODY = or_(RoleAssignment.account_id.is_not(None), RoleAssignment.group_id.is_not(None))
_CARRIED = _assigned(
    RoleAssignment.group_id.in_(bindparam("group_ids", expanding=True)), _not_over(RoleAssignment.valid_to)
)


def roles_of(work: Work, organization_id: str, account_id: str) -> tuple[HeldRole, ...]:
    """
    Return the roles that an account holds now, its own and those of its groups.

    Of a disabled account, too: nobody acts as it, and nobody rules over it who does not hold what it holds.
    """
    rows = work.tx.rows(_HELD, organization_id=organization_id, account_id=account_id, now=work.now)
    return _roles(organization_id, rows)


def roles_to_come(work: Work, organization_id: str, account_id: str) -> tuple[HeldRole, ...]:
    """Return the roles that an account holds now, and those that it is to hold later."""
    rows = work.tx.rows(_HELD_OR_TO_COME, organization_id=organization_id, account_id=account_id, now=work.now)
    return _roles(organization_id, rows)


def roles_of_group(work: Work, group: Group) -> tuple[HeldRole, ...]:
    """Return the roles, held now or later, of whoever is in *group*: its own, and those of groups that it is inside of."""
    return _carried(work, group.organization_id, containers(work, group))


def _carried(work: Work, organization_id: str, group_ids: Collection[str]) -> tuple[HeldRole, ...]:
    values = {"organization_id": organization_id, "group_ids": sorted(group_ids), "now": work.now}
    return _roles(organization_id, work.tx.session.execute(_CARRIED, values).all())


def _roles(organization_id: str, rows: Collection[object]) -> tuple[HeldRole, ...]:
    found = (
        HeldRole(
            row.role,  # type: ignore[attr-defined]
            organization_id,
            row.site_id or row.site_of_application,  # type: ignore[attr-defined]
            row.application_id,  # type: ignore[attr-defined]
            tuple(row.permissions or ()),  # type: ignore[attr-defined]
        )
        for row in rows
    )
    return tuple(dict.fromkeys(found))


def containers(work: Work, group: Group) -> frozenset[str]:
    """Return the ids of *group* and of every group that it is inside of, now or later."""
    return _closure(work, group, GroupNesting.child_id, GroupNesting.parent_id)


def contained(work: Work, group: Group) -> frozenset[str]:
    """Return the ids of *group* and of every group inside of it, now or later."""
    return _closure(work, group, GroupNesting.parent_id, GroupNesting.child_id)


def _closure(
    work: Work, group: Group, known: InstrumentedAttribute[str], wanted: InstrumentedAttribute[str]
) -> frozenset[str]:
    reached = select(bindparam("start", group.id, type_=Group.id.type).label("id")).cte("reached", recursive=True)
    more = select(wanted).join(reached, known == reached.c.id)
    reached = reached.union(
        more.where(
            GroupNesting.organization_id == group.organization_id,
            or_(GroupNesting.valid_to.is_(None), GroupNesting.valid_to > work.now),
        )
    )
    return frozenset(work.tx.session.scalars(select(reached.c.id)))


def require_on(work: Work, permission: Permission, on: Owned) -> None:
    """
    Require *permission* where *on* is: an application, a site, or what belongs to one (``application_id``, ``site_id``).

    Raises:
        Forbidden: no role of the actor holds it there.
    """
    require(work, permission, on.organization_id, **place_of(on))


def allows_on(work: Work, permission: Permission, on: Owned) -> bool:
    """Say whether `require_on` would let the actor pass."""
    return allows(work.actor, permission, on.organization_id, **place_of(on))


def place_of(on: Owned) -> dict[str, str | None]:
    """Return ``site_id`` and ``application_id`` of where *on* is, as `policy.permissions.require` takes them."""
    if isinstance(on, Site):
        return {"site_id": on.id, "application_id": None}
    if isinstance(on, Application):
        return {"site_id": on.site_id, "application_id": on.id}
    return {"site_id": getattr(on, "site_id", None), "application_id": getattr(on, "application_id", None)}


def require_over(work: Work, permission: Permission | Collection[Permission], account: Account) -> None:
    """
    Require *permission* (one of several) and that *account* holds nothing that the actor does not hold (D17).

    Whoever does something to the own account needs only the permission.

    Raises:
        Forbidden: no role of the actor holds *permission* there, or the account administers what the actor does not.
    """
    wanted = (permission,) if isinstance(permission, Permission) else tuple(permission)
    if not any(allows(work.actor, one, account.organization_id) for one in wanted):
        require(work, wanted[0], account.organization_id)
    if _is_actor(work, account):
        return
    excess = exceeds(roles_to_come(work, account.organization_id, account.id), work.actor)
    if excess:
        raise Forbidden(
            "You may not do this to this account: it administers what you do not.",
            advice="Ask an administrator who holds at least the same roles.",
            cause=phrase(
                "the account holds more than %(name)s: %(all)s",
                name=work.actor.name or work.actor.id,
                all=", ".join(sorted(excess)),
            ),
        )


def is_over(work: Work, permission: Permission | Collection[Permission], account: Account) -> bool:
    """Say whether `require_over` would let the actor pass."""
    try:
        require_over(work, permission, account)
    except Forbidden:
        return False
    return True


def out_of_reach(work: Work, organization_id: str) -> ColumnElement[bool] | None:
    """
    Return which accounts of an organization administer what the actor does not, now or later (D17): over them
    `require_over` lets nobody pass who holds no more. None: there is no such account.

    One query, whatever the number of accounts: each assignment is judged by itself, which comes to the same.
    """
    query = _assigned(_EVERYBODY, _not_over(RoleAssignment.valid_to)).add_columns(
        RoleAssignment.account_id, RoleAssignment.group_id
    )
    rows = work.tx.session.execute(query, {"organization_id": organization_id, "now": work.now}).all()
    judged: dict[HeldRole, bool] = {}
    people: set[str] = set()
    groups: set[str] = set()
    for row in rows:
        [held] = _roles(organization_id, [row])
        if held not in judged:
            judged[held] = bool(exceeds([held], work.actor))
        if judged[held]:
            (people if row.account_id else groups).add(row.account_id or row.group_id)
    own = work.actor.kind == "account" and work.actor.organization_id == organization_id
    people -= {work.actor.id} if own else set()
    if not people and not groups:
        return None
    members = select(Membership.account_id).where(
        Membership.organization_id == organization_id,
        Membership.group_id.in_(groups),
        or_(Membership.valid_to.is_(None), Membership.valid_to > work.now),
    )
    beyond = or_(Account.id.in_(people), Account.id.in_(members))
    return and_(beyond, Account.id != work.actor.id) if own else beyond


def _is_actor(work: Work, account: Account) -> bool:
    return (work.actor.kind, work.actor.organization_id, work.actor.id) == (
        "account",
        account.organization_id,
        account.id,
    )


def require_into(work: Work, group: Group) -> None:
    """
    Require that the actor may put members into *group*, and take them out.

    That is whoever may change members in the organization, or may give access to everything that the group opens
    (which is at least one application, and nothing else: no scope of an API, no rule asks who is in it, and no other
    application is told something for it); and holds every role that the group gives, itself or by a group that it is inside of (T5).

    Raises:
        Forbidden: the actor may not.
    """
    around = containers(work, group)
    if not allows(work.actor, Permission.GROUP_MEMBERS, group.organization_id):
        opened = _opened(work, group.organization_id, around)
        gives = opened and all(allows_on(work, Permission.APPLICATION_GRANT, one) for one in opened)
        if not gives or _says_more(work, group.organization_id, around, opened):
            require(work, Permission.GROUP_MEMBERS, group.organization_id)
    excess = exceeds(_carried(work, group.organization_id, around), work.actor)
    if excess:
        raise Forbidden(
            "You may not change who is in this group: it gives rights that you do not have.",
            advice="Ask an administrator who holds at least the same roles.",
            cause=phrase(
                "the group carries more than %(name)s: %(all)s",
                name=work.actor.name or work.actor.id,
                all=", ".join(sorted(excess)),
            ),
        )


def decides(work: Work, group: Group) -> bool:
    """
    Say whether being in *group*, or in one that it is inside of, decides anything: what opens, what scopes of APIs there
    are, what rules of access say, who is in other groups, what applications are told.
    """
    around = containers(work, group)
    opened = _opened(work, group.organization_id, around)
    return bool(opened) or _says_more(work, group.organization_id, around, opened)


def may_change_members(work: Work, group: Group) -> bool:
    """Say whether `require_into` would let the actor pass."""
    try:
        require_into(work, group)
    except Forbidden:
        return False
    return True


def _opened(work: Work, organization_id: str, group_ids: Collection[str]) -> list[Application]:
    """Return the applications that the groups open, now or later."""
    query = (
        select(Application)
        .join(
            AccessGrant,
            and_(
                AccessGrant.organization_id == Application.organization_id,
                AccessGrant.application_id == Application.id,
            ),
        )
        .where(
            Application.organization_id == organization_id,
            Application.deleted_at.is_(None),
            AccessGrant.subject_kind == access.GROUP,
            AccessGrant.subject_id.in_(group_ids),
            or_(AccessGrant.valid_to.is_(None), AccessGrant.valid_to > work.now),
        )
        .distinct()
    )
    return list(work.tx.session.scalars(query))


def _says_more(work: Work, organization_id: str, group_ids: Collection[str], opened: Collection[Application]) -> bool:
    """
    Say whether being in one of the groups means more than to open applications.

    That is scopes of APIs; rules that ask for it; and what others than the *opened* ones are told of whoever is in it.
    """
    scopes = select(
        exists().where(
            _SCOPES.c.organization_id == organization_id,
            _SCOPES.c.subject_kind == access.GROUP,
            _SCOPES.c.subject_id.in_(group_ids),
        )
    )
    if work.tx.session.scalar(scopes):
        return True
    names = work.tx.session.scalars(
        select(Group.name).where(Group.organization_id == organization_id, Group.id.in_(group_ids))
    )
    called = list(names)
    if group_mentions.released_elsewhere(work, organization_id, called, [one.id for one in opened]):
        return True
    return _asked(work, organization_id, {*group_ids, *called})


def asked_by_rules(work: Work, group: Group) -> bool:
    """Say whether a rule of access, or that of another group, asks who is in *group* or in one that it is inside of."""
    around = containers(work, group)
    names = work.tx.session.scalars(
        select(Group.name).where(Group.organization_id == group.organization_id, Group.id.in_(around))
    )
    return _asked(work, group.organization_id, {*around, *names})


def protected_among(work: Work, organization_id: str, account_ids: Collection[str]) -> frozenset[str]:
    """Return those of *account_ids* (at most some hundreds) that hold a role, now or later, or are for emergencies."""
    own = select(RoleAssignment.account_id).where(
        RoleAssignment.organization_id == organization_id,
        RoleAssignment.account_id.in_(account_ids),
        or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > work.now),
    )
    through = (
        select(Membership.account_id)
        .join(
            RoleAssignment,
            and_(
                RoleAssignment.organization_id == Membership.organization_id,
                RoleAssignment.group_id == Membership.group_id,
            ),
        )
        .where(
            Membership.organization_id == organization_id,
            Membership.account_id.in_(account_ids),
            or_(Membership.valid_to.is_(None), Membership.valid_to > work.now),
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > work.now),
        )
    )
    emergencies = select(Account.id).where(
        Account.organization_id == organization_id, Account.id.in_(account_ids), Account.kind == "break-glass"
    )
    return frozenset(
        one for query in (own, through, emergencies) for one in work.tx.session.scalars(query) if one is not None
    )


def _asked(work: Work, organization_id: str, words: Collection[str]) -> bool:
    """Say whether the rule of a group, or a rule of access, has one of *words* in it."""
    conditions = work.tx.session.scalars(
        select(GroupRule.condition).where(GroupRule.organization_id == organization_id)
    )
    rules = work.tx.session.scalars(
        select(AccessPolicyVersion.rules)
        .join(
            AccessPolicy,
            and_(
                AccessPolicy.organization_id == AccessPolicyVersion.organization_id,
                AccessPolicy.id == AccessPolicyVersion.policy_id,
                # One on trial falls back to the one that was confirmed.
                AccessPolicyVersion.number.in_([AccessPolicy.current, AccessPolicy.confirmed]),
            ),
        )
        .where(AccessPolicy.organization_id == organization_id)
    )
    texts = [*conditions, *(json.dumps(one, ensure_ascii=False) for one in rules)]
    return any(word in text for word in words for text in texts)
