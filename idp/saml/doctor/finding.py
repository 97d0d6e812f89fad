"""What the doctor finds: evidence, what it means, what to change here or to say to the vendor, and perhaps a fix."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from idp.audit.log import plain


class Severity(StrEnum):
    """How much a finding matters. Only what is serious changes the exit code."""

    SERIOUS = "serious"
    """People cannot sign on, or will not be able to."""
    WARNING = "warning"
    """It works today, and something is wrong or will be."""
    NOTE = "note"
    """Worth knowing; nothing has to be done."""


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


@dataclass(frozen=True, slots=True)
class Fix:
    """
    Something that can be changed here at once, by an existing verb.

    Args:
        does: what it changes, as a sentence.
        risk: what is given up by it, as a sentence; empty where it loosens nothing.
    """

    does: str
    act: Switch | Enable | Release
    risk: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that was found.

    Args:
        kind: a stable slug, by which it is documented, counted and fixed.
        evidence: what was seen: the values, and how they differ.
        meaning: what follows from it.
        here: what to change on our side; empty where nothing is to be changed here.
        vendor: the sentence to send to whoever runs the application; empty where they need do nothing.
    """

    kind: str
    severity: Severity
    evidence: str
    meaning: str
    here: str = ""
    vendor: str = ""
    fix: Fix | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON values."""
        return {
            "kind": self.kind,
            "severity": self.severity.value,
            "evidence": self.evidence,
            "meaning": self.meaning,
            "here": self.here,
            "vendor": self.vendor,
            "fix": None if self.fix is None else {"does": self.fix.does, "risk": self.fix.risk},
        }


@dataclass(frozen=True, slots=True)
class Kind:
    """
    One kind of finding, as the documents list it.

    Args:
        says: what it is about, in a few words.
        meaning: what follows from it; the same for every finding of this kind.
        fixes: what ``--fix`` does about it; empty where it does nothing.
    """

    slug: str
    severity: Severity
    says: str
    meaning: str
    fixes: str = ""

    def found(
        self,
        evidence: str,
        *,
        here: str = "",
        vendor: str = "",
        fix: Fix | None = None,
        severity: Severity | None = None,
    ) -> Finding:
        """
        Return a finding of this kind. What others have written in it is shown without control characters (T17).

        Args:
            severity: where this one matters less than others of its kind.
        """
        matters = self.severity if severity is None else severity
        return Finding(self.slug, matters, plain(evidence), self.meaning, plain(here), plain(vendor), fix)
