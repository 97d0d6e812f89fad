"""Registering from an application template: what comes of the fields, what is refused, what is recorded."""

import re

import pytest

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.directory import applications, policies, queries
from idp.keyring import keyring
from idp.saml import from_template, names, providers, templates, vendor_values
from idp.saml.description import SpDescription
from idp.saml.from_template import Metadata, register_from_template
from idp.saml.key_change import rollover, rotating
from idp.saml.models import ServiceProvider as Row
from idp.saml.switches import Switches
from idp.saml.templates.model import Give
from tests.support import template_world
from tests.support.service_provider import ServiceProvider, consumer, pair

SLACK = templates.find("slack")
GENERIC = {"entity_id": "https://wiki.acme.example/saml", "acs_url": "https://wiki.acme.example/saml/acs"}


def made(world, called="slack", fields=None, **more) -> Row:
    of = templates.find(called)
    with world.work() as work:
        return register_from_template(work, "acme", of, template_world.given(of) if fields is None else fields, **more)


def test_description_switches_rules_and_tile_come_of_the_template(world):
    row = made(world, fields={"workspace": "acme"})

    assert (row.entity_id, row.metadata_xml, row.metadata_url, row.version) == ("https://slack.com", "", "", 1)
    assert row.made_from == {"template": "slack", "fields": {"workspace": "acme", "issuer": "https://slack.com"}}
    described = SpDescription.from_json(row.description)
    assert [one.location for one in described.assertion_consumers] == ["https://acme.slack.com/sso/saml"]
    assert described.default_consumer().binding == names.POST
    assert (row.sign_response, row.sign_assertion, row.encrypt_assertion) == (True, True, False)
    assert (row.nameid_format, row.idp_initiated, row.require_signed_requests) == (names.PERSISTENT, False, False)
    with world.work() as work:
        application = queries.application(work, row.application_id)
        assert (application.name, application.launch_url) == ("Slack", "https://acme.slack.com/")
        policy = policies.release_policy(work, row.organization_id, "application", row.application_id)
        assert [rule["name"] for rule in policy.rules] == ["User.Email", "first_name", "last_name"]
        assert applications.grants(work, application) == []


def test_it_is_recorded_with_its_fields_and_without_what_may_be_a_token(world):
    made(world, "gitlab-group", {"group": "acme", "sso_url": "https://gitlab.com/groups/acme/-/saml/sso?token=Ab1"})

    (entry,) = world.audited("service-provider.template-applied")
    assert entry.details == {
        "template": "gitlab-group",
        "fields": {"group": "acme", "sso_url": "https://gitlab.com/groups/acme/-/saml/sso"},
    }
    assert len(world.audited("service-provider.registered")) == 1


def test_everyone_and_a_name_of_ones_own(world):
    row = made(world, everyone=True, name="Chat")

    with world.work() as work:
        application = queries.application(work, row.application_id)
        assert application.name == "Chat"
        assert [one.subject_kind for one in applications.grants(work, application)] == ["everyone"]


def test_what_is_said_beside_the_template_wins(world):
    row = made(world, switches=Switches(sign_response=False, nameid_format=names.EMAIL))

    assert (row.sign_response, row.sign_assertion, row.nameid_format) == (False, True, names.EMAIL)


def test_a_default_may_be_made_of_another_field_and_may_be_left(world):
    zoom = templates.find("zoom")

    assert from_template.answers(zoom, {"vanity": "acme"})["entity_id"] == "acme.zoom.us"
    other = {"vanity": "acme", "entity_id": "https://acme.zoom.us"}
    assert from_template.answers(zoom, other)["entity_id"] == "https://acme.zoom.us"
    assert from_template.answers(templates.find("generic"), GENERIC)["slo_url"] == ""


def test_the_tile_keeps_its_address_when_a_switch_is_changed(world):
    row = made(world)
    with world.work() as work:
        providers.change(work, row.application_id, Switches(sign_response=False))
        assert queries.application(work, row.application_id).launch_url == "https://acme.slack.com/"
        providers.change(work, row.application_id, Switches(idp_initiated=True))
        assert queries.application(work, row.application_id).launch_url.startswith("/sites/acme/saml/start?")


