"""What is unusual about a sign-on that is happening: the person's past, from one indexed query, and now."""

from datetime import datetime

from sqlalchemy import bindparam, select, union_all

from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Place, Work
from idp.policy.access import behaviour
from idp.policy.access.behaviour import MANY, SUCCESSES, WITHIN, SignIn
from idp.policy.access.context import Behaviour
from idp.signon import lockout
from idp.signon.history import FAILED, SUCCEEDED
from idp.signon.models import SignIn as SignInRow

_TABLE = table(SignInRow)
_COLUMNS = tuple(
    _TABLE.c[name] for name in ("at", "network", "country", "latitude", "longitude", "device_id", "outcome")
)
_OF_ACCOUNT = (
    _TABLE.c.organization_id == bindparam("organization_id"),
    _TABLE.c.account_id == bindparam("account_id"),
)
# Two limited parts in one statement: a stranger who fails often pushes no success out of sight.
_SUCCESSES = (
    select(*_COLUMNS)
    .where(*_OF_ACCOUNT, _TABLE.c.outcome == SUCCEEDED, _TABLE.c.at < bindparam("before", type_=_TABLE.c.at.type))
    .order_by(_TABLE.c.at.desc())
    .limit(SUCCESSES)
    .subquery("successes")
)
_FAILURES = (
    select(*_COLUMNS)
    .where(*_OF_ACCOUNT, _TABLE.c.outcome == FAILED, _TABLE.c.at >= bindparam("since", type_=_TABLE.c.at.type))
    .order_by(_TABLE.c.at.desc())
    .limit(MANY)
    .subquery("failures")
)
_PAST = Prepared(union_all(select(_SUCCESSES), select(_FAILURES)))


def past(work: Work, organization_id: str, account_id: str, *, before: datetime) -> tuple[SignIn, ...]:
    """
    Return the last sign-ins of an account that succeeded before *before*, and its failures of the last hour.

    As many of each as `policy.access.behaviour` looks at.
    """
    rows = work.tx.rows(
        _PAST, organization_id=organization_id, account_id=account_id, before=before, since=work.now - WITHIN
    )
    return tuple(
        SignIn(row.at, row.network, row.country, row.latitude, row.longitude, row.device_id, row.outcome == SUCCEEDED)
        for row in rows
    )


def unusual(
    work: Work, organization_id: str, account_id: str, *, place: Place, device_id: str, began: datetime | None
) -> frozenset[Behaviour]:
    """
    Return what is unusual about this request of a person.

    Args:
        place: where it comes from.
        device_id: the known device that it comes from; empty: none.
        began: when the session of this browser began. What is unusual about it stays so for as long as it
            lasts: a sign-in is never made usual by itself. None: there is no session yet.
    """
    now = SignIn(
        at=work.now,
        network=lockout.network_of(work.origin.ip),
        country=place.country,
        latitude=place.latitude,
        longitude=place.longitude,
        device_id=device_id,
    )
    before = work.now if began is None else began
    return behaviour.behaviours(past(work, organization_id, account_id, before=before), now)
