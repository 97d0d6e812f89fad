"""Verbs on clients, the OAuth half of applications."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from sqlalchemy import delete, select, tuple_

from idp.audit.events import ClientChanged, ClientRegistered, ClientSecretRotated
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Invalid, NotFound
from idp.base.ids import fingerprint, new_id, new_token
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import applications, queries, search, sites
from idp.directory.models import Application
from idp.directory.rights import require_on
from idp.oidc import addresses, metadata, sectors, signing
from idp.oidc.client_facts import origins
from idp.oidc.metadata import NONE, SECRET_BASIC, SECRET_POST
from idp.oidc.models import Client, ClientOrigin
from idp.oidc.registration import changing
from idp.policy.permissions import Permission

PROTOCOL = "oidc"
SECRET = "cls"  # noqa: S105 (the kind of a secret, not a secret)
_WITH_SECRET = frozenset({SECRET_BASIC, SECRET_POST})


def create(
    work: Work,
    site_slug: str,
    asked: dict[str, Any],
    *,
    first_party: bool = False,
    everyone: bool = False,
    pkce_required: bool = True,
    sector_uris: Collection[str] | None = None,
    base_url: str = "",
    allow_http_loopback: bool = False,
    registration_token: str = "",
    made_from: Mapping[str, Any] | None = None,
) -> tuple[Application, Client, str | None]:
    """
    Register an application from client metadata (RFC 7591); return it, its client and the client's secret.

    The secret is shown this once: only its fingerprint is kept. A public client has none.

    Args:
        first_party: the organization's own, which needs no consent.
        everyone: everybody in the organization may open it at once.
        pkce_required: False excuses a confidential client from PKCE.
        sector_uris: what `sectors.listed` found at its ``sector_identifier_uri``.
        base_url: of this installation, for the address that the launcher starts the application at.
        allow_http_loopback: take plain http addresses on loopback (for trials on one machine).
        registration_token: of a client that registers itself, by which it will manage that (RFC 7592).
        made_from: the application template, and the values of its fields.

    Raises:
        NotFound: no such site that this actor may see.
        Forbidden: the actor may not register applications there.
        Invalid: something in the metadata cannot be registered.
    """
    site = queries.site(work, site_slug)
    registration = metadata.read(asked, allow_http_loopback=allow_http_loopback)
    signing.check(work, site.organization_id, site.id, registration)
    sector = sectors.of(registration, sector_uris)
    application = applications.create(
        work,
        site,
        protocol=PROTOCOL,
        name=registration["client_name"],
        launch_url=_launch_url(registration, sites.issuer(base_url, site.slug) if base_url else ""),
        first_party=first_party,
    )
    method = registration["token_endpoint_auth_method"]
    secret = new_token(SECRET) if method in _WITH_SECRET else None
    client = Client(
        organization_id=site.organization_id,
        application_id=application.id,
        site_id=site.id,
        client_id=new_id("cli"),
        secret_hash="" if secret is None else fingerprint(secret),
        secret_made_at=None if secret is None else work.now,
        registration=registration,
        pkce_required=pkce_required or method == NONE,
        sector=sector,
        self_registered=bool(registration_token),
        registration_token_hash=fingerprint(registration_token) if registration_token else "",
        made_from=dict(made_from or {}),
        created_at=work.now,
        updated_at=work.now,
    )
    work.tx.session.add(client)
    work.tx.session.flush()
    _write_origins(work, client)
    record(
        work,
        ClientRegistered(
            organization_id=site.organization_id,
            target_id=application.id,
            client_id=client.client_id,
            redirect_uris=tuple(registration["redirect_uris"]),
        ),
    )
    if everyone:
        applications.grant(work, application.id, everyone=True)
    work.tx.after_commit(work.tx.memory.forget)
    return application, client, secret


@dataclass(frozen=True, slots=True)
class Edited:
    """
    What `edit` did: the application and its client as they are now, the secret where one was made, and what changed
    as it was and as it is.

    ``taken_over`` says that the client had registered itself, and no longer manages its own registration.
    """

    application: Application
    client: Client
    secret: str | None
    before: dict[str, str]
    after: dict[str, str]
    taken_over: bool


def edit(
    work: Work,
    application_id: str,
    changes: Mapping[str, Any],
    *,
    if_version: int | None = None,
    pkce_required: bool | None = None,
    first_party: bool | None = None,
    sector_uris: Collection[str] | None = None,
    base_url: str = "",
    allow_http_loopback: bool = False,
) -> Edited:
    """
    Change the registration of a client; what *changes* do not name stays, and None takes one away.

    The whole registration is checked as if it were made now (O19). Another authentication method makes
    a secret, shown this once, or ends the one there is. A client that registered itself is the
    administrators' from then on: a change of its own could otherwise undo theirs.

    Args:
        changes: client metadata by name (RFC 7591).
        if_version: only if this is still the client's version.
        pkce_required: False excuses a confidential client from PKCE.
        first_party: the organization's own, which needs no consent.
        sector_uris: what `sectors.listed` found at the ``sector_identifier_uri`` that it will have.
        base_url: of this installation, for the address that the launcher starts the application at.
        allow_http_loopback: take plain http addresses on loopback (for trials on one machine).

    Raises:
        NotFound: no such application that this actor may see, or one of another protocol.
        Forbidden: the actor may not edit applications there.
        Invalid: what it would be cannot be registered.
        ChangedMeanwhile: somebody else has changed it in the meantime.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    client = of_application(work, application)
    check_version(client, if_version)
    own = {"client_id": client.client_id, "client_id_issued_at": int(client.created_at.timestamp())}
    wanted = {name: value for name, value in changes.items() if name not in own or value != own[name]}
    registration = metadata.read(changing.merged(client.registration, wanted), allow_http_loopback=allow_http_loopback)
    before = _beside(application, client)
    _settle_sector(work, client, registration, sector_uris)
    if pkce_required is not None or registration["token_endpoint_auth_method"] == NONE:
        client.pkce_required = bool(pkce_required) or registration["token_endpoint_auth_method"] == NONE
    if first_party is not None:
        application.first_party = first_party
    taken_over = client.self_registered and (
        registration != client.registration or _beside(application, client) != before
    )
    if taken_over:
        client.self_registered, client.registration_token_hash = False, ""
    return _replaced(work, application, client, registration, before, taken_over, base_url)


