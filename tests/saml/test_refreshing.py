"""Metadata that is fetched again: what is taken, what waits, and what changes nothing (X30)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.base import clock, jobs
from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.models import Job
from idp.directory import applications
from idp.directory.models import Organization
from idp.policy.permissions import OPERATOR
from idp.saml import names, providers, redescribing, refreshing
from idp.saml.certificates import key_thumbprint_of, thumbprint_of
from idp.saml.description import SpDescription
from idp.saml.editing import Edit
from idp.saml.lately import SECONDS, Lately
from idp.saml.models import ServiceProvider as Row
from idp.saml.refreshing import Came
from idp.signon import backchannel
from tests.saml import logouts
from tests.support import people
from tests.support.aggregate import HEAD, TAIL
from tests.support.published import publisher, signed, stripped
from tests.support.service_provider import NOON, ServiceProvider, consumer, ending, pair, stamp

SP = ServiceProvider()
OURS, NEXT, STRANGER, FEDERATION = pair().der, pair("next").der, pair("stranger"), pair("federation")
WITH_ID = ' ID="_m"'
GOOD = SP.metadata(signing=OURS, encryption=OURS, entity=WITH_ID)


def with_key(document: bytes, der: str) -> bytes:
    """Return *document* with a further certificate to sign with."""
    key = f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    further = f'<md:KeyDescriptor use="signing">{key}</md:KeyDescriptor><md:SingleLogoutService'
    return document.replace(b"<md:SingleLogoutService", further.encode(), 1)


TWO_KEYS = with_key(GOOD, NEXT)
OTHER_ACS = GOOD.replace(b"https://sp.example/acs", b"https://sp.example/other")


@pytest.fixture
def publishing():
    with publisher() as made:
        made.body = GOOD
        yield made


@pytest.fixture
def fetched_from(world, publishing) -> str:
    """A service provider whose metadata comes from the publisher; its application's id."""
    return world.register(SP, GOOD, metadata_url=publishing.url)


@pytest.fixture
def pinned(world, publishing) -> str:
    """The same, and the federation must have signed it."""
    return world.register(SP, GOOD, metadata_url=publishing.url, metadata_key=FEDERATION.der)


def refresh(world, application_id, *, http_loopback=True):
    with world.work() as work:
        asked = refreshing.look(work, application_id)
    fetched = refreshing.fetch(asked, allowed=(), http_loopback=http_loopback)
    with world.work() as work:
        return refreshing.settle(work, asked, fetched, allow_http_loopback=True)


def row(world) -> Row:
    with world.work() as work:
        found = work.tx.session.query(Row).one()
        work.tx.session.expunge(found)
        return found


def described(world) -> SpDescription:
    return SpDescription.from_json(row(world).description)


