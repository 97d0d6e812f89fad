"""A client that keeps large groups is ended in steps; nothing of it is taken meanwhile, and nobody leaves a group."""

import pytest

from idp.base.errors import Forbidden
from idp.base.work import Actor, HeldRole
from idp.directory import memberships, runs
from idp.directory.console_models import Run
from idp.directory.models import Group
from idp.provisioning import clients, ending, tokens
from tests.support.scim import Peer, prove


@pytest.fixture
def peer(front, monkeypatch) -> Peer:
    """A directory of five people in two groups; more than two members are many."""
    monkeypatch.setattr(ending, "AT_ONCE", 2)
    prove(front)
    made = Peer(front)
    people = [made.bring(f"p{number}@acme.example")["id"] for number in range(5)]
    made.bring_group("Large", *people)
    made.bring_group("Small", people[0])
    return made


def end(front, peer):
    with front.work() as work:
        return ending.end(work, peer.id, organization_id=front.organization_id)


def groups_(front) -> dict[str, tuple[str, int, set[str]]]:
    """Kind, number of members, and sources of each group."""
    with front.work() as work:
        found = {}
        for group in work.tx.session.query(Group).filter(Group.name.in_(("Large", "Small"))):
            people = memberships.members(work, group)
            found[group.name] = (group.kind, len(people), {one.kind for of in people for one in of.sources})
        return found


def test_large_groups_are_handed_over_in_steps_and_nobody_leaves_them(front, peer):
    _client, run = end(front, peer)
    assert run.total == 6
    assert peer.get("/Users").status_code == 401
    assert groups_(front)["Large"] == ("provisioned", 5, {"scim"})
    runs.drain(front.database, ending.KINDS, front.now)

    assert groups_(front) == {"Large": ("manual", 5, {"manual"}), "Small": ("manual", 1, {"manual"})}
    with front.work() as work:
        after = work.tx.session.get_one(Run, (front.organization_id, run.id))
        assert (after.state, after.done) == ("finished", 6)
        assert clients.listed(work, front.organization_id) == []


def test_one_that_was_stopped_half_way_can_be_ended_again(front, peer):
    _client, run = end(front, peer)
    runs.drain(front.database, ending.KINDS, front.now, seconds=0)
    with front.work() as work:
        runs.stop(work, front.organization_id, run.id)
    runs.drain(front.database, ending.KINDS, front.now)
    with front.work() as work:
        assert [one.disabled_at is not None for one in clients.listed(work, front.organization_id)] == [True]
    end(front, peer)
    runs.drain(front.database, ending.KINDS, front.now)

    assert groups_(front) == {"Large": ("manual", 5, {"manual"}), "Small": ("manual", 1, {"manual"})}


def test_one_that_is_switched_on_meanwhile_is_not_ended(front, peer):
    end(front, peer)
    with front.work() as work:
        clients.enable(work, peer.id, organization_id=front.organization_id)
    runs.drain(front.database, ending.KINDS, front.now)

    with front.work() as work:
        [found] = clients.listed(work, front.organization_id)
        assert (found.disabled_at, tokens.good(work, found)) == (None, [])
    assert groups_(front)["Large"] == ("provisioned", 5, {"scim"})


def test_d17_whoever_may_not_manage_provisioning_ends_nothing(front, peer):
    held = HeldRole("auditor", front.organization_id)
    with front.work() as work, pytest.raises(Forbidden):
        ending.end(
            type(work)(work.tx, Actor("account", "acc_1", "x", front.organization_id, (held,)), work.now, work.origin),
            peer.id,
            organization_id=front.organization_id,
        )


def test_small_groups_are_handed_over_at_once(front, peer, monkeypatch):
    monkeypatch.setattr(ending, "AT_ONCE", 6)
    assert end(front, peer)[1] is None
    assert groups_(front)["Large"] == ("manual", 5, {"manual"})
