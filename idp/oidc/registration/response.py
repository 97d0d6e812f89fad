"""What a client is told of its registration (RFC 7591 section 3.2.1, RFC 7592 section 3): everything that is stored."""

from typing import Any

from idp.oidc import clients
from idp.oidc.models import Client
from idp.oidc.provider import Provider


def of(provider: Provider, client: Client, registration_token: str, secret: str | None) -> dict[str, Any]:
    """
    Return the client information response.

    The secret is in it only where it was just made: of a former one nothing is kept that could be shown (O13).

    Args:
        registration_token: the client's, as it was just made or as it was just presented.
    """
    shown = clients.represent(client, secret)
    if client.secret_hash:
        shown["client_secret_expires_at"] = 0
    return shown | {
        "registration_client_uri": f"{provider.issuer}/oauth2/register/{client.client_id}",
        "registration_access_token": registration_token,
    }
