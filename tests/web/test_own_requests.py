"""Asking for access on the person's own pages."""

import pytest

from idp.directory import access_requests, applications, queries
from tests.support.front import ANN, BEN
from tests.support.visitor import Visitor

REASON = "I close the books in March."


@pytest.fixture
def ledger(front):
    """An application that people may ask for."""
    with front.work() as work:
        made = applications.create(work, queries.site(work, "acme"), protocol="saml", name="Ledger")
        made.requestable = True
        return made


def of(front, email=ANN):
    with front.work() as work:
        return access_requests.own(work, front.organization_id, front.account_ids[email])


def test_somebody_asks_sees_it_waiting_and_takes_it_back(front, ann, ledger):
    ann.open("/").follow("Ask for access").submit("Ask for access", application=ledger.id, reason=REASON)
    assert (ann.path, "You have asked." in ann.text) == ("/requests", True)
    assert REASON in ann.text
    [one] = of(front)
    assert (one.request.state, one.request.reason) == ("pending", REASON)

    ann.submit("Withdraw")
    assert [one.request.state for one in of(front)] == ["withdrawn"]
    assert "The request is withdrawn." in ann.text


def test_what_became_of_it_is_shown(front, ann, ledger):
    ann.open(f"/requests?application={ledger.id}").submit("Ask for access", reason=REASON)
    with front.work() as work:
        access_requests.deny(work, of(front)[0].request.id, "Ask Ben instead.")

    assert "Ask Ben instead." in ann.open("/requests").text


@pytest.mark.parametrize(("reason", "status"), [("", 422), ("x" * 2000, 422)])
def test_without_a_reason_nothing_is_asked_and_nothing_typed_is_lost(front, ann, ledger, reason, status):
    ann.open("/requests").submit("Ask for access", reason=reason)

    assert ann.status == status
    assert of(front) == []


def test_t1_what_may_not_be_asked_for_is_not_there(front, ann, ledger):
    ann.open("/requests").submit("Ask for access", application=front.application_ids["Wiki"], reason=REASON)

    assert (ann.status, of(front)) == (404, [])


def test_t1_a_request_of_somebody_else_is_not_withdrawn(front, ann, ledger):
    from dataclasses import replace

    from idp.base.work import Actor

    with front.work() as work:
        ben = queries.account(work, BEN)
        acting = replace(work, actor=Actor("account", ben.id, ben.email, ben.organization_id))
        found = access_requests.ask(acting, ledger.id, REASON)
    token = ann.open("/requests").page.xpath("//main//input[@name='csrf_token']/@value")[0]
    answer = ann.client.post(f"/requests/{found.id}/withdraw", data={"csrf_token": token})

    assert answer.status_code == 404
    assert of(front, BEN)[0].request.state == "pending"


def test_a_stranger_is_asked_to_sign_in(front, ledger):
    assert Visitor(front.app.test_client()).open("/requests").path.startswith("/signin/")


def test_what_is_wrong_is_said_in_the_language_of_the_reader(front, ann, ledger):
    ann.open("/requests").submit("Ask for access", reason="")
    english = ann.alert
    ann.open("/").submit("Deutsch", language="de")
    token = ann.open("/requests").page.xpath("//input[@name='csrf_token']/@value")[0]
    german = ann.post("/requests", {"csrf_token": token, "application": ledger.id, "reason": ""}).alert

    assert english
    assert german not in ("", english)
