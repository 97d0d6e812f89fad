"""Which new passwords may be taken (NIST SP 800-63B-4 section 3.1.1; policy numbers)."""

import time

import pytest

from idp.policy import passwords

GOOD = "umbrella quartz lantern"
CONTEXT = {"ada.lovelace@example.org", "ada.lovelace", "Ada Lovelace", "Acme Global"}


def test_a_long_phrase_is_taken():
    assert passwords.weaknesses(GOOD, minimum=12, context=CONTEXT) == []


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "Ada.Lovelace@example.org",
        "Acme Global 2026!",
        "correcthorsebatterystaple1",
        "a" * 20,
        "x" * 257,
    ],
)
def test_refused(password):
    assert passwords.weaknesses(password, minimum=12, context=CONTEXT)


def test_no_policy_goes_below_eight_characters():
    assert passwords.weaknesses("qwmzrtb", minimum=1, context=set())


def test_composed_and_decomposed_forms_are_one_password():
    assert passwords.canonical("pässphrase") == passwords.canonical("pa\u0308ssphrase")


def test_a26_a_megabyte_costs_nothing():
    """A26, Q10: the length is bounded before anything is normalised or hashed."""
    before = time.process_time()

    assert passwords.too_long("a\u0301\u0327" * 400_000)
    assert passwords.weaknesses("a\u0301\u0327" * 400_000, minimum=12, context=CONTEXT)

    assert time.process_time() - before < 0.5
