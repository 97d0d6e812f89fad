"""A relying party that registers itself, as the certification of dynamic providers drives one."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from tests.conformance.support import SITE, Arrived, Suite, Variant, agree
from tests.oidc.registration import as_client, manage, register
from tests.oidc.support import CALLBACK, ISSUER, Place, Registered

JWKS, SECTOR, REQUEST = "https://rp.example/jwks", "https://rp.example/sector.json", "https://rp.example/requesturi/aB3"
TOKEN_ENDPOINT = f"{ISSUER}/oauth2/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def rsa(key_id: str = "") -> RSAKey:
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"} | ({"kid": key_id} if key_id else {}))


FIRST_KEY = rsa()


def public(key: RSAKey) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False)]}


@dataclass
class Web:
    """What is at the addresses of the relying party, and which of them were called."""

    at: dict[str, bytes] = field(default_factory=dict)
    called: list[str] = field(default_factory=list)

    def fetch(self, address: str, **_: Any) -> bytes:
        self.called.append(address)
        return self.at[address]

    def publish(self, address: str, what: Any) -> None:
        self.at[address] = what.encode() if isinstance(what, str) else json.dumps(what).encode()


class Dynamic(Suite):
    """It authenticates with a key, without PKCE, and its assertions are for the token endpoint."""

    def __init__(self, place: Place, variant: Variant, web: Web, wait: Callable[[float], None]) -> None:
        self.web, self.key, self.wait, self.audience = web, FIRST_KEY, wait, TOKEN_ENDPOINT
        self.serial, self.callback = 0, CALLBACK
        super().__init__(place, variant)

    def described(self, **changes: Any) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "client_name": "Relying party under test",
            "grant_types": self.variant.grant_types,
            "jwks": public(self.key),
            "token_endpoint_auth_method": "private_key_jwt",
            "response_types": [self.variant.response_type],
            "redirect_uris": [CALLBACK],
            "contacts": ["certification@rp.example"],
        }
        return asked | changes

    def refused(self, **changes: Any) -> tuple[int, str]:
        found = register(self.place, **self.described(**changes))
        return found.status_code, found.json["error"]

    def register(self, **changes: Any) -> Registered:
        made = register(self.place, **self.described(**changes))
        assert made.status_code == 201, made.text
        assert made.mimetype == "application/json"
        for name, value in self.described(**changes).items():
            if isinstance(value, list):
                assert sorted(made.json[name]) == sorted(value), "lists of metadata have no order"
            elif value is not None:
                assert made.json[name] == value
        assert "client_secret" not in made.json
        assert made.json["registration_client_uri"].startswith(ISSUER)
        assert made.json["registration_access_token"]
        self.client = as_client(self.place, made.json)
        return self.client

    def unregister(self) -> int:
        return manage(self.place, "DELETE", self.client.registration).status_code

    def sign_on(self, browser: FlaskClient | None = None, **changes: Any) -> Arrived:
        found = self.arrive(self.answer(self.asked(browser, **changes)), nonce=changes.get("nonce", "n0nce"))
        if found.access_token:
            assert self.userinfo(found.access_token).status_code == 200
        return found

    def asked(self, browser: FlaskClient | None = None, **changes: Any) -> TestResponse:
        """Ask, and say yes where the person is asked."""
        browser = browser or self.browser
        response = self.ask(browser, **changes)
        return agree(browser, response) if response.headers.get("Location", "").startswith("/") else response

    def redeem(self, code: str) -> TestResponse:
        return self.call(grant_type="authorization_code", code=code, redirect_uri=self.callback)

    def refresh(self, token: str) -> TestResponse:
        return self.call(grant_type="refresh_token", refresh_token=token, scope="openid offline_access")

    def call(self, **form: str) -> TestResponse:
        sent = {**form, "client_assertion_type": ASSERTION_TYPE, "client_assertion": self.assertion()}
        return self.place.app.test_client().post(f"{SITE}/oauth2/token", data=sent)

    def assertion(self) -> str:
        self.serial += 1
        at = int(self.place.now.timestamp())
        return self.signed(
            {
                "iss": self.client.client_id,
                "sub": self.client.client_id,
                "aud": self.audience,
                "jti": f"jti{self.serial}",
                "nbf": at,
                "iat": at,
                "exp": at + 60,
            }
        )

    def signed(self, said: dict[str, Any]) -> str:
        head = {"alg": "RS256"} | ({"kid": self.key.kid} if self.key.get("kid") else {})
        return jwt.encode(head, said, self.key, algorithms=["RS256"])


def parts(response: TestResponse) -> tuple[str, str]:
    """Query and fragment of where a response leads."""
    address = urlsplit(response.headers["Location"])
    return address.query, address.fragment
