"""Whoever has signed out stays signed out: no page of an earlier sign-on opens the session again."""

import pytest

from idp.directory import access_policies
from idp.policy.access.documents import rules_from_json
from idp.signon import session
from tests.support.front import ANN, PASSWORD
from tests.support.visitor import Visitor


@pytest.fixture
def refused(front):
    """Ann, signed in, before the page that says that the wiki is not for her; and the address of that page."""
    with front.work() as work:
        denied = {"catch_all": {"effect": "deny", "text": "Not the wiki."}}
        access_policies.write(work, "acme", "Applications", rules_from_json(denied))
    visitor, address = Visitor(front.app.test_client()), front.ask("Wiki")
    visitor.open(address).submit(username=ANN, password=PASSWORD).submit(otp=front.code())
    assert (visitor.status, "Not the wiki." in visitor.text) == (403, True)
    return visitor, address


def signs_in_anew(visitor, address) -> bool:
    visitor.open(address)
    return visitor.title == "Sign in" and visitor.open("/account").path.startswith("/signin/")


def test_a12_an_unfinished_sign_on_does_not_undo_a_sign_out(refused):
    visitor, address = refused
    visitor.open("/signout").submit()

    assert signs_in_anew(visitor, address)


def test_a12_nor_the_end_of_a_session_by_somebody_else(front, refused):
    visitor, address = refused
    with front.work() as work:
        (held,) = session.sessions(work, front.organization_id, front.account_ids[ANN])
        session.end(work, front.organization_id, held.id, because="ended by an administrator")

    assert signs_in_anew(visitor, address)


def test_a12_the_password_alone_does_not_bring_back_the_second_step_of_a_session_that_is_over(refused):
    visitor, address = refused
    visitor.open("/signout").submit()
    visitor.open(address).submit(username=ANN, password=PASSWORD)

    assert visitor.title != "You cannot sign in like this"
    assert visitor.open("/account").path.startswith("/signin/")


def test_while_the_session_lives_the_page_is_there(refused):
    visitor, address = refused

    assert "Not the wiki." in visitor.open(address).text
    assert visitor.open("/account").status == 200


def test_a_browser_that_has_lost_the_answer_with_its_session_gets_another_one(refused):
    visitor, address = refused
    visitor.client.delete_cookie("ostiary_session")

    assert "Not the wiki." in visitor.open(address).text
    assert visitor.open("/account").path == "/account"
