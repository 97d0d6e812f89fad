"""Verbs on who administers what: roles given to accounts and groups, at a scope, from and to a time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select

from idp.audit.events import RoleGranted, RoleWithdrawn
from idp.audit.log import record
from idp.base.errors import Conflict, Forbidden, Invalid
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import HeldRole, Work
from idp.directory import administering, group_rights, names, queries, rights
from idp.directory import roles as roles_
from idp.directory.group_models import GroupRule
from idp.directory.held_roles import Scope, assignment, live, scope
from idp.directory.joining_models import JoinRule
from idp.directory.models import Account, Group, RoleAssignment
from idp.directory.roles import AnyRole
from idp.policy.permissions import Permission, exceeds, require

_LONGEST_REASON = 500
MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a grant would give to whom, where; to one account, or to whoever is in a group."""

    role: AnyRole
    account: Account | None
    group: Group | None
    where: Scope
    reason: str

    @property
    def subject(self) -> str:
        """The address of the account, or the name of the group."""
        return self.account.email if self.account is not None else self.group.name if self.group is not None else ""


def grant(
    work: Work,
    role: str,
    *,
    organization: str,
    account: str | None = None,
    group: str | None = None,
    site: str | None = None,
    application: str | None = None,
    reason: str = "",
    until: datetime | None = None,
) -> RoleAssignment:
    """
    Let an account, or whoever is in a group, administer the organization, one site or one application, from now on.

    Args:
        role: the name of a role that comes with Ostiary, or the name or id of one of the organization's own.
        account, group: whom, by id, address or name; exactly one of them.
        site, application: a site's short name, or an application's id; none of them: the whole organization.
        until: when it ends by itself.

    Raises:
        NotFound: no such organization, role, account, group, site or application that this actor may see.
        Forbidden: the actor may not grant roles there, or does not hold there all that the role holds.
        Invalid: not exactly one of account and group; the role is not held there; the reason or the end cannot be used.
        Conflict: they hold it there already; who is in the group is decided by a rule or by another system; or whoever is
            given an application comes into it, and it would carry a role in the whole organization.
    """
    asked = _proposal(work, role, organization, account, group, site, application, reason, until)
    _check_may_grant(work, asked)
    administering.hold(work, asked.where.organization_id)
    if asked.group is not None:
        check_may_carry(work, asked.group)
        _check_not_default(work, asked.group, asked.where)
    assignment = RoleAssignment(
        organization_id=asked.where.organization_id,
        id=new_id("rol"),
        account_id=asked.account and asked.account.id,
        group_id=asked.group and asked.group.id,
        role=asked.role.key,
        site_id=asked.where.site and asked.where.site.id,
        application_id=asked.where.application_id,
        valid_from=work.now,
        valid_to=until,
    )
    if _is_there(work, assignment):
        raise Conflict(
            phrase(
                "“%(subject)s” has the role “%(name)s” for %(words)s already.",
                subject=asked.subject,
                name=asked.role.name,
                words=asked.where.words,
            )
        )
    work.tx.session.add(assignment)
    work.tx.session.flush()
    record(
        work,
        RoleGranted(
            organization_id=assignment.organization_id,
            target_id=assignment.account_id or assignment.group_id or "",
            role=asked.role.name,
            subject=asked.subject,
            scope=asked.where.words,
            site_id=assignment.site_id,
            application_id=assignment.application_id,
            until="withdrawn" if until is None else until.isoformat(timespec="minutes"),
            reason=asked.reason,
        ),
    )
    return assignment


def preview(
    work: Work,
    role: str,
    *,
    organization: str,
    account: str | None = None,
    group: str | None = None,
    site: str | None = None,
    application: str | None = None,
    reason: str = "",
    until: datetime | None = None,
) -> Proposal:
    """
    Return what `grant` would do, and to how many; nothing is changed.

    Raises:
        NotFound, Forbidden, Invalid, Conflict: as for `grant`, but for a role that they have already.
    """
    asked = _proposal(work, role, organization, account, group, site, application, reason, until)
    _check_may_grant(work, asked)
    if asked.group is not None:
        check_may_carry(work, asked.group)
        _check_not_default(work, asked.group, asked.where)
    return asked


def _proposal(
    work: Work,
    role: str,
    organization: str,
    account: str | None,
    group: str | None,
    site: str | None,
    application: str | None,
    reason: str,
    until: datetime | None,
) -> Proposal:
    owner = queries.organization(work, organization)
    if (account is None) == (group is None):
        raise Invalid("Say who gets the role: one account or one group.", field="subject")
    where = scope(work, owner.id, site=site, application=application)
    asked = Proposal(
        role=roles_.role(work, role, organization_id=owner.id),
        account=None if account is None else queries.account(work, account, organization_id=owner.id),
        group=None if group is None else queries.group(work, group, organization_id=owner.id),
        where=where,
        reason=_reason(reason),
    )
    _check_scope(asked.role, where)
    if until is not None and until <= work.now:
        raise Invalid("The end is over already.", field="until")
    return asked


