"""Audit events of OpenID Connect clients, their tokens and consents."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistered(Event):
    tag = "client.registered"
    sentence = "registered the OpenID Connect client {client_id}"
    client_id: str
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChanged(Event):
    """The registration of a client was changed; only what did is named, as it was and as it is."""

    tag = "client.changed"
    sentence = "changed the OpenID Connect client {client_id} from {before} to {after}"
    client_id: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecretRotated(Event):
    tag = "client.secret-rotated"
    sentence = "gave the OpenID Connect client {client_id} a new secret"
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFixApplied(Event):
    """A fix that the check of clients offered was applied; what it changed is an event of its own."""

    tag = "client.fix-applied"
    sentence = "applied the check's fix for {kind}: {does}. Risk: {risk}"
    kind: str
    does: str
    risk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationTokenCreated(Event):
    """An initial access token was made, with which clients may register themselves at a site."""

    tag = "registration-token.created"
    sentence = "made a token for client registration ({name}; uses: {uses}; until {expires_at})"
    site_id: str
    name: str
    uses: str
    expires_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationTokenRevoked(Event):
    tag = "registration-token.revoked"
    sentence = "revoked a token for client registration ({name})"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven(Event):
    tag = "consent.given"
    sentence = "agreed that an application receives {asks}"
    application_id: str
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn(Event):
    tag = "consent.withdrawn"
    sentence = "took back a consent"
    application_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAllowed(Event):
    """A person let a device in (target: the account)."""

    tag = "device.allowed"
    sentence = "let a device of {client_id} in, which asked from {device_ip} ({device_agent})"
    attempt_id: str
    application_id: str
    client_id: str
    device_ip: str
    device_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceDenied(Event):
    """A person kept a device out, or was refused its application (target: the account, or the application)."""

    tag = "device.denied"
    sentence = "kept a device of {client_id} out, which asked from {device_ip} ({device_agent}): {cause}"
    attempt_id: str
    application_id: str
    client_id: str
    device_ip: str
    device_agent: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued(Event):
    """Tokens were issued (target: the account, or the client for itself)."""

    tag = "token.issued"
    sentence = "received tokens as {client_id} ({grant_type})"
    attempt_id: str
    client_id: str
    grant_type: str
    scope: str
    token_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Event):
    tag = "token.revoked"
    sentence = "revoked tokens of {client_id} ({cause})"
    client_id: str
    grant_id: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRefused(Event):
    tag = "token.refused"
    sentence = "was refused tokens ({code})"
    attempt_id: str
    code: str
