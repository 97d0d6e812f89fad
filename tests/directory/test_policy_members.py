"""Who is in which authentication policy, and what accounts are to their organization."""

import threading

import pytest

from idp.audit.models import AuditEntry
from idp.base.errors import Conflict, Forbidden, IdpError, Invalid
from idp.directory import accounts, authentication_policy_changes, groups, organizations
from idp.directory import authentication_policies as policies
from idp.directory import policy_members as members
from idp.directory.models import Account
from idp.policy.authentication import PolicyKind

pytestmark = pytest.mark.both_databases


@pytest.fixture
def ann(an_organization, an_account):
    an_organization()
    return an_account()


def audited(work, tag) -> list[dict]:
    work.tx.session.flush()
    return [e.details for e in work.tx.session.query(AuditEntry).order_by(AuditEntry.id) if e.tag == tag]


def test_everybody_is_in_exactly_one_policy_before_and_after_a_move(work, ann, an_account):
    an_account("ben@acme.example", name="Ben")
    authentication_policy_changes.create(work, "acme", "Strict")

    outcome = members.move(work, "acme", ["ANN@acme.example", ann.id, "nobody@acme.example"], "Strict")

    assert [(one.person, one.before, one.after, one.error is not None) for one in outcome] == [
        ("ann@acme.example", "Default", "Strict", False),
        ("ann@acme.example", "Strict", "Strict", False),
        ("nobody@acme.example", "", "", True),
    ]
    assert sum(policies.members(work, one) for one in policies.policies(work, "acme")) == 2
    assert audited(work, "account.policy-changed") == [
        {"email": "ann@acme.example", "before": "Default", "after": "Strict"}
    ]


def test_a_group_is_moved_as_it_is_now(work, ann, an_account, a_group):
    ben = an_account("ben@acme.example", name="Ben")
    a_group()
    for person, until in ((ann, None), (ben, work.now)):
        groups.add(work, "Staff", person.id, organization="acme").valid_to = until
    authentication_policy_changes.create(work, "acme", "Strict")

    outcome = members.move_group(work, "acme", "Staff", "Strict")

    assert [one.person for one in outcome] == ["ann@acme.example"]
    assert members.policy_of(work, ben).name == "Default"


def test_d4_nobody_of_another_organization_is_moved(work, ann, an_account):
    organizations.create(work, "rival", name="Rival")
    an_account("rita@rival.example", organization="rival", name="Rita")

    outcome = members.move(work, "acme", ["rita@rival.example"], "Default")

    assert outcome[0].error is not None


@pytest.mark.parametrize(
    ("kind", "policy", "may"),
    [
        ("member", "Strict", True),
        ("member", "Guests", False),
        ("member", "Trial", False),
        ("member", "Break glass", False),
        ("guest", "Trial", True),
        ("guest", "Default", False),
        ("guest", "Break glass", False),
        ("break-glass", "Default", False),
        ("break-glass", "Strict", False),
        ("break-glass", "Guests", False),
    ],
)
def test_a_policy_is_entered_only_by_those_it_is_for(work, ann, kind, policy, may):
    authentication_policy_changes.create(work, "acme", "Strict")
    authentication_policy_changes.create(work, "acme", "Trial", kind=PolicyKind.GUEST_TEST)
    members.set_kind(work, ann.id, kind)
    before = members.policy_of(work, ann).name

    outcome = members.move(work, "acme", [ann.id], policy)[0]

    assert (outcome.error is None) is may
    assert members.policy_of(work, ann).name == (policy if may else before)


def test_at_most_five_guests_are_in_the_test_policy(work, ann):
    authentication_policy_changes.create(work, "acme", "Trial", kind=PolicyKind.GUEST_TEST)
    people = [f"guest{number}@else.example" for number in range(6)]
    for email in people:
        accounts.create(work, email, organization="acme", name="Guest", kind="guest")

    outcome = members.move(work, "acme", people, "Trial")

    assert [one.error is None for one in outcome] == [True] * 5 + [False]


