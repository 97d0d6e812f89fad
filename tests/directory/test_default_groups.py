"""Default groups: to give an application is to put somebody into its groups."""

import pytest

from idp.base.errors import Conflict, Forbidden, Invalid
from idp.directory import access, applications, default_groups, groups, memberships, queries
from idp.directory import group_rule_changes as rules

pytestmark = pytest.mark.both_databases


@pytest.fixture
def wiki(work, an_organization, a_site, an_application, an_account, a_group):
    an_organization()
    an_account()
    for name in ("Users", "More", "Staff"):
        a_group(name)
    return an_application(a_site())


@pytest.fixture
def ann(work, wiki):
    return queries.account(work, "ann@acme.example")


def opens(work, ann, wiki) -> bool:
    return access.may_open(work, ann.organization_id, wiki.id, ann.id)


def test_a_marked_group_opens_the_application_and_cannot_be_deleted(work, wiki):
    default_groups.mark(work, wiki.id, "Users")

    assert [one.subject_kind for one in applications.grants(work, wiki)] == ["group"]
    with pytest.raises(Conflict, match="default groups of “Wiki”"):
        groups.delete(work, "Users", organization="acme")
    with pytest.raises(Conflict, match="already"):
        default_groups.mark(work, wiki.id, "Users")
    default_groups.unmark(work, wiki.id, "Users")
    groups.delete(work, "Users", organization="acme")


def test_to_give_an_application_is_to_enter_all_its_default_groups(work, wiki, ann):
    for name in ("Users", "More"):
        default_groups.mark(work, wiki.id, name)

    given = default_groups.give(work, ann.email, wiki.id)

    assert ([one.name for one in given.groups], given.grant) == (["More", "Users"], None)
    assert opens(work, ann, wiki)
    with pytest.raises(Conflict, match="already"):
        default_groups.give(work, ann.email, wiki.id)


def test_without_a_default_group_a_person_gets_a_grant_of_their_own(work, wiki, ann):
    given = default_groups.give(work, ann.email, wiki.id, reason="  the  audit ")

    assert given.groups == ()
    assert given.grant.reason == "the audit"
    assert opens(work, ann, wiki)
    taken = default_groups.take(work, ann.email, wiki.id)
    assert (taken.groups, taken.direct, taken.still_open) == ((), True, False)
    assert not opens(work, ann, wiki)


def test_to_take_it_away_is_to_leave_every_group_that_gives_it(work, wiki, ann, a_group):
    default_groups.mark(work, wiki.id, "Users")
    for name in ("Inner", "Ruled"):
        a_group(name)
    for name in ("Staff", "Ruled"):
        applications.grant(work, wiki.id, group=name)
    groups.nest(work, "Inner", "Staff", organization="acme")
    groups.add(work, "Inner", ann.email, organization="acme")
    groups.add(work, "More", ann.email, organization="acme")
    rules.write(work, "Ruled", organization="acme", condition="email is set")
    rules.switch_on(work, "Ruled", organization="acme")
    default_groups.give(work, ann.email, wiki.id)
    applications.grant(work, wiki.id, account=ann.email)

    said = default_groups.would_take(work, ann.email, wiki.id)
    assert opens(work, ann, wiki)
    taken = default_groups.take(work, ann.email, wiki.id)

    assert [one.name for one in taken.groups] == ["Inner", "Ruled", "Users"]
    assert said == taken
    assert not opens(work, ann, wiki)
    assert access.groups_of(work, ann.organization_id, ann.id) == ("More",)
    rules.run(work, "Ruled", organization="acme")
    assert not opens(work, ann, wiki)  # an exception to the rule
    with pytest.raises(Conflict, match="nothing gives it"):
        default_groups.take(work, ann.email, wiki.id)


def test_what_is_open_to_everyone_cannot_be_taken_from_one(work, wiki, ann):
    applications.grant(work, wiki.id, everyone=True)
    with pytest.raises(Conflict, match="open to everyone"):
        default_groups.take(work, ann.email, wiki.id)
    default_groups.give(work, ann.email, wiki.id)
    assert default_groups.take(work, ann.email, wiki.id).still_open


def test_a_group_that_others_fill_is_no_default_group_and_a_default_group_has_no_rule(work, wiki):
    rules.write(work, "Staff", organization="acme", condition="email is set")
    with pytest.raises(Conflict, match="a rule decides"):
        default_groups.mark(work, wiki.id, "Staff")
    default_groups.mark(work, wiki.id, "Users")
    with pytest.raises(Conflict, match="default group of “Wiki”"):
        rules.write(work, "Users", organization="acme", condition="email is set")


def test_a_default_group_for_administrators_carries_their_role(work, wiki):
    with pytest.raises(Conflict, match="does not carry the role"):
        default_groups.mark(work, wiki.id, "Staff", role="administrator")
    with pytest.raises(Invalid):
        default_groups.mark(work, wiki.id, "Staff", role="owner")


CALLS = {
    "mark": lambda work, wiki: default_groups.mark(work, wiki.id, "Users"),
    "unmark": lambda work, wiki: default_groups.unmark(work, wiki.id, "Users"),
    "give": lambda work, wiki: default_groups.give(work, "ann@acme.example", wiki.id),
    "would_take": lambda work, wiki: default_groups.would_take(work, "ann@acme.example", wiki.id),
    "take": lambda work, wiki: default_groups.take(work, "ann@acme.example", wiki.id),
}


@pytest.mark.parametrize("call", CALLS)
def test_t10_no_verb_is_left_to_whoever_may_only_look(work, wiki, ann, as_account, call):
    with pytest.raises(Forbidden):
        CALLS[call](as_account(work, ann, "auditor"), wiki)


def test_members_by_default_are_told_as_such(work, wiki, ann):
    default_groups.mark(work, wiki.id, "Users")
    default_groups.give(work, ann.email, wiki.id)
    users = queries.group(work, "Users", organization_id=ann.organization_id)
    assert [one.kind for one in memberships.members(work, users)[0].sources] == ["default"]
