"""From an AuthnRequest to who may be answered and what is asked (SAML Core 2.0 section 3.4; Profiles 4.1.4.1)."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from idp.audit.attempts import Trail
from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.base.values import quickly_made
from idp.base.work import Work
from idp.directory import names as directory_names
from idp.directory import sites
from idp.directory.policies import release_levels
from idp.directory.sites import SiteFacts
from idp.policy.access.context import RequestKind
from idp.policy.release import may_leave
from idp.saml import contexts, endpoints, errors, gate, made_names, nameid, own_metadata, signatures
from idp.saml.bindings import REQUEST, Incoming
from idp.saml.checks import CHECKS, WISHES, scoping, subject, validity
from idp.saml.checks.examined import Examined
from idp.saml.endpoints import Requester
from idp.saml.errors import NOT_STARTED_HERE, RELAY_STATE, UNKNOWN_APPLICATION, USED, MessageRefused
from idp.saml.facts import ProviderFacts, provider
from idp.saml.messages import AuthnRequest, NameId, issuer_of, read_authn_request
from idp.saml.names import AUTHN_REQUEST, EMAIL, UNSPECIFIED
from idp.saml.wanted import NOTHING, Wanted
from idp.signon import seen
from idp.signon.request import SignOnRequest

REMEMBERED = timedelta(minutes=15)
SUBJECT = "subject"
"""The step of an attempt that says whose name the Subject is; nobody's where it is empty."""
_NOBODY = "acc_nobody"
_MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Place:
    """Our end of the conversation: the site, its entity ID, and the address that its endpoints begin with."""

    site: SiteFacts
    issuer: str
    address: str


def place_at(work: Work, base_url: str, slug: str) -> Place | None:
    """Return our end of the conversation at the site *slug*; None where there is no site."""
    site = sites.facts(work, slug)
    return None if site is None else _place(site, base_url)


@lru_cache(maxsize=1024)
def _place(site: SiteFacts, base_url: str) -> Place:
    issuer = sites.issuer(base_url, site.slug)
    return Place(site, own_metadata.entity_id(issuer), f"{issuer}/saml")


@quickly_made
@dataclass(frozen=True, slots=True)
class Asked:
    """What a service provider asks, in neutral words, and who will be answered."""

    requester: Requester
    request: SignOnRequest


def receive(work: Work, place: Place, incoming: Incoming, trail: Trail) -> Asked:
    """
    Return what *incoming* asks, after every check but that it is new (see `accept_once`).

    Raises:
        MessageRefused: nobody may be answered: the person sees a page.
        StatusError: the service provider is told that it cannot have what it asks for.
    """
    if incoming.kind != REQUEST:
        raise errors.MessageRefused(errors.UNREADABLE, "a response where a request is taken")
    root = gate.read(incoming.message, AUTHN_REQUEST)
    trail.passed("message", binding=incoming.binding.rpartition(":")[2], bytes=len(incoming.message))
    known = identified(work, place, issuer_of(root), trail)
    try:
        validity.check(known, work.now)
        covered, signed = signatures.verified(root, incoming.signature, known.verify_keys, known.allowed)
        request = read_authn_request(covered)
        if request.header.issuer != known.entity_id:
            raise signatures.not_proven("the signed part of the message has another Issuer")
        old = signatures.old_algorithms(root, incoming.signature, known.allowed)
        trail.passed("signature", signed=signed, **({"old_algorithms": old} if old else {}))
        examined = Examined(
            header=request.header,
            signed=signed,
            must_be_signed=known.require_signed_requests,
            here=f"{place.address}/sso",
            now=work.now,
        )
        for check in CHECKS:
            check(examined)
        answer_to = endpoints.consumer_for(known, request)
        trail.passed("address", location=answer_to.location)
    except MessageRefused as error:
        raise _with_way_back(error, known) from None
    requester = endpoints.requester(
        known,
        answer_to,
        request_id=request.header.id,
        relay_state=incoming.relay_state,
        wanted=_wanted(known, request),
    )
    return Asked(requester, _sign_on_request(work, place, requester, request, trail))


def accept_once(work: Work, requester: Requester) -> None:
    """
    Take the request; call it last, in the transaction of its effect (X19).

    Raises:
        MessageRefused: it was taken before.
    """
    known, request_id = requester.provider, requester.request_id
    if request_id is not None and not seen.first_time(
        work, known.site_id, known.entity_id, request_id, lives=REMEMBERED
    ):
        raise _with_way_back(
            MessageRefused(
                USED,
                phrase("the request %(id)s was taken before", id=request_id[:80]),
                received=request_id[:80],
            ),
            known,
        )


def start(work: Work, place: Place, entity_id: str, relay_state: str, trail: Trail) -> Asked:
    """
    Return the sign-on that is started from our side, without a request (SAML Profiles 2.0 section 4.1.5).

    Raises:
        MessageRefused: the service provider is unknown, is not started from here, or *relay_state* is
            none of its own (X17), or its metadata has expired.
    """
    known = identified(work, place, entity_id, trail)
    validity.check(known, work.now)
    if not known.idp_initiated:
        raise _with_way_back(
            MessageRefused(NOT_STARTED_HERE, "idp_initiated is off for this application", reason="off"), known
        )
    if relay_state and relay_state not in known.relay_states:
        raise _with_way_back(
            MessageRefused(
                RELAY_STATE,
                "that RelayState is not in the application's list",
                reason="relay-state",
                received=relay_state.partition("?")[0][:200],  # what follows may be a person's own
                listed=len(known.relay_states),
            ),
            known,
        )
    requester = endpoints.requester(
        known, endpoints.default_consumer(known), request_id=None, relay_state=relay_state, wanted=NOTHING
    )
    trail.passed("address", location=requester.answer_to.location)
    return Asked(requester, _neutral(place, known))


