"""
A change of our signing key without an outage: published ahead, switched one by one, then for all, and back.

R9: no key signs before the world could know it. What is said to be proven was proven.
"""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser

from idp.base.errors import Conflict, Forbidden, NotFound
from idp.base.prepared import Prepared
from idp.directory import keys, queries, sites
from idp.keyring import keyring
from idp.keyring.brought import Brought
from idp.saml import facts, names, providers, watching
from idp.saml.key_change import rollover, rotating
from idp.saml.key_change.rollover_plan import WORDS, Standing, standing
from idp.saml.models import RolloverStep
from idp.saml.models import ServiceProvider as Row
from tests.saml.test_oracles import accepted
from tests.support import people
from tests.support.saml_world import ANN, posted
from tests.support.service_provider import NOON, ServiceProvider, pair, stamp

AGENT = "Shibboleth-SP/3.4"


def act(world, verb, application: str, **more):
    with world.work() as work:
        return verb(work, application, **more)


def rotate(world, **more) -> rotating.Rotated:
    with world.work() as work:
        return rotating.rotate(work, queries.site(work, "acme"), purpose=keyring.SAML_SIGNING, **more)


def on_site(world, verb, **more):
    with world.work() as work:
        return verb(work, queries.site(work, "acme"), **more)


def own_address(world, application: str) -> str:
    with world.work() as work:
        (token,) = work.tx.session.query(Row.metadata_token).filter_by(application_id=application).one()
    return f"/sites/acme/saml/metadata/{application}/{token}"


def fetch(world, application: str, **more):
    return world.app.test_client().get(own_address(world, application), headers={"User-Agent": AGENT}, **more)


def stands(world, application: str) -> Standing:
    return act(world, rollover.state, application).standing


def answer(world, sp, browser=None, **more):
    request = sp.authn_request(IssueInstant=stamp(world.now), **more)
    return posted((browser or world.browser(ANN)).sso(sp.query(request)))


def signed_by(world, sp, browser=None) -> str:
    """Return the id of the key that an answer to *sp* is signed with now."""
    return world.key_of(answer(world, sp, browser).xml)


def log_out(world, sp, signed_on, browser) -> None:
    subject = signed_on.find("//saml:NameID")[0]
    xml = etree.tostring(subject, method="c14n", exclusive=True, with_tail=False).decode()
    out = sp.logout_request(xml, signed_on.one("//@SessionIndex"), IssueInstant=stamp(world.now))
    assert browser.client.get(f"/sites/acme/saml/slo?{sp.query(out, sign=names.RSA_SHA256)}").status_code == 303


@pytest.fixture
def other() -> ServiceProvider:
    return ServiceProvider("https://other.example/m", "https://other.example/acs", "https://other.example/slo")


@pytest.fixture
def next_key(world, registered) -> str:
    """The next certificate is published since now; nobody has been told yet."""
    (made,) = rotate(world).changed
    return made.id


@pytest.fixture
def old_key(world, registered) -> str:
    return world.saml_keys()["active"][0].id


def test_without_a_new_key_nothing_goes_on(world, registered):
    assert on_site(world, rollover.going_on) == ()
    assert act(world, rollover.state, registered) is None
    for verb in (rollover.switch, rollover.back, rollover.confirm):
        with pytest.raises(Conflict) as refused:
            act(world, verb, registered)
        assert "idp keys rotate --site acme" in refused.value.advice
    with pytest.raises(Conflict):
        on_site(world, rollover.switch_all)


def test_r9_a_published_key_signs_for_nobody_until_somebody_is_switched(world, sp, registered, old_key, next_key):
    assert signed_by(world, sp) == old_key
    assert stands(world, registered) is Standing.UNKNOWN


def test_who_reads_its_own_address_is_known_to_know_the_new_certificate(world, registered, old_key, next_key):
    plain = world.app.test_client().get("/sites/acme/saml/metadata")
    assert stands(world, registered) is Standing.UNKNOWN

    own = fetch(world, registered)

    assert own.data == plain.data
    report = act(world, rollover.state, registered)
    assert (report.standing, report.fetched_at, report.fetched_by) == (Standing.READY, NOON, AGENT)
    world.later(hours=1)
    fetch(world, registered)
    assert act(world, rollover.state, registered).fetched_at == NOON


