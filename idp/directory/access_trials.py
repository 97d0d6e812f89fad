"""
A version of an access policy on trial: it counts until a moment, and then no more, unless somebody confirms it.

The moment itself decides, not the job that puts it into the rows: `access_policies.counting` is asked at every read. To
confirm and to roll back are one conditional UPDATE each, whose conditions exclude each other in time.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update

from idp.audit.events import AccessPolicyConfirmed, AccessPolicyRolledBack, AccessPolicyTried
from idp.audit.log import record
from idp.base import jobs
from idp.base.errors import Conflict, Invalid, NotFound
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import queries
from idp.policy.models import AccessPolicy
from idp.policy.permissions import Permission, require

ROLL_BACK = "access-policy-roll-back"
"""The job that ends a trial that nobody has confirmed."""
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=1)
BY_COMMAND, BY_SIGN_IN = "command", "sign-in"

_TABLE = table(AccessPolicy)
_AT = _TABLE.c.rolls_back_at.type
_ON_TRIAL = (
    _TABLE.c.organization_id == bindparam("of_organization"),
    _TABLE.c.id == bindparam("policy_id"),
    _TABLE.c.current == bindparam("tried"),
)
_CONFIRM = Prepared(
    update(_TABLE)
    .where(*_ON_TRIAL, _TABLE.c.rolls_back_at > bindparam("at", type_=_AT))
    .values(confirmed=_TABLE.c.current, rolls_back_at=None, version=_TABLE.c.version + 1)
)
_GIVE_UP = Prepared(
    update(_TABLE)
    .where(*_ON_TRIAL, _TABLE.c.rolls_back_at.is_not(None))
    .values(current=_TABLE.c.confirmed, rolls_back_at=None, version=_TABLE.c.version + 1)
)
_END = Prepared(
    update(_TABLE)
    .where(*_ON_TRIAL, _TABLE.c.rolls_back_at <= bindparam("at", type_=_AT))
    .values(current=_TABLE.c.confirmed, rolls_back_at=None, version=_TABLE.c.version + 1)
)


def span(minutes: int) -> timedelta:
    """
    Return how long a trial of so many *minutes* is.

    Raises:
        Invalid: shorter than five minutes or longer than an hour.
    """
    asked = timedelta(minutes=minutes)
    if not SHORTEST <= asked <= LONGEST:
        raise Invalid("A trial takes 5 to 60 minutes.", field="try")
    return asked


def begin(work: Work, policy: AccessPolicy, minutes: int) -> None:
    """
    Put the version that *policy* has just been given on trial, instead of the one that was confirmed last.

    The caller has checked who may, and holds the policy.

    Raises:
        Invalid: shorter than five minutes or longer than an hour.
    """
    policy.rolls_back_at = work.now + span(minutes)
    work.tx.session.flush()
    jobs.defer(
        work,
        ROLL_BACK,
        key=f"{ROLL_BACK}:{policy.id}:{policy.current}",
        payload={"organization_id": policy.organization_id, "policy_id": policy.id, "number": policy.current},
        organization_id=policy.organization_id,
        run_at=policy.rolls_back_at,
    )
    record(
        work,
        AccessPolicyTried(
            organization_id=policy.organization_id,
            target_id=policy.id,
            name=policy.name,
            number=policy.current,
            instead_of=policy.confirmed,
            until=policy.rolls_back_at.isoformat(),
        ),
    )


def confirm(work: Work, organization: str, policy: str) -> AccessPolicy:
    """
    Keep what is on trial.

    Raises:
        NotFound: no such organization or policy that this actor may see.
        Forbidden: the actor may not change policies there.
        Conflict: nothing is on trial, or the trial is over.
    """
    found = _on_trial(work, organization, policy)
    if not confirmed(work, found, BY_COMMAND):
        raise Conflict(
            phrase("The trial of “%(name)s” is over: what was there before counts again.", name=found.name),
            advice="Make the change once more, with a longer trial.",
        )
    work.tx.session.refresh(found)
    return found


def confirmed(work: Work, policy: AccessPolicy, by: str) -> bool:
    """Keep what *policy* has on trial, if it still is; the caller has checked who may. Return whether it was this call."""
    kept = work.tx.run(
        _CONFIRM, of_organization=policy.organization_id, policy_id=policy.id, tried=policy.current, at=work.now
    )
    if kept:
        record(
            work,
            AccessPolicyConfirmed(
                organization_id=policy.organization_id,
                target_id=policy.id,
                name=policy.name,
                number=policy.current,
                by=by,
            ),
        )
        work.tx.after_commit(work.tx.memory.forget)
    return bool(kept)


def give_up(work: Work, organization: str, policy: str) -> AccessPolicy:
    """
    End a trial now: what was there before counts again.

    Raises:
        NotFound: no such organization or policy that this actor may see.
        Forbidden: the actor may not change policies there.
        Conflict: nothing is on trial.
    """
    found = _on_trial(work, organization, policy)
    if not _rolled_back(work, found, _GIVE_UP, {}, "given up"):
        raise Conflict(phrase("Nothing of “%(name)s” is on trial any more.", name=found.name))
    work.tx.session.refresh(found)
    return found


def roll_back(work: Work, payload: Mapping[str, Any]) -> None:
    """End the trial of a job's *payload* if its time has come and nobody has confirmed it; recorded."""
    found = work.tx.session.get(AccessPolicy, (payload["organization_id"], payload["policy_id"]))
    if found is not None and found.current == payload["number"]:
        _rolled_back(work, found, _END, {"at": work.now}, "not confirmed in time")


