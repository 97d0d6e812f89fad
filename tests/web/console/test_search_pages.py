"""Whatever the search finds has a page, and its address leads there."""

import pytest

from idp.directory import organizations, roles, sites
from idp.oidc import apis
from idp.web.console import search
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator


@pytest.mark.parametrize("kind", sorted(search._PAGES))
def test_each_kind_of_hit_has_a_page(front, kind):
    endpoint, argument = search._PAGES[kind]
    arguments = {argument for rule in front.app.url_map.iter_rules(endpoint) for argument in rule.arguments}

    assert argument in arguments


def test_roles_and_apis_are_found_too(front, admin):
    with front.work() as work:
        roles.create(work, "Lamp keepers", organization="acme", permissions=["account:read"])
        apis.create(work, "acme", identifier="https://api.acme.example/billing", name="Billing")

    page = admin.open("/admin/search?q=lamp")
    assert page.follow("Lamp keepers").title.startswith("Lamp keepers")
    page = admin.open("/admin/search?q=billing")
    assert "https://api.acme.example/billing" in page.text
    assert page.follow("Billing").path.startswith("/admin/apis/api_")
    assert "Billing" not in admin.open("/admin/search?q=billing+lamp").text


def test_t2_who_may_read_no_roles_and_apis_finds_none(front):
    with front.work() as work:
        roles.create(work, "Lamp keepers", organization="acme", permissions=["account:read"])
        apis.create(work, "acme", identifier="https://api.acme.example/billing", name="Billing")
    make_administrator(front, "help-desk")
    visitor = signed_in(front)

    assert "Lamp" not in visitor.open("/admin/search?q=lamp").page.xpath("string(//ul[@class='hits'])")
    assert not visitor.open("/admin/search?q=billing").page.xpath("//ul[@class='hits']")


def test_t1_apis_of_another_organization_are_not_found(front, admin):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        sites.create(work, "globex", organization="globex", name="Globex")
        apis.create(work, "globex", identifier="https://api.globex.example/", name="Globex billing")

    assert not admin.open("/admin/search?q=globex").page.xpath("//ul[@class='hits']")
