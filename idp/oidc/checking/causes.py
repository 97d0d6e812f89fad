"""
Causes that say by themselves what was wrong: which kind of finding each is, and who changes what.

A refusal's cause is a sentence of ours; its beginning stands in one of the tables of `Cause` that the
files of subjects hold. The tests bring every one of them about by a real request.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from idp.audit.findings import Finding, Kind
from idp.oidc.checking.subjects import Attempt, Findings


@dataclass(frozen=True, slots=True)
class Cause:
    """
    One cause and what is to be said of it. In *here* and *vendor* ``{app}`` is how a command names the
    application, ``{issuer}`` our issuer, ``{site}`` the site.

    Args:
        says: a pattern that is found in the cause.
        of: the attempts that it is looked for in; empty: all of them.
    """

    says: str
    kind: Kind
    here: str = ""
    vendor: str = ""
    of: tuple[str, ...] = ()

    def fits(self, attempt: Attempt) -> bool:
        """Say whether it is what *attempt* was refused for."""
        return (not self.of or attempt.kind in self.of) and re.search(self.says, attempt.failed.cause) is not None

    def found(self, attempt: Attempt) -> Finding:
        """Return the finding of *attempt*, with its cause as the evidence."""
        words = {"app": attempt.app, "issuer": attempt.here.issuer, "site": attempt.here.site}
        return self.kind.found(
            attempt.failed.cause, here=self.here.format_map(words), vendor=self.vendor.format_map(words)
        )


def explained(attempt: Attempt, causes: Sequence[Cause]) -> Findings:
    """Yield what the first of *causes* that fits says of *attempt*."""
    fitting = next((cause for cause in causes if cause.fits(attempt)), None)
    if fitting is not None:
        yield fitting.found(attempt)
