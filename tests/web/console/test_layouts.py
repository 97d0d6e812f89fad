"""Layouts of the launcher in the console: sections by buttons, the order, a preview, two administrators at once."""

import pytest

from idp.directory import accounts, groups, launcher_layouts, organizations
from idp.policy.launcher import Section
from tests.support.front import ANN, BEN, PASSWORD
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator

LISTS = "//*[@data-list]"


def lists(visitor):
    return {one.get("data-list"): one.xpath("./li//b/bdi/text()") for one in visitor.page.xpath(LISTS)}


def made(front, group="Engineering", **sections):
    with front.work() as work:
        wanted = [
            Section(name, tuple(front.application_ids[one] for one in called)) for name, called in sections.items()
        ]
        return launcher_layouts.create(work, "acme", group=group, sections=wanted).id


def test_what_is_empty_says_what_layouts_are_for(admin):
    assert "No layout yet" in admin.open("/admin/layouts").text


def test_a_layout_is_made_filled_and_what_people_find(front, admin):
    admin.open("/admin/layouts/new").submit("Add it", group="Engineering")
    admin.submit("Add", add="Daily")
    page = admin.open(f"{admin.path}?q=wi").path
    admin.submit("Put it there", section="Daily", application=front.application_ids["Wiki"])

    assert admin.path == page
    assert lists(admin) == {"Daily": ["Wiki"]}
    ben = admin.open("/admin/layouts/preview?account=" + BEN)
    assert ben.page.xpath("//section[@class='shelf']/h2/bdi/text()")[0] == "Daily"
    assert admin.open("/").page.xpath("//section//h2/bdi/text()") == ["Daily"]


def test_buttons_move_applications_and_sections_and_take_them_out(front, admin):
    page = f"/admin/layouts/{made(front, Daily=['Wiki', 'Mail'], Later=['Payroll'])}"
    wiki, mail = front.application_ids["Wiki"], front.application_ids["Mail"]

    admin.open(page).submit("Up Mail", up=mail)
    assert lists(admin) == {"Daily": ["Mail", "Wiki"], "Later": ["Payroll"]}
    admin.submit("Down Wiki", down=wiki)
    assert lists(admin) == {"Daily": ["Mail"], "Later": ["Wiki", "Payroll"]}
    admin.submit("Take out Wiki", out=wiki)
    admin.open(f"{page}?change=Daily").submit("Move down", section_down="1")
    assert list(lists(admin).items()) == [("Later", ["Payroll"]), ("Daily", ["Mail"])]
    admin.open(f"{page}?change=Later").submit("Save the name", name="Some day")
    admin.open(f"{page}?change=Some+day").submit("Remove", section_out="1")
    assert lists(admin) == {"Daily": ["Mail"]}


def test_of_two_administrators_the_second_sees_what_has_changed(front, admin):
    page = f"/admin/layouts/{made(front, Daily=['Wiki'])}"
    front.later(seconds=30)
    other = signed_in(front)
    admin.open(page)
    front.later(seconds=30)
    other.open(page).submit("Add", add="Theirs")

    admin.submit("Add", add="Mine")
    assert admin.status == 409
    assert "Mine" in admin.text
    assert list(lists(admin.open(page))) == ["Daily", "Theirs"]


@pytest.mark.parametrize(("name", "says"), [("daily", "already"), ("x" * 81, "80")])
def test_a_name_that_cannot_be_used_is_told_and_not_lost(front, admin, name, says):
    admin.open(f"/admin/layouts/{made(front, Daily=['Wiki'])}").submit("Add", add=name)

    assert admin.status == 422 or admin.status == 409
    assert says in admin.alert
    assert admin.field("add").get("value") == name


def test_the_order_says_which_counts(front, admin):
    first, second = made(front), made(front, "Research")
    made(front, None)
    admin.open("/admin/layouts").submit("Down Engineering", down=first)

    with front.work() as work:
        found = launcher_layouts.layouts(work, "acme")
    assert [one.id for one in found[:2]] == [second, first]
    assert "always last" in admin.text


def test_it_is_deleted_after_being_asked_and_the_history_says_by_whom(front, admin):
    layout = made(front, Daily=["Wiki"])
    admin.open(f"/admin/layouts/{layout}/history")
    assert "created a layout of the launcher for Engineering" in admin.text
    admin.open(f"/admin/layouts/{layout}").follow("Delete").submit("Delete the layout")

    assert "No layout yet" in admin.text


@pytest.fixture
def many(front):
    """Twelve more people, in Engineering and in Research."""
    with front.work() as work:
        for number in range(12):
            email = f"p{number}@acme.example"
            accounts.create(work, email, organization="acme", name=f"P {number}")
            for group in ("Engineering", "Research"):
                groups.add(work, group, email, organization="acme")


