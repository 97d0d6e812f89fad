"""
A client reads, replaces and deletes its own registration (RFC 7592), by its registration access token.

The token stays the same for the life of the registration: a new one at every change would lock a client out
that did not get the answer (section 2.2 leaves the choice). It ends with the client, and when an administrator
edits the client.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, select, update

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base.crypto import equal
from idp.base.ids import fingerprint, is_token
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.texts import phrase
from idp.base.work import Actor, HeldRole, Work
from idp.directory import applications, queries
from idp.oidc import client_facts, clients
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import InvalidClientMetadata, InvalidToken, RegistrationDenied
from idp.oidc.models import Client, Grant
from idp.oidc.provider import Provider
from idp.oidc.registration import bearer, document, response, restrictions, sector
from idp.oidc.registration.register import REGISTRATION_TOKEN, check_offered, count
from idp.oidc.registration.sector import SectorWanted
from idp.policy.permissions import CLIENT_ITSELF
from idp.settings import Settings

KIND = "oidc.registration.management"
_MADE_HERE = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)
_NO_TOKEN = fingerprint("")
_TOKEN = Prepared(
    select(Client.registration_token_hash).where(
        Client.organization_id == bindparam("organization_id"), Client.application_id == bindparam("application_id")
    )
)
_GRANTS = table(Grant)
_END_GRANTS = Prepared(
    update(_GRANTS)
    .where(
        _GRANTS.c.organization_id == bindparam("of_organization"),
        _GRANTS.c.application_id == bindparam("of_application"),
        _GRANTS.c.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("at", type_=_GRANTS.c.revoked_at.type), revoked_because=bindparam("because"))
)


def read(work: Work, provider: Provider, client_id: str, authorization: str | None, trail: Trail) -> dict[str, Any]:
    """
    Return everything that is registered of the client (section 2.1).

    Raises:
        NotFound: clients do not register themselves at this site.
        InvalidToken: there is no such client, or the token is not its own.
        RegistrationDenied: an administrator has disabled it.
    """
    facts, token = _proven(work, provider, client_id, authorization, trail)
    return response.of(provider, _client(_as_itself(work, facts), facts), token, None)


def change(
    work: Work,
    provider: Provider,
    client_id: str,
    body: bytes,
    authorization: str | None,
    settings: Settings,
    trail: Trail,
    sector_uris: Collection[str] | None = None,
) -> dict[str, Any] | SectorWanted:
    """
    Let *body* be everything that is registered of the client (section 2.2); what it leaves out gets its default.

    It is checked as if the client registered itself now, by what its site allows now (O19). Where its sector's list
    must be read first nothing was changed.

    Args:
        sector_uris: that list, where it was read.

    Raises:
        NotFound, InvalidToken, RegistrationDenied: as for `read`.
        TooManyRegistrations: this network has made us read too many lists.
        OAuthError: what is asked for cannot be registered.
    """
    facts, token = _proven(work, provider, client_id, authorization, trail)
    asked = document.read(body)
    _check_names_itself(facts, asked)
    asked = {name: value for name, value in asked.items() if name not in ("client_id", "client_secret")}
    loopback = settings.development.allow_http_loopback_applications
    registration = restrictions.read(provider.site, asked, allow_http_loopback=loopback)
    wanted = sector.wanted(registration, sector_uris)
    if wanted is not None:
        count(work, settings)  # where anybody may register anybody has such a token, and could make us call for ever
        return wanted
    edited = restrictions.in_their_words(
        clients.replace,
        _as_itself(work, facts),
        facts.application_id,
        registration,
        sector_uris=sector_uris,
        base_url=settings.base_url,
    )
    trail.passed("registration", changed=", ".join(edited.after))
    trail.succeeded()
    attempts.save(work, trail)
    return response.of(provider, edited.client, token, edited.secret)


def delete(work: Work, provider: Provider, client_id: str, authorization: str | None, trail: Trail) -> None:
    """
    Remove the client for good, and with it at once everything that people allowed it (section 2.3).

    Raises:
        NotFound, InvalidToken, RegistrationDenied: as for `read`.
    """
    facts, _ = _proven(work, provider, client_id, authorization, trail)
    work = _as_itself(work, facts)
    client = _client(work, facts)
    client.registration_token_hash = client.secret_hash = ""
    applications.delete(work, facts.application_id)
    work.tx.run(
        _END_GRANTS,
        of_organization=facts.organization_id,
        of_application=facts.application_id,
        at=work.now,
        because=str(phrase("the client deleted its registration")),
    )
    trail.passed("deleted")
    trail.succeeded()
    attempts.save(work, trail)


def _proven(
    work: Work, provider: Provider, client_id: str, authorization: str | None, trail: Trail
) -> tuple[ClientFacts, str]:
    """
    Return the client of that id and its registration access token. Nobody learns which client there is (section 2.1):
    one that is unknown, deleted, or registered by an administrator, is answered like a wrong token.
    """
    check_offered(provider)
    token = bearer.presented(authorization) or ""
    client = client_facts.at_site(work, provider.organization_id, provider.site_id, client_id)
    row = None
    if client is not None:
        row = work.tx.row(_TOKEN, organization_id=client.organization_id, application_id=client.application_id)
    stored = row.registration_token_hash if row is not None else ""
    right = equal(fingerprint(token), stored or _NO_TOKEN)
    if client is None or not stored or not right or not is_token(token, REGISTRATION_TOKEN):
        raise InvalidToken(
            cause=phrase("no registration access token of %(client_id)s at this site", client_id=repr(client_id[:80]))
        )
    trail.application_id = client.application_id
    trail.passed("client", client_id=client.client_id)
    if not client.enabled:
        raise RegistrationDenied(
            "The client was switched off by an administrator.", cause="the application is disabled"
        )
    return client, token


def _check_names_itself(client: ClientFacts, asked: dict[str, Any]) -> None:
    """Section 2.2: its client_id, its very secret where it sends one, and nothing of what is made here."""
    for name in _MADE_HERE:
        if name in asked:
            raise InvalidClientMetadata(phrase("%(name)s: it is made here. Leave it out.", name=name))
    if asked.get("client_id") != client.client_id:
        raise InvalidClientMetadata("client_id: it must be there, and be that of the client.")
    secret = asked.get("client_secret")
    if secret is None:
        return
    right = isinstance(secret, str) and equal(fingerprint(secret), client.secret_hash or _NO_TOKEN)
    if not right or not secret:
        raise InvalidClientMetadata("client_secret: it can be left out, or be the one that was issued.")


def _client(work: Work, facts: ClientFacts) -> Client:
    return clients.of_application(work, queries.application(work, facts.application_id))


def _as_itself(work: Work, client: ClientFacts) -> Work:
    roles = (HeldRole(CLIENT_ITSELF, client.organization_id),)
    return replace(work, actor=Actor("client", client.client_id, client.name, client.organization_id, roles))
