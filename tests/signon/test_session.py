"""Sign-on sessions: where they end, and what is stored of them."""

from datetime import timedelta

import pytest

from idp.directory import accounts
from idp.directory.policies import authentication_policy
from idp.policy.signon import Method, Proof
from idp.signon import logout, logout_steps, session
from idp.signon.models import Logout
from tests.conftest import NOON


def start(open_work, world, *, now=NOON, replaces=None):
    with open_work(now=now) as work:
        epoch = work.tx.session.get_one(accounts.Account, (world.organization.id, world.ann.id)).epoch
        token, _ = session.start(
            work,
            organization_id=world.organization.id,
            account_id=world.ann.id,
            epoch=epoch,
            proofs=(Proof(Method.PASSWORD, now), Proof(Method.TOTP, now)),
            policy=authentication_policy(work, world.organization.id, None),
            attempt_id="att_test",
            replaces=replaces,
        )
        return token


def find(open_work, token, now=NOON):
    with open_work(now=now) as work:
        return session.find(work, token)


def test_a13_the_cookie_is_256_random_bits_and_the_row_keeps_its_fingerprint(open_work, world):
    token = start(open_work, world)

    with open_work() as work:
        row = session.sessions(work, world.organization.id, world.ann.id)[0]
        assert len(token) == len("ses_") + 43
        assert row.token_hash not in token
        assert len(row.token_hash) == 64


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: t + "A", lambda t: t.upper(), lambda t: "", lambda t: "ses_"]
)
def test_a13_a_cookie_is_taken_whole_or_not_at_all(open_work, world, change):
    token = start(open_work, world)

    assert find(open_work, change(token)) is None
    assert find(open_work, token) is not None


def test_it_ends_when_left_idle(open_work, world):
    token = start(open_work, world)

    assert find(open_work, token, NOON + timedelta(minutes=59)) is not None
    assert find(open_work, token, NOON + timedelta(hours=1)) is None


def test_use_keeps_it_alive_until_its_absolute_end(open_work, world):
    token = start(open_work, world)
    now = NOON
    while now < NOON + timedelta(hours=11, minutes=30):
        now += timedelta(minutes=50)
        with open_work(now=now) as work:
            current = session.find(work, token)
            if current is None:
                break
            session.touch(work, current)

    assert now >= NOON + timedelta(hours=12) - timedelta(minutes=50)
    assert find(open_work, token, NOON + timedelta(hours=12)) is None


def test_a24_disabling_the_account_ends_it_and_enabling_does_not_bring_it_back(open_work, world):
    token = start(open_work, world)
    with open_work() as work:
        accounts.disable(work, world.ann.id)
    assert find(open_work, token) is None

    with open_work() as work:
        accounts.enable(work, world.ann.id)
    assert find(open_work, token) is None


def test_signing_out_ends_it_and_names_who_took_part(open_work, world):
    token = start(open_work, world)
    with open_work() as work:
        current = session.find(work, token)
        for name in ("one", "one"):
            session.join(work, current.organization_id, current.id, world.wiki.id, {"subject": name})
        assert [p.subject for p in session.participants(work, current.organization_id, current.id)] == [
            {"subject": "one"}
        ]
        started = logout.start(
            work, {}, current.organization_id, {current.id: current.account_id}, because="the person asked"
        )

    assert find(open_work, token) is None
    with open_work() as work:
        (step,) = logout_steps.steps(work, work.tx.session.get_one(Logout, (started.organization_id, started.id)))
    assert (step.application_name, step.outcome) == ("Wiki", "cannot")


def test_an_application_has_a_step_for_each_name_and_one_for_all_that_are_given_once(open_work, world):
    token = start(open_work, world)
    given = ({"value": "one"}, {"value": "a", "once": True}, {"value": "two"}, {"value": "b", "once": True})
    for seconds, name in enumerate((*given, {"value": "one"})):
        with open_work(NOON + timedelta(seconds=seconds)) as work:
            current = session.find(work, token)
            session.join(work, current.organization_id, current.id, world.wiki.id, name)
    with open_work(NOON + timedelta(seconds=9)) as work:
        started = logout.start(work, {}, current.organization_id, {current.id: current.account_id}, because="asked")

    with open_work() as work:
        steps = logout_steps.steps(work, work.tx.session.get_one(Logout, (started.organization_id, started.id)))
        assert sorted(step.subject["value"] for step in steps) == ["b", "one", "two"]


def test_the_twenty_first_session_ends_the_oldest(open_work, world):
    tokens = [start(open_work, world, now=NOON + timedelta(seconds=i)) for i in range(21)]

    later = NOON + timedelta(seconds=30)
    assert find(open_work, tokens[0], later) is None
    assert all(find(open_work, token, later) for token in tokens[1:])


def test_of_sessions_of_one_moment_the_one_that_begins_is_never_the_one_that_ends(open_work, world):
    for _ in range(20):
        start(open_work, world)
    for _ in range(20):
        assert find(open_work, start(open_work, world)) is not None

    with open_work() as work:
        assert len(session.sessions(work, world.organization.id, world.ann.id)) == 20


def test_a12_another_account_in_the_same_browser_ends_the_first_session(open_work, world):
    token = start(open_work, world)
    with open_work() as work:
        bob = accounts.create(work, "bob@acme.example", organization="acme", name="Bob")
        session.start(
            work,
            organization_id=world.organization.id,
            account_id=bob.id,
            epoch=bob.epoch,
            proofs=(Proof(Method.PASSWORD, NOON),),
            policy=authentication_policy(work, world.organization.id, None),
            attempt_id="att_test",
            replaces=session.find(work, token),
        )

    assert find(open_work, token) is None
