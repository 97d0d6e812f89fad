"""
All accounts of an organization as CSV, by address: read and written in parts, so that a hundred thousand need little memory.

What the actor may not read by itself (groups, applications, policies, domains) is not named; the columns stay.

`begin` checks and audits, in a transaction of its own; `parts` only reads, for as long as whoever downloads takes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, or_, select

from idp.audit.events import AccountsExported
from idp.audit.log import record
from idp.base import spreadsheet
from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory import queries
from idp.directory.access import ACCOUNT, EVERYONE, GROUP
from idp.directory.account_lists import ACTIVE, state_of
from idp.directory.domain_models import Domain
from idp.directory.models import AccessGrant, Account, Application, Group, Membership, Organization, Site
from idp.policy.models import AuthenticationPolicy
from idp.policy.permissions import Permission, allows, require
from idp.signon.factors import enrolled

COLUMNS = (
    *("name", "email", "state", "kind", "managed", "domain", "last_active", "created"),
    *("policy", "second_step", "groups", "applications"),
)
AT_ONCE = 2000

_ORGANIZATION = bindparam("organization_id", type_=Account.organization_id.type)
_NOW = bindparam("now", type_=Membership.valid_from.type)
_FROM = bindparam("first", type_=Account.email_key.type)
_TO = bindparam("last", type_=Account.email_key.type)
_ACCOUNTS = Prepared(
    select(
        Account.id,
        Account.email_key,
        Account.email,
        Account.name,
        Account.kind,
        Account.disabled_at,
        Account.erased_at,
        Account.deletion_at,
        Account.managed_at,
        Account.domain_id,
        Account.last_active_at,
        Account.created_at,
        Account.policy_id,
        enrolled.exists_for(Account).label("second_step"),
    )
    .where(Account.organization_id == _ORGANIZATION, Account.erased_at.is_(None), Account.email_key > _FROM)
    .order_by(Account.email_key)
    .limit(bindparam("at_once"))
)
_BETWEEN = and_(Account.organization_id == _ORGANIZATION, Account.email_key > _FROM, Account.email_key <= _TO)
_MEMBERSHIPS = Prepared(
    select(Membership.account_id, Membership.group_id)
    .join(
        Account,
        and_(Account.organization_id == Membership.organization_id, Account.id == Membership.account_id),
    )
    .where(_BETWEEN, Membership.valid_from <= _NOW, or_(Membership.valid_to.is_(None), Membership.valid_to > _NOW))
)
_GRANTS = Prepared(
    select(AccessGrant.subject_id, AccessGrant.application_id)
    .join(
        Account,
        and_(Account.organization_id == AccessGrant.organization_id, Account.id == AccessGrant.subject_id),
    )
    .where(
        _BETWEEN,
        AccessGrant.subject_kind == ACCOUNT,
        AccessGrant.valid_from <= _NOW,
        or_(AccessGrant.valid_to.is_(None), AccessGrant.valid_to > _NOW),
    )
)


def begin(work: Work, organization: str) -> Organization:
    """
    Note that all accounts of an organization are exported; return the organization.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not export accounts there.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.ACCOUNT_EXPORT, owner.id)
    record(work, AccountsExported(organization_id=owner.id, target_id=owner.id))
    return owner


def parts(work: Work, organization_id: str) -> Iterator[str]:
    """
    Return the accounts of an organization as lines of CSV, some thousand at once, headings first.

    Raises:
        Forbidden: the actor may not export accounts there.
    """
    require(work, Permission.ACCOUNT_EXPORT, organization_id)
    yield spreadsheet.lines([COLUMNS])
    known = _Known(work, organization_id)
    last = ""
    while rows := work.tx.rows(_ACCOUNTS, organization_id=organization_id, first=last, at_once=AT_ONCE):
        groups = _by_account(work, _MEMBERSHIPS, organization_id, last, rows[-1].email_key)
        granted = _by_account(work, _GRANTS, organization_id, last, rows[-1].email_key)
        last = rows[-1].email_key
        yield spreadsheet.lines(
            known.line(row, groups[row.id], granted[row.id], second_step=row.second_step) for row in rows
        )


