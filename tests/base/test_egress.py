"""The one way out: what it calls, what it refuses, and how little it says (T14, O18, D18)."""

import socket
import ssl
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from idp.base import egress
from idp.base.errors import Unavailable
from tests.support.peers import serving

BODY = b"<metadata/>"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


@contextmanager
def server(answer, *, tls: ssl.SSLContext | None = None):
    """A server on loopback that gives *answer* (octets, or a function of the connection) to everyone; yields its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    asked: list[bytes] = []
    over = Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            try:
                if tls is not None:
                    connection = tls.wrap_socket(connection, server_side=True)
                asked.append(connection.recv(65536))
                if callable(answer):
                    answer(connection, over)
                else:
                    connection.sendall(answer)
            except OSError:
                pass
            finally:
                connection.close()

    thread = Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1], asked
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
        listening.close()
        thread.join(2)


def resolving(*addresses: str):
    """A resolver that knows every name, and counts how often it was asked."""

    def resolve(host: str, port: int) -> list[str]:
        resolve.asked.append((host, port))
        return list(addresses)

    resolve.asked = []
    return resolve


def fetch(url: str, *, allowed=("127.0.0.1",), **more) -> bytes:
    return egress.fetch(url, allowed=allowed, most_bytes=1000, **more)


def refused(url: str, **more) -> Unavailable:
    with pytest.raises(Unavailable) as raised:
        fetch(url, **more)
    return raised.value


def test_an_address_that_the_operator_names_is_read():
    resolve = resolving("127.0.0.1")
    with server(OK) as (port, asked):
        assert fetch(f"http://sp.example:{port}/metadata?x=1", resolve=resolve) == BODY

    request = asked[0].decode()
    assert request.startswith("GET /metadata?x=1 HTTP/1.1\r\n")
    assert f"Host: sp.example:{port}\r\n" in request
    assert resolve.asked == [("sp.example", port)]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.1.2.3",
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_t14_no_address_that_is_not_public_is_called(address):
    """T14: whatever its name, and also where it is one of several."""
    for addresses in ((address,), ("8.8.8.8", address), (address, "8.8.8.8")):
        error = refused("https://name.example/", allowed=(), resolve=resolving(*addresses))
        assert "not a public address" in error.cause


@pytest.mark.parametrize(
    "url",
    [
        "http://name.example/",
        "ftp://name.example/",
        "file:///etc/passwd",
        "gopher://name.example/",
        "//name.example/",
        "name.example",
        "",
        "https://",
        "https://user@name.example/",
        "https://user:secret@name.example/",
        "https://name.example:0/",
        "https://name.example:22/",
        "https://name.example:6379/",
        "https://name.example:99999/",
        "https://name.example\\@evil.example/",
        "https://name.example/\r\nX: y",
        "https://name.example/ x",
        "https://bücher.example/",
        "https://name.example/" + "a" * 2048,
    ],
)
def test_t14_only_plain_https_addresses_at_the_usual_ports_are_called(url):
    resolve = resolving("8.8.8.8")
    error = refused(url, allowed=(), resolve=resolve)

    assert error.code == "not-fetched"


@pytest.mark.parametrize("literal", ["2130706433", "0x7f000001", "017700000001", "127.1", "[::1]", "localhost"])
def test_t14_other_spellings_of_loopback_are_loopback(literal):
    """The system's own resolver reads them; what it found is what is judged."""
    refused(f"https://{literal}/", allowed=())


