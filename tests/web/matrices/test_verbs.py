"""Every verb, called with names of the neighbour's things, and by every role; through no page (T1, T4, T10)."""

import pytest

from idp.base.work import HeldRole
from idp.policy.permissions import Permission, allows
from tests.support.called_verbs import Calls, has_no_entrance, verbs
from tests.support.console_permissions import ROLES
from tests.support.two_tenants import CANARY
from tests.support.verbs import requirements

REFUSED = ("NotFound", "Forbidden")
ADMINISTRATOR = "organization-administrator"
EMPTY = ("[]", "{}", "None", "()")
"""What a verb that only reads may say of what it does not find."""
OTHERWISE = {"idp.directory.launcher_layouts.order": "ChangedMeanwhile"}
"""Ids that are not those of the organization's layouts are those of another time."""
SEEN = {"idp.signon.why_not.why_not", "idp.saml.doctor.examination.of_site"}
"""They say of what the actor may see anyway, and more to whoever holds what they require."""
SLOW = ("idp.directory.sites.create", "idp.directory.keys.", "idp.saml.key_change.rotating.")
"""They make keys, and are called by `tests/directory`."""
GRANTS = frozenset({Permission.APPLICATION_GRANT})
"""What lets somebody into a group in the place of `group:members`: for everything that the group opens."""


@pytest.fixture(scope="module")
def calls(tenants):
    return Calls(tenants)


@pytest.fixture(scope="module")
def every():
    return verbs()


def test_t10_every_verb_is_called_or_it_is_said_why_not(every):
    called = {one.name for one in every}
    unknown = {(one.name, kind) for one in every for kind in one.names.values() if kind == "?"}

    assert unknown == set()
    assert len(called) > 220
    assert [one.name for one in every if not one.names] == []
    assert {name for name in requirements() if name not in called and not has_no_entrance(name)} == set()


def test_t1_no_verb_takes_what_is_the_neighbours(tenants, calls, every):
    """All of it theirs; theirs in our organization; ours in theirs. By who may do everything in ours."""
    held = HeldRole(ADMINISTRATOR, tenants.ours)
    wrong, count = [], 0
    for verb in every:
        ways = {"all theirs": (calls.theirs, calls.theirs)}
        if verb.objects:
            ways["theirs in ours"] = (calls.ours, calls.theirs)
        if verb.objects and verb.objects != set(verb.names.values()):
            ways["ours in theirs"] = (calls.theirs, calls.ours)
        for name, (where, objects) in ways.items():
            error, said, written = calls.call(verb, held, where, objects)
            count += 1
            refused = error in (*REFUSED, OTHERWISE.get(verb.name)) or (not error and said in EMPTY)
            asked = [str(one) for one in (*calls.theirs.of.values(),)]
            for one in sorted(asked, key=len, reverse=True):
                said = said.replace(one, "it")
            if not refused or written or CANARY in said.lower():
                wrong.append((verb.name, name, error, said[:200], written))

    assert count > 450
    assert wrong == [], "\n".join(map(str, wrong))
    assert tenants.changed(tenants.theirs) == tenants.changed(tenants.ours) == []


def test_t10_no_role_is_answered_by_a_verb_that_it_holds_nothing_for(tenants, calls, every):
    """Each role, held in the organization, at a site or for an application: against what the verb says that it requires."""
    required, things = requirements(), calls.ours.things
    wrong, refusals, allowed = [], 0, 0
    at = {"site_id": things.acme, "application_id": things.okta}
    for name, (role, where) in ROLES.items():
        ids = {kind: getattr(things, one) for kind, one in where.items()}
        ids |= {"site": things.acme} if "application" in ids else {}
        held = HeldRole(role, tenants.ours, ids.get("site"), ids.get("application"))
        actor = calls.actor(held)
        for verb in every:
            holds = any(
                allows(actor, permission, tenants.ours, **({} if one.how == "over" else at))
                for one in required[verb.name]
                for permission in one.permissions | (GRANTS if one.how == "into" else frozenset())
            )
            if holds or verb.name in SEEN:
                allowed += 1
                continue
            error, said, written = calls.call(verb, held, calls.ours, calls.ours)
            refusals += 1
            if error not in REFUSED or written:
                wrong.append((name, verb.name, error, said[:200], written))

    assert refusals > 1_200
    assert allowed > 500
    assert wrong == [], "\n".join(map(str, wrong))


def test_t10_who_holds_everything_is_refused_by_no_verb(tenants, calls, every):
    """Else the refusals above would say nothing: an administrator of the organization comes past every check of ours."""
    held = HeldRole(ADMINISTRATOR, tenants.ours)
    seen = {
        verb.name: calls.call(verb, held, calls.ours, calls.ours) for verb in every if not verb.name.startswith(SLOW)
    }

    assert {name: said for name, (error, said, _) in seen.items() if error == "Forbidden"} == {}
    assert sum(1 for error, _, written in seen.values() if not error and written) > 60
