"""Who gets into the console: a role, a strong second step, eight hours, a quarter of an hour."""

import pytest
from sqlalchemy import update

from idp.directory import queries
from idp.directory.models import RoleAssignment
from tests.support.front import ANN, BEN, PASSWORD
from tests.support.visitor import Visitor
from tests.web.console.conftest import make_administrator


def test_an_administrator_enters_with_the_session_of_the_launcher(admin):
    admin.open("/admin")

    assert (admin.status, admin.path) == (200, "/admin")
    assert "Acme" in admin.text


def test_somebody_without_a_role_is_told_so(ann):
    ann.open("/admin")

    assert ann.status == 403
    assert "You administer nothing here." in ann.text


def test_a_stranger_is_asked_to_sign_in_and_comes_to_the_page_that_was_wanted(front):
    make_administrator(front)
    stranger = Visitor(front.app.test_client())

    stranger.open("/admin/accounts?q=ben")
    assert stranger.path.startswith("/signin/")
    stranger.submit(username=ANN, password=PASSWORD).submit(otp=front.code())

    assert stranger.path == "/admin/accounts"
    assert BEN in stranger.text
    assert ANN not in stranger.text


def test_after_a_quarter_of_an_hour_without_use_the_second_step_is_asked_again(front, admin):
    admin.open("/admin")
    front.later(minutes=16)

    admin.open("/admin/accounts")
    assert admin.path.startswith("/signin/")
    admin.submit(password=PASSWORD).submit(otp=front.code())

    assert admin.path == "/admin/accounts"


def test_after_eight_hours_the_second_step_is_asked_again_however_busy(front, admin):
    for _ in range(49):
        front.later(minutes=10)
        admin.open("/admin")

    assert admin.path.startswith("/signin/")


def test_t22_a_role_that_ended_opens_nothing_from_the_next_request_on(front, admin):
    with front.work() as work:
        work.tx.session.execute(update(RoleAssignment).values(valid_to=front.now))
    front.later(seconds=1)

    admin.open("/admin")
    assert admin.status == 403


@pytest.mark.parametrize("path", ["/admin/accounts", "/admin"])
def test_a_page_of_the_console_is_kept_by_nobody(admin, path):
    admin.open(path)

    assert admin.answer.headers["Cache-Control"] == "no-store"


def test_a_form_that_is_sent_after_the_time_is_over_comes_back_to_its_page(front, admin):
    admin.open("/admin/accounts/" + account_id(front, BEN) + "/edit")
    front.later(minutes=16)
    admin.submit(name="Benedict")

    assert admin.path.startswith("/signin/")
    admin.submit(password=PASSWORD).submit(otp=front.code())
    assert admin.path.endswith("/edit")


def account_id(front, email: str) -> str:
    """The id of somebody's account."""
    with front.work() as work:
        return queries.account(work, email).id


def test_knocking_again_and_use_of_other_pages_do_not_keep_the_console_open(front, admin):
    admin.open("/admin")
    front.later(minutes=10)
    admin.open("/")
    front.later(minutes=6)

    for _ in range(2):
        admin.open("/admin")
        assert admin.path.startswith("/signin/")


@pytest.mark.parametrize("query", ["_external=1&_scheme=evil", "_anchor=x", "endpoint=launcher.index", "_method=POST"])
def test_a25_what_the_address_says_chooses_no_other_page_to_come_back_to(front, query):
    make_administrator(front)
    stranger = Visitor(front.app.test_client())
    stranger.open(f"/admin/accounts?q=ben&{query}")
    stranger.submit(username=ANN, password=PASSWORD).submit(otp=front.code())

    assert (stranger.path, stranger.status) == ("/admin/accounts", 200)
    assert stranger.answer.request.query_string == b"q=ben"
