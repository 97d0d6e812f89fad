"""
What we say about ourselves: the provider's metadata (OpenID Connect Discovery 1.0 section 3, RFC 8414)
and its public keys. It says exactly what is true; a test compares it with the behaviour.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from idp.base.work import Work
from idp.directory.sites import OFF
from idp.keyring import keyring
from idp.keyring.keyring import TOKEN_SIGNING, Key
from idp.oidc import claims, contexts, jose, metadata, proof_keys, signing
from idp.oidc.authorize import pkce, prompt, response_mode
from idp.oidc.metadata import NONE
from idp.oidc.provider import Provider


@dataclass(frozen=True, slots=True)
class Document:
    """JSON that anybody may read and keep for *max_age* seconds."""

    body: bytes
    etag: str
    max_age: int


def metadata_document(work: Work, provider: Provider) -> Document:
    """Return the metadata of the provider; the same for both specifications."""
    return _metadata(provider, signing.algorithms(work, provider.organization_id, provider.site_id))


def keys_document(work: Work, provider: Provider) -> Document:
    """Return the public keys that a client may meet now or soon (RFC 7517 section 5)."""
    return _keys(keyring.published(work, provider.organization_id, provider.site_id, TOKEN_SIGNING))


def described(provider: Provider, algorithms: tuple[str, ...]) -> dict[str, Any]:
    """Return the metadata of *provider*, by the switches of its site; it signs with *algorithms*."""
    issuer = provider.issuer
    endpoint = f"{issuer}/oauth2"
    confidential = [method for method in metadata.AUTHENTICATION_METHODS if method != NONE]
    said: dict[str, Any] = {
        "issuer": issuer,
        "authorization_endpoint": f"{endpoint}/authorize",
        "token_endpoint": f"{endpoint}/token",
        "userinfo_endpoint": f"{endpoint}/userinfo",
        "jwks_uri": f"{endpoint}/jwks",
        "revocation_endpoint": f"{endpoint}/revoke",
        "introspection_endpoint": f"{endpoint}/introspect",
        "device_authorization_endpoint": f"{endpoint}/device_authorization",
        "pushed_authorization_request_endpoint": f"{endpoint}/par",
        "end_session_endpoint": f"{endpoint}/logout",
        "check_session_iframe": f"{endpoint}/session",
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "scopes_supported": list(claims.SCOPES),
        "claims_supported": ["sub", "auth_time", "acr", "amr", "sid", *claims.CLAIMS],
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": True,
        "response_types_supported": list(metadata.RESPONSE_TYPES),
        "response_modes_supported": list(response_mode.MODES),
        "grant_types_supported": list(metadata.GRANT_TYPES),
        "prompt_values_supported": list(prompt.PROMPTS),
        "acr_values_supported": list(contexts.STRENGTHS),
        "subject_types_supported": list(metadata.SUBJECT_TYPES),
        "id_token_signing_alg_values_supported": list(algorithms),
        "id_token_encryption_alg_values_supported": list(metadata.ENCRYPTION_ALGORITHMS),
        "id_token_encryption_enc_values_supported": list(metadata.ENCRYPTION_METHODS),
        "userinfo_signing_alg_values_supported": list(algorithms),
        "userinfo_encryption_alg_values_supported": list(metadata.ENCRYPTION_ALGORITHMS),
        "userinfo_encryption_enc_values_supported": list(metadata.ENCRYPTION_METHODS),
        "token_endpoint_auth_methods_supported": list(metadata.AUTHENTICATION_METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(jose.CLIENT_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": list(metadata.AUTHENTICATION_METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": list(jose.CLIENT_ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": list(jose.CLIENT_ALGORITHMS),
        "code_challenge_methods_supported": [pkce.S256],
        "dpop_signing_alg_values_supported": list(proof_keys.ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": provider.site.fetch_request_objects,
        "require_request_uri_registration": True,
        "request_object_signing_alg_values_supported": [metadata.UNSIGNED, *jose.CLIENT_ALGORITHMS],
        "require_signed_request_object": False,
        "require_pushed_authorization_requests": False,
    }
    if provider.site.client_registration != OFF:
        said["registration_endpoint"] = f"{endpoint}/register"
    return said


@lru_cache(maxsize=1024)
def _metadata(provider: Provider, algorithms: tuple[str, ...]) -> Document:
    return _document(described(provider, algorithms), max_age=3600)


@lru_cache(maxsize=1024)
def _keys(keys: tuple[Key, ...]) -> Document:
    return _document(jose.public_set(keys), max_age=600)


def _document(said: dict[str, Any], *, max_age: int) -> Document:
    body = orjson.dumps(said)
    return Document(body, hashlib.sha256(body).hexdigest()[:32], max_age)
