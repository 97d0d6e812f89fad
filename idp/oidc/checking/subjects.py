"""What the checks look at: frozen values, gathered by `gathering` and `examination`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from idp.audit.findings import Finding
from idp.oidc import metadata


@dataclass(frozen=True, slots=True)
class OtherSite:
    """Another site of this installation that the administrator may see."""

    slug: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Here:
    """
    Our side: the site, whose name is empty where an attempt was refused before it was known.

    Args:
        organization: what the organization is called.
        pkce_for_public_clients_only: the site excuses confidential clients from PKCE.
        fetch_request_objects: it fetches request objects from addresses that clients registered.
        assertions_for_token_endpoint: it takes client assertions for its token endpoint, too.
        http_loopback: plain http is taken on loopback (for trials on one machine).
        grants_access: who may give access to applications of this organization.
    """

    site: str
    issuer: str
    site_name: str = ""
    organization: str = ""
    others: tuple[OtherSite, ...] = ()
    pkce_for_public_clients_only: bool = False
    fetch_request_objects: bool = False
    assertions_for_token_endpoint: bool = False
    http_loopback: bool = False
    grants_access: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbour:
    """
    Another application of the organization that shares something with this one.

    Args:
        shared: the redirect URI that both have.
        same_owner: both are the organization's own.
    """

    name: str
    application_id: str
    shared: str = ""
    same_owner: bool = False


@dataclass(frozen=True, slots=True)
class ScopeOfApi:
    """
    A scope of an API of the site, as far as this client is concerned.

    Args:
        token_seconds: how long a token for the API lives.
        for_client: the client may ask for it; for_people: somebody may do it, in words.
    """

    name: str
    api: str
    api_id: str
    token_seconds: int
    for_client: bool
    for_people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Registered:
    """
    A client as it is registered.

    Args:
        registration: its client metadata, as `metadata.read` made it.
        has_secret: a secret is kept of it, made at *secret_made*.
        open_to: who may open it, in words.
        used: an attempt of it succeeded within the last ninety days.
        apis: the scopes of the site's APIs that it is registered for.
        same_redirect_uris: other applications with one of its redirect URIs.
        same_name: other applications with a name that reads like its own.
    """

    application_id: str
    name: str
    client_id: str
    registration: Mapping[str, Any]
    created_at: datetime
    secret_made: datetime
    has_secret: bool = False
    disabled: bool = False
    first_party: bool = False
    pkce_required: bool = True
    self_registered: bool = False
    open_to: tuple[str, ...] = ("everyone",)
    used: bool = True
    apis: tuple[ScopeOfApi, ...] = ()
    same_redirect_uris: tuple[Neighbour, ...] = ()
    same_name: tuple[Neighbour, ...] = ()

    @property
    def method(self) -> str:
        """How it authenticates."""
        return str(self.registration["token_endpoint_auth_method"])

    @property
    def public(self) -> bool:
        """Whether it has no way to prove who it is."""
        return self.method == metadata.NONE

    @property
    def native(self) -> bool:
        """Whether it is a program on a person's machine."""
        return bool(self.registration["application_type"] == metadata.NATIVE)

    @property
    def signs_people_on(self) -> bool:
        """Whether people sign on to it by a browser."""
        return bool(self.registration["response_types"])

    @property
    def has_people(self) -> bool:
        """Whether it acts for people at all, by a browser or from a device."""
        return self.signs_people_on or metadata.DEVICE_CODE in self.grant_types

    @property
    def grant_types(self) -> tuple[str, ...]:
        return tuple(self.registration["grant_types"])

    @property
    def scopes(self) -> tuple[str, ...]:
        return metadata.scopes(self.registration["scope"])

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        return tuple(self.registration["redirect_uris"])

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of its web addresses, each once, in order."""
        return tuple(dict.fromkeys(host(uri) for uri in self.redirect_uris if uri.startswith(("https:", "http:"))))

    def text(self, name: str) -> str:
        """Return the member *name* of the registration as text, empty where it was not said."""
        return str(self.registration.get(name, ""))


@dataclass(frozen=True, slots=True)
class Registration:
    """What is registered, by itself."""

    registered: Registered
    here: Here
    now: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """A refusal: its code, its cause for the administrator, and what was kept beside it."""

    code: str
    cause: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the fact *name* as text, empty where it was not kept."""
        value = self.facts.get(name)
        return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    A refused step of a recorded attempt, beside what is registered now.

    Args:
        kind: of the attempt, for example ``oidc.token``.
        registered: the client, where the attempt is of one that the administrator may see.
        elsewhere: the other sites at which the client id is known; deleted: it was known here.
        almost: a client id of this site that is almost the one that was sent.
        context: what the sign-on was judged by.
        person: the e-mail address of the account, if one was known.
        allowed_now: the person may open the application now.
    """

    kind: str
    failed: Failed
    here: Here
    now: datetime
    registered: Registered | None = None
    elsewhere: tuple[str, ...] = ()
    deleted: bool = False
    almost: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    person: str = ""
    allowed_now: bool = False

    @property
    def app(self) -> str:
        """How a command names the application."""
        return self.registered.application_id if self.registered is not None else "APP"


Findings = Iterator[Finding]
RegistrationCheck = Callable[[Registration], Findings]
AttemptCheck = Callable[[Attempt], Findings]


def host(address: str) -> str:
    """Return the host of a registered address, empty where it names none."""
    return urlsplit(address).hostname or ""
