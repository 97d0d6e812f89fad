"""
Whether a session was idle for the console: it is open for a quarter of an hour after a proof, or after its last use there.

Use of other pages does not keep it open; nor does a request that was not let in.
"""

from datetime import timedelta

from sqlalchemy import bindparam, select, update

from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Work
from idp.policy.signon import STRONG_SECOND_STEPS
from idp.signon.models import SignOnSession
from idp.signon.session import CurrentSession

IDLE = timedelta(minutes=15)
_TOUCH_EVERY = timedelta(minutes=1)
_TABLE = table(SignOnSession)
_SEEN = Prepared(
    select(SignOnSession.console_seen_at).where(
        SignOnSession.organization_id == bindparam("organization_id"), SignOnSession.id == bindparam("session_id")
    )
)
_TOUCH = Prepared(
    update(_TABLE)
    .where(_TABLE.c.organization_id == bindparam("of_organization"), _TABLE.c.id == bindparam("session_id"))
    .values(console_seen_at=bindparam("seen_at", type_=_TABLE.c.console_seen_at.type))
)


def is_idle(work: Work, session: CurrentSession) -> bool:
    """Say whether the second step of *session* must be proven again before the console is used."""
    if any(proof.method in STRONG_SECOND_STEPS and work.now - proof.at <= IDLE for proof in session.methods):
        return False
    row = work.tx.row(_SEEN, organization_id=session.organization_id, session_id=session.id)
    return row is None or row.console_seen_at is None or work.now - row.console_seen_at > IDLE


def touch(work: Work, session: CurrentSession) -> None:
    """Write down that the console was used now, at most once a minute."""
    row = work.tx.row(_SEEN, organization_id=session.organization_id, session_id=session.id)
    if row is not None and (row.console_seen_at is None or work.now - row.console_seen_at >= _TOUCH_EVERY):
        work.tx.run(_TOUCH, of_organization=session.organization_id, session_id=session.id, seen_at=work.now)
