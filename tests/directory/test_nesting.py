"""Groups inside of groups: whoever is in the inner one is in the outer one, whatever happens in whatever order."""

import itertools
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from idp.base.errors import Conflict, Forbidden
from idp.directory import (
    access,
    accounts,
    applications,
    default_groups,
    groups,
    memberships,
    nesting,
    organizations,
    queries,
)
from idp.directory import group_rule_changes as rules
from idp.directory.group_models import GroupNesting
from idp.directory.models import Group, Membership, RoleAssignment

PEOPLE = 4
GROUPS = 5


def carries_role(work, group, *, site_id=None, application_id=None):
    work.tx.session.add(
        RoleAssignment(
            organization_id=group.organization_id,
            id=f"rol_{group.id}",
            account_id=None,
            group_id=group.id,
            role="organization-administrator",
            site_id=site_id,
            application_id=application_id,
            valid_from=work.now,
            valid_to=None,
        )
    )
    work.tx.session.flush()


@pytest.fixture
def acme(an_organization):
    return an_organization()


def people_in(work, group: Group) -> set[str]:
    return {one.account.email.partition("@")[0] for one in memberships.members(work, group)}


@pytest.mark.both_databases
def test_members_go_up_through_any_depth_and_leave_again(work, acme, a_group, an_account):
    chain = [a_group(f"G{number}") for number in range(6)]
    ann = an_account()
    groups.add(work, "G0", ann.id, organization="acme")
    for number in range(5):
        groups.nest(work, f"G{number}", f"G{number + 1}", organization="acme")
    ben = an_account("ben@acme.example", name="Ben")
    groups.add(work, "G1", ben.id, organization="acme")

    assert [people_in(work, one) for one in chain] == [{"ann"}] + [{"ann", "ben"}] * 5
    groups.unnest(work, "G2", "G3", organization="acme")
    assert [people_in(work, one) for one in chain] == [{"ann"}] + [{"ann", "ben"}] * 2 + [set()] * 3
    assert nesting.nested(work, chain[2], inside=True) == []
    assert nesting.nested(work, chain[2], inside=False) == [chain[1]]
    groups.nest(work, "G2", "G3", organization="acme")
    assert people_in(work, chain[5]) == {"ann", "ben"}


@pytest.mark.parametrize("way", [["G0"], ["G1", "G0"], ["G2", "G1", "G0"]])
def test_a_circle_is_refused_however_long(work, acme, a_group, way):
    for number in range(4):
        a_group(f"G{number}")
    for inner, outer in itertools.pairwise(way):
        groups.nest(work, outer, inner, organization="acme")  # G0 in G1 in G2
    with pytest.raises(Conflict) as refused:
        groups.nest(work, way[0], way[-1], organization="acme")
    assert refused.value.code == "circle"


def test_a_circle_through_a_rule_is_refused_from_either_side(work, acme, a_group):
    for name in ("A", "B", "C"):
        a_group(name)
    rules.write(work, "A", organization="acme", condition='in group "B"')
    groups.nest(work, "C", "B", organization="acme")
    with pytest.raises(Conflict) as refused:
        groups.nest(work, "A", "C", organization="acme")
    assert refused.value.code == "circle"
    for around in ("A", "B", "C"):
        with pytest.raises(Conflict) as refused:
            rules.write(
                work,
                "C",
                organization="acme",
                condition=f'not in group "{around}"' if around != "B" else 'in group "A"',
            )
        assert refused.value.code == "circle"


def test_nothing_is_nested_twice_nor_taken_out_twice(work, acme, a_group):
    for name in ("A", "B"):
        a_group(name)
    groups.nest(work, "A", "B", organization="acme")
    with pytest.raises(Conflict, match="already"):
        groups.nest(work, "A", "B", organization="acme")
    groups.unnest(work, "A", "B", organization="acme")
    with pytest.raises(Conflict, match="is not inside"):
        groups.unnest(work, "A", "B", organization="acme")


