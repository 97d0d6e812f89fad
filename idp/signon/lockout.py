"""
Throttling: delays, not locks. By account (or by the unknown address that was typed) and by network.

A try is *reserved* by one conditional write before any hash is computed, so that a hundred
parallel guesses are a hundred guesses (A4). A success gives the reservation back and clears the
account's counter; it never clears the network's (A5).
"""

import hashlib
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from idp.base.db import Prepared, insert_if_absent, table
from idp.base.work import Work
from idp.settings import ThrottlingSettings
from idp.signon.models import ThrottleCounter

_TABLE = table(ThrottleCounter)
_READ = Prepared(
    select(ThrottleCounter.failures, ThrottleCounter.window_started_at, ThrottleCounter.next_at).where(
        ThrottleCounter.key == bindparam("key")
    )
)
_NEW = Prepared(insert_if_absent(ThrottleCounter))
_CHANGE = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.key == bindparam("of_key"),
        _TABLE.c.failures == bindparam("seen_failures"),
        _TABLE.c.next_at == bindparam("seen_next_at", type_=_TABLE.c.next_at.type),
    )
    .values(
        failures=bindparam("new_failures"),
        window_started_at=bindparam("new_window", type_=_TABLE.c.window_started_at.type),
        next_at=bindparam("new_next_at", type_=_TABLE.c.next_at.type),
        updated_at=bindparam("new_updated_at", type_=_TABLE.c.updated_at.type),
    )
)
UNKNOWN = "unknown"
"""The network of whoever has no address that can be read."""
_TRIES = 20
_REFUSALS_PER_MINUTE = 60
_ALARMS_PER_HOUR = 10
_CODE_WAIT = timedelta(minutes=15)
_SHORT_CODES_PER_BROWSER = 5
_SHORT_CODES_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Wait:
    """No try now. ``stopped``: not before an administrator or another factor helps."""

    seconds: int
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Reserved:
    """A try that was reserved, and under which keys."""

    subject_key: str
    network_keys: tuple[str, ...] = ()


def network_of(ip: str) -> str:
    """Return the network that is counted together: an IPv4 address, an IPv6 /64."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False).network_address) + "/64"
    return str(address)


def password_delay(failures: int, limits: ThrottlingSettings) -> timedelta:
    """Return how long the next try must wait after *failures* wrong passwords in a row."""
    over = failures - limits.account_free_failures
    if over < 0:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(over, 20)), limits.account_longest_delay)


def code_delay(failures: int, limits: ThrottlingSettings) -> timedelta:
    """Return how long the next code must wait after *failures* wrong ones in a row."""
    return _CODE_WAIT if failures and failures % limits.code_free_failures == 0 else timedelta(0)


def reserve_password(
    work: Work, organization_id: str, account_id: str | None, email_key: str, limits: ThrottlingSettings
) -> Reserved | Wait:
    """Reserve one try of a password, or say how long to wait. Must be committed before hashing."""
    typed = hashlib.sha256(f"{organization_id}:{email_key}".encode()).hexdigest()[:40]
    subject = f"account:{account_id}" if account_id else f"typed:{typed}"
    network = network_of(work.origin.ip)
    taken = _reserve_in_windows(
        work,
        (f"network-minute:{network}", timedelta(minutes=1), limits.address_per_minute),
        (f"network-hour:{network}", timedelta(hours=1), limits.address_per_hour),
    )
    if isinstance(taken, Wait):
        return taken
    waiting = _reserve_delayed(work, subject, limits.account_stop_at, lambda failures: password_delay(failures, limits))
    if waiting is not None:
        _give_back(work, taken)
        return waiting
    return Reserved(subject, tuple(taken))


def reserve_short_code(work: Work, browser: str, limits: ThrottlingSettings) -> Reserved | Wait:
    """
    Reserve one try of a short code that somebody types in who need not be known, or say how long to wait.

    Five in ten minutes of one *browser* (its binding secret), and of one network as many as of passwords:
    whoever throws the cookie away is still in their network.
    """
    network = network_of(work.origin.ip)
    key = f"short-codes:{hashlib.sha256(browser.encode()).hexdigest()[:40]}"
    taken = _reserve_in_windows(
        work,
        (f"network-short-codes-minute:{network}", timedelta(minutes=1), limits.address_per_minute),
        (f"network-short-codes-hour:{network}", timedelta(hours=1), limits.address_per_hour),
        (key, _SHORT_CODES_WITHIN, _SHORT_CODES_PER_BROWSER),
    )
    return taken if isinstance(taken, Wait) else Reserved(key, tuple(taken))


def give_back(work: Work, reserved: Reserved) -> None:
    """The reserved try was right; those before it stay counted, so that nobody clears them with a code of their own."""
    _give_back(work, list(reserved.network_keys))


def count_beginning(work: Work, limits: ThrottlingSettings) -> Wait | None:
    """
    Count a sign-on that nobody with a session begins: it costs a row before anybody has proven
    anything, so that a network may begin so many of them in a minute and no more (I10).
    """
    key = f"network-begun:{network_of(work.origin.ip)}"
    return _reserve_in_window(work, key, timedelta(minutes=1), limits.sign_ons_per_minute)


def count_refusal(work: Work, limits: ThrottlingSettings) -> Wait | None:
    """
    Count the refusal of what somebody without a session has sent: it costs rows that are kept for long, so
    that of one network as many in a minute are written down as it may begin sign-ons (I10).
    """
    key = f"network-refusals:{network_of(work.origin.ip)}"
    return _reserve_in_window(work, key, timedelta(minutes=1), limits.sign_ons_per_minute)


def count_registration(work: Work, limits: ThrottlingSettings) -> Wait | None:
    """Count an application that a stranger registers: it stays until somebody removes it (O19)."""
    key = f"network-registrations:{network_of(work.origin.ip)}"
    return _reserve_in_window(work, key, timedelta(hours=1), limits.registrations_per_hour)


def count_alarm(work: Work, account_id: str) -> Wait | None:
    """Count an alarm about failed tries on an account: whoever guesses fills no mailbox of administrators by it."""
    return _reserve_in_window(work, f"alarm:{account_id}", timedelta(hours=1), _ALARMS_PER_HOUR)


def may_be_written_down(work: Work) -> bool:
    """
    Say whether a refusal that anybody can cause by an address alone is written down as an attempt.

    Of one network so many in a minute are; the log has every one of them (I10).
    """
    key = f"network-refused:{network_of(work.origin.ip)}"
    return _reserve_in_window(work, key, timedelta(minutes=1), _REFUSALS_PER_MINUTE) is None


def reserve_code(work: Work, account_id: str, limits: ThrottlingSettings) -> Reserved | Wait:
    """Reserve one try of a second step's code, or say how long to wait. Survives everything (A8)."""
    key = f"code:{account_id}"
    waiting = _reserve_delayed(work, key, limits.code_stop_at, lambda failures: code_delay(failures, limits))
    return waiting if waiting is not None else Reserved(key)


