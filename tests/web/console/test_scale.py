"""Pages of an organization that has very much of something: nothing is looked at as a whole while somebody waits."""

import pytest

from idp.base.errors import IdpError
from idp.directory import (
    access_policies,
    accounts,
    authentication_policies,
    authentication_policy_changes,
    groups,
    memberships,
    queries,
    runs,
    sizes,
)
from idp.directory.models import Application, RoleAssignment
from idp.policy.access import documents
from idp.signon import bulk_acts, coverage, group_rule_runs, insights
from idp.web.console import access_paths, lists, replays
from tests.support.front import ANN, BEN, CLEO, NOON
from tests.web.console.conftest import make_administrator

KINDS = {**group_rule_runs.KINDS, **bulk_acts.KINDS}


@pytest.fixture
def large(front, monkeypatch):
    """An organization of which three people are very many."""
    monkeypatch.setattr(sizes, "LARGE", 2)
    monkeypatch.setattr(sizes, "MANY", 1)
    with front.work() as work:
        group = groups.create(work, "Staff", organization="acme")
        return f"/admin/groups/{group.id}"


def drain(front) -> int:
    return runs.drain(front.database, KINDS, NOON)


def members(front) -> set[str]:
    with front.work() as work:
        found = queries.group(work, "Staff", organization_id=front.organization_id)
        return {one.account.email for one in memberships.members(work, found)}


def test_a_rule_is_previewed_and_switched_on_by_runs(front, admin, large, monkeypatch):
    monkeypatch.setattr(memberships, "AT_ONCE", 1)  # parts of few accounts, so that there are several
    admin.open(large + "/rule").submit("Preview", condition=f'email is "{BEN}" or email is "{ANN}"', brake="20")
    page = admin.path
    assert "It has begun" in admin.text
    assert page.startswith("/admin/runs/")
    assert members(front) == set()

    assert drain(front) > 1
    admin.open(page).follow("See what it has found")
    assert "2 people would enter, 0 of 0 members by rule would leave" in admin.text
    assert BEN in admin.text
    admin.submit("Save and switch on")
    assert members(front) == set()
    drain(front)

    assert members(front) == {ANN, BEN}
    admin.open(large + "/rule")
    assert "See who would leave" not in admin.text
    admin.submit("Look at everybody now")
    drain(front)
    assert members(front) == {ANN, BEN}


def test_what_has_changed_since_the_preview_is_not_carried_out(front, admin, large):
    admin.open(large + "/rule").submit("Preview", condition=f'email is "{BEN}"', brake="20")
    page = admin.path
    drain(front)
    with front.work() as work:
        accounts.disable(work, BEN, organization_id=front.organization_id)
    admin.open(page).follow("See what it has found").submit("Save and switch on")
    page = admin.path
    drain(front)

    assert members(front) == set()
    assert "0 would enter the group" in admin.open(page).text


def test_looking_at_a_preview_begins_nothing_where_it_is_work_for_a_run(front, admin, large):
    admin.open(large + '/rule/preview?condition=email begins with "a"')

    assert admin.path.endswith("/rule")
    with front.work() as work:
        assert runs.page(work, front.organization_id) == []


def test_t2_a_preview_is_shown_for_its_own_group_only(front, admin, large):
    admin.open(large + "/rule").submit("Preview", condition=f'email is "{BEN}"', brake="20")
    run_id = admin.path.rpartition("/")[2]
    drain(front)
    with front.work() as work:
        other = groups.create(work, "Other", organization="acme")

    assert admin.open(f"/admin/groups/{other.id}/rule/previewed/{run_id}").status == 404
    assert admin.open(f"{large}/rule/previewed/{run_id}").status == 200


def test_whoever_has_lost_their_role_meanwhile_changes_nothing(front, admin, large):
    admin.open(large + "/rule").submit("Preview", condition=f'email is "{BEN}"', brake="20")
    page = admin.path
    drain(front)
    admin.open(page).follow("See what it has found").submit("Save and switch on")
    with front.work() as work:
        make_administrator(front, email=CLEO)
        held = work.tx.session.query(RoleAssignment).filter_by(account_id=front.account_ids[ANN])
        held.update({"valid_to": work.now})
    drain(front)

    assert members(front) == set()


def test_a_large_group_is_moved_to_a_policy_by_a_run(front, admin, large, monkeypatch):
    monkeypatch.setattr(bulk_acts, "GROUP_AT_ONCE", 1)
    with front.work() as work:
        for one in (BEN, CLEO):
            groups.add(work, "Staff", one, organization="acme")
        target = authentication_policy_changes.create(work, "acme", "Strict").id
        default = authentication_policies.default_policy(work, front.organization_id).id
    admin.open(f"/admin/policies/{default}/members").submit("Move", group="Staff", to=target)
    assert admin.path.startswith("/admin/runs/")
    drain(front)

    with front.work() as work:
        moved = {one.email for one in queries.accounts(work) if one.policy_id == target}
    assert moved == {BEN, CLEO}


def test_numbers_are_counted_as_far_as_pages_need_them(front, admin, large):
    with front.work() as work:
        for one in (BEN, CLEO):
            groups.add(work, "Staff", one, organization="acme")

    assert "more than 1" in admin.open("/admin/groups").text


def test_insights_of_very_many_people_are_those_that_were_counted(front, admin, large):
    with front.work() as work:
        coverage.count_people(work, front.organization_id)
        counted = insights.coverage(work, front.organization_id)
        policies = authentication_policies.counts(work, front.organization_id, counted=False)
        assert counted == insights.count(work, front.organization_id)
        accounts.create(work, "new@acme.example", organization="acme", name="New")
        assert insights.coverage(work, front.organization_id) == counted
        assert authentication_policies.counts(work, front.organization_id) == policies


def test_what_an_account_opens_is_shown_page_by_page(front, admin, monkeypatch):
    monkeypatch.setattr(lists, "ROWS", 1)
    monkeypatch.setattr(access_paths, "_MOST_OFFERED", 1)
    seen = []
    admin.open(f"/admin/accounts/{front.account_ids[ANN]}/access")
    while True:
        seen += [one.text for one in admin.page.xpath("//tbody//th/bdi")]
        following = admin.page.xpath("//a[@rel='next']/@href")
        if not following:
            break
        admin.open(following[0])
    with front.work() as work:
        every = {one.name for one in work.tx.session.query(Application)}

    assert len(seen) == len(set(seen)) > 1
    assert set(seen) <= every
    assert "Its name or its id." in admin.text


def test_a_replay_on_a_page_says_that_it_looked_at_the_newest_only(front, admin, monkeypatch):
    monkeypatch.setattr(replays, "MOST", 1)
    monkeypatch.setattr(replays, "MOST_REPORTED", 1)
    with front.work() as work:
        rules = {"rules": [{"name": "Later", "answer": {"effect": "deny"}, "mode": "report-only"}]}
        written = access_policies.write(work, "acme", "Sessions", documents.rules_from_json(rules))
        policy, rule = written.policy.id, access_policies.rules_of(work, written.policy).rules[0].id
    for _ in range(2):
        front.later(minutes=1)
        admin.open("/")
    admin.open(f"/admin/access/{policy}/rules/{rule}/mode")

    assert "at least" in admin.text or "judged" in admin.text


def test_a_run_that_cannot_be_done_says_why(front, large):
    with pytest.raises(IdpError), front.work() as work:
        group_rule_runs.start_preview(
            work, "Staff", group_rule_runs.Wanted(condition="nonsense"), organization_id=front.organization_id
        )
