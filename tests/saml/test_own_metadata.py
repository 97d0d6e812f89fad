"""Our metadata in full: what a site says of itself, how long it holds, and that it can be signed (SAML Metadata 2.0)."""

from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser

from idp.base.errors import Forbidden, Invalid, NotFound
from idp.directory import sites
from idp.saml import nameid, names
from idp.saml.own_metadata import valid_until
from tests.saml.test_oracles import verify_signxml, verify_xmlsec
from tests.support import people
from tests.support.saml_world import N
from tests.support.schemas import validate

ALL = {**N, "mdui": names.MDUI}
FULL = {
    "description": "Sign in with your Acme account.\n It is the one of your mail.",
    "logo_url": "https://www.acme.example/logo.png?size=80&v=2",
    "logo_size": (80, 60),
    "organization_url": "https://www.acme.example/",
    "technical_contact": "saml+idp@acme.example",
    "support_contact": "help@acme.example",
}


def edit(world, **changes) -> None:
    with world.work() as work:
        sites.edit(work, "acme", **changes)


def get(world, query: str = "", path: str = "", **headers):
    return world.app.test_client().get(f"/sites/acme/saml/metadata{path}{query}", headers=headers)


def texts(document: bytes, path: str) -> list[str]:
    return etree.fromstring(document).xpath(path, namespaces=ALL)


def test_everything_that_a_site_says_of_itself_is_in_it_and_valid(world):
    edit(world, **FULL)

    document = get(world).data

    validate(document)
    root = etree.fromstring(document)
    assert etree.tostring(root, method="c14n", exclusive=True) == document
    info = "//md:IDPSSODescriptor/md:Extensions/mdui:UIInfo"
    assert texts(document, f"{info}/mdui:DisplayName/text()") == ["Acme"]
    assert texts(document, f"{info}/mdui:Description/text()") == [
        "Sign in with your Acme account. It is the one of your mail."
    ]
    assert texts(document, f"{info}/mdui:Logo/text()") == ["https://www.acme.example/logo.png?size=80&v=2"]
    assert texts(document, f"{info}/mdui:Logo/@width") + texts(document, f"{info}/mdui:Logo/@height") == ["80", "60"]
    assert texts(document, "//md:OrganizationName/text()") == ["Acme Global"]
    assert texts(document, "//md:OrganizationURL/text()") == ["https://www.acme.example/"]
    assert texts(document, "//md:ContactPerson/@contactType") == ["technical", "support"]
    assert texts(document, "//md:EmailAddress/text()") == ["mailto:saml+idp@acme.example", "mailto:help@acme.example"]
    assert texts(document, "//md:NameIDFormat/text()") == list(nameid.FORMATS)
    address = "http://localhost:8000/sites/acme/saml"
    for service, path in (("SingleLogoutService", "slo"), ("ManageNameIDService", "manage-nameid")):
        found = root.xpath(f"//md:{service}", namespaces=ALL)
        assert [(one.get("Binding"), one.get("Location")) for one in found] == [
            (names.REDIRECT, f"{address}/{path}"),
            (names.POST, f"{address}/{path}"),
            (names.SOAP, f"{address}/{path}/soap"),
        ]


def test_a_site_that_says_nothing_of_itself_has_valid_metadata_too(world):
    document = get(world).data

    validate(document)
    assert not texts(document, "//md:ContactPerson | //mdui:Logo | //mdui:Description")
    assert texts(document, "//md:OrganizationURL/text()") == ["http://localhost:8000"]


@pytest.mark.parametrize("contact", ["https://help.acme.example/", "Room 12, ask for Olga", "olga @ the desk"])
def test_a_support_contact_that_is_no_address_stays_on_our_pages(world, contact):
    edit(world, support_contact=contact)
    assert texts(get(world).data, "//md:ContactPerson") == []


