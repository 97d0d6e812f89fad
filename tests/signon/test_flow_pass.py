"""The dispatcher and temporary passes: they let in once, and are no second step that somebody has."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.policy.signon import ENROLLABLE, Method, Proof, SecondStep, SignOnPolicy
from idp.signon.flow import AskSecondStep, Complete, EnrolSecondStep, Facts, OpenSession, next_step
from idp.signon.request import SignOnRequest
from tests.conftest import NOON

REQUEST = SignOnRequest(
    organization_id="org", site_id="sit", application_id="app", application_name="Wiki", resume_url="/r"
)
PASS = Proof(Method.TEMPORARY_PASS, NOON, fresh=True)
PASSWORD = Proof(Method.PASSWORD, NOON, fresh=True)
CODE = Proof(Method.TOTP, NOON, fresh=True)
FACTS = Facts(
    now=NOON,
    cancelled=False,
    account_id="acc",
    proofs=(PASS,),
    unsaved=True,
    policy=SignOnPolicy(1, SecondStep.REQUIRED),
    second_steps=frozenset(),
    allowed=True,
    consent_missing=False,
)
GRACE = SignOnPolicy(1, SecondStep.REQUIRED, in_grace=True, may_put_off=True)
OPTIONAL = SignOnPolicy(1, SecondStep.OPTIONAL)
OFFERED = frozenset({Method.TEMPORARY_PASS})
PHONE = frozenset({Method.TOTP})


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({}, EnrolSecondStep(ENROLLABLE)),
        ({"proofs": (PASSWORD, PASS)}, EnrolSecondStep(ENROLLABLE)),
        ({"second_steps": frozenset({Method.RECOVERY_CODE})}, EnrolSecondStep(ENROLLABLE)),
        ({"second_steps": PHONE}, OpenSession()),
        ({"second_steps": PHONE, "proofs": (PASS, CODE)}, OpenSession()),
        ({"policy": OPTIONAL}, OpenSession()),
        ({"policy": SignOnPolicy(1, SecondStep.OFF)}, OpenSession()),
        ({"policy": GRACE}, EnrolSecondStep(ENROLLABLE, may_put_off=True)),
        ({"policy": GRACE, "put_off": True}, OpenSession()),
        ({"put_off": True}, EnrolSecondStep(ENROLLABLE)),
        (
            {"policy": SignOnPolicy(1, SecondStep.REQUIRED, methods=frozenset({Method.TEMPORARY_PASS}))},
            OpenSession(),
        ),
        ({"unsaved": False, "proofs": (Proof(Method.TEMPORARY_PASS, NOON - timedelta(hours=1)),)}, Complete()),
        ({"proofs": (PASSWORD,), "second_steps": OFFERED}, AskSecondStep(OFFERED)),
        ({"proofs": (PASSWORD,), "second_steps": OFFERED, "policy": OPTIONAL}, OpenSession()),
        ({"proofs": (PASSWORD,), "second_steps": OFFERED | PHONE, "policy": OPTIONAL}, AskSecondStep(OFFERED | PHONE)),
    ],
)
def test_next_step(changes, step):
    assert next_step(REQUEST, replace(FACTS, **changes)) == step


def test_a_policy_without_passes_takes_none_that_was_proven():
    policy = SignOnPolicy(1, SecondStep.REQUIRED, methods=frozenset({Method.PASSWORD, Method.TOTP}))

    assert type(next_step(REQUEST, replace(FACTS, policy=policy))).__name__ == "AskFirstStep"
