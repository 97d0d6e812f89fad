"""What people do about the devices that they are known on."""

from dataclasses import dataclass
from datetime import datetime

from idp.base.work import Work
from idp.directory.policies import authentication_policy
from idp.signon import devices
from idp.signon.device_cookie import remembered_until
from idp.signon.models import KnownDevice
from idp.signon.session import CurrentSession


@dataclass(frozen=True, slots=True)
class OwnDevice:
    """A device as its person sees it. ``remembered_until``: when the second step is asked for again; None: it is."""

    row: KnownDevice
    current: bool
    remembered_until: datetime | None


def own(work: Work, session: CurrentSession) -> list[OwnDevice]:
    """Return the devices that the person of *session* is known on, this one first."""
    here = devices.find(work, session.organization_id, session.account_id)
    days = authentication_policy(work, session.organization_id, session.policy_id).known_device_days
    found = []
    for row in devices.devices(work, session.organization_id, session.account_id):
        until = remembered_until(row, epoch=session.account_epoch, days=days)
        current = here is not None and here.id == row.id
        found.append(OwnDevice(row, current, until if until is not None and until > work.now else None))
    return sorted(found, key=lambda one: not one.current)


def forget(work: Work, session: CurrentSession, device_id: str) -> None:
    """
    Forget one of the person's devices and end the sign-ons on it, but for this one.

    Raises:
        NotFound: the person has no such device.
    """
    devices.forget(
        work, session.account_id, device_id, organization_id=session.organization_id, keep_session=session.id
    )


def forget_all(work: Work, session: CurrentSession) -> int:
    """Forget all of the person's devices and end the sign-ons on them, but for this one; return how many."""
    return devices.forget_all(
        work, session.account_id, organization_id=session.organization_id, keep_session=session.id
    )
