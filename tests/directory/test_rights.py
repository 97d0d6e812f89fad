"""What an account may administer, and over whom."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.ids import new_id
from idp.base.work import Actor, HeldRole
from idp.directory import (
    accounts,
    applications,
    default_groups,
    groups,
    held_roles,
    queries,
    rights,
    role_assignments,
    roles,
)
from idp.directory import policies as release
from idp.directory.group_models import GroupNesting, GroupRule
from idp.directory.joining_models import JoinRule
from idp.directory.models import Membership, RoleAssignment
from idp.policy.models import AccessPolicy, AccessPolicyVersion
from idp.policy.permissions import (
    APPLICATION_ADMINISTRATOR,
    AUDITOR,
    HELP_DESK,
    ORGANIZATION_ADMINISTRATOR,
    SECURITY_ADMINISTRATOR,
    SITE_ADMINISTRATOR,
    USER_ACCESS_ADMINISTRATOR,
    Permission,
    allows,
)
from idp.policy.rules import Rule


@pytest.fixture
def acme(an_organization):
    return an_organization()


@pytest.fixture
def ann(acme, an_account):
    return an_account()


@pytest.fixture
def olga(acme, an_account, work):
    olga = an_account("olga@acme.example", name="Olga Owner")
    role_assignments.grant(work, ORGANIZATION_ADMINISTRATOR, organization="acme", account=olga.id)
    return olga


def acting(work, account):
    """The work as the account does it, in the roles that it holds now."""
    held = rights.roles_of(work, account.organization_id, account.id)
    return type(work)(
        work.tx, Actor("account", account.id, account.email, account.organization_id, held), work.now, work.origin
    )


def later(work, by):
    return type(work)(work.tx, work.actor, work.now + by, work.origin)


def nested(work, child, parent):
    work.tx.session.add(
        GroupNesting(
            organization_id=child.organization_id,
            id=new_id("nes"),
            parent_id=parent.id,
            child_id=child.id,
            valid_from=work.now,
        )
    )
    work.tx.session.flush()


def test_a_role_of_ones_own_and_of_a_group_are_held_alike(work, ann, a_group):
    desk = a_group("Help desk")
    groups.add(work, desk.id, ann.id, organization="acme")
    role_assignments.grant(work, AUDITOR, organization="acme", account=ann.id)
    role_assignments.grant(work, HELP_DESK, organization="acme", group=desk.id)

    assert {held.role for held in rights.roles_of(work, ann.organization_id, ann.id)} == {AUDITOR, HELP_DESK}


def test_a_role_for_one_application_holds_at_its_site(work, ann, a_site, an_application):
    wiki = an_application(a_site())
    role_assignments.grant(work, APPLICATION_ADMINISTRATOR, organization="acme", account=ann.id, application=wiki.id)

    assert rights.roles_of(work, ann.organization_id, ann.id) == (
        HeldRole(APPLICATION_ADMINISTRATOR, ann.organization_id, wiki.site_id, wiki.id),
    )


def test_t22_what_has_ended_gives_nothing(work, ann, a_group, a_site, an_application):
    desk, wiki = a_group("Help desk"), an_application(a_site())
    groups.add(work, desk.id, ann.id, organization="acme")
    hour, day = timedelta(hours=1), timedelta(days=1)
    role_assignments.grant(work, AUDITOR, organization="acme", account=ann.id, until=work.now + hour)
    role_assignments.grant(work, HELP_DESK, organization="acme", group=desk.id)
    role_assignments.grant(work, APPLICATION_ADMINISTRATOR, organization="acme", account=ann.id, application=wiki.id)

    def held(at):
        return {one.role for one in rights.roles_of(at, ann.organization_id, ann.id)}

    assert held(work) == {AUDITOR, HELP_DESK, APPLICATION_ADMINISTRATOR}
    assert AUDITOR not in held(later(work, hour))
    applications.delete(work, wiki.id)
    assert held(work) == {AUDITOR, HELP_DESK}
    work.tx.session.query(Membership).update({"valid_to": work.now + day})
    assert held(later(work, day)) == set()


def test_t22_what_has_not_begun_gives_nothing_and_protects_already(work, ann, olga, as_account):
    work.tx.session.add(
        RoleAssignment(
            organization_id=ann.organization_id,
            id=new_id("rol"),
            account_id=ann.id,
            role=ORGANIZATION_ADMINISTRATOR,
            valid_from=work.now + timedelta(days=1),
        )
    )

    assert rights.roles_of(work, ann.organization_id, ann.id) == ()
    with pytest.raises(Forbidden):
        rights.require_over(as_account(work, olga, HELP_DESK), Permission.ACCOUNT_RECOVER, ann)


def test_d17_nobody_rules_over_whoever_holds_more(work, ann, olga, an_account, as_account):
    helper = an_account("helper@acme.example", name="Helga Helper")
    desk = as_account(work, helper, HELP_DESK)

    rights.require_over(desk, Permission.ACCOUNT_RECOVER, ann)
    with pytest.raises(Forbidden, match="administers what you do not"):
        rights.require_over(desk, Permission.ACCOUNT_RECOVER, olga)
    rights.require_over(acting(work, olga), Permission.ACCOUNT_RECOVER, olga)


def test_d17_who_does_something_to_the_own_account_needs_the_permission_alone(work, olga, as_account):
    rights.require_over(as_account(work, olga, HELP_DESK), Permission.ACCOUNT_RECOVER, olga)
    with pytest.raises(Forbidden):
        rights.require_over(as_account(work, olga, HELP_DESK), Permission.ACCOUNT_CREDENTIALS, olga)


def test_d17_one_of_several_permissions_is_enough(work, ann, olga, as_account):
    rights.require_over(as_account(work, olga, HELP_DESK), rights.RECOVERY, ann)
    with pytest.raises(Forbidden):
        rights.require_over(as_account(work, olga, AUDITOR), rights.RECOVERY, ann)


def test_t5_nobody_enters_a_group_that_gives_more_than_they_have(work, ann, olga, a_group, as_account):
    chiefs = a_group("Chiefs")
    role_assignments.grant(work, ORGANIZATION_ADMINISTRATOR, organization="acme", group=chiefs.id)
    giver = as_account(work, ann, USER_ACCESS_ADMINISTRATOR)

    with pytest.raises(Forbidden, match="rights that you do not have"):
        groups.add(giver, chiefs.id, ann.id, organization="acme")
    groups.add(acting(work, olga), chiefs.id, ann.id, organization="acme")


def test_t5_nor_one_that_is_inside_of_such_a_group_however_deep(work, ann, olga, a_group, as_account):
    chiefs, deputies, helpers = a_group("Chiefs"), a_group("Deputies"), a_group("Helpers")
    nested(work, helpers, deputies)
    nested(work, deputies, chiefs)
    giver = as_account(work, ann, USER_ACCESS_ADMINISTRATOR)
    rights.require_into(giver, helpers)
    role_assignments.grant(work, SECURITY_ADMINISTRATOR, organization="acme", group=chiefs.id)

    with pytest.raises(Forbidden):
        rights.require_into(giver, helpers)


def test_whoever_gives_access_to_all_that_a_group_opens_changes_its_members(work, ann, a_group, a_site, an_application):
    site = a_site()
    wiki, chat = an_application(site), an_application(site, "Chat")
    staff = a_group()
    applications.grant(work, wiki.id, group=staff.id)
    role_assignments.grant(work, APPLICATION_ADMINISTRATOR, organization="acme", account=ann.id, application=wiki.id)

    rights.require_into(acting(work, ann), staff)
    applications.grant(work, chat.id, group=staff.id)
    with pytest.raises(Forbidden):
        rights.require_into(acting(work, ann), staff)
    role_assignments.grant(work, APPLICATION_ADMINISTRATOR, organization="acme", account=ann.id, application=chat.id)
    rights.require_into(acting(work, ann), staff)


def test_a_group_that_opens_nothing_is_not_changed_by_whoever_gives_access_to_one_application(
    work, ann, a_group, a_site, an_application
):
    wiki = an_application(a_site())
    role_assignments.grant(work, APPLICATION_ADMINISTRATOR, organization="acme", account=ann.id, application=wiki.id)

    with pytest.raises(Forbidden):
        rights.require_into(acting(work, ann), a_group())


def test_nor_one_that_a_rule_asks_for(work, ann, a_group, a_site, an_application):
    wiki, staff, others = an_application(a_site()), a_group(), a_group("Others")
    applications.grant(work, wiki.id, group=staff.id)
    role_assignments.grant(work, APPLICATION_ADMINISTRATOR, organization="acme", account=ann.id, application=wiki.id)
    work.tx.session.add(
        GroupRule(
            organization_id=ann.organization_id,
            id=new_id("gru"),
            group_id=others.id,
            condition='in_group("Staff")',
            held={},
            created_at=work.now,
        )
    )

    with pytest.raises(Forbidden):
        rights.require_into(acting(work, ann), staff)


def test_t5_nor_one_whose_members_another_application_is_told_something_about(
    work, ann, a_group, a_site, an_application
):
    site = a_site()
    wiki, payroll, staff = an_application(site), an_application(site, "Payroll"), a_group()
    applications.grant(work, wiki.id, group=staff.id)
    role_assignments.grant(work, APPLICATION_ADMINISTRATOR, organization="acme", account=ann.id, application=wiki.id)
    told = (Rule("roles", "expression", 'if(groups contains "Sta*", "clerk")'),)

    release.set_application_rules(work, wiki.id, told)  # what their own application is told is theirs to say
    rights.require_into(acting(work, ann), staff)
    release.set_application_rules(work, payroll.id, (Rule("roles", "expression", 'if(groups contains "Chiefs", "x")'),))
    rights.require_into(acting(work, ann), staff)
    release.set_application_rules(work, payroll.id, told)
    with pytest.raises(Forbidden):
        rights.require_into(acting(work, ann), staff)


def test_t5_nor_one_that_rules_ask_for_which_count_again_after_a_trial(
    work, ann, olga, a_group, a_site, an_application
):
    wiki, staff = an_application(a_site()), a_group()
    applications.grant(work, wiki.id, group=staff.id)
    role_assignments.grant(work, APPLICATION_ADMINISTRATOR, organization="acme", account=ann.id, application=wiki.id)
    policy = work.tx.session.scalars(select(AccessPolicy)).first()
    version = work.tx.session.get_one(AccessPolicyVersion, (policy.organization_id, policy.id, policy.current))
    rights.require_into(acting(work, ann), staff)
    work.tx.session.add(
        AccessPolicyVersion(
            organization_id=policy.organization_id,
            policy_id=policy.id,
            number=version.number + 1,
            rules={**version.rules, "note": staff.id},
            created_at=work.now,
            created_by="olga",
        )
    )
    policy.confirmed = version.number + 1
    work.tx.session.flush()

    with pytest.raises(Forbidden):
        rights.require_into(acting(work, ann), staff)


# Granting and withdrawing


def test_t5_nobody_grants_what_they_do_not_hold(work, ann, olga, as_account):
    granting = roles.create(
        work, "Granters", organization="acme", permissions=["role:grant", "role:read", "account:read"]
    )
    role_assignments.grant(work, granting.id, organization="acme", account=ann.id)

    with pytest.raises(Forbidden, match="holds more there than you do"):
        role_assignments.grant(acting(work, ann), HELP_DESK, organization="acme", account=ann.id)
    role_assignments.grant(acting(work, ann), granting.id, organization="acme", account=olga.id)


def test_t5_whoever_grants_at_one_site_grants_at_no_other(work, ann, olga, a_site):
    here, there = a_site(), a_site("beta", name="Beta")
    local = roles.create(
        work,
        "Local granters",
        organization="acme",
        permissions=["role:grant", "role:read", "site:read", "account:read", "site:edit"],
    )
    role_assignments.grant(work, local.id, organization="acme", account=ann.id, site=here.slug)

    role_assignments.grant(acting(work, ann), local.id, organization="acme", account=olga.id, site=here.slug)
    with pytest.raises(Forbidden):
        role_assignments.grant(acting(work, ann), local.id, organization="acme", account=olga.id, site=there.slug)
    with pytest.raises(Forbidden):
        role_assignments.grant(acting(work, ann), local.id, organization="acme", account=olga.id)


@pytest.mark.parametrize(
    ("role", "scope"),
    [(SITE_ADMINISTRATOR, {}), (HELP_DESK, {"site": "acme"}), (ORGANIZATION_ADMINISTRATOR, {"site": "acme"})],
)
def test_a_role_is_held_only_where_it_can_be(work, ann, a_site, role, scope):
    a_site()

    with pytest.raises(Invalid, match="is held"):
        role_assignments.grant(work, role, organization="acme", account=ann.id, **scope)


@pytest.mark.parametrize("role", ["operator", "client-itself", "nothing", ""])
def test_what_is_no_role_is_not_granted(work, ann, role):
    with pytest.raises(NotFound):
        role_assignments.grant(work, role, organization="acme", account=ann.id)


def test_a_role_is_granted_to_one_account_or_one_group(work, ann, a_group):
    for both in ({}, {"account": ann.id, "group": a_group("G").id}):
        with pytest.raises(Invalid):
            role_assignments.grant(work, AUDITOR, organization="acme", **both)


def test_the_same_role_is_not_granted_twice_in_one_place(work, ann):
    role_assignments.grant(work, AUDITOR, organization="acme", account=ann.id)

    with pytest.raises(Conflict, match="already"):
        role_assignments.grant(work, AUDITOR, organization="acme", account=ann.id)


@pytest.mark.parametrize("kind", ["rule", "provisioned"])
def test_t5_a_group_into_which_no_administrator_puts_people_carries_no_role(work, acme, a_group, kind):
    outer, inner = a_group("Outer"), a_group("Inner")
    inner.kind = kind
    nested(work, inner, outer)

    for group in (inner, outer):
        with pytest.raises(Conflict, match="can carry no role"):
            role_assignments.grant(work, AUDITOR, organization="acme", group=group.id)


def test_t5_nor_does_one_that_whoever_joins_comes_into(work, acme, a_group):
    everybody = a_group("Everybody")
    work.tx.session.add(
        JoinRule(
            organization_id=acme.id,
            id=new_id("joi"),
            domain="acme.example",
            groups=[everybody.id],
            created_at=work.now,
        )
    )

    with pytest.raises(Conflict, match="can carry no role"):
        role_assignments.grant(work, AUDITOR, organization="acme", group=everybody.id)


def test_t5_nobody_withdraws_what_they_do_not_hold(work, ann, olga):
    granting = roles.create(work, "Granters", organization="acme", permissions=["role:grant", "role:read"])
    role_assignments.grant(work, granting.id, organization="acme", account=ann.id)
    given = role_assignments.grant(work, AUDITOR, organization="acme", account=olga.id)

    with pytest.raises(Forbidden):
        role_assignments.withdraw(acting(work, ann), given.id, organization="acme")
    role_assignments.withdraw(acting(work, olga), given.id, organization="acme")
    with pytest.raises(NotFound):
        role_assignments.withdraw(acting(work, olga), given.id, organization="acme")


def test_the_last_administrator_stays(work, ann, olga):
    given = held_roles.assignments(work, organization_id=olga.organization_id)[0].assignment

    with pytest.raises(Conflict, match="Nobody would administer"):
        role_assignments.withdraw(work, given.id, organization="acme")
    given.valid_to = None
    with pytest.raises(Conflict, match="Nobody would administer"):
        accounts.disable(work, olga.id)


def test_whoever_administers_for_a_time_only_does_not_count_as_the_last(work, ann, olga):
    role_assignments.grant(
        work, ORGANIZATION_ADMINISTRATOR, organization="acme", account=ann.id, until=work.now + timedelta(days=1)
    )

    with pytest.raises(Conflict, match="Nobody would administer"):
        accounts.disable(work, olga.id)


def test_whoever_administers_by_a_group_counts(work, ann, olga, a_group):
    chiefs = a_group("Chiefs")
    groups.add(work, chiefs.id, ann.id, organization="acme")
    role_assignments.grant(work, ORGANIZATION_ADMINISTRATOR, organization="acme", group=chiefs.id)

    accounts.disable(work, olga.id)
    with pytest.raises(Conflict, match="Nobody would administer"):
        accounts.disable(work, ann.id)


def test_who_administers_what_is_told_in_words(work, ann, a_group, a_site, an_application):
    site = a_site()
    wiki, desk = an_application(site), a_group("Help desk")
    role_assignments.grant(work, APPLICATION_ADMINISTRATOR, organization="acme", account=ann.id, application=wiki.id)
    role_assignments.grant(work, SITE_ADMINISTRATOR, organization="acme", group=desk.id, site="acme")

    told = {
        (one.role, one.subject, one.scope_name)
        for one in held_roles.assignments(work, organization_id=ann.organization_id)
    }

    assert told == {
        (APPLICATION_ADMINISTRATOR, "ann@acme.example", "the application Wiki"),
        (SITE_ADMINISTRATOR, "Help desk", "the site Acme"),
    }


# Roles of an organization's own


def test_a_role_of_ones_own_holds_what_it_says_and_changes_at_once(work, ann, acme):
    made = roles.create(work, "Readers", organization="acme", permissions=["audit:read"])
    role_assignments.grant(work, "readers", organization="acme", account=ann.id)

    assert allows(acting(work, ann).actor, Permission.AUDIT_READ, acme.id)
    roles.edit(work, made.id, organization="acme", permissions=["key:read"], if_version=1)
    assert not allows(acting(work, ann).actor, Permission.AUDIT_READ, acme.id)
    assert allows(acting(work, ann).actor, Permission.KEY_READ, acme.id)
    with pytest.raises(Conflict, match="in the meantime"):
        roles.edit(work, made.id, organization="acme", name="Others", if_version=1)
    with pytest.raises(Conflict, match="assigned once"):
        roles.delete(work, made.id, organization="acme")


def test_t5_no_role_is_made_or_changed_of_more_than_its_maker_holds(work, ann, acme):
    maker = roles.create(work, "Makers", organization="acme", permissions=["role:edit", "role:read", "audit:read"])
    more = roles.create(work, "Exporters", organization="acme", permissions=["account:export"])
    role_assignments.grant(work, maker.id, organization="acme", account=ann.id)

    roles.create(acting(work, ann), "Auditors of ours", organization="acme", permissions=["audit:read"])
    with pytest.raises(Forbidden, match="account:export"):
        roles.create(acting(work, ann), "More", organization="acme", permissions=["account:export"])
    with pytest.raises(Forbidden):
        roles.edit(acting(work, ann), maker.id, organization="acme", permissions=["role:edit", "account:export"])
    for change in (
        lambda w: roles.edit(w, more.id, organization="acme", permissions=["audit:read"]),
        lambda w: roles.delete(w, more.id, organization="acme"),
    ):
        with pytest.raises(Forbidden):
            change(acting(work, ann))


@pytest.mark.parametrize("permissions", [[], ["nothing:at-all"], ["organization:create"], ["audit:read", ""]])
def test_t6_a_role_is_made_of_permissions_of_an_organization(work, acme, permissions):
    with pytest.raises(Invalid):
        roles.create(work, "Odd", organization="acme", permissions=permissions)


@pytest.mark.parametrize("name", ["auditor", "AUDITOR", "operator", "Readers", "  readers "])
def test_a_role_has_a_name_of_its_own(work, acme, name):
    roles.create(work, "Readers", organization="acme", permissions=["audit:read"])

    with pytest.raises(Conflict):
        roles.create(work, name, organization="acme", permissions=["audit:read"])


def test_t1_a_role_of_another_organization_is_not_found(work, ann, an_organization):
    an_organization("beta", "Beta")
    theirs = roles.create(work, "Theirs", organization="beta", permissions=["audit:read"])

    for asked in (
        lambda: role_assignments.grant(work, theirs.id, organization="acme", account=ann.id),
        lambda: roles.edit(work, theirs.id, organization="acme", name="Ours"),
        lambda: roles.delete(work, theirs.id, organization="acme"),
    ):
        with pytest.raises(NotFound):
            asked()


# Scopes of lists


def test_whoever_administers_one_site_sees_its_applications_and_who_may_open_them(work, ann, a_site, an_application):
    here, there = a_site(), a_site("beta", name="Beta")
    wiki, chat = an_application(here), an_application(there, "Chat")
    for one in (wiki, chat):
        applications.grant(work, one.id, everyone=True)
    role_assignments.grant(work, SITE_ADMINISTRATOR, organization="acme", account=ann.id, site="acme")
    mine = acting(work, ann)

    assert queries.applications(mine) == [wiki]
    assert len(applications.grants(mine, wiki)) == 1
    assert applications.grants(mine, chat) == []
    applications.disable(mine, wiki.id)
    with pytest.raises(NotFound):
        applications.disable(mine, chat.id)


def test_t5_whoever_is_given_an_application_does_not_come_to_a_role_in_the_whole_organization(
    work, ann, olga, a_group, a_site, an_application
):
    wiki, users, staff = an_application(a_site()), a_group("Users"), a_group()
    default_groups.mark(work, wiki.id, users.id)
    groups.nest(work, users.id, staff.id, organization="acme")

    for act in (role_assignments.preview, role_assignments.grant):
        for group in (users, staff):
            with pytest.raises(Conflict, match="default group of “Wiki”"):
                act(acting(work, olga), ORGANIZATION_ADMINISTRATOR, organization="acme", group=group.id)
    role_assignments.grant(
        acting(work, olga), APPLICATION_ADMINISTRATOR, organization="acme", group=users.id, application=wiki.id
    )
