"""RFC 6238: time-based one-time passwords."""

import threading
from datetime import timedelta

import pytest

from idp.base.errors import Conflict, Invalid, Unavailable
from idp.settings import ThrottlingSettings
from idp.signon import lockout
from idp.signon.factors import totp
from idp.signon.models import TotpFactor
from tests.conftest import NOON
from tests.signon.conftest import SECRET, code_at

LIMITS = ThrottlingSettings()


def _verify(open_work, world, code, now=NOON, limits=LIMITS):
    with open_work(now=now) as work:
        return totp.verify(work, world.organization.id, world.ann.id, code, limits)


@pytest.mark.parametrize("off", [-30, 0, 30])
def test_the_step_now_before_and_after_are_taken(open_work, world, off):
    assert _verify(open_work, world, code_at(NOON + timedelta(seconds=off))) == totp.Right()


@pytest.mark.parametrize("off", [-61, 61])
def test_further_steps_are_not(open_work, world, off):
    assert isinstance(_verify(open_work, world, code_at(NOON + timedelta(seconds=off))), totp.Wrong)


def test_spaces_in_a_code_do_not_matter(open_work, world):
    code = code_at(NOON)

    assert _verify(open_work, world, f" {code[:3]} {code[3:]} ") == totp.Right()


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345"])
def test_what_is_no_code_is_wrong(open_work, world, code):
    assert isinstance(_verify(open_work, world, code), totp.Wrong)


def test_a7_a_code_is_honoured_once(open_work, world):
    assert _verify(open_work, world, code_at(NOON)) == totp.Right()

    assert _verify(open_work, world, code_at(NOON)) == totp.Wrong("the code of this time step was used before")


def test_a7_an_earlier_step_than_the_last_one_is_dead_too(open_work, world):
    assert _verify(open_work, world, code_at(NOON)) == totp.Right()

    assert isinstance(_verify(open_work, world, code_at(NOON - timedelta(seconds=30))), totp.Wrong)
    assert _verify(open_work, world, code_at(NOON + timedelta(seconds=30))) == totp.Right()


@pytest.mark.both_databases
def test_a7_of_many_parallel_uses_one_wins(open_work, world):
    outcomes = []
    generous = ThrottlingSettings(code_free_failures=1000, code_stop_at=100000)
    start = threading.Barrier(10)

    def use():
        start.wait()
        outcomes.append(_verify(open_work, world, code_at(NOON), limits=generous))

    threads = [threading.Thread(target=use) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 10
    assert outcomes.count(totp.Right()) == 1


def test_a8_ten_wrong_codes_make_it_wait_whatever_is_restarted(open_work, world):
    for _ in range(10):
        assert isinstance(_verify(open_work, world, "000000"), totp.Wrong)

    assert isinstance(_verify(open_work, world, code_at(NOON)), lockout.Wait)
    later = NOON + timedelta(minutes=15)
    assert _verify(open_work, world, code_at(later), now=later) == totp.Right()


def test_a8_a_hundred_wrong_codes_stop_the_second_step(open_work, world):
    now = NOON
    for _ in range(100):
        outcome = _verify(open_work, world, "000000", now=now)
        now += timedelta(minutes=16)
        assert isinstance(outcome, totp.Wrong)

    assert _verify(open_work, world, code_at(now), now=now) == lockout.Wait(0, stopped=True)


def test_the_secret_is_sealed_for_its_own_row(open_work, world):
    """D14: a sealed value that is moved to another row does not open."""
    with open_work() as work:
        factor = totp.factors(work, world.organization.id, world.ann.id)[0]
        assert SECRET.hex() not in factor.secret_sealed
        other = totp.enrol(work, world.ann, b"z" * 20, name="Other")
        other.secret_sealed = factor.secret_sealed
        work.tx.session.flush()

        with pytest.raises(Unavailable):
            totp.use_first_code(work, other, code_at(NOON))


def test_an_unconfirmed_factor_does_not_count(open_work, world):
    with open_work() as work:
        work.tx.session.query(TotpFactor).update({"confirmed_at": None})

    with open_work() as work:
        assert not totp.exists(work, world.organization.id, world.ann.id)


def test_the_last_authenticator_stays_where_one_is_required(open_work, world):
    with open_work() as work:
        factor = totp.factors(work, world.organization.id, world.ann.id)[0]

        with pytest.raises(Conflict):
            totp.remove(work, world.ann.id, factor.id, organization_id=world.organization.id, keep_one=True)
        totp.remove(work, world.ann.id, factor.id, organization_id=world.organization.id, keep_one=False)

        assert totp.factors(work, world.organization.id, world.ann.id) == []


@pytest.mark.parametrize("value", ["not base32!", "GEZDGNBVGY3TQOJQ", ""])
def test_a_secret_that_is_too_short_or_no_base32_is_refused(value):
    """CVE-2024-8796: 128 bits at least."""
    with pytest.raises(Invalid):
        totp.read_secret(value)


def test_a_secret_is_read_as_people_write_it():
    assert totp.read_secret(totp.spelled(SECRET).lower()) == SECRET
    assert totp.read_secret(" ".join([totp.spelled(SECRET)[:4], totp.spelled(SECRET)[4:]])) == SECRET


def test_the_offered_secret_is_the_same_each_time_and_another_elsewhere(vault):
    assert totp.enrolment_secret(vault, "pnd_1") == totp.enrolment_secret(vault, "pnd_1")
    assert totp.enrolment_secret(vault, "pnd_1") != totp.enrolment_secret(vault, "pnd_2")
    assert len(totp.enrolment_secret(vault, "pnd_1")) == 20


def test_the_address_for_the_app_names_organization_and_person():
    uri = totp.provisioning_uri(SECRET, email="ann@acme.example", organization="Acme & Söhne")

    assert uri.startswith("otpauth://totp/Acme%20%26%20S%C3%B6hne:ann@acme.example?secret=")
    assert uri.endswith("&issuer=Acme%20%26%20S%C3%B6hne")
