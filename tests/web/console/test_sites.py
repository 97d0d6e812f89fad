"""Sites in the console: how each shows itself, its addresses, what another short name breaks."""

import pytest

from idp.base.errors import Conflict
from idp.directory import organizations, queries, role_assignments, site_life, sites
from idp.oidc import clients
from tests.support.front import ANN, BEN, CLEO, DORA, PASSWORD
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator


def test_a_site_shows_the_addresses_that_applications_are_given(front, admin):
    admin.open("/admin/sites/acme")

    assert "/sites/acme/saml/metadata" in admin.text
    assert "/sites/acme/.well-known/openid-configuration" in admin.text
    with admin.client.get("/admin/sites/acme/issuer.svg") as picture:
        assert picture.mimetype == "image/svg+xml"


def test_a_site_is_added_and_has_keys_of_its_own(front, admin):
    admin.open("/admin/sites/new").submit(name="Branch", slug="branch")

    assert (admin.path, "Branch" in admin.text) == ("/admin/sites/branch", True)
    with admin.client.get("/sites/branch/saml/metadata") as metadata:
        assert metadata.status_code == 200


def test_what_was_typed_stays_where_a_short_name_is_taken(admin):
    admin.open("/admin/sites/new").submit(name="Branch", slug="acme")

    assert admin.status == 409
    assert admin.field("name").get("value") == "Branch"


def test_how_a_site_shows_itself_is_changed(front, admin):
    admin.open("/admin/sites/acme/edit").submit(accent="#123456", support_contact="help@acme.example", languages="de")

    assert "help@acme.example" in admin.text
    assert "Deutsch" in admin.text


def test_another_short_name_says_what_it_breaks_and_needs_a_fresh_second_step(front, admin):
    front.later(minutes=6)
    admin.open("/admin/sites/acme/rename")
    assert admin.path.startswith("/signin/")
    admin.submit(password=PASSWORD).submit(otp=front.code())
    assert "trust" in admin.text
    admin.submit(slug="acme-new")

    assert admin.path == "/admin/sites/acme-new"
    assert admin.client.get("/sites/acme-new/saml/metadata").status_code == 200
    assert admin.client.get("/sites/acme/saml/metadata").status_code == 404


def test_a_former_short_name_is_given_to_no_other_site_and_back_to_its_own(front):
    with front.work() as work:
        site_life.rename(work, "acme", "acme-new")
        for taken in ("acme", "acme-new"):
            with pytest.raises(Conflict):
                sites.create(work, taken, organization="acme", name="Thief")
        with pytest.raises(Conflict):
            site_life.rename(work, "acme-eu", "acme")
        assert site_life.rename(work, "acme-new", "acme").slug == "acme"


def test_t22_nobody_signs_on_through_a_site_that_is_off(front, admin):
    admin.open("/admin/sites/acme/switch").submit("Switch off")

    assert "The site is off." in admin.text
    assert admin.client.get("/sites/acme/saml/metadata").status_code == 404
    admin.open("/admin/sites/acme/switch").submit("Switch on again")
    assert admin.client.get("/sites/acme/saml/metadata").status_code == 200


def test_the_people_of_a_site_are_those_who_may_open_something_there(admin):
    admin.open("/admin/sites/acme/people")

    assert ANN in admin.text
    assert DORA not in admin.text


def test_d17_the_people_of_a_site_are_told_as_far_as_its_applications_may_be_read(front):
    with front.work() as work:
        role_assignments.grant(work, "site-administrator", organization="acme", account=ANN, site="acme-eu")
    ann = signed_in(front)
    ann.open("/admin/sites/acme/people")

    assert ann.status == 200
    assert not [one for one in (BEN, CLEO, DORA) if one in ann.page.text_content()]


def test_t1_a_site_of_another_organization_is_not_there(front, admin):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        sites.create(work, "globex", organization="globex", name="Globex")

    for tail in ("", "/edit", "/people", "/history", "/rename", "/switch", "/issuer.svg"):
        assert admin.open(f"/admin/sites/globex{tail}").status == 404


def test_an_auditor_sees_a_site_and_changes_nothing(front):
    make_administrator(front, "auditor")
    auditor = signed_in(front)

    assert "Edit" not in auditor.open("/admin/sites/acme").text
    assert auditor.open("/admin/sites/acme/edit").submit(name="Mine").status == 403
    with front.work() as work:
        assert queries.site(work, "acme").name != "Mine"


def test_the_organization_is_renamed_and_speaks_another_language(front, admin):
    admin.open("/admin/organization").submit(name="Acme International", language="de")

    assert "Acme International" in admin.text
    with front.work() as work:
        assert queries.organization(work, "acme").language == "de"


def test_a_site_lists_its_applications_and_no_others(front, admin):
    with front.work() as work:
        sites.create(work, "branch", organization="acme", name="Branch")
        clients.create(work, "branch", {"client_name": "Till", "redirect_uris": ["https://till.example/cb"]})

    admin.open("/admin/sites/branch/applications")

    assert "Till" in admin.text
    assert "Wiki" not in admin.text
    assert "Nobody" in admin.text
    assert "Wiki" in admin.open("/admin/sites/acme/applications").text
    assert "No application is like that" in admin.open("/admin/sites/acme/applications?q=zzz").text


def test_who_administers_a_site_is_listed_there_given_and_withdrawn(front, admin):
    with front.work() as work:
        sites.create(work, "branch", organization="acme", name="Branch")
        till = clients.create(work, "branch", {"client_name": "Till", "redirect_uris": ["https://till.example/cb"]})[0]
        role_assignments.grant(
            work, "application-administrator", organization="acme", account=CLEO, application=till.id
        )
        role_assignments.grant(work, "site-administrator", organization="acme", account=DORA, site="acme")
    page = "/admin/sites/branch/administrators"

    admin.open(page).follow("Give a role here")
    admin.submit("Go on", whom=BEN, role="site-administrator")
    admin.submit("Give")

    admin.open(page)
    assert BEN in admin.text
    assert CLEO in admin.text
    assert DORA not in admin.text, "of another site"
    admin.open(admin.page.xpath(f"//tr[contains(., '{BEN}')]//a[contains(., 'Withdraw')]/@href")[0]).submit("Withdraw")
    assert BEN not in admin.open(page).text


def test_t2_a_site_administrator_sees_what_is_at_their_site_alone(front):
    with front.work() as work:
        sites.create(work, "branch", organization="acme", name="Branch")
        role_assignments.grant(work, "site-administrator", organization="acme", account=ANN, site="branch")
        role_assignments.grant(work, "site-administrator", organization="acme", account=DORA, site="acme")
    ann = signed_in(front)

    assert ann.open("/admin/sites/branch/applications").status == 200
    assert ann.open("/admin/sites/branch/administrators").status == 200
    assert "Wiki" not in ann.open("/admin/sites/acme/applications").text
    assert DORA not in ann.open("/admin/sites/acme/administrators").text
    assert not ann.link("Give a role here")


def test_t1_the_tabs_of_another_organizations_site_are_not_there(front, admin):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        sites.create(work, "globex", organization="globex", name="Globex")

    for tail in ("applications", "administrators"):
        assert admin.open(f"/admin/sites/globex/{tail}").status == 404
