"""
Load from a process of its own: ``python -m bench.load`` reads a plan on stdin, prints counts.

The plan: ``{"port", "road", "seconds", "data"}``. One keep-alive connection; whatever this
process costs is not counted, only the server's CPU is.
"""

import base64
import hashlib
import http.client
import json
import re
import secrets
import sys
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from bench import proofs

Call = Callable[[], None]


class Caller:
    """One connection to the server under measurement."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def __call__(
        self, method: str, path: str, *, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        sent = dict(headers or {})
        body = None
        if form is not None:
            body = urlencode(form)
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, sent)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()


def expect(condition: bool, what: object) -> None:
    if not condition:
        raise SystemExit(f"unexpected answer: {what!r}"[:2000])


def empty(call: Caller, data: dict[str, Any]) -> Call:
    def one() -> None:
        expect(call("GET", "/")[0] == 200, "empty view")

    return one


def signatures(call: Caller, data: dict[str, Any]) -> Call:
    def one() -> None:
        expect(call("GET", "/signatures")[0] == 200, "bare signatures")

    return one


def saml(call: Caller, data: dict[str, Any]) -> Call:
    def one() -> None:
        request = (
            f'<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_{secrets.token_hex(16)}"'
            f' Version="2.0" IssueInstant="{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}" Destination="{data["destination"]}"'
            f' AssertionConsumerServiceURL="{data["acs"]}">'
            f'<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{data["entity_id"]}</saml:Issuer>'
            "</samlp:AuthnRequest>"
        )
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = base64.b64encode(deflate.compress(request.encode()) + deflate.flush()).decode()
        query = urlencode({"SAMLRequest": packed, "RelayState": "bench"})
        status, _, body = call("GET", f"{data['path']}?{query}", headers={"Cookie": data["cookie"]})
        expect(status == 200 and b'name="SAMLResponse"' in body, (status, body[:600]))

    return one


def client_credentials(call: Caller, data: dict[str, Any]) -> Call:
    headers = {"Authorization": data["authorization"]}

    def one() -> None:
        status, _, body = call(
            "POST", data["token_path"], form={"grant_type": "client_credentials", "scope": "reports"}, headers=headers
        )
        expect(status == 200, (status, body))

    return one


def _request(data: dict[str, Any], verifier: str) -> dict[str, str]:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return {
        "response_type": "code",
        "client_id": data["client_id"],
        "redirect_uri": data["redirect_uri"],
        "scope": data["scope"],
        "state": "s",
        "nonce": secrets.token_hex(8),
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }


def _code(call: Caller, data: dict[str, Any], query: str, verifier: str) -> dict[str, str]:
    """Send the browser there; return the form that redeems the code."""
    status, headers, body = call("GET", f"{data['authorize_path']}?{query}", headers={"Cookie": data["cookie"]})
    expect(status in (302, 303), (status, body[:600]))
    answer = parse_qs(urlsplit(headers["Location"]).query)
    expect("code" in answer, headers["Location"])
    return {
        "grant_type": "authorization_code", "code": answer["code"][0], "redirect_uri": data["redirect_uri"],
        "code_verifier": verifier,
    }  # fmt: skip


def _authorize(call: Caller, data: dict[str, Any]) -> dict[str, Any]:
    verifier = secrets.token_urlsafe(32)
    form = _code(call, data, urlencode(_request(data, verifier)), verifier)
    status, _, body = call("POST", data["token_path"], form=form, headers={"Authorization": data["authorization"]})
    expect(status == 200, (status, body))
    return json.loads(body)  # type: ignore[no-any-return]


def authorize(call: Caller, data: dict[str, Any]) -> Call:
    def one() -> None:
        expect("id_token" in _authorize(call, data), "no ID token")

    return one


def pushed_and_bound(call: Caller, data: dict[str, Any]) -> Call:
    """A whole sign-on as FAPI has it: the request is pushed, and the tokens are bound to a key."""
    holder = proofs.Holder()

    def post(name: str, form: dict[str, str], good: int) -> dict[str, Any]:
        for _ in range(2):
            proof = holder.proof("POST", data["base_url"] + data[name])
            headers = {"Authorization": data["authorization"], "DPoP": proof}
            status, answered, body = call("POST", data[name], form=form, headers=headers)
            holder.nonce = answered["DPoP-Nonce"]
            if status == good:
                return json.loads(body)  # type: ignore[no-any-return]
        raise SystemExit(f"unexpected answer: {status} {body!r}")

    def one() -> None:
        verifier = secrets.token_urlsafe(32)
        pushed = post("par_path", _request(data, verifier), 201)
        query = urlencode({"client_id": data["client_id"], "request_uri": pushed["request_uri"]})
        expect(post("token_path", _code(call, data, query, verifier), 200)["token_type"] == "DPoP", "a bearer token")

    return one


def refresh(call: Caller, data: dict[str, Any]) -> Call:
    held = _authorize(call, data)["refresh_token"]

    def one() -> None:
        nonlocal held
        status, _, body = call(
            "POST",
            data["token_path"],
            form={"grant_type": "refresh_token", "refresh_token": held},
            headers={"Authorization": data["authorization"]},
        )
        expect(status == 200, (status, body))
        held = json.loads(body)["refresh_token"]

    return one


def introspection(call: Caller, data: dict[str, Any]) -> Call:
    form = {"token": _authorize(call, data)["access_token"]}
    headers = {"Authorization": data["authorization"]}

    def one() -> None:
        status, _, body = call("POST", data["introspect_path"], form=form, headers=headers)
        expect(status == 200 and b'"active":true' in body, (status, body))

    return one


def userinfo(call: Caller, data: dict[str, Any]) -> Call:
    headers = {"Authorization": f"Bearer {_authorize(call, data)['access_token']}"}

    def one() -> None:
        status, _, body = call("GET", data["userinfo_path"], headers=headers)
        expect(status == 200 and b'"email"' in body, (status, body))

    return one


def document(call: Caller, data: dict[str, Any]) -> Call:
    """Read a document of the site whole, as a relying party does that has not kept it."""

    def one() -> None:
        status, _, body = call("GET", data["path"])
        expect(status == 200 and data["member"].encode() in body, (status, body[:600]))

    return one


_TOKEN = re.compile(rb'name="csrf_token" value="([^"]+)"')


def password(call: Caller, data: dict[str, Any]) -> Call:
    people = iter(data["people"] * 1000)

    def one() -> None:
        cookies: dict[str, str] = {}

        def step(method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str, bytes]:
            sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())} if cookies else {}
            status, headers, body = call(method, path, form=form, headers=sent)
            for line in headers.get_all("Set-Cookie") or []:
                name, _, value = line.partition(";")[0].partition("=")
                cookies[name] = value
            return status, headers.get("Location", ""), body

        _, location, _ = step("GET", "/")
        _, _, page = step("GET", location)
        token = _TOKEN.search(page)
        expect(token is not None, page[:600])
        assert token is not None
        form = {"csrf_token": token[1].decode(), "username": next(people), "password": data["password"]}
        status, _, body = step("POST", location + "/password", form)
        expect(status == 303, (status, body[:600]))
        expect(any("session" in name for name in cookies), "no session")

    return one


ROADS = {
    "empty": empty,
    "signatures": signatures,
    "saml": saml,
    "client_credentials": client_credentials,
    "authorize": authorize,
    "refresh": refresh,
    "par+authorize+code+dpop": pushed_and_bound,
    "introspection": introspection,
    "userinfo": userinfo,
    "jwks": document,
    "discovery": document,
    "password": password,
}


def main() -> None:
    plan = json.load(sys.stdin)
    one = ROADS[plan["road"]](Caller(plan["port"]), plan["data"])
    for _ in range(plan.get("warm", 20)):
        one()
    print("warm", flush=True)
    sys.stdin.close()
    count, end = 0, time.monotonic() + plan["seconds"]
    took = []
    while time.monotonic() < end:
        began = time.perf_counter()
        one()
        took.append(time.perf_counter() - began)
        count += 1
    took.sort()
    print(json.dumps({"count": count, "p50": took[len(took) // 2], "p95": took[int(len(took) * 0.95)]}), flush=True)


if __name__ == "__main__":
    main()