def test_t14_a_name_is_resolved_once_and_the_checked_address_is_called():
    """Rebinding: a second look at the name would find another address; there is none."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    with server(OK) as (port, _):
        assert fetch(f"http://rebind.example:{port}/", resolve=lambda *_: next(answers)) == BODY
    assert next(answers) == ["127.0.0.2"]


def test_t14_a_redirect_is_not_followed():
    with server(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n") as (port, asked):
        error = refused(f"http://127.0.0.1:{port}/")
        assert "status 302" in error.cause
    assert len(asked) == 1


def test_t14_no_proxy_of_the_environment_is_used(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with server(OK) as (port, _):
        assert fetch(f"http://127.0.0.1:{port}/") == BODY


def test_o18_an_answer_that_is_too_long_is_refused():
    def endless(connection, over) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not over.is_set():
            connection.sendall(b"400\r\n" + bytes(1024) + b"\r\n")

    with server(endless) as (port, _):
        assert "longer than 1000" in refused(f"http://127.0.0.1:{port}/").cause
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + bytes(1001)
    with server(long) as (port, _):
        assert "longer than 1000" in refused(f"http://127.0.0.1:{port}/").cause
    exact = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + bytes(1000)
    with server(exact) as (port, _):
        assert len(fetch(f"http://127.0.0.1:{port}/")) == 1000


def silent(connection, over) -> None:
    over.wait(5)


def dripping(connection, over) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    while not over.wait(0.05):
        connection.sendall(b"x")


@pytest.mark.parametrize("slow", [silent, dripping])
def test_o18_the_time_is_one_for_everything(slow):
    """O18: an octet now and then does not prolong it."""
    with server(slow) as (port, _):
        began = time.monotonic()
        error = refused(f"http://127.0.0.1:{port}/", seconds=0.4)
        assert time.monotonic() - began < 1.5
    assert "no answer within" in error.cause


def test_o18_a_resolver_that_hangs_costs_no_more_time():
    def hanging(host: str, port: int) -> list[str]:
        Event().wait(2)
        return ["127.0.0.1"]

    began = time.monotonic()
    refused("https://slow.example/", seconds=0.3, resolve=hanging)
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
    ids=range(6),
)
def test_what_is_no_plain_answer_is_refused(answer):
    with server(answer) as (port, _):
        refused(f"http://127.0.0.1:{port}/")


def test_t14_whoever_asked_learns_only_that_it_failed():
    """T14: the same words for a port that is closed, an address that is private, a name that is none."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]

    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    errors = [
        refused(f"http://127.0.0.1:{closed}/"),
        refused("https://name.example/", allowed=(), resolve=resolving("10.0.0.1")),
        refused("https://name.example/", allowed=(), resolve=unknown),
        refused("https://name.example/", allowed=(), resolve=resolving()),
        refused("ftp://name.example/", allowed=()),
    ]

    assert len({(error.message, error.advice, error.code) for error in errors}) == 1
    assert len({error.cause for error in errors}) == 5
    assert "10.0.0.1" not in errors[1].message


def test_loopback_may_be_allowed_for_trials_on_one_machine():
    with server(OK) as (port, _):
        assert (
            fetch(f"http://localhost:{port}/", allowed=(), http_loopback=True, resolve=resolving("127.0.0.1")) == BODY
        )
    refused("http://name.example/", allowed=(), http_loopback=True, resolve=resolving("10.0.0.1"))


def test_a_network_may_be_allowed():
    with server(OK) as (port, _):
        assert fetch(f"http://127.0.0.1:{port}/", allowed=("127.0.0.0/8",)) == BODY
    refused("http://127.0.0.1/", allowed=("10.0.0.0/8",))


