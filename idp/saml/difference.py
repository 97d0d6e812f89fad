"""
What is different between two descriptions of a service provider, part by part, in words for an administrator.

Pure. What may be applied without anybody's consent is decided here, too: nothing but further
certificates, and how long the metadata is valid (X30).
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypeVar

from idp.saml import encryption_words, legacy
from idp.saml.certificates import thumbprint_of
from idp.saml.description import EncryptionKey, Endpoint, RequestedAttribute, SpDescription
from idp.saml.encryption import target
from idp.saml.wording import certificate_end, endpoint_words

T = TypeVar("T")


class Kind(StrEnum):
    """What became of a part."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


SIGNING, ENCRYPTION = "signing certificate", "encryption certificate"
VALIDITY = "validity of the metadata"
_CERTIFICATES = frozenset({SIGNING, ENCRYPTION})
_NONE, _EVERY = frozenset[str](), frozenset(legacy.RISKS)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: which part of the description, what became of it, and what it is (now)."""

    part: str
    kind: Kind
    words: str

    def __str__(self) -> str:
        return f"{self.part} {self.kind}: {self.words}"


def difference(before: SpDescription, after: SpDescription) -> tuple[Change, ...]:
    """Return every difference, in the order of the description; none where the two say the same."""
    return (
        *one("entity ID", before.entity_id, after.entity_id),
        *one("name", before.display_name, after.display_name),
        *_endpoints("assertion consumer", before.assertion_consumers, after.assertion_consumers),
        *_default(before, after),
        *_endpoints("logout address", before.logout_endpoints, after.logout_endpoints),
        *_endpoints("name management address", before.name_id_endpoints, after.name_id_endpoints),
        *several(SIGNING, before.signing_certificates, after.signing_certificates, certificate_words),
        *_encryption(before.encryption_keys, after.encryption_keys),
        *several("NameID format", before.nameid_formats, after.nameid_formats, str),
        *_order("NameID format", before.nameid_formats, after.nameid_formats),
        *_requested(before.requested_attributes, after.requested_attributes),
        *one("says that it signs requests", before.authn_requests_signed, after.authn_requests_signed),
        *one("wants signed assertions", before.want_assertions_signed, after.want_assertions_signed),
        *_about(before, after),
        *one(VALIDITY, _moment(before), _moment(after)),
        *one("time to be kept", _span(before.cache_seconds), _span(after.cache_seconds)),
    )


def only_adds_certificates(changes: Sequence[Change]) -> bool:
    """
    Say whether *changes* may be applied by themselves: certificates are added, and nothing is taken away or altered.

    That metadata says anew how long it is valid is no change of what it describes.
    """
    return all((one.part in _CERTIFICATES and one.kind is Kind.ADDED) or one.part == VALIDITY for one in changes)


def taken_over(changes: Sequence[Change]) -> str:
    """Return what *changes* that were applied by themselves (`only_adds_certificates`) come to."""
    certificates = any(one.part in _CERTIFICATES for one in changes)
    validity = any(one.part == VALIDITY for one in changes)
    if certificates and validity:
        return "further certificates and a new validity"
    return "further certificates" if certificates else "a new validity, and nothing else"


def certificate_words(der_base64: str) -> str:
    """Return a certificate as administrators recognize it: its fingerprint, and the last day that it names."""
    return f"SHA-256 {thumbprint_of(der_base64)}, ends {certificate_end(der_base64) or 'unknown'}"


def one(part: str, before: Any, after: Any) -> list[Change]:
    """Return what became of a part that has one value: nothing, or one change."""
    if before == after:
        return []
    if before in (None, "", ()):
        return [Change(part, Kind.ADDED, _word(after))]
    if after in (None, "", ()):
        return [Change(part, Kind.REMOVED, _word(before))]
    return [Change(part, Kind.CHANGED, f"{_word(after)} (was: {_word(before)})")]


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def several(part: str, before: Sequence[T], after: Sequence[T], words: Callable[[T], str]) -> list[Change]:
    """Return which of several values are gone and which are new."""
    gone = [Change(part, Kind.REMOVED, words(one)) for one in before if one not in after]
    return gone + [Change(part, Kind.ADDED, words(one)) for one in after if one not in before]


def _order(part: str, before: Sequence[T], after: Sequence[T]) -> list[Change]:
    """The first NameID format that we give is the one that is given, so their order means something."""
    if set(before) != set(after) or tuple(before) == tuple(after):
        return []
    return [Change(part, Kind.CHANGED, f"the order is now {', '.join(map(str, after))}")]


def _endpoints(part: str, before: Sequence[Endpoint], after: Sequence[Endpoint]) -> list[Change]:
    """An address that is there in both is changed where only its number, default or answer's address differs."""
    found: list[Change] = []
    old = {(one.binding, one.location): one for one in before}
    new = {(one.binding, one.location): one for one in after}
    found += [Change(part, Kind.REMOVED, endpoint_words(one)) for key, one in old.items() if key not in new]
    for key, one in new.items():
        if key not in old:
            found.append(Change(part, Kind.ADDED, endpoint_words(one)))
        elif old[key] != one:
            found.append(Change(part, Kind.CHANGED, f"{endpoint_words(one)} (was: {endpoint_words(old[key])})"))
    if not found and tuple(before) != tuple(after):
        found.append(
            Change(part, Kind.CHANGED, "the same addresses in another order, or named another number of times")
        )
    return found


