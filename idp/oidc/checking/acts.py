"""What a fix of the check does: data, which `remedies` applies by the verbs."""

from dataclasses import dataclass
from typing import Any

from idp.audit.findings import Fix


@dataclass(frozen=True, slots=True)
class Amend:
    """Sets client metadata (RFC 7591) by name; None takes a member away."""

    values: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class RequirePkce:
    """Requires PKCE again."""


@dataclass(frozen=True, slots=True)
class NotOurs:
    """Takes away the mark of the organization's own applications: people are asked for their consent."""


@dataclass(frozen=True, slots=True)
class Enable:
    """Lets people sign on to the disabled application again."""


def amend(does: str, risk: str = "", /, **values: Any) -> Fix:
    """Return the fix that sets the client metadata *values*; *does* and *risk* are sentences, as `Fix` has them."""
    return Fix(does, Amend(tuple((name, _frozen(value)) for name, value in values.items())), risk)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
