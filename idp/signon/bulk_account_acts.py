"""
What can be done to many accounts at once: each act, what it needs, whom it fits, and the verb for one that does it.

Erasing without grace is not among them: what cannot be taken back is done to one at a time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_

from idp.base.errors import IdpError
from idp.base.texts import counted, phrase
from idp.base.work import Work
from idp.directory import accounts, groups, lifetime, policy_members, rights
from idp.directory.console_models import Run
from idp.directory.models import Account, Organization
from idp.policy.permissions import Permission
from idp.signon import administered_password, resetting, signing_out_others

DISABLE, ENABLE, ADD_TO_GROUP, END_SESSIONS, MOVE = (
    "disable",
    "enable",
    "add-to-group",
    "end-sessions",
    "move-to-policy",
)
DELETE, CANCEL_DELETION = "delete", "cancel-deletion"
NEW_PASSWORD, RESET_FACTORS, UNLOCK = "new-password", "reset-factors", "unlock"
REVOKE_TOKENS, REVOKE_API_TOKENS = "revoke-tokens", "revoke-api-tokens"

SIGN_OUT, CONSENTS, TOLD = "sign_out", "consents", "told"
OPTIONS = (SIGN_OUT, CONSENTS, TOLD)
"""What may be wished for beside: of `NEW_PASSWORD`, of `REVOKE_TOKENS`, and of `DISABLE` and `ENABLE`."""

Do = Callable[[Work, Run, str], None]
"""Acts on the account with an id, by the verb that acts on one."""


@dataclass(frozen=True, slots=True)
class Act:
    """
    What can be done to many accounts.

    Args:
        permissions: any of them is needed to begin with those that were chosen; the verb asks again, of each.
        of_all: what is needed to begin with all that a filter matches.
        title: what the run is called: of how many accounts (in words), and of where they are put.
        fits: of which accounts it can come to something: others are not among those that a filter matches.
        over: whoever administers what the actor does not is left out (D17).
        others: the actor is left out.
        options: what may be wished for beside.
    """

    permissions: tuple[Permission, ...]
    of_all: Permission
    title: Callable[[str, str], str]
    fits: ColumnElement[bool]
    over: bool = True
    others: bool = False
    options: frozenset[str] = frozenset()


_P = Permission
_THERE = Account.erased_at.is_(None)
_ACTIVE = and_(Account.disabled_at.is_(None), _THERE)
_RECOVERY = (rights.RECOVERY, _P.ACCOUNT_CREDENTIALS)
_CREDENTIALS = ((_P.ACCOUNT_CREDENTIALS,), _P.ACCOUNT_CREDENTIALS)
_DISABLING = ((_P.ACCOUNT_DISABLE,), _P.ACCOUNT_DISABLE)
_DELETION = ((_P.ACCOUNT_DELETE,), _P.ACCOUNT_DELETE)

ACTS: Mapping[str, Act] = {
    DISABLE: Act(
        *_DISABLING,
        title=lambda accounts, to: phrase("Disable %(accounts)s", accounts=accounts),
        fits=_ACTIVE,
        others=True,
        options=frozenset({TOLD}),
    ),
    ENABLE: Act(
        *_DISABLING,
        title=lambda accounts, to: phrase("Enable %(accounts)s", accounts=accounts),
        fits=and_(Account.disabled_at.is_not(None), Account.deletion_at.is_(None), _THERE),
        options=frozenset({TOLD}),
    ),
    ADD_TO_GROUP: Act(
        (_P.GROUP_MEMBERS,),
        _P.GROUP_MEMBERS,
        title=lambda accounts, to: phrase("Add %(accounts)s to %(group)s", accounts=accounts, group=to),
        fits=_THERE,
        over=False,
    ),
    END_SESSIONS: Act(
        *_RECOVERY,
        title=lambda accounts, to: phrase("End the sessions of %(accounts)s", accounts=accounts),
        fits=_ACTIVE,
    ),
    MOVE: Act(
        (_P.POLICY_EDIT,),
        _P.POLICY_EDIT,
        title=lambda accounts, to: phrase("Move %(accounts)s to the policy %(policy)s", accounts=accounts, policy=to),
        fits=_THERE,
    ),
    NEW_PASSWORD: Act(
        *_CREDENTIALS,
        title=lambda accounts, to: phrase("Demand a new password of %(accounts)s", accounts=accounts),
        fits=_ACTIVE,
        options=frozenset({SIGN_OUT}),
    ),
    RESET_FACTORS: Act(
        *_RECOVERY,
        title=lambda accounts, to: phrase("Remove all second steps of %(accounts)s", accounts=accounts),
        fits=_ACTIVE,
        others=True,
    ),
    UNLOCK: Act(
        *_RECOVERY,
        title=lambda accounts, to: phrase("Forget the wrong tries of %(accounts)s", accounts=accounts),
        fits=_ACTIVE,
    ),
    REVOKE_TOKENS: Act(
        *_CREDENTIALS,
        title=lambda accounts, to: phrase("Revoke the tokens of %(accounts)s", accounts=accounts),
        fits=_THERE,
        options=frozenset({CONSENTS}),
    ),
    REVOKE_API_TOKENS: Act(
        *_CREDENTIALS,
        title=lambda accounts, to: phrase("Revoke the API tokens of %(accounts)s", accounts=accounts),
        fits=_THERE,
    ),
    DELETE: Act(
        *_DELETION,
        title=lambda accounts, to: phrase("Delete %(accounts)s in 14 days", accounts=accounts),
        fits=and_(Account.deletion_at.is_(None), _THERE),
        others=True,
    ),
    CANCEL_DELETION: Act(
        *_DELETION,
        title=lambda accounts, to: phrase("Cancel the deletion of %(accounts)s", accounts=accounts),
        fits=and_(Account.deletion_at.is_not(None), _THERE),
    ),
}
"""By their names, in the order in which they are offered."""


def title(act: str, total: int, to: str = "") -> str:
    """Return what a run of *act* on so many accounts is called; *to*: the name of the group or policy."""
    return ACTS[act].title(counted("%(num)s account", "%(num)s accounts", total), to)


def _disable(work: Work, run: Run, account_id: str) -> None:
    accounts.disable(work, account_id, organization_id=run.organization_id, told=wished(run, TOLD))


def _enable(work: Work, run: Run, account_id: str) -> None:
    accounts.enable(work, account_id, organization_id=run.organization_id, told=wished(run, TOLD))


def _add(work: Work, run: Run, account_id: str) -> None:
    groups.add(work, run.parameters["to"], account_id, organization=slug(work, run.organization_id))


def _end_sessions(work: Work, run: Run, account_id: str) -> None:
    signing_out_others.end_sessions(work, account_id, organization_id=run.organization_id)


def _move(work: Work, run: Run, account_id: str) -> None:
    moved = policy_members.move(work, slug(work, run.organization_id), [account_id], run.parameters["to"])
    error: IdpError | None = moved[0].error
    if error is not None:
        raise error


def _new_password(work: Work, run: Run, account_id: str) -> None:
    administered_password.require_new_password(
        work, account_id, organization_id=run.organization_id, sign_out=wished(run, SIGN_OUT)
    )


def _reset_factors(work: Work, run: Run, account_id: str) -> None:
    resetting.remove_factors(work, account_id, organization_id=run.organization_id)


def _unlock(work: Work, run: Run, account_id: str) -> None:
    resetting.unlock(work, account_id, organization_id=run.organization_id)


def _delete(work: Work, run: Run, account_id: str) -> None:
    lifetime.schedule_deletion(work, account_id, organization_id=run.organization_id)


def _cancel_deletion(work: Work, run: Run, account_id: str) -> None:
    lifetime.cancel_deletion(work, account_id, organization_id=run.organization_id)


DO: Mapping[str, Do] = {
    DISABLE: _disable,
    ENABLE: _enable,
    ADD_TO_GROUP: _add,
    END_SESSIONS: _end_sessions,
    MOVE: _move,
    NEW_PASSWORD: _new_password,
    RESET_FACTORS: _reset_factors,
    UNLOCK: _unlock,
    DELETE: _delete,
    CANCEL_DELETION: _cancel_deletion,
}
"""What does each; tokens are of a floor above, which hands what does them to `bulk_acts.kinds`."""


def wished(run: Run, option: str) -> bool:
    """Say whether *option* was wished for when a run was asked for."""
    return option in run.parameters.get("options", ())


def slug(work: Work, organization_id: str) -> str:
    """Return the short name of an organization."""
    return work.tx.session.get_one(Organization, organization_id).slug