def keep(requester: Requester) -> dict[str, Any]:
    """Return what is to be kept of *requester* while the person is asked."""
    return {
        "entity_id": requester.provider.entity_id,
        "location": requester.answer_to.location,
        "request_id": requester.request_id,
        "relay_state": requester.relay_state,
        "wanted": requester.wanted.to_json(),
    }


def again(work: Work, place: Place, kept: dict[str, Any]) -> Requester:
    """
    Return the requester that `keep` kept. Its address is proven anew: it may be registered no more.

    Raises:
        MessageRefused: the service provider, or the address, has gone in the meantime, or its metadata has expired.
    """
    known = provider(work, place.site.organization_id, place.site.id, kept["entity_id"])
    if known is None:
        raise MessageRefused(UNKNOWN_APPLICATION, "the application was removed while the person was signing in")
    validity.check(known, work.now)
    return endpoints.requester(
        known,
        endpoints.consumer(known, kept["location"]),
        request_id=kept["request_id"],
        relay_state=kept["relay_state"],
        wanted=Wanted.from_json(kept["wanted"]),
    )


def identified(work: Work, place: Place, entity_id: str, trail: Trail) -> ProviderFacts:
    """
    Return the service provider that says to be *entity_id*, of this site and no other (X21).

    Raises:
        MessageRefused: the site knows none of that name.
    """
    known = provider(work, place.site.organization_id, place.site.id, entity_id)
    if known is None:
        raise MessageRefused(
            UNKNOWN_APPLICATION,
            phrase(
                "no service provider %(entity_id)s is registered at %(slug)s",
                entity_id=repr(entity_id[:300]),
                slug=place.site.slug,
            ),
            received=entity_id[:300],
            site=place.site.slug,
        )
    trail.application_id = known.application_id
    trail.passed("application", entity_id=known.entity_id)
    return known


def _with_way_back(error: MessageRefused, known: ProviderFacts) -> MessageRefused:
    error.application_name, error.start_again_url = known.name, known.launch_url
    return error


def _wanted(known: ProviderFacts, request: AuthnRequest) -> Wanted:
    policy, context, about = request.name_id_policy, request.context, request.subject
    format_ = policy.format if policy is not None else None
    if format_ in (None, UNSPECIFIED) and about is not None and about.name_id is not None:
        format_ = about.name_id.format  # the answer must name the one that was asked for (section 3.4.1.4)
    named = about.name_id if about is not None else None
    return Wanted(
        nameid_format=format_,
        # A name that is made of attributes cannot be looked up before it was first given; it is compared when made.
        named=named.value if named is not None and _is_made(known, named) else "",
        # Said to be false when nothing is said; but few who leave it out mean that (section 3.4.1.1).
        allow_create=policy is None or policy.allow_create is not False,
        comparison=context.comparison if context is not None else "",
        classes=context.classes if context is not None else (),
    )


def _neutral(place: Place, known: ProviderFacts, **asked: Any) -> SignOnRequest:
    return SignOnRequest(
        organization_id=known.organization_id,
        site_id=known.site_id,
        application_id=known.application_id,
        application_name=known.name,
        resume_url=f"/sites/{place.site.slug}/saml/resume",
        start_again_url=known.launch_url,
        kind=RequestKind.SAML,
        **asked,
    )


def _sign_on_request(
    work: Work, place: Place, requester: Requester, request: AuthnRequest, trail: Trail
) -> SignOnRequest:
    """Return the request in neutral words; refusals from here on are answered to the requester."""
    scoping.check(requester, request, place.issuer)
    for check in WISHES:
        check(requester, request)
    asked, unattainable = contexts.least(request.context, requester.provider.contexts)
    if unattainable and request.context is not None:  # the refusal comes later, and in neutral words
        classes = [name[:200] for name in request.context.classes[:_MOST_SHOWN]]
        trail.passed("context", unattainable=True, comparison=request.context.comparison, classes=classes)
    name = request.subject.name_id if request.subject is not None else None
    account_hint = login_hint = ""
    if name is not None:
        if name.format == EMAIL and not _is_made(requester.provider, name):
            of = requester.provider
            levels = release_levels(work, of.organization_id, of.site_id, of.application_id)
            subject.check_released(requester, request, may_leave(levels))
        # A name that nobody has becomes an account that nobody is: whoever asks learns only after
        # somebody has signed in that it was not them.
        known = requester.provider
        unknown = "" if _is_made(known, name) and nameid.is_between(known, place.issuer, name) else _NOBODY
        account_hint = nameid.account_of(work, known, place.issuer, name) or unknown
        login_hint = _address(name.value) if name.format == EMAIL else ""
        if account_hint:
            # Whose name it is, and not the name: an attempt outlives the account.
            whose = "" if account_hint == _NOBODY else account_hint
            trail.passed(SUBJECT, format=(name.format or UNSPECIFIED)[:200], whose=whose)
    return _neutral(
        place,
        requester.provider,
        passive=request.passive,
        force=request.force,
        asked=asked,
        unattainable=unattainable,
        account_hint=account_hint,
        login_hint=login_hint,
    )


def _is_made(known: ProviderFacts, name: NameId) -> bool:
    return made_names.is_made(known, nameid.format_for(known, name.format))


def _address(value: str) -> str:
    try:
        return directory_names.email(value)
    except Invalid:
        return ""
