"""O22, D11: whatever changes is effective at the next token, and at the next look at one."""

import pytest
import sqlalchemy as sa

from idp.base import clock
from idp.base.db import Database
from idp.directory import accounts, applications, groups, organizations, policies
from idp.directory.models import AccessGrant, Membership, Organization, Site
from idp.oidc import api_scopes, apis
from idp.oidc.models import Client, Grant
from idp.policy.signon import Method
from idp.signon import consent
from idp.signon import session as session_
from idp.signon.factors import totp
from tests.oidc.support import ANN, BEN, Place, reference


def disable_account(place, work, client):
    accounts.disable(work, ANN)


def sign_out_everywhere(place, work, client):
    place.account(work).epoch += 1


def end_session(place, work, client):
    session_.end(work, place.account(work).organization_id, place.session.id, because="test")


def disable_application(place, work, client):
    applications.disable(work, client.application_id)


def delete_application(place, work, client):
    applications.delete(work, client.application_id)


def withdraw_access(place, work, client):
    for grant in work.tx.session.scalars(
        sa.select(AccessGrant).where(AccessGrant.application_id == client.application_id)
    ):
        grant.valid_to = place.now


def leave_the_group(place, work, client):
    for membership in work.tx.session.scalars(sa.select(Membership)):
        membership.valid_to = place.now


def suspend_organization(place, work, client):
    organizations.suspend(work, work.tx.session.scalars(sa.select(Organization)).one().slug)


def disable_site(place, work, client):
    work.tx.session.scalars(sa.select(Site).where(Site.slug == "acme")).one().disabled_at = place.now


CHANGES = [
    disable_account,
    sign_out_everywhere,
    end_session,
    disable_application,
    delete_application,
    withdraw_access,
    leave_the_group,
    suspend_organization,
    disable_site,
]


@pytest.fixture
def grouped(place):
    """A client that Staff may open."""
    client = place.register(everyone=False)
    with place.work() as work:
        applications.grant(work, client.application_id, group="Staff")
    return client


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_o22_no_token_after_it(place, grouped, browser, change):
    tokens, code = place.tokens(browser, grouped), place.code(browser, grouped)
    assert place.userinfo(tokens["access_token"]).status_code == 200

    with place.work() as work:
        change(place, work, grouped)

    assert place.refresh(grouped, tokens["refresh_token"]).status_code in (400, 401, 404)
    assert place.redeem(grouped, code).status_code in (400, 401, 404)
    assert place.userinfo(tokens["access_token"]).status_code in (401, 404)


@pytest.mark.parametrize(
    "change",
    [c for c in CHANGES if c not in (suspend_organization, disable_site, disable_application, delete_application)],
    ids=lambda c: c.__name__,
)
def test_o22_introspection_says_so_too(place, grouped, browser, change):
    tokens = place.tokens(browser, grouped)
    assert place.introspect(grouped, tokens["access_token"])["active"]
    assert place.introspect(grouped, tokens["refresh_token"])["active"]

    with place.work() as work:
        change(place, work, grouped)

    assert place.introspect(grouped, tokens["access_token"]) == {"active": False}
    assert place.introspect(grouped, tokens["refresh_token"]) == {"active": False}


def test_o22_nor_a_code_for_who_may_not_open_it(place, grouped):
    """Ben is not in Staff: he sees a page, the client hears nothing."""
    asked = place.authorize(place.browser(BEN), grouped)

    assert asked.headers["Location"].startswith("/signin/")


def test_o22_with_prompt_none_the_client_hears_it(place, grouped):
    from tests.oidc.support import answered

    assert answered(place.authorize(place.browser(BEN), grouped, prompt="none"))["error"] == "access_denied"


