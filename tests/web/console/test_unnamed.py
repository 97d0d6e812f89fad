"""A page of one thing names no other one that whoever looks may not read."""

import pytest

from idp.directory import default_groups, groups, held_roles, launcher_layouts, role_assignments, roles
from tests.support.front import ANN, BEN, DORA
from tests.web.console.conftest import make_administrator
from tests.web.console.test_entrance import account_id

SECRET = "Merger team"


@pytest.fixture
def secret(front):
    """Dora is in a group whose name says more than everybody may know; it opens Wiki, and helps others."""
    with front.work() as work:
        groups.create(work, SECRET, organization="acme")
        groups.add(work, SECRET, DORA, organization="acme")
        default_groups.mark(work, front.application_ids["Wiki"], SECRET)
        role_assignments.grant(
            work,
            "application-administrator",
            organization="acme",
            group=SECRET,
            application=front.application_ids["Wiki"],
        )
        launcher_layouts.create(work, "acme", group=SECRET, sections=[])


def demote(front, role="", permissions=()):
    """Let Ann hold, from now on, this role alone; or one of these permissions."""
    make_administrator(front, email=BEN)
    with front.work() as work:
        for one in held_roles.assignments(work, organization_id=front.organization_id):
            if one.subject == ANN:
                role_assignments.withdraw(work, one.assignment.id, organization="acme")
        if permissions:
            role = roles.create(work, "Narrow", organization="acme", permissions=["organization:read", *permissions]).id
        role_assignments.grant(work, role, organization="acme", account=ANN)


def test_t2_the_help_desk_is_not_told_what_groups_somebody_is_in(front, secret, admin):
    path = f"/admin/accounts/{account_id(front, DORA)}"
    assert SECRET in admin.open(path).text
    demote(front, "help-desk")

    assert (admin.open(path).status, SECRET in admin.text) == (200, False)


def test_t2_the_launcher_layouts_name_no_group_to_the_help_desk(front, secret, admin):
    assert SECRET in admin.open("/admin/layouts").text
    demote(front, "help-desk")

    assert (admin.open("/admin/layouts").status, SECRET in admin.text) == (200, False)


def test_t2_what_opens_an_application_names_no_group_to_who_may_read_none(front, secret, admin):
    wiki, dora = front.application_ids["Wiki"], account_id(front, DORA)
    paths = [
        f"/admin/accounts/{dora}/access",
        f"/admin/accounts/{dora}/access/{wiki}/take",
        f"/admin/applications/{wiki}/people",
        f"/admin/applications/{wiki}/people.csv",
    ]
    told = [path for path in paths if SECRET not in admin.open(path).answer.text]
    demote(front, permissions=("account:read", "application:read", "application:grant", "site:read"))
    seen = {path: (admin.open(path).status, SECRET in admin.answer.text) for path in paths}

    assert (told, set(seen.values())) == ([], {(200, False)}), seen


def test_t2_the_export_names_no_group_application_or_policy_to_who_may_read_none(front, secret, admin):
    whole = admin.open("/admin/accounts/export.csv").answer.text
    assert SECRET in whole
    assert "Wiki" in whole

    demote(front, permissions=("account:read", "account:export"))
    narrow = admin.open("/admin/accounts/export.csv")
    assert narrow.status == 200
    assert DORA in narrow.answer.text
    assert "Wiki" not in narrow.answer.text
    assert SECRET not in narrow.answer.text
    [line] = [one for one in narrow.answer.text.splitlines() if DORA in one]
    assert line.split(",")[-4] in ("", '""')


def test_t2_who_administers_names_no_group_account_or_application_to_who_may_read_roles_alone(front, secret, admin):
    assert SECRET in admin.open("/admin/roles").text
    demote(front, permissions=("role:read",))

    for path in ("/admin/roles", "/admin/roles/roles.csv", "/admin/roles/all/application-administrator"):
        said = admin.open(path).answer.text
        assert (admin.status, [word for word in (SECRET, DORA, "Wiki") if word in said]) == (200, []), path
