"""
What in a description ends soon, and whether that has to be said now: 30, 14 and 3 days ahead, once each. Pure.

That a certificate ends means nothing to SAML (SAML Metadata Interoperability Profile section 2.6.1), but
much software stops there, and its owner will exchange it: so it is said, and nothing is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.saml.certificates import known_key, thumbprint_of
from idp.saml.description import SpDescription

STAGES = (3, 14, 30)
"""Days ahead, the most urgent first."""


@dataclass(frozen=True, slots=True)
class Ending:
    """
    Something of a service provider that ends.

    Args:
        key: what it is known by among what was warned of already.
        what: it in words.
    """

    key: str
    what: str
    ends: datetime


@dataclass(frozen=True, slots=True)
class Warned:
    """That something ends within so many days."""

    ending: Ending
    stage: int


def endings(described: SpDescription) -> tuple[Ending, ...]:
    """Return everything in *described* that has an end, the earliest first."""
    found = [_of_certificate(der, "signing certificate") for der in described.signing_certificates]
    found += [_of_certificate(key.certificate, "encryption certificate") for key in described.encryption_keys]
    if described.valid_until is not None:
        until = described.valid_until
        found.append(Ending(f"metadata {until:%Y-%m-%dT%H:%M}", "metadata", until))
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.ends))


def stage(ends: datetime, now: datetime) -> int | None:
    """Return within how many days (3, 14 or 30) something ends; None where it is far off, or over."""
    if ends <= now:
        return None
    return next((days for days in STAGES if ends - now <= timedelta(days=days)), None)


def near(described: SpDescription, now: datetime) -> tuple[Warned, ...]:
    """Return what ends within 30 days."""
    staged = ((one, stage(one.ends, now)) for one in endings(described))
    return tuple(Warned(one, days) for one, days in staged if days is not None)


def to_warn(described: SpDescription, now: datetime, warned: Mapping[str, int]) -> tuple[Warned, ...]:
    """Return what has to be said now: what has come nearer than it was when it was *warned* of (key and stage)."""
    return tuple(one for one in near(described, now) if one.stage < warned.get(one.ending.key, STAGES[-1] + 1))


def next_end(described: SpDescription, now: datetime) -> datetime | None:
    """Return when the next thing ends; None where nothing will."""
    return next((one.ends for one in endings(described) if one.ends > now), None)


def next_warning(described: SpDescription, now: datetime, warned: Mapping[str, int]) -> datetime | None:
    """Return when `to_warn` will have something to say, at the earliest *now*; None where it never will."""
    moments = [
        max(one.ends - timedelta(days=days), now)
        for one in endings(described)
        if one.ends > now
        for days in STAGES
        if days < warned.get(one.key, STAGES[-1] + 1)
    ]
    return min(moments, default=None)


def _of_certificate(der: str, what: str) -> Ending | None:
    key = known_key(der)
    if key is None:
        return None
    print_ = thumbprint_of(der)
    return Ending(f"{what} {print_[:23]}", f"{what} {print_[:23]}…", key.certificate.not_valid_after_utc)
