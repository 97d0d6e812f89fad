"""Governing applications in the console: the list, access, settings of both protocols, checks, the test, their end."""

import csv
import io
import re

import pytest

from idp.directory import access, applications, organizations, queries, sites
from idp.oidc import clients
from idp.saml import providers, registering
from tests.support import vendors
from tests.support.front import ANN, BEN
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator
from tests.web.console.test_bookmarks import png

LIST = "/admin/applications"


@pytest.fixture
def wiki(front) -> str:
    """A SAML application at Acme that nobody may open; its id."""
    with front.work() as work:
        made = registering.register(work, "acme", vendors.OKTA.document(vendors.OKTA).encode(), name="Okta Thing")
        return made.application_id


@pytest.fixture
def notebook(front) -> str:
    """An OpenID Connect application at Acme that nobody may open; its id."""
    asked = {"client_name": "Notebook", "redirect_uris": ["https://rp.example/cb"]}
    with front.work() as work:
        return clients.create(work, "acme", asked, base_url="http://localhost:8000")[0].id


def provider(front, application_id):
    with front.work() as work:
        return providers.of_application(work, queries.application(work, application_id))


def registration(front, application_id):
    with front.work() as work:
        return clients.of_application(work, queries.application(work, application_id)).registration


def test_the_list_is_narrowed_by_what_the_address_says(front, admin, wiki):
    admin.open(f"{LIST}?protocol=saml")
    assert "Okta Thing" in admin.text
    assert "Payroll" not in admin.text
    admin.open(f"{LIST}?q=pay")
    assert "Payroll" in admin.text
    assert "Okta Thing" not in admin.text
    assert "No application is like that" in admin.open(f"{LIST}?state=disabled").text


def test_t16_the_list_is_a_file_too_and_no_name_is_a_formula(front, admin, wiki):
    with front.work() as work:
        applications.rename(work, wiki, "=1+1")
    rows = list(csv.reader(io.StringIO(admin.open(f"{LIST}/export.csv?protocol=saml").answer.text)))

    assert rows[0][0] == "name"
    assert rows[1][0] == "'=1+1"
    assert rows[1][5] == vendors.OKTA.entity_id


def test_an_organization_without_applications_is_taught(front):
    with front.work() as work:
        for one in queries.applications(work):
            applications.delete(work, one.id)
    make_administrator(front)
    admin = signed_in(front)

    assert "There is no application yet" in admin.open(LIST).text
    assert admin.link("Add an application")


def test_access_is_given_with_a_reason_and_an_end_and_withdrawn(front, admin, wiki):
    path = f"{LIST}/{wiki}/access"
    admin.open(path).submit("Give access", kind="account", account=BEN, until="2030-02-01", reason="On trial")
    assert f"1 person, {BEN}, may open “Okta Thing” at once." in admin.text
    admin.submit("Give access")
    assert "On trial" in admin.text
    with front.work() as work:
        assert access.may_open(work, front.organization_id, wiki, front.account_ids[BEN])

    admin.follow("Withdraw")
    assert "1 person cannot open it any more" in admin.text
    admin.submit("Withdraw", reason="It is over")

    assert "Access to Okta Thing was withdrawn." in admin.text
    with front.work() as work:
        assert not access.may_open(work, front.organization_id, wiki, front.account_ids[BEN])


@pytest.mark.parametrize(
    "typed", [{"kind": "nobody"}, {"kind": "account", "account": "x@y.example"}, {"kind": "everyone", "until": "soon"}]
)
def test_access_that_cannot_be_given_is_told(admin, wiki, typed):
    admin.open(f"{LIST}/{wiki}/access").submit("Give access", **typed)

    assert admin.status in (404, 422)


def test_a_saml_application_is_renamed_in_its_own_place_and_a_client_in_its_registration(front, admin, wiki, notebook):
    for application_id in (wiki, notebook):
        admin.open(f"{LIST}/{application_id}/name").submit("Save", name="Renamed")
        assert admin.title == "Renamed"
    assert registration(front, notebook)["client_name"] == "Renamed"


