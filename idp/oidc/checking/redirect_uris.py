"""Where answers go (RFC 6749 section 3.1.2, RFC 9700 section 2.1, RFC 8252 section 7; O1, O2, O5)."""

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from idp.audit.findings import Finding, Kind, Severity
from idp.base.differences import difference, nearest
from idp.base.texts import phrase
from idp.oidc.addresses import LOOPBACK_ADDRESSES
from idp.oidc.checking.commands import change
from idp.oidc.checking.subjects import Attempt, Findings, Registered, Registration, host

WILDCARD = Kind(
    "redirect-uri-wildcard",
    Severity.WARNING,
    "a redirect URI that looks like a pattern",
    "Wildcards do not exist here: redirect URIs are compared character by character, so a pattern matches only itself.",
    clause="RFC 9700 section 2.1",
)
LOOPBACK = Kind(
    "redirect-uri-loopback",
    Severity.WARNING,
    "plain http on loopback for an application that is no native one",
    "Codes are handed to whatever listens on the person's own machine. That is for trials on one machine only.",
    clause="RFC 8252 section 7.3",
)
LOCALHOST = Kind(
    "redirect-uri-localhost",
    Severity.WARNING,
    "localhost by its name",
    "The name can lead to another interface than loopback, and other ports than the registered one are taken for the "
    "literal 127.0.0.1 and [::1] alone.",
    clause="RFC 8252 section 8.3",
)
HOSTS = Kind(
    "redirect-uri-hosts",
    Severity.NOTE,
    "redirect URIs at several hosts",
    "Whoever controls any one of the hosts can receive codes of this client.",
    clause="RFC 9700 section 4.1",
)
ENVIRONMENTS = Kind(
    "redirect-uri-environments",
    Severity.WARNING,
    "trial and production in one client",
    "A trial machine is guarded less well, and it can receive the codes of real people and use the same secret.",
    clause="RFC 9700 section 4.1",
)
QUERY = Kind(
    "redirect-uri-query",
    Severity.NOTE,
    "a redirect URI with a query",
    "The query has to be sent letter by letter each time, and an application that acts by it can be led elsewhere.",
    clause="RFC 6749 section 3.1.2",
)
SCHEME = Kind(
    "redirect-uri-scheme-short",
    Severity.WARNING,
    "a private scheme of too short a domain",
    "Any program on a person's machine can claim a scheme. One made of a domain of yours is at least nobody else's by "
    "right.",
    clause="RFC 8252 section 7.1",
)
SHARED = Kind(
    "redirect-uri-shared",
    Severity.WARNING,
    "a redirect URI that another client has registered, too",
    "What is sent there reaches both applications, so that one can be made to take the answer that is meant for the "
    "other.",
    clause="RFC 9700 section 4.4",
)
NOT_REGISTERED = Kind(
    "redirect-uri-not-registered",
    Severity.SERIOUS,
    "an answer is wanted at an address that is not registered",
    "Codes go only to registered addresses, compared character by character; else anybody could have them sent "
    "elsewhere.",
    clause="RFC 9700 section 2.1",
)
MISSING = Kind(
    "redirect-uri-missing",
    Severity.SERIOUS,
    "a request without a redirect URI",
    "It has to be said in every request of OpenID Connect, also where only one is registered.",
    clause="OpenID Connect Core section 3.1.2.1",
)
KINDS = (WILDCARD, LOOPBACK, LOCALHOST, HOSTS, ENVIRONMENTS, QUERY, SCHEME, SHARED, NOT_REGISTERED, MISSING)

_CODE = "unregistered-redirect-uri"
_TRIALS = frozenset(
    {"dev", "develop", "development", "test", "testing", "tst", "qa", "uat", "stage", "staging", "preview", "sandbox"}
    | {"local", "localhost", "lab", "demo", "preprod", "nonprod", "internal-test"}
)
_PLACEHOLDER = re.compile(r"%2[aA]|%7[bB]|/:[A-Za-z]|\$[A-Za-z(]|\[[A-Za-z]+\]")
_LEAST_LABELS = 3


def check_registration(registration: Registration) -> Findings:
    """Are they full addresses, at one place, of one environment, and nobody else's?"""
    registered = registration.registered
    for uri in registered.redirect_uris:
        yield from _by_itself(registration, uri)
    trials = [one for one in registered.hosts if is_trial(one)]
    real = [one for one in registered.hosts if not is_trial(one)]
    if trials and real and not registered.native:
        yield ENVIRONMENTS.found(
            phrase("%(trials)s beside %(real)s", trials=", ".join(trials), real=", ".join(real)),
            here=change(
                registered,
                "leave out the addresses of all environments but one, and register a client of its own for each other one",
            ),
        )
    elif len(registered.hosts) > 1 and not registered.native:
        yield HOSTS.found(
            ", ".join(registered.hosts),
            here="If they are different applications, register a client for each.",
        )
    for other in registered.same_redirect_uris:
        yield SHARED.found(
            phrase(
                "%(shared)s is registered for %(name)s (%(application_id)s), too",
                shared=other.shared,
                name=other.name,
                application_id=other.application_id,
            ),
            here=change(registered, "leave it out of one of the two, or give each application an address of its own"),
            severity=Severity.NOTE if other.same_owner else None,
        )


