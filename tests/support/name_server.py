"""A name server on loopback, with the records that a test gives it; and a web site that shows one file."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset


class NameServer:
    """Answers from ``records``: ``{(name, type): [texts]}``; names in ``broken`` get SERVFAIL."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.broken: set[str] = set()
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def txt(self, name: str, *texts: str) -> None:
        """Let *name* have these TXT records, and no others."""
        self.records[name, "TXT"] = [f'"{text}"' for text in texts]

    def drop(self, name: str) -> None:
        """Let *name* have no TXT record any more."""
        self.records.pop((name, "TXT"), None)

    def serve(self) -> None:
        while True:
            try:
                asked, whence = self._socket.recvfrom(4096)
            except OSError:
                return
            if not asked:
                return
            self._socket.sendto(self._answer(dns.message.from_wire(asked)).to_wire(), whence)

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waking:
            waking.sendto(b"", self._socket.getsockname())
        self._socket.close()

    def _answer(self, asked: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(asked)
        answer.flags |= dns.flags.RA
        question = asked.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append(f"{name} {kind}")
        if name in self.broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
            return answer
        for _ in range(4):
            if (name, kind) in self.records:
                answer.answer.append(dns.rrset.from_text_list(f"{name}.", 60, "IN", kind, self.records[name, kind]))
                return answer
            if (name, "CNAME") not in self.records:
                break
            answer.answer.append(dns.rrset.from_text_list(f"{name}.", 60, "IN", "CNAME", self.records[name, "CNAME"]))
            name = self.records[name, "CNAME"][0].removesuffix(".")
        if not any(known == name for known, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer


@contextmanager
def running() -> Iterator[NameServer]:
    """A name server for the length of the block."""
    server = NameServer()
    thread = Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(2)


@contextmanager
def showing(content: bytes, tls: ssl.SSLContext, *, status: str = "200 OK", more: str = "") -> Iterator[int]:
    """A web site on loopback whose every page is *content*; yields its port."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            try:
                with tls.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(65536)
                    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n{more}\r\n"
                    secured.sendall(head.encode() + content)
            except OSError:
                pass

    thread = Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(2)
