"""
What is found of an application, or of an attempt that was refused: evidence, what it means, who changes what.

The doctor of SAML's service providers and the checks of OAuth's clients speak in these words, so that both
read alike and one terminal shows them. Each sentence but the one for the vendor can be said in the reader's language
(`base.texts`): a page does, a terminal prints the English.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from idp.audit.log import plain
from idp.base.errors import Invalid
from idp.base.texts import phrase


class Severity(StrEnum):
    """How much a finding matters. Only what is serious changes the exit code."""

    SERIOUS = "serious"
    """People cannot sign on, or will not be able to; or a stranger could come in."""
    WARNING = "warning"
    """It works today, and something is wrong or will be."""
    NOTE = "note"
    """Worth knowing; nothing has to be done."""


@dataclass(frozen=True, slots=True)
class Fix:
    """
    Something that can be changed here at once, by an existing verb.

    Args:
        does: what it changes, as a sentence without its full stop.
        act: the change as data, in the words of the room that applies it.
        risk: what is given up by it, as a sentence; empty where it loosens nothing.
    """

    does: str
    act: object
    risk: str = ""


class Place(StrEnum):
    """A page of the console on which something can be changed; the console knows its address."""

    APPLICATION = "application"
    ACCESS = "access"
    ACCESS_POLICY = "access-policy"
    WHAT_IF = "what-if"
    POLICIES = "policies"
    SAML = "saml"
    SAML_FURTHER = "saml-further"
    CLIENT = "client"
    SECRET = "secret"  # noqa: S105 (the page that makes a new one)
    PREVIEW = "preview"
    VENDOR = "vendor"
    NEW_SAML = "new-saml"
    APPLICATIONS = "applications"
    SITE_PROTOCOLS = "site-protocols"
    APIS = "apis"
    API = "api"
    API_APPLICATIONS = "api-applications"
    API_PEOPLE = "api-people"


@dataclass(frozen=True, slots=True)
class Remedy:
    """
    What to change on our side.

    Args:
        says: it in words, as sentences that name no command.
        command: the command that does it; empty where none does.
        place: the page that does the same, of the object *of* (an id, or a site's slug); None where no page does.
    """

    says: str = ""
    command: str = ""
    place: Place | None = None
    of: str = ""

    @property
    def in_line(self) -> str:
        """It in English, for a terminal: with the command."""
        return f"{self.says.rstrip('.')}: {self.command}" if self.command else str(self.says)


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that was found.

    Args:
        kind: a stable slug, by which it is documented, counted and fixed.
        evidence: what was seen: the values, and how they differ.
        meaning: what follows from it.
        remedy: what to change on our side; without words where nothing is to be changed here.
        vendor: the sentence to send to whoever runs the application, in English, whatever the reader speaks; empty
            where they need do nothing.
        clause: which part of which specification says so; empty where none does.
    """

    kind: str
    severity: Severity
    evidence: str
    meaning: str
    remedy: Remedy = Remedy()
    vendor: str = ""
    fix: Fix | None = None
    clause: str = ""

    @property
    def here(self) -> str:
        """What to change on our side, in English and with the command that does it."""
        return self.remedy.in_line

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON values."""
        return {
            "kind": self.kind,
            "severity": self.severity.value,
            "evidence": self.evidence,
            "meaning": self.meaning,
            "here": self.here,
            "vendor": self.vendor,
            "clause": self.clause,
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
        clause: which part of which specification says so.
    """

    slug: str
    severity: Severity
    says: str
    meaning: str
    fixes: str = ""
    clause: str = ""

    def found(
        self,
        evidence: str,
        *,
        here: str | Remedy = "",
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
        remedy = here if isinstance(here, Remedy) else Remedy(here)
        remedy = replace(remedy, says=plain(remedy.says), command=plain(remedy.command))
        return Finding(
            self.slug, matters, plain(evidence), self.meaning, remedy, plain(str(vendor)), fix, clause=self.clause
        )


@dataclass(frozen=True, slots=True)
class Examination:
    """What was looked at, in words, and what was found, the serious first."""

    looked_at: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def serious(self) -> bool:
        """Whether something stops people from signing on, or will."""
        return any(finding.severity is Severity.SERIOUS for finding in self.findings)


_ORDER = {Severity.SERIOUS: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return what was *found*, the serious first; what several checks have seen is said once."""
    once: dict[tuple[str, str], Finding] = {}
    for finding in found:
        once.setdefault((finding.kind, finding.evidence), finding)
    return tuple(sorted(once.values(), key=lambda finding: _ORDER[finding.severity]))


def offered(kind: str, findings: Sequence[Finding]) -> list[Fix]:
    """
    Return what is offered for the *findings* of that *kind*.

    Raises:
        Invalid: nothing of that kind was found, or nothing can be done about it from here.
    """
    found = list(dict.fromkeys(one.fix for one in findings if one.kind == kind and one.fix is not None))
    if not found:
        raise Invalid(
            phrase("There is nothing to fix for “%(kind)s”.", kind=kind[:64]),
            field="fix",
            code="nothing-to-fix",
            advice="Name a finding of this check that offers a fix; what the others need is written beside them.",
        )
    return found


def remedy(says: str, command: str, place: Place | None, application_id: str | None) -> Remedy:
    """Return what to change of an application, whose id stands in *command* for ``APP``; None: it is not registered."""
    if application_id is None:
        return Remedy(says, command)
    return Remedy(says, command.replace("APP", application_id), place, application_id)
