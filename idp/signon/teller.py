"""
The contract by which a protocol tells its applications that a session is over.

Each protocol hands in a `Teller`; the composition (a door, the jobs) puts them into one table by
the protocol's name. Nothing here knows how an application is spoken to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from idp.base.work import Work

CONFIRMED, ASKED, FAILED, CANNOT = "confirmed", "asked", "failed", "cannot"


@dataclass(frozen=True, slots=True)
class Told:
    """
    One application of a session that is over, and what it knows the person and the session by.

    ``message_id`` is the id of what is sent to it: the same at every try, so that it can tell a repetition.
    """

    organization_id: str
    application_id: str
    session_id: str
    account_id: str
    subject: Mapping[str, Any]
    message_id: str


@dataclass(frozen=True, slots=True)
class Ways:
    """
    How an application can be told.

    Args:
        name: what people call it; empty if it is gone.
        back: its address for a call from us to it; empty if it has none.
        front: a path of ours that leads the browser to it, if the handle and the step are added; or empty.
        framed: whether a hidden frame of our page can tell it, by the address that `Teller.frame` returns.
        bounded: whether it was told when the session ends at the latest.
    """

    name: str = ""
    back: str = ""
    front: str = ""
    framed: bool = False
    bounded: bool = False


Get = Callable[[str], bytes]
"""The guarded way to what is at an address; it raises `Unavailable`."""


@dataclass(frozen=True, slots=True)
class Letter:
    """
    What is posted to an application.

    Args:
        seal: makes of the body what is sent, while no transaction is open, so that it may ask the outside
            for what it needs; it raises an `IdpError` where it cannot, and then nothing is sent. None: it goes as it is.
    """

    address: str
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()
    seal: Callable[[bytes, Get], bytes] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """
    What came back: an answer, or the cause why there is none (for the administrator).

    ``reached`` is False where nothing of the letter was sent: the application has not heard of it.
    """

    status: int = 0
    body: bytes = b""
    cause: str = ""
    reached: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """``CONFIRMED``, ``FAILED`` for good, or ``ASKED``: nothing that counts as an answer, so it is tried again."""

    outcome: str
    cause: str = ""


def no_frame(work: Work, told: Told) -> str:
    """Return that no frame can tell the application."""
    return ""


@dataclass(frozen=True, slots=True)
class Teller:
    """
    How one protocol tells its applications.

    ``ways``, ``letter`` and ``frame`` are called in a transaction, ``letter`` may return None where there is
    nobody to write to any more; ``judge`` reads what an application has answered to the letter. ``frame``
    returns the address that a hidden frame loads, empty where there is none.
    """

    ways: Callable[[Work, Told], Ways]
    letter: Callable[[Work, Told], Letter | None]
    judge: Callable[[Work, Told, Reply], Verdict]
    frame: Callable[[Work, Told], str] = no_frame


Tellers = Mapping[str, Teller]
"""The tellers by protocol, as `directory.applications` names it."""
Post = Callable[[Letter], Reply]
"""The guarded way to the outside; whatever goes wrong is a `Reply` with its cause."""
