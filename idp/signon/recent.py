"""The applications that a person has used lately, from the sessions of theirs that are still kept."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, func, select

from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.signon.models import Participant, SignOnSession

SHOWN = 6

# By index: the sessions of one account, and what took part in each. Sessions are kept for thirty days after their end.
_RECENT = Prepared(
    select(Participant.application_id, func.max(Participant.last_at).label("last_at"))
    .join(
        SignOnSession,
        (SignOnSession.organization_id == Participant.organization_id) & (SignOnSession.id == Participant.session_id),
    )
    .where(
        SignOnSession.organization_id == bindparam("organization_id"),
        SignOnSession.account_id == bindparam("account_id"),
    )
    .group_by(Participant.application_id)
    .order_by(func.max(Participant.last_at).desc(), Participant.application_id)
    .limit(SHOWN)
)


def applications(
    work: Work, organization_id: str, account_id: str, opened: Iterable[tuple[str, datetime]] = ()
) -> tuple[str, ...]:
    """
    Return the ids of the applications that the account used last, at most six, the latest first.

    Args:
        opened: bookmarks, which nobody signs on to, and when each was opened.
    """
    rows = work.tx.rows(_RECENT, organization_id=organization_id, account_id=account_id)
    used = [(row.application_id, row.last_at) for row in rows]
    latest = sorted([*used, *opened], key=lambda one: one[1], reverse=True)
    return tuple(dict.fromkeys(one[0] for one in latest))[:SHOWN]
