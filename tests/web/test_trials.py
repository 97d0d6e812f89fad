"""What is on trial ends by itself, is confirmed by whoever gets in under it, and lets nobody in for longer."""

import pytest

from idp.audit.models import AuditEntry
from idp.base import jobs
from idp.base.errors import Conflict, Invalid
from idp.base.work import Actor, HeldRole
from idp.directory import (
    access_assignments,
    access_policies,
    access_trials,
    accounts,
    authentication_policy_changes,
    groups,
    zones,
)
from idp.policy.access.context import Context, RequestKind
from idp.policy.access.documents import rules_from_json
from idp.policy.access.evaluate import evaluate
from idp.policy.access.outcome import Denied
from idp.policy.permissions import OPERATOR
from idp.signon.guarding import guarded
from tests.support.front import ANN, BEN, PASSWORD
from tests.support.visitor import Visitor

DENY_BEN = {"rules": [{"name": "no Ben", "conditions": {"people": {"accounts": [BEN]}}, "answer": {"effect": "deny"}}]}
DENY_ALL = {"rules": [{"name": "nobody", "answer": {"effect": "deny"}}]}


def session_policy(work):
    return next(one for one in access_policies.policies(work, "acme") if one.kind == access_policies.SESSION)


def set_rules(front, document, *, trial=None, guard=True, if_version=None):
    with front.work() as work:
        policy = session_policy(work)
        if not guard:
            return access_policies.write(work, "acme", policy.id, rules_from_json(document), if_version=if_version)
        with guarded(work, policy.organization_id, on_trial=trial is not None):
            return access_policies.write(
                work, "acme", policy.id, rules_from_json(document), trial=trial, if_version=if_version
            )


def denied(front, account_id="acc_anybody") -> bool:
    """Whether the access policy for sessions denies somebody now."""
    with front.work() as work:
        standing = access_policies.standing(work, front.organization_id)
        context = Context(work.now, RequestKind.BROWSER, account_id)
        return isinstance(evaluate(standing.session, context).outcome, Denied)


def row(front):
    with front.work() as work:
        found = session_policy(work)
        return found.current, found.confirmed, found.rolls_back_at


def run_jobs(front):
    handlers = {access_trials.ROLL_BACK: access_trials.roll_back, accounts.OUTDATED: lambda work, payload: None}
    return jobs.run_due(front.database, handlers, front.now, OPERATOR)


def audited(front) -> list[str]:
    with front.work() as work:
        entries = work.tx.session.query(AuditEntry).order_by(AuditEntry.at, AuditEntry.id)
        return [entry.tag for entry in entries if "trial" in entry.tag]


@pytest.fixture
def administrator(front):
    """Ann administers the organization."""
    with front.work() as work:
        accounts.grant_role(
            work, front.account_ids[ANN], "organization-administrator", organization_id=front.organization_id
        )
    return ANN


def sign_in(front, email=ANN) -> Visitor:
    one = Visitor(front.app.test_client())
    one.open("/").submit(username=email, password=PASSWORD)
    if "otp" in one.answer.text:
        one.submit(otp=front.code())
    return one


def test_a_rule_that_would_lock_an_administrator_out_is_refused_with_name_rule_and_advice(front, administrator):
    with pytest.raises(Conflict) as refused:
        set_rules(front, DENY_ALL)

    assert refused.value.code == "lock-out"
    assert "ann@acme.example could no longer sign in to our own pages" in refused.value.message
    assert "nobody" in refused.value.message
    assert "--try 15" in refused.value.advice
    assert "no break-glass account" in refused.value.advice
    assert not denied(front)


def test_a_rule_for_somebody_else_is_kept(front, administrator):
    set_rules(front, DENY_BEN)

    assert denied(front, front.account_ids[BEN])
    assert row(front) == (2, 2, None)


def test_without_administrators_nobody_is_locked_out(front):
    set_rules(front, DENY_ALL)

    assert denied(front)


def test_a_trial_counts_until_its_moment_and_not_after_it_without_any_job(front, administrator):
    set_rules(front, DENY_ALL, trial=15)

    assert denied(front)
    front.later(minutes=14, seconds=59)
    assert denied(front)
    front.later(seconds=1)
    assert not denied(front)


def test_what_a_process_remembers_of_a_trial_ends_with_it(front, administrator):
    front.database.memory._seconds = 3600.0
    set_rules(front, DENY_ALL, trial=15)

    assert denied(front)
    front.later(minutes=15)
    assert not denied(front)


