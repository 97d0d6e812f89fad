"""What would leave nobody who can administer is refused, whatever page it is done on."""

from dataclasses import replace

import pytest

from idp.base.work import Actor
from idp.directory import (
    access_policies,
    access_requests,
    accounts,
    applications,
    default_groups,
    groups,
    held_roles,
    import_reading,
    memberships,
    queries,
    rights,
)
from idp.directory import group_rule_changes as rules
from idp.policy.access import documents
from idp.signon import account_imports
from tests.support.front import ANN, BEN
from tests.web.console.conftest import make_administrator

BARRED = "Barred"


@pytest.fixture
def barred(front, admin):
    """Whoever is in the group gets in nowhere; Ben administers, and is not in it."""
    make_administrator(front, email=BEN)
    with front.work() as work:
        groups.create(work, BARRED, organization="acme")
        deny = {"name": "Barred", "conditions": {"people": {"groups": [BARRED]}}, "answer": {"effect": "deny"}}
        access_policies.write(work, "acme", "Sessions", documents.rules_from_json({"rules": [deny]}))


def in_it(front, email=BEN):
    with front.work() as work:
        found = queries.group(work, BARRED, organization_id=front.organization_id)
        return email in {one.account.email for one in memberships.members(work, found)}


def put_in(front, email):
    with front.work() as work:
        groups.add(work, BARRED, email, organization="acme")


def test_a_request_is_not_approved_into_a_group_that_locks_an_administrator_out(front, admin, barred):
    with front.work() as work:
        ledger = applications.create(work, queries.site(work, "acme"), protocol="saml", name="Ledger")
        ledger.requestable = True
        work.tx.session.flush()
        default_groups.mark(work, ledger.id, BARRED)
        ben = queries.account(work, BEN)
        acting = replace(work, actor=Actor("account", ben.id, ben.email, ben.organization_id))
        asked = access_requests.ask(acting, ledger.id, "I close the books.").id

    admin.open(f"/admin/requests/{asked}").submit("Approve", act="approve")

    assert (admin.status, in_it(front)) == (409, False)
    assert "This would lock administrators out" in admin.text


def test_the_role_of_the_last_one_who_gets_in_is_not_withdrawn(front, admin, barred):
    put_in(front, BEN)
    with front.work() as work:
        [mine] = [
            one for one in held_roles.assignments(work, organization_id=front.organization_id) if one.subject == ANN
        ]

    admin.open(f"/admin/roles/assignments/{mine.assignment.id}/withdraw").submit("Withdraw")

    assert admin.status == 409
    assert "Nobody would be left who can administer" in admin.text
    with front.work() as work:
        assert rights.roles_of(work, front.organization_id, front.account_ids[ANN]) != ()


def test_the_last_one_who_gets_in_is_not_disabled(front, admin, barred):
    put_in(front, BEN)
    path = f"/admin/accounts/{front.account_ids[ANN]}/actions/disable"
    admin.open(path).submit("Disable")

    assert admin.status == 409
    with front.work() as work:
        assert queries.account(work, ANN).disabled_at is None


@pytest.fixture
def by_rule(front, barred):
    """A rule fills the group."""
    with front.work() as work:
        rules.write(work, BARRED, organization="acme", condition='department is "Leaving" or name is "Gone"')
        rules.switch_on(work, BARRED, organization="acme")


def test_neither_an_attribute_nor_a_name_locks_an_administrator_out_by_a_rule(front, admin, by_rule):
    path = f"/admin/accounts/{front.account_ids[BEN]}"
    admin.open(f"{path}/actions/attributes").submit(attributes="department: Leaving")
    assert (admin.status, in_it(front)) == (409, False)

    admin.open(f"{path}/edit").submit(name="Gone")
    assert (admin.status, in_it(front)) == (409, False)
    assert "This would lock administrators out" in admin.text


def test_a_row_of_an_import_locks_no_administrator_out_and_the_others_are_done(front, admin, barred):
    with front.work() as work:
        cleo = accounts.create(work, "clara@acme.example", organization="acme", name="Clara").email
        text = f"email,groups\n{BEN},{BARRED}\n{cleo},{BARRED}\n".encode()
        made = import_reading.preview(work, text, organization="acme").id
    with front.work() as work:
        account_imports.apply(work, made)

    assert (in_it(front), in_it(front, cleo)) == (False, True)
