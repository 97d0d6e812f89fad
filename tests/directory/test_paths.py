"""Who can open what, and why; now, and on any day."""

from datetime import timedelta

import pytest

from idp.base.errors import NotFound
from idp.directory import access, accounts, applications, default_groups, groups, organizations, paths, queries
from idp.directory import group_rule_changes as rules
from tests.conftest import NOON

pytestmark = pytest.mark.both_databases

DAY = timedelta(days=1)


@pytest.fixture
def acme(work, an_organization, a_site, an_application, an_account, a_group):
    """Ann and Ben, the groups Inner, Staff and Sales, the applications Wiki and Chat."""
    made = an_organization()
    site = a_site()
    for name in ("ann", "ben"):
        an_account(f"{name}@acme.example", name=name.title())
    for name in ("Inner", "Staff", "Sales"):
        a_group(name)
    for name in ("Wiki", "Chat"):
        an_application(site, name)
    return made


def app(work, name="Wiki"):
    return next(one for one in queries.applications(work) if one.name == name)


def ways(work, name="ann", at=None, application="Wiki"):
    found = paths.of_account(work, f"{name}@acme.example", organization_id=app(work).organization_id, at=at)
    return {
        (way.kind, tuple(one.name for one in way.groups), way.source.kind if way.source else "", way.default)
        for one in found.openings
        if one.application.name == application
        for way in one.ways
    }


def who(work, at=None, **values):
    found = paths.of_application(work, app(work).id, at=at, **values)
    return [one.account.name for one in found.people]


def test_every_chain_of_facts_is_told(work, acme):
    wiki = app(work)
    applications.grant(work, wiki.id, everyone=True)
    applications.grant(work, wiki.id, account="ann@acme.example")
    applications.grant(work, wiki.id, group="Staff")
    default_groups.mark(work, wiki.id, "Sales")
    groups.nest(work, "Inner", "Staff", organization="acme")
    groups.add(work, "Inner", "ann@acme.example", organization="acme")
    groups.add(work, "Staff", "ann@acme.example", organization="acme")
    default_groups.give(work, "ann@acme.example", wiki.id)

    assert ways(work) == {
        ("everyone", (), "", False),
        ("account", (), "", False),
        ("group", ("Inner", "Staff"), "manual", False),
        ("group", ("Staff",), "manual", False),
        ("group", ("Sales",), "default", True),
    }
    assert ways(work, "ben") == {("everyone", (), "", False)}
    found = paths.of_application(work, wiki.id)
    assert (found.count, found.everyone, who(work)) == (2, True, ["Ann", "Ben"])
    assert {(way.kind, len(way.groups)) for way in found.people[0].ways} == {
        ("everyone", 0), ("account", 0), ("group", 2), ("group", 1),
    }  # fmt: skip


def test_a_rule_is_a_way_and_names_itself(work, acme):
    applications.grant(work, app(work).id, group="Sales")
    made = rules.write(work, "Sales", organization="acme", condition='name is "Ann"')
    rules.switch_on(work, "Sales", organization="acme")

    opening = paths.of_account(work, "ann@acme.example", organization_id=acme.id).openings[0]
    assert (opening.ways[0].source.kind, opening.ways[0].source.of) == ("rule", made.id)
    assert who(work) == ["Ann"]


def test_what_paths_say_of_now_is_what_the_gate_says(work, acme):
    wiki, chat = app(work), app(work, "Chat")
    applications.grant(work, wiki.id, group="Staff")
    applications.grant(work, chat.id, everyone=True)
    groups.nest(work, "Inner", "Staff", organization="acme")
    groups.add(work, "Inner", "ann@acme.example", organization="acme")
    applications.disable(work, chat.id)
    for name in ("ann", "ben"):
        account = queries.account(work, f"{name}@acme.example")
        found = paths.of_account(work, account.id, organization_id=acme.id)
        told = {one.application.id for one in found.openings if one.opens}
        for one in (wiki, chat):
            assert (one.id in told) is access.may_open(work, acme.id, one.id, account.id)


