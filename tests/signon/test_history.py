"""The history of sign-ins: what is written down, of whom, and what pushes nothing out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.base.errors import Forbidden
from idp.base.work import Origin, Place
from idp.signon import history
from tests.conftest import NOON
from tests.support.people import as_account, stranger


def _succeed(work, world, *, now=NOON):
    history.succeeded(
        replace(work, now=now),
        world.organization.id,
        world.ann.id,
        methods=("pwd", "otp"),
        device_id="dev_1",
        attempt_id="att_1",
        session_id="ses_1",
    )


def _fail(work, world, *, now=NOON):
    history.failed(replace(work, now=now), world.organization.id, world.ann.id, method="pwd", attempt_id="att_2")


def test_a_sign_in_is_written_down_with_where_and_what_it_was(work, world):
    place = Place(country="PL", city="Kraków", asn="12345", latitude=50.06, longitude=19.94)
    origin = Origin("web", ip="2001:db8:1:2::7", user_agent="Firefox\n", locate=lambda ip: place)

    _succeed(replace(work, origin=origin), world)

    (row,) = history.recent(work, world.organization.id, world.ann.id)
    assert (row.at, row.outcome, row.methods) == (NOON, "succeeded", ["pwd", "otp"])
    assert (row.ip, row.network) == ("2001:db8:1:2::7", "2001:db8:1:2::/64")
    assert (row.country, row.city, row.asn, row.latitude, row.longitude) == ("PL", "Kraków", "12345", 50.06, 19.94)
    assert (row.device_id, row.attempt_id, row.session_id) == ("dev_1", "att_1", "ses_1")
    assert "\n" not in row.user_agent


def test_a6_failures_push_out_no_success(work, world):
    _succeed(work, world)
    for minute in range(100):
        _fail(work, world, now=NOON + timedelta(minutes=minute))

    found = history.recent(work, world.organization.id, world.ann.id)

    assert [row.outcome for row in found].count("succeeded") == 1
    assert [row.outcome for row in found].count("failed") == 20
    assert found[0].at == NOON + timedelta(minutes=99)


def test_the_last_fifty_sign_ins_are_shown_the_newest_first(work, world):
    for minute in range(60):
        _succeed(work, world, now=NOON + timedelta(minutes=minute))

    found = history.recent(work, world.organization.id, world.ann.id)

    assert [row.at for row in found] == [NOON + timedelta(minutes=minute) for minute in range(59, 9, -1)]


def test_only_whoever_may_read_what_happened_reads_the_history_of_others(work, world):
    where = (world.organization.id, world.ann.id)
    _succeed(work, world)

    assert len(history.of_account(as_account(work, world.ann, "auditor"), *where)) == 1
    with pytest.raises(Forbidden):
        history.of_account(as_account(work, world.ann), *where)
    with pytest.raises(Forbidden):
        history.of_account(stranger(work), *where)
