"""
The one way out: a guarded HTTP client for addresses that somebody else has given us (D18, T14, O18).

A name is resolved once, every address that it has must be public (or named by the operator), and
the connection goes to the very address that was checked, with TLS for the name. No redirects, no
proxies, a size and a time that are never exceeded; and whoever asked learns only that it failed.
"""

import ipaddress
import re
import socket
import ssl
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from queue import Empty, Queue
from threading import Thread
from urllib.parse import SplitResult, urlsplit

import certifi
import httpcore

from idp.base import clock
from idp.base.errors import Unavailable
from idp.base.texts import phrase, sentence, words_of

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Sequence[str]]

SECONDS = 5.0
LONGEST_URL = 2048
_PORTS = frozenset({443, 8443})
_MOST_ADDRESSES = 16
_PRINTABLE = re.compile(r"[!-~]+")
_NO_REDIRECT = frozenset((*range(200, 300), *range(400, 600)))
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
# Ranges whose addresses lead to an IPv4 address of somebody's choice, or to nowhere that is public.
_TRANSLATED = tuple(
    ipaddress.ip_network(n) for n in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fec0::/10")
)


class NotReached(Unavailable):
    """The call failed before anything of it was sent: whoever is at that address has not heard of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: the status, a body that is not longer than was asked for, and when to ask again (as sent)."""

    status: int
    body: bytes
    retry_after: str = ""


def fetch(
    url: str,
    *,
    allowed: Iterable[str],
    most_bytes: int,
    http_loopback: bool = False,
    accept: str = "*/*",
    resolve: Resolve | None = None,
    seconds: float = SECONDS,
) -> bytes:
    """
    Return what GET answers at *url*.

    Call it while no transaction is open: it may take *seconds*.

    Args:
        allowed: addresses and networks of the operator's that need not be public; they may be
            called at plain http and at any port, too.
        most_bytes: longer answers are refused, not cut.
        http_loopback: loopback is allowed as well (for trials on one machine).
        resolve: what turns a name and a port into addresses, the system's resolver by default.

    Raises:
        Unavailable: refused or failed; the reason is in its ``cause`` and in nothing that leaves.
    """
    call = _Call("GET", url, [("Accept", accept)], b"", most_bytes, frozenset({200}))
    return _made(call, allowed, http_loopback, resolve, seconds).body


def post(
    url: str,
    body: bytes,
    *,
    content_type: str,
    allowed: Iterable[str],
    most_bytes: int,
    http_loopback: bool = False,
    headers: Iterable[tuple[str, str]] = (),
    resolve: Resolve | None = None,
    seconds: float = SECONDS,
) -> Answer:
    """
    Send *body* to *url* by POST; return what is answered, whatever its status but a redirect.

    Everything else is as of `fetch`. Call it while no transaction is open.

    Raises:
        NotReached: nothing was sent, so trying again repeats nothing.
        Unavailable: refused, redirected or failed; the reason is in its ``cause`` and in nothing that leaves.
    """
    return send(
        "POST",
        url,
        body,
        content_type=content_type,
        allowed=allowed,
        most_bytes=most_bytes,
        http_loopback=http_loopback,
        headers=headers,
        resolve=resolve,
        seconds=seconds,
    )


def send(
    method: str,
    url: str,
    body: bytes | None = None,
    *,
    content_type: str = "",
    allowed: Iterable[str],
    most_bytes: int,
    http_loopback: bool = False,
    accept: str = "*/*",
    headers: Iterable[tuple[str, str]] = (),
    resolve: Resolve | None = None,
    seconds: float = SECONDS,
) -> Answer:
    """
    Send a request of *method* to *url*; return what is answered, whatever its status but a redirect.

    Everything else is as of `fetch`. Call it while no transaction is open.

    Args:
        body: None where the method has none.

    Raises:
        NotReached: nothing was sent, so trying again repeats nothing.
        Unavailable: refused, redirected or failed; the reason is in its ``cause`` and in nothing that leaves.
    """
    said = [] if body is None else [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    call = _Call(method, url, [*said, ("Accept", accept), *headers], body or b"", most_bytes, _NO_REDIRECT)
    return _made(call, allowed, http_loopback, resolve, seconds)


def _made(
    call: "_Call", allowed: Iterable[str], http_loopback: bool, resolve: Resolve | None, seconds: float
) -> Answer:
    url = call.url
    networks = tuple(ipaddress.ip_network(item, strict=False) for item in allowed)
    deadline = clock.monotonic() + seconds
    backend = None
    try:
        parts = _parts(url)
        backend = _Backend((*networks, *_LOOPBACK) if http_loopback else networks, resolve or _resolve, deadline, parts)
        return _answer(parts, backend, call, deadline)
    except _Refused as error:
        raise _unavailable(url, words_of(error), backend) from None
    except (httpcore.TimeoutException, TimeoutError) as error:
        raise _unavailable(url, phrase("no answer within %(seconds)s s", seconds=f"{seconds:g}"), backend) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError, ValueError) as error:
        raise _unavailable(
            url, phrase("%(name)s: %(error)s", name=type(error).__name__, error=str(error)), backend
        ) from error


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes
    most_bytes: int
    taken: Container[int]


