"""Nothing is told for a suspended organization, and all of it once the organization is back (T22)."""

from datetime import timedelta

from idp.base import jobs
from idp.directory import accounts, groups, lifetime
from idp.directory.models import Account, Organization
from idp.directory.told_models import ProvisioningMark
from idp.policy.permissions import OPERATOR
from tests.provisioning.conftest import ANN, BEN, CLEO


def suspend(world, at) -> None:
    with world.work() as work:
        work.tx.session.get_one(Organization, world.organization_id).suspended_at = at


def names(world) -> dict[str, bool]:
    return {one["userName"]: one["active"] for one in world.far.users.values()}


def test_t22_nothing_is_sent_for_a_suspended_organization_and_all_of_it_afterwards(world):
    world.set_up()
    world.tell()
    with world.work() as work:
        groups.add_all(work, world.ids["Staff"], [CLEO], organization="acme")
        accounts.disable(work, BEN)
    suspend(world, world.now)
    asked = len(world.far.asked)
    world.later(days=2)
    world.run()
    world.tell()
    assert (len(world.far.asked), names(world)) == (asked, {ANN: True, BEN: True})

    suspend(world, None)
    world.tell()

    assert names(world) == {ANN: True, BEN: False, CLEO: True}


def test_t22_what_was_waiting_when_an_organization_was_suspended_is_not_sent(world):
    world.set_up(pushed_groups=["Staff"])
    world.settle()
    suspend(world, world.now)
    world.tell()
    assert world.far.asked == []

    suspend(world, None)
    world.tell()

    assert names(world) == {ANN: True, BEN: True}
    assert len(world.far.groups) == 1


def test_t22_every_night_leaves_suspended_organizations_out(world):
    world.set_up()
    world.tell()
    suspend(world, world.now)
    world.later(days=3)
    world.run()

    with world.work() as work:
        assert work.tx.session.query(ProvisioningMark).count() == 0


def test_nobody_is_erased_while_the_organization_is_suspended(world):
    with world.work() as work:
        lifetime.schedule_deletion(work, BEN)
    suspend(world, world.now)
    handlers = {lifetime.ERASE: lifetime.handler(()), accounts.OUTDATED: lambda *_: None}
    world.later(days=15)
    jobs.run_due(world.database, handlers, world.now, OPERATOR)
    with world.work() as work:
        kept = work.tx.session.get_one(Account, (world.organization_id, world.ids[BEN]))
        assert (kept.erased_at, kept.deletion_at) == (None, world.now + timedelta(days=1))

    suspend(world, None)
    world.later(days=1)
    jobs.run_due(world.database, handlers, world.now, OPERATOR)

    with world.work() as work:
        assert work.tx.session.get_one(Account, (world.organization_id, world.ids[BEN])).erased_at == world.now
