"""
The check of clients on refused requests (RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core 3.1.2.6): what a refusal
leaves behind is enough to say what was wrong and who changes what. Every case is a real request.
"""

import base64
import re
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from idp.directory import accounts, applications, history, queries
from idp.oidc import checking, client_auth, remote_keys
from idp.oidc.checking import examination
from tests.oidc import test_rfc9449_dpop as dpop
from tests.oidc.devices import Device, asking, television
from tests.oidc.support import ANN, BASE_URL, BEN, CALLBACK, CHALLENGE, ISSUER, VERIFIER, claims, request
from tests.support.dpop import Holder
from tests.support.spoken import unknown_of
from tests.support.visitor import Visitor

KEY = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "new", "use": "sig"})
KEYS = {"keys": [KEY.as_dict(private=False)]}
LOGOUT = "/sites/acme/oauth2/logout"
BYE = "https://rp.example/bye"


def confidential(place, **how):
    return place.register(**how)


def public(place):
    return place.register(token_endpoint_auth_method="none")


def keyed(place):
    return place.register(token_endpoint_auth_method="private_key_jwt", jwks=KEYS)


def machine(place):
    return place.register(grant_types=["client_credentials"], scope="reports", redirect_uris=[])


def asked(**changes):
    """An authorization request with *changes*, by Ann's browser."""
    return lambda place: place.authorize(place.browser(), confidential(place), **changes)


def asked_raw(query):
    """A query of a client's id."""
    return lambda place: place.browser().get(
        f"/sites/acme/oauth2/authorize?{query.format(id=confidential(place).client_id)}"
    )


def redirected(received, *known, native=False):
    def act(place):
        more = {"application_type": "native", "token_endpoint_auth_method": "none"} if native else {}
        client = place.register(redirect_uris=list(known or [CALLBACK]), **more)
        place.authorize(place.browser(), client, redirect_uri=received)

    return act


def by_id(change):
    """The client id is changed on its way."""

    def act(place):
        client = confidential(place)
        place.authorize(place.browser(), client, client_id=change(client.client_id))

    return act


def at_other_site(place):
    place.authorize(place.browser(), confidential(place), site="acme-eu")


def deleted(place):
    client = confidential(place)
    with place.work() as work:
        applications.delete(work, client.application_id)
    place.authorize(place.browser(), client)


def disabled(place):
    client = confidential(place)
    with place.work() as work:
        applications.disable(work, client.application_id)
    place.authorize(place.browser(), client)


def unsigned_in(place):
    place.app.test_client().get(
        "/sites/acme/oauth2/authorize", query_string=request(confidential(place), prompt="none")
    )


def too_old(place):
    browser = place.browser()
    place.later(minutes=5)
    place.authorize(browser, confidential(place), prompt="none", max_age="60")


def unconsented(place):
    place.authorize(place.browser(), confidential(place, first_party=False), prompt="none")


def unmet(place):
    wanted = '{"id_token": {"acr": {"essential": true, "value": "urn:gold"}}}'
    place.authorize(place.browser(), confidential(place), claims=wanted, prompt="none")


def without_access(place):
    browser = place.browser(BEN)
    answer = place.authorize(browser, confidential(place, everyone=False))
    browser.get(answer.headers["Location"])


def without_access_unseen(place):
    place.authorize(place.browser(BEN), confidential(place, everyone=False), prompt="none")


def redeemed(*, later=0, twice=False, register=confidential, asks=None, **changes):
    """A code that is redeemed with *changes*."""

    def act(place):
        client = register(place)
        code = place.code(place.browser(), client, **(asks or {}))
        place.later(seconds=later)
        if twice:
            place.redeem(client, code)
        place.redeem(client, code, **changes)

    return act


def of_another_client(place):
    client, other = confidential(place), place.register(client_name="Other")
    place.redeem(other, place.code(place.browser(), client))


def refreshed(*, later=0, twice=False, between=None, other=False, **changes):
    """A refresh token that is used with *changes*, after *between* was done."""

    def act(place):
        client = confidential(place)
        browser = place.browser()
        scope = "openid offline_access" if later > 86400 else "openid"
        token = place.tokens(browser, client, scope=scope)["refresh_token"]
        place.later(seconds=later)
        if twice:
            place.refresh(client, token)
        if between is not None:
            between(place, client, browser)
        place.refresh(place.register(client_name="Other") if other else client, token, **changes)

    return act


