"""The launcher of one person: what the gates would open, arranged by themselves alone."""

from dataclasses import replace

import pytest

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.work import Actor
from idp.directory import access, applications, bookmarks, launcher_arrangements, launcher_layouts
from idp.policy.launcher import Kind, Section


@pytest.fixture
def own(work, an_organization, a_site, an_application, an_account):
    """Ann's work, with three applications at two sites; she may open all of them, and a fourth not."""
    an_organization()
    ann = an_account()
    acme, europe = a_site(), a_site("acme-eu", name="Acme Europe")
    for site, name in ((acme, "Wiki"), (acme, "Payroll"), (europe, "Zeit"), (acme, "Secret")):
        made = an_application(site, name=name)
        if name != "Secret":
            applications.grant(work, made.id, account=ann.email)
    work.tx.session.flush()
    return replace(work, actor=Actor("account", ann.id, ann.email, ann.organization_id))


def whose(work):
    return work.actor.organization_id, work.actor.id


def seen(work):
    found = launcher_arrangements.of_account(work, *whose(work))
    named = {site_id: one.name for site_id, one in found.sites.items()}
    return [
        (named.get(one.name, one.name), [found.openable[a].name for a in one.applications]) for one in found.sections
    ]


def ids(work, *named):
    every = {one.name: one.id for one in work.tx.session.query(applications.Application)}
    return [every[name] for name in named]


def test_without_an_arrangement_it_is_by_site_and_by_name(own):
    assert seen(own) == [("Acme", ["Payroll", "Wiki"]), ("Acme Europe", ["Zeit"])]


def test_a_step_arranges_what_was_seen(own):
    [wiki] = ids(own, "Wiki")
    launcher_arrangements.step(own, *whose(own), wiki, -1)
    assert seen(own) == [("Acme", ["Wiki", "Payroll"]), ("Acme Europe", ["Zeit"])]

    launcher_arrangements.put(own, *whose(own), wiki, "Acme Europe", before=ids(own, "Zeit")[0])
    assert seen(own) == [("Acme", ["Payroll"]), ("Acme Europe", ["Wiki", "Zeit"])]
    launcher_arrangements.start_anew(own, *whose(own))
    assert seen(own) == [("Acme", ["Payroll", "Wiki"]), ("Acme Europe", ["Zeit"])]


def test_what_comes_after_that_has_a_place_of_its_own(own, work):
    launcher_arrangements.add_section(own, *whose(own), "Daily")
    applications.grant(work, ids(own, "Secret")[0], everyone=True)

    assert seen(own)[2:] == [("Daily", []), ("", ["Secret"])]
    launcher_arrangements.step(own, *whose(own), ids(own, "Secret")[0], -1)
    assert seen(own)[2:] == [("Daily", ["Secret"])]


def test_what_is_closed_for_a_day_keeps_its_place(own, work):
    [wiki] = ids(own, "Wiki")
    launcher_arrangements.step(own, *whose(own), wiki, -1)
    applications.disable(work, wiki)
    assert seen(own)[0] == ("Acme", ["Payroll"])
    launcher_arrangements.step(own, *whose(own), ids(own, "Zeit")[0], 1)
    applications.enable(work, wiki)

    assert seen(own)[0] == ("Acme", ["Wiki", "Payroll"])


def test_nothing_shows_but_what_the_gates_would_open(own, work):
    secret = ids(own, "Secret")[0]
    organization_id, account_id = whose(own)
    launcher_layouts.create(
        work, "acme", group=None, sections=[Section("All", tuple(ids(own, "Secret", "Wiki")))], overrides=True
    )
    found = launcher_arrangements.of_account(own, organization_id, account_id)

    shown = {application for one in found.sections for application in one.applications}
    assert shown == {one.id for one in access.openable(own, organization_id, account_id)}
    assert secret not in shown
    for act in (
        lambda: launcher_arrangements.set_favourite(own, organization_id, account_id, secret, favourite=True),
        lambda: launcher_arrangements.step(own, organization_id, account_id, secret, 1),
        lambda: launcher_arrangements.put(own, organization_id, account_id, secret, "Acme"),
    ):
        with pytest.raises(NotFound):
            act()


def test_what_administrators_have_fixed_cannot_be_moved(own, work):
    wiki = ids(own, "Wiki")[0]
    launcher_layouts.create(work, "acme", group=None, sections=[Section("Company", (wiki,))], overrides=True)

    with pytest.raises(NotFound):
        launcher_arrangements.step(own, *whose(own), wiki, 1)
    launcher_arrangements.step(own, *whose(own), ids(own, "Payroll")[0], 1)
    assert seen(own) == [("Company", ["Wiki"]), ("Acme", []), ("Acme Europe", ["Payroll", "Zeit"])]


