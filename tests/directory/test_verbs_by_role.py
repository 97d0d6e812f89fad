"""What each role may really do, where it is held; and what nobody of another organization may (generated matrices)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from idp.base.errors import Forbidden, IdpError, NotFound
from idp.base.work import Actor, HeldRole
from idp.directory import (
    access_assignments,
    accounts,
    applications,
    authentication_policy_changes,
    groups,
    keys,
    organizations,
    policies,
    policy_members,
    role_assignments,
    roles,
    sites,
    zones,
)
from idp.directory.models import Account, Application, Group, Site
from idp.directory.zones import Contents
from idp.oidc import api_scopes, apis
from idp.policy.permissions import DIRECTORY, OPERATOR, ROLES, SCOPES, Permission
from idp.signon import (
    administered_password,
    devices,
    email_change,
    history,
    invitations,
    resetting,
    signing_out_others,
)
from idp.signon.factors import password, temporary_pass, totp
from tests.support.verbs import requirements

SECRET = b"a test secret of twenty"[:20]
PASSWORD = "umbrella quartz lantern"


@dataclass
class World:
    """Acme, with everything that verbs refer to; and the site of another organization."""

    organization_id: str
    site: Site
    wiki: Application
    ann: Account
    staff: Group
    role_id: str
    assignment_id: str
    api_id: str


@pytest.fixture
def world(work, an_organization, a_site, an_account, a_group, an_application) -> World:
    acme = an_organization()
    site, ann, staff = a_site(), an_account(), a_group()
    wiki = an_application(site)
    password.set_password(work, ann.id, PASSWORD, organization_id=acme.id)
    role = roles.create(work, "Readers", organization="acme", permissions=["audit:read"])
    spare = roles.create(work, "Spare", organization="acme", permissions=["audit:read"])
    ben = an_account("ben@acme.example", name="Ben")
    given = role_assignments.grant(work, role.id, organization="acme", account=ben.id)
    api, _ = apis.create(work, "acme", identifier="urn:orders", name="Orders")
    api_scopes.add(work, api.id, "orders:read", "See your orders")
    authentication_policy_changes.create(work, "acme", "Strict")
    access_assignments.create(work, "acme", "Inside")
    return World(acme.id, site, wiki, ann, staff, spare.id, given.id, api.id)


Call = Callable[[Any, World], object]
CALLS: dict[str, Call] = {
    "directory.organizations.create": lambda w, x: organizations.create(w, "other", name="Other"),
    "directory.organizations.suspend": lambda w, x: organizations.suspend(w, "acme"),
    "directory.sites.create": lambda w, x: sites.create(w, "two", organization="acme", name="Two"),
    "directory.sites.edit": lambda w, x: sites.edit(w, "acme", name="Acme Two"),
    "directory.accounts.create": lambda w, x: accounts.create(w, "c@acme.example", organization="acme", name="C"),
    "directory.accounts.rename": lambda w, x: accounts.rename(w, x.ann.id, name="Anna"),
    "directory.accounts.set_attributes": lambda w, x: accounts.set_attributes(w, x.ann.id, {"team": ["x"]}),
    "directory.accounts.disable": lambda w, x: accounts.disable(w, x.ann.id),
    "directory.policy_members.set_kind": lambda w, x: policy_members.set_kind(w, x.ann.id, "guest"),
    "directory.policy_members.move": lambda w, x: _raised(policy_members.move(w, "acme", [x.ann.id], "Strict")),
    "directory.groups.create": lambda w, x: groups.create(w, "New", organization="acme"),
    "directory.groups.add": lambda w, x: groups.add(w, x.staff.id, x.ann.id, organization="acme"),
    "directory.applications.create": lambda w, x: applications.create(w, x.site, protocol="saml", name="New"),
    "directory.applications.disable": lambda w, x: applications.disable(w, x.wiki.id),
    "directory.applications.delete": lambda w, x: applications.delete(w, x.wiki.id),
    "directory.applications.grant": lambda w, x: applications.grant(w, x.wiki.id, account=x.ann.id),
    "directory.policies.set_application_release": lambda w, x: policies.set_application_release(
        w, x.wiki.id, attributes=["email"]
    ),
    "directory.policies.set_site_release": lambda w, x: policies.set_site_release(w, "acme", ["email"]),
    "directory.policies.set_organization_release": lambda w, x: policies.set_organization_release(w, "acme", ["email"]),
    "directory.access_assignments.create": lambda w, x: access_assignments.create(w, "acme", "New"),
    "directory.access_assignments.assign": lambda w, x: access_assignments.assign(w, x.wiki.id, "Inside"),
    "directory.authentication_policy_changes.create": lambda w, x: authentication_policy_changes.create(
        w, "acme", "New"
    ),
    "directory.zones.create": lambda w, x: zones.create(w, "acme", "Office", Contents(networks=("192.0.2.0/24",))),
    "directory.keys.keys": lambda w, x: keys.keys(w, x.organization_id, x.site.id),
    "directory.keys.rotate": lambda w, x: keys.rotate(w, x.organization_id, x.site.id, subject="Acme"),
    "directory.roles.create": lambda w, x: roles.create(w, "New", organization="acme", permissions=["site:read"]),
    "directory.roles.edit": lambda w, x: roles.edit(w, x.role_id, organization="acme", description="For reading"),
    "directory.roles.delete": lambda w, x: roles.delete(w, x.role_id, organization="acme"),
    "directory.role_assignments.grant": lambda w, x: role_assignments.grant(
        w, "auditor", organization="acme", account=x.ann.id
    ),
    "directory.role_assignments.withdraw": lambda w, x: role_assignments.withdraw(
        w, x.assignment_id, organization="acme"
    ),
    "oidc.apis.create": lambda w, x: apis.create(w, "acme", identifier="urn:new", name="New"),
    "oidc.apis.disable": lambda w, x: apis.disable(w, x.api_id),
    "oidc.apis.delete": lambda w, x: apis.delete(w, x.api_id),
    "oidc.api_scopes.add": lambda w, x: api_scopes.add(w, x.api_id, "orders:write", "Change your orders"),
    "oidc.api_scopes.grant": lambda w, x: api_scopes.grant(w, x.api_id, "orders:read", account=x.ann.id),
    "signon.administered_password.reset_password": lambda w, x: administered_password.reset_password(
        w, x.ann.id, "another umbrella lantern"
    ),
    "signon.administered_password.require_new_password": lambda w, x: administered_password.require_new_password(
        w, x.ann.id
    ),
    "signon.factors.totp.add": lambda w, x: totp.add(
        w, x.ann.id, SECRET, organization_id=x.organization_id, name="Phone"
    ),
    "signon.factors.temporary_pass.make": lambda w, x: temporary_pass.make(w, x.ann.id),
    "signon.resetting.reset_factors": lambda w, x: resetting.reset_factors(w, x.ann.id),
    "signon.resetting.unlock": lambda w, x: resetting.unlock(w, x.ann.id),
    "signon.signing_out_others.end_sessions": lambda w, x: signing_out_others.end_sessions(w, x.ann.id),
    "signon.devices.forget_all": lambda w, x: devices.forget_all(w, x.ann.id, organization_id=x.organization_id),
    "signon.email_change.administer": lambda w, x: email_change.administer(w, x.ann.id, "anna@acme.example"),
    "signon.invitations.invite": lambda w, x: invitations.invite(
        w, "d@acme.example", organization="acme", name="D", kind="member"
    ),
    "signon.history.of_account": lambda w, x: history.of_account(w, x.organization_id, x.ann.id),
}
REQUIRED = requirements()
NOT_FOR_MEMBERS = {"directory.accounts.create", "signon.invitations.invite"}
"""These require to change policies for break-glass accounts only, which are not made here."""


def _raised(moved):
    for one in moved:
        if one.error is not None:
            raise one.error


def _held(world, role, scope):
    if scope == "organization":
        return HeldRole(role, world.organization_id)
    return HeldRole(role, world.organization_id, world.site.id, world.wiki.id if scope == "application" else None)


def _at(work, *held):
    return replace(work, actor=Actor("account", "acc_actor", "actor@acme.example", held[0].organization_id, held))


def _outcome(work, call, world) -> IdpError | None:
    """What comes of a call, which leaves nothing behind."""
    nested = work.tx.session.begin_nested()
    try:
        call(work, world)
    except (Forbidden, NotFound) as refusal:
        return refusal
    finally:
        nested.rollback()
        work.tx.session.expire_all()
    return None


def _covers(scope, on, permission):
    """Whether a role at *scope* reaches what a verb is about: the organization, the site, or the wiki (or what is at the site)."""
    if scope == "organization" or permission in DIRECTORY:
        return True
    return scope == "site" or on == "application"


ABOUT_SITE = {
    "directory.sites.edit", "directory.applications.create", "directory.policies.set_site_release",
    "directory.keys.keys", "directory.keys.rotate", "oidc.apis.create", "oidc.apis.disable", "oidc.apis.delete",
    "oidc.api_scopes.add", "oidc.api_scopes.grant",
}  # fmt: skip
ABOUT_APPLICATION = {
    "directory.applications.disable", "directory.applications.delete", "directory.applications.grant",
    "directory.policies.set_application_release",
}  # fmt: skip


def _expected(role, scope, name):
    """What the source says (`tests.support.verbs`), where the role is held."""
    on = "application" if name in ABOUT_APPLICATION else "site" if name in ABOUT_SITE else "organization"
    for one in REQUIRED[f"idp.{name}"]:
        if name in NOT_FOR_MEMBERS and one.permissions == {Permission.POLICY_EDIT}:
            continue
        held = one.permissions & ROLES[role]
        reached = [
            permission
            for permission in held
            if (on != "organization" and _covers(scope, on, permission))
            or scope == "organization"
            or permission in DIRECTORY
        ]
        if not reached:
            return False
    return True


HELD = [(role, scope) for role, scopes in SCOPES.items() for scope in sorted(scopes)]


@pytest.mark.parametrize(("role", "scope"), HELD)
def test_t10_each_role_may_do_what_its_permissions_say_and_nothing_else(work, world, role, scope):
    mine = _at(work, _held(world, role, scope))

    done = {name for name, call in CALLS.items() if _outcome(mine, call, world) is None}

    assert done == {name for name in CALLS if _expected(role, scope, name)}


def test_t10_whoever_holds_the_machine_may_do_all_of_it(work, world):
    assert {name: _outcome(work, call, world) for name, call in CALLS.items()} == dict.fromkeys(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_t10_nobody_does_anything_without_a_role(work, world, name):
    nobody = replace(work, actor=Actor("account", "acc_actor", "actor@acme.example", world.organization_id))

    assert _outcome(nobody, CALLS[name], world) is not None


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"directory.organizations.create"}))
def test_t1_t4_an_administrator_of_another_organization_finds_nothing_here(work, world, stranger, name):
    refusal = _outcome(stranger(work), CALLS[name], world)

    assert refusal is not None
    by_object = {
        "directory.applications.create",
        "directory.keys.keys",
        "directory.keys.rotate",
        "signon.history.of_account",
    }
    assert isinstance(refusal, Forbidden if name in by_object else NotFound)


@pytest.mark.parametrize("scope", ["site", "application"])
def test_t10_a_role_at_one_site_does_nothing_at_another(work, world, a_site, an_application, scope):
    role = "site-administrator" if scope == "site" else "application-administrator"
    mine = _at(work, _held(world, role, scope))
    there = replace(world, site=a_site("beta", name="Beta"))
    there.wiki = an_application(there.site, "Chat")

    for name in ("directory.applications.create", "directory.applications.disable", "directory.keys.rotate",
                 "directory.applications.delete", "directory.applications.grant"):  # fmt: skip
        assert _outcome(mine, CALLS[name], there) is not None


OVER = [
    name for name in CALLS if any(one.how == "over" for one in REQUIRED[f"idp.{name}"])
    and not name.startswith(("directory.role", "signon.invitations"))
]  # fmt: skip


@pytest.mark.parametrize("name", OVER)
def test_d17_nobody_does_anything_to_an_administrator_without_holding_as_much(work, world, name):
    role_assignments.grant(work, "organization-administrator", organization="acme", account=world.ann.id)
    role_assignments.grant(work, "organization-administrator", organization="acme", account="ben@acme.example")
    almost = [one.value for one in Permission if one not in (Permission.ORGANIZATION_CREATE, Permission.AUDIT_READ)]
    held = HeldRole("cro_almost", world.organization_id, permissions=tuple(almost))

    assert isinstance(_outcome(_at(work, held), CALLS[name], world), Forbidden)
    assert _outcome(_at(work, replace(held, permissions=(*almost, "audit:read"))), CALLS[name], world) is None


def test_there_is_no_other_role_to_be_asked():
    assert set(ROLES) - {OPERATOR} == {role for role, _ in HELD}
