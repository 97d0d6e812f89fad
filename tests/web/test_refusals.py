"""Every refusal leaves an attempt with its true cause, and nobody fills the tables with them."""

import pytest
import sqlalchemy as sa

from idp.audit.models import Attempt, AuditEntry
from idp.settings import ThrottlingSettings
from idp.signon.models import PendingSignOn
from tests.support.front import ANN, PASSWORD, on_sqlite
from tests.support.visitor import Visitor

CLIENTS = ("token", "revoke", "introspect", "userinfo")
BODY = "a" * 70000
FORM = {"content_type": "application/x-www-form-urlencoded"}


def count(front, model) -> int:
    with front.work() as work:
        return work.tx.session.scalar(sa.select(sa.func.count()).select_from(model))


def referred(front, visitor) -> Attempt:
    """The attempt that the page names."""
    with front.work() as work:
        return work.tx.session.get_one(Attempt, visitor.page.xpath("string(//*[@class='reference']/code)"))


@pytest.mark.parametrize("handle", ["sgn_nothing", "sgn_" + "a" * 43, "x"])
def test_an_unknown_sign_on_is_an_attempt_with_its_cause(front, visitor, handle):
    visitor.open(f"/signin/{handle}")

    assert visitor.status == 400
    found = referred(front, visitor)
    assert (found.outcome, found.code, found.cause) == ("refused", "sign-on-unknown", "no such handle")
    assert count(front, AuditEntry) > 0


@pytest.mark.parametrize(
    ("method", "path", "status", "cause"),
    [
        ("POST", "/sites/acme/saml/sso", 413, "octets"),
        ("POST", "/sites/acme/saml/slo", 413, "octets"),
        ("POST", "/sites/acme/oauth2/authorize", 413, "octets"),
        ("PUT", "/sites/acme/saml/sso", 405, "PUT is not for this address"),
        ("DELETE", "/sites/acme/oauth2/authorize", 405, "DELETE is not for this address"),
    ],
)
def test_what_http_refuses_at_an_endpoint_of_a_protocol_is_an_attempt(front, visitor, method, path, status, cause):
    visitor.client.get("/organization")
    data = BODY if status == 413 else ""
    visitor.visited.append(visitor.client.open(path, method=method, data=data, **FORM))

    assert visitor.status == status
    found = referred(front, visitor)
    assert found.code == f"http-{status}"
    assert found.cause.endswith(cause)
    assert found.organization_id == front.organization_id


@pytest.mark.parametrize("name", CLIENTS)
def test_clients_are_told_in_json_that_a_body_is_too_large(front, visitor, name):
    answer = visitor.client.post(f"/sites/acme/oauth2/{name}", data=BODY, **FORM)

    assert (answer.status_code, answer.mimetype) == (413, "application/json")
    assert answer.json["error"] == "invalid_request"
    assert answer.headers["Cache-Control"] == "no-store"
    reference = answer.json["error_description"].rpartition("Reference: ")[2]
    with front.work() as work:
        assert work.tx.session.get_one(Attempt, reference).code == "http-413"


@pytest.mark.parametrize("name", CLIENTS)
def test_clients_are_told_in_json_that_a_method_is_wrong(front, visitor, name):
    answer = visitor.client.put(f"/sites/acme/oauth2/{name}")

    assert (answer.status_code, answer.mimetype) == (405, "application/json")
    assert answer.json["error"] == "invalid_request"
    assert "POST" in answer.headers["Allow"]
    with front.work() as work:
        reference = answer.json["error_description"].rpartition("Reference: ")[2]
        assert work.tx.session.get_one(Attempt, reference).cause == "PUT is not for this address"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/wp-login.php"), ("POST", "/sites/nowhere/oauth2/token"), ("PUT", "/sites/nowhere/oauth2/token")],
)
def test_an_address_that_nobody_knows_writes_nothing(front, visitor, method, path):
    before = count(front, Attempt), count(front, AuditEntry)
    answer = visitor.client.open(path, method=method, data="" if method == "GET" else "x", **FORM)

    assert answer.status_code in (404, 405)
    assert (count(front, Attempt), count(front, AuditEntry)) == before


def test_i10_one_network_writes_down_so_many_unknown_sign_ons_a_minute(front, visitor):
    before = count(front, Attempt)
    for _ in range(70):
        visitor.open("/signin/sgn_nothing")

    assert count(front, Attempt) - before == 60
    assert "req_" in visitor.text, "the log has it under this reference"
    front.later(minutes=1)
    visitor.open("/signin/sgn_nothing")
    assert count(front, Attempt) - before == 61


@pytest.mark.parametrize("path", ["/", "/account"])
def test_i10_a_network_begins_so_many_sign_ons_a_minute(tmp_path, path):
    front = on_sqlite(tmp_path, throttling=ThrottlingSettings(sign_ons_per_minute=3))
    visitor = Visitor(front.app.test_client())
    for _ in range(3):
        assert visitor.open(path).title == "Sign in"
    for _ in range(3):
        visitor.open(path)

    assert visitor.status == 429
    assert visitor.answer.headers["Retry-After"] == "60"
    assert "Too many requests came from your network. Wait a minute, then try again." in visitor.text
    assert count(front, PendingSignOn) == 3
    front.later(minutes=1)
    assert visitor.open(path).title == "Sign in"
    front.database.dispose()


def test_i10_who_has_a_session_is_not_counted(tmp_path):
    front = on_sqlite(tmp_path, throttling=ThrottlingSettings(sign_ons_per_minute=1))
    ann = Visitor(front.app.test_client())
    ann.open("/").submit(username=ANN, password=PASSWORD).submit(otp=front.code())
    for _ in range(4):
        assert ann.open("/").status == 200

    assert Visitor(front.app.test_client()).open("/").status == 429
    front.database.dispose()


def test_a_form_without_cookies_offers_to_start_again_at_the_application(front, visitor):
    visitor.open(front.ask())
    path = f"{visitor.path}/password"
    other = Visitor(front.app.test_client())
    other.visited.append(other.client.post(path, data={"username": ANN, "password": PASSWORD}))

    assert (other.status, other.title) == (403, "Send this form again")
    again = other.page.xpath("//a[contains(., 'Start again at Wiki')]/@href")
    assert again == ["https://wiki.acme.example/login"]
    assert referred(front, other).code == "form-token"
    other.open(visitor.path)
    assert other.page.xpath("//a[contains(., 'Start again at Wiki')]/@href") == again, "it is told no more than before"
    assert ANN not in other.text


def test_a_form_of_nothing_that_is_known_leads_to_the_applications(front, visitor):
    visitor.visited.append(visitor.client.post("/signin/sgn_nothing/password", data={"username": ANN}))

    assert (visitor.status, visitor.title) == (403, "Send this form again")
    assert "Start again" not in visitor.text
    assert visitor.page.xpath("//main//a/@href") == ["/"]


def test_the_way_out_of_a_stale_form_is_the_organizations_own_only_by_name(front, visitor):
    visitor.open("/")
    other = Visitor(front.app.test_client())
    other.visited.append(other.client.post(f"{visitor.path}/password", data={"username": ANN}))

    assert other.status == 403
    assert "Start again" not in other.text
