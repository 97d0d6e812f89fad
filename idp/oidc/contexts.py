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


# RFC 8176 section 2. What has no name there that would be true is not named: a code by mail and a known device are
# attested to nobody. Whether a key is in hardware is known of few, so that it is only said to be possessed.
_AMR: dict[Method, tuple[str, ...]] = {
    Method.PASSWORD: ("pwd",),
    Method.TOTP: ("otp",),
    Method.RECOVERY_CODE: ("otp",),
    Method.TEMPORARY_PASS: ("otp",),
    Method.PASSKEY: ("pop", "user"),
    Method.SECURITY_KEY: ("pop", "user"),
    Method.EMAIL_CODE: (),
    Method.KNOWN_DEVICE: (),
}


def amr(methods: Collection[Method], strength: Strength) -> list[str]:
    """
    Return the methods that were used (RFC 8176): ``pwd``, ``otp`` (from an app, or once from paper or an
    administrator), ``pop`` and ``user`` (a passkey or security key, and somebody there who used it); ``mfa`` where it
    was more than one step.
    """
    used = sorted({name for method in methods for name in _AMR[method]})
    return [*used, "mfa"] if strength >= Strength.SECOND_STEP else used
