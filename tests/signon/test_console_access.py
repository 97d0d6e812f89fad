"""The admin console is an application under the access rules: who is asked what there, and who cannot be locked out."""

from dataclasses import replace

import pytest

from idp.audit.models import AuditEntry
from idp.base.errors import ChangedMeanwhile, Conflict, Forbidden, Invalid, NotFound
from idp.base.work import Origin
from idp.directory import (
    access_assignments,
    access_policies,
    accounts,
    authentication_policy_changes,
    groups,
    organizations,
    policies,
)
from idp.directory.models import Membership, RoleAssignment
from idp.policy.access import documents
from idp.policy.access.context import AccountKind, RequestKind
from idp.policy.access.outcome import Denied
from idp.policy.permissions import AUDITOR, ORGANIZATION_ADMINISTRATOR
from idp.signon import contextual, flow
from idp.signon.administrators import administrators
from idp.signon.contextual import Person
from idp.signon.factors import password
from idp.signon.guarding import gets_in, guarded
from idp.signon.what_if import Supposed, what_if
from tests.signon.conftest import PASSWORD
from tests.support import people

DENY = {"guards": [{"name": "Nobody", "text": "Not here."}]}


@pytest.fixture
def console(work, world):
    """The console of Acme is under a policy of its own that lets everybody pass."""
    access_assignments.create(work, "acme", "Console")
    access_assignments.assign_console(work, "acme", "Console")
    return world


def write(work, policy, **document):
    return access_policies.write(work, "acme", policy, documents.rules_from_json(document))


def judged(work, world, kind, application_id=""):
    work.tx.memory.forget()
    person = Person(world.ann.id, AccountKind.MEMBER, None, 0)
    request = replace(world.request, kind=kind, application_id=application_id)
    return contextual.judge(work, request, person, None, None, ())


def test_the_policy_of_the_console_is_asked_there_beside_that_for_sessions(work, console):
    write(work, "Console", **DENY)

    found = judged(work, console, RequestKind.CONSOLE)

    assert (isinstance(found.session, Denied), isinstance(found.application, Denied)) == (False, True)
    assert [name for name, *_ in found.recorded["policies"]] == [
        access_policies.policy(work, "acme", name).id for name in ("Sessions", "Console")
    ]


@pytest.mark.parametrize("kind", [RequestKind.BROWSER, RequestKind.SAML])
def test_the_policy_of_the_console_is_asked_nowhere_else(work, console, kind):
    write(work, "Console", **DENY)

    assert judged(work, console, kind, console.wiki.id if kind is RequestKind.SAML else "").denied is None


def test_without_a_policy_of_its_own_the_console_is_under_the_default_for_applications(work, console):
    write(work, "Applications", **DENY)
    assert judged(work, console, RequestKind.CONSOLE).denied is None

    access_assignments.assign_console(work, "acme", None)

    assert judged(work, console, RequestKind.CONSOLE).denied is not None


def test_the_policy_for_sessions_is_asked_at_the_console_as_well(work, console):
    write(work, "Sessions", **DENY)

    assert isinstance(judged(work, console, RequestKind.CONSOLE).session, Denied)


def test_to_put_the_console_under_a_policy_is_recorded_once(work, console):
    access_assignments.assign_console(work, "acme", "Console")

    assert [
        (entry.target_id, entry.details)
        for entry in work.tx.session.query(AuditEntry)
        if entry.tag == "access-policy.console-assigned"
    ] == [(console.organization.id, {"before": "Applications", "after": "Console"})]


def test_a_policy_that_the_console_is_under_cannot_be_deleted(work, console):
    with pytest.raises(Conflict, match="the admin console"):
        access_assignments.delete(work, "acme", "Console")


def test_the_console_is_not_put_under_the_policy_for_sessions(work, console):
    with pytest.raises(Invalid, match="every sign-on"):
        access_assignments.assign_console(work, "acme", "Sessions")


def test_whoever_comes_second_does_not_put_the_console_elsewhere_unseen(work, console):
    default = access_policies.policy(work, "acme", "Applications")

    with pytest.raises(ChangedMeanwhile):
        access_assignments.assign_console(work, "acme", None, if_policy=default.id)


def test_t1_a_policy_of_another_organization_is_not_there(work, console):
    organizations.create(work, "other", name="Other")
    theirs = access_assignments.create(work, "other", "Theirs")

    with pytest.raises(NotFound):
        access_assignments.assign_console(work, "acme", theirs.id)
    with pytest.raises(NotFound):
        access_assignments.assign_console(people.stranger(work), "acme", "Console")


def test_an_auditor_may_look_and_not_change(work, console):
    auditor = people.as_account(work, console.ann, AUDITOR)

    assert access_assignments.console_policy(auditor, "acme").name == "Console"
    with pytest.raises(Forbidden):
        access_assignments.assign_console(auditor, "acme", None)


