"""The end of accounts: disabled at once, brought back as they were, or erased so that nothing says whose they were."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from idp.audit.models import AuditEntry
from idp.base import jobs
from idp.base.errors import Conflict, Forbidden, NotFound
from idp.base.tables import Base
from idp.cli.jobs import handlers
from idp.directory import access, accounts, domains, group_rule_changes, groups, lifetime, queries
from idp.directory.console_models import Run
from idp.directory.joining_models import AccountImport, AccountImportRow, Invitation, JoinRequest
from idp.directory.models import Account, Membership, RoleAssignment
from idp.oidc.models import OidcSubject
from idp.policy.domains import State
from idp.policy.permissions import OPERATOR
from idp.saml.models import SamlName
from idp.settings import Settings
from idp.signon import notices
from idp.signon import session as session_
from idp.signon.factors import totp
from tests.support.front import ANN, BEN, CLEO, DORA, PASSWORD, Front
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in

CANARY = ("ann@acme.example", "Ann Archer", "Archer", "ANN-CANARY")


def run_jobs(front) -> None:
    for _ in range(3):
        jobs.run_due(front.database, handlers(Settings()), front.now, OPERATOR)


def account(front, email) -> Account:
    with front.work() as work:
        return work.tx.session.get_one(Account, (front.organization_id, front.account_ids[email]))


@pytest.fixture
def front(database) -> Front:
    return Front(database)


@pytest.mark.both_databases
def test_who_is_scheduled_is_disabled_at_once_and_comes_back_as_they_were(front):
    front.sign_in_elsewhere(ANN, "Mozilla/5.0", "192.0.2.7")
    for email, was_disabled in ((ANN, False), (CLEO, True)):
        with front.work() as work:
            lifetime.schedule_deletion(work, email)
        found = account(front, email)
        assert found.disabled_at is not None
        assert found.deletion_at == front.now + timedelta(days=14)
        with front.work() as work:
            assert session_.sessions(work, front.organization_id, found.id) == []
        with front.work() as work:
            lifetime.cancel_deletion(work, email)
        found = account(front, email)
        assert (found.disabled_at is not None, found.deletion_at) == (was_disabled, None)
        front.later(days=15)
        run_jobs(front)
        assert account(front, email).erased_at is None


def test_t22_who_comes_back_is_in_no_group_whose_rule_they_do_not_meet_any_more(front):
    with front.work() as work:
        groups.create(work, "Sales", organization="acme")
        accounts.set_attributes(work, ANN, {"department": ["Sales"]})
        group_rule_changes.write(work, "Sales", organization="acme", condition='department is "Sales"')
        group_rule_changes.switch_on(work, "Sales", organization="acme")
        lifetime.schedule_deletion(work, ANN)
    with front.work() as work:
        accounts.set_attributes(work, ANN, {"department": ["Stores"]})
        lifetime.cancel_deletion(work, ANN)
        assert "Sales" not in access.groups_of(work, front.organization_id, front.account_ids[ANN])


def test_a_person_is_told_by_mail_when_their_account_goes(front):
    with front.work() as work:
        lifetime.schedule_deletion(work, ANN)
    assert "Your account at Acme Global is going to be deleted" in [
        mail.subject for mail in front.mails() if mail.to == ANN
    ]


def test_a_scheduled_account_is_not_enabled_by_the_way(front):
    with front.work() as work:
        lifetime.schedule_deletion(work, ANN)
    for act in (accounts.enable, lifetime.schedule_deletion):
        with front.work() as work, pytest.raises(Conflict):
            act(work, ANN)
    assert account(front, ANN).disabled_at is not None


def test_nothing_is_erased_before_its_day(front):
    with front.work() as work:
        lifetime.schedule_deletion(work, ANN)
    front.later(days=13, hours=23)
    run_jobs(front)
    assert account(front, ANN).erased_at is None
    front.later(hours=2)
    run_jobs(front)
    assert account(front, ANN).erased_at is not None


def test_who_is_scheduled_anew_has_the_whole_grace_again(front):
    with front.work() as work:
        lifetime.schedule_deletion(work, ANN)
        lifetime.cancel_deletion(work, ANN)
    front.later(days=10)
    with front.work() as work:
        lifetime.schedule_deletion(work, ANN)
    front.later(days=5)
    run_jobs(front)
    assert account(front, ANN).erased_at is None


def fill(front) -> None:
    """Let Ann have something in every table that knows people."""
    with front.work() as work:
        where, ann = front.organization_id, front.account_ids[ANN]
        accounts.set_attributes(work, ANN, {"department": ["ANN-CANARY"]})
        accounts.rename(work, ANN, given_name="Ann", family_name="Archer")
        totp.add(work, ann, b"another-test-secret!", organization_id=where, name="ANN-CANARY phone")
        accounts.grant_role(work, ann, "auditor", organization_id=where)
        notices.notify(work, organization_id=where, account_id=ann, kind=notices.NEW_DEVICE, facts={"ip": "ANN-CANARY"})
        work.tx.session.add(
            Invitation(
                organization_id=where, id="inv_1", account_id=ann, email=ANN, sent_at=work.now, expires_at=work.now
            )
        )
        work.tx.session.add(
            JoinRequest(
                organization_id=where,
                id="jrq_1",
                email=ANN,
                email_key=ANN,
                name="Ann Archer",
                rule_id="",
                state="approved",
                created_at=work.now,
            )
        )
        work.tx.session.add(
            Invitation(
                organization_id=where,
                id="inv_2",
                account_id=front.account_ids[BEN],
                email=BEN,
                invited_by=ann,
                invited_by_name="Ann Archer",
                sent_at=work.now,
                expires_at=work.now,
            )
        )
        for made in (
            AccountImport(state="applied", created_by=ann, created_by_name="Ann Archer", created_at=work.now),
            Run(
                kind="x",
                state="finished",
                created_by=ann,
                created_by_name="Ann Archer",
                created_at=work.now,
                findings=[f"{ANN}: There is no such account."],
                result={"entering": 1, "entering_people": [["Ann Archer", ANN]], "leaving_people": []},
            ),
        ):
            made.organization_id, made.id = where, f"{made.__tablename__}_1"
            work.tx.session.add(made)
        work.tx.session.flush()
        work.tx.session.add(
            AccountImportRow(
                organization_id=where,
                id="imr_1",
                import_id="account_imports_1",
                number=1,
                email=ANN,
                action="create",
                after={"name": "Ann Archer"},
                account_id=ann,
            )
        )
        work.tx.session.add(
            SamlName(
                organization_id=where,
                id="snm_1",
                application_id="app_1",
                account_id=ann,
                value=ANN,
                value_digest="d",
                created_at=work.now,
            )
        )
        work.tx.session.add(
            OidcSubject(
                organization_id=where, id="osb_1", account_id=ann, sector="", subject="s-1", created_at=work.now
            )
        )
    front.sign_in_elsewhere(ANN, "ANN-CANARY/1.0", "192.0.2.7")
    signed_in(front)


def rows_with(front, words) -> list[str]:
    """Every table (but the log, and attempts) that has one of *words* in a row."""
    found = []
    with front.work() as work:
        for table in Base.metadata.sorted_tables:
            if table.name in ("audit_entries", "attempts"):
                continue
            for row in work.tx.connection.execute(sa.select(table)):
                if any(word.lower() in str(value).lower() for value in row for word in words):
                    found.append(table.name)
    return sorted(set(found))


@pytest.mark.both_databases
def test_an_erased_account_says_nothing_of_its_person_anywhere(front):
    fill(front)
    assert {"accounts", "sign_on_sessions", "saml_names", "invitations"} <= set(rows_with(front, CANARY))
    with front.work() as work:
        lifetime.schedule_deletion(work, ANN)
    run_jobs(front)
    front.later(days=14)
    run_jobs(front)

    assert rows_with(front, CANARY) == []
    found = account(front, ANN)
    assert (found.name, found.email, found.attributes) == ("Former user", "", {})
    assert found.disabled_at is not None
    with front.work() as work:
        entry = work.tx.session.query(AuditEntry).filter_by(tag="account.erased").one()
        assert (entry.target_id, entry.details) == (found.id, {})
        assert work.tx.session.query(OidcSubject).filter_by(account_id=found.id).one().subject == "s-1"
        assert work.tx.session.query(SamlName).filter_by(account_id=found.id).one().value_digest == "d"


KEPT = {
    *("attempts", "logouts", "oidc_subjects", "saml_names", "saml_subjects", "account_import_rows"),
    *("memberships", "role_assignments", "sign_on_sessions", "told_accounts", "provisioning_marks"),
}
"""Tables that still name the id of an erased account: nothing in them says whose it was."""
ERASED = {
    *("pending_sign_ons", "join_requests", "authenticators", "former_passwords", "invitations", "known_devices"),
    *("notices", "passwords", "recovery_codes", "sign_ins", "temporary_passes", "totp_factors", "access_requests"),
    *("consents", "grants", "api_tokens"),
}


def test_every_table_that_knows_accounts_is_kept_or_erased_on_purpose():
    """Whoever adds one says here what becomes of it, and sees to it in `erase` of its floor."""
    assert {table.name for table in Base.metadata.sorted_tables if "account_id" in table.c} == KEPT | ERASED


def test_nothing_is_left_in_the_tables_that_are_erased(front):
    fill(front)
    with front.work() as work:
        lifetime.erase_now(work, ANN)
    run_jobs(front)
    with front.work() as work:
        left = {
            table.name
            for table in Base.metadata.sorted_tables
            if table.name in ERASED
            and work.tx.connection.execute(sa.select(table).where(table.c.account_id == front.account_ids[ANN])).first()
        }
    assert left == set()


@pytest.mark.both_databases
def test_an_account_is_erased_at_once_where_that_was_asked(front):
    fill(front)
    with front.work() as work:
        lifetime.erase_now(work, ANN)
    run_jobs(front)
    assert account(front, ANN).erased_at == front.now
    assert rows_with(front, CANARY) == []


def test_what_is_dated_ends_and_stays_known_by_its_id(front):
    with front.work() as work:
        accounts.grant_role(work, front.account_ids[ANN], "auditor", organization_id=front.organization_id)
        lifetime.erase_now(work, ANN)
    run_jobs(front)
    with front.work() as work:
        for model in (Membership, RoleAssignment):
            rows = work.tx.session.query(model).filter_by(account_id=front.account_ids[ANN]).all()
            assert rows
            assert all(row.valid_to == front.now for row in rows)


def test_x23_the_address_becomes_free_and_its_next_owner_is_another_account(front):
    with front.work() as work:
        lifetime.erase_now(work, ANN)
    run_jobs(front)
    with front.work() as work:
        made = accounts.create(work, ANN, organization="acme", name="Another Ann")
        assert made.id != front.account_ids[ANN]
        assert work.tx.session.query(Membership).filter_by(account_id=made.id).all() == []


def test_t22_an_erased_account_is_none_for_any_verb(front):
    with front.work() as work:
        lifetime.erase_now(work, ANN)
    run_jobs(front)
    of = front.account_ids[ANN]
    for act in (
        lambda work: accounts.enable(work, of),
        lambda work: accounts.rename(work, of, name="Ann"),
        lambda work: groups.add(work, "Research", of, organization="acme", source="rule:x"),
        lambda work: lifetime.cancel_deletion(work, of),
        lambda work: lifetime.schedule_deletion(work, of),
        lambda work: accounts.grant_role(work, of, "auditor", organization_id=front.organization_id),
        lambda work: queries.account(work, ANN),
        lambda work: queries.account(work, f"erased:{of}"),
    ):
        with front.work() as work, pytest.raises(NotFound):
            act(work)
    with front.work() as work:
        assert of not in {one.id for one in queries.accounts(work)}


def test_t22_who_is_scheduled_gets_in_nowhere(front):
    ann = signed_in(front)
    with front.work() as work:
        lifetime.schedule_deletion(work, ANN)

    assert ann.open("/").path != "/"
    fresh = Visitor(front.app.test_client())
    fresh.open("/").submit(username=ANN, password=PASSWORD)
    assert fresh.path != "/"


def test_nobody_deletes_their_own_account_or_the_last_administrator(front, as_account):
    with front.work() as work:
        accounts.grant_role(
            work, front.account_ids[ANN], "organization-administrator", organization_id=front.organization_id
        )
    with pytest.raises(Conflict) as refused, front.work() as work:
        lifetime.schedule_deletion(work, ANN)
    assert refused.value.code == "last-administrator"
    with front.work() as work:
        accounts.grant_role(
            work, front.account_ids[BEN], "organization-administrator", organization_id=front.organization_id
        )
        ann = queries.account(work, ANN)
        own = as_account(work, ann, "organization-administrator")
        with pytest.raises(Conflict):
            lifetime.schedule_deletion(own, ANN)
        lifetime.schedule_deletion(own, BEN)


@pytest.mark.parametrize("act", [lifetime.schedule_deletion, lifetime.cancel_deletion, lifetime.erase_now])
def test_only_who_may_delete_accounts_does(front, act, as_account, stranger):
    with front.work() as work:
        ben = queries.account(work, BEN)
        for role in ("user-access-administrator", "help-desk", "auditor", "security-administrator"):
            with pytest.raises(Forbidden):
                act(as_account(work, ben, role), DORA)
        with pytest.raises(NotFound):
            act(stranger(work), DORA)


def test_whoever_comes_second_is_told(front):
    version = account(front, ANN).version
    with front.work() as work:
        accounts.rename(work, ANN, name="Ann A.")
    with front.work() as work, pytest.raises(Conflict):
        lifetime.schedule_deletion(work, ANN, if_version=version)


def test_t20_nobody_is_deleted_while_the_proof_of_their_domain_is_missing(front):
    with front.work() as work:
        held = domains.add(work, "acme", "acme.example")
        held.state, held.held_name, held.missing_since = State.FROZEN, held.name, front.now - timedelta(days=15)
    with front.work() as work, pytest.raises(Conflict) as refused:
        lifetime.schedule_deletion(work, ANN)
    assert refused.value.code == "domain-frozen"


def test_t20_a_deletion_waits_while_the_proof_of_its_domain_is_missing(front):
    with front.work() as work:
        lifetime.schedule_deletion(work, ANN)
        held = domains.add(work, "acme", "acme.example")
        held.state, held.held_name, held.missing_since = State.FROZEN, held.name, front.now
    front.later(days=15)
    run_jobs(front)
    assert account(front, ANN).erased_at is None
    with front.work() as work:
        held = work.tx.session.merge(held)
        held.state, held.missing_since = State.VERIFIED, None
    front.later(days=1)
    run_jobs(front)
    assert account(front, ANN).erased_at is not None


def test_when_somebody_was_there_last_is_written_at_most_once_an_hour(front):
    signed_in(front)
    first, version = account(front, ANN).last_active_at, account(front, ANN).version
    assert first == front.now
    front.later(minutes=50)
    signed_in(front)
    assert account(front, ANN).last_active_at == first
    front.later(minutes=10)
    signed_in(front)
    assert account(front, ANN).last_active_at == front.now
    assert account(front, ANN).version == version
