"""Each role, wherever it is held, on each address of the console: what its permissions say, and nothing else (T10)."""

from dataclasses import replace

import pytest

from idp.base.work import Actor, HeldRole
from idp.policy.permissions import ROLES as BUILT_IN
from idp.policy.permissions import Permission, allows, reach
from tests.support.console_permissions import ANY_SITE, ANYWHERE, ORGANIZATION, ROLES, SITE, TABLE, Needs
from tests.support.console_routes import routes
from tests.support.console_sent import everything
from tests.support.two_tenants import Things, signed_in_to_acme

REFUSED = (403, 404)
WAITS_FOR_NOTHING = {"console_application_saml.decide": 404, "console_group_rules.previewed": 404}
"""What is answered so to whoever may, too: in the world of the matrix nothing is to be decided, and no rule was looked at."""
ASKED = {
    "console_access_paths.ask_to_mark": "?group=Staff",
    "console_api_scopes.ask_to_grant": "?kind=everyone&scope=orders:read",
    "console_groups.ask_to_nest": "?parent=Engineering",
}
"""What pages are asked about, where without that there is nothing to show."""


@pytest.fixture(scope="module")
def ann(tenants):
    return signed_in_to_acme(tenants)


@pytest.fixture(scope="module")
def things(tenants, ann):
    return Things(tenants, tenants.ours)


@pytest.fixture(scope="module")
def sent(tenants, ann, things):
    """What an administrator of the organization can send, everywhere; made once: forms are not shown to others."""
    found = everything(tenants, ann, things)
    tenants.restore()
    return found


def _may(held: HeldRole, needs: Needs, things: Things) -> bool:
    actor = Actor("account", "acc_matrix", roles=(held,))
    if needs.place == ANYWHERE:
        return all(_somewhere(actor, one) for one in needs.permissions)
    if needs.place == ANY_SITE:
        return any(reach(actor, one).organizations or reach(actor, one).sites for one in needs.permissions)
    place = {ORGANIZATION: {}, SITE: {"site_id": things.acme}}.get(needs.place)
    if place is None:
        place = {"site_id": things.acme, "application_id": getattr(things, needs.place)}

    def holds(one):
        return allows(actor, one, held.organization_id, **place)

    return any(map(holds, needs.permissions)) and all(map(holds, needs.also))


def _somewhere(actor, permission) -> bool:
    where = reach(actor, permission)
    return bool(where.organizations or where.sites or where.applications)


def test_t10_the_table_knows_every_address_and_no_other(tenants):
    known = {(method, one.endpoint) for method in ("GET", "POST") for one in routes(tenants.front.app, method)}

    assert known - TABLE.keys() == set(), "say in tests.support.console_permissions what the address asks for"
    assert TABLE.keys() - known == set()


@pytest.mark.parametrize("name", ROLES)
def test_t10_each_role_comes_to_the_addresses_that_its_permissions_say(tenants, ann, things, sent, name):
    role, where = ROLES[name]
    tenants.become(role, **{kind: getattr(things, one) for kind, one in where.items()})
    tenants.keep()
    held = HeldRole(
        role, tenants.ours, *(getattr(things, where[k]) if k in where else None for k in ("site", "application"))
    )
    wrong = []

    def judge(method, endpoint, path, answer):
        allowed, taken = _may(held, TABLE[method, endpoint], things), answer.status_code not in REFUSED
        if answer.status_code >= 500 or (allowed != taken and WAITS_FOR_NOTHING.get(endpoint) != answer.status_code):
            wrong.append((method, path, answer.status_code, "allowed" if allowed else "not allowed"))
        if not allowed and (changed := tenants.changed(tenants.ours)):
            wrong.append((method, path, "changed", changed))

    for route in routes(tenants.front.app, "GET"):
        path = route.path(things.values(route.rule)) + ASKED.get(route.endpoint, "")
        judge("GET", route.endpoint, path, ann.client.get(path))
        tenants.restore()
    for one in sent:
        judge("POST", one.endpoint, one.path, one.by(ann))
        tenants.restore()

    assert wrong == [], "\n".join(map(str, wrong))


NEEDED = {
    "attributes": "account:edit",
    "email": "account:edit",
    "end-sessions": "account:recover",
    "reset-factors": "account:recover",
    "unlock": "account:recover",
    "new-password": "account:credentials",
    "revoke-tokens": "account:credentials",
    "revoke-api-tokens": "account:credentials",
    "disable": "account:disable",
    "delete": "account:delete",
    "erase": "account:delete",
}
TYPED = {"attributes": {"attributes": "title: Chief"}, "email": {"email": "dora.dean@acme.example"}}


def test_t10_each_role_does_to_an_account_what_its_permissions_say(tenants, ann, things, sent):
    """Dora holds nothing; of who holds something `rights.require_over` asks more (D17)."""
    [one] = [one for one in sent if one.endpoint == "console_account_actions.do"]
    wrong = []
    for role in sorted({role for role, _ in ROLES.values()}):
        tenants.become(role)
        tenants.keep()
        offered = ann.open(f"/admin/accounts/{things.dora}/actions").page.xpath("//main//a/@href")
        offered = {one.rpartition("/actions/")[2] for one in offered if "/actions/" in one}
        if offered != {what for what, permission in NEEDED.items() if Permission(permission) in BUILT_IN[role]}:
            wrong.append((role, "is offered", offered))
        for what, permission in NEEDED.items():
            path = one.path.rpartition("/")[0] + "/" + what
            answer = replace(one, path=path).by(ann, **TYPED.get(what, {}))
            allowed = Permission(permission) in BUILT_IN[role]
            nothing_to_do = what == "revoke-api-tokens"  # Dora has none
            changed = bool(tenants.changed(tenants.ours)) or (allowed and nothing_to_do)
            if allowed != (answer.status_code == 303) or allowed != changed:
                wrong.append((role, what, answer.status_code, tenants.changed(tenants.ours)))
            tenants.restore()

    assert wrong == []


def test_d17_nobody_does_anything_to_whoever_holds_more(tenants, ann, things, sent):
    """Ben reads the log; the help desk does not."""
    [one] = [one for one in sent if one.endpoint == "console_account_actions.do"]
    tenants.become("help-desk")
    tenants.keep()
    seen = {
        what: replace(one, path=f"/admin/accounts/{things.ben}/actions/{what}")
        .by(ann, **TYPED.get(what, {}))
        .status_code
        for what in NEEDED
    }

    assert {what: status for what, status in seen.items() if status != 403} == {}
    assert tenants.changed(tenants.ours) == []
