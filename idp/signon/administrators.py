"""Those who administer an organization, as the lock-out guard looks at them: where they come from, what they have."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select

from idp.audit.attempts import SUCCEEDED
from idp.audit.models import Attempt
from idp.base import user_agents
from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory import access
from idp.directory.administering import ADMINISTRATES
from idp.directory.models import Account
from idp.policy.access import recording
from idp.policy.access.context import AccountKind, Context, RequestKind
from idp.policy.signon import FIRST_STEPS, Method
from idp.signon import devices
from idp.signon.factors import enrolled
from idp.signon.guard import Administrator
from idp.signon.models import KnownDevice, Password
from idp.signon.reach import Means

LOOKED_BACK = timedelta(days=90)
MOST_PLACES = 5
_MOST_READ = 50

_ADMINISTRATORS = Prepared(
    select(Account.id, Account.email, Account.kind, Account.policy_id, Password.hash)
    .outerjoin(Password, (Password.organization_id == Account.organization_id) & (Password.account_id == Account.id))
    .where(ADMINISTRATES)
    .order_by(Account.email_key)
)
_SIGN_ONS = Prepared(
    select(Attempt.at, Attempt.ip, Attempt.context)
    .where(
        Attempt.account_id == bindparam("account_id"),
        Attempt.organization_id == bindparam("organization_id"),
        Attempt.outcome == SUCCEEDED,
        Attempt.at >= bindparam("since", type_=Attempt.at.type),
    )
    .order_by(Attempt.at.desc())
    .limit(_MOST_READ)
)

_KNOWN_DEVICE = Prepared(
    select(KnownDevice.id)
    .where(
        KnownDevice.organization_id == bindparam("organization_id"),
        KnownDevice.account_id == bindparam("account_id"),
        KnownDevice.revoked_at.is_(None),
    )
    .limit(1)
)


def administrators(work: Work, organization_id: str, *, here: Context | None = None) -> list[Administrator]:
    """
    Return the organization's administrators whose accounts are not disabled, by address.

    Args:
        here: where the acting administrator is now; None where none acts (the operator on the machine).
    """
    rows = {row.id: row for row in work.tx.rows(_ADMINISTRATORS, organization_id=organization_id, now=work.now)}
    return [_administrator(work, organization_id, row, here) for row in rows.values()]


def present(work: Work, organization_id: str, account_id: str) -> Context:
    """Return the context of an account that comes from where this work does, before it has proven anything."""
    place, agent = work.origin.locate(work.origin.ip), user_agents.read(work.origin.user_agent)
    return Context(
        at=work.now,
        request=RequestKind.BROWSER,
        account_id=account_id,
        groups=access.group_ids_of(work, organization_id, account_id),
        ip=work.origin.ip,
        country=place.country,
        city=place.city,
        asn=place.asn,
        device_known=devices.find(work, organization_id, account_id) is not None,
        operating_system=agent.operating_system,
        browser=agent.browser,
        certificate=work.origin.certificate,
    )


def _administrator(work: Work, organization_id: str, row: Any, here: Context | None) -> Administrator:
    groups = access.group_ids_of(work, organization_id, row.id)
    if here is not None and here.account_id == row.id:
        contexts: tuple[Context, ...] = (here,)
    else:
        contexts = _usual(work, organization_id, row.id)
    kind = AccountKind(row.kind)
    return Administrator(
        account_id=row.id,
        email=row.email,
        kind=kind,
        policy_id=row.policy_id,
        means=_means(work, organization_id, row.id, has_password=row.hash is not None),
        contexts=tuple(
            replace(context, kind=kind, groups=groups) for context in contexts or (_nothing_known(work, row.id),)
        ),
        recorded=bool(contexts),
    )


def _means(work: Work, organization_id: str, account_id: str, *, has_password: bool) -> Means:
    """A temporary pass is no means to count on: it is over soon, and honoured once."""
    has = enrolled.second_steps(work, organization_id, account_id, frozenset(Method)) - {Method.TEMPORARY_PASS}
    first = (has & FIRST_STEPS) | ({Method.PASSWORD} if has_password else frozenset())
    return Means(frozenset(first), has)


def _usual(work: Work, organization_id: str, account_id: str) -> tuple[Context, ...]:
    """
    Return the contexts of an account's last successful sign-ons, one for each place and device, at most five.

    What was unusual then is usual by now. Where nobody asked whether the device was known, it is if there is any.
    """
    known_device = work.tx.row(_KNOWN_DEVICE, organization_id=organization_id, account_id=account_id) is not None
    rows = work.tx.rows(_SIGN_ONS, organization_id=organization_id, account_id=account_id, since=work.now - LOOKED_BACK)
    found: dict[object, Context] = {}
    for row in rows:
        if recording.KEY not in row.context:
            continue  # of an earlier release: nothing is known of where it came from
        context = recording.read(
            row.context, at=row.at, account_id=account_id, application_id=None, site_id=None, ip=row.ip
        )
        known = known_device if context.device_known is None else context.device_known
        found.setdefault(_place(context), replace(context, behaviours=frozenset(), device_known=known))
        if len(found) == MOST_PLACES:
            break
    return tuple(found.values())


def _place(context: Context) -> object:
    return (context.ip, context.device_known, context.operating_system, context.browser, context.certificate)


def _nothing_known(work: Work, account_id: str) -> Context:
    return Context(
        at=work.now,
        request=RequestKind.BROWSER,
        account_id=account_id,
        ip=None,
        country=None,
        city=None,
        asn=None,
        device_known=None,
        operating_system=None,
        browser=None,
        certificate=None,
        behaviours=None,
    )
