"""
A sample mailbox: takes every mail of this machine by SMTP, and shows them all on one page.

    python -m idp.samples.mailbox --address http://localhost:8003 --smtp-port 8004

For trials: it keeps mails in memory, sends nothing anywhere, and listens on loopback only.
"""

import argparse
import re
from collections import deque
from dataclasses import asdict, dataclass
from email import message_from_bytes, policy
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from flask import Flask, Response, abort, jsonify, make_response, render_template, request

from idp.base import clock
from idp.samples.pages import application, serve

NAME = "Sample mailbox"
_HOST = "localhost"
_MOST = 200
_LINK = re.compile(r"(https?://[^\s<>\"]+)")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that was taken."""

    number: int
    to: str
    sender: str
    subject: str
    text: str
    at: str

    @property
    def parts(self) -> list[tuple[str, bool]]:
        """The text in pieces, and of each whether it is a link."""
        return [(piece, bool(_LINK.fullmatch(piece))) for piece in _LINK.split(self.text) if piece]


class Mailbox:
    """Every mail that came, the newest first; the oldest are forgotten."""

    def __init__(self) -> None:
        self._mails: deque[Mail] = deque(maxlen=_MOST)
        self._lock, self._count = Lock(), 0

    def take(self, content: bytes, receivers: list[str]) -> None:
        """Keep a mail for each of its *receivers*."""
        message = message_from_bytes(content, policy=policy.default)
        body = message.get_body(("plain",))
        text = str(body.get_content()) if body is not None else ""
        at = f"{clock.now():%H:%M:%S} UTC"
        with self._lock:
            for receiver in receivers:
                self._count += 1
                self._mails.appendleft(
                    Mail(self._count, receiver, str(message["From"]), str(message["Subject"]), text, at)
                )

    def mails(self) -> list[Mail]:
        """Return what came, the newest first."""
        with self._lock:
            return list(self._mails)


class _Receiver:
    """What the SMTP server hands each mail to."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self._mailbox.take(envelope.content, envelope.rcpt_tos)
        return "250 Kept"


def build(mailbox: Mailbox, address: str) -> Flask:
    """Return the pages of *mailbox* at *address*; at no other name (a page elsewhere that has its name lead here)."""
    app = application(NAME, "SMTP")

    @app.before_request
    def only_here() -> None:
        if request.host != urlsplit(address).netloc:
            abort(400)

    @app.get("/")
    def index() -> Response:
        return make_response(render_template("mailbox.html", mails=mailbox.mails()))

    @app.get("/mails.json")
    def as_json() -> Response:
        return jsonify([asdict(mail) for mail in mailbox.mails()])

    return app


def main() -> None:
    """Run the mailbox."""
    parser = argparse.ArgumentParser(prog="python -m idp.samples.mailbox", description=__doc__)
    parser.add_argument("--address", default="http://localhost:8003", help="where people look at it")
    parser.add_argument("--smtp-port", type=int, default=8004, help="port of loopback at which mail is taken")
    asked = parser.parse_args()
    mailbox = Mailbox()
    receiver = Controller(_Receiver(mailbox), hostname=_HOST, port=asked.smtp_port)
    receiver.start()
    try:
        serve(build(mailbox, asked.address), asked.address)
    finally:
        receiver.stop()


if __name__ == "__main__":
    main()