def test_a_day_of_the_past_is_told_as_it_was(open_work):
    with open_work(now=NOON) as work:
        made = organizations.create(work, "acme", name="Acme")
        from idp.directory import sites

        site = sites.create(work, "acme", organization="acme", name="Acme")
        accounts.create(work, "ann@acme.example", organization="acme", name="Ann")
        for name in ("Inner", "Staff"):
            groups.create(work, name, organization="acme")
        applications.create(work, site, protocol="saml", name="Wiki")
        applications.grant(work, app(work).id, group="Staff")
    with open_work(now=NOON + DAY) as work:
        groups.add(work, "Inner", "ann@acme.example", organization="acme")
    with open_work(now=NOON + 2 * DAY) as work:
        groups.nest(work, "Inner", "Staff", organization="acme")
    with open_work(now=NOON + 4 * DAY) as work:
        accounts.disable(work, "ann@acme.example")
    with open_work(now=NOON + 6 * DAY) as work:
        accounts.enable(work, "ann@acme.example")
        applications.disable(work, app(work).id)
    with open_work(now=NOON + 8 * DAY) as work:
        groups.delete(work, "Inner", organization="acme")

    with open_work(now=NOON + 10 * DAY) as work:
        chain = {("group", ("Inner", "Staff"), "manual", False)}
        for day, opened, state, state_of_application in (
            (-1, False, "not-yet", ""),
            (0, False, "active", ""),
            (1, False, "active", ""),
            (3, True, "active", "active"),
            (5, True, "disabled", "active"),
            (7, True, "active", "disabled"),
            (9, False, "active", ""),
        ):
            at = NOON + day * DAY
            found = paths.of_account(work, "ann@acme.example", organization_id=made.id, at=at)
            assert ways(work, at=at) == (chain if opened else set()), day
            assert found.state == state, day
            assert [one.state for one in found.openings] == ([state_of_application] if opened else []), day
            assert who(work, at=at) == (["Ann"] if opened else []), day
            assert found.limits
        assert paths.of_account(work, "ann@acme.example", organization_id=made.id).limits == ()


def test_people_are_paged_by_address(work, acme, an_account):
    applications.grant(work, app(work).id, everyone=True)
    for number in range(5):
        an_account(f"p{number}@acme.example", name=f"P{number}")
    seen, after = [], None
    while found := paths.of_application(work, app(work).id, after=after, limit=3).people:
        seen += [one.account.name for one in found]
        after = (found[-1].account.email_key, found[-1].account.id)
    assert seen == ["Ann", "Ben", "P0", "P1", "P2", "P3", "P4"]
    assert who(work, starting="P1") == ["P1"]


def test_the_number_of_queries_does_not_grow_with_the_rows(work, acme, an_account, database):
    from sqlalchemy import event

    wiki = app(work)
    groups.nest(work, "Inner", "Staff", organization="acme")
    applications.grant(work, wiki.id, group="Staff")
    counts = []
    for wave in range(2):
        for number in range(1 + 20 * wave):
            one = an_account(f"w{wave}n{number}@acme.example", name="N")
            groups.add(work, "Inner", one.id, organization="acme")
        statements = []
        listen = lambda *args, seen=statements: seen.append(args[2])  # noqa: E731
        event.listen(database.engine, "before_cursor_execute", listen)
        paths.of_application(work, wiki.id)
        event.remove(database.engine, "before_cursor_execute", listen)
        counts.append(len(statements))
    assert counts[0] == counts[1] > 0


def test_what_stands_in_the_way_is_told_before_any_rule(work, acme):
    wiki, ann = app(work), queries.account(work, "ann@acme.example")
    applications.grant(work, wiki.id, group="Staff")
    default_groups.mark(work, wiki.id, "Sales")

    found = paths.obstacle(work, ann, wiki)
    assert (found.code, [one.name for one in found.groups]) == ("no-grant", ["Sales", "Staff"])
    groups.add(work, "Staff", ann.id, organization="acme")
    assert paths.obstacle(work, ann, wiki) is None
    applications.disable(work, wiki.id)
    assert paths.obstacle(work, ann, wiki).code == "application-disabled"
    accounts.disable(work, ann.id)
    assert paths.obstacle(work, ann, wiki).code == "account-disabled"


def test_t1_nothing_of_another_organization_is_told(work, acme, stranger, as_account):
    wiki = app(work)
    applications.grant(work, wiki.id, everyone=True)
    with pytest.raises(NotFound):
        paths.of_application(stranger(work), wiki.id)
    with pytest.raises(NotFound):
        paths.of_account(stranger(work), "ann@acme.example", organization_id=acme.id)
    ann = queries.account(work, "ann@acme.example")
    assert paths.of_account(as_account(work, ann, "help-desk"), ann.id, organization_id=acme.id).openings == ()
