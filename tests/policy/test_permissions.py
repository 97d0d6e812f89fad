"""Who may administer what."""

import pytest

from idp.base.errors import Forbidden
from idp.base.work import ANONYMOUS, Actor, HeldRole
from idp.policy.permissions import (
    APPLICATION_ADMINISTRATOR,
    AUDITOR,
    HELP_DESK,
    OPERATOR,
    ORGANIZATION_ADMINISTRATOR,
    ROLES,
    SITE_ADMINISTRATOR,
    Permission,
    allows,
    exceeds,
    organizations_of,
    require,
)

ADMINISTRATOR = Actor("account", "acc_olga", "Olga", "org_a", (HeldRole(ORGANIZATION_ADMINISTRATOR, "org_a"),))


def test_an_administrator_administers_the_own_organization_only():
    assert allows(ADMINISTRATOR, Permission.ACCOUNT_DISABLE, "org_a")
    assert not allows(ADMINISTRATOR, Permission.ACCOUNT_DISABLE, "org_b")
    assert not allows(ADMINISTRATOR, Permission.ACCOUNT_DISABLE, None)


def test_only_the_operator_creates_organizations():
    assert [role for role, held in ROLES.items() if Permission.ORGANIZATION_CREATE in held] == [OPERATOR]


def test_an_auditor_changes_nothing():
    assert all(permission.value.endswith(":read") for permission in ROLES[AUDITOR])


def test_a_role_for_one_site_is_no_role_for_the_organization():
    actor = Actor("account", roles=(HeldRole(ORGANIZATION_ADMINISTRATOR, "org_a", "sit_a"),))

    assert allows(actor, Permission.SITE_EDIT, "org_a", site_id="sit_a")
    assert not allows(actor, Permission.SITE_EDIT, "org_a", site_id="sit_b")
    assert not allows(actor, Permission.ACCOUNT_EDIT, "org_a")
    assert organizations_of(actor, Permission.ACCOUNT_EDIT) == frozenset()


def test_whoever_administers_one_site_may_name_the_people_of_the_organization():
    actor = Actor("account", roles=(HeldRole(SITE_ADMINISTRATOR, "org_a", "sit_a"),))

    assert allows(actor, Permission.ACCOUNT_READ, "org_a")
    assert not allows(actor, Permission.ACCOUNT_READ, "org_b")


def test_d17_a_role_exceeds_whoever_does_not_hold_all_of_it_in_the_same_place():
    at_one_site = Actor("account", roles=(HeldRole(SITE_ADMINISTRATOR, "org_a", "sit_a"),))

    assert exceeds([HeldRole(SITE_ADMINISTRATOR, "org_a", "sit_b")], at_one_site)
    assert exceeds([HeldRole(HELP_DESK, "org_a")], at_one_site) == {Permission.ACCOUNT_RECOVER}
    assert not exceeds([HeldRole(APPLICATION_ADMINISTRATOR, "org_a", "sit_a", "app_a")], at_one_site)
    assert not exceeds([HeldRole(role, "org_a") for role in ROLES if role != OPERATOR], ADMINISTRATOR)


def test_a_stranger_sees_no_organization_and_an_operator_all():
    assert organizations_of(ANONYMOUS, Permission.ACCOUNT_READ) == frozenset()
    assert organizations_of(Actor("operator", roles=(HeldRole(OPERATOR),)), Permission.ACCOUNT_READ) is None


def test_a_refusal_names_the_permission_to_the_administrator_only(work):
    stranger = type(work)(work.tx, ANONYMOUS, work.now, work.origin)

    with pytest.raises(Forbidden) as refusal:
        require(stranger, Permission.KEY_ROTATE, "org_a")

    assert "key:rotate" in refusal.value.cause
    assert "key:rotate" not in refusal.value.message + refusal.value.advice
