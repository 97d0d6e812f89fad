"""Who may administer what."""

import pytest

from idp.base.errors import Forbidden
from idp.base.work import ANONYMOUS, Actor, HeldRole
from idp.policy.permissions import (
    AUDITOR,
    OPERATOR,
    ORGANIZATION_ADMINISTRATOR,
    ROLES,
    Permission,
    allows,
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

    assert not allows(actor, Permission.ACCOUNT_READ, "org_a")
    assert organizations_of(actor, Permission.ACCOUNT_READ) == frozenset()


def test_a_stranger_sees_no_organization_and_an_operator_all():
    assert organizations_of(ANONYMOUS, Permission.ACCOUNT_READ) == frozenset()
    assert organizations_of(Actor("operator", roles=(HeldRole(OPERATOR),)), Permission.ACCOUNT_READ) is None


def test_a_refusal_names_the_permission_to_the_administrator_only(work):
    stranger = type(work)(work.tx, ANONYMOUS, work.now, work.origin)

    with pytest.raises(Forbidden) as refusal:
        require(stranger, Permission.KEY_ROTATE, "org_a")

    assert "key:rotate" in refusal.value.cause
    assert "key:rotate" not in refusal.value.message + refusal.value.advice
