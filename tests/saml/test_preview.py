"""The preview: exactly what would be sent, and why; and nothing at all happens."""

import pytest
import sqlalchemy as sa
from lxml import etree

from idp.base.errors import Forbidden, Invalid, NotFound
from idp.base.tables import Base
from idp.directory import accounts, applications, groups, policies, queries, sites
from idp.policy.rules import Rule
from idp.saml import names, preview, providers, registering
from idp.saml.supposed_request import SupposedRequest
from idp.saml.switches import Switches
from tests.support import people
from tests.support.saml_world import ANN, BEN, N, posted
from tests.support.schemas import validate

BASE = "http://localhost:8000"
RULES = (
    Rule(name="urn:oid:0.9.2342.19200300.100.1.3", friendly_name="mail", name_format="uri", source="attribute", value="email"),
    Rule(name="admin", type="boolean", source="expression", value='if(groups contains "Staff", "true", "false")'),
    Rule(name="phone", source="attribute", value="phone"),
    Rule(name="cost", source="attribute", value="salary"),
)  # fmt: skip


def seen(world, application, account=ANN, **more) -> preview.Preview:
    with world.work() as work:
        place = preview.place_of(work, application, BASE)
        return preview.preview(work, place, application, account, **more)


def rows(world) -> dict[str, list]:
    with world.database.engine.connect() as connection:
        return {t.name: connection.execute(sa.select(t)).all() for t in Base.metadata.sorted_tables}


def plain(xml) -> bytes:
    """Return an assertion without what differs from one to the next, in one canonical form."""
    root = etree.fromstring(xml) if isinstance(xml, bytes) else etree.fromstring(xml.encode())
    assertion = root if root.tag.endswith("}Assertion") else root.find(f"{{{names.SAML}}}Assertion")
    for signature in assertion.findall(f"{{{names.DS}}}Signature"):
        assertion.remove(signature)
    assertion.set("ID", "_id")
    for data in assertion.iter(f"{{{names.SAML}}}SubjectConfirmationData"):
        data.set("InResponseTo", "_request")
    for statement in assertion.iter(f"{{{names.SAML}}}AuthnStatement"):
        statement.set("SessionIndex", "_index")
    return etree.tostring(etree.fromstring(etree.tostring(assertion)), method="c14n", exclusive=True)


@pytest.mark.parametrize(
    ("switches", "asked"),
    [
        ({}, None),
        ({"nameid_format": names.EMAIL}, None),
        ({"name_id_source": r'"ACME\\" + before(email, "@")'}, names.WINDOWS),
        ({"nameid_format": names.UNSPECIFIED}, None),
    ],
    ids=["persistent", "email", "windows", "unspecified"],
)
@pytest.mark.parametrize("ruled", [True, False])
def test_the_preview_is_what_the_sign_on_then_sends(world, sp, ann, switches, asked, ruled):
    application = world.register(sp, **switches)
    with world.work() as work:
        policies.set_application_rules(work, application, RULES if ruled else ())
    policy = f'<samlp:NameIDPolicy Format="{asked}"/>' if asked else ""

    before = seen(world, application, request=SupposedRequest(nameid_format=asked))
    sent = posted(ann.sso(sp.query(sp.authn_request(policy))))
    after = seen(world, application, request=SupposedRequest(nameid_format=asked))

    assert after.allowed
    assert after.faults == ()
    assert plain(after.xml) == plain(sent.xml)
    made_first = not switches or switches.get("nameid_format") == names.UNSPECIFIED
    assert (before.name_id == "_WOULD-BE-MADE") is made_first
    assert made_first or plain(before.xml) == plain(sent.xml)
    validate(after.xml.encode())


@pytest.mark.parametrize("account", [ANN, BEN])
@pytest.mark.parametrize("switches", [{}, {"name_id_source": "email", "nameid_format": names.UNSPECIFIED}])
def test_nothing_is_written(world, sp, account, switches):
    application = world.register(sp, **switches)
    before = rows(world)

    made = seen(world, application, account)

    assert made.xml
    assert rows(world) == before
    assert "Signature" not in made.xml


def test_every_value_says_where_it_is_from_and_what_is_withheld_by_whom(world, sp):
    application = world.register(sp)
    with world.work() as work:
        policies.set_organization_release(work, "acme", ["email", "groups", "phone", "department"])
        policies.set_site_release(work, "acme", ["email", "groups", "phone"])
        policies.set_application_rules(work, application, RULES)
        accounts.set_attributes(work, ANN, {"salary": ["100000"], "department": ["IT"], "phone": ["1"]})
        accounts.set_attributes(work, ANN, {"phone": []})
    made = seen(world, application)

    assert [(one.name, one.values, one.origin) for one in made.statements] == [
        (RULES[0].name, (ANN,), "rule of the application, from the attribute email"),
        ("admin", ("true",), f"rule of the application, from the expression {RULES[1].value}"),
    ]
    assert [(one.name, one.because) for one in made.silent] == [
        ("phone", "the person has no phone"),
        ("cost", "the attribute salary may not leave: the organization and the site withhold it"),
    ]
    assert {(one.attribute, one.because) for one in made.withheld} == {
        ("name", "the organization and the site withhold it"),
        ("salary", "the organization and the site withhold it"),
        ("department", "the site withholds it"),
    }
    assert "100000" not in str(made.to_json())
    assert made.name_id_origin == "random, for this person at this application alone; made at the first sign-on"
    assert (made.context, made.context_origin) == (
        names.REFEDS_MFA,
        "authentication-policy: second step required",
    )
    assert made.destination == sp.acs
    assert made.conditions[0] == f"for the audience {sp.entity_id} alone"


