"""
Verbs on the authentication policies of an organization, and what hot roads need to know of them.

Who is in which of them: `policy_members`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update

from idp.audit.events import (
    AccountPolicyChanged,
    AuthenticationPolicyChanged,
    AuthenticationPolicyCreated,
    AuthenticationPolicyDeleted,
    DefaultAuthenticationPolicyChanged,
)
from idp.audit.log import record
from idp.base.db import Prepared, table
from idp.base.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import daily_counts, names, queries, sizes
from idp.directory.models import Account, Organization
from idp.policy import authentication
from idp.policy.authentication import BY_ADMINISTRATOR, PolicyKind, Terms
from idp.policy.models import AuthenticationPolicy
from idp.policy.passwords import Rules as PasswordRules
from idp.policy.passwords import rules as password_rules
from idp.policy.permissions import Permission, require
from idp.policy.signon import Method, SecondStep, SignOnPolicy

MOST_POLICIES = 100


@dataclass(frozen=True, slots=True)
class AuthenticationFacts:
    """An authentication policy as a process may remember it for a second."""

    id: str
    version: int
    second_step: SecondStep
    password_minimum: int
    session_idle_seconds: int
    session_absolute_seconds: int
    kind: str
    grace_until: datetime | None
    grace_sign_ins: int
    methods: frozenset[Method]
    password_score: int
    password_history: int
    password_maximum_days: int
    known_device_days: int
    upstream_allowed: bool
    api_tokens_allowed: bool
    api_token_days: int
    recovery: frozenset[str]
    authenticators: frozenset[str]
    device_bound_only: bool

    @property
    def password_rules(self) -> PasswordRules:
        """What is asked of a new password, with the floors that hold whatever the policy says."""
        return password_rules(
            minimum=self.password_minimum,
            score=self.password_score,
            history=self.password_history,
            maximum_days=self.password_maximum_days,
            second_step=self.second_step,
        )

    def deciding(self, now: datetime, grace_used: int) -> SignOnPolicy:
        """Return the part that decides, as it stands at *now* for an account that has put off so many times."""
        required = self.second_step is SecondStep.REQUIRED
        by_date = required and self.grace_until is not None and now < self.grace_until
        methods = self.methods | {Method.KNOWN_DEVICE} if self.known_device_days else self.methods
        return SignOnPolicy(
            self.version,
            self.second_step,
            methods,
            in_grace=by_date or (required and self.grace_sign_ins > 0 and grace_used <= self.grace_sign_ins),
            may_put_off=by_date or (required and grace_used < self.grace_sign_ins),
        )


_FIELDS = tuple(field.name for field in fields(AuthenticationFacts))
_AUTHENTICATION = Prepared(
    select(AuthenticationPolicy.is_default, *(getattr(AuthenticationPolicy, name) for name in _FIELDS)).where(
        AuthenticationPolicy.organization_id == bindparam("organization_id")
    )
)
_READ: dict[str, Callable[[Any], Any]] = {
    "second_step": SecondStep,
    "methods": lambda stored: frozenset(map(Method, stored)),
    "recovery": frozenset,
    "authenticators": frozenset,
}
_TABLE = table(AuthenticationPolicy)
_HOLD = Prepared(
    update(_TABLE)
    .where(_TABLE.c.organization_id == bindparam("of_organization"), _TABLE.c.id == bindparam("policy_id"))
    .values(kind=_TABLE.c.kind)
)


def check_help(work: Work, account: Account) -> None:
    """
    Raises:
        Conflict: the account's policy does not let administrators help it to sign in again.
    """
    policy_ = authentication_policy(work, account.organization_id, account.policy_id)
    if BY_ADMINISTRATOR not in policy_.recovery:
        raise Conflict(
            phrase(
                "The authentication policy of “%(email)s” lets no administrator help to sign in again.",
                email=account.email,
            ),
            advice="Allow it in the policy (--recovery administrator), or move the account to a policy that does.",
        )


def authentication_policy(work: Work, organization_id: str, policy_id: str | None) -> AuthenticationFacts:
    """Return the authentication policy of an account (None: the organization's default)."""
    known: dict[str | None, AuthenticationFacts] = work.tx.memory.recall(
        ("authentication-policies", organization_id), lambda: as_it_is(work, organization_id)
    )
    return known.get(policy_id) or known[None]


def as_it_is(work: Work, organization_id: str) -> dict[str | None, AuthenticationFacts]:
    """Return all policies by their ids, and the default without one, as this transaction sees them."""
    found: dict[str | None, AuthenticationFacts] = {}
    for row in work.tx.rows(_AUTHENTICATION, organization_id=organization_id):
        read = AuthenticationFacts(**{name: _READ.get(name, _as_is)(getattr(row, name)) for name in _FIELDS})
        found[read.id] = read
        if row.is_default:
            found[None] = read
    return found


def _as_is(stored: Any) -> Any:
    return stored


def terms_of(policy: AuthenticationPolicy) -> Terms:
    """Return what a stored policy says."""
    values = {name: getattr(policy, name) for name in authentication.FIELDS}
    return Terms(
        **{
            **values,
            "second_step": SecondStep(policy.second_step),
            "methods": tuple(map(Method, policy.methods)),
            "recovery": tuple(policy.recovery),
            "authenticators": tuple(policy.authenticators),
        }
    )


def policies(work: Work, organization: str) -> list[AuthenticationPolicy]:
    """
    Return the authentication policies of an organization: the default first, then by name.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not read policies there.
    """
    owner = _readable(work, organization)
    query = (
        select(AuthenticationPolicy)
        .where(AuthenticationPolicy.organization_id == owner.id)
        .order_by(AuthenticationPolicy.is_default.desc(), AuthenticationPolicy.name, AuthenticationPolicy.id)
    )
    return list(work.tx.session.scalars(query))


def policy(work: Work, organization: str, reference: str | None = None) -> AuthenticationPolicy:
    """
    Return the authentication policy with the name or id *reference*; None: the organization's default.

    Raises:
        NotFound: no such organization or policy that this actor may see.
        Forbidden: the actor may not read policies there.
    """
    return _policy(work, _readable(work, organization).id, reference)


def default_policy(work: Work, organization_id: str) -> AuthenticationPolicy:
    """Return the organization's default authentication policy."""
    return work.tx.session.scalars(
        select(AuthenticationPolicy).where(
            AuthenticationPolicy.organization_id == organization_id, AuthenticationPolicy.is_default.is_(True)
        )
    ).one()


def policy_of_kind(work: Work, organization_id: str, kind: PolicyKind) -> AuthenticationPolicy | None:
    """Return the one policy of a kind of which there is one at most, None if there is none."""
    return work.tx.session.scalar(
        select(AuthenticationPolicy).where(
            AuthenticationPolicy.organization_id == organization_id, AuthenticationPolicy.kind == kind
        )
    )


def is_in(of: AuthenticationPolicy) -> ColumnElement[bool]:
    """Return the condition that an `Account` is in the policy *of*."""
    inside: ColumnElement[bool] = Account.policy_id == of.id
    if of.is_default:
        inside = or_(inside, and_(Account.policy_id.is_(None), Account.kind == PolicyKind.MEMBER))
    return and_(Account.organization_id == of.organization_id, inside)


def members(work: Work, of: AuthenticationPolicy) -> int:
    """Return how many accounts are in the policy *of*, disabled ones as well."""
    return work.tx.session.scalar(select(func.count()).select_from(Account).where(is_in(of))) or 0


def some_members(work: Work, of: AuthenticationPolicy) -> int:
    """As `members`, counted up to one more than `sizes.MANY`: for pages."""
    return sizes.up_to(work, select(Account.id).where(is_in(of)))


def counts(work: Work, organization_id: str, *, counted: bool = True) -> dict[str, int]:
    """
    Return how many accounts are in each policy, by its id; a policy that nobody is in is missing.

    Args:
        counted: where there are very many accounts, return what was counted within the hour.
    """
    if counted and sizes.is_large(work, organization_id):
        known = daily_counts.newest(work, organization_id, daily_counts.POLICIES)
        if known:
            return known
    rows = work.tx.session.execute(
        select(Account.policy_id, func.count())
        .where(Account.organization_id == organization_id, Account.erased_at.is_(None))
        .group_by(Account.policy_id)
    )
    found: dict[str, int] = {}
    for policy_id, number in rows:
        id_ = default_policy(work, organization_id).id if policy_id is None else policy_id
        found[id_] = found.get(id_, 0) + number
    return found


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


def hold(work: Work, of: AuthenticationPolicy) -> None:
    """
    Keep everybody else from changing who is in the policy *of*, or it itself, until this transaction is over.

    Raises:
        NotFound: it was deleted in the meantime.
    """
    if not work.tx.run(_HOLD, of_organization=of.organization_id, policy_id=of.id):
        raise NotFound(phrase("There is no authentication policy “%(name)s” any more.", name=of.name), field="policy")


def _readable(work: Work, organization: str) -> Organization:
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_READ, owner.id)
    return owner


def _policy(work: Work, organization_id: str, reference: str | None) -> AuthenticationPolicy:
    if reference is None:
        return default_policy(work, organization_id)
    found = work.tx.session.scalar(
        select(AuthenticationPolicy).where(
            AuthenticationPolicy.organization_id == organization_id,
            or_(AuthenticationPolicy.id == reference, AuthenticationPolicy.name == reference),
        )
    )
    if found is None:
        raise NotFound(
            phrase("There is no authentication policy “%(reference)s”.", reference=reference[:80]), field="policy"
        )
    return found


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
