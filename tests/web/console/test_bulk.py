"""Acts on many accounts: ticked in the list, said before, begun with a fresh second step."""

import pytest

from idp.directory import accounts, groups, role_assignments, roles, runs
from idp.directory.models import Account
from idp.signon import bulk_account_acts, bulk_acts
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

    assert set(offered) == set(bulk_account_acts.ACTS)
    assert admin.page.xpath("//input[@name='chosen']")


def test_t2_the_help_desk_is_offered_to_help_those_that_it_ticks_and_nothing_else(front):
    make_administrator(front, "help-desk")
    one = signed_in(front)

    offered = one.open("/admin/accounts").page.xpath("//select[@name='act']/option/@value")
    assert offered == ["end-sessions", "reset-factors", "unlock"]
    assert not one.page.xpath("//input[@name='all']")
    assert not one.open("/admin/accounts/bulk?act=end-sessions&all=1").page.xpath("//main//form")
    one.open(f"/admin/accounts/bulk?act=end-sessions&accounts={front.account_ids[BEN]}")
    assert one.page.xpath("//main//form")
    page = one.open(f"/admin/accounts/bulk?act=disable&accounts={front.account_ids[BEN]}")
    assert not page.page.xpath("//main//form")


def test_a_second_step_that_is_not_fresh_is_asked_for_first(front, admin):
    front.later(minutes=6)

    admin.open(f"/admin/accounts/bulk?act=disable&accounts={front.account_ids[BEN]}")

    assert admin.path.startswith("/signin/") or "code" in admin.text
    assert not admin.page.xpath("//input[@name='accounts']")


@pytest.mark.parametrize(
    "query", ["", "act=erase&all=1", "act=disable", "act=disable&accounts=x", "act=disable&accounts=acc_%27"]
)
def test_what_is_no_choice_is_refused_in_words(admin, query):
    assert admin.open(f"/admin/accounts/bulk?{query}").status == 422


def test_t2_ids_of_another_organization_come_to_nothing(front, admin):
    from idp.directory import organizations

    with front.work() as work:
        organizations.create(work, "other", name="Other")
        eve = accounts.create(work, "eve@other.example", organization="other", name="Eve").id
    admin.open(f"/admin/accounts/bulk?act=disable&accounts={eve}").submit("Begin")
    done_all(front)

    assert disabled(front) == {CLEO}
    page = admin.open(admin.path).text
    assert "other.example" not in page
    assert "Eve" not in page
    assert ANN in admin.text


def test_the_page_names_the_first_ten_and_says_how_many_more(front, admin):
    with front.work() as work:
        for number in range(42):
            accounts.create(work, f"p{number:02d}@acme.example", organization="acme", name=f"P {number}")
    admin.open("/admin/accounts/bulk?act=unlock&all=1&q=p")

    named = [one.text_content() for one in admin.page.xpath("//main//form//li")]
    assert named == [*(f"p{number:02d}@acme.example" for number in range(10)), "and 32 more"]
    assert admin.title == "Forget the wrong tries of 42 accounts"


def test_d17_those_who_administer_more_are_left_out_and_the_page_and_the_run_say_how_many(front):
    make_administrator(front, "auditor", BEN)
    make_administrator(front, "help-desk")
    one = signed_in(front)
    one.open(f"/admin/accounts/bulk?act=end-sessions&accounts={front.account_ids[BEN]},{front.account_ids[DORA]}")
    assert one.title == "End the sessions of 1 account"
    assert "1 account is left out: it administers what you do not" in one.text
    one.submit("Begin")
    with front.work() as work:
        before = accounts.queries.account(work, BEN).epoch
    done_all(front)

    one.open(one.path)
    assert "Left out from the start1" in one.text
    with front.work() as work:
        assert accounts.queries.account(work, BEN).epoch == before


def test_what_has_grown_since_it_was_looked_at_is_asked_again(front, admin):
    admin.open("/admin/accounts/bulk?act=unlock&all=1&q=ben")
    with front.work() as work:
        accounts.create(work, "benedict@acme.example", organization="acme", name="Benedict")
    admin.submit("Begin")

    assert (admin.status, admin.title) == (409, "Forget the wrong tries of 2 accounts")
    assert "Meanwhile it would be 2. Nothing has begun." in admin.text
    admin.submit("Begin")
    assert admin.path.startswith("/admin/runs/")


def test_deletion_says_when_and_that_it_can_be_cancelled(front, admin):
    admin.open(f"/admin/accounts/bulk/choose?act=delete&chosen={front.account_ids[BEN]}")

    assert admin.title == "Delete 1 account in 14 days"
    assert "Until then it can be undone" in admin.text
    admin.submit("Begin")
    done_all(front)
    assert disabled(front) == {BEN, CLEO}


@pytest.mark.both_databases
def test_all_people_of_a_site_and_all_behind_a_number_are_acted_on_and_nobody_else(front, admin):
    for page, field in (("/admin/sites/acme/people", "site"), ("/admin/insights/people/without", "which")):
        form = admin.open(page).page.xpath("//form[@action='/admin/accounts/bulk/choose']")[0]
        assert form.xpath(f".//input[@name='{field}']/@value")
        assert form.xpath(".//input[@name='all']")
    with front.work() as work:
        guest = accounts.create(work, "guest@acme.example", organization="acme", name="Guest", kind="guest").email
    admin.open("/admin/accounts/bulk/choose?act=disable&all=1&which=guests")
    assert admin.title == "Disable 1 account"
    admin.submit("Begin")
    done_all(front)
    assert disabled(front) == {CLEO, guest}

    admin.open("/admin/accounts/bulk/choose?act=unlock&all=1&site=acme&q=ben")
    assert admin.title == "Forget the wrong tries of 1 account"
    admin.submit("Begin")
    assert admin.title == "Forget the wrong tries of 1 account"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("which=nobody", 422),
        ("which=guests&site=acme", 422),
        ("which=guests&group=Engineering", 422),
        ("site=none", 404),
    ],
)
def test_a_list_that_is_none_matches_nobody_instead_of_everybody(admin, query, status):
    assert admin.open(f"/admin/accounts/bulk?act=disable&all=1&{query}").status == status


def test_t2_whoever_may_not_read_the_log_acts_on_nobody_behind_a_number(front):
    from idp.policy.permissions import Permission

    with front.work() as work:
        may = [Permission.ACCOUNT_READ, Permission.ACCOUNT_DISABLE]
        roles.create(work, "Some", organization="acme", permissions=may)
        role_assignments.grant(work, "Some", organization="acme", account=ANN)
    one = signed_in(front)

    assert one.open("/admin/accounts/bulk?act=disable&all=1&which=inactive").status == 403
    assert one.open("/admin/accounts/bulk?act=disable&all=1&q=ben").status == 200