def test_a_layout_for_many_says_for_how_many_before_it_is_made_counts_or_moves(front, admin, many):
    admin.open("/admin/layouts/new").submit("Add it", group="Engineering")
    assert "It counts for 14 people at once, and is empty until you give it sections." in admin.text
    admin.submit("Add it")
    assert "Created. Give it sections now." in admin.text
    assert "It is for 14 people. What you change here counts at once." in admin.text
    page, second = admin.path, made(front, "Research")

    admin._followed(admin.client.post(f"{page}/counts", data=admin.values("/counts") | {"overrides": "on"}))
    assert "14 people find its sections first at once" in admin.text
    admin.submit("Save")
    assert "Goes before what people arrange." in admin.text
    admin._followed(admin.client.post(f"{page}/counts", data={**admin.values("/counts"), "overrides": []}))
    assert "14 people find at once what they have arranged" in admin.text

    admin.open("/admin/layouts").submit("Up Research", up=second)
    assert "For 13 people, who are in both groups, another layout counts from now on." in admin.text
    with front.work() as work:
        assert [one.id for one in launcher_layouts.layouts(work, "acme")][1] == second
    admin.submit("Change the order")
    with front.work() as work:
        assert launcher_layouts.layouts(work, "acme")[0].id == second


def test_what_reaches_many_asks_for_a_fresh_second_step_and_what_reaches_few_does_not(front, admin, many):
    few = made(front, None)
    with front.work() as work:
        groups.create(work, "Two", organization="acme")
        groups.add(work, "Two", ANN, organization="acme")
    wide, narrow = made(front, Daily=["Wiki"]), made(front, "Two", Daily=["Wiki"])
    made(front, "Research")
    admin.open("/admin/layouts")
    order = admin.values("/order") | {"down": wide}
    version = {"csrf_token": order["csrf_token"]}
    front.later(minutes=6)

    assert admin.open(f"/admin/layouts/{narrow}").path == f"/admin/layouts/{narrow}"
    admin.submit("Add", add="Weekly")
    assert list(lists(admin)) == ["Daily", "Weekly"]
    for path in (wide, few):
        assert admin.open(f"/admin/layouts/{path}").path.startswith("/signin/"), path
    for path, values in ((f"/{wide}", {"add": "Mine"}), (f"/{wide}/counts", {"overrides": "on"})):
        assert admin.post(f"/admin/layouts{path}", version | values).path.startswith("/signin/"), path
    with front.work() as work:
        there = launcher_layouts.layout(work, "acme", wide)
        assert ([one["name"] for one in there.sections], there.overrides) == (["Daily"], False)


def test_after_the_second_step_that_the_order_asks_for_one_is_at_the_list_again(front, admin, many):
    first = made(front)
    made(front, "Research")
    admin.open("/admin/layouts")
    front.later(minutes=6)
    admin.submit("Down Engineering", down=first)
    assert admin.path.startswith("/signin/")
    admin.submit(password=PASSWORD).submit(otp=front.code())

    assert admin.path == "/admin/layouts"
    with front.work() as work:
        assert launcher_layouts.layouts(work, "acme")[0].id == first


def test_t1_a_layout_of_another_organization_is_not_there(front, admin):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        foreign = launcher_layouts.create(work, "globex", group=None, sections=[]).id
        eve = accounts.create(work, "eve@globex.example", organization="globex", name="Eve")

    for tail in ("", "/history", "/delete"):
        assert admin.open(f"/admin/layouts/{foreign}{tail}").status == 404
    assert admin.open(f"/admin/layouts/preview?account={eve.id}").status == 404


def test_who_may_not_edit_the_organization_looks_and_changes_nothing(front):
    layout = made(front, Daily=["Wiki"])
    make_administrator(front, "auditor", ANN)
    auditor = signed_in(front)
    auditor.open(f"/admin/layouts/{layout}")
    assert "Daily" in auditor.text
    assert not auditor.page.xpath("//main//form")

    token = auditor.open("/account/devices").field("csrf_token").get("value")
    for path in (f"/{layout}", f"/{layout}/counts", f"/{layout}/delete", "/new"):
        answer = auditor.client.post(f"/admin/layouts{path}", data={"csrf_token": token, "add": "Mine", "group": ""})
        assert answer.status_code == 403


def test_a_section_that_was_dragged_is_where_it_was_let_go(front, admin):
    with front.work() as work:
        made = launcher_layouts.create(
            work, "acme", group=None, sections=[Section("One"), Section("Two"), Section("Three")]
        )
    admin.open(f"/admin/layouts/{made.id}")
    form = admin.page.xpath("//form[@id='moving']")[0]
    values = {one.get("name"): one.get("value", "") for one in form.xpath(".//input")}

    admin.post(form.get("action"), values | {"moved": "Three", "before": "One"})

    assert [one.get("data-section") for one in admin.page.xpath("//section[@data-section]")] == ["Three", "One", "Two"]
    admin.post(form.get("action"), values | {"moved": "Two", "before": ""})
    assert admin.status == 409, "for the version that was read"
