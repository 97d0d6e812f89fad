"""T14: calls to addresses that somebody else named reach public addresses only, and tell nothing."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from idp.base import egress
from idp.base.errors import Unavailable

PRIVATE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fc00::1", "fd12::1", "ff02::1",
    "2001:db8::1", "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1", "fe80::1%lo",
]  # fmt: skip


@pytest.fixture
def server():
    """A server on loopback that counts its requests; ``server.answer`` is what it says."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.hosts.append(self.headers["Host"])
            status, headers, body = self.server.answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    running = HTTPServer(("127.0.0.1", 0), Handler)
    running.hosts, running.answer = [], (200, {}, b"hello")
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def _fetch(url, allowed=(), most_bytes=65536, resolve=None):
    return egress.fetch(url, allowed=allowed, most_bytes=most_bytes, resolve=resolve)


def _to(*addresses):
    return lambda host, port: addresses


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_at_an_address_that_is_not_public_is_not_called(address):
    with pytest.raises(Unavailable) as refused:
        _fetch("https://keys.example/jwks", resolve=_to(address))

    assert address not in refused.value.message + refused.value.advice


def test_one_private_address_among_public_ones_is_enough_to_refuse():
    with pytest.raises(Unavailable):
        _fetch("https://keys.example/", resolve=_to("93.184.215.14", "10.0.0.1"))


@pytest.mark.parametrize(
    "address",
    [
        "ftp://keys.example/", "file:///etc/passwd", "https://user@keys.example/", "https:///", "https://keys.example:0/",
        "https://keys.example:99999/", "https://keys.example/\n", "https://keys.example/ x", "gopher://keys.example", "",
        "//keys.example/", "https://kéys.example/", "https://keys.example/" + "a" * 3000,
    ],
)  # fmt: skip
def test_a_malformed_address_is_not_called(address):
    with pytest.raises(Unavailable):
        _fetch(address, resolve=_to("93.184.215.14"))


def test_plain_http_is_not_called_at_a_public_address():
    with pytest.raises(Unavailable) as refused:
        _fetch("http://keys.example/", resolve=_to("93.184.215.14"))

    assert "plain http" in refused.value.cause


def test_an_address_on_the_operators_list_is_called_by_the_name_it_was_asked_for(server):
    port = server.server_port

    read = _fetch(f"http://keys.example:{port}/", allowed=["127.0.0.0/8"], resolve=_to("127.0.0.1"))

    assert read == b"hello"
    assert server.hosts == [f"keys.example:{port}"]


def test_a_name_is_resolved_once_so_that_rebinding_changes_nothing(server):
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])

    _fetch(
        f"http://keys.example:{server.server_port}/", allowed=["127.0.0.1"], resolve=lambda host, port: next(answers)
    )

    assert next(answers) == ["10.0.0.1"]


@pytest.mark.parametrize("answer", [(302, {"Location": "http://127.0.0.1/"}, b""), (404, {}, b"no"), (500, {}, b"")])
def test_whatever_is_no_plain_answer_is_refused_alike(server, answer):
    server.answer = answer

    with pytest.raises(Unavailable) as refused:
        _fetch(f"http://127.0.0.1:{server.server_port}/", allowed=["127.0.0.1"])

    assert refused.value.message == "An address that was given to us could not be read."
    assert len(server.hosts) == 1


def test_a_long_answer_is_cut_off(server):
    server.answer = (200, {}, b"x" * 5000)

    with pytest.raises(Unavailable) as refused:
        _fetch(f"http://127.0.0.1:{server.server_port}/", allowed=["127.0.0.1"], most_bytes=4096)

    assert "4096" in refused.value.cause


def test_proxies_of_the_environment_are_not_used(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    assert _fetch(f"http://127.0.0.1:{server.server_port}/", allowed=["127.0.0.1"]) == b"hello"