def test_only_a_reading_counts(world, registered, next_key):
    client = world.app.test_client()
    own = own_address(world, registered)
    assert client.head(own).status_code == 200
    assert stands(world, registered) is Standing.UNKNOWN
    etag = client.get("/sites/acme/saml/metadata").headers["ETag"]
    assert client.get(own, headers={"If-None-Match": etag}).status_code == 304
    assert stands(world, registered) is Standing.READY  # it has this very document


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
        {"User-Agent": AGENT, "Sec-Fetch-Mode": "navigate"},
    ],
)
def test_whoever_looks_at_it_in_a_browser_does_not_read_for_the_application(world, registered, next_key, headers):
    address = own_address(world, registered)
    assert world.app.test_client().get(address, headers=headers).status_code == 200
    assert stands(world, registered) is Standing.UNKNOWN


def test_x21_an_address_of_nobody_or_of_another_site_is_none(world, sp, registered, next_key):
    theirs = own_address(world, world.register(sp, site="rival"))
    own = own_address(world, registered)
    client = world.app.test_client()
    for wrong in (
        theirs,
        theirs.replace("/rival/", "/acme/"),
        own.replace("/acme/", "/rival/"),
        own.replace(registered, "app_nobody"),
        own.replace(registered, "x" * 5000),
    ):
        assert client.get(wrong, headers={"User-Agent": AGENT}).status_code == 404
    assert world.count(RolloverStep) == 0


def test_r9_whoever_knows_an_application_by_its_id_cannot_make_it_count_as_ready(world, other, registered, next_key):
    """R9: everybody sees the id in the launcher. A key that the application does not know would be switched to."""
    of_another = own_address(world, world.register(other, other.metadata())).rpartition("/")[2]
    for token in ("", "/", "/x", f"/{of_another}", f"/{'x' * 5000}"):
        client = world.app.test_client()
        address = f"/sites/acme/saml/metadata/{registered}{token}"
        assert client.get(address, headers={"User-Agent": AGENT}).status_code == 404
    assert stands(world, registered) is Standing.UNKNOWN


def test_without_a_rollover_a_reading_writes_nothing(world, registered):
    assert fetch(world, registered).status_code == 200
    assert world.count(RolloverStep) == 0


def test_one_is_switched_while_the_other_goes_on_and_can_go_back(world, sp, other, registered, old_key, next_key):
    second = world.register(other, other.metadata())
    fetch(world, registered)

    act(world, rollover.switch, registered)
    assert (signed_by(world, sp), signed_by(world, other)) == (next_key, old_key)
    act(world, rollover.back, registered)
    assert (signed_by(world, sp), signed_by(world, other)) == (old_key, old_key)
    assert stands(world, second) is Standing.UNKNOWN
    with pytest.raises(Conflict):
        act(world, rollover.back, registered)


def test_who_is_not_known_to_be_ready_is_switched_only_on_request(world, sp, registered, old_key, next_key):
    with pytest.raises(Conflict) as refused:
        act(world, rollover.switch, registered)
    assert refused.value.code == "rollover-not-ready"
    assert signed_by(world, sp) == old_key

    act(world, rollover.switch, registered, anyway=True)
    assert signed_by(world, sp) == next_key
    with pytest.raises(Conflict):
        act(world, rollover.switch, registered, anyway=True)


def test_a_copy_that_is_kept_by_hand_waits_for_a_confirmation(world, registered, next_key):
    world.change(registered, certificate_by_hand=True)
    fetch(world, registered)
    assert stands(world, registered) is Standing.BY_HAND
    with pytest.raises(Conflict):
        act(world, rollover.switch, registered)

    act(world, rollover.confirm, registered)

    assert stands(world, registered) is Standing.READY
    world.later(minutes=1)
    act(world, rollover.switch, registered)
    assert stands(world, registered) is Standing.SWITCHED  # that it has the certificate is not that it works
    act(world, rollover.confirm, registered)
    act(world, rollover.confirm, registered)
    assert stands(world, registered) is Standing.CONFIRMED
    entries = world.audited("service-provider.new-key-confirmed")
    assert [entry.details["key_id"] for entry in entries] == [next_key] * 2