def settle(work: Work, policy: AccessPolicy) -> None:
    """
    Write down that a trial of *policy* is over, where the job has not yet: before it is changed.

    Raises:
        Conflict: it is not over. A change of what is on trial would be judged by what is on trial.
    """
    if policy.rolls_back_at is None:
        return
    if policy.rolls_back_at > work.now:
        raise Conflict(
            phrase(
                "“%(name)s” has version %(current)s on trial until %(value)s.",
                name=policy.name,
                current=policy.current,
                value=_clock(policy.rolls_back_at),
            ),
            advice="Confirm it or end the trial first: idp access confirm, idp access roll-back",
        )
    if _rolled_back(work, policy, _END, {"at": work.now}, "not confirmed in time"):
        work.tx.session.refresh(policy)


def trials(work: Work, organization_id: str) -> list[AccessPolicy]:
    """Return the access policies of an organization that have a version on trial now."""
    query = select(AccessPolicy).where(
        AccessPolicy.organization_id == organization_id, AccessPolicy.rolls_back_at > work.now
    )
    return list(work.tx.session.scalars(query))


def _on_trial(work: Work, organization: str, policy: str) -> AccessPolicy:
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_EDIT, owner.id)
    every = list(work.tx.session.scalars(select(AccessPolicy).where(AccessPolicy.organization_id == owner.id)))
    found = next((one for one in every if one.id == policy), None) or next(
        (one for one in every if one.name.casefold() == policy.casefold()), None
    )
    if found is None:
        raise NotFound(phrase("There is no access policy “%(policy)s”.", policy=policy[:80]), field="policy")
    if found.rolls_back_at is None:
        raise Conflict(phrase("Nothing of “%(name)s” is on trial.", name=found.name))
    return found


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _rolled_back(work: Work, policy: AccessPolicy, how: Prepared, values: dict[str, Any], because: str) -> bool:
    number, former = policy.current, policy.confirmed
    ended = work.tx.run(how, of_organization=policy.organization_id, policy_id=policy.id, tried=number, **values)
    if ended:
        record(
            work,
            AccessPolicyRolledBack(
                organization_id=policy.organization_id,
                target_id=policy.id,
                name=policy.name,
                number=number,
                back_to=former,
                because=because,
            ),
        )
        work.tx.after_commit(work.tx.memory.forget)
    return bool(ended)
