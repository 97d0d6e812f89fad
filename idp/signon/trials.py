"""An administrator who signs in anew under a version of an access policy that is on trial confirms it by that."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select

from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory import access_policies, access_trials, administering
from idp.policy.access.context import AccountKind
from idp.policy.models import AccessPolicy, AccessPolicyVersion
from idp.policy.signon import FIRST_STEPS, Proof
from idp.signon import guarding
from idp.signon.request import SignOnRequest
from idp.signon.session import CurrentSession

KNOWN_EVERYWHERE = timedelta(seconds=2)
"""After so long no process remembers what counted before, so that a sign-in was judged by what is on trial."""

_BEGAN = Prepared(
    select(AccessPolicyVersion.created_at).where(
        AccessPolicyVersion.organization_id == bindparam("organization_id"),
        AccessPolicyVersion.policy_id == bindparam("policy_id"),
        AccessPolicyVersion.number == bindparam("number"),
    )
)


def signed_in(work: Work, request: SignOnRequest, session: CurrentSession, proofs: tuple[Proof, ...]) -> None:
    """
    Confirm what is on trial, if an administrator has just signed in to our own pages under it.

    A step that was proven before the change tells nothing of it, nor does an account that no rule is asked of; and
    whoever got in here must get in to the console as well.

    Args:
        proofs: what was proven in this very sign-on.
    """
    if request.application_id or access_policies.standing(work, session.organization_id).until is None:
        return
    proven_at = max((proof.at for proof in proofs if proof.method in FIRST_STEPS), default=None)
    if proven_at is None or session.kind is AccountKind.BREAK_GLASS or not _administers(work, session):
        return
    for policy in access_trials.trials(work, session.organization_id):
        began = _began(work, policy)
        if proven_at < began or work.now < began + KNOWN_EVERYWHERE:
            continue
        if policy.kind != access_policies.SESSION or guarding.gets_in(
            work, session.organization_id, session.account_id
        ):
            access_trials.confirmed(work, policy, access_trials.BY_SIGN_IN)


def _administers(work: Work, session: CurrentSession) -> bool:
    return administering.is_administrator(work, session.organization_id, session.account_id)


def _began(work: Work, policy: AccessPolicy) -> datetime:
    row = work.tx.rows(_BEGAN, organization_id=policy.organization_id, policy_id=policy.id, number=policy.current)[0]
    return row.created_at  # type: ignore[no-any-return]
