"""Who may join by themselves: nobody without a rule, and a rule by whoever could do by hand what it does."""

from dataclasses import replace

import pytest

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.work import Actor, HeldRole
from idp.directory import join_rules
from idp.directory.domain_models import Domain
from idp.directory.models import RoleAssignment


def prove(work, organization_id, name="acme.example", state="verified"):
    work.tx.session.add(
        Domain(
            organization_id=organization_id,
            id=f"dom_{name.replace('.', '')}",
            name=name,
            held_name=name,
            state=state,
            token="t",
            created_at=work.now,
        )
    )
    work.tx.session.flush()


@pytest.fixture
def acme(work, an_organization, a_group):
    organization = an_organization()
    a_group()
    work.tx.session.flush()
    return organization


def made(work, domain="acme.example", **terms):
    return join_rules.create(work, domain, organization="acme", **terms)


def test_without_a_rule_nobody_joins(work, acme):
    assert not join_rules.are_there(work, acme.id)
    rule = made(work, groups=["Staff"])

    assert join_rules.are_there(work, acme.id)
    assert join_rules.rule_for(work, acme.id, "ada@acme.example").id == rule.id
    for other in ("ada@sub.acme.example", "ada@xacme.example", "ada@example", "acme.example@evil.example"):
        assert join_rules.rule_for(work, acme.id, other) is None


def test_a_domain_is_written_in_one_form(work, acme):
    assert made(work, " Bücher.Example. ").domain == "xn--bcher-kva.example"
    with pytest.raises(Conflict):
        made(work, "bücher.example")


@pytest.mark.parametrize(
    "domain",
    ["", "example", "a b.example", "gmail.com", "GMAIL.com", "co.uk", "github.io", "co..uk", "x" * 64 + ".example"],
)
def test_t20_what_is_nobodys_own_is_refused(work, acme, domain):
    with pytest.raises(Invalid) as refused:
        made(work, domain)
    assert refused.value.field == "domain"


def test_t20_nobody_joins_at_once_by_a_domain_that_is_not_proven(work, acme):
    with pytest.raises(Invalid) as refused:
        made(work, needs_approval=False)
    assert refused.value.field == "needs_approval"

    prove(work, acme.id)
    rule = made(work, needs_approval=False)
    assert join_rules.joins_at_once(work, rule)


def test_t20_a_domain_that_loses_its_proof_lets_nobody_join_at_once(work, acme):
    prove(work, acme.id)
    rule = made(work, needs_approval=False)
    domain = work.tx.session.query(Domain).one()
    domain.state, domain.held_name = "superseded", None
    work.tx.session.flush()

    assert not join_rules.joins_at_once(work, rule)


def test_t20_a_domain_that_another_organization_has_proven_counts_for_nothing(work, acme, an_organization):
    prove(work, an_organization("other", "Other").id)

    with pytest.raises(Invalid):
        made(work, needs_approval=False)


def test_t5_a_group_that_carries_a_role_is_entered_by_no_rule(work, acme, a_group):
    chiefs = a_group("Chiefs")
    work.tx.session.add(
        RoleAssignment(
            organization_id=acme.id,
            id="rol_test",
            group_id=chiefs.id,
            role="organization-administrator",
            valid_from=work.now,
        )
    )
    work.tx.session.flush()

    with pytest.raises(Invalid) as refused:
        made(work, groups=["Chiefs"])
    assert refused.value.field == "groups"


@pytest.mark.parametrize("lacks", ["domain:edit", "account:create", "group:members"])
def test_d17_a_rule_does_nothing_that_its_author_may_not_do(work, acme, an_account, lacks):
    ann = an_account()
    may = {
        "domain:read",
        "domain:edit",
        "account:create",
        "account:read",
        "group:members",
        "group:read",
        "organization:read",
    }
    held = (HeldRole("rol_own", acme.id, permissions=tuple(may - {lacks})),)
    limited = replace(work, actor=Actor("account", ann.id, ann.email, acme.id, held))

    with pytest.raises(Forbidden):
        made(limited, groups=["Staff"])
    rule = made(work, groups=["Staff"])
    with pytest.raises(Forbidden):
        join_rules.edit(limited, rule.id, organization="acme", needs_approval=True)


def test_a_rule_is_changed_and_deleted_by_the_version_that_was_read(work, acme):
    rule = made(work)
    join_rules.edit(work, "acme.example", organization="acme", kind="guest", notify=False, if_version=rule.version)
    assert (rule.kind, rule.notify) == ("guest", False)
    for act in (join_rules.edit, join_rules.delete):
        with pytest.raises(Conflict):
            act(work, rule.id, organization="acme", if_version=rule.version - 1)
    join_rules.delete(work, rule.id, organization="acme", if_version=rule.version)
    assert join_rules.rules(work) == []


def test_t1_a_stranger_neither_sees_nor_changes_a_rule(work, acme, stranger):
    rule = made(work)
    mallory = stranger(work)

    assert join_rules.rules(mallory) == []
    for act in (
        lambda: made(mallory, "evil.example"),
        lambda: join_rules.edit(mallory, rule.id, organization="acme", needs_approval=False),
        lambda: join_rules.delete(mallory, rule.id, organization="acme"),
    ):
        with pytest.raises(NotFound):
            act()
