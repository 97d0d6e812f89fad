"""
What administrators do to an account beside editing it, each act on a page of its own that says what happens; and the
export of all of them.
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, TypedDict

from flask import Blueprint, Response, request, stream_with_context

from idp.base.errors import NotFound
from idp.base.letters import spoken
from idp.base.work import Work
from idp.directory import accounts, attributes, lifetime, queries, rights
from idp.directory.models import Account
from idp.oidc import administered_grants
from idp.oidc.api_tokens import administered as api_tokens
from idp.policy.permissions import Permission, require
from idp.signon import (
    account_export,
    account_factors,
    administered_password,
    email_change,
    resetting,
    signing_out_others,
)
from idp.web import context
from idp.web.console import lists, seen
from idp.web.console.accounts import LIST
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.guarding import guarded
from idp.web.languages import gettext as _
from idp.web.languages import ngettext
from idp.web.security import administrator

pages = Blueprint("console_account_actions", __name__, url_prefix="/admin/accounts")

_PLACE = "accounts"


@dataclass(frozen=True, slots=True)
class Act:
    """
    One thing that can be done to an account.

    Args:
        permissions: any of them is enough to offer it (the verb decides).
        fits: whether it makes sense for this account as it is.
        do: does it, and returns what the next page says.
    """

    permissions: tuple[Permission, ...]
    fits: Callable[[Account], bool]
    do: Callable[[Work, Desk, Account], str]


class _Telling(TypedDict):
    told: bool
    message: str


def _telling() -> _Telling:
    return {"told": "told" in request.form, "message": request.form.get("message", "")}


def _disable(work: Work, desk: Desk, account: Account) -> str:
    accounts.disable(work, account.id, organization_id=desk.organization.id, **_telling())
    return _("Disabled. Every sign-on of this account is over.")


def _enable(work: Work, desk: Desk, account: Account) -> str:
    accounts.enable(work, account.id, organization_id=desk.organization.id, **_telling())
    return _("Enabled. The person can sign in again.")


def _delete(work: Work, desk: Desk, account: Account) -> str:
    gone = lifetime.schedule_deletion(
        work, account.id, organization_id=desk.organization.id, if_version=lists.version()
    )
    at = "" if gone.deletion_at is None else spoken(gone.deletion_at)
    return _("Disabled, and erased after %(at)s unless you cancel that.", at=at)


def _cancel_deletion(work: Work, desk: Desk, account: Account) -> str:
    lifetime.cancel_deletion(work, account.id, organization_id=desk.organization.id, if_version=lists.version())
    return _("The deletion is cancelled. The account is as it was before.")


def _erase(work: Work, desk: Desk, account: Account) -> str:
    lifetime.erase_now(work, account.id, organization_id=desk.organization.id, if_version=lists.version())
    return _("The account is disabled, and erased within moments.")


def _reset_factors(work: Work, desk: Desk, account: Account) -> str:
    _given, typed = resetting.reset_factors(work, account.id, organization_id=desk.organization.id)
    return _(
        "All second steps are removed. The temporary access pass, shown only now and good once within an hour: %(typed)s",
        typed=typed,
    )


def _end_sessions(work: Work, desk: Desk, account: Account) -> str:
    _account, count = signing_out_others.end_sessions(work, account.id, organization_id=desk.organization.id)
    said = ngettext("Signed out everywhere (%(num)s session).", "Signed out everywhere (%(num)s sessions).", count)
    return said % {"num": count}


def _new_password(work: Work, desk: Desk, account: Account) -> str:
    administered_password.require_new_password(
        work, account.id, organization_id=desk.organization.id, sign_out="sign_out" in request.form
    )
    return _("The person chooses a new password at their next sign-in.")


def _unlock(work: Work, desk: Desk, account: Account) -> str:
    resetting.unlock(work, account.id, organization_id=desk.organization.id)
    return _("No wrong tries are counted any more.")


def _revoke_tokens(work: Work, desk: Desk, account: Account) -> str:
    _account, grants, consents = administered_grants.revoke_all(
        work, account.id, organization_id=desk.organization.id, consents="consents" in request.form
    )
    return _("Revoked %(grants)s grants and %(consents)s consents.", grants=grants, consents=consents)


def _revoke_api_tokens(work: Work, desk: Desk, account: Account) -> str:
    _account, count = api_tokens.revoke_all(work, account.id, organization_id=desk.organization.id)
    return _("Revoked. Whatever used one of them can use its API no more (%(count)s).", count=count)


def _email(work: Work, desk: Desk, account: Account) -> str:
    email_change.administer(
        work,
        account.id,
        request.form.get("email", ""),
        organization_id=desk.organization.id,
        if_version=lists.version(),
    )
    return _("The address is changed. The old one is told.")


def _attributes(work: Work, desk: Desk, account: Account) -> str:
    changes = attributes.read_lines(request.form.get("attributes", ""))
    gone: dict[str, list[str]] = {name: [] for name in account.attributes if name not in changes}
    accounts.set_attributes(
        work, account.id, {**gone, **changes}, organization_id=desk.organization.id, if_version=lists.version()
    )
    return _("Saved.")


_P = Permission
_RECOVERY = (_P.ACCOUNT_CREDENTIALS, _P.ACCOUNT_RECOVER)
_CREDENTIALS = (_P.ACCOUNT_CREDENTIALS,)


def _active(account: Account) -> bool:
    return account.disabled_at is None


def _scheduled(account: Account) -> bool:
    return account.deletion_at is not None


def _always(account: Account) -> bool:
    return account.erased_at is None


ACTS: dict[str, Act] = {
    "attributes": Act((_P.ACCOUNT_EDIT,), _always, _attributes),
    "email": Act((_P.ACCOUNT_EDIT,), _always, _email),
    "end-sessions": Act(_RECOVERY, _active, _end_sessions),
    "reset-factors": Act(_RECOVERY, _active, _reset_factors),
    "unlock": Act(_RECOVERY, _active, _unlock),
    "new-password": Act(_CREDENTIALS, _active, _new_password),
    "revoke-tokens": Act(_CREDENTIALS, _always, _revoke_tokens),
    "revoke-api-tokens": Act(_CREDENTIALS, _always, _revoke_api_tokens),
    "disable": Act((_P.ACCOUNT_DISABLE,), _active, _disable),
    "enable": Act((_P.ACCOUNT_DISABLE,), lambda account: not _active(account) and not _scheduled(account), _enable),
    "delete": Act((_P.ACCOUNT_DELETE,), lambda account: not _scheduled(account), _delete),
    "cancel-deletion": Act((_P.ACCOUNT_DELETE,), _scheduled, _cancel_deletion),
    "erase": Act((_P.ACCOUNT_DELETE,), _always, _erase),
}
"""By the word in its address; in the order in which they are offered."""


_GUARDED = frozenset({"attributes", "email", "enable", "disable", "delete", "erase"})
"""Who may administer, and who is in what by rule, turns on these; what rules of access say turns on that."""


@pages.get("/<account_id>/actions")
@administrator
@at_desk
def offered(work: Work, desk: Desk, account_id: str) -> Response:
    """List what can be done to the account now, by this administrator."""
    account = _account(work, desk, account_id)
    return console_page(
        work,
        desk,
        "console/accounts/actions.html",
        place=_PLACE,
        account=account,
        acts=[name for name, act in ACTS.items() if _offers(work, act, account)],
        factors=account_factors.factors(work, account),
    )


@pages.get("/<account_id>/actions/<what>")
@administrator
@at_desk
@fresh
def ask(work: Work, desk: Desk, account_id: str, what: str) -> Response:
    """Say what an act does, and ask."""
    account = _account(work, desk, account_id)
    _act(what)
    live = signing_out_others.sessions(work, account.id, organization_id=desk.organization.id)[1]
    return console_page(
        work,
        desk,
        "console/accounts/act.html",
        place=_PLACE,
        account=account,
        what=what,
        live=len(live),
        attribute_lines=attributes.lines(account.attributes),
        erased_on=spoken(work.now + lifetime.GRACE),
    )


@pages.post("/<account_id>/actions/<what>")
@administrator
@at_desk(again=ask)
@fresh
def do(work: Work, desk: Desk, account_id: str, what: str) -> Response:
    """Do it."""
    account = _account(work, desk, account_id)
    seen.unchanged(account.id, account.version)
    with guarded(work, desk) if what in _GUARDED else nullcontext():
        words = _act(what).do(work, desk, account)
    return done(work, desk, words, "console_accounts.show", account_id=account.id)


@pages.get("/export.csv")
@administrator
@at_desk
def export(work: Work, desk: Desk) -> Response:
    """Download the accounts that the address asks for as CSV, written while it is read; all of them by a road of its own."""
    require(work, Permission.ACCOUNT_EXPORT, desk.organization.id)
    if any(LIST.at(desk).chosen.values()):
        return LIST.as_csv(work, desk)
    owner = account_export.begin(work, desk.organization.slug)
    actor = work.actor

    def written() -> Iterator[str]:
        with context.open_work() as reading:
            yield from account_export.parts(_as(reading, actor), owner.id)

    answer = Response(stream_with_context(written()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="accounts-{owner.slug}.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _as(work: Work, actor: Any) -> Work:
    return Work(work.tx, actor, work.now, work.origin)


def _account(work: Work, desk: Desk, account_id: str) -> Account:
    return queries.account(work, account_id, organization_id=desk.organization.id)


def _act(what: str) -> Act:
    found = ACTS.get(what)
    if found is None:
        raise NotFound("There is no such act.")
    return found


def _offers(work: Work, act: Act, account: Account) -> bool:
    return act.fits(account) and rights.is_over(work, act.permissions, account)
