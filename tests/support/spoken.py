"""What of findings no catalogue could hold: sentences that the list of what can be translated does not know."""

from collections.abc import Iterable
from functools import cache

from idp.audit.findings import Finding
from idp.base.texts import Words, patterns
from tests.support import catalogues


@cache
def known() -> frozenset[str]:
    """Return every sentence that can be translated, those for one thing among them."""
    return frozenset(one if isinstance(one, str) else one[0] for one in catalogues.messages())


def unknown_of(findings: Iterable[Finding]) -> list[str]:
    """Return the sentences and parts of sentences in *findings* that no language has; values are no sentences."""
    return [pattern for one in findings for text in _texts(one) for pattern in patterns(text) if pattern not in known()]


def _texts(finding: Finding) -> list[str]:
    fix = finding.fix
    said = [finding.evidence, finding.remedy.says, *([fix.does, fix.risk] if fix is not None else [])]
    return [finding.meaning, *(text for text in said if isinstance(text, Words) or text.endswith("."))]
