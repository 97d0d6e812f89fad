"""From what metadata asks for to a proposal of what is released; nothing is released by a proposal."""

import json
from io import BytesIO

import pytest

from idp.base.errors import Forbidden, Invalid
from idp.directory import accounts, policies, queries
from idp.policy.rules import Rule
from idp.saml import aggregates, importing, proposing
from idp.saml.description import RequestedAttribute
from idp.saml.proposals import propose
from idp.saml.recognizing import Own
from tests.support.saml_world import posted
from tests.support.service_provider import ServiceProvider, consumer

SP = ServiceProvider()
MAIL = "urn:oid:0.9.2342.19200300.100.1.3"


def asking(*attributes: str) -> bytes:
    requested = "".join(f"<md:RequestedAttribute {one}/>" for one in attributes)
    service = f'<md:ServiceName xml:lang="en">Wiki</md:ServiceName>{requested}'
    return SP.metadata(
        signing=SP.pair.der,
        consumers=consumer(SP.acs)
        + f'<md:AttributeConsumingService index="0">{service}</md:AttributeConsumingService>',
    )


@pytest.mark.parametrize(
    ("name", "friendly", "ours"),
    [
        (MAIL, "", "email"),
        ("EMAIL", "", "email"),
        ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "", "email"),
        ("whatever", "mail", "email"),
        ("urn:oid:2.16.840.1.113730.3.1.241", "", "name"),
        ("Display Name", "", "name"),
        ("first_name", "", "given_name"),
        ("urn:oid:2.5.4.4", "sn", "family_name"),
        ("User.LastName", "", "family_name"),
        ("memberOf", "", "groups"),
        ("urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "eduPersonPrincipalName", None),
        ("", "", None),
    ],
)
def test_an_attribute_is_recognized_by_its_name_or_by_what_people_call_it(name, friendly, ours):
    proposal = propose([RequestedAttribute(name, friendly)])

    assert proposal.attributes == ((ours,) if ours else ())
    assert len(proposal.missing) == (0 if ours else 1)


def test_each_of_ours_is_named_once():
    assert propose([RequestedAttribute("mail"), RequestedAttribute(MAIL), RequestedAttribute("sn")]).attributes == (
        "email",
        "family_name",
    )


OWN = Own(frozenset({"employee_number", "department", "salary", "eduPersonPrincipalName"}))


@pytest.mark.parametrize(
    ("name", "friendly", "ours"),
    [
        ("department", "", "department"),
        ("Department", "", "department"),
        ("employeeNumber", "", "employee_number"),
        ("Employee Number", "", "employee_number"),
        ("https://vendor.example/x", "department", "department"),
        ("urn:oid:2.16.840.1.113730.3.1.3", "", "employee_number"),
        ("urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "", "eduPersonPrincipalName"),
        ("urn:mace:dir:attribute-def:employeeNumber", "", "employee_number"),
        ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/department", "", "department"),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber", "", "employee_number"),
    ],
)
def test_an_attribute_of_the_organizations_own_is_recognized_by_its_exact_name(name, friendly, ours):
    assert propose([RequestedAttribute(name, friendly)], OWN).attributes == (ours,)


@pytest.mark.parametrize(
    ("name", "friendly"),
    [
        ("https://vendor.example/claims/salary", ""),
        ("urn:vendor:salary", ""),
        ("salaryGrade", ""),
        ("my.salary", ""),
        ("sal", ""),
        ("urn:oid:2.5.4.12", "salary"),
        ("", ""),
    ],
)
def test_an_attribute_of_the_organizations_own_is_not_proposed_for_what_is_only_alike(name, friendly):
    """Nor by a friendly name that contradicts a standard name."""
    assert propose([RequestedAttribute(name, friendly)], OWN).attributes == ()


def test_a_name_that_two_own_attributes_could_have_is_none_of_them_and_the_very_name_is():
    twins = Own(frozenset({"cost_center", "costCenter"}))

    assert propose([RequestedAttribute("COST-CENTER")], twins).attributes == ()
    assert propose([RequestedAttribute("costCenter")], twins).attributes == ("costCenter",)


