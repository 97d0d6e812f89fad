"""
OpenID Connect Back-Channel Logout 1.0: telling a client that a session is over (O32).

A logout token is signed like an ID token, of a type of its own, and good for two minutes. It names the
session by the ``sid`` and the person by the ``sub`` that the client's ID tokens had.
"""

from datetime import timedelta
from functools import partial
from urllib.parse import urlencode

from sqlalchemy import bindparam, select

from idp.base.prepared import Prepared
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import sites
from idp.oidc import client_facts, encryption, logout_frames, remote_keys, session_ids, signing
from idp.oidc.client_facts import ClientFacts
from idp.oidc.clients import PROTOCOL
from idp.oidc.jose import Typ
from idp.oidc.models import Client
from idp.oidc.remote_keys import KeysWanted, Wanted
from idp.signon.teller import ASKED, CONFIRMED, FAILED, Get, Letter, Reply, Teller, Told, Verdict, Ways

LIVES = timedelta(minutes=2)
EVENT = "http://schemas.openid.net/event/backchannel-logout"
_FORM = "application/x-www-form-urlencoded"
_CONFIRMS = frozenset({200, 204})
_OF_APPLICATION = Prepared(
    select(Client.client_id).where(
        Client.organization_id == bindparam("organization_id"), Client.application_id == bindparam("application_id")
    )
)


def tellers(base_url: str) -> dict[str, Teller]:
    """Return how clients are told by an installation at *base_url*."""

    def letter(work: Work, told: Told) -> Letter | None:
        client = _client(work, told)
        if client is None or not client.backchannel_logout_uri:
            return None
        token = _token(work, base_url, client, told).encode("ascii")
        return Letter(client.backchannel_logout_uri, token, _FORM, seal=partial(_sealed, client))

    def frame(work: Work, told: Told) -> str:
        client = _client(work, told)
        return "" if client is None else logout_frames.address(work, base_url, client, told)

    return {PROTOCOL: Teller(ways, letter, judge, frame)}


def ways(work: Work, told: Told) -> Ways:
    """
    Return how the client can be told. When its own session ends it was never told.

    One that has both channels is called, as only that can be confirmed; a frame tells it where the call
    brings nothing at once.
    """
    client = _client(work, told)
    if client is None:
        return Ways()
    if sites.facts_by_id(work, client.organization_id, client.site_id) is None:
        return Ways(client.name)
    back = client.backchannel_logout_uri if "sub" in told.subject else ""
    return Ways(client.name, back=back, framed=bool(client.frontchannel_logout_uri))


def judge(work: Work, told: Told, reply: Reply) -> Verdict:
    """Return what the client's answer means (section 2.8): 200 (some say 204) is done, 400 is refused."""
    if reply.status in _CONFIRMS:
        return Verdict(CONFIRMED)
    if reply.status == 400:
        return Verdict(FAILED, "it answered that it could not (status 400)")
    return Verdict(ASKED, phrase("status %(status)s", status=reply.status))


def _token(work: Work, base_url: str, client: ClientFacts, told: Told) -> str:
    """Return the logout token (section 2.4): without a nonce, so that it never passes for an ID token."""
    site = sites.facts_by_id(work, client.organization_id, client.site_id)
    at = int(work.now.timestamp())
    said = {
        "iss": sites.issuer(base_url, site.slug if site is not None else ""),
        "sub": told.subject["sub"],
        "aud": client.client_id,
        "iat": at,
        "exp": at + int(LIVES.total_seconds()),
        "jti": told.message_id,
        "events": {EVENT: {}},
        "sid": session_ids.of(work, client, told.session_id),
    }
    return signing.signed_at(
        work, client.organization_id, client.site_id, client.id_token_algorithm, said, Typ.LOGOUT_TOKEN
    )


def _sealed(client: ClientFacts, token: bytes, get: Get) -> bytes:
    """Encrypted where the client's ID tokens are (section 2.4); its keys may have to be fetched for that."""
    said = token.decode("ascii")
    if client.id_token_encryption is not None:
        found = encryption.encrypted(client, client.id_token_encryption, said)
        if isinstance(found, Wanted):
            remote_keys.fetch(found, get)
            found = encryption.encrypted(client, client.id_token_encryption, said)
        if isinstance(found, Wanted):
            raise KeysWanted(found)
        said = found
    return urlencode({"logout_token": said}).encode("ascii")


def _client(work: Work, told: Told) -> ClientFacts | None:
    row = work.tx.row(_OF_APPLICATION, organization_id=told.organization_id, application_id=told.application_id)
    return None if row is None else client_facts.of_id(work, row.client_id)
