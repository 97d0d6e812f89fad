"""
Whatever SAML leaves in a test is held against the schemas of OASIS, whether the test thinks of it or not.

At the outermost edge: the answers of every application, the calls to other people's addresses, and what was
encrypted, where whoever it is for has decrypted it. `judged` is around every test.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import xmlsec
from lxml import etree

from idp.base import egress
from idp.web.door import Door
from tests.support.schemas import messages_in, validate

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_faults: list[str] = []
_Decrypting = xmlsec.EncryptionContext


def held(document: bytes) -> None:
    """Validate *document*. A fault is remembered, too: in a thread or behind a server an error stops no test."""
    try:
        validate(document)
    except etree.LxmlError as error:
        _faults.append(f"{error}: {document[:4000]!r}")
        raise


@contextmanager
def judged() -> Iterator[None]:
    """Fail at the end of the block where anything left meanwhile that is not valid."""
    _faults.clear()
    yield
    faults = _faults[:]
    _faults.clear()
    assert not faults, "\n".join(faults)


class Watched:
    """A WSGI application of ours whose messages are held on their way out. ``seen`` counts them by their first element."""

    def __init__(self, app: Wsgi) -> None:
        self.app = app
        self.seen: dict[str, int] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        headers: dict[str, str] = {}

        def started(status: str, given: list[tuple[str, str]], *more: Any) -> Any:
            headers.update({name.lower(): value for name, value in given})
            return start_response(status, given, *more)

        answer = self.app(environ, started)
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        for message in messages_in(headers, body):
            held(message)
            name = etree.QName(etree.fromstring(message)).localname
            self.seen[name] = self.seen.get(name, 0) + 1
        return [body]


class Decrypting(_Decrypting):  # type: ignore[misc]
    """python-xmlsec's, which holds whatever it has decrypted."""

    def decrypt(self, node: Any) -> Any:
        """Return what was encrypted in *node*, in its place."""
        found = super().decrypt(node)
        held(etree.tostring(found, with_tail=False))
        return found


@contextmanager
def watched() -> Iterator[None]:
    """Hold whatever leaves until the end of the block. An application's ``watch`` is what counts its messages."""
    making, calling = Door.__init__, egress._made

    def made(self: Door, *args: Any, **values: Any) -> None:
        making(self, *args, **values)
        self.watch = Watched(self.wsgi_app)
        self.wsgi_app = self.watch  # type: ignore[method-assign]

    def called(call: egress._Call, *args: Any) -> egress.Answer:
        if ("Content-Type", "text/xml; charset=utf-8") in call.headers:
            held(call.body)
        return calling(call, *args)

    Door.__init__, egress._made = made, called  # type: ignore[method-assign]
    xmlsec.EncryptionContext = Decrypting
    try:
        yield
    finally:
        Door.__init__, egress._made = making, calling  # type: ignore[method-assign]
        xmlsec.EncryptionContext = _Decrypting
