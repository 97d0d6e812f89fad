"""Every part of what is known of a service provider can be changed; each change is judged and recorded in words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.directory import queries
from idp.saml import altering, editing, facts, metadata, names, providers, redescribing, registering
from idp.saml.altering import Alteration
from idp.saml.certificates import key_thumbprint_of, read_file, thumbprint_of
from idp.saml.description import About, EncryptionMethod, Endpoint, RequestedAttribute, SpDescription
from idp.saml.editing import Edit
from idp.saml.encryption import target
from idp.saml.models import ServiceProvider as Row
from idp.saml.switches import Switches
from tests.support import people
from tests.support.service_provider import NOON, ServiceProvider, ending, pair, stamp
from tests.support.steady import steady

SP = ServiceProvider()
ONE, TWO = pair().der, pair("next").der
GOOD = SP.metadata(signing=ONE, encryption=ONE, formats=(names.EMAIL,))
MORE, THIRD = "https://sp.example/more", "https://sp.example/third"


@pytest.fixture
def application_id(world) -> str:
    return world.register(SP, GOOD)


def edit(world, application_id, **wanted):
    with world.work() as work:
        return redescribing.edit(work, application_id, Edit(**wanted), allow_http_loopback=True)


def described(world) -> SpDescription:
    with world.work() as work:
        return SpDescription.from_json(work.tx.session.query(Row).one().description)


def test_assertion_consumers_are_added_numbered_chosen_and_removed(world, application_id):
    edit(world, application_id, add_consumers=(MORE,))
    edit(world, application_id, add_consumers=(THIRD,), consumer_indexes={THIRD: 7}, default_consumer=MORE)

    found = described(world)
    assert [(one.location, one.index) for one in found.assertion_consumers] == [(SP.acs, 0), (MORE, 1), (THIRD, 7)]
    assert found.default_consumer().location == MORE

    edit(world, application_id, remove_consumers=(SP.acs, MORE))
    assert [one.location for one in described(world).assertion_consumers] == [THIRD]


def test_logout_addresses_have_a_binding_each(world, application_id):
    soap = Endpoint(names.SOAP, "https://sp.example/soap")
    edit(world, application_id, add_logout=(soap,))
    assert described(world).logout_endpoints == (Endpoint(names.REDIRECT, SP.slo), soap)

    edit(world, application_id, remove_logout=(SP.slo,))
    assert described(world).logout_endpoints == (soap,)


def test_certificates_are_added_and_removed_by_their_fingerprint(world, application_id):
    edit(world, application_id, add_signing=(TWO,), add_encryption=(TWO,))
    assert described(world).signing_certificates == (ONE, TWO)

    edit(
        world,
        application_id,
        remove_signing=(thumbprint_of(ONE),),
        remove_encryption=(thumbprint_of(ONE)[:23].lower(),),
    )
    found = described(world)
    assert found.signing_certificates == (TWO,)
    assert [key.certificate for key in found.encryption_keys] == [TWO]


def test_formats_flags_and_name(world, application_id):
    edit(
        world, application_id, nameid_formats=(names.PERSISTENT,), authn_requests_signed=True,
        want_assertions_signed=True, display_name="Team wiki",
    )  # fmt: skip

    found = described(world)
    assert found.nameid_formats == (names.PERSISTENT,)
    assert (found.authn_requests_signed, found.want_assertions_signed) == (True, True)
    with world.work() as work:
        assert queries.application(work, application_id).name == "Team wiki"


def test_encryption_methods_belong_to_every_encryption_certificate_and_are_used(world, application_id):
    oaep = EncryptionMethod(names.RSA_OAEP, names.SHA256, names.MGF1_SHA256)
    edit(world, application_id, add_encryption=(TWO,), encryption_methods=(EncryptionMethod(names.AES128_GCM), oaep))

    found = described(world)
    assert {key.methods for key in found.encryption_keys} == {(EncryptionMethod(names.AES128_GCM), oaep)}
    to = target(found.encryption_keys)
    assert (to.data, to.transport, to.digest, to.mask) == (
        names.AES128_GCM, names.RSA_OAEP, names.SHA256, names.MGF1_SHA256,
    )  # fmt: skip
    changes = world.audited("service-provider.redescribed")[-1].details["changes"]
    assert (
        f"encryption method changed: aes128-gcm rsa-oaep,digest=sha256,mgf=sha256, for {thumbprint_of(ONE)}" in changes
    )

    edit(world, application_id, encryption_methods=())
    assert target(described(world).encryption_keys).transport == names.RSA_OAEP_MGF1P


def test_answers_may_go_to_another_address_than_requests(world, application_id):
    edit(world, application_id, response_locations={SP.slo: MORE})
    assert described(world).logout_endpoints == (Endpoint(names.REDIRECT, SP.slo, MORE),)
    edit(world, application_id, response_locations={SP.slo: ""})
    assert described(world).logout_endpoints == (Endpoint(names.REDIRECT, SP.slo),)


def test_addresses_for_name_management_are_added_and_removed(world, application_id):
    edit(world, application_id, add_name_id=(Endpoint(names.SOAP, MORE),), response_locations={MORE: THIRD})
    assert described(world).name_id_endpoints == (Endpoint(names.SOAP, MORE, THIRD),)
    edit(world, application_id, remove_name_id=(MORE,))
    assert described(world).name_id_endpoints == ()


def test_requested_attributes_are_added_replaced_and_removed(world, application_id):
    mail, required = RequestedAttribute("mail"), RequestedAttribute("mail", "E-mail", required=True)
    edit(world, application_id, add_requested=(mail, RequestedAttribute("eppn")))
    edit(world, application_id, add_requested=(required,), remove_requested=("eppn",))
    assert described(world).requested_attributes == (required,)


def test_what_it_shows_to_people_is_set_and_taken_away(world, application_id):
    texts = {"description": "Pages of us all", "logo_url": MORE, "information_url": THIRD, "privacy_url": MORE}
    edit(world, application_id, about=texts, names_in={"de": "Wiki der Abteilung", "en": "Wiki"})
    assert described(world).about == About((("de", "Wiki der Abteilung"), ("en", "Wiki")), **texts)

    edit(world, application_id, about={"logo_url": ""}, names_in={"de": ""})
    assert described(world).about == About((("en", "Wiki"),), **{**texts, "logo_url": ""})


def test_each_change_is_audited_as_a_difference_to_be_read(world, application_id):
    proposed = edit(world, application_id, add_consumers=(MORE,), remove_logout=(SP.slo,))

    (entry,) = world.audited("service-provider.redescribed")
    assert entry.details["source"] == "hand"
    assert entry.details["changes"] == [
        "assertion consumer added: https://sp.example/more (HTTP-POST, index 1)",
        "logout address removed: https://sp.example/slo (HTTP-Redirect)",
    ]
    assert [str(one) for one in proposed.changes] == entry.details["changes"]


def test_what_is_known_is_used_by_the_next_sign_on(world, application_id):
    edit(world, application_id, add_consumers=(MORE,), default_consumer=MORE, add_signing=(TWO,))

    with world.work() as work:
        application = queries.application(work, application_id)
        found = facts.provider(work, application.organization_id, application.site_id, SP.entity_id)
        assert found.description.default_consumer().location == MORE
        assert len(found.verify_keys) == 2
        assert application.launch_url == "https://sp.example/"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"add_consumers": ("javascript:alert(1)",)}, "https"),
        ({"add_consumers": ("http://sp.example/acs",)}, "plain http"),
        ({"add_consumers": (SP.acs,)}, "already"),
        ({"remove_consumers": (SP.acs,)}, "no address that takes assertions"),
        ({"remove_consumers": (MORE,)}, "no assertion consumer"),
        ({"default_consumer": MORE}, "no assertion consumer"),
        ({"consumer_indexes": {MORE: 1}}, "no assertion consumer"),
        ({"add_consumers": (MORE,), "consumer_indexes": {MORE: 0}}, "index 0"),
        ({"add_logout": (Endpoint(names.POST, "https://a:b@sp.example/"),)}, "user name"),
        ({"remove_logout": (MORE,)}, "no logout address"),
        ({"response_locations": {MORE: SP.slo}}, "no address"),
        ({"response_locations": {SP.slo: "javascript:alert(1)"}}, "https"),
        ({"add_name_id": (Endpoint(names.SOAP, "http://sp.example/"),)}, "plain http"),
        ({"remove_name_id": (SP.slo,)}, "no name management address"),
        ({"remove_encryption": (thumbprint_of(ONE),), "encryption_methods": ()}, "no encryption certificate"),
        ({"add_requested": (RequestedAttribute(""),)}, "1 to 1024"),
        ({"add_requested": (RequestedAttribute("a\x00"),)}, "control characters"),
        ({"remove_requested": ("mail",)}, "asks for no attribute"),
        ({"about": {"logo_url": "javascript:alert(1)"}}, "https"),
        ({"about": {"privacy_url": "http://sp.example/"}}, "plain http"),
        ({"about": {"description": "x" * 2001}}, "2000 characters"),
        ({"names_in": {"<b>": "x"}}, "language"),
        ({"add_signing": (pair("weak", "rsa-1024").der,)}, "cannot be used"),
        ({"remove_signing": (thumbprint_of(TWO),)}, "fingerprint"),
        ({"remove_signing": (thumbprint_of(ONE)[:20],)}, "fingerprint"),
        ({"remove_signing": ("",)}, "fingerprint"),
        ({"display_name": "a\x00b"}, "name"),
    ],
    ids=steady,
)
def test_x16_what_cannot_be_is_refused_and_changes_nothing(world, application_id, wanted, words):
    before = described(world)

    with pytest.raises(Invalid, match=words):
        edit(world, application_id, **wanted)

    assert described(world) == before


def test_x14_the_last_key_stays_where_signed_requests_are_required(world):
    application_id = world.register(SP, GOOD, require_signed_requests=True)

    with pytest.raises(Invalid, match="Signed requests are required"):
        edit(world, application_id, remove_signing=(thumbprint_of(ONE),))


def test_x25_the_last_key_stays_where_assertions_are_encrypted(world):
    application_id = world.register(SP, GOOD, encrypt_assertion=True)

    with pytest.raises(Invalid, match="encrypted"):
        edit(world, application_id, remove_encryption=(thumbprint_of(ONE),))


def test_a_change_is_made_for_a_version(world, application_id):
    with world.work() as work:
        version = providers.find(work, application_id).version
        redescribing.edit(work, application_id, Edit(add_consumers=(MORE,)), if_version=version)
    for act in (
        lambda work: redescribing.edit(work, application_id, Edit(add_consumers=(THIRD,)), if_version=version),
        lambda work: redescribing.replace(work, application_id, GOOD, if_version=version),
        lambda work: redescribing.set_source(work, application_id, url="", if_version=version),
    ):
        with world.work() as work, pytest.raises(Conflict):
            act(work)


def test_metadata_replaces_everything_and_its_difference_is_known_before(world, application_id):
    document = SP.metadata(signing=TWO, formats=(names.PERSISTENT,))

    with world.work() as work:
        ahead = redescribing.after_metadata(work, application_id, document)
        assert described(world).signing_certificates == (ONE,)
    with world.work() as work:
        done = redescribing.replace(work, application_id, document)

    assert done == ahead
    read = metadata.read(document, now=NOON, http_loopback=False)
    lost = tuple(f"{use} {key_thumbprint_of(ONE)}" for use in ("encryption", "signing"))
    assert described(world) == replace(read, taken_out=lost)
    assert world.audited("service-provider.redescribed")[0].details["source"] == "metadata"


@pytest.mark.parametrize(
    ("document", "cause"),
    [
        (GOOD.replace(b"sp.example/metadata", b"evil.example/"), "another entity"),
        (SP.metadata(signing=ONE, entity=f' validUntil="{stamp(NOON, days=-1)}"'), "valid until"),
    ],
)
def test_x30_metadata_of_another_entity_or_of_yesterday_replaces_nothing(world, application_id, document, cause):
    with world.work() as work, pytest.raises(Invalid, match=cause):
        redescribing.replace(work, application_id, document)


@pytest.mark.parametrize(
    "url", ["http://sp.example/metadata", "javascript:alert(1)", "https://a:b@sp.example/m", "x" * 3000]
)
def test_x16_metadata_is_fetched_from_safe_addresses_only(world, application_id, url):
    with world.work() as work, pytest.raises(Invalid):
        redescribing.set_source(work, application_id, url=url)


def test_an_address_for_metadata_is_asked_from_the_next_hour_on_and_taken_away_again(world, application_id):
    with world.work() as work:
        redescribing.set_source(work, application_id, url="https://sp.example/m")
        assert providers.find(work, application_id).refresh_due_at == NOON
    with world.work() as work:
        redescribing.set_source(work, application_id, url="")
        assert providers.find(work, application_id).refresh_due_at is None
    assert [entry.details["changes"] for entry in world.audited("service-provider.changed")] == [
        ["address of the metadata added: https://sp.example/m"],
        ["address of the metadata removed: https://sp.example/m"],
    ]


def test_only_who_may_edit_applications_changes_what_is_known(world, application_id, as_account):
    for act in (
        lambda work: redescribing.edit(work, application_id, Edit(add_consumers=(MORE,))),
        lambda work: redescribing.replace(work, application_id, GOOD),
        lambda work: redescribing.set_source(work, application_id, url=""),
    ):
        with world.work() as work, pytest.raises(Forbidden):
            act(as_account(work, world.account(), "auditor"))
        with world.work() as work, pytest.raises(NotFound):
            act(people.stranger(work))


MANY = tuple(ending(NOON + timedelta(days=number)) for number in range(21))


@pytest.mark.parametrize(
    ("part", "words"), [("add_signing", "to sign with"), ("add_encryption", "to be encrypted for with")]
)
def test_x7_there_are_at_most_twenty_certificates_for_a_use(world, application_id, part, words):
    edit(world, application_id, **{part: MANY[:19]})
    with pytest.raises(Invalid, match=f"21 certificates {words}; at most 20"):
        edit(world, application_id, **{part: (TWO,)})


def test_x7_nobody_is_registered_with_more(world):
    with pytest.raises(Invalid, match="at most 20"):
        by_hand(world, certificates=MANY)
    by_hand(world, certificates=MANY[:20])


# By hand


def by_hand(world, consumers=(SP.acs, MORE), **more):
    value = editing.by_hand(SP.entity_id, consumers, name="Vendor", **more)
    metadata.judge(value, now=NOON, http_loopback=False)
    with world.work() as work:
        return registering.enroll(work, "acme", value, Switches(), name="Vendor").application_id


def test_a_service_provider_without_metadata_is_described_by_hand_and_used(world):
    application_id = by_hand(world, certificates=(ONE,), logout=(Endpoint(names.REDIRECT, SP.slo),))

    found = described(world)
    assert found.default_consumer() == Endpoint(names.POST, SP.acs, index=0, is_default=True)
    assert found.signing_certificates == (ONE,)
    with world.work() as work:
        shown = providers.represent(providers.find(work, application_id))
    assert (shown["described_by"], shown["metadata_url"]) == ("hand", "")
    (entry,) = world.audited("service-provider.registered")
    assert entry.details["metadata_digest"] == ""


@pytest.mark.parametrize("consumers", [(), ("http://sp.example/acs",), ("javascript:alert(1)",)])
def test_x16_by_hand_the_same_is_refused_as_in_metadata(world, consumers):
    with pytest.raises(Invalid):
        by_hand(world, consumers=consumers)


def test_metadata_takes_the_place_of_what_was_described_by_hand(world):
    application_id = by_hand(world)
    with world.work() as work:
        redescribing.replace(work, application_id, GOOD)
        assert providers.represent(providers.find(work, application_id))["described_by"] == "metadata"


def test_certificates_are_read_in_every_form_that_people_get_them():
    import base64

    one, two = pair(), pair("next")
    der = base64.b64decode(one.der)

    assert read_file(one.pem.encode()) == (one.der,)
    assert read_file(b"Bag Attributes\r\n" + one.pem.replace("\n", "\r\n").encode() + two.pem.encode()) == (
        one.der,
        two.der,
    )
    assert read_file(der) == (one.der,)
    assert read_file(base64.encodebytes(der)) == (one.der,)
    for bad in (b"", b"hello", one.key_pem.encode(), pair("weak", "rsa-1024").pem.encode(), one.pem[:200].encode()):
        with pytest.raises(Invalid):
            read_file(bad)


# Everything at once


def alter(world, application_id, switches=None, **wanted):
    with world.work() as work:
        told = Alteration(Switches(**(switches or {})), **wanted)
        return [str(one) for one in altering.alter(work, application_id, told, allow_http_loopback=True)]


@pytest.mark.parametrize(
    ("switch", "edit", "part"),
    [
        ("encrypt_assertion", Edit(add_encryption=(TWO,)), "encryption certificate"),
        ("require_signed_requests", Edit(add_signing=(TWO,)), "signing certificate"),
    ],
)
def test_x14_x25_a_switch_and_the_certificate_that_it_needs_come_and_go_together(world, switch, edit, part):
    application_id = world.register(SP, SP.metadata())
    with pytest.raises(Invalid):
        alter(world, application_id, {switch: True})

    assert f"{part} added" in str(alter(world, application_id, {switch: True}, edit=edit))
    gone = Edit(**{name.replace("add_", "remove_"): (thumbprint_of(TWO),) for name in ("add_encryption", "add_signing")
                   if getattr(edit, name)})  # fmt: skip
    with pytest.raises(Invalid):
        alter(world, application_id, edit=gone)
    assert f"{part} removed" in str(alter(world, application_id, {switch: False}, edit=gone))


def test_what_is_refused_in_one_part_changes_no_other(world, application_id):
    before = described(world)
    with pytest.raises(Invalid):
        alter(world, application_id, {"sign_response": False}, edit=Edit(remove_consumers=(SP.acs,)))
    with pytest.raises(Invalid, match="Metadata is everything"):
        alter(world, application_id, edit=Edit(add_consumers=(MORE,)), document=GOOD)
    assert described(world) == before
    with world.work() as work:
        assert providers.find(work, application_id).sign_response is True


@pytest.mark.parametrize(
    "wanted",
    [
        {"switches": {"sign_response": True, "relay_states": (), "context_map": {}, "legacy_algorithms": ()}},
        {"edit": Edit(nameid_formats=(names.EMAIL,), authn_requests_signed=False)},
        {"document": GOOD},
        {"metadata_url": ""},
        {"metadata_key": ""},
    ],
    ids=steady,
)
def test_what_is_so_already_is_no_change_no_version_and_no_entry(world, application_id, wanted):
    with world.work() as work:
        version = providers.find(work, application_id).version

    assert alter(world, application_id, **wanted) == []

    with world.work() as work:
        assert providers.find(work, application_id).version == version
    assert world.audited("service-provider.changed") == world.audited("service-provider.redescribed") == []
