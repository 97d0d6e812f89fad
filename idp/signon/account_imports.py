"""
Applying and undoing imports of accounts, in steps: the first at once, the others by jobs.

A job acts for whoever asked, with the rights that they have then: whoever loses a role in the middle does no more.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from idp.base import jobs
from idp.base.errors import Forbidden
from idp.base.work import Actor, HeldRole, Work
from idp.directory import administering, import_steps, imports, rights
from idp.directory.imports import APPLIED, APPLYING, PREVIEWED, UNDOING
from idp.directory.joining_models import AccountImport
from idp.directory.models import Account, Organization
from idp.policy.permissions import OPERATOR
from idp.signon import invitations
from idp.signon.guarding import guarded
from idp.signon.models import Authenticator, Password, RecoveryCode, SignIn, TemporaryPass, TotpFactor

_PROOFS: tuple[type[Any], ...] = (Password, TotpFactor, Authenticator, RecoveryCode, TemporaryPass, SignIn)
KIND = "account-import"
"""The job that does the next rows."""


def apply(work: Work, import_id: str, *, organization_id: str | None = None, invite: bool = False) -> AccountImport:
    """
    Begin to do what an import showed: the first rows at once, the others by jobs.

    Args:
        invite: mail everybody whose account it creates a link to set a password.

    Raises:
        NotFound: no such import that this actor could have made.
        Forbidden: the actor may not create accounts there.
        Conflict: it was applied before.
    """
    found = imports.get(work, import_id, organization_id=organization_id)
    imports.begin(work, found, PREVIEWED, APPLYING, invite=invite)
    _step(work, found)
    return found


def undo(work: Work, import_id: str, *, organization_id: str | None = None) -> AccountImport:
    """
    Begin to take an import back: the first rows at once, the others by jobs.

    Raises:
        NotFound: no such import that this actor could have made.
        Forbidden: the actor may not create accounts there.
        Conflict: it was not applied, or was undone before.
    """
    found = imports.get(work, import_id, organization_id=organization_id)
    imports.begin(work, found, APPLIED, UNDOING)
    _step(work, found)
    return found


def run(work: Work, payload: Mapping[str, Any]) -> None:
    """Do the job that `apply` or `undo` asked for: the next rows."""
    acting = _as_asked(work, payload)
    found = work.tx.session.get(AccountImport, (payload["organization_id"], payload["import_id"]))
    if found is None or found.state != payload["state"]:
        return
    try:
        _step(acting, found, step=payload["step"])
    except Forbidden:
        import_steps.stop(work, found)


def _step(work: Work, of: AccountImport, *, step: int = 1) -> None:
    def guard(account_id: str) -> AbstractContextManager[None]:
        """A row that would lock administrators out is refused; others can lock nobody out."""
        if administering.is_administrator(work, of.organization_id, account_id):
            return guarded(work, of.organization_id)
        return nullcontext()

    if of.state == APPLYING:
        more = import_steps.apply_some(work, of, lambda account: _then(work, of, account), guard=guard)
    else:
        more = import_steps.undo_some(work, of, lambda account: is_used(work, account), guard=guard)
    if more:
        jobs.defer(
            work,
            KIND,
            key=f"{KIND}:{of.id}:{of.state}:{step}",
            payload={
                "organization_id": of.organization_id,
                "import_id": of.id,
                "state": of.state,
                "step": step + 1,
                "actor": [work.actor.kind, work.actor.id, work.actor.name],
            },
            organization_id=of.organization_id,
        )


def _then(work: Work, of: AccountImport, account: Account) -> None:
    if of.options.get("invite"):
        invitations.send(work, account, import_id=of.id)


def _as_asked(work: Work, payload: Mapping[str, Any]) -> Work:
    """Return *work* done by whoever asked, in the roles that they hold now."""
    kind, actor_id, name = payload["actor"]
    organization_id = payload["organization_id"]
    if kind == "operator":
        return replace(work, actor=Actor(kind, actor_id, name, roles=(HeldRole(OPERATOR),)))
    account = work.tx.session.get(Account, (organization_id, actor_id))
    roles = rights.roles_of(work, organization_id, actor_id)
    suspended = work.tx.session.get_one(Organization, organization_id).suspended_at is not None
    if account is None or account.disabled_at is not None or suspended:
        roles = ()
    return replace(work, actor=Actor("account", actor_id, name, organization_id, roles))


def is_used(work: Work, account: Account) -> bool:
    """Say whether somebody has signed in with *account*, or could: it has a password, or anything else to prove."""
    if account.last_active_at is not None:
        return True
    return any(_has(work, account, model) for model in _PROOFS)


def _has(work: Work, account: Account, model: type[Any]) -> bool:
    query = (
        select(func.count())
        .select_from(model)
        .where(model.organization_id == account.organization_id, model.account_id == account.id)
    )
    return bool(work.tx.session.scalar(query))