@pytest.fixture
def authority(tmp_path):
    """A certificate for sp.example, and contexts that serve and trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sp.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("sp.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "sp.pem"
    file.write_bytes(
        certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    trusting = ssl.create_default_context(cafile=str(file))
    return serving, trusting


def test_t14_tls_is_for_the_name_and_the_connection_for_the_address(authority, monkeypatch):
    """The checked address is called, and its certificate must be that of the name."""
    serving, trusting = authority
    with server(OK, tls=serving) as (port, asked):
        monkeypatch.setattr(egress, "_tls", lambda: trusting)
        assert fetch(f"https://sp.example:{port}/", resolve=resolving("127.0.0.1")) == BODY
        assert "Ssl" in refused(f"https://other.example:{port}/", resolve=resolving("127.0.0.1")).cause.title()
        monkeypatch.undo()
        refused(f"https://sp.example:{port}/", resolve=resolving("127.0.0.1"))
    assert len(asked) == 1


# POST


def posted(url: str, *, body: bytes = b"a=b", allowed=("127.0.0.1",), **more) -> egress.Answer:
    return egress.post(url, body, content_type="text/plain", allowed=allowed, most_bytes=1000, **more)


def test_what_is_posted_arrives_whole_with_its_type():
    with serving(lambda heard: (200, {}, BODY)) as peer:
        answer = posted(f"{peer.address}/in?x=1", headers=[("SOAPAction", "urn:x")])

    assert (answer.status, answer.body) == (200, BODY)
    (heard,) = peer.heard
    assert (heard.path, heard.body) == ("/in?x=1", b"a=b")
    assert heard.headers["Content-Type"] == "text/plain"
    assert heard.headers["SOAPAction"] == "urn:x"
    assert "Cookie" not in heard.headers


@pytest.mark.parametrize("status", [200, 204, 400, 401, 404, 500, 503])
def test_whoever_posts_sees_the_status(status):
    with serving(lambda heard: (status, {}, b"")) as peer:
        assert posted(f"{peer.address}/").status == status


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_t14_a_redirect_is_no_answer_to_a_post(status):
    away = {"Location": "/elsewhere"}
    with serving(lambda heard: (status, away, b"")) as peer, pytest.raises(Unavailable) as raised:
        posted(f"{peer.address}/")
    assert f"status {status}" in raised.value.cause
    assert len(peer.heard) == 1


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1"])
def test_t14_nothing_is_posted_to_an_address_that_is_not_public(address):
    for addresses in ((address,), ("8.8.8.8", address)):
        with pytest.raises(Unavailable) as raised:
            posted("https://name.example/", allowed=(), resolve=resolving(*addresses))
        assert "not a public address" in raised.value.cause


@pytest.mark.parametrize("url", ["http://name.example/", "file:///etc/passwd", "https://user@name.example/"])
def test_t14_nothing_is_posted_to_what_is_no_plain_https_address(url):
    with pytest.raises(Unavailable):
        posted(url, allowed=(), resolve=resolving("8.8.8.8"))


def test_t14_the_checked_address_is_posted_to():
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    with serving(lambda heard: (200, {}, BODY)) as peer:
        port = peer.address.rpartition(":")[2]
        assert posted(f"http://rebind.example:{port}/", resolve=lambda *_: next(answers)).body == BODY
    assert next(answers) == ["127.0.0.2"]


def test_o18_an_answer_to_a_post_has_a_limit_and_a_time():
    with serving(lambda heard: (200, {}, bytes(1001))) as peer, pytest.raises(Unavailable) as raised:
        posted(f"{peer.address}/")
    assert "longer than 1000" in raised.value.cause
    began = time.monotonic()
    with server(silent) as (port, _), pytest.raises(Unavailable) as raised:
        posted(f"http://127.0.0.1:{port}/", seconds=0.3)
    assert time.monotonic() - began < 2
    assert "no answer within" in raised.value.cause


@pytest.mark.parametrize("url", ["http://sp.example:1/", "ftp://sp.example/", "http://sp.example:0/"])
def test_what_was_never_sent_is_known_not_to_have_been_heard(url):
    with pytest.raises(egress.NotReached):
        egress.post(
            url, b"x", content_type="text/xml", allowed=("127.0.0.1",), most_bytes=9, resolve=resolving("127.0.0.1")
        )


@pytest.mark.parametrize("answer", [b"", b"nonsense", b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"])
def test_what_was_sent_and_not_answered_may_have_been_heard(answer):
    with server(answer) as (port, asked), pytest.raises(Unavailable) as raised:
        egress.post(f"http://127.0.0.1:{port}/", b"x", content_type="text/xml", allowed=("127.0.0.1",), most_bytes=9)

    assert not isinstance(raised.value, egress.NotReached)
    assert len(asked) == 1
