"""What no other check has words for: the cause as it was written down."""

from idp.audit.findings import Kind, Severity
from idp.oidc.checking.subjects import Attempt, Findings
from idp.signon.request import Refusal

REFUSED = Kind(
    "refused-otherwise",
    Severity.SERIOUS,
    "a refusal for a reason of its own",
    "What was wrong stands in the evidence.",
)
KINDS = (REFUSED,)


_MAY_BE_MENDED = ("redirect_uri ", "post_logout_redirect_uri ", "no client ", "sent ", "the application is disabled")
"""What other checks look at beside the registration of today, so that they are silent where it was mended."""


def check_attempt(attempt: Attempt) -> Findings:
    """Say at least the cause."""
    failed = attempt.failed
    if failed.cause and failed.code not in set(Refusal) and not failed.cause.startswith(_MAY_BE_MENDED):
        yield REFUSED.found(failed.cause)