def test_disabled_it_is_closed_and_enabled_it_is_open_again(front, admin, wiki):
    admin.open(f"{LIST}/{wiki}").follow("Disable")
    assert "nobody can sign on" in admin.text
    admin.submit("Disable")
    assert "Okta Thing is disabled" in admin.text
    admin.submit("Enable")
    assert "can sign on to Okta Thing again" in admin.text


def test_deleting_says_what_is_lost_and_asks_for_a_second_step(front, admin, wiki):
    front.later(minutes=6)
    admin.open(f"{LIST}/{wiki}/delete")
    assert "This cannot be undone" in admin.text
    admin.submit("Delete for good")
    assert admin.path.startswith("/signin/")
    with front.work() as work:
        assert queries.application(work, wiki).deleted_at is None


def test_deleted_it_is_in_no_list(front, admin, wiki):
    admin.open(f"{LIST}/{wiki}/delete").submit("Delete for good")

    assert admin.path == LIST
    assert admin.open(f"{LIST}/{wiki}").status == 404


def test_switches_are_changed_and_what_changed_is_said(front, admin, wiki):
    admin.open(f"{LIST}/{wiki}/saml")
    admin.post(f"{LIST}/{wiki}/saml/switches", admin.values("switches") | {"idp_initiated": "on"})

    assert "Saved:" in admin.text
    assert provider(front, wiki).idp_initiated


def test_a_switch_that_does_not_go_with_the_rest_is_told_and_nothing_is_written(front, admin, wiki):
    form = admin.open(f"{LIST}/{wiki}/saml").values("switches")
    form.pop("sign_response")
    form.pop("sign_assertion", None)
    admin.post(f"{LIST}/{wiki}/saml/switches", form)

    assert admin.status == 422
    assert "cannot both go out unsigned" in admin.text
    assert provider(front, wiki).sign_response


def test_what_one_form_got_wrong_changes_nothing_that_another_form_shows(front, admin, wiki, notebook):
    admin.open(f"{LIST}/{wiki}/saml")
    shown = admin.values("switches")
    admin.post(f"{LIST}/{wiki}/saml/description", admin.values("description") | {"consumers": "ftp://x.example/"})
    assert admin.status == 422
    again = admin.values("switches")
    assert {
        name: said for name, said in again.items() if name in shown and name not in ("opened_at", "csrf_token")
    } == {name: said for name, said in shown.items() if name not in ("opened_at", "csrf_token")}

    path = f"{LIST}/{notebook}/client"
    shown = admin.open(path).page.xpath("//form[1]//input[@checked]/@id")
    admin.post(path, {"csrf_token": admin.field("csrf_token").get("value"), "json": "no json"})
    assert admin.status == 422
    assert admin.page.xpath("//form[1]//input[@checked]/@id") == shown


def test_addresses_are_what_the_form_says(front, admin, wiki):
    form = admin.open(f"{LIST}/{wiki}/saml").values("description")
    form |= {"consumers": f"{vendors.OKTA.acs}\r\nhttps://new.example/acs", "default": "https://new.example/acs"}
    admin.post(f"{LIST}/{wiki}/saml/description", form)

    assert "https://new.example/acs" in admin.text
    found = providers.represent(provider(front, wiki))["assertion_consumers"]
    assert [one["location"] for one in found if one["is_default"]] == ["https://new.example/acs"]


def test_new_metadata_is_compared_before_it_is_taken(front, admin, wiki):
    document = vendors.OKTA.document(vendors.OKTA).replace(vendors.OKTA.acs, "https://moved.example/acs")
    admin.open(f"{LIST}/{wiki}/saml/metadata").submit("Show what would change", metadata=document)

    assert "https://moved.example/acs" in admin.text
    assert vendors.OKTA.acs in admin.page.xpath("string(//*[contains(@class, 'removed')])")
    assert provider(front, wiki).version == 1

    admin.submit("Take it over")

    assert "Saved:" in admin.text
    assert "https://moved.example/acs" in str(provider(front, wiki).description)


def test_x30_metadata_of_another_entity_is_not_taken(front, admin, wiki):
    document = vendors.SPRING.document(vendors.SPRING)
    admin.open(f"{LIST}/{wiki}/saml/metadata").submit("Show what would change", metadata=document)

    assert admin.status == 422


