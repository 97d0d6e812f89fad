"""Who can open what, in the console."""

from idp.directory import default_groups, groups, organizations, queries
from tests.support.front import BEN, DORA
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator
from tests.web.console.test_entrance import account_id


def test_what_a_person_can_open_is_told_with_every_chain_of_facts(front, admin):
    with front.work() as work:
        for name in ("Inner", "Outer"):
            groups.create(work, name, organization="acme")
        groups.nest(work, "Inner", "Outer", organization="acme")
        groups.add(work, "Inner", DORA, organization="acme")
        default_groups.mark(work, front.application_ids["Wiki"], "Outer")
    path = f"/admin/accounts/{account_id(front, DORA)}/access"
    admin.open(path)
    assert all(words in admin.text for words in ("Wiki", "Inner", "Outer", "It is a default group."))
    admin.open(path + "?at=2001-01-01")
    assert "The account was not there yet." in admin.text
    assert "Names are those of today." in admin.text
    assert "This is no day." in admin.open(path + "?at=yesterday").text


def test_an_application_is_given_and_taken_and_why_not_is_said(front, admin):
    path, wiki = f"/admin/accounts/{account_id(front, DORA)}/access", front.application_ids["Wiki"]
    admin.open(f"{path}?application={wiki}")
    assert "Nothing gives" in admin.text
    admin.open(path).submit("Give it", application=wiki, reason="For the audit")
    assert "Wiki is open to them now." in admin.text
    assert "Reason: For the audit" in admin.text
    admin.follow("Take it away Wiki")
    assert "Their own grant ends." in admin.text
    admin.submit("Take it away")
    assert "Wiki was taken away." in admin.text


def test_who_can_open_an_application_is_told_and_its_default_groups_are_chosen(front, admin):
    path = f"/admin/applications/{front.application_ids['Wiki']}/people"
    with front.work() as work:
        groups.create(work, "Users", organization="acme")
        groups.add(work, "Users", DORA, organization="acme")
    assert DORA not in admin.open(path).text
    admin.submit("Make it a default group", group="users")
    assert "1 person who is in it opens Wiki from now on" in admin.text
    admin.submit("Make it a default group")
    assert "Users is a default group now." in admin.text
    assert DORA in admin.text
    admin.follow("No default group any more Users")
    assert "1 person who is in it stays there" in admin.text
    admin.submit("No default group any more")
    assert "no default group any more" in admin.text
    admin.open(path + f"?account={BEN}")
    assert admin.status == 200
    assert "There is no account" in admin.open(path + "?account=nobody").text


def test_whoever_may_only_look_is_offered_nothing(front):
    make_administrator(front, "auditor")
    auditor = signed_in(front)
    path, wiki = f"/admin/accounts/{account_id(front, DORA)}/access", front.application_ids["Wiki"]
    assert "Give an application" not in auditor.open(path).text
    assert auditor.open(f"{path}/{wiki}/take").status == 403
    assert "Make it a default group" not in auditor.open(f"/admin/applications/{wiki}/people").text


def test_t1_nothing_of_another_organization_is_told(front, admin):
    from idp.directory import accounts, applications, sites

    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        site = sites.create(work, "globex", organization="globex", name="Globex")
        theirs = applications.create(work, site, protocol="saml", name="Theirs").id
        eve = accounts.create(work, "eve@globex.example", organization="globex", name="Eve").id
    assert admin.open(f"/admin/applications/{theirs}/people").status == 404
    assert admin.open(f"/admin/accounts/{eve}/access").status == 404
    path = f"/admin/accounts/{account_id(front, BEN)}/access"
    assert admin.open(f"{path}?application={theirs}").status == 404
    with front.work() as work:
        assert queries.account(work, BEN)
