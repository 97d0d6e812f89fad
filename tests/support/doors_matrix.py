"""Every door of a protocol: what is sent there when it is good, by whom, and who is known there to nobody."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from werkzeug.test import TestResponse

from idp.directory import sites
from idp.oidc import clients
from idp.saml import names, providers, registering
from idp.saml.switches import Switches
from tests.oidc.support import CALLBACK, CHALLENGE, VERIFIER
from tests.support.service_provider import ServiceProvider, encoded
from tests.support.two_tenants import Tenants, signed_in_to_acme
from tests.support.visitor import Visitor

PLACES = {"own": "acme", "beside": "acme", "europe": "acme-eu", "foreign": "quokka"}
"""Four parties of each protocol, by the site that knows them."""
STRANGERS = ("europe", "foreign")
"""Who is known elsewhere, and at Acme's first site to nobody."""
WRITTEN_DOWN = frozenset({"audit_entries", "jobs"})
"""A refusal leaves an entry, and nothing that it asked for."""


@dataclass(frozen=True)
class Client:
    """A client as its developer knows it: what a door may be shown of it."""

    client_id: str
    secret: str
    token: str = ""
    """Its access token, of Ann."""
    refresh: str = ""
    registration: tuple[str, str] = ("", "")
    """The address and the token that it registered itself with."""

    @property
    def basic(self) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()}


@dataclass(frozen=True)
class Door:
    """
    How a door is asked.

    ``judged``: by what it knows who asks: its own ``site`` alone, a ``client``'s secret, a client's name that a
    ``browser`` brings, a ``bearer`` token, a ``management`` token, a service ``provider``'s name, or a ``handle``.
    """

    judged: str
    path: str
    sends: Callable[["Doors", str], dict[str, Any]]
    good: tuple[int, ...] = (200,)


