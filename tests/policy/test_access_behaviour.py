"""What is unusual about a sign-on: the person's own past and now, nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from idp.policy.access.behaviour import MANY, SUCCESSES, SignIn, behaviours, kilometres
from idp.policy.access.context import Behaviour

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOME = SignIn(NOW - timedelta(days=1), "203.0.113.7", "DE", 52.52, 13.405, "dev_laptop")
USUAL = replace(HOME, at=NOW)
PARIS = {"latitude": 48.8566, "longitude": 2.3522}  # 878 km from Berlin
POTSDAM = {"latitude": 52.3906, "longitude": 13.0645}  # 27 km
FAILURE = SignIn(NOW, "192.0.2.1", succeeded=False)


def test_as_always_is_nothing_unusual():
    assert behaviours([HOME], USUAL) == frozenset()


@pytest.mark.parametrize(("change", "unusual"), [
    ({"device_id": "dev_other"}, {Behaviour.NEW_DEVICE}),
    ({"device_id": ""}, {Behaviour.NEW_DEVICE}),
    ({"network": "198.51.100.1"}, {Behaviour.NEW_NETWORK}),
    ({"country": "FR"}, {Behaviour.NEW_COUNTRY}),
    ({"country": ""}, set()),
    ({"latitude": None}, set()),
])  # fmt: skip
def test_one_thing_that_is_new(change, unusual):
    assert behaviours([HOME], replace(USUAL, **change)) == unusual


def test_whoever_never_signed_in_has_everything_new_but_travels_nowhere():
    assert behaviours([], USUAL) == {Behaviour.NEW_DEVICE, Behaviour.NEW_NETWORK, Behaviour.NEW_COUNTRY}


def test_failures_make_nothing_usual():
    guessed = replace(HOME, succeeded=False)

    assert behaviours([guessed], USUAL) == {Behaviour.NEW_DEVICE, Behaviour.NEW_NETWORK, Behaviour.NEW_COUNTRY}


def test_what_is_usual_is_told_by_the_last_twenty_only():
    others = [
        replace(HOME, at=NOW - timedelta(hours=hour), network=f"198.51.100.{hour}") for hour in range(1, SUCCESSES + 1)
    ]

    assert behaviours([*others[:-1], HOME], USUAL) == frozenset()
    assert behaviours([*others, HOME], USUAL) == {Behaviour.NEW_NETWORK}


@pytest.mark.parametrize(("minutes", "impossible"), [(0, True), (60, True), (65, True), (66, False), (600, False)])
def test_travel_is_impossible_if_it_is_faster_than_805_kilometres_an_hour(minutes, impossible):
    """Berlin to Paris is 878 km: an hour and five minutes and a half."""
    last = replace(HOME, at=NOW - timedelta(minutes=minutes))
    found = behaviours([last], replace(USUAL, **PARIS))

    assert (Behaviour.IMPOSSIBLE_TRAVEL in found) is impossible


def test_a_short_way_is_no_travel_however_fast():
    assert behaviours([replace(HOME, at=NOW)], replace(USUAL, **POTSDAM)) == frozenset()


def test_a_clock_that_went_back_makes_no_negative_speed():
    last = replace(HOME, at=NOW + timedelta(seconds=5))

    assert Behaviour.IMPOSSIBLE_TRAVEL in behaviours([last], replace(USUAL, **PARIS))


def test_travel_is_measured_from_the_last_place_that_is_known():
    long_ago = replace(HOME, at=NOW - timedelta(days=3))
    unknown = replace(HOME, at=NOW - timedelta(minutes=1), latitude=None, longitude=None)
    there_already = replace(HOME, at=NOW - timedelta(minutes=30), **PARIS)
    paris = replace(USUAL, **PARIS)

    assert Behaviour.IMPOSSIBLE_TRAVEL not in behaviours([long_ago, unknown], paris)
    assert Behaviour.IMPOSSIBLE_TRAVEL not in behaviours([long_ago, there_already], paris)
    assert Behaviour.IMPOSSIBLE_TRAVEL in behaviours([there_already], USUAL)


@pytest.mark.parametrize(("count", "minutes", "many"), [
    (MANY, 59, True), (MANY, 60, True), (MANY, 61, False), (MANY - 1, 1, False),
])  # fmt: skip
def test_ten_failures_within_an_hour_are_many(count, minutes, many):
    past = [HOME, *[replace(FAILURE, at=NOW - timedelta(minutes=minutes))] * count]

    assert behaviours(past, USUAL) == ({Behaviour.MANY_FAILURES} if many else frozenset())


def test_distances_are_those_of_the_globe():
    assert kilometres(HOME, replace(HOME, **PARIS)) == pytest.approx(878, abs=2)
    assert kilometres(replace(HOME, latitude=0.0, longitude=179.9), replace(HOME, latitude=0.0, longitude=-179.9)) < 30
    assert kilometres(replace(HOME, latitude=90.0, longitude=0.0), replace(HOME, latitude=-90.0)) == pytest.approx(
        20015, abs=2
    )
