"""Mail: a message in the outbox, and the sender that hands it to an SMTP server."""

import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from idp.base import outbox
from idp.base.models import OutboxMessage
from idp.base.outbox import Message, Sender
from idp.base.work import Work

KIND = "mail"
_SECONDS = 10
_PORTS = {"smtp": 587, "smtps": 465}


def queue(work: Work, to: str, *, subject: str, text: str, organization_id: str | None = None) -> OutboxMessage:
    """Send a plain-text mail once this transaction is committed."""
    return outbox.post(work, KIND, to, {"subject": subject, "text": text}, organization_id=organization_id)


def sender(smtp_url: str, from_address: str) -> Sender:
    """
    Return what sends mail through *smtp_url* (``smtp://user:password@host:587`` with STARTTLS, or ``smtps://``).

    STARTTLS is demanded except of a server on this machine.
    """
    server = urlsplit(smtp_url)
    host, port = server.hostname or "localhost", server.port or _PORTS.get(server.scheme, 587)

    def send(message: Message) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"] = from_address, message.destination
        mail["Subject"] = str(message.content["subject"])
        mail["Message-ID"] = f"<{message.id}@{from_address.rpartition('@')[2]}>"
        mail.set_content(str(message.content["text"]))
        context = ssl.create_default_context()
        if server.scheme == "smtps":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=context)
        else:
            connection = smtplib.SMTP(host, port, timeout=_SECONDS)
        with connection:
            if server.scheme != "smtps" and host not in ("localhost", "127.0.0.1", "::1"):
                connection.starttls(context=context)
            if server.username:
                connection.login(unquote(server.username), unquote(server.password or ""))
            connection.send_message(mail)

    return send