@pytest.mark.parametrize(
    ("scenario", "change", "cause"),
    [
        ("50 MB answer", {"body": b"<!-- " + b"x" * 999_995, "repeat": 50}, "longer than 2097152 bytes"),
        ("foreign entity", {"body": GOOD.replace(b"https://sp.example/metadata", b"https://evil.example/")}, "evil"),
        (
            "expired",
            {"body": SP.metadata(signing=OURS, entity=f' validUntil="{stamp(NOON, hours=-1)}"')},
            "valid until",
        ),
        ("redirect", {"status": 302, "headers": {"Location": "https://evil.example/"}}, "status 302"),
        ("not there", {"status": 404}, "status 404"),
        ("DTD", {"body": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + GOOD}, "DOCTYPE"),
        ("a script for an address", {"body": GOOD.replace(b"https://sp.example/acs", b"javascript:alert(1)")}, "javas"),
        ("a page", {"body": b"<html><body>Sign in</body></html>"}, "html"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_x30_what_cannot_be_taken_changes_nothing_and_is_said_once(
    world, publishing, fetched_from, scenario, change, cause
):
    """X30: refresh scenarios with a real server."""
    before = row(world)
    for name, value in change.items():
        setattr(publishing, name, value)

    outcome = refresh(world, fetched_from)
    again = refresh(world, fetched_from)

    after = row(world)
    assert (outcome.came, again.came) == (Came.FAILED, Came.FAILED)
    assert cause in outcome.cause
    assert (after.description, after.metadata_xml, after.offered) == (before.description, before.metadata_xml, None)
    assert after.version == before.version
    assert after.refresh_error == outcome.cause
    assert NOON < after.refresh_due_at <= NOON + timedelta(hours=1)
    assert len(world.audited("service-provider.refresh-failed")) == 1
    assert len(publishing.asked) == 2


def test_x30_plain_http_is_not_fetched(world, publishing, fetched_from):
    outcome = refresh(world, fetched_from, http_loopback=False)

    assert outcome.came is Came.FAILED
    assert publishing.asked == []


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/metadata", "https://10.0.0.1/metadata", "https://169.254.169.254/latest", "https://[::1]/"],
)
def test_x30_p14_an_address_that_is_not_public_is_not_called(world, url):
    application_id = world.register(SP, GOOD, metadata_url=url)

    outcome = refresh(world, application_id, http_loopback=False)

    assert outcome.came is Came.FAILED
    assert "is not a public address" in outcome.cause


def test_x30_unchanged_metadata_changes_nothing(world, publishing, fetched_from):
    before = row(world)
    world.later(hours=5)

    assert refresh(world, fetched_from).came is Came.UNCHANGED

    after = row(world)
    assert (after.description, after.version) == (before.description, before.version)
    assert after.refreshed_at == world.now
    assert world.audited("service-provider.redescribed") == []


def test_x30_further_certificates_alone_are_applied_by_themselves(world, publishing, fetched_from):
    publishing.body = TWO_KEYS

    outcome = refresh(world, fetched_from)

    assert outcome.came is Came.APPLIED
    assert described(world).signing_certificates == (OURS, NEXT)
    (entry,) = world.audited("service-provider.redescribed")
    assert entry.details["source"] == "refresh"
    assert entry.details["changes"][0].startswith("signing certificate added: SHA-256 ")
    assert entry.details["changes"][0].endswith(", ends 2022-01-01")


def test_x30_more_certificates_than_are_ever_tried_are_not_taken(world, publishing, fetched_from):
    """X7, X30: each is tried on a signature that does not verify."""
    for number in range(19):
        publishing.body = with_key(publishing.body, ending(NOON + timedelta(days=number)))
    assert refresh(world, fetched_from).came is Came.APPLIED
    assert len(described(world).signing_certificates) == 20

    publishing.body = with_key(publishing.body, NEXT)
    outcome = refresh(world, fetched_from)

    assert outcome.came is Came.FAILED
    assert "21 certificates to sign with; at most 20" in outcome.cause
    assert len(described(world).signing_certificates) == 20


def test_x30_a_certificate_that_an_administrator_took_out_does_not_come_back_by_itself(world, publishing):
    """X30, X13: its key may be in the wrong hands, whatever the publisher goes on to say."""
    publishing.body = TWO_KEYS
    application = world.register(SP, TWO_KEYS, metadata_url=publishing.url)
    with world.work() as work:
        redescribing.edit(work, application, Edit(remove_signing=(thumbprint_of(NEXT),)))

    assert refresh(world, application).came is Came.OFFERED
    assert described(world).signing_certificates == (OURS,)
    with world.work() as work:
        refreshing.discard(work, application)
    assert refresh(world, application).came is Came.DISCARDED

    publishing.body = with_key(TWO_KEYS, STRANGER.der)
    assert refresh(world, application).came is Came.OFFERED
    assert described(world).signing_certificates == (OURS,)

    publishing.body = with_key(GOOD, STRANGER.der)
    assert refresh(world, application).came is Came.APPLIED
    assert described(world).signing_certificates == (OURS, STRANGER.der)


def test_x30_nor_does_it_once_its_publisher_has_left_it_out_for_a_while(world, publishing):
    publishing.body = TWO_KEYS
    application = world.register(SP, TWO_KEYS, metadata_url=publishing.url)
    with world.work() as work:
        redescribing.edit(work, application, Edit(remove_signing=(thumbprint_of(NEXT),)))
    publishing.body = with_key(GOOD, STRANGER.der)
    assert refresh(world, application).came is Came.APPLIED

    publishing.body = with_key(with_key(GOOD, STRANGER.der), NEXT)

    assert refresh(world, application).came is Came.OFFERED
    assert described(world).signing_certificates == (OURS, STRANGER.der)


def test_x30_nor_does_its_key_in_another_certificate(world, publishing):
    """X30: it is the key that an administrator no longer believed."""
    both = with_key(SP.metadata(signing=NEXT, encryption=NEXT, entity=WITH_ID), OURS)
    application = world.register(SP, both, metadata_url=publishing.url)
    with world.work() as work:
        redescribing.edit(work, application, Edit(remove_signing=(thumbprint_of(OURS),)))
    renewed = ending(NOON + timedelta(days=900))

    publishing.body = with_key(SP.metadata(signing=NEXT, encryption=NEXT, entity=WITH_ID), renewed)

    assert key_thumbprint_of(renewed) == key_thumbprint_of(OURS)
    assert refresh(world, application).came is Came.OFFERED
    assert described(world).signing_certificates == (NEXT,)


def test_x30_nor_where_it_is_still_there_to_encrypt_for(world, publishing):
    both = SP.metadata(signing=OURS, encryption=NEXT, entity=WITH_ID)
    publishing.body = with_key(both, NEXT)
    application = world.register(SP, publishing.body, metadata_url=publishing.url)
    with world.work() as work:
        redescribing.edit(work, application, Edit(remove_signing=(thumbprint_of(NEXT),)))
        redescribing.replace(work, application, both)

    assert refresh(world, application).came is Came.OFFERED
    assert described(world).signing_certificates == (OURS,)


def test_x30_nor_after_an_administrator_has_given_metadata_without_it_by_hand(world, publishing):
    publishing.body = TWO_KEYS
    application = world.register(SP, TWO_KEYS, metadata_url=publishing.url)
    with world.work() as work:
        redescribing.edit(work, application, Edit(remove_signing=(thumbprint_of(NEXT),)))
        redescribing.replace(work, application, GOOD)

    assert refresh(world, application).came is Came.OFFERED
    assert described(world).signing_certificates == (OURS,)


def test_x30_a_certificate_that_an_administrator_puts_in_again_is_no_longer_remembered_as_taken_out(world, publishing):
    publishing.body = TWO_KEYS
    application = world.register(SP, TWO_KEYS, metadata_url=publishing.url)
    with world.work() as work:
        redescribing.edit(work, application, Edit(remove_signing=(thumbprint_of(NEXT),)))
    assert described(world).taken_out == (f"signing {key_thumbprint_of(NEXT)}",)

    with world.work() as work:
        redescribing.edit(work, application, Edit(add_signing=(NEXT,)))

    assert described(world).taken_out == ()
    assert refresh(world, application).came is Came.UNCHANGED


def test_x30_a_certificate_can_be_taken_out_of_metadata_that_was_valid_until_yesterday(world):
    until = TWO_KEYS.replace(b"<md:EntityDescriptor ", b'<md:EntityDescriptor validUntil="2030-01-03T12:00:00Z" ', 1)
    application = world.register(SP, until)
    world.later(days=3)

    with world.work() as work:
        redescribing.edit(work, application, Edit(remove_signing=(thumbprint_of(NEXT),)))

    assert described(world).signing_certificates == (OURS,)


@pytest.mark.parametrize(
    "document",
    [
        SP.metadata(signing=NEXT, encryption=OURS, entity=WITH_ID),
        SP.metadata(encryption=OURS, entity=WITH_ID),
        SP.metadata(signing=OURS, encryption=NEXT, entity=WITH_ID),
        OTHER_ACS,
        TWO_KEYS.replace(b"https://sp.example/acs", b"https://sp.example/other"),
        TWO_KEYS.replace(b"https://sp.example/slo", b"https://sp.example/other"),
        GOOD.replace(b"<md:SPSSODescriptor", b'<md:SPSSODescriptor AuthnRequestsSigned="true"'),
    ],
    ids=["another key", "key removed", "another encryption key", "ACS", "ACS beside a key", "SLO beside a key", "flag"],
)
def test_x30_an_unsigned_change_of_keys_or_of_anything_else_waits_for_approval(
    world, publishing, fetched_from, document
):
    before = row(world)
    publishing.body = document

    assert refresh(world, fetched_from).came is Came.OFFERED
    assert refresh(world, fetched_from).came is Came.OFFERED

    after = row(world)
    assert (after.description, after.version) == (before.description, before.version)
    assert len(world.audited("service-provider.change-offered")) == 1

    with world.work() as work:
        proposed = refreshing.apply(work, fetched_from, if_version=before.version)
    assert proposed.changes
    assert row(world).description != before.description
    assert row(world).offered is None
    (entry,) = world.audited("service-provider.redescribed")
    assert entry.details["source"] == "offer"
    assert entry.details["changes"] == [str(one) for one in proposed.changes]


def test_x30_another_encryption_key_in_front_is_more_than_one_added(world, publishing, fetched_from):
    """It would be the one that assertions are encrypted with."""
    key = '<md:KeyDescriptor use="encryption"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate>'
    publishing.body = GOOD.replace(
        key.format(OURS).encode(),
        (key.format(NEXT) + "</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>" + key.format(OURS)).encode(),
    )

    outcome = refresh(world, fetched_from)

    assert outcome.came is Came.OFFERED
    assert {one.part for one in outcome.changes} == {"encryption certificate", "key that is encrypted with"}


def test_what_was_discarded_is_not_offered_again_and_something_else_is(world, publishing, fetched_from):
    publishing.body = OTHER_ACS
    refresh(world, fetched_from)
    with world.work() as work:
        refreshing.discard(work, fetched_from)

    assert refresh(world, fetched_from).came is Came.DISCARDED
    with world.work() as work:
        assert refreshing.offered(work, fetched_from) is None
    with world.work() as work, pytest.raises(NotFound):
        refreshing.apply(work, fetched_from)
    publishing.body = OTHER_ACS.replace(b"/other", b"/third")
    assert refresh(world, fetched_from).came is Came.OFFERED
    assert len(world.audited("service-provider.offer-discarded")) == 1


@pytest.mark.parametrize(
    "document",
    [TWO_KEYS, signed(TWO_KEYS, STRANGER), stripped(signed(TWO_KEYS, FEDERATION)),
     signed(GOOD, FEDERATION).replace(b"https://sp.example/acs", b"https://sp.example/other"),
     HEAD.encode() + b">" + signed(TWO_KEYS, FEDERATION) + TAIL.encode(),
     signed(TWO_KEYS, FEDERATION, digest=names.SHA1), signed(TWO_KEYS, FEDERATION, uri=""),
     ],
    ids=["unsigned", "wrong signature", "stripped signature", "altered", "wrapped", "SHA-1", "another reference"],
)  # fmt: skip
def test_x30_where_a_key_is_pinned_only_what_it_signed_is_read(world, publishing, pinned, document):
    """X30, X1, X12: not even further certificates are taken from anything else."""
    before = row(world)
    publishing.body = document

    outcome = refresh(world, pinned)

    after = row(world)
    assert outcome.came is Came.FAILED
    assert (after.description, after.offered) == (before.description, None)


def test_what_the_pinned_key_signed_is_taken(world, publishing, pinned):
    publishing.body = signed(TWO_KEYS, FEDERATION)

    assert refresh(world, pinned).came is Came.APPLIED
    publishing.body = signed(OTHER_ACS, FEDERATION)
    assert refresh(world, pinned).came is Came.OFFERED


def test_an_entity_of_a_signed_aggregate_is_looked_for_in_it(world, publishing, pinned):
    feed = f'{HEAD} validUntil="{stamp(NOON, days=5)}">'.encode()
    publishing.body = signed(
        feed + TWO_KEYS + SP.metadata().replace(b"sp.example", b"x.example") + TAIL.encode(), FEDERATION
    )

    assert refresh(world, pinned).came is Came.APPLIED
    assert described(world).signing_certificates == (OURS, NEXT)
    assert described(world).valid_until == NOON + timedelta(days=5)

    publishing.body = signed(feed + TWO_KEYS + TWO_KEYS.replace(WITH_ID.encode(), b"") + TAIL.encode(), FEDERATION)
    assert "2 entities" in refresh(world, pinned).cause


def test_metadata_that_says_anew_how_long_it_is_valid_is_no_change_to_approve(world, publishing, fetched_from):
    publishing.body = SP.metadata(signing=OURS, encryption=OURS, entity=f' validUntil="{stamp(NOON, days=9)}"')

    assert refresh(world, fetched_from).came is Came.APPLIED
    assert described(world).valid_until == NOON + timedelta(days=9)


def test_an_offer_that_has_expired_cannot_be_applied(world, publishing, fetched_from):
    publishing.body = OTHER_ACS.replace(WITH_ID.encode(), f' validUntil="{stamp(NOON, days=1)}"'.encode())
    refresh(world, fetched_from)
    world.later(days=2)

    with world.work() as work, pytest.raises(Invalid):
        refreshing.apply(work, fetched_from)


def test_x30_what_is_applied_is_what_was_looked_at(world, publishing, fetched_from):
    """X30: whoever publishes the metadata may change it between the look and the consent."""
    publishing.body = OTHER_ACS
    looked_at = refresh(world, fetched_from).offer
    with world.work() as work:
        proposed = refreshing.offered(work, fetched_from)
    assert refreshing.mark(proposed.described) == looked_at
    publishing.body = OTHER_ACS.replace(b"/other", b"/evil")
    assert refresh(world, fetched_from).offer != looked_at

    with world.work() as work, pytest.raises(Conflict) as told:
        refreshing.apply(work, fetched_from, if_offer=looked_at)
    assert "Something else waits for approval by now" in told.value.message
    assert described(world).default_consumer().location == "https://sp.example/acs"

    publishing.body = OTHER_ACS
    refresh(world, fetched_from)
    with world.work() as work:
        refreshing.apply(work, fetched_from, if_offer=looked_at)
    assert described(world).default_consumer().location == "https://sp.example/other"


def test_another_address_or_key_takes_the_offer_away(world, publishing, fetched_from):
    publishing.body = OTHER_ACS
    refresh(world, fetched_from)

    with world.work() as work:
        redescribing.set_source(work, fetched_from, key=FEDERATION.der)

    assert row(world).offered is None
    (entry,) = world.audited("service-provider.changed")
    (change,) = entry.details["changes"]
    assert change.startswith(
        f"certificate that the metadata must be signed with added: SHA-256 {thumbprint_of(FEDERATION.der)}, ends 2"
    )


def run_jobs(world, **later):
    handlers = {
        refreshing.SWEEP: refreshing.run,
        refreshing.KIND: refreshing.errand(allowed=(), http_loopback=True),
    }
    # What making the people of this world has asked for comes first, and does not count.
    jobs.run_due(world.database, backchannel.handlers({}), world.now, OPERATOR)
    with world.work() as work:
        refreshing.sweep(work)
    return jobs.run_due(world.database, handlers, world.now, OPERATOR)


def test_t22_metadata_of_a_suspended_organization_is_fetched_once_it_is_back(world, publishing, fetched_from):
    def suspend(at) -> None:
        with world.work() as work:
            for one in work.tx.session.query(Organization):
                one.suspended_at = at

    world.later(days=1)
    suspend(world.now)
    run_jobs(world)
    assert publishing.asked == []

    suspend(None)
    run_jobs(world)

    assert len(publishing.asked) == 1


def test_x30_an_aggregate_is_fetched_once_for_all_that_come_from_it(world, publishing):
    """X30: else hundreds of applications would ask for two megabytes each. Each takes what is its own."""
    made = [logouts.provider(name, slo=" ") for name in ("one", "two", "three")]
    publishing.body = f"{HEAD}>{''.join(sp.metadata(slo=sp.slo).decode() for sp in made)}{TAIL}".encode()
    for sp in made:
        world.register(sp, sp.metadata(slo=sp.slo), metadata_url=publishing.url)
    world.later(days=1)
    publishing.body = publishing.body.replace(b"two.example/acs", b"two.example/other")

    assert run_jobs(world) == jobs.Ran(3, 0)

    assert len(publishing.asked) == 1
    with world.work() as work:
        waits = {one.entity_id: one.offered for one in work.tx.session.query(Row)}
    assert [entity_id for entity_id, offered in waits.items() if offered] == ["https://two.example/metadata"]


def test_what_an_address_answered_is_believed_for_five_minutes(monkeypatch):
    now, asked = [0.0], []
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    lately = Lately(lambda address: asked.append(address) or len(asked))

    assert [lately.ask("a"), lately.ask("a"), lately.ask("b")] == [1, 1, 2]
    now[0] = SECONDS
    assert lately.ask("a") == 3
    for other in "cdef":
        lately.ask(other)
    assert lately.ask("a") == 8  # the last four are kept


def test_a_job_fetches_what_is_due_and_nothing_else(world, publishing, fetched_from):
    assert run_jobs(world) == jobs.Ran(0, 0)
    world.later(days=1)
    publishing.body = TWO_KEYS

    assert run_jobs(world) == jobs.Ran(1, 0)
    assert run_jobs(world) == jobs.Ran(0, 0)

    assert len(publishing.asked) == 1
    assert described(world).signing_certificates == (OURS, NEXT)
    (entry,) = world.audited("service-provider.redescribed")
    assert (entry.actor_kind, entry.door) == ("job", "job")


def test_a_failure_is_a_finished_job_and_tried_again_in_an_hour(world, publishing, fetched_from):
    publishing.status = 500
    world.later(days=1)

    assert run_jobs(world) == jobs.Ran(1, 0)
    assert run_jobs(world) == jobs.Ran(0, 0)
    world.later(hours=1)
    assert run_jobs(world) == jobs.Ran(1, 0)
    with world.work() as work:
        assert work.tx.session.query(Job).filter(Job.kind == refreshing.KIND).count() == 2


def test_a_deleted_application_is_not_looked_after(world, publishing, fetched_from):
    with world.work() as work:
        applications.delete(work, fetched_from)
    world.later(days=1)

    assert run_jobs(world) == jobs.Ran(0, 0)
    assert publishing.asked == []


def test_only_who_may_edit_applications_refreshes_one(world, publishing, fetched_from, as_account):
    ann = world.account()
    for verb in (refreshing.look, refreshing.offered, refreshing.apply, refreshing.discard):
        with world.work() as work, pytest.raises(Forbidden):
            verb(as_account(work, ann, "auditor"), fetched_from)
        with world.work() as work, pytest.raises(NotFound):
            verb(people.stranger(work), fetched_from)


def test_where_the_metadata_comes_from_no_address_nothing_is_fetched(world):
    application_id = world.register(SP)

    with world.work() as work, pytest.raises(Invalid):
        refreshing.look(work, application_id)


def test_an_answer_that_comes_after_the_address_was_changed_is_of_no_use(world, publishing, fetched_from):
    with world.work() as work:
        asked = refreshing.look(work, fetched_from)
    fetched = replace(refreshing.fetch(asked, allowed=(), http_loopback=True), document=OTHER_ACS)
    with world.work() as work:
        redescribing.set_source(work, fetched_from, url="https://elsewhere.example/metadata")
    with world.work() as work:
        assert refreshing.settle(work, asked, fetched).came is Came.UNCHANGED
    assert row(world).offered is None


def test_the_default_consumer_stays_that_of_the_registration_until_somebody_agrees(world, publishing, fetched_from):
    """X15: an address that waits for approval is none that an answer goes to."""
    publishing.body = SP.metadata(
        signing=OURS, encryption=OURS, consumers=consumer(SP.acs) + consumer("https://evil.example/acs", default="true")
    )
    refresh(world, fetched_from)

    with world.work() as work:
        shown = providers.represent(providers.find(work, SP.entity_id))
    assert [one["location"] for one in shown["assertion_consumers"]] == [SP.acs]
    assert shown["change_waits"] is True