def _signed_out(place, client, browser):
    browser.get(LOGOUT, query_string={"id_token_hint": place.tokens(browser, client)["id_token"]})


def _account_disabled(place, client, browser):
    with place.work() as work:
        accounts.disable(work, place.account(work).id)


def _everywhere(place, client, browser):
    with place.work() as work:
        account = place.account(work)
        account.epoch += 1


def _grant_withdrawn(place, client, browser):
    with place.work() as work:
        for grant in applications.grants(work, queries.application(work, client.application_id)):
            work.tx.session.delete(grant)


def called(register=confidential, *, secret=None, by="client_secret_basic", **form):
    """The token endpoint, by a method and a secret that need not be the client's."""

    def act(place):
        client = register(place)
        said = client.secret if secret is None else secret
        sent = {"grant_type": "refresh_token", "refresh_token": "x", **form}
        headers = {}
        if by == "client_secret_basic":
            headers = basic(f"{client.client_id}:{said}")
        elif by == "client_secret_post":
            sent |= {"client_id": client.client_id, "client_secret": said or "cls_" + "a" * 43}
        elif by == "none":
            sent |= {"client_id": client.client_id}
        elif by == "both":
            sent |= {"client_id": client.client_id, "client_secret": said}
            headers = basic(f"{client.client_id}:{said}")
        elif by == "broken":
            headers = {"Authorization": "Basic !!"}
        place.token(client, headers=headers, **sent)

    return act


def basic(text):
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def asserted(
    *, key=KEY, twice=False, seconds=60, made=0, alg="ES256", kind=client_auth.ASSERTION_TYPE, register=keyed, **said
):
    """A call with a client assertion that is good but for one thing."""

    def act(place):
        client = register(place)
        at = int(place.now.timestamp()) + made
        good = {
            "iss": client.client_id,
            "sub": client.client_id,
            "aud": ISSUER,
            "iat": at,
            "exp": at + seconds,
            "jti": "j",
        }
        token = jwt.encode({"alg": alg, "kid": key.kid}, {**good, **said}, key, algorithms=[alg])
        form = {
            "grant_type": "refresh_token",
            "refresh_token": "x",
            "client_assertion_type": kind,
            "client_assertion": token,
        }
        for _ in range(2 if twice else 1):
            place.token(client, headers={}, **form)

    return act


def remote(place):
    """Keys at an address where nothing answers."""
    return place.register(token_endpoint_auth_method="private_key_jwt", jwks_uri="https://127.0.0.1:9/keys")


def shown(text=None, *, later=0, where="header", site="acme", scope="openid", change=None):
    """UserInfo with a token."""

    def act(place):
        client = confidential(place)
        tokens = place.tokens(place.browser(), client, scope=scope)
        token = tokens[text] if text in tokens else text or tokens["access_token"]
        place.later(seconds=later)
        if change is not None:
            token = change(token)
        if where == "query":
            place.app.test_client().get(f"/sites/acme/oauth2/userinfo?access_token={token}")
        else:
            place.userinfo(token, site=site)

    return act


def revoked(place):
    client = confidential(place)
    token = place.tokens(place.browser(), client)["access_token"]
    place.app.test_client().post("/sites/acme/oauth2/revoke", data={"token": token}, headers=client.basic)
    place.userinfo(token)


def left(*, register=lambda place: place.register(post_logout_redirect_uris=[BYE]), hint="own", **sent):
    def act(place):
        client, browser = register(place), place.browser()
        given = dict(sent)
        if hint == "own":
            given["id_token_hint"] = place.tokens(browser, client)["id_token"]
        elif hint:
            given["id_token_hint"] = hint
        browser.get(LOGOUT, query_string=given)

    return act


def _hint_of_other_site(place):
    other = place.register(site="acme-eu", client_name="Other")
    browser = place.browser()
    code = place.authorize(browser, other, site="acme-eu").headers["Location"].partition("code=")[2].partition("&")[0]
    token = place.redeem(other, code, site="acme-eu").json["id_token"]
    place.authorize(browser, confidential(place), id_token_hint=token)


def posted(path, content_type="application/x-www-form-urlencoded", data="", query=""):
    def act(place):
        client = confidential(place)
        place.app.test_client().post(
            f"/sites/acme/oauth2/{path}{query}", data=data, headers=client.basic, content_type=content_type
        )

    return act


