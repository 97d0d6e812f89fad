"""A suspended organization: nobody gets in, from the next request on; resumed, everything goes on where it stood (T22)."""

import pytest

from idp.base.errors import Conflict
from idp.directory import history, organizations
from idp.directory.models import Organization
from tests.support.front import BEN, PASSWORD


def suspend(front) -> None:
    with front.work() as work:
        organizations.suspend(work, "acme")


def resume(front) -> None:
    with front.work() as work:
        organizations.resume(work, "acme")


@pytest.mark.both_databases
def test_t22_whoever_is_signed_in_is_not_any_more_and_is_again_once_it_is_resumed(front, ann):
    suspend(front)

    assert ann.open("/").title == "Which organization?"
    assert "Wiki" not in ann.text
    assert ann.open("/account").title == "Which organization?"
    resume(front)
    assert "Wiki" in ann.open("/").text


@pytest.mark.both_databases
def test_t22_nobody_signs_in_while_it_is_suspended_not_even_on_a_page_from_before(front, visitor):
    visitor.open(front.ask())
    suspend(front)

    visitor.submit(username=BEN, password=PASSWORD)
    assert "This sign-in cannot go on now." in visitor.text
    assert not any("session" in one for one in visitor.answer.headers.getlist("Set-Cookie"))
    resume(front)
    assert visitor.open(front.ask()).page.xpath("//input[@name='password']")


@pytest.mark.both_databases
def test_it_is_in_the_log_and_done_once(front):
    suspend(front)
    with front.work() as work:
        with pytest.raises(Conflict):
            organizations.suspend(work, "acme")
        assert [one.slug for one in work.tx.session.query(Organization) if one.suspended_at] == ["acme"]
    resume(front)
    with front.work() as work:
        with pytest.raises(Conflict):
            organizations.resume(work, "acme")
        tags = [one.tag for one in history.entries(work)]

    assert tags.count("organization.suspended") == tags.count("organization.resumed") == 1
