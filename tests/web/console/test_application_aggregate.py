"""Choosing SAML applications out of metadata of many in the console: looked at, ticked, registered; from an address through the guard."""

import re

import pytest

from idp.base import egress
from idp.directory import queries
from idp.saml import providers
from tests.support import aggregate, vendors
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator

PAGE = "/admin/applications/new/aggregate"
ADDRESS = "https://federation.example/metadata.xml"


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> bytes:
    """Metadata of twelve service providers."""
    return aggregate.write(tmp_path_factory.mktemp("aggregate") / "many.xml", 12).read_bytes()


@pytest.fixture
def published(monkeypatch, many) -> list[str]:
    """The federation hands out the twelve; the addresses that were asked."""
    asked: list[str] = []

    def fetch(url, **_limits):
        asked.append(url)
        return many

    monkeypatch.setattr(egress, "fetch", fetch)
    return asked


def site_of(front) -> str:
    with front.work() as work:
        return queries.site(work, "acme").id


def there(front, number) -> bool:
    with front.work() as work:
        return providers.find_application(work, f"https://sp{number}.example/shibboleth") is not None


def looked(front, admin):
    return admin.open(PAGE).submit("Look at it", site=site_of(front), metadata_url=ADDRESS)


def test_those_that_are_ticked_are_registered_and_no_others(front, admin, published):
    looked(front, admin)
    assert "12 service providers are in it." in admin.text
    assert not there(front, 3)

    admin.submit("Register those", entity="https://sp3.example/shibboleth")

    assert "1 application was registered; nobody may open it yet." in admin.text
    assert (there(front, 3), there(front, 4)) == (True, False)
    assert published == [ADDRESS, ADDRESS], "what was looked at is fetched again, and compared"
    looked(front, admin)
    assert "Registered already" in admin.text
    assert len(admin.page.xpath("//input[@name='entity']")) == 11


def test_one_is_looked_for_by_its_name(front, admin, published):
    looked(front, admin)
    values = admin.values("/register") | {"q": "service 7"}
    admin.post(PAGE, values)

    assert [one.get("value") for one in admin.page.xpath("//input[@name='entity']")] == [
        "https://sp7.example/shibboleth"
    ]


def test_an_address_that_hands_out_something_else_by_then_registers_nothing(front, admin, published, monkeypatch):
    looked(front, admin)
    monkeypatch.setattr(egress, "fetch", lambda *_a, **_k: vendors.OKTA.document(vendors.OKTA).encode())

    admin.submit("Register those", entity="https://sp3.example/shibboleth")

    assert admin.status == 409
    assert not there(front, 3)


def test_nothing_that_was_not_in_it_is_registered_and_nothing_ticked_is_told(front, admin, published):
    looked(front, admin)
    admin.post(f"{PAGE}/register", admin.values("/register") | {"entity": "https://evil.example/sp"})
    assert "0 applications were registered" in admin.text
    looked(front, admin).submit("Register those")
    assert admin.status == 422
    assert "Choose at least one" in admin.alert


def test_with_a_certificate_metadata_that_it_has_not_signed_is_not_taken(front, admin, published, many):
    key = re.search(rb"<ds:X509Certificate>\s*([^<]+?)\s*<", many)[1].decode()
    admin.open(PAGE).submit("Look at it", site=site_of(front), metadata_url=ADDRESS, metadata_key=key)

    assert admin.status == 422
    assert "not proven" in admin.alert


def test_x1_what_is_no_metadata_is_refused(front, admin):
    for document in ("<x/>", "no xml", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'):
        admin.open(PAGE).submit("Look at it", site=site_of(front), metadata=document)
        assert admin.status == 422, document


def test_t14_whoever_may_not_add_applications_has_nothing_fetched(front, published):
    make_administrator(front, "auditor")
    auditor = signed_in(front)
    token = auditor.open("/account").field("csrf_token").get("value")
    values = {"csrf_token": token, "metadata_url": ADDRESS, "site": site_of(front), "entity": "x"}

    assert auditor.client.post(PAGE, data=values).status_code == 403
    assert auditor.client.post(f"{PAGE}/register", data=values).status_code == 403
    assert published == []
