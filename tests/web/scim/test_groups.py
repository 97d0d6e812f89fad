"""Groups by SCIM: their members, their names, and what they never give (RFC 7643, RFC 7644; T5, S7)."""

from idp.base.errors import Conflict
from idp.directory import groups, memberships, queries, role_assignments
from idp.directory.models import Group
from tests.support.front import ANN
from tests.support.scim import Peer, group


def members_of(front, id_: str) -> set[str]:
    with front.work() as work:
        return memberships.ids(work, front.organization_id, id_)


def refused_by(act) -> str:
    try:
        act()
    except Conflict as error:
        return error.code
    return ""


def test_a_group_is_brought_with_its_members(front, peer):
    zoe, yan = peer.bring()["id"], peer.bring("yan@acme.example")["id"]
    made = peer.bring_group("Sales", zoe, yan, externalId="g1")

    assert {one["value"] for one in made["members"]} == {zoe, yan}
    assert members_of(front, made["id"]) == {zoe, yan}
    assert peer.get(f"/Groups/{made['id']}").json == made
    assert peer.get(f"/Users/{zoe}").json["groups"][0]["display"] == "Sales"
    with front.work() as work:
        held = work.tx.session.get_one(Group, (front.organization_id, made["id"]))
        assert held.kind == "provisioned"
        [source] = memberships.members(work, held)[0].sources
        assert (source.kind, source.of) == ("scim", peer.id)


def test_members_are_added_and_taken_out_in_every_way_that_peers_write_it(front, peer):
    a, b, c = (peer.bring(f"{one}@acme.example")["id"] for one in "abc")
    made = peer.bring_group()
    path = f"/Groups/{made['id']}"
    steps = [
        ({"op": "Add", "path": "members", "value": [{"value": a}, {"value": b}]}, {a, b}),
        ({"op": "add", "path": "members", "value": {"value": c}}, {a, b, c}),
        ({"op": "remove", "path": f'members[value eq "{a}"]'}, {b, c}),
        ({"op": "Remove", "path": "members", "value": [{"value": b}]}, {c}),
        ({"op": "replace", "path": "members", "value": [{"value": a}]}, {a}),
        ({"op": "replace", "value": {"members": [{"value": b}], "displayName": "Sales 2"}}, {b}),
        ({"op": "remove", "path": "members"}, set()),
    ]
    versions = {made["meta"]["version"]}
    for operation, expected in steps:
        answer = peer.patch(path, operation)
        assert answer.status_code == 200, answer.text
        assert members_of(front, made["id"]) == expected, operation
        versions.add(answer.headers["ETag"])
    assert len(versions) == len(steps) + 1
    assert peer.get(path).json["displayName"] == "Sales 2"


def test_all_operations_count_or_none(front, peer):
    zoe = peer.bring()["id"]
    made = peer.bring_group()
    answer = peer.patch(
        f"/Groups/{made['id']}",
        {"op": "add", "path": "members", "value": [{"value": zoe}]},
        {"op": "replace", "path": "owner", "value": "x"},
    )

    assert (answer.status_code, answer.json["scimType"]) == (400, "invalidPath")
    assert members_of(front, made["id"]) == set()


def test_s1_members_are_the_clients_own_accounts(front, peer):
    other = Peer(front, "Other").bring("yan@acme.example")["id"]
    for member in (other, front.account_ids[ANN], "acc_nobody"):
        answer = peer.call("POST", "/Groups", group("Sales", member))
        assert (answer.status_code, answer.json["scimType"]) == (400, "invalidValue")


def test_a_name_that_is_there_already_is_refused(peer):
    assert peer.call("POST", "/Groups", group("Engineering")).status_code == 409
    made = peer.bring_group()
    answer = peer.patch(f"/Groups/{made['id']}", {"op": "replace", "path": "displayName", "value": "engineering"})
    assert (answer.status_code, answer.json["scimType"]) == (409, "uniqueness")


def test_s7_no_role_comes_by_a_group_of_a_directory(front, peer):
    made = peer.bring_group()
    with front.work() as work:
        outer = groups.create(work, "Admins", organization="acme")
        role_assignments.grant(work, "auditor", organization="acme", group=outer.id)
        assert refused_by(lambda: role_assignments.grant(work, "auditor", organization="acme", group=made["id"]))
        assert refused_by(lambda: groups.nest(work, made["id"], outer.id, organization="acme"))


def test_t5_administrators_do_not_change_what_a_directory_keeps(front, peer):
    zoe = peer.bring()["id"]
    made = peer.bring_group("Sales", zoe)
    with front.work() as work:
        tried = [
            lambda: groups.edit(work, made["id"], organization="acme", name="Other"),
            lambda: groups.add(work, made["id"], ANN, organization="acme"),
            lambda: groups.remove(work, made["id"], zoe, organization="acme"),
            lambda: groups.delete(work, made["id"], organization="acme"),
        ]
        assert ["" for act in tried if not refused_by(act)] == []
        assert queries.group(work, made["id"], organization_id=front.organization_id).name == "Sales"


def test_a_group_that_is_deleted_leaves_nobody_in_it(front, peer):
    zoe = peer.bring()["id"]
    made = peer.bring_group("Sales", zoe)

    assert peer.call("DELETE", f"/Groups/{made['id']}").status_code == 204
    assert members_of(front, made["id"]) == set()
    assert peer.get(f"/Groups/{made['id']}").status_code == 404
    assert peer.bring_group("Sales")["id"] != made["id"]


def test_a_user_that_is_deleted_leaves_the_groups_of_the_client(front, peer):
    zoe = peer.bring()["id"]
    made = peer.bring_group("Sales", zoe)
    peer.call("DELETE", f"/Users/{zoe}")

    assert members_of(front, made["id"]) == set()


def test_groups_are_found_by_name_and_member_and_listed_without_members(peer):
    zoe = peer.bring()["id"]
    made = peer.bring_group("Sales", zoe)
    peer.bring_group("Ops")

    for asked in (
        'displayName eq "SALES"',
        f'members eq "{zoe}"',
        f'members[value eq "{zoe}"]',
        f'id eq "{made["id"]}"',
    ):
        answer = peer.http.get(
            "/scim/v2/Groups", query_string={"filter": asked}, headers={"Authorization": f"Bearer {peer.token}"}
        )
        assert [one["id"] for one in answer.json["Resources"]] == [made["id"]], asked
    assert all("members" not in one for one in peer.get("/Groups?excludedAttributes=members").json["Resources"])


def test_s8_a_group_of_ten_thousand_is_sent_as_a_whole(peer):
    """Some 800 KB: more than a form may have. Nobody of it is known, so that nothing comes of it."""
    members = [{"value": f"acc_{number:026}", "display": f"somebody{number}@acme.example"} for number in range(10_000)]
    answer = peer.call("POST", "/Groups", {**group("Everybody"), "members": members})

    assert (answer.status_code, answer.json["scimType"]) == (400, "invalidValue")
