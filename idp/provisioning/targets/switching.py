"""Verbs on targets: to switch telling on and off, to approve what was held back, to try again, to look at everybody."""

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from idp.audit.events import (
    ProvisioningApproved,
    ProvisioningDisabled,
    ProvisioningEnabled,
    ProvisioningResumed,
    ProvisioningRetried,
)
from idp.audit.log import record
from idp.base import jobs
from idp.base.errors import Conflict
from idp.base.ids import new_id
from idp.base.tables import table
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access, organizations, runs
from idp.directory.console_models import Run
from idp.directory.models import AccessGrant, Application
from idp.directory.runs import Step
from idp.directory.told_models import ProvisioningMark, ProvisioningTarget, ToldAccount
from idp.provisioning.targets import found, noticing, preview
from idp.provisioning.targets.noticing import FAILED, HELD, WAITING

KIND = "provisioning-reconcile"
SWEEP, NIGHTLY = "provisioning-sweep", "provisioning-nightly"
_ROWS = table(ToldAccount)


def enable(work: Work, application_id: str, *, if_version: int | None = None) -> ProvisioningTarget:
    """
    Tell an application from now on: of everybody who may open it, then of what changes.

    Raises:
        NotFound: no such application that this actor may see, or it has no target.
        Forbidden: the actor may not edit the application.
        Conflict: it has no token, or is switched on already; or somebody else has changed it in the meantime.
    """
    application, target = found.editable(work, application_id, if_version=if_version)
    if target.enabled_at is not None:
        raise Conflict(phrase("“%(name)s” is told of accounts already.", name=application.name))
    if not target.token_sealed:
        raise Conflict("It cannot be told without a token.", advice="Give it the token first, and test the connection.")
    target.enabled_at, target.stopped_at, target.next_at = work.now, None, None
    target.failing_since, target.error, target.tries = None, "", 0
    work.tx.session.flush()
    noticing.mark(work, target)
    _mark_ends(work, application)
    record(
        work,
        ProvisioningEnabled(
            organization_id=target.organization_id,
            target_id=target.id,
            application=application.name,
            endpoint=target.endpoint,
        ),
    )
    return target


def disable(work: Work, application_id: str, *, if_version: int | None = None) -> ProvisioningTarget:
    """
    Tell an application of nothing until it is switched on again. What it knows stays as it is.

    Raises:
        NotFound: no such application that this actor may see, or it has no target.
        Forbidden: the actor may not edit the application.
        Conflict: it is switched off already, or somebody else has changed it in the meantime.
    """
    application, target = found.editable(work, application_id, if_version=if_version)
    if target.enabled_at is None:
        raise Conflict(phrase("“%(name)s” is told of nothing already.", name=application.name))
    target.enabled_at = None
    work.tx.session.flush()
    record(
        work,
        ProvisioningDisabled(organization_id=target.organization_id, target_id=target.id, application=application.name),
    )
    return target


def resume(work: Work, application_id: str) -> ProvisioningTarget:
    """
    Let a target that was stopped, or that does not answer, be tried again now.

    Raises:
        NotFound: no such application that this actor may see, or it has no target.
        Forbidden: the actor may not edit the application.
        Conflict: it does not fail.
    """
    application, target = found.editable(work, application_id)
    if target.failing_since is None and target.stopped_at is None:
        raise Conflict(phrase("Telling “%(name)s” of accounts does not fail.", name=application.name))
    noticing.set_(work, target, stopped_at=None, next_at=None, failing_since=None, error="", tries=0)
    record(
        work,
        ProvisioningResumed(organization_id=target.organization_id, target_id=target.id, application=application.name),
    )
    return target


def approve(work: Work, application_id: str, *, if_version: int | None = None) -> int:
    """
    Let the deactivations that were held back be done; return how many.

    Raises:
        NotFound: no such application that this actor may see, or it has no target.
        Forbidden: the actor may not edit the application.
        Conflict: nothing is held back, or somebody else has changed the target in the meantime.
    """
    application, target = found.editable(work, application_id, if_version=if_version)
    count = _again(work, target, (HELD,), approved=True)
    if not count:
        raise Conflict("Nothing waits for approval any more.")
    noticing.set_(work, target, held_at=None)
    record(
        work,
        ProvisioningApproved(
            organization_id=target.organization_id, target_id=target.id, application=application.name, count=count
        ),
    )
    return count


