"""Whoever administers one application, or one site, in the console: that and nothing beside it."""

import pytest

from idp.directory import queries, role_assignments
from idp.saml import registering
from tests.support import vendors
from tests.support.front import ANN
from tests.web.conftest import signed_in

LIST = "/admin/applications"


@pytest.fixture
def two(front) -> tuple[str, str]:
    """One application at Acme and one at Acme Europe; their ids."""
    with front.work() as work:
        okta, spring = vendors.OKTA, vendors.SPRING
        one = registering.register(work, "acme", okta.document(okta).encode(), name="Okta Thing")
        other = registering.register(work, "acme-eu", spring.document(spring).encode(), name="Spring Thing")
        return one.application_id, other.application_id


def test_an_administrator_of_one_application_governs_it_and_finds_no_other(front, two):
    mine, other = two
    with front.work() as work:
        role_assignments.grant(work, "application-administrator", organization="acme", account=ANN, application=mine)
    ann = signed_in(front)

    ann.open(LIST)
    assert "Okta Thing" in ann.text
    assert "Spring Thing" not in ann.text
    assert not ann.link("Add an application")
    for tail in ("", "/access", "/saml", "/doctor", "/preview", "/vendor", "/test"):
        assert ann.open(f"{LIST}/{mine}{tail}").status == 200
        assert ann.open(f"{LIST}/{other}{tail}").status == 404
    assert ann.open(f"{LIST}/new").status == 403
    assert not ann.open(f"{LIST}/{mine}").link("Delete")
    ann.open(f"{LIST}/{mine}/access").submit("Give access", kind="everyone").submit("Give access")
    assert "was given" in ann.text


def test_an_administrator_of_a_site_adds_applications_there_and_nowhere_else(front, two):
    with front.work() as work:
        role_assignments.grant(work, "site-administrator", organization="acme", account=ANN, site="acme-eu")
        acme, europe = queries.site(work, "acme").id, queries.site(work, "acme-eu").id
    ann = signed_in(front)

    ann.open(LIST)
    assert "Spring Thing" in ann.text
    assert "Okta Thing" not in ann.text
    document = vendors.SHIBBOLETH.document(vendors.SHIBBOLETH)
    ann.open(f"{LIST}/new/saml").submit(site=acme, metadata=document)
    assert ann.status == 404
    ann.open(f"{LIST}/new/saml").submit(metadata=document)
    ann.submit("Register it")
    assert ann.path.endswith("/doctor")
    assert ann.open(f"/admin/keys/{europe}").status == 200
    assert ann.open(f"/admin/keys/{acme}").status == 404
