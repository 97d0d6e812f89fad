"""Whether what came can be read as a message at all (SAML Bindings 2.0 sections 3.4.4 and 3.5.4; threats D2)."""

from idp.audit.findings import Finding, Kind, Severity
from idp.base.texts import phrase, sentence
from idp.saml.doctor.subjects import Attempt, Failed, Findings, Request
from idp.saml.errors import UNREADABLE as CODE
from idp.saml.errors import VERSION as VERSION_CODE

NOT_BASE64 = Kind(
    "message-not-base64",
    Severity.SERIOUS,
    "a message that is not base64",
    "Something has changed it on its way: a “+” became a blank, it was cut off, or it was encoded for another use.",
)
NOT_DEFLATED = Kind(
    "message-not-deflated",
    Severity.SERIOUS,
    "a redirect whose message is not deflated",
    "HTTP-Redirect carries raw DEFLATE in base64. Many libraries have another switch for it, or add a zlib or gzip head.",
)
DEFLATED = Kind(
    "message-deflated-post",
    Severity.SERIOUS,
    "a form whose message is deflated",
    "HTTP-POST carries base64 alone. The application packs the message as if it were a redirect.",
)
DOCTYPE = Kind(
    "message-doctype",
    Severity.SERIOUS,
    "a message with a DOCTYPE",
    "A DOCTYPE can make a reader open files and addresses. No SAML message needs one, and none is taken.",
)
COMMENT = Kind(
    "message-comment",
    Severity.SERIOUS,
    "a message with a comment, CDATA or a processing instruction",
    "Two readers can read such a message in two ways, which has been used to sign in as somebody else. It is not taken.",
)
ENCODING = Kind(
    "message-not-utf-8",
    Severity.SERIOUS,
    "a message that is not UTF-8",
    "SAML messages are taken in UTF-8 only.",
)
TOO_LARGE = Kind(
    "message-too-large",
    Severity.SERIOUS,
    "a message that is too large",
    "A sign-on request is a few kilobytes; what is larger than 128 KiB, very deep or very wide is not read.",
)
OTHER = Kind(
    "message-other",
    Severity.SERIOUS,
    "another message than the address takes",
    "The sign-on address takes AuthnRequest, the logout address LogoutRequest. Often the application is set up as an "
    "identity provider, or has our two addresses swapped.",
)
NO_MESSAGE = Kind(
    "message-missing",
    Severity.SERIOUS,
    "no message in it",
    "There is no SAMLRequest. Somebody has opened the address by hand, or a proxy has cut the query off.",
)
MALFORMED = Kind(
    "message-malformed",
    Severity.SERIOUS,
    "a message that breaks the standard",
    "A part of it is missing, comes twice, or has no place there, so nobody can tell what is meant.",
)
VERSION = Kind(
    "message-version",
    Severity.SERIOUS,
    "another version of SAML",
    "Only SAML 2.0 is spoken here.",
)
KINDS = (
    NOT_BASE64, NOT_DEFLATED, DEFLATED, DOCTYPE, COMMENT, ENCODING, TOO_LARGE, OTHER, NO_MESSAGE, MALFORMED, VERSION,
)  # fmt: skip

_RAW = "Please deflate the message without a head (raw DEFLATE, RFC 1951), then encode it in base64, then escape it."
_REMEDIES: dict[str, tuple[Kind, str]] = {
    "not-base64": (NOT_BASE64, "Please encode the message in base64 and escape it once (“+” becomes %2B)."),
    "empty": (NO_MESSAGE, "Please send an AuthnRequest in the parameter SAMLRequest."),
    "no-message": (NO_MESSAGE, "Please send an AuthnRequest in the parameter SAMLRequest."),
    "not-deflate": (NOT_DEFLATED, _RAW),
    "cut-off": (NOT_DEFLATED, _RAW),
    "deflated-post": (DEFLATED, "Please send the message of a form (HTTP-POST) in base64 without deflating it."),
    "doctype": (DOCTYPE, "Please send the request without a DOCTYPE declaration."),
    "comment": (COMMENT, "Please send the request without comments."),
    "cdata": (COMMENT, "Please send the request without CDATA sections."),
    "instruction": (COMMENT, "Please send the request without processing instructions."),
    "not-utf-8": (ENCODING, "Please send the request in UTF-8."),
    "too-large": (TOO_LARGE, "Please leave out what a sign-on does not need, such as long Extensions."),
    "other-message": (
        OTHER,
        "Please send AuthnRequest to our sign-on address and LogoutRequest to our logout address.",
    ),
}


def check_request(request: Request) -> Findings:
    """Everything that could not be read of it."""
    for failed in request.received.failed:
        if failed.code == CODE:
            yield _unreadable(failed)
        elif failed.code == VERSION_CODE:
            yield _version(failed)


def check_attempt(attempt: Attempt) -> Findings:
    """Why could it not be read?"""
    if attempt.failed.code == CODE:
        yield _unreadable(attempt.failed)
    elif attempt.failed.code == VERSION_CODE:
        yield _version(attempt.failed)


def _unreadable(failed: Failed) -> Finding:
    kind, vendor = _REMEDIES.get(failed.reason, (MALFORMED, ""))
    vendor = vendor or f"Your AuthnRequest cannot be read: {failed.cause}. Please send it as SAML 2.0 has it."
    evidence = failed.cause
    if failed.text("bytes"):
        evidence = phrase("%(cause)s (%(bytes)s bytes)", cause=sentence(evidence), bytes=failed.text("bytes"))
    if kind is MALFORMED and failed.text("received"):
        evidence = phrase(
            "%(cause)s (received: %(received)s)", cause=sentence(evidence), received=failed.text("received")
        )
    return kind.found(evidence, vendor=vendor)


def _version(failed: Failed) -> Finding:
    version = failed.text("received") or phrase("not given")
    return VERSION.found(
        phrase("Version is %(version)s", version=version), vendor="Please send requests of SAML 2.0 (Version=2.0)."
    )
