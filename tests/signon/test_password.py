"""The password factor: constant work, reserved tries, no hash inside a transaction that wrote."""

import statistics
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from idp.base.errors import Forbidden, Invalid
from idp.settings import ThrottlingSettings
from idp.signon import lockout
from idp.signon.factors import hashing, password
from tests.conftest import NOON
from tests.signon.conftest import PASSWORD
from tests.support.people import as_account, stranger

LIMITS = ThrottlingSettings()


def _try(open_work, world, email, typed, *, now=NOON, limits=LIMITS, ip="192.0.2.1"):
    with open_work(now=now, ip=ip) as work:
        begun = password.begin(work, world.organization.id, email, limits)
    if isinstance(begun, lockout.Wait):
        return begun
    right = password.matches(work.tx.vault, begun, typed)
    if right:
        with open_work(now=now, ip=ip) as work:
            lockout.succeeded(work, begun.reserved)
    return right


def test_the_right_password_is_right_and_a_wrong_one_wrong(open_work, world):
    assert _try(open_work, world, "ann@acme.example", PASSWORD) is True
    assert _try(open_work, world, "ann@acme.example", PASSWORD + "x") is False


@pytest.mark.parametrize("typed", ["ANN@ACME.EXAMPLE", " ann@acme.example ", "ａnn@acme.example"])
def test_a27_one_address_in_many_spellings_is_one_account(open_work, world, typed):
    assert _try(open_work, world, typed, PASSWORD) is True


def test_a_disabled_account_does_not_sign_in(open_work, world):
    from idp.directory import accounts

    with open_work() as work:
        accounts.disable(work, world.ann.id)

    assert _try(open_work, world, "ann@acme.example", PASSWORD) is False


def test_a2_an_unknown_account_costs_the_same_hash(open_work, world):
    """A2: medians of interleaved samples differ by less than a fifth of one hash."""
    took = {"ann@acme.example": [], "nobody@acme.example": []}
    for _ in range(8):
        for email, samples in took.items():
            with open_work() as work:
                begun = password.begin(
                    work, world.organization.id, email, ThrottlingSettings(account_free_failures=999)
                )
            start = time.thread_time()
            assert password.matches(work.tx.vault, begun, "not the password") is False
            samples.append(time.thread_time() - start)

    known, unknown = (statistics.median(samples) for samples in took.values())
    assert abs(known - unknown) < 0.2 * known


def test_a3_spellings_share_one_counter(open_work, world):
    for typed in ("ann@acme.example", "Ann@Acme.Example", " ANN@acme.example", "ann@ACME.example", "ａnn@acme.example"):
        _try(open_work, world, typed, "wrong wrong wrong")

    assert isinstance(_try(open_work, world, "ann@acme.example", PASSWORD), lockout.Wait)


def test_delays_grow_and_end(open_work, world):
    for _ in range(5):
        assert _try(open_work, world, "ann@acme.example", "wrong wrong wrong") is False

    waiting = _try(open_work, world, "ann@acme.example", PASSWORD)
    assert waiting == lockout.Wait(1)
    assert _try(open_work, world, "ann@acme.example", PASSWORD, now=NOON + timedelta(seconds=2)) is True


@pytest.mark.parametrize(("failures", "seconds"), [(4, 0), (5, 1), (6, 2), (7, 4), (14, 512), (15, 900), (99, 900)])
def test_the_delay_after_so_many_failures(failures, seconds):
    assert lockout.password_delay(failures, LIMITS) == timedelta(seconds=seconds)


def test_the_password_stops_at_a_hundred_failures(open_work, world):
    now = NOON
    for _ in range(100):
        _try(open_work, world, "ann@acme.example", "wrong wrong wrong", now=now, ip="192.0.2.9")
        now += timedelta(minutes=16)

    assert _try(open_work, world, "ann@acme.example", PASSWORD, now=now) == lockout.Wait(0, stopped=True)