def test_what_is_said_of_it_after_the_switch_is_what_happened(world, sp, registered, next_key):
    fetch(world, registered)
    act(world, rollover.switch, registered)
    assert stands(world, registered) is Standing.SWITCHED
    world.later(minutes=1)

    answer(world, sp)
    assert stands(world, registered) is Standing.ANSWERED
    answer(world, sp)
    assert act(world, rollover.state, registered).answered_at == world.now
    assert stands(world, registered) is Standing.ANSWERED  # coming again proves nothing


def test_a_logout_that_names_our_session_proves_that_the_answer_was_taken(world, sp, registered, next_key):
    fetch(world, registered)
    act(world, rollover.switch, registered)
    world.later(minutes=1)
    ann = world.browser(ANN)
    signed_on = answer(world, sp, ann)

    log_out(world, sp, signed_on, ann)

    assert stands(world, registered) is Standing.PROVEN
    assert act(world, rollover.state, registered).proven_at == world.now


def test_a_session_that_it_knew_before_the_switch_proves_nothing(world, sp, registered, next_key):
    fetch(world, registered)
    ann = world.browser(ANN)
    before = answer(world, sp, ann)
    world.later(minutes=1)
    act(world, rollover.switch, registered)
    world.later(minutes=1)
    answer(world, sp, ann)  # it may have refused this one; the index is known to it from the one before

    log_out(world, sp, before, ann)

    assert stands(world, registered) is Standing.ANSWERED


def test_in_the_seconds_after_the_switch_another_worker_may_sign_with_the_former_key(world, sp, registered, next_key):
    fetch(world, registered)
    act(world, rollover.switch, registered)
    world.later(seconds=1)
    ann = world.browser(ANN)
    log_out(world, sp, answer(world, sp, ann), ann)

    assert stands(world, registered) is Standing.ANSWERED


@pytest.mark.parametrize(
    ("seconds", "standing_"), [(0, Standing.SWITCHED), (4, Standing.SWITCHED), (5, Standing.PROVEN)]
)
def test_an_answer_to_a_message_that_we_signed_with_it_proves_it_too(
    world, sp, registered, next_key, seconds, standing_
):
    act(world, rollover.switch, registered, anyway=True)
    with world.work() as work:
        site = sites.facts(work, "acme")
        known = facts.provider(work, site.organization_id, site.id, sp.entity_id)
        watching.took_our_message(work, known, NOON + timedelta(seconds=seconds))

    assert stands(world, registered) is standing_


def test_a_key_that_an_operator_brings_signs_for_who_knew_it_already(world, sp, registered):
    """The certificate of the former identity provider: python3-saml, configured with that one alone, accepts the answer."""
    former = pair("former", "rsa-2048")
    brought = Brought(former.private, "RSA-2048", former.certificate.public_bytes(Encoding.PEM).decode())
    with world.work() as work:
        site = queries.site(work, "acme")
        taken = keys.adopt(work, site.organization_id, site.id, brought, subject="acme").id

    act(world, rollover.switch, registered, anyway=True)

    mine = sp.new_id()
    xml = answer(world, sp, ID=mine).xml
    known = {
        "entityId": f"{sp.idp}/metadata",
        "singleSignOnService": {"url": f"{sp.idp}/sso", "binding": names.REDIRECT},
        "x509cert": base64.b64encode(former.certificate.public_bytes(Encoding.DER)).decode(),
    }
    assert world.key_of(xml) == taken
    assert accepted(world, sp, xml, idp=known, request_id=mine).get_nameid()


def test_a_service_provider_that_read_both_certificates_takes_every_answer_on_the_way(
    world, sp, registered, old_key, next_key
):
    """No outage: python3-saml, with the metadata of when the new key was published, accepts each answer there and back."""
    read = OneLogin_Saml2_IdPMetadataParser.parse(fetch(world, registered).data)["idp"]

    def taken(expected: str) -> None:
        mine = sp.new_id()
        xml = answer(world, sp, ID=mine).xml
        assert accepted(world, sp, xml, idp=read, request_id=mine).get_nameid()
        assert world.key_of(xml) == expected

    taken(old_key)
    act(world, rollover.switch, registered)
    taken(next_key)
    act(world, rollover.back, registered)
    taken(old_key)
    fetch(world, registered)
    act(world, rollover.switch, registered, anyway=True)
    world.later(days=7)
    rotate(world)
    taken(next_key)
    act(world, rollover.back, registered)
    taken(old_key)


