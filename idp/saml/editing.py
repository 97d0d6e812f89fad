"""
Editing what is known of a service provider part by part, and describing one by hand. Pure.

What comes out is judged like metadata before it is kept (`metadata.judge`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from idp.base.errors import Invalid
from idp.saml.certificates import thumbprint_of
from idp.saml.description import (
    About,
    EncryptionKey,
    EncryptionMethod,
    Endpoint,
    RequestedAttribute,
    SpDescription,
)
from idp.saml.instants import read_duration, read_instant
from idp.saml.names import POST

_LEAST_DIGITS = 16
_LONGEST_NAME = 1024
_MOST_REQUESTED = 500
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")  # BCP 47, without its rare cases


@dataclass(frozen=True, slots=True)
class Edit:
    """
    What to change in a description; what is not named stays as it is.

    Args:
        add_consumers, remove_consumers: addresses that take assertions by HTTP-POST.
        consumer_indexes: the number of an address.
        default_consumer: the address that is meant where a request names none.
        add_logout: addresses for logout, with their binding; one that is there is replaced.
        remove_logout: such addresses, whatever their binding.
        add_name_id, remove_name_id: the same of addresses for name identifier management.
        response_locations: where answers go, by the address (for logout, or name identifier management) that
            requests go to; empty: to that address, too.
        add_signing, add_encryption: certificates (DER, base64).
        remove_signing, remove_encryption: fingerprints (SHA-256, with colons or not), or the first 16 digits or more.
        encryption_methods: all that every encryption certificate is wanted with (empty: any); None leaves them.
        nameid_formats: all of them, in the order of preference; None leaves them.
        add_requested: attributes that it would like; one of that name is replaced.
        remove_requested: their names.
        about: what it shows of itself to people, by the name of a field of `About`; empty takes it away.
        names_in: its name by language; empty takes it away.
        authn_requests_signed, want_assertions_signed: what the service provider says of itself.
        display_name: its name.
        valid_until: until when all this may be used: a day or a moment in UTC (ISO 8601); empty: nothing says so.
        cache_duration: for how long it wants to be kept, as ISO 8601 writes durations; empty: it does not say.
    """

    add_consumers: tuple[str, ...] = ()
    remove_consumers: tuple[str, ...] = ()
    consumer_indexes: dict[str, int] = field(default_factory=dict)
    default_consumer: str | None = None
    add_logout: tuple[Endpoint, ...] = ()
    remove_logout: tuple[str, ...] = ()
    add_name_id: tuple[Endpoint, ...] = ()
    remove_name_id: tuple[str, ...] = ()
    response_locations: dict[str, str] = field(default_factory=dict)
    add_signing: tuple[str, ...] = ()
    remove_signing: tuple[str, ...] = ()
    add_encryption: tuple[str, ...] = ()
    remove_encryption: tuple[str, ...] = ()
    encryption_methods: tuple[EncryptionMethod, ...] | None = None
    nameid_formats: tuple[str, ...] | None = None
    add_requested: tuple[RequestedAttribute, ...] = ()
    remove_requested: tuple[str, ...] = ()
    about: dict[str, str] = field(default_factory=dict)
    names_in: dict[str, str] = field(default_factory=dict)
    authn_requests_signed: bool | None = None
    want_assertions_signed: bool | None = None
    display_name: str | None = None
    valid_until: str | None = None
    cache_duration: str | None = None


NO_EDIT = Edit()


def by_hand(
    entity_id: str,
    consumers: Sequence[str],
    *,
    logout: Sequence[Endpoint] = (),
    certificates: Sequence[str] = (),
    methods: Sequence[EncryptionMethod] = (),
    name: str = "",
) -> SpDescription:
    """
    Return the description of a service provider whose vendor gives no metadata. The first consumer is the default.

    Args:
        consumers: addresses that take assertions by HTTP-POST.
        certificates: DER in base64; for signing and for encryption, as a key without use is in metadata.
        methods: what it is wanted to be encrypted with.
    """
    return SpDescription(
        entity_id=entity_id,
        display_name=name,
        assertion_consumers=tuple(
            Endpoint(POST, location, index=number, is_default=number == 0 or None)
            for number, location in enumerate(dict.fromkeys(consumers))
        ),
        logout_endpoints=tuple(logout),
        signing_certificates=tuple(dict.fromkeys(certificates)),
        encryption_keys=tuple(EncryptionKey(der, tuple(methods)) for der in dict.fromkeys(certificates)),
        nameid_formats=(),
        requested_attributes=(),
        authn_requests_signed=False,
        want_assertions_signed=False,
        valid_until=None,
    )


def edited(described: SpDescription, edit: Edit) -> SpDescription:
    """
    Return *described* with *edit*.

    Raises:
        Invalid: something is to be removed or named that is not there, or to be added that is.
    """
    if unknown := edit.response_locations.keys() - _locations(described, edit):
        raise _fault(
            f"There is no address {min(unknown)} for logout or name identifier management.",
            "endpoints",
            "See: idp application saml show APP",
        )
    return replace(
        described,
        display_name=described.display_name if edit.display_name is None else edit.display_name,
        assertion_consumers=_consumers(described.assertion_consumers, edit),
        logout_endpoints=_addresses(
            described.logout_endpoints, edit.add_logout, edit.remove_logout, "logout address", edit.response_locations
        ),
        name_id_endpoints=_addresses(
            described.name_id_endpoints,
            edit.add_name_id,
            edit.remove_name_id,
            "name management address",
            edit.response_locations,
        ),
        signing_certificates=_certificates(
            described.signing_certificates, edit.add_signing, edit.remove_signing, "signing"
        ),
        encryption_keys=_keys(described.encryption_keys, edit),
        nameid_formats=described.nameid_formats if edit.nameid_formats is None else edit.nameid_formats,
        requested_attributes=_requested(described.requested_attributes, edit),
        about=_about(described.about, edit),
        authn_requests_signed=_chosen(edit.authn_requests_signed, described.authn_requests_signed),
        want_assertions_signed=_chosen(edit.want_assertions_signed, described.want_assertions_signed),
        valid_until=_until(described.valid_until, edit.valid_until),
        cache_seconds=_kept_for(described.cache_seconds, edit.cache_duration),
    )


def _until(there: datetime | None, asked: str | None) -> datetime | None:
    if asked is None:
        return there
    if not asked:
        return None
    try:
        return read_instant(asked if "T" in asked else f"{asked}T00:00:00Z")
    except ValueError:
        raise _fault("This is no day.", "valid_until", "Write it like 2030-12-31 or 2030-12-31T23:59:00Z.") from None


def _kept_for(there: int | None, asked: str | None) -> int | None:
    if asked is None:
        return there
    if not asked:
        return None
    try:
        return read_duration(asked)
    except ValueError:
        raise _fault("This is no duration.", "cache_duration", "Write it like PT12H or P1D.") from None


def _consumers(endpoints: tuple[Endpoint, ...], edit: Edit) -> tuple[Endpoint, ...]:
    for location in edit.remove_consumers:
        endpoints = _without(endpoints, location, "assertion consumer")
    for location in edit.add_consumers:
        if any(one.location == location and one.binding == POST for one in endpoints):
            raise _fault(f"The assertion consumer {location} is there already.", "assertion_consumers")
        endpoints = (*endpoints, Endpoint(POST, location, index=_free(endpoints)))
    for location, index in edit.consumer_indexes.items():
        _find(endpoints, location)
        if any(one.index == index and one.location != location for one in endpoints):
            raise _fault(f"Another assertion consumer has the index {index}.", "assertion_consumers")
        endpoints = tuple(replace(one, index=index) if one.location == location else one for one in endpoints)
    if edit.default_consumer is not None:
        _find(endpoints, edit.default_consumer)
        endpoints = tuple(
            replace(one, is_default=True if one.location == edit.default_consumer else None) for one in endpoints
        )
    return endpoints


def _locations(described: SpDescription, edit: Edit) -> set[str]:
    endpoints = (*described.logout_endpoints, *described.name_id_endpoints, *edit.add_logout, *edit.add_name_id)
    return {one.location for one in endpoints}


def _addresses(
    endpoints: tuple[Endpoint, ...],
    new: tuple[Endpoint, ...],
    removed: tuple[str, ...],
    what: str,
    answers: dict[str, str],
) -> tuple[Endpoint, ...]:
    for location in removed:
        endpoints = _without(endpoints, location, what)
    for added in new:
        endpoints = (
            *(one for one in endpoints if (one.binding, one.location) != (added.binding, added.location)),
            added,
        )
    return tuple(
        replace(one, response_location=answers[one.location]) if one.location in answers else one for one in endpoints
    )


def _keys(keys: tuple[EncryptionKey, ...], edit: Edit) -> tuple[EncryptionKey, ...]:
    known = {key.certificate: key for key in keys}
    left = _certificates(tuple(known), edit.add_encryption, edit.remove_encryption, "encryption")
    kept = tuple(known.get(der, EncryptionKey(der)) for der in left)
    if edit.encryption_methods is None:
        return kept
    if not kept:
        raise _fault(
            "There is no encryption certificate that methods could belong to.",
            "encryption_methods",
            "Add one: --add-encryption-certificate FILE",
        )
    return tuple(replace(key, methods=edit.encryption_methods) for key in kept)


def _requested(there: tuple[RequestedAttribute, ...], edit: Edit) -> tuple[RequestedAttribute, ...]:
    for name in edit.remove_requested:
        left = tuple(one for one in there if one.name != name)
        if len(left) == len(there):
            raise _fault(f"It asks for no attribute “{name[:100]}”.", "requested_attributes")
        there = left
    for added in edit.add_requested:
        if not 0 < len(added.name) <= _LONGEST_NAME or len(added.friendly_name) > _LONGEST_NAME:
            raise _fault(f"The name of an attribute has 1 to {_LONGEST_NAME} characters.", "requested_attributes")
        if not (added.name + added.friendly_name).isprintable():
            raise _fault("The name of an attribute has no control characters.", "requested_attributes")
        there = (*(one for one in there if one.name != added.name), added)
    if edit.add_requested and len(there) > _MOST_REQUESTED:
        raise _fault(f"At most {_MOST_REQUESTED} attributes are asked for.", "requested_attributes")
    return there


def _about(about: About, edit: Edit) -> About:
    if any(not _LANGUAGE.fullmatch(language) for language in edit.names_in):
        raise _fault("A language is written like “de” or “pt-BR”.", "names_in")
    names = tuple(one for one in about.names if one[0] not in edit.names_in)
    names += tuple((language, name) for language, name in edit.names_in.items() if name)
    return replace(about, names=names, **edit.about)


def _certificates(
    there: tuple[str, ...], added: tuple[str, ...], removed: tuple[str, ...], use: str
) -> tuple[str, ...]:
    for wanted in removed:
        digits = wanted.replace(":", "").upper()
        gone = [der for der in there if thumbprint_of(der).replace(":", "").startswith(digits)]
        if len(digits) < _LEAST_DIGITS or len(gone) != 1:
            raise _fault(
                f"No {use} certificate has the fingerprint “{wanted[:100]}”.",
                f"{use}_certificates",
                "Give its SHA-256, as idp application saml show prints it, or the first 16 digits of it or more.",
            )
        there = tuple(der for der in there if der not in gone)
    return (*there, *(der for der in dict.fromkeys(added) if der not in there))


def _without(endpoints: tuple[Endpoint, ...], location: str, what: str) -> tuple[Endpoint, ...]:
    left = tuple(one for one in endpoints if one.location != location)
    if len(left) == len(endpoints):
        raise _fault(f"There is no {what} {location}.", "endpoints", "See: idp application saml show APP")
    return left


def _find(endpoints: tuple[Endpoint, ...], location: str) -> None:
    if not any(one.location == location and one.binding == POST for one in endpoints):
        raise _fault(
            f"There is no assertion consumer {location}.", "assertion_consumers", "See: idp application saml show APP"
        )


def _free(endpoints: tuple[Endpoint, ...]) -> int:
    return max((one.index for one in endpoints if one.index is not None), default=-1) + 1


def _chosen(asked: bool | None, there: bool) -> bool:
    return there if asked is None else asked


def _fault(message: str, field_: str, advice: str = "") -> Invalid:
    return Invalid(message, field=field_, advice=advice)