class Doors:
    """The parties of each protocol, and Ann's browser, signed in to Acme."""

    def __init__(self, tenants: Tenants, ann: Visitor | None = None) -> None:
        self.tenants, self.front = tenants, tenants.front
        self.ann = ann or signed_in_to_acme(tenants)
        self.clients = {name: self._client(name, site) for name, site in PLACES.items()}
        self.clients["nobody"] = Client("no-such-client", "x" * 43, "x" * 43, "rft_" + "x" * 43)
        self.providers = {
            name: ServiceProvider(f"https://{name}.example/metadata", f"https://{name}.example/acs", f"https://{name}.example/slo")
            for name in (*PLACES, "nobody")
        }  # fmt: skip
        self.metadata_tokens = {"nobody": "x" * 22}
        self.applications = {name: self._provider(name, site) for name, site in PLACES.items()}
        self.applications["nobody"] = "app_" + "a" * 26
        self.clients |= {"own": self._with_tokens(self.clients["own"])}
        self.unused = self.code(self.clients["own"])
        tenants.keep()

    def _client(self, name: str, site: str) -> Client:
        asked = {
            "client_name": f"Party {name}",
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "post_logout_redirect_uris": [f"https://{name}.example/out"],
        }
        television = {
            "client_name": f"Television {name}",
            "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"],
            "response_types": [],
        }
        with self.front.work() as work:
            sites.edit(work, site, client_registration="open")
            _, made, secret = clients.create(
                work, site, asked, base_url="http://localhost:8000", first_party=True, everyone=True
            )
            _, device, device_secret = clients.create(work, site, television, everyone=True)
            self.devices = {**getattr(self, "devices", {}), name: Client(device.client_id, device_secret or "")}
        own = self.front.app.test_client().post(
            f"/sites/{site}/oauth2/register", json={"client_name": f"Self {name}", "redirect_uris": [CALLBACK]}
        )
        assert own.status_code == 201, own.text
        where = own.json["registration_client_uri"].removeprefix("http://localhost:8000")
        return Client(made.client_id, secret or "", registration=(where, own.json["registration_access_token"]))

    def _provider(self, name: str, site: str) -> str:
        sender = self.providers[name]
        with self.front.work() as work:
            made = registering.register(
                work, site, sender.metadata(signing=sender.pair.der), name=f"Provider {name}", everyone=True
            )
            providers.change(work, made.application_id, Switches(idp_initiated=True))
            self.metadata_tokens[name] = made.metadata_token
        return made.application_id

    def _with_tokens(self, client: Client) -> Client:
        query = authorization(client) | {"scope": "openid offline_access", "prompt": "consent"}
        self.ann.open(f"/sites/acme/oauth2/authorize?{urlencode(query)}").submit()
        sent = redeeming(parse_qs(urlsplit(self.ann.answer.headers["Location"]).query)["code"][0])
        answer = self.front.app.test_client().post("/sites/acme/oauth2/token", data=sent, headers=client.basic)
        assert answer.status_code == 200, answer.text
        return Client(
            client.client_id,
            client.secret,
            answer.json["access_token"],
            answer.json["refresh_token"],
            client.registration,
        )

    def code(self, client: Client) -> str:
        """Return a code of Ann's for a client."""
        answer = self.ann.client.get("/sites/acme/oauth2/authorize", query_string=authorization(client))
        return parse_qs(urlsplit(answer.headers.get("Location", "")).query).get("code", [""])[0]

    def ask(
        self, door: Door, method: str, who: str, *, site: str = "acme", headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        """Ask *door* as *who*, at a *site*; *headers* instead of those that say who asks."""
        sent = door.sends(self, who)
        if headers is not None:
            sent["headers"] = dict(headers)
        browser = self.ann.client if sent.pop("browser", False) else self.front.app.test_client()
        path = sent.pop("path", door.path)
        return browser.open(path.replace("/sites/acme/", f"/sites/{site}/"), method=method, **sent)

    def changed(self) -> list[str]:
        """Return the tables in which anything has changed, in either organization, but for what is written down."""
        found = {*self.tenants.changed(self.tenants.ours), *self.tenants.changed(self.tenants.theirs)}
        return sorted(found - WRITTEN_DOWN)


def plain(answer: TestResponse, *named: str) -> tuple[int, str, str]:
    """Return an answer without what is drawn by lot and what was asked for."""
    text = answer.text + str(sorted((k, v) for k, v in answer.headers if k in ("Location", "WWW-Authenticate")))
    for one in sorted(filter(None, named), key=len, reverse=True):
        text = text.replace(one, "it")
    text = re.sub(r'(value|nonce|content)="[^"]{16,}"|\b(att|req|sgn|slo)_[A-Za-z0-9_-]{20,}', "", text)
    return answer.status_code, answer.mimetype, text


def authorization(client: Client) -> dict[str, str]:
    """Return a good authorization request."""
    return {
        "response_type": "code", "client_id": client.client_id, "redirect_uri": CALLBACK, "scope": "openid",
        "state": "st4te", "nonce": "n0nce", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip


def redeeming(code: str) -> dict[str, str]:
    """Return what redeems a code."""
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}


def _nothing(of: Doors, who: str) -> dict[str, Any]:
    return {}


def _token(of: Doors, who: str) -> dict[str, Any]:
    return {"data": redeeming(of.unused), "headers": of.clients[who].basic}


def _about_a_token(of: Doors, who: str) -> dict[str, Any]:
    return {"data": {"token": of.clients["own"].refresh}, "headers": of.clients[who].basic}


def _pushed(of: Doors, who: str) -> dict[str, Any]:
    return {"data": authorization(of.clients[who]), "headers": of.clients[who].basic}


def _device(of: Doors, who: str) -> dict[str, Any]:
    client = of.devices.get(who, of.clients[who])
    return {"data": {"scope": "openid"}, "headers": client.basic}


def _authorize(of: Doors, who: str) -> dict[str, Any]:
    return {"query_string": authorization(of.clients[who]), "browser": True}


def _authorize_by_form(of: Doors, who: str) -> dict[str, Any]:
    return {"data": authorization(of.clients[who]), "browser": True}


def _logout(of: Doors, who: str) -> dict[str, Any]:
    out = f"https://{who}.example/out"
    return {"query_string": {"client_id": of.clients[who].client_id, "post_logout_redirect_uri": out}, "browser": True}


def _logout_by_form(of: Doors, who: str) -> dict[str, Any]:
    return {"data": _logout(of, who)["query_string"], "browser": True}


def _bearer(of: Doors, who: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {of.clients[who].token}"}}


def _registration(of: Doors, who: str) -> dict[str, Any]:
    """The client of the first site, by the token of *who*."""
    return {
        "path": of.clients["own"].registration[0],
        "headers": {"Authorization": f"Bearer {of.clients[who].registration[1]}"},
    }


def _registration_anew(of: Doors, who: str) -> dict[str, Any]:
    where = of.clients["own"].registration[0]
    asked = {"client_id": where.rpartition("/")[2], "client_name": "Self anew", "redirect_uris": [CALLBACK]}
    return {**_registration(of, who), "json": asked}


def _sso(of: Doors, who: str) -> dict[str, Any]:
    return {"query_string": of.providers[who].query(of.providers[who].authn_request()), "browser": True}


def _sso_post(of: Doors, who: str) -> dict[str, Any]:
    return {"data": {"SAMLRequest": encoded(of.providers[who].authn_request())}, "browser": True}


def _start(of: Doors, who: str) -> dict[str, Any]:
    return {"query_string": {"sp": of.providers[who].entity_id}, "browser": True}


def _metadata_for(of: Doors, who: str) -> dict[str, Any]:
    return {"path": f"/sites/acme/saml/metadata/{of.applications[who]}/{of.metadata_tokens[who]}"}


_NAMED = f'<saml:NameID Format="{names.PERSISTENT}">somebody</saml:NameID>'


def _out(of: Doors, who: str, tail: str = "") -> str:
    sender = of.providers[who]
    return sender.logout_request(_NAMED, Destination=f"{sender.idp}/slo{tail}")


def _slo(of: Doors, who: str) -> dict[str, Any]:
    return {"query_string": of.providers[who].query(_out(of, who), sign=names.RSA_SHA256), "browser": True}


def _slo_post(of: Doors, who: str) -> dict[str, Any]:
    return {"data": {"SAMLRequest": encoded(of.providers[who].enveloped(_out(of, who)))}, "browser": True}


def _in_soap(inside: str) -> dict[str, Any]:
    body = f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{inside}</s:Body></s:Envelope>'
    return {"data": body, "content_type": "text/xml"}


def _soap(of: Doors, who: str) -> dict[str, Any]:
    return _in_soap(of.providers[who].enveloped(_out(of, who, "/soap")))


def _managed(of: Doors, who: str, tail: str = "") -> str:
    sender = of.providers[who]
    to = f"{sender.idp}/manage-nameid{tail}"
    text = sender.logout_request(f"{_NAMED}<samlp:Terminate/>", Destination=to)
    return text.replace("LogoutRequest", "ManageNameIDRequest")


def _manage(of: Doors, who: str) -> dict[str, Any]:
    return {"query_string": of.providers[who].query(_managed(of, who), sign=names.RSA_SHA256), "browser": True}


def _manage_post(of: Doors, who: str) -> dict[str, Any]:
    signed = of.providers[who].enveloped(_managed(of, who))
    return {"data": {"SAMLRequest": encoded(signed)}, "browser": True}


def _manage_soap(of: Doors, who: str) -> dict[str, Any]:
    return _in_soap(of.providers[who].enveloped(_managed(of, who, "/soap")))


def _self(of: Doors, who: str) -> dict[str, Any]:
    return {"json": {"client_name": "One more", "redirect_uris": [CALLBACK]}}


_HANDLE = "x" * 43
_OAUTH, _SAML = "/sites/acme/oauth2", "/sites/acme/saml"
TABLE: dict[tuple[str, str], Door] = {
    ("GET", "oidc_documents.rfc8414"): Door("site", "/.well-known/oauth-authorization-server/sites/acme", _nothing),
    ("GET", "oidc_documents.discovery_"): Door("site", "/sites/acme/.well-known/openid-configuration", _nothing),
    ("GET", "oidc_documents.jwks"): Door("site", f"{_OAUTH}/jwks", _nothing),
    ("GET", "oidc_session.check_session"): Door("site", f"{_OAUTH}/session", _nothing),
    ("GET", "saml.metadata_"): Door("site", f"{_SAML}/metadata", _nothing),
    ("POST", "oidc_registration.register"): Door("site", f"{_OAUTH}/register", _self, (201,)),
    ("POST", "oidc_clients.token"): Door("client", f"{_OAUTH}/token", _token),
    ("POST", "oidc_clients.introspect_"): Door("client", f"{_OAUTH}/introspect", _about_a_token),
    ("POST", "oidc_clients.revoke_"): Door("client", f"{_OAUTH}/revoke", _about_a_token),
    ("POST", "oidc_clients.par_"): Door("client", f"{_OAUTH}/par", _pushed, (201,)),
    ("POST", "oidc_clients.device_authorization"): Door("client", f"{_OAUTH}/device_authorization", _device),
    ("GET", "oidc.authorize"): Door("browser", f"{_OAUTH}/authorize", _authorize, (303,)),
    ("POST", "oidc.authorize"): Door("browser", f"{_OAUTH}/authorize", _authorize_by_form, (303,)),
    ("GET", "oidc_logout.end_session"): Door("browser", f"{_OAUTH}/logout", _logout),
    ("POST", "oidc_logout.end_session"): Door("browser", f"{_OAUTH}/logout", _logout_by_form),
    ("GET", "oidc_clients.userinfo_"): Door("bearer", f"{_OAUTH}/userinfo", _bearer),
    ("POST", "oidc_clients.userinfo_"): Door("bearer", f"{_OAUTH}/userinfo", _bearer),
    ("GET", "oidc_registration.read"): Door("management", "", _registration),
    ("PUT", "oidc_registration.change"): Door("management", "", _registration_anew),
    ("DELETE", "oidc_registration.delete"): Door("management", "", _registration, (204,)),
    ("GET", "saml.sso"): Door("provider", f"{_SAML}/sso", _sso),
    ("POST", "saml.sso_post"): Door("provider", f"{_SAML}/sso", _sso_post, (303,)),
    ("GET", "saml.start"): Door("provider", f"{_SAML}/start", _start),
    ("GET", "saml.metadata_for"): Door("provider", "", _metadata_for),
    ("GET", "saml_logout.slo"): Door("provider", f"{_SAML}/slo", _slo, (200, 303)),
    ("POST", "saml_logout.slo_post"): Door("provider", f"{_SAML}/slo", _slo_post, (200, 303)),
    ("POST", "saml_logout.slo_soap"): Door("provider", f"{_SAML}/slo/soap", _soap),
    ("GET", "saml_logout.manage_name_id"): Door("provider", f"{_SAML}/manage-nameid", _manage, (200, 303)),
    ("POST", "saml_logout.manage_name_id_post"): Door("provider", f"{_SAML}/manage-nameid", _manage_post, (200, 303)),
    ("POST", "saml_logout.manage_name_id_soap"): Door("provider", f"{_SAML}/manage-nameid/soap", _manage_soap),
    ("GET", "oidc.resume"): Door("handle", f"{_OAUTH}/resume/{_HANDLE}", _nothing, (400, 303)),
    ("GET", "oidc_logout.logout_done"): Door("handle", f"{_OAUTH}/logout/done/{_HANDLE}", _nothing, (400, 303)),
    ("GET", "saml.resume"): Door("handle", f"{_SAML}/resume/{_HANDLE}", _nothing, (400, 303)),
    ("GET", "saml_logout.slo_done"): Door("handle", f"{_SAML}/slo/done/{_HANDLE}", _nothing, (400, 303)),
    ("GET", "saml_logout.visit"): Door("handle", f"{_SAML}/slo/visit/{_HANDLE}/stp_x", _nothing, (400, 404)),
}