def test_x28_a_forged_logout_proves_nothing(world, sp, registered, next_key):
    fetch(world, registered)
    act(world, rollover.switch, registered)
    world.later(minutes=1)
    ann = world.browser(ANN)
    signed_on = answer(world, sp, ann)
    subject = etree.tostring(
        signed_on.find("//saml:NameID")[0], method="c14n", exclusive=True, with_tail=False
    ).decode()
    out = sp.logout_request(subject, signed_on.one("//@SessionIndex"), IssueInstant=stamp(world.now))
    forged = sp.query(out, sign=names.RSA_SHA256, by=pair("mallory"))

    assert ann.client.get(f"/sites/acme/saml/slo?{forged}").status_code == 400
    assert stands(world, registered) is Standing.ANSWERED


def test_the_new_certificate_can_be_had_for_who_puts_it_there_by_hand(world, registered, next_key):
    pem = act(world, rollover.new_certificate, registered)
    assert pem == world.saml_keys()["next"][0].certificate_pem


def test_going_back_forgets_what_was_believed(world, sp, registered, old_key, next_key):
    fetch(world, registered)
    act(world, rollover.confirm, registered)
    act(world, rollover.switch, registered)
    act(world, rollover.back, registered)

    assert stands(world, registered) is Standing.BACK
    assert signed_by(world, sp) == old_key
    assert on_site(world, rollover.switch_all).done == ()
    world.later(days=7)
    assert [one.key.id for one in rotate(world).held] == [old_key]
    act(world, rollover.confirm, registered)
    assert stands(world, registered) is Standing.READY
    world.later(minutes=1)
    rotate(world)
    assert stands(world, registered) is Standing.SWITCHED  # watched anew
    answer(world, sp)
    assert stands(world, registered) is Standing.ANSWERED


def test_all_that_are_ready_are_switched_and_the_others_named(world, sp, other, registered, old_key, next_key):
    second = world.register(other, other.metadata(), name="Other")
    fetch(world, registered)

    moved = on_site(world, rollover.switch_all)
    assert [one.application_id for one in moved.done] == [registered]
    assert [one.application_id for one in moved.left] == [second]
    assert (signed_by(world, sp), signed_by(world, other)) == (next_key, old_key)

    assert [one.name for one in on_site(world, rollover.switch_all, anyway=True).done] == ["Other"]
    assert signed_by(world, other) == next_key
    assert len(on_site(world, rollover.back_all).done) == 2
    assert (signed_by(world, sp), signed_by(world, other)) == (old_key, old_key)


def test_in_the_end_the_new_key_is_the_sites_and_there_is_a_way_back(world, sp, other, registered, old_key, next_key):
    second = world.register(other, other.metadata())
    fetch(world, registered)
    act(world, rollover.switch, registered)
    world.later(days=7)

    done = rotate(world)

    assert {(key.id, key.state) for key in done.changed} == {(old_key, "retired"), (next_key, "active")}
    assert (done.held, done.unseen) == ((), 1)
    assert (signed_by(world, sp), signed_by(world, other)) == (next_key, next_key)
    with world.work() as work:
        assert {row.signing_key_id for row in work.tx.session.query(Row)} == {""}
    assert stands(world, second) is Standing.ANSWERED

    act(world, rollover.back, second)
    assert (signed_by(world, sp), signed_by(world, other)) == (next_key, old_key)
    world.later(days=7)
    (held,) = rotate(world, at_once=False).held
    assert (held.key.id, held.names) == (old_key, ("other.example",))
    act(world, rollover.switch, second, anyway=True)
    assert {key.state for key in rotate(world, at_once=False).changed} == {"gone"}
    assert signed_by(world, other) == next_key


def test_where_nobody_watches_the_former_key_stays_for_who_has_shown_nothing(world, sp, registered, old_key, next_key):
    """The rotation that runs by itself must not shut out who never read of the new key."""
    world.later(days=7)
    unattended = {"unattended": True}

    (held,) = rotate(world, **unattended).held
    assert (held.key.id, held.names) == (old_key, ("sp.example",))
    assert signed_by(world, sp) == old_key

    fetch(world, registered)
    assert {key.state for key in rotate(world, **unattended).changed} == {"retired", "active"}


