"""
Temporary access passes: what an administrator gives somebody who cannot sign in, to be typed once.

120 random bits, good from and to a time, in place of the password or of the second step. It is no factor
that somebody has: whoever came by it and must have a second step sets one up before there is a session.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from idp.audit.events import TemporaryPassMade, TemporaryPassRevoked, TemporaryPassUsed
from idp.audit.log import record
from idp.base.errors import Conflict, Invalid, NotFound
from idp.base.ids import fingerprint, new_id
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import names, queries, rights
from idp.directory.authentication_policies import check_help
from idp.directory.models import Account
from idp.directory.policies import authentication_policy
from idp.policy.permissions import Permission
from idp.policy.signon import Method
from idp.signon import notices
from idp.signon.factors import long_codes
from idp.signon.models import TemporaryPass

LONGEST = timedelta(days=7)
SHORTEST = timedelta(minutes=5)
BEGINS_WITHIN = timedelta(days=30)
_GROUP = 4

_TABLE = table(TemporaryPass)
_AT = bindparam("at", type_=_TABLE.c.used_at.type)
_FIND = Prepared(
    select(Account.id, Account.epoch, Account.disabled_at, Account.policy_id).where(
        Account.organization_id == bindparam("organization_id"), Account.email_key == bindparam("email_key")
    )
)
_USE = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.account_id == bindparam("of_account"),
        _TABLE.c.pass_hash == bindparam("typed_hash"),
        _TABLE.c.used_at.is_(None),
        _TABLE.c.revoked_at.is_(None),
        _TABLE.c.valid_from <= _AT,
        _TABLE.c.valid_to > _AT,
    )
    .values(used_at=_AT)
    .returning(_TABLE.c.id)
)


@dataclass(frozen=True, slots=True)
class Holder:
    """
    Whose pass it may be that was typed.

    Args:
        account_id: of the e-mail address that was typed; empty: nobody's.
        may_use: the account is not disabled, and its policy takes passes.
    """

    account_id: str
    epoch: int = 0
    may_use: bool = False


def make(
    work: Work,
    account_id: str,
    *,
    organization_id: str | None = None,
    valid_for: timedelta = timedelta(hours=1),
    valid_from: datetime | None = None,
) -> tuple[TemporaryPass, str]:
    """
    Give an account a pass; return its row and the pass, which can be told now and never again.

    One that it was given before stops working.

    Args:
        account_id: id or e-mail address.
        valid_for: from five minutes to seven days.
        valid_from: from when on; None: from now on.

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: the actor may not administer credentials there (nobody gives themselves one), or the account
            administers what the actor does not.
        Invalid: the time is not within its bounds.
        Conflict: the account is disabled, or its policy takes no passes, or no help.
    """
    account = queries.account(work, account_id, organization_id=organization_id)
    rights.require_over(work, Permission.ACCOUNT_CREDENTIALS, account)
    return give(work, account, valid_for=valid_for, valid_from=valid_from)


def give(
    work: Work, account: Account, *, valid_for: timedelta, valid_from: datetime | None = None
) -> tuple[TemporaryPass, str]:
    """
    As `make`; the caller has checked that this may be done (to begin anew with, when second steps are reset).

    Raises:
        Invalid: the time is not within its bounds.
        Conflict: the account is disabled, or its policy takes no passes, or no help.
    """
    begins = _checked(work, account, valid_for, valid_from)
    for former in _unused(work, account):
        former.revoked_at = work.now
    code = long_codes.new()
    given = TemporaryPass(
        organization_id=account.organization_id,
        id=new_id("tap"),
        account_id=account.id,
        pass_hash=_stored(account.id, code),
        created_at=work.now,
        valid_from=begins,
        valid_to=begins + valid_for,
    )
    work.tx.session.add(given)
    work.tx.session.flush()
    record(
        work,
        TemporaryPassMade(
            organization_id=account.organization_id,
            target_id=account.id,
            email=account.email,
            pass_id=given.id,
            valid_from=given.valid_from.isoformat(timespec="seconds"),
            valid_to=given.valid_to.isoformat(timespec="seconds"),
        ),
    )
    _notify(work, account.organization_id, account.id, notices.TEMPORARY_PASS_MADE)
    return given, long_codes.grouped(code, _GROUP)


def _checked(work: Work, account: Account, valid_for: timedelta, valid_from: datetime | None) -> datetime:
    if not SHORTEST <= valid_for <= LONGEST:
        raise Invalid("A pass is good for five minutes to seven days.", field="valid_for")
    begins = work.now if valid_from is None else valid_from
    if not work.now - timedelta(minutes=1) <= begins <= work.now + BEGINS_WITHIN:
        raise Invalid("A pass begins now or within the next 30 days.", field="valid_from")
    if account.disabled_at is not None:
        raise Conflict(
            phrase("“%(email)s” is disabled.", email=account.email),
            advice=phrase("Enable it first: idp account enable %(email)s", email=account.email),
        )
    check_help(work, account)
    if Method.TEMPORARY_PASS not in authentication_policy(work, account.organization_id, account.policy_id).methods:
        raise Conflict(
            phrase("The authentication policy of “%(email)s” takes no temporary passes.", email=account.email),
            advice="Allow them in the policy, or move the account to a policy that does.",
        )
    return begins


def revoke(work: Work, account_id: str, *, organization_id: str | None = None) -> None:
    """
    Take back the pass that an account was given.

    Raises:
        NotFound: it has none that could still be used; or no such account that this actor may see.
        Forbidden: the actor may not take passes back there, or the account administers what the actor does not.
    """
    account = queries.account(work, account_id, organization_id=organization_id)
    rights.require_over(work, rights.RECOVERY, account)
    unused = _unused(work, account)
    if not unused:
        raise NotFound(phrase("“%(email)s” has no pass that could still be used.", email=account.email))
    for given in unused:
        given.revoked_at = work.now
        record(
            work,
            TemporaryPassRevoked(
                organization_id=account.organization_id, target_id=account.id, email=account.email, pass_id=given.id
            ),
        )
    work.tx.session.flush()


def end_of_disabled(work: Work, organization_id: str, account_id: str) -> None:
    """Take back the pass of an account that is disabled, so that it is not good again when the account is (A24)."""
    account = work.tx.session.get_one(Account, (organization_id, account_id))
    if account.disabled_at is None:
        return
    for given in _unused(work, account):
        given.revoked_at = work.now
    work.tx.session.flush()


def _unused(work: Work, account: Account) -> list[TemporaryPass]:
    query = select(TemporaryPass).where(
        TemporaryPass.organization_id == account.organization_id,
        TemporaryPass.account_id == account.id,
        TemporaryPass.used_at.is_(None),
        TemporaryPass.revoked_at.is_(None),
        TemporaryPass.valid_to > work.now,
    )
    return list(work.tx.session.scalars(query))


def holder(work: Work, organization_id: str, typed_email: str) -> Holder:
    """Return whose pass it may be that is typed with *typed_email*."""
    key = names.email_key_or_empty(typed_email)
    row = work.tx.row(_FIND, organization_id=organization_id, email_key=key) if key else None
    if row is None:
        return Holder("")
    allowed = authentication_policy(work, organization_id, row.policy_id).methods
    return Holder(row.id, row.epoch, may_use=row.disabled_at is None and Method.TEMPORARY_PASS in allowed)


def use(work: Work, organization_id: str, account_id: str, typed: str) -> bool:
    """
    Use up the pass *typed* of an account (an empty id: of nobody, with the same work); False if it is not good.

    The caller has reserved the try. Of many who try at once, one is told True.
    """
    used = work.tx.row(
        _USE,
        of_organization=organization_id,
        of_account=account_id,
        typed_hash=_stored(account_id, long_codes.canonical(typed)),
        at=work.now,
    )
    if used is None:
        return False
    record(work, TemporaryPassUsed(organization_id=organization_id, target_id=account_id, pass_id=used.id))
    _notify(work, organization_id, account_id, notices.TEMPORARY_PASS_USED)
    return True


def _notify(work: Work, organization_id: str, account_id: str, kind: str) -> None:
    notices.notify(work, organization_id=organization_id, account_id=account_id, kind=kind, facts={})


def _stored(account_id: str, typed: str) -> str:
    return fingerprint(f"temporary-pass:{account_id}:{typed}")
