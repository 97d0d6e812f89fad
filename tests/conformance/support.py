"""A relying party as the OpenID Foundation's certification drives one: every response type, every way of answering."""

import base64
import html
import json
import re
import warnings
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from tests.oidc.support import CALLBACK, ISSUER, Place, Registered

SITE = "/sites/acme"
_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_CONSENT = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Variant:
    """One way of asking and of being answered."""

    response_type: str
    response_mode: str | None = None

    @property
    def grant_types(self) -> list[str]:
        parts = self.response_type.split()
        return [*(["authorization_code"] if "code" in parts else []), *(["implicit"] if parts != ["code"] else [])]

    @property
    def has_code(self) -> bool:
        return "code" in self.response_type.split()

    @property
    def has_front_id_token(self) -> bool:
        return "id_token" in self.response_type.split()

    @property
    def has_front_access_token(self) -> bool:
        return "token" in self.response_type.split()

    @property
    def where(self) -> str:
        return self.response_mode or ("query" if self.response_type == "code" else "fragment")

    def __str__(self) -> str:
        return f"{self.response_type.replace(' ', '+')}.{self.where}"


@dataclass
class Arrived:
    """What a relying party has in hand at the end: the answer, and whatever tokens came of it."""

    answer: dict[str, str]
    id_tokens: list[dict[str, Any]] = field(default_factory=list)
    raw_id_tokens: list[str] = field(default_factory=list)
    access_token: str | None = None
    refresh_token: str | None = None

    @property
    def claims(self) -> dict[str, Any]:
        return self.id_tokens[0]


class Suite:
    """The relying party, its registration, and the browser of the person."""

    def __init__(self, place: Place, variant: Variant) -> None:
        self.place, self.variant = place, variant
        self.client = self.register()
        self.browser = place.browser()

    def register(self, **metadata: Any) -> Registered:
        asked: dict[str, Any] = {
            "redirect_uris": [CALLBACK],
            "response_types": [self.variant.response_type],
            "grant_types": self.variant.grant_types,
        }
        return self.place.register(**(asked | metadata))

    # Asking

    def request(self, **changes: Any) -> dict[str, str]:
        good = {
            "client_id": self.client.client_id,
            "redirect_uri": CALLBACK,
            "response_type": self.variant.response_type,
            "response_mode": self.variant.response_mode,
            "scope": "openid",
            "state": "st4te",
            "nonce": "n0nce",
        }
        return {name: value for name, value in (good | changes).items() if value is not None}

    def ask(self, browser: FlaskClient | None = None, method: str = "get", **changes: Any) -> TestResponse:
        browser = browser or self.browser
        sent = self.request(**changes)
        if method == "get":
            return browser.get(f"{SITE}/oauth2/authorize", query_string=sent)
        return browser.post(f"{SITE}/oauth2/authorize", data=sent)

    def answer(self, response: TestResponse) -> dict[str, str]:
        """The parameters of an answer, from where this variant must have put them."""
        if self.variant.where == "form_post":
            assert response.status_code == 200, response.text
            assert f'action="{CALLBACK}"' in response.text
            return {name: html.unescape(value) for name, value in _FIELD.findall(response.text)}
        assert response.status_code == 303, response.text
        address = urlsplit(response.headers["Location"])
        assert f"{address.scheme}://{address.netloc}{address.path}" == CALLBACK
        here, other = (
            (address.query, address.fragment) if self.variant.where == "query" else (address.fragment, address.query)
        )
        assert not other
        pairs = parse_qsl(here, keep_blank_values=True)
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    # Arriving

    def sign_on(self, browser: FlaskClient | None = None, **changes: Any) -> Arrived:
        return self.arrive(self.answer(self.ask(browser, **changes)), nonce=changes.get("nonce", "n0nce"))

    def arrive(self, answer: dict[str, str], *, nonce: str | None = "n0nce") -> Arrived:
        assert "error" not in answer, answer
        assert answer["state"] == "st4te"
        assert answer["iss"] == ISSUER
        found = Arrived(answer)
        if self.variant.has_front_id_token:
            self._take(found, answer["id_token"], nonce)
            if self.variant.has_code:
                assert "c_hash" in found.claims
            if self.variant.has_front_access_token:
                assert "at_hash" in found.claims
        if self.variant.has_front_access_token:
            assert answer["token_type"].lower() == "bearer"
            assert int(answer["expires_in"]) > 0
            found.access_token = answer["access_token"]
        if self.variant.has_code:
            response = self.redeem(answer["code"])
            assert response.status_code == 200, response.text
            self._take(found, response.json["id_token"], nonce)
            found.access_token, found.refresh_token = response.json["access_token"], response.json.get("refresh_token")
            assert len({(said["iss"], said["sub"]) for said in found.id_tokens}) == 1
        return found

    def redeem(self, code: str) -> TestResponse:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.place.token(self.client, **form)

    def _take(self, found: Arrived, id_token: str, nonce: str | None) -> None:
        said = self.read(id_token)
        assert said["iss"] == ISSUER
        assert said["aud"] == self.client.client_id
        assert said.get("nonce") == nonce
        assert said["exp"] > said["iat"]
        found.id_tokens.append(said)
        found.raw_id_tokens.append(id_token)

    def read(self, token: str) -> dict[str, Any]:
        """The claims of a token, verified with the published keys by a library that is not ours."""
        said = self.discovery()
        keys = KeySet.import_key_set(self.place.app.test_client().get(f"{SITE}/oauth2/jwks").json)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # RFC 9864 renames EdDSA; clients still use the old name
            read = jwt.decode(token, keys, algorithms=said["id_token_signing_alg_values_supported"])
        return dict(read.claims)

    def discovery(self) -> dict[str, Any]:
        return self.place.app.test_client().get(f"{SITE}/.well-known/openid-configuration").json

    def userinfo(self, token: str, how: str = "header") -> TestResponse:
        caller = self.place.app.test_client()
        bearer = {"Authorization": f"Bearer {token}"}
        if how == "get":
            return caller.get(f"{SITE}/oauth2/userinfo", headers=bearer)
        if how == "body":
            return caller.post(f"{SITE}/oauth2/userinfo", data={"access_token": token})
        return caller.post(f"{SITE}/oauth2/userinfo", headers=bearer)


def unsigned(said: dict[str, str]) -> str:
    """*said* as a request object that nobody vouches for."""
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": "none"}, said)
    )
    return f"{head}.{body}."


def shows_a_page(response: TestResponse) -> bool:
    """Say whether the person sees a page of ours that says what is wrong, and is sent nowhere."""
    return response.status_code == 400 and response.mimetype == "text/html" and "Location" not in response.headers


def asks_to_sign_in(browser: FlaskClient, response: TestResponse) -> bool:
    """Say whether the person is shown the page to sign in."""
    if response.status_code != 303 or "/signin/" not in response.headers["Location"]:
        return False
    return 'type="password"' in browser.get(response.headers["Location"]).text


def agree(browser: FlaskClient, response: TestResponse) -> TestResponse:
    """Say yes where the person is asked whether the application may have what it asks for; return the answer."""
    where = response.headers["Location"]
    page = browser.get(where)
    token = _CONSENT.search(page.text)
    assert token is not None, page.text
    asked = browser.post(f"{urlsplit(where).path}/consent", data={"csrf_token": token[1]})
    back = browser.get(asked.headers["Location"])
    return browser.get(back.headers["Location"])
