"""The one audit writer: in the transaction of the effect, without control characters, without secrets."""

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.events import AccountDisabled, catalogue
from idp.audit.log import plain, plain_json, record
from idp.audit.models import Attempt, AuditEntry
from idp.base.errors import Conflict
from idp.base.json_columns import JsonText
from idp.base.texts import phrase
from idp.directory import organizations


def test_an_entry_says_who_did_what_to_whom_from_where(work):
    record(work, AccountDisabled(organization_id="org_a", target_id="acc_ann", email="ann@acme.example"))

    entry = work.tx.session.query(AuditEntry).one()
    assert (entry.tag, entry.organization_id, entry.target_id) == ("account.disabled", "org_a", "acc_ann")
    assert (entry.actor_kind, entry.door, entry.ip, entry.request_id) == ("operator", "cli", "192.0.2.1", "req_test")
    assert entry.at == work.now
    assert entry.details == {"email": "ann@acme.example"}


@pytest.mark.both_databases
def test_r23_what_is_rolled_back_is_not_in_the_log(open_work):
    def disable_and_fail():
        with open_work() as work:
            record(work, AccountDisabled(organization_id="org_a", target_id="acc_ann", email="ann@acme.example"))
            raise Conflict("something clashed")

    with pytest.raises(Conflict):
        disable_and_fail()

    with open_work() as work:
        assert work.tx.session.query(AuditEntry).count() == 0


@pytest.mark.parametrize(
    "forged", ["ann\nACCOUNT ENABLED", "ann\x1b[2Jx", "ann\u202egro", "ann\x00", "ann\r", "ann\ud800"]
)
def test_t17_control_and_direction_characters_do_not_get_in(work, forged):
    record(work, AccountDisabled(organization_id="org_a", target_id="acc_ann", email=forged))

    stored = work.tx.session.query(AuditEntry).one().details["email"]
    assert stored.startswith("ann")
    assert not set(stored) & set("\n\r\x1b\x00\u202e\ud800")


def test_t17_a_megabyte_is_cut(work):
    assert len(plain("x" * 1_000_000)) == 501
    assert len(plain({"deep": ["x" * 1_000_000]})["deep"][0]) == 501


LONG = st.sampled_from(["x" * 500, "x" * 501, "é" * 500, '"' * 300, "x" * 499 + "\u202e"])
TEXT = st.one_of(st.text(max_size=12), LONG)
SAID = st.recursive(
    st.one_of(TEXT, st.integers(-(2**70), 2**70), st.booleans(), st.none(), st.frozensets(TEXT, max_size=1)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=8,
)


@given(SAID)
@example({"email": "ann@acme.example", "steps": [{"step": "client", "words": phrase("one of %(n)s", n="two")}]})
def test_t17_what_is_written_as_json_at_once_is_what_would_have_been_stored(value):
    written = plain_json(value)

    if isinstance(written, JsonText):
        assert orjson.loads(str(written)) == orjson.loads(orjson.dumps(plain(value)))
    else:
        assert written == plain(value)


@pytest.mark.both_databases
@pytest.mark.parametrize("name", ["Ann", "Änn", 'Ann "A" Ames', "x" * 600])
def test_details_are_stored_as_objects_whatever_is_in_them(open_work, name):
    with open_work() as work:
        record(work, AccountDisabled(organization_id="org_a", target_id="acc_ann", email=name))

    with open_work() as work:
        assert work.tx.session.query(AuditEntry).one().details == {"email": plain(name)}


def test_every_tag_is_a_noun_and_what_happened_to_it():
    tags = catalogue()

    assert len(tags) > 30
    assert all(tag == tag.lower() and tag.count(".") == 1 for tag in tags)


def test_an_attempt_is_one_row_however_often_it_is_saved(work):
    trail = Trail(kind="test.sign-on")
    trail.passed("client", name="Wiki")
    attempts.save(work, trail)
    trail.failed("signature", "bad-signature", "the digest differs")
    attempts.save(work, trail)

    row = work.tx.session.query(Attempt).one()
    assert (row.outcome, row.code, row.cause) == ("refused", "bad-signature", "the digest differs")
    assert [step["step"] for step in row.steps] == ["client", "signature"]


def test_an_attempt_goes_on_in_another_request(open_work):
    trail = Trail(kind="test.sign-on", organization_id="org_a")
    with open_work() as work:
        attempts.save(work, trail)
    with open_work() as work:
        found = attempts.load(work, trail.id)
        found.passed("password")
        found.succeeded()
        attempts.save(work, found)

    with open_work() as work:
        row = work.tx.session.get_one(Attempt, trail.id)
        assert (row.outcome, row.organization_id) == ("succeeded", "org_a")


def test_an_attempt_that_is_continued_twice_in_one_transaction_loses_no_step(open_work):
    trail = Trail(kind="test.sign-on")
    with open_work() as work:
        attempts.save(work, trail)
    with open_work() as work:
        for step in ("password", "code", "session"):
            found = attempts.load(work, trail.id)
            found.passed(step)
            attempts.save(work, found)

    with open_work() as work:
        assert [step["step"] for step in attempts.load(work, trail.id).steps] == ["password", "code", "session"]


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor_name = 'nobody'",
        "UPDATE audit_entries SET at = at",
        "DELETE FROM audit_entries",
        "DELETE FROM audit_entries WHERE tag = 'organization.created'",
    ],
)
def test_d21_an_entry_is_neither_changed_nor_deleted(database, open_work, statement):
    with open_work() as work:
        organizations.create(work, "acme", name="Acme")
    with pytest.raises(DBAPIError, match="audit entries are"), database.engine.begin() as connection:
        connection.exec_driver_sql(statement)

    with open_work() as work:
        assert work.tx.session.query(AuditEntry).one().actor_name == work.actor.name
        organizations.create(work, "other", name="Other")
    with open_work() as work:
        assert work.tx.session.query(AuditEntry).count() == 2, "and the next one is added"


@pytest.mark.both_databases
def test_d21_the_log_is_not_emptied_at_once(database, database_kind, open_work):
    with open_work() as work:
        organizations.create(work, "acme", name="Acme")
    emptied = "TRUNCATE audit_entries" if database_kind == "postgresql" else "DELETE FROM audit_entries"
    with pytest.raises(DBAPIError, match="audit entries are"), database.engine.begin() as connection:
        connection.exec_driver_sql(emptied)


@pytest.mark.both_databases
def test_the_named_way_of_a_retention_lifts_one_trigger_for_one_transaction(database, database_kind, open_work):
    """What ADR 14 says a retention will do works on both databases, and what fails half-way leaves the trigger."""
    with open_work() as work:
        organizations.create(work, "acme", name="Acme")
    dropped = "DROP TRIGGER audit_entries_not_deleted" + (" ON audit_entries" if database_kind == "postgresql" else "")
    with pytest.raises(ZeroDivisionError), database.engine.begin() as connection:
        if database_kind == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.exec_driver_sql(dropped)
        connection.exec_driver_sql("DELETE FROM audit_entries")
        raise ZeroDivisionError

    with open_work() as work:
        assert work.tx.session.query(AuditEntry).count() == 1
    with pytest.raises(DBAPIError, match="audit entries are"), database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM audit_entries")
