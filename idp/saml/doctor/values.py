"""Values of a person that no answer can hold (XML 1.0 section 2.2; X22)."""

from idp.audit.findings import Kind, Place, Severity, remedy
from idp.base.texts import phrase
from idp.saml.doctor.subjects import Attempt, Findings

UNWRITABLE = Kind(
    "value-not-for-xml",
    Severity.SERIOUS,
    "a value with a character that XML cannot hold",
    "An assertion is XML, which has no place for such a character, and nothing is left out or altered by itself: the "
    "person cannot sign on to any application that receives this value.",
)
KINDS = (UNWRITABLE,)

_CODE = "xml-illegal-character"


def check_attempt(attempt: Attempt) -> Findings:
    """Which value is it?"""
    registered = attempt.registered
    if attempt.failed.code != _CODE or registered is None:
        return
    if attempt.has and not attempt.unwritable:
        return  # it was corrected since
    whose = attempt.person or "EMAIL"
    yield UNWRITABLE.found(
        phrase(
            "%(cause)s; of %(person)s it is in: %(names)s",
            cause=attempt.failed.cause,
            person=attempt.person,
            names=", ".join(attempt.unwritable),
        )
        if attempt.unwritable
        else attempt.failed.cause,
        here=remedy(
            phrase(
                "Type the value anew, without what cannot be seen in it: of the person, or of the group that is called so; "
                "the preview shows whether it can be sent then."
            ),
            f"idp account set {whose} (--name, --attribute NAME=VALUE); idp group set NAME --name NAME; "
            f"idp application saml preview APP --account {whose}",
            Place.PREVIEW,
            registered.application_id,
        ),
    )