class _Refused(Exception):
    """The call must not be made, or its answer not be taken; the message is for the administrator."""


def _unavailable(url: str, cause: str, backend: "_Backend | None") -> Unavailable:
    kind = Unavailable if backend is not None and backend.has_sent else NotReached
    return kind(
        "An address that was given to us could not be read.",
        code="not-fetched",
        advice="Check the address, or give the file itself.",
        cause=phrase("%(url)s: %(cause)s", url=url[:200], cause=sentence(cause)),
    )


def _parts(url: str) -> SplitResult:
    if len(url) > LONGEST_URL or not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise _Refused("the address is too long or has characters that an address cannot have")
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise _Refused("only https addresses with a host are called")
    if "@" in parts.netloc:
        raise _Refused("the address has a user name in it")
    if parts.port == 0:
        raise _Refused("the port is not a port")
    return parts


def _answer(parts: SplitResult, backend: "_Backend", call: _Call, deadline: float) -> Answer:
    port = parts.port or (443 if parts.scheme == "https" else 80)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    address = httpcore.URL(scheme=parts.scheme, host=parts.hostname or "", port=port, target=target)
    headers = [
        ("Host", parts.netloc),
        *call.headers,
        ("Accept-Encoding", "identity"),
        ("User-Agent", "Ostiary"),
        ("Connection", "close"),
    ]
    with (
        httpcore.ConnectionPool(
            ssl_context=_tls(), max_connections=1, max_keepalive_connections=0, retries=0, network_backend=backend
        ) as pool,
        pool.stream(call.method, address, headers=headers, content=call.body or None) as answer,
    ):
        if answer.status not in call.taken:
            raise _Refused(phrase("status %(status)s", status=answer.status))
        if any(name.lower() == b"content-encoding" and value != b"identity" for name, value in answer.headers):
            raise _Refused("the answer is compressed, although that was not asked for")
        body = bytearray()
        for chunk in answer.iter_stream():
            body += chunk
            if len(body) > call.most_bytes:
                raise _Refused(phrase("the answer is longer than %(most_bytes)s bytes", most_bytes=call.most_bytes))
            if clock.monotonic() > deadline:
                raise TimeoutError
        after = next((value for name, value in answer.headers if name.lower() == b"retry-after"), b"")
        return Answer(answer.status, bytes(body), after[:64].decode("ascii", "replace"))


class _Backend(httpcore.NetworkBackend):
    """Connects to the address that was checked, and to nothing else; gives every step what is left of the time."""

    def __init__(self, networks: tuple[Network, ...], resolve: Resolve, deadline: float, parts: SplitResult) -> None:
        self._networks, self._resolve, self._deadline, self._parts = networks, resolve, deadline, parts
        self._system = httpcore.SyncBackend()
        self.has_sent = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failed: Exception | None = None
        for address in self._checked(host, port):
            try:
                stream = self._system.connect_tcp(str(address), port, timeout=_left(self._deadline))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(stream, self._deadline, self)
        raise failed or _Refused("the name has no address")

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        raise _Refused("a local socket is not called")

    def _checked(self, host: str, port: int) -> list[Address]:
        found = [_address(text) for text in _within(self._resolve, host, port, _left(self._deadline))]
        if not 0 < len(found) <= _MOST_ADDRESSES:
            raise _Refused("the name has no address, or too many")
        named = all(any(address in network for network in self._networks) for address in found)
        for address in found:
            if not _public(address) and not any(address in network for network in self._networks):
                raise _Refused(
                    phrase(
                        "%(address)s is not a public address, and egress.allow_addresses does not name it",
                        address=str(address),
                    )
                )
        if not named and self._parts.scheme != "https":
            raise _Refused("plain http is called only at addresses that egress.allow_addresses names")
        if not named and port not in _PORTS:
            raise _Refused(
                phrase("port %(port)s is called only at addresses that egress.allow_addresses names", port=port)
            )
        return found


class _Stream(httpcore.NetworkStream):
    """A connection whose every read and write has only what is left of the time."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float, backend: _Backend) -> None:
        self._stream, self._deadline, self._backend = stream, deadline, backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, timeout=_left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        timeout = _left(self._deadline)
        self._backend.has_sent = True  # also where it fails in the middle
        self._stream.write(buffer, timeout=timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, timeout=_left(self._deadline))
        return _Stream(secured, self._deadline, self._backend)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - clock.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _address(text: str) -> Address:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address in network for network in _TRANSLATED)


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _within(resolve: Resolve, host: str, port: int, seconds: float) -> Sequence[str]:
    """Resolve within *seconds*; the system's resolver knows no time-out of its own."""
    answers: Queue[Sequence[str] | Exception] = Queue(1)

    def ask() -> None:
        try:
            answers.put(resolve(host, port))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise _Refused("the name has no address")
    return answer


@cache
def _tls() -> ssl.SSLContext:
    """What the machine trusts (so that an operator's own authority works), and what browsers trust."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
