"""
Throttling: delays, not locks. By account (or by the unknown address that was typed) and by network.

A try is *reserved* by one conditional write before any hash is computed, so that a hundred
parallel guesses are a hundred guesses (A4). A success gives the reservation back and clears the
counter that it was made under; it never clears the network's (A5).

There are lanes, so that guessing is no way to keep somebody out (A6): each device that an account is known on
counts its wrong passwords alone, and is not slowed by what others try on the account or in its network;
codes and recovery codes have counters of their own. Passkeys are counted nowhere, temporary passes by network.
"""

import hashlib
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from idp.audit.events import FactorStopped
from idp.audit.log import record
from idp.base.prepared import Prepared
from idp.base.tables import insert_if_absent, table
from idp.base.work import Work
from idp.policy.signon import STRONG_SECOND_STEPS, Method
from idp.settings import ThrottlingSettings
from idp.signon import device_cookie, notices
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
_CHALLENGES_PER_SIGN_ON = 4
_CODE_WAIT = timedelta(minutes=15)
_CODES_PER_CHALLENGE = 5
_SHORT_CODES_PER_BROWSER = 5
_SHORT_CODES_WITHIN = timedelta(minutes=10)
_MAILS = 3
_EMAIL_CODES_PER_SIGN_ON = 3
_EMAIL_CODES_PER_HOUR = 10
_EMAIL_CODE_TRIES = 5
_EMAIL_CODE_LIVES = timedelta(minutes=10)
_MAILS_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wait:
    """
    No try now.

    Args:
        stopped: not before recovery, another factor or an administrator helps.
        over: not in this sign-on, which must be begun anew.
    """

    seconds: int
    stopped: bool = False
    over: bool = False


@dataclass(frozen=True, slots=True)
class Reserved:
    """
    A try that was reserved, and under which keys.

    Args:
        last: if this one is wrong too, there is no further one: what was tried stops working.
        device_id: the known device in whose lane it is.
    """

    subject_key: str
    network_keys: tuple[str, ...] = ()
    last: bool = False
    device_id: str = ""


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


def password_delay(failures: int, limits: ThrottlingSettings, *, known_device: bool = False) -> timedelta:
    """Return how long the next try must wait after *failures* wrong passwords in a row."""
    over = failures - (limits.device_free_failures if known_device else limits.account_free_failures)
    if over < 0:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(over, 20)), limits.account_longest_delay)


def code_delay(failures: int, limits: ThrottlingSettings) -> timedelta:
    """Return how long the next code must wait after *failures* wrong ones in a row."""
    return _CODE_WAIT if failures and failures % limits.code_free_failures == 0 else timedelta(0)


def reserve_password(
    work: Work, organization_id: str, account_id: str | None, email_key: str, limits: ThrottlingSettings
) -> Reserved | Wait:
    """
    Reserve one try of a password, or say how long to wait. Must be committed before hashing.

    On a device that the account is known on it is reserved in that device's lane alone.
    """
    device = device_cookie.find(work, organization_id, account_id or "")
    if device is not None:
        return _reserve_on(work, device.id, limits)
    typed = hashlib.sha256(f"{organization_id}:{email_key}".encode()).hexdigest()[:40]
    subject = f"account:{account_id}" if account_id else f"typed:{typed}"
    taken = _reserve_in_network(work, limits)
    if isinstance(taken, Wait):
        return taken
    count = _reserve_delayed(work, subject, limits.account_stop_at, lambda failures: password_delay(failures, limits))
    if isinstance(count, Wait):
        _give_back(work, taken)
        return count
    return Reserved(subject, tuple(taken), last=count >= limits.account_stop_at)


def _reserve_on(work: Work, device_id: str, limits: ThrottlingSettings) -> Reserved | Wait:
    key = lane(device_id)
    count = _reserve_delayed(
        work, key, limits.account_stop_at, lambda failures: password_delay(failures, limits, known_device=True)
    )
    if isinstance(count, Wait):
        return count
    return Reserved(key, last=count >= limits.account_stop_at, device_id=device_id)


def reserve_pass(work: Work, limits: ThrottlingSettings) -> Reserved | Wait:
    """
    Reserve one try of a temporary access pass, or say how long to wait: by network alone.

    A pass has 120 random bits, and is what helps somebody whose password and codes were hammered until
    they stopped: no wrong try of anybody else stands in its way.
    """
    taken = _reserve_in_network(work, limits)
    return taken if isinstance(taken, Wait) else Reserved("", tuple(taken))