def _default(before: SpDescription, after: SpDescription) -> list[Change]:
    return one("address that answers go to by default", _location(before), _location(after))


def _location(described: SpDescription) -> str:
    try:
        return described.default_consumer().location
    except LookupError:  # a description by hand that is not judged yet
        return ""


def _encryption(before: Sequence[EncryptionKey], after: Sequence[EncryptionKey]) -> list[Change]:
    """The first key that can be used is the one that is encrypted with: another one before it is more than one added."""
    by = {key.certificate: " ".join(map(encryption_words.words, key.methods)) for key in (*before, *after)}
    found = several(
        ENCRYPTION,
        [key.certificate for key in before],
        [key.certificate for key in after],
        lambda der: certificate_words(der) + (f", by {by[der]}" if by[der] else ""),
    )
    methods = {key.certificate: key.methods for key in before}
    for key in after:
        if key.certificate in methods and methods[key.certificate] != key.methods:
            named = " ".join(map(encryption_words.words, key.methods)) or "any"
            found.append(Change("encryption method", Kind.CHANGED, f"{named}, for {thumbprint_of(key.certificate)}"))
    if before:
        # Old algorithms can be allowed to it or run out at any time (see `legacy`): both are looked at.
        chosen = [(_encrypts_with(before, allowed), _encrypts_with(after, allowed)) for allowed in (_NONE, _EVERY)]
        became = {new for old, new in chosen if new and new != old}
        found += [Change("key that is encrypted with", Kind.CHANGED, certificate_words(one)) for one in sorted(became)]
    return found


def _encrypts_with(keys: Sequence[EncryptionKey], allowed: frozenset[str]) -> str:
    """Return the certificate that would be encrypted with, empty where none can be."""
    found = target(tuple(keys), allowed)
    return "" if found is None else found.certificate


def _requested(before: Sequence[RequestedAttribute], after: Sequence[RequestedAttribute]) -> list[Change]:
    return several(
        "requested attribute",
        before,
        after,
        lambda asked: (
            asked.name
            + (f" ({asked.friendly_name})" if asked.friendly_name else "")
            + (", required" if asked.required else "")
        ),
    )


def _about(before: SpDescription, after: SpDescription) -> list[Change]:
    old, new = asdict(before.about), asdict(after.about)
    found: list[Change] = []
    for name, part in (
        ("description", "description for people"),
        ("logo_url", "logo"),
        ("information_url", "page of information"),
        ("privacy_url", "privacy statement"),
    ):
        found += one(part, old[name], new[name])
    return found + several("name in a language", before.about.names, after.about.names, lambda one: ": ".join(one))


def _moment(described: SpDescription) -> str:
    return "" if described.valid_until is None else f"until {described.valid_until:%Y-%m-%d %H:%M} UTC"


def _span(seconds: int | None) -> str:
    if seconds is None:
        return ""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
