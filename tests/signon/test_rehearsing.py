"""A change that is rehearsed judges, and is not there afterwards."""

import pytest

from idp.audit.models import AuditEntry
from idp.base.errors import Conflict
from idp.directory import access_assignments, access_policies, authentication_policies
from idp.policy.access.documents import rules_from_json
from idp.policy.signon import SecondStep
from idp.signon.rehearsing import rehearsed

DENY = rules_from_json({"guards": [{"name": "Nobody"}]})

pytestmark = pytest.mark.both_databases


def entries(work) -> int:
    return work.tx.session.query(AuditEntry).count()


def test_rules_that_are_rehearsed_judge_and_are_not_kept(work, world):
    count = entries(work)

    before, after = rehearsed(
        work, world.organization.id, lambda: access_policies.write(work, "acme", "Sessions", DENY)
    )

    assert (before.access.session.trivial, after.access.session.trivial) == (True, False)
    assert access_policies.policy(work, "acme", "Sessions").current == 1
    assert access_policies.as_it_is(work, world.organization.id).session.trivial
    assert entries(work) == count


def test_terms_that_are_rehearsed_judge_and_are_not_kept(work, world):
    before, after = rehearsed(
        work,
        world.organization.id,
        lambda: authentication_policies.edit(work, "acme", None, {"second_step": "optional"}),
    )

    assert before.policies[None].second_step is SecondStep.REQUIRED
    assert after.policies[None].second_step is SecondStep.OPTIONAL
    assert authentication_policies.default_policy(work, world.organization.id).second_step == "required"


def test_the_console_is_rehearsed_under_another_policy(work, world):
    made = access_assignments.create(work, "acme", "Console")

    _, after = rehearsed(
        work, world.organization.id, lambda: access_assignments.assign_console(work, "acme", "Console")
    )

    assert after.access.console.policy_id == made.id
    assert access_assignments.console_policy(work, "acme").name == "Applications"


def test_what_would_be_refused_is_refused_and_the_work_goes_on(work, world):
    with pytest.raises(Conflict):
        rehearsed(
            work,
            world.organization.id,
            lambda: access_policies.write(work, "acme", "Sessions", DENY, if_version=7),
        )

    access_policies.write(work, "acme", "Sessions", DENY)
    assert access_policies.policy(work, "acme", "Sessions").current == 2
