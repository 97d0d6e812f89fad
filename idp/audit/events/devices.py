"""Audit events of known devices."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDeviceAdded(Event):
    """An account signed in on a device that it was not known on (target: the account, as in the next two)."""

    tag = "known-device.added"
    sentence = "signed in on a new device ({user_agent})"
    device_id: str
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDeviceRemembered(Event):
    tag = "known-device.remembered"
    sentence = "is not asked for the second step on a device until {until}"
    device_id: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDeviceForgotten(Event):
    tag = "known-device.forgotten"
    sentence = "forgot a device ({user_agent})"
    device_id: str
    user_agent: str
