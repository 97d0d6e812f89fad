"""Who may open what: one function for the gates of every protocol and for the launcher."""

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory.models import AccessGrant, Account, Application, Group, Membership, Site

EVERYONE, GROUP, ACCOUNT = "everyone", "group", "account"

_NOW = bindparam("now", type_=AccessGrant.valid_from.type)
_ORGANIZATION = bindparam("organization_id", type_=AccessGrant.organization_id.type)
_WHO = bindparam("account_id", type_=Account.id.type)


def _holds(since: InstrumentedAttribute[object], until: InstrumentedAttribute[object]) -> ColumnElement[bool]:
    return and_(since <= _NOW, or_(until.is_(None), until > _NOW))


def _granted() -> ColumnElement[bool]:
    member = exists().where(
        Membership.organization_id == AccessGrant.organization_id,
        Membership.group_id == AccessGrant.subject_id,
        Membership.account_id == _WHO,
        _holds(Membership.valid_from, Membership.valid_to),
    )
    return and_(
        AccessGrant.organization_id == _ORGANIZATION,
        _holds(AccessGrant.valid_from, AccessGrant.valid_to),
        or_(
            AccessGrant.subject_kind == EVERYONE,
            and_(AccessGrant.subject_kind == ACCOUNT, AccessGrant.subject_id == _WHO),
            and_(AccessGrant.subject_kind == GROUP, member),
        ),
    )


def _live_application() -> ColumnElement[bool]:
    return and_(
        Application.organization_id == _ORGANIZATION,
        Application.disabled_at.is_(None),
        Application.deleted_at.is_(None),
        exists().where(Account.organization_id == _ORGANIZATION, Account.id == _WHO, Account.disabled_at.is_(None)),
    )


_MAY_OPEN = Prepared(
    select(Application.id).where(
        _live_application(),
        Application.id == bindparam("application_id", type_=Application.id.type),
        exists().where(AccessGrant.application_id == Application.id, _granted()),
    )
)
_OPENABLE = (
    select(Application)
    .where(_live_application(), exists().where(AccessGrant.application_id == Application.id, _granted()))
    .join(Site, and_(Site.organization_id == Application.organization_id, Site.id == Application.site_id))
    .where(Site.disabled_at.is_(None))
    .order_by(Application.name, Application.id)
)
GROUP_NAMES = (
    select(Group.name)
    .join(Membership, and_(Membership.organization_id == Group.organization_id, Membership.group_id == Group.id))
    .where(
        Membership.organization_id == _ORGANIZATION,
        Membership.account_id == _WHO,
        _holds(Membership.valid_from, Membership.valid_to),
    )
)
"""The names of the groups of ``account_id`` in ``organization_id`` that hold ``now``; one may come twice."""
_GROUPS = Prepared(GROUP_NAMES.distinct().order_by(Group.name))


_GROUP_IDS = Prepared(
    select(Membership.group_id)
    .where(
        Membership.organization_id == _ORGANIZATION,
        Membership.account_id == _WHO,
        _holds(Membership.valid_from, Membership.valid_to),
    )
    .distinct()
)


def may_open(work: Work, organization_id: str, application_id: str, account_id: str) -> bool:
    """
    Say whether the account may open the application now: both live, and an access grant holds.

    Asked at every sign-on and at every issuance of a token. Never remembered.
    """
    row = work.tx.row(
        _MAY_OPEN,
        organization_id=organization_id,
        application_id=application_id,
        account_id=account_id,
        now=work.now,
    )
    return row is not None


def openable(work: Work, organization_id: str, account_id: str) -> list[Application]:
    """Return the applications that `may_open` would allow the account, by name."""
    values = {"organization_id": organization_id, "account_id": account_id, "now": work.now}
    return list(work.tx.session.scalars(_OPENABLE, values))


def groups_of(work: Work, organization_id: str, account_id: str) -> tuple[str, ...]:
    """Return the names of the groups that the account is in now, sorted."""
    rows = work.tx.rows(_GROUPS, organization_id=organization_id, account_id=account_id, now=work.now)
    return tuple([row.name for row in rows])


def group_ids_of(work: Work, organization_id: str, account_id: str) -> frozenset[str]:
    """Return the ids of the groups that the account is in now."""
    rows = work.tx.rows(_GROUP_IDS, organization_id=organization_id, account_id=account_id, now=work.now)
    return frozenset(row.group_id for row in rows)
