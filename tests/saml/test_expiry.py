"""What ends is said 30, 14 and 3 days ahead, once each."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from idp.saml import attention, expiry, refreshing
from idp.saml.description import EncryptionKey
from idp.saml.models import ServiceProvider as Row
from tests.saml.test_difference import GOOD
from tests.support import people
from tests.support.service_provider import NOON, ServiceProvider, ending, stamp

SP = ServiceProvider()
END = NOON + timedelta(days=40)
CERTIFICATE = ending(END)
UNTIL = replace(GOOD, valid_until=END)


@pytest.mark.parametrize(
    ("days", "stage"),
    [(40, None), (30.1, None), (30, 30), (14.1, 30), (14, 14), (3.1, 14), (3, 3), (0.1, 3), (0, None), (-1, None)],
)
def test_the_stage_is_the_nearest_that_was_reached(days, stage):
    assert expiry.stage(NOON + timedelta(days=days), NOON) == stage


def test_everything_that_ends_is_known_the_earliest_first():
    described = replace(UNTIL, signing_certificates=(CERTIFICATE,), encryption_keys=(EncryptionKey(CERTIFICATE),))

    found = expiry.endings(replace(described, valid_until=END - timedelta(days=1)))

    assert [one.what.split(" ")[0] for one in found] == ["metadata", "signing", "encryption"]
    assert found[1].ends == END
    assert expiry.next_end(described, NOON) == END
    assert expiry.next_end(described, END) is None


def test_a_stage_is_said_once_and_the_next_one_again():
    warned = {}
    said = []
    for day in range(45):
        now = NOON + timedelta(days=day)
        for one in expiry.to_warn(UNTIL, now, warned):
            warned[one.ending.key] = one.stage
            said.append((day, one.stage))

    assert said == [(10, 30), (26, 14), (37, 3)]


def test_whoever_comes_late_says_only_what_is_urgent():
    assert [one.stage for one in expiry.to_warn(UNTIL, END - timedelta(days=2), {})] == [3]


def test_the_next_warning_is_when_there_will_be_something_to_say():
    key = expiry.endings(UNTIL)[-1].key

    def at(days: int) -> datetime:
        return END - timedelta(days=days)

    assert expiry.next_warning(UNTIL, NOON, {}) == at(30)
    assert expiry.next_warning(UNTIL, at(20), {}) == at(20)
    assert expiry.next_warning(UNTIL, at(20), {key: 30}) == at(14)
    assert expiry.next_warning(UNTIL, at(2), {key: 3}) is None
    assert expiry.next_warning(UNTIL, END, {}) is None


def test_the_hourly_sweep_warns_once_per_stage_and_leaves_the_version(world):
    document = SP.metadata(signing=CERTIFICATE, entity=f' validUntil="{stamp(END)}"')
    application_id = world.register(SP, document)

    for _ in range(41 * 3):
        with world.work() as work:
            refreshing.sweep(work)
        world.later(hours=8)

    said = [(entry.details["what"].split(" ")[0], entry.details["within_days"], entry.details["ends"])
            for entry in sorted(world.audited("service-provider.expiry-warned"), key=lambda entry: entry.at)]  # fmt: skip
    end = f"{END:%Y-%m-%d}"
    assert sorted(said) == sorted((what, days, end) for days in (30, 14, 3) for what in ("metadata", "signing"))
    with world.work() as work:
        found = work.tx.session.query(Row).one()
        assert (found.application_id, found.version, found.warn_at) == (application_id, 1, None)


def test_what_ended_long_ago_is_not_warned_of(world):
    """Certificates of service providers run out and go on: their dates mean nothing to us."""
    world.register(SP)

    with world.work() as work:
        refreshing.sweep(work)

    assert world.audited("service-provider.expiry-warned") == []
    assert datetime(2022, 1, 1, tzinfo=UTC) < NOON


def test_what_wants_attention_is_shown_to_those_who_may_see_it_and_to_no_stranger(world, as_account):
    """T1."""
    application_id = world.register(SP, SP.metadata(signing=CERTIFICATE))
    world.later(days=20)

    with world.work() as work:
        (one,) = attention.wanted(work)
        assert (one.application_id, [warned.stage for warned in one.ends]) == (application_id, [30])
        assert attention.wanted(people.stranger(work)) == []
        assert attention.wanted(as_account(work, world.account(), "auditor")) != []
    world.later(days=30)
    with world.work() as work:
        assert attention.wanted(work) == []
