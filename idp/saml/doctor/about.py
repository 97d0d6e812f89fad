"""Whom a request is about, where it says so in its Subject, and who came (SAML Core 2.0 section 3.4.1.4)."""

from idp.audit.findings import Kind, Place, Severity, remedy
from idp.base.texts import phrase
from idp.saml.doctor.commands import app_of
from idp.saml.doctor.subjects import Attempt, Findings

OTHER_PERSON = Kind(
    "other-person",
    Severity.WARNING,
    "another person signed in than the application asked for",
    "The request names a person in its Subject, and somebody else signed in; the application is answered with "
    "UnknownPrincipal, or with NoPassive where nothing may be shown.",
)
NOBODY = Kind(
    "subject-unknown",
    Severity.SERIOUS,
    "a request about somebody whom nobody here is",
    "No account is known to the application by the name in the Subject, so whoever signs in is not the one who is meant; "
    "it is answered with UnknownPrincipal, or with NoPassive where nothing may be shown.",
)
OTHER_NAME = Kind(
    "subject-other-name",
    Severity.SERIOUS,
    "a request about another name than the one that the person has",
    "Names are made of attributes for this application, and the one that is made for the person who signed in is not the "
    "one in the Subject; the application is answered with UnknownPrincipal.",
)
OTHER_FORMAT = Kind(
    "subject-other-format",
    Severity.SERIOUS,
    "a request that names a person in one format and wants another",
    "Who was asked for could not be compared with who it is; it is answered with InvalidNameIDPolicy.",
)
KINDS = (OTHER_PERSON, NOBODY, OTHER_NAME, OTHER_FORMAT)

_OMIT = "Please leave out the Subject of the AuthnRequest, unless you mean one person."
_AS_GIVEN = "If you mean one person, please send the NameID in the Subject exactly as it came in our assertion; else leave the Subject out."


def check_attempt(attempt: Attempt) -> Findings:
    """Was it about somebody else?"""
    failed, meant = attempt.failed, attempt.meant
    if attempt.logout:
        return
    if failed.code == "saml-unknownprincipal" and failed.reason == "named":
        yield OTHER_NAME.found(
            phrase("%(cause)s: %(person)s signed in", cause=failed.cause, person=attempt.person or phrase("somebody")),
            here=remedy(
                phrase("See which name the person would have, and what it is made of."),
                f"idp application saml preview APP --account {attempt.person or 'EMAIL'}",
                Place.PREVIEW,
                app_of(attempt.registered),
            ),
            vendor=_AS_GIVEN,
        )
    elif failed.code == "saml-invalidnameidpolicy" and failed.reason == "other-format":
        yield OTHER_FORMAT.found(
            phrase("the name in the Subject is of another format than %(wanted)s", wanted=failed.text("wanted")),
            vendor="Please ask in NameIDPolicy for the format of the NameID in the Subject, or leave the Subject out.",
        )
    elif attempt.is_about_another and meant is not None and not meant.known:
        yield NOBODY.found(
            phrase(
                "no account is known by the name in the Subject (%(format)s); %(person)s signed in",
                format=meant.format,
                person=attempt.person or phrase("somebody"),
            ),
            here=remedy(
                phrase("If there is such a person, see under which name and address the application knows them."),
                "idp account list --organization " + attempt.here.organization + "; idp application saml show APP",
                Place.SAML,
                app_of(attempt.registered),
            ),
            vendor=_AS_GIVEN,
        )
    elif attempt.is_about_another:
        who = attempt.person or phrase("somebody else")
        yield OTHER_PERSON.found(
            phrase("the Subject names %(named)s; %(person)s signed in", named=meant.person, person=who)
            if meant is not None and meant.person
            else phrase("%(person)s signed in", person=who),
            here="The person can sign out here and start again as who is meant.",
            vendor=_OMIT,
        )
