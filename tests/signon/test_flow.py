"""The dispatcher: what a person does next, as one table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from idp.policy.signon import ENROLLABLE, Method, Proof, SecondStep, SignOnPolicy, Strength
from idp.signon.flow import (
    AskConsent,
    AskFirstStep,
    AskSecondStep,
    Complete,
    EnrolSecondStep,
    Facts,
    OpenSession,
    Refuse,
    next_step,
)
from idp.signon.request import Refusal, SignOnRequest

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
PASSWORD = Proof(Method.PASSWORD, NOON - timedelta(minutes=30))
CODE = Proof(Method.TOTP, NOON - timedelta(minutes=30))
FRESH_PASSWORD, FRESH_CODE = Proof(Method.PASSWORD, NOON, fresh=True), Proof(Method.TOTP, NOON, fresh=True)

REQUEST = SignOnRequest(
    organization_id="org_a", site_id="sit_a", application_id="app_a", application_name="Wiki", resume_url="/resume"
)
SIGNED_IN = Facts(
    now=NOON,
    cancelled=False,
    account_id="acc_ann",
    proofs=(PASSWORD, CODE),
    unsaved=False,
    policy=SignOnPolicy(1, SecondStep.REQUIRED),
    second_steps=frozenset({Method.TOTP}),
    allowed=True,
    consent_missing=False,
)
NOBODY = replace(SIGNED_IN, account_id=None, proofs=(), second_steps=frozenset(), allowed=False)
OPTIONAL, OFF = SignOnPolicy(1, SecondStep.OPTIONAL), SignOnPolicy(1, SecondStep.OFF)

ROWS = {
    "a live session goes straight through": ({}, SIGNED_IN, Complete()),
    "nobody is asked for a password": ({}, NOBODY, AskFirstStep()),
    "nobody, passively, is refused": ({"passive": True}, NOBODY, Refuse(Refusal.LOGIN_REQUIRED)),
    "a cancelled sign-on is refused": ({}, replace(SIGNED_IN, cancelled=True), Refuse(Refusal.CANCELLED)),
    "a context we cannot give is refused": ({"unattainable": True}, NOBODY, Refuse(Refusal.CONTEXT_UNMET)),
    "a password alone is asked for the second step": (
        {},
        replace(SIGNED_IN, proofs=(FRESH_PASSWORD,), unsaved=True),
        AskSecondStep(frozenset({Method.TOTP})),
    ),
    "without a second step one is set up": (
        {},
        replace(SIGNED_IN, proofs=(FRESH_PASSWORD,), unsaved=True, second_steps=frozenset()),
        EnrolSecondStep(ENROLLABLE),
    ),
    "what is set up does for the application, too": (
        {"asked": Strength.PHISHING_RESISTANT},
        replace(SIGNED_IN, proofs=(FRESH_PASSWORD,), unsaved=True, second_steps=frozenset()),
        EnrolSecondStep(frozenset({Method.PASSKEY, Method.SECURITY_KEY})),
    ),
    "a wish for what would have to be set up first is let go": (
        {"asked": Strength.PHISHING_RESISTANT, "asked_if_possible": True},
        SIGNED_IN,
        Complete(),
    ),
    "a wish for what one has is asked for": (
        {"asked": Strength.PHISHING_RESISTANT, "asked_if_possible": True},
        replace(SIGNED_IN, second_steps=frozenset({Method.TOTP, Method.SECURITY_KEY})),
        AskSecondStep(frozenset({Method.SECURITY_KEY})),
    ),
    "a demand for it is set up": (
        {"asked": Strength.PHISHING_RESISTANT},
        replace(SIGNED_IN, proofs=(FRESH_PASSWORD, FRESH_CODE)),
        EnrolSecondStep(frozenset({Method.PASSKEY, Method.SECURITY_KEY})),
    ),
    "a passkey alone is both steps": (
        {},
        replace(SIGNED_IN, proofs=(Proof(Method.PASSKEY, NOON, fresh=True),), unsaved=True),
        OpenSession(),
    ),
    "a security key alone is no first step": (
        {},
        replace(SIGNED_IN, proofs=(Proof(Method.SECURITY_KEY, NOON, fresh=True),), unsaved=True),
        AskFirstStep(),
    ),
    "A11: a session of half an hour sets up no second step without the password": (
        {},
        replace(SIGNED_IN, proofs=(PASSWORD,), second_steps=frozenset()),
        AskFirstStep(),
    ),
    "A11: a password of the last five minutes is enough to set one up": (
        {},
        replace(SIGNED_IN, proofs=(replace(PASSWORD, at=NOON - timedelta(minutes=5)),), second_steps=frozenset()),
        EnrolSecondStep(ENROLLABLE),
    ),
    "a second step alone signs nobody in": ({}, replace(SIGNED_IN, proofs=(CODE,)), AskFirstStep()),
    "fresh proofs go into a session first": (
        {},
        replace(SIGNED_IN, proofs=(FRESH_PASSWORD, FRESH_CODE), unsaved=True, allowed=False),
        OpenSession(),
    ),
    "no access grant, no sign-on": ({}, replace(SIGNED_IN, allowed=False), Refuse(Refusal.NOT_ALLOWED)),
    "an optional second step is not asked of those without one": (
        {},
        replace(SIGNED_IN, policy=OPTIONAL, proofs=(PASSWORD,), second_steps=frozenset()),
        Complete(),
    ),
    "an optional second step is asked of those who have one": (
        {},
        replace(SIGNED_IN, policy=OPTIONAL, proofs=(PASSWORD,)),
        AskSecondStep(frozenset({Method.TOTP})),
    ),
    "a policy without second step takes the password": (
        {},
        replace(SIGNED_IN, policy=OFF, proofs=(PASSWORD,)),
        Complete(),
    ),
    "an application may ask for more than the policy": (
        {"asked": Strength.SECOND_STEP},
        replace(SIGNED_IN, policy=OFF, proofs=(PASSWORD,)),
        AskSecondStep(frozenset({Method.TOTP})),
    ),
    "a wish for more than the policy is asked of those who have a second step": (
        {"asked": Strength.SECOND_STEP, "asked_if_possible": True},
        replace(SIGNED_IN, policy=OFF, proofs=(PASSWORD,)),
        AskSecondStep(frozenset({Method.TOTP})),
    ),
    "a wish for more than the policy sets up nothing": (
        {"asked": Strength.SECOND_STEP, "asked_if_possible": True},
        replace(SIGNED_IN, policy=OPTIONAL, proofs=(PASSWORD,), second_steps=frozenset()),
        Complete(),
    ),
    "a wish does not lower what the policy asks": (
        {"asked": Strength.SECOND_STEP, "asked_if_possible": True},
        replace(SIGNED_IN, proofs=(FRESH_PASSWORD,), unsaved=True, second_steps=frozenset()),
        EnrolSecondStep(ENROLLABLE),
    ),
    "a demand for more than the policy sets one up": (
        {"asked": Strength.SECOND_STEP},
        replace(SIGNED_IN, policy=OPTIONAL, proofs=(FRESH_PASSWORD,), second_steps=frozenset()),
        EnrolSecondStep(ENROLLABLE),
    ),
    "more than the policy, passively, is refused": (
        {"asked": Strength.SECOND_STEP, "passive": True},
        replace(SIGNED_IN, policy=OFF, proofs=(PASSWORD,)),
        Refuse(Refusal.CONTEXT_UNMET),
    ),
    "a missing second step of the policy, passively, is a missing sign-in": (
        {"passive": True},
        replace(SIGNED_IN, proofs=(PASSWORD,)),
        Refuse(Refusal.LOGIN_REQUIRED),
    ),
    "consent is asked for": ({}, replace(SIGNED_IN, consent_missing=True), AskConsent()),
    "consent, passively, is refused": (
        {"passive": True},
        replace(SIGNED_IN, consent_missing=True),
        Refuse(Refusal.CONSENT_REQUIRED),
    ),
    "X27: forced, an old session does not count": ({"force": True}, SIGNED_IN, AskFirstStep()),
    "X27: forced, the second step is asked anew too": (
        {"force": True},
        replace(SIGNED_IN, proofs=(FRESH_PASSWORD, CODE), unsaved=True),
        AskSecondStep(frozenset({Method.TOTP})),
    ),
    "X27: forced and proven anew": (
        {"force": True},
        replace(SIGNED_IN, proofs=(FRESH_PASSWORD, FRESH_CODE)),
        Complete(),
    ),
    "O27: older than the greatest age is asked anew": ({"max_age": timedelta(minutes=29)}, SIGNED_IN, AskFirstStep()),
    "O27: within the greatest age is not": ({"max_age": timedelta(minutes=30)}, SIGNED_IN, Complete()),
    "O27: a greatest age of zero is asked anew": ({"max_age": timedelta(0)}, SIGNED_IN, AskFirstStep()),
    "the account that the application speaks of": ({"account_hint": "acc_ann"}, SIGNED_IN, Complete()),
    "another account than the application speaks of": (
        {"account_hint": "acc_bob"},
        SIGNED_IN,
        Refuse(Refusal.WRONG_ACCOUNT),
    ),
    "another account, passively, is a missing sign-in": (
        {"account_hint": "acc_bob", "passive": True},
        SIGNED_IN,
        Refuse(Refusal.LOGIN_REQUIRED),
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_next_step(row):
    change, facts, expected = ROWS[row]

    assert next_step(replace(REQUEST, **change), facts) == expected


def test_a_request_survives_being_stored():
    request = replace(
        REQUEST, max_age=timedelta(seconds=90), asked=Strength.SECOND_STEP, asks=("email",), locales=("de", "en")
    )

    assert SignOnRequest.from_json(request.to_json()) == request
