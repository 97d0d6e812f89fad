"""When metadata is fetched again (SAML Metadata 2.0 section 2.3.2)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.saml.instants import read_duration
from idp.saml.key_change.schedule import next_refresh
from tests.saml.test_difference import GOOD
from tests.support.service_provider import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GOOD = replace(GOOD, valid_until=None)


@pytest.mark.parametrize(
    ("cache", "until", "failed", "wait"),
    [
        (None, None, False, DAY),
        (6 * 3600, None, False, 6 * HOUR),
        (60, None, False, HOUR),
        (10**9, None, False, 7 * DAY),
        (None, 12 * HOUR, False, 6 * HOUR),
        (None, timedelta(minutes=1), False, HOUR),
        (None, -DAY, False, HOUR),
        (7 * 86400, None, True, HOUR),
    ],
)
def test_the_wait_is_bounded_and_spread(cache, until, failed, wait):
    described = replace(GOOD, cache_seconds=cache, valid_until=None if until is None else NOON + until)

    waits = [next_refresh(described, NOON, key=f"sp{number}", failed=failed) - NOON for number in range(50)]

    assert all(0.8 * wait <= one <= wait for one in waits)
    assert len(set(waits)) > 40
    assert waits[0] == next_refresh(described, NOON, key="sp0", failed=failed) - NOON


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT1H", 3600), ("P1D", 86400), ("P1DT1M", 86460), ("PT0.5S", 0), ("PT90S", 90), ("P1Y2M", 425 * 86400)],
)
def test_a_duration_is_read(text, seconds):
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "1H", "-PT1H", "P1H", "P1DT", "PT٣S"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="no duration"):
        read_duration(text)
