"""Throttling: lanes, stops, and what a success clears (A3 to A6, A8)."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import SQLAlchemyError

from idp.base.errors import Unavailable
from idp.base.work import Origin
from idp.policy.signon import Method, Proof
from idp.settings import ThrottlingSettings
from idp.signon import devices, lockout
from idp.signon.factors import password
from idp.signon.lockout import Reserved, Wait
from tests.conftest import NOON
from tests.signon.conftest import PASSWORD

LIMITS = ThrottlingSettings()
ANN = "ann@acme.example"


@pytest.fixture
def cookie(open_work, world):
    """The cookie of a device that Ann is known on."""
    with open_work() as work:
        noted = devices.note(work, world.organization.id, world.ann.id, epoch=1, proofs=(Proof(Method.PASSWORD, NOON),))
    return noted.cookie


def _reserve(open_work, world, *, cookie="", ip="192.0.2.1", now=NOON, email=ANN, limits=LIMITS):
    with open_work(now=now) as work:
        there = replace(work, origin=Origin("web", ip=ip, devices=cookie))
        begun = password.begin(there, world.organization.id, email, limits)
    return begun if isinstance(begun, Wait) else begun.reserved


def _hammer(open_work, world, times, **where):
    """Guess so many times, each from a network of its own and late enough, so that only the account is in the way."""
    outcomes = []
    for number in range(times):
        ip, now = f"10.{number // 250}.{number % 250}.1", NOON + number * timedelta(minutes=16)
        outcomes.append(_reserve(open_work, world, ip=ip, now=now, **where))
    return outcomes


def test_a6_a_victim_who_is_hammered_from_everywhere_signs_in_on_a_known_device(open_work, world, cookie):
    """A6: the password has stopped for strangers; the known device does not even wait."""
    _hammer(open_work, world, 100)
    later = NOON + timedelta(days=2)
    assert _reserve(open_work, world, ip="198.51.100.1", now=later) == Wait(0, stopped=True)

    reserved = _reserve(open_work, world, cookie=cookie, now=later)

    assert isinstance(reserved, Reserved)
    assert not reserved.last


def test_a6_a_network_that_is_full_of_guesses_does_not_stop_a_known_device_in_it(open_work, world, cookie):
    for number in range(30):
        _reserve(open_work, world, email=f"person{number}@acme.example")
    assert isinstance(_reserve(open_work, world), Wait)

    assert isinstance(_reserve(open_work, world, cookie=cookie), Reserved)


def test_a_known_device_has_ten_free_tries_and_then_the_same_delays(open_work, world, cookie):
    for _ in range(10):
        assert isinstance(_reserve(open_work, world, cookie=cookie), Reserved)

    assert _reserve(open_work, world, cookie=cookie) == Wait(1)
    assert isinstance(_reserve(open_work, world, cookie=cookie, now=NOON + timedelta(seconds=1)), Reserved)
    assert _reserve(open_work, world, cookie=cookie, now=NOON + timedelta(seconds=1)) == Wait(2)
    assert isinstance(_reserve(open_work, world), Reserved), "strangers are counted apart"


def test_a_known_device_stops_at_a_hundred_too(open_work, world, cookie):
    outcomes = _hammer(open_work, world, 101, cookie=cookie)

    assert [one for one in outcomes[:100] if isinstance(one, Wait)] == []
    assert [one.last for one in outcomes[:100]] == [False] * 99 + [True]
    assert outcomes[100] == Wait(0, stopped=True)


def test_a_forgotten_device_is_in_the_lane_of_strangers(open_work, world, cookie):
    _hammer(open_work, world, 100)
    with open_work() as work:
        devices.forget_all(work, world.ann.id, organization_id=world.organization.id)

    assert _reserve(open_work, world, cookie=cookie, now=NOON + timedelta(days=2)) == Wait(0, stopped=True)


def test_a5_a_success_clears_its_own_lane_only(open_work, world, cookie):
    for _ in range(5):
        _reserve(open_work, world)
    for _ in range(10):
        reserved = _reserve(open_work, world, cookie=cookie)
    with open_work() as work:
        lockout.succeeded(work, reserved)

    assert _reserve(open_work, world) == Wait(1), "what strangers guessed stays counted"
    for _ in range(10):
        assert isinstance(_reserve(open_work, world, cookie=cookie), Reserved)


@pytest.mark.parametrize("with_device", [False, True], ids=["unknown device", "known device"])
def test_a3_five_spellings_share_one_counter(open_work, world, cookie, with_device):
    """A3: in each lane."""
    spellings = (ANN, "Ann@Acme.Example", " ANN@acme.example", "ann@ACME.example", "ａnn@acme.example")
    for typed in spellings * (2 if with_device else 1):
        assert isinstance(_reserve(open_work, world, email=typed, cookie=cookie if with_device else ""), Reserved)

    assert isinstance(_reserve(open_work, world, cookie=cookie if with_device else ""), Wait)


@pytest.mark.both_databases
@pytest.mark.parametrize(("with_device", "free"), [(False, 5), (True, 10)], ids=["unknown device", "known device"])
def test_a4_of_two_hundred_at_once_no_more_than_the_free_tries_get_a_hash(open_work, world, cookie, with_device, free):
    """A4: whatever the database, and from networks of their own."""
    outcomes, start = [], threading.Barrier(200)

    def guess(number):
        start.wait()
        ip = f"10.0.{number // 100}.{number % 100}"
        for _ in range(100):  # the driver says so where it could not get at the database in time
            try:
                outcomes.append(_reserve(open_work, world, ip=ip, cookie=cookie if with_device else ""))
            except (Unavailable, SQLAlchemyError):
                continue
            return

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 200
    reserved = [one for one in outcomes if isinstance(one, Reserved)]
    assert len(reserved) == free


def test_a6_a_pass_looks_at_no_counter_of_the_account(open_work, world):
    """A6: the roads beside the password do not look at its lane."""
    _hammer(open_work, world, 100)

    with open_work(now=NOON + timedelta(days=2)) as work:
        assert isinstance(lockout.reserve_pass(work, LIMITS), Reserved)
        assert isinstance(lockout.reserve_code(work, world.ann.id, LIMITS), Reserved)
        assert isinstance(lockout.reserve_recovery_code(work, world.ann.id, LIMITS), Reserved)


def test_a5_passes_are_counted_by_network(open_work):
    with open_work() as work:
        for _ in range(30):
            assert isinstance(lockout.reserve_pass(work, LIMITS), Reserved)
        assert isinstance(lockout.reserve_pass(work, LIMITS), Wait)


@pytest.mark.parametrize(
    ("methods", "works_again"),
    [({Method.PASSKEY}, True), ({Method.TEMPORARY_PASS}, True), ({Method.PASSWORD, Method.TOTP}, False)],
)
def test_a_password_that_has_stopped_works_again_after_a_sign_in_by_another_factor(
    open_work, world, methods, works_again
):
    _hammer(open_work, world, 100)
    later = NOON + timedelta(days=2)

    with open_work(now=later) as work:
        lockout.helped(work, world.ann.id, frozenset(methods), LIMITS)

    assert isinstance(_reserve(open_work, world, now=later), Reserved) is works_again


def test_a5_what_has_not_stopped_stays_counted_when_another_factor_signs_in(open_work, world):
    for _ in range(5):
        _reserve(open_work, world)
    with open_work() as work:
        lockout.helped(work, world.ann.id, frozenset({Method.PASSKEY}), LIMITS)

    assert _reserve(open_work, world) == Wait(1)


@pytest.mark.parametrize(
    ("methods", "works_again"),
    [
        ({Method.PASSKEY}, True),
        ({Method.PASSWORD, Method.RECOVERY_CODE}, True),
        ({Method.PASSWORD, Method.SECURITY_KEY}, True),
        ({Method.PASSWORD, Method.TOTP}, False),
        ({Method.PASSWORD, Method.EMAIL_CODE}, False),
        ({Method.PASSWORD, Method.KNOWN_DEVICE}, False),
        ({Method.PASSWORD}, False),
    ],
)
def test_codes_that_have_stopped_work_again_after_another_strong_factor(open_work, world, methods, works_again):
    now = NOON
    with open_work() as work:
        for _ in range(100):
            assert isinstance(lockout.reserve_code(replace(work, now=now), world.ann.id, LIMITS), Reserved)
            now += timedelta(minutes=16)
        assert lockout.reserve_code(replace(work, now=now), world.ann.id, LIMITS) == Wait(0, stopped=True)

        lockout.helped(replace(work, now=now), world.ann.id, frozenset(methods), LIMITS)

        again = lockout.reserve_code(replace(work, now=now), world.ann.id, LIMITS)
        assert isinstance(again, Reserved) is works_again


def test_a8_codes_are_free_ten_times_then_wait_a_quarter_of_an_hour_and_stop_at_a_hundred(work, world):
    now, waits = NOON, 0
    for _ in range(10):
        for _ in range(10):
            assert isinstance(lockout.reserve_code(replace(work, now=now), world.ann.id, LIMITS), Reserved)
        waiting = lockout.reserve_code(replace(work, now=now), world.ann.id, LIMITS)
        waits += waiting == Wait(900)
        now += timedelta(minutes=15)

    assert waits == 9
    assert waiting == Wait(0, stopped=True)


@pytest.mark.both_databases
def test_a8_one_sign_on_has_five_tries_however_many_come_at_once(open_work):
    outcomes, start = [], threading.Barrier(20)

    def guess():
        start.wait()
        with open_work() as work:
            outcomes.append(lockout.reserve_in_challenge(work, "pnd_1"))

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 20
    assert outcomes.count(None) == 5


def test_the_right_password_from_a_known_device_is_right_under_attack(open_work, world, cookie):
    """A6, to the end: the hash is compared and the lane cleared."""
    _hammer(open_work, world, 100)
    with open_work(now=NOON + timedelta(days=2)) as work:
        there = replace(work, origin=Origin("web", ip="192.0.2.1", devices=cookie))
        begun = password.begin(there, world.organization.id, ANN, LIMITS)
    assert password.matches(work.tx.vault, begun, PASSWORD)
