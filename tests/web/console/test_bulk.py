"""Acts on many accounts: ticked in the list, said before, begun with a fresh second step."""

import pytest

from idp.directory import groups, runs
from idp.directory.models import Account
from idp.signon import bulk_acts
from tests.support.front import ANN, BEN, CLEO, DORA
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator


def disabled(front) -> set[str]:
    with front.work() as work:
        return {a.email for a in work.tx.session.query(Account).filter(Account.disabled_at.is_not(None))}


def done_all(front) -> None:
    runs.drain(front.database, bulk_acts.KINDS, front.now)


def test_the_ticked_are_disabled_after_a_page_has_said_so(front, admin):
    admin.open(
        f"/admin/accounts/bulk/choose?act=disable&chosen={front.account_ids[BEN]}&chosen={front.account_ids[DORA]}"
    )
    assert admin.title == "Disable 2 accounts"
    assert disabled(front) == {CLEO}

    admin.submit("Begin")
    assert admin.title == "Disable 2 accounts"
    assert "It has begun." in admin.text
    done_all(front)

    assert disabled(front) == {BEN, CLEO, DORA}


def test_everyone_whom_a_filter_matches_and_nobody_else(front, admin):
    admin.open("/admin/accounts/bulk/choose?act=enable&all=1&q=c&state=disabled")

    assert admin.title == "Enable 1 account"
    admin.submit("Begin")
    done_all(front)

    assert disabled(front) == set()


def test_everyone_of_a_group_and_nobody_else(front, admin):
    admin.open("/admin/accounts/bulk/choose?act=disable&all=1&group=Engineering&q=ben")
    assert admin.title == "Disable 1 account"
    admin.submit("Begin")
    done_all(front)

    assert disabled(front) == {BEN, CLEO}


def test_a_state_that_is_none_matches_nobody_instead_of_everybody(front, admin):
    admin.open("/admin/accounts/bulk?act=disable&all=1&state=retired")

    assert (admin.status, disabled(front)) == (422, {CLEO})


def test_a_group_is_named_and_an_unknown_one_is_asked_for_again(front, admin):
    with front.work() as work:
        groups.create(work, "Newcomers", organization="acme")
    admin.open(f"/admin/accounts/bulk/choose?act=add-to-group&chosen={front.account_ids[BEN]}")
    answer = admin.submit("Begin", to="Nobody's")
    assert answer.status == 404

    admin.open(f"/admin/accounts/bulk/choose?act=add-to-group&chosen={front.account_ids[BEN]}")
    admin.submit("Begin", to="Newcomers")

    assert admin.title == "Add 1 account to Newcomers"


def test_the_list_offers_what_one_may_do(front, admin):
    offered = admin.open("/admin/accounts").page.xpath("//select[@name='act']/option/@value")

    assert set(offered) == set(bulk_acts.ACTS)
    assert admin.page.xpath("//input[@name='chosen']")


def test_t2_the_help_desk_is_offered_nothing_for_many_and_may_begin_nothing(front):
    make_administrator(front, "help-desk")
    one = signed_in(front)

    assert not one.open("/admin/accounts").page.xpath("//input[@name='chosen']")
    page = one.open(f"/admin/accounts/bulk?act=disable&accounts={front.account_ids[BEN]}")
    assert not page.page.xpath("//main//form")


def test_a_second_step_that_is_not_fresh_is_asked_for_first(front, admin):
    front.later(minutes=6)

    admin.open(f"/admin/accounts/bulk?act=disable&accounts={front.account_ids[BEN]}")

    assert admin.path.startswith("/signin/") or "code" in admin.text
    assert not admin.page.xpath("//input[@name='accounts']")


@pytest.mark.parametrize(
    "query", ["", "act=delete&all=1", "act=disable", "act=disable&accounts=x", "act=disable&accounts=acc_%27"]
)
def test_what_is_no_choice_is_refused_in_words(admin, query):
    assert admin.open(f"/admin/accounts/bulk?{query}").status == 422


def test_t2_ids_of_another_organization_come_to_nothing(front, admin):
    from idp.directory import accounts, organizations

    with front.work() as work:
        organizations.create(work, "other", name="Other")
        eve = accounts.create(work, "eve@other.example", organization="other", name="Eve").id
    admin.open(f"/admin/accounts/bulk?act=disable&accounts={eve}").submit("Begin")
    done_all(front)

    assert disabled(front) == {CLEO}
    assert "eve" not in admin.open(admin.path).text
    assert ANN in admin.text