def introspected(place):
    client = public(place)
    form = {"client_id": client.client_id, "token": "x"}
    place.app.test_client().post("/sites/acme/oauth2/introspect", data=form)


def proven(*, at=0, twice=False, method="POST", url=dpop.TOKEN, change=None, bound=True):
    """A machine that asks for a token with a DPoP proof that is good but for one thing."""

    def act(place):
        client, holder = place.register(**dpop.MACHINE, dpop_bound_access_tokens=bound), Holder()
        sent = dpop.proof(place, holder, method, url, at=place.now.timestamp() + at)
        for _ in range(2 if twice else 1):
            dpop.for_itself(place, client, sent if change is None else change(sent))

    return act


def unproven(place):
    place.token(place.register(**dpop.MACHINE, dpop_bound_access_tokens=True), grant_type="client_credentials")


def bearer_of_bound(place):
    token = dpop.bound_tokens(place, place.browser(), confidential(place), Holder())["access_token"]
    place.userinfo(token)


def bound_by_another(place):
    token = dpop.bound_tokens(place, place.browser(), confidential(place), Holder())["access_token"]
    dpop.at_userinfo(place, Holder(), token)


def late_device(place):
    device = Device(place, television(place))
    place.later(hours=1)
    device.poll()


def denied_device(place):
    device = Device(place, television(place))
    device.shown_to(Visitor(place.browser())).submit("Keep it out")
    device.poll()


def targeted(scope, resource=None, at_token=None):
    """A client that may read orders and count stock, which are two APIs, names a resource."""

    def act(place):
        client = confidential(place)
        place.api("https://api.example/orders", "orders:read", to=[client])
        place.api("https://api.example/stock", "stock:count", to=[client], name="Stock")
        answer = place.authorize(place.browser(), client, scope=scope, resource=resource)
        if "code=" in answer.headers["Location"]:
            code = answer.headers["Location"].partition("code=")[2].partition("&")[0]
            place.redeem(client, code, resource=at_token)

    return act


def api_calls(secret):
    def act(place):
        api = place.api("https://api.example/orders", "orders:read")
        headers = basic(f"{api.id}:{secret}")
        place.app.test_client().post("/sites/acme/oauth2/introspect", data={"token": "x"}, headers=headers)

    return act


def no_devices(place):
    asking(place, public(place))