def test_what_may_leave_and_no_rule_reads_is_said(world, sp):
    application = world.register(sp)
    with world.work() as work:
        policies.set_application_rules(work, application, RULES[:1])

    assert {one.attribute: one.because for one in seen(world, application).withheld} == {
        "name": "it may leave, but no rule reads it",
        "groups": "it may leave, but no rule reads it",
    }


def test_whether_the_person_may_open_it_and_why_not(world, sp):
    with world.work() as work:
        document = sp.metadata()
        application = registering.register(work, "acme", document, allow_http_loopback=True).application_id
    assert seen(world, application).access == ("it has no access grant: nobody may open it",)

    with world.work() as work:
        applications.grant(work, application, account=BEN)
    assert seen(world, application, BEN).allowed
    made = seen(world, application)
    assert (made.allowed, made.access) == (False, ("none of its access grants holds for this person",))
    assert made.xml  # what would be sent if that changed

    with world.work() as work:
        accounts.disable(work, BEN)
        applications.disable(work, application)
    assert seen(world, application, BEN).access == ("the application is disabled", "the account is disabled")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (Switches(nameid_format=names.WINDOWS, name_id_source="email"), "not of the form DOMAIN"),
        (Switches(nameid_format=names.UNSPECIFIED, name_id_source="phone"), "phone may not leave"),
        (Switches(nameid_format=names.EMAIL, name_id_source="groups"), "no e-mail address"),
    ],
)
def test_why_there_would_be_no_assertion_is_said(world, sp, change, fault):
    application = world.register(sp)
    with world.work() as work:
        providers.change(work, application, change)

    made = seen(world, application)

    assert fault in made.faults[0]
    assert made.xml == ""


def test_the_name_of_another_person_is_foreseen_as_taken(world, sp, ann):
    application = world.register(sp, nameid_format=names.UNSPECIFIED, name_id_source="first(groups)")
    posted(ann.sso(sp.query(sp.authn_request())))

    assert seen(world, application).faults == ()
    assert "another account had this very NameID" in seen(world, application, BEN).faults[0]


def test_a_format_that_is_not_given_is_said(world, sp):
    made = seen(world, world.register(sp), request=SupposedRequest(names.X509_SUBJECT))

    assert "--name-id-source" in made.faults[0]
    assert made.xml == ""


def test_what_would_be_signed_and_encrypted_is_said_and_what_cannot_be(world, sp):
    document = sp.metadata(signing=sp.pair.der, encryption=sp.pair.der)
    application = world.register(sp, document, encrypt_assertion=True, sign_response=False)
    said = seen(world, application).protection
    assert said[0] == "the response is not signed"
    assert said[1].startswith("the assertion is signed with the key key_")
    assert said[2] == ("the assertion is encrypted (aes256-gcm, rsa-oaep-mgf1p) for the certificate in its metadata")

    with world.work() as work:
        row = work.tx.session.query(providers.ServiceProvider).one()
        row.description = {**row.description, "encryption_keys": []}
    made = seen(world, application)
    assert "must be encrypted" in made.faults[0]
    assert made.xml == ""


def test_x22_what_xml_cannot_hold_is_foreseen(world, sp):
    """X22: a name from elsewhere with a noncharacter in it stops the sign-on, and the preview says so."""
    application = world.register(sp)
    with world.work() as work:
        next(a for a in work.tx.session.query(accounts.Account) if a.email == ANN).name = "Ann\ufffe"

    made = seen(world, application)

    assert made.faults == ("the character U+FFFE cannot be in an XML document",)
    assert made.xml == ""


def test_people_and_applications_of_others_are_not_found(world, sp):
    application = world.register(sp)
    with world.work() as work:
        accounts.create(work, "rex@rival.example", organization="rival", name="Rex")
        place = preview.place_of(work, application, BASE)
        with pytest.raises(NotFound):
            preview.preview(work, place, application, "rex@rival.example")
        with pytest.raises(NotFound):
            preview.preview(people.stranger(work), place, application, ANN)
        with pytest.raises(NotFound):
            preview.place_of(people.stranger(work), application, BASE)
        with pytest.raises((NotFound, Forbidden)):
            preview.preview(people.as_account(work, world.account()), place, application, ANN)


def test_another_site_is_no_place_for_it(world, sp):
    application = world.register(sp)
    with world.work() as work:
        sites.create(work, "second", organization="acme", name="Second")
        second = applications.create(
            work, work.tx.session.query(sites.Site).filter_by(slug="second").one(), protocol="saml", name="x"
        )
        with pytest.raises(Invalid):
            preview.preview(work, preview.place_of(work, second.id, BASE), application, ANN)
        with pytest.raises(NotFound):
            preview.preview(work, preview.place_of(work, second.id, BASE), second.id, ANN)


def test_where_nothing_is_answered_there_is_nothing_to_see(world, sp):
    application = world.register(sp)
    with world.work() as work:
        queries.organization(work, "acme").suspended_at = work.now
    with pytest.raises(Invalid, match="disabled"):
        seen(world, application)


def test_a_person_without_a_second_step_is_told_of_it(world, sp):
    application = world.register(sp)
    with world.work() as work:
        accounts.create(work, "new@acme.example", organization="acme", name="New")
        groups.add(work, "Staff", "new@acme.example", organization="acme")
    assert "would be asked to set one up" in seen(world, application, "new@acme.example").context_origin

    with world.work() as work:
        policies.set_second_step(work, "acme", "off")
    assert seen(world, application, "new@acme.example").context == names.PASSWORD_PROTECTED_TRANSPORT


def test_for_people_it_is_written_with_a_line_for_every_element(world, sp):
    made = seen(world, world.register(sp))
    root = etree.fromstring(preview.indented(made.xml))

    assert len(preview.indented(made.xml).splitlines()) > 20
    assert root.xpath("string(//saml:Audience)", namespaces=N) == sp.entity_id
