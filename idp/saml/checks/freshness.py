"""Check that a message was made just now, by a clock that is about right (SAML Core 2.0 section 3.2.1; X19)."""

from datetime import timedelta

from idp.base.texts import phrase
from idp.saml.checks.examined import Examined
from idp.saml.errors import STALE, MessageRefused

WITHIN = timedelta(minutes=5)


def check(examined: Examined) -> None:
    """
    Raises:
        MessageRefused: it was made more than five minutes ago, or will be.
    """
    age = examined.now - examined.header.issue_instant
    if abs(age) > WITHIN:
        if age > timedelta(0):
            cause = phrase("IssueInstant is %(age)s old; the two clocks may differ", age=str(abs(age)))
        else:
            cause = phrase("IssueInstant is %(age)s ahead of our clock; the two clocks may differ", age=str(abs(age)))
        raise MessageRefused(
            STALE,
            cause,
            received=examined.header.issue_instant.isoformat(),
            clock=examined.now.isoformat(timespec="seconds"),
            age_seconds=round(age.total_seconds()),
        )
