"""Attributes in assertions: by rules, with types and formats of names, accepted by those who did not make them."""

import pytest
from lxml import etree

from idp.directory import accounts, policies
from idp.policy.rules import Rule
from idp.saml import names
from tests.saml.test_oracles import (
    DS,
    accepted,
    decrypted,
    our_certificate,
    verify_signxml,
    verify_xmlsec,
)
from tests.support.saml_world import ANN, N, posted
from tests.support.schemas import validate

RULES = (
    Rule(name="urn:oid:0.9.2342.19200300.100.1.3", friendly_name="mail", name_format="uri", source="attribute", value="email"),
    Rule(name="admin", type="boolean", source="expression", value='if(groups contains "Staff", "true", "false")'),
    Rule(name="number", type="integer", name_format="unspecified", source="attribute", value="employeeNumber"),
    Rule(name="plain", type="none", source="constant", value="a & b <c> \"d\" 'e' ü 😀"),
    Rule(name="Teams", source="attribute", value="groups", only=("S*",), rename={"Staff": "everybody"}),
    Rule(name="secret", source="expression", value='if(salary contains "*", "rich", "poor")'),
)  # fmt: skip


@pytest.fixture
def known(world):
    """Ann has a number, and a salary that no policy releases."""
    with world.work() as work:
        policies.set_organization_release(work, "acme", ["email", "name", "groups", "employeeNumber"])
        accounts.set_attributes(work, ANN, {"employeeNumber": ["42"], "salary": ["100000"]})


def ruled(world, sp, ann, *rules, document=None, **switches) -> bytes:
    application = world.register(sp, document, **switches)
    with world.work() as work:
        policies.set_application_rules(work, application, rules)
    return posted(ann.sso(sp.query(sp.authn_request(ID="_mine")))).xml


def statement(root) -> dict[str, tuple]:
    return {
        attribute.get("Name"): (
            attribute.get("FriendlyName"),
            attribute.get("NameFormat").rpartition(":")[2],
            *((value.get(f"{{{names.XSI}}}type"), value.text) for value in attribute),
        )
        for attribute in root.iter(f"{{{names.SAML}}}Attribute")
    }


EXPECTED = {
    "urn:oid:0.9.2342.19200300.100.1.3": ("mail", "uri", ("xs:string", ANN)),
    "admin": (None, "basic", ("xs:boolean", "true")),
    "number": (None, "unspecified", ("xs:integer", "42")),
    "plain": (None, "basic", (None, "a & b <c> \"d\" 'e' ü 😀")),
    "Teams": (None, "basic", ("xs:string", "everybody")),
}


def test_x24_what_is_sent_is_what_the_rules_say(world, sp, ann, known):
    """X24: and not a word of what may not leave, in whatever way a rule looks at it."""
    xml = ruled(world, sp, ann, *RULES)

    assert statement(etree.fromstring(xml)) == EXPECTED
    assert b"poor" not in xml
    assert b"rich" not in xml
    (attempt,) = world.attempts()
    assert attempt.steps[-1]["attributes"] == sorted(EXPECTED)


@pytest.mark.parametrize(
    "switches",
    [{}, {"sign_assertion": False}, {"sign_response": False}],
    ids=["both", "response", "assertion"],
)
def test_typed_values_are_verified_by_others_and_valid(world, sp, ann, known, switches):
    xml = ruled(world, sp, ann, *RULES, **switches)
    root = etree.fromstring(xml)

    assert etree.tostring(root, method="c14n", exclusive=True, inclusive_ns_prefixes=["xs"]) == xml
    verify_xmlsec(root, our_certificate(world))
    verify_signxml(root, our_certificate(world))
    validate(xml)
    for signature in root.iter(DS + "Signature"):
        assert signature.xpath(".//*[@PrefixList]/@PrefixList") == ["xs"]


def test_without_types_nothing_is_said_of_prefixes(world, sp, ann):
    xml = ruled(world, sp, ann, Rule(name="mail", type="none", source="attribute", value="email"))

    assert b"PrefixList" not in xml
    assert b"XMLSchema" not in xml
    assert etree.tostring(etree.fromstring(xml), method="c14n", exclusive=True) == xml


def test_the_meaning_of_a_type_is_signed(world, sp, ann, known):
    """A prefix that only a value uses is signed as well: nobody binds it to something else on the way."""
    xml = ruled(world, sp, ann, *RULES, sign_response=False)
    changed = xml.replace(f'xmlns:xs="{names.XS}"'.encode(), b'xmlns:xs="urn:other"')

    assert changed != xml
    with pytest.raises(Exception, match=r"verif|invalid|failed"):
        verify_xmlsec(etree.fromstring(changed), our_certificate(world))


@pytest.mark.parametrize("encrypt", [False, True])
def test_python3_saml_reads_typed_values(world, sp, ann, known, encrypt):
    document = sp.metadata(signing=sp.pair.der, encryption=sp.pair.der)
    xml = ruled(world, sp, ann, *RULES, document=document, encrypt_assertion=encrypt)

    response = accepted(world, sp, xml, wantAssertionsEncrypted=encrypt)

    assert response.get_attributes() == {name: [value[2][1]] for name, value in EXPECTED.items()}
    assert response.get_friendlyname_attributes() == {"mail": [ANN]}


def test_an_encrypted_assertion_with_types_stands_alone(world, sp, ann, known):
    document = sp.metadata(signing=sp.pair.der, encryption=sp.pair.der)
    root = etree.fromstring(ruled(world, sp, ann, *RULES, document=document, encrypt_assertion=True))

    verify_xmlsec(root, our_certificate(world))
    assertion = etree.fromstring(etree.tostring(decrypted(root, sp.pair.key_pem)))
    verify_xmlsec(assertion, our_certificate(world))
    assert statement(assertion) == EXPECTED


def test_pysaml2_reads_typed_values(world, sp, ann, known):
    from saml2.saml import assertion_from_string

    root = etree.fromstring(ruled(world, sp, ann, *RULES))
    assertion = assertion_from_string(etree.tostring(root.xpath("//saml:Assertion", namespaces=N)[0]))

    found = {a.name: [v.text for v in a.attribute_value] for a in assertion.attribute_statement[0].attribute}
    assert found == {name: [value[2][1]] for name, value in EXPECTED.items()}


def test_x21_rules_of_the_site_hold_for_its_applications_and_no_others(world, sp, ann):
    """X21: what another organization says has no part in it."""
    with world.work() as work:
        policies.set_site_rules(work, "acme", [Rule(name="from", source="constant", value="the site")])
        policies.set_organization_rules(work, "rival", [Rule(name="from", source="constant", value="the rival")])
    xml = ruled(world, sp, ann)

    assert statement(etree.fromstring(xml)) == {"from": (None, "basic", ("xs:string", "the site"))}


def test_a_rule_without_values_leaves_no_empty_attribute(world, sp, ann):
    xml = ruled(world, sp, ann, Rule(name="phone", source="attribute", value="phone"))

    assert b"AttributeStatement" not in xml
    validate(xml)