def _reserve_in_network(work: Work, limits: ThrottlingSettings) -> list[str] | Wait:
    network = network_of(work.origin.ip)
    return _reserve_in_windows(
        work,
        (f"network-minute:{network}", timedelta(minutes=1), limits.address_per_minute),
        (f"network-hour:{network}", timedelta(hours=1), limits.address_per_hour),
    )


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


def count_challenge(work: Work, limits: ThrottlingSettings) -> Wait | None:
    """Count a challenge for a passkey: a row that anybody may ask for, a few in each sign-on that may be begun (I10)."""
    key = f"network-challenges:{network_of(work.origin.ip)}"
    return _reserve_in_window(work, key, timedelta(minutes=1), _CHALLENGES_PER_SIGN_ON * limits.sign_ons_per_minute)


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


def count_call(work: Work, caller: str, most: int) -> Wait | None:
    """Count a call of a program that is known by *caller* (an id): so many in a minute are answered (I10)."""
    return _reserve_in_window(work, f"calls:{caller}", timedelta(minutes=1), most)


def count_alarm(work: Work, account_id: str, what: str) -> Wait | None:
    """Count an alarm about *what* was done on an account: whoever guesses fills no mailbox of administrators by it."""
    kind = hashlib.sha256(what.encode()).hexdigest()[:8]
    return _reserve_in_window(work, f"alarm:{account_id}:{kind}", timedelta(hours=1), _ALARMS_PER_HOUR)


def may_be_written_down(work: Work) -> bool:
    """
    Say whether a refusal that anybody can cause by an address alone is written down as an attempt.

    Of one network so many in a minute are; the log has every one of them (I10).
    """
    key = f"network-refused:{network_of(work.origin.ip)}"
    return _reserve_in_window(work, key, timedelta(minutes=1), _REFUSALS_PER_MINUTE) is None


def reserve_code(work: Work, account_id: str, limits: ThrottlingSettings) -> Reserved | Wait:
    """Reserve one try of an authenticator's code, or say how long to wait. Survives everything (A8)."""
    return _reserve_second_step(work, f"code:{account_id}", limits)


def reserve_recovery_code(work: Work, account_id: str, limits: ThrottlingSettings) -> Reserved | Wait:
    """The same of a recovery code: counted apart, so that it still works where the codes were guessed at until they stopped."""
    return _reserve_second_step(work, f"recovery:{account_id}", limits)


def _reserve_second_step(work: Work, key: str, limits: ThrottlingSettings) -> Reserved | Wait:
    count = _reserve_delayed(work, key, limits.code_stop_at, lambda failures: code_delay(failures, limits))
    return count if isinstance(count, Wait) else Reserved(key, last=count >= limits.code_stop_at)


def reserve_in_challenge(work: Work, challenge: str) -> Wait | None:
    """
    Reserve one of the five tries of a code that one sign-on (*challenge*, its id) has; say so when they are used up.

    It is counted on top of what `reserve_code` counts, which restarting does not reset.
    """
    count = _reserve_delayed(work, f"challenge:{challenge}", _CODES_PER_CHALLENGE, lambda _: timedelta(0))
    if not isinstance(count, Wait):
        return None
    return Wait(0, over=True) if count.stopped else count


def succeeded(work: Work, reserved: Reserved) -> None:
    """The reserved try was right: clear its subject's counter, give the network's try back."""
    if reserved.subject_key:
        _clear(work, reserved.subject_key)
    _give_back(work, list(reserved.network_keys))


def stopped(work: Work, organization_id: str, account_id: str, method: Method) -> None:
    """The last try that there was (`Reserved.last`) was wrong, too: record that *method* has stopped for the account, and tell the person."""
    record(work, FactorStopped(organization_id=organization_id, target_id=account_id, method=method.value))
    kind = notices.PASSWORD_STOPPED if method is Method.PASSWORD else notices.SECOND_STEP_STOPPED
    notices.notify(
        work, organization_id=organization_id, account_id=account_id, kind=kind, facts={"method": method.value}
    )


