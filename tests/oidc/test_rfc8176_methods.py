"""RFC 8176: what applications learn of how somebody signed in."""

import pytest

from idp.oidc import contexts
from idp.policy.signon import WEAK, Method, Strength, strength


@pytest.mark.parametrize(
    ("methods", "said"),
    [
        ({Method.PASSWORD}, ["pwd"]),
        ({Method.PASSWORD, Method.TOTP}, ["otp", "pwd", "mfa"]),
        ({Method.PASSWORD, Method.RECOVERY_CODE}, ["otp", "pwd", "mfa"]),
        ({Method.TEMPORARY_PASS}, ["otp", "mfa"]),
        ({Method.PASSKEY}, ["pop", "user", "mfa"]),
        ({Method.PASSWORD, Method.PASSKEY}, ["pop", "pwd", "user", "mfa"]),
        ({Method.PASSWORD, Method.SECURITY_KEY}, ["pop", "pwd", "user", "mfa"]),
        ({Method.PASSWORD, Method.EMAIL_CODE}, ["pwd"]),
        ({Method.PASSWORD, Method.KNOWN_DEVICE}, ["pwd"]),
    ],
    ids=lambda value: "+".join(sorted(value)),
)
def test_methods_are_named_as_the_registry_has_them(methods, said):
    assert contexts.amr(methods, strength(frozenset(methods))) == said


@pytest.mark.parametrize("weak", sorted(WEAK))
def test_a_weak_second_step_is_never_said_to_be_one(weak):
    proven = frozenset({Method.PASSWORD, weak})

    assert "mfa" not in contexts.amr(proven, strength(proven))
    assert contexts.acr(strength(proven), ["phr", contexts.SECOND_STEP]) == contexts.PASSWORD


@pytest.mark.parametrize("method", Method)
def test_every_method_has_its_names_and_weak_ones_are_told_to_nobody(method):
    assert bool(contexts.amr({method}, Strength.PASSWORD)) is (method not in WEAK)


@pytest.mark.parametrize(
    ("methods", "wished", "said"),
    [
        ({Method.PASSKEY}, (), "phr"),
        ({Method.PASSKEY}, ("phr",), "phr"),
        ({Method.PASSKEY}, (contexts.SECOND_STEP,), contexts.SECOND_STEP),
        ({Method.PASSWORD, Method.SECURITY_KEY}, ("phr",), "phr"),
        ({Method.PASSWORD, Method.TOTP}, ("phr",), contexts.SECOND_STEP),
    ],
    ids=range(5),
)
def test_phishing_resistance_is_said_where_it_was_proven(methods, wished, said):
    assert contexts.acr(strength(frozenset(methods)), wished) == said
