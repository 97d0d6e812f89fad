"""Whom nobody is asked about (OpenID Connect Core section 3.1.2.4, RFC 8252 section 8.6; O28)."""

from idp.audit.findings import Fix, Kind, Severity
from idp.base.texts import phrase
from idp.oidc.checking.acts import NotOurs
from idp.oidc.checking.commands import change
from idp.oidc.checking.subjects import Findings, Registration

PUBLIC = Kind(
    "consent-exempt-public",
    Severity.WARNING,
    "a public client that needs no consent",
    "Nobody is asked, and nothing proves that it is this application which gets the answer. On loopback and private "
    "schemes people are asked all the same.",
    fixes="takes the mark away",
    clause="RFC 8252 section 8.6",
)
SELF_REGISTERED = Kind(
    "consent-exempt-self-registered",
    Severity.SERIOUS,
    "a client that registered itself, and needs no consent",
    "Whoever registered it chose its name and its addresses; marked as the organization's own, it gets what it asks for "
    "without anybody being asked.",
    fixes="takes the mark away",
    clause="RFC 7591 section 5",
)
KINDS = (PUBLIC, SELF_REGISTERED)


_ASK = Fix("takes the mark of the organization's own applications away: people are asked for their consent", NotOurs())


def check_registration(registration: Registration) -> Findings:
    """Is it certain that it is the organization's own?"""
    registered = registration.registered
    if registered.first_party and registered.self_registered:
        yield SELF_REGISTERED.found(
            phrase("%(name)s registered itself and is marked as first-party", name=registered.name),
            here=change(registered, "take the mark of the organization's own applications away", "--no-first-party"),
            fix=_ASK,
        )
    elif registered.first_party and registered.public and registered.has_people:
        yield PUBLIC.found(
            phrase("%(name)s is public and marked as first-party", name=registered.name),
            here=change(registered, "take the mark away, or let it authenticate", "--no-first-party"),
            fix=_ASK,
        )
