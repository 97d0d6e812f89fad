"""A20: recovery codes."""

import re
import threading

import pytest

from idp.settings import ThrottlingSettings
from idp.signon import lockout
from idp.signon.factors import recovery, totp
from idp.signon.factors.totp import Right, Wrong
from idp.signon.models import RecoveryCode

LIMITS = ThrottlingSettings()


@pytest.fixture
def codes(open_work, world):
    with open_work() as work:
        return recovery.make(work, world.ann)


def _use(open_work, world, code, limits=LIMITS):
    with open_work() as work:
        return recovery.use(work, world.organization.id, world.ann.id, code, limits)


def test_ten_codes_of_120_bits(codes):
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[0-9a-hjkmnp-tv-z]{6}(-[0-9a-hjkmnp-tv-z]{6}){3}", code) for code in codes)


def test_only_fingerprints_are_stored(open_work, codes):
    with open_work() as work:
        stored = {row.code_hash for row in work.tx.session.query(RecoveryCode)}

    assert len(stored) == 10
    assert not stored & {code.replace("-", "") for code in codes}


def test_a20_a_code_is_honoured_once(open_work, world, codes):
    assert _use(open_work, world, codes[0]) == Right()
    assert isinstance(_use(open_work, world, codes[0]), Wrong)
    assert _use(open_work, world, codes[1]) == Right()


def test_it_is_taken_as_people_type_it(open_work, world, codes):
    assert _use(open_work, world, codes[0].upper().replace("-", " ").replace("0", "O").replace("1", "l")) == Right()


def test_a20_new_codes_end_the_old_ones(open_work, world, codes):
    with open_work() as work:
        fresh = recovery.make(work, world.ann)

    assert isinstance(_use(open_work, world, codes[0]), Wrong)
    assert _use(open_work, world, fresh[0]) == Right()


def test_a_code_of_another_account_is_wrong(open_work, world, codes):
    from idp.directory import accounts

    with open_work() as work:
        bob = accounts.create(work, "bob@acme.example", organization="acme", name="Bob")
        assert isinstance(recovery.use(work, bob.organization_id, bob.id, codes[0], LIMITS), Wrong)


@pytest.mark.both_databases
def test_a20_of_many_parallel_uses_one_wins(open_work, world, codes):
    outcomes = []
    generous = ThrottlingSettings(code_free_failures=1000, code_stop_at=100000)
    start = threading.Barrier(10)

    def use():
        start.wait()
        outcomes.append(_use(open_work, world, codes[0], generous))

    threads = [threading.Thread(target=use) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 10
    assert outcomes.count(Right()) == 1


def test_a8_ten_wrong_codes_make_it_wait(open_work, world, codes):
    for _ in range(10):
        _use(open_work, world, "000000-000000-000000-000000")

    assert isinstance(_use(open_work, world, codes[0]), lockout.Wait)


def test_a6_codes_of_authenticators_that_were_guessed_at_do_not_stop_recovery_codes(open_work, world, codes):
    with open_work() as work:
        for _ in range(10):
            totp.verify(work, world.organization.id, world.ann.id, "000000", LIMITS)

    assert _use(open_work, world, codes[0]) == Right()
