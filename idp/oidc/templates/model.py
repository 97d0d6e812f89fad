"""
What a template of an OpenID Connect application is: everything that one vendor wants, as frozen values. No code, no secrets.

Texts may hold placeholders, see `idp.base.placeholders`: of fields, and in the snippet of our values, too (`OURS`).
"""

from dataclasses import dataclass
from enum import StrEnum

from idp.base.template_fields import Field, Value


class Give(StrEnum):
    """What of ours a vendor asks for; see `idp.oidc.vendor_values`."""

    CLIENT_ID = "client_id"
    CLIENT_SECRET = "client_secret"  # noqa: S105 (a kind of value; the page has a word in its place)
    ISSUER = "issuer"
    DISCOVERY = "discovery"
    AUTHORIZATION = "authorization"
    TOKEN = "token"  # noqa: S105 (an address)
    USERINFO = "userinfo"
    JWKS = "jwks"
    END_SESSION = "end_session"
    SCOPES = "scopes"


OURS = frozenset(one.value for one in Give)


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that the application reads: its name, and what for."""

    name: str
    says: str


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of the application's configuration: the ``file`` that it goes into, and its lines."""

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Template:
    """
    One application of one vendor, or one kind of application.

    Args:
        name: what it is called in addresses.
        title: what people read; the name of the application unless another is given.
        about: what it is for, in one sentence.
        documentation: the pages of the vendor that it was made by.
        needs: what must be there before.
        general: it is a kind of application, not a vendor's.
        application_type, method, grant_types, redirect_uris, post_logout_redirect_uris, scope: client metadata
            (RFC 7591); addresses with placeholders.
        backchannel_logout_uri, initiate_login_uri, client_uri: the same; empty: none.
        pkce: the application sends a code challenge; False excuses it.
        claims: what it reads.
        where: where at the vendor the settings are.
        values: what to enter there; steps: what else to do.
        snippet: the same as configuration, where the application has a file.
        uncertain: what was not found in the vendor's documentation.
    """

    name: str
    title: str
    about: str
    documentation: tuple[str, ...]
    needs: tuple[str, ...]
    general: bool
    fields: tuple[Field, ...]
    application_type: str
    method: str
    grant_types: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    backchannel_logout_uri: str
    initiate_login_uri: str
    client_uri: str
    scope: tuple[str, ...]
    pkce: bool
    claims: tuple[Claim, ...]
    where: str
    values: tuple[Value[Give], ...]
    snippet: Snippet | None
    steps: tuple[str, ...]
    notes: tuple[str, ...]
    uncertain: tuple[str, ...]
