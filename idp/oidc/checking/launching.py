"""Whether the launcher can start it (OpenID Connect Core section 4)."""

from idp.audit.findings import Kind, Severity
from idp.oidc.checking.commands import change
from idp.oidc.checking.subjects import Findings, Registration

MISSING = Kind(
    "login-address-missing",
    Severity.NOTE,
    "no address at which a sign-on can be started from here",
    "The applications page sends people to the application's home page, and there they have to sign in by themselves.",
    clause="OpenID Connect Core section 4",
)
KINDS = (MISSING,)


def check_registration(registration: Registration) -> Findings:
    """Can a sign-on begin at our applications page?"""
    registered = registration.registered
    if registered.signs_people_on and not registered.native and not registered.text("initiate_login_uri"):
        yield MISSING.found(
            "no initiate_login_uri",
            here=change(registered, "add the initiate_login_uri, if the application has one"),
            vendor="Please tell us the address that starts a sign-on at you (initiate_login_uri), if there is one.",
        )
