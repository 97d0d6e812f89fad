"""
What can go wrong, as types. Doors translate families, not single errors.

    IdpError
    ├── NotFound      no such thing, or none that this actor may see
    ├── Conflict      it clashes with something already there
    │   └── ChangedMeanwhile   … somebody else was faster
    ├── Invalid       what was handed in cannot be taken
    │   └── PageError   … and it came through a browser that must be shown a page
    ├── Forbidden     the actor may not do this
    └── Unavailable   cannot be done now; later it may
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_NONE: Mapping[str, Any] = MappingProxyType({})


class IdpError(Exception):
    """
    Never raised itself.

    ``code`` is a stable slug that doors, tests and documents rely on. ``message`` and
    ``advice`` are for the person (what happened; what to do); ``cause`` is for the
    administrator and goes into the attempt and the log, never to the person or a peer; so do
    ``facts``: what was expected and what came instead, bounded, never a secret.
    """

    code = "error"
    facts = _NONE

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        code: str | None = None,
        advice: str = "",
        cause: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.advice = advice
        self.cause = cause or message
        if code is not None:
            self.code = code


class NotFound(IdpError):
    """No such thing, or none that this actor may see."""

    code = "not-found"


class Conflict(IdpError):
    """It clashes with something already there."""

    code = "conflict"


class ChangedMeanwhile(Conflict):
    """Somebody else has changed it since it was read; ``target_id`` is what (empty: not known)."""

    code = "changed-meanwhile"

    def __init__(self, target_id: str = "") -> None:
        super().__init__(
            "Someone else changed this in the meantime.", advice="Look at what has changed, then repeat your change."
        )
        self.target_id = target_id


class Invalid(IdpError):
    """What was handed in cannot be taken; ``field`` says which part."""

    code = "invalid"


class PageError(Invalid):
    """A browser request that must end on a page of ours: its return address is not proven."""

    code = "page-error"


class Forbidden(IdpError):
    """The actor may not do this."""

    code = "forbidden"


class Unavailable(IdpError):
    """It cannot be done now; later it may."""

    code = "unavailable"
