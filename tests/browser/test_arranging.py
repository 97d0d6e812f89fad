"""Arranging the launcher in a real browser: by the mouse, by a finger, by the keyboard, and without scripts."""

import pytest

from idp.directory import accounts, launcher_arrangements, launcher_layouts
from idp.policy.launcher import Section
from tests.browser.conftest import signed_in
from tests.support.front import ANN

ACME = ["Expenses and Travel", "Mail", "Payroll", "Roadmap", "Wiki"]


def shown(walk, section):
    return walk.tab.locator(f"[data-list='{section}'] b").all_inner_texts()


def kept(front):
    with front.work() as work:
        found = launcher_arrangements.of_account(work, front.organization_id, front.account_ids[ANN])
        return {one.name: [found.openable[a].name for a in one.applications] for one in found.sections}


def grip(walk, name):
    return walk.tab.locator(f"[data-item]:has(:text-is('{name}')) [data-grip]")


def drag(walk, name, onto):
    """Drag by the mouse to just above the middle of the row *onto*."""
    start = grip(walk, name).bounding_box()
    end = walk.tab.locator(f"[data-item]:has(:text-is('{onto}'))").bounding_box()
    mouse = walk.tab.mouse
    mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    mouse.down()
    mouse.move(end["x"] + 20, end["y"] + end["height"] / 2 - 6, steps=6)
    mouse.move(end["x"] + 20, end["y"] + end["height"] / 2 - 4)


def test_a_row_is_dragged_by_its_handle_and_stays_there(front, ann):
    ann.open("/arrange")
    ann.tab.set_viewport_size({"width": 1000, "height": 1400})
    drag(ann, "Wiki", "Mail")
    with ann.tab.expect_response(lambda answer: answer.request.method == "POST"):
        ann.tab.mouse.up()

    assert shown(ann, "Acme") == ["Expenses and Travel", "Wiki", "Mail", "Payroll", "Roadmap"]
    ann.tab.locator("[data-moved]:text('Moved.')").wait_for(state="attached")
    assert kept(front)["Acme"] == ["Expenses and Travel", "Wiki", "Mail", "Payroll", "Roadmap"]


def test_a_row_is_dragged_into_another_section(front, ann):
    ann.open("/arrange")
    ann.tab.set_viewport_size({"width": 1000, "height": 1400})
    drag(ann, "Wiki", "Übersetzungen")
    with ann.tab.expect_response(lambda answer: answer.request.method == "POST"):
        ann.tab.mouse.up()
    ann.tab.locator("[data-moved]:text('Moved.')").wait_for(state="attached")

    assert kept(front)["Acme Europe"] == ["Zeiterfassung", "Wiki", "Übersetzungen"]


def test_escape_takes_a_drag_back(front, ann):
    ann.open("/arrange")
    ann.tab.set_viewport_size({"width": 1000, "height": 1400})
    drag(ann, "Wiki", "Mail")
    ann.tab.keyboard.press("Escape")
    ann.tab.mouse.up()

    assert shown(ann, "Acme") == ACME
    assert not launcher(front).arranged


def test_a_section_is_dragged_by_its_handle(front, ann):
    ann.open("/arrange")
    ann.tab.set_viewport_size({"width": 1000, "height": 1400})
    before = ann.tab.locator("[data-section]").evaluate_all("all => all.map(one => one.dataset.section)")
    last, first = (ann.tab.locator(f"[data-section='{name}']") for name in (before[-1], before[0]))
    start, end = last.locator("[data-section-grip]").bounding_box(), first.bounding_box()
    mouse = ann.tab.mouse
    mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    mouse.down()
    mouse.move(end["x"] + 30, end["y"] + 10, steps=6)
    with ann.tab.expect_response(lambda answer: answer.request.method == "POST"):
        mouse.up()
    ann.tab.wait_for_load_state()

    assert [name for name in kept(front) if name in before] == [before[-1], *before[:-1]]


def launcher(front):
    with front.work() as work:
        return launcher_arrangements.of_account(work, front.organization_id, front.account_ids[ANN])


def test_a_finger_drags_too(front, walk):
    one = signed_in(walk(has_touch=True, viewport={"width": 360, "height": 1800}))
    one.open("/arrange")
    start = grip(one, "Wiki").bounding_box()
    end = one.tab.locator("[data-item]:has(:text-is('Mail'))").bounding_box()
    finger = one.tab.context.new_cdp_session(one.tab)
    at = {"x": start["x"] + 10, "y": start["y"] + 10}
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
    for y in (end["y"] + end["height"], end["y"] + end["height"] / 2 - 4):
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": at["x"], "y": y}]})
    with one.tab.expect_response(lambda answer: answer.request.method == "POST"):
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    one.tab.locator("[data-moved]:text('Moved.')").wait_for(state="attached")

    assert kept(front)["Acme"] == ["Expenses and Travel", "Wiki", "Mail", "Payroll", "Roadmap"]


@pytest.mark.parametrize("scripts", [True, False])
def test_the_keyboard_alone_moves_a_row_as_often_as_one_likes(front, walk, scripts):
    one = signed_in(walk(java_script_enabled=scripts))
    one.open("/arrange")
    one.tab.locator("button[name=up]:has-text('Roadmap')").focus()
    for _ in range(2):
        with one.tab.expect_navigation():
            one.tab.keyboard.press("Enter")
        one.tab.locator("button[name=up]:focus:has-text('Roadmap')").wait_for()

    assert kept(front)["Acme"][:4] == ["Expenses and Travel", "Roadmap", "Mail", "Payroll"]


def test_a_tile_is_made_a_favourite_by_its_star(front, ann):
    ann.tab.get_by_role("button", name="Wiki: make it a favourite").click()
    ann.tab.wait_for_load_state()

    assert ann.tab.locator("[data-extra] a").all_inner_texts() == ["Wiki"]
    ann.tab.fill("[name=q]", "wiki")
    assert ann.tab.locator("[data-tile]:visible a").all_inner_texts() == ["Wiki"], "found once"


def test_administrators_drag_in_a_layout_and_the_page_knows_its_new_version(front, ann):
    with front.work() as work:
        accounts.grant_role(work, ANN, "organization-administrator", organization_id=front.organization_id)
        ids = tuple(front.application_ids[name] for name in ("Wiki", "Mail", "Payroll"))
        made = launcher_layouts.create(work, "acme", group=None, sections=[Section("Daily", ids)])
    ann.open(f"/admin/layouts/{made.id}")
    ann.tab.set_viewport_size({"width": 1100, "height": 1400})
    for name, onto, then in (
        ("Payroll", "Wiki", ["Payroll", "Wiki", "Mail"]),
        ("Mail", "Wiki", ["Payroll", "Mail", "Wiki"]),
    ):
        drag(ann, name, onto)
        with ann.tab.expect_navigation():
            ann.tab.mouse.up()
        assert shown(ann, "Daily") == then