# What goes wrong; the kind, a part of the evidence, and a part of what is to be done.
CASES = {
    "slash": (redirected(CALLBACK + "/"), "redirect-uri-not-registered", "a trailing slash too many", CALLBACK),
    "case": (redirected("https://rp.example/Callback"), "redirect-uri-not-registered", "upper and lower case", ""),
    "port": (redirected("https://rp.example:8443/callback"), "redirect-uri-not-registered", "the port 8443 instead of 443", ""),
    "http": (redirected("http://rp.example/callback"), "redirect-uri-not-registered", "http instead of https", ""),
    "escaped": (redirected("https%3A%2F%2Frp.example%2Fcallback"), "redirect-uri-not-registered", "once too often", ""),
    "other escapes": (redirected("https://rp.example/%63allback"), "redirect-uri-not-registered", "encoded once too often", ""),
    "host": (redirected("https://www.rp.example/callback"), "redirect-uri-not-registered", "the host www.rp.example", ""),
    "path": (redirected("https://rp.example/login"), "redirect-uri-not-registered", "the path /login instead of /callback", ""),
    "query": (redirected(CALLBACK + "?a=b"), "redirect-uri-not-registered", "a query (?a=b)", ""),
    "nearest": (redirected("https://b.example/cb/", "https://a.example/", "https://b.example/cb"),
                "redirect-uri-not-registered", "https://b.example/cb, which", "https://b.example/cb"),
    "localhost": (redirected("http://localhost:1/cb", "http://127.0.0.1/cb", native=True), "redirect-uri-not-registered",
                  "the host localhost instead of 127.0.0.1", "http://127.0.0.1/cb"),
    "no address": (asked(redirect_uri=None), "redirect-uri-missing", "no redirect_uri", CALLBACK),
    "unknown client": (by_id(lambda _: "cli_nobody"), "client-unknown", "cli_nobody", "idp application list"),
    "no client": (asked(client_id=None), "client-unknown", "no client_id", ""),
    "typo": (by_id(lambda known: known[:-1] + ("a" if known[-1] != "a" else "b")), "client-almost", "a few characters", ""),
    "case of the id": (by_id(lambda known: known.upper()), "client-almost", "upper and lower case", ""),
    "other site": (at_other_site, "client-of-other-site", "is registered at acme, and came to acme-eu", f"issuer {ISSUER}"),
    "deleted": (deleted, "client-deleted", "deleted", "anew"),
    "disabled": (disabled, "application-disabled", "disabled", "idp application enable app_"),
    "repeated": (asked_raw("client_id={id}&client_id={id}"), "parameter-repeated", "repeated", "once"),
    "repeated scope": (asked_raw(f"client_id={{id}}&redirect_uri={CALLBACK}&scope=a&scope=b"), "parameter-repeated",
                       "repeated: scope", "once"),
    "long": (asked(state="x" * 9000), "request-too-long", "too long", "shorter"),
    "escape": (asked_raw("client_id={id}&state=%zz"), "request-unreadable", "broken percent escape", "UTF-8"),
    "latin": (asked_raw("client_id={id}&state=%e9"), "request-unreadable", "UTF-8", "UTF-8"),
    "state": (asked(state="a\x07b"), "control-characters", "state", "letters"),
    "nonce": (asked(nonce="a\x07b"), "control-characters", "nonce", "letters"),
    "claims": (asked(claims="{"), "claims-malformed", "no JSON", "auth_time"),
    "registration": (asked(registration="{}"), "request-object-not-offered", "Registration", "plain"),
    "no type": (asked(response_type=None), "response-type-not-offered", "missing", "response_type=code"),
    "odd type": (asked(response_type="vp_token"), "response-type-not-offered", "vp_token", "response_type=code"),
    "mode": (asked(response_mode="telepathy"), "response-mode-not-offered", "telepathy", "form_post"),
    "no challenge": (asked(code_challenge=None, code_challenge_method=None), "pkce-missing", "code_challenge", "S256"),
    "no challenge with method": (asked(code_challenge=None), "pkce-missing", "code_challenge", ""),
    "plain": (asked(code_challenge_method="plain"), "pkce-not-s256", "S256", "S256"),
    "short challenge": (asked(code_challenge="abc"), "pkce-challenge-malformed", "malformed", "base64url"),
    "no scope": (asked(scope=None), "scope-not-known", "missing", "openid"),
    "odd scope": (asked(scope="openid flying"), "scope-not-known", "flying", "openid"),
    "prompt": (asked(prompt="beg"), "prompt-unknown", "prompt", ""),
    "prompts": (asked(prompt="none login"), "prompt-unknown", "stands alone", ""),
    "max_age": (asked(max_age="soon"), "max-age-malformed", "max_age", "seconds"),
    "acr": (asked(acr_values=" ".join(f"a{n}" for n in range(21))), "acr-values-too-many", "too many", ""),
    "no session": (unsigned_in, "login-required-no-session", "no session", "frame"),
    "old session": (too_old, "login-required-too-old", f"{ANN} has proven pwd", "prompt=none"),
    "consent": (unconsented, "consent-required", ANN, "first-party"),
    "context": (unmet, "context-unmet", "asked for", "acr_values_supported"),
    "access": (without_access, "access-missing", f"open to nobody; {BEN}", f"--account {BEN}"),
    "access, unseen": (without_access_unseen, "access-missing", BEN, "idp application grant app_"),
    "hint": (asked(id_token_hint="x.y.z"), "hint-invalid", "id_token_hint", "leave the hint out"),
    "hint of another site": (_hint_of_other_site, "hint-of-other-site", f"{BASE_URL}/sites/acme-eu", ISSUER),
    "late code": (redeemed(later=61), "code-expired", "older than a minute", "as soon as"),
    "no such code": (called(grant_type="authorization_code", code="x", redirect_uri=CALLBACK), "code-expired", "no such code", ""),
    "code twice": (redeemed(twice=True), "code-used-twice", "used twice", "once"),
    "code of another": (of_another_client, "code-of-another-client", "another client", ISSUER),
    "address at the token endpoint": (redeemed(redirect_uri=CALLBACK + "/"), "code-redirect-uri", "differs", "exactly"),
    "no verifier": (redeemed(code_verifier=None), "pkce-verifier-missing", "missing or malformed", "session"),
    "wrong verifier": (redeemed(code_verifier=VERIFIER[::-1]), "pkce-verifier-wrong", "not that of", "two tabs"),
    "challenge as verifier": (redeemed(code_verifier=CHALLENGE), "pkce-verifier-wrong", "not that of", ""),
    "unexpected verifier": (
        redeemed(register=lambda place: confidential(place, pkce_required=False),
                 asks={"code_challenge": None, "code_challenge_method": None}),
        "pkce-verifier-unexpected", "no challenge", ""),
    "no code": (called(grant_type="authorization_code", redirect_uri=CALLBACK), "parameter-missing", "The code is missing", ""),
    "no grant type": (called(grant_type=None), "parameter-missing", "grant_type", ""),
    "odd grant type": (called(grant_type="password"), "grant-type-not-offered", "password", "no password grant"),
    "grant type": (called(grant_type="client_credentials"), "grant-type-not-registered", "client_credentials", "app_"),
    "refresh twice": (refreshed(twice=True), "refresh-token-reused", "used twice", "store the new"),
    "late refresh": (refreshed(later=8 * 86400), "refresh-token-idle", "too long", "once a week"),
    "no such refresh": (called(), "refresh-token-unknown", "no such", ""),
    "refresh of another": (refreshed(other=True), "refresh-token-of-another-client", "another client", ""),
    "refresh for more": (refreshed(scope="openid groups"), "refresh-scope-more", "openid groups", "leave scope out"),
    "session over": (refreshed(between=_signed_out), "session-over", "session is over", "offline_access"),
    "account disabled": (refreshed(between=_account_disabled), "account-disabled", "disabled", "Enable"),
    "everywhere": (refreshed(between=_everywhere), "account-signed-out", "everywhere", "new sign-on"),
    "access withdrawn": (refreshed(between=_grant_withdrawn), "access-missing", "open to nobody", "idp application grant"),
    "scope of a machine": (called(machine, grant_type="client_credentials", scope="openid"), "scope-not-registered", "openid", ""),
    "post for basic": (called(by="client_secret_post"), "client-method-differs",
                       "sent client_secret_post, registered client_secret_basic", "scheme Basic"),
    "no secret": (called(by="none"), "client-method-differs", "sent none, registered client_secret_basic", ""),
    "secret of a public client": (called(public, by="client_secret_post"), "client-method-differs",
                                  "sent client_secret_post, registered none", "no secret at all"),
    "wrong secret": (called(secret="cls_" + "b" * 43), "client-secret-wrong", "does not fit", "rotate-secret app_"),
    "wrong secret by post": (called(secret="cls_" + "b" * 43, by="client_secret_post"), "client-secret-wrong",
                             "came by client_secret_post, and registered is client_secret_basic", "scheme Basic"),
    "empty secret": (called(secret=""), "client-secret-wrong", "does not fit", "without blanks"),
    "nobody": (called(by="nothing"), "client-authentication-missing", "no client_id", ""),
    "two proofs": (called(by="both"), "client-authentication-twice", "more than one way", "one proof"),
    "broken header": (called(by="broken"), "client-header-unreadable", "base64", "base64("),
    "unknown at the token endpoint": (lambda place: place.token(confidential(place), headers=basic("cli_none:x"), grant_type="x"),
                                      "client-unknown", "cli_none", ""),
    "at another site's token endpoint": (lambda place: place.token(confidential(place), site="acme-eu", grant_type="x"),
                                         "client-of-other-site", "acme-eu", ISSUER),
    "audience": (asserted(aud="https://other.example"), "assertion-audience", "https://other.example", ISSUER),
    "two audiences": (asserted(aud=[ISSUER, "https://other.example"]), "assertion-audience", "other.example", "one text"),
    "expired": (asserted(made=-600), "assertion-expired", "its exp was 540 s ago", "NTP"),
    "ahead": (asserted(made=90), "assertion-clock-ahead", "90 s from now", "NTP"),
    "long-lived": (asserted(seconds=3600), "assertion-too-long", "its exp is in 3600 s", ""),
    "unknown kid": (asserted(key=OTHER_KEY), "assertion-key-unknown", "kid", "public keys"),
    "another key of the kid": (asserted(key=ECKey.generate_key("P-256", {"kid": "ec"})), "assertion-signature", "signature", "kid"),
    "assertion twice": (asserted(twice=True), "assertion-replayed", "jti", "random jti"),
    "no jti": (asserted(jti=None), "assertion-malformed", "no jti", ""),
    "issuer": (asserted(iss="somebody"), "assertion-malformed", "somebody", "iss and sub"),
    "type": (asserted(kind="saml"), "assertion-malformed", "client_assertion_type", "jwt-bearer"),
    "keys": (asserted(register=remote), "client-keys-unreadable", "https://127.0.0.1:9/keys", "egress"),
    "algorithm": (
        asserted(register=lambda place: place.register(
            token_endpoint_auth_method="private_key_jwt", jwks=KEYS, token_endpoint_auth_signing_alg="RS256")),
        "assertion-algorithm", "ES256", "token_endpoint_auth_signing_alg"),
    "form": (posted("token", content_type="application/json"), "request-unreadable", "application/x-www-form-urlencoded", ""),
    "query beside a form": (posted("token", query="?a=b"), "request-unreadable", "body", ""),
    "no token": (posted("introspect"), "parameter-missing", "token", ""),
    "nothing to revoke": (posted("revoke"), "parameter-missing", "token", ""),
    "public introspection": (introspected, "introspection-public", "public", "authentication method"),
    "token over": (shown(later=900), "token-over", "300 s ago", "expires_in"),
    "ID token": (shown("id_token"), "token-of-other-kind", "typ", "access_token"),
    "token of another site": (shown(site="acme-eu"), "token-of-other-site", ISSUER, ISSUER),
    "changed token": (shown(change=lambda token: token[:-4] + "AAAA"), "token-invalid", "signature", "whole"),
    "no token at all": (shown("abc"), "token-invalid", "no signed JWT", ""),
    "token in an address": (shown(where="query"), "token-misplaced", "address", "Bearer"),
    "token revoked": (revoked, "token-revoked", "revoked", ""),
    "without openid": (shown(scope="profile"), "scope-insufficient", "openid", "openid"),
    "unknown resource": (targeted("openid", "https://api.example/none"), "resource-not-possible", "is enabled here", "idp api list"),
    "idle resource": (targeted("openid orders:read", "https://api.example/stock"), "resource-not-possible", "no scope of", ""),
    "two APIs": (targeted("orders:read stock:count"), "resource-unclear", "scopes of", "parameter resource"),
    "beyond": (targeted("openid orders:read", "https://api.example/orders", "https://api.example/stock"),
               "resource-not-possible", "https://api.example/stock", "authorization request"),
    "API with a wrong secret": (api_calls("x"), "api-authentication", "https://api.example/orders", "rotate-secret"),
    "device": (no_devices, "grant-type-not-registered", "for devices", "device_code"),
    "no proof": (unproven, "dpop-missing", "no header DPoP", "--no-dpop"),
    "old proof": (proven(at=-90), "dpop-clock", "iat", "NTP"),
    "proof of the future": (proven(at=90), "dpop-clock", "in the future", "NTP"),
    "proof of another address": (proven(url=dpop.USERINFO), "dpop-request", dpop.USERINFO, "discovery"),
    "proof of another method": (proven(method="GET"), "dpop-request", "'GET'", ""),
    "proof twice": (proven(twice=True), "dpop-replayed", "used before", "new random jti"),
    "broken proof": (proven(change=lambda sent: sent[:-4] + "AAAA"), "dpop-invalid", "DPoP proof", "4.2"),
    "bound token as a bearer token": (bearer_of_bound, "dpop-other-key", "presented as Bearer", "scheme DPoP"),
    "proof of another key": (bound_by_another, "dpop-other-key", "not of the token's key", ""),
    "late device": (late_device, "device-code-expired", "over", "new short code"),
    "denied device": (denied_device, "device-denied", "not let in", ""),
    "bye": (left(post_logout_redirect_uri=BYE + "/"), "post-logout-address-not-registered", "trailing slash", BYE),
    "bye to nowhere": (left(register=lambda place: place.register(), post_logout_redirect_uri=BYE),
                       "post-logout-address-not-registered", "none is registered", "add it"),
    "bye of nobody": (left(hint="", post_logout_redirect_uri=BYE), "post-logout-address-not-registered",
                      "does not say of which client", "client_id"),
    "hint at logout": (left(hint="x.y.z"), "hint-invalid", "id_token_hint", ""),
    "another client beside the hint": (left(client_id="cli_other"), "hint-contradicts", "audience", ""),
    "unknown client at logout": (left(hint="", client_id="cli_nobody"), "client-unknown", "cli_nobody", ""),
}  # fmt: skip