@pytest.mark.both_databases
def test_a4_parallel_guesses_do_not_pass_the_limit(open_work, world):
    """A4: of 40 parallel tries with 5 free, at most 5 are reserved before the first delay."""
    reserved = []
    start = threading.Barrier(8)

    def guess():
        start.wait()
        for _ in range(5):
            with open_work() as work:
                outcome = password.begin(work, world.organization.id, "ann@acme.example", LIMITS)
            reserved.append(isinstance(outcome, password.Try))

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(reserved) == 40
    assert sum(reserved) == 5


def test_a5_spraying_from_one_network_is_slowed_and_own_success_does_not_clear_it(open_work, world):
    limits = ThrottlingSettings(address_per_minute=3)
    for i in range(2):
        assert _try(open_work, world, f"person{i}@acme.example", "wrong wrong", limits=limits) is False
    assert _try(open_work, world, "ann@acme.example", PASSWORD, limits=limits) is True
    assert _try(open_work, world, "person3@acme.example", "wrong wrong", limits=limits) is False

    assert isinstance(_try(open_work, world, "person4@acme.example", "wrong", limits=limits), lockout.Wait)
    assert _try(open_work, world, "person5@acme.example", "wrong", limits=limits, ip="198.51.100.7") is False


def test_a5_an_ipv6_network_is_one_network():
    assert lockout.network_of("2001:db8:1:2::1") == lockout.network_of("2001:db8:1:2:ffff::9")
    assert lockout.network_of("2001:db8:1:2::1") != lockout.network_of("2001:db8:1:3::1")
    assert lockout.network_of("::ffff:192.0.2.1") == "192.0.2.1"


def test_a26_a_megabyte_of_password_is_refused_before_it_is_hashed(open_work, world):
    start = time.process_time()

    assert _try(open_work, world, "ann@acme.example", "x" * 1_000_000) is False

    assert time.process_time() - start < 1


def test_a_hash_of_weaker_parameters_is_made_anew(open_work, world):
    with open_work() as work:
        weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)
        begun = password.begin(work, world.organization.id, "ann@acme.example", LIMITS)

    old = replace(begun, hash=weak.hash(hashing.peppered(work.tx.vault, PASSWORD)))

    assert password.matches(work.tx.vault, old, PASSWORD)
    assert password.rehashed(work.tx.vault, old, PASSWORD)
    assert password.rehashed(work.tx.vault, begun, PASSWORD) is None


def test_the_stored_hash_is_useless_without_the_wrapping_key(open_work, world):
    from idp.base.crypto import Vault

    with open_work() as work:
        begun = password.begin(work, world.organization.id, "ann@acme.example", LIMITS)

    assert not password.matches(Vault({"other": b"x" * 32}, "other"), begun, PASSWORD)


def test_a24_a_new_password_ends_every_sign_on(open_work, world):
    with open_work() as work:
        before = world.ann.epoch
        account = password.set_password(
            work, world.ann.id, "another quartz lantern", organization_id=world.organization.id
        )
        work.tx.session.refresh(account)

        assert account.epoch == before + 1


def test_a_weak_password_is_refused_with_reasons(open_work, world):
    with open_work() as work, pytest.raises(Invalid) as refusal:
        password.set_password(work, world.ann.id, "short", organization_id=world.organization.id)

    assert "12 characters" in refusal.value.advice


def test_t1_only_the_person_or_an_administrator_sets_a_password(open_work, world):
    from idp.base.errors import NotFound
    from idp.directory import accounts

    with open_work() as work:
        bob = accounts.create(work, "bob@acme.example", organization="acme", name="Bob")
        with pytest.raises(NotFound):
            password.set_password(
                stranger(work), world.ann.id, "quartz umbrella tree", organization_id=world.organization.id
            )
        with pytest.raises(NotFound):
            password.set_password(
                as_account(work, bob), world.ann.id, "quartz umbrella tree", organization_id=world.organization.id
            )
        with pytest.raises(Forbidden):
            password.set_password(
                as_account(work, bob, "auditor"),
                world.ann.id,
                "quartz umbrella tree",
                organization_id=world.organization.id,
            )
        assert password.set_password(
            as_account(work, bob), bob.id, "quartz umbrella tree", organization_id=bob.organization_id
        )
