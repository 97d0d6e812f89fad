"""Where answers go: the assertion consumer services (SAML Profiles 2.0 section 4.1.4.1; Core 2.0 section 3.4.1; X15)."""

from idp.audit.findings import Finding, Kind, Remedy, Severity
from idp.base.differences import difference, nearest
from idp.base.texts import joined, phrase
from idp.saml.doctor.commands import taking_over
from idp.saml.doctor.subjects import Attempt, Described, Findings, Metadata, Registered, Request
from idp.saml.errors import ADDRESS
from idp.saml.names import POST

NONE = Kind(
    "acs-none-by-post",
    Severity.SERIOUS,
    "no address that takes assertions by HTTP-POST",
    "Assertions are sent by HTTP-POST only. Without such an address nobody can be answered.",
)
TWICE = Kind(
    "acs-index-repeated",
    Severity.WARNING,
    "two addresses with the same index",
    "A request that names this index could mean either; the first one is taken.",
)
CHANGED = Kind(
    "acs-changed",
    Severity.SERIOUS,
    "other addresses than those registered",
    "A request that wants its answer at an address which is not registered is refused.",
)
NOT_REGISTERED = Kind(
    "acs-not-registered",
    Severity.SERIOUS,
    "an answer is wanted at an address that is not registered",
    "Assertions go only to registered addresses, compared character by character; else anybody could have them sent "
    "elsewhere.",
)
INDEX = Kind(
    "acs-index-unknown",
    Severity.SERIOUS,
    "an index that no address has",
    "The request names its address by a number that the registered metadata does not have.",
)
BOTH = Kind(
    "acs-index-and-address",
    Severity.SERIOUS,
    "an index beside an address",
    "The two exclude one another, and nobody can tell which is meant.",
)
BINDING = Kind(
    "binding-unsupported",
    Severity.SERIOUS,
    "an answer is wanted by a binding that we do not speak",
    "Answers are sent by HTTP-POST; Artifact, PAOS (ECP) and HTTP-Redirect are not spoken for them.",
)
KINDS = (NONE, TWICE, CHANGED, NOT_REGISTERED, INDEX, BOTH, BINDING)


def _register(registered: Registered | None) -> Remedy:
    return taking_over(
        registered, phrase("Once the vendor has confirmed that it is theirs, take over the metadata that has it.")
    )


def check_described(described: Described) -> Findings:
    """Is there one that we can use, and is each one meant by one number?"""
    consumers = described.description.assertion_consumers
    if not any(endpoint.binding == POST for endpoint in consumers):
        bindings = sorted({_last(endpoint.binding) for endpoint in consumers})
        yield NONE.found(
            phrase(
                "%(whose)s has %(bindings)s",
                whose=described.whose,
                bindings=", ".join(bindings) if bindings else phrase("no AssertionConsumerService at all"),
            ),
            vendor="Please name an AssertionConsumerService with the binding HTTP-POST in your metadata.",
        )
    seen: dict[int, str] = {}
    for endpoint in consumers:
        if endpoint.index is not None and seen.setdefault(endpoint.index, endpoint.location) != endpoint.location:
            yield TWICE.found(
                phrase(
                    "index %(index)s in %(whose)s is %(seen)s and %(location)s",
                    index=endpoint.index,
                    whose=described.whose,
                    seen=seen[endpoint.index],
                    location=endpoint.location,
                ),
                vendor=f"Please give each AssertionConsumerService an index of its own; {endpoint.index} comes twice.",
            )


def check_metadata(metadata: Metadata) -> Findings:
    """Are they those that are registered?"""
    registered, document = metadata.registered, metadata.document
    if registered is None or document.description is None:
        return
    ours = _posted(registered)
    theirs = [e.location for e in document.description.assertion_consumers if e.binding == POST]
    added, gone = [url for url in theirs if url not in ours], [url for url in ours if url not in theirs]
    if added or gone:
        changes = [phrase("new %(url)s", url=url) for url in added] + [
            phrase("no longer there %(url)s", url=url) for url in gone
        ]
        yield CHANGED.found(joined(changes[:10], "; "), here=_register(registered))


def check_request(request: Request) -> Findings:
    """Can what the request names be found?"""
    asked, registered = request.received.request, request.registered
    if asked is None:
        return
    if asked.consumer_index is not None and (asked.consumer_url is not None or asked.protocol_binding is not None):
        yield _both()
    elif asked.protocol_binding not in (None, POST):
        yield _binding(asked.protocol_binding or "")
    elif registered is None:
        return
    elif asked.consumer_url is not None and asked.consumer_url not in _posted(registered):
        yield _not_registered(asked.consumer_url, registered, _posted(registered))
    elif asked.consumer_index is not None:
        indexes = [str(e.index) for e in registered.description.assertion_consumers if e.binding == POST]
        if str(asked.consumer_index) not in indexes:
            yield _index(str(asked.consumer_index), registered, indexes)


def check_attempt(attempt: Attempt) -> Findings:
    """Why was no address found?"""
    failed = attempt.failed
    if failed.code != ADDRESS:
        return
    if failed.reason == "both":
        yield _both()
    elif failed.reason == "binding":
        yield _binding(failed.text("received"))
    elif failed.reason == "index":
        yield _index(failed.text("received"), attempt.registered, list(failed.texts("expected")))
    elif failed.reason == "address":
        wanted = failed.text("received")
        if attempt.registered is not None and wanted in _posted(attempt.registered):
            return  # it has been registered since
        now = _posted(attempt.registered) if attempt.registered is not None else list(failed.texts("expected"))
        yield _not_registered(wanted, attempt.registered, now)


def _not_registered(wanted: str, of: Registered | None, registered: list[str]) -> Finding:
    likely = nearest(wanted, registered)
    evidence = phrase("AssertionConsumerServiceURL is %(wanted)s", wanted=wanted)
    if likely:
        evidence = phrase(
            "AssertionConsumerServiceURL is %(wanted)s; the nearest registered one is %(likely)s, which differs by "
            "%(difference)s",
            wanted=wanted,
            likely=likely,
            difference=difference(wanted, likely),
        )
    return NOT_REGISTERED.found(
        evidence,
        here=_register(of),
        vendor=f"Please ask for the answer at {likely or 'a registered address'}, or send metadata with {wanted}.",
    )


def _index(index: str, of: Registered | None, known: list[str]) -> Finding:
    return INDEX.found(
        phrase(
            "AssertionConsumerServiceIndex is %(index)s; registered are %(known)s",
            index=index,
            known=", ".join(known) or phrase("none"),
        ),
        here=_register(of),
        vendor=f"Please send the metadata in which an AssertionConsumerService has the index {index}.",
    )


def _both() -> Finding:
    return BOTH.found(
        "AssertionConsumerServiceIndex stands beside AssertionConsumerServiceURL or ProtocolBinding",
        vendor="Please send either AssertionConsumerServiceIndex or AssertionConsumerServiceURL, not both.",
    )


def _binding(binding: str) -> Finding:
    return BINDING.found(
        phrase("ProtocolBinding is %(binding)s", binding=binding),
        vendor=f"Please send ProtocolBinding={POST}, or leave it out.",
    )


def _posted(registered: Registered) -> list[str]:
    return [e.location for e in registered.description.assertion_consumers if e.binding == POST]


def _last(urn: str) -> str:
    return urn.rpartition(":")[2] or urn
