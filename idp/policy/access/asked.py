"""
A context while it is judged, and what a condition says of it. Pure.

A condition answers True, False or None: None where a fact that it turns on was not recorded.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from idp.base.texts import counted, joined, phrase
from idp.policy.access.context import Context
from idp.policy.access.networks import CompiledZone
from idp.policy.signon import Method

Names = Mapping[str, str]
"""What things are called, by their ids; an id that is missing stands for itself."""

METHODS: dict[str, str] = {
    Method.PASSWORD: phrase("the password"),
    Method.TOTP: phrase("a code from an authenticator app"),
    Method.RECOVERY_CODE: phrase("a recovery code"),
    Method.PASSKEY: phrase("a passkey"),
    Method.SECURITY_KEY: phrase("a security key"),
    Method.EMAIL_CODE: phrase("a code by e-mail"),
    Method.TEMPORARY_PASS: phrase("a temporary access pass"),
    Method.KNOWN_DEVICE: phrase("a device that is remembered"),
}


class Asked:
    """One context while it is judged: each zone is looked up at most once, each clock read once."""

    __slots__ = ("_inside", "_local", "_zones", "context")

    def __init__(self, context: Context, zones: Mapping[str, CompiledZone]) -> None:
        self.context = context
        self._zones = zones
        self._inside: dict[str, bool | None] = {}
        self._local: dict[str, datetime] = {}

    def inside(self, zone_id: str) -> bool | None:
        """Say whether the address is in the zone; None also of a zone that is no longer known."""
        if zone_id not in self._inside:
            zone, context = self._zones.get(zone_id), self.context
            self._inside[zone_id] = (
                None if zone is None else zone.contains(context.ip, context.country, context.city, context.asn)
            )
        return self._inside[zone_id]

    def unknown_of(self, zone_id: str) -> frozenset[str]:
        """Return what was not recorded and might put the address into the zone."""
        zone, context = self._zones.get(zone_id), self.context
        if zone is None:
            return frozenset({"zone"})
        return zone.unknown(context.ip, context.country, context.city, context.asn)

    def local(self, clock: ZoneInfo) -> datetime:
        """Return the time of the request as clocks there show it."""
        found = self._local.get(clock.key)
        if found is None:
            found = self._local[clock.key] = self.context.at.astimezone(clock)
        return found


class Condition(Protocol):
    """One thing that a rule asks."""

    def holds(self, asked: Asked) -> bool | None:
        """Say whether it is so; None: cannot be told."""

    def unknown(self, asked: Asked) -> frozenset[str]:
        """Return the facts (fields of `Context`) for want of which it cannot be told."""

    def said(self, names: Names) -> str:
        """Return in words what it asks."""

    def found(self, asked: Asked, names: Names) -> str:
        """Return in words what is the case instead."""


def listed(ids: frozenset[str], names: Names) -> str:
    """Return names in order, as in a sentence, of which one is meant: the last after "or"."""
    called = sorted(names.get(one, one) for one in ids)
    if len(called) == 1:
        return called[0]
    return phrase("%(others)s or %(last)s", others=joined(called[:-1], ", "), last=called[-1])


def all_of(ids: frozenset[str], names: Names) -> str:
    """Return names in order, as in a sentence, of which all are meant: the last after "and"."""
    called = sorted(names.get(one, one) for one in ids)
    if len(called) == 1:
        return called[0]
    return phrase("%(others)s and %(last)s", others=joined(called[:-1], ", "), last=called[-1])


def lasting(span: timedelta) -> str:
    """Return a length of time in words."""
    seconds = int(span.total_seconds())
    if seconds >= 86400 and seconds % 86400 == 0:
        return counted("%(num)s day", "%(num)s days", seconds // 86400)
    if seconds >= 3600 and seconds % 3600 == 0:
        return counted("%(num)s hour", "%(num)s hours", seconds // 3600)
    if seconds >= 60 and seconds % 60 == 0:
        return counted("%(num)s minute", "%(num)s minutes", seconds // 60)
    return counted("%(num)s second", "%(num)s seconds", seconds)
