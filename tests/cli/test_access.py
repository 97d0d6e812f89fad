"""Zones and access policies from the command line."""

import json

import pytest

OFFICE = ("zone", "create", "Office", "--organization", "acme", "--network", "192.0.2.0/24")
DOCUMENT = {
    "guards": [{"name": "Not at night", "conditions": {"times": {"zone": "Europe/Berlin", "begins": "22:00", "ends": "05:00"}}, "text": "Come back in the morning."}],
    "rules": [
        {
            "name": "In the office",
            "conditions": {"networks": {"zones": ["Office"]}, "people": {"accounts": ["ann@acme.example"]}},
            "answer": {"effect": "allow"},
        },
        {
            "name": "Elsewhere",
            "answer": {"effect": "require", "strength": "phishing-resistant", "within_seconds": 3600},
            "mode": "report-only",
        },
    ],
    "catch_all": {"effect": "require", "strength": "second-step"},
}  # fmt: skip


@pytest.fixture
def office(acme):
    made = acme(*OFFICE, "--json")
    assert made.code == 0, made.err
    return acme


def put(idp, document, policy="Sessions", *words: str):
    return idp(
        "access", "set", policy, "--organization", "acme", "--from-json", "-", *words, stdin=json.dumps(document)
    )


def shown(idp, policy="Sessions") -> str:
    return idp("access", "show", policy, "--organization", "acme", "--json").out


def test_what_is_shown_can_be_given_back_and_nothing_changes(office):
    assert put(office, DOCUMENT).code == 0
    first = shown(office)

    again = office("access", "set", "Sessions", "--organization", "acme", "--from-json", "-", stdin=first)

    assert (again.code, shown(office)) == (0, first), again.err
    assert "has these rules already" in again.out
    assert json.loads(first)["rules"][0]["conditions"]["networks"]["zones"] == ["Office"]


def test_rules_are_shown_as_sentences(office):
    put(office, DOCUMENT)

    assert office("access", "show", "Sessions", "--organization", "acme").out.splitlines() == [
        "Sessions, version 2",
        "  guard rail “Not at night”: if it is from 22:00 to 05:00 (Europe/Berlin): deny (“Come back in the morning.”)",
        "  1. “In the office”: if the person is ann@acme.example, and the address is in Office: allow",
        "  2. “Elsewhere” [report-only]: always: require a phishing-resistant second step, not older than 1 hour",
        "  otherwise: require a second step",
    ]


def test_what_if_tells_every_rule_and_what_a_person_would_be_asked_for(office):
    put(office, DOCUMENT)

    told = office("policy", "explain", "--account", "ann@acme.example", "--ip", "192.0.2.7", "--at", "2030-01-01T12:00")

    print(told.out, told.err)
    assert told.code == 0
    assert 0
