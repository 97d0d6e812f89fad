"""Rules of contextual access at the endpoints of OAuth: what a client is told, and what the attempt knows."""

import pytest

from idp.directory import access_policies, zones
from idp.policy.access import documents, recording
from tests.oidc.devices import Device, television
from tests.oidc.support import answered, reference
from tests.support.visitor import Visitor


def write(place, policy="Sessions", **document):
    with place.work() as work:
        access_policies.write(work, "acme", policy, documents.rules_from_json(document))


def guard(text="", **conditions):
    return {"name": "Guard", "conditions": conditions} | ({"text": text} if text else {})


@pytest.fixture
def robot(place):
    return place.register(
        client_name="Robot", grant_types=["client_credentials"], scope="reports:read", redirect_uris=[]
    )


@pytest.mark.parametrize("policy", ["Sessions", "Applications"])
def test_a_person_who_is_denied_is_shown_a_page_and_the_client_gets_access_denied(place, client, browser, policy):
    write(place, policy, guards=[guard("Only from the office.", requests=["oidc"])])
    person = Visitor(browser)
    person.open(place.authorize(browser, client).headers["Location"])

    assert person.status == 403
    assert person.title == "You cannot sign in like this"
    assert "Only from the office." in person.text
    shown = person.page.xpath("string(//*[@class='reference']/code)")
    attempt = place.attempt(shown)
    assert (attempt.code, attempt.decision, attempt.rule) == ("denied", "denied", f"access-policy {policy}: Guard")

    back = person.submit("Back to Notebook")
    assert answered(back.answer)["error"] == "access_denied"


def test_where_no_page_may_be_shown_the_client_is_told_at_once(place, client, browser):
    write(place, guards=[guard(requests=["oidc"])])
    answer = place.authorize(browser, client, prompt="none")

    assert answered(answer)["error"] == "access_denied"
    (attempt,) = [one for one in place.attempts() if one.kind.startswith("oidc.")]
    assert attempt.cause == "refused: denied by access-policy Sessions: Guard"
    assert attempt.context["access"]["request"] == "oidc"


def test_a_rule_that_asks_for_more_is_heard_before_there_is_a_code(place, client, browser):
    rule = {"name": "Strong", "answer": {"effect": "require", "strength": "phishing-resistant"}}
    write(place, "Applications", rules=[rule])
    answer = place.authorize(browser, client)

    assert answer.headers["Location"].startswith("/signin/")
    assert answered(place.authorize(browser, client, prompt="none"))["error"] != ""


@pytest.mark.parametrize("policy", ["Sessions", "Applications"])
def test_a_client_that_is_denied_gets_no_token_of_its_own(place, robot, policy):
    with place.work() as work:
        zones.create(work, "acme", "Here", zones.Contents(networks=("127.0.0.0/8",)))
    write(place, policy, guards=[guard(requests=["token"], networks={"zones": ["Here"]})])
    answer = place.token(robot, grant_type="client_credentials")

    assert (answer.status_code, answer.json["error"]) == (400, "unauthorized_client")
    attempt = place.attempt(reference(answer))
    assert (attempt.decision, attempt.rule) == ("denied", f"access-policy {policy}: Guard")
    assert attempt.cause == f"access-policy {policy}: Guard: denied"
    assert attempt.context[recording.KEY]["request"] == "token"


@pytest.mark.parametrize("document", [
    {"guards": [guard(people={"kinds": ["member", "guest"]})]},
    {"guards": [guard(requests=["oidc", "saml"])]},
    {"catch_all": {"effect": "require", "strength": "phishing-resistant"}},
])  # fmt: skip
def test_what_is_said_of_people_is_nothing_to_a_client(place, robot, document):
    write(place, **document)

    assert place.token(robot, grant_type="client_credentials").status_code == 200


def test_a_token_without_a_person_is_recorded_so_that_it_can_be_judged_again(place, robot):
    place.token(robot, grant_type="client_credentials")
    (attempt,) = place.attempts()

    assert attempt.context == {"access": {"form": 1, "at": place.now.isoformat(), "request": "token"}}


def test_a_token_is_not_renewed_for_whom_a_rule_denies_in_any_case(place, client, browser):
    tokens = place.tokens(browser, client)
    write(place, guards=[guard(people={"groups": ["Staff"]})])
    answer = place.refresh(client, tokens["refresh_token"])

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")
    attempt = place.attempt(reference(answer))
    assert (attempt.decision, attempt.cause) == ("denied", "access-policy Sessions: Guard: denied")
    write(place)
    assert place.refresh(client, tokens["refresh_token"]).status_code == 200, "nothing was used up"


def test_a_token_is_renewed_where_that_turns_on_the_browser(place, client, browser):
    tokens = place.tokens(browser, client)
    with place.work() as work:
        zones.create(work, "acme", "Office", zones.Contents(networks=("203.0.113.0/24",)))
    office = {"name": "Office", "conditions": {"networks": {"zones": ["Office"]}}, "answer": {"effect": "allow"}}
    write(place, rules=[office], catch_all={"effect": "deny"})

    assert place.refresh(client, tokens["refresh_token"]).status_code == 200


def test_o22_a_code_of_somebody_who_is_denied_since_is_not_redeemed(place, client, browser):
    code = place.code(browser, client)
    write(place, guards=[guard(people={"groups": ["Staff"]})])
    answer = place.redeem(client, code)

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")
    attempt = place.attempt(reference(answer))
    assert (attempt.decision, attempt.cause) == ("denied", "access-policy Sessions: Guard: denied")


def test_o22_a_device_that_was_let_in_gets_no_token_for_somebody_who_is_denied_since(place, browser):
    device = Device(place, television(place))
    device.allowed_by(Visitor(browser))
    write(place, guards=[guard(people={"groups": ["Staff"]})])

    assert device.error() == "invalid_grant"


def test_a_code_is_redeemed_where_the_rule_turns_on_the_browser(place, client, browser):
    code = place.code(browser, client)
    write(place, guards=[guard(devices={"browsers": ["Firefox"]})])

    assert place.redeem(client, code).status_code == 200
