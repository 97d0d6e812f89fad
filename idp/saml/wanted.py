"""What a request wants its answer to be like; kept beside the sign-on until the answer is written."""

from dataclasses import dataclass
from typing import Any, Self

from idp.base.values import quickly_made


@quickly_made
@dataclass(frozen=True, slots=True)
class Wanted:
    """
    Args:
        nameid_format: the name that is asked for, None where that is left to us.
        allow_create: whether a name may be made for a person who has none yet.
        named: the name that the request speaks of, where it is one that is made when the answer is; else empty.
        comparison, classes: the authentication contexts that were asked for, in their order.
    """

    nameid_format: str | None = None
    allow_create: bool = True
    comparison: str = ""
    classes: tuple[str, ...] = ()
    named: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        values: dict[str, Any] = {
            "nameid_format": self.nameid_format,
            "allow_create": self.allow_create,
            "comparison": self.comparison,
            "classes": list(self.classes),
        }
        # The former release does not know of it, and may read what this one has kept.
        return {**values, "named": self.named} if self.named else values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        return cls(**{**values, "classes": tuple(values["classes"])})


NOTHING = Wanted()