BY_OTHER_WAYS = {
    "consent-denied": "test_what_the_person_decided_is_said",
    "sign-on-cancelled": "test_what_the_person_decided_is_said",
    "other-person": "test_another_person_is_said",
    "response-type-not-registered": "test_a_machine_cannot_ask_for_codes",
    "grant-ended": "test_what_came_of_an_ended_grant_is_said",
    "consent-withdrawn": "test_withdrawn_consent_is_said",
    "refused-otherwise": "test_what_has_no_words_yet_shows_its_cause",
}
_ALSO_REGISTERED = {"application-disabled"}
KINDS_OF_ATTEMPTS = {case[1] for case in CASES.values()} - _ALSO_REGISTERED | set(BY_OTHER_WAYS)


@pytest.fixture(autouse=True)
def _no_keys_of_before():
    remote_keys.forget()


def found_of_last(place):
    attempt = [one for one in place.attempts() if one.outcome == "refused"][-1]
    with place.work() as work:
        kept = history.attempt(work, attempt.id)
        return attempt, examination.of_attempt(work, kept, base_url=BASE_URL, http_loopback=False)


@pytest.mark.parametrize("what", CASES)
def test_a_refused_attempt_is_explained(place, what):
    """O4, O6, O7, O8, O12, O13, O21, O25: what was expected and what came is shown, and who changes what."""
    act, kind, evidence, says = CASES[what]

    act(place)

    attempt, found = found_of_last(place)
    assert [finding.kind for finding in found] == [kind], (attempt.code, attempt.cause, attempt.steps)
    assert evidence in found[0].evidence
    assert says in found[0].here + found[0].vendor
    assert found[0].here or found[0].vendor
    assert "{" not in found[0].here
    assert unknown_of(found) == []


