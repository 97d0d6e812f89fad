"""A throw-away installation to measure: one site, its people, a service provider, three clients."""

import base64
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idp import __version__
from idp.base import clock, schema
from idp.base.db import Database
from idp.base.work import Actor, HeldRole, Origin, Work
from idp.directory import accounts, groups, organizations, policies, sites
from idp.directory.policies import authentication_policy
from idp.keyring import installation, wrapping
from idp.oidc import clients
from idp.policy.permissions import OPERATOR
from idp.policy.rules import Rule
from idp.policy.signon import Method, Proof
from idp.saml import registering
from idp.settings import Settings, load
from idp.signon import session
from idp.signon.factors import password

PEOPLE = 1000  # so that nobody collects sessions while signing in is measured
PASSWORD = secrets.token_urlsafe(18)
ENTITY_ID = "https://sp.bench.example/metadata"
ACS = "https://sp.bench.example/acs"
REDIRECT_URI = "https://rp.bench.example/callback"

RULES = (
    Rule("urn:oid:0.9.2342.19200300.100.1.3", "attribute", "email", "mail", "uri"),
    Rule("displayName", "attribute", "name"),
    Rule("user", "expression", 'lower(before(email, "@"))'),
    Rule("groups", "attribute", "groups", only=("Every*",)),
)
"""What a template of a vendor would set up: typed attributes under the vendor's names, groups filtered."""

_METADATA = f"""<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY_ID}">
<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<md:AssertionConsumerService index="0" isDefault="true"
 Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{ACS}"/>
</md:SPSSODescriptor></md:EntityDescriptor>"""


@dataclass
class Installation:
    """Where it is, and what the roads need to know of it."""

    config: Path
    settings: Settings
    roads: dict[str, dict[str, Any]]


def make(folder: Path, port: int, database_url: str | None) -> Installation:
    """Make an installation in *folder* that will listen on *port*."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.yaml"
    url = database_url or "sqlite:///ostiary.db"
    config.write_text(
        f"base_url: http://localhost:{port}\ndatabase:\n  url: {url}\nlog:\n  level: info\n"
        "throttling:\n  address_per_minute: 1000000\n  address_per_hour: 10000000\n  sign_ons_per_minute: 1000000\n",
        encoding="utf-8",
    )
    settings = load(config)
    wrapping.create(settings.keys.directory, clock.now())
    database = Database(settings.database.url, wrapping.load(settings.keys.directory))
    schema.migrate(database)
    with database.transaction() as tx:
        work = Work(tx, Actor("operator", name="bench", roles=(HeldRole(OPERATOR),)), clock.now(), Origin("cli"))
        installation.initialize(work, __version__)
        roads = _fill(work, settings)
    database.dispose()
    return Installation(config, settings, roads)


def _fill(work: Work, settings: Settings) -> dict[str, dict[str, Any]]:
    organizations.create(work, "bench", name="Bench")
    policies.set_second_step(work, "bench", "optional")
    sites.create(work, "bench", organization="bench", name="Bench")
    groups.create(work, "Everybody", organization="bench")
    people = [
        accounts.create(work, f"person{i}@bench.example", organization="bench", name=f"Person {i}")
        for i in range(PEOPLE)
    ]
    for person in people:
        groups.add(work, "Everybody", person.id, organization="bench")
    hashed = password.hash_of(work.tx.vault, PASSWORD)
    for person in people:
        password.store(work, person, hashed)
    provider = registering.register(
        work, "bench", _METADATA.encode(), name="Bench service provider", everyone=True, allow_http_loopback=False
    )
    policies.set_application_rules(work, provider.application_id, RULES)
    issuer = "/sites/bench"
    code = {"redirect_uris": [REDIRECT_URI], "grant_types": ["authorization_code", "refresh_token"]}
    web = _client(work, {**code, "client_name": "Bench web", "scope": "openid profile email"}, first_party=True)
    machine = {"grant_types": ["client_credentials"], "scope": "reports", "redirect_uris": []}
    rs256 = _client(work, {**machine, "client_name": "RS256", "access_token_signed_response_alg": "RS256"})
    es256 = _client(work, {**machine, "client_name": "ES256", "access_token_signed_response_alg": "ES256"})
    # A browser that has a session has signed in before, and so has both of our cookies.
    cookie = f"ostiary_session={_session(work, people[0])}; ostiary_browser={secrets.token_urlsafe(32)}"
    oauth = {"token_path": f"{issuer}/oauth2/token"}
    authorize = {
        **oauth, **web, "authorize_path": f"{issuer}/oauth2/authorize", "redirect_uri": REDIRECT_URI,
        "scope": "openid profile email", "cookie": cookie,
    }  # fmt: skip
    read = {**authorize, "introspect_path": f"{issuer}/oauth2/introspect", "userinfo_path": f"{issuer}/oauth2/userinfo"}
    return {
        "saml": {
            "path": f"{issuer}/saml/sso", "destination": f"{settings.base_url}{issuer}/saml/sso", "acs": ACS,
            "entity_id": ENTITY_ID, "cookie": cookie,
        },
        "client_credentials RS256": {**oauth, **rs256},
        "client_credentials ES256": {**oauth, **es256},
        "authorize": authorize,
        "refresh": authorize,
        "par+authorize+code+dpop": {**authorize, "base_url": settings.base_url, "par_path": f"{issuer}/oauth2/par"},
        "introspection": read,
        "userinfo": read,
        "jwks": {"path": f"{issuer}/oauth2/jwks", "member": '"keys"'},
        "discovery": {"path": f"{issuer}/.well-known/openid-configuration", "member": '"issuer"'},
        "password": {"people": [person.email for person in people], "password": PASSWORD},
    }  # fmt: skip


def _client(work: Work, metadata: dict[str, Any], *, first_party: bool = False) -> dict[str, str]:
    application, client, secret = clients.create(
        work, "bench", metadata, first_party=first_party, everyone=True, allow_http_loopback=False
    )
    assert application.id == client.application_id
    basic = base64.b64encode(f"{client.client_id}:{secret}".encode()).decode()
    return {"client_id": client.client_id, "authorization": f"Basic {basic}"}


def _session(work: Work, person: Any) -> str:
    proofs = (Proof(Method.PASSWORD, work.now), Proof(Method.TOTP, work.now))
    token, _ = session.start(
        work,
        organization_id=person.organization_id,
        account_id=person.id,
        epoch=person.epoch,
        proofs=proofs,
        policy=authentication_policy(work, person.organization_id, None),
        attempt_id="",
        replaces=None,
    )
    return token
