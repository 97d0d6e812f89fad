"""Nobody gets out of a group that rules of access keep out by changing what its rule asks for, unless they may (T5)."""

from dataclasses import replace

import pytest

from idp.base.errors import Forbidden
from idp.base.ids import new_id
from idp.base.work import Actor, HeldRole
from idp.directory import access_policies, accounts, applications, groups, join_rules, lifetime, memberships, queries
from idp.directory import group_rule_changes as rules
from idp.directory.joining_models import JoinRequest
from idp.directory.models import Account
from idp.policy.access import documents
from idp.signon import email_change, joining
from tests.directory.test_join_rules import prove

BEN = "ben@partner.example"
EDITOR = ("organization:read", "account:read", "account:edit", "account:create", "account:credentials", "group:read")


@pytest.fixture
def partners(work, an_organization, a_group):
    """Partners, by their address or their kind of contract, come into nothing."""
    organization = an_organization()
    group = a_group("Partners")
    rules.write(
        work, "Partners", organization="acme", condition='email ends with "@partner.example" or contract is "temporary"'
    )
    rules.switch_on(work, "Partners", organization="acme")
    accounts.create(work, BEN, organization="acme", name="Ben")
    accounts.create(work, "tia@acme.example", organization="acme", name="Tia", further={"contract": ["temporary"]})
    accounts.create(work, "max@acme.example", organization="acme", name="Max")
    return organization, group


@pytest.fixture
def kept_out(work, partners):
    """A rule of access keeps Partners out."""
    guard = {"name": "No partners", "conditions": {"people": {"groups": ["Partners"]}}}
    access_policies.write(work, "acme", "Sessions", documents.rules_from_json({"guards": [guard]}))


def members(work, name="Partners") -> set[str]:
    found = queries.group(work, name, organization_id=queries.organization(work, "acme").id)
    work.tx.session.flush()
    return {one.account.email for one in memberships.members(work, found)}


def one(work, email) -> Account:
    return queries.account(work, email)


def editor(work, *more: str):
    held = HeldRole("rol_1", queries.organization(work, "acme").id, None, None, (*EDITOR, *more))
    return replace(work, actor=Actor("account", "acc_editor", "eve@acme.example", held.organization_id, (held,)))


def test_t5_whoever_chooses_another_address_stays_where_the_one_before_put_them(work, kept_out):
    ben = one(work, BEN)
    email_change.replace(work, ben, "ben@free.example", seen=BEN, by="account")
    email_change.replace(work, ben, "b@free.example", seen="ben@free.example", by="account")
    assert members(work) == {"b@free.example", "tia@acme.example"}
    assert (ben.vouched_email, ben.typed_by_person) == (BEN, ["email"])
    assert rules.preview(work, "Partners", organization="acme").leaving == ()
    rules.run(work, "Partners", organization="acme")
    assert members(work) == {"b@free.example", "tia@acme.example"}

    email_change.administer(work, ben.id, "b@free.example")

    assert members(work) == {"tia@acme.example"}
    assert (ben.vouched_email, ben.typed_by_person) == ("", [])


def test_a_mailbox_that_the_organization_has_handed_out_counts_at_once(work, kept_out):
    ben = one(work, BEN)
    email_change.replace(work, ben, "ben@free.example", seen=BEN, by="account")
    prove(work, ben.organization_id)
    email_change.replace(work, ben, "ben@acme.example", seen="ben@free.example", by="account")

    assert members(work) == {"tia@acme.example"}
    assert ben.vouched_email == ""


def test_whoever_goes_back_to_the_address_that_was_vouched_for_has_typed_nothing(work, kept_out):
    ben = one(work, BEN)
    email_change.replace(work, ben, "ben@free.example", seen=BEN, by="account")
    email_change.replace(work, ben, BEN, seen="ben@free.example", by="not me")

    assert (ben.vouched_email, ben.typed_by_person) == ("", [])
    assert members(work) == {BEN, "tia@acme.example"}


def test_t5_nobody_enters_by_an_address_that_was_theirs_once_but_never_vouched_for(work, kept_out):
    made = accounts.create(
        work, "zoe@free.example", organization="acme", name="Zoe", through="join-rule", typed_by_person=True
    )
    email_change.replace(work, made, "zoe@partner.example", seen=made.email, by="account")
    email_change.replace(work, made, "zoe@else.example", seen=made.email, by="account")

    assert made.vouched_email == ""
    assert members(work) == {BEN, "tia@acme.example"}


def test_erasing_takes_the_address_of_before_too(work, kept_out):
    ben = one(work, BEN)
    email_change.replace(work, ben, "ben@free.example", seen=BEN, by="account")
    lifetime.erase_now(work, ben.id)
    lifetime.handler(())(work, {"organization_id": ben.organization_id, "account_id": ben.id})

    assert ben.vouched_email == ""