def helped(work: Work, account_id: str, methods: frozenset[Method], limits: ThrottlingSettings) -> None:
    """
    An account signed in by *methods*: what has stopped after too many wrong tries works again, where another factor did it.

    What has not stopped stays counted: whoever guesses gets no new tries by somebody else's success (A5).
    """
    if Method.PASSWORD not in methods:
        _let_go_on(work, f"account:{account_id}", limits.account_stop_at)
    if methods & (STRONG_SECOND_STEPS - {Method.TOTP}):
        _let_go_on(work, f"code:{account_id}", limits.code_stop_at)
    if methods & (STRONG_SECOND_STEPS - {Method.RECOVERY_CODE}):
        _let_go_on(work, f"recovery:{account_id}", limits.code_stop_at)
    if methods & STRONG_SECOND_STEPS:
        _let_go_on(work, f"email-code:{account_id}", limits.code_stop_at)


def clear_account(work: Work, account_id: str) -> None:
    """
    Forget an account's wrong passwords; and its wrong codes, where an administrator helped.

    Who changes the own password gets no new tries of the second step by it (A8).
    """
    clear_password(work, account_id)
    if work.actor.kind != "account" or work.actor.id != account_id:
        clear_second_steps(work, account_id)


def clear_second_steps(work: Work, account_id: str) -> None:
    """Forget an account's wrong codes: those of authenticators, recovery codes, and by e-mail."""
    _clear(work, f"code:{account_id}")
    _clear(work, f"email-code:{account_id}")
    _clear(work, f"recovery:{account_id}")


def clear_device(work: Work, device_id: str) -> None:
    """Forget the wrong passwords of a known device."""
    _clear(work, lane(device_id))


def lane(device_id: str) -> str:
    """Return the key under which a known device counts its wrong passwords."""
    return f"device:{device_id}"


def clear_password(work: Work, account_id: str) -> None:
    """Forget an account's wrong passwords, and nothing else: it has a new one."""
    _clear(work, f"account:{account_id}")


def reserve_mail(work: Work, about: str, limits: ThrottlingSettings) -> bool | Wait:
    """
    Reserve one mail that somebody may cause who has proven nothing, or say how long to wait.

    Args:
        about: whom it would reach, and why; of one of these a few within an hour.

    Returns:
        False: no more of these now. Whoever asks is told nothing of it: it would say that somebody has asked before.
    """
    network = network_of(work.origin.ip)
    taken = _reserve_in_windows(
        work,
        (f"network-mails-minute:{network}", timedelta(minutes=1), limits.address_per_minute),
        (f"network-mails-hour:{network}", timedelta(hours=1), limits.address_per_hour),
    )
    if isinstance(taken, Wait):
        return taken
    key = f"typed:mail:{hashlib.sha256(about.encode()).hexdigest()[:40]}"
    return _reserve_in_window(work, key, _MAILS_WITHIN, _MAILS) is None


def reserve_mailed_code(work: Work, account_id: str, sign_on: str) -> Wait | None:
    """Reserve one mail with a code for a sign-on: three in each, ten an hour of one account; or say how long to wait."""
    taken = _reserve_in_windows(
        work,
        (f"typed:mailed-codes:{sign_on}", _EMAIL_CODE_LIVES, _EMAIL_CODES_PER_SIGN_ON),
        (f"typed:mailed-codes:{account_id}", timedelta(hours=1), _EMAIL_CODES_PER_HOUR),
    )
    return taken if isinstance(taken, Wait) else None


def reserve_email_code(work: Work, account_id: str, sign_on: str, limits: ThrottlingSettings) -> Reserved | Wait:
    """
    Reserve one try of a code by e-mail: five in each sign-on, and of the account as those of other second steps.

    They are counted apart from those: guessing at one stops no other.
    """
    tries = f"typed:email-code-tries:{sign_on}"
    waiting = _reserve_in_window(work, tries, _EMAIL_CODE_LIVES, _EMAIL_CODE_TRIES)
    if waiting is not None:
        return waiting
    return _reserve_second_step(work, f"email-code:{account_id}", limits)


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


def _reserve_delayed(work: Work, key: str, stop_at: int, delay: Callable[[int], timedelta]) -> int | Wait:
    """Reserve one try and return the how manieth it is since the last success."""
    for _ in range(_TRIES):
        seen = _read(work, key)
        if seen.failures >= stop_at:
            return Wait(0, stopped=True)
        if seen.next_at > work.now:
            return Wait(max(1, round((seen.next_at - work.now).total_seconds())))
        failures = seen.failures + 1
        if _change(work, key, seen, failures, seen.window_started_at, work.now + delay(failures)):
            return failures
    return Wait(1)


def _let_go_on(work: Work, key: str, stop_at: int) -> None:
    row = work.tx.row(_READ, key=key)
    if row is not None and row.failures >= stop_at:
        _clear(work, key)


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
