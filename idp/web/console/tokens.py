"""API tokens that people made: all of the organization, those of one account; and their end."""

from flask import Blueprint, Response, request

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import rights, sizes
from idp.oidc.api_tokens import administered
from idp.oidc.api_tokens.administered import Listed
from idp.policy.permissions import Permission
from idp.web.console import lists
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.lists import After, At
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint("console_tokens", __name__, url_prefix="/admin")

_PLACE = "tokens"


def _cells(one: Listed) -> tuple[object, ...]:
    row = one.row
    return (
        *(row.id, one.email, one.name, row.label, one.api, row.scope, row.ending, one.state.value),
        *(row.created_at, row.last_used_at, one.ends_at, row.revoked_at, row.revoked_because),
    )


def _read(work: Work, at: At, after: After, limit: int) -> list[Listed]:
    administered.require_to_see(work, at.organization_id)
    api = at.chosen["api"]
    if api and not administered.is_api(work, at.organization_id, api):
        raise Invalid(
            phrase("This list cannot be narrowed to “%(value)s”.", value=api[:80]),
            field="api",
            advice="Choose one of those that the list offers.",
        )
    return administered.page(
        work,
        at.organization_id,
        after=after,
        limit=limit,
        api_id=api,
        which=at.chosen["which"],
        starting=at.chosen["q"],
    )


LIST = lists.Listing(
    name="api-tokens",
    file="console_tokens.as_csv",
    read=_read,
    key=lambda one: (one.row.created_at.isoformat(), one.row.id),
    heads=(
        *("id", "email", "name", "label", "api", "scope", "ending", "state"),
        *("created_at", "last_used_at", "ends_at", "revoked_at", "revoked_because"),
    ),
    cells=lambda work, at, rows: map(_cells, rows),
    most=30,
    filters={"q": lists.text, "api": lists.text, "which": lists.one_of(administered.WHICH)},
)


@pages.get("/tokens")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List API tokens, the newest first: ``q`` begins the address of their person, ``api`` and ``which`` narrow them."""
    found = LIST.page(work, desk)
    return console_page(
        work,
        desk,
        "console/tokens/index.html",
        place=_PLACE,
        listed=found,
        apis=administered.apis(work, desk.organization.id, found.filters["api"]),
        counts=administered.counts(work, desk.organization.id),
        countable=sizes.MANY,
        may_revoke=_may_revoke(desk),
    )


@pages.get("/tokens/export.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the tokens that the address asks for as a CSV file, streamed."""
    return LIST.as_csv(work, desk)


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
        may_revoke=rights.is_over(work, Permission.ACCOUNT_CREDENTIALS, account),
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


def _may_revoke(desk: Desk) -> bool:
    return desk.may(Permission.ACCOUNT_CREDENTIALS)
