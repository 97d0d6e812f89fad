"""Housekeeping: what is over goes, what still decides something stays."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from idp.base import jobs, sweeping
from idp.base.models import OutboxMessage
from idp.directory import accounts, imports, organizations
from idp.directory.console_models import Run
from idp.directory.joining_models import AccountImport, AccountImportRow
from idp.policy.permissions import OPERATOR
from idp.signon import history, housekeeping, logout, notices
from idp.signon.models import (
    KnownDevice,
    Logout,
    LogoutStep,
    Notice,
    OneTimeValue,
    Participant,
    PendingSignOn,
    SeenMessage,
    SignIn,
    SignOnSession,
    ThrottleCounter,
)

pytestmark = pytest.mark.both_databases

DAY = timedelta(days=1)


def _one_time(work, value, expires_at):
    return OneTimeValue(
        purpose="code", value_hash=value, bound={}, created_at=work.now, expires_at=expires_at, used_at=None
    )


def _counter(work, key, failures):
    return ThrottleCounter(
        key=key, failures=failures, window_started_at=work.now, next_at=work.now, updated_at=work.now
    )


@pytest.fixture
def session(work, an_organization, an_account, a_site, an_application):
    """A session in which an application got an answer."""
    an_organization()
    account, application = an_account(), an_application(a_site())
    row = SignOnSession(
        organization_id=account.organization_id,
        id="ses_1",
        token_hash="0" * 64,
        account_id=account.id,
        epoch=0,
        methods=[],
        started_at=work.now,
        last_seen_at=work.now,
        idle_seconds=3600,
        expires_at=work.now + timedelta(hours=12),
        ip="",
        user_agent="",
    )
    work.tx.session.add(row)
    work.tx.session.flush()
    work.tx.session.add(
        Participant(
            organization_id=account.organization_id,
            id="par_1",
            session_id="ses_1",
            application_id=application.id,
            subject={},
            joined_at=work.now,
            last_at=work.now,
        )
    )
    work.tx.session.flush()
    return row


def _left(work, model):
    return len(list(work.tx.session.scalars(select(model))))


def test_one_time_values_stay_a_day_longer_than_they_are_good_for(work):
    """A value that is used a second time must still be recognised as used (O7)."""
    work.tx.session.add_all([_one_time(work, "old", work.now - DAY), _one_time(work, "young", work.now)])
    work.tx.session.flush()

    housekeeping.sweep(work)

    assert [row.value_hash for row in work.tx.session.scalars(select(OneTimeValue))] == ["young"]


def test_seen_messages_go_when_a_replay_is_refused_by_its_age(work):
    for message_id, expires_at in (("old", work.now), ("young", work.now + timedelta(seconds=1))):
        work.tx.session.add(
            SeenMessage(
                site_id="sit_1", issuer_hash="i", message_id=message_id, seen_at=work.now, expires_at=expires_at
            )
        )
    work.tx.session.flush()

    housekeeping.sweep(work)

    assert [row.message_id for row in work.tx.session.scalars(select(SeenMessage))] == ["young"]


def test_a_session_and_its_participants_go_thirty_days_after_its_end(work, session):
    before, after = (
        replace(work, now=session.expires_at + 30 * DAY - DAY),
        replace(work, now=session.expires_at + 30 * DAY),
    )

    housekeeping.sweep(before)
    assert (_left(work, SignOnSession), _left(work, Participant)) == (1, 1)

    housekeeping.sweep(after)
    assert (_left(work, SignOnSession), _left(work, Participant)) == (0, 0)


def test_sign_ons_that_were_never_finished_go_after_a_day(work):
    work.tx.session.add(
        PendingSignOn(
            id="pnd_1",
            handle_hash="h",
            attempt_id="att_1",
            protocol="pages",
            request={},
            protocol_state={},
            proofs=[],
            created_at=work.now,
            expires_at=work.now,
        )
    )
    work.tx.session.flush()

    housekeeping.sweep(work)
    assert _left(work, PendingSignOn) == 1

    housekeeping.sweep(replace(work, now=work.now + DAY))
    assert _left(work, PendingSignOn) == 0


def test_a8_wrong_tries_on_an_account_are_not_forgotten_by_waiting(work):
    """A8: a hundred wrong tries stop a factor however slowly they come."""
    counters = {"account:acc_1": 7, "code:acc_1": 3, "account:acc_2": 0, "network-minute:192.0.2.1": 9, "typed:x": 4}
    work.tx.session.add_all([_counter(work, key, failures) for key, failures in counters.items()])
    work.tx.session.flush()

    housekeeping.sweep(replace(work, now=work.now + 365 * DAY))

    assert {row.key for row in work.tx.session.scalars(select(ThrottleCounter))} == {"account:acc_1", "code:acc_1"}


def test_i10_a_great_heap_is_removed_in_parts(work):
    work.tx.session.add_all([_one_time(work, str(number), work.now - DAY) for number in range(25)])
    work.tx.session.flush()

    assert housekeeping.sweep(work, at_once=10)
    assert _left(work, OneTimeValue) == 15
    assert housekeeping.sweep(work, at_once=10)
    assert not housekeeping.sweep(work, at_once=10)
    assert _left(work, OneTimeValue) == 0


def test_it_is_asked_for_once_an_hour_and_runs_as_a_job(open_work, database, noon):
    with open_work() as work:
        work.tx.session.add(_one_time(work, "old", noon - DAY))
        assert sweeping.ask(work, housekeeping.KIND)
        assert not sweeping.ask(work, housekeeping.KIND)

    ran = jobs.run_due(database, {housekeeping.KIND: housekeeping.run}, noon, OPERATOR)

    assert ran == jobs.Ran(1, 0)
    with open_work(now=noon + timedelta(hours=1)) as work:
        assert _left(work, OneTimeValue) == 0
        assert sweeping.ask(work, housekeeping.KIND)


def test_logouts_and_their_steps_go_after_thirty_days(work, session):
    logout.start(work, {}, session.organization_id, {session.id: session.account_id}, because="signed out")
    work.tx.session.flush()

    housekeeping.sweep(replace(work, now=work.now + 29 * DAY))
    assert len(list(work.tx.session.scalars(select(LogoutStep)))) == 1
    housekeeping.sweep(replace(work, now=work.now + 30 * DAY))

    assert list(work.tx.session.scalars(select(LogoutStep))) == []
    assert list(work.tx.session.scalars(select(Logout))) == []


def test_devices_go_with_what_they_counted_when_forgotten_or_unseen_for_a_year(work):
    ages = {"seen": 300, "unseen": 366, "forgotten": 40, "forgotten lately": 20}
    owner = organizations.create(work, "acme", name="Acme")
    account = accounts.create(work, "ann@acme.example", organization="acme", name="Ann")
    for name, days in ages.items():
        work.tx.session.add(
            KnownDevice(
                organization_id=owner.id,
                id=name,
                account_id=account.id,
                account_epoch=1,
                token_hash="x",
                rotated_at=work.now,
                user_agent="",
                ip="",
                first_seen_at=work.now - 400 * DAY,
                last_seen_at=work.now - (0 if "forgotten" in name else days) * DAY,
                revoked_at=work.now - days * DAY if "forgotten" in name else None,
            )
        )
        work.tx.session.add(_counter(work, f"device:{name}", 7))
    work.tx.session.flush()

    housekeeping.sweep(work)

    left = {"seen", "forgotten lately"}
    assert {row.id for row in work.tx.session.scalars(select(KnownDevice))} == left
    assert {row.key for row in work.tx.session.scalars(select(ThrottleCounter))} == {f"device:{one}" for one in left}


def test_the_history_of_sign_ins_is_kept_180_days(work):
    owner = organizations.create(work, "acme", name="Acme")
    account = accounts.create(work, "ann@acme.example", organization="acme", name="Ann")
    for days in (179, 181):
        history.failed(replace(work, now=work.now - days * DAY), owner.id, account.id, method="pwd", attempt_id="")

    housekeeping.sweep(work)

    assert [row.at for row in work.tx.session.scalars(select(SignIn))] == [work.now - 179 * DAY]


def test_notices_and_messages_that_nobody_could_be_sent_are_kept_for_a_while(work, an_organization, an_account):
    an_organization()
    account = an_account()
    notices.notify(
        work,
        organization_id=account.organization_id,
        account_id=account.id,
        kind=notices.NEW_DEVICE,
        facts={},
    )
    work.tx.session.flush()

    def left(days):
        housekeeping.sweep(replace(work, now=work.now + days * DAY))
        return work.tx.session.query(OutboxMessage).count(), work.tx.session.query(Notice).count()

    assert left(29) == (1, 1)
    assert left(31) == (0, 1)
    assert left(89) == (0, 1)
    assert left(91) == (0, 0)


def test_long_work_that_is_over_goes_after_ninety_days_and_what_is_open_stays(work, an_organization):
    owner = an_organization()
    for number, (state, days) in enumerate([("finished", 91), ("failed", 91), ("finished", 89), ("waiting", 91)]):
        work.tx.session.add(
            Run(
                organization_id=owner.id,
                id=f"run_{number}",
                kind="bulk-accounts",
                state=state,
                created_at=work.now - timedelta(days=days),
            )
        )
    work.tx.session.flush()

    housekeeping.sweep(work)

    assert sorted(work.tx.session.scalars(select(Run.id))) == ["run_2", "run_3"]


def test_previews_that_were_never_applied_go_after_thirty_days_and_lists_after_one(work):
    owner, made = organizations.create(work, "acme", name="Acme"), []
    for state, days in ((imports.PREVIEWED, 31), (imports.PREVIEWED, 29), (imports.APPLIED, 31)):
        one = AccountImport(
            organization_id=owner.id,
            id=f"imp_{state}{days}",
            state=state,
            created_at=work.now - timedelta(days=days),
        )
        work.tx.session.add(one)
        made.append(one.id)
    work.tx.session.flush()
    work.tx.session.add(
        AccountImportRow(
            organization_id=owner.id, id="row_1", import_id=made[0], number=2, email="x@y.example", action="create"
        )
    )
    work.tx.session.flush()

    assert housekeeping.sweep(work) is False

    assert {one.id for one in work.tx.session.query(AccountImport)} == {*made[1:]}
    assert work.tx.session.query(AccountImportRow).count() == 0


def test_more_previews_than_are_removed_at_once_ask_for_another_part(work):
    owner = organizations.create(work, "acme", name="Acme")
    for number in range(7):
        work.tx.session.add(
            AccountImport(
                organization_id=owner.id,
                id=f"imp_{number}",
                state=imports.PREVIEWED,
                created_at=work.now - timedelta(days=31),
            )
        )
    work.tx.session.flush()

    assert housekeeping.sweep(work) is True
    assert housekeeping.sweep(work) is False
    assert work.tx.session.query(AccountImport).count() == 0
