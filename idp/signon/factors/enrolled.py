"""What an account can prove as a second step: one question for all factors."""

from sqlalchemy import ColumnElement, Select, and_, bindparam, literal, or_, select, union_all

from idp.base.errors import Conflict
from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory.models import Account
from idp.directory.policies import authentication_policy
from idp.policy.signon import Method
from idp.signon.models import Authenticator, RecoveryCode, TemporaryPass, TotpFactor

_ORGANIZATION = bindparam("organization_id", type_=TotpFactor.organization_id.type)
_ACCOUNT = bindparam("account_id", type_=TotpFactor.account_id.type)
_NOW = bindparam("now", type_=TemporaryPass.valid_to.type)
_ALL = Prepared(
    union_all(
        select(literal(Method.TOTP.value).label("method")).where(
            TotpFactor.organization_id == _ORGANIZATION,
            TotpFactor.account_id == _ACCOUNT,
            TotpFactor.confirmed_at.is_not(None),
        ),
        select(literal(Method.SECURITY_KEY.value)).where(
            Authenticator.organization_id == _ORGANIZATION, Authenticator.account_id == _ACCOUNT
        ),
        select(literal(Method.PASSKEY.value)).where(
            Authenticator.organization_id == _ORGANIZATION,
            Authenticator.account_id == _ACCOUNT,
            Authenticator.verifies.is_(True),
        ),
        select(literal(Method.RECOVERY_CODE.value)).where(
            RecoveryCode.organization_id == _ORGANIZATION,
            RecoveryCode.account_id == _ACCOUNT,
            RecoveryCode.used_at.is_(None),
        ),
        select(literal(Method.TEMPORARY_PASS.value)).where(
            TemporaryPass.organization_id == _ORGANIZATION,
            TemporaryPass.account_id == _ACCOUNT,
            TemporaryPass.used_at.is_(None),
            TemporaryPass.revoked_at.is_(None),
            TemporaryPass.valid_from <= _NOW,
            TemporaryPass.valid_to > _NOW,
        ),
    )
)
OWN = frozenset({Method.TOTP, Method.PASSKEY, Method.SECURITY_KEY})
"""Second steps that somebody has; recovery codes and passes stand in for them."""


def second_steps(work: Work, organization_id: str, account_id: str, allowed: frozenset[Method]) -> frozenset[Method]:
    """Return the second steps that the account can prove now, of those that its policy allows."""
    rows = work.tx.rows(_ALL, organization_id=organization_id, account_id=account_id, now=work.now)
    found = frozenset(Method(row.method) for row in rows) & allowed
    if Method.EMAIL_CODE in allowed:  # whoever has an account has an address
        found |= {Method.EMAIL_CODE}
    return found


def exists_for(account: type[Account], *, each: bool = False) -> ColumnElement[bool]:
    """
    Return the condition that *account* (of the statement around it) has set up a second step of any kind.

    Args:
        each: it is asked of a few accounts, not of all: PostgreSQL would otherwise gather the second steps of everybody,
            of every organization, before it looks at the first account.
    """
    kinds = _kinds(account)
    if each:
        return or_(*(one.limit(1).scalar_subquery().is_not(None) for one in kinds))
    return or_(*(one.exists() for one in kinds))


def none_for(account: type[Account]) -> ColumnElement[bool]:
    """Return the condition that *account* (of the statement around it) has set up no second step of any kind."""
    return and_(*(~one.exists() for one in _kinds(account)))


def _kinds(account: type[Account]) -> tuple[Select[int], Select[int]]:
    totp = select(literal(1)).where(
        TotpFactor.organization_id == account.organization_id,
        TotpFactor.account_id == account.id,
        TotpFactor.confirmed_at.is_not(None),
    )
    passkey = select(literal(1)).where(
        Authenticator.organization_id == account.organization_id, Authenticator.account_id == account.id
    )
    return totp.correlate(account), passkey.correlate(account)


def exists(work: Work, organization_id: str, account_id: str, allowed: frozenset[Method] = frozenset(Method)) -> bool:
    """Say whether the account has set up a second step of any kind, among those that are *allowed*."""
    return bool(second_steps(work, organization_id, account_id, allowed) & OWN)


def count(work: Work, organization_id: str, account_id: str, among: frozenset[Method]) -> int:
    """Return how many second steps of its own the account has set up, of the methods *among* them."""
    rows = work.tx.rows(_ALL, organization_id=organization_id, account_id=account_id, now=work.now)
    found = [Method(row.method) for row in rows]
    keys = Method.SECURITY_KEY if Method.SECURITY_KEY in among else Method.PASSKEY  # every passkey is counted as both
    counted = {Method.TOTP, keys} & among
    return sum(method in counted for method in found)


def keep_one(work: Work, account: Account, removed: frozenset[Method]) -> None:
    """
    See to it that an account keeps a second step when one that proves any of *removed* is taken from it.

    Raises:
        Conflict: it is the last one that the account's policy takes.
    """
    allowed = authentication_policy(work, account.organization_id, account.policy_id).methods
    if removed & allowed and count(work, account.organization_id, account.id, allowed) <= 1:
        raise Conflict(
            "Your organization requires a second step, and this is your only one.", advice="Add another one first."
        )