def retry(work: Work, application_id: str, *, account_ids: Sequence[str] = ()) -> int:
    """
    Let accounts that an application did not take be sent once more: these, or all of them; return how many.

    Raises:
        NotFound: no such application that this actor may see, or it has no target.
        Forbidden: the actor may not edit the application.
        Conflict: there are none.
    """
    application, target = found.editable(work, application_id)
    count = _again(work, target, (FAILED,), account_ids=account_ids)
    if not count:
        raise Conflict("There is nothing to be sent once more.")
    record(
        work,
        ProvisioningRetried(
            organization_id=target.organization_id, target_id=target.id, application=application.name, count=count
        ),
    )
    return count


def reconcile(work: Work, application_id: str, *, again: bool = False) -> Run:
    """
    Look at everybody, in steps, whatever was noticed before.

    Args:
        again: send everything again, also what has not changed.

    Raises:
        NotFound: no such application that this actor may see, or it has no target.
        Forbidden: the actor may not edit the application.
        Conflict: it is switched off.
    """
    application, target = found.editable(work, application_id)
    if target.enabled_at is None:
        raise Conflict(
            phrase("“%(name)s” is told of nothing: it is switched off.", name=application.name),
            advice="Switch it on; everybody is looked at then.",
        )
    return runs.start(
        work,
        KIND,
        organization_id=target.organization_id,
        title=phrase("Compare the accounts of %(name)s", name=application.name),
        parameters={"application_id": application.id, "again": again},
        total=preview.everybody(work, target, application),
    )


def step(work: Work, run: Run, cursor: str) -> Step:
    """Do a part of `reconcile`."""
    application, target = found.editable(work, run.parameters["application_id"])
    if target.enabled_at is None:
        return Step(0, findings=[phrase("It was switched off in the meantime.")])
    some = noticing.part(work, target, application, cursor)
    looked = noticing.look(work, target, application, some, again=bool(run.parameters.get("again")))
    return Step(looked.seen, cursor=some[-1] if len(some) == noticing.AT_ONCE else None)


def sweep(work: Work, _payload: object) -> None:
    """Ask, once a day, for everybody to be looked at. (A job, every hour.)"""
    jobs.defer(work, NIGHTLY, key=f"{NIGHTLY}:{work.now:%Y-%m-%d}")


def nightly(work: Work, _payload: object) -> None:
    """Let every target look at everybody: what was missed is made good, what was not taken is sent again. (A job.)"""
    live = select(ProvisioningTarget).where(
        ProvisioningTarget.enabled_at.is_not(None),
        ProvisioningTarget.stopped_at.is_(None),
        ProvisioningTarget.organization_id.not_in(organizations.suspended()),
    )
    for target in work.tx.session.scalars(live):
        noticing.mark(work, target)


def _again(
    work: Work,
    target: ProvisioningTarget,
    states: Sequence[str],
    *,
    approved: bool = False,
    account_ids: Sequence[str] = (),
) -> int:
    where = [
        _ROWS.c.organization_id == target.organization_id,
        _ROWS.c.target_id == target.id,
        _ROWS.c.state.in_(states),
    ]
    if account_ids:
        where.append(_ROWS.c.account_id.in_(account_ids))
    result = work.tx.session.execute(
        update(_ROWS)
        .where(*where)
        .values(
            state=WAITING,
            next_at=work.now,
            tries=0,
            error="",
            approved=approved or _ROWS.c.approved,
            turn=_ROWS.c.turn + 1,
        )
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def _mark_ends(work: Work, application: Application) -> None:
    """Access that ends by a date, and was given before anybody was told, ends there on that date, too."""
    query = select(AccessGrant.subject_kind, AccessGrant.subject_id, AccessGrant.valid_to).where(
        AccessGrant.organization_id == application.organization_id,
        AccessGrant.application_id == application.id,
        AccessGrant.valid_to > work.now,
    )
    rows = [
        {
            "organization_id": application.organization_id,
            "id": new_id("ptm"),
            "application_id": application.id,
            "account_id": subject if kind == access.ACCOUNT else "",
            "cursor": "",
            "due_at": ends,
        }
        for kind, subject, ends in work.tx.session.execute(query)
    ]
    if rows:
        work.tx.session.execute(insert(table(ProvisioningMark)), rows)
