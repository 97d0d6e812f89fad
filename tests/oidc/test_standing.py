"""O22, D11: whatever changes is effective at the next token, and at the next look at one."""

import pytest
import sqlalchemy as sa

from idp.directory import accounts, applications, groups
from idp.directory.models import AccessGrant, Membership, Organization, Site
from idp.oidc.models import Client
from idp.signon import consent
from idp.signon import session as session_
from tests.oidc.support import ANN, BEN


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
    work.tx.session.scalars(sa.select(Organization)).one().suspended_at = place.now


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


def test_attributes_are_those_of_now(place, client, browser):
    tokens = place.tokens(browser, client, scope="openid groups")
    assert place.userinfo(tokens["access_token"]).json["groups"] == ["Research", "Staff"]
    with place.work() as work:
        groups.create(work, "Newcomers", organization="acme")
        groups.add(work, "Newcomers", place.account(work).id, organization="acme")

    assert place.userinfo(tokens["access_token"]).json["groups"] == ["Newcomers", "Research", "Staff"]