def test_a_name_that_every_account_has_stays_that_whatever_the_organization_calls_its_own():
    assert propose([RequestedAttribute("mail")], Own(frozenset({"mail"}))).attributes == ("email",)


def rules(work, *of: dict):
    policies.set_organization_rules(work, "acme", [Rule.from_json(one) for one in of])


def test_an_own_attribute_is_proposed_under_the_name_that_the_organization_sends_it_by(world):
    application_id = world.register(SP, asking('Name="urn:acme:unit"', 'Name="x" FriendlyName="orgUnit"'))
    with world.work() as work:
        policies.set_organization_release(work, "acme", ["email", "department"])
        sent = {"source": "attribute", "value": "department"}
        rules(work, {"name": "urn:acme:unit", **sent}, {"name": "urn:acme:other", "friendly_name": "OrgUnit", **sent})

    with world.work() as work:
        assert [one.attribute for one in proposing.of(work, application_id).supplied] == ["department"] * 2


@pytest.mark.parametrize("narrowing", [{"only": ["Staff"]}, {"rename": {"Staff": "employee"}}])
def test_a_name_for_a_part_of_an_attribute_is_none_for_all_of_it(world, narrowing):
    application_id = world.register(SP, asking('Name="urn:acme:affiliation"'))
    with world.work() as work:
        rules(work, {"name": "urn:acme:affiliation", "source": "attribute", "value": "groups", **narrowing})

    with world.work() as work:
        assert proposing.of(work, application_id).attributes == ()


def test_an_own_attribute_that_the_organization_does_not_release_is_not_proposed(world):
    """Deny by default: that people have it is not enough."""
    application_id = world.register(SP, asking('Name="salary"'))
    with world.work() as work:
        accounts.set_attributes(work, world.account().id, {"salary": ["12"]})

    with world.work() as work:
        proposal = proposing.of(work, application_id)

    assert (proposal.attributes, [one.name for one in proposal.missing]) == ((), ["salary"])


def test_an_own_attribute_that_the_site_withholds_is_not_proposed(world):
    application_id = world.register(SP, asking('Name="department"'))
    with world.work() as work:
        policies.set_organization_release(work, "acme", ["email", "department"])
        policies.set_site_release(work, "acme", ["email"])

    with world.work() as work:
        assert proposing.of(work, application_id).attributes == ()


def test_an_own_attribute_that_was_agreed_to_is_sent_under_the_name_that_was_asked_for(world, ann):
    application_id = world.register(SP, asking('Name="urn:oid:2.16.840.1.113730.3.1.3" FriendlyName="employeeNumber"'))
    with world.work() as work:
        policies.set_organization_release(work, "acme", ["email", "employee_number"])
        accounts.set_attributes(work, world.account().id, {"employee_number": ["4711"]})
        proposing.apply(work, application_id)

    answer = posted(ann.sso(SP.query(SP.authn_request())))

    assert answer.find("//saml:Attribute/@Name") == ["urn:oid:2.16.840.1.113730.3.1.3"]
    assert answer.one("//saml:AttributeValue") == "4711"


def own(work, application_id):
    """What the application's own level says: which attributes may leave, and the rules."""
    found = queries.application(work, application_id)
    levels = policies.release_levels(work, found.organization_id, found.site_id, application_id)
    return next(((level.attributes, level.rules) for level in levels if level.level == "application"), None)


def test_a_proposal_releases_nothing_and_applied_it_narrows_to_the_names_that_were_asked_for(world):
    application_id = world.register(
        SP, asking(f'Name="{MAIL}" FriendlyName="mail" isRequired="true"', 'Name="unknown"')
    )
    with world.work() as work:
        proposal = proposing.of(work, application_id)
        assert own(work, application_id) is None
    with world.work() as work:
        assert proposing.apply(work, application_id) == proposal
    with world.work() as work:
        attributes, rules = own(work, application_id)

    assert attributes == ["email"]
    assert [(one.name, one.friendly_name, one.name_format, one.value) for one in rules] == [
        (MAIL, "mail", "uri", "email")
    ]
    assert [one.name for one in proposal.missing] == ["unknown"]


