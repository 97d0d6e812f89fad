"""The ten commonest tasks of an administrator, in Chromium, each with what came of it below."""

import pytest

from idp.directory import applications, queries, rights
from idp.directory.models import Account, Application
from idp.oidc import clients
from idp.saml import providers
from idp.saml.key_change import rollover
from idp.signon import session
from tests.support import axe, console_journeys, name_server, node, vendors
from tests.support.console_journeys import Admin
from tests.support.front import BEN, DORA, Front


@pytest.fixture
def server():
    with name_server.running() as running:
        yield running


@pytest.fixture
def front(front, server):
    return Front(front.database, domains=console_journeys.domains_asked_of(server))


@pytest.fixture
def admin(front, walk):
    return Admin(front, walk(), lambda name, walk: None)


def test_a_saml_application_is_added_from_its_metadata(front, admin):
    console_journeys.add_saml(admin)

    with front.work() as work:
        found = providers.find(work, vendors.SPRING.entity_id)
        application = work.tx.session.get_one(Application, (front.organization_id, found.application_id))
        assert (application.name, application.site_id) == ("Billing", queries.site(work, "acme").id)
        assert [grant.subject_kind for grant in applications.grants(work, application)] == ["everyone"]


def test_an_openid_connect_application_is_added_and_its_secret_works(front, admin):
    secret = console_journeys.add_oidc(admin)
    application_id = admin.tab.url.split("/")[-2]

    with front.work() as work:
        client = clients.of_application(work, queries.application(work, application_id))
    answer = front.app.test_client().post(
        "/sites/acme/oauth2/token",
        data={
            "grant_type": "authorization_code",
            "code": "none",
            "redirect_uri": "https://notebook.acme.example/callback",
        },
        auth=(client.client_id, secret),
    )
    assert answer.json["error"] == "invalid_grant"  # and not invalid_client


@pytest.mark.skipif(not node.is_here(), reason=node.MISSING)
def test_the_page_with_the_secret_violates_no_rule_of_axe(admin):
    console_journeys.add_oidc(admin)

    assert axe.violations(admin.tab) == []


def test_a_group_is_given_access_and_its_people_get_in(front, admin, walk):
    console_journeys.prepare_access(front)
    console_journeys.give_access(admin)

    front.later(seconds=30)
    dora = walk()
    dora.open(front.ask("Billing"))
    dora.password(DORA)
    dora.code()
    assert dora.json()["account"] == front.account_ids[DORA]


def test_why_somebody_cannot_get_in_is_found_out(front, admin):
    console_journeys.prepare_refusal(front)
    console_journeys.find_out_why(admin)

    assert "Nothing gives" in admin.tab.locator("main").inner_text()


def test_a_domain_is_proven_and_its_accounts_are_claimed(front, admin, server):
    console_journeys.claim_domain(admin, server)

    with front.work() as work:
        managed = work.tx.session.query(Account).filter(Account.managed_at.is_not(None)).count()
    assert managed == 4


def test_a_leaver_is_out_at_once_and_erased_later(front, admin):
    token = console_journeys.prepare_leaving(front)
    console_journeys.offboard(admin)

    with front.work() as work:
        assert session.find(work, token) is None
        ben = queries.account(work, BEN)
        assert ben.disabled_at is not None
        assert ben.deletion_at is not None


def test_a_certificate_is_rotated_application_by_application(front, admin):
    console_journeys.prepare_rotation(front)
    console_journeys.rotate(admin)

    metadata = front.app.test_client().get("/sites/acme/saml/metadata").text
    assert metadata.count("<ds:X509Certificate>") == 2
    with front.work() as work:
        site = queries.site(work, "acme")
        (going,) = rollover.going_on(work, site)
        assert [one.on_new for one in rollover.reports(work, site, going)] == [True]


def test_a_policy_is_tightened_after_a_look_at_whom_it_meets(front, admin, walk):
    console_journeys.tighten(admin)

    ben = walk()
    ben.open(front.ask("Payroll"))
    ben.password(BEN)
    ben.tab.locator("h1").filter(has_text="passkey").wait_for()
    assert "passkey" in ben.heading


def test_a_file_of_people_is_imported_and_undone(front, admin):
    console_journeys.import_and_undo(admin)
    with front.work() as work:
        assert queries.account(work, "ada@acme.example").name == "Ada Lovelace"
        assert queries.account(work, BEN).name == "Benjamin Baker"

    console_journeys.undo_import(admin)
    with front.work() as work:
        assert {one.email for one in queries.accounts(work)}.isdisjoint({"ada@acme.example"})
        assert queries.account(work, BEN).name == "Ben Baker"


def test_a_site_is_delegated_and_no_other_one(front, admin):
    console_journeys.delegate(admin)

    with front.work() as work:
        held = rights.roles_of(work, front.organization_id, front.account_ids[BEN])
        assert [(one.role, one.site_id) for one in held] == [("site-administrator", queries.site(work, "acme-eu").id)]
