"""Authentication contexts: what a request asks for, and the name of what was proven (SAML Core 2.0 section 3.3.2.2.1)."""

import pytest

from idp.policy.signon import Strength
from idp.saml import names
from idp.saml.contexts import STRENGTHS, attested, least
from idp.saml.messages import RequestedContext

PPT, MFA, PASSWORD, OTHER = names.PASSWORD_PROTECTED_TRANSPORT, names.REFEDS_MFA, names.PASSWORD, "urn:other"
ONE, TWO = Strength.PASSWORD, Strength.SECOND_STEP


@pytest.mark.parametrize(
    ("comparison", "classes", "asked", "unattainable"),
    [
        ("exact", (PPT,), ONE, False),
        ("exact", (PASSWORD,), ONE, False),
        ("exact", (MFA,), TWO, False),
        ("exact", (MFA, PPT), ONE, False),
        ("exact", (OTHER, MFA), TWO, False),
        ("exact", (OTHER,), None, True),
        ("minimum", (PPT,), ONE, False),
        ("minimum", (MFA,), TWO, False),
        ("minimum", (MFA, PPT), ONE, False),
        ("minimum", (OTHER,), None, True),
        ("maximum", (PPT,), ONE, False),
        ("maximum", (MFA,), ONE, False),
        ("maximum", (OTHER,), None, True),
        ("better", (PPT,), TWO, False),
        ("better", (PASSWORD, PPT), TWO, False),
        ("better", (MFA,), None, True),
        ("better", (PPT, MFA), None, True),
        ("better", (PPT, OTHER), None, True),
    ],
)
def test_x27_what_is_asked_for_becomes_the_least_that_satisfies_it(comparison, classes, asked, unattainable):
    assert least(RequestedContext(comparison, classes)) == (asked, unattainable)


def test_declarations_are_beyond_us_and_nothing_is_nothing():
    assert least(RequestedContext("exact", (), by_declaration=True)) == (None, True)
    assert least(None) == (None, False)


@pytest.mark.parametrize(
    ("proven", "comparison", "classes", "said"),
    [
        (ONE, "", (), PPT),
        (TWO, "", (), MFA),
        (ONE, "exact", (PASSWORD,), PASSWORD),
        (TWO, "exact", (PPT,), PPT),
        (TWO, "exact", (PPT, MFA), PPT),
        (TWO, "exact", (MFA, PPT), MFA),
        (ONE, "exact", (MFA, PPT), PPT),
        (TWO, "exact", (OTHER, MFA), MFA),
        (TWO, "minimum", (PPT,), MFA),
        (ONE, "minimum", (PASSWORD,), PPT),
        (TWO, "better", (PPT,), MFA),
        (TWO, "maximum", (PPT,), PPT),
        (TWO, "maximum", (MFA,), MFA),
        (ONE, "maximum", (MFA,), PPT),
    ],
)
def test_x27_what_is_said_is_true_and_can_be_taken(proven, comparison, classes, said):
    assert attested(proven, comparison, classes) == said


@pytest.mark.parametrize("proven", Strength)
@pytest.mark.parametrize("comparison", ["", "exact", "minimum", "maximum", "better"])
@pytest.mark.parametrize("classes", [(), (PPT,), (MFA,), (MFA, PASSWORD), (OTHER,), (OTHER, MFA)])
def test_x27_never_more_is_said_than_was_proven(proven, comparison, classes):
    assert STRENGTHS[attested(proven, comparison, classes)] <= proven
