"""A directory that takes too much away within an hour is stopped: accounts, addresses, members of groups (S9)."""

from idp.audit.models import AuditEntry
from idp.directory.models import Account
from tests.support.scim import Peer, prove
from tests.web.scim.test_groups import members_of

REMOVE_ALL = {"op": "remove", "path": "members"}


def tags(front) -> set[str]:
    with front.work() as work:
        return {one.tag for one in work.tx.session.query(AuditEntry)}


def crowd(peer: Peer, count: int) -> list[str]:
    return [peer.bring(f"p{number}@acme.example")["id"] for number in range(count)]


def readdress(peer: Peer, id_: str, email: str):
    return peer.patch(f"/Users/{id_}", {"op": "replace", "path": "userName", "value": email})


def test_s6_changes_of_addresses_are_counted_with_deactivations(front):
    prove(front)
    peer = Peer(front, brake=2)
    a, b, c = crowd(peer, 3)
    assert readdress(peer, a, "q0@acme.example").status_code == 200
    assert peer.patch(f"/Users/{b}", {"op": "replace", "path": "active", "value": False}).status_code == 200
    assert readdress(peer, c, "q2@acme.example").status_code == 503

    with front.work() as work:
        assert work.tx.session.get_one(Account, (front.organization_id, c)).email == "p2@acme.example"
    assert readdress(peer, a, "q4@acme.example").status_code == 503
    assert "provisioning-client.stopped" in tags(front)


def test_s7_members_that_are_taken_out_of_groups_are_counted(front):
    prove(front)
    peer = Peer(front, brake=2)
    people = crowd(peer, 20)
    one, two = peer.bring_group("One", *people), peer.bring_group("Two", *people)
    assert peer.patch(f"/Groups/{one['id']}", REMOVE_ALL).status_code == 200
    assert peer.patch(f"/Groups/{two['id']}", REMOVE_ALL).status_code == 503

    assert (members_of(front, one["id"]), members_of(front, two["id"])) == (set(), set(people))
    assert "provisioning-client.members-braked" in tags(front)


def test_s7_a_group_that_is_deleted_takes_its_members_out(front):
    prove(front)
    peer = Peer(front, brake=2)
    people = crowd(peer, 20)
    ids = [peer.bring_group(name, *people)["id"] for name in ("One", "Two")]
    answers = [peer.call("DELETE", f"/Groups/{one}").status_code for one in ids]

    assert answers == [204, 503]
    assert members_of(front, ids[1]) == set(people)


def test_an_hour_later_and_once_somebody_lets_it_go_on_counting_begins_anew(front):
    prove(front)
    peer = Peer(front, brake=2)
    people = crowd(peer, 20)
    ids = [peer.bring_group(name, *people)["id"] for name in ("One", "Two")]
    assert peer.patch(f"/Groups/{ids[0]}", REMOVE_ALL).status_code == 200
    front.later(hours=1)

    assert peer.patch(f"/Groups/{ids[1]}", REMOVE_ALL).status_code == 200


def test_bringing_and_putting_into_groups_stops_nobody(front):
    prove(front)
    peer = Peer(front, brake=0)
    people = crowd(peer, 30)
    group = peer.bring_group("One", *people)

    assert members_of(front, group["id"]) == set(people)
