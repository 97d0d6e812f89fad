"""
Attempts: how one request went, step by step, and the plain cause if it failed.

A `Trail` is carried through the checks of one request and saved at the end, in the
request's own transaction when it succeeds and in a fresh one when it was rolled back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from idp.audit.log import plain, plain_json
from idp.audit.models import Attempt
from idp.base.errors import IdpError
from idp.base.ids import new_ordered_id
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.texts import Words, packed, sentence, unpacked
from idp.base.work import Work

PENDING, SUCCEEDED, REFUSED = "pending", "succeeded", "refused"

_CHANGING = (
    "organization_id",
    "site_id",
    "application_id",
    "account_id",
    "outcome",
    "code",
    "cause",
    "policy_version",
    "decision",
    "rule",
    "context",
    "steps",
)
_INSERT = Prepared(insert(table(Attempt)))
_UPDATE = Prepared(
    update(table(Attempt))
    .where(table(Attempt).c.id == bindparam("attempt_id"))
    .values({name: bindparam(name, type_=table(Attempt).c[name].type) for name in _CHANGING})
)

_LOAD = Prepared(
    select(Attempt.id, Attempt.kind, *(getattr(Attempt, name) for name in _CHANGING)).where(
        Attempt.id == bindparam("attempt_id")
    )
)


@dataclass(slots=True)
class Trail:
    """
    An attempt in the making. ``kind`` is for example ``saml.sign-on``, ``oidc.token``, ``sign-in``.

    ``stored`` says that its row exists already (a sign-on that took several requests).
    """

    kind: str
    id: str = field(default_factory=lambda: new_ordered_id("att"))
    organization_id: str | None = None
    site_id: str | None = None
    application_id: str | None = None
    account_id: str | None = None
    outcome: str = PENDING
    code: str = ""
    cause: str = ""
    policy_version: int | None = None
    decision: str = ""
    rule: str = ""
    context: dict[str, Any] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    stored: bool = False

    def passed(self, step: str, **facts: Any) -> None:
        """Note that *step* passed, with *facts* that are no secrets (sizes, names, digests)."""
        self.steps.append({"step": step, "state": "passed", **facts} if facts else {"step": step, "state": "passed"})

    def failed(self, step: str, code: str, cause: str, **facts: Any) -> None:
        """Note that *step* failed and why; the attempt is refused with *code* and *cause*."""
        self.steps.append({"step": step, "state": "failed", "code": code, **kept(cause), **facts})
        self.outcome, self.code, self.cause = REFUSED, code, cause

    def refused(self, error: IdpError, step: str = "request") -> None:
        """Note the refusal that *error* stands for, unless a step has said so already."""
        if self.outcome != REFUSED:
            self.failed(step, error.code, error.cause, **error.facts)

    def succeeded(self) -> None:
        self.outcome = SUCCEEDED


def kept(cause: str) -> dict[str, Any]:
    """Return how a step keeps its *cause*: as English text, and beside it so that it can be said in any language."""
    cause = plain(cause)
    return {"cause": str(cause), "words": packed(cause)} if isinstance(cause, Words) else {"cause": cause}


def cause_of(step: Mapping[str, Any]) -> Words:
    """Return the cause that a step keeps; one from before causes could be said in other languages as it stands there."""
    return sentence(unpacked(step["words"]) if "words" in step else str(step.get("cause", "")))


def cause_of_attempt(cause: str, steps: Iterable[Mapping[str, Any]]) -> str:
    """Return the *cause* of an attempt with these *steps*: as the step keeps it that the attempt was refused for."""
    return next((cause_of(step) for step in steps if step.get("cause") == cause), cause)


def save(work: Work, trail: Trail) -> None:
    """Store *trail* as it stands: a new row, or the row that it came from."""
    values = {
        "organization_id": trail.organization_id,
        "site_id": trail.site_id,
        "application_id": trail.application_id,
        "account_id": trail.account_id,
        "outcome": trail.outcome,
        "code": trail.code[:64],
        "cause": plain(trail.cause)[:2000],
        "policy_version": trail.policy_version,
        "decision": trail.decision,
        "rule": trail.rule[:128],
        "context": plain_json(trail.context),
        "steps": plain_json(trail.steps),
    }
    if trail.stored:
        work.tx.run(_UPDATE, attempt_id=trail.id, **values)
        return
    work.tx.run(
        _INSERT,
        id=trail.id,
        at=work.now,
        kind=trail.kind,
        request_id=work.origin.request_id,
        ip=work.origin.ip,
        **values,
    )
    trail.stored = True


def load(work: Work, attempt_id: str) -> Trail | None:
    """Return the attempt *attempt_id* as it stands in this transaction, to be continued, or None."""
    row = work.tx.row(_LOAD, attempt_id=attempt_id)
    return None if row is None else Trail(**row._asdict(), stored=True)
