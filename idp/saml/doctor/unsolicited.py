"""Sign-ons that are started from our side, and RelayState (SAML Profiles 2.0 section 4.1.5; Bindings 3.4.3; X17)."""

from idp.audit.findings import Fix, Kind, Place, Severity, remedy
from idp.base.texts import phrase
from idp.saml.doctor.acts import Switch
from idp.saml.doctor.commands import app_of
from idp.saml.doctor.subjects import Attempt, Findings, Registration, Request
from idp.saml.errors import NOT_STARTED_HERE, RELAY_STATE

NOT_ALLOWED = Kind(
    "start-not-allowed",
    Severity.SERIOUS,
    "a start from our side that is not allowed",
    "Somebody opened the application by our start link; starting from our side is off for it.",
    "allows to start from our side",
)
NOT_LISTED = Kind(
    "relay-state-not-listed",
    Severity.SERIOUS,
    "a RelayState that is not in the application's list",
    "A start from our side carries only what an administrator has listed; anything else could lead people astray.",
)
LONG = Kind(
    "relay-state-long",
    Severity.NOTE,
    "a RelayState of more than 80 bytes",
    "The standard allows 80 bytes. It is carried here up to 1024; other software cuts it or refuses it.",
)
NO_LIST = Kind(
    "relay-state-none-listed",
    Severity.NOTE,
    "a start from our side with no listed RelayState",
    "Every such start leads to the application's own first page. Deep links need a RelayState from its list.",
)
KINDS = (NOT_ALLOWED, NOT_LISTED, LONG, NO_LIST)

_MOST = 80


def check_registration(registration: Registration) -> Findings:
    """Does what is configured work?"""
    registered = registration.registered
    for value in registered.relay_states:
        if len(value.encode()) > _MOST:
            yield LONG.found(
                phrase(
                    "a listed RelayState has %(size)s bytes: %(value)s…",
                    size=len(value.encode()),
                    value=value[:60],
                ),
                here="List a shorter one.",
            )
    if registered.idp_initiated and not registered.relay_states:
        yield NO_LIST.found(
            "it may be started from our side; its list of RelayState is empty",
            here=remedy(
                phrase(
                    "If links are to lead deeper than the first page, list the RelayState of each; else nothing is missing."
                ),
                "idp application saml set APP --relay-state VALUE",
                Place.SAML,
                registered.application_id,
            ),
            vendor="Which values of RelayState do you take when a sign-on starts from our side, and where does each lead?",
        )


def check_request(request: Request) -> Findings:
    """Is it short enough for everybody?"""
    size = len(request.received.relay_state.encode())
    if size > _MOST:
        yield LONG.found(
            phrase("RelayState has %(size)s bytes", size=size),
            vendor="Please keep RelayState under 80 bytes: a reference to your own state instead of an address.",
        )


def check_attempt(attempt: Attempt) -> Findings:
    """Why was it not started?"""
    failed = attempt.failed
    if failed.code not in (NOT_STARTED_HERE, RELAY_STATE):
        return
    if failed.code == RELAY_STATE:
        yield NOT_LISTED.found(
            phrase(
                "RelayState was %(received)s (what follows a question mark is not kept); %(listed)s are listed",
                received=failed.text("received"),
                listed=failed.text("listed"),
            ),
            here=remedy(
                phrase("If it is right, list it, with all that are to stay."),
                "idp application saml set APP --relay-state VALUE",
                Place.SAML,
                app_of(attempt.registered),
            ),
        )
    elif attempt.registered is not None and not attempt.registered.idp_initiated:
        yield NOT_ALLOWED.found(
            phrase("starting %(name)s from our side is off", name=attempt.registered.name),
            here="Allow it, if people are to open it from the launcher; else let them begin at the application.",
            fix=Fix(
                "allows to start from our side",
                Switch((("idp_initiated", True),)),
                "An answer that nobody asked for can be made to arrive in another person's browser (login CSRF).",
            ),
        )
