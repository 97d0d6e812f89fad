"""
The attempts of an administrator at an application that they are just trying.

Whoever may look after an application may see how their own sign-ons to it went, without the audit log of everybody.
"""

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select

from idp.audit.models import Attempt
from idp.base.work import Work
from idp.directory import queries
from idp.directory.rights import require_on
from idp.policy.permissions import Permission

LONGEST = timedelta(hours=1)
"""How far back a test can have begun."""
_MOST = 20


def attempts(work: Work, application_id: str, account_id: str, since: datetime) -> list[Attempt]:
    """
    Return how *account_id*'s sign-ons to an application went since a moment, the oldest first, 20 at most.

    A request that was refused before anybody was known is theirs if it came from where they are now.

    Args:
        since: when the test began; not longer ago than `LONGEST` counts.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit it.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    nobody_yet = and_(Attempt.account_id.is_(None), Attempt.ip == work.origin.ip, Attempt.ip != "")
    query = (
        select(Attempt)
        .where(
            Attempt.organization_id == application.organization_id,
            Attempt.application_id == application.id,
            Attempt.at >= max(since, work.now - LONGEST),
            or_(Attempt.account_id == account_id, nobody_yet),
        )
        .order_by(Attempt.at.desc(), Attempt.id.desc())
        .limit(_MOST)
    )
    return list(work.tx.session.scalars(query))[::-1]