# A signed token begins anew after a quote or a blank: random ids hold these three letters now and then.
SECRET = re.compile(r"cls_|cod_|rfr_|(?<![\w-])eyJ[\w-]+\.")


@pytest.mark.parametrize("what", CASES)
def test_t18_no_secret_token_or_code_is_kept_or_said(place, what):
    CASES[what][0](place)

    _, found = found_of_last(place)
    kept = str([(one.steps, one.cause, one.context) for one in place.attempts()]) + str(found)
    assert not SECRET.search(kept)
    assert VERIFIER not in kept


def test_t18_the_search_for_secrets_finds_a_token_and_no_random_id():
    assert SECRET.search("its proof was 'eyJhbGciOiJFUzI1NiJ9.W10.c2ln'")
    assert SECRET.search("{'client_secret': 'cls_aenauoprjx6dkoq353rzphdetw'}")
    assert not SECRET.search("{'jti': 'GNexl4VIT9eyJgkMf-Fg'}")


def test_there_are_cases_for_every_kind():
    assert {kind.slug for kind in checking.KINDS} >= KINDS_OF_ATTEMPTS
    assert len(KINDS_OF_ATTEMPTS) >= 25
    assert all(name in globals() for name in BY_OTHER_WAYS.values())


def test_an_attempt_that_went_well_has_no_findings(place):
    place.tokens(place.browser(), confidential(place))

    with place.work() as work:
        for attempt in history.attempts(work):
            assert examination.of_attempt(work, attempt, base_url=BASE_URL, http_loopback=False) == ()