def is_trial(name: str) -> bool:
    """Say whether the host *name* is one that applications are tried out at."""
    labels = re.split(r"[.-]", name)
    return name in LOOPBACK_ADDRESSES or bool(_TRIALS & {*labels, name})


def _by_itself(registration: Registration, uri: str) -> Findings:
    registered = registration.registered
    parts = urlsplit(uri)
    if _PLACEHOLDER.search(uri.replace("[::1]", "")):
        yield WILDCARD.found(
            uri, here=change(registered, "name each address in full instead of this one"), vendor=_all_of_them()
        )
    if parts.scheme == "http" and not registered.native:
        yield LOOPBACK.found(
            uri
            if registration.here.http_loopback
            else phrase("%(uri)s; it was registered while trials were allowed", uri=uri),
            here=change(
                registered, "use https, or the application type native if it is a program on people's machines"
            ),
        )
    if parts.hostname == "localhost":
        yield LOCALHOST.found(
            uri, vendor=f"Please use {uri.replace('localhost', '127.0.0.1', 1)}, and tell us before you change it."
        )
    if parts.query:
        yield QUERY.found(
            uri, vendor="Please put what the query says into state, and send a redirect URI without a query."
        )
    if parts.scheme not in ("https", "http") and len(parts.scheme.split(".")) < _LEAST_LABELS:
        yield SCHEME.found(
            f"{parts.scheme}:",
            vendor="Please use a scheme that is a domain of yours, read backwards, with the name of the application: "
            "com.example.app:/callback.",
        )


def _all_of_them() -> str:
    return "Please send us every redirect URI that you use, in full; patterns are not taken."


def check_attempt(attempt: Attempt) -> Findings:
    """Which registered one was meant, and how do the two differ?"""
    if attempt.failed.code != _CODE or attempt.kind == "oidc.logout":
        return
    received, registered = attempt.failed.text("received"), attempt.registered
    if not received:
        yield MISSING.found(
            "the request has no redirect_uri",
            vendor=f"Please send redirect_uri={_first(registered)} in every authorization request.",
        )
    elif registered is None or received not in registered.redirect_uris:
        yield not_registered(
            NOT_REGISTERED, "redirect_uri", received, registered.redirect_uris if registered else (), attempt
        )


def not_registered(kind: Kind, name: str, received: str, known: Iterable[str], attempt: Attempt) -> Finding:
    """Return the finding that the address *received* as *name* is none of the *known* ones."""
    meant = nearest(received, tuple(known))
    if not meant:
        return kind.found(
            phrase("%(name)s is %(received)s; none is registered", name=name, received=received),
            here=change(
                attempt.registered,
                phrase("add it to %(list)s, once whoever runs the application has confirmed it", list=f"{name}s"),
            ),
        )
    return kind.found(
        phrase(
            "%(name)s is %(received)s; the nearest registered one is %(meant)s, which differs by %(differs)s",
            name=name,
            received=received,
            meant=meant,
            differs=differs(received, meant),
        ),
        here=change(
            attempt.registered,
            phrase(
                "add it to %(list)s, once whoever runs the application has confirmed by another way that it is theirs",
                list=f"{name}s",
            ),
        ),
        vendor=f"Please send {name}={meant}, or tell us that {received} is yours.",
    )


def differs(received: str, meant: str) -> str:
    """Return in which parts *received* differs from the registered *meant*, as a phrase."""
    if received != unquote(received) and unquote(received) == meant:
        return phrase("escapes (%%…): it was encoded once too often")
    if unquote(received) == unquote(meant):
        return phrase("the way it is escaped (%%…)")
    if {host(meant), _host(received)} <= {"localhost", *LOOPBACK_ADDRESSES} and host(meant) != _host(received):
        return phrase(
            "the host %(received)s instead of %(registered)s: on loopback, too, names and addresses are compared",
            received=_host(received),
            registered=host(meant),
        )
    return difference(received, meant) or phrase("nothing that can be seen")


def _host(received: str) -> str:
    try:
        return urlsplit(received).hostname or ""
    except ValueError:
        return ""


def _first(registered: Registered | None) -> str:
    return registered.redirect_uris[0] if registered is not None and registered.redirect_uris else "…"
