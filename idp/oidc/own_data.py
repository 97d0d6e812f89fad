"""What OpenID Connect holds of a person, for that person: as whom clients know them, what they allowed, and the API tokens that they made. No token itself."""

from idp.directory.own_data import Portion
from idp.oidc.models import ApiToken, Grant, OidcSubject

PORTIONS = (
    Portion("known_to_clients_as", OidcSubject, ("sector", "subject", "created_at")),
    Portion(
        "allowed_to_clients",
        Grant,
        (
            *("application_id", "scope", "offline", "authenticated_at"),
            *("created_at", "expires_at", "revoked_at", "revoked_because"),
        ),
        when="created_at",
    ),
    Portion(
        "api_tokens",
        ApiToken,
        (
            *("id", "label", "api_id", "scope", "ending", "created_at", "expires_at", "last_used_at"),
            *("revoked_at", "revoked_because"),
        ),
        when="created_at",
    ),
)