def test_withdrawn_consent_is_said(place):
    client, browser = confidential(place, first_party=False), place.browser()
    with place.work() as work:
        from idp.signon import consent

        account = place.account(work)
        consent.give(work, account.organization_id, account.id, client.application_id, ("profile", "email"))
    token = place.tokens(browser, client)["refresh_token"]
    with place.work() as work:
        consent.withdraw(work, account.organization_id, account.id, client.application_id)

    place.refresh(client, token)

    assert [one.kind for one in found_of_last(place)[1]] == ["consent-withdrawn"]


def test_what_came_of_an_ended_grant_is_said(place):
    client = confidential(place)
    tokens = place.tokens(place.browser(), client)
    place.app.test_client().post(
        "/sites/acme/oauth2/revoke", data={"token": tokens["refresh_token"]}, headers=client.basic
    )

    place.userinfo(tokens["access_token"])

    _, found = found_of_last(place)
    assert [one.kind for one in found] == ["grant-ended"]
    assert "revoked by the client" in found[0].evidence


def test_another_person_is_said(place):
    client = confidential(place)
    of_ann = place.tokens(place.browser(), client)["id_token"]
    browser = place.browser(BEN)
    answer = place.authorize(browser, client, id_token_hint=of_ann)
    browser.get(answer.headers["Location"])

    _, found = found_of_last(place)
    assert [(one.kind, one.evidence) for one in found] == [("other-person", f"{BEN} is signed in")]


