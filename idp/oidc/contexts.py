"""Authentication contexts (``acr``) and methods (``amr``) as OpenID Connect names them."""

from collections.abc import Collection

from idp.policy.signon import Method, Strength

PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"  # noqa: S105 (a name)
SECOND_STEP = "https://refeds.org/profile/mfa"

PHISHING_RESISTANT = "phr"
"""OpenID Connect Extended Authentication Profile ACR Values 1.0 section 2."""

STRENGTHS = {
    PASSWORD: Strength.PASSWORD,
    SECOND_STEP: Strength.SECOND_STEP,
    PHISHING_RESISTANT: Strength.PHISHING_RESISTANT,
}
"""What each context takes."""
_NAMES = {strength: name for name, strength in STRENGTHS.items()}


def acr(strength: Strength, wished: Collection[str]) -> str:
    """Return the context that was reached: the first wished one that *strength* covers, else its own name."""
    return next((name for name in wished if name in STRENGTHS and STRENGTHS[name] <= strength), _NAMES[strength])


def amr(methods: Collection[Method], strength: Strength) -> list[str]:
    """Return the methods that were used (RFC 8176); ``mfa`` where it was more than one step."""
    used = sorted({method.value for method in methods})
    return [*used, "mfa"] if strength >= Strength.SECOND_STEP else used
