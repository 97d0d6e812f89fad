"""Metadata that was valid until a moment that has passed (SAML Metadata 2.0 section 2.3.2; X30)."""

from datetime import timedelta

import pytest

from idp.base.errors import Invalid
from idp.directory import history
from idp.saml import names, redescribing, refreshing
from idp.saml.description import SpDescription
from idp.saml.doctor import examination
from idp.saml.editing import Edit
from idp.saml.models import ServiceProvider as Row
from tests.saml import logouts
from tests.saml.logouts import carried, index, name_id
from tests.saml.test_refreshing import refresh
from tests.saml.test_sign_on import signed_in
from tests.support.published import publisher
from tests.support.saml_world import posted, refused
from tests.support.service_provider import NOON, ServiceProvider, consumer, stamp
from tests.support.visitor import Visitor

UNTIL = NOON + timedelta(minutes=20)
_NAME = '<md:ServiceName xml:lang="en">Wiki</md:ServiceName>'
ADDRESS = "https://sp.example/metadata"


@pytest.fixture
def sp() -> ServiceProvider:
    return logouts.provider("wiki", slo=logouts.service(names.REDIRECT, "https://wiki.example/slo"))


def document(sp: ServiceProvider, until=UNTIL) -> bytes:
    said = f' validUntil="{until:%Y-%m-%dT%H:%M:%SZ}"'
    return sp.metadata(signing=sp.pair.der, slo=sp.slo, entity=said)


def ask(world, sp, browser):
    return browser.sso(sp.query(sp.authn_request(IssueInstant=stamp(world.now))))


def described(world) -> SpDescription:
    with world.work() as work:
        return SpDescription.from_json(work.tx.session.query(Row).one().description)


def edit(world, application_id: str, **changes):
    with world.work() as work:
        return redescribing.edit(work, application_id, Edit(**changes))


@pytest.mark.both_databases
def test_x30_nobody_signs_on_once_metadata_from_an_address_has_expired(world, sp, ann):
    """X30: nobody vouches for its addresses and keys any more. Three minutes are the clocks'."""
    world.register(sp, document(sp), metadata_url=ADDRESS)
    world.later(minutes=22)
    posted(ask(world, sp, ann))
    world.later(minutes=2)

    answer = ask(world, sp, ann)

    refused(answer)
    assert "has expired" in answer.text
    attempt = world.last_attempt(answer)
    assert (attempt.code, attempt.cause) == (
        "saml-metadata-expired",
        "its metadata was valid until 2030-01-01 12:20 UTC",
    )


def test_x30_nor_is_anybody_started_from_our_side(world, sp, ann):
    world.register(sp, document(sp), metadata_url=ADDRESS, idp_initiated=True)
    start = f"/sites/acme/saml/start?sp={sp.entity_id}"
    posted(ann.client.get(start))
    world.later(minutes=30)

    assert world.last_attempt(ann.client.get(start)).code == "saml-metadata-expired"


def test_x30_nor_is_a_sign_on_answered_that_was_begun_before(world, sp):
    world.register(sp, document(sp, NOON + timedelta(minutes=2)), metadata_url=ADDRESS)
    visitor = Visitor(world.app.test_client())
    visitor.open("/sites/acme/saml/sso?" + sp.query(sp.authn_request()))
    world.later(minutes=6)

    refused(signed_in(world, visitor).answer)

    assert world.attempts()[-1].code == "saml-metadata-expired"


def test_whoever_is_signed_on_can_still_be_signed_out(world, sp, ann):
    world.register(sp, document(sp), metadata_url=ADDRESS)
    signed_on = posted(ask(world, sp, ann))
    world.later(minutes=30)
    request = sp.logout_request(name_id(signed_on), index(signed_on), IssueInstant=stamp(world.now))

    came = ann.client.get(f"/sites/acme/saml/slo?{sp.query(request, sign=logouts.SIGN)}")

    assert carried(came.headers["Location"]).statuses == ["Success"]


def test_what_nobody_can_renew_goes_on(world, sp, ann):
    """Metadata that was pasted or is a file is a copy: its end is warned of."""
    world.register(sp, document(sp))
    world.later(minutes=30)

    posted(ask(world, sp, ann))


def test_x30_once_it_is_fetched_anew_people_sign_on_again(world, sp, ann):
    with publisher() as publishing:
        publishing.body = document(sp)
        application = world.register(sp, publishing.body, metadata_url=publishing.url)
        world.later(minutes=30)
        refused(ask(world, sp, ann))
        assert "valid until" in refresh(world, application).cause
        publishing.body = document(sp, world.now + timedelta(days=1))

        assert refresh(world, application).came is refreshing.Came.APPLIED

    posted(ask(world, sp, ann))


