"""
A sample OpenID Connect client, made with Authlib: authorization code with PKCE, nonce, state,
issuer check, UserInfo, sign-out at the provider, and sign-outs that the provider tells of by logout token.

    python -m idp.samples.oidc --address http://localhost:8002 --print-registration
    python -m idp.samples.oidc --address http://localhost:8002 --issuer ISSUER --client FILE

FILE holds the registration's answer (RFC 7591 section 3.2.1), as `idp application create-oidc` prints it.
"""

import argparse
import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask, Response, make_response, redirect, request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from idp.samples.pages import Refused, Visit, Visits, application, front, problem, serve

NAME = "Sample notebook"
SCOPE = "openid profile email groups"
_ABOUT_THE_SIGN_IN = ("iss", "sub", "sid", "acr", "amr", "auth_time", "nonce", "aud", "azp", "iat", "exp", "at_hash")
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_SHOWN = {"iss": "Issuer", "sub": "Subject", "acr": "Authentication context", "amr": "Methods"}


def registration(address: str) -> dict[str, Any]:
    """Return what this application asks to be registered with (RFC 7591 section 2)."""
    return {
        "client_name": NAME,
        "client_uri": address,
        "initiate_login_uri": f"{address}/start",
        "redirect_uris": [f"{address}/callback"],
        "post_logout_redirect_uris": [f"{address}/signed-out"],
        "backchannel_logout_uri": f"{address}/provider-signed-out",
        "backchannel_logout_session_required": True,
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": SCOPE,
    }


def build(address: str, issuer: str, client: dict[str, Any]) -> Flask:
    """Return the sample at *address*, registered as *client* with the provider *issuer*."""
    app = application(NAME, "OpenID Connect")
    app.secret_key = secrets.token_bytes(32)  # Authlib keeps state, nonce and verifier in a signed cookie
    app.config["SESSION_COOKIE_NAME"] = "sample_oidc_state"
    visits = Visits("sample_oidc", address)
    provider = OAuth(app).register(
        "ostiary",
        client_id=client["client_id"],
        client_secret=client["client_secret"],
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
    )

    @app.get("/")
    def index() -> str:
        return front(visits.current())

    @app.post("/sign-in")
    @app.get("/start")  # OpenID Connect Core section 4: started from the provider's side
    def sign_in() -> Response:
        if request.args.get("iss", issuer) != issuer:
            raise Refused("Somebody else than this application's identity provider asked to sign you in.")
        return cast(Response, provider.authorize_redirect(f"{address}/callback"))

    @app.get("/callback")
    def callback() -> Response:
        if request.args.get("iss", "") != issuer:  # RFC 9207 section 2.4
            raise Refused("The answer came from another identity provider than this application asked.")
        token = provider.authorize_access_token()
        claims = token["userinfo"]
        person = provider.userinfo(token=token)
        if person["sub"] != claims["sub"]:  # OpenID Connect Core section 5.3.2
            raise Refused("The identity provider spoke of two different people.")
        return visits.begin(_visit({**claims, **person}, token["id_token"], claims["sid"]))

    @app.post("/sign-out")
    def sign_out() -> Response:
        visit = visits.current()
        if visit is None:
            return make_response(redirect("/", 303))
        leave = provider.logout_redirect(
            post_logout_redirect_uri=f"{address}/signed-out", id_token_hint=visit.for_sign_out["id_token"]
        )
        leave.status_code = 303
        return visits.end(leave)

    @app.post("/provider-signed-out")
    def provider_signed_out() -> Response:
        """OpenID Connect Back-Channel Logout 1.0 section 2.5: the provider says that a session is over."""
        claims = _logout_token(request.form.get("logout_token", ""), issuer, client["client_id"], provider)
        visits.end_where(lambda visit: visit.for_sign_out.get("sid") == claims["sid"])
        return make_response("", 200)

    @app.get("/signed-out")
    def signed_out() -> Response:
        return make_response(redirect("/", 303))

    @app.errorhandler(AuthlibBaseError)
    @app.errorhandler(JoseError)
    def refused(error: AuthlibBaseError | JoseError) -> Response:
        return problem(f"The identity provider answered: {error.description or error.error}")

    @app.errorhandler(requests.RequestException)
    def unreachable(_: requests.RequestException) -> Response:
        return problem("The identity provider cannot be reached.", 502)

    return app


def _logout_token(token: str, issuer: str, client_id: str, provider: Any) -> dict[str, Any]:
    """
    Return what a logout token says, once it is known to be one of the provider's for this application.

    Raises:
        Refused: it is not (section 2.6).
    """
    try:
        keys = KeySet.import_key_set(provider.fetch_jwk_set(force=True))
        decoded = jwt.decode(token, keys, algorithms=["RS256", "ES256"])
        registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": client_id},
            exp={"essential": True},
            iat={"essential": True},
            jti={"essential": True},
            sid={"essential": True},
            events={"essential": True},
        )
        registry.validate(decoded.claims)
    except (JoseError, ValueError) as error:
        raise Refused("The logout token cannot be trusted.") from error
    claims = dict(decoded.claims)
    if decoded.header.get("typ") != "logout+jwt" or _LOGOUT_EVENT not in claims["events"] or "nonce" in claims:
        raise Refused("This is no logout token.")
    return claims


def _visit(claims: dict[str, Any], id_token: str, sid: str) -> Visit:
    facts = {label: _text(claims[name]) for name, label in _SHOWN.items() if name in claims}
    if "auth_time" in claims:
        facts["Signed in at"] = f"{datetime.fromtimestamp(claims['auth_time'], UTC):%Y-%m-%d %H:%M:%S} UTC"
    attributes = {name: _values(value) for name, value in claims.items() if name not in _ABOUT_THE_SIGN_IN}
    name = str(claims.get("name") or claims.get("email") or claims["sub"])
    return Visit(name, facts, attributes, {"id_token": id_token, "sid": sid})


def _values(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else (_text(value),)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def main() -> None:
    """Run the sample, or print what it is to be registered with."""
    parser = argparse.ArgumentParser(prog="python -m idp.samples.oidc", description=__doc__)
    parser.add_argument("--address", default="http://localhost:8002", help="where people reach this application")
    parser.add_argument("--issuer", help="issuer of the site that it is registered at")
    parser.add_argument("--client", type=Path, help="the registration's answer, a JSON file")
    parser.add_argument("--print-registration", action="store_true", help="print client metadata and end")
    asked = parser.parse_args()
    if asked.print_registration:
        print(json.dumps(registration(asked.address), indent=2))  # noqa: T201
        return
    if not asked.issuer or not asked.client:
        parser.error("--issuer and --client are needed")
    client = json.loads(asked.client.read_text(encoding="utf-8"))
    serve(build(asked.address, asked.issuer, client), asked.address)


if __name__ == "__main__":
    main()
