"""What hot roads need to know of a client, as a process may remember it for a second."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import orjson
from sqlalchemy import and_, bindparam, select

from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory.models import Application
from idp.oidc import addresses, jose, metadata
from idp.oidc.jose import KnownKey
from idp.oidc.metadata import NONE
from idp.oidc.models import Client, ClientOrigin

_LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """
    A client and its application, as a process may remember them for a second.

    ``enabled`` is False while its application is disabled; a deleted one is not found at all.
    ``sector`` is that of pairwise subjects, empty for public ones. ``id_token_encryption`` and
    ``userinfo_encryption`` are algorithm and method, None where nothing is encrypted.
    """

    organization_id: str
    site_id: str
    application_id: str
    name: str
    launch_url: str
    policy_uri: str
    tos_uri: str
    logo_uri: str
    first_party: bool
    self_registered: bool
    enabled: bool
    client_id: str
    secret_hash: str
    method: str
    native: bool
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    backchannel_logout_uri: str
    frontchannel_logout_uri: str
    frontchannel_session_required: bool
    sector: str
    grant_types: frozenset[str]
    response_types: frozenset[str]
    scopes: tuple[str, ...]
    pkce_required: bool
    id_token_algorithm: str
    access_token_algorithm: str
    userinfo_algorithm: str | None
    id_token_encryption: tuple[str, str] | None
    userinfo_encryption: tuple[str, str] | None
    dpop_bound: bool
    assertion_algorithm: str | None
    request_object_algorithm: str | None
    signed_request_object_required: bool
    pushed_request_required: bool
    request_uris: tuple[str, ...]
    keys: tuple[KnownKey, ...]
    keys_at: str
    default_max_age: timedelta | None
    default_acr_values: tuple[str, ...]
    origins: tuple[str, ...]

    @property
    def public(self) -> bool:
        """Whether it has no way to prove who it is."""
        return self.method == NONE


_FIND = Prepared(
    select(
        Client.organization_id,
        Client.site_id,
        Client.application_id,
        Application.name,
        Application.launch_url,
        Application.first_party,
        Application.disabled_at,
        Client.client_id,
        Client.secret_hash,
        Client.registration,
        Client.pkce_required,
        Client.sector,
        Client.self_registered,
    )
    .join(
        Application,
        and_(Application.organization_id == Client.organization_id, Application.id == Client.application_id),
    )
    .where(Client.client_id == bindparam("client_id"), Application.deleted_at.is_(None))
)
_ORIGIN = Prepared(
    select(ClientOrigin.origin)
    .join(
        Application,
        and_(
            Application.organization_id == ClientOrigin.organization_id, Application.id == ClientOrigin.application_id
        ),
    )
    .where(
        ClientOrigin.organization_id == bindparam("organization_id"),
        ClientOrigin.site_id == bindparam("site_id"),
        ClientOrigin.origin == bindparam("origin"),
        Application.deleted_at.is_(None),
        Application.disabled_at.is_(None),
    )
    .limit(1)
)


def of_id(work: Work, client_id: str) -> ClientFacts | None:
    """Return the client of that id as it was within the last second, or None."""

    def read() -> ClientFacts | None:
        row = work.tx.row(_FIND, client_id=client_id)
        return None if row is None else _facts(row)

    if not (client_id.isascii() and client_id.isprintable() and 0 < len(client_id) <= _LONGEST_ID):
        return None  # nor may a NUL reach a statement; the subject of an assertion is JSON and can hold one
    return work.tx.memory.recall(("client", client_id), read)


def at_site(work: Work, organization_id: str, site_id: str, client_id: str) -> ClientFacts | None:
    """Return the client of that id if it is one of this site; another site's is as unknown as none (O8)."""
    found = of_id(work, client_id)
    return found if found is not None and (found.organization_id, found.site_id) == (organization_id, site_id) else None


def knows_origin(work: Work, organization_id: str, site_id: str, origin: str) -> bool:
    """Say whether a public client of the site runs at *origin*, so that its scripts may call us."""

    def read() -> bool:
        return work.tx.row(_ORIGIN, organization_id=organization_id, site_id=site_id, origin=origin) is not None

    return len(origin) <= 255 and origin.isprintable() and work.tx.memory.recall(("origin", site_id, origin), read)


def _facts(row: Any) -> ClientFacts:
    registration = row.registration
    age = registration.get("default_max_age")
    return ClientFacts(
        organization_id=row.organization_id,
        site_id=row.site_id,
        application_id=row.application_id,
        name=row.name,
        launch_url=row.launch_url,
        policy_uri=registration.get("policy_uri", ""),
        tos_uri=registration.get("tos_uri", ""),
        logo_uri=registration.get("logo_uri", ""),
        first_party=row.first_party,
        self_registered=row.self_registered,
        enabled=row.disabled_at is None,
        client_id=row.client_id,
        secret_hash=row.secret_hash,
        method=registration["token_endpoint_auth_method"],
        native=registration["application_type"] == metadata.NATIVE,
        redirect_uris=tuple(registration["redirect_uris"]),
        post_logout_redirect_uris=tuple(registration["post_logout_redirect_uris"]),
        backchannel_logout_uri=registration.get("backchannel_logout_uri", ""),
        frontchannel_logout_uri=registration.get("frontchannel_logout_uri", ""),
        frontchannel_session_required=registration.get("frontchannel_logout_session_required", False),
        sector=row.sector,
        grant_types=frozenset(registration["grant_types"]),
        response_types=frozenset(registration["response_types"]),
        scopes=metadata.scopes(registration["scope"]),
        pkce_required=row.pkce_required,
        id_token_algorithm=registration["id_token_signed_response_alg"],
        access_token_algorithm=registration["access_token_signed_response_alg"],
        userinfo_algorithm=registration.get("userinfo_signed_response_alg"),
        id_token_encryption=_encryption(registration, "id_token"),
        userinfo_encryption=_encryption(registration, "userinfo"),
        dpop_bound=registration.get("dpop_bound_access_tokens", False),
        assertion_algorithm=registration.get("token_endpoint_auth_signing_alg"),
        request_object_algorithm=registration.get("request_object_signing_alg"),
        signed_request_object_required=registration.get("require_signed_request_object", False),
        pushed_request_required=registration.get("require_pushed_authorization_requests", False),
        request_uris=tuple(registration.get("request_uris", ())),
        keys=_keys(orjson.dumps(registration["jwks"])) if "jwks" in registration else (),
        keys_at=registration.get("jwks_uri", ""),
        default_max_age=None if age is None else timedelta(seconds=age),
        default_acr_values=tuple(registration.get("default_acr_values", ())),
        origins=origins(registration),
    )


def _encryption(registration: dict[str, Any], what: str) -> tuple[str, str] | None:
    algorithm = registration.get(f"{what}_encrypted_response_alg")
    return None if algorithm is None else (algorithm, registration[f"{what}_encrypted_response_enc"])


@lru_cache(maxsize=1024)
def _keys(jwks: bytes) -> tuple[KnownKey, ...]:
    return jose.client_keys(orjson.loads(jwks))


def origins(registration: dict[str, Any]) -> tuple[str, ...]:
    """Return the origins that a client's scripts may call us from. Only scripts of public clients call us from a browser; a secret has no business there."""
    if registration["token_endpoint_auth_method"] != NONE:
        return ()
    web = (uri for uri in registration["redirect_uris"] if urlsplit(uri).scheme in ("https", "http"))
    return tuple(dict.fromkeys(addresses.origin(uri) for uri in web))