@pytest.mark.parametrize("until", ["", "2030-02-01", "2030-02-01T06:30:00Z"])
def test_x30_whoever_says_that_it_lasts_longer_answers_for_it(world, sp, ann, until):
    """X30: the risk stands in the audit log with the change."""
    application = world.register(sp, document(sp), metadata_url=ADDRESS)
    world.later(minutes=30)

    edit(world, application, valid_until=until)

    posted(ask(world, sp, ann))
    (entry,) = world.audited("service-provider.redescribed")
    validity, risk = entry.details["changes"]
    assert validity.startswith("validity of the metadata ")
    assert risk == (
        "risk added: the addresses and keys that its publisher gives up after 2030-01-01 12:20 UTC are used on"
    )


def test_where_it_does_not_bind_and_where_it_is_shortened_there_is_no_risk(world, sp):
    application = world.register(sp, document(sp))
    assert [one.part for one in edit(world, application, valid_until="").changes] == ["validity of the metadata"]
    with world.work() as work:
        redescribing.set_source(work, application, url=ADDRESS)
    edit(world, application, valid_until="2030-03-01")

    assert [one.part for one in edit(world, application, valid_until="2030-02-01").changes] == [
        "validity of the metadata"
    ]


def test_x30_who_takes_the_address_away_answers_for_it_too(world, sp):
    application = world.register(sp, document(sp), metadata_url=ADDRESS)

    with world.work() as work:
        changes = redescribing.set_source(work, application, url="")

    assert [one.part for one in changes] == ["address of the metadata", "risk"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"valid_until": "2029-12-31"}, "metadata"),
        ({"valid_until": "tomorrow"}, "valid_until"),
        ({"valid_until": "2030-13-01"}, "valid_until"),
        ({"cache_duration": "a day"}, "cache_duration"),
        ({"cache_duration": "P"}, "cache_duration"),
    ],
)
def test_what_is_no_moment_to_come_and_no_duration_is_refused(world, sp, changes, field):
    application = world.register(sp, document(sp))

    with pytest.raises(Invalid) as refusal:
        edit(world, application, **changes)

    assert refusal.value.field == field
    assert described(world).valid_until == UNTIL


def test_for_how_long_it_is_kept_is_edited_too(world, sp):
    application = world.register(sp, document(sp))

    (change,) = edit(world, application, cache_duration="PT36H").changes

    assert (str(change), described(world).cache_seconds) == ("time to be kept added: 36 hours", 36 * 3600)
    edit(world, application, cache_duration="")
    assert described(world).cache_seconds is None


def test_the_doctor_says_of_such_an_attempt_how_to_go_on(world, sp, ann):
    application = world.register(sp, document(sp), metadata_url=ADDRESS)
    world.later(days=3)
    attempt = world.last_attempt(ask(world, sp, ann))

    def findings():
        with world.work() as work:
            kept = history.attempt(work, attempt.id)
            return examination.of_attempt(work, kept, base_url="http://localhost:8000", http_loopback=False)

    (finding,) = findings()
    assert (finding.kind, "2 days ago" in finding.evidence) == ("registration-expired", True)
    assert f"idp application saml refresh {application}" in finding.here
    assert "validUntil in the future" in finding.vendor
    edit(world, application, valid_until="")
    assert findings() == ()


# What the log keeps


def test_every_one_of_three_hundred_changes_stands_in_the_log(world, sp):
    asked = "".join(f'<md:RequestedAttribute Name="urn:attribute:{number}"/>' for number in range(300))
    many = f'<md:AttributeConsumingService index="0">{_NAME}{asked}</md:AttributeConsumingService>'
    application = world.register(sp, sp.metadata(slo=sp.slo))

    with world.work() as work:
        redescribing.replace(work, application, sp.metadata(slo=sp.slo, consumers=consumer(sp.acs) + many))

    (entry,) = world.audited("service-provider.redescribed")
    said = [one for one in entry.details["changes"] if one.startswith("requested attribute added: urn:attribute:")]
    assert len(set(said)) == 300


def test_what_is_beyond_the_log_is_kept_by_its_number_and_digest():
    from idp.saml.difference import Change, Kind

    changes = [Change("name", Kind.ADDED, f"{number:04} " + "x" * 1000) for number in range(1000)]

    *said, last = redescribing.words(changes)

    assert 200 < len(said) < 300
    assert last.startswith(f"and {1000 - len(said)} more, SHA-256 of their lines ")
    assert redescribing.words(changes[:999])[-1] != last
