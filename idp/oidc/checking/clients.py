"""Which client calls: known here, at another site, or nowhere (RFC 6749 section 2.2; O8)."""

from idp.audit.findings import Kind, Severity
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
            f"{received} is registered at {', '.join(attempt.elsewhere)}, and came to {attempt.here.site}",
            here=f"Register the application at {attempt.here.site}, too, if its people are to sign on there.",
            vendor=f"Please use the issuer {issuers}.",
        )
    elif attempt.deleted:
        yield DELETED.found(
            f"{received} was deleted", here="Register the application anew, if it is to be used; it gets another id."
        )
    elif attempt.almost:
        yield ALMOST.found(
            f"{received}; registered is {attempt.almost}, which differs by {_difference(received, attempt.almost)}",
            vendor=f"Please use the client id {attempt.almost}.",
        )
    else:
        yield UNKNOWN.found(
            f"{received} is registered at no site",
            here="See which client ids there are: idp application list",
            vendor="Please use the client id that we gave you, and the issuer of the site that we gave it for.",
        )


def _difference(received: str, known: str) -> str:
    if received.strip() == known:
        return "blanks around it"
    return "upper and lower case" if received.casefold() == known.casefold() else "a few characters"
