"""Authentication contexts: what a request asks for, and the name of what was proven (SAML Core 2.0 section 3.3.2.2.1)."""

import pytest

from idp.base.errors import Invalid
from idp.policy.signon import Method, Strength
from idp.saml import names
from idp.saml.contexts import STRENGTHS, ContextMap, attested, judge, least
from idp.saml.messages import RequestedContext
from tests.support.saml_world import ANN, posted

PPT, MFA, PASSWORD, OTHER = names.PASSWORD_PROTECTED_TRANSPORT, names.REFEDS_MFA, names.PASSWORD, "urn:other"
PHR = names.PHISHING_RESISTANT
ONE, TWO, THREE = Strength


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
        ("better", (MFA,), THREE, False),
        ("better", (PPT, MFA), THREE, False),
        ("better", (PHR,), None, True),
        ("better", (PPT, PHR), None, True),
        ("better", (PPT, OTHER), None, True),
        ("exact", (PHR,), THREE, False),
        ("exact", (PHR, MFA), TWO, False),
        ("minimum", (PHR,), THREE, False),
        ("maximum", (PHR,), ONE, False),
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
        (THREE, "", (), MFA),
        (THREE, "exact", (PPT,), PPT),
        (THREE, "exact", (PHR, MFA), PHR),
        (TWO, "exact", (PHR, MFA), MFA),
        (THREE, "minimum", (PPT,), MFA),
        (THREE, "minimum", (MFA,), MFA),
        (THREE, "minimum", (PHR,), PHR),
        (THREE, "better", (PPT,), MFA),
        (THREE, "better", (MFA,), PHR),
        (THREE, "maximum", (PPT,), PPT),
        (THREE, "maximum", (PHR,), MFA),
        (TWO, "maximum", (PHR,), MFA),
    ],
)
def test_x27_what_is_said_is_true_and_can_be_taken(proven, comparison, classes, said):
    assert attested(proven, comparison, classes) == said


@pytest.mark.parametrize("proven", Strength)
@pytest.mark.parametrize("comparison", ["", "exact", "minimum", "maximum", "better"])
@pytest.mark.parametrize("classes", [(), (PPT,), (MFA,), (MFA, PASSWORD), (OTHER,), (OTHER, MFA), (PHR,), (PHR, PPT)])
def test_x27_never_more_is_said_than_was_proven(proven, comparison, classes):
    assert STRENGTHS[attested(proven, comparison, classes)] <= proven


# An administrator's own map

LOA1, LOA2 = "https://vendor.example/loa/1", "https://vendor.example/loa/2?a=b"
VENDOR = ContextMap({ONE: LOA1, TWO: LOA2}, {"urn:vendor:strong": TWO, PPT: TWO})


@pytest.mark.parametrize(
    ("comparison", "classes", "asked", "unattainable"),
    [
        ("exact", (LOA1,), ONE, False),
        ("exact", (LOA2,), TWO, False),
        ("exact", ("urn:vendor:strong",), TWO, False),
        ("exact", (PPT,), TWO, False),
        ("exact", (MFA,), TWO, False),
        ("exact", (OTHER,), None, True),
        ("minimum", (LOA1,), ONE, False),
        ("minimum", ("urn:vendor:strong",), TWO, False),
        ("maximum", (LOA2,), ONE, False),
        ("better", (LOA1,), TWO, False),
        ("better", (LOA2,), THREE, False),
        ("better", (LOA2, PHR), None, True),
    ],
)
def test_x27_a_map_says_what_requested_classes_take(comparison, classes, asked, unattainable):
    judge(VENDOR)
    assert least(RequestedContext(comparison, classes), VENDOR) == (asked, unattainable)


@pytest.mark.parametrize(
    ("proven", "comparison", "classes", "said"),
    [
        (ONE, "", (), LOA1),
        (TWO, "", (), LOA2),
        (TWO, "exact", ("urn:vendor:strong",), "urn:vendor:strong"),
        (TWO, "exact", (PPT,), PPT),
        (ONE, "exact", (PPT, LOA1), LOA1),
        (TWO, "minimum", (LOA1,), LOA2),
        (TWO, "maximum", (LOA1,), LOA1),
        (TWO, "better", (LOA1,), LOA2),
        (THREE, "", (), LOA2),
        (THREE, "minimum", (LOA1,), LOA2),
        (THREE, "better", (LOA2,), PHR),
    ],
)
def test_x27_a_map_says_how_what_was_proven_is_called(proven, comparison, classes, said):
    assert attested(proven, comparison, classes, VENDOR) == said