@pytest.mark.parametrize("query", ["", "?signed=1"])
def test_it_is_the_same_all_day_and_says_until_when_it_holds(world, query):
    """A cache that asks with the entity tag of this morning is told that nothing is new."""
    first = get(world, query)
    world.later(hours=11, minutes=59)
    second = get(world, query, **{"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 304
    world.later(minutes=2)
    third = get(world, query)

    assert third.headers["ETag"] != first.headers["ETag"]
    assert texts(first.data, "/*/@validUntil") == ["2031-01-02T00:00:00.000Z"]
    assert texts(third.data, "/*/@validUntil") == ["2031-01-03T00:00:00.000Z"]
    assert texts(first.data, "/*/@cacheDuration") == ["PT1H"]


def test_it_holds_for_at_least_the_days_that_were_asked_for():
    for hour in (0, 12, 23):
        now = datetime(2030, 1, 1, hour, 59, 59, tzinfo=UTC)
        assert timedelta(days=7) <= valid_until(now, 7) - now <= timedelta(days=8)
        assert valid_until(now, 7) == datetime(2030, 1, 9, tzinfo=UTC)


def our_pem(world) -> str:
    return world.saml_keys()["active"][0].certificate_pem


def test_it_is_signed_for_who_asks_and_verified_by_others(world):
    edit(world, **FULL)
    plain, signed = get(world), get(world, "?signed=1")

    root = etree.fromstring(signed.data)
    assert not texts(plain.data, "//ds:Signature")
    assert plain.headers["ETag"] != signed.headers["ETag"]
    assert root[0].tag == f"{{{names.DS}}}Signature"
    assert etree.tostring(root, method="c14n", exclusive=True) == signed.data
    validate(signed.data)
    verify_xmlsec(root, our_pem(world))
    verify_signxml(root, our_pem(world))
    assert get(world, "?signed=1").data == signed.data
    root.remove(root[0])
    del root.attrib["ID"]
    assert etree.tostring(root, method="c14n", exclusive=True) == plain.data


def test_a_site_can_sign_it_for_everybody(world):
    edit(world, sign_metadata=True)
    assert len(texts(get(world).data, "//ds:Signature")) == 1
    edit(world, sign_metadata=False, metadata_valid_days=7)
    assert texts(get(world).data, "/*/@validUntil") == ["2030-01-09T00:00:00.000Z"]


def test_another_service_provider_reads_it(world):
    edit(world, **FULL)
    read = OneLogin_Saml2_IdPMetadataParser.parse(get(world, "?signed=1").data)

    assert read["idp"]["entityId"] == "http://localhost:8000/sites/acme/saml/metadata"
    assert read["idp"]["singleLogoutService"]["url"] == "http://localhost:8000/sites/acme/saml/slo"
    assert read["idp"]["x509cert"] == world.saml_keys()["active"][0].certificate_der_base64


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"logo_url": "http://www.acme.example/logo.png", "logo_size": (1, 1)}, "logo_url"),
        ({"logo_url": "javascript:alert(1)", "logo_size": (1, 1)}, "logo_url"),
        ({"logo_url": "https://user@acme.example/x", "logo_size": (1, 1)}, "logo_url"),
        ({"logo_url": "https://acme.example/a b", "logo_size": (1, 1)}, "logo_url"),
        ({"logo_url": 'https://acme.example/"x', "logo_size": (1, 1)}, "logo_url"),
        ({"logo_url": "https://acme.example/\n", "logo_size": (1, 1)}, "logo_url"),
        ({"logo_url": "https://acme.example/logo.png"}, "logo_size"),
        ({"logo_url": "https://acme.example/logo.png", "logo_size": (0, 10)}, "logo_size"),
        ({"logo_url": "https://acme.example/logo.png", "logo_size": (10, 4097)}, "logo_size"),
        ({"organization_url": "www.acme.example"}, "organization_url"),
        ({"organization_url": "https://acme.example/" + "x" * 2048}, "organization_url"),
        ({"technical_contact": "olga"}, "technical_contact"),
        ({"description": "x" * 1025}, "description"),
        ({"description": "a\x00b"}, "description"),
        ({"description": "a\uffffb"}, "description"),
        ({"description": " \n "}, "description"),
        ({"metadata_valid_days": 0}, "metadata_valid_days"),
        ({"metadata_valid_days": 3651}, "metadata_valid_days"),
    ],
    ids=str,
)
def test_x16_what_cannot_be_published_is_refused(world, changes, field):
    with pytest.raises(Invalid) as refused:
        edit(world, **changes)
    assert refused.value.field == field


def test_what_was_said_can_be_taken_back_and_every_change_is_readable(world):
    edit(world, **FULL)
    edit(world, description="", logo_url="", organization_url="", technical_contact="", support_contact="")

    assert not texts(get(world).data, "//md:ContactPerson | //mdui:Logo | //mdui:Description")
    assert world.audited("site.changed")[1].details["before"]["logo_url"] == FULL["logo_url"]


def test_only_who_may_changes_what_a_site_says(world, as_account):
    with world.work() as work:
        with pytest.raises(Forbidden):
            sites.edit(as_account(work, world.account(), "auditor"), "acme", description="x")
        with pytest.raises(NotFound):
            sites.edit(people.stranger(work), "acme", description="x")
        sites.edit(as_account(work, world.account(), "organization-administrator"), "acme", description="x")
