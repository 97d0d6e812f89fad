"""Layouts of the launcher: administrators lay out, the first one that is for a person counts."""

import pytest
from sqlalchemy import select

from idp.audit.models import AuditEntry
from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.directory import applications, groups, launcher_layouts
from idp.policy.launcher import MOST_SECTIONS, Section


@pytest.fixture
def acme(work, an_organization, a_site, an_application, an_account, a_group):
    an_organization()
    site = a_site()
    made = {name: an_application(site, name=name).id for name in ("Wiki", "Payroll", "Mail")}
    an_account()
    a_group("Staff")
    a_group("Finance")
    work.tx.session.flush()
    return made


def sections(acme, **named):
    return [Section(name, tuple(acme[one] for one in called)) for name, called in named.items()]


def tags(work):
    return sorted(work.tx.session.scalars(select(AuditEntry.tag).where(AuditEntry.tag.startswith("layout."))))


def test_a_layout_is_for_a_group_or_for_everyone_and_counts_for_who_is_in_it(work, acme, an_account):
    ann = an_account("ben@acme.example")
    launcher_layouts.create(work, "acme", group=None, sections=sections(acme, Company=["Mail"]))
    launcher_layouts.create(work, "acme", group="Finance", sections=sections(acme, Money=["Payroll"]), overrides=True)

    def first():
        found = launcher_layouts.of_account(work, ann.organization_id, ann.id)
        return found.sections[0].name, found.overrides

    assert first() == ("Company", False)
    groups.add(work, "Finance", "ben@acme.example", organization="acme")
    work.tx.session.flush()
    assert first() == ("Money", True)
    assert tags(work) == ["layout.created", "layout.created"]


def test_of_several_the_first_counts_and_that_of_everyone_is_always_last(work, acme, an_account):
    account = an_account("ben@acme.example")
    for group in ("Staff", "Finance"):
        groups.add(work, group, "ben@acme.example", organization="acme")
    everyone = launcher_layouts.create(work, "acme", group=None, sections=sections(acme, All=["Mail"]))
    staff = launcher_layouts.create(work, "acme", group="Staff", sections=sections(acme, Staff=["Mail"]))
    finance = launcher_layouts.create(work, "acme", group="Finance", sections=sections(acme, Finance=["Mail"]))

    def counts():
        return launcher_layouts.of_account(work, account.organization_id, account.id).sections[0].name

    assert counts() == "Staff"
    ordered = launcher_layouts.order(work, "acme", [everyone.id, finance.id, staff.id])
    assert [one.id for one in ordered] == [finance.id, staff.id, everyone.id]
    assert counts() == "Finance"


@pytest.mark.parametrize("change", [lambda ids: ids[:1], lambda ids: [*ids, ids[0]], lambda ids: [ids[0], "lay_no"]])
def test_an_order_names_every_layout_once(work, acme, change):
    made = [
        launcher_layouts.create(work, "acme", group=group, sections=sections(acme, One=["Mail"])).id
        for group in ("Staff", "Finance")
    ]

    with pytest.raises(Conflict):
        launcher_layouts.order(work, "acme", change(made))


def test_there_is_one_layout_for_a_group(work, acme):
    launcher_layouts.create(work, "acme", group="Staff", sections=[])

    with pytest.raises(Conflict, match="a layout for Staff already"):
        launcher_layouts.create(work, "acme", group="staff", sections=[])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"One": ["Mail"], " one ": ["Wiki"]}, "same name"),
        ({"One": ["Mail"], "Two": ["Mail"]}, "two places"),
        ({"One\n\x00": ["Mail"]}, "control character"),
        ({"": ["Mail"]}, "1 to 80"),
        ({"x" * 81: ["Mail"]}, "1 to 80"),
        ({str(number): [] for number in range(MOST_SECTIONS + 1)}, "at most 30"),
    ],
)
def test_what_cannot_be_a_layout_is_refused(work, acme, wrong, says):
    with pytest.raises(Invalid, match=says):
        launcher_layouts.create(work, "acme", group=None, sections=sections(acme, **wrong))


