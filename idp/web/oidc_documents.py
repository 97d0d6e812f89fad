"""What anybody may read of a site as an OpenID Provider: its metadata and its public keys."""

from flask import Blueprint, Response, request

from idp.oidc import discovery
from idp.oidc.discovery import Document
from idp.web.context import open_work
from idp.web.oidc_io import BELOW, let_scripts_read, provider_at
from idp.web.security import protocol

pages = Blueprint("oidc_documents", __name__)

OF_SITE = {
    ".well-known/openid-configuration": discovery.metadata_document,
    "oauth2/jwks": discovery.keys_document,
}
"""What stands at which address below a site, for `kept_documents`."""


@pages.get(f"{BELOW}/.well-known/openid-configuration")
@protocol
def discovery_(slug: str) -> Response:
    """Discovery (OpenID Connect Discovery 1.0 section 4)."""
    with open_work(person=False) as work:
        return _document(discovery.metadata_document(work, provider_at(work, slug)))


@pages.get("/.well-known/oauth-authorization-server/sites/<slug>")
@protocol
def rfc8414(slug: str) -> Response:
    """The same, at the address that RFC 8414 section 3.1 makes of the issuer."""
    with open_work(person=False) as work:
        return _document(discovery.metadata_document(work, provider_at(work, slug)))


@pages.get(f"{BELOW}/oauth2/jwks")
@protocol
def jwks(slug: str) -> Response:
    """The public keys (RFC 7517)."""
    with open_work(person=False) as work:
        return _document(discovery.keys_document(work, provider_at(work, slug)))


def _document(found: Document) -> Response:
    headers = {"ETag": f'"{found.etag}"', "Cache-Control": f"public, max-age={found.max_age}"}
    if request.if_none_match.contains_weak(found.etag):
        return Response(status=304, headers=headers)
    return Response(found.body, headers=headers, mimetype="application/json")


pages.after_request(let_scripts_read)