def cells(work: Work, organization_id: str, accounts: Sequence[Account]) -> Iterator[tuple[str, ...]]:
    """
    Return the cells of some accounts of an organization, a few hundred at most.

    Raises:
        Forbidden: the actor may not export accounts there.
    """
    require(work, Permission.ACCOUNT_EXPORT, organization_id)
    known = _Known(work, organization_id)
    ids = [one.id for one in accounts]
    groups = _gathered(
        work.tx.session.execute(
            select(Membership.account_id, Membership.group_id).where(
                _of(Membership, organization_id),
                Membership.account_id.in_(ids),
                Membership.valid_from <= work.now,
                or_(Membership.valid_to.is_(None), Membership.valid_to > work.now),
            )
        )
    )
    granted = _gathered(
        work.tx.session.execute(
            select(AccessGrant.subject_id, AccessGrant.application_id).where(
                _of(AccessGrant, organization_id),
                AccessGrant.subject_kind == ACCOUNT,
                AccessGrant.subject_id.in_(ids),
                AccessGrant.valid_from <= work.now,
                or_(AccessGrant.valid_to.is_(None), AccessGrant.valid_to > work.now),
            )
        )
    )
    proven = select(Account.id).where(_of(Account, organization_id), Account.id.in_(ids), enrolled.exists_for(Account))
    with_second_step = set(work.tx.session.scalars(proven))
    for one in accounts:
        yield known.line(one, groups[one.id], granted[one.id], second_step=one.id in with_second_step)


class _Known:
    """The names that accounts are described by: read once, for few they are beside the accounts."""

    def __init__(self, work: Work, organization_id: str) -> None:
        session = work.tx.session
        domains = queries.visible(work, Domain, Permission.DOMAIN_READ).where(_of(Domain, organization_id))
        groups = queries.visible(work, Group, Permission.GROUP_READ).where(_of(Group, organization_id))
        self._domains = _names(session.execute(domains.with_only_columns(Domain.id, Domain.name)))
        self._groups = _names(session.execute(groups.with_only_columns(Group.id, Group.name)))
        self._applications = _names(
            session.execute(
                queries.visible(work, Application, Permission.APPLICATION_READ)
                .with_only_columns(Application.id, Application.name)
                .join(Site, and_(Site.organization_id == Application.organization_id, Site.id == Application.site_id))
                .where(
                    _of(Application, organization_id),
                    Application.deleted_at.is_(None),
                    Application.disabled_at.is_(None),
                    Site.disabled_at.is_(None),
                )
            )
        )
        policies = session.execute(
            select(AuthenticationPolicy.id, AuthenticationPolicy.name, AuthenticationPolicy.is_default).where(
                _of(AuthenticationPolicy, organization_id)
            )
        ).all()
        if not allows(work.actor, Permission.POLICY_READ, organization_id):
            policies = []
        self._policies = {row.id: row.name for row in policies}
        self._default = next((row.name for row in policies if row.is_default), "")
        self._everyone: set[str] = set()
        self._by_group: dict[str, set[str]] = defaultdict(set)
        grants = select(AccessGrant.subject_kind, AccessGrant.subject_id, AccessGrant.application_id).where(
            _of(AccessGrant, organization_id),
            AccessGrant.subject_kind.in_((EVERYONE, GROUP)),
            AccessGrant.valid_from <= work.now,
            or_(AccessGrant.valid_to.is_(None), AccessGrant.valid_to > work.now),
        )
        for row in session.execute(grants):
            (self._everyone if row.subject_kind == EVERYONE else self._by_group[row.subject_id]).add(row.application_id)

    def line(self, row: Any, groups: set[str], granted: set[str], *, second_step: bool) -> tuple[str, ...]:
        """Return the cells of an account."""
        state = state_of(row)
        opens = self._everyone.union(granted, *(self._by_group[one] for one in groups if one in self._by_group))
        return (
            row.name,
            row.email,
            state,
            row.kind,
            "yes" if row.managed_at else "no",
            self._domains.get(row.domain_id, ""),
            _instant(row.last_active_at),
            _instant(row.created_at),
            self._default if row.policy_id is None else self._policies.get(row.policy_id, ""),
            "yes" if second_step else "no",
            _joined(self._groups, groups),
            _joined(self._applications, opens) if state == ACTIVE else "",
        )


def _of(model: Any, organization_id: str) -> Any:
    return model.organization_id == organization_id


def _names(rows: Iterable[Any]) -> dict[str, str]:
    return {row.id: row.name for row in rows}


def _joined(names: dict[str, str], ids: set[str]) -> str:
    return "; ".join(sorted(names[one] for one in ids if one in names))


def _instant(value: datetime | None) -> str:
    return "" if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")


def _by_account(work: Work, query: Prepared, organization_id: str, first: str, last: str) -> dict[str, set[str]]:
    return _gathered(work.tx.rows(query, organization_id=organization_id, first=first, last=last, now=work.now))


def _gathered(rows: Iterable[Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for account_id, other in rows:
        found[account_id].add(other)
    return found
