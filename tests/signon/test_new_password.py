"""A new password: its history, why one is due, and that nothing of it is written anywhere."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from idp.audit.models import AuditEntry
from idp.base.errors import Conflict, Invalid
from idp.directory import policies
from idp.policy import passwords
from idp.signon import administered_password
from idp.signon.factors import password
from idp.signon.models import FormerPassword, Password
from tests.conftest import NOON
from tests.signon.conftest import PASSWORD

WORDS = ("anchor", "basket", "candle", "dragonfly", "ember", "fiddle", "gravel", "hammock", "indigo", "juniper")


def nth(n: int) -> str:
    return f"velvet {WORDS[n % 10]} rope {n}"


@pytest.fixture
def policy(open_work, world):
    """Return a function that changes the policy."""

    def change(**wanted):
        with open_work() as work:
            found = policies.default_policy(work, world.organization.id)
            for name, value in wanted.items():
                setattr(found, name, value)

    return change


def set_(open_work, world, typed, *, now=NOON, **how):
    with open_work(now=now) as work:
        return password.set_password(work, world.ann.id, typed, organization_id=world.organization.id, **how)


def former(open_work):
    with open_work() as work:
        return len(work.tx.session.scalars(select(FormerPassword)).all())


def due(open_work, world, *, now=NOON):
    with open_work(now=now) as work:
        facts = policies.authentication_policy(work, world.organization.id, None)
        return password.new_one_due(work, world.organization.id, world.ann.id, facts)


def test_without_a_history_a_password_may_come_back_and_none_is_kept(open_work, world):
    set_(open_work, world, nth(1))
    set_(open_work, world, nth(2))
    set_(open_work, world, nth(1))
    set_(open_work, world, nth(1))

    assert former(open_work) == 0


def test_with_a_history_of_three_the_last_three_do_not_come_back(open_work, world, policy):
    policy(password_history=3)
    for n in range(1, 5):
        set_(open_work, world, nth(n), now=NOON + timedelta(minutes=n))

    for n in (2, 3, 4):
        with pytest.raises(Invalid) as refusal:
            set_(open_work, world, nth(n), now=NOON + timedelta(minutes=9))
        assert refusal.value.advice == passwords.USED_BEFORE
    assert former(open_work) == 2
    set_(open_work, world, nth(1), now=NOON + timedelta(minutes=9))


def test_a_history_that_is_switched_off_is_forgotten_with_the_next_change(open_work, world, policy):
    policy(password_history=10)
    for n in range(4):
        set_(open_work, world, nth(n))
    policy(password_history=0)
    set_(open_work, world, nth(7))

    assert former(open_work) == 0


def test_an_imported_password_is_part_of_the_history(open_work, world, policy):
    from passlib.hash import ldap_salted_sha512

    policy(password_history=2)
    with open_work() as work:
        administered_password.import_password(work, world.ann.id, ldap_salted_sha512.hash(nth(1)), replace=True)
    set_(open_work, world, nth(2))

    with pytest.raises(Invalid):
        set_(open_work, world, nth(1))


def test_the_history_is_looked_at_after_everything_that_costs_nothing(open_work, world, policy, monkeypatch):
    policy(password_history=10)

    def never(*_):
        raise AssertionError("a hash was computed")

    monkeypatch.setattr(password, "computed", never)
    with open_work() as work:
        found = password.propose(work, world.ann.id, "short", organization_id=world.organization.id)

    assert isinstance(found, password.Unfit)


def test_none_is_due_at_first(open_work, world):
    assert due(open_work, world, now=NOON + timedelta(days=5000)) == ""


def test_it_is_due_once_it_is_too_old_and_the_upgrade_of_a_hash_makes_it_no_younger(open_work, world, policy):
    policy(password_maximum_days=90)
    with open_work(now=NOON + timedelta(days=80)) as work:
        row = work.tx.session.get_one(Password, (world.organization.id, world.ann.id))
        begun = password.Try(world.ann.id, 0, disabled=False, hash=row.hash, reserved=None)
        password.upgrade(work, world.organization.id, begun, password.hash_of(work.tx.vault, PASSWORD))

    assert due(open_work, world, now=NOON + timedelta(days=90, seconds=-1)) == ""
    assert due(open_work, world, now=NOON + timedelta(days=90)) == password.EXPIRED


def test_it_is_due_when_an_administrator_wants_it_and_the_same_one_will_not_do(open_work, world):
    with open_work() as work:
        administered_password.require_new_password(work, world.ann.id)

    assert due(open_work, world) == password.RESET
    with pytest.raises(Invalid) as refusal:
        set_(open_work, world, PASSWORD)
    assert refusal.value.advice == passwords.USED_BEFORE
    set_(open_work, world, nth(1))
    assert due(open_work, world) == ""


def test_demanding_a_new_password_ends_sign_ons_only_where_that_is_said(open_work, world):
    with open_work() as work:
        before = work.tx.session.merge(world.ann).epoch
        assert administered_password.require_new_password(work, world.ann.id).epoch == before
        assert administered_password.require_new_password(work, world.ann.id, sign_out=True).epoch == before + 1


def test_nothing_is_demanded_of_whoever_has_no_password(open_work, world):
    from idp.directory import accounts

    with open_work() as work:
        bob = accounts.create(work, "bob@acme.example", organization="acme", name="Bob")
        with pytest.raises(Conflict):
            administered_password.require_new_password(work, bob.id)


def test_a_proposal_is_not_taken_once_the_credentials_have_changed(open_work, world):
    with open_work() as work:
        proposed = password.propose(work, world.ann.id, nth(1), organization_id=world.organization.id)
        new = password.computed(work.tx.vault, proposed)
    set_(open_work, world, nth(2))

    with open_work() as work, pytest.raises(Conflict):
        password.settle_new(work, new)


@pytest.mark.both_databases
def test_of_many_proposals_at_once_one_is_taken(open_work, world):
    import threading

    with open_work() as work:
        proposed = password.propose(work, world.ann.id, nth(1), organization_id=world.organization.id)
        new = password.computed(work.tx.vault, proposed)
    start, outcomes = threading.Barrier(50), []

    def settle():
        start.wait()
        try:
            with open_work() as work:
                password.settle_new(work, new)
            outcomes.append("taken")
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=settle) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["refused"] * 49 + ["taken"]


def test_no_password_is_in_what_is_printed_of_a_proposal(open_work, world):
    with open_work() as work:
        proposed = password.propose(work, world.ann.id, nth(1), organization_id=world.organization.id)
        new = password.computed(work.tx.vault, proposed)

    assert nth(1) not in repr(new)
    assert new.hash not in repr(new)


def test_the_log_says_that_a_new_one_was_demanded(open_work, world):
    with open_work() as work:
        administered_password.require_new_password(work, world.ann.id)
    with open_work() as work:
        tags = set(work.tx.session.scalars(select(AuditEntry.tag)))

    assert "password.change-required" in tags