def rename(
    work: Work,
    application_id: str,
    name: str,
    *,
    if_version: int | None = None,
    base_url: str = "",
    allow_http_loopback: bool = False,
) -> Edited:
    """
    Change what people call a client.

    Args:
        if_version: the version of the client that the change was made for.
        base_url, allow_http_loopback: as for `edit`.

    Raises:
        NotFound, Forbidden, Invalid, ChangedMeanwhile: as for `edit`.
    """
    client = of_application(work, queries.application(work, application_id))
    return edit(
        work,
        application_id,
        {"client_name": name},
        if_version=if_version,
        sector_uris=client.registration["redirect_uris"],  # they were found there when they were registered
        base_url=base_url,
        allow_http_loopback=allow_http_loopback,
    )


def replace(
    work: Work,
    application_id: str,
    registration: dict[str, Any],
    *,
    sector_uris: Collection[str] | None = None,
    base_url: str = "",
) -> Edited:
    """
    Let *registration*, which was checked, be everything that is registered of a client (RFC 7592 section 2.2).

    Args:
        sector_uris, base_url: as for `edit`.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit it.
        Invalid: its site has no key for an algorithm that it chooses, or it is not of the sector that it names.
        Conflict: somebody else has changed it in the meantime.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    client = of_application(work, application)
    before = _beside(application, client)
    _settle_sector(work, client, registration, sector_uris)
    client.pkce_required = client.pkce_required or registration["token_endpoint_auth_method"] == NONE
    return _replaced(work, application, client, registration, before, False, base_url)


def _replaced(
    work: Work,
    application: Application,
    client: Client,
    registration: dict[str, Any],
    before: dict[str, str],
    taken_over: bool,
    base_url: str,
) -> Edited:
    was, now = changing.difference(client.registration, registration)
    secret = _settle_secret(work, client, registration)
    application.name = registration["client_name"]
    if base_url:
        site = queries.site_of(work, application)
        application.launch_url = _launch_url(registration, sites.issuer(base_url, site.slug))
    if was or now:
        client.registration = registration
    after = _beside(application, client)
    changed = [name for name in after if before[name] != after[name]]
    was |= {name: before[name] for name in changed}
    now |= {name: after[name] for name in changed}
    if now:
        client.updated_at = work.now
        work.tx.session.flush()
        search.put(work, application)
        _write_origins(work, client)
        record(
            work,
            ClientChanged(
                organization_id=client.organization_id,
                target_id=client.application_id,
                client_id=client.client_id,
                before=was,
                after=now,
            ),
        )
        work.tx.after_commit(work.tx.memory.forget)
    return Edited(application, client, secret, was, now, taken_over)


def rotate_secret(work: Work, application_id: str, *, if_version: int | None = None) -> tuple[Application, Client, str]:
    """
    Give a client a new secret; return application, client and the secret, which is shown this once.

    The former one ends at once: a secret is changed because somebody else may know it. A client that must not
    pause meanwhile registers a key of its own in the place of a secret (``private_key_jwt``), and there two.

    Raises:
        NotFound: no such application that this actor may see, or one of another protocol.
        Forbidden: the actor may not edit applications there.
        Invalid: the client has no secret.
        ChangedMeanwhile: somebody else has changed it in the meantime.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    client = of_application(work, application)
    check_version(client, if_version)
    method = client.registration["token_endpoint_auth_method"]
    if method not in _WITH_SECRET:
        raise Invalid(
            phrase(
                "“%(name)s” has no secret: it is registered for the authentication method “%(method)s”.",
                name=application.name,
                method=method,
            ),
            field="token_endpoint_auth_method",
        )
    secret = new_token(SECRET)
    client.secret_hash, client.secret_made_at, client.updated_at = fingerprint(secret), work.now, work.now
    work.tx.session.flush()
    record(
        work,
        ClientSecretRotated(
            organization_id=client.organization_id, target_id=client.application_id, client_id=client.client_id
        ),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return application, client, secret


def check_version(client: Client, if_version: int | None) -> None:
    """
    Refuse a change that was made for another version of *client*; None: for any.

    Raises:
        ChangedMeanwhile: somebody else has changed it.
    """
    if if_version is not None and if_version != client.version:
        raise ChangedMeanwhile(client.application_id)


def _beside(application: Application, client: Client) -> dict[str, str]:
    """What belongs to a client and is no client metadata, in words."""
    return {
        "pkce_required": "yes" if client.pkce_required else "no",
        "first_party": "yes" if application.first_party else "no",
        "has_secret": "yes" if client.secret_hash else "no",
        "self_registered": "yes" if client.self_registered else "no",
        "sector": client.sector,
        "launch_url": application.launch_url,
    }


def _settle_sector(
    work: Work, client: Client, registration: dict[str, Any], sector_uris: Collection[str] | None
) -> None:
    """What is checked against the site and the sector's list at every change, as at the creation."""
    signing.check(work, client.organization_id, client.site_id, registration)
    client.sector = sectors.of(registration, sector_uris)


def _settle_secret(work: Work, client: Client, registration: dict[str, Any]) -> str | None:
    """A method with a secret has one, any other has none (O12). Return the secret where one was made."""
    if registration["token_endpoint_auth_method"] not in _WITH_SECRET:
        client.secret_hash = ""
        return None
    if client.secret_hash:
        return None
    secret = new_token(SECRET)
    client.secret_hash, client.secret_made_at = fingerprint(secret), work.now
    return secret


def find_application(work: Work, client_id: str) -> Application | None:
    """Return the application with that client id, None where this actor may see none."""
    client = work.tx.session.scalar(select(Client).where(Client.client_id == client_id))
    if client is None:
        return None
    try:
        return queries.application(work, client.application_id)
    except NotFound:
        return None


def client_ids(work: Work, organization_ids: Collection[str]) -> dict[str, str]:
    """Return the client ids of the applications of organizations that the actor may see, by application."""
    seen = queries.visible(work, Application, Permission.APPLICATION_READ).with_only_columns(
        Application.organization_id, Application.id
    )
    held = select(Client.application_id, Client.client_id).where(
        Client.organization_id.in_(organization_ids), tuple_(Client.organization_id, Client.application_id).in_(seen)
    )
    return {row.application_id: row.client_id for row in work.tx.session.execute(held)}


def client_ids_of(work: Work, of: Collection[Application]) -> dict[str, str]:
    """Return the client ids of those of the applications *of*, which the actor has been given, that are clients."""
    keys = [(one.organization_id, one.id) for one in of]
    query = select(Client.application_id, Client.client_id).where(
        queries.among(Client.organization_id, Client.application_id, keys)
    )
    return {row.application_id: row.client_id for row in work.tx.session.execute(query)}


def of_application(work: Work, application: Application) -> Client:
    """
    Return the client of an application that the actor has been given.

    Raises:
        NotFound: the application is of another protocol.
    """
    client = work.tx.session.get(Client, (application.organization_id, application.id))
    if client is None:
        raise NotFound(
            phrase("“%(name)s” is no OpenID Connect application.", name=application.name), field="application"
        )
    return client


def represent(client: Client, secret: str | None = None) -> dict[str, Any]:
    """Return a client as RFC 7591 section 3.2.1 has it; the *secret* only when it was just made."""
    shown: dict[str, Any] = {
        "client_id": client.client_id,
        "client_id_issued_at": int(client.created_at.timestamp()),
    }
    if secret is not None:
        shown |= {"client_secret": secret, "client_secret_expires_at": 0}
    return shown | client.registration


def _write_origins(work: Work, client: Client) -> None:
    """Let the origins of *client* be those of its registration."""
    own = (ClientOrigin.organization_id == client.organization_id, ClientOrigin.application_id == client.application_id)
    work.tx.session.execute(delete(ClientOrigin).where(*own))
    for origin in origins(client.registration):
        work.tx.session.add(
            ClientOrigin(
                organization_id=client.organization_id,
                application_id=client.application_id,
                origin=origin[:255],
                site_id=client.site_id,
            )
        )
    work.tx.session.flush()


def _launch_url(registration: dict[str, Any], issuer: str) -> str:
    """
    Where the launcher starts the application: its own start page, else its home.

    A start page learns who asks (OpenID Connect Core section 4). It gets no ``login_hint``, because who the person
    is it learns by signing on, and no ``target_link_uri``, because only the application knows its pages.
    """
    start = registration.get("initiate_login_uri", "")
    if start and issuer:
        joint = "?" if "?" not in start else "" if start.endswith(("?", "&")) else "&"
        return f"{start}{joint}iss={quote(issuer, safe='')}"
    if registration.get("client_uri"):
        return str(registration["client_uri"])
    web = [uri for uri in registration["redirect_uris"] if urlsplit(uri).scheme in ("https", "http")]
    if not web or registration["application_type"] == metadata.NATIVE:
        return ""
    return addresses.origin(web[0]) + "/"
