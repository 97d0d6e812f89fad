"""Requests that only certain identity providers may answer (SAML Core 2.0 section 3.4.1.2)."""

from idp.audit.findings import Kind, Severity
from idp.base.texts import phrase
from idp.saml.doctor.subjects import Attempt, Findings

NOT_NAMED = Kind(
    "idp-not-named",
    Severity.SERIOUS,
    "a request that others are to answer",
    "Its list of identity providers does not name us; it is answered with NoSupportedIDP.",
)
KINDS = (NOT_NAMED,)

_CODE = "saml-nosupportedidp"


def check_attempt(attempt: Attempt) -> Findings:
    """Whom does it name?"""
    failed = attempt.failed
    if failed.code == _CODE:
        here = failed.text("expected")
        yield NOT_NAMED.found(
            phrase(
                "IDPList names %(received)s; our entity ID is %(here)s",
                received=", ".join(failed.texts("received")),
                here=here,
            ),
            vendor=f"Please name {here} in IDPList, or leave Scoping out.",
        )
