"""One-time values: one conditional update decides who consumes them (D9)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from idp.base.ids import new_token
from idp.signon import onetime
from idp.signon.onetime import AlreadyUsed, Consumed, Unused

MINUTE = timedelta(minutes=1)


@pytest.fixture
def token(work):
    made = new_token("cod")
    onetime.store(work, "oidc.code", made, organization_id=None, bound={"client": "one"}, lives=MINUTE)
    return made


def test_it_is_consumed_once(work, token):
    assert onetime.consume(work, "oidc.code", token) == Consumed({"client": "one"})
    assert onetime.consume(work, "oidc.code", token) == AlreadyUsed({"client": "one"})


def test_looking_does_not_consume(work, token):
    assert onetime.look(work, "oidc.code", token) == Unused({"client": "one"})
    assert onetime.look(work, "oidc.code", token) == Unused({"client": "one"})
    onetime.consume(work, "oidc.code", token)
    assert onetime.look(work, "oidc.code", token) == AlreadyUsed({"client": "one"})


def test_o10_too_late_is_as_good_as_never(work, token):
    later = replace(work, now=work.now + MINUTE)

    assert onetime.look(later, "oidc.code", token) is None
    assert onetime.consume(later, "oidc.code", token) is None
    assert isinstance(onetime.consume(work, "oidc.code", token), Consumed)


def test_o7_a_replay_is_known_as_one_even_when_it_comes_late(work, token):
    onetime.consume(work, "oidc.code", token)

    assert isinstance(onetime.consume(replace(work, now=work.now + MINUTE), "oidc.code", token), AlreadyUsed)


def test_o9_a_value_of_one_purpose_is_nothing_for_another(work, token):
    assert onetime.look(work, "oidc.refresh", token) is None
    assert onetime.consume(work, "oidc.refresh", token) is None


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "A", lambda t: t.swapcase(), lambda t: ""])
def test_o24_only_the_whole_value_counts(work, token, change):
    assert onetime.consume(work, "oidc.code", change(token)) is None


def test_the_value_itself_is_not_stored(work, token):
    stored = work.tx.connection.exec_driver_sql("SELECT value_hash, bound FROM one_time_values").one()

    assert token not in str(stored)
    assert len(stored[0]) == 64


@pytest.mark.both_databases
def test_d9_of_many_at_once_one_consumes_it(open_work):
    tokens = [new_token("cod") for _ in range(20)]
    with open_work() as work:
        for token in tokens:
            onetime.store(work, "oidc.code", token, organization_id=None, bound={}, lives=MINUTE)

    def consume(token):
        with open_work() as work:
            return onetime.consume(work, "oidc.code", token)

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(consume, [token for token in tokens for _ in range(8)]))

    assert sum(isinstance(outcome, Consumed) for outcome in outcomes) == len(tokens)
    assert sum(isinstance(outcome, AlreadyUsed) for outcome in outcomes) == 7 * len(tokens)
