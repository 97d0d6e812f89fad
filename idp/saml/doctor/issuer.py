"""Who says to have sent it (SAML Core 2.0 section 2.2.5; X21)."""

from idp.audit.findings import Finding, Kind, Severity
from idp.base.differences import alike, difference
from idp.base.texts import phrase
from idp.saml.doctor.commands import registering
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
            phrase("Issuer is %(issuer)s, which is our entity ID", issuer=issuer),
            vendor="Please put your own entity ID where the application asks for its own (SP entity ID), not ours.",
        )
    if registered is not None and alike(issuer, registered.entity_id):
        return ALMOST.found(
            phrase(
                "Issuer is %(issuer)s, registered is %(entity_id)s: %(difference)s",
                issuer=issuer,
                entity_id=registered.entity_id,
                difference=difference(issuer, registered.entity_id),
            ),
            here=registering(
                phrase("If the vendor cannot change it, register it under %(issuer)s.", issuer=issuer), here.site
            ),
            vendor=f"Please send exactly {registered.entity_id} as Issuer.",
        )
    if elsewhere:
        return ELSEWHERE.found(
            phrase(
                "Issuer is %(issuer)s, which is registered at %(elsewhere)s and not at %(site)s",
                issuer=issuer,
                elsewhere=", ".join(elsewhere),
                site=here.site,
            ),
            here=registering(
                phrase("If it is meant to be used at %(site)s as well, register it there.", site=here.site), here.site
            ),
            vendor="Please use the sign-on address of the site where you are registered.",
        )
    if registered is not None:
        return OTHER.found(
            phrase(
                "Issuer is %(issuer)s, checked was %(name)s (%(entity_id)s)",
                issuer=issuer,
                name=registered.name,
                entity_id=registered.entity_id,
            ),
            here=registering(
                phrase("Check the application that the request comes from; if it is none yet, register it."), here.site
            ),
            vendor=f"Please send {registered.entity_id} as Issuer.",
        )
    return UNKNOWN.found(
        phrase("Issuer is %(issuer)s; %(site)s knows none of that name", issuer=issuer, site=here.site),
        here=registering(phrase("Register its metadata."), here.site),
        vendor="Please send us your SAML metadata.",
    )