def test_the_tile_can_be_led_elsewhere(world):
    row = made(world)
    with world.work() as work:
        providers.change(work, row.application_id, Switches(start_url="https://acme.slack.com/messages"))
        assert queries.application(work, row.application_id).launch_url == "https://acme.slack.com/messages"
        providers.change(work, row.application_id, Switches(start_url=""))
        assert queries.application(work, row.application_id).launch_url == "https://acme.slack.com/"
    (change,) = world.audited("service-provider.changed")[0].details["changes"]
    assert change.startswith("address that the tile leads to ")


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "http://wiki.example/", "https://a@wiki.example/", "//x", "/"]
)
def test_x16_the_tile_leads_to_no_other_kind_of_address(world, address):
    row = made(world)
    with world.work() as work, pytest.raises(Invalid) as refused:
        providers.change(work, row.application_id, Switches(start_url=address))

    assert refused.value.field == "start_url"


# What is refused


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "workspace"),
        ({"workspace": ""}, "workspace"),
        ({"workspace": "ac me"}, "workspace"),
        ({"workspace": "acme\n"}, "workspace"),
        ({"workspace": "acme\u202e"}, "workspace"),
        ({"workspace": "a" * 3000}, "workspace"),
        ({"workspace": "evil.example/x?"}, "workspace"),
        ({"workspace": "acme@evil.example#"}, "workspace"),
        ({"workspace": "{issuer}"}, "workspace"),
        ({"workspace": "acme", "issuer": "https://slack.com.evil.example"}, "issuer"),
        ({"workspace": "acme", "team": "x"}, "field"),
    ],
)
def test_x16_a_field_that_cannot_be_taken(world, fields, field):
    with pytest.raises(Invalid) as refused:
        made(world, fields=fields)

    assert refused.value.field == field
    assert refused.value.advice
    assert world.count(Row) == 0


@pytest.mark.parametrize(
    "address",
    [
        "http://wiki.acme.example/acs",
        "https://ann@wiki.acme.example/acs",
        "https://wiki.acme.example/acs#x",
        'https://wiki.acme.example/"><script>',
        "javascript:alert(1)",
        "https://wiki.acme.example:0/acs",
        "https://wiki..acme.example/acs",
        "https://wíki.acme.example/acs",
    ],
)
@pytest.mark.parametrize("field", ["acs_url", "slo_url", "start_url"])
def test_x16_an_address_that_nobody_is_sent_to(world, field, address):
    with pytest.raises(Invalid) as refused:
        made(world, "generic", {**GENERIC, field: address})

    assert refused.value.field == field
    assert world.count(Row) == 0


def test_plain_http_on_loopback_only_where_it_is_allowed(world):
    fields = {**GENERIC, "acs_url": "http://localhost:9000/acs"}

    with pytest.raises(Invalid):
        made(world, "generic", fields)
    assert made(world, "generic", fields, allow_http_loopback=True).application_id


@pytest.mark.parametrize("entity_id", ["a b", "", "x" * 1025, "a\tb"])
def test_an_entity_id_is_judged_like_one_of_metadata(world, entity_id):
    with pytest.raises(Invalid):
        made(world, "generic", {**GENERIC, "entity_id": entity_id})


def test_the_same_entity_id_twice_is_a_conflict_and_nothing_is_left_behind(world):
    made(world)
    with pytest.raises(Conflict):
        made(world)

    assert world.count(Row) == 1
    assert made(world, fields={"workspace": "acme", "issuer": "https://acme.slack.com"}).entity_id


def test_t1_a_stranger_finds_no_site_and_an_auditor_may_not(world, as_account, stranger):
    with world.work() as work:
        ann = world.account()
        with pytest.raises(NotFound):
            register_from_template(stranger(work), "acme", SLACK, {"workspace": "acme"})
        with pytest.raises(Forbidden):
            register_from_template(as_account(work, ann, "auditor"), "acme", SLACK, {"workspace": "acme"})


# Metadata of the vendor


def metadata(sp: ServiceProvider, **more) -> Metadata:
    return Metadata(sp.metadata(signing=sp.pair.der, consumers=consumer(sp.acs), **more))


def test_metadata_describes_it_in_the_place_of_the_fields(world):
    sp = ServiceProvider(entity_id="https://slack.com", acs="https://acme.slack.com/sso/saml")
    row = made(world, fields={}, vendor=metadata(sp, attributes=' AuthnRequestsSigned="true"'))

    described = SpDescription.from_json(row.description)
    assert described.signing_certificates == (pair().der,)
    assert row.require_signed_requests is True
    assert "EntityDescriptor" in row.metadata_xml
    with world.work() as work:
        # The field for the tile was not given, so it leads to where assertions go.
        assert queries.application(work, row.application_id).launch_url == "https://acme.slack.com/"


def test_metadata_of_another_service_provider_is_the_wrong_file(world):
    with pytest.raises(Invalid) as refused:
        made(world, fields={"workspace": "acme"}, vendor=metadata(ServiceProvider()))

    assert refused.value.field == "metadata"
    assert "https://sp.example/metadata" in refused.value.message


