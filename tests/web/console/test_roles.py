"""Administrators and roles in the console."""

import pytest

from idp.directory import accounts, groups, organizations, rights, role_assignments, roles
from tests.support.front import ANN, BEN, PASSWORD
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator
from tests.web.console.test_entrance import account_id


def held(front, email):
    with front.work() as work:
        return {one.role for one in rights.roles_of(work, front.organization_id, account_id(front, email))}


def give(admin, **asked):
    return admin.open("/admin/roles/give").submit(**{"where": "organization", "reason": "", **asked})


def test_a_role_is_given_to_a_person_after_saying_what_will_happen(front, admin):
    give(admin, whom=BEN, role="help-desk", reason="New in the team")
    assert "One person gets this role at once." in admin.text
    assert held(front, BEN) == set()

    admin.submit()
    assert (admin.path, held(front, BEN)) == ("/admin/roles", {"help-desk"})
    assert BEN in admin.text


def test_a_role_is_given_to_a_group_and_the_page_says_how_many_are_in_it(front, admin):
    with front.work() as work:
        groups.create(work, "Desk", organization="acme")
        groups.add(work, "Desk", BEN, organization="acme")

    give(admin, whom="Desk", role="auditor")
    assert ": 1 person now," in admin.text
    admin.submit()
    assert held(front, BEN) == {"auditor"}


def test_giving_asks_for_a_second_step_of_the_last_five_minutes(front, admin):
    front.later(minutes=6)

    give(admin, whom=BEN, role="help-desk")

    assert admin.path.startswith("/signin/")
    admin.submit(password=PASSWORD).submit(otp=front.code())
    assert "One person gets this role at once." in admin.text


def test_what_cannot_be_given_comes_back_with_what_was_typed(front, admin):
    give(admin, whom=BEN, role="site-administrator")

    assert admin.status == 422
    assert admin.field("whom").get("value") == BEN


def test_a_role_is_withdrawn(front, admin):
    make_administrator(front, "auditor", BEN)
    admin.open("/admin/roles?role=auditor").follow("Withdraw auditor, " + BEN)
    admin.submit(reason="Has left the team")

    assert held(front, BEN) == set()
    assert "has the role no more" in admin.text


def test_the_last_administrator_is_not_withdrawn(front, admin):
    admin.open("/admin/roles").follow("Withdraw organization-administrator, " + ANN)
    admin.submit()

    assert admin.status == 409
    assert held(front, ANN) == {"organization-administrator"}


def test_a_role_of_ones_own_is_made_of_permissions_changed_and_deleted(front, admin):
    admin.open("/admin/roles/new").submit(name="Readers", permissions="audit:read")
    assert "Nobody holds it yet." in admin.text
    path = admin.path
    admin.open(path + "/edit").submit(name="Log readers")
    assert "Log readers" in admin.text
    assert "changed the role" in admin.open(path + "/history").text
    admin.open(path + "/delete").submit()
    assert admin.path == "/admin/roles/all"
    assert "was deleted" in admin.text


def test_of_two_who_edit_a_role_the_second_sees_what_has_changed(front, admin):
    with front.work() as work:
        made = roles.create(work, "Readers", organization="acme", permissions=["audit:read"]).id
    admin.open(f"/admin/roles/all/{made}/edit")
    with front.work() as work:
        roles.edit(work, made, organization="acme", description="For reading")

    assert admin.submit(name="Others").status == 409


def test_the_roles_that_come_with_ostiary_are_shown_and_offer_no_change(admin):
    admin.open("/admin/roles/all/help-desk")

    assert "account:recover" in admin.text
    assert not admin.link("Edit")
    assert admin.open("/admin/roles/all/help-desk/edit").status in (404, 422)


@pytest.mark.parametrize("role", ["auditor", "security-administrator"])
def test_d17_whoever_may_not_grant_is_offered_nothing_and_gets_nothing(front, role):
    make_administrator(front, role)
    one = signed_in(front).open("/admin/roles")

    assert not one.link("Give a role")
    assert not one.link("Withdraw")
    give(one, whom=BEN, role="auditor")
    assert (one.status, held(front, BEN)) == (403, set())


def test_t1_roles_and_assignments_of_another_organization_are_not_there(front, admin):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        accounts.create(work, "eve@globex.example", organization="globex", name="Eve")
        role = roles.create(work, "Theirs", organization="globex", permissions=["audit:read"]).id
        given = role_assignments.grant(work, role, organization="globex", account="eve@globex.example").id

    assert admin.open(f"/admin/roles/assignments/{given}/withdraw").status == 404
    for tail in ("", "/edit", "/delete", "/history"):
        assert admin.open(f"/admin/roles/all/{role}{tail}").status == 404
    assert "eve@globex" not in admin.open("/admin/roles").text
    assert "Theirs" not in admin.open("/admin/roles/all").text


def test_an_account_shows_what_it_administers_and_who_may_change_it(front, admin):
    with front.work() as work:
        groups.create(work, "Auditors", organization="acme")
        groups.add(work, "Auditors", BEN, organization="acme")
        role_assignments.grant(work, "auditor", organization="acme", group="Auditors")
        editors = roles.create(work, "Editors", organization="acme", permissions=["account:edit", "account:read"])
        role_assignments.grant(work, editors.id, organization="acme", account="cleo@acme.example")

    admin.open(f"/admin/accounts/{account_id(front, BEN)}").follow("Roles")

    assert "by the group Auditors" in admin.text
    may_change = admin.text.rpartition("Who may change this account")[2]
    assert ANN in may_change
    assert "cleo@acme.example" not in may_change  # holds less than Ben


def test_t16_the_list_is_downloaded_and_no_cell_of_it_is_a_formula(front, admin):
    with front.work() as work:
        groups.create(work, "=cmd()", organization="acme")
        role_assignments.grant(work, "auditor", organization="acme", group="=cmd()")

    lines = admin.open("/admin/roles/roles.csv?role=auditor").answer.text.splitlines()

    assert [line.rpartition(",the organization")[0] for line in lines[1:]] == ["group,'=cmd(),auditor"]