def test_after_all_were_switched_to_it_a_logout_proves_it_too(world, sp, registered, next_key):
    world.later(days=7)
    rotate(world)
    assert stands(world, registered) is Standing.SWITCHED
    world.later(minutes=1)
    ann = world.browser(ANN)
    log_out(world, sp, answer(world, sp, ann), ann)

    assert stands(world, registered) is Standing.PROVEN


def test_a_key_is_not_retired_while_a_copy_is_kept_by_hand(world, sp, registered, old_key, next_key):
    world.change(registered, certificate_by_hand=True)
    world.later(days=7)

    refused = rotate(world)
    assert refused.changed == ()
    assert [(one.key.id, one.names) for one in refused.held] == [(old_key, ("sp.example",))]
    assert signed_by(world, sp) == old_key

    act(world, rollover.confirm, registered)
    assert len(rotate(world).changed) == 2
    assert signed_by(world, sp) == next_key


def test_who_was_taken_back_is_told_apart_in_the_next_rollover_and_can_follow(world, sp, registered, old_key, next_key):
    world.later(days=7)
    rotate(world)
    act(world, rollover.back, registered)
    (third,) = rotate(world).changed
    assert act(world, rollover.state, registered).signs_with == "older"
    assert signed_by(world, sp) == old_key

    act(world, rollover.back, registered)
    assert (act(world, rollover.state, registered).signs_with, signed_by(world, sp)) == ("former", next_key)
    act(world, rollover.switch, registered, anyway=True)
    assert signed_by(world, sp) == third.id


def test_said_anyway_it_is_retired_and_dropped_and_nobody_is_left_without_a_key(
    world, sp, registered, old_key, next_key
):
    world.change(registered, certificate_by_hand=True)
    world.later(days=7)
    assert len(rotate(world, anyway=True).changed) == 2
    act(world, rollover.back, registered)
    assert signed_by(world, sp) == old_key
    world.later(days=7)
    rotate(world, at_once=False, anyway=True)

    assert [key.id for found in world.saml_keys().values() for key in found] == [next_key]
    assert signed_by(world, sp) == next_key


def test_the_ec_key_has_a_rollover_of_its_own(world, sp, other, registered):
    with world.work() as work:
        site = queries.site(work, "acme")
        first = keys.add(work, site.organization_id, site.id, subject="acme", algorithm="P-256").id
    second = world.register(other, other.metadata())
    world.change(second, signature_algorithm="ecdsa-sha256")
    made = {key.algorithm: key.id for key in rotate(world).changed}
    assert set(made) == {"RSA-3072", "P-256"}
    fetch(world, second)
    act(world, rollover.switch, second)
    assert signed_by(world, other) == made["P-256"]
    assert on_site(world, rollover.switch_all).left[0].application_id == registered

    world.later(days=7)
    rotate(world)
    assert (signed_by(world, sp), signed_by(world, other)) == (made["RSA-3072"], made["P-256"])
    assert first in {key.id for key in world.saml_keys()["retired"]}


def test_who_changes_to_the_other_kind_of_key_is_watched_no_longer(world, sp, registered, next_key):
    with world.work() as work:
        site = queries.site(work, "acme")
        keys.add(work, site.organization_id, site.id, subject="acme", algorithm="P-256")
    act(world, rollover.switch, registered, anyway=True)
    world.change(registered, signature_algorithm="ecdsa-sha256")
    answer(world, sp)

    assert act(world, rollover.state, registered) is None
    with world.work() as work:
        (step,) = work.tx.session.query(RolloverStep)
        assert (step.answered_at, step.closed_at) == (None, world.now)


def test_two_rollovers_later_the_first_is_watched_no_longer(world, sp, registered, next_key):
    world.later(days=7)
    rotate(world)
    (third,) = rotate(world).changed
    act(world, rollover.switch, registered, anyway=True)
    answer(world, sp)

    with world.work() as work:
        steps = {step.key_id: step for step in work.tx.session.query(RolloverStep)}
    assert steps[next_key].closed_at == world.now
    assert (steps[third.id].answered_at, steps[third.id].closed_at) == (world.now, None)


def test_a_switch_is_made_for_a_version_and_audited_as_a_difference(world, sp, registered, next_key):
    with world.work() as work:
        version = providers.find(work, sp.entity_id).version
    with pytest.raises(Conflict):
        act(world, rollover.switch, registered, anyway=True, if_version=version + 1)
    act(world, rollover.switch, registered, anyway=True, if_version=version)

    (entry,) = world.audited("service-provider.changed")
    assert entry.details["changes"] == [f"key that we sign with added: {next_key}"]


