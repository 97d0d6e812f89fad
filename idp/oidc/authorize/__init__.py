"""
The authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core section 3.1.2).

`identify` proves where the answer may go, `parse` reads the request, then every step of `STEPS`
looks at one clause of it. Nothing is asked of a person before all have passed.
"""

from idp.oidc.authorize import (
    acr_values,
    claims,
    dpop_jkt,
    max_age,
    nonce,
    pkce,
    prompt,
    resource,
    response_mode,
    response_type,
    scope,
    unsupported,
)

STEPS = (
    unsupported.check,
    response_type.check,
    response_mode.check,
    scope.check,
    resource.check,
    nonce.check,
    prompt.check,
    max_age.check,
    pkce.check,
    dpop_jkt.check,
    claims.check,
    acr_values.check,
)