def moves(work) -> dict[str, object]:
    """Ways in which an editor of accounts could take Tia, or Ben, out of Partners, or put Max there."""
    return {
        "another contract": lambda: accounts.set_attributes(work, "tia@acme.example", {"contract": ["permanent"]}),
        "no contract": lambda: accounts.set_attributes(work, "tia@acme.example", {"contract": []}),
        "another address": lambda: email_change.administer(work, BEN, "ben@free.example"),
        "into it": lambda: accounts.set_attributes(work, "max@acme.example", {"contract": ["temporary"]}),
        "made into it": lambda: accounts.create(work, "new@partner.example", organization="acme", name="New"),
    }


def test_t5_an_editor_of_accounts_takes_nobody_out_of_a_group_that_rules_of_access_keep_out(work, kept_out):
    there = members(work)
    for act in moves(editor(work)).values():
        with pytest.raises(Forbidden, match="group “Partners”") as refused, work.tx.session.begin_nested():
            act()
        assert refused.value.code == "moves-by-rule"

    assert members(work) == there


@pytest.mark.parametrize("way", ["disabled", "to be deleted"])
def test_t5_an_edit_while_the_account_sleeps_moves_nobody_when_it_wakes(work, kept_out, way):
    tia = one(work, "tia@acme.example")
    (accounts.disable if way == "disabled" else lifetime.schedule_deletion)(work, tia.id)
    able = editor(work, "account:disable", "account:delete")
    accounts.set_attributes(able, tia.id, {"contract": ["permanent"]})
    wake = accounts.enable if way == "disabled" else lifetime.cancel_deletion
    with pytest.raises(Forbidden, match="Partners"), work.tx.session.begin_nested():
        wake(able, tia.id)
    work.tx.session.expire_all()
    wake(work, tia.id)

    assert "tia@acme.example" not in members(work)


def test_whoever_may_change_members_edits_what_their_rule_asks_for(work, kept_out):
    for act in moves(editor(work, "group:members")).values():
        act()

    assert members(work) == {"max@acme.example", "new@partner.example"}


def test_a_group_that_decides_nothing_is_moved_by_whoever_edits_accounts(work, partners):
    for act in moves(editor(work)).values():
        act()

    assert members(work) == {"max@acme.example", "new@partner.example"}


@pytest.mark.parametrize("around", [False, True])
def test_t5_an_editor_of_accounts_opens_no_application_by_an_attribute(
    work, partners, a_group, a_site, an_application, around
):
    application = an_application(a_site("acme", "acme"))
    if around:
        a_group("Outside")
        groups.nest(work, "Partners", "Outside", organization="acme")
    applications.grant(work, application.id, group="Outside" if around else "Partners")

    with pytest.raises(Forbidden):
        accounts.set_attributes(editor(work), "max@acme.example", {"contract": ["temporary"]})


def test_other_attributes_are_edited_as_before(work, kept_out):
    accounts.set_attributes(editor(work), "tia@acme.example", {"room": ["12"], "contract": ["temporary"]})
    accounts.rename(editor(work), "tia@acme.example", name="Tia T.")

    assert one(work, "tia@acme.example").name == "Tia T."


def test_t5_the_refusal_does_not_tell_the_name_of_a_group_that_the_editor_may_not_see(work, kept_out):
    held = HeldRole("rol_1", queries.organization(work, "acme").id, None, None, ("account:read", "account:edit"))
    blind = replace(work, actor=Actor("account", "acc_editor", "eve@acme.example", held.organization_id, (held,)))
    with pytest.raises(Forbidden) as refused:
        accounts.set_attributes(blind, "tia@acme.example", {"contract": []})

    assert "Partners" not in str(refused.value.message) + str(refused.value.advice)


def waiting(work, email: str) -> JoinRequest:
    """Somebody who has proven *email* waits for approval."""
    domain = email.partition("@")[2]
    rule = join_rules.create(work, domain, organization="acme", needs_approval=True)
    made = JoinRequest(
        organization_id=rule.organization_id,
        id=new_id("jnq"),
        email=email,
        email_key=email,
        name="Zoe",
        rule_id=rule.id,
        state="pending",
        created_at=work.now,
    )
    work.tx.session.add(made)
    work.tx.session.flush()
    return made


def test_t5_whoever_approves_an_address_puts_its_person_where_a_rule_keeps_such_out(work, kept_out):
    joining.approve(work, waiting(work, "zoe@partner.example").id)

    assert "zoe@partner.example" in members(work)


def test_t5_a_name_that_was_typed_is_not_vouched_for_by_approving(work, kept_out):
    made = joining.approve(work, waiting(work, "zoe@partner.example").id)

    assert made.typed_by_person == ["name"]
