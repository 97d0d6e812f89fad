"""The groups in the console: the list, each one, who is in it, its rule, its end."""

import pytest

from idp.directory import applications, group_rule_turns, groups, queries
from idp.directory import group_rule_changes as rules
from tests.support.front import ANN, BEN, CLEO
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator


@pytest.fixture
def staff(front) -> str:
    """The path of the group Staff, with Ben in it."""
    with front.work() as work:
        made = groups.create(work, "Staff", organization="acme", description="All of us")
        groups.add(work, "Staff", BEN, organization="acme")
        return f"/admin/groups/{made.id}"


def members(front, name="Staff") -> set[str]:
    from idp.directory import memberships

    with front.work() as work:
        found = queries.group(work, name, organization_id=front.organization_id)
        return {one.account.email for one in memberships.members(work, found)}


def test_the_list_says_how_each_is_filled_and_how_many_are_in_it(front, admin, staff):
    admin.open("/admin/groups?q=sta")
    assert "Staff" in admin.text
    assert "All of us" in admin.text
    assert "By hand" in admin.text
    admin.open("/admin/groups?kind=rule")
    assert "No group is like that" in admin.text


def test_a_group_is_created_and_changed(front, admin):
    admin.open("/admin/groups/new").submit(name="Board", description="")
    assert "Nobody is in this group yet" in admin.text
    path = admin.path
    admin.open(path + "/edit").submit(name="The board", description="Ten people")
    assert "The board" in admin.text
    assert "Ten people" in admin.text
    admin.open("/admin/groups/new").submit(name="the BOARD")
    assert admin.status == 409
    assert admin.field("name").get("value") == "the BOARD"
    admin.open(path + "/history")
    assert "created the group" in admin.text


def test_of_two_administrators_the_second_sees_what_has_changed(front, admin, staff):
    front.later(seconds=30)
    other = signed_in(front)
    admin.open(staff + "/edit")
    front.later(seconds=30)
    other.open(staff + "/edit").submit(name="Everybody")
    admin.submit(name="People")
    assert admin.status == 409
    assert "Everybody" in admin.text


def test_people_are_added_and_taken_out_and_each_source_is_shown(front, admin, staff):
    admin.open(staff).submit("Add them", accounts=f"{ANN}, {CLEO}")
    assert "2 added." in admin.text
    assert members(front) == {ANN, BEN, CLEO}
    assert "added by hand" in admin.text
    admin.submit("Add them", accounts=f"{ANN} nobody@acme.example")
    assert admin.status == 422
    assert "nobody@acme.example" in admin.alert
    with front.work() as work:
        cleo = queries.account(work, CLEO).id
    admin.open(staff).submit("Take the chosen ones out", account=cleo)
    assert "1 taken out." in admin.text
    assert members(front) == {ANN, BEN}


def test_a_group_is_put_inside_of_another_and_taken_out(front, admin, staff):
    with front.work() as work:
        groups.create(work, "Everybody", organization="acme")
    admin.open(staff + "/inside").submit("Put it inside…", parent="everybody")
    assert "1 person comes into “Everybody” at once" in admin.text
    assert members(front, "Everybody") == set()
    admin.submit("Put it inside")
    assert "Staff is inside of Everybody now." in admin.text
    assert members(front, "Everybody") == {BEN}
    admin.open(staff + "/inside").follow("Take it out Everybody")
    assert "1 person leaves “Everybody” at once" in admin.text
    admin.submit("Take it out")
    assert members(front, "Everybody") == set()
    admin.open(staff + "/inside").submit("Put it inside…", parent="Staff").submit("Put it inside")
    assert admin.status == 409


def test_a_rule_is_previewed_switched_on_changed_and_removed(front, admin, staff):
    admin.open(staff + "/rule").submit("Preview", condition='email begins with "a" or email begins with "b"')
    assert "2 people would enter" in admin.text
    assert ANN in admin.text
    assert members(front) == {BEN}
    admin.submit("Save and switch on", on="on")
    assert "2 entered, 0 left." in admin.text
    assert members(front) == {ANN, BEN}
    admin.submit("Preview", condition='email begins with "a"', exceptions=ANN)
    assert "2 of 2 members by rule would leave" in admin.text
    admin.submit("Save and apply")
    assert members(front) == {BEN}  # whom somebody has added by hand
    admin.submit("Switch it off")
    assert "The rule is off" in admin.text
    admin.follow("Remove the rule").submit("Remove the rule", members="keep")
    assert "The rule is removed." in admin.text
    admin.open(staff + "/rule").submit("Preview", condition="nonsense")
    assert admin.status == 422
    assert "This is no condition" in admin.alert


