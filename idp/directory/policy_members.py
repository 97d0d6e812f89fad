"""
Verbs on who is in which authentication policy, and on what an account is to its organization.

Every account is in exactly one policy. Its kind says which may be: members in any for members; guests in
the one for guests, or the test policy; break-glass accounts in theirs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, tuple_

from idp.audit.events import AccountKindChanged, AccountPolicyChanged
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict, IdpError, Invalid
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import account_lists, authentication_policies, queries, rights, rule_moves
from idp.directory.models import Account, Membership
from idp.policy.authentication import PolicyKind
from idp.policy.models import AuthenticationPolicy
from idp.policy.permissions import Permission, require

MOST_IN_TEST = 5
"""So many guests may be in the test policy at once."""
MOST_BREAK_GLASS = 5
"""So many break-glass accounts may an organization have."""
KINDS = (PolicyKind.MEMBER, PolicyKind.GUEST, PolicyKind.BREAK_GLASS)
_MAY_ENTER = {
    PolicyKind.MEMBER: (PolicyKind.MEMBER,),
    PolicyKind.GUEST: (PolicyKind.GUEST, PolicyKind.GUEST_TEST),
    PolicyKind.BREAK_GLASS: (),
}


@dataclass(frozen=True, slots=True)
class Moved:
    """
    What came of moving one account: from which policy to which (the same: it was there already).

    ``error`` says why it was not moved; then ``before`` and ``after`` are empty where nothing is known of them.
    """

    person: str
    before: str = ""
    after: str = ""
    error: IdpError | None = None


def policy_of(work: Work, account: Account) -> AuthenticationPolicy:
    """Return the authentication policy that an account is in."""
    if account.policy_id is not None:
        found = work.tx.session.get(AuthenticationPolicy, (account.organization_id, account.policy_id))
        if found is not None:
            return found
    return authentication_policies.default_policy(work, account.organization_id)


def page(
    work: Work,
    of: AuthenticationPolicy,
    *,
    after: tuple[Any, ...] | None = None,
    limit: int = 50,
    starting: str = "",
    kind: str = "",
) -> list[Account]:
    """
    Return who is in a policy that the actor has been given, by address, at most *limit*: whom they may see.

    Args:
        after: the address (its key) and id of the last one that was shown; None: from the start.
        starting, kind: only those whose address begins so, and of one kind, as `account_lists.page` has them.
    """
    query = queries.visible(work, Account, Permission.ACCOUNT_READ).where(
        authentication_policies.is_in(of), Account.erased_at.is_(None)
    )
    query = account_lists.narrowed(query, starting, kind)
    if after is not None:
        query = query.where(tuple_(Account.email_key, Account.id) > tuple_(*after))
    return list(work.tx.session.scalars(query.order_by(Account.email_key, Account.id).limit(limit)))


def move(work: Work, organization: str, people: Iterable[str], to: str) -> list[Moved]:
    """
    Move accounts to the policy *to* (name or id); return what came of each. Whoever cannot be moved stays.

    It counts at once, and the grace of whoever was moved begins anew; sessions keep the length that they began with.

    Args:
        people: ids or e-mail addresses.

    Raises:
        NotFound: no such organization or policy that this actor may see.
        Forbidden: the actor may not change policies there.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_EDIT, owner.id)
    target = authentication_policies.policy(work, organization, to)
    authentication_policies.hold(work, target)
    return [_moved(work, owner.id, person, target) for person in people]