@pytest.mark.parametrize(
    "claims",
    [
        {"says": {"password": MFA}},
        {"means": {MFA: "password"}},
        {"says": {"password": "http://schemas.microsoft.com/claims/multipleauthn"}},
        {"means": {PPT: "second-step"}},
        {"means": {PPT: "second-step"}, "says": {"password": PPT}},
        {"says": {"password": LOA1}, "means": {LOA1: "second-step"}},
        {"says": {"second-step": names.CONTEXT_CLASSES + "SmartcardPKI"}},
        {"says": {"second-step": names.CONTEXT_CLASSES + "TimeSyncToken"}},
        {"means": {names.CONTEXT_CLASSES + "Kerberos": "password"}},
        {"says": {"second-step": "http://eidas.europa.eu/LoA/high"}},
        {"says": {"passkey": LOA1}},
        {"says": {"second-step": PHR}},
        {"means": {PHR: "second-step"}},
        {"says": {"second-step": LOA1}, "means": {LOA1: "phishing-resistant"}},
        {"says": {"password": ""}},
        {"says": {"password": "a b"}},
        {"means": {"x" * 1025: "password"}},
        {"means": {f"urn:{i}": "password" for i in range(65)}},
    ],
    ids=range(18),
)
def test_x27_a_map_that_claims_more_than_was_proven_is_refused(claims):
    with pytest.raises(Invalid) as refused:
        judge(ContextMap.from_json(claims))
    assert refused.value.field == "context_map"


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"says": {"second-step": "http://schemas.microsoft.com/claims/multipleauthn"}},
        {"says": {"second-step": PPT}},
        {"says": {"password": LOA1, "second-step": LOA1}},
        {"means": {PPT: "second-step"}, "says": {"password": LOA1}},
        {"means": {LOA2: "second-step"}},
        {"says": {"phishing-resistant": LOA2}, "means": {"urn:strong": "phishing-resistant"}},
        {"says": {"password": LOA1, "second-step": LOA2, "phishing-resistant": LOA2}},
    ],
    ids=range(8),
)
@pytest.mark.parametrize("proven", Strength)
@pytest.mark.parametrize("comparison", ["", "exact", "minimum", "maximum", "better"])
@pytest.mark.parametrize("classes", [(), (PPT,), (MFA,), (MFA, PASSWORD), (OTHER,), (LOA1, LOA2), (LOA2, PPT), (PHR,)])
def test_x27_with_any_map_never_more_is_said_than_was_proven(claims, proven, comparison, classes):
    chosen = ContextMap.from_json(claims)
    judge(chosen)

    said = attested(proven, comparison, classes, chosen)

    assert chosen.strength_of(said) is not None
    assert chosen.strength_of(said) <= proven
    assert STRENGTHS.get(said, proven) <= proven


def test_a_map_is_stored_as_it_was_read():
    assert ContextMap.from_json(VENDOR.to_json()) == VENDOR
    assert ContextMap.from_json({}).to_json() == {}


def test_x27_the_map_is_used_from_request_to_answer(world, sp, registered):
    """Who asks for the vendor's own name of a second step gets it, after the second step and not before."""
    world.change(registered, context_map=VENDOR.to_json())

    def asking(class_: str) -> str:
        return sp.query(
            sp.authn_request(
                f"<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>{class_}</saml:AuthnContextClassRef>"
                "</samlp:RequestedAuthnContext>",
                IsPassive="true",
            )
        )

    with_both = world.browser(ANN)
    assert posted(with_both.sso(asking("urn:vendor:strong"))).one("//saml:AuthnContextClassRef") == "urn:vendor:strong"
    assert posted(with_both.sso(sp.query(sp.authn_request()))).one("//saml:AuthnContextClassRef") == LOA2
    assert posted(with_both.sso(asking("urn:unknown"))).statuses == ["Responder", "NoAuthnContext"]
    with_one = world.browser(ANN, methods=(Method.PASSWORD,))
    told = posted(with_one.sso(asking("urn:vendor:strong")))
    assert told.statuses[0] == "Responder"
    assert not told.find("//saml:Assertion")


def test_x27_phishing_resistant_is_answered_after_a_passkey_and_not_after_a_code(world, sp, registered):
    def asking(class_: str, comparison: str) -> str:
        return sp.query(
            sp.authn_request(
                f'<samlp:RequestedAuthnContext Comparison="{comparison}"><saml:AuthnContextClassRef>{class_}'
                "</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>",
                IsPassive="true",
            )
        )

    with_passkey = world.browser(ANN, methods=(Method.PASSKEY,))
    for class_, comparison, said in ((PHR, "exact", PHR), (MFA, "better", PHR), (MFA, "exact", MFA)):
        answer = posted(with_passkey.sso(asking(class_, comparison)))
        assert answer.one("//saml:AuthnContextClassRef") == said
    with_code = world.browser(ANN, methods=(Method.PASSWORD, Method.TOTP))
    for class_, comparison in ((PHR, "exact"), (MFA, "better")):
        told = posted(with_code.sso(asking(class_, comparison)))
        assert not told.find("//saml:Assertion")
