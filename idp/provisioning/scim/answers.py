"""What is answered to a call, before it is HTTP."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """
    An answer. ``body`` None: none. ``target_id`` is what the call was about, ``notes`` what an administrator reads of it.
    """

    status: int
    body: dict[str, Any] | None
    etag: str = ""
    location: str = ""
    target_id: str = ""
    notes: tuple[str, ...] = ()
