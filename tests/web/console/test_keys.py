"""The keys of sites in the console: what signs, the next one, and a change application by application."""

import pytest

from idp.directory import organizations, queries, sites
from idp.saml import registering
from idp.saml.key_change import rollover, rotating
from tests.support import vendors
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator

KEYS = "/admin/keys"


@pytest.fixture
def acme(front) -> str:
    """The site Acme with one service provider; its id."""
    with front.work() as work:
        registering.register(work, "acme", vendors.OKTA.document(vendors.OKTA).encode(), name="Okta Thing")
        return queries.site(work, "acme").id


def states(front) -> list[str]:
    from idp.directory import keys

    with front.work() as work:
        site = queries.site(work, "acme")
        return sorted(one.state for one in keys.keys(work, site.organization_id, site.id) if "saml" in one.purpose)


def test_the_list_names_every_site_and_asks_as_often_for_many(front, admin, acme, queries_of):
    few = queries_of(lambda: admin.open(KEYS))
    assert "Acme Europe" in admin.text
    with front.work() as work:
        for number in range(5):
            sites.create(work, f"more-{number}", organization="acme", name=f"More {number}")

    assert queries_of(lambda: admin.open(KEYS)) <= few


def test_rotating_publishes_a_next_key_and_says_what_happens(front, admin, acme):
    admin.open(f"{KEYS}/{acme}/rotate?purpose=saml-signing")
    assert "nothing breaks" in admin.text
    admin.submit("Go one step on")

    assert "is next now" in admin.text
    assert states(front) == ["active", "next"]
    assert "nothing shows that it knows the new certificate" in admin.text


def test_it_asks_for_a_second_step(front, admin, acme):
    front.later(minutes=6)
    admin.open(f"{KEYS}/{acme}/rotate?purpose=saml-signing").submit("Go one step on")

    assert admin.path.startswith("/signin/")
    assert states(front) == ["active"]


def test_applications_are_switched_all_at_once_and_taken_back(front, admin, acme):
    with front.work() as work:
        rotating.rotate(work, queries.site(work, "acme"), purpose="saml-signing")
    admin.open(f"{KEYS}/{acme}/campaign?act=switch").submit("Switch", anyway="on")
    assert "1 application was changed, 0 were left" in admin.text
    admin.open(f"{KEYS}/{acme}/campaign?act=back").submit("Take all back")
    with front.work() as work:
        site = queries.site(work, "acme")
        (going,) = rollover.going_on(work, site)
        assert [one.on_new for one in rollover.reports(work, site, going)] == [False]


def test_one_application_is_switched_on_its_own_page(front, admin, acme):
    with front.work() as work:
        rotating.rotate(work, queries.site(work, "acme"), purpose="saml-signing")
        application_id = next(one.id for one in queries.applications(work) if one.name == "Okta Thing")
    admin.open(f"/admin/applications/{application_id}/saml").submit("Sign with the new key", anyway="on")

    assert "Saved." in admin.text
    assert "Sign with the former key again" in admin.text


def test_the_certificate_of_a_key_is_a_file(admin, acme):
    href = admin.open(f"{KEYS}/{acme}").link("Download the certificate")

    assert b"BEGIN CERTIFICATE" in admin.client.get(href).data


def test_t1_keys_of_another_organization_are_not_there(front, admin):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        foreign = sites.create(work, "globex", organization="globex", name="Globex").id

    for tail in ("", "/rotate?purpose=saml-signing", "/campaign"):
        assert admin.open(f"{KEYS}/{foreign}{tail}").status == 404


def test_t7_no_private_part_is_on_any_page(admin, acme):
    for path in (KEYS, f"{KEYS}/{acme}", f"{KEYS}/{acme}/rotate?purpose=token-signing"):
        assert "PRIVATE" not in admin.open(path).answer.text


def test_an_auditor_sees_keys_and_may_rotate_none(front, acme):
    make_administrator(front, "auditor")
    auditor = signed_in(front)
    auditor.open(f"{KEYS}/{acme}")

    assert auditor.status == 200
    assert not auditor.link("Rotate the SAML key")
    auditor.open(f"{KEYS}/{acme}/rotate?purpose=saml-signing").submit("Go one step on")
    assert auditor.status == 403