def test_a_machine_cannot_ask_for_codes(place):
    client = place.register(grant_types=["client_credentials"], scope="openid", redirect_uris=[CALLBACK])
    place.authorize(place.browser(), client)

    assert [one.kind for one in found_of_last(place)[1]] == ["response-type-not-registered"]


def test_what_has_no_words_yet_shows_its_cause(place):
    from idp.audit import attempts
    from idp.audit.attempts import Trail

    with place.work() as work:
        trail = Trail(kind="oidc.sign-on")
        trail.failed("request", "odd", "something that no check knows")
        attempts.save(work, trail)

    assert [(one.kind, one.evidence) for one in found_of_last(place)[1]] == [
        ("refused-otherwise", "something that no check knows")
    ]


@pytest.mark.parametrize("refusal", ["consent-denied", "cancelled"])
def test_what_the_person_decided_is_said(place, refusal):
    client, browser = confidential(place, first_party=False), place.browser()
    place.authorize(browser, client)
    with place.work() as work:
        from idp.audit import attempts

        trail = attempts.load(work, place.attempts()[-1].id)
        trail.failed("sign-on", refusal, f"refused: {refusal}")
        attempts.save(work, trail)

    kind = {"cancelled": "sign-on-cancelled"}.get(refusal, refusal)
    assert [one.kind for one in found_of_last(place)[1]] == [kind]


# What was mended is not found any more


def test_a_redirect_uri_that_was_registered_since_is_not_found(place):
    client = confidential(place)
    place.authorize(place.browser(), client, redirect_uri="https://rp.example/new")
    assert found_of_last(place)[1]

    with place.work() as work:
        from idp.oidc.models import Client

        row = work.tx.session.query(Client).filter_by(client_id=client.client_id).one()
        row.registration = {**row.registration, "redirect_uris": [CALLBACK, "https://rp.example/new"]}

    assert found_of_last(place)[1] == ()


def test_access_that_was_given_since_is_not_found(place):
    without_access(place)
    assert found_of_last(place)[1]

    with place.work() as work:
        applications.grant(work, queries.applications(work)[0].id, everyone=True)

    assert found_of_last(place)[1] == ()


def test_t1_a_client_of_another_organization_is_named_to_nobody_who_may_not_see_it(place):
    from idp.directory import organizations, sites
    from idp.policy.permissions import ORGANIZATION_ADMINISTRATOR
    from tests.support.people import as_account

    with place.work() as work:
        organizations.create(work, "rival", name="Rival")
        sites.create(work, "rival", organization="rival", name="Rival")
    client = place.register(site="rival")
    place.authorize(place.browser(), client)
    attempt = place.attempts()[-1]

    with place.work() as work:
        mine = as_account(work, place.account(work), ORGANIZATION_ADMINISTRATOR)
        found = examination.of_attempt(mine, history.attempt(mine, attempt.id), base_url=BASE_URL, http_loopback=False)

    assert [one.kind for one in found] == ["client-unknown"]
    assert "rival" not in str(found)


def test_the_seconds_of_a_wrong_clock_are_those_of_the_clock(place):
    asserted(made=int(timedelta(minutes=7).total_seconds()))(place)

    assert "420 s from now" in found_of_last(place)[1][0].evidence


def test_the_hint_claims_are_read_only_for_the_administrator(place):
    """The issuer of a hint that cannot be trusted is kept, bounded, and nothing else of it."""
    client = confidential(place)
    token = place.tokens(place.browser(), client)["id_token"]
    place.authorize(place.browser(), client, id_token_hint=token[:-4] + "AAAA")

    attempt, found = found_of_last(place)
    assert [one.kind for one in found] == ["hint-invalid"]
    assert claims(token)["sub"] not in str(attempt.steps)
