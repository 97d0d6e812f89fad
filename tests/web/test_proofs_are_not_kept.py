"""What was proven in a sign-on counts in it and in the session that it opened, and no longer than that session."""

import pytest

from idp.signon import session as session_
from tests.support.front import ANN, PASSWORD
from tests.support.visitor import Visitor


def _left_open(front) -> tuple[Visitor, str]:
    """Ann, who has signed in on the way to an application and has not gone on to it; where that sign-on is."""
    one = Visitor(front.app.test_client())
    one.open(front.ask(asks=("profile",))).submit(username=ANN, password=PASSWORD).submit(otp=front.code())
    assert one.title.startswith("Share")
    return one, one.path


def _sign_out(one):
    one.open("/signout").submit()
    assert one.open("/").title == "Sign in"


def test_a24_a_sign_on_left_open_opens_no_second_session_after_signing_out(front):
    """A24: signing out is the end of it, also for the page in another tab."""
    one, left = _left_open(front)
    _sign_out(one)

    assert one.open(left).title == "Sign in"
    assert one.open("/").title == "Sign in"


def test_a24_a_session_that_its_person_has_ended_elsewhere_does_not_come_back(front):
    """A24: whoever was thrown out has to prove anew who they are."""
    one, left = _left_open(front)
    with front.work() as work:
        (session,) = session_.sessions(work, front.organization_id, front.account_ids[ANN])
        session_.end(work, front.organization_id, session.id, because="ended by the person")

    assert one.open(left).title == "Sign in"
    one.submit(username=ANN, password=PASSWORD)
    assert one.title == "Second step", "nor does the second step count that was proven before"


def test_a_sign_on_whose_answer_was_lost_goes_on(front):
    one, left = _left_open(front)
    one.client.delete_cookie("ostiary_session")

    assert one.open(left).title.startswith("Share")


@pytest.mark.parametrize("seconds", [60, 1800])
def test_a11_a_remembered_device_does_not_spare_the_second_step_of_the_five_minutes(front, seconds):
    """A11, A23: whoever finds a browser open and knows the password sets up no second step."""
    one = Visitor(front.app.test_client())
    one.open("/").submit(username=ANN, password=PASSWORD)
    one.submit(otp=front.code(), remember_device="yes")
    assert one.path == "/"
    front.later(seconds=301 + seconds)

    one.open("/account/authenticators/new").submit(username=ANN, password=PASSWORD)
    assert one.title == "Second step"

    one.open("/account/authenticators/new")
    assert one.title != "Add an authenticator app"
    assert one.path.startswith("/signin/")
