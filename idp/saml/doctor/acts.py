"""What a fix of the doctor's does: data, which `remedies` applies by the verbs."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Switch:
    """Sets switches of the service provider (see `switches.Switches`), by name."""

    values: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Enable:
    """Lets people sign on to the disabled application again."""


@dataclass(frozen=True, slots=True)
class Release:
    """Lets the application receive *attributes* beside those that it has."""

    attributes: tuple[str, ...]
