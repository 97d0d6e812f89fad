"""Groups: what they are called, who is in them and from where, and how they end."""

import pytest

from idp.audit.models import AuditEntry
from idp.base.errors import Conflict, Forbidden, IdpError, Invalid, NotFound
from idp.directory import access, access_assignments, access_policies, applications, groups, memberships, organizations
from idp.directory import group_rule_changes as rules
from idp.directory import policies as release
from idp.directory.models import RoleAssignment
from idp.policy.access import documents
from idp.policy.rules import Rule

pytestmark = pytest.mark.both_databases


@pytest.fixture
def staff(an_organization, a_group):
    an_organization()
    return a_group()


@pytest.fixture
def ann(staff, an_account):
    return an_account()


def audited(work, tag) -> list[dict]:
    work.tx.session.flush()
    return [e.details for e in work.tx.session.query(AuditEntry).order_by(AuditEntry.id) if e.tag == tag]


def names_in(work, group) -> list[str]:
    return [one.account.email for one in memberships.members(work, group)]


def test_a_group_gets_another_name_and_says_what_it_is_for(work, staff):
    groups.edit(work, "Staff", organization="acme", name="Everybody", description=" All  of us ", if_version=1)

    assert (staff.name, staff.name_key, staff.description) == ("Everybody", "everybody", "All of us")
    assert audited(work, "group.changed") == [
        {
            "name": "Everybody",
            "before": {"name": "Staff", "description": ""},
            "after": {"name": "Everybody", "description": "All of us"},
        }
    ]
    assert groups.edit(work, "everybody", organization="acme", description="").description == ""


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": "  "}, Invalid),
        ({"name": "a\x07"}, Invalid),
        ({"name": "SALES"}, Conflict),
        ({"description": "x" * 1025}, Invalid),
        ({"description": "x\x07"}, Invalid),
        ({"name": "Other", "if_version": 7}, Conflict),
    ],
)
def test_a_change_that_cannot_be_taken_is_refused(work, staff, a_group, changes, error):
    a_group("Sales")
    with pytest.raises(error):
        groups.edit(work, "Staff", organization="acme", **changes)
    assert staff.name == "Staff"


def test_a_name_that_release_rules_speak_of_stays(work, staff):
    release.set_organization_rules(work, "acme", (Rule("roles", "expression", 'if(groups contains "Sta*", "yes")'),))
    with pytest.raises(Conflict, match="release rules"):
        groups.edit(work, "Staff", organization="acme", name="Everybody")
    groups.edit(work, "Staff", organization="acme", name="Stable")  # makes no difference to that rule


def test_nobody_is_taken_out_by_hand_who_was_never_in(work, staff, ann):
    with pytest.raises(Conflict, match="is not in"):
        groups.remove(work, "Staff", ann.email, organization="acme")


def test_whoever_was_put_in_by_hand_is_taken_out_by_hand_and_can_come_back(work, staff, ann):
    for _ in range(2):
        groups.add(work, "Staff", ann.email, organization="acme")
        assert names_in(work, staff) == [ann.email]
        removed = groups.remove(work, "Staff", ann.email, organization="acme")
        assert (removed.ended, removed.excepted, removed.stays) == (("manual",), False, ())
        assert names_in(work, staff) == []
    assert [one["source"] for one in audited(work, "group.member-removed")] == ["manual", "manual"]


def test_a_member_stays_as_long_as_one_source_says_so(work, staff, ann, a_group):
    a_group("Leads")
    groups.nest(work, "Leads", "Staff", organization="acme")
    groups.add(work, "Leads", ann.email, organization="acme")
    groups.add(work, "Staff", ann.email, organization="acme")

    member = memberships.members(work, staff)[0]
    assert sorted(one.kind for one in member.sources) == ["group", "manual"]
    removed = groups.remove(work, "Staff", ann.email, organization="acme")

    assert removed.ended == ("manual",)
    assert removed.stays[0].startswith("group:")
    assert names_in(work, staff) == [ann.email]
    with pytest.raises(Conflict, match="through the group “Leads”"):
        groups.remove(work, "Staff", ann.email, organization="acme")
    groups.remove(work, "Leads", ann.email, organization="acme")
    assert names_in(work, staff) == []


def test_many_enter_and_leave_at_once_and_each_is_told(work, staff, ann, an_account):
    an_account("ben@acme.example", name="Ben")
    asked = [ann.id, "BEN@acme.example", "nobody@acme.example", ann.id]

    entered = groups.add_all(work, "Staff", asked, organization="acme")
    again = groups.add_all(work, "Staff", asked, organization="acme")
    left = groups.remove_all(work, "Staff", asked, organization="acme")
    nobody = groups.remove_all(work, "Staff", asked, organization="acme")

    assert [(one.changed, one.error is not None) for one in entered] == [(True, False), (True, False), (False, True)]
    assert [(one.changed, one.error is not None) for one in again] == [(False, False), (False, False), (False, True)]
    assert [one.changed for one in left] == [True, True, False]
    assert [one.error is not None for one in nobody] == [True, True, True]
    assert len(audited(work, "group.member-added")) == 2
    with pytest.raises(Invalid):
        groups.add_all(work, "Staff", (f"p{n}@acme.example" for n in range(1001)), organization="acme")


def test_members_are_paged_by_address_without_gap_or_repetition(work, staff, an_account):
    people = [an_account(f"p{number:02}@acme.example", name="P") for number in range(7)]
    groups.add_all(work, "Staff", [one.id for one in people], organization="acme")

    seen, after = [], None
    while page := memberships.members(work, staff, after=after, limit=3):
        seen += [one.account.email for one in page]
        after = (page[-1].account.email_key, page[-1].account.id)

    assert seen == [one.email for one in people]
    assert [one.account.email for one in memberships.members(work, staff, starting="P03")] == ["p03@acme.example"]
    assert memberships.count(work, staff) == 7


