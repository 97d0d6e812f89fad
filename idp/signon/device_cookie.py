"""
What a browser's device cookie proves: which devices it is, to which accounts.

Up to five pairs of a device's id and its token, for one account each. The token is new at every sign-in; the
one before is honoured for a minute, for what two tabs do at once.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, or_, select

from idp.base.crypto import equal
from idp.base.ids import fingerprint
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Work
from idp.signon.models import KnownDevice

MOST = 5
"""So many devices (accounts) one browser carries."""
FORMER_TOKEN_LIVES = timedelta(seconds=60)
KEPT = timedelta(days=366)
"""How long a device that nobody signs in on is kept: as long as its cookie, and a day."""

_SEPARATOR = "~"
_PAIR = re.compile(r"(dev_[a-z2-7]{26})\.(dvt_[A-Za-z0-9_-]{43})")
_LONGEST = MOST * (30 + 1 + 47 + 1)

_TABLE = table(KnownDevice)
_COLUMNS = (
    "id",
    "account_id",
    "account_epoch",
    "token_hash",
    "former_token_hash",
    "rotated_at",
    "remembered_at",
    "remembered_until",
    "revoked_at",
)
_OF_COOKIE = Prepared(
    select(*(_TABLE.c[name] for name in _COLUMNS)).where(
        _TABLE.c.organization_id == bindparam("organization_id"),
        or_(*(_TABLE.c.id == bindparam(f"id_{place}") for place in range(MOST))),
    )
)


@dataclass(frozen=True, slots=True)
class Device:
    """A device that this browser has proven to be, by its cookie, to the account *account_id*."""

    id: str
    account_id: str
    account_epoch: int
    remembered_at: datetime | None
    remembered_until: datetime | None

    def remembered(self, *, epoch: int, days: int, now: datetime) -> bool:
        """
        Say whether the second step need not be asked for on it.

        Args:
            epoch: of the account now; another one than when it was remembered ends it.
            days: what the account's policy allows now; less than before ends it sooner.
        """
        until = remembered_until(self, epoch=epoch, days=days)
        return until is not None and now < until


def remembered_until(device: Device | KnownDevice, *, epoch: int, days: int) -> datetime | None:
    """Return until when the second step is not asked for on *device*; None if it is. See `Device.remembered`."""
    if device.remembered_at is None or device.remembered_until is None or device.account_epoch != epoch:
        return None
    return min(device.remembered_until, device.remembered_at + timedelta(days=days))


def read(value: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of device id and token in the cookie *value*; none at all if anything about it is not ours."""
    if not value or len(value) > _LONGEST:
        return ()
    found = [_PAIR.fullmatch(part) for part in value.split(_SEPARATOR)]
    pairs = tuple((match[1], match[2]) for match in found if match is not None)
    whole = len(pairs) == len(found) <= MOST and len({device_id for device_id, _ in pairs}) == len(pairs)
    return pairs if whole else ()


def written(pairs: tuple[tuple[str, str], ...]) -> str:
    """Return the cookie that holds the first five of *pairs*; `read` reads it."""
    return _SEPARATOR.join(".".join(pair) for pair in pairs[:MOST])


def find(work: Work, organization_id: str, account_id: str) -> Device | None:
    """
    Return the device that this browser is known to the account as; None if it is not known to it.

    The same is asked of the database whoever the account is, and if there is none (A2).
    """
    pairs = dict(read(work.origin.devices))
    for row in rows(work, organization_id, tuple(pairs)):
        if row.account_id == account_id and row.revoked_at is None and _opens(row, pairs[row.id], work.now):
            return Device(row.id, row.account_id, row.account_epoch, row.remembered_at, row.remembered_until)
    return None


def rows(work: Work, organization_id: str, ids: tuple[str, ...]) -> list[Any]:
    """Return the rows of at most five devices of an organization by their *ids*, those that were forgotten too."""
    if not ids:
        return []
    padded = (*ids, *("",) * (MOST - len(ids)))
    return work.tx.rows(
        _OF_COOKIE,
        organization_id=organization_id,
        **{f"id_{place}": device_id for place, device_id in enumerate(padded)},
    )


def _opens(row: Any, token: str, now: datetime) -> bool:
    shown = fingerprint(token)
    if equal(shown, row.token_hash):
        return True
    return equal(shown, row.former_token_hash) and now - row.rotated_at < FORMER_TOKEN_LIVES
