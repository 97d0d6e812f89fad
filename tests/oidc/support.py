"""A provider with people, clients and browsers, for tests of OAuth and OpenID Connect."""

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from idp import app as app_
from idp.audit.models import Attempt, AuditEntry
from idp.base.db import Database
from idp.base.work import Origin, Work
from idp.directory import accounts, groups, organizations, policies, queries, sites
from idp.directory.models import Account
from idp.directory.policies import authentication_policy
from idp.oidc import api_scopes, apis, clients, provider
from idp.oidc.provider import Provider
from idp.policy.signon import Method, Proof
from idp.settings import Settings
from idp.signon import session
from tests.support.people import OPERATOR_ACTOR

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
BASE_URL = "http://localhost:8000"
ISSUER = f"{BASE_URL}/sites/acme"
ANN, BEN = "ann@acme.example", "ben@acme.example"
CALLBACK = "https://rp.example/callback"
VERIFIER = "a-verifier-of-a-good-length-for-every-test."
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BOTH_STEPS = (Method.PASSWORD, Method.TOTP)


@dataclass(frozen=True)
class Registered:
    """A client as its developer knows it."""

    application_id: str
    client_id: str
    secret: str | None
    registration: dict[str, Any] = field(repr=False)

    @property
    def basic(self) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()}


@dataclass(frozen=True)
class RegisteredApi:
    """An API as its developer knows it."""

    id: str
    identifier: str
    secret: str = field(repr=False)

    @property
    def basic(self) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(f"{self.id}:{self.secret}".encode()).decode()}


class Place:
    """Acme with two sites; Ann is in Staff and Research, Ben in nothing. Time stands at noon until it is moved."""

    def __init__(self, database: Database, **settings: Any) -> None:
        self.now, self.database = NOON, database
        with self.work() as work:
            if organizations.by_slug(work, "acme") is None:
                _fill(work)
        self.app = app_.create(Settings(**settings), database=database, clock=lambda: self.now)

    @contextmanager
    def work(self) -> Iterator[Work]:
        with self.database.transaction() as tx:
            yield Work(tx, OPERATOR_ACTOR, self.now, Origin("cli", ip="203.0.113.7"))

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def provider(self, work: Work, site: str = "acme") -> Provider:
        found = provider.at(work, BASE_URL, site)
        assert found is not None
        return found

    def account(self, work: Work, email: str = ANN) -> Account:
        return queries.account(work, email)

    def register(
        self,
        *,
        site: str = "acme",
        first_party: bool = True,
        everyone: bool = True,
        pkce_required: bool = True,
        allow_http_loopback: bool = False,
        sector_uris: tuple[str, ...] | None = None,
        **metadata: Any,
    ) -> Registered:
        asked = {
            "client_name": "Notebook",
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
        }
        with self.work() as work:
            application, client, secret = clients.create(
                work,
                site,
                asked | metadata,
                first_party=first_party,
                everyone=everyone,
                pkce_required=pkce_required,
                allow_http_loopback=allow_http_loopback,
                sector_uris=sector_uris,
            )
            return Registered(application.id, client.client_id, secret, clients.represent(client))

    def api(
        self,
        identifier: str = "https://api.example/orders",
        *scopes: str,
        site: str = "acme",
        people: dict[str, Any] | None = None,
        to: Sequence[Registered] = (),
        **changes: Any,
    ) -> RegisteredApi:
        """An API whose *scopes* are granted to *people* (everyone, unless said otherwise) and *to* clients."""
        with self.work() as work:
            made, secret = apis.create(
                work, site, identifier=identifier, **({"name": "Orders", "base_url": BASE_URL} | changes)
            )
            for name in scopes:
                api_scopes.add(work, made.id, name, f"Do {name} for you")
                if people != {}:
                    api_scopes.grant(work, made.id, name, **(people or {"everyone": True}))
                for client in to:
                    api_scopes.grant(work, made.id, name, application_id=client.application_id)
            return RegisteredApi(made.id, made.identifier, secret)

    def browser(self, email: str = ANN, methods: tuple[Method, ...] = BOTH_STEPS) -> FlaskClient:
        """A browser in which *email* has just signed in by *methods*."""
        made = self.app.test_client()
        with self.work() as work:
            account = self.account(work, email)
            token, self.session = session.start(
                work,
                organization_id=account.organization_id,
                account_id=account.id,
                epoch=account.epoch,
                proofs=tuple(Proof(method, self.now) for method in methods),
                policy=authentication_policy(work, account.organization_id, None),
                attempt_id="",
                replaces=None,
            )
        made.set_cookie("ostiary_session", token)
        made.set_cookie("ostiary_browser", "b" * 43)
        return made

    def authorize(self, browser: FlaskClient, client: Registered, site: str = "acme", **changes: Any) -> TestResponse:
        """Send an authorization request that is good but for *changes*; None leaves a parameter out."""
        return browser.get(f"/sites/{site}/oauth2/authorize", query_string=request(client, **changes))

    def code(self, browser: FlaskClient, client: Registered, **changes: Any) -> str:
        found = answered(self.authorize(browser, client, **changes))
        assert "code" in found, found
        return found["code"]

    def token(
        self, client: Registered, site: str = "acme", headers: dict[str, str] | None = None, **form: Any
    ) -> TestResponse:
        """Call the token endpoint as *client* with its registered method of a secret, unless *headers* are given."""
        sent = {name: value for name, value in form.items() if value is not None}
        if headers is None and client.secret is None:
            sent.setdefault("client_id", client.client_id)
        elif headers is None:
            headers = client.basic
        return self.app.test_client().post(f"/sites/{site}/oauth2/token", data=sent, headers=headers)

    def redeem(self, client: Registered, code: str, **changes: Any) -> TestResponse:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        return self.token(client, **(form | changes))

    def refresh(self, client: Registered, token: str, **changes: Any) -> TestResponse:
        return self.token(client, **({"grant_type": "refresh_token", "refresh_token": token} | changes))

    def tokens(self, browser: FlaskClient, client: Registered, **changes: Any) -> dict[str, Any]:
        """Go the whole road; return the token response."""
        found = self.redeem(client, self.code(browser, client, **changes))
        assert found.status_code == 200, found.text
        return found.json

    def userinfo(self, access_token: str, site: str = "acme") -> TestResponse:
        headers = {"Authorization": f"Bearer {access_token}"}
        return self.app.test_client().get(f"/sites/{site}/oauth2/userinfo", headers=headers)

    def introspect(self, client: Registered | RegisteredApi, token: str) -> dict[str, Any]:
        found = self.app.test_client().post(
            "/sites/acme/oauth2/introspect", data={"token": token}, headers=client.basic
        )
        assert found.status_code == 200, found.text
        return found.json

    def attempts(self) -> list[Attempt]:
        with self.work() as work:
            return list(work.tx.session.scalars(sa.select(Attempt).order_by(Attempt.at, Attempt.id)))

    def attempt(self, reference: str) -> Attempt:
        with self.work() as work:
            return work.tx.session.get_one(Attempt, reference)

    def audited(self, tag: str) -> list[AuditEntry]:
        with self.work() as work:
            return list(work.tx.session.scalars(sa.select(AuditEntry).where(AuditEntry.tag == tag)))


