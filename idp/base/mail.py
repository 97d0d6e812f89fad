"""
Mail: a letter in the outbox, and the sender that hands it to an SMTP server.

Letters hold links and codes that open something: they are sealed while they wait, and gone once they were sent.
"""

import smtplib
import ssl
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

from idp.base import outbox
from idp.base.letters import Writer
from idp.base.models import OutboxMessage
from idp.base.outbox import Message, Sender
from idp.base.work import Work

KIND = "mail"
_SECONDS = 10
_PORTS = {"smtp": 587, "smtps": 465}


def queue(
    work: Work, to: str, letter: str, values: dict[str, Any], *, language: str, organization_id: str | None = None
) -> OutboxMessage:
    """
    Send a plain-text mail once this transaction is committed.

    Args:
        letter: the name of its template.
        values: what the template names, as JSON; may hold secrets.
        language: of its reader, one of `catalogues.LANGUAGES`; anything else is English.
    """
    secret = {"letter": letter, "values": values, "language": language}
    return outbox.post(work, KIND, to, {}, secret=secret, organization_id=organization_id)


def sender(smtp_url: str, from_address: str, write: Writer) -> Sender:
    """
    Return what puts letters into words with *write* and sends them through *smtp_url* (``smtp://user:password@host:587`` with STARTTLS, or ``smtps://``).

    STARTTLS is demanded except of a server on this machine.
    """
    server = urlsplit(smtp_url)
    host, port = server.hostname or "localhost", server.port or _PORTS.get(server.scheme, 587)

    def send(message: Message) -> None:
        content = message.content
        letter = write(str(content["letter"]), content["values"], str(content.get("language", "")))
        mail = EmailMessage()
        mail["From"], mail["To"] = from_address, message.destination
        mail["Subject"] = _literally(letter.subject)
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 section 5: nothing answers it by itself
        mail["Message-ID"] = f"<{message.id}@{from_address.rpartition('@')[2]}>"
        mail.set_content(letter.text)
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


def _literally(text: str) -> str:
    """
    Return *text* so that `EmailMessage` takes none of it for an encoded word (RFC 2047).

    It would decode one that somebody has typed as their name, and write the line breaks in it as headers (threats T13).
    """
    return text.replace("=?", "= ?")
