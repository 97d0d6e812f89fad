"""Counting by day: what is counted, and that counting again changes nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base import jobs
from idp.directory import accounts, daily_counts, organizations
from idp.directory.console_models import DailyCount
from idp.directory.daily_counts import Day
from idp.signon import coverage
from idp.signon.models import TotpFactor


@pytest.fixture
def acme(work):
    return organizations.create(work, "acme", name="Acme")


def happened(work, organization, *, kind="sign-in", outcome="succeeded", days=0, application=None) -> None:
    trail = Trail(kind, organization_id=organization.id, application_id=application, outcome=outcome)
    attempts.save(replace(work, now=work.now - timedelta(days=days)), trail)


def rows(work):
    return sorted((r.measure, r.subject_id, r.day, r.count) for r in work.tx.session.query(DailyCount))


@pytest.mark.both_databases
def test_sign_ons_of_a_day_are_added_up_by_outcome(work, acme):
    happened(work, acme)
    happened(work, acme, outcome="refused", kind="saml.sign-on")
    happened(work, acme, days=2)
    happened(work, acme, days=2, kind="oidc.token")
    happened(work, acme, days=2, outcome="pending")
    happened(work, acme, days=31)

    daily_counts.count(work, acme.id)

    today = work.now.date()
    found = [day for day in daily_counts.sign_ons(work, acme.id) if day.succeeded or day.refused]
    assert found == [Day(today - timedelta(days=2), 1, 0), Day(today, 1, 1)]


@pytest.mark.both_databases
def test_counting_again_changes_nothing(work, acme):
    happened(work, acme, application="app_x", kind="oidc.sign-on", days=1)
    daily_counts.count(work, acme.id)
    before = rows(work)

    daily_counts.count(work, acme.id)

    assert rows(work) == before


def test_a_day_that_is_not_over_is_counted_again_and_one_that_is_long_over_is_not(work, acme):
    daily_counts.count(work, acme.id)
    happened(work, acme)
    happened(work, acme, days=1)
    happened(work, acme, days=5)

    daily_counts.count(work, acme.id)

    assert [day.succeeded for day in daily_counts.sign_ons(work, acme.id)][-6:] == [0, 0, 0, 0, 1, 1]


def test_applications_are_ranked_by_how_often_they_were_opened(work, acme):
    for days in (0, 3, 20):
        happened(work, acme, kind="saml.sign-on", application="app_often", days=days)
    happened(work, acme, kind="saml.sign-on", application="app_once")
    happened(work, acme, kind="saml.sign-on", application="app_never", outcome="refused")

    daily_counts.count(work, acme.id)

    assert daily_counts.most_opened(work, acme.id) == [("app_often", 3), ("app_once", 1)]
    assert sum(daily_counts.of_application(work, acme.id, "app_often")) == 3


def test_t2_another_organization_is_counted_for_itself(work, acme):
    other = organizations.create(work, "other", name="Other")
    happened(work, other)

    daily_counts.count(work, acme.id)

    assert all(not day.succeeded for day in daily_counts.sign_ons(work, acme.id))


def test_people_with_a_second_step_are_counted(work, acme):
    people = [accounts.create(work, f"p{n}@acme.example", organization="acme", name="P") for n in range(4)]
    accounts.disable(work, people[3].id)
    for person in people[2:]:
        work.tx.session.add(
            TotpFactor(
                organization_id=acme.id,
                id=f"fac_{person.id}",
                account_id=person.id,
                name="App",
                secret_sealed="x",
                created_at=work.now,
                confirmed_at=work.now,
            )
        )
    assert coverage.second_step(work, acme.id) is None

    coverage.count_people(work, acme.id)

    assert coverage.second_step(work, acme.id) == (3, 1)


def test_the_job_counts_for_every_organization(database, open_work):
    with open_work() as work:
        made = [organizations.create(work, f"o{number}", name="O") for number in range(45)]
        jobs.defer(work, daily_counts.KIND, key="first")

    handlers = {daily_counts.KIND: coverage.count_organizations}
    while jobs.run_due(database, handlers, work.now, "operator").finished:
        pass

    with open_work() as work:
        assert all(coverage.second_step(work, one.id) == (0, 0) for one in made)
