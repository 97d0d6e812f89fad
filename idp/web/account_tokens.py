"""/account/tokens: the API tokens that a person made for programs of their own."""

from flask import Blueprint, Response, request

from idp.base.errors import Conflict, Invalid
from idp.base.work import Work
from idp.oidc.api_tokens import own
from idp.oidc.api_tokens.states import FOR_GOOD
from idp.signon.session import CurrentSession
from idp.web import shown_once
from idp.web.account import own_page, recently_proven, with_session
from idp.web.render import redirect
from idp.web.security import signed_in

pages = Blueprint("account_tokens", __name__, url_prefix="/account/tokens")

_PURPOSE = "api-token"
_DONE = frozenset({"token-revoked", "tokens-revoked"})
_LONGEST_NUMBER = 4
_MOST_CHOSEN = 200


@pages.get("")
@signed_in
@with_session
def index(work: Work, session: CurrentSession) -> Response:
    """Show the person's tokens, and what they may make one for."""
    found = own.own(work, session)
    allowed = own.most_days(work, session) > 0
    done = request.args.get("done", "")
    return own_page(
        work,
        session,
        "account/tokens.html",
        here="account_tokens.index",
        live=[one for one in found if one.state not in FOR_GOOD],
        over=[one for one in found if one.state in FOR_GOOD],
        targets=own.targets(work, session) if allowed else [],
        allowed=allowed,
        most=own.MOST,
        done=done if done in _DONE else "",
    )


@pages.get("/new/<api_id>")
@signed_in
@with_session
@recently_proven
def new(work: Work, session: CurrentSession, api_id: str) -> Response:
    """Ask what a token for an API is to be good for, and for how long."""
    return _form(work, session, api_id)


@pages.post("/new/<api_id>")
@signed_in
@with_session
@recently_proven
def make(work: Work, session: CurrentSession, api_id: str) -> Response:
    """Make it, and show it once."""
    try:
        row, token = own.make(
            work,
            session,
            api_id,
            label=request.form.get("label", ""),
            scope=request.form.getlist("scope")[:_MOST_CHOSEN],
            days=_days(),
        )
    except (Invalid, Conflict) as error:  # shown in the form, so that what was typed is not lost
        return _form(work, session, api_id, problem=error, status=422 if isinstance(error, Invalid) else 409)
    response = redirect("account_tokens.made")
    identifier = own.target(work, session, api_id).identifier
    return shown_once.show(response, _PURPOSE, session.account_id, (token, row.label, identifier), work.now)


@pages.get("/made")
@signed_in
@with_session
def made(work: Work, session: CurrentSession) -> Response:
    """Show the token that was just made."""
    shown = shown_once.shown(_PURPOSE, session.account_id, work.now)
    if len(shown) != 3:
        return redirect("account_tokens.index")
    token, label, identifier = shown
    return own_page(work, session, "account/token_made.html", token=token, label=label, identifier=identifier)


@pages.post("/kept")
@signed_in
def kept() -> Response:
    """The person has kept the token: it is shown no more."""
    return shown_once.forget(redirect("account_tokens.index"))


@pages.post("/<token_id>/revoke")
@signed_in
@with_session
def revoke(work: Work, session: CurrentSession, token_id: str) -> Response:
    """Revoke one of the person's tokens."""
    own.revoke(work, session, token_id)
    return redirect("account_tokens.index", done="token-revoked")


@pages.post("/revoke-all")
@signed_in
@with_session
def revoke_all(work: Work, session: CurrentSession) -> Response:
    """Revoke every token of the person."""
    own.revoke_all(work, session)
    return redirect("account_tokens.index", done="tokens-revoked")


def _form(
    work: Work, session: CurrentSession, api_id: str, *, problem: Invalid | Conflict | None = None, status: int = 200
) -> Response:
    most_days = own.most_days(work, session)
    if not most_days:
        return redirect("account_tokens.index")
    usual = str(min(own.USUAL_DAYS, most_days))
    return own_page(
        work,
        session,
        "account/new_token.html",
        status,
        api=own.target(work, session, api_id),
        most_days=most_days,
        label=request.form.get("label", "")[:200],
        days=request.form.get("days", usual)[:_LONGEST_NUMBER],
        chosen=request.form.getlist("scope"),
        error=problem,
    )


def _days() -> int:
    said = request.form.get("days", "").strip()
    if not (said.isascii() and said.isdecimal() and len(said) <= _LONGEST_NUMBER):
        raise Invalid("This is a whole number.", field="days")
    return int(said)
