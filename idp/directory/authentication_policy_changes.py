"""Verbs that make, change and end authentication policies."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, or_, select, update

from idp.audit.events import (
    AccountPolicyChanged,
    AuthenticationPolicyChanged,
    AuthenticationPolicyCreated,
    AuthenticationPolicyDeleted,
    DefaultAuthenticationPolicyChanged,
)
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict, Invalid
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import names, queries
from idp.directory.authentication_policies import (
    MOST_POLICIES,
    _policy,
    default_policy,
    hold,
    is_in,
    members,
    policies,
    policy_of_kind,
    terms_of,
)
from idp.directory.models import Account
from idp.policy import authentication
from idp.policy.authentication import PolicyKind, Terms
from idp.policy.models import AuthenticationPolicy
from idp.policy.permissions import Permission, require


def create(
    work: Work,
    organization: str,
    name: str,
    changes: Mapping[str, Any] | None = None,
    *,
    kind: PolicyKind = PolicyKind.MEMBER,
) -> AuthenticationPolicy:
    """
    Create an authentication policy; nobody is in it yet.

    Args:
        changes: what it says other than a policy says at first, by the names of `policy.authentication.Terms`.
        kind: for members, or the test policy for a few guests; of the others each organization has its own.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not change policies there.
        Invalid: the name or a value cannot be taken.
        Conflict: the organization has a policy of that name, a test policy already, or as many as there may be.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_EDIT, owner.id)
    name = _name(work, owner.id, name)
    if kind not in (PolicyKind.MEMBER, PolicyKind.GUEST_TEST):
        raise Invalid("Every organization has one policy for guests and one for break-glass accounts.", field="kind")
    if kind is PolicyKind.GUEST_TEST and policy_of_kind(work, owner.id, kind) is not None:
        raise Conflict("There is a test policy for guests already.", field="kind")
    if len(policies(work, organization)) >= MOST_POLICIES:
        raise Conflict(
            phrase(
                "An organization has at most %(most_policies)s authentication policies.", most_policies=MOST_POLICIES
            )
        )
    terms = authentication.changed(authentication.first_terms(kind), changes or {}, kind=kind, now=work.now)
    made = AuthenticationPolicy(
        organization_id=owner.id,
        id=new_id("pol"),
        name=name,
        kind=kind.value,
        is_default=False,
        created_at=work.now,
    )
    _say(made, terms)
    work.tx.session.add(made)
    work.tx.session.flush()
    record(
        work,
        AuthenticationPolicyCreated(
            organization_id=owner.id, target_id=made.id, name=name, kind=kind.value, says=authentication.words(terms)
        ),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return made


def edit(
    work: Work,
    organization: str,
    reference: str | None,
    changes: Mapping[str, Any],
    *,
    name: str | None = None,
    if_version: int | None = None,
) -> AuthenticationPolicy:
    """
    Change what an authentication policy says; what is not named stays. It counts at once, the length of
    sessions from the next sign-in on.

    Args:
        reference: name or id; None: the organization's default.
        changes: by the names of `policy.authentication.Terms`.
        name: what it is called from now on.
        if_version: the version that the change was made for.

    Raises:
        NotFound: no such organization or policy that this actor may see.
        Forbidden: the actor may not change policies there.
        Invalid: a value cannot be taken, or all together would keep people out.
        Conflict: somebody else has changed it in the meantime, or another one has that name.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_EDIT, owner.id)
    found = _policy(work, owner.id, reference)
    if if_version is not None and if_version != found.version:
        raise ChangedMeanwhile(found.id)
    before = terms_of(found)
    after = authentication.changed(before, changes, kind=PolicyKind(found.kind), now=work.now)
    were, are = authentication.differences(before, after)
    if name is not None and name != found.name:
        were["name"], found.name = found.name, _name(work, owner.id, name)
        are["name"] = found.name
    if not are:
        return found
    _say(found, after)
    work.tx.session.flush()
    if authentication.GRACE & set(are):
        _begin_grace_anew(work, found)
    record(
        work,
        AuthenticationPolicyChanged(
            organization_id=owner.id, target_id=found.id, name=found.name, before=were, after=are
        ),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return found


def set_second_step(work: Work, organization: str, second_step: str) -> AuthenticationPolicy:
    """
    Say whether the organization's default policy asks for a second step: off, optional or required.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not change policies there.
        Invalid: *second_step* is none of the three.
    """
    return edit(work, organization, None, {"second_step": second_step})


def set_default(
    work: Work, organization: str, reference: str, *, if_version: int | None = None
) -> AuthenticationPolicy:
    """
    Make a policy the default: new members enter it. Those who are there stay in the policy that they are in.

    Args:
        if_version: the version that whoever chooses it has seen.

    Raises:
        NotFound: no such organization or policy that this actor may see.
        Forbidden: the actor may not change policies there.
        Conflict: it is the default already, or it is not for members; or somebody else has changed it in the meantime.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_EDIT, owner.id)
    after, before = _policy(work, owner.id, reference), default_policy(work, owner.id)
    if if_version is not None and if_version != after.version:
        raise ChangedMeanwhile(after.id)
    if after.id == before.id:
        raise Conflict(phrase("“%(name)s” is the default already.", name=after.name))
    if after.kind != PolicyKind.MEMBER:
        raise Conflict(phrase("“%(name)s” is not for members, so that it cannot be their default.", name=after.name))
    for held in sorted((before, after), key=lambda one: one.id):
        hold(work, held)
    work.tx.session.execute(
        update(Account)
        .where(Account.organization_id == owner.id, Account.kind == PolicyKind.MEMBER, Account.policy_id.is_(None))
        .values(policy_id=before.id, version=Account.version + 1)
        .execution_options(synchronize_session="fetch")
    )
    before.is_default = False
    work.tx.session.flush()
    after.is_default = True
    work.tx.session.flush()
    record(
        work,
        DefaultAuthenticationPolicyChanged(
            organization_id=owner.id, target_id=after.id, before=before.name, after=after.name
        ),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return after


def delete(
    work: Work, organization: str, reference: str, *, move_to: str | None = None, if_version: int | None = None
) -> int:
    """
    Delete a policy; return how many accounts were moved.

    Args:
        move_to: the policy, for the same kind of accounts, that those enter who are in it; None: it must be empty.
        if_version: the version that whoever deletes it has seen.

    Raises:
        NotFound: no such organization or policy that this actor may see.
        Forbidden: the actor may not change policies there.
        Conflict: it is the default, or the one of guests or break-glass accounts; or accounts are in it.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_EDIT, owner.id)
    found = _policy(work, owner.id, reference)
    if if_version is not None and if_version != found.version:
        raise ChangedMeanwhile(found.id)
    if found.is_default:
        raise Conflict(
            phrase("“%(name)s” is the default.", name=found.name), advice="Make another one the default first."
        )
    if found.kind not in (PolicyKind.MEMBER, PolicyKind.GUEST_TEST):
        raise Conflict(phrase("“%(name)s” stays: there is exactly one of its kind.", name=found.name))
    target = None if move_to is None else _policy(work, owner.id, move_to)
    for held in sorted(filter(None, (found, target)), key=lambda one: one.id):
        hold(work, held)
    count = members(work, found)
    if count and target is None:
        raise Conflict(
            phrase(
                "“%(name)s” still has %(value)s.",
                name=found.name,
                value="one member" if count == 1 else f"{count} members",
            ),
            field="move_to",
            advice="Say which policy they enter instead.",
        )
    if target is not None:
        _check_heir(found, target)
        _record_moves(work, found, target)
        work.tx.session.execute(
            update(Account)
            .where(is_in(found))
            .values(policy_id=target.id, grace_used=0, version=Account.version + 1)
            .execution_options(synchronize_session="fetch")
        )
    work.tx.session.delete(found)
    work.tx.session.flush()
    record(
        work,
        AuthenticationPolicyDeleted(
            organization_id=owner.id,
            target_id=found.id,
            name=found.name,
            moved=count,
            moved_to="" if target is None else target.name,
        ),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return count


def _record_moves(work: Work, found: AuthenticationPolicy, target: AuthenticationPolicy) -> None:
    for account_id, email in work.tx.session.execute(select(Account.id, Account.email).where(is_in(found))):
        record(
            work,
            AccountPolicyChanged(
                organization_id=found.organization_id,
                target_id=account_id,
                email=email,
                before=found.name,
                after=target.name,
            ),
        )


def _check_heir(found: AuthenticationPolicy, target: AuthenticationPolicy) -> None:
    fits = PolicyKind.MEMBER if found.kind == PolicyKind.MEMBER else PolicyKind.GUEST
    if target.id == found.id or target.kind != fits:
        raise Conflict(
            phrase("Those who are in “%(name)s” cannot enter “%(name_2)s”.", name=found.name, name_2=target.name),
            field="move_to",
        )


def _name(work: Work, organization_id: str, name: str) -> str:
    name = names.name(name)
    taken = select(func.count()).where(
        AuthenticationPolicy.organization_id == organization_id,
        or_(AuthenticationPolicy.name == name, AuthenticationPolicy.id == name),
    )
    if work.tx.session.scalar(taken):
        raise Conflict(phrase("There is an authentication policy “%(name)s” already.", name=name), field="name")
    return name


def _say(policy: AuthenticationPolicy, terms: Terms) -> None:
    for name in authentication.FIELDS:
        value = getattr(terms, name)
        setattr(policy, name, [str(one) for one in value] if isinstance(value, tuple) else value)
    policy.second_step = terms.second_step.value


def _begin_grace_anew(work: Work, of: AuthenticationPolicy) -> None:
    work.tx.session.execute(
        update(Account)
        .where(is_in(of), Account.grace_used > 0)
        .values(grace_used=0, version=Account.version + 1)
        .execution_options(synchronize_session="fetch")
    )
