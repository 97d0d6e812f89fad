"""When it was made, by whose clock (SAML Core 2.0 section 3.2.1; X19)."""

from datetime import datetime, timedelta

from idp.audit.findings import Finding, Kind, Severity
from idp.base.texts import phrase
from idp.saml.checks.freshness import WITHIN
from idp.saml.doctor.subjects import Attempt, Findings, Request
from idp.saml.errors import STALE

BEHIND = Kind(
    "clock-behind",
    Severity.SERIOUS,
    "a request that was made too long ago",
    "Requests are taken for five minutes. Either the application's clock is slow, or the page was kept open or saved "
    "as a bookmark.",
)
AHEAD = Kind(
    "clock-ahead",
    Severity.SERIOUS,
    "a request from the future",
    "The application's clock is fast; it will also take our assertions for outdated.",
)
DRIFT = Kind(
    "clock-drift",
    Severity.WARNING,
    "a clock that is wrong by minutes",
    "It works today, and will not when the clock drifts on.",
)
KINDS = (BEHIND, AHEAD, DRIFT)

_DRIFTS = timedelta(minutes=2)
_NTP = "Please set the clock of your server by NTP: it is {} by {}."


def check_request(request: Request) -> Findings:
    """How old is it now? A request that was copied is a little old, so only a clock that is fast tells by itself."""
    header = request.received.header
    if header is not None:
        yield from _at(header.issue_instant, request.now)


def check_attempt(attempt: Attempt) -> Findings:
    """How old was it then?"""
    age = attempt.failed.facts.get("age_seconds")
    if attempt.failed.code != STALE:
        return
    if not isinstance(age, int):
        yield BEHIND.found(attempt.failed.cause, vendor="Please set the clock of your server by NTP.")
    else:
        received, clock = attempt.failed.text("received"), attempt.failed.text("clock")
        yield _wrong(
            timedelta(seconds=age),
            severity=Severity.SERIOUS,
            evidence=phrase("IssueInstant was %(received)s, our clock said %(clock)s", received=received, clock=clock),
        )


def _at(made: datetime, now: datetime) -> Findings:
    age = now - made
    evidence = phrase(
        "IssueInstant is %(made)s, our clock says %(now)s",
        made=f"{made:%Y-%m-%dT%H:%M:%SZ}",
        now=f"{now:%Y-%m-%dT%H:%M:%SZ}",
    )
    if abs(age) > WITHIN:
        # What was copied grows old by itself.
        yield _wrong(age, evidence, Severity.WARNING if age > WITHIN else Severity.SERIOUS)
    elif -age > _DRIFTS:
        yield DRIFT.found(
            phrase("%(evidence)s: %(words)s ahead", evidence=evidence, words=_words(-age)),
            vendor=_NTP.format("fast", _words(-age)),
        )


def _wrong(age: timedelta, evidence: str, severity: Severity) -> Finding:
    if age > timedelta(0):
        return BEHIND.found(
            phrase("%(evidence)s: %(words)s old", evidence=evidence, words=_words(age)),
            here="If the request was copied a while ago, this says nothing: take a fresh one.",
            vendor=_NTP.format("slow", _words(age)),
            severity=severity,
        )
    return AHEAD.found(
        phrase("%(evidence)s: %(words)s ahead", evidence=evidence, words=_words(-age)),
        vendor=_NTP.format("fast", _words(-age)),
    )


def _words(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    if seconds >= 2 * 86400:
        return phrase("%(days)s days", days=seconds // 86400)
    if seconds >= 2 * 3600:
        return phrase("%(hours)s h %(minutes)s min", hours=seconds // 3600, minutes=seconds % 3600 // 60)
    return phrase("%(minutes)s min %(seconds)s s", minutes=seconds // 60, seconds=seconds % 60)
