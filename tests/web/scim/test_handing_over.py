"""A name of a group that is taken is refused; an administrator hands the group over, or renames it (S6, S7)."""

import pytest

from idp.base.errors import Conflict, Forbidden
from idp.base.work import Actor, HeldRole
from idp.directory import default_groups, groups, memberships, queries, role_assignments
from idp.directory import group_rule_changes as rules
from idp.directory.models import Group
from idp.provisioning import handing_over
from tests.support.front import ANN
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator
from tests.web.scim.test_groups import members_of

WANTED = "Engineering"


@pytest.fixture
def admin(front):
    make_administrator(front)
    return signed_in(front)


def group_of(front, name: str) -> Group:
    with front.work() as work:
        return queries.group(work, name, organization_id=front.organization_id)


def refused(peer, name: str = WANTED):
    return peer.call(
        "POST", "/Groups", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name}
    )


def test_s7_a_taken_name_is_refused_until_the_group_is_handed_over_and_then_found_by_it(front, peer, admin):
    zoe = peer.bring()["id"]
    taken = group_of(front, WANTED)
    with front.work() as work:
        groups.add(work, taken.id, zoe, organization="acme")
    assert refused(peer, WANTED.upper()).status_code == 409
    assert peer.get(f"/Groups/{taken.id}").status_code == 404
    page = admin.open(f"/admin/provisioning/{peer.id}/groups")
    assert "Refused, since the name is taken" in page.text
    page.follow(f"Hand it over… {WANTED}")
    assert "1 member comes from the directory" in admin.text
    assert "2 other members leave the group now" in admin.text
    admin.submit()

    assert members_of(front, taken.id) == {zoe}
    found = peer.get(f'/Groups?filter=displayName eq "{WANTED}"').json
    assert [one["id"] for one in found["Resources"]] == [taken.id]
    assert peer.patch(f"/Groups/{taken.id}", {"op": "remove", "path": "members"}).status_code == 200
    assert "Refused, since the name is taken" not in admin.open(f"/admin/provisioning/{peer.id}/groups").text


def test_a_group_that_is_renamed_makes_room(front, peer, admin):
    refused(peer)
    admin.open(f"/admin/provisioning/{peer.id}/groups").follow(f"Rename it… {WANTED}").submit(name="Engineers")

    assert refused(peer).status_code == 201


def test_of_two_the_second_sees_that_other_members_would_leave(front, peer, admin):
    refused(peer)
    admin.open(f"/admin/provisioning/{peer.id}/groups").follow(f"Hand it over… {WANTED}")
    with front.work() as work:
        groups.remove(work, WANTED, ANN, organization="acme")
    admin.submit()

    assert group_of(front, WANTED).kind == "manual"


def test_t5_what_gives_roles_or_is_filled_otherwise_is_not_handed_over(front, peer):
    wiki = front.application_ids["Wiki"]

    def by_rule(work):
        groups.create(work, "Ruled", organization="acme")
        rules.write(work, "Ruled", organization="acme", condition="name is set")
        return "Ruled"

    def with_role(work):
        role_assignments.grant(work, "help-desk", organization="acme", group=WANTED)
        return WANTED

    def around_role(work):
        made = groups.create(work, "Outer", organization="acme")
        role_assignments.grant(work, "help-desk", organization="acme", group=made.id)
        groups.nest(work, WANTED, "Outer", organization="acme")
        return WANTED

    def by_default(work):
        default_groups.mark(work, wiki, WANTED)
        return WANTED

    def with_others_inside(work):
        groups.nest(work, "Research", WANTED, organization="acme")
        return WANTED

    let = []
    for prepare in (by_rule, with_role, around_role, by_default, with_others_inside):
        with pytest.raises(ZeroDivisionError), front.work() as work:
            name = prepare(work)
            try:
                handing_over.hand_over(work, peer.id, name, organization_id=front.organization_id)
                let.append(prepare.__name__)
            except Conflict:
                pass
            raise ZeroDivisionError  # nothing of it is kept
    assert let == []


def test_d17_whoever_may_not_edit_groups_or_do_all_that_a_directory_does_hands_nothing_over(front, peer):
    permissions = ("provisioning:manage", "provisioning:read", "group:read", "group:edit", "group:members")
    held = HeldRole("rol_1", front.organization_id, None, None, permissions)
    with front.work() as work, pytest.raises(Forbidden):
        as_ = type(work)(work.tx, Actor("account", "a", "x", front.organization_id, (held,)), work.now, work.origin)
        handing_over.hand_over(as_, peer.id, WANTED, organization_id=front.organization_id)

    with front.work() as work:
        assert len(memberships.members(work, group_of(front, WANTED))) == 2