def succeeded(work: Work, reserved: Reserved) -> None:
    """The reserved try was right: clear its subject's counter, give the network's try back."""
    _clear(work, reserved.subject_key)
    _give_back(work, list(reserved.network_keys))


def clear_account(work: Work, account_id: str) -> None:
    """
    Forget an account's wrong passwords; and its wrong codes, where an administrator helped.

    Who changes the own password gets no new tries of the second step by it (A8).
    """
    _clear(work, f"account:{account_id}")
    if work.actor.kind != "account" or work.actor.id != account_id:
        _clear(work, f"code:{account_id}")


def _reserve_in_windows(work: Work, *windows: tuple[str, timedelta, int]) -> list[str] | Wait:
    """Reserve one try in each of *windows* (key, length, how many), or in none."""
    taken: list[str] = []
    for key, length, most in windows:
        waiting = _reserve_in_window(work, key, length, most)
        if waiting is not None:
            _give_back(work, taken)
            return waiting
        taken.append(key)
    return taken


def _reserve_in_window(work: Work, key: str, length: timedelta, most: int) -> Wait | None:
    for _ in range(_TRIES):
        seen = _read(work, key)
        fresh = work.now - seen.window_started_at >= length
        failures = 0 if fresh else seen.failures
        window = work.now if fresh else seen.window_started_at
        if failures >= most:
            return Wait(max(1, round((window + length - work.now).total_seconds())))
        if _change(work, key, seen, failures + 1, window, work.now):
            return None
    return Wait(1)


def _reserve_delayed(work: Work, key: str, stop_at: int, delay: Callable[[int], timedelta]) -> Wait | None:
    for _ in range(_TRIES):
        seen = _read(work, key)
        if seen.failures >= stop_at:
            return Wait(0, stopped=True)
        if seen.next_at > work.now:
            return Wait(max(1, round((seen.next_at - work.now).total_seconds())))
        failures = seen.failures + 1
        if _change(work, key, seen, failures, seen.window_started_at, work.now + delay(failures)):
            return None
    return Wait(1)


def _clear(work: Work, key: str) -> None:
    for _ in range(_TRIES):
        row = work.tx.row(_READ, key=key)
        if row is None or _change(work, key, row, 0, row.window_started_at, work.now):
            return


def _give_back(work: Work, keys: list[str]) -> None:
    for key in keys:
        for _ in range(_TRIES):
            row = work.tx.row(_READ, key=key)
            if row is None or row.failures == 0:
                break
            if _change(work, key, row, row.failures - 1, row.window_started_at, row.next_at):
                break


@dataclass(frozen=True, slots=True)
class _Seen:
    failures: int
    window_started_at: datetime
    next_at: datetime


def _read(work: Work, key: str) -> _Seen:
    row = work.tx.row(_READ, key=key)
    if row is None:
        work.tx.run(_NEW, key=key, failures=0, window_started_at=work.now, next_at=work.now, updated_at=work.now)
        row = work.tx.row(_READ, key=key)
    return _Seen(row.failures, row.window_started_at, row.next_at) if row else _Seen(0, work.now, work.now)


def _change(work: Work, key: str, seen: _Seen, failures: int, window: datetime, next_at: datetime) -> bool:
    return bool(
        work.tx.run(
            _CHANGE,
            of_key=key,
            seen_failures=seen.failures,
            seen_next_at=seen.next_at,
            new_failures=failures,
            new_window=window,
            new_next_at=next_at,
            new_updated_at=work.now,
        )
    )
