"""What whoever runs an OpenID Connect application is to be given, under the names that they have for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from idp.base import placeholders
from idp.oidc import discovery
from idp.oidc.models import Client
from idp.oidc.provider import Provider
from idp.oidc.templates.model import Give, Template

SECRET = "CLIENT_SECRET"  # noqa: S105 (the word that stands for it: a secret is shown once, when it is made)

Ours = Mapping[Give, str]


@dataclass(frozen=True, slots=True)
class Page:
    """
    What to do at the vendor: ``where``, the ``values`` to set there (label and value), the ``steps`` beside them, and
    the same as a piece of configuration for ``file`` (empty: it has none). `SECRET` stands for the secret.
    """

    where: str
    values: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]
    file: str
    snippet: str


def ours(at: Provider, client: Client) -> dict[Give, str]:
    """Return our values for *client* of the provider *at*."""
    said = discovery.described(at, ())
    return {
        Give.CLIENT_ID: client.client_id,
        Give.CLIENT_SECRET: SECRET if client.secret_hash else "",
        Give.ISSUER: at.issuer,
        Give.DISCOVERY: f"{at.issuer}/.well-known/openid-configuration",
        Give.AUTHORIZATION: said["authorization_endpoint"],
        Give.TOKEN: said["token_endpoint"],
        Give.USERINFO: said["userinfo_endpoint"],
        Give.JWKS: said["jwks_uri"],
        Give.END_SESSION: said["end_session_endpoint"],
        Give.SCOPES: client.registration.get("scope", ""),
    }


def page(template: Template, of: Ours, values: Mapping[str, str]) -> Page:
    """Return what to do at the vendor of *template*; fields that *values* does not have stand in capitals."""
    known = {**{give.value: value for give, value in of.items()}, **values}
    entered = (
        (one.label, of[one.give] if one.give is not None else placeholders.shown(one.enter, values))
        for one in template.values
    )
    return Page(
        where=placeholders.shown(template.where, values),
        values=tuple((label, value) for label, value in entered if value),
        steps=tuple(placeholders.shown(text, values) for text in template.steps),
        file=template.snippet.file if template.snippet else "",
        snippet=placeholders.shown(template.snippet.text, known) if template.snippet else "",
    )
