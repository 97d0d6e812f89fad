"""What an authentication policy may say: one good policy, then one change at a time."""

from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.base.errors import Invalid
from idp.policy.authentication import (
    FIELDS,
    METHODS,
    RANGES,
    STRICTEST,
    PolicyKind,
    Terms,
    advice,
    changed,
    differences,
    words,
)
from idp.policy.signon import ENROLLABLE, FIRST_STEPS, Method, SecondStep

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
AAGUID = "08987058-cadc-4b81-b6e1-30de50dcbe96"
GOOD = {
    "second_step": "required",
    "grace_until": NOON + timedelta(days=30),
    "grace_sign_ins": 3,
    "methods": ["pwd", "otp", "recovery", "passkey", "security-key", "temporary-pass", "email-code"],
    "password_minimum": 14,
    "password_score": 3,
    "password_history": 5,
    "password_maximum_days": 365,
    "session_idle_seconds": 1800,
    "session_absolute_seconds": 28_800,
    "known_device_days": 14,
    "upstream_allowed": False,
    "api_tokens_allowed": False,
    "api_token_days": 30,
    "recovery": ["administrator"],
    "authenticators": [AAGUID],
    "device_bound_only": True,
}


def said(changes, terms=None, kind=PolicyKind.MEMBER) -> Terms:
    return changed(terms or Terms(), changes, kind=kind, now=NOON)


def test_every_field_can_be_said():
    assert set(GOOD) == set(FIELDS) == {field.name for field in fields(Terms)}

    after = said(GOOD)

    assert all(getattr(after, name) != getattr(Terms(), name) for name in FIELDS if name != "second_step")
    assert after.methods == METHODS[: len(METHODS)]


@pytest.mark.parametrize(("name", "bounds"), RANGES.items())
def test_both_ends_of_a_range_are_in_it_and_what_is_beyond_is_not(name, bounds):
    least, most = bounds
    wide = {"session_absolute_seconds": 30 * 86_400} if name == "session_idle_seconds" else {}
    wide |= {"session_idle_seconds": 300} if name == "session_absolute_seconds" else {}
    for value in bounds:
        assert getattr(said(wide | {name: value}), name) == value
    for value in (least - 1, most + 1):
        with pytest.raises(Invalid) as refused:
            said(wide | {name: value})
        assert refused.value.field == name


def test_passwords_need_not_age():
    assert said({"password_maximum_days": 0}).password_maximum_days == 0


def test_passwords_that_age_have_a_history_of_five_unless_somebody_says_another():
    aging = said({"password_maximum_days": 365})
    assert aging.password_history == 5
    assert said({"password_maximum_days": 365, "password_history": 0}).password_history == 0
    assert said({"password_maximum_days": 365}, Terms(password_history=8)).password_history == 8
    assert said({"password_maximum_days": 730}, Terms(password_maximum_days=365)).password_history == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("second_step", "sometimes"),
        ("methods", ["pwd", "sms"]),
        ("methods", ["pwd", "known-device", "otp"]),
        ("methods", "pwd"),
        ("methods", [1]),
        ("recovery", ["the helpdesk"]),
        ("authenticators", ["a yellow one"]),
        ("authenticators", [f"{number:032x}" for number in range(101)]),
        ("grace_until", NOON),
        ("grace_until", NOON + timedelta(days=400)),
        ("grace_until", NOON.replace(tzinfo=None) + timedelta(days=1)),
        ("grace_until", "tomorrow"),
        ("password_minimum", True),
        ("password_minimum", "12"),
        ("upstream_allowed", 1),
        ("colour", "blue"),
    ],
)
def test_what_there_is_not_is_refused(field, value):
    with pytest.raises(Invalid) as refused:
        said({field: value})

    assert refused.value.field == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"methods": ["otp", "security-key", "temporary-pass"]}, "methods"),
        ({"methods": []}, "methods"),
        ({"methods": ["passkey"]}, "methods"),
        ({"methods": ["pwd", "recovery", "temporary-pass"]}, "methods"),
        ({"session_idle_seconds": 7200, "session_absolute_seconds": 3600}, "session_idle_seconds"),
        ({"second_step": "optional", "grace_sign_ins": 3}, "grace_sign_ins"),
        ({"second_step": "off", "grace_until": NOON + timedelta(days=1)}, "grace_until"),
    ],
)
def test_what_would_keep_everybody_out_is_refused(changes, field):
    with pytest.raises(Invalid) as refused:
        said(changes)

    assert refused.value.field == field


