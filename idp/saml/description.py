"""What we read from a service provider's metadata: a frozen value that goes into the row and comes out of it."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Self

from idp.saml.certificates import key_thumbprint_of
from idp.saml.names import POST

_MOST_TAKEN_OUT = 200


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    Where a service provider takes messages of one binding.

    ``response_location`` is where answers go, if it is another address (SAML Metadata 2.0 section 2.2.2).
    """

    binding: str
    location: str
    response_location: str = ""
    index: int | None = None
    is_default: bool | None = None


@dataclass(frozen=True, slots=True)
class EncryptionMethod:
    """An algorithm that can be decrypted, with the digest and the mask function that it is wanted with."""

    algorithm: str
    digest: str = ""
    mask: str = ""


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """A certificate (DER, base64) to encrypt with, and the methods that are named with it."""

    certificate: str
    methods: tuple[EncryptionMethod, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestedAttribute:
    """An attribute that the service provider would like to receive."""

    name: str
    friendly_name: str = ""
    required: bool = False
    name_format: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """
    What a service provider shows of itself to people (SAML Metadata UI 1.0 section 2.1); empty where it says nothing.

    ``names`` are pairs of language and name. Addresses here have passed the same check as those of endpoints.
    """

    names: tuple[tuple[str, str], ...] = ()
    description: str = ""
    logo_url: str = ""
    information_url: str = ""
    privacy_url: str = ""


NOTHING_ABOUT = About()


@dataclass(frozen=True, slots=True)
class SpDescription:
    """
    A service provider as its metadata describes it. Certificates are DER in base64.

    ``authn_requests_signed`` and ``want_assertions_signed`` are what it says of itself; what
    counts are the switches beside it in the row. ``cache_seconds`` is for how long it wants to be kept.
    ``taken_out`` are the `uses` of keys that it had and lost: metadata alone does not bring them back.
    """

    entity_id: str
    display_name: str
    assertion_consumers: tuple[Endpoint, ...]
    logout_endpoints: tuple[Endpoint, ...]
    signing_certificates: tuple[str, ...]
    encryption_keys: tuple[EncryptionKey, ...]
    nameid_formats: tuple[str, ...]
    requested_attributes: tuple[RequestedAttribute, ...]
    authn_requests_signed: bool
    want_assertions_signed: bool
    valid_until: datetime | None
    about: About = NOTHING_ABOUT
    cache_seconds: int | None = None
    name_id_endpoints: tuple[Endpoint, ...] = ()
    taken_out: tuple[str, ...] = ()

    def default_consumer(self) -> Endpoint:
        """
        Return where assertions go when a request names no address (SAML Metadata 2.0 section 2.2.3).

        The first that calls itself the default; else the first that does not say it is none; else the first.
        """
        posted = [endpoint for endpoint in self.assertion_consumers if endpoint.binding == POST]
        for wanted in (True, None, False):
            for endpoint in posted:
                if endpoint.is_default is wanted:
                    return endpoint
        raise LookupError("every description has an assertion consumer by HTTP-POST")

    def signing(self) -> frozenset[str]:
        """Return the certificates that it signs with."""
        return frozenset(self.signing_certificates)

    def encryption(self) -> frozenset[str]:
        """Return the certificates that it can be encrypted for."""
        return frozenset(key.certificate for key in self.encryption_keys)

    def uses(self) -> frozenset[str]:
        """
        Return what the keys in its certificates are for: one that was for both may lose one of the two. By the key: it
        is the key that is not to be believed any more, in whatever certificate it comes.
        """
        return frozenset(
            f"{use} {key_thumbprint_of(one)}"
            for use, several in (("signing", self.signing()), ("encryption", self.encryption()))
            for one in several
        )

    def after(self, former: Self) -> Self:
        """Return this description in the place of *former*: it knows what was taken out, but for what is in it."""
        own = self.uses()
        lost = dict.fromkeys([*former.taken_out, *sorted(former.uses() - own)])
        return replace(self, taken_out=tuple(one for one in lost if one not in own)[-_MOST_TAKEN_OUT:])

    def to_json(self) -> dict[str, Any]:
        """Return the description as JSON values."""
        return {**asdict(self), "valid_until": self.valid_until.isoformat() if self.valid_until else None}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the description that `to_json` wrote."""
        until = values["valid_until"]
        return cls(
            entity_id=values["entity_id"],
            display_name=values["display_name"],
            assertion_consumers=tuple(Endpoint(**item) for item in values["assertion_consumers"]),
            logout_endpoints=tuple(Endpoint(**item) for item in values["logout_endpoints"]),
            signing_certificates=tuple(values["signing_certificates"]),
            encryption_keys=tuple(
                EncryptionKey(item["certificate"], tuple(EncryptionMethod(**method) for method in item["methods"]))
                for item in values["encryption_keys"]
            ),
            nameid_formats=tuple(values["nameid_formats"]),
            requested_attributes=tuple(RequestedAttribute(**item) for item in values["requested_attributes"]),
            authn_requests_signed=values["authn_requests_signed"],
            want_assertions_signed=values["want_assertions_signed"],
            valid_until=datetime.fromisoformat(until) if until else None,
            about=_about(values.get("about")),
            cache_seconds=values.get("cache_seconds"),
            name_id_endpoints=tuple(Endpoint(**item) for item in values.get("name_id_endpoints", ())),
            taken_out=tuple(values.get("taken_out", ())),
        )


def _about(values: dict[str, Any] | None) -> About:
    if not values:  # written before there was such a part
        return NOTHING_ABOUT
    return About(**{**values, "names": tuple((language, name) for language, name in values["names"])})
