"""Verbs on service providers."""

import pytest

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.directory import applications
from idp.directory.models import Application
from idp.saml import names, providers, registering
from idp.saml.models import ServiceProvider as Row
from idp.saml.switches import Switches
from tests.support import people
from tests.support.service_provider import ServiceProvider, consumer

SP = ServiceProvider()
DER = SP.pair.der
SIGNED = ' AuthnRequestsSigned="true"'


def register(work, document=None, *, site="acme", **wanted):
    return registering.register(work, site, document or SP.metadata(signing=DER), **wanted)


@pytest.fixture
def work(world):
    with world.work() as work:
        yield work


def test_registered_it_can_be_found_and_nobody_may_open_it_yet(work):
    made = register(work, name="Wiki")

    assert providers.find(work, SP.entity_id) is made
    assert providers.find(work, made.application_id) is made
    assert providers.find_application(work, SP.entity_id).name == "Wiki"
    assert (
        applications.grants(work, work.tx.session.get_one(Application, (made.organization_id, made.application_id)))
        == []
    )


def test_the_switches_are_safe_unless_somebody_says_otherwise(work):
    made = register(work)

    assert (made.sign_response, made.sign_assertion) == (True, True)
    assert (made.encrypt_assertion, made.require_signed_requests, made.idp_initiated) == (False, False, False)


@pytest.mark.parametrize(
    ("attributes", "asked", "required"),
    [(SIGNED, None, True), (SIGNED, False, False), ("", None, False), ("", True, True)],
)
def test_x9_p2_the_metadata_says_whether_requests_are_signed_and_the_administrator_wins(
    work, attributes, asked, required
):
    made = register(work, SP.metadata(signing=DER, attributes=attributes), require_signed_requests=asked)
    assert made.require_signed_requests is required


@pytest.mark.parametrize(
    ("shape", "required"),
    [
        ({"signing": DER}, True),
        ({"use_less": DER}, True),
        ({"signing": DER, "encryption": DER}, True),
        ({"encryption": DER}, None),
        ({}, None),
    ],
    ids=["signing", "no use", "both", "encryption", "none"],
)
def test_x14_signing_without_a_key_to_check_it_is_no_registration(work, shape, required):
    """X14: the shape of the metadata never switches verification off by itself."""
    document = SP.metadata(attributes=SIGNED, **shape)
    if required is None:
        with pytest.raises(Invalid) as refused:
            register(work, document)
        assert refused.value.field == "require_signed_requests"
        return
    assert register(work, document).require_signed_requests is True


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"sign_response": False, "sign_assertion": False}, "sign_assertion"),
        ({"encrypt_assertion": True}, "encrypt_assertion"),
        ({"nameid_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos"}, "nameid_format"),
        ({"nameid_format": "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"}, "nameid_format"),
        ({"nameid_format": "urn:example:unknown"}, "nameid_format"),
        ({"relay_states": ["x" * 1025]}, "relay_states"),
        ({"relay_states": [""]}, "relay_states"),
        ({"relay_states": ["a\nb"]}, "relay_states"),
        ({"name": "a\x00b"}, "name"),
    ],
)
def test_a_switch_that_cannot_be_is_refused(work, wanted, field):
    with pytest.raises(Invalid) as refused:
        register(work, **wanted)
    assert refused.value.field == field


def test_x25_encryption_is_promised_only_where_it_is_possible(work):
    assert register(work, SP.metadata(encryption=DER), encrypt_assertion=True).encrypt_assertion


def test_an_entity_id_is_registered_once_at_a_site(work):
    register(work)
    with pytest.raises(Conflict):
        register(work)


def test_x21_two_organizations_may_have_the_same_entity_id(work):
    first = register(work, name="Ours")
    second = register(work, site="rival", name="Theirs")

    assert first.organization_id != second.organization_id
    with pytest.raises(Conflict):
        providers.find_application(work, SP.entity_id)


def test_x23_after_its_application_was_deleted_an_entity_id_begins_anew(work):
    first = register(work)
    applications.delete(work, first.application_id)

    second = register(work)

    assert second.application_id != first.application_id
    assert work.tx.session.query(Row).count() == 1


def test_only_who_may_register_applications_registers_one(world, as_account):
    ann = world.account()
    with world.work() as work, pytest.raises(Forbidden):
        register(as_account(work, ann, "auditor"))
    with world.work() as work, pytest.raises(NotFound):
        register(people.stranger(work))
    with world.work() as work:
        assert register(as_account(work, ann, "organization-administrator"))


def test_a_change_is_checked_recorded_and_made_for_a_version(world, work):
    made = register(work, SP.metadata(signing=DER, encryption=DER))
    version = made.version

    providers.change(
        work, made.application_id, Switches(encrypt_assertion=True, nameid_format=names.EMAIL), if_version=version
    )

    assert (made.encrypt_assertion, made.nameid_format, made.sign_response) == (True, names.EMAIL, True)
    assert made.version == version + 1
    with pytest.raises(Conflict):
        providers.change(work, made.application_id, Switches(sign_response=False), if_version=version)
    with pytest.raises(Invalid):
        providers.change(work, made.application_id, Switches(sign_response=False, sign_assertion=False))


def test_a_change_says_what_it_changed(world):
    with world.work() as work:
        made = register(work)
        providers.change(work, made.application_id, Switches(idp_initiated=True, relay_states=("a", "b")))

    (entry,) = world.audited("service-provider.changed")
    assert entry.details["changes"] == [
        "may be started from our side changed: yes (was: no)",
        "RelayState that it may be started with added: a",
        "RelayState that it may be started with added: b",
    ]


def test_the_launcher_starts_it_from_our_side_or_where_it_lives(work):
    made = register(work, SP.metadata(consumers=consumer("https://sp.example:8443/saml/acs")))
    application = work.tx.session.get_one(Application, (made.organization_id, made.application_id))
    assert application.launch_url == "https://sp.example:8443/"

    providers.change(work, made.application_id, Switches(idp_initiated=True))
    assert application.launch_url == "/sites/acme/saml/start?sp=https%3A%2F%2Fsp.example%2Fmetadata"


def test_what_is_shown_of_it_can_be_json(work):
    import json

    shown = providers.represent(register(work, SP.metadata(signing=DER, encryption=DER, formats=(names.EMAIL,))))

    assert json.loads(json.dumps(shown)) == shown
    assert shown["entity_id"] == SP.entity_id
    assert shown["nameid_formats"] == [names.EMAIL]
    assert len(shown["signing_certificates"][0].split(":")) == 32
    assert DER not in json.dumps(shown)


def test_an_application_of_the_other_protocol_is_no_service_provider(work, world):
    from idp.directory import queries

    other = applications.create(work, queries.site(work, "acme"), protocol="oidc", name="Notebook")
    with pytest.raises(NotFound):
        providers.of_application(work, other)
    assert providers.find_application(work, "nobody") is None
    with pytest.raises(NotFound):
        providers.find(work, "nobody")
