"""What was found of an application or an attempt, as lines for a terminal."""

import textwrap
from collections.abc import Sequence

from idp.audit.findings import Finding, Severity

_WIDTH = 100
_WORDS = {Severity.SERIOUS: "SERIOUS", Severity.WARNING: "warning", Severity.NOTE: "note"}


def in_words(findings: Sequence[Finding]) -> list[str]:
    """Return the lines that say *findings*: evidence, meaning, and who changes what."""
    lines: list[str] = []
    for finding in findings:
        lines.append(f"{_WORDS[finding.severity]:<8} {finding.kind}")
        lines += _part("seen", finding.evidence)
        lines += _part("means", finding.meaning)
        lines += _part("clause", finding.clause)
        lines += _part("here", finding.here)
        lines += _part("vendor", f"“{finding.vendor}”" if finding.vendor else "")
        if finding.fix is not None:
            risk = f" Risk: {finding.fix.risk}" if finding.fix.risk else ""
            lines += _part("fix", f"--fix {finding.kind}: {finding.fix.does}.{risk}")
        lines.append("")
    return lines[:-1]


def counted(findings: Sequence[Finding]) -> str:
    """Return how many there are of each severity, as a phrase."""
    counts = [(severity, sum(one.severity is severity for one in findings)) for severity in Severity]
    plural = {Severity.SERIOUS: "serious", Severity.WARNING: "warnings", Severity.NOTE: "notes"}
    return ", ".join(f"{n} {severity.value if n == 1 else plural[severity]}" for severity, n in counts if n)


def _part(label: str, text: str) -> list[str]:
    if not text:
        return []
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=f"  {label:<7} ",
        subsequent_indent=" " * 10,
        break_long_words=False,
        break_on_hyphens=False,
    )
