"""What is worth knowing of who signs in how: second steps, who no longer comes, accounts for emergencies, unused things."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select, tuple_
from sqlalchemy import exists as sql_exists

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import access_policies, account_lists, daily_counts, queries, sizes
from idp.directory.console_models import DailyCount
from idp.directory.keysets import rising
from idp.directory.models import Account, Application
from idp.policy.access.context import AccountKind
from idp.policy.access.rules import Mode
from idp.policy.permissions import Permission, require
from idp.policy.signon import Method
from idp.signon.factors import enrolled
from idp.signon.models import Authenticator, SignIn, TotpFactor

INACTIVE_DAYS = 90
UNUSED_DAYS = 30
WITHOUT, WITH, INACTIVE, GUESTS, BREAK_GLASS = "without", "with", "inactive", "guests", "break-glass"
LISTS = (WITHOUT, WITH, INACTIVE, GUESTS, BREAK_GLASS)
"""The numbers behind which there are people."""
SUCCEEDED = "succeeded"
_PEOPLE, _COVERED, _METHOD = "people:", "second-step:", "method:"


@dataclass(frozen=True, slots=True)
class Coverage:
    """
    How many people there are, and how they can prove themselves a second time. Disabled accounts do not count.

    Args:
        people: of every kind (`AccountKind`).
        with_second_step: how many of each have set one up.
        methods: how many have set up which.
        inactive: how many members and guests have not signed in for 90 days, nor were created since.
    """

    people: dict[str, int]
    with_second_step: dict[str, int]
    methods: dict[Method, int]
    inactive: int

    def to_counts(self) -> dict[str, int]:
        """Return it as numbers by subject; see `of_counts`."""
        return {
            **{f"{_PEOPLE}{kind}": number for kind, number in self.people.items()},
            **{f"{_COVERED}{kind}": number for kind, number in self.with_second_step.items()},
            **{f"{_METHOD}{method.value}": number for method, number in self.methods.items()},
            INACTIVE: self.inactive,
        }

    @classmethod
    def of_counts(cls, counts: Mapping[str, int]) -> "Coverage":
        """Return what `to_counts` made numbers of."""

        def of(beginning: str) -> dict[str, int]:
            return {one[len(beginning) :]: number for one, number in counts.items() if one.startswith(beginning)}

        methods = {Method(name): number for name, number in of(_METHOD).items()}
        return cls(of(_PEOPLE), of(_COVERED), methods, counts.get(INACTIVE, 0))

    @property
    def total(self) -> int:
        return sum(self.people.values())

    @property
    def covered(self) -> int:
        return sum(self.with_second_step.values())


@dataclass(frozen=True, slots=True)
class Emergency:
    """A break-glass account, when it was used last (None: not within what is kept), and whether it has a second step."""

    account: Account
    last_used_at: datetime | None
    has_second_step: bool


def coverage(work: Work, organization_id: str) -> Coverage:
    """
    Return how many people have a second step, and which; where there are very many, as it was counted within the hour.

    Raises:
        Forbidden: the actor may not read the log and the accounts there.
    """
    _require(work, organization_id)
    counted = daily_counts.newest(work, organization_id, daily_counts.KINDS)
    if counted and sizes.is_large(work, organization_id):
        return Coverage.of_counts(counted)
    return count(work, organization_id)


def count(work: Work, organization_id: str) -> Coverage:
    """Count the people of an organization; the caller has required what it needs."""
    has = case((enrolled.exists_for(Account), 1), else_=0)
    rows = work.tx.session.execute(
        select(Account.kind, func.count(), func.sum(has)).where(*_active(organization_id)).group_by(Account.kind)
    ).all()
    return Coverage(
        people={row[0]: row[1] for row in rows},
        with_second_step={row[0]: int(row[2] or 0) for row in rows},
        methods={
            Method.TOTP: _holders(work, organization_id, TotpFactor, TotpFactor.confirmed_at.is_not(None)),
            Method.PASSKEY: _holders(work, organization_id, Authenticator, Authenticator.verifies.is_(True)),
            Method.SECURITY_KEY: _holders(work, organization_id, Authenticator, Authenticator.verifies.is_(False)),
        },
        inactive=_count(work, organization_id, _inactive(work)),
    )


def people(
    work: Work,
    organization_id: str,
    which: str,
    *,
    after: tuple[Any, ...] | None = None,
    limit: int = 50,
    starting: str = "",
    kind: str = "",
) -> list[Account]:
    """
    Return people by address, at most *limit*.

    Args:
        which: ``without`` or ``with`` a second step, ``inactive``, ``guests`` or ``break-glass``.
        after: the address (its key) and id of the last one that was shown; None: from the start.
        starting, kind: only those whose address begins so, and of one kind, as `account_lists.page` has them.

    Raises:
        Forbidden: the actor may not read the log and the accounts there.
    """
    query = matching(work, organization_id, which, starting=starting, kind=kind)
    if after is not None:
        query = query.where(tuple_(Account.email_key, Account.id) > tuple_(*after))
    return list(work.tx.session.scalars(query.order_by(Account.email_key, Account.id).limit(limit)))


def matching(work: Work, organization_id: str, which: str, *, starting: str = "", kind: str = "") -> Select[Account]:
    """
    Return a query for the people of one number that filters match; see `people`.

    Raises:
        Forbidden: the actor may not read the log and the accounts there.
        Invalid: there is no such number.
    """
    _require(work, organization_id)
    if which not in LISTS:
        raise Invalid("There is no such list.", field="list")
    query = select(Account).where(*_active(organization_id), _which(work, which))
    return account_lists.narrowed(query, starting, kind)


def emergencies(work: Work, organization_id: str) -> list[Emergency]:
    """
    Return the break-glass accounts, by address.

    Raises:
        Forbidden: the actor may not read the log and the accounts there.
    """
    _require(work, organization_id)
    last = (
        select(func.max(SignIn.at))
        .where(
            SignIn.organization_id == Account.organization_id,
            SignIn.account_id == Account.id,
            SignIn.outcome == SUCCEEDED,
        )
        .scalar_subquery()
    )
    rows = work.tx.session.execute(
        select(Account, last, enrolled.exists_for(Account))
        .where(Account.organization_id == organization_id, Account.kind == AccountKind.BREAK_GLASS.value)
        .order_by(Account.email_key)
    )
    return [Emergency(row[0], row[1], bool(row[2])) for row in rows]


def reporting_rules(work: Work, organization_id: str) -> list[tuple[str, str, str, str]]:
    """
    Return the rules in report-only: id and name of the policy, id and name of the rule.

    Raises:
        Forbidden: the actor may not see policies there.
    """
    require(work, Permission.POLICY_READ, organization_id)
    standing = access_policies.as_it_is(work, organization_id)
    every = {one.policy_id: one for one in (standing.session, *standing.applications.values())}
    return [
        (one.policy_id, one.name, rule.id, rule.name)
        for one in every.values()
        for rule in (*one.rules.guards, *one.rules.rules)
        if rule.mode is Mode.REPORT_ONLY
    ]


def is_counted(work: Work, organization_id: str) -> bool:
    """Say whether sign-ons of the organization have been counted."""
    counted = sql_exists().where(DailyCount.organization_id == organization_id)
    return bool(work.tx.session.scalar(select(counted)))


def unused_applications(
    work: Work, organization_id: str, *, after: tuple[Any, ...] | None = None, limit: int = 50
) -> Sequence[Application]:
    """
    Return applications that nobody has opened for 30 days, by name, at most *limit*; none where nothing is counted yet.

    Args:
        after: the name and id of the last one that was shown; None: from the start.
    """
    counted = (
        DailyCount.organization_id == organization_id,
        DailyCount.measure == daily_counts.OPENED,  # of thirty days together: one row to look at for each application
        DailyCount.day == "",
    )
    if not is_counted(work, organization_id):
        return []
    opened = sql_exists().where(*counted, DailyCount.subject_id == Application.id)
    query = queries.visible(work, Application, Permission.APPLICATION_READ).where(
        Application.organization_id == organization_id,
        Application.deleted_at.is_(None),
        Application.disabled_at.is_(None),
        Application.created_at < work.now - timedelta(days=UNUSED_DAYS),
        ~opened,
    )
    return list(work.tx.session.scalars(rising(query, (Application.name, Application.id), after, limit)))


def _require(work: Work, organization_id: str) -> None:
    require(work, Permission.AUDIT_READ, organization_id)
    require(work, Permission.ACCOUNT_READ, organization_id)


def _active(organization_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Account.organization_id == organization_id,
        Account.disabled_at.is_(None),
        Account.erased_at.is_(None),
    )


def _which(work: Work, which: str) -> ColumnElement[bool]:
    match which:
        case "with":
            return enrolled.exists_for(Account, each=True)
        case "inactive":
            return _inactive(work)
        case "guests":
            return Account.kind == AccountKind.GUEST.value
        case "break-glass":
            return Account.kind == AccountKind.BREAK_GLASS.value
    return enrolled.none_for(Account)


def _inactive(work: Work) -> ColumnElement[bool]:
    since = work.now - timedelta(days=INACTIVE_DAYS)
    signed_in = sql_exists().where(
        SignIn.organization_id == Account.organization_id,
        SignIn.account_id == Account.id,
        SignIn.outcome == SUCCEEDED,
        SignIn.at >= since,
    )
    return and_(Account.kind != AccountKind.BREAK_GLASS.value, Account.created_at < since, ~signed_in)


def _holders(
    work: Work, organization_id: str, model: type[TotpFactor] | type[Authenticator], condition: ColumnElement[bool]
) -> int:
    query = select(func.count(func.distinct(model.account_id))).where(
        model.organization_id == organization_id, condition
    )
    return work.tx.session.scalar(query) or 0


def _count(work: Work, organization_id: str, condition: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(Account).where(*_active(organization_id), condition)
    return work.tx.session.scalar(query) or 0