def test_favourites_are_in_the_order_in_which_they_became_it(own):
    wiki, payroll = ids(own, "Wiki", "Payroll")
    for one in (wiki, payroll, wiki):
        launcher_arrangements.set_favourite(own, *whose(own), one, favourite=True)
    assert launcher_arrangements.of_account(own, *whose(own)).favourites == (payroll, wiki)

    launcher_arrangements.set_favourite(own, *whose(own), payroll, favourite=False)
    found = launcher_arrangements.of_account(own, *whose(own))
    assert found.favourites == (wiki,)
    assert not found.arranged
    assert all(one.kind is Kind.SITE for one in found.sections), "favourites alone arrange nothing"


def test_sections_are_added_renamed_moved_and_removed(own):
    who = whose(own)
    launcher_arrangements.add_section(own, *who, "  Daily  work ")
    launcher_arrangements.shift_section(own, *who, "Daily work", -1)
    launcher_arrangements.rename_section(own, *who, "Acme", "acme")
    launcher_arrangements.remove_section(own, *who, "Acme Europe")

    assert seen(own) == [("acme", ["Payroll", "Wiki"]), ("Daily work", []), ("", ["Zeit"])]


def test_a_section_is_put_before_another_or_at_the_end(own):
    who = whose(own)
    launcher_arrangements.add_section(own, *who, "Daily work")
    before = [name for name, _ in seen(own) if name]
    launcher_arrangements.place_section(own, *who, "Daily work", before=before[0])
    assert [name for name, _ in seen(own) if name] == ["Daily work", *before[:-1]]
    launcher_arrangements.place_section(own, *who, "Daily work", before="Daily work")
    assert [name for name, _ in seen(own) if name] == ["Daily work", *before[:-1]]
    launcher_arrangements.place_section(own, *who, "Daily work", before="Nowhere")
    assert [name for name, _ in seen(own) if name] == before
    with pytest.raises(NotFound):
        launcher_arrangements.place_section(own, *who, "Nowhere")


def test_names_of_sections_are_checked(own):
    who = whose(own)
    with pytest.raises(Conflict, match="already"):
        launcher_arrangements.add_section(own, *who, "ACME")
    with pytest.raises(Conflict, match="already"):
        launcher_arrangements.rename_section(own, *who, "Acme", "acme europe")
    with pytest.raises(Invalid):
        launcher_arrangements.add_section(own, *who, "\x1b[31m")
    for act in (launcher_arrangements.remove_section,):
        with pytest.raises(NotFound):
            act(own, *who, "Nowhere")
    for number in range(28):
        launcher_arrangements.add_section(own, *who, f"Section {number}")
    with pytest.raises(Invalid, match="at most 30"):
        launcher_arrangements.add_section(own, *who, "One too many")


def test_t1_nobody_arranges_the_launcher_of_another(own, work, an_account, stranger):
    ben = an_account("ben@acme.example")
    for other in (stranger(work), replace(work, actor=Actor("account", ben.id, ben.email, ben.organization_id)), work):
        for act in (
            lambda other=other: launcher_arrangements.start_anew(other, *whose(own)),
            lambda other=other: launcher_arrangements.add_section(other, *whose(own), "Mine"),
            lambda other=other: launcher_arrangements.set_favourite(
                other, *whose(own), ids(own, "Wiki")[0], favourite=True
            ),
        ):
            with pytest.raises(Forbidden):
                act()


def test_only_bookmarks_that_may_be_opened_are_noted_the_latest_first_and_six_at_most(own, work):
    who = whose(own)
    made = [
        bookmarks.create(work, "acme", name=f"Mark {number}", address=f"https://m{number}.example/").id
        for number in range(8)
    ]
    for one in made[:7]:
        applications.grant(work, one, everyone=True)
        launcher_arrangements.note_opened(own, *who, one)
    launcher_arrangements.note_opened(own, *who, made[2])

    opened = launcher_arrangements.of_account(own, *who).opened
    assert [one for one, _ in opened] == [made[2], made[6], made[5], made[4], made[3], made[1]]
    for wrong in (made[7], ids(own, "Wiki")[0], "app_gone"):
        with pytest.raises(NotFound):
            launcher_arrangements.note_opened(own, *who, wrong)
    with pytest.raises(Forbidden):
        launcher_arrangements.note_opened(work, *who, made[2])
