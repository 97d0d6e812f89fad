"""Lists of what happened: by key, narrowed, and never of another organization."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base.errors import Forbidden
from idp.directory import accounts, history_lists, queries
from idp.directory.history_lists import Period
from idp.policy.permissions import AUDITOR, HELP_DESK
from tests.support import people

pytestmark = pytest.mark.both_databases


@pytest.fixture
def acme(work, an_organization, an_account):
    """Acme and Other, each with Ann."""
    for slug in ("acme", "other"):
        an_organization(slug, slug.title())
        an_account(f"ann@{slug}.example", slug)
    work.tx.session.flush()
    return queries.organization(work, "acme").id


def later(work, minutes):
    return replace(work, now=work.now + timedelta(minutes=minutes))


def attempt(work, organization_id, **fields):
    trail = Trail(kind=fields.pop("kind", "sign-in"), organization_id=organization_id, **fields)
    attempts.save(work, trail)
    return trail.id


def pages(read, limit):
    """Return the rows of every page, a list each."""
    found, after = [], None
    while rows := read(after=after, limit=limit):
        found.append(rows)
        after = history_lists.key(rows[-1])
    return found


def test_pages_follow_each_other_without_gap_or_double(work, acme):
    for minutes in (1, 1, 1, 2, 3):  # three at the very same moment
        attempt(later(work, minutes), acme)

    found = pages(lambda **how: history_lists.attempts(work, acme, **how), 2)

    ids = [row.id for rows in found for row in rows]
    assert [len(rows) for rows in found] == [2, 2, 1]
    assert len(set(ids)) == 5
    assert [row.at for rows in found for row in rows] == sorted(
        (row.at for rows in found for row in rows), reverse=True
    )


def test_t1_nothing_of_another_organization_is_listed(work, acme):
    other = queries.organization(work, "other").id
    attempt(work, other)

    assert history_lists.attempts(work, acme) == []
    assert {entry.organization_id for entry in history_lists.entries(work, acme)} == {acme}


def test_whoever_may_not_read_the_log_gets_nothing(work, acme):
    ann = queries.account(work, "ann@acme.example")

    assert history_lists.entries(people.as_account(work, ann, AUDITOR), acme)
    with pytest.raises(Forbidden):
        history_lists.entries(people.as_account(work, ann, HELP_DESK), acme)
    with pytest.raises(Forbidden):
        history_lists.attempts(people.stranger(work), acme)


def test_entries_are_narrowed_by_what_was_done_to_what_by_whom(work, acme):
    ann = queries.account(work, "ann@acme.example")
    accounts.disable(people.as_account(later(work, 1), ann, "organization-administrator"), ann.id)

    def tags(**chosen):
        return [entry.tag for entry in history_lists.entries(work, acme, **chosen)]

    assert tags(tag="account.disabled") == ["account.disabled"]
    assert tags(actor=ann.id) == ["account.disabled"]
    assert tags(target=ann.id) == ["account.disabled", "account.created"]
    assert tags(tag="account") == ["account.disabled", "account.created"]
    assert tags(tag="acc") == []


def test_a_period_has_its_beginning_in_it_and_its_end_not(work, acme):
    for minutes in (0, 1, 2):
        attempt(later(work, minutes), acme)
    period = Period(work.now + timedelta(minutes=1), work.now + timedelta(minutes=2))

    found = history_lists.attempts(work, acme, period=period)

    assert [row.at for row in found] == [work.now + timedelta(minutes=1)]


def test_attempts_are_narrowed_by_outcome_person_application_and_kind(work, acme):
    first = attempt(work, acme, outcome="refused", account_id="acc_ann", application_id="app_wiki", kind="saml.sign-on")
    second = attempt(later(work, 1), acme, outcome="succeeded", account_id="acc_ben", kind="oidc.token")

    def ids(**chosen):
        return [row.id for row in history_lists.attempts(work, acme, **chosen)]

    assert ids() == [second, first]
    assert ids(outcome="refused") == ids(account_id="acc_ann") == ids(application_id="app_wiki") == [first]
    assert ids(kind="saml") == ids(kind="saml.sign-on") == [first]
    assert ids(outcome="refused", account_id="acc_ben") == []


def test_things_are_called_by_their_names_and_those_of_others_by_none(work, acme):
    ann, theirs = (queries.account(work, f"ann@{slug}.example") for slug in ("acme", "other"))

    assert history_lists.called(work, acme, {ann.id, theirs.id, "acc_gone", "app_gone"}) == {ann.id: "ann@acme.example"}