def test_the_job_writes_down_what_is_so_already_and_audits_it(front, administrator):
    set_rules(front, DENY_ALL, trial=15)
    front.later(minutes=14)
    run_jobs(front)
    assert row(front)[:2] == (2, 1)

    front.later(minutes=1)
    run_jobs(front)

    assert row(front) == (1, 1, None)
    assert audited(front) == ["access-policy-trial.started", "access-policy-trial.reverted"]


def test_a_sign_in_of_an_administrator_confirms_what_lets_them_in(front, administrator):
    set_rules(front, DENY_BEN, trial=15)
    front.later(minutes=1)

    assert sign_in(front).path == "/"

    assert row(front) == (2, 2, None)
    assert audited(front) == ["access-policy-trial.started", "access-policy-trial.confirmed"]
    front.later(minutes=20)
    assert run_jobs(front).failed == 0
    assert denied(front, front.account_ids[BEN])


def test_an_administrator_who_is_kept_out_confirms_nothing(front, administrator):
    set_rules(front, DENY_ALL, trial=15)
    front.later(minutes=1)

    assert sign_in(front).path != "/"

    assert row(front)[2] is not None


def test_somebody_else_who_signs_in_confirms_nothing(front, administrator):
    document = {
        "rules": [
            {
                "name": "no Dora",
                "conditions": {"people": {"accounts": ["dora@acme.example"]}},
                "answer": {"effect": "deny"},
            }
        ]
    }
    set_rules(front, document, trial=15)
    front.later(minutes=1)

    sign_in(front, BEN)

    assert row(front)[2] is not None


def test_a_rule_that_keeps_administrators_from_the_console_alone_is_not_confirmed_by_signing_in_elsewhere(
    front, administrator
):
    document = {
        "rules": [{"name": "no console", "conditions": {"requests": ["console"]}, "answer": {"effect": "deny"}}]
    }
    with pytest.raises(Conflict, match="the admin console"):
        set_rules(front, document)
    set_rules(front, document, trial=15)
    front.later(minutes=1)

    assert sign_in(front).path == "/"

    assert row(front)[2] is not None


def test_a_first_step_that_was_proven_before_the_change_confirms_nothing(front, administrator):
    one = Visitor(front.app.test_client())
    one.open("/").submit(username=ANN, password=PASSWORD)
    front.later(seconds=10)
    set_rules(front, DENY_BEN, trial=15)
    front.later(seconds=10)

    assert one.submit(otp=front.code()).path == "/"

    assert row(front)[2] is not None


def test_a_session_that_was_there_before_the_change_confirms_nothing(front, administrator):
    one = sign_in(front)
    set_rules(front, DENY_BEN, trial=15)
    front.later(minutes=1)

    assert one.open("/").path == "/"

    assert row(front)[2] is not None


def test_the_command_line_confirms_or_gives_up(front, administrator):
    set_rules(front, DENY_ALL, trial=15)
    with front.work() as work:
        access_trials.give_up(work, "acme", session_policy(work).id)
    assert row(front) == (1, 1, None)
    set_rules(front, DENY_ALL, trial=15)
    with front.work() as work:
        access_trials.confirm(work, "acme", session_policy(work).id)

    assert row(front) == (3, 3, None)
    assert denied(front)


def test_a_trial_that_is_over_cannot_be_confirmed(front, administrator):
    set_rules(front, DENY_ALL, trial=15)
    front.later(minutes=15)

    with front.work() as work, pytest.raises(Conflict, match="is over"):
        access_trials.confirm(work, "acme", session_policy(work).id)


def test_what_is_on_trial_is_not_changed_until_it_is_over(front, administrator):
    set_rules(front, DENY_ALL, trial=15)

    with pytest.raises(Conflict, match="on trial until"):
        set_rules(front, DENY_BEN)
    front.later(minutes=15)
    set_rules(front, DENY_BEN)

    assert row(front) == (3, 3, None)
    assert run_jobs(front).failed == 0
    assert row(front) == (3, 3, None)


@pytest.mark.parametrize("minutes", [0, 4, 61, -5])
def test_a_trial_takes_five_to_sixty_minutes(front, administrator, minutes):
    with pytest.raises(Invalid):
        set_rules(front, DENY_ALL, trial=minutes)

    assert not denied(front)


def test_of_two_changes_for_one_version_the_second_is_refused(front, administrator):
    set_rules(front, DENY_BEN, if_version=1)

    with pytest.raises(Conflict, match="Someone else changed"):
        set_rules(front, {"rules": []}, if_version=1)


