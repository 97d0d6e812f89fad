"""Authentication policies of an organization: made, changed, chosen as default, deleted; each change with its entry."""

import pytest

from idp.audit.models import AuditEntry
from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.directory import authentication_policies as policies
from idp.directory import authentication_policy_changes, policy_members
from idp.policy.authentication import PolicyKind
from idp.policy.permissions import AUDITOR, ORGANIZATION_ADMINISTRATOR
from idp.policy.signon import Method, SecondStep

pytestmark = pytest.mark.both_databases


@pytest.fixture
def ann(an_organization, an_account):
    an_organization()
    return an_account()


def audited(work, tag) -> list[dict]:
    work.tx.session.flush()
    return [e.details for e in work.tx.session.query(AuditEntry).order_by(AuditEntry.id) if e.tag == tag]


def test_an_organization_begins_with_one_of_each_kind_and_one_default(work, ann):
    found = policies.policies(work, "acme")

    assert [(one.name, one.kind, one.is_default) for one in found] == [
        ("Default", "member", True),
        ("Break glass", "break-glass", False),
        ("Guests", "guest", False),
    ]
    assert [policies.members(work, one) for one in found] == [1, 0, 0]
    assert (found[1].known_device_days, found[1].recovery) == (0, ["administrator"])


def test_what_it_says_is_what_counts(work, ann):
    made = authentication_policy_changes.create(
        work, "acme", "Strict", {"methods": ["pwd", "otp"], "session_idle_seconds": 600}
    )
    policy_members.move(work, "acme", [ann.id], "Strict")

    facts = policies.authentication_policy(work, ann.organization_id, ann.policy_id)

    assert facts.id == made.id
    assert facts.methods == {Method.PASSWORD, Method.TOTP}
    assert facts.session_idle_seconds == 600
    assert facts.second_step is SecondStep.REQUIRED
    assert audited(work, "authentication-policy.created")[0]["says"]["methods"] == "pwd, otp"


def test_a_change_is_versioned_and_audited_before_and_after(work, ann):
    changed = authentication_policy_changes.edit(
        work, "acme", None, {"password_minimum": 20, "password_score": 2}, if_version=1
    )

    assert changed.version == 2
    assert audited(work, "authentication-policy.changed") == [
        {"name": "Default", "before": {"password_minimum": "12"}, "after": {"password_minimum": "20"}}
    ]
    with pytest.raises(Conflict):
        authentication_policy_changes.edit(work, "acme", None, {"password_minimum": 21}, if_version=1)


def test_no_change_is_no_version_and_no_entry(work, ann):
    assert authentication_policy_changes.edit(work, "acme", None, {"password_minimum": 12}).version == 1
    assert audited(work, "authentication-policy.changed") == []


def test_a_policy_is_renamed_but_no_two_have_one_name(work, ann):
    authentication_policy_changes.edit(work, "acme", "Guests", {}, name="Externals")

    assert policies.policy(work, "acme", "Externals").kind == "guest"
    with pytest.raises(Conflict):
        authentication_policy_changes.edit(work, "acme", "Externals", {}, name="Default")
    with pytest.raises(Conflict):
        authentication_policy_changes.create(work, "acme", "Externals")


def test_a_value_that_cannot_be_taken_changes_nothing(work, ann):
    with pytest.raises(Invalid):
        authentication_policy_changes.edit(work, "acme", None, {"password_minimum": 20, "methods": ["otp"]})

    assert policies.policy(work, "acme").password_minimum == 12


def test_another_default_moves_nobody(work, ann, an_account):
    authentication_policy_changes.create(work, "acme", "Strict")
    authentication_policy_changes.set_default(work, "acme", "Strict")
    ben = an_account("ben@acme.example", name="Ben")

    assert policy_members.policy_of(work, ann).name == "Default"
    assert policy_members.policy_of(work, ben).name == "Strict"
    assert [one.name for one in policies.policies(work, "acme") if one.is_default] == ["Strict"]
    assert [policies.members(work, policies.policy(work, "acme", name)) for name in ("Default", "Strict")] == [1, 1]
    assert audited(work, "authentication-policy.default-chosen") == [{"before": "Default", "after": "Strict"}]


def test_only_a_policy_for_members_can_be_the_default(work, ann):
    for name in ("Default", "Guests", "Break glass"):
        with pytest.raises(Conflict):
            authentication_policy_changes.set_default(work, "acme", name)


def test_the_default_and_those_of_a_kind_cannot_be_deleted(work, ann):
    for name in ("Default", "Guests", "Break glass"):
        with pytest.raises(Conflict):
            authentication_policy_changes.delete(work, "acme", name)


def test_a_policy_with_people_in_it_is_deleted_only_with_somewhere_to_go(work, ann):
    authentication_policy_changes.create(work, "acme", "Strict")
    policy_members.move(work, "acme", [ann.id], "Strict")
    for move_to in (None, "Strict", "Guests"):
        with pytest.raises(Conflict):
            authentication_policy_changes.delete(work, "acme", "Strict", move_to=move_to)

    assert authentication_policy_changes.delete(work, "acme", "Strict", move_to="Default") == 1

    work.tx.session.refresh(ann)
    assert policy_members.policy_of(work, ann).name == "Default"
    assert audited(work, "account.policy-changed")[-1]["after"] == "Default"
    assert audited(work, "authentication-policy.deleted") == [{"name": "Strict", "moved": 1, "moved_to": "Default"}]
    with pytest.raises(NotFound):
        policies.policy(work, "acme", "Strict")


def test_there_is_one_test_policy_for_guests_and_no_second_one_of_guests(work, ann):
    authentication_policy_changes.create(work, "acme", "Trial", kind=PolicyKind.GUEST_TEST)

    for kind, error in (
        (PolicyKind.GUEST_TEST, Conflict),
        (PolicyKind.GUEST, Invalid),
        (PolicyKind.BREAK_GLASS, Invalid),
    ):
        with pytest.raises(error):
            authentication_policy_changes.create(work, "acme", "Another", kind=kind)


ACTS = {
    "create": lambda work: authentication_policy_changes.create(work, "acme", "Mine"),
    "edit": lambda work: authentication_policy_changes.edit(work, "acme", None, {"second_step": "off"}),
    "set_second_step": lambda work: authentication_policy_changes.set_second_step(work, "acme", "off"),
    "set_default": lambda work: authentication_policy_changes.set_default(work, "acme", "Guests"),
    "delete": lambda work: authentication_policy_changes.delete(work, "acme", "Guests"),
    "move": lambda work: policy_members.move(work, "acme", ["ann@acme.example"], "Default"),
    "move_group": lambda work: policy_members.move_group(work, "acme", "Staff", "Default"),
    "set_kind": lambda work: policy_members.set_kind(work, "ann@acme.example", "guest"),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_d4_strangers_see_no_policies_and_auditors_change_none(work, ann, as_account, stranger, act):
    with pytest.raises(NotFound):
        act(stranger(work))
    with pytest.raises(Forbidden):
        act(as_account(work, ann, AUDITOR))
    assert len(policies.policies(as_account(work, ann, AUDITOR), "acme")) == 3
    assert authentication_policy_changes.edit(
        as_account(work, ann, ORGANIZATION_ADMINISTRATOR), "acme", None, {"password_score": 3}
    )