def test_a_deleted_group_ends_whatever_it_gave_and_its_name_is_free_again(
    work, staff, ann, a_group, a_site, an_application
):
    wiki = an_application(a_site())
    applications.grant(work, wiki.id, group="Staff")
    outer = a_group("Outer")
    groups.nest(work, "Staff", "Outer", organization="acme")
    groups.add(work, "Staff", ann.email, organization="acme")
    assert access.may_open(work, ann.organization_id, wiki.id, ann.id)
    assert names_in(work, outer) == [ann.email]

    groups.delete(work, "Staff", organization="acme", if_version=1)

    assert not access.may_open(work, ann.organization_id, wiki.id, ann.id)
    assert names_in(work, outer) == []
    assert applications.grants(work, wiki) == []
    assert audited(work, "group.deleted") == [{"name": "Staff", "members": 1, "applications": ["Wiki"]}]
    for reference in ("Staff", staff.id):
        with pytest.raises(NotFound):
            groups.add(work, reference, ann.email, organization="acme")
    assert groups.create(work, "Staff", organization="acme").id != staff.id


@pytest.mark.parametrize("speaks", ["access policy", "release rule", "rule of the group", "roles"])
def test_a_group_that_something_speaks_of_cannot_be_deleted(work, staff, a_group, speaks):
    if speaks == "access policy":
        access_assignments.create(work, "acme", "Strict")
        guard = {"name": "Not them", "conditions": {"people": {"groups": ["Staff"]}}}
        document = documents.rules_from_json({"guards": [guard]})
        access_policies.write(work, "acme", "Strict", document)
    elif speaks == "release rule":
        release.set_organization_rules(
            work, "acme", (Rule("roles", "expression", 'if(groups contains "Staff", "yes")'),)
        )
    elif speaks == "rule of the group":
        a_group("Others")
        rules.write(work, "Others", organization="acme", condition='in group "Staff"')
    else:
        work.tx.session.add(
            RoleAssignment(
                organization_id=staff.organization_id,
                id="rol_1",
                account_id=None,
                group_id=staff.id,
                role="auditor",
                site_id=None,
                application_id=None,
                valid_from=work.now,
                valid_to=None,
            )
        )
    with pytest.raises(Conflict, match=speaks):
        groups.delete(work, "Staff", organization="acme")
    assert staff.deleted_at is None


CALLS = {
    "edit": lambda work: groups.edit(work, "Staff", organization="acme", name="Other"),
    "delete": lambda work: groups.delete(work, "Staff", organization="acme"),
    "add": lambda work: groups.add(work, "Staff", "ann@acme.example", organization="acme"),
    "add_all": lambda work: groups.add_all(work, "Staff", ["ann@acme.example"], organization="acme"),
    "remove": lambda work: groups.remove(work, "Staff", "ann@acme.example", organization="acme"),
    "remove_all": lambda work: groups.remove_all(work, "Staff", ["ann@acme.example"], organization="acme"),
    "nest": lambda work: groups.nest(work, "Staff", "Outer", organization="acme"),
    "unnest": lambda work: groups.unnest(work, "Staff", "Outer", organization="acme"),
    "rule": lambda work: rules.write(work, "Staff", organization="acme", condition="email is set"),
    "preview": lambda work: rules.preview(work, "Staff", organization="acme", condition="email is set"),
    "on": lambda work: rules.switch_on(work, "Staff", organization="acme"),
    "off": lambda work: rules.switch_off(work, "Staff", organization="acme"),
    "remove_rule": lambda work: rules.remove(work, "Staff", organization="acme", keep_members=True),
    "run": lambda work: rules.run(work, "Staff", organization="acme"),
    "confirm": lambda work: rules.confirm(work, "Staff", organization="acme"),
}


@pytest.mark.parametrize("call", CALLS)
def test_t10_no_verb_is_left_to_whoever_may_only_look(work, staff, ann, a_group, as_account, stranger, call):
    a_group("Outer")
    for acting, error in ((as_account(work, ann, "auditor"), Forbidden), (as_account(work, ann), NotFound)):
        with pytest.raises(error):
            CALLS[call](acting)
    with pytest.raises(NotFound):
        CALLS[call](stranger(work))


@pytest.mark.parametrize("call", ["edit", "delete", "rule", "preview"])
def test_t10_whoever_may_change_members_may_not_change_the_group_itself(work, staff, ann, as_account, call):
    with pytest.raises(Forbidden):
        CALLS[call](as_account(work, ann, "user-access-administrator"))


def test_t1_a_group_or_an_account_of_another_organization_is_not_there(work, staff, ann, an_account):
    organizations.create(work, "rival", name="Rival")
    theirs = groups.create(work, "Theirs", organization="rival")
    rita = an_account("rita@rival.example", organization="rival", name="Rita")

    for wrong in (
        lambda: groups.add(work, theirs.id, ann.email, organization="acme"),
        lambda: groups.add(work, "Staff", rita.id, organization="acme"),
        lambda: groups.nest(work, theirs.id, "Staff", organization="acme"),
        lambda: groups.nest(work, "Staff", theirs.id, organization="acme"),
        lambda: rules.write(work, "Staff", organization="acme", condition=f'in group "{theirs.id}"'),
        lambda: rules.write(work, "Staff", organization="acme", condition="email is set", excepted=[rita.id]),
    ):
        with pytest.raises(IdpError):
            wrong()
    assert groups.add_all(work, "Staff", [rita.id], organization="acme")[0].error is not None
    assert names_in(work, staff) == []