def test_x24_the_assertion_has_what_was_asked_for_under_that_name_and_nothing_else(world, ann):
    """X24: agreed with, the proposal is what is sent."""
    application_id = world.register(
        SP, asking(f'Name="{MAIL}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"', 'Name="lastName"')
    )
    with world.work() as work:
        proposing.apply(work, application_id)

    answer = posted(ann.sso(SP.query(SP.authn_request())))

    assert answer.find("//saml:Attribute/@Name") == [MAIL]
    assert answer.one("//saml:Attribute/@NameFormat").endswith(":uri")
    assert answer.one("//saml:AttributeValue") == "ann@acme.example"


def test_an_own_attribute_that_one_of_many_asks_for_is_released_to_it_where_that_was_wanted(world):
    document = asking('Name="department"', 'Name="unknown"')
    with world.work() as work:
        policies.set_organization_release(work, "acme", ["email", "department"])
        batch = [importing.read(one, now=world.now) for one in aggregates.entities(BytesIO(document))]
        (made,) = importing.register(work, "acme", batch, release_requested=True)

    with world.work() as work:
        assert own(work, made.application_id)[0] == ["department"]


def test_of_one_name_asked_for_twice_one_rule_is_made():
    first, second = RequestedAttribute("mail", required=True), RequestedAttribute("mail")

    assert [one.requested for one in propose([first, RequestedAttribute("sn"), second]).supplied] == [
        first,
        RequestedAttribute("sn"),
    ]


def test_whoever_asks_for_nothing_is_not_narrowed_by_that(world):
    application_id = world.register(SP)

    with world.work() as work:
        proposing.apply(work, application_id)
        assert own(work, application_id) is None
        with pytest.raises(Invalid):
            proposing.apply(work, application_id, must_ask=True)


def test_whoever_asks_only_for_what_we_have_not_got_receives_nothing(world):
    application_id = world.register(SP, asking('Name="unknown"'))

    with world.work() as work:
        proposing.apply(work, application_id)
    with world.work() as work:
        assert own(work, application_id) == ([], ())


def test_an_auditor_cannot_agree(world, as_account):
    application_id = world.register(SP, asking(f'Name="{MAIL}"'))

    with world.work() as work, pytest.raises(Forbidden):
        proposing.apply(as_account(work, world.account(), "auditor"), application_id)


def test_x16_only_safe_addresses_for_people_are_kept(world):
    """X16: a logo or a privacy statement that is no clean https address is left out, and stored nowhere."""
    info = (
        '<md:Extensions><mdui:UIInfo><mdui:DisplayName xml:lang="en">Wiki</mdui:DisplayName>'
        '<mdui:Description xml:lang="en">A wiki</mdui:Description>'
        '<mdui:Logo height="1" width="1">{logo}</mdui:Logo>'
        '<mdui:InformationURL xml:lang="en">https://sp.example/about</mdui:InformationURL>'
        '<mdui:PrivacyStatementURL xml:lang="en">{privacy}</mdui:PrivacyStatementURL></mdui:UIInfo></md:Extensions>'
    )
    from idp.saml import metadata
    from tests.support.service_provider import NOON

    def about(logo, privacy):
        document = SP.metadata().replace(
            b"<md:SingleLogout", info.format(logo=logo, privacy=privacy).encode() + b"<md:SingleLogout", 1
        )
        return metadata.read(document, now=NOON, http_loopback=False).about

    good = about("https://sp.example/logo.png", "https://sp.example/privacy")
    assert (good.names, good.description) == ((("en", "Wiki"),), "A wiki")
    assert (good.logo_url, good.information_url) == ("https://sp.example/logo.png", "https://sp.example/about")
    assert good.privacy_url == "https://sp.example/privacy"
    for bad in (
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "http://sp.example/x",
        "https://sp.example/&quot;&gt;",
        "https://a:b@sp.example/",
    ):
        found = about(bad, bad)
        assert (found.logo_url, found.privacy_url, found.description) == ("", "", "A wiki")
        assert bad not in json.dumps(found.names)
