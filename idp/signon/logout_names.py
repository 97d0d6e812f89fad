"""By which names the applications of a session are told that it is over. Pure."""

from collections.abc import Iterable
from typing import Any

from idp.base.ids import fingerprint
from idp.base.json_columns import dumped
from idp.signon.models import Participant

ONCE = "once-"
"""How the digests of names begin of which another is given with every answer."""


def digest(subject: dict[str, Any]) -> str:
    """Return what two names of a session are compared by."""
    made = fingerprint(dumped(dict(sorted(subject.items()))))
    return ONCE + made[: -len(ONCE)] if subject.get("once") else made


def to_tell(everyone: Iterable[Participant]) -> list[Participant]:
    """
    Return those of *everyone* to send a message to, in their order. Pure.

    An application may have a session of its own for each name that it was given. Of names that are given
    once it is told the last one: with every answer it began anew, and may have been given hundreds.

    Args:
        everyone: one for each application and name, the last given last.
    """
    kept: dict[tuple[str, str], Participant] = {}
    for one in everyone:
        which = "once" if one.subject.get("once") else digest(one.subject)
        kept[one.application_id, which] = one
    return list(kept.values())