def move_group(work: Work, organization: str, group: str, to: str) -> list[Moved]:
    """
    Move everybody who is in a group now to the policy *to*; see `move`.

    Raises:
        NotFound: no such organization, group or policy that this actor may see.
        Forbidden: the actor may not change policies there.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_EDIT, owner.id)
    found = queries.group(work, group, organization_id=owner.id)
    people = (
        select(Account.id)
        .join(
            Membership,
            (Membership.organization_id == Account.organization_id) & (Membership.account_id == Account.id),
        )
        .where(
            Membership.organization_id == owner.id,
            Membership.group_id == found.id,
            Membership.valid_from <= work.now,
            or_(Membership.valid_to.is_(None), Membership.valid_to > work.now),
        )
        .order_by(Account.email_key, Account.id)
    )
    return move(work, organization, dict.fromkeys(work.tx.session.scalars(people)), to)


def _moved(work: Work, organization_id: str, person: str, target: AuthenticationPolicy) -> Moved:
    try:
        account = queries.account(work, person, organization_id=organization_id)
        rights.require_over(work, Permission.POLICY_EDIT, account)
        before = policy_of(work, account)
        if before.id != target.id:
            _enter(work, account, before, target)
    except IdpError as error:
        return Moved(person, error=error)
    return Moved(account.email, before.name, target.name)


def _enter(work: Work, account: Account, before: AuthenticationPolicy, target: AuthenticationPolicy) -> None:
    if target.kind not in _MAY_ENTER[PolicyKind(account.kind)]:
        raise Conflict(
            phrase(
                "“%(email)s” is a %(kind)s account, and “%(name)s” is not for those.",
                email=account.email,
                kind=account.kind,
                name=target.name,
            ),
            advice="Break-glass accounts stay in their policy. Else change what the account is: idp account set --kind"
            if account.kind == PolicyKind.BREAK_GLASS
            else "Choose another policy, or change what the account is: idp account set --kind",
        )
    if target.kind == PolicyKind.GUEST_TEST and authentication_policies.members(work, target) >= MOST_IN_TEST:
        raise Conflict(phrase("At most %(most_in_test)s guests are in a test policy.", most_in_test=MOST_IN_TEST))
    account.policy_id, account.grace_used = target.id, 0
    work.tx.session.flush()
    record(
        work,
        AccountPolicyChanged(
            organization_id=account.organization_id,
            target_id=account.id,
            email=account.email,
            before=before.name,
            after=target.name,
        ),
    )


def set_kind(
    work: Work, reference: str, kind: str, *, organization_id: str | None = None, if_version: int | None = None
) -> Account:
    """
    Say what an account is: ``member``, ``guest`` or ``break-glass``. It enters the policy of its kind at once.

    Args:
        if_version: the version of the account that the change was made for.

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: the actor may not edit accounts and policies there, or the account administers what the actor
            does not.
        Invalid: there is no such kind.
        Conflict: there are as many break-glass accounts as there may be, or somebody else has changed the account.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    rights.require_over(work, Permission.ACCOUNT_EDIT, account)
    rights.require_over(work, Permission.POLICY_EDIT, account)
    if if_version is not None and if_version != account.version:
        raise ChangedMeanwhile(account.id)
    wanted, before = read_kind(kind), account.kind
    if wanted == before:
        return account
    policy_id = policy_id_for(work, account.organization_id, wanted)
    account.kind, account.policy_id, account.grace_used = wanted.value, policy_id, 0
    work.tx.session.flush()
    record(
        work,
        AccountKindChanged(
            organization_id=account.organization_id,
            target_id=account.id,
            email=account.email,
            before=before,
            after=wanted.value,
        ),
    )
    rule_moves.settle_edited(work, account)
    return account


def begin_grace_anew(account: Account) -> None:
    """Whoever has set up a second step has put it off no more (called by what sets one up)."""
    if account.grace_used:
        account.grace_used = 0


def read_kind(kind: str) -> PolicyKind:
    """
    Return *kind* if accounts can be of it.

    Raises:
        Invalid: they cannot.
    """
    if kind not in KINDS:
        raise Invalid(
            phrase("An account is %(value)s or %(kinds)s.", value=", ".join(KINDS[:-1]), kinds=KINDS[-1]), field="kind"
        )
    return PolicyKind(kind)


def policy_id_for(work: Work, organization_id: str, kind: PolicyKind) -> str | None:
    """
    Return the id of the policy that a new account of *kind* enters (None: the default, of members).

    Raises:
        Conflict: there are as many break-glass accounts as there may be.
    """
    if kind is PolicyKind.MEMBER:
        return None
    policy = authentication_policies.policy_of_kind(work, organization_id, kind)
    if policy is None:
        raise Conflict(
            phrase("This organization has no authentication policy for %(value)s accounts.", value=kind.value),
            field="kind",
        )
    authentication_policies.hold(work, policy)
    if kind is PolicyKind.BREAK_GLASS and _break_glass_accounts(work, organization_id) >= MOST_BREAK_GLASS:
        raise Conflict(
            phrase(
                "An organization has at most %(most_break_glass)s break-glass accounts.",
                most_break_glass=MOST_BREAK_GLASS,
            ),
            field="kind",
        )
    return policy.id


def _break_glass_accounts(work: Work, organization_id: str) -> int:
    query = (
        select(func.count())
        .select_from(Account)
        .where(Account.organization_id == organization_id, Account.kind == PolicyKind.BREAK_GLASS)
    )
    return work.tx.session.scalar(query) or 0