def test_t1_an_application_of_another_organization_has_no_place(work, acme, an_organization, a_site, an_application):
    an_organization("umbra", "Umbra")
    theirs = an_application(a_site("umbra", organization="umbra"), name="Theirs")

    with pytest.raises(NotFound):
        launcher_layouts.create(work, "acme", group=None, sections=[Section("One", (theirs.id,))])


def test_t1_a_layout_of_another_organization_is_not_there(work, acme, stranger, an_organization):
    made = launcher_layouts.create(work, "acme", group=None, sections=[])
    an_organization("umbra", "Umbra")

    with pytest.raises(NotFound):
        launcher_layouts.edit(stranger(work), "acme", made.id, overrides=True)
    with pytest.raises(NotFound):
        launcher_layouts.edit(work, "umbra", made.id, overrides=True)
    with pytest.raises(NotFound):
        launcher_layouts.delete(work, "umbra", made.id)


@pytest.mark.parametrize("role", ["auditor", "help-desk", "user-access-administrator", "security-administrator"])
def test_only_who_may_edit_the_organization_lays_out(work, acme, as_account, an_account, role):
    made = launcher_layouts.create(work, "acme", group=None, sections=[])
    theirs = as_account(work, an_account("ben@acme.example"), role)

    assert launcher_layouts.layouts(theirs, "acme") == [made]
    with pytest.raises(Forbidden):
        launcher_layouts.create(theirs, "acme", group="Staff", sections=[])
    with pytest.raises(Forbidden):
        launcher_layouts.edit(theirs, "acme", made.id, overrides=True)
    with pytest.raises(Forbidden):
        launcher_layouts.order(theirs, "acme", [made.id])
    with pytest.raises(Forbidden):
        launcher_layouts.delete(theirs, "acme", made.id)


def test_the_second_of_two_administrators_is_told(work, acme):
    made = launcher_layouts.create(work, "acme", group=None, sections=[])
    read = made.version
    launcher_layouts.edit(work, "acme", made.id, overrides=True, if_version=read)

    with pytest.raises(Conflict, match="Someone else"):
        launcher_layouts.edit(work, "acme", made.id, overrides=False, if_version=read)
    with pytest.raises(Conflict, match="Someone else"):
        launcher_layouts.delete(work, "acme", made.id, if_version=read)
    assert made.overrides


def test_a_place_of_an_application_that_has_gone_stays_but_a_new_one_cannot_be_given(work, acme):
    made = launcher_layouts.create(work, "acme", group=None, sections=sections(acme, One=["Mail", "Wiki"]))
    applications.delete(work, acme["Wiki"])
    kept = launcher_layouts.edit(work, "acme", made.id, sections=sections(acme, Renamed=["Wiki", "Mail"]))

    assert kept.sections[0]["applications"] == [acme["Wiki"], acme["Mail"]]
    launcher_layouts.edit(work, "acme", made.id, sections=sections(acme, Renamed=["Mail"]))
    with pytest.raises(NotFound):
        launcher_layouts.edit(work, "acme", made.id, sections=sections(acme, Renamed=["Wiki"]))


def test_a_change_that_changes_nothing_is_not_recorded(work, acme):
    made = launcher_layouts.create(work, "acme", group=None, sections=sections(acme, One=["Mail"]))
    launcher_layouts.edit(work, "acme", made.id, sections=sections(acme, One=["Mail"]), overrides=False)
    assert tags(work) == ["layout.created"]

    launcher_layouts.edit(work, "acme", made.id, sections=sections(acme, Two=["Mail"]))
    launcher_layouts.delete(work, "acme", made.id)
    assert tags(work) == ["layout.changed", "layout.created", "layout.deleted"]
    assert launcher_layouts.layouts(work, "acme") == []
