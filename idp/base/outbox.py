"""
Messages to the outside as rows: written with their cause, sent after the commit, at least once.

The message's id travels with it, so that a receiver can tell a repetition. One dead receiver
delays nobody else: each message waits for itself. What is secret in a message is sealed while it
waits, opened while it is sent, and wiped when that is over.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog
from sqlalchemy import bindparam, select, update

from idp.base import backoff
from idp.base.crypto import Vault
from idp.base.db import Database
from idp.base.ids import new_id
from idp.base.models import OutboxMessage
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.turns import turn
from idp.base.work import Work

_LEASE = timedelta(minutes=5)
_AT_ONCE = 100
_SEALED = "sealed"
_TABLE = table(OutboxMessage)
_CLAIM = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.id == bindparam("message_id"),
        _TABLE.c.sent_at.is_(None),
        _TABLE.c.dead_at.is_(None),
        _TABLE.c.next_at <= bindparam("now", type_=_TABLE.c.next_at.type),
    )
    .values(next_at=bindparam("until", type_=_TABLE.c.next_at.type), tries=_TABLE.c.tries + 1)
)

log = structlog.get_logger("idp.outbox")


@dataclass(frozen=True, slots=True)
class Message:
    """A message on its way. ``id`` is the same at every try."""

    id: str
    kind: str
    destination: str
    content: Mapping[str, Any]


Sender = Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class Sent:
    """How many messages one drain sent, and how many failed."""

    sent: int = 0
    failed: int = 0


def post(
    work: Work,
    kind: str,
    destination: str,
    content: dict[str, Any],
    *,
    secret: dict[str, Any] | None = None,
    organization_id: str | None = None,
    not_before: datetime | None = None,
) -> OutboxMessage:
    """
    Send *content* to *destination* once this transaction is committed. *content* holds no secret.

    Args:
        secret: further content that nobody may read but its receiver.
        not_before: not before this moment (default: at once).
    """
    message_id = new_id("msg")
    if secret is not None:
        content = {**content, _SEALED: work.tx.vault.seal(orjson.dumps(secret), _place(message_id))}
    message = OutboxMessage(
        id=message_id,
        kind=kind,
        organization_id=organization_id,
        destination=destination,
        content=content,
        created_at=work.now,
        next_at=not_before or work.now,
    )
    work.tx.session.add(message)
    return message


def drain(database: Database, senders: Mapping[str, Sender], now: datetime) -> Sent:
    """
    Send every message that is due at *now* and has a sender; others wait. Nothing is sent inside a transaction.

    Organizations take turns, so that nobody waits behind all that another has to send.
    """
    sent = failed = 0
    for message in _due(database, list(senders), now):
        with database.transaction() as tx:
            if not tx.run(_CLAIM, message_id=message.id, now=now, until=now + _LEASE):
                continue
        cause = _try(senders[message.kind], message, database.vault)
        _note(database, message.id, now, cause)
        sent += cause is None
        failed += cause is not None
    return Sent(sent, failed)


def _due(database: Database, kinds: list[str], now: datetime) -> list[Message]:
    query = (
        select(OutboxMessage)
        .where(OutboxMessage.sent_at.is_(None), OutboxMessage.dead_at.is_(None), OutboxMessage.next_at <= now)
        .where(OutboxMessage.kind.in_(kinds))
        .order_by(
            turn(OutboxMessage.organization_id, OutboxMessage.next_at, OutboxMessage.id),
            OutboxMessage.next_at,
            OutboxMessage.id,
        )
        .limit(_AT_ONCE)
    )
    with database.transaction() as tx:
        return [Message(m.id, m.kind, m.destination, m.content) for m in tx.session.scalars(query)]


def _try(sender: Sender, message: Message, vault: Vault) -> str | None:
    try:
        sender(_opened(message, vault))
    except Exception as error:  # whatever a receiver does is this message's fault alone
        log.warning("message not sent", message=message.id, kind=message.kind, error=type(error).__name__)
        return f"{type(error).__name__}: {error}"
    return None


def _opened(message: Message, vault: Vault) -> Message:
    if _SEALED not in message.content:
        return message
    content = dict(message.content)
    secret = orjson.loads(vault.open_(content.pop(_SEALED), _place(message.id)))
    return replace(message, content={**content, **secret})


def _note(database: Database, message_id: str, now: datetime, cause: str | None) -> None:
    with database.transaction() as tx:
        row = tx.session.get_one(OutboxMessage, message_id)
        if cause is None:
            row.sent_at, row.last_error = now, ""
            _wipe(row)
            return
        wait, row.last_error = backoff.delay(row.tries), cause[:2000]
        if wait is None:
            row.dead_at = now
            _wipe(row)
        else:
            row.next_at = now + wait


def _wipe(row: OutboxMessage) -> None:
    """Nobody sends it any more: what was secret in it is of no use but to whoever should not have it."""
    row.content = {name: value for name, value in row.content.items() if name != _SEALED}


def _place(message_id: str) -> str:
    return f"outbox_messages:content:{message_id}"
