"""Who is in a group by rule."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.audit.models import AuditEntry
from idp.base import jobs
from idp.base.errors import Conflict, Invalid
from idp.directory import (
    accounts,
    group_exceptions,
    group_rule_turns,
    groups,
    memberships,
    organizations,
    policy_members,
    queries,
)
from idp.directory import group_rule_changes as rules
from idp.directory.models import Group
from idp.signon import email_change

SALES = 'department is "Sales"'


@pytest.fixture
def sales(an_organization, a_group):
    an_organization()
    return a_group("Sales")


@pytest.fixture
def people(work, sales, an_account):
    """Five of Sales and one of Research."""
    for number in range(5):
        person(work, f"s{number}", "Sales")
    person(work, "r0", "Research")


def person(work, name: str, department: str):
    return accounts.create(
        work, f"{name}@acme.example", organization="acme", name=name, further={"department": [department]}
    )


def members(work, group="Sales") -> set[str]:
    found = queries.group(work, group, organization_id=queries.organization(work, "acme").id)
    return {one.account.name for one in memberships.members(work, found)}


def write(work, condition=SALES, group="Sales", **values):
    return rules.write(work, group, organization="acme", condition=condition, **values)


def switch_on(work, group="Sales"):
    return rules.switch_on(work, group, organization="acme")


def move(work, name: str, department: str) -> None:
    accounts.set_attributes(work, f"{name}@acme.example", {"department": [department]})


def audited(work, tag) -> list[dict]:
    work.tx.session.flush()
    return [e.details for e in work.tx.session.query(AuditEntry).order_by(AuditEntry.id) if e.tag == tag]


@pytest.mark.both_databases
def test_a_rule_does_nothing_until_it_is_switched_on_and_then_what_its_preview_said(work, people):
    made = write(work)
    assert made.active_at is None
    assert members(work) == set()

    seen = rules.preview(work, "Sales", organization="acme")
    assert (len(seen.entering), len(seen.leaving), seen.members) == (5, 0, 0)
    assert [one.name for one in seen.entering_people] == ["s0", "s1", "s2", "s3", "s4"]
    ran = switch_on(work)

    assert not ran.held
    assert members(work) == {"s0", "s1", "s2", "s3", "s4"}
    assert audited(work, "group.rule-applied") == [{"group": "Sales", "entered": 5, "left": 0}]


@pytest.mark.both_databases
def test_whoever_changes_enters_and_leaves_at_once(work, people):
    write(work)
    switch_on(work)
    move(work, "r0", "Sales")
    move(work, "s0", "Research")
    person(work, "s5", "sales")
    assert members(work) == {"r0", "s1", "s2", "s3", "s4", "s5"}
    assert {one["source"] for one in audited(work, "group.member-removed")} == {
        f"rule:{group_rule_turns.rule(work, queries.group(work, 'Sales', organization_id=work.tx.session.query(Group).one().organization_id)).id}"
    }


def test_names_kinds_and_addresses_count_as_well(work, sales, an_account):
    an_account(name="Ann")
    for condition, change in (
        ('name is "Ben"', lambda: accounts.rename(work, "ann@acme.example", name="Ben")),
        ('account_kind is "guest"', lambda: rules_kind(work)),
        (
            'email ends with "@new.example"',
            lambda: email_change.administer(work, "ann@acme.example", "ann@new.example"),
        ),
    ):
        write(work, condition, seen=(0, 0))
        if group_rule_turns.rule(work, sales).active_at is None:
            switch_on(work)
        assert members(work) == set()
        change()
        assert len(members(work)) == 1, condition
        rules.remove(work, "Sales", organization="acme", keep_members=False)


def rules_kind(work):
    return policy_members.set_kind(work, "ann@acme.example", "guest")


def test_whoever_cannot_sign_in_is_left_alone_until_they_can(work, people):
    write(work)
    switch_on(work)
    accounts.disable(work, "s0@acme.example")
    move(work, "s0", "Research")
    accounts.disable(work, "r0@acme.example")
    move(work, "r0", "Sales")
    rules.run(work, "Sales", organization="acme")
    assert "s0" in members(work)
    assert "r0" not in members(work)

    for name in ("s0", "r0"):
        accounts.enable(work, f"{name}@acme.example")
    assert "s0" not in members(work)
    assert "r0" in members(work)


def test_whoever_is_taken_out_by_hand_is_an_exception_until_said_otherwise(work, people):
    write(work)
    switch_on(work)

    removed = groups.remove(work, "Sales", "s0@acme.example", organization="acme")

    assert removed.excepted
    assert members(work) == {"s1", "s2", "s3", "s4"}
    accounts.rename(work, "s0@acme.example", given_name="S")
    rules.run(work, "Sales", organization="acme")
    assert members(work) == {"s1", "s2", "s3", "s4"}
    found = group_rule_turns.rule(work, queries.group(work, "Sales", organization_id=removed.account.organization_id))
    assert [one.email for one in rules.exceptions(work, found)] == ["s0@acme.example"]
    rules.write(work, "Sales", organization="acme", excepted=["s1@acme.example"], seen=(1, 1))
    assert members(work) == {"s0", "s2", "s3", "s4"}


def test_a_rule_has_so_many_exceptions_and_no_more(work, people, monkeypatch):
    monkeypatch.setattr(group_exceptions, "MOST_EXCEPTIONS", 1)
    write(work)
    switch_on(work)
    groups.remove(work, "Sales", "s0@acme.example", organization="acme")
    with pytest.raises(Conflict, match="at most 1 exceptions"):
        groups.remove(work, "Sales", "s1@acme.example", organization="acme")


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("brake", "leaving", "holds"), [(20, 1, False), (20, 2, True), (40, 2, False), (0, 1, True), (100, 5, False)]
)
def test_a_run_that_would_let_too_many_go_holds_itself_and_waits(work, people, brake, leaving, holds):
    write(work, 'department is "Sales" or department is "Gone"', brake_percent=brake)
    switch_on(work)
    account_ids = [queries.account(work, f"s{number}@acme.example") for number in range(leaving)]
    for one in account_ids:
        one.attributes = {"department": ["Away"]}  # nobody asked the rule: as an import behind its back would
    work.tx.session.flush()

    ran = rules.run(work, "Sales", organization="acme")

    assert ran.held is holds
    assert len(members(work)) == (5 if holds else 5 - leaving)
    assert len(audited(work, "group.rule-stopped")) == holds
    if holds:
        assert rules.run(work, "Sales", organization="acme").held  # said once
        assert len(audited(work, "group.rule-stopped")) == 1
        with pytest.raises(Conflict, match="would leave"):
            rules.confirm(work, "Sales", organization="acme", seen=(0, leaving + 1))
        rules.confirm(work, "Sales", organization="acme", seen=(0, leaving))
        assert len(members(work)) == 5 - leaving
    with pytest.raises(Conflict, match="waits for nothing"):
        rules.confirm(work, "Sales", organization="acme")


def test_a_rule_that_is_on_changes_only_as_it_was_seen(work, people):
    write(work)
    switch_on(work)
    for seen in (None, (0, 0), (5, 1)):
        with pytest.raises(Conflict) as refused:
            write(work, 'department is "Research"', seen=seen)
        assert refused.value.code == "unseen"
    planned = rules.preview(work, "Sales", organization="acme", condition='department is "Research"')
    assert [one.name for one in planned.leaving_people] == ["s0", "s1", "s2", "s3", "s4"]
    write(work, 'department is "Research"', seen=(1, 5))
    assert members(work) == {"r0"}


def test_two_who_change_a_rule_the_second_is_told(work, people):
    made = write(work)
    version = made.version
    write(work, 'department is "Research"', if_version=version)
    with pytest.raises(Conflict, match="Someone else"):
        write(work, if_version=version)


def test_switched_off_nobody_enters_or_leaves_and_removed_they_stay_or_go(work, people):
    write(work)
    switch_on(work)
    rules.switch_off(work, "Sales", organization="acme")
    move(work, "r0", "Sales")
    move(work, "s0", "Research")
    assert members(work) == {"s0", "s1", "s2", "s3", "s4"}
    with pytest.raises(Conflict):
        rules.switch_off(work, "Sales", organization="acme")

    group, count = rules.remove(work, "Sales", organization="acme", keep_members=True)
    assert count == 5
    assert group.kind == "manual"
    assert members(work) == {"s0", "s1", "s2", "s3", "s4"}
    assert groups.remove(work, "Sales", "s0@acme.example", organization="acme").ended == ("manual",)

    write(work)
    switch_on(work)
    rules.remove(work, "Sales", organization="acme", keep_members=False)
    assert members(work) == {"s1", "s2", "s3", "s4"}  # r0 had entered only by the rule


@pytest.mark.both_databases
def test_rules_that_turn_on_groups_follow_one_another_through_nesting(work, people, a_group):
    for name in ("Leads", "Everybody", "Third"):
        a_group(name)
    for group, condition in (
        ("Third", 'in group "Everybody" and not in group "Leads"'),
        ("Leads", 'in group "Sales" and name is "s1"'),
        ("Sales", SALES),
    ):
        write(work, condition, group)
        switch_on(work, group)
    groups.nest(work, "Leads", "Everybody", organization="acme")
    groups.add(work, "Everybody", "r0@acme.example", organization="acme")
    assert (members(work, "Leads"), members(work, "Everybody"), members(work, "Third")) == (
        {"s1"},
        {"s1", "r0"},
        {"r0"},
    )

    move(work, "s1", "Research")
    assert (members(work, "Leads"), members(work, "Everybody"), members(work, "Third")) == (set(), {"r0"}, {"r0"})
    move(work, "s1", "Sales")
    groups.unnest(work, "Leads", "Everybody", organization="acme")
    groups.add(work, "Everybody", "s2@acme.example", organization="acme")
    assert (members(work, "Leads"), members(work, "Everybody"), members(work, "Third")) == (
        {"s1"},
        {"r0", "s2"},
        {"r0", "s2"},
    )


@pytest.mark.parametrize(
    ("condition", "error"),
    [
        ("nonsense", Invalid),
        ('sub is "1"', Invalid),
        ('groups is "Staff"', Invalid),
        ('in group "Nowhere"', Invalid),
        ('in group "Sales"', Conflict),
    ],
)
def test_a_condition_that_cannot_be_kept_is_refused(work, sales, condition, error):
    with pytest.raises(error):
        write(work, condition)
    assert sales.kind == "manual"


@pytest.mark.parametrize("brake", [-1, 101])
def test_a_brake_is_a_percentage(work, sales, brake):
    with pytest.raises(Invalid):
        write(work, brake_percent=brake)


def test_groups_are_named_by_people_and_kept_by_id(work, sales, a_group):
    other = a_group("Leads")
    made = write(work, 'in group "leads"')
    assert made.condition == f'in group "{other.id}"'
    groups.edit(work, "Leads", organization="acme", name="Heads")
    assert rules.spelled(work, made) == 'in group "Heads"'


def test_the_hourly_job_finds_what_was_missed(work, people):
    write(work)
    switch_on(work)
    queries.account(work, "r0@acme.example").attributes = {"department": ["Sales"]}
    work.tx.session.flush()
    group_rule_turns.sweep(work, {})
    payload = next(one.payload for one in jobs.jobs(work) if one.kind == group_rule_turns.RUN)
    group_rule_turns.run_one(work, payload)
    assert "r0" in members(work)
    rules.switch_off(work, "Sales", organization="acme")
    group_rule_turns.run_one(work, payload)  # nothing, and no fault


DEPARTMENTS = st.sampled_from(["Sales", "Research", "Board"])


@given(
    before=st.lists(DEPARTMENTS, min_size=1, max_size=6),
    after=st.lists(DEPARTMENTS, min_size=6, max_size=6),
    wanted=st.sets(DEPARTMENTS, min_size=1),
    first=st.sets(DEPARTMENTS, min_size=1),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_preview_says_what_the_run_does(open_work, before, after, wanted, first):
    with open_work() as work:
        slug = f"o{len(queries.organizations(work))}"
        organizations.create(work, slug, name=slug)
        group = groups.create(work, "G", organization=slug)
        ids = [
            accounts.create(
                work, f"p{number}@{slug}.example", organization=slug, name="P", further={"department": [one]}
            ).id
            for number, one in enumerate(before)
        ]
        condition = "department is one of (" + ", ".join(f'"{one}"' for one in sorted(first)) + ")"
        rules.write(work, "G", organization=slug, condition=condition, brake_percent=100)
        rules.switch_on(work, "G", organization=slug)
        for id_, department in zip(ids, after, strict=False):
            queries.account(work, id_).attributes = {"department": [department]}
        work.tx.session.flush()
        was = memberships.ids(work, group.organization_id, group.id)

        other = "department is one of (" + ", ".join(f'"{one}"' for one in sorted(wanted)) + ")"
        seen = rules.preview(work, "G", organization=slug, condition=other)
        rules.write(work, "G", organization=slug, condition=other, seen=(len(seen.entering), len(seen.leaving)))

        now = memberships.ids(work, group.organization_id, group.id)
        assert (set(seen.entering), set(seen.leaving)) == (now - was, was - now)
        assert now == {id_ for id_, department in zip(ids, after, strict=False) if department in wanted}