@pytest.fixture
def administrator(work, console):
    """Ann administers Acme, from where she is."""
    accounts.grant_role(work, console.ann.id, ORGANIZATION_ADMINISTRATOR, organization_id=console.organization.id)
    work.tx.session.flush()
    acting = people.as_account(work, console.ann, ORGANIZATION_ADMINISTRATOR)
    return replace(acting, origin=Origin("web", "192.0.2.7"))


def test_rules_of_the_console_that_lock_administrators_out_are_refused(administrator, console):
    with (
        pytest.raises(Conflict, match=r"\(you\) could no longer sign in to the admin console") as refused,
        guarded(administrator, console.organization.id),
    ):
        write(administrator, "Console", **DENY)

    assert refused.value.code == "lock-out"
    assert "--try" in refused.value.advice


def test_to_put_the_console_under_a_policy_that_locks_out_is_refused(administrator, console):
    access_assignments.create(administrator, "acme", "Nobody at all")
    write(administrator, "Nobody at all", **DENY)

    with pytest.raises(Conflict, match="admin console"), guarded(administrator, console.organization.id):
        access_assignments.assign_console(administrator, "acme", "Nobody at all")


def test_rules_of_another_policy_for_applications_lock_nobody_out(administrator, console):
    with guarded(administrator, console.organization.id):
        write(administrator, "Applications", **DENY)

    assert gets_in(administrator, console.organization.id, console.ann.id)


def test_whoever_cannot_enter_the_console_does_not_get_in_everywhere(administrator, console):
    write(administrator, "Console", **DENY)

    assert not gets_in(administrator, console.organization.id, console.ann.id)


def test_what_if_asks_the_policy_of_the_console(work, console, noon):
    write(work, "Console", **DENY)

    found = what_if(work, Supposed(at=noon, account=console.ann.email, ip="192.0.2.7", request=RequestKind.CONSOLE))

    assert [one.name for one in found.access] == ["Sessions", "Console"]
    assert found.denied is not None


def test_the_console_asks_for_a_second_step_whatever_the_policies_say(work, console, noon):
    policies.set_second_step(work, "acme", "off")

    found = what_if(work, Supposed(at=noon, account=console.ann.email, ip="192.0.2.7", request=RequestKind.CONSOLE))

    assert [type(step) for step in found.road] == [flow.AskFirstStep, flow.AskSecondStep, flow.Complete]


def test_a_policy_that_leaves_no_second_step_for_the_console_is_refused(administrator, console):
    with pytest.raises(Conflict, match="admin console"), guarded(administrator, console.organization.id):
        authentication_policy_changes.edit(administrator, "acme", None, {"second_step": "off", "methods": ["pwd"]})


def test_d17_the_last_administrator_is_not_taken_away(administrator, console):
    (assignment,) = administrator.tx.session.query(RoleAssignment)

    with (
        pytest.raises(Conflict, match="Nobody would be left") as refused,
        guarded(administrator, console.organization.id),
    ):
        assignment.valid_to = administrator.now

    assert refused.value.code == "lock-out"


def test_the_last_administrator_is_not_disabled(administrator, work, console):
    with pytest.raises(Conflict, match="Nobody would"), guarded(work, console.organization.id):
        accounts.disable(work, console.ann.id)


def test_an_administrator_beside_whom_there_is_another_one_may_go(administrator, work, console):
    eve = accounts.create(work, "eve@acme.example", organization="acme", name="Eve")
    password.set_password(work, eve.id, PASSWORD, organization_id=console.organization.id)
    accounts.grant_role(work, eve.id, ORGANIZATION_ADMINISTRATOR, organization_id=console.organization.id)

    with guarded(work, console.organization.id):
        gone = accounts.disable(work, console.ann.id)

    assert gone.disabled_at == work.now


def test_somebody_who_could_never_sign_in_is_nobody_who_is_left(administrator, work, console):
    eve = accounts.create(work, "eve@acme.example", organization="acme", name="Eve")
    accounts.grant_role(work, eve.id, ORGANIZATION_ADMINISTRATOR, organization_id=console.organization.id)

    with pytest.raises(Conflict, match="Nobody would"), guarded(work, console.organization.id):
        accounts.disable(work, console.ann.id)


def test_whoever_administers_through_a_group_is_an_administrator(work, console):
    group = groups.create(work, "Administrators", organization="acme")
    groups.add(work, "Administrators", console.ann.id, organization="acme")
    work.tx.session.add(
        RoleAssignment(
            organization_id=console.organization.id,
            id="rol_group",
            group_id=group.id,
            role=ORGANIZATION_ADMINISTRATOR,
            valid_from=work.now,
        )
    )
    work.tx.session.flush()

    assert [one.email for one in administrators(work, console.organization.id)] == [console.ann.email]
    with pytest.raises(Conflict, match="Nobody would be left"), guarded(work, console.organization.id):
        for membership in work.tx.session.query(Membership).filter_by(group_id=group.id):
            membership.valid_to = work.now
