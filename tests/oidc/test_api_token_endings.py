"""People are told once, in their language, that an API token of theirs is over soon."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from idp.base import letters, outbox
from idp.base.ids import fingerprint
from idp.base.models import Job
from idp.directory import accounts, authentication_policy_changes
from idp.oidc import apis
from idp.oidc.api_tokens import administered, ending, own
from idp.oidc.models import ApiToken
from idp.signon.models import Notice
from tests.oidc.support import ANN, RegisteredApi
from tests.oidc.test_api_tokens import ORDERS, READ, make

DAY = timedelta(days=1)


@pytest.fixture
def orders(place) -> RegisteredApi:
    return place.api(ORDERS, READ, takes_api_tokens=True)


def told(place) -> list[str]:
    """Whom the mails went to that say so, after everything was looked at once."""
    with place.work() as work:
        after = ("", "")
        while after is not None:
            after = ending.tell_part(work, after, at_once=2)
    seen = []
    outbox.drain(place.database, {"mail": seen.append}, place.now)
    place.mails = [one for one in seen if one.content["values"].get("kind") == "api-token-ending"]
    with place.work() as work:
        notices = work.tx.session.scalars(sa.select(Notice).where(Notice.kind == "api-token-ending")).all()
        place.notices = len(notices)
    return [one.destination for one in place.mails]


def test_a_person_is_told_a_week_before_and_once(place, orders):
    make(place, orders, days=30)
    place.now += 22 * DAY
    assert told(place) == []
    place.now += 1.5 * DAY
    assert told(place) == [ANN]
    place.now += DAY
    assert told(place) == []
    assert place.notices == 1


def test_of_a_short_life_a_quarter_is_left(place, orders):
    make(place, orders, days=8)
    place.now += 5 * DAY
    assert told(place) == []
    place.now += 1.5 * DAY
    assert told(place) == [ANN]


def test_it_is_told_by_the_end_that_the_policy_has_come_to_allow(place, orders):
    make(place, orders, days=300)
    with place.work() as work:
        authentication_policy_changes.edit(work, "acme", "Default", {"api_token_days": 20})
    place.now += 12 * DAY
    assert told(place) == []
    place.now += 4 * DAY
    assert told(place) == [ANN]


def test_of_what_is_good_for_nothing_nobody_is_told(place, orders):
    wrong = []

    def revoked(work):
        own.revoke(work, place.session, place.made)

    def off(work):
        apis.disable(work, orders.id)

    def none_taken(work):
        apis.edit(work, orders.id, takes_api_tokens=False)

    def disabled(work):
        accounts.disable(work, ANN)

    start = place.now
    for change in (off, none_taken, revoked, disabled):
        place.now = start
        make(place, orders, days=30)
        place.now += 25 * DAY
        with place.work() as work:
            change(work)
        if told(place):
            wrong.append(change.__name__)
        with place.work() as work:
            api = apis.find(work, orders.id)
            if api.disabled_at is not None:
                apis.enable(work, orders.id)
            apis.edit(work, orders.id, takes_api_tokens=True)
            work.tx.session.execute(sa.delete(ApiToken))
    assert wrong == []
    place.now = start + 31 * DAY
    assert told(place) == []


def test_every_token_is_met_however_small_the_parts_and_the_day_is_asked_for_once(place, orders):
    for number in range(5):
        make(place, orders, days=30, label=f"Number {number}")
    place.now += 25 * DAY
    assert told(place) == [ANN] * 5
    with place.work() as work:
        ending.sweep(work, {})
        ending.sweep(work, {})
        count = work.tx.session.scalars(sa.select(Job).where(Job.kind == ending.DAILY)).all()
        assert len(count) == 1


def test_the_mail_says_what_to_do_and_carries_neither_token_nor_a_link_that_ends_everything(place, orders):
    token = make(place, orders, days=30)
    place.now += 25 * DAY
    told(place)
    [mail] = place.mails
    letter = letters.writer("https://idp.example", None)("notice", mail.content["values"], "en")
    assert "“Nightly report”" in letter.text
    assert "https://idp.example/account/tokens" in letter.text
    assert "/not-me/" not in letter.text
    assert token not in letter.text
    assert fingerprint(token) not in letter.text


def test_administrators_are_counted_what_ends_within_two_weeks(place, orders):
    make(place, orders, days=30)
    make(place, orders, days=10, label="Short")
    with place.work() as work:
        organization_id = place.session.organization_id
        assert administered.ending(work, organization_id) == 1
