"""The request that a preview supposes: what a service provider would ask for, and what it would be answered."""

from dataclasses import dataclass

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.policy.signon import Strength
from idp.saml import contexts, endpoints, nameid
from idp.saml.endpoints import RegisteredEndpoint, Requester
from idp.saml.errors import MessageRefused
from idp.saml.facts import ProviderFacts
from idp.saml.messages import COMPARISONS, RequestedContext
from idp.saml.wanted import NOTHING, Wanted

REQUEST_ID = "_ID-OF-THE-REQUEST"


@dataclass(frozen=True, slots=True)
class SupposedRequest:
    """
    What a request would ask for; nothing is said of what is left out.

    Args:
        nameid_format: the name that it asks for.
        consumer: where it wants the answer: an address, or the number of one; empty: nowhere in particular.
        comparison, classes: the authentication contexts that it asks for.
        from_our_side: there is none: the sign-on is started from here.
    """

    nameid_format: str | None = None
    consumer: str = ""
    comparison: str = ""
    classes: tuple[str, ...] = ()
    from_our_side: bool = False

    def __post_init__(self) -> None:
        if self.from_our_side and (self.nameid_format or self.consumer or self.classes):
            raise Invalid("A start from our side asks for nothing: there is no request.", field="from_our_side")
        if self.comparison and self.comparison not in COMPARISONS:
            raise Invalid(
                "This is no comparison.",
                field="comparison",
                advice=phrase("Choose among %(value)s.", value=", ".join(sorted(COMPARISONS))),
            )

    @property
    def context(self) -> RequestedContext | None:
        """The authentication context that it asks for."""
        return RequestedContext(self.comparison or "exact", self.classes) if self.classes else None


A_PLAIN_ONE = SupposedRequest()


def strength(asked: SupposedRequest, provider: ProviderFacts, faults: list[str]) -> Strength | None:
    """Return what has to be proven for it, as the application asks; say among *faults* where nobody can."""
    least, unattainable = contexts.least(asked.context, provider.contexts)
    if unattainable:
        faults.append(phrase("none of the authentication contexts that are asked for can be attested"))
    return least


def requester(asked: SupposedRequest, provider: ProviderFacts, faults: list[str]) -> Requester | None:
    """Return who would be answered, and where; None where it is said among *faults* why nobody would be."""
    try:
        answer_to = _consumer(asked, provider)
    except MessageRefused as error:
        faults.append(error.cause)
        return None
    if asked.from_our_side:
        if not provider.idp_initiated:
            faults.append(phrase("starting it from our side is off"))
        return endpoints.requester(provider, answer_to, request_id=None, relay_state="", wanted=NOTHING)
    if asked.nameid_format is not None and not nameid.gives(provider, asked.nameid_format):
        faults.append(nameid.not_given(asked.nameid_format))
        return None
    context = asked.context
    wanted = Wanted(
        nameid_format=asked.nameid_format,
        comparison="" if context is None else context.comparison,
        classes=asked.classes,
    )
    return endpoints.requester(provider, answer_to, request_id=REQUEST_ID, relay_state="", wanted=wanted)


def _consumer(asked: SupposedRequest, provider: ProviderFacts) -> RegisteredEndpoint:
    if not asked.consumer:
        return endpoints.default_consumer(provider)
    if asked.consumer.isascii() and asked.consumer.isdecimal() and len(asked.consumer) < 6:
        return endpoints.consumer_at(provider, int(asked.consumer))
    return endpoints.consumer(provider, asked.consumer)
