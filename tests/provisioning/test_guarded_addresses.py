"""
Addresses that administrators give are called by us, with a secret: what T15 asks of webhooks, asked of targets (T15).

There are no webhooks. A target is the one thing that is sent to at an address that an administrator of an organization
types: a call of ours must reach no network of ours, follow nothing, wait for nobody, and tell nothing of what came back.
"""

import json
import time

import pytest

from idp.audit.models import Attempt, AuditEntry
from idp.base import egress
from idp.base.errors import Invalid
from idp.provisioning.targets import editing, server, testing
from idp.provisioning.targets.editing import Wanted
from idp.provisioning.targets.server import Failed, Fault
from tests.base.test_egress import server as octets
from tests.support.peers import serving
from tests.support.scim_server import TOKEN

INSIDE = (
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("64:ff9b::a00:1", "2002:a00:1::1"),
)
NO_ADDRESS = (
    *(
        "http://scim.example/v2",
        "ftp://scim.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "gopher://x/",
        "scim",
    ),
    *("https://ann:secret@scim.example/v2", "https://scim.example/v2?token=secret", "https://scim.example/v2#x", ""),
    *("https:///v2", "https://scim.example/v2\r\nX: y", "//scim.example/v2"),
)


def faulty(call, method="GET", path="/Users"):
    with pytest.raises(Failed) as raised:
        call(method, path, None if method == "GET" else {"userName": "ann"})
    return raised.value.fault


def resolving(monkeypatch, *answers):
    """Let each name be at the next of *answers*; the last one stays."""
    asked = []

    def resolve(host, port):
        asked.append(host)
        return list(answers[min(len(asked), len(answers)) - 1])

    monkeypatch.setattr(egress, "_resolve", resolve)
    return asked


def test_t15_no_address_inside_is_called_by_any_name_and_by_any_way_of_asking(monkeypatch):
    wrong = []
    for address in INSIDE:
        asked = resolving(monkeypatch, [address])
        call = server.calling("https://scim.example/v2", TOKEN, (), http_loopback=False)
        seen = {
            faulty(call, method, path)
            for method, path in (("GET", "/Users"), ("POST", "/Users"), ("DELETE", "/Users/1"))
        }
        seen.add(testing.asked(lambda *_, to=call: to, testing.Asked("app_x", "https://scim.example/v2", TOKEN)))
        if seen != {Fault.UNREACHABLE} or not asked:
            wrong.append((address, seen))
        resolving(monkeypatch, ["203.0.113.7", address])  # one that is public beside it changes nothing
        if faulty(call) != Fault.UNREACHABLE:
            wrong.append((address, "beside a public one"))

    assert wrong == []


def test_t15_a_name_that_moves_inside_after_it_was_looked_at_is_not_followed(monkeypatch):
    """DNS rebinding: each call looks once, and calls what it has looked at; the next one looks anew."""
    with octets(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as (port, heard):
        asked = resolving(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
        call = server.calling(f"http://scim.example:{port}", TOKEN, ("127.0.0.1",), http_loopback=False)
        first = call("GET", "/Users", None)
        second = faulty(call)

    assert (first.status, second) == (200, Fault.UNREACHABLE)
    assert (len(asked), len(heard)) == (2, 1)


def test_t15_no_redirect_is_followed_and_the_token_goes_nowhere_else():
    with serving(lambda _: (200, {}, b"{}")) as elsewhere:
        for status in (301, 302, 303, 307, 308):
            where = {"Location": f"{elsewhere.address}/Users"}
            with serving(lambda _, status=status, where=where: (status, where, b"")) as far:
                call = server.calling(far.address, TOKEN, (), http_loopback=True)
                assert [faulty(call, method) for method in ("GET", "POST", "PATCH")] == [Fault.UNREACHABLE] * 3, status
                assert {one.headers["Authorization"] for one in far.heard} == {f"Bearer {TOKEN}"}

    assert elsewhere.heard == []


def test_t15_who_says_too_much_or_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(server, "SECONDS", 0.3)

    def silent(_connection, over):
        over.wait(5)

    begun = time.monotonic()
    with octets(silent) as (port, _):
        assert faulty(server.calling(f"http://127.0.0.1:{port}", TOKEN, (), http_loopback=True)) == Fault.UNREACHABLE
    assert time.monotonic() - begun < 3
    for body in (b"x" * (server.MOST_BYTES + 1), b"[" * 100_000, b"\xff\xfe", b"[1]", b'"text"'):
        with serving(lambda _, body=body: (200, {}, body)) as far:
            call = server.calling(far.address, TOKEN, (), http_loopback=True)
            if len(body) > server.MOST_BYTES:
                assert faulty(call) == Fault.UNREACHABLE
            else:
                assert call("GET", "/Users", None).body == {}


def test_t15_an_address_that_is_none_or_has_a_secret_in_it_is_not_kept(world):
    wrong = []
    for address in NO_ADDRESS:
        with world.work() as work, pytest.raises(Invalid) as raised:
            editing.set_up(work, world.application_id, Wanted(address, everybody=True))
        said = f"{raised.value.message}{raised.value.advice}"
        if raised.value.field != "endpoint" or "secret" in said:
            wrong.append((address, raised.value.field, said))

    assert wrong == []


def test_t15_nothing_of_what_is_answered_is_kept_or_told(world):
    """Whatever a far end says is not ours to repeat: not in rows, entries or attempts, and not to whoever asked."""
    canary = "canary-of-the-far-end"
    world.set_up()
    for status in (400, 401, 404, 409, 429, 500):
        world.far.fails = [(status, {"X-Canary": canary})] * 20
        world.far.says = json.dumps({"detail": canary, "Resources": [{"id": canary}], "schemas": [canary]}).encode()
        world.tell()
        world.later(hours=2)
        came = testing.asked(world.dial, testing.Asked(world.application_id, world.far.url, TOKEN))
        said = testing.refusal(came) if isinstance(came, Fault) else came
        assert canary not in f"{said}{getattr(said, 'advice', '')}"
    with world.work() as work:
        rows = [
            *work.tx.session.query(AuditEntry),
            *work.tx.session.query(Attempt),
            world.target(),
            *world.rows().values(),
        ]
        kept = [str(dict(vars(row))) for row in rows]

    assert [row for row in kept if canary in row or TOKEN in row] == []
