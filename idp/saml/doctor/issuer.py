"""Who says to have sent it (SAML Core 2.0 section 2.2.5; X21)."""

from idp.audit.findings import Finding, Kind, Severity
from idp.base.differences import alike, difference
from idp.saml.doctor.subjects import Attempt, Findings, Here, Registered, Request
from idp.saml.errors import UNKNOWN_APPLICATION

ALMOST = Kind(
    "issuer-almost",
    Severity.SERIOUS,
    "an Issuer that is almost the registered entity ID",
    "Entity IDs are compared character by character: a slash, a capital letter or http for https is another name.",
)
OTHER = Kind(
    "issuer-other",
    Severity.SERIOUS,
    "the Issuer of another application",
    "The request says to come from another application than the one that it was checked for.",
)
UNKNOWN = Kind(
    "issuer-unknown",
    Severity.SERIOUS,
    "an Issuer that is not registered",
    "No application of that name is known at this site, so nobody can be answered.",
)
OURS = Kind(
    "issuer-ours",
    Severity.SERIOUS,
    "our own entity ID as Issuer",
    "The application sends our name in place of its own: the two fields were swapped when it was set up.",
)
ELSEWHERE = Kind(
    "issuer-of-other-site",
    Severity.SERIOUS,
    "the Issuer of an application of another site",
    "The application is registered at another site. Each site answers its own applications only.",
)
KINDS = (ALMOST, OTHER, UNKNOWN, OURS, ELSEWHERE)


def check_request(request: Request) -> Findings:
    """Is it the application that was meant?"""
    issuer, registered = request.received.issuer, request.registered
    if not issuer or (registered is not None and issuer == registered.entity_id):
        return
    yield _wrong(issuer, request.here, registered, request.received.elsewhere)


def check_attempt(attempt: Attempt) -> Findings:
    """Who was it?"""
    issuer, registered = attempt.failed.text("received"), attempt.registered
    if attempt.failed.code != UNKNOWN_APPLICATION or not issuer:
        return
    if registered is None or registered.entity_id != issuer:  # else it was registered since
        yield _wrong(issuer, attempt.here, registered, attempt.failed.texts("elsewhere"))


def _wrong(issuer: str, here: Here, registered: Registered | None, elsewhere: tuple[str, ...]) -> Finding:
    if issuer in (here.entity_id, *(other.entity_id for other in here.others)):
        return OURS.found(
            f"Issuer is {issuer}, which is our entity ID",
            vendor="Please put your own entity ID where the application asks for its own (SP entity ID), not ours.",
        )
    if registered is not None and alike(issuer, registered.entity_id):
        return ALMOST.found(
            f"Issuer is {issuer}, registered is {registered.entity_id}: {difference(issuer, registered.entity_id)}",
            here=f"If the vendor cannot change it, register it under {issuer}: {_registering(here)}",
            vendor=f"Please send exactly {registered.entity_id} as Issuer.",
        )
    if elsewhere:
        return ELSEWHERE.found(
            f"Issuer is {issuer}, which is registered at {', '.join(elsewhere)} and not at {here.site}",
            here=f"If it is meant to be used at {here.site} as well: {_registering(here)}",
            vendor="Please use the sign-on address of the site where you are registered.",
        )
    if registered is not None:
        return OTHER.found(
            f"Issuer is {issuer}, checked was {registered.name} ({registered.entity_id})",
            here=f"Check the application that the request comes from; if it is none yet: {_registering(here)}",
            vendor=f"Please send {registered.entity_id} as Issuer.",
        )
    return UNKNOWN.found(
        f"Issuer is {issuer}; {here.site} knows none of that name",
        here=f"Register its metadata: {_registering(here)}",
        vendor="Please send us your SAML metadata.",
    )


def _registering(here: Here) -> str:
    return f"idp application create-saml --site {here.site} --metadata FILE"