@pytest.mark.parametrize(
    "changes",
    [
        {"methods": ["passkey", "temporary-pass"]},
        {"methods": ["pwd", "email-code"]},
        {"methods": ["pwd"], "second_step": "off"},
        {"methods": ["pwd", "recovery"], "second_step": "optional"},
    ],
)
def test_what_somebody_can_satisfy_is_taken(changes):
    assert said(changes)


@given(st.frozensets(st.sampled_from(METHODS)), st.sampled_from(SecondStep))
def test_whatever_is_taken_lets_a_newcomer_in(methods, second_step):
    """With a password or a temporary pass to begin with, and something to set up where a second step is required."""
    try:
        terms = said({"methods": [method.value for method in methods], "second_step": second_step})
    except Invalid:
        return
    allowed = frozenset(terms.methods)
    assert allowed & {Method.PASSWORD, Method.TEMPORARY_PASS} <= FIRST_STEPS
    assert allowed & {Method.PASSWORD, Method.TEMPORARY_PASS}
    assert allowed & {Method.PASSWORD, Method.PASSKEY}
    assert second_step is not SecondStep.REQUIRED or allowed & (ENROLLABLE | {Method.EMAIL_CODE})


def test_grace_goes_with_the_requirement_and_a_past_day_bothers_no_other_change():
    graceful = said({"grace_until": NOON + timedelta(days=3), "grace_sign_ins": 2})

    assert said({"second_step": "optional"}, graceful) == Terms(second_step=SecondStep.OPTIONAL)
    later = changed(graceful, {"password_score": 3}, kind=PolicyKind.MEMBER, now=NOON + timedelta(days=9))
    assert later == replace(graceful, password_score=3)


@pytest.mark.parametrize(
    "changes",
    [
        {"second_step": "optional"},
        {"second_step": "off"},
        {"grace_sign_ins": 1},
        {"grace_until": NOON + timedelta(days=1)},
        {"methods": ["pwd", "otp", "email-code"]},
        {"methods": ["pwd", "email-code"]},
        {"known_device_days": 1},
        {"session_idle_seconds": 3601},
        {"session_absolute_seconds": 43_201},
    ],
)
def test_the_policy_of_break_glass_accounts_cannot_be_loosened(changes):
    assert said({"password_minimum": 20}, STRICTEST, PolicyKind.BREAK_GLASS)
    assert said(changes)
    with pytest.raises(Invalid, match="break-glass"):
        said(changes, STRICTEST, PolicyKind.BREAK_GLASS)


def test_differences_are_in_words():
    before, after = differences(Terms(), said({"grace_sign_ins": 3, "methods": ["pwd", "otp"], "recovery": []}))

    assert before == {
        "grace_sign_ins": "0",
        "methods": "pwd, otp, recovery, passkey, security-key, temporary-pass",
        "recovery": "mail, administrator",
    }
    assert after == {"grace_sign_ins": "3", "methods": "pwd, otp", "recovery": "none"}
    assert set(words(Terms())) == set(asdict(Terms()))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"second_step": "off"}, "15 characters"),
        ({"password_maximum_days": 90}, "forbid"),
        ({"methods": ["pwd", "email-code"]}, "weak"),
        ({"session_absolute_seconds": 90_000}, "24 hours"),
        ({"session_idle_seconds": 3660}, "idle hour"),
        ({"recovery": []}, "cannot be helped"),
    ],
)
def test_what_standards_advise_against_is_said(changes, says):
    assert advice(Terms()) == []
    assert [sentence for sentence in advice(said(changes)) if says in sentence]
