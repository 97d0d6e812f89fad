"""Recovery codes: ten saved codes of 120 random bits, each honoured once, in place of the second step."""

from sqlalchemy import bindparam, delete, func, select, update

from idp.audit.events import RecoveryCodesMade, RecoveryCodeUsed
from idp.audit.log import record
from idp.base.ids import fingerprint, new_id
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Work
from idp.directory.models import Account
from idp.policy.signon import Method
from idp.settings import ThrottlingSettings
from idp.signon import lockout, notices
from idp.signon.factors import long_codes
from idp.signon.factors.totp import Right, Wrong
from idp.signon.models import RecoveryCode

COUNT = 10
_GROUP = 6

_TABLE = table(RecoveryCode)
_USE = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.account_id == bindparam("of_account"),
        _TABLE.c.code_hash == bindparam("typed_hash"),
        _TABLE.c.used_at.is_(None),
    )
    .values(used_at=bindparam("at", type_=_TABLE.c.used_at.type))
)


def make(work: Work, account: Account) -> list[str]:
    """
    Make ten new codes for *account* and return them; older ones stop working (A20).

    They can be shown now and never again: only fingerprints are stored.
    """
    work.tx.session.execute(
        delete(RecoveryCode).where(
            RecoveryCode.organization_id == account.organization_id, RecoveryCode.account_id == account.id
        )
    )
    codes = [long_codes.new() for _ in range(COUNT)]
    work.tx.session.add_all(
        RecoveryCode(
            organization_id=account.organization_id,
            id=new_id("rcv"),
            account_id=account.id,
            code_hash=_stored(account.id, code),
            created_at=work.now,
        )
        for code in codes
    )
    record(work, RecoveryCodesMade(organization_id=account.organization_id, target_id=account.id, count=COUNT))
    return [long_codes.grouped(code, _GROUP) for code in codes]


def left(work: Work, organization_id: str, account_id: str) -> int:
    """Return how many codes of the account are unused."""
    return (
        work.tx.session.scalar(
            select(func.count())
            .select_from(RecoveryCode)
            .where(
                RecoveryCode.organization_id == organization_id,
                RecoveryCode.account_id == account_id,
                RecoveryCode.used_at.is_(None),
            )
        )
        or 0
    )


def use(
    work: Work, organization_id: str, account_id: str, typed: str, limits: ThrottlingSettings
) -> Right | Wrong | lockout.Wait:
    """Try a recovery code; a right one is used up in this transaction."""
    reserved = lockout.reserve_recovery_code(work, account_id, limits)
    if isinstance(reserved, lockout.Wait):
        return reserved
    used = work.tx.run(
        _USE,
        of_organization=organization_id,
        of_account=account_id,
        typed_hash=_stored(account_id, long_codes.canonical(typed)),
        at=work.now,
    )
    if not used:
        if reserved.last:
            lockout.stopped(work, organization_id, account_id, Method.RECOVERY_CODE)
        return Wrong("wrong recovery code, or one that was used before")
    lockout.succeeded(work, reserved)
    remaining = left(work, organization_id, account_id)
    record(work, RecoveryCodeUsed(organization_id=organization_id, target_id=account_id, left=remaining))
    notices.notify(
        work,
        organization_id=organization_id,
        account_id=account_id,
        kind=notices.RECOVERY_CODE_USED,
        facts={"left": remaining},
    )
    return Right()


def _stored(account_id: str, code: str) -> str:
    return fingerprint(f"{account_id}:{code}")
