"""Default deny: who may open what, asked by every gate (decision 4)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.directory import access, accounts, applications, groups, organizations
from idp.directory.models import AccessGrant, Membership
from tests.support.people import as_account, stranger


@pytest.fixture
def acme(an_organization, a_site, an_account, an_application, a_group):
    an_organization()
    site = a_site()
    return site, an_account(), an_application(site), a_group()


def may_open(work, application, account):
    return access.may_open(work, account.organization_id, application.id, account.id)


def test_without_a_grant_nobody_opens_anything(work, acme):
    _, ann, wiki, _ = acme

    assert not may_open(work, wiki, ann)
    assert access.openable(work, ann.organization_id, ann.id) == []


@pytest.mark.parametrize("to", ["everyone", "group", "account"])
def test_a_grant_opens(work, acme, to):
    _, ann, wiki, staff = acme
    groups.add(work, staff.name, ann.email, organization="acme")
    applications.grant(
        work,
        wiki.id,
        everyone=to == "everyone",
        group=staff.name if to == "group" else None,
        account=ann.email if to == "account" else None,
    )

    assert may_open(work, wiki, ann)
    assert access.openable(work, ann.organization_id, ann.id) == [wiki]


def test_a_group_opens_for_its_members_only(work, acme, an_account):
    _, ann, wiki, staff = acme
    bob = an_account("bob@acme.example", name="Bob")
    groups.add(work, staff.name, ann.email, organization="acme")
    applications.grant(work, wiki.id, group=staff.name)

    assert may_open(work, wiki, ann)
    assert not may_open(work, wiki, bob)


def test_a_membership_that_ended_opens_nothing_and_before_it_did(work, acme):
    _, ann, wiki, staff = acme
    groups.add(work, staff.name, ann.email, organization="acme")
    applications.grant(work, wiki.id, group=staff.name)
    work.tx.session.query(Membership).update({"valid_to": work.now + timedelta(hours=1)})

    assert may_open(work, wiki, ann)
    assert not may_open(replace(work, now=work.now + timedelta(hours=1)), wiki, ann)
    assert not may_open(replace(work, now=work.now - timedelta(seconds=1)), wiki, ann)


def test_a_membership_lasts_while_one_of_its_sources_does(work, acme):
    _, ann, wiki, staff = acme
    groups.add(work, staff.name, ann.email, organization="acme")
    groups.add(work, staff.name, ann.email, organization="acme", source="rule:r1")
    applications.grant(work, wiki.id, group=staff.name)
    work.tx.session.query(Membership).filter(Membership.source == "manual").update({"valid_to": work.now})

    assert may_open(work, wiki, ann)
    assert access.groups_of(work, ann.organization_id, ann.id) == ("Staff",)


def test_a_grant_that_ended_opens_nothing(work, acme):
    _, ann, wiki, _ = acme
    applications.grant(work, wiki.id, everyone=True)
    work.tx.session.query(AccessGrant).update({"valid_to": work.now})

    assert not may_open(work, wiki, ann)


@pytest.mark.parametrize("end", ["disabled application", "deleted application", "disabled account"])
def test_t22_what_is_disabled_opens_nothing(work, acme, end):
    _, ann, wiki, _ = acme
    applications.grant(work, wiki.id, everyone=True)
    if end == "disabled application":
        applications.disable(work, wiki.id)
    elif end == "deleted application":
        applications.delete(work, wiki.id)
    else:
        accounts.disable(work, ann.id)
    work.tx.session.flush()

    assert not may_open(work, wiki, ann)
    assert access.openable(work, ann.organization_id, ann.id) == []


def test_everyone_is_everyone_of_that_organization_only(work, acme, an_organization, an_account):
    _, _, wiki, _ = acme
    an_organization("rival", "Rival")
    eve = an_account("eve@rival.example", "rival", "Eve")
    applications.grant(work, wiki.id, everyone=True)

    assert not access.may_open(work, eve.organization_id, wiki.id, eve.id)
    assert not access.may_open(work, wiki.organization_id, wiki.id, eve.id)


def test_t1_a_group_of_another_organization_cannot_be_granted(work, acme, an_organization, a_group):
    _, _, wiki, _ = acme
    an_organization("rival", "Rival")
    other = a_group("Rivals", "rival")

    with pytest.raises(NotFound):
        applications.grant(work, wiki.id, group=other.id)


def test_exactly_one_subject_is_granted(work, acme):
    _, ann, wiki, staff = acme

    with pytest.raises(Invalid):
        applications.grant(work, wiki.id)
    with pytest.raises(Invalid):
        applications.grant(work, wiki.id, group=staff.name, account=ann.email)


def test_the_same_access_is_not_granted_twice(work, acme):
    _, _, wiki, _ = acme
    applications.grant(work, wiki.id, everyone=True)
    work.tx.session.flush()

    with pytest.raises(Conflict):
        applications.grant(work, wiki.id, everyone=True)


def test_t1_a_stranger_cannot_even_see_that_it_exists(work, acme):
    _, _, wiki, _ = acme

    with pytest.raises(NotFound):
        applications.grant(stranger(work), wiki.id, everyone=True)


def test_an_auditor_sees_but_does_not_grant(work, acme):
    _, ann, wiki, _ = acme

    with pytest.raises(Forbidden):
        applications.grant(as_account(work, ann, "auditor"), wiki.id, everyone=True)


def test_the_organizations_own_administrator_grants(work, acme):
    _, ann, wiki, _ = acme

    assert applications.grant(as_account(work, ann, "organization-administrator"), wiki.id, everyone=True)
    assert organizations.only_one(work) is not None


def test_access_that_was_granted_until_a_moment_ends_with_it(work, acme):
    _, ann, wiki, _ = acme
    until = work.now + timedelta(days=30)
    made = applications.grant(work, wiki.id, account=ann.email, until=until, reason=" Covers for  Ben. ")

    assert (made.valid_to, made.reason) == (until, "Covers for Ben.")
    assert may_open(replace(work, now=until - timedelta(seconds=1)), wiki, ann)
    assert not may_open(replace(work, now=until), wiki, ann)


@pytest.mark.parametrize("minutes", [0, -1])
def test_access_that_would_end_before_it_begins_is_refused(work, acme, minutes):
    _, ann, wiki, _ = acme

    with pytest.raises(Invalid) as refused:
        applications.grant(work, wiki.id, account=ann.email, until=work.now + timedelta(minutes=minutes))
    assert refused.value.field == "until"


def test_access_that_was_withdrawn_is_over_at_once(work, acme):
    _, ann, wiki, _ = acme
    made = applications.grant(work, wiki.id, account=ann.email)
    applications.withdraw(work, wiki.id, made.id)

    assert not may_open(work, wiki, ann)
    with pytest.raises(NotFound):
        applications.withdraw(work, wiki.id, made.id)


def test_access_of_another_application_is_not_withdrawn_here(work, acme, an_application):
    site, ann, wiki, _ = acme
    made = applications.grant(work, an_application(site, name="Payroll").id, account=ann.email)

    with pytest.raises(NotFound):
        applications.withdraw(work, wiki.id, made.id)


def test_t1_a_stranger_and_an_auditor_withdraw_nothing(work, acme):
    _, ann, wiki, _ = acme
    made = applications.grant(work, wiki.id, account=ann.email)

    with pytest.raises(NotFound):
        applications.withdraw(stranger(work), wiki.id, made.id)
    with pytest.raises(Forbidden):
        applications.withdraw(as_account(work, ann, "auditor"), wiki.id, made.id)
    assert may_open(work, wiki, ann)