def test_a_kind_brings_its_policy_and_is_audited(work, ann):
    for kind, policy in (("guest", "Guests"), ("break-glass", "Break glass"), ("member", "Default")):
        members.set_kind(work, ann.id, kind)
        assert members.policy_of(work, ann).name == policy
        assert (ann.policy_id is None) is (kind == "member")
    changes = {(one["before"], one["after"]) for one in audited(work, "account.kind-changed")}
    assert changes == {("member", "guest"), ("guest", "break-glass"), ("break-glass", "member")}
    assert members.set_kind(work, ann.id, "member").kind == "member"
    with pytest.raises(Invalid):
        members.set_kind(work, ann.id, "guest-test")


def test_a_guest_is_made_as_one(work, ann):
    guest = accounts.create(work, "gil@else.example", organization="acme", name="Gil", kind="guest")

    assert members.policy_of(work, guest).kind == "guest"
    assert audited(work, "account.created")[-1]["kind"] == "guest"


def test_at_most_five_break_glass_accounts(work, ann):
    for number in range(5):
        accounts.create(work, f"glass{number}@acme.example", organization="acme", name="Glass", kind="break-glass")

    with pytest.raises(Conflict):
        accounts.create(work, "glass5@acme.example", organization="acme", name="Glass", kind="break-glass")
    with pytest.raises(Conflict):
        members.set_kind(work, ann.id, "break-glass")


def test_who_may_make_accounts_only_makes_none_that_no_rule_binds(work, ann, as_account, monkeypatch):
    from idp.policy import permissions
    from idp.policy.permissions import Permission

    made = frozenset({Permission.ORGANIZATION_READ, Permission.ACCOUNT_CREATE, Permission.ACCOUNT_READ})
    monkeypatch.setitem(permissions._HELD, "receptionist", made)
    receptionist = as_account(work, ann, "receptionist")

    assert accounts.create(receptionist, "gil@else.example", organization="acme", name="Gil", kind="guest")
    with pytest.raises(Forbidden):
        accounts.create(receptionist, "glass@acme.example", organization="acme", name="Glass", kind="break-glass")


def test_a_move_and_a_tightened_grace_begin_the_grace_anew(work, ann):
    authentication_policy_changes.create(work, "acme", "Lenient", {"grace_sign_ins": 3})
    ann.grace_used = 2
    members.move(work, "acme", [ann.id], "Lenient")
    assert ann.grace_used == 0

    ann.grace_used = 2
    work.tx.session.flush()
    authentication_policy_changes.edit(work, "acme", "Lenient", {"password_score": 3})
    work.tx.session.refresh(ann)
    assert ann.grace_used == 2
    authentication_policy_changes.edit(work, "acme", "Lenient", {"grace_sign_ins": 4})
    work.tx.session.refresh(ann)
    assert ann.grace_used == 0


def test_of_fifty_who_fill_the_test_policy_at_once_five_get_in(open_work):
    with open_work() as work:
        organizations.create(work, "acme", name="Acme")
        authentication_policy_changes.create(work, "acme", "Trial", kind=PolicyKind.GUEST_TEST)
        people = [f"guest{number}@else.example" for number in range(50)]
        for email in people:
            accounts.create(work, email, organization="acme", name="Guest", kind="guest")
    refused = []
    together = threading.Barrier(50)

    def enter(email):
        together.wait()
        try:
            with open_work() as work:
                refused.extend(one for one in members.move(work, "acme", [email], "Trial") if one.error is not None)
        except IdpError as error:
            refused.append(error)

    threads = [threading.Thread(target=enter, args=(email,)) for email in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with open_work() as work:
        assert policies.members(work, policies.policy(work, "acme", "Trial")) == 5
    assert len(refused) == 45


def test_nobody_enters_a_policy_while_it_is_deleted(open_work):
    with open_work() as work:
        organizations.create(work, "acme", name="Acme")
        authentication_policy_changes.create(work, "acme", "Strict")
        for number in range(10):
            accounts.create(work, f"p{number}@acme.example", organization="acme", name="Person")
    together = threading.Barrier(11)

    def enter(number):
        together.wait()
        try:
            with open_work() as work:
                members.move(work, "acme", [f"p{number}@acme.example"], "Strict")
        except IdpError:
            pass

    def delete():
        together.wait()
        try:
            with open_work() as work:
                authentication_policy_changes.delete(work, "acme", "Strict")
        except IdpError:
            pass

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(10)]
    threads.append(threading.Thread(target=delete))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with open_work() as work:
        known = {one.id for one in policies.policies(work, "acme")}
        named = {account.policy_id for account in work.tx.session.query(Account)} - {None}
        assert named <= known
