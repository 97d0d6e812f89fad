"""T13: whatever a name holds, every mail is one set of headers and the lines of its template, and no HTML."""

import smtplib
from email import message_from_bytes, policy

import pytest

from idp.base import catalogues, letters, mail
from idp.base.outbox import Message

CORPUS = (
    "Acme\r\nBcc: x@evil.example",
    "Acme\n\nPay here: https://evil.example",
    "Acme\rBcc: x@evil.example",
    "Acme\u2028Bcc: x@evil.example",
    "Acme\u2029\x85\x0b\x0cBcc: x@evil.example",
    "Acme\x00\x1b[2J",
    "Acme\u202egnp.exe\u2066",
    "<html><body><img src=https://evil.example/x></body></html>",
    "Content-Type: text/html\r\n\r\n<b>hi</b>",
    "=?utf-8?q?=0D=0ABcc:_x@evil.example?=",
    "--===============boundary==\r\nContent-Type: text/html",
    "{{ 7 * 7 }}{% raw %}%(name)s%s",
    "أكمي غلوبال",
    "a" * 256,
)
HEADERS = {
    *("From", "To", "Subject", "Auto-Submitted", "Message-ID", "MIME-Version"),
    *("Content-Type", "Content-Transfer-Encoding"),
}
TURNING = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
AT = "2030-01-01T12:00:00+00:00"
NAMED = ("agent", "answer", "application", "asked_from", "domain", "finding", "message", "method", "name")
NAMED += ("organization", "reason", "record", "site", "what", "expected")
FACTS = ("name", "before", "domain", "api", "browser", "system", "place", "ip")
TURNS = ("verified", "found-again", "missing", "joining-stopped", "frozen", "released", "superseded", "removed")
KINDS = ("new-device", "second-step-added", "address-changed", "account-managed", "account-unmanaged")
KINDS += ("api-token-made", "api-token-ending", "other")


def values(name: str, **changes):
    """What every template names, each text that somebody else chose being *name*."""
    fixed = {"path": "/x", "code": "123456", "days": 3, "accounts": 2, "at": AT, "until": AT, "approved": True}
    fixed |= dict.fromkeys(("email", "before", "wanted"), "ann@acme.example") | {"ip": "203.0.113.7", "reference": "R"}
    facts = dict.fromkeys(FACTS, name) | {"until": AT}
    return dict.fromkeys(NAMED, name) | fixed | {"turn": "verified", "kind": "other", "facts": facts} | changes


def every_letter():
    for path in sorted((letters.templates_folder() / letters.FOLDER).glob("*.txt")):
        turns = {"domain": [{"turn": turn} for turn in TURNS], "notice": [{"kind": kind} for kind in KINDS]}
        turns["access-request-decided"] = [{"approved": True}, {"approved": False}]
        for changes in turns.get(path.stem, [{}]):
            yield path.stem, changes


@pytest.fixture
def sent(monkeypatch):
    """Send a letter; return it as its reader's program parses it."""
    wire = []

    class Server(smtplib.SMTP):
        def __init__(self, *_args, **_more):
            self.esmtp_features, self.does_esmtp, self.command_encoding = {}, False, "ascii"

        def __exit__(self, *_args):
            pass

        def ehlo_or_helo_if_needed(self):
            pass

        def sendmail(self, _from, to, flat, *_options):
            assert to == ["ann@acme.example"]
            wire.append(flat)

    monkeypatch.setattr(mail.smtplib, "SMTP", Server)
    monkeypatch.setattr(mail.ssl, "create_default_context", lambda: None)  # slow, and not used on this machine
    send = mail.sender("smtp://localhost", "idp@acme.example", letters.writer("http://localhost:8000"))

    def sending(letter, filled, language):
        content = {"letter": letter, "values": filled, "language": language}
        send(Message("msg_1", mail.KIND, "ann@acme.example", content))
        return message_from_bytes(wire.pop(), policy=policy.default)

    return sending


def test_t13_no_name_makes_a_header_a_part_or_a_line_of_any_mail(sent):
    wrong, several = [], 0
    for letter, changes in every_letter():
        for language in (catalogues.ENGLISH,):
            plain = sent(letter, values("Acme", **changes), language).get_content().splitlines()
            for name in CORPUS:
                got = sent(letter, values(name, **changes), language)
                text, several = got.get_content(), several + 1
                if set(got.keys()) != HEADERS or len(got.keys()) != len(HEADERS) or got.defects:
                    wrong.append((letter, name[:40], got.keys(), got.defects))
                if got.is_multipart() or got.get_content_type() != "text/plain":
                    wrong.append((letter, name[:40], got.get_content_type()))
                if len(text.splitlines()) != len(plain) or "Bcc" in {line[:3] for line in text.splitlines()}:
                    wrong.append((letter, name[:40], "lines"))
                if TURNING & set(text + got["Subject"]) or "\n" in got["Subject"]:
                    wrong.append((letter, name[:40], "turned"))
    assert wrong == []
    assert several > 250
