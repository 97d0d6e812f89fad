"""Every object says who may change it, and what was done to it."""

import re

import pytest

from idp.directory import groups, queries, role_assignments, role_holders, roles, runs, sites
from idp.policy.permissions import Permission
from idp.provisioning import clients
from idp.web.console.who_may import KINDS
from tests.support import console_world
from tests.support.front import ANN, BEN, CLEO
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator
from tests.web.console.test_unnamed import demote

WORDS = "Who may change it"


OBJECTS = (
    *("groups", "domains", "sites", "applications", "bookmarks", "layouts", "policies", "access", "zones", "keys"),
    *("joining/rules", "joining/requests", "imports", "roles/all", "requests", "runs", "provisioning", "apis"),
)


def test_every_object_has_a_page_of_who_may_change_it(front):
    console_world.fill(front)
    admin = signed_in(front)
    with front.work() as work:
        clients.create(work, "Entra", organization="acme")
        runs.start(
            work,
            "bulk-accounts",
            organization_id=front.organization_id,
            title="Disable 2 accounts",
            parameters={},
            total=2,
        )
    seen, silent = set(), []
    for one in OBJECTS:
        index = f"/admin/{one.replace('joining/rules', 'joining').replace('joining/requests', 'joining')}"
        links = admin.open(index).page.xpath("//main//a/@href")
        objects = [link for link in links if re.fullmatch(rf"/admin/{one}/([a-z]+_\w+|acme|auditor)", link)]
        asked = "//main//a[starts-with(@href, '/admin/who-may/')]/@href"
        found = next((hit for path in objects if (hit := admin.open(path).page.xpath(asked))), [])
        for link in found:
            seen.add(link.split("/")[3])
            said = " ".join(admin.open(link).text.split())
            if f"{ANN} – Organization administrator" not in said or len(admin.answer.data) > 60_000:
                silent.append(link)
    for path in ("/admin/invitations", "/admin/organization"):
        seen |= {link.split("/")[3] for link in admin.open(path).page.xpath("//main//a/@href") if "/who-may/" in link}

    assert silent == []
    assert set(KINDS) == seen


def test_t2_whoever_may_read_no_roles_is_told_of_no_holder(front, admin):
    with front.work() as work:
        made = groups.create(work, "Desk", organization="acme").id
    path = f"/admin/who-may/group/{made}"
    assert WORDS in admin.open(f"/admin/groups/{made}").text
    assert ANN in admin.open(path).text
    demote(front, permissions=("group:read", "group:edit"))

    assert WORDS not in admin.open(f"/admin/groups/{made}").text
    assert (admin.open(path).status, ANN in admin.text) == (403, False)


def test_t1_what_may_not_be_seen_is_not_there_either(front, admin):
    with front.work() as work:
        site = queries.site(work, "acme")
    demote(front, permissions=("role:read",))
    paths = [
        f"/admin/who-may/{kind}/{of}"
        for kind, of in (
            ("site", site.id),
            ("keys", site.id),
            ("application", front.application_ids["Wiki"]),
            ("group", "Engineering"),
            ("invitations", "all"),
            ("organization", "org_other"),
            ("nothing", "x"),
        )
    ]
    assert {path: s for path in paths if (s := admin.open(path).status) not in (403, 404)} == {}


@pytest.fixture
def holders(front):
    """Ben administers another site, Cleo one application, and a group edits groups."""
    with front.work() as work:
        sites.create(work, "north", organization="acme", name="North")
        role_assignments.grant(work, "site-administrator", organization="acme", account=BEN, site="north")
        wiki = front.application_ids["Wiki"]
        role_assignments.grant(work, "application-administrator", organization="acme", account=CLEO, application=wiki)
        groups.create(work, "Editors", organization="acme")
        editors = roles.create(work, "Edits groups", organization="acme", permissions=["group:read", "group:edit"])
        role_assignments.grant(work, editors.id, organization="acme", group="Editors")


def who(work, front, *permissions, **at):
    found, more = role_holders.holders(work, permissions, organization_id=front.organization_id, limit=100, **at)
    return {one.subject for one in found}, more


def test_a_role_counts_where_it_is_held_and_for_what_it_holds(front, admin, holders):
    with front.work() as work:
        at_acme, at_north = queries.site(work, "acme").id, queries.site(work, "north").id
        wiki = front.application_ids["Wiki"]
        edit = Permission.APPLICATION_EDIT
        assert who(work, front, edit, site_id=at_acme, application_id=wiki) == ({ANN, CLEO}, False)
        assert who(work, front, edit, site_id=at_north) == ({ANN, BEN}, False)
        assert who(work, front, edit) == ({ANN}, False)
        assert who(work, front, Permission.GROUP_EDIT) == ({ANN, "Editors"}, False)
        assert who(work, front, Permission.GROUP_READ)[0] == {ANN, BEN, CLEO, "Editors"}


def test_the_list_is_bounded_and_says_so(front, admin, holders):
    with front.work() as work:
        found, more = role_holders.holders(
            work, [Permission.GROUP_EDIT], organization_id=front.organization_id, limit=1
        )
    assert (len(found), more) == (1, True)


def test_d17_a_group_that_carries_a_role_is_changed_only_by_who_holds_as_much(front, admin, holders):
    with front.work() as work:
        groups.create(work, "Chiefs", organization="acme")
        role_assignments.grant(work, "organization-administrator", organization="acme", group="Chiefs")
        role_assignments.grant(work, "user-access-administrator", organization="acme", account=BEN)
    text = admin.open("/admin/who-may/group/Chiefs").text

    assert "Change who is in it" in text
    assert (BEN in text, ANN in text) == (False, True)
    assert "Only the first" not in text


def test_as_many_queries_for_many_holders_as_for_few(front, admin, holders, queries_of):
    path = "/admin/who-may/group/Editors"
    few = queries_of(lambda: admin.open(path))
    make_administrator(front, email=BEN)
    make_administrator(front, "user-access-administrator", CLEO)
    make_administrator(front, email=CLEO)

    assert queries_of(lambda: admin.open(path)) == few


def test_keys_and_long_work_show_what_was_done_to_them(front, admin):
    with front.work() as work:
        site = queries.site(work, "acme").id
        run = runs.start(
            work,
            "bulk-accounts",
            organization_id=front.organization_id,
            title="Disable 2 accounts",
            parameters={},
            total=2,
        ).id
    assert "made a key for" in admin.open(f"/admin/keys/{site}").text
    assert "started “Disable 2 accounts” (2 in all)" in admin.open(f"/admin/runs/{run}").text


def test_t2_whoever_may_not_read_the_log_is_shown_no_history_of_keys(front):
    with front.work() as work:
        site = queries.site(work, "acme").id
        role_assignments.grant(work, "site-administrator", organization="acme", account=ANN, site="acme")
    one = signed_in(front).open(f"/admin/keys/{site}")

    assert (one.status, "History" in one.text, "made a key for" in one.text) == (200, False, False)
