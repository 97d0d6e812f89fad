"""
The history of an account's sign-ins: what the person looks at, and what is usual for them.

Good ones and failed ones are read apart, so that no number of guesses pushes out what really was the person.
"""

from datetime import timedelta

from sqlalchemy import bindparam, insert, or_, select, update

from idp.audit.log import plain
from idp.base.ids import new_ordered_id
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Work
from idp.directory.models import Account
from idp.policy.permissions import Permission, require
from idp.signon import lockout
from idp.signon.models import SignIn

SUCCEEDED, FAILED = "succeeded", "failed"
KEPT = timedelta(days=180)
SHOWN, FAILURES_SHOWN = 50, 20

_ADD = Prepared(insert(table(SignIn)))
_ACCOUNT = table(Account).c
_AT = _ACCOUNT.last_active_at.type
_ACTIVE = Prepared(
    update(table(Account))
    .where(
        _ACCOUNT.organization_id == bindparam("of_organization"),
        _ACCOUNT.id == bindparam("of_account"),
        or_(_ACCOUNT.last_active_at.is_(None), _ACCOUNT.last_active_at <= bindparam("before", type_=_AT)),
    )
    .values(last_active_at=bindparam("at", type_=_AT))
)
"""When the account signed in last, written at most once an hour: no change of anybody's, so its version stays."""
_ACTIVE_EVERY = timedelta(hours=1)


def succeeded(
    work: Work,
    organization_id: str,
    account_id: str,
    *,
    methods: tuple[str, ...],
    device_id: str,
    attempt_id: str,
    session_id: str,
) -> None:
    """Note that an account signed in: *methods* were proven, and a session was opened or renewed with them."""
    _add(work, organization_id, account_id, SUCCEEDED, methods, device_id, attempt_id, session_id)
    work.tx.run(
        _ACTIVE, of_organization=organization_id, of_account=account_id, at=work.now, before=work.now - _ACTIVE_EVERY
    )


def failed(
    work: Work, organization_id: str, account_id: str, *, method: str, attempt_id: str, device_id: str = ""
) -> None:
    """Note that somebody failed to prove to be this person by *method*."""
    _add(work, organization_id, account_id, FAILED, (method,), device_id, attempt_id, "")


def _add(
    work: Work,
    organization_id: str,
    account_id: str,
    outcome: str,
    methods: tuple[str, ...],
    device_id: str,
    attempt_id: str,
    session_id: str,
) -> None:
    place = work.origin.locate(work.origin.ip)
    work.tx.run(
        _ADD,
        organization_id=organization_id,
        id=new_ordered_id("sin"),
        account_id=account_id,
        at=work.now,
        outcome=outcome,
        methods=list(methods),
        ip=work.origin.ip[:64],
        network=lockout.network_of(work.origin.ip),
        country=place.country[:2],
        city=place.city[:128],
        asn=place.asn[:16],
        latitude=place.latitude,
        longitude=place.longitude,
        device_id=device_id,
        user_agent=plain(work.origin.user_agent)[:256],
        attempt_id=attempt_id,
        session_id=session_id,
    )


def recent(work: Work, organization_id: str, account_id: str) -> list[SignIn]:
    """Return the last 50 sign-ins of an account and the last 20 failed tries, the newest first."""
    found = [
        *_newest(work, organization_id, account_id, SUCCEEDED, SHOWN),
        *_newest(work, organization_id, account_id, FAILED, FAILURES_SHOWN),
    ]
    return sorted(found, key=lambda one: (one.at, one.id), reverse=True)


def of_account(work: Work, organization_id: str, account_id: str) -> list[SignIn]:
    """
    Return the same of an account that the actor administers.

    Raises:
        Forbidden: the actor may not read what happened there.
    """
    require(work, Permission.AUDIT_READ, organization_id)
    return recent(work, organization_id, account_id)


def _newest(work: Work, organization_id: str, account_id: str, outcome: str, most: int) -> list[SignIn]:
    query = (
        select(SignIn)
        .where(SignIn.organization_id == organization_id, SignIn.account_id == account_id, SignIn.outcome == outcome)
        .order_by(SignIn.at.desc(), SignIn.id.desc())
        .limit(most)
    )
    return list(work.tx.session.scalars(query))
