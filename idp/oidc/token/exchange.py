"""What a grant type is given, and what it gives back."""

from dataclasses import dataclass
from typing import Any

from idp.audit.attempts import Trail
from idp.base.texts import phrase
from idp.base.values import quickly_made
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import InvalidRequest, OAuthError
from idp.oidc.parameters import Parameters
from idp.oidc.provider import Provider


@quickly_made
@dataclass(frozen=True, slots=True)
class Exchange:
    """
    One request at the token endpoint, of a client that has proven who it is and may use this grant type.

    ``key_thumbprint`` is of the key that it has proven to hold (RFC 9449), empty where it proved none;
    ``resources`` are the APIs that it names (RFC 8707 section 2).
    """

    provider: Provider
    client: ClientFacts
    parameters: Parameters
    trail: Trail
    key_thumbprint: str = ""

    @property
    def resources(self) -> tuple[str, ...]:
        return self.parameters.all("resource")

    def required(self, name: str) -> str:
        """
        Return the parameter *name*.

        Raises:
            InvalidRequest: it is missing.
        """
        value = self.parameters.get(name)
        if value is None:
            raise InvalidRequest(phrase("The %(name)s is missing.", name=name))
        return value


@quickly_made
@dataclass(frozen=True, slots=True)
class Issued:
    """Tokens: *body* is the response, *target_id* whom they speak of (an account, or the application itself)."""

    body: dict[str, Any]
    token_id: str
    scope: tuple[str, ...]
    target_id: str


@dataclass(frozen=True, slots=True)
class Denied:
    """
    No tokens; whatever was written on the way (a revocation) is to be kept.

    ``recorded`` is False where it is no refusal but "not yet", which a device is told again and again.
    """

    error: OAuthError
    recorded: bool = True