@pytest.mark.both_databases
def test_of_two_who_nest_each_in_the_other_at_once_one_is_refused(open_work, database):
    with open_work() as work:
        organizations.create(work, "acme", name="Acme")
        for name in ("A", "B"):
            groups.create(work, name, organization="acme")
    ready, came = Barrier(2), []

    def nest(child: str, parent: str) -> None:
        try:
            with open_work() as work:
                ready.wait(10)
                groups.nest(work, child, parent, organization="acme")
            came.append("nested")
        except Conflict as error:
            came.append(error.code)

    threads = [Thread(target=nest, args=pair) for pair in (("A", "B"), ("B", "A"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(came) == ["circle", "nested"]
    with open_work() as work:
        assert len(work.tx.session.scalars(select(GroupNesting)).all()) == 1


@pytest.mark.both_databases
def test_whoever_enters_a_group_while_it_is_nested_is_not_forgotten(open_work):
    with open_work() as work:
        organizations.create(work, "acme", name="Acme")
        accounts.create(work, "ann@acme.example", organization="acme", name="Ann")
        outer = groups.create(work, "Outer", organization="acme")
        groups.create(work, "Inner", organization="acme")
    ready = Barrier(2)

    def act(what) -> None:
        with open_work() as work:
            ready.wait(10)
            what(work)

    threads = [
        Thread(target=act, args=(lambda work: groups.nest(work, "Inner", "Outer", organization="acme"),)),
        Thread(target=act, args=(lambda work: groups.add(work, "Inner", "ann@acme.example", organization="acme"),)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    with open_work() as work:
        assert people_in(work, work.tx.session.merge(outer)) == {"ann"}


def test_t5_nesting_needs_the_right_to_change_members_of_everything_above(work, acme, a_group, an_account, as_account):
    ann = an_account()
    for name in ("Inner", "Outer"):
        a_group(name)
    acting = as_account(work, ann, "user-access-administrator")
    top = a_group("Top")
    carries_role(work, top)
    groups.nest(work, "Outer", "Top", organization="acme")

    for attempt in (
        lambda: groups.nest(acting, "Inner", "Outer", organization="acme"),
        lambda: groups.nest(acting, "Inner", "Top", organization="acme"),
        lambda: groups.add(acting, "Outer", ann.id, organization="acme"),
        lambda: groups.add_all(acting, "Outer", [ann.id], organization="acme"),
        lambda: groups.unnest(acting, "Outer", "Top", organization="acme"),
    ):
        with pytest.raises(Forbidden):
            attempt()
    groups.add(acting, "Inner", ann.id, organization="acme")
    assert people_in(work, top) == set()


def test_t5_no_rule_and_no_default_group_brings_people_to_a_role(work, acme, a_group, a_site, an_application):
    top = a_group("Top")
    carries_role(work, top)
    for name in ("Middle", "Ruled", "Default", "Under"):
        a_group(name)
    rules.write(work, "Ruled", organization="acme", condition="email is set")
    wiki = an_application(a_site())
    default_groups.mark(work, wiki.id, "Default", role="user")
    groups.nest(work, "Middle", "Top", organization="acme")
    groups.nest(work, "Ruled", "Under", organization="acme")

    for child in ("Ruled", "Default", "Under"):
        for parent in ("Top", "Middle"):
            with pytest.raises(Conflict) as refused:
                groups.nest(work, child, parent, organization="acme")
            assert refused.value.code == "carries-role"
    for name in ("Top", "Middle"):
        with pytest.raises(Conflict) as refused:
            rules.write(work, name, organization="acme", condition="email is set")
        assert refused.value.code == "carries-role"
        with pytest.raises(Conflict) as refused:
            default_groups.mark(work, wiki.id, name, role="user")
        assert refused.value.code == "carries-role"


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, GROUPS - 1), st.integers(0, PEOPLE - 1)),
        st.tuples(st.just("remove"), st.integers(0, GROUPS - 1), st.integers(0, PEOPLE - 1)),
        st.tuples(st.just("nest"), st.integers(0, GROUPS - 1), st.integers(0, GROUPS - 1)),
        st.tuples(st.just("unnest"), st.integers(0, GROUPS - 1), st.integers(0, GROUPS - 1)),
    ),
    max_size=24,
)


@given(changes=CHANGES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_flat_rows_are_the_closure_of_nesting_after_whatever_changes(open_work, changes):
    with open_work() as work:
        slug = f"o{len(queries.organizations(work))}"
        organization = organizations.create(work, slug, name=slug)
        for number in range(GROUPS):
            groups.create(work, f"G{number}", organization=slug)
        for number in range(PEOPLE):
            accounts.create(work, f"p{number}@{slug}.example", organization=slug, name="P")
        by_hand: set[tuple[int, int]] = set()
        inside: set[tuple[int, int]] = set()
        for what, first, second in changes:
            try:
                if what == "add":
                    groups.add(work, f"G{first}", f"p{second}@{slug}.example", organization=slug)
                    by_hand.add((first, second))
                elif what == "remove":
                    groups.remove(work, f"G{first}", f"p{second}@{slug}.example", organization=slug)
                    by_hand.discard((first, second))
                elif what == "nest":
                    groups.nest(work, f"G{first}", f"G{second}", organization=slug)
                    inside.add((first, second))
                else:
                    groups.unnest(work, f"G{first}", f"G{second}", organization=slug)
                    inside.discard((first, second))
            except Conflict:
                continue

        expected = set(by_hand)
        while True:
            more = {(outer, who) for inner, outer in inside for group, who in expected if group == inner}
            if more <= expected:
                break
            expected |= more
        rows = work.tx.session.execute(
            select(Group.name, Membership.account_id, Membership.source)
            .join(Group, (Group.organization_id == Membership.organization_id) & (Group.id == Membership.group_id))
            .where(Membership.organization_id == organization.id, memberships.held(work.now))
        ).all()
        people = {
            row.id: int(row.email[1])
            for number in range(PEOPLE)
            for row in [queries.account(work, f"p{number}@{slug}.example", organization_id=organization.id)]
        }
        assert {(int(name[1]), people[account_id]) for name, account_id, _ in rows} == expected
        assert len({tuple(row) for row in rows}) == len(rows)  # no source says the same twice


def test_a_group_in_a_group_opens_what_the_outer_one_opens(work, acme, a_group, an_account, a_site, an_application):
    wiki, ann = an_application(a_site()), an_account()
    a_group("Inner"), a_group("Outer")
    applications.grant(work, wiki.id, group="Outer")
    groups.add(work, "Inner", ann.id, organization="acme")
    assert not access.may_open(work, acme.id, wiki.id, ann.id)
    groups.nest(work, "Inner", "Outer", organization="acme")
    assert access.may_open(work, acme.id, wiki.id, ann.id)
