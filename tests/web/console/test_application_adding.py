"""Adding an application in the console: by metadata, by a template, by hand, as an OpenID Connect client."""

import io
import re

import pytest

from idp.base import egress
from idp.base.errors import Unavailable
from idp.directory import policies, queries
from idp.oidc import clients
from idp.saml import providers
from tests.support import vendors
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator

NEW = "/admin/applications/new"
DOCUMENTS = [vendors.ADFS, vendors.SHIBBOLETH, vendors.SIMPLESAMLPHP, vendors.SPRING, vendors.SALESFORCE, vendors.OKTA]


def site_of(front, slug="acme") -> str:
    with front.work() as work:
        return queries.site(work, slug).id


def provider_of(front, entity_id):
    with front.work() as work:
        return providers.find(work, entity_id)


@pytest.mark.parametrize("vendor", DOCUMENTS, ids=lambda one: one.name)
def test_pasted_metadata_is_shown_as_understood_and_registered_only_then(front, admin, vendor):
    document = vendor.document(vendor)
    admin.open(f"{NEW}/saml").submit(site=site_of(front), metadata=document)

    assert (admin.status, admin.title) == (200, "What was understood")
    assert vendor.entity_id in admin.text
    assert vendor.acs in admin.text
    with front.work() as work:
        assert providers.find_application(work, vendor.entity_id) is None

    admin.submit("Register it", name="Their Thing")

    assert admin.path.endswith("/doctor")
    assert "Nobody may open it yet" in admin.text
    made = provider_of(front, vendor.entity_id)
    assert made.site_id == site_of(front)


def test_an_attribute_of_the_organizations_own_that_it_releases_is_proposed(front, admin):
    with front.work() as work:
        policies.set_organization_release(work, "acme", ["email", "name", "employee_number"])
    document = vendors.OKTA.metadata(('Name="firstName"', 'Name="employeeNumber"')).decode()

    admin.open(f"{NEW}/saml").submit(site=site_of(front), metadata=document)

    assert "employeeNumber · our employee_number" in admin.text


def test_a_file_is_taken_as_pasted_text_is(front, admin):
    document = vendors.OKTA.document(vendors.OKTA).encode()
    admin.open(f"{NEW}/saml")
    admin.submit(site=site_of(front), file=(io.BytesIO(document), "okta.xml"))

    assert vendors.OKTA.entity_id in admin.text


def test_the_way_goes_through_check_preview_access_values_and_test(front, admin):
    admin.open(f"{NEW}/saml").submit(site=site_of(front), metadata=vendors.SPRING.document(vendors.SPRING))
    admin.submit("Register it")
    seen = [admin.title]
    admin.follow("Go on")
    assert "may not open it" in admin.text
    admin.follow("Go on")
    admin.submit("Give access", kind="everyone").submit("Give access")
    assert "Access to" in admin.text
    admin.follow("Go on")
    assert "/sites/acme/saml/sso" in admin.text
    admin.follow("Go on")
    admin.submit("Begin the test")
    assert "Nothing yet" in admin.text
    admin.follow("Done")
    assert "Everyone of" in admin.text
    assert seen


def test_metadata_that_cannot_be_read_is_told_and_what_was_typed_is_kept(front, admin):
    admin.open(f"{NEW}/saml").submit(site=site_of(front), metadata="<not-metadata/>")

    assert admin.status == 422
    assert "<not-metadata/>" in admin.page.xpath("string(//textarea[@name='metadata'])")


def test_t14_an_address_is_asked_through_the_guard_and_why_it_failed_is_not_told(front, admin, monkeypatch):
    asked = []

    def fetch(url, **limits):
        asked.append((url, limits["http_loopback"]))
        raise Unavailable("no", cause="169.254.169.254 is not public")

    monkeypatch.setattr(egress, "fetch", fetch)
    admin.open(f"{NEW}/saml").submit(site=site_of(front), metadata_url="https://169.254.169.254/latest/meta-data")

    assert asked == [("https://169.254.169.254/latest/meta-data", False)]
    assert admin.status == 422
    assert "is not public" not in admin.text


