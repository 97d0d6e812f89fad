"""Deferred work: asked for in a transaction, run at least once, given up in sight."""

from datetime import timedelta

import pytest

from idp.base import backoff, jobs
from idp.directory import history, organizations, queries
from idp.policy.permissions import OPERATOR

pytestmark = pytest.mark.both_databases


@pytest.fixture
def run(database):
    """Return a function that runs what is due with one handler for the kind ``test``."""

    def due(now, handler):
        return jobs.run_due(database, {"test": handler}, now, OPERATOR)

    return due


def test_a_job_of_a_transaction_that_fails_was_never_asked_for(open_work, run, noon):
    with pytest.raises(RuntimeError), open_work() as work:
        jobs.defer(work, "test", key="a")
        raise RuntimeError

    assert run(noon, lambda work, payload: None) == jobs.Ran(0, 0)


def test_a_job_runs_once_with_its_payload(open_work, run, noon):
    seen = []
    with open_work() as work:
        jobs.defer(work, "test", key="a", payload={"n": 1})

    assert run(noon, lambda work, payload: seen.append((work.origin.door, payload))) == jobs.Ran(1, 0)
    assert run(noon, lambda work, payload: seen.append("again")) == jobs.Ran(0, 0)
    assert seen == [("job", {"n": 1})]


def test_the_same_key_is_one_job(open_work, run, noon):
    with open_work() as work:
        assert jobs.defer(work, "test", key="a")
        assert not jobs.defer(work, "test", key="a")
        assert jobs.defer(work, "test", key="b")

    assert run(noon, lambda work, payload: None) == jobs.Ran(2, 0)


def test_a_job_waits_for_its_time(open_work, run, noon):
    with open_work() as work:
        jobs.defer(work, "test", key="a", run_at=noon + timedelta(hours=1))

    assert run(noon, lambda work, payload: None).finished == 0
    assert run(noon + timedelta(hours=1), lambda work, payload: None).finished == 1


def test_what_a_failing_job_wrote_is_gone_and_it_is_tried_again(open_work, run, noon):
    """R22: wholly done or wholly absent."""

    def fails(work, payload):
        organizations.create(work, "acme", name="Acme")
        raise RuntimeError("no luck")

    with open_work() as work:
        jobs.defer(work, "test", key="a")

    assert run(noon, fails) == jobs.Ran(0, 1)
    assert run(noon, fails) == jobs.Ran(0, 0)
    with open_work() as work:
        assert queries.organizations(work) == []
        assert "no luck" in jobs.jobs(work)[0].last_error

    later = noon + timedelta(minutes=1)
    assert run(later, lambda work, payload: organizations.create(work, "acme", name="Acme")) == jobs.Ran(1, 0)
    with open_work() as work:
        assert len(queries.organizations(work)) == 1
        assert [e.tag for e in history.entries(work)] == ["organization.created"]


def test_r22_a_job_that_fails_too_often_is_given_up_and_stays_visible(open_work, run, noon):
    def fails(work, payload):
        raise RuntimeError("never")

    with open_work() as work:
        jobs.defer(work, "test", key="a")
    for day in range(backoff.MOST_TRIES + 3):
        run(noon + timedelta(days=day), fails)

    with open_work() as work:
        dead = jobs.jobs(work, dead=True)
        assert [(job.tries, job.last_error) for job in dead] == [(backoff.MOST_TRIES, "RuntimeError: never")]
        jobs.retry(work, dead[0])
    assert run(noon + timedelta(days=99), lambda work, payload: None) == jobs.Ran(1, 0)


def test_r1_a_job_whose_node_died_is_run_by_another_after_its_lease(open_work, database, run, noon):
    from sqlalchemy import update

    from idp.base.models import Job

    with open_work() as work:
        jobs.defer(work, "test", key="a")
    with database.transaction() as tx:  # a node has claimed it, and was killed
        tx.session.execute(update(Job).values(locked_until=noon + timedelta(minutes=5), tries=1))

    assert run(noon + timedelta(minutes=4), lambda work, payload: None).finished == 0
    assert run(noon + timedelta(minutes=5), lambda work, payload: None).finished == 1


def test_a_job_of_an_unknown_kind_fails_by_itself(open_work, run, noon):
    with open_work() as work:
        jobs.defer(work, "other", key="a")
        jobs.defer(work, "test", key="b")

    assert run(noon, lambda work, payload: None) == jobs.Ran(1, 1)


def test_tries_come_ever_later_and_end():
    waits = [backoff.delay(tries) for tries in range(1, backoff.MOST_TRIES)]

    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=1)
    assert backoff.delay(backoff.MOST_TRIES) is None


def test_an_errand_asks_the_outside_while_no_transaction_is_open(database, open_work, noon):
    """D18, reliability: nobody waits for a lock because somebody else's server is slow."""
    seen = []

    def fetch(asked):
        with database.transaction() as tx:  # on SQLite a second writer would wait here for ever
            tx.connection.exec_driver_sql("DELETE FROM outbox_messages")
        seen.append(asked)
        return "answer"

    def settle(work, asked, found):
        organizations.create(work, "acme", name=found)
        seen.append((work.origin.door, asked, found))

    errand = jobs.Errand(lambda work, payload: payload["what"], fetch, settle)
    with open_work() as work:
        jobs.defer(work, "test", key="a", payload={"what": "question"})

    assert jobs.run_due(database, {"test": errand}, noon, OPERATOR) == jobs.Ran(1, 0)
    assert jobs.run_due(database, {"test": errand}, noon, OPERATOR) == jobs.Ran(0, 0)
    assert seen == ["question", ("job", "question", "answer")]


def test_an_errand_with_nothing_to_ask_is_done(database, open_work, noon):
    def never(*_):
        raise AssertionError

    with open_work() as work:
        jobs.defer(work, "test", key="a")

    assert jobs.run_due(database, {"test": jobs.Errand(lambda work, payload: None, never, never)}, noon, OPERATOR) == (
        jobs.Ran(1, 0)
    )


@pytest.mark.parametrize("part", ["prepare", "fetch", "settle"])
def test_an_errand_that_fails_is_tried_again(database, open_work, noon, part):
    def fails(*_):
        raise RuntimeError("no luck")

    parts = {
        "prepare": lambda work, payload: organizations.create(work, "acme", name="Acme") and "x",
        "fetch": lambda asked: "y",
        "settle": lambda work, asked, found: None,
    }
    errand = jobs.Errand(**{**parts, part: fails})
    with open_work() as work:
        jobs.defer(work, "test", key="a")

    assert jobs.run_due(database, {"test": errand}, noon, OPERATOR) == jobs.Ran(0, 1)
    with open_work() as work:
        assert "no luck" in jobs.jobs(work)[0].last_error


def test_organizations_take_turns(open_work, run, noon):
    """R22, T14: ten slow jobs of one organization, asked for earlier, delay another's job by one."""
    with open_work() as work:
        for number in range(10):
            jobs.defer(work, "test", key=f"first:{number}", payload={"of": "first"}, organization_id="org_first")
    with open_work() as work:
        late = noon + timedelta(seconds=1)
        jobs.defer(work, "test", key="second", payload={"of": "second"}, organization_id="org_second", run_at=late)
        jobs.defer(work, "test", key="ours", payload={"of": "nobody"}, run_at=late)
    order = []

    assert run(late, lambda work, payload: order.append(payload["of"])) == jobs.Ran(12, 0)

    assert sorted(order[:3]) == ["first", "nobody", "second"]
    assert order[3:] == ["first"] * 9
