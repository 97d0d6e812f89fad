"""Messages to the outside: sent after the commit, at least once, each for itself."""

import socketserver
import threading
from datetime import timedelta

import pytest

from idp.base import backoff, mail, outbox
from idp.base.letters import Letter
from idp.base.models import OutboxMessage

SECRET = "rst_a-word-that-opens-something"


def hello(letter, values, language):
    """The writer of the one letter of these tests."""
    assert letter == "hello"
    return Letter("Hello", f"Grüße\n.\nA line that is a dot.\n{values['word']}")


@pytest.fixture
def letter(open_work):
    """Return a function that queues a mail."""

    def queue(to="ann@acme.example"):
        with open_work() as work:
            message = mail.queue(work, to, "hello", {"word": SECRET}, language="")
            work.tx.session.flush()
            return message.id

    return queue


@pytest.mark.both_databases
def test_a_message_is_sent_once_and_carries_its_id(database, letter, noon):
    message_id, sent = letter(), []

    assert outbox.drain(database, {"mail": sent.append}, noon) == outbox.Sent(1, 0)
    assert outbox.drain(database, {"mail": sent.append}, noon) == outbox.Sent(0, 0)
    assert [(m.id, m.destination, m.content["letter"]) for m in sent] == [(message_id, "ann@acme.example", "hello")]


def test_a_message_of_a_transaction_that_fails_is_never_sent(database, open_work, noon):
    with pytest.raises(RuntimeError), open_work() as work:
        mail.queue(work, "ann@acme.example", "hello", {"word": ""}, language="")
        raise RuntimeError

    assert outbox.drain(database, {"mail": lambda message: None}, noon) == outbox.Sent(0, 0)


def test_r22_one_dead_receiver_delays_nobody_else(database, letter, noon):
    letter("dead@acme.example")
    letter("ann@acme.example")
    sent = []

    def send(message):
        if message.destination.startswith("dead"):
            raise ConnectionRefusedError
        sent.append(message.destination)

    assert outbox.drain(database, {"mail": send}, noon) == outbox.Sent(1, 1)
    assert sent == ["ann@acme.example"]


def test_r22_a_message_that_cannot_be_sent_is_given_up_in_sight(database, letter, noon):
    message_id = letter()

    def fails(message):
        raise ConnectionRefusedError("nobody listens")

    tries = sum(
        outbox.drain(database, {"mail": fails}, noon + timedelta(days=day)).failed
        for day in range(backoff.MOST_TRIES + 3)
    )

    assert tries == backoff.MOST_TRIES
    with database.transaction() as tx:
        row = tx.session.get_one(OutboxMessage, message_id)
        assert row.dead_at is not None
        assert "nobody listens" in row.last_error


def test_messages_without_a_sender_wait(database, letter, noon):
    letter()

    assert outbox.drain(database, {}, noon) == outbox.Sent(0, 0)
    assert outbox.drain(database, {"mail": lambda message: None}, noon) == outbox.Sent(1, 0)


def _content(database, message_id):
    """What the table holds of a message, every column of it."""
    with database.transaction() as tx:
        row = tx.session.get_one(OutboxMessage, message_id)
        return {column.name: getattr(row, column.name) for column in row.__table__.columns}


@pytest.mark.both_databases
def test_a_mail_waits_sealed_is_opened_while_it_is_sent_and_wiped_after(database, letter, noon):
    """A17: whoever reads the outbox learns no link of a mail."""
    message_id, sent = letter(), []

    assert SECRET not in str(_content(database, message_id))
    assert "sealed" in _content(database, message_id)["content"]
    outbox.drain(database, {"mail": lambda m: sent.append(dict(m.content))}, noon)

    assert sent == [{"letter": "hello", "values": {"word": SECRET}, "language": ""}]
    assert _content(database, message_id)["content"] == {}


def test_a_mail_that_was_moved_to_another_message_does_not_open(database, letter, noon):
    one, other = letter("ann@acme.example"), letter("mallory@acme.example")
    with database.transaction() as tx:
        tx.session.get_one(OutboxMessage, other).content = tx.session.get_one(OutboxMessage, one).content
    sent = []

    assert outbox.drain(database, {"mail": sent.append}, noon) == outbox.Sent(1, 1)
    assert [m.destination for m in sent] == ["ann@acme.example"]


def test_what_was_given_up_holds_no_secret_any_more(database, letter, noon):
    message_id = letter()

    def fails(message):
        raise ConnectionRefusedError

    for day in range(backoff.MOST_TRIES + 1):
        assert _content(database, message_id)["dead_at"] is not None or _content(database, message_id)["content"] != {}
        outbox.drain(database, {"mail": fails}, noon + timedelta(days=day))

    assert _content(database, message_id)["content"] == {}


class _Server(socketserver.StreamRequestHandler):
    """Just enough of SMTP (RFC 5321) to take one mail."""

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                self.wfile.write(b"354 go\r\n")
                while (body := self.rfile.readline()) != b".\r\n":
                    self.server.taken.append(body)
                self.wfile.write(b"250 taken\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


def test_a_mail_reaches_an_smtp_server(database, letter, noon):
    message_id = letter()
    server = socketserver.TCPServer(("127.0.0.1", 0), _Server)
    server.taken = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        send = mail.sender(f"smtp://127.0.0.1:{server.server_address[1]}", "ostiary@acme.example", hello)
        assert outbox.drain(database, {"mail": send}, noon) == outbox.Sent(1, 0)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    written = b"".join(server.taken).decode()
    assert f"<{message_id}@acme.example>" in written
    assert "Subject: Hello" in written


@pytest.mark.both_databases
def test_r22_organizations_take_turns(database, open_work, noon):
    """R22: ten messages of one organization, written earlier, delay another's by one."""
    with open_work() as work:
        for number in range(10):
            outbox.post(work, "test", f"first{number}", {}, organization_id="org_first")
        outbox.post(work, "test", "second", {}, organization_id="org_second", not_before=noon + timedelta(seconds=1))
    sent = []

    outbox.drain(database, {"test": lambda message: sent.append(message.destination)}, noon + timedelta(seconds=1))

    assert len(sent) == 11
    assert sent[1] == "second"
