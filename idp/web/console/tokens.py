"""API tokens that people made: all of the organization, those of one account; and their end."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request

from idp.base.work import Work
from idp.directory import rights
from idp.oidc.api_tokens import administered
from idp.oidc.api_tokens.administered import Listed
from idp.web.console import exports, lists
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint("console_tokens", __name__, url_prefix="/admin")

_PLACE = "tokens"
_FILTERS = ("q", "api", "which")


@pages.get("/tokens")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List API tokens, the newest first: ``q`` begins the address of their person, ``api`` and ``which`` narrow them."""
    chosen = lists.filters(*_FILTERS)
    found = lists.listed(
        desk,
        "tokens",
        chosen,
        lambda after, limit: _read(work, desk, chosen, after, limit),
        _key,
    )
    return console_page(
        work,
        desk,
        "console/tokens/index.html",
        place=_PLACE,
        listed=found,
        apis=administered.apis(work, desk.organization.id),
        counts=administered.counts(work, desk.organization.id),
        may_revoke=_may_revoke(desk),
    )


@pages.get("/tokens/export.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the tokens that the address asks for as a CSV file, streamed."""
    administered.require_to_see(work, desk.organization.id)  # once the answer has begun it is too late
    chosen = lists.filters(*_FILTERS)

    def rows(opened: Work) -> Iterator[tuple[object, ...]]:
        after: tuple[Any, ...] | None = None
        while found := _read(opened, desk, chosen, after, 200):
            yield from (_cells(one) for one in found)
            after = tuple(_key(found[-1]))

    return exports.as_csv(desk, "api-tokens", _HEADS, rows)


@pages.get("/accounts/<account_id>/tokens")
@administrator
@at_desk
def of_account(work: Work, desk: Desk, account_id: str) -> Response:
    """Show the API tokens of an account."""
    account, found = administered.of_account(work, account_id, organization_id=desk.organization.id)
    return console_page(
        work,
        desk,
        "console/accounts/tokens.html",
        place="accounts",
        account=account,
        tokens=found,
        may_revoke=rights.is_over(work, rights.RECOVERY, account),
    )


@pages.get("/tokens/revoke")
@administrator
@at_desk
@fresh
def ask(work: Work, desk: Desk) -> Response:
    """Say which tokens would end, and whose; ask."""
    given = request.form if request.method == "POST" else request.args
    found = administered.chosen(work, desk.organization.id, given.getlist("chosen"))
    people = {one.account_id for one in found}
    return console_page(
        work,
        desk,
        "console/tokens/revoke.html",
        place=_PLACE,
        chosen=found,
        people=len(people),
        account_id=given.get("account", "")[:64],
    )


@pages.post("/tokens/revoke")
@administrator
@at_desk(again=ask)
@fresh
def revoke(work: Work, desk: Desk) -> Response:
    """Revoke them."""
    count = administered.revoke(work, desk.organization.id, request.form.getlist("chosen"))
    words = _("Revoked. Whatever used one of them can use its API no more (%(count)s).", count=count)
    account_id = request.form.get("account", "")[:64]
    if account_id:
        return done(work, desk, words, "console_tokens.of_account", account_id=account_id)
    return done(work, desk, words, "console_tokens.index")


_HEADS = (
    *("id", "email", "name", "label", "api", "scope", "ending", "state"),
    *("created_at", "last_used_at", "ends_at", "revoked_at", "revoked_because"),
)


def _cells(one: Listed) -> tuple[object, ...]:
    row = one.row
    return (
        *(row.id, one.email, one.name, row.label, one.api, row.scope, row.ending, one.state.value),
        *(row.created_at, row.last_used_at, one.ends_at, row.revoked_at, row.revoked_because),
    )


def _read(work: Work, desk: Desk, chosen: dict[str, str], after: tuple[Any, ...] | None, limit: int) -> list[Listed]:
    return administered.page(
        work,
        desk.organization.id,
        after=after,
        limit=limit,
        api_id=chosen["api"],
        which=chosen["which"],
        starting=chosen["q"],
    )


def _key(one: Listed) -> tuple[str, str]:
    return one.row.created_at.isoformat(), one.row.id


def _may_revoke(desk: Desk) -> bool:
    return any(desk.may(permission) for permission in rights.RECOVERY)