def test_t14_the_guard_itself_refuses_addresses_inside(front, admin):
    for address in ("http://127.0.0.1:9/", "https://[::1]/", "https://10.0.0.1/metadata", "file:///etc/passwd"):
        admin.open(f"{NEW}/saml").submit(site=site_of(front), metadata_url=address)
        assert admin.status == 422
        assert "Nothing that can be used came from that address." in admin.text


def test_t14_whoever_may_not_add_applications_has_nothing_fetched(front, monkeypatch):
    make_administrator(front, "auditor")
    auditor = signed_in(front)
    monkeypatch.setattr(egress, "fetch", lambda *_a, **_k: pytest.fail("fetched"))
    token = auditor.open("/account").field("csrf_token").get("value")

    answer = auditor.client.post(
        f"{NEW}/saml", data={"csrf_token": token, "metadata_url": "https://sp.example/", "site": site_of(front)}
    )

    assert answer.status_code == 403


def test_an_address_that_hands_out_something_else_by_then_registers_nothing(front, admin, monkeypatch):
    handed = [vendors.OKTA.document(vendors.OKTA), vendors.SPRING.document(vendors.SPRING)]
    monkeypatch.setattr(egress, "fetch", lambda *_a, **_k: handed.pop(0).encode())
    admin.open(f"{NEW}/saml").submit(site=site_of(front), metadata_url="https://sp.example/metadata")
    admin.submit("Register it")

    assert admin.status == 409
    with front.work() as work:
        assert providers.find_application(work, vendors.SPRING.entity_id) is None


def test_what_was_fetched_is_fetched_again_from_there(front, admin, monkeypatch):
    document = vendors.OKTA.document(vendors.OKTA).encode()
    monkeypatch.setattr(egress, "fetch", lambda *_a, **_k: document)
    admin.open(f"{NEW}/saml").submit(site=site_of(front), metadata_url="https://sp.example/metadata")
    admin.submit("Register it")

    assert provider_of(front, vendors.OKTA.entity_id).metadata_url == "https://sp.example/metadata"


def test_a_template_asks_for_its_fields_and_says_what_to_enter_at_the_vendor(front, admin):
    admin.open(f"{NEW}?q=grafana")
    admin.follow("Grafana: SAML")
    admin.submit("Register it", **{"site": site_of(front), "field-url": "https://grafana.acme.example"})
    if admin.status == 422:
        pytest.fail(admin.alert)

    assert admin.path.endswith("/doctor")
    admin.follow("Values for the vendor")
    assert "Download the certificate" in admin.text


def test_a_field_that_is_wrong_is_told_with_an_example(front, admin):
    admin.open(f"{NEW}/template/grafana").submit("Register it", site=site_of(front))

    assert admin.status == 422


def test_one_is_described_by_hand(front, admin):
    admin.open(f"{NEW}/saml/by-hand").submit(
        "Register it",
        site=site_of(front),
        name="Old Thing",
        entity_id="urn:old:thing",
        consumers="https://old.example/acs\r\nhttps://old.example/acs2",
    )

    assert admin.path.endswith("/doctor")
    assert len(providers.represent(provider_of(front, "urn:old:thing"))["assertion_consumers"]) == 2


def test_t7_the_secret_of_a_client_is_on_one_page_once(front, admin):
    admin.open(f"{NEW}/oidc").submit(
        "Register it", site=site_of(front), name="Notebook", redirect_uris="https://rp.example/cb"
    )

    assert admin.path.endswith("/made")
    secret = re.search(r"cls_[\w-]+", admin.answer.text)[0]
    application_id = admin.path.split("/")[3]
    assert "shown this once" in admin.text
    for tail in ("/made", "", "/client", "/vendor", "/doctor", "/history", "/preview"):
        admin.open(f"/admin/applications/{application_id}{tail}")
        assert admin.status == 200
        assert secret not in admin.answer.text
    with front.work() as work:
        client = clients.of_application(work, queries.application(work, application_id))
        assert secret not in (client.secret_hash, str(client.registration))