def request(client: Registered, **changes: Any) -> dict[str, str]:
    """A good authorization request of *client*, but for *changes*."""
    good = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": CALLBACK,
        "scope": "openid profile email",
        "state": "st4te",
        "nonce": "n0nce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def answered(response: TestResponse, *, fragment: bool = False) -> dict[str, str]:
    """The parameters that a response sends to the client, in the query or in the *fragment*; none of them twice."""
    assert response.status_code == 303, response.text
    parts = urlsplit(response.headers["Location"])
    assert not (parts.query if fragment else parts.fragment)
    pairs = parse_qsl(parts.fragment if fragment else parts.query, keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def claims(token: str) -> dict[str, Any]:
    """What a JWT says, unverified."""
    return _part(token, 1)


def header(token: str) -> dict[str, Any]:
    return _part(token, 0)


def reference(response: TestResponse) -> str:
    """The attempt that an error speaks of."""
    said = (
        response.json["error_description"]
        if response.is_json
        else parse_qs(urlsplit(response.headers["Location"]).query)["error_description"][0]
    )
    return said.rpartition("Reference: ")[2]


def _part(token: str, number: int) -> dict[str, Any]:
    part = token.split(".")[number]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _fill(work: Work) -> None:
    organizations.create(work, "acme", name="Acme Global")
    policies.set_second_step(work, "acme", "optional")
    sites.create(work, "acme", organization="acme", name="Acme")
    sites.create(work, "acme-eu", organization="acme", name="Acme Europe")
    ann = accounts.create(work, ANN, organization="acme", name="Ann Archer")
    accounts.create(work, BEN, organization="acme", name="Ben Baker")
    for name in ("Staff", "Research"):
        groups.create(work, name, organization="acme")
        groups.add(work, name, ann.id, organization="acme")
