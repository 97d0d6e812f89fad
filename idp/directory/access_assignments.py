"""Access policies for applications: to create and delete them, and to put applications, and the console, under them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select, tuple_

from idp.audit.events import (
    AccessPolicyAssigned,
    AccessPolicyCreated,
    AccessPolicyDeleted,
    ConsoleAccessPolicyAssigned,
)
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict, Invalid
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access_policies, names, queries
from idp.directory.keysets import begins
from idp.directory.models import Application, Organization
from idp.policy.access.rules import Rules
from idp.policy.models import AccessPolicy
from idp.policy.permissions import Permission, require

_MOST_POLICIES = 100
_MOST_NAMED = 3


def create(work: Work, organization: str, name: str) -> AccessPolicy:
    """
    Create an access policy for applications; it lets everybody pass until it is given rules.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not change policies there.
        Invalid: the name cannot be used.
        Conflict: there is a policy of that name, or there are as many as an organization can have.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_EDIT, owner.id)
    name = names.name(name)
    there = access_policies.policies(work, organization)
    if any(names.name_key(one.name) == names.name_key(name) for one in there):
        raise Conflict(phrase("There is an access policy “%(name)s” already.", name=name), field="name")
    if len(there) >= _MOST_POLICIES:
        raise Conflict(
            phrase("An organization has at most %(most_policies)s access policies.", most_policies=_MOST_POLICIES)
        )
    made = AccessPolicy(
        organization_id=owner.id,
        id=new_id("acp"),
        kind=access_policies.APPLICATION,
        name=name,
        is_default=False,
        current=1,
        confirmed=1,
        rolls_back_at=None,
        created_at=work.now,
    )
    work.tx.session.add(made)
    work.tx.session.flush()
    access_policies.add_version(work, made, Rules())
    record(work, AccessPolicyCreated(organization_id=owner.id, target_id=made.id, name=name))
    return made


def delete(work: Work, organization: str, policy: str, *, if_version: int | None = None) -> AccessPolicy:
    """
    Delete an access policy for applications, and its versions.

    Args:
        if_version: the number of the version of its rules that whoever deletes it has seen.

    Raises:
        NotFound: no such organization or policy that this actor may see.
        Forbidden: the actor may not change policies there.
        Conflict: it is one that every organization has, or applications, or the admin console, are under it.
    """
    found = access_policies.to_edit(work, organization, policy)
    if if_version is not None and if_version != access_policies.number_of(work, found):
        raise ChangedMeanwhile(found.id)
    if found.is_default:
        raise Conflict(
            phrase("“%(name)s” cannot be deleted: every organization has it.", name=found.name),
            advice="Give it the empty document instead, {}: everybody passes.",
        )
    under = _under(work, found)
    if under:
        raise Conflict(
            phrase(
                "“%(name)s” cannot be deleted: %(value)s %(value_2)s under it.",
                name=found.name,
                value=_few(under),
                value_2="is" if len(under) == 1 else "are",
            ),
            advice="Put them under another policy first: idp access assign",
        )
    for version in access_policies.history(work, found):
        work.tx.session.delete(version)
    work.tx.session.flush()
    work.tx.session.delete(found)
    record(work, AccessPolicyDeleted(organization_id=found.organization_id, target_id=found.id, name=found.name))
    work.tx.after_commit(work.tx.memory.forget)
    return found


def assign(
    work: Work, application_id: str, policy: str | None, *, if_policy: str | None = None
) -> tuple[Application, AccessPolicy]:
    """
    Put an application under an access policy; None: under the organization's default.

    Args:
        if_policy: the id of the policy that it was under when the change was made.

    Raises:
        NotFound: no such application or policy that this actor may see.
        Forbidden: the actor may not change policies there.
        Invalid: the policy is not for applications.
        Conflict: somebody else has put it under another one in the meantime.
    """
    application = queries.application(work, application_id)
    owner = work.tx.session.get_one(Organization, application.organization_id)
    now, then = _reassigned(work, owner, application.access_policy_id, policy)
    if if_policy is not None and if_policy != now.id:
        raise ChangedMeanwhile(application.id)
    application.access_policy_id = None if then.is_default else then.id
    if then.id != now.id:
        record(
            work,
            AccessPolicyAssigned(
                organization_id=owner.id,
                target_id=application.id,
                application=application.name,
                before=now.name,
                after=then.name,
            ),
        )
    work.tx.after_commit(work.tx.memory.forget)
    return application, then


