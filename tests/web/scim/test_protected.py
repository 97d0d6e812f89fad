"""What a directory may not do to administrators and accounts for emergencies, whatever it kept before (D17, S7)."""

from datetime import timedelta

import pytest

from idp.base.errors import Conflict
from idp.directory import access_policies, groups, policy_members, role_assignments
from idp.directory.models import Account
from idp.policy.access import documents
from tests.support.scim import user
from tests.web.scim.test_groups import members_of

ROLE = "help-desk"


def by_role(front, id_: str) -> None:
    with front.work() as work:
        role_assignments.grant(work, ROLE, organization="acme", account=id_)


def by_group(front, id_: str) -> None:
    with front.work() as work:
        made = groups.create(work, "Help", organization="acme")
        groups.add(work, made.id, id_, organization="acme")
        role_assignments.grant(work, ROLE, organization="acme", group=made.id)


def by_role_to_come(front, id_: str) -> None:
    with front.work() as work:
        held = role_assignments.grant(work, ROLE, organization="acme", account=id_)
        held.valid_from = work.now + timedelta(days=3)


def for_emergencies(front, id_: str) -> None:
    with front.work() as work:
        policy_members.set_kind(work, id_, "break-glass", organization_id=front.organization_id)


PROTECTED = (by_role, by_group, by_role_to_come, for_emergencies)


@pytest.mark.parametrize("protect", PROTECTED)
def test_d17_a_directory_does_nothing_to_a_protected_account(front, peer, protect):
    made = peer.bring()
    protect(front, made["id"])
    path = f"/Users/{made['id']}"
    one = {"op": "replace"}
    acts = {
        "off": lambda: peer.patch(path, {**one, "path": "active", "value": False}),
        "address": lambda: peer.patch(path, {**one, "path": "userName", "value": "q@acme.example"}),
        "name": lambda: peer.patch(path, {**one, "path": "displayName", "value": "Mallory"}),
        "family name": lambda: peer.patch(path, {**one, "path": "name.familyName", "value": "Mallory"}),
        "title": lambda: peer.patch(path, {**one, "path": "title", "value": "Chief"}),
        "what it is called there": lambda: peer.patch(path, {**one, "path": "externalId", "value": "x"}),
        "as a whole": lambda: peer.call("PUT", path, user(active=False, displayName="Mallory")),
        "delete": lambda: peer.call("DELETE", path),
    }
    seen = {name: act().status_code for name, act in acts.items()}

    assert seen == dict.fromkeys(acts, 403)
    with front.work() as work:
        kept = work.tx.session.get_one(Account, (front.organization_id, made["id"]))
        assert (kept.email, kept.name, kept.disabled_at) == ("zoe@acme.example", made["displayName"], None)


@pytest.mark.parametrize("protect", PROTECTED)
def test_s7_a_directory_moves_no_protected_account_in_groups_that_rules_of_access_ask_for(front, peer, protect):
    zoe, yan = peer.bring()["id"], peer.bring("yan@acme.example")["id"]
    inside, outside = peer.bring_group("Inside", zoe)["id"], peer.bring_group("Outside")["id"]
    protect(front, zoe)
    with front.work() as work:
        guard = {"name": "No", "conditions": {"people": {"groups": ["Inside", "Outside"]}}, "mode": "off"}
        access_policies.write(work, "acme", "Sessions", documents.rules_from_json({"guards": [guard]}))
    acts = (
        lambda: peer.patch(f"/Groups/{outside}", {"op": "add", "path": "members", "value": [{"value": zoe}]}),
        lambda: peer.patch(f"/Groups/{inside}", {"op": "remove", "path": "members"}),
        lambda: peer.patch(f"/Groups/{inside}", {"op": "replace", "path": "members", "value": [{"value": yan}]}),
        lambda: peer.call("DELETE", f"/Groups/{inside}"),
    )
    assert [act().status_code for act in acts] == [403] * 4
    added = peer.patch(f"/Groups/{inside}", {"op": "add", "path": "members", "value": [{"value": yan}]})

    assert (added.status_code, members_of(front, inside), members_of(front, outside)) == (200, {zoe, yan}, set())


def test_a_directory_lets_administrators_in_and_out_of_groups_that_only_open_applications(front, peer):
    zoe = peer.bring()["id"]
    made = peer.bring_group("Wiki users")
    by_role(front, zoe)
    add = {"op": "add", "path": "members", "value": [{"value": zoe}]}

    assert peer.patch(f"/Groups/{made['id']}", add).status_code == 200
    assert peer.patch(f"/Groups/{made['id']}", {"op": "remove", "path": "members"}).status_code == 200


def test_s7_a_directory_puts_nobody_into_a_group_that_gives_a_role_not_even_through_another(front, peer):
    zoe = peer.bring()["id"]
    made = peer.bring_group("Mine")
    with front.work() as work:
        admins = groups.create(work, "Admins", organization="acme")
        role_assignments.grant(work, ROLE, organization="acme", group=admins.id)
    for act in (
        lambda work: groups.nest(work, made["id"], "Admins", organization="acme"),
        lambda work: role_assignments.grant(work, ROLE, organization="acme", group=made["id"]),
    ):
        with front.work() as work, pytest.raises(Conflict, match="role"):
            act(work)

    assert peer.patch(f"/Groups/{admins.id}", {"op": "add", "path": "members", "value": zoe}).status_code == 404
