"""Groups that are made at the far end, with those of their members who are there."""

import pytest

from idp.base.errors import Conflict
from idp.directory import groups
from idp.directory.told_models import ToldGroup
from idp.provisioning.targets import editing, group_sending, sending, switching
from idp.provisioning.targets.editing import Wanted
from tests.provisioning.conftest import ANN, BEN, CLEO


def members(world, name="Staff") -> set[str]:
    found = [one for one in world.far.groups.values() if one["displayName"] == name]
    assert len(found) == 1
    return {world.far.users[one["value"]]["userName"] for one in found[0]["members"]}


def test_a_chosen_group_is_made_there_with_those_of_its_members_who_are_there(world):
    world.set_up(pushed_groups=["Staff"])
    with world.work() as work:
        groups.add_all(work, world.ids["Staff"], [CLEO], organization="acme")
    world.tell()

    assert members(world) == {ANN, BEN, CLEO}
    assert world.far.groups["g1"]["externalId"] == world.ids["Staff"]


def test_who_leaves_it_leaves_it_there_and_a_new_name_is_told(world):
    world.grant(everyone=True)
    world.set_up(pushed_groups=["Staff"])
    world.tell()
    with world.work() as work:
        groups.remove_all(work, world.ids["Staff"], [ANN], organization="acme")
        groups.edit(work, world.ids["Staff"], organization="acme", name="Crew")
    world.tell()

    assert members(world, "Crew") == {BEN}
    assert len(world.far.groups) == 1


def test_no_group_is_made_that_was_not_chosen(world):
    world.set_up()
    world.tell()

    assert world.far.groups == {}


def test_a_group_that_is_there_is_linked_and_one_of_ours_of_before_is_not_taken_over(world):
    world.far.groups = {"g1": {"id": "g1", "displayName": "staff", "members": []}}
    with world.work() as work:
        groups.create(work, "Board", organization="acme")
    world.far.groups["g2"] = {"id": "g2", "displayName": "Board", "externalId": "grp_former", "members": []}
    world.set_up(pushed_groups=["Staff", "Board"])
    world.tell()

    assert members(world) == {ANN, BEN}
    assert len(world.far.groups) == 2
    assert world.far.groups["g2"]["externalId"] == "grp_former"


def test_nothing_that_has_not_changed_is_sent_again(world):
    world.set_up(pushed_groups=["Staff"])
    world.tell()
    asked = len(world.far.asked)
    with world.work() as work:
        switching.reconcile(work, world.application_id)
    world.run()
    world.tell()

    assert len(world.far.asked) == asked


def test_a_server_without_patch_is_told_of_groups_by_put(world):
    world.far.patch = False
    world.set_up(pushed_groups=["Staff"])
    world.tell()
    with world.work() as work:
        groups.remove_all(work, world.ids["Staff"], [ANN], organization="acme")
    world.tell()

    assert members(world) == {BEN}


def test_a_server_that_is_down_gets_its_groups_later(world):
    world.set_up(pushed_groups=["Staff"])
    world.settle()
    sending.drain(world.database, world.dial, world.now)
    world.far.fails = [(503, {})]
    group_sending.drain(world.database, world.dial, world.now)
    assert world.far.groups == {}
    world.later(minutes=5)
    world.tell()

    assert members(world) == {ANN, BEN}


def test_a_node_that_died_at_groups_is_followed_by_another(world):
    world.set_up(pushed_groups=["Staff"])
    world.settle()
    with world.work() as work:
        assert group_sending._claim(work, (world.organization_id, world.target().id)) is not None
    world.tell()
    assert world.far.groups == {}
    world.later(minutes=31)
    world.tell()

    assert members(world) == {ANN, BEN}


@pytest.mark.both_databases
def test_two_nodes_at_once_make_one_group(world):
    from threading import Thread

    world.set_up(pushed_groups=["Staff"])
    world.settle()
    both = [Thread(target=group_sending.drain, args=(world.database, world.dial, world.now)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(30)

    assert len(world.far.groups) == 1


@pytest.mark.parametrize("chosen", ["groups", "pushed_groups"])
def test_a_group_that_an_application_is_told_by_is_not_deleted(world, chosen):
    with world.work() as work:
        writers = groups.create(work, "Writers", organization="acme").id
    world.set_up(on=False, **{chosen: ["Writers"]})
    with world.work() as work, pytest.raises(Conflict) as caught:
        groups.delete(work, writers, organization="acme")

    assert "the provisioning of “Wiki”" in caught.value.message + caught.value.advice


def test_t8_what_was_learned_at_one_address_is_not_known_of_another(world, monkeypatch):
    world.set_up(pushed_groups=["Staff"])
    world.settle()
    real = group_sending._carry

    def carry(call, wanted, *, by_put):
        found = real(call, wanted, by_put=by_put)
        with world.work() as work:  # while it was being sent
            moved = Wanted("http://127.0.0.1:1/scim/v2", True, pushed_groups=["Staff"])
            editing.set_up(work, world.application_id, moved, http_loopback=True)
        return found

    monkeypatch.setattr(group_sending, "_carry", carry)
    group_sending.drain(world.database, world.dial, world.now)

    assert len(world.far.groups) == 1
    with world.work() as work:
        assert work.tx.session.query(ToldGroup).count() == 0


def test_i10_an_application_that_answers_slowly_has_its_groups_sent_in_parts(world):
    names = [f"Group {number}" for number in range(3)]
    with world.work() as work:
        for one in names:
            groups.create(work, one, organization="acme")
    world.set_up(pushed_groups=names)
    world.settle()

    for count in (1, 2, 3, 3):  # a drain whose time is over sends one
        group_sending.drain(world.database, world.dial, world.now, seconds=0)
        assert len(world.far.groups) == count
