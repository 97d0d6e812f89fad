"""Which client calls: known here, at another site, or nowhere (RFC 6749 section 2.2; O8)."""

from idp.audit.findings import Kind, Place, Remedy, Severity
from idp.base.texts import phrase
from idp.oidc.checking.subjects import Attempt, Findings

UNKNOWN = Kind(
    "client-unknown",
    Severity.SERIOUS,
    "a client id that nobody has here",
    "Nothing is registered under it, so nobody knows where an answer could go.",
    clause="RFC 6749 section 4.1.2.1",
)
OF_OTHER_SITE = Kind(
    "client-of-other-site",
    Severity.SERIOUS,
    "a client of another site",
    "Each site has its own clients, people and keys; a client of one is unknown at the others.",
    clause="RFC 6749 section 2.2",
)
ALMOST = Kind(
    "client-almost",
    Severity.SERIOUS,
    "a client id that is almost a known one",
    "Client ids are compared character by character.",
    clause="RFC 6749 section 2.2",
)
DELETED = Kind(
    "client-deleted",
    Severity.SERIOUS,
    "a client that was deleted",
    "Its registration is gone for good, and its id is never used again.",
    clause="RFC 6749 section 2.2",
)
KINDS = (UNKNOWN, OF_OTHER_SITE, ALMOST, DELETED)


def check_attempt(attempt: Attempt) -> Findings:
    """Is it known anywhere, or almost?"""
    if not attempt.failed.cause.startswith("no client ") or attempt.failed.cause.startswith("no client_id"):
        return
    received = attempt.failed.text("client_id")
    if attempt.registered is not None:
        return  # it was registered since
    if not received:
        yield UNKNOWN.found("the request has no client_id", vendor="Please send the client_id that we gave you.")
    elif attempt.elsewhere:
        sites = {one.slug: one.issuer for one in attempt.here.others}
        issuers = " or ".join(sites.get(slug, slug) for slug in attempt.elsewhere)
        yield OF_OTHER_SITE.found(
            phrase(
                "%(received)s is registered at %(elsewhere)s, and came to %(site)s",
                received=received,
                elsewhere=", ".join(attempt.elsewhere),
                site=attempt.here.site,
            ),
            here=phrase(
                "Register the application at %(site)s, too, if its people are to sign on there.", site=attempt.here.site
            ),
            vendor=f"Please use the issuer {issuers}.",
        )
    elif attempt.deleted:
        yield DELETED.found(
            phrase("%(received)s was deleted", received=received),
            here="Register the application anew, if it is to be used; it gets another id.",
        )
    elif attempt.almost:
        yield ALMOST.found(
            phrase(
                "%(received)s; registered is %(almost)s, which differs by %(difference)s",
                received=received,
                almost=attempt.almost,
                difference=_difference(received, attempt.almost),
            ),
            vendor=f"Please use the client id {attempt.almost}.",
        )
    else:
        yield UNKNOWN.found(
            phrase("%(received)s is registered at no site", received=received),
            here=Remedy(phrase("See which client ids there are."), "idp application list", Place.APPLICATIONS),
            vendor="Please use the client id that we gave you, and the issuer of the site that we gave it for.",
        )


def _difference(received: str, known: str) -> str:
    if received.strip() == known:
        return phrase("blanks around it")
    return phrase("upper and lower case") if received.casefold() == known.casefold() else phrase("a few characters")