@pytest.mark.parametrize(
    ("kind", "typed", "has"),
    [
        ("scripts", {"redirect_uris": "https://spa.example/cb"}, {"token_endpoint_auth_method": "none"}),
        ("native", {"redirect_uris": "org.example.app:/cb"}, {"application_type": "native"}),
        ("device", {}, {"response_types": []}),
        ("service", {"more_scopes": ""}, {"grant_types": ["client_credentials"]}),
    ],
)
def test_each_kind_of_client_is_registered_as_what_it_is(front, admin, kind, typed, has):
    admin.open(f"{NEW}/oidc").submit("Register it", site=site_of(front), name="Thing", type=kind, **typed)

    assert admin.path.endswith("/made"), admin.alert
    with front.work() as work:
        client = clients.of_application(work, queries.application(work, admin.path.split("/")[3]))
        assert {name: client.registration[name] for name in has} == has


def test_client_metadata_is_taken_as_json(front, admin):
    text = '{"client_name": "From JSON", "redirect_uris": ["https://rp.example/cb"]}'
    admin.open(f"{NEW}/oidc").submit("Register what it says", site=site_of(front), json=text)

    assert admin.path.endswith("/made")


def test_t11_names_and_texts_of_metadata_are_text(front, admin):
    polyglot = "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=alert() )//</title/</script/--!><svg/onload=alert()>"
    document = vendors.OKTA.document(vendors.OKTA)
    admin.open(f"{NEW}/saml").submit(site=site_of(front), metadata=document)
    admin.submit("Register it", name=polyglot)

    application_id = admin.path.split("/")[3]
    for tail in ("", "/access", "/saml", "/doctor", "/preview", "/vendor", "/test", "/history", "/name", "/delete"):
        answer = admin.open(f"/admin/applications/{application_id}{tail}").answer
        assert answer.status_code == 200
        assert "<svg/onload" not in answer.text
    assert "<svg/onload" not in admin.open("/admin/applications").answer.text


def test_an_openid_connect_application_is_added_from_its_template(front, admin):
    admin.open(f"{NEW}?q=grafana")
    assert [one.text_content() for one in admin.page.xpath("//h3")] == ["Grafana"], "one card for all of a vendor"
    assert [one.text_content() for one in admin.page.xpath("//li/p/a")] == ["Grafana: OpenID Connect", "Grafana: SAML"]
    admin.follow("Grafana: OpenID Connect")
    assert "https://grafana.acme.example/login/generic_oauth" in admin.text, "what is made of the example"
    assert "{url}" not in admin.text
    admin.submit("Register it", site=site_of(front), name="Graphs", **{"field-url": "https://graphs.acme.example"})

    assert admin.path.endswith("/made"), admin.alert
    secret = re.search(r"cls_[\w-]+", admin.answer.text)[0]
    application_id = admin.path.split("/")[3]
    admin.open(f"/admin/applications/{application_id}/vendor")
    configuration = admin.page.xpath("string(//pre)")
    assert "[auth.generic_oauth]" in configuration
    assert "client_secret = CLIENT_SECRET" in configuration
    assert "client_id = cli_" in configuration
    assert "post_logout_redirect_uri=https://graphs.acme.example/login" in configuration
    assert secret not in admin.answer.text
    with front.work() as work:
        client = clients.of_application(work, queries.application(work, application_id))
        assert client.registration["redirect_uris"] == ["https://graphs.acme.example/login/generic_oauth"]


def test_an_answer_that_a_template_cannot_take_is_told_and_kept(front, admin):
    admin.open(f"{NEW}/oidc/template/grafana")
    admin.submit("Register it", site=site_of(front), **{"field-url": 'https://a.example" \n'})

    assert admin.status == 422
    assert "is no root_url" in admin.alert
    assert admin.field("field-url").get("value").startswith("https://a.example")


def test_a_template_that_is_gone_leaves_the_page_of_values_whole(front, admin):
    with front.work() as work:
        asked = {"client_name": "Old", "redirect_uris": ["https://rp.example/cb"]}
        made = clients.create(work, "acme", asked, made_from={"template": "gone", "fields": {}})[0]

    assert "Discovery address" in admin.open(f"/admin/applications/{made.id}/vendor").text
    assert admin.open(f"{NEW}/oidc/template/gone").status == 404
