"""How people are to be authenticated for it (OpenID Connect Core section 3.1.2.1, Dynamic Client Registration 1.0 section 2)."""

from idp.audit.findings import Kind, Severity
from idp.base.texts import phrase
from idp.oidc import contexts
from idp.oidc.checking.acts import amend
from idp.oidc.checking.commands import change
from idp.oidc.checking.subjects import Findings, Registration

CONTEXT = Kind(
    "context-unknown",
    Severity.WARNING,
    "an authentication context that is not known here",
    "It is passed over: people are signed on without what the application believes to have asked for.",
    fixes="leaves only the known ones",
    clause="OpenID Connect Core section 5.5.1.1",
)
MAX_AGE = Kind(
    "max-age-zero",
    Severity.NOTE,
    "a default max_age of 0",
    "Everybody has to type in their password at every sign-on, whatever session they have.",
    fixes="leaves default_max_age out",
    clause="OpenID Connect Core section 3.1.2.1",
)
KINDS = (CONTEXT, MAX_AGE)


def check_registration(registration: Registration) -> Findings:
    """Is what it wants of people something that can be had?"""
    registered = registration.registered
    wanted = registered.registration.get("default_acr_values") or ()
    unknown = [name for name in wanted if name not in contexts.STRENGTHS]
    if unknown:
        yield CONTEXT.found(
            phrase(
                "default_acr_values %(unknown)s; known are %(strengths)s",
                unknown=", ".join(unknown),
                strengths=", ".join(contexts.STRENGTHS),
            ),
            here=change(registered, "name a known one in default_acr_values, or leave it out"),
            fix=amend(
                phrase("takes %(unknown)s out of default_acr_values", unknown=", ".join(unknown)),
                default_acr_values=[name for name in wanted if name not in unknown] or None,
            ),
        )
    if registered.registration.get("default_max_age") == 0:
        yield MAX_AGE.found(
            "default_max_age is 0",
            here=change(registered, "leave default_max_age out, or take more"),
            fix=amend(
                "leaves default_max_age out",
                "People who have a session are signed on without typing in their password again.",
                default_max_age=None,
            ),
        )
