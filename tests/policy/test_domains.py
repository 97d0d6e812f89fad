"""Which names can be domains, and what follows from looking for their proof."""

from datetime import UTC, datetime, timedelta

import pytest

from idp.base.errors import Invalid
from idp.policy import domains
from idp.policy.domains import Finding, Method, Standing, State, Step, Turn

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def days(count: float) -> datetime:
    return NOON + timedelta(days=count)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("example.org", "example.org"),
        ("  Example.ORG. ", "example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("example.co.uk", "example.co.uk"),
        ("eng.example.org", "eng.example.org"),
        ("example。com", "example.com"),
    ],
)
def test_a_domain_is_kept_as_a_labels(typed, kept):
    assert domains.name(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        *("", ".", "localhost", "org", "a..org", "-a.org", "a_b.org", "x" * 64 + ".org", "xn--a.org"),
        *("192.0.2.1", "2001:db8::1", "[::1]", "1.2.3.4.5", "0x7f.1", "１９２.0.2.1"),
        *("http://example.org", "ann@example.org", "example.org/", "*.example.org", "exa mple.org", "example.org\x00"),
        *("co.uk", "CO.UK.", "公司.cn", "github.io", "s3.amazonaws.com", "foo.ck", "kawasaki.jp"),
        *("gmail.com", "GMAIL.com", "googlemail.com", "gmx.de", "outlook.com", "yahoo.co.uk", "qq.com", "proton.me"),
        "a." * 130 + "org",
    ],
)
def test_t20_what_cannot_be_one_organizations_own_is_refused(typed):
    with pytest.raises(Invalid):
        domains.name(typed)


def test_a_proof_that_is_found_gives_power():
    for state in (State.UNVERIFIED, State.SUPERSEDED):
        assert domains.after(Standing(state, None, None), Finding.FOUND, NOON) == Step(
            State.VERIFIED, None, Turn.VERIFIED
        )


@pytest.mark.parametrize("finding", [Finding.ABSENT, Finding.UNKNOWN])
def test_an_unproven_claim_stays_one(finding):
    standing = Standing(State.UNVERIFIED, None, NOON)
    assert domains.after(standing, finding, days(3)) == Step(State.UNVERIFIED, None)


@pytest.mark.parametrize("finding", [Finding.ABSENT, Finding.UNKNOWN])
def test_t20_a_missing_proof_goes_through_its_grace_step_by_step(finding):
    """Daily looks that find nothing: what happens on which day."""
    state, since, looked, turns = State.VERIFIED, None, days(-1), {}
    for day in range(31):
        step = domains.after(Standing(state, since, looked), finding, days(day))
        state, since, looked = step.state, step.missing_since, days(day)
        if step.turn is not None:
            turns[day] = (step.turn, step.state)

    assert turns == {
        0: (Turn.MISSING, State.MISSING_TOKEN),
        7: (Turn.JOINING_STOPPED, State.MISSING_TOKEN),
        14: (Turn.FROZEN, State.FROZEN),
        28: (Turn.RELEASED, State.UNVERIFIED),
    }


@pytest.mark.parametrize("state", [State.MISSING_TOKEN, State.FROZEN])
def test_a_proof_that_comes_back_gives_all_of_it_back(state):
    step = domains.after(Standing(state, NOON, days(20)), Finding.FOUND, days(21))
    assert step == Step(State.VERIFIED, None, Turn.FOUND_AGAIN)


def test_nobody_is_let_go_by_the_look_that_freezes():
    """The machine was off for a month: the first look freezes, whoever is told has time until the next."""
    step = domains.after(Standing(State.MISSING_TOKEN, NOON, NOON), Finding.ABSENT, days(40))
    assert step == Step(State.FROZEN, NOON, Turn.FROZEN)


def test_t20_time_takes_power_where_no_look_did():
    """What is asked at the door does not wait for the job."""
    missing = State.MISSING_TOKEN
    assert domains.may_join(missing, NOON, days(6.9))
    assert not domains.may_join(missing, NOON, days(7))
    assert domains.may_claim(missing, NOON, days(13.9))
    assert not domains.may_claim(missing, NOON, days(14))


@pytest.mark.parametrize("state", [State.UNVERIFIED, State.FROZEN, State.SUPERSEDED, State.REMOVED])
def test_nothing_is_claimed_through_a_domain_without_proof(state):
    assert not domains.may_claim(state, None, NOON)
    assert not domains.may_join(state, None, NOON)


@pytest.mark.parametrize(
    ("method", "holder_method", "holder", "takes"),
    [
        (Method.DNS, Method.DNS, Finding.ABSENT, True),
        (Method.DNS, Method.DNS, Finding.FOUND, False),
        (Method.DNS, Method.DNS, Finding.UNKNOWN, False),
        (Method.DNS, Method.HTTPS, Finding.UNKNOWN, True),
        (Method.DNS, Method.HTTPS, Finding.FOUND, False),
        (Method.HTTPS, Method.DNS, Finding.UNKNOWN, False),
        (Method.HTTPS, Method.DNS, Finding.ABSENT, True),
        (Method.HTTPS, Method.HTTPS, Finding.UNKNOWN, False),
    ],
)
def test_t20_a_proof_takes_a_domain_only_from_a_holder_whose_own_is_gone(method, holder_method, holder, takes):
    assert domains.takes_over(method, holder_method, holder) is takes


def test_a_proof_is_looked_for_ever_less_often():
    def after(state, age):
        found = domains.next_look(state, created_at=NOON, now=days(age))
        return None if found is None else found - days(age)

    assert after(State.UNVERIFIED, 1) == timedelta(hours=1)
    assert after(State.UNVERIFIED, 3) == timedelta(days=1)
    assert after(State.UNVERIFIED, 31) is None
    assert after(State.FROZEN, 400) == timedelta(days=1)
    assert after(State.SUPERSEDED, 1) is after(State.REMOVED, 1) is None