def test_t1_strangers_and_auditors_change_nothing(world, registered, next_key, as_account):
    with world.work() as work:
        stranger, auditor = people.stranger(work), as_account(work, world.account(), "auditor")
        site = queries.site(work, "acme")
        for verb in (rollover.switch, rollover.back, rollover.confirm, rollover.state):
            with pytest.raises(NotFound):
                verb(stranger, registered)
        for verb in (rollover.switch_all, rollover.back_all, rotating.rotate, rollover.going_on):
            with pytest.raises(Forbidden):
                verb(stranger, site)
        assert rollover.state(auditor, registered).standing is Standing.UNKNOWN
        with pytest.raises(Forbidden):
            rollover.switch(auditor, registered, anyway=True)
        with pytest.raises(Forbidden):
            rollover.confirm(auditor, registered)
        with pytest.raises(Forbidden):
            rollover.switch_all(auditor, site)
        with pytest.raises(Forbidden):
            rotating.rotate(auditor, site)


def test_every_standing_has_its_words_and_its_facts():
    assert set(WORDS) == set(Standing)
    nothing = dict.fromkeys(("fetched_at", "confirmed_at", "switched_at", "answered_at", "proven_at", "closed_at"))

    def of(on_new=False, by_hand=False, **known):
        return standing(on_new=on_new, by_hand=by_hand, **nothing | known)

    assert of() is Standing.UNKNOWN
    assert of(fetched_at=NOON) is Standing.READY
    assert of(by_hand=True) is Standing.BY_HAND
    assert of(by_hand=True, fetched_at=NOON) is Standing.BY_HAND
    assert of(by_hand=True, confirmed_at=NOON) is Standing.READY
    assert of(fetched_at=NOON, switched_at=NOON, closed_at=NOON) is Standing.BACK
    assert of(fetched_at=NOON, closed_at=NOON) is Standing.READY
    assert of(confirmed_at=NOON, switched_at=NOON, closed_at=NOON) is Standing.READY
    assert of(on_new=True) is Standing.SWITCHED
    assert of(on_new=True, fetched_at=NOON) is Standing.SWITCHED
    assert of(on_new=True, answered_at=NOON) is Standing.ANSWERED
    assert of(on_new=True, answered_at=NOON, proven_at=NOON) is Standing.PROVEN
    assert of(on_new=True, confirmed_at=NOON, switched_at=NOON) is Standing.CONFIRMED
    assert of(on_new=True, confirmed_at=NOON, switched_at=NOON + timedelta(seconds=1)) is Standing.SWITCHED
    assert of(on_new=True, confirmed_at=NOON) is Standing.SWITCHED


@pytest.fixture
def statements(monkeypatch) -> list[str]:
    """What hot roads ask the database from now on; they use prepared statements alone."""
    heard: list[str] = []
    real = Prepared.run

    def run(self, *args, **values):
        heard.append(" ".join(str(self._statement).split()))
        return real(self, *args, **values)

    monkeypatch.setattr(Prepared, "run", run)
    return heard


def test_while_nothing_goes_on_a_sign_on_asks_and_writes_nothing_more(world, sp, registered, ann, statements):
    answer(world, sp, ann)
    about = [one for one in statements if "rollover_steps" in one]

    assert len(about) == 1  # the one question after the service provider, which asks this along
    assert about[0].startswith("SELECT service_providers.")


def test_during_a_rollover_it_is_written_down_once(world, sp, registered, ann, next_key, statements):
    act(world, rollover.switch, registered, anyway=True)
    statements.clear()
    answer(world, sp, ann)
    assert len([one for one in statements if one.startswith("UPDATE rollover_steps")]) == 1
    statements.clear()
    answer(world, sp, ann)
    assert not [one for one in statements if one.startswith("UPDATE rollover_steps")]


def test_a_report_can_be_json(world, registered, next_key):
    import json

    shown = act(world, rollover.state, registered).to_json()
    assert json.loads(json.dumps(shown)) == shown
    assert (shown["signs_with"], shown["standing"]) == ("former", "unknown")
    assert replace(act(world, rollover.state, registered), signs_with="new").standing is Standing.SWITCHED
