"""Replay of recorded sign-ons, report-only rules, and the story of an attempt: hand-made recordings, then real ones."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.models import Attempt
from idp.base.errors import NotFound
from idp.base.work import Actor, HeldRole
from idp.directory import (
    access_policies,
    authentication_policy_changes,
    groups,
    policy_members,
    zones,
)
from idp.policy.access import recording
from idp.policy.access.context import AccountKind, Behaviour, Context, RequestKind
from idp.policy.access.documents import rules_from_json
from idp.policy.access.replay import Change
from idp.policy.signon import Method
from idp.signon.replaying import judging, replay
from idp.signon.reporting import report
from idp.signon.story import story
from tests.support.front import ANN, BEN, DORA, PASSWORD
from tests.support.visitor import Visitor

KNOWN = frozenset({"groups", "device_known", "behaviours"})


def recorded(
    front, email=BEN, *, ago=timedelta(days=1), known=KNOWN, proofs=(Method.PASSWORD,), application="", **facts
):
    """Write down that *email* signed on so long *ago*."""
    at = front.now - ago
    context = Context(
        at,
        facts.pop("request", RequestKind.BROWSER),
        front.account_ids[email],
        kind=AccountKind.MEMBER,
        ip="203.0.113.9",
        **{"country": "DE", "city": "Berlin", "asn": "3320", "device_known": True, "browser": "Firefox", **facts},
    )
    with front.work() as work:
        trail = Trail(
            kind="sign-in",
            organization_id=front.organization_id,
            account_id=front.account_ids[email],
            application_id=front.application_ids[application] if application else None,
            decision="password",
            outcome="succeeded",
            context={
                "proofs": [[method.value, at.isoformat(), True] for method in proofs],
                "has_second_step": Method.TOTP in proofs,
                recording.KEY: recording.write(context, place_known=context.country is not None, known=known),
            },
        )
        attempts.save(work, trail)
        work.tx.session.get_one(Attempt, trail.id).at = at
    return trail.id


def rule(answer="deny", **conditions):
    how = {"effect": answer} | ({"strength": "second-step"} if answer == "require" else {})
    return {"rules": [{"name": "the rule", "conditions": conditions, "answer": how}]}


class Rehearsed(Exception):
    pass


def replayed(front, change, *, days=30):
    """Return what *change* (a document for the session policy, or a function) would have meant."""
    found = {}
    with pytest.raises(Rehearsed), front.work() as work:
        found["before"] = judging(work, front.organization_id)
        if callable(change):
            change(work)
        else:
            write(work, change)
        work.tx.session.flush()
        found["after"] = judging(work, front.organization_id)
        raise Rehearsed
    with front.work() as work:
        return replay(work, "acme", found["before"], found["after"], days=days)


def write(work, document, kind=access_policies.SESSION):
    policy = next(one for one in access_policies.policies(work, "acme") if one.kind == kind)
    return access_policies.write(work, "acme", policy.id, rules_from_json(document))


def changes(found) -> dict[str, dict[str, int]]:
    """Return how many sign-ons would have changed how, by person."""
    return {
        change.value: {found.people[one]: count.count for one, count in people.items()}
        for change, people in found.tally.found.items()
    }


def test_a_rule_that_denies_is_counted_by_person_with_examples(front):
    mine = [recorded(front, BEN), recorded(front, BEN)]
    recorded(front, ANN)

    found = replayed(front, rule(people={"accounts": [BEN]}))

    assert found.tally.judged == 3
    assert changes(found) == {"denied": {BEN: 2}}
    ben = found.tally.found[Change.DENIED][front.account_ids[BEN]]
    assert sorted(ben.examples) == sorted(mine)
    assert ben.why == {"access-policy Sessions: the rule": 2}


def test_a_rule_that_requires_asks_those_who_had_not_proven_it(front):
    recorded(front, BEN)
    recorded(front, ANN, proofs=(Method.PASSWORD, Method.TOTP))

    assert changes(replayed(front, rule("require"))) == {"asked": {BEN: 1}}


def test_sign_ons_before_the_days_asked_for_do_not_count(front):
    recorded(front, ago=timedelta(days=8))
    recorded(front, ago=timedelta(days=6))

    assert replayed(front, rule(), days=7).tally.judged == 1


def test_a_fact_that_was_not_recorded_cannot_be_told_and_is_named(front):
    recorded(front, BEN, known=frozenset())
    recorded(front, ANN)

    found = replayed(front, rule(devices={"known": False}))

    assert changes(found) == {"cannot-tell": {BEN: 1}}
    assert found.tally.found[Change.CANNOT_TELL][front.account_ids[BEN]].why == {"device_known": 1}


def test_a_place_of_which_nothing_was_known_cannot_be_told(front):
    with front.work() as work:
        zones.create(work, "acme", "Germany", zones.Contents(countries=("DE",)))
    recorded(front, BEN, country=None, city=None, asn=None)
    recorded(front, ANN)
    recorded(front, DORA, country="FR", city="Paris")

    found = replayed(front, rule(networks={"except_zones": ["Germany"]}))

    assert changes(found) == {"denied": {DORA: 1}, "cannot-tell": {BEN: 1}}


def test_groups_are_those_of_that_day(front):
    with front.work() as work:
        groups.create(work, "Night", organization="acme")
    front.later(days=10)
    with front.work() as work:
        groups.add(work, "Night", BEN, organization="acme")
    recorded(front, BEN, ago=timedelta(days=5), known=frozenset())
    front.later(days=10)
    recorded(front, BEN, ago=timedelta(days=5), known=frozenset())

    assert changes(replayed(front, rule(people={"groups": ["Night"]}))) == {"denied": {BEN: 1}}


def test_the_policy_of_an_application_is_judged_for_its_sign_ons_only(front):
    recorded(front, BEN)
    recorded(front, BEN, application="Wiki", request=RequestKind.SAML)

    found = replayed(front, lambda work: write(work, rule(), access_policies.APPLICATION))

    assert changes(found) == {"denied": {BEN: 1}}


def test_a_break_glass_account_is_under_no_rules(front):
    recorded(front, BEN)
    with front.work() as work:
        policy_members.set_kind(work, BEN, "break-glass", organization_id=front.organization_id)

    assert changes(replayed(front, rule())) == {}


def test_a_second_step_that_becomes_required_is_asked_of_those_who_had_none(front):
    with front.work() as work:
        authentication_policy_changes.edit(work, "acme", None, {"second_step": "off"})
    recorded(front, BEN)
    recorded(front, ANN, proofs=(Method.PASSWORD, Method.TOTP))

    found = replayed(
        front, lambda work: authentication_policy_changes.edit(work, "acme", None, {"second_step": "required"})
    )

    assert changes(found) == {"asked": {BEN: 1}}


def test_what_is_recorded_of_a_real_sign_in_can_be_replayed(front):
    visitor = Visitor(front.app.test_client())
    visitor.open("/").submit(username=ANN, password=PASSWORD).submit(otp=front.code())
    front.later(hours=1)

    found = replayed(front, rule(people={"accounts": [ANN]}))

    assert changes(found) == {"denied": {ANN: 1}}


def test_only_who_may_read_policies_and_the_log_may_replay(front):
    with front.work() as work:
        before = judging(work, front.organization_id)
    nobody = Actor("account", front.account_ids[BEN], organization_id=front.organization_id)

    administrator = replace(nobody, roles=(HeldRole("organization-administrator", front.organization_id),))

    with front.work(nobody) as work, pytest.raises(NotFound):
        replay(work, "acme", before, before, days=1)
    with front.work(administrator) as work:
        assert replay(work, "acme", before, before, days=1).tally.judged == 0


DOCUMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "conditions": st.fixed_dictionaries(
                {},
                optional={
                    "devices": st.sampled_from([{"known": True}, {"known": False}, {"browsers": ["Firefox"]}]),
                    "behaviours": st.just(["new-network"]),
                    "requests": st.sampled_from([["browser"], ["saml"]]),
                    "people": st.sampled_from([{"accounts": [BEN]}, {"groups": ["Research"]}, {"kinds": ["guest"]}]),
                    "times": st.just({"begins": "09:00", "ends": "17:00"}),
                },
            ),
            "answer": st.sampled_from(
                [{"effect": "allow"}, {"effect": "deny"}, {"effect": "require", "strength": "second-step"}]
            ),
            "mode": st.sampled_from(["on", "report-only", "off"]),
        }
    ),
    max_size=4,
).map(lambda rules: {"rules": [{"name": f"rule {place}", **one} for place, one in enumerate(rules)]})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=DOCUMENTS)
def test_an_unchanged_document_changes_nobody(front, document):
    if not front.__dict__.get("filled"):
        front.filled = True
        for known in (KNOWN, frozenset()):
            for email in (ANN, BEN, DORA):
                recorded(front, email, known=known, behaviours=frozenset({Behaviour.NEW_NETWORK}))
                recorded(front, email, known=known, country=None, proofs=(Method.PASSWORD, Method.TOTP))
    with front.work() as work:
        write(work, document)

    found = replayed(front, document)

    assert found.tally.judged == 12
    assert changes(found) == {}


def test_a_report_lists_what_each_rule_would_have_done_to_whom(front):
    document = {
        "guards": [{"name": "no Ben", "conditions": {"people": {"accounts": [BEN]}}, "mode": "report-only"}],
        "rules": [
            {
                "name": "second step",
                "answer": {"effect": "require", "strength": "second-step"},
                "mode": "report-only",
            },
            {
                "name": "nobody",
                "conditions": {"behaviours": ["impossible-travel"]},
                "answer": {"effect": "deny"},
                "mode": "report-only",
            },
        ],
    }
    with front.work() as work:
        write(work, document)
    visitor = Visitor(front.app.test_client())
    visitor.open("/").submit(username=ANN, password=PASSWORD).submit(otp=front.code())

    with front.work() as work:
        found = report(work, "acme", days=1)

    of = {one.rule: one for one in found.rules}
    assert set(of) == {"no Ben", "second step", "nobody"}
    assert of["second step"].by_outcome == {"proven": 1}
    assert [found.people[one] for one in of["second step"].people] == [ANN]
    assert of["no Ben"].by_outcome == of["nobody"].by_outcome == {}


def test_an_attempt_tells_which_rule_of_which_version_decided_and_why_the_others_did_not(front):
    with front.work() as work:
        write(work, rule("require", people={"accounts": [ANN]}))
    visitor = Visitor(front.app.test_client())
    visitor.open("/").submit(username=ANN, password=PASSWORD).submit(otp=front.code())
    with front.work() as work:
        write(work, rule(people={"accounts": [ANN]}))  # what was asked then is told, whatever has changed since
        attempt = work.tx.session.query(Attempt).filter(Attempt.account_id == front.account_ids[ANN]).one()

        (chapter,) = story(work, attempt)

    assert (chapter.policy, chapter.version, chapter.rule, chapter.outcome) == ("Sessions", 2, "the rule", "allowed")
    assert [(step.rule, step.matched) for step in chapter.trace] == [("the rule", True), ("catch-all", False)]
