"""Check that a message was made just now, by a clock that is about right (SAML Core 2.0 section 3.2.1; X19)."""

from datetime import timedelta

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
        way = "old" if age > timedelta(0) else "ahead of our clock"
        raise MessageRefused(
            STALE,
            f"IssueInstant is {abs(age)} {way}; the two clocks may differ",
            received=examined.header.issue_instant.isoformat(),
            clock=examined.now.isoformat(timespec="seconds"),
            age_seconds=round(age.total_seconds()),
        )
