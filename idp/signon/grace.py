"""
Grace: setting up a second step that is required from now on may be put off for a while.

How often it was put off is counted on the account, by one conditional write. Whoever puts it off for the last
time keeps the session of that sign-in; the next sign-in asks.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, update

from idp.audit.events import SecondStepPutOff
from idp.audit.log import record
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Work
from idp.directory.models import Account
from idp.signon import pending
from idp.signon import progress as progress_
from idp.signon.flow import EnrolSecondStep
from idp.signon.progress import Progress

_AS_OFTEN_AS_ONE_LIKES = 2**31 - 2
_TABLE = table(Account)
_PUT_OFF = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.id == bindparam("of_account"),
        _TABLE.c.grace_used < bindparam("most"),
    )
    .values(grace_used=_TABLE.c.grace_used + 1)
    .returning(_TABLE.c.grace_used)
)


@dataclass(frozen=True, slots=True)
class Grace:
    """How long setting up a second step may be put off: until a day, or for so many sign-ins more."""

    until: datetime | None
    sign_ins: int


def left(progress: Progress) -> Grace | None:
    """Return what is left of the grace of the person who is signing in; None where it cannot be put off now."""
    step, policy = progress.step, progress.policy
    if not isinstance(step, EnrolSecondStep) or not step.may_put_off:
        return None
    until = policy.grace_until
    if until is not None and progress.facts.now < until:
        return Grace(until, 0)
    return Grace(None, max(0, policy.grace_sign_ins - progress.facts.grace_used))


def put_off(work: Work, progress: Progress) -> bool:
    """
    Put off setting up a second step in this sign-on; False where there is no grace any more.

    Raises:
        Conflict: the same sign-on was changed at this moment (a double click); nothing was counted.
    """
    grace = left(progress)
    if grace is None:
        return False
    organization_id, account_id = progress.request.organization_id, progress.facts.account_id
    most = progress.policy.grace_sign_ins if grace.until is None else _AS_OFTEN_AS_ONE_LIKES
    used = work.tx.rows(_PUT_OFF, of_organization=organization_id, of_account=account_id, most=most)
    if not used:
        return False
    pending.put_off(work, progress.row)
    progress_.passed(work, progress, "second step put off")
    record(
        work,
        SecondStepPutOff(
            organization_id=organization_id,
            target_id=account_id or "",
            attempt_id=progress.row.attempt_id,
            used=used[0].grace_used,
        ),
    )
    return True
