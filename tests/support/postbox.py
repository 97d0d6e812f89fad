"""The mails that an installation sends: drained from its outbox, opened, and put into words."""

import re
from dataclasses import dataclass
from datetime import datetime

from idp.base import jobs, letters, mail, outbox
from idp.base.db import Database
from idp.base.outbox import Message
from idp.cli import jobs as jobs_
from idp.policy.permissions import OPERATOR
from idp.settings import Settings


@dataclass(frozen=True)
class Mail:
    """One mail, as its receiver reads it."""

    to: str
    subject: str
    text: str

    @property
    def links(self) -> list[str]:
        """Every address in it."""
        return re.findall(r"https?://\S+", self.text)

    @property
    def path(self) -> str:
        """The path of its one link."""
        [link] = self.links
        return "/" + link.split("/", 3)[3]


def collect(database: Database, now: datetime, *, base_url: str = "http://localhost:8000") -> list[Mail]:
    """
    Run the jobs that are due, send what waits, and return it in order.

    No ``assert``: those of this file are gone under ``python -O``, and the mails with them.

    :raises RuntimeError: a job or a mail failed
    """
    write, sent = letters.writer(base_url), []

    def send(message: Message) -> None:
        letter = write(message.content["letter"], message.content["values"], message.content["language"])
        sent.append(Mail(message.destination, letter.subject, letter.text))

    ran = jobs.run_due(database, jobs_.handlers(Settings(base_url=base_url)), now, OPERATOR)
    drained = outbox.drain(database, {mail.KIND: send}, now)
    if ran.failed or drained.failed:
        raise RuntimeError(f"{ran.failed} jobs and {drained.failed} mails failed")
    return sent