def test_of_two_administrators_the_second_sees_what_has_changed(front, admin, wiki):
    other = signed_in_later(front)
    mine = admin.open(f"{LIST}/{wiki}/saml").values("description")
    front.later(seconds=20)
    theirs = other.open(f"{LIST}/{wiki}/saml").values("description")
    other.post(f"{LIST}/{wiki}/saml/description", theirs | {"consumers": "https://theirs.example/acs"})
    assert other.status == 200

    admin.post(f"{LIST}/{wiki}/saml/description", mine | {"consumers": "https://mine.example/acs"})

    assert admin.status == 409
    assert "https://theirs.example/acs" in admin.text
    assert "https://mine.example/acs" in admin.text


def test_what_it_receives_is_narrowed_and_named(front, admin, wiki):
    path = f"{LIST}/{wiki}/saml"
    admin.open(path)
    admin.post(f"{path}/release", admin.values("release") | {"what": "these", "attribute": ["email"]})
    assert "Saved." in admin.text
    admin.post(f"{path}/rules", admin.values("rules") | {"name": "mail", "source": "attribute", "value": "email"})

    admin.open(f"{LIST}/{wiki}/preview?account={BEN}")

    assert "mail" in admin.text
    assert BEN in admin.text


def test_the_form_of_a_client_that_is_saved_as_it_is_changes_nothing(front, admin, notebook):
    before = registration(front, notebook)
    admin.open(f"{LIST}/{notebook}/client").submit("Save")

    assert admin.status == 200, admin.alert
    assert "Nothing changed" in admin.text
    assert registration(front, notebook) == before


def test_redirect_uris_of_a_client_are_what_the_form_says(front, admin, notebook):
    admin.open(f"{LIST}/{notebook}/client").submit(
        "Save", redirect_uris="https://rp.example/cb\r\nhttps://rp.example/b"
    )

    assert registration(front, notebook)["redirect_uris"] == ["https://rp.example/cb", "https://rp.example/b"]


def test_t7_a_new_secret_is_shown_once_after_a_second_step(front, admin, notebook):
    with front.work() as work:
        before = clients.of_application(work, queries.application(work, notebook)).secret_hash
    admin.open(f"{LIST}/{notebook}/client").follow("Make a new secret")
    admin.submit("Make a new secret")
    secret = re.search(r"cls_[\w-]+", admin.answer.text)[0]

    for path in (admin.path, f"{LIST}/{notebook}/client"):
        assert secret not in admin.open(path).answer.text
    with front.work() as work:
        assert clients.of_application(work, queries.application(work, notebook)).secret_hash != before


def test_t7_replacing_a_secret_asks_for_a_second_step_first(front, admin, notebook):
    front.later(minutes=6)
    admin.open(f"{LIST}/{notebook}/client/secret").submit("Make a new secret")

    assert admin.path.startswith("/signin/")


def test_a_fix_of_the_doctor_is_a_button(front, admin, wiki):
    with front.work() as work:
        applications.disable(work, wiki)
    admin.open(f"{LIST}/{wiki}/doctor").follow("Change it…")
    assert "It counts from the next sign-on of 0 people who may open it." in admin.text
    admin.submit("Change it")

    assert "Done:" in admin.text
    with front.work() as work:
        assert queries.application(work, wiki).disabled_at is None


def test_a_request_that_somebody_has_is_looked_at(admin, wiki):
    admin.open(f"{LIST}/{wiki}/doctor").submit("Look at it", request=vendors.OKTA.message(vendors.OKTA))

    assert admin.status == 200
    assert "the given request" in admin.text


def test_the_preview_of_tokens_names_the_claims_of_a_person(admin, notebook):
    admin.open(f"{LIST}/{notebook}/preview?account={BEN}")

    assert "UserInfo" in admin.text
    assert "may not open it" in admin.text