def assign_console(
    work: Work, organization: str, policy: str | None, *, if_policy: str | None = None
) -> tuple[Organization, AccessPolicy]:
    """
    Put the admin console under an access policy, beside the one for sessions; None: under the default for applications.

    The caller judges whether administrators still get in (`signon.guarding`).

    Args:
        if_policy: the id of the policy that it was under when the change was made.

    Raises:
        NotFound: no such organization or policy that this actor may see.
        Forbidden: the actor may not change policies there.
        Invalid: the policy is not for applications.
        Conflict: somebody else has put it under another one in the meantime.
    """
    owner = queries.organization(work, organization)
    now, then = _reassigned(work, owner, owner.console_policy_id, policy)
    if if_policy is not None and if_policy != now.id:
        raise ChangedMeanwhile(owner.id)
    owner.console_policy_id = None if then.is_default else then.id
    work.tx.session.flush()
    if then.id != now.id:
        record(
            work,
            ConsoleAccessPolicyAssigned(organization_id=owner.id, target_id=owner.id, before=now.name, after=then.name),
        )
    work.tx.after_commit(work.tx.memory.forget)
    return owner, then


def console_policy(work: Work, organization: str) -> AccessPolicy:
    """
    Return the access policy that the admin console is under, beside the one for sessions.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not see policies there.
    """
    owner = queries.organization(work, organization)
    return _now_under(access_policies.policies(work, organization), owner.console_policy_id)


def counts(work: Work, organization_id: str) -> dict[str | None, int]:
    """
    Return how many applications are under each access policy, by its id; None: under the default.

    Raises:
        Forbidden: the actor may not see policies there.
    """
    require(work, Permission.POLICY_READ, organization_id)
    rows = work.tx.session.execute(
        select(Application.access_policy_id, func.count())
        .where(Application.organization_id == organization_id, Application.deleted_at.is_(None))
        .group_by(Application.access_policy_id)
    )
    return {row[0]: row[1] for row in rows}


def under(
    work: Work, policy: AccessPolicy, *, after: tuple[Any, ...] | None = None, limit: int = 50, starting: str = ""
) -> list[Application]:
    """
    Return the applications under an access policy that the actor has been given, by name, at most *limit*.

    Args:
        after: name and id of the last one that was shown; None: from the start.
        starting: only those whose name begins so, whatever the case.
    """
    query = queries.visible(work, Application, Permission.APPLICATION_READ).where(
        Application.organization_id == policy.organization_id,
        Application.access_policy_id.is_(None) if policy.is_default else Application.access_policy_id == policy.id,
        Application.deleted_at.is_(None),
    )
    if starting:
        query = query.where(begins(Application.name, starting))
    if after is not None:
        query = query.where(tuple_(Application.name, Application.id) > tuple_(*after))
    return list(work.tx.session.scalars(query.order_by(Application.name, Application.id).limit(limit)))


def _reassigned(
    work: Work, owner: Organization, now_id: str | None, policy: str | None
) -> tuple[AccessPolicy, AccessPolicy]:
    """Return the policy that something is under, and the one that it is to be under."""
    require(work, Permission.POLICY_EDIT, owner.id)
    every = access_policies.policies(work, owner.slug)
    then = _now_under(every, None) if policy is None else access_policies.to_edit(work, owner.slug, policy)
    if then.kind != access_policies.APPLICATION:
        raise Invalid(
            phrase("“%(name)s” is asked at every sign-on, whatever the application.", name=then.name),
            field="policy",
            advice="Choose a policy for applications; see: idp access list",
        )
    return _now_under(every, now_id), then


def _now_under(every: Iterable[AccessPolicy], policy_id: str | None) -> AccessPolicy:
    for_applications = [one for one in every if one.kind == access_policies.APPLICATION]
    default = next(one for one in for_applications if one.is_default)
    return next((one for one in for_applications if one.id == policy_id), default)


def _under(work: Work, policy: AccessPolicy) -> list[str]:
    """Return the names of what is under a policy that the actor may change; deleted applications do not count."""
    query = (
        select(Application.name)
        .where(
            Application.organization_id == policy.organization_id,
            Application.access_policy_id == policy.id,
            Application.deleted_at.is_(None),
        )
        .order_by(Application.name)
    )
    owner = work.tx.session.get_one(Organization, policy.organization_id)
    console = ["the admin console"] if owner.console_policy_id == policy.id else []
    return [*console, *work.tx.session.scalars(query)]


def _few(named: list[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in named[:_MOST_NAMED])
    return shown if len(named) <= _MOST_NAMED else f"{shown} and {len(named) - _MOST_NAMED} more"