def test_o22_offline_tokens_end_with_the_access_too(place, grouped, browser):
    tokens = place.tokens(browser, grouped, scope="openid offline_access")
    with place.work() as work:
        leave_the_group(place, work, grouped)

    assert place.refresh(grouped, tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_o22_and_with_the_consent(place, browser):
    client = place.register(first_party=False, client_name="Third")
    with place.work() as work:
        ann = place.account(work)
        consent.give(work, ann.organization_id, ann.id, client.application_id, ("profile", "email"))
    tokens = place.tokens(browser, client)
    assert place.userinfo(tokens["access_token"]).status_code == 200

    with place.work() as work:
        consent.withdraw(work, ann.organization_id, ann.id, client.application_id)

    assert place.userinfo(tokens["access_token"]).status_code == 401
    assert place.refresh(client, tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_o22_a_scope_that_was_taken_from_the_client_is_gone(place, client, browser):
    tokens, code = place.tokens(browser, client), place.code(browser, client)
    with place.work() as work:
        row = work.tx.session.scalars(sa.select(Client).where(Client.client_id == client.client_id)).one()
        row.registration = {**row.registration, "scope": "openid"}

    assert place.redeem(client, code).json["scope"] == "openid"
    assert place.refresh(client, tokens["refresh_token"]).json["scope"] == "openid"


def test_o22_a_client_for_itself_stops_when_it_is_disabled(place):
    robot = place.register(grant_types=["client_credentials"], scope="reports", redirect_uris=[])
    token = place.token(robot, grant_type="client_credentials").json["access_token"]
    assert place.introspect(robot, token)["active"]
    with place.work() as work:
        applications.disable(work, robot.application_id)

    assert place.token(robot, grant_type="client_credentials").json["error"] == "invalid_client"


# A policy that was tightened


ONE_STEP = (Method.PASSWORD,)


def second_step(place, wanted):
    with place.work() as work:
        policies.set_second_step(work, "acme", wanted)


def give_an_authenticator(place):
    with place.work() as work:
        account = place.account(work)
        totp.add(work, account.id, b"ostiary-test-secret!", organization_id=account.organization_id, name="Phone")


def refused(place, client, tokens, code):
    assert place.userinfo(tokens["access_token"]).status_code == 401
    assert place.introspect(client, tokens["access_token"]) == {"active": False}
    answer = place.redeem(client, code)
    assert answer.json["error"] == "invalid_grant"
    answer = place.refresh(client, tokens["refresh_token"])
    assert answer.json["error"] == "invalid_grant"
    return place.attempt(reference(answer)).cause


@pytest.mark.parametrize("scope", ["openid", "openid offline_access"])
def test_o22_what_proved_less_than_is_asked_for_now_is_over(place, client, scope):
    once = place.browser(methods=ONE_STEP)
    tokens, code = place.tokens(once, client, scope=scope), place.code(once, client, scope=scope)
    second_step(place, "required")

    assert refused(place, client, tokens, code) == (
        "the sign-on proved less than is asked for now (authentication-policy: second step required)"
    )


def test_o22_and_what_proved_enough_goes_on(place, client, browser):
    tokens = place.tokens(browser, client)
    second_step(place, "required")

    assert place.userinfo(tokens["access_token"]).status_code == 200
    assert place.refresh(client, tokens["refresh_token"]).status_code == 200


def test_o22_a_second_step_that_is_asked_of_those_who_have_one(place, client):
    second_step(place, "off")
    give_an_authenticator(place)
    once = place.browser(methods=ONE_STEP)
    tokens, code = place.tokens(once, client), place.code(once, client)
    assert place.userinfo(tokens["access_token"]).status_code == 200
    second_step(place, "optional")

    assert "second step where there is one" in refused(place, client, tokens, code)


def test_a_relaxed_policy_ends_nothing(place, client):
    second_step(place, "required")
    browser = place.browser()
    tokens = place.tokens(browser, client)
    second_step(place, "off")

    assert place.refresh(client, tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize(("amr", "good"), [(["otp", "pwd", "mfa"], True), (["pwd"], False)])
def test_a_grant_of_a_former_release_is_judged_by_its_methods(place, client, browser, amr, good):
    tokens = place.tokens(browser, client)
    with place.work() as work:
        for grant in work.tx.session.scalars(sa.select(Grant)):
            former = {
                name: value for name, value in grant.details.items() if name not in ("strength", "resources", "methods")
            }
            grant.details = {**former, "amr": amr}
    second_step(place, "required")

    assert (place.refresh(client, tokens["refresh_token"]).status_code == 200) is good


# Another worker


@pytest.fixture
def workers(place, vault, monkeypatch):
    """Two processes' worth of us on one database, with the memory that they have in production; and a second passing."""
    at = [0.0]
    monkeypatch.setattr(clock, "monotonic", lambda: at[0])
    made = [Place(Database(place.database.engine.url.render_as_string(False), vault)) for _ in range(2)]

    def a_second_passes():
        at[0] += 1.0

    yield (*made, a_second_passes)
    for one in made:
        one.database.dispose()


def withdraw_consent(place, work, client):
    ann = place.account(work)
    consent.withdraw(work, ann.organization_id, ann.id, client.application_id)


def disable_api(place, work, client):
    apis.disable(work, ORDERS)


def withdraw_from_the_person(place, work, client):
    api_scopes.withdraw(work, ORDERS, READ, group="Staff")


def withdraw_from_the_client(place, work, client):
    api_scopes.withdraw(work, ORDERS, READ, application_id=client.application_id)


def tighten(place, work, client):
    policies.set_second_step(work, "acme", "required")


ORDERS, READ = "https://api.example/orders", "orders:read"
AT_ONCE = [disable_account, withdraw_access, leave_the_group, withdraw_consent]
WITHIN_A_SECOND = [disable_application, tighten]
OF_AN_API = [disable_api, withdraw_from_the_person, withdraw_from_the_client]


@pytest.mark.parametrize("change", [*AT_ONCE, *WITHIN_A_SECOND, *OF_AN_API], ids=lambda change: change.__name__)
def test_o22_a_change_at_one_worker_is_effective_at_another_within_a_second(place, workers, change):
    one, other, a_second_passes = workers
    client = one.register(first_party=False, everyone=False, client_name="Third")
    one.api(ORDERS, READ, people={"group": "Staff"}, to=[client])
    with one.work() as work:
        applications.grant(work, client.application_id, group="Staff")
        ann = one.account(work)
        asked = ("profile", "email", consent.ask(READ, "Orders", f"Do {READ} for you"))
        consent.give(work, ann.organization_id, ann.id, client.application_id, asked)
    browser = other.browser(methods=ONE_STEP)
    tokens = other.tokens(browser, client, scope=f"openid profile email {READ}")
    assert READ in tokens["scope"]
    assert READ in other.introspect(client, tokens["access_token"])["scope"]

    with one.work() as work:
        change(one, work, client)
    if change not in AT_ONCE:
        a_second_passes()

    answer = other.refresh(client, tokens["refresh_token"])
    if change in OF_AN_API:
        assert answer.json["scope"] == "openid profile email"
        assert other.introspect(client, tokens["access_token"])["scope"] == "openid profile email"
    else:
        assert answer.json["error"] in ("invalid_grant", "invalid_client")
        assert other.userinfo(tokens["access_token"]).status_code == 401


def test_attributes_are_those_of_now(place, client, browser):
    tokens = place.tokens(browser, client, scope="openid groups")
    assert place.userinfo(tokens["access_token"]).json["groups"] == ["Research", "Staff"]
    with place.work() as work:
        groups.create(work, "Newcomers", organization="acme")
        groups.add(work, "Newcomers", place.account(work).id, organization="acme")

    assert place.userinfo(tokens["access_token"]).json["groups"] == ["Newcomers", "Research", "Staff"]