def test_a_rule_that_holds_itself_says_so_and_goes_on_once_it_is_seen(front, admin, staff):
    with front.work() as work:
        rules.write(work, "Staff", organization="acme", condition="name is set", brake_percent=0)
        rules.switch_on(work, "Staff", organization="acme")
        found = queries.account(work, ANN)
        rule = group_rule_turns.rule(work, queries.group(work, "Staff", organization_id=front.organization_id))
        rule.condition = f'email is not "{found.email}"'  # as if something had changed behind its back
        work.tx.session.flush()
        assert rules.run(work, "Staff", organization="acme").held
    admin.open(staff + "/rule")
    assert "The rule holds itself" in admin.text
    admin.follow("See who would leave").submit("Let it happen", confirm="on")
    assert "0 entered, 1 left." in admin.text
    assert ANN not in members(front)


def test_what_a_group_opens_is_shown_with_what_is_around_it(front, admin, staff):
    with front.work() as work:
        groups.create(work, "Everybody", organization="acme")
        groups.nest(work, "Staff", "Everybody", organization="acme")
        applications.grant(work, front.application_ids["Wiki"], group="Everybody")
    admin.open(staff + "/opens")
    assert "Wiki" in admin.text
    assert "Everybody" in admin.text


def test_before_a_group_is_deleted_it_is_said_what_that_does(front, admin, staff):
    admin.open(staff + "/delete")
    assert "1 person leaves this group at once." in admin.text
    admin.submit("Delete the group")
    assert "The group Staff is deleted." in admin.text
    assert admin.open(staff).status == 404


def test_a_group_that_something_names_cannot_be_deleted_and_says_by_what(front, admin, staff):
    with front.work() as work:
        groups.create(work, "Other", organization="acme")
        rules.write(work, "Other", organization="acme", condition='in group "Staff"')
    admin.open(staff + "/delete")
    assert "the rule of the group “Other”" in admin.text
    assert "Delete the group" not in admin.text


def test_whoever_may_only_look_is_offered_nothing_and_may_do_nothing(front, staff):
    make_administrator(front, "auditor")
    auditor = signed_in(front)
    auditor.open(staff)
    assert BEN in auditor.text
    for words in ("Add them", "Take the chosen ones out", "Edit", "Delete", "Rule"):
        assert words not in auditor.text
    for tail in ("/rule", "/delete"):
        assert auditor.open(staff + tail).status in (302, 303, 403)
    token = auditor.open("/account").field("csrf_token").get("value")
    for tail in ("/edit", "/add", "/remove", "/nest", "/unnest", "/delete", "/rule/preview", "/rule/off", "/rule/run"):
        answer = auditor.client.post(staff + tail, data={"csrf_token": token, "accounts": ANN, "name": "X"})
        assert answer.status_code in (302, 303, 403, 404, 422), tail
    assert members(front) == {BEN}


def test_t16_lists_are_downloaded_and_no_cell_is_a_formula(front, admin, staff):
    with front.work() as work:
        groups.create(work, "=1+1", organization="acme")
    lines = admin.open("/admin/groups/export.csv").answer.text.splitlines()
    assert lines[0] == "id,name,description,filled,members"
    assert any("'=1+1" in line for line in lines)
    assert any("Staff,All of us,manual,1" in line for line in lines)
    members_ = admin.open(staff + "/members.csv").answer.text.splitlines()
    assert [BEN in line and ",manual," in line for line in members_[1:]] == [True]
    people = admin.open(f"/admin/applications/{front.application_ids['Wiki']}/people.csv").answer.text
    assert people.startswith("id,email,state,by,through,source,since,reason")


def test_t1_a_group_of_another_organization_is_not_there(front, admin):
    from idp.directory import organizations

    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        foreign = groups.create(work, "Theirs", organization="globex").id
    for tail in ("", "/edit", "/inside", "/rule", "/opens", "/history", "/delete"):
        assert admin.open(f"/admin/groups/{foreign}{tail}").status == 404
    assert "Theirs" not in admin.open("/admin/groups").text
