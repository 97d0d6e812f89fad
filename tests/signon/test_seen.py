"""X19, O14: a message of an issuer is accepted once at a site."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from idp.signon import seen

HOUR = timedelta(hours=1)


def test_x19_a_replay_is_not_the_first_time(work):
    assert seen.first_time(work, "sit_a", "https://sp.example", "_id1", lives=HOUR)
    assert not seen.first_time(work, "sit_a", "https://sp.example", "_id1", lives=HOUR)


@pytest.mark.parametrize(
    "other",
    [
        ("sit_b", "https://sp.example", "_id1"),
        ("sit_a", "https://other.example", "_id1"),
        ("sit_a", "https://sp.example", "_id2"),
    ],
    ids=["another site", "another issuer", "another message"],
)
def test_the_same_id_elsewhere_is_another_message(work, other):
    seen.first_time(work, "sit_a", "https://sp.example", "_id1", lives=HOUR)

    assert seen.first_time(work, *other, lives=HOUR)


def test_an_id_longer_than_the_column_is_still_one_message(work):
    long = "_" + "a" * 500

    assert seen.first_time(work, "sit_a", "https://sp.example", long, lives=HOUR)
    assert not seen.first_time(work, "sit_a", "https://sp.example", long, lives=HOUR)
    assert seen.first_time(work, "sit_a", "https://sp.example", long + "b", lives=HOUR)


@pytest.mark.both_databases
def test_x19_of_many_at_once_one_is_the_first(open_work):
    def receive(number):
        with open_work() as work:
            return seen.first_time(work, "sit_a", "https://sp.example", f"_{number % 20}", lives=HOUR)

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(receive, range(160)))

    assert outcomes.count(True) == 20
