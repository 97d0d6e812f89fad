"""/why/<application>: one plain sentence for the person, and nothing that is not theirs to know."""

import pytest

from idp.audit.models import Attempt, AuditEntry
from idp.directory import access_policies, applications, organizations, sites, tiles
from idp.policy.access import documents
from tests.support.front import ANN, DORA
from tests.web.conftest import signed_in


@pytest.fixture
def dora(front):
    return signed_in(front, DORA)


def why(visitor, front, name="Payroll"):
    return visitor.open(f"/why/{front.application_ids[name]}")


def test_what_was_not_given_is_said_without_its_name_and_whom_to_ask(front, dora):
    why(dora, front)

    assert dora.title == "Why this application does not open"
    assert "Nobody has given you access to it." in dora.text
    assert "Payroll" not in dora.text
    assert "helpdesk@acme.example" in dora.text


def test_what_may_be_asked_for_is_called_by_its_name(front, dora):
    with front.work() as work:
        tiles.set_tile(work, front.application_ids["Payroll"], requestable=True)

    assert why(dora, front).title == "Why Payroll does not open"


def test_what_is_switched_off_is_off_for_everybody(front, ann):
    with front.work() as work:
        applications.disable(work, front.application_ids["Payroll"])

    assert "It is switched off for everybody." in why(ann, front).text


def test_what_is_open_is_said_to_be(front, ann):
    assert why(ann, front).title == "Payroll is open to you"


def test_whoever_is_turned_away_finds_the_way_there(front, dora):
    dora.open(front.ask("Payroll")).follow("Why not?")

    assert dora.title == "Why this application does not open"


@pytest.mark.parametrize("name", ["app_gone", "x", "app_%00", "app_' or 1=1"])
def test_what_there_is_not_is_not_found(front, dora, name):
    assert dora.open(f"/why/{name}").status == 404


def test_t1_an_application_of_another_organization_is_not_found(front, ann):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        site = sites.create(work, "globex", organization="globex", name="Globex")
        foreign = applications.create(work, site, protocol="oidc", name="Theirs")
        applications.grant(work, foreign.id, everyone=True)

    assert ann.open(f"/why/{foreign.id}").status == 404


def test_only_somebody_who_is_signed_in_is_answered(front, visitor):
    assert why(visitor, front).title == "Sign in"


def rules(front, *guards):
    with front.work() as work:
        access_policies.write(work, "acme", "Applications", documents.rules_from_json({"guards": list(guards)}))


def test_what_a_rule_of_access_would_say_is_said_in_the_rules_own_words_and_nothing_is_written(front, ann):
    rules(
        front,
        {
            "name": "Secret project Falcon",
            "text": "Come to the office for this.",
            "conditions": {"people": {"groups": ["Research"]}},
        },
    )
    with front.work() as work:
        before = work.tx.session.query(Attempt).count(), work.tx.session.query(AuditEntry).count()

    page = why(ann, front)

    assert page.title == "Why Payroll does not open"
    assert "Come to the office for this." in page.text
    assert "Falcon" not in page.text, "what a rule is called is the administrators'"
    with front.work() as work:
        assert (work.tx.session.query(Attempt).count(), work.tx.session.query(AuditEntry).count()) == before


def test_a_rule_without_words_for_people_is_said_plainly(front, ann):
    rules(front, {"name": "Falcon", "conditions": {"people": {"accounts": [ANN]}}})

    assert "not from here, not on this device, or not at this time" in why(ann, front).text


def test_a_rule_for_others_says_nothing_to_them(front, ann):
    rules(front, {"name": "Falcon", "conditions": {"people": {"accounts": [DORA]}}})

    assert why(ann, front).title == "Payroll is open to you"


def test_what_was_not_given_says_nothing_of_rules(front, dora):
    rules(front, {"name": "Falcon", "text": "Falcon people only.", "conditions": {"people": {"accounts": [DORA]}}})

    assert "Falcon" not in why(dora, front).text
