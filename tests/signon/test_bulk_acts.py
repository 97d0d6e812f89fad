"""Long work in steps, by the acts on many accounts: who does it, how far it comes, what stops it."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from idp.audit.models import AuditEntry
from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.ids import new_id
from idp.directory import access, accounts, groups, lifetime, organizations, rights, role_assignments, roles, runs
from idp.directory.console_models import Run
from idp.directory.models import Account, RoleAssignment
from idp.oidc import bulk_revoking
from idp.policy.permissions import (
    AUDITOR,
    HELP_DESK,
    ORGANIZATION_ADMINISTRATOR,
    USER_ACCESS_ADMINISTRATOR,
    Permission,
)
from idp.signon import bulk_account_acts, bulk_acts
from idp.signon.bulk_acts import Chosen
from idp.signon.factors import password
from idp.signon.models import Password, RecoveryCode, TemporaryPass
from tests.support.people import as_account

PEOPLE = 60


@pytest.fixture
def acme(open_work):
    """An organization of sixty, and Root who administers it."""
    with open_work() as work:
        made = organizations.create(work, "acme", name="Acme")
        for number in range(PEOPLE):
            accounts.create(work, f"p{number:02d}@acme.example", organization="acme", name=f"P {number}")
        root = accounts.create(work, "root@acme.example", organization="acme", name="Root")
        accounts.grant_role(work, root.id, ORGANIZATION_ADMINISTRATOR, organization_id=made.id)
    return made


@pytest.fixture
def root(acme, open_work):
    """Return a context manager of units of work that Root does."""
    from contextlib import contextmanager

    @contextmanager
    def opened(email="root@acme.example"):
        with open_work() as work:
            account = work.tx.session.scalar(sa.select(Account).where(Account.email == email))
            held = rights.roles_of(work, acme.id, account.id)
            base = as_account(work, account, AUDITOR)
            yield replace(base, actor=replace(base.actor, roles=held))

    return opened


def begin(root, acme, act, chosen, to=""):
    with root() as work:
        return bulk_acts.start(work, act, organization_id=acme.id, chosen=chosen, to=to).id


def drained(database, noon, **options):
    return runs.drain(database, bulk_acts.KINDS, noon, **options)


def ended(open_work, acme, run_id) -> Run:
    with open_work() as work:
        return runs.get(work, acme.id, run_id)


def ids(open_work, acme, *numbers) -> tuple[str, ...]:
    with open_work() as work:
        rows = work.tx.session.scalars(
            sa.select(Account.id)
            .where(Account.email.in_([f"p{n:02d}@acme.example" for n in numbers]))
            .order_by(Account.email)
        )
        return tuple(rows)


def disabled(open_work) -> int:
    with open_work() as work:
        return work.tx.session.query(Account).filter(Account.disabled_at.is_not(None)).count()


@pytest.mark.both_databases
def test_everything_that_a_filter_matches_is_acted_on_by_whoever_asked(database, open_work, acme, root, noon):
    run_id = begin(root, acme, "disable", Chosen(filters={"starting": "p"}))

    assert drained(database, noon) == 3  # 25, 25, 10

    run = ended(open_work, acme, run_id)
    assert (run.state, run.total, run.done, run.failed) == ("finished", PEOPLE, PEOPLE, 0)
    assert disabled(open_work) == PEOPLE
    with open_work() as work:
        who = {
            (entry.actor_kind, entry.actor_name)
            for entry in work.tx.session.query(AuditEntry).filter_by(tag="account.disabled")
        }
    assert who == {("account", "root@acme.example")}


def test_only_the_chosen_are_acted_on_and_what_cannot_be_done_is_said(database, open_work, acme, root, noon):
    one, two, three = ids(open_work, acme, 1, 2, 3)
    with open_work() as work:
        accounts.disable(work, two)
    run_id = begin(root, acme, "disable", Chosen((one, two, three)))

    drained(database, noon)

    run = ended(open_work, acme, run_id)
    assert (run.state, run.done, run.failed) == ("finished", 2, 1)
    assert run.findings == ["p02@acme.example: “p02@acme.example” is disabled already."]
    assert disabled(open_work) == 3


def test_what_is_scheduled_together_is_cancelled_together_and_nobody_is_erased_at_once(
    database, open_work, acme, root, noon
):
    run_id = begin(root, acme, "delete", Chosen(filters={"starting": "p0"}))
    drained(database, noon)

    assert ended(open_work, acme, run_id).done == 10
    with open_work() as work:
        gone = list(work.tx.session.scalars(sa.select(Account).where(Account.deletion_at.is_not(None))))
        assert {one.deletion_at - noon for one in gone} == {lifetime.GRACE}
        assert not any(one.erased_at for one in gone)
    begin(root, acme, "cancel-deletion", Chosen(filters={"state": "deletion"}))
    drained(database, noon)

    with open_work() as work:
        people = work.tx.session.scalars(sa.select(Account)).all()
        assert not any(one.deletion_at or one.disabled_at for one in people)


def test_second_steps_are_removed_without_passes_and_only_from_whoever_has_a_password(
    database, open_work, acme, root, noon
):
    one, two = ids(open_work, acme, 1, 2)
    with open_work() as work:
        password.set_password(work, one, "correct horse battery", organization_id=acme.id)
        for account_id in (one, two):
            work.tx.session.add(
                RecoveryCode(
                    organization_id=acme.id, id=new_id("rc"), account_id=account_id, code_hash="x", created_at=noon
                )
            )
    run_id = begin(root, acme, "reset-factors", Chosen((one, two)))

    drained(database, noon)

    run = ended(open_work, acme, run_id)
    assert (run.done, run.failed) == (1, 1)
    assert run.findings == ["p02@acme.example: “p02@acme.example” has no password, and could not sign in any more."]
    with open_work() as work:
        assert [one.account_id for one in work.tx.session.scalars(sa.select(RecoveryCode))] == [two]
        assert not work.tx.session.scalars(sa.select(TemporaryPass)).all()
        assert work.tx.session.get(Account, (acme.id, one)).epoch > 1


def test_new_passwords_and_ended_sessions_are_asked_for_together(database, open_work, acme, root, noon):
    one, two = ids(open_work, acme, 1, 2)
    with open_work() as work:
        password.set_password(work, one, "correct horse battery", organization_id=acme.id)
        before = work.tx.session.get(Account, (acme.id, one)).epoch
    with root() as work:
        run_id = bulk_acts.start(
            work, "new-password", organization_id=acme.id, chosen=Chosen((one, two)), options=["sign_out"]
        ).id
        with pytest.raises(Invalid):
            bulk_acts.start(work, "unlock", organization_id=acme.id, chosen=Chosen((one,)), options=["sign_out"])

    drained(database, noon)

    run = ended(open_work, acme, run_id)
    assert (run.done, run.findings) == (
        1,
        ["p02@acme.example: “p02@acme.example” has no password that could be changed."],
    )
    with open_work() as work:
        assert work.tx.session.get(Password, (acme.id, one)).must_change
        assert work.tx.session.get(Account, (acme.id, one)).epoch > before


def test_who_came_after_it_had_begun_is_left_alone(database, open_work, acme, root, noon):
    begin(root, acme, "disable", Chosen(filters={"starting": "p"}))
    with open_work() as work:
        late = replace(work, now=work.now + timedelta(minutes=1))
        accounts.create(late, "p99@acme.example", organization="acme", name="Late")

    drained(database, noon + timedelta(minutes=2))

    with open_work() as work:
        late = work.tx.session.scalar(sa.select(Account).where(Account.email == "p99@acme.example"))
        assert late.disabled_at is None
    assert disabled(open_work) == PEOPLE


@pytest.mark.both_databases
@pytest.mark.parametrize("act", ["delete", "reset-factors", "end-sessions", "revoke-tokens", "new-password"])
def test_d17_whoever_administers_what_the_actor_does_not_is_left_out_and_counted(
    database, open_work, acme, root, noon, act
):
    one, two, three = ids(open_work, acme, 1, 2, 3)
    may = [Permission.ACCOUNT_READ, Permission.ACCOUNT_DELETE, Permission.ACCOUNT_CREDENTIALS]
    with open_work() as work:
        accounts.grant_role(work, one, ORGANIZATION_ADMINISTRATOR, organization_id=acme.id)
        auditors = groups.create(work, "Auditors", organization="acme")
        groups.add(work, "Auditors", two, organization="acme")
        role_assignments.grant(work, AUDITOR, organization="acme", group=auditors.id)
        accounts.create(work, "some@acme.example", organization="acme", name="Some")
        roles.create(work, "Some", organization="acme", permissions=may)
        role_assignments.grant(work, "Some", organization="acme", account="some@acme.example")
    with root("some@acme.example") as work:
        ticked = bulk_acts.meant(work, acme.id, act, Chosen((one, two, three)))
        everyone = bulk_acts.meant(work, acme.id, act, Chosen(filters={"starting": "p0"}))
        run_id = bulk_acts.start(work, act, organization_id=acme.id, chosen=Chosen(filters={"starting": "p0"})).id

    assert (ticked.count, ticked.left_out, ticked.ids, ticked.first) == (1, 2, (three,), ("p03@acme.example",))
    assert (everyone.count, everyone.left_out) == (8, 2)
    runs.drain(database, bulk_acts.kinds(bulk_revoking.DO), noon)
    run = ended(open_work, acme, run_id)
    assert (run.state, run.done + run.failed, run.total) == ("finished", 8, 8)
    with open_work() as work:
        touched = work.tx.session.query(AuditEntry).filter(
            AuditEntry.target_id.in_([one, two]), AuditEntry.actor_name == "some@acme.example"
        )
        assert touched.count() == 0


def test_d17_what_is_left_out_is_what_the_act_for_one_refuses(open_work, acme, root):
    with open_work() as work:
        people = [one.id for one in work.tx.session.scalars(sa.select(Account))]
        accounts.grant_role(work, people[0], AUDITOR, organization_id=acme.id)
        accounts.grant_role(work, people[1], HELP_DESK, organization_id=acme.id)
        work.tx.session.execute(
            sa.update(RoleAssignment)
            .where(RoleAssignment.account_id == people[0])
            .values(valid_from=work.now + timedelta(days=1))
        )
        accounts.create(work, "help@acme.example", organization="acme", name="Help")
        accounts.grant_role(work, "help@acme.example", HELP_DESK, organization_id=acme.id)
    with root("help@acme.example") as work:
        out = rights.out_of_reach(work, acme.id)
        left_out = set(work.tx.session.scalars(sa.select(Account.id).where(out)))
        refused = {
            one.id
            for one in work.tx.session.scalars(sa.select(Account))
            if not rights.is_over(work, rights.RECOVERY, one)
        }

    assert left_out == refused
    assert people[0] in left_out, "what is held later counts, too"
    assert people[1] not in left_out


def test_t2_the_help_desk_does_to_some_what_it_does_to_one_and_never_to_all(open_work, acme, root):
    chosen = ids(open_work, acme, 1, 2)
    with open_work() as work:
        accounts.create(work, "help@acme.example", organization="acme", name="Help")
        accounts.grant_role(work, "help@acme.example", HELP_DESK, organization_id=acme.id)
        many = list(work.tx.session.scalars(sa.select(Account.id).limit(51)))
    allowed, wrong = [], []
    for act in bulk_account_acts.ACTS:
        with root("help@acme.example") as work:
            if bulk_acts.may_begin(work, acme.id, act, Chosen(chosen)):
                allowed.append(act)
            for too_much in (Chosen(filters={}), Chosen(many)):
                if bulk_acts.may_begin(work, acme.id, act, too_much):
                    wrong.append(act)

    assert allowed == ["end-sessions", "reset-factors", "unlock"]
    assert wrong == []


@pytest.mark.parametrize("act", ["enable", "end-sessions", "add-to-group", "move-to-policy"])
def test_each_act_does_what_the_verb_for_one_does(database, open_work, acme, root, noon, act):
    from idp.directory import authentication_policy_changes

    chosen = ids(open_work, acme, 1, 2)
    with open_work() as work:
        groups.create(work, "Staff", organization="acme")
        authentication_policy_changes.create(work, "acme", "Strict")
        for one in chosen:
            accounts.disable(work, one)
    to = {"add-to-group": "Staff", "move-to-policy": "Strict"}.get(act, "")
    run_id = begin(root, acme, act, Chosen(chosen), to)

    drained(database, noon)

    assert (ended(open_work, acme, run_id).done, ended(open_work, acme, run_id).findings) == (2, [])
    with open_work() as work:
        account = work.tx.session.get(Account, (acme.id, chosen[0]))
        seen = {
            "enable": account.disabled_at is None,
            "end-sessions": account.epoch > 1,
            "add-to-group": access.groups_of(work, acme.id, account.id) == ("Staff",),
            "move-to-policy": account.policy_id is not None,
        }
    assert seen[act]


def test_a_run_goes_on_where_it_was_when_the_server_stopped(database, open_work, acme, root, noon):
    run_id = begin(root, acme, "disable", Chosen(filters={"starting": "p"}))

    assert drained(database, noon, seconds=1e-9) == 1
    assert (ended(open_work, acme, run_id).state, ended(open_work, acme, run_id).done) == ("running", 25)
    drained(database, noon)

    assert (ended(open_work, acme, run_id).state, ended(open_work, acme, run_id).done) == ("finished", PEOPLE)


def test_a_stopped_run_leaves_the_rest_as_it_is(database, open_work, acme, root, noon):
    run_id = begin(root, acme, "disable", Chosen(filters={"starting": "p"}))
    drained(database, noon, seconds=1e-9)
    with root() as work:
        runs.stop(work, acme.id, run_id)

    drained(database, noon)

    assert (ended(open_work, acme, run_id).state, disabled(open_work)) == ("stopped", 25)
    with root() as work, pytest.raises(Conflict):
        runs.stop(work, acme.id, run_id)


@pytest.mark.parametrize("how", ["disabled", "no role"])
def test_d17_who_lost_the_right_meanwhile_goes_no_further(database, open_work, acme, root, noon, how):
    run_id = begin(root, acme, "disable", Chosen(filters={"starting": "p"}))
    drained(database, noon, seconds=1e-9)
    with open_work() as work:
        if how == "disabled":
            accounts.create(work, "second@acme.example", organization="acme", name="Second")
            accounts.grant_role(work, "second@acme.example", ORGANIZATION_ADMINISTRATOR, organization_id=acme.id)
            accounts.disable(work, "root@acme.example")
        else:
            work.tx.session.execute(sa.update(RoleAssignment).values(valid_to=noon))

    drained(database, noon)

    run = ended(open_work, acme, run_id)
    assert (run.state, run.done) == ("failed", 25)
    assert run.findings == ["Whoever asked for this may do nothing here any more."]


def test_d17_each_item_acts_with_the_roles_of_that_moment(database, open_work, acme, root, noon):
    run_id = begin(root, acme, "disable", Chosen(ids(open_work, acme, 1, 2)))
    with open_work() as work:
        work.tx.session.execute(sa.update(RoleAssignment).values(role=HELP_DESK))

    drained(database, noon)

    assert (ended(open_work, acme, run_id).failed, disabled(open_work)) == (2, 0)


@pytest.mark.parametrize("act", ["disable", "delete", "reset-factors"])
def test_nobody_does_to_themselves_along_with_others_what_would_keep_them_out(
    database, open_work, acme, root, noon, act
):
    with root() as work:
        own = work.actor.id
        assert bulk_acts.meant(work, acme.id, act, Chosen(filters={})).left_out == 1
        assert bulk_acts.meant(work, acme.id, act, Chosen((own,))).left_out == 1
    run_id = begin(root, acme, act, Chosen(filters={}))

    drained(database, noon)

    run = ended(open_work, acme, run_id)
    assert (run.total, run.done + run.failed, run.parameters["left_out"]) == (PEOPLE, PEOPLE, 1)
    with open_work() as work:
        assert work.tx.session.get(Account, (acme.id, own)).disabled_at is None


def test_t2_accounts_of_another_organization_are_not_found(database, open_work, acme, root, noon):
    with open_work() as work:
        organizations.create(work, "other", name="Other")
        theirs = accounts.create(work, "eve@other.example", organization="other", name="Eve")
    run_id = begin(root, acme, "disable", Chosen((theirs.id,)))

    drained(database, noon)

    run = ended(open_work, acme, run_id)
    assert (run.failed, disabled(open_work)) == (1, 0)
    assert "other" not in run.findings[0]


@pytest.mark.parametrize("role", [HELP_DESK, AUDITOR, USER_ACCESS_ADMINISTRATOR])
def test_t2_who_may_not_disable_one_may_not_disable_many(open_work, acme, root, role):
    with open_work() as work:
        work.tx.session.execute(sa.update(RoleAssignment).values(role=role))

    with pytest.raises(Forbidden):
        begin(root, acme, "disable", Chosen(filters={}))


@pytest.mark.parametrize(
    ("act", "chosen", "error"),
    [
        ("disable", Chosen(), Invalid),
        ("disable", Chosen(("nobody",)), Invalid),
        ("disable", Chosen((new_id("acc"),) * 1001), Invalid),
        ("disable", Chosen(filters={"password": "x"}), Invalid),
        ("erase", Chosen(filters={}), Invalid),
        ("disable", Chosen(filters={"starting": "nobody"}), Invalid),
        ("add-to-group", Chosen(filters={}), NotFound),
    ],
)
def test_what_is_no_choice_or_no_act_begins_nothing(root, acme, act, chosen, error):
    with pytest.raises(error):
        begin(root, acme, act, chosen, "")


def test_t2_a_run_is_seen_by_none_but_who_asked_and_who_reads_the_log(open_work, acme, root, stranger):
    run_id = begin(root, acme, "disable", Chosen(filters={}))
    with open_work() as work:
        other = accounts.create(work, "other@acme.example", organization="acme", name="Other")
        for actor in (as_account(work, other, HELP_DESK), stranger(work)):
            with pytest.raises(NotFound):
                runs.get(actor, acme.id, run_id)
            assert runs.page(actor, acme.id) == []
        assert runs.get(as_account(work, other, AUDITOR), acme.id, run_id).id == run_id
        with pytest.raises(Forbidden):
            runs.stop(as_account(work, other, AUDITOR), acme.id, run_id)


def test_a_part_that_raises_ends_its_run_alone_and_leaves_nothing_half_done(database, open_work, acme, root, noon):
    def broken(work, run, cursor):
        accounts.disable(work, "p01@acme.example")
        raise RuntimeError("a defect")

    first = begin(root, acme, "disable", Chosen(ids(open_work, acme, 2)))
    with root() as work:
        second = runs.start(work, "broken", organization_id=acme.id, title="Broken", parameters={}, total=1).id

    runs.drain(database, {**bulk_acts.KINDS, "broken": broken}, noon)

    assert ended(open_work, acme, first).state == "finished"
    run = ended(open_work, acme, second)
    assert (run.state, disabled(open_work)) == ("failed", 1)
    assert "a defect" not in run.findings[0]


@pytest.mark.both_databases
def test_two_nodes_do_no_part_twice(database, open_work, acme, root, noon):
    from threading import Thread

    run_id = begin(root, acme, "end-sessions", Chosen(filters={"starting": "p"}))
    threads = [Thread(target=drained, args=(database, noon)) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    drained(database, noon)

    run = ended(open_work, acme, run_id)
    with open_work() as work:
        entries = work.tx.session.query(AuditEntry).filter_by(tag="account.sessions-ended").count()
    assert (run.state, run.done, entries) == ("finished", PEOPLE, PEOPLE)


def test_one_person_has_so_many_runs_open_at_once_and_others_have_their_own(database, open_work, acme, root, noon):
    chosen = Chosen(ids(open_work, acme, 1))
    for _ in range(runs.MOST_OPEN):
        first = begin(root, acme, "enable", chosen)
    with pytest.raises(Conflict, match="5 pieces of long work of yours are not finished yet"):
        begin(root, acme, "enable", chosen)
    with open_work() as work:
        accounts.create(work, "second@acme.example", organization="acme", name="Second")
        accounts.grant_role(work, "second@acme.example", ORGANIZATION_ADMINISTRATOR, organization_id=acme.id)
    with root("second@acme.example") as work:
        bulk_acts.start(work, "enable", organization_id=acme.id, chosen=chosen)
    with root() as work:
        runs.stop(work, acme.id, first)

    drained(database, noon)

    assert begin(root, acme, "enable", chosen), "what is over counts no more"


def test_each_act_has_a_verb():
    assert {**bulk_account_acts.DO, **bulk_revoking.DO}.keys() == bulk_account_acts.ACTS.keys()
