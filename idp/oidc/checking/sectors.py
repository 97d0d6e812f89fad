"""Pairwise subjects (OpenID Connect Core section 8.1)."""

from idp.audit.findings import Kind, Severity
from idp.base.texts import phrase
from idp.oidc.checking.commands import change
from idp.oidc.checking.subjects import Findings, Registration
from idp.oidc.metadata import PAIRWISE

HOSTS = Kind(
    "pairwise-hosts",
    Severity.SERIOUS,
    "pairwise subjects with redirect URIs at several hosts",
    "Subjects are made for one sector. Which of the hosts that is has to be said, or people are other persons at each.",
    clause="OpenID Connect Core section 8.1",
)
KINDS = (HOSTS,)


def check_registration(registration: Registration) -> Findings:
    """Is it certain for whom subjects are made?"""
    registered = registration.registered
    if registered.text("subject_type") != PAIRWISE or registered.text("sector_identifier_uri"):
        return
    if len(registered.hosts) > 1:
        yield HOSTS.found(
            phrase("redirect URIs at %(hosts)s, no sector_identifier_uri", hosts=", ".join(registered.hosts)),
            here=change(registered, "add the sector_identifier_uri, whose list has all of them"),
            vendor="Please publish a JSON list of all your redirect URIs, and tell us its address "
            "(sector_identifier_uri).",
        )