def test_while_something_is_on_trial_what_it_falls_back_to_is_judged_as_well(front, administrator):
    """A method that what counts does not ask for may be what counts again when the trial is over."""
    strict = {"rules": [{"name": "apps", "answer": {"effect": "require", "methods": ["otp"]}}]}
    set_rules(front, strict)
    set_rules(front, {}, trial=15)

    with pytest.raises(Conflict, match="lock"), front.work() as work, guarded(work, front.organization_id):
        authentication_policy_changes.edit(work, "acme", None, {"methods": ["pwd", "passkey"]})


def test_a_method_that_administrators_sign_in_with_cannot_be_taken_away(front, administrator):
    with pytest.raises(Conflict, match="ann@acme"), front.work() as work, guarded(work, front.organization_id):
        authentication_policy_changes.edit(work, "acme", None, {"methods": ["passkey", "temporary-pass"]})


def test_whoever_has_a_known_device_is_not_cut_off_by_a_rule_on_unknown_ones(front, administrator):
    """Nobody asked for the device when Ann signed in: the fact itself was not recorded."""
    unknown = {
        "rules": [{"name": "unknown", "conditions": {"devices": {"known": False}}, "answer": {"effect": "deny"}}]
    }
    sign_in(front)
    set_rules(front, unknown)

    assert row(front) == (2, 2, None)


def test_what_was_unusual_once_cuts_nobody_off(front, administrator):
    sign_in(front)

    set_rules(
        front,
        {"rules": [{"name": "new", "conditions": {"behaviours": ["new-network"]}, "answer": {"effect": "deny"}}]},
    )

    assert row(front) == (2, 2, None)


def test_the_acting_administrator_is_judged_from_where_they_are(front, administrator):
    sign_in(front)  # from 127.0.0.1
    with front.work() as work:
        zones.create(work, "acme", "Loopback", zones.Contents(networks=("127.0.0.0/8",)))
    document = {
        "rules": [
            {"name": "here", "conditions": {"networks": {"except_zones": ["Loopback"]}}, "answer": {"effect": "deny"}}
        ]
    }
    set_rules(front, document)  # the operator: Ann usually comes from there
    set_rules(front, {})
    acting = Actor(
        "account",
        front.account_ids[ANN],
        ANN,
        front.organization_id,
        roles=(HeldRole("organization-administrator", front.organization_id),),
    )

    with pytest.raises(Conflict, match=r"\(you\)"), front.work(acting) as work, guarded(work, front.organization_id):
        access_policies.write(work, "acme", "Sessions", rules_from_json(document))


def test_a_zone_that_a_rule_names_and_the_block_list_are_judged_as_well(front, administrator):
    sign_in(front)
    with front.work() as work:
        zones.create(work, "acme", "Home", zones.Contents(networks=("127.0.0.0/8",)))
    set_rules(
        front,
        {
            "rules": [
                {"name": "away", "conditions": {"networks": {"except_zones": ["Home"]}}, "answer": {"effect": "deny"}}
            ]
        },
    )

    with pytest.raises(Conflict, match="away"), front.work() as work, guarded(work, front.organization_id):
        zones.change(work, "acme", "Home", contents=zones.Contents(networks=("192.0.2.0/24",)))
    with pytest.raises(Conflict, match="block list"), front.work() as work, guarded(work, front.organization_id):
        zones.create(work, "acme", "Bad", zones.Contents(networks=("127.0.0.1/32",)), usage="blocklist")


def test_a_member_of_a_group_that_is_denied_is_judged_by_the_groups_after_the_change(front, administrator):
    set_rules(
        front,
        {
            "rules": [
                {
                    "name": "night",
                    "conditions": {"people": {"groups": ["Research"]}},
                    "answer": {"effect": "require", "strength": "phishing-resistant"},
                }
            ]
        },
    )
    with front.work() as work:
        groups.create(work, "Locked", organization="acme")
    set_rules(
        front,
        {"rules": [{"name": "locked", "conditions": {"people": {"groups": ["Locked"]}}, "answer": {"effect": "deny"}}]},
    )

    with pytest.raises(Conflict, match="locked"), front.work() as work, guarded(work, front.organization_id):
        groups.add(work, "Locked", ANN, organization="acme")


def test_a_trial_is_named_as_everywhere_by_id_first_and_without_regard_to_capitals(front, administrator):
    set_rules(front, DENY_BEN, trial=15)
    with front.work() as work:
        tried = session_policy(work)
        access_assignments.create(work, "acme", tried.id)

        assert access_trials.give_up(work, "acme", tried.id).id == tried.id
    set_rules(front, DENY_BEN, trial=15)
    with front.work() as work:
        assert access_trials.confirm(work, "acme", "SESSIONS").id == tried.id
