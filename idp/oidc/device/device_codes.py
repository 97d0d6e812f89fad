"""
Devices that wait for a person, as rows (RFC 8628 sections 3.2 and 3.5; O7, O9, O35).

Whoever decides, and whoever redeems, does it by one conditional statement, whose row count says who was first.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update

from idp.base.errors import Unavailable
from idp.base.ids import fingerprint, is_token, new_id, new_token
from idp.base.prepared import Prepared
from idp.base.tables import insert_if_absent, table
from idp.base.work import Work
from idp.oidc.client_facts import ClientFacts
from idp.oidc.device import user_codes
from idp.oidc.models import DeviceCode

KIND = "dvc"
LIVES = timedelta(minutes=10)
INTERVAL = 5
"""Seconds between two polls; after each that came too soon so many more (RFC 8628 section 3.5)."""
WAITING, ALLOWED, DENIED, USED = "waiting", "allowed", "denied", "used"
_TRIES = 5

_TABLE = table(DeviceCode)
_AT = bindparam("at", type_=_TABLE.c.settled_at.type)
_KEEP = Prepared(insert_if_absent(DeviceCode))
_COLUMNS = (
    "organization_id",
    "id",
    "site_id",
    "application_id",
    "asked",
    "client_ip",
    "client_agent",
    "state",
    "grant_id",
    "interval_seconds",
    "polled_at",
    "created_at",
    "expires_at",
)
_SELECT = select(*(_TABLE.c[name] for name in _COLUMNS))
_BY_DEVICE_CODE = Prepared(_SELECT.where(_TABLE.c.device_code_hash == bindparam("of_code")))
_BY_USER_CODE = Prepared(_SELECT.where(_TABLE.c.user_code_hash == bindparam("of_code")))
_BY_ID = Prepared(
    _SELECT.where(_TABLE.c.organization_id == bindparam("of_organization"), _TABLE.c.id == bindparam("of_device"))
)
_THIS = (_TABLE.c.organization_id == bindparam("of_organization"), _TABLE.c.id == bindparam("of_device"))
_SETTLE = Prepared(
    update(_TABLE)
    .where(*_THIS, _TABLE.c.state == WAITING, _TABLE.c.expires_at > _AT)
    .values(state=bindparam("new_state"), settled_at=_AT)
)
_GIVE = Prepared(update(_TABLE).where(*_THIS, _TABLE.c.state == ALLOWED).values(grant_id=bindparam("new_grant")))
_USE = Prepared(update(_TABLE).where(*_THIS, _TABLE.c.state == ALLOWED, _TABLE.c.expires_at > _AT).values(state=USED))
_POLLED = Prepared(
    update(_TABLE)
    .where(
        *_THIS,
        _TABLE.c.interval_seconds == bindparam("seen_interval"),
        _TABLE.c.polled_at.is_not_distinct_from(bindparam("seen_polled_at", type_=_TABLE.c.polled_at.type)),
    )
    .values(
        interval_seconds=bindparam("new_interval"), polled_at=bindparam("new_polled_at", type_=_TABLE.c.polled_at.type)
    )
)


@dataclass(frozen=True, slots=True)
class Device:
    """A device that asked, as it is stored; see `models.DeviceCode`."""

    organization_id: str
    id: str
    site_id: str
    application_id: str
    asked: dict[str, Any]
    client_ip: str
    client_agent: str
    state: str
    grant_id: str | None
    interval_seconds: int
    polled_at: datetime | None
    created_at: datetime
    expires_at: datetime

    def waits(self, now: datetime) -> bool:
        """Say whether a person can decide about it at *now*."""
        return self.state == WAITING and now < self.expires_at


def keep(work: Work, client: ClientFacts, asked: dict[str, Any], *, ip: str, agent: str) -> tuple[str, str]:
    """
    Keep what a device of *client* has *asked*, from where; return its device code and its user code (canonical).

    Raises:
        Unavailable: no free user code was found; of 25 thousand million.
    """
    for _ in range(_TRIES):
        device_code, user_code = new_token(KIND), user_codes.new()
        kept = work.tx.run(
            _KEEP,
            organization_id=client.organization_id,
            id=new_id("dev"),
            site_id=client.site_id,
            application_id=client.application_id,
            device_code_hash=fingerprint(device_code),
            user_code_hash=user_codes.fingerprint(work.tx.vault, user_code),
            asked=asked,
            client_ip=ip,
            client_agent=agent,
            state=WAITING,
            grant_id=None,
            interval_seconds=INTERVAL,
            polled_at=None,
            created_at=work.now,
            expires_at=work.now + LIVES,
            settled_at=None,
        )
        if kept:
            return device_code, user_code
    raise Unavailable("No code could be made just now.", cause="five user codes in a row were taken")


def find(work: Work, device_code: str) -> Device | None:
    """Return the device of *device_code*, in whatever state, or None. Only the whole code counts (O9)."""
    if not is_token(device_code, KIND):
        return None
    return _device(work.tx.row(_BY_DEVICE_CODE, of_code=fingerprint(device_code)))


def find_by_user_code(work: Work, user_code: str) -> Device | None:
    """Return the device that shows the canonical *user_code*, in whatever state, or None."""
    return _device(work.tx.row(_BY_USER_CODE, of_code=user_codes.fingerprint(work.tx.vault, user_code)))


def find_by_id(work: Work, organization_id: str, device_id: str) -> Device | None:
    """Return the device of that id, or None."""
    return _device(work.tx.row(_BY_ID, of_organization=organization_id, of_device=device_id))


def _device(row: Any) -> Device | None:
    return None if row is None else Device(*row)


def settle(work: Work, device: Device, *, allowed: bool) -> bool:
    """Let a device in, or keep it out; say whether it was this call that did. Of many at once, one does (O7)."""
    new_state = ALLOWED if allowed else DENIED
    return bool(
        work.tx.run(
            _SETTLE, of_organization=device.organization_id, of_device=device.id, new_state=new_state, at=work.now
        )
    )


def give(work: Work, device: Device, grant_id: str) -> None:
    """Give the device that was let in the grant that its tokens come of."""
    work.tx.run(_GIVE, of_organization=device.organization_id, of_device=device.id, new_grant=grant_id)


def use(work: Work, device: Device) -> bool:
    """Use a device code up; say whether it was this call that did (O7)."""
    return bool(work.tx.run(_USE, of_organization=device.organization_id, of_device=device.id, at=work.now))


def poll(work: Work, device: Device) -> bool:
    """
    Note that the device has asked whether it is let in; say whether it had waited long enough (RFC 8628 section 3.5).

    Of several polls at once one has; the others came too soon.
    """
    waited = device.polled_at is None or work.now - device.polled_at >= timedelta(seconds=device.interval_seconds)
    interval = device.interval_seconds if waited else device.interval_seconds + INTERVAL
    noted = work.tx.run(
        _POLLED,
        of_organization=device.organization_id,
        of_device=device.id,
        seen_interval=device.interval_seconds,
        seen_polled_at=device.polled_at,
        new_interval=interval,
        new_polled_at=work.now,
    )
    return waited and bool(noted)
