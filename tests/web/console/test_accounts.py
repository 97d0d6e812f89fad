"""The accounts in the console: the list, each one, an edit, two administrators at once."""

from idp.directory import accounts, queries
from tests.support.front import ANN, BEN, CLEO
from tests.web.conftest import signed_in
from tests.web.console.test_entrance import account_id


def test_the_list_shows_everyone_with_their_state(admin):
    admin.open("/admin/accounts")

    assert all(email in admin.text for email in (ANN, BEN, CLEO))
    assert "Disabled" in admin.text


def test_the_list_is_narrowed_by_what_the_address_says(admin):
    admin.open("/admin/accounts?state=disabled")
    assert CLEO in admin.text
    assert BEN not in admin.text

    admin.open("/admin/accounts?q=BE")
    assert BEN in admin.text
    assert CLEO not in admin.text


def test_a_long_list_goes_on_where_it_ended(front, admin):
    with front.work() as work:
        for number in range(120):
            accounts.create(work, f"p{number:03}@acme.example", organization="acme", name=f"Person {number}")

    seen, path = [], "/admin/accounts?q=p"
    while path:
        admin.open(path)
        seen += [f"p{number:03}" for number in range(120) if f"p{number:03}@" in admin.text]
        path = admin.link("Next page")
    assert seen == [f"p{number:03}" for number in range(120)]


def test_t3_a_cursor_that_was_altered_or_is_of_another_list_begins_at_the_start(front, admin):
    with front.work() as work:
        for number in range(60):
            accounts.create(work, f"p{number:03}@acme.example", organization="acme", name=f"Person {number}")
    admin.open("/admin/accounts?q=p")
    after = admin.link("Next page").rpartition("after=")[2]
    flipped = ("A" if after[20] != "A" else "B").join((after[:20], after[21:]))

    assert "p000@" not in admin.open(f"/admin/accounts?q=p&after={after}").text
    for other in (f"q=p&after={flipped}", "q=p&after=x", "q=p&after=" + "A" * 400):
        assert "p000@" in admin.open(f"/admin/accounts?{other}").text
    assert ANN in admin.open(f"/admin/accounts?q=&after={after}").text


def test_the_names_of_a_person_are_changed_and_the_history_says_by_whom(front, admin):
    path = f"/admin/accounts/{account_id(front, BEN)}"
    admin.open(path + "/edit").submit(name="Benedict Ruiz", given_name="Benedict", family_name="Ruiz")

    assert (admin.path, "Saved." in admin.text) == (path, True)
    assert "Saved." not in admin.open(path).text
    assert "Benedict Ruiz" in admin.text
    admin.open(path + "/history")
    assert "changed the names of the account" in admin.text


def test_a_name_that_cannot_be_used_is_told_and_nothing_typed_is_lost(front, admin):
    admin.open(f"/admin/accounts/{account_id(front, BEN)}/edit").submit(name="", given_name="Benedikt")

    assert admin.status == 422
    assert admin.field("given_name").get("value") == "Benedikt"


def test_of_two_administrators_the_second_sees_what_has_changed(front, admin):
    front.later(seconds=30)
    other = signed_in(front)
    path = f"/admin/accounts/{account_id(front, BEN)}/edit"
    admin.open(path)
    front.later(seconds=30)
    other.open(path).submit(name="Benny")

    admin.submit(name="Benito")

    assert admin.status == 409
    assert "Benny" in admin.text
    assert "Benito" in admin.text
    with front.work() as work:
        assert queries.account(work, BEN).name == "Benny"


def test_t1_an_account_of_another_organization_is_not_there(front, admin):
    from idp.directory import organizations

    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        foreign = accounts.create(work, "eve@globex.example", organization="globex", name="Eve").id

    for tail in ("", "/edit", "/history"):
        assert admin.open(f"/admin/accounts/{foreign}{tail}").status == 404
    assert "eve@globex" not in admin.open("/admin/accounts").text
