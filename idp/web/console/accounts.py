"""The accounts of the organization: the list, and each one."""

from collections.abc import Mapping

from flask import Blueprint, Response, request

from idp.base.work import Work
from idp.directory import access, account_lists, accounts, history, provisioned, queries
from idp.directory.models import Account
from idp.provisioning.targets import lists as provisioning_targets
from idp.signon import account_export, bulk_account_acts
from idp.web.console import lists
from idp.web.console.desk import Desk, at_desk, console_page, done
from idp.web.console.guarding import guarded
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint("console_accounts", __name__, url_prefix="/admin/accounts")

_PLACE = "accounts"
_NARROWING = ("state", "kind", "group")


def acts_of(desk: Desk) -> list[str]:
    """Return what can be done to many accounts at once, by this administrator."""
    return [name for name, act in bulk_account_acts.ACTS.items() if any(map(desk.may, (*act.permissions, act.of_all)))]


def may_act_on_all(desk: Desk) -> bool:
    """Say whether this administrator may act on all that a filter matches."""
    return any(desk.may(act.of_all) for act in bulk_account_acts.ACTS.values())


def filters_of(chosen: Mapping[str, str]) -> dict[str, str]:
    """Return what the address says as `account_lists.matching` takes it."""
    return {"starting": chosen.get("q", ""), **{name: chosen.get(name, "") for name in _NARROWING}}


LIST = lists.Listing(
    name="accounts",
    file="console_account_actions.export",
    read=lambda work, at, after, limit: account_lists.page(
        work, at.organization_id, after=after, limit=limit, **filters_of(at.chosen)
    ),
    key=lambda one: (one.email_key, one.id),
    heads=account_export.COLUMNS,
    cells=lambda work, at, rows: account_export.cells(work, at.organization_id, rows),
    filters={
        "q": lists.text,
        "state": lists.one_of(account_lists.STATES),
        "kind": lists.one_of(account_lists.KINDS),
        "group": lists.text,
    },
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List accounts by address; ``q`` is the beginning of one, ``state``, ``kind`` and ``group`` narrow the list."""
    found = LIST.page(work, desk)
    return console_page(
        work,
        desk,
        "console/accounts/index.html",
        place=_PLACE,
        listed=found,
        states=account_lists.STATES,
        acts=acts_of(desk),
        may_act_on_all=may_act_on_all(desk),
    )


@pages.get("/<account_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, account_id: str) -> Response:
    """Show an account."""
    account = _account(work, desk, account_id, erased=True)
    return console_page(
        work,
        desk,
        "console/accounts/show.html",
        place=_PLACE,
        account=account,
        groups=access.groups_of(work, account.organization_id, account.id) if desk.may("group:read") else None,
        places=provisioning_targets.places(work, account),
        keeper=provisioned.keeper(work, account),
        state=account_lists.state_of(account),
    )


@pages.get("/<account_id>/edit")
@administrator
@at_desk
def edit(work: Work, desk: Desk, account_id: str) -> Response:
    """Ask for the names of the person."""
    account = _account(work, desk, account_id)
    keeper = provisioned.keeper(work, account)
    return console_page(work, desk, "console/accounts/edit.html", place=_PLACE, account=account, keeper=keeper)


@pages.post("/<account_id>/edit")
@administrator
@at_desk(again=edit)
def save(work: Work, desk: Desk, account_id: str) -> Response:
    """Change the names of the person."""
    with guarded(work, desk):
        account = accounts.rename(
            work,
            account_id,
            name=request.form.get("name", ""),
            given_name=request.form.get("given_name", ""),
            family_name=request.form.get("family_name", ""),
            organization_id=desk.organization.id,
            if_version=lists.version(),
        )
    return done(work, desk, _("Saved."), "console_accounts.show", account_id=account.id)


@pages.get("/<account_id>/history")
@administrator
@at_desk
def past(work: Work, desk: Desk, account_id: str) -> Response:
    """Show what was done to an account."""
    account = _account(work, desk, account_id, erased=True)
    entries = history.of_target(work, desk.organization.id, account.id)
    return console_page(
        work,
        desk,
        "console/accounts/history.html",
        place=_PLACE,
        account=account,
        state=account_lists.state_of(account),
        entries=entries,
    )


def _account(work: Work, desk: Desk, account_id: str, *, erased: bool = False) -> Account:
    return queries.account(work, account_id, organization_id=desk.organization.id, erased=erased)