def test_the_preview_of_an_assertion_takes_what_a_request_asks_for_and_where_somebody_comes_from(admin, wiki):
    admin.open(
        f"{LIST}/{wiki}/preview?account={BEN}&comparison=minimum&ip=198.51.100.7&known=on"
        "&contexts=https://refeds.org/profile/mfa"
    )

    assert "from 198.51.100.7, on a device that is known" in admin.text
    assert "https://refeds.org/profile/mfa" in admin.text
    assert admin.page.xpath("//details[@open]//select/option[@selected]/@value") == ["minimum"]
    admin.open(f"{LIST}/{wiki}/preview?acs=7")
    assert "no assertion consumer has the index 7" in admin.text
    admin.open(f"{LIST}/{wiki}/preview?from_our_side=on&acs=7")
    assert "asks for nothing" in admin.alert


def test_the_preview_of_nobody_says_so(admin, wiki, notebook):
    for application_id in (wiki, notebook):
        admin.open(f"{LIST}/{application_id}/preview?account=nobody@acme.example")
        assert "There is no account" in admin.alert


def test_long_values_have_a_picture_to_take_along(admin, wiki):
    admin.open(f"{LIST}/{wiki}/vendor")
    pictures = admin.page.xpath("//img[contains(@src, '/values/')]/@src")

    assert pictures
    assert admin.client.get(pictures[0]).mimetype == "image/svg+xml"
    assert admin.client.get(f"{LIST}/{wiki}/vendor/values/99.svg").status_code == 404
    assert b"BEGIN CERTIFICATE" in admin.client.get(f"{LIST}/{wiki}/vendor/certificate.pem").data


