"""
Causes that say by themselves what was wrong: which kind of finding each is, and who changes what.

A refusal's cause is a sentence of ours; its beginning stands in one of the tables of `Cause` that the
files of subjects hold. The tests bring every one of them about by a real request.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from idp.audit.findings import Finding, Kind, Place, Remedy
from idp.base.texts import Words
from idp.oidc.checking.subjects import Attempt, Findings


@dataclass(frozen=True, slots=True)
class Cause:
    """
    One cause and what is to be said of it. In *here* ``%(app)s`` is how a command names the
    application; in *vendor* ``{issuer}`` is our issuer.

    Args:
        says: a pattern that is found in the cause.
        command: what does what *here* says; the application stands in it for ``APP``, the site for ``SITE``.
        place: the page that does the same.
        of: the attempts that it is looked for in; empty: all of them.
    """

    says: str
    kind: Kind
    here: str = ""
    command: str = ""
    place: Place | None = None
    vendor: str = ""
    of: tuple[str, ...] = ()

    def fits(self, attempt: Attempt) -> bool:
        """Say whether it is what *attempt* was refused for."""
        return (not self.of or attempt.kind in self.of) and re.search(self.says, attempt.failed.cause) is not None

    def found(self, attempt: Attempt) -> Finding:
        """Return the finding of *attempt*, with its cause as the evidence."""
        vendor = self.vendor.format_map({"issuer": attempt.here.issuer})
        return self.kind.found(attempt.failed.cause, here=self._remedy(attempt), vendor=vendor)

    def _remedy(self, attempt: Attempt) -> Remedy:
        if not self.here:
            return Remedy()
        app = attempt.registered.application_id if attempt.registered is not None else ""
        of = attempt.here.site if self.place is Place.SITE_PROTOCOLS else app
        command = self.command.replace("APP", attempt.app).replace("SITE", attempt.here.site)
        return Remedy(
            Words(self.here, {"app": attempt.app}), command, self.place if of or self.place is Place.APIS else None, of
        )


def explained(attempt: Attempt, causes: Sequence[Cause]) -> Findings:
    """Yield what the first of *causes* that fits says of *attempt*."""
    fitting = next((cause for cause in causes if cause.fits(attempt)), None)
    if fitting is not None:
        yield fitting.found(attempt)
