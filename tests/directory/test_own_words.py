"""What people type of themselves puts them into no group, until an administrator vouches for it."""

import pytest

from idp.audit.models import AuditEntry
from idp.directory import accounts, groups, memberships, queries
from idp.directory import group_rule_changes as rules
from idp.signon import email_change
from tests.directory.test_join_rules import prove


@pytest.fixture
def chiefs(work, an_organization, a_group):
    """Chiefs are those who are called so, or write from a mailbox of chiefs."""
    an_organization()
    a_group("Chiefs")
    rules.write(
        work,
        "Chiefs",
        organization="acme",
        condition='name is "Chief" or email begins with "chief@"',
    )
    rules.switch_on(work, "Chiefs", organization="acme")


def members(work) -> set[str]:
    found = queries.group(work, "Chiefs", organization_id=queries.organization(work, "acme").id)
    return {one.account.email for one in memberships.members(work, found)}


def join(work, email="zoe@acme.example", name="Chief"):
    return accounts.create(work, email, organization="acme", name=name, through="join-rule", typed_by_person=True)


def test_t5_whoever_joins_under_a_name_that_a_rule_asks_for_is_not_let_in(work, chiefs):
    join(work)
    accounts.create(work, "max@acme.example", organization="acme", name="Chief")

    assert members(work) == {"max@acme.example"}


def test_an_administrator_who_says_the_same_name_vouches_for_it(work, chiefs):
    made = join(work)
    accounts.rename(work, made.id, name="Chief")

    assert members(work) == {"zoe@acme.example"}
    work.tx.session.flush()
    assert "account.words-confirmed" in {one.tag for one in work.tx.session.query(AuditEntry)}
    assert made.typed_by_person == ["email"]


def test_t5_an_address_that_people_choose_counts_only_on_a_proven_domain(work, chiefs):
    made = join(work, name="Zoe")
    email_change.replace(work, made, "chief@else.example", seen=made.email, by="account")
    assert members(work) == set()

    prove(work, made.organization_id)
    email_change.replace(work, made, "chief@acme.example", seen=made.email, by="account")
    assert members(work) == {"chief@acme.example"}


def test_an_administrator_vouches_for_an_address_by_saying_it(work, chiefs):
    made = join(work, "chief@else.example", name="Zoe")
    assert members(work) == set()

    email_change.administer(work, made.id, "chief@else.example")
    assert members(work) == {"chief@else.example"}


def test_t5_a_preview_says_of_them_what_the_rule_would_do(work, chiefs):
    join(work)
    assert rules.preview(work, "Chiefs", organization="acme").entering == ()


def test_what_was_typed_keeps_nobody_from_groups_by_hand(work, chiefs, a_group):
    a_group("Staff")
    made = join(work)
    groups.add(work, "Staff", made.id, organization="acme")

    found = queries.group(work, "Staff", organization_id=made.organization_id)
    assert [one.account.id for one in memberships.members(work, found)] == [made.id]


@pytest.mark.parametrize("nested", [False, True])
def test_t5_whom_one_rule_leaves_out_for_that_is_not_let_in_by_the_contrary_of_another(work, chiefs, a_group, nested):
    a_group("Inside")
    asked = "Chiefs"
    if nested:
        a_group("Heads")
        groups.nest(work, "Chiefs", "Heads", organization="acme")
        asked = "Heads"
    rules.write(work, "Inside", organization="acme", condition=f'not in group "{asked}"')
    rules.switch_on(work, "Inside", organization="acme")
    made = join(work)

    def inside() -> set[str]:
        found = queries.group(work, "Inside", organization_id=made.organization_id)
        return {one.account.email for one in memberships.members(work, found)}

    assert inside() == set()
    assert rules.preview(work, "Inside", organization="acme").entering == ()
    accounts.rename(work, made.id, name="Zoe")
    email_change.administer(work, made.id, made.email)
    assert inside() == {made.email}