def _check_may_grant(work: Work, asked: Proposal) -> None:
    where = asked.where
    require(
        work,
        Permission.ROLE_GRANT,
        where.organization_id,
        site_id=where.site_id,
        application_id=where.application_id,
    )
    _check_held(work, asked.role.held(where.organization_id, where.site_id, where.application_id))


def withdraw(work: Work, assignment_id: str, *, organization: str, reason: str = "") -> RoleAssignment:
    """
    Take a role from an account or a group: what it gave ends at once.

    Raises:
        NotFound: no such organization, or no such assignment that this actor may see and that has not ended.
        Forbidden: the actor may not grant roles there, or does not hold there all that the role holds.
        Conflict: nobody would administer the organization any more.
    """
    owner = queries.organization(work, organization)
    told = assignment(work, assignment_id, organization_id=owner.id)
    found, where = told.assignment, told.held
    require(work, Permission.ROLE_GRANT, owner.id, site_id=where.site_id, application_id=where.application_id)
    _check_held(work, where)
    said = _reason(reason)
    with administering.keeping_one(work, owner.id):
        found.valid_to = work.now
    record(
        work,
        RoleWithdrawn(
            organization_id=owner.id,
            target_id=told.subject_id,
            role=told.role,
            subject=told.subject,
            scope=told.scope_name,
            site_id=found.site_id,
            application_id=found.application_id,
            reason=said,
        ),
    )
    return found


def check_may_carry(work: Work, group: Group) -> None:
    """
    Refuse that *group* carries roles where no administrator decides on each member (T5).

    Raises:
        Conflict: a rule, another system, or who may join decides who is in it, or in a group inside of it.
    """
    inside = rights.contained(work, group)
    query = (
        select(Group.name)
        .outerjoin(GroupRule, and_(GroupRule.organization_id == Group.organization_id, GroupRule.group_id == Group.id))
        .where(
            Group.organization_id == group.organization_id,
            Group.id.in_(inside),
            or_(Group.kind != MANUAL, GroupRule.id.is_not(None)),
        )
        .order_by(Group.name)
        .limit(1)
    )
    decided = work.tx.session.scalar(query)
    if decided is not None:
        raise Conflict(
            phrase(
                "“%(name)s” can carry no role: a rule or another system decides who is in “%(decided)s”.",
                name=group.name,
                decided=decided,
            ),
            field="group",
            advice="Give the role to a group into which administrators put each member themselves.",
        )
    joined = work.tx.session.scalars(select(JoinRule.groups).where(JoinRule.organization_id == group.organization_id))
    if any(inside & frozenset(one) for one in joined):
        raise Conflict(
            phrase("“%(name)s” can carry no role: whoever joins the organization comes into it.", name=group.name),
            field="group",
            advice="Take it out of the rules on who may join first.",
        )


def _check_not_default(work: Work, group: Group, where: Scope) -> None:
    """Refuse that whoever is given an application comes to a role in the whole organization."""
    if where.kind != "organization":
        return
    found = group_rights.defaults_among(work, group.organization_id, rights.contained(work, group))
    if found:
        raise Conflict(
            phrase(
                "“%(name)s” can carry no role in the whole organization: “%(name_2)s” is a default group of “%(found)s”.",
                name=group.name,
                name_2=found[0][0].name,
                found=found[0][1],
            ),
            field="group",
            advice="Give the role to a group that opens no application by default.",
        )


def carries_roles(work: Work, group: Group) -> bool:
    """Say whether being in *group*, or in one that it is inside of, gives rights now or later."""
    return bool(rights.roles_of_group(work, group))


def _reason(typed: str) -> str:
    return names.words(typed, longest=_LONGEST_REASON, field="reason") if typed.strip() else ""


def _check_scope(role: AnyRole, where: Scope) -> None:
    if where.kind not in role.scopes:
        allowed = " or ".join(f"for the {one}" for one in roles_.SCOPE_NAMES if one in role.scopes)
        raise Invalid(
            phrase(
                "The role “%(name)s” is held %(value)s.",
                name=role.name,
                value=allowed.replace("for the organization", "in the organization"),
            ),
            field="scope",
        )


def _check_held(work: Work, held: HeldRole) -> None:
    excess = exceeds([held], work.actor)
    if excess:
        raise Forbidden(
            "You may not do this: the role holds more there than you do.",
            advice="Ask an administrator who holds at least as much.",
            cause=phrase("lacks %(all)s", all=", ".join(sorted(excess))),
        )


def _is_there(work: Work, wanted: RoleAssignment) -> bool:
    same = ("organization_id", "account_id", "group_id", "role", "site_id", "application_id")
    query = live(work, select(RoleAssignment.id)).where(
        *(getattr(RoleAssignment, name).is_not_distinct_from(getattr(wanted, name)) for name in same)
    )
    return work.tx.session.scalar(query.limit(1)) is not None
