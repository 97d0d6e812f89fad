"""Changes that meet: one winner, and never two that lock out only together."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from idp.base.errors import Conflict, IdpError
from idp.directory import (
    access_policies,
    access_trials,
    accounts,
    authentication_policy_changes,
)
from idp.policy.access.documents import rules_from_json
from idp.signon.guarding import guarded
from tests.conftest import NOON

pytestmark = pytest.mark.both_databases


def together(count, act):
    """Run *act* in so many threads at once; return what came of each: None, or the error."""

    def one(number):
        try:
            act(number)
        except IdpError as error:
            return error
        return None

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_of_fifty_changes_for_one_version_one_wins(world, open_work):
    def write(number):
        document = {"rules": [{"name": f"rule {number}", "answer": {"effect": "allow"}}]}
        with open_work() as work, guarded(work, world.organization.id):
            access_policies.write(work, "acme", "Sessions", rules_from_json(document), if_version=1)

    errors = together(50, write)

    assert sum(error is None for error in errors) == 1
    with open_work() as work:
        assert access_policies.policy(work, "acme", "Sessions").current == 2


def test_of_fifty_who_confirm_one_does(world, open_work):
    with open_work() as work:
        access_policies.write(work, "acme", "Sessions", rules_from_json({"catch_all": {"effect": "deny"}}), trial=15)

    def confirm(number):
        with open_work(now=NOON + timedelta(minutes=1)) as work:
            access_trials.confirm(work, "acme", "Sessions")

    errors = together(50, confirm)

    assert sum(error is None for error in errors) == 1


def test_the_job_and_the_command_do_not_both_end_a_trial(world, open_work):
    with open_work() as work:
        policy = access_policies.write(
            work, "acme", "Sessions", rules_from_json({"catch_all": {"effect": "deny"}}), trial=15
        ).policy
        payload = {"organization_id": policy.organization_id, "policy_id": policy.id, "number": policy.current}
    moment = NOON + timedelta(minutes=15)

    def end(number):
        with open_work(now=moment) as work:
            if number % 2:
                access_trials.roll_back(work, payload)
            else:
                access_trials.confirm(work, "acme", "Sessions")

    together(20, end)

    with open_work(now=moment) as work:
        policy = access_policies.policy(work, "acme", "Sessions")
        assert (policy.current, policy.confirmed, policy.rolls_back_at) == (1, 1, None)


@pytest.mark.parametrize("count", [1, 2])
def test_two_changes_that_lock_out_only_together_are_not_both_kept(world, open_work, count):
    """A passkey is required by the one, and can no longer be set up by the other; each alone leaves a way in."""
    with open_work() as work:
        accounts.grant_role(work, world.ann.id, "organization-administrator", organization_id=world.organization.id)

    def change(number):
        with open_work() as work, guarded(work, world.organization.id):
            if number:
                passkeys = {"catch_all": {"effect": "require", "strength": "phishing-resistant"}}
                access_policies.write(work, "acme", "Sessions", rules_from_json(passkeys))
            else:
                authentication_policy_changes.edit(work, "acme", None, {"methods": ["pwd", "otp"]})

    errors = together(2, change) if count == 2 else [*together(1, change), None]

    locked_out = [error for error in errors if isinstance(error, Conflict) and error.code == "lock-out"]
    assert len(locked_out) == count - 1
