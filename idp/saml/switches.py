"""What an administrator may choose of a service provider: the switches, and what is judged before they are stored."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.base.work import Work
from idp.keyring import keyring
from idp.policy import expressions
from idp.saml import addresses, contexts, legacy, made_names, metadata, nameid, signing
from idp.saml.description import SpDescription
from idp.saml.encryption import target
from idp.saml.models import ServiceProvider

_MOST_RELAY_STATES = 50
_LONGEST_RELAY_STATE = 1024


@dataclass(frozen=True, slots=True)
class Switches:
    """
    What an administrator decides about a service provider; None leaves it to the metadata, or as it is.

    Args:
        sign_response, sign_assertion: what is signed; at least one of the two.
        encrypt_assertion: assertions are encrypted, and none is sent where that is impossible.
        require_signed_requests: unsigned requests are refused.
        nameid_format: the name that is given where a request asks for none; empty: by the metadata.
        idp_initiated: a sign-on may be started from our side.
        relay_states: what RelayState such a sign-on may carry.
        name_id_source: the attribute or expression that names of a value (e-mail, unspecified, Windows,
            X.509, and persistent where that is the ``nameid_format``) are made of; empty: the e-mail
            address, or names of ours.
        signature_algorithm: what we sign by, a name of `signing.METHODS` or an old one that is allowed.
        encrypt_name_id: the NameID is encrypted, and nothing is sent where that is impossible.
        context_map: names of authentication contexts, as `contexts.ContextMap` stores them.
        legacy_algorithms, legacy_until: old algorithms, and the moment until which they are allowed
            (see `legacy`); an empty tuple takes them away.
        signing_key_id: the key that we sign with; empty: the active one of the site.
        certificate_by_hand: its copy of our certificate is kept by hand, not by our metadata.
        start_url: where the launcher leads, if sign-on is not started from our side; empty: to the origin
            of where assertions go.
    """

    sign_response: bool | None = None
    sign_assertion: bool | None = None
    encrypt_assertion: bool | None = None
    require_signed_requests: bool | None = None
    nameid_format: str | None = None
    idp_initiated: bool | None = None
    relay_states: tuple[str, ...] | None = None
    name_id_source: str | None = None
    signature_algorithm: str | None = None
    encrypt_name_id: bool | None = None
    context_map: dict[str, Any] | None = None
    legacy_algorithms: tuple[str, ...] | None = None
    legacy_until: datetime | None = None
    signing_key_id: str | None = None
    certificate_by_hand: bool | None = None
    start_url: str | None = None


NO_SWITCHES = Switches()


def judge(work: Work, provider: ServiceProvider, wanted: Switches) -> None:
    """
    Judge the switches of *provider* that *wanted* has set; what it leaves alone was judged before.

    A change between RSA and EC takes the named key with it: it is of the other kind.

    Raises:
        Invalid: a switch cannot be taken.
    """
    if wanted.legacy_algorithms is not None or wanted.legacy_until is not None:
        legacy.judge(provider.legacy_algorithms, provider.legacy_until, work.now)
    if wanted.context_map is not None:
        chosen = contexts.ContextMap.from_json(wanted.context_map)
        contexts.judge(chosen)
        provider.context_map = chosen.to_json()
    if wanted.signature_algorithm is not None or wanted.legacy_algorithms is not None:
        _judge_algorithm(work, provider)
    _judge_key(work, provider, named=bool(wanted.signing_key_id))


def put(provider: ServiceProvider, wanted: Switches) -> None:
    """Set what *wanted* says, not judged yet."""
    for switch in fields(Switches):
        value = getattr(wanted, switch.name)
        if value is not None:
            setattr(provider, switch.name, list(value) if isinstance(value, tuple) else value)
    if wanted.legacy_algorithms == ():
        provider.legacy_until = None


def values(provider: ServiceProvider) -> dict[str, Any]:
    """Return the switches of a service provider as JSON values."""
    found = {switch.name: getattr(provider, switch.name) for switch in fields(Switches)}
    until = found["legacy_until"]
    return {**found, "legacy_until": None if until is None else until.isoformat()}


def judge_described(provider: ServiceProvider, described: SpDescription) -> None:
    """
    Judge whether the switches of *provider* go together, and with what was *described*.

    Raises:
        Invalid: they do not.
    """
    if not provider.sign_response and not provider.sign_assertion:
        raise Invalid(
            "Response and assertion cannot both go out unsigned.",
            field="sign_assertion",
            advice="Sign at least one of the two.",
        )
    encrypts = provider.encrypt_assertion or provider.encrypt_name_id
    # Whether an old algorithm has run out by now is no reason to refuse some other change.
    if encrypts and target(described.encryption_keys, frozenset(provider.legacy_algorithms)) is None:
        raise Invalid(
            "Nothing can be encrypted for this service provider.",
            field="encrypt_assertion" if provider.encrypt_assertion else "encrypt_name_id",
            advice="Its metadata must have an RSA certificate for encryption, and name AES-GCM and RSA-OAEP if any.",
        )
    if provider.require_signed_requests and not metadata.can_verify(described):
        raise Invalid(
            "Signed requests are required of this service provider, but its metadata has no certificate to check them.",
            field="require_signed_requests",
            advice="Ask for metadata with its signing certificate, or register it with --no-require-signed-requests.",
        )
    if provider.nameid_format and provider.nameid_format not in nameid.FORMATS:
        raise Invalid(
            phrase(
                "The NameID format “%(nameid_format)s” is not given here.", nameid_format=provider.nameid_format[:120]
            ),
            field="nameid_format",
            advice=phrase("Choose one of: %(value)s.", value=", ".join(nameid.FORMATS)),
        )
    _judge_name_id_source(provider)
    _judge_start_url(provider.start_url)
    _judge_relay_states(provider.relay_states)


def _judge_algorithm(work: Work, provider: ServiceProvider) -> None:
    name = provider.signature_algorithm
    if name in signing.LEGACY_METHODS and name not in provider.legacy_algorithms:
        raise Invalid(
            phrase("%(name)s is an old algorithm and is not allowed to this application.", name=name),
            field="signature_algorithm",
            advice=phrase(
                "Sign by %(standard)s; or allow it until a day: --legacy %(name)s --legacy-until DAY.",
                standard=signing.STANDARD,
                name=name,
            ),
        )
    if name not in signing.METHODS and name not in signing.LEGACY_METHODS:
        raise Invalid(
            phrase("“%(name)s” is no signature algorithm that is used here.", name=name[:80]),
            field="signature_algorithm",
            advice=phrase("Choose one of: %(value)s.", value=", ".join(signing.METHODS)),
        )
    if name in signing.METHODS and signing.METHODS[name].needs_curve:
        keys = keyring.published(work, provider.organization_id, provider.site_id, keyring.SAML_SIGNING)
        if not any(signing.is_on_curve(key) and key.state == keyring.ACTIVE for key in keys):
            raise Invalid(
                "The site has no EC key to sign with.",
                field="signature_algorithm",
                advice="Make one first, and let the application read our metadata: idp keys create SITE.",
            )


def _judge_key(work: Work, provider: ServiceProvider, *, named: bool) -> None:
    if not provider.signing_key_id:
        return
    keys = keyring.published(work, provider.organization_id, provider.site_id, keyring.SAML_SIGNING)
    on_curve = signing.by_curve(provider.signature_algorithm)
    if any(key.id == provider.signing_key_id and signing.is_on_curve(key) == on_curve for key in keys):
        return
    if named:
        raise Invalid(
            phrase(
                "The site has no key “%(signing_key_id)s” to sign with by %(signature_algorithm)s.",
                signing_key_id=provider.signing_key_id[:80],
                signature_algorithm=provider.signature_algorithm,
            ),
            field="signing_key_id",
            advice="See: idp keys list --site SITE.",
        )
    provider.signing_key_id = ""


def _judge_name_id_source(provider: ServiceProvider) -> None:
    if provider.name_id_source:
        try:
            expressions.parse(provider.name_id_source)
        except Invalid as error:
            raise Invalid(error.message, field="name_id_source", advice=error.advice) from error
    elif provider.nameid_format in made_names.NEED_A_SOURCE:
        raise Invalid(
            "It must be said what such a NameID is made of.",
            field="nameid_format",
            advice="Name an attribute, or write an expression: --name-id-source 'upper(department) + \"\\\\\" + login'",
        )


def _judge_start_url(start_url: str) -> None:
    """Every person who may open the application is led there by the launcher (X16)."""
    fault = addresses.fault(start_url, http_loopback=True) if start_url else None
    if fault is not None:
        raise Invalid(fault, field="start_url", advice="Give the address that people open the application at.")


def _judge_relay_states(relay_states: Sequence[str]) -> None:
    if len(relay_states) > _MOST_RELAY_STATES:
        raise Invalid(
            phrase(
                "At most %(most_relay_states)s values of RelayState are kept.", most_relay_states=_MOST_RELAY_STATES
            ),
            field="relay_states",
        )
    for value in relay_states:
        if not value or len(value.encode("utf-8")) > _LONGEST_RELAY_STATE or not value.isprintable():
            raise Invalid(
                phrase(
                    "A RelayState has 1 to %(longest_relay_state)s bytes and no control characters.",
                    longest_relay_state=_LONGEST_RELAY_STATE,
                ),
                field="relay_states",
            )
