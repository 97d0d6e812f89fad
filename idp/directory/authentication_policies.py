"""
Verbs on the authentication policies of an organization, and what hot roads need to know of them.

Who is in which of them: `policy_members`.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update

from idp.base.errors import Conflict, NotFound
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import daily_counts, queries, sizes
from idp.directory.models import Account, Organization
from idp.policy import authentication
from idp.policy.authentication import BY_ADMINISTRATOR, PolicyKind, Terms
from idp.policy.models import AuthenticationPolicy
from idp.policy.passwords import Rules as PasswordRules
from idp.policy.passwords import rules as password_rules
from idp.policy.permissions import Permission, require
from idp.policy.signon import Method, SecondStep, SignOnPolicy

# An enumeration's members are slow to look up: these are asked with every sign-on.
_REQUIRED = SecondStep.REQUIRED
_KNOWN_DEVICE = frozenset({Method.KNOWN_DEVICE})

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
        required = self.second_step is _REQUIRED
        by_date = required and self.grace_until is not None and now < self.grace_until
        methods = self.methods | _KNOWN_DEVICE if self.known_device_days else self.methods
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