def test_the_trace_of_a_test_appears_step_by_step(front, admin, notebook):
    with front.work() as work:
        applications.grant(work, notebook, everyone=True)
        client_id = clients.of_application(work, queries.application(work, notebook)).client_id
    admin.open(f"{LIST}/{notebook}/test").submit("Begin the test")
    page = admin.answer.request.full_path
    assert "Nothing yet" in admin.text

    query = {
        "client_id": client_id,
        "redirect_uri": "https://rp.example/cb",
        "response_type": "code",
        "scope": "openid",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    front.later(seconds=3)
    admin.client.get("/sites/acme/oauth2/authorize", query_string=query)

    admin.open(page)
    assert "arrived and could be read" in admin.text
    assert admin.page.xpath("//*[@data-live]")
    front.later(minutes=11)
    assert not admin.open(page).page.xpath("//meta[@http-equiv='refresh']")


def test_the_trace_shows_nobody_elses_attempts(front, admin, notebook):
    admin.open(f"{LIST}/{notebook}/test").submit("Begin the test")
    page = admin.answer.request.full_path
    stranger = front.app.test_client()
    stranger.get(
        "/sites/acme/oauth2/authorize",
        query_string={"client_id": "cli_none"},
        environ_base={"REMOTE_ADDR": "198.51.100.7"},
    )

    assert "Nothing yet" in admin.open(page).text


@pytest.mark.parametrize("tail", ["", "/name", "/access", "/saml", "/saml/metadata", "/doctor", "/preview", "/vendor"])
def test_t1_an_application_of_another_organization_is_not_there(front, admin, tail):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        sites.create(work, "globex", organization="globex", name="Globex")
        foreign = registering.register(
            work, "globex", vendors.SPRING.document(vendors.SPRING).encode(), name="Theirs"
        ).application_id

    assert admin.open(f"{LIST}/{foreign}{tail}").status == 404
    assert "Theirs" not in admin.open(LIST).text


@pytest.mark.parametrize(
    "tail", ["/name", "/disable", "/delete", "/access", "/saml/switches", "/saml/release", "/doctor/fix", "/test"]
)
def test_t1_nor_can_anything_be_sent_to_it(front, admin, tail):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        sites.create(work, "globex", organization="globex", name="Globex")
        foreign = registering.register(work, "globex", vendors.SPRING.document(vendors.SPRING).encode()).application_id
    token = admin.open(f"{LIST}/new/oidc").field("csrf_token").get("value")

    admin.post(f"{LIST}/{foreign}{tail}", {"csrf_token": token, "kind": "everyone", "name": "x"})

    assert admin.status == 404


def test_an_auditor_reads_and_is_offered_no_change(front, wiki, notebook):
    make_administrator(front, "auditor")
    auditor = signed_in(front)
    for application_id, settings in ((wiki, "saml"), (notebook, "client")):
        for tail in ("", "/access", f"/{settings}", "/doctor", "/preview", "/vendor", "/history"):
            auditor.open(f"{LIST}/{application_id}{tail}")
            assert auditor.status == 200
            posts = auditor.page.xpath("//main//form[@method='post']/@action")
            assert [one for one in posts if not one.endswith("/doctor")] == []


def test_a_page_asks_the_database_as_often_for_many_as_for_few(front, admin, wiki, queries_of):
    few = queries_of(lambda: admin.open(LIST)), queries_of(lambda: admin.open(f"{LIST}/{wiki}/access"))
    with front.work() as work:
        for number in range(30):
            made = applications.create(
                work, queries.site(work, "acme"), protocol="saml", name=f"Application {number:02}"
            )
            applications.grant(work, made.id, group="Engineering")
        for one in (ANN, BEN):
            applications.grant(work, wiki, account=one)
        applications.grant(work, wiki, group="Engineering")
        applications.grant(work, wiki, group="Research")

    many = queries_of(lambda: admin.open(LIST)), queries_of(lambda: admin.open(f"{LIST}/{wiki}/access"))

    assert many[0] <= few[0]
    assert many[1] <= few[1] + 2


def signed_in_later(front):
    front.later(seconds=30)
    return signed_in(front)


def test_a_fix_of_the_check_of_clients_is_a_button_too(front, admin, notebook):
    with front.work() as work:
        clients.edit(work, notebook, {}, pkce_required=False)
    admin.open(f"{LIST}/{notebook}/doctor")
    assert "Nobody can sign on until the application sends a code_challenge." in admin.text
    admin.open(admin.page.xpath("//a[contains(@href, 'kind=pkce-excused')]/@href")[0])
    assert "requires PKCE again" in admin.text

    admin.submit("Change it")

    assert "Done: requires PKCE again" in admin.text
    with front.work() as work:
        assert clients.of_application(work, queries.application(work, notebook)).pkce_required


def test_a_fix_of_a_client_that_somebody_changed_meanwhile_is_not_made(front, admin, notebook):
    with front.work() as work:
        clients.edit(work, notebook, {}, pkce_required=False)
    admin.open(f"{LIST}/{notebook}/doctor/fix?kind=pkce-excused")
    with front.work() as work:
        clients.edit(work, notebook, {"client_uri": "https://rp.example/"})

    admin.submit("Change it")

    assert admin.status == 409
    with front.work() as work:
        assert not clients.of_application(work, queries.application(work, notebook)).pkce_required


def test_t12_an_application_gets_a_logo_and_what_is_no_picture_is_refused(front, admin, notebook):
    page = f"{LIST}/{notebook}/name"
    admin.open(page)

    def send(content):
        form = admin.page.xpath("//form[@enctype]")[0]
        values = {one.get("name"): one.get("value", "") for one in form.xpath(".//input[@type='hidden']")}
        values["logo"] = (io.BytesIO(content), "../../x.svg", "image/svg+xml")
        return admin._followed(
            admin.client.post(f"{LIST}/{notebook}/logo", data=values, content_type="multipart/form-data")
        )

    assert send(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>").status == 422
    assert "This is no picture" in admin.alert
    assert send(png()).path == f"{LIST}/{notebook}"
    assert admin.page.xpath("//dd//img/@src")[0].startswith("/pictures/pic_")
    admin.open(page).submit("Remove the logo", remove="1")
    assert not admin.page.xpath("//dd//img")


def test_t1_a_logo_for_another_organizations_application_is_not_taken(front, admin):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        sites.create(work, "globex", organization="globex", name="Globex")
        foreign = registering.register(work, "globex", vendors.SPRING.document(vendors.SPRING).encode()).application_id
    token = admin.open(f"{LIST}/new/oidc").field("csrf_token").get("value")
    values = {"csrf_token": token, "logo": (io.BytesIO(png()), "x.png")}

    answer = admin.client.post(f"{LIST}/{foreign}/logo", data=values, content_type="multipart/form-data")

    assert answer.status_code == 404
