"""Lists of applications, who may open them, and their names."""

import pytest

from idp.base.errors import ChangedMeanwhile, Forbidden, Invalid, NotFound
from idp.directory import accounts, application_lists, applications, groups, queries, reaching
from idp.policy.permissions import AUDITOR
from tests.support.people import as_account, stranger


@pytest.fixture
def wiki(an_organization, a_site, an_application):
    an_organization()
    return an_application(a_site())


def test_a_list_goes_on_after_the_last_name_and_id(work, wiki):
    site = queries.site_of(work, wiki)
    made = [applications.create(work, site, protocol="saml", name=f"App {n % 3}") for n in range(9)]

    seen, after = [], None
    while page := application_lists.page(work, wiki.organization_id, after=after, limit=4):
        seen += [one.id for one in page]
        after = (page[-1].name, page[-1].id)

    assert sorted(seen) == sorted([wiki.id, *(one.id for one in made)])


def test_each_filter_narrows(work, wiki):
    site = queries.site_of(work, wiki)
    other = applications.create(work, site, protocol="saml", name="Zebra_%")
    applications.disable(work, other.id)

    def named(**chosen) -> set[str]:
        return {one.id for one in application_lists.page(work, wiki.organization_id, **chosen)}

    assert named(starting="zEB") == {other.id}
    assert named(starting="%") == set()
    assert named(state="disabled") == {other.id}
    assert named(state="active") == {wiki.id}
    assert other.id in named(protocol="saml")
    assert named(site_id="sit_other") == set()


def test_a_deleted_application_and_a_bookmark_are_not_in_the_list(work, wiki):
    applications.create(work, queries.site_of(work, wiki), protocol="bookmark", name="Canteen")
    applications.delete(work, wiki.id)

    assert application_lists.page(work, wiki.organization_id) == []


def test_t1_another_organization_sees_no_application_of_ours(work, wiki):
    assert application_lists.page(stranger(work), wiki.organization_id) == []
    with pytest.raises(NotFound):
        applications.rename(stranger(work), wiki.id, "Ours now")


def test_openers_are_named(work, wiki, an_account):
    ada = an_account()
    groups.create(work, "Staff", organization=queries.organizations(work)[0].slug)
    applications.grant(work, wiki.id, everyone=True)
    applications.grant(work, wiki.id, group="Staff", reason="They work there.")
    gone = applications.grant(work, wiki.id, account=ada.email)
    applications.withdraw(work, wiki.id, gone.id)

    found = {(one.kind, one.name, one.reason) for one in application_lists.openers(work, wiki)}

    assert found == {("everyone", "", ""), ("group", "Staff", "They work there.")}
    assert application_lists.opened_to(work, [wiki]) == {wiki.id: 2}


def test_a_name_is_changed_once_and_recorded(work, wiki):
    saml = applications.create(work, queries.site_of(work, wiki), protocol="saml", name="Wiki 1")
    work.tx.session.flush()
    version = saml.version

    applications.rename(work, saml.id, "Wiki 2", if_version=version)

    assert saml.name == "Wiki 2"
    with pytest.raises(ChangedMeanwhile):
        applications.rename(work, saml.id, "Wiki 3", if_version=version)
    with pytest.raises(Invalid):
        applications.rename(work, saml.id, "a\x00b")


def test_an_auditor_cannot_rename(work, wiki, an_account):
    with pytest.raises(Forbidden):
        applications.rename(as_account(work, an_account(), AUDITOR), wiki.id, "No")


def test_who_has_access_by_something_else_loses_none(work, wiki, an_account):
    ada, bob = an_account(), an_account("bob@acme.example")
    groups.create(work, "Staff", organization=queries.organizations(work)[0].slug)
    for one in (ada, bob):
        groups.add(work, "Staff", one.email, organization=queries.organizations(work)[0].slug)
    by_group = applications.grant(work, wiki.id, group="Staff")
    applications.grant(work, wiki.id, account=ada.email)

    assert application_lists.opener(work, wiki, by_group.id).name == "Staff"
    assert application_lists.losing(work, wiki, by_group.id) == 1
    applications.grant(work, wiki.id, everyone=True)
    assert application_lists.losing(work, wiki, by_group.id) == 0
    applications.withdraw(work, wiki.id, by_group.id)
    with pytest.raises(NotFound):
        application_lists.opener(work, wiki, by_group.id)


@pytest.mark.both_databases
def test_how_many_an_application_is_open_to_counts_each_active_account_once(work, wiki, an_account):
    owner = "acme"
    ann, ben, cleo = (an_account(email=f"{name}@acme.example") for name in ("ann", "ben", "cleo"))
    assert reaching.application(work, wiki) == 0
    staff = groups.create(work, "Staff", organization=owner)
    groups.add_all(work, staff.id, [ann.id, ben.id], organization=owner)
    for whom in ({"group": staff.id}, {"account": ann.id}, {"account": cleo.id}):
        applications.grant(work, wiki.id, **whom)
    assert reaching.application(work, wiki) == 3
    accounts.disable(work, ben.id)
    assert reaching.application(work, wiki) == 2
    applications.grant(work, wiki.id, everyone=True)
    assert reaching.application(work, wiki) == reaching.everyone(work, wiki.organization_id)