def test_with_metadata_the_fields_of_rules_are_still_needed(world):
    sp = ServiceProvider(entity_id="urn:amazon:webservices", acs="https://eu-central-1.signin.aws.amazon.com/saml")

    with pytest.raises(Invalid) as refused:
        made(world, "aws-iam", {"account": "123456789012"}, vendor=metadata(sp))
    assert refused.value.field == "role"


def test_a_logout_address_that_metadata_leaves_out_is_the_templates(world):
    of = templates.find("salesforce")
    sp = template_world.far_end(of)
    said = metadata(sp).document
    bare = re.sub(rb"<md:SingleLogoutService[^>]*/>", b"", said)

    row = made(world, "salesforce", {"domain": "acme"}, vendor=Metadata(bare))
    assert [one.location for one in SpDescription.from_json(row.description).logout_endpoints] == [
        "https://acme.my.salesforce.com/services/auth/sp/saml2/logout"
    ]
    with world.work() as work:
        applications.delete(work, row.application_id)
    row = made(world, "salesforce", {"domain": "acme"}, vendor=Metadata(said))
    assert [one.location for one in SpDescription.from_json(row.description).logout_endpoints] == [sp.slo]


def test_who_signs_every_request_is_registered_by_metadata_only(world):
    """X10: a signature that cannot be verified is refused, so its certificate must be known."""
    with pytest.raises(Invalid) as refused:
        made(world, "salesforce")

    assert refused.value.field == "metadata"


# What the vendor is given, and what it will not get


def test_the_values_for_the_vendor_are_those_of_the_site(world):
    row = made(world)
    with world.work() as work:
        ours = vendor_values.ours(work, "acme", "http://localhost:8000", of=row)
        page = vendor_values.page(SLACK, ours, row.made_from["fields"])

    assert set(ours) == set(Give)
    assert page.values[:2] == (
        ("SAML 2.0 Endpoint (HTTP)", "http://localhost:8000/sites/acme/saml/sso"),
        ("Identity Provider Issuer", "http://localhost:8000/sites/acme/saml/metadata"),
    )
    label, certificate = page.values[2]
    assert (label, certificate.splitlines()[0]) == ("Public Certificate", "-----BEGIN CERTIFICATE-----")
    published = world.app.test_client().get("/sites/acme/saml/metadata").text
    assert ours[Give.CERTIFICATE_BASE64] in published
    assert "".join(certificate.splitlines()[1:-1]) == ours[Give.CERTIFICATE_BASE64]


def test_the_values_are_those_of_the_key_that_it_is_answered_with_and_its_own_metadata_address(world):
    """By that address it is seen that it has read of a new key."""
    row = made(world)
    with world.work() as work:
        rotating.rotate(work, queries.site(work, "acme"), purpose=keyring.SAML_SIGNING)
        rollover.switch(work, row.application_id, anyway=True)
    with world.work() as work:
        switched = providers.find(work, row.application_id)
        ours = vendor_values.ours(work, "acme", "http://localhost:8000", of=switched)
        others = vendor_values.ours(work, "acme", "http://localhost:8000")

    new, former = world.saml_keys()["next"][0], world.saml_keys()["active"][0]
    assert ours[Give.CERTIFICATE] == new.certificate_pem.strip()
    assert others[Give.CERTIFICATE] == former.certificate_pem.strip()
    assert ours[Give.METADATA] == f"{others[Give.METADATA]}/{row.application_id}/{row.metadata_token}"
    assert ours[Give.ENTITY_ID] == others[Give.ENTITY_ID]


@pytest.mark.parametrize("give", [Give.SSO, Give.SLO, Give.METADATA, Give.START, Give.SIGN_OUT, Give.CHANGE_PASSWORD])
def test_every_address_that_is_given_is_there(world, ann, give):
    row = made(world, "aws-iam", everyone=True)
    with world.work() as work:
        address = vendor_values.ours(work, "acme", "http://localhost:8000", of=row)[give]

    answer = ann.client.get(address.removeprefix("http://localhost:8000"))
    assert answer.status_code in ((400,) if give in (Give.SSO, Give.SLO) else (200, 302, 303))


def test_what_may_not_leave_is_said_with_who_keeps_it(world):
    row = made(world, "microsoft-365")
    of = templates.find("microsoft-365")
    with world.work() as work:
        held = from_template.held_back(work, row, of)
        assert list(held) == ["immutable_id"]
        assert "organization" in held["immutable_id"]
        policies.set_organization_release(work, "acme", ["email", "immutable_id"])
        assert from_template.held_back(work, row, of) == {}
