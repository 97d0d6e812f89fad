"""Passkeys and security keys on the account page: add, rename, remove. Each asks for a proof of the last five minutes."""

from typing import Any

from flask import Blueprint, Response, request

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.signon import lockout, own_account, own_passkeys
from idp.signon.passkeys import Wrong
from idp.signon.session import CurrentSession
from idp.web import account, context, passkeys, signin_pages
from idp.web.account import recently_proven, with_session
from idp.web.render import redirect
from idp.web.security import signed_in

pages = Blueprint("passkeys", __name__, url_prefix="/account/passkeys")


@pages.get("/new")
@signed_in
@with_session
@recently_proven
def new(work: Work, session: CurrentSession) -> Response:
    """Offer to add a passkey or security key."""
    return _new_page(work, session)


@pages.post("/options")
@signed_in
@with_session
def options(work: Work, session: CurrentSession) -> Response:
    """Make a challenge for a new one; the page is loaded again where the proof has become too old meanwhile."""
    party = passkeys.party_here()
    waiting = lockout.count_challenge(work, context.settings().throttling)
    if waiting is not None:
        return signin_pages.throttled(passkeys.answer_json({"problem": "busy"}), waiting)
    asked = None
    if party is not None and own_account.recently_proven(work, session):
        asked = own_passkeys.options(work, session, party, context.browser())
    return passkeys.answer_json({"problem": "again"}, 409) if asked is None else passkeys.answer_json(asked)


@pages.post("/new")
@signed_in
@with_session
@recently_proven
def keep(work: Work, session: CurrentSession) -> Response:
    """Add what the authenticator made."""
    name = request.form.get("name", "").strip()
    party = passkeys.party_here()
    if party is None:
        return redirect("passkeys.new")
    code = passkeys.browser_problem()
    if code is not None:
        return _new_page(work, session, name, problem={"code": code}, status=422)
    try:
        made = own_passkeys.add(work, session, party, context.browser(), request.form["credential"], name=name)
    except Invalid as error:  # shown in the form, so that what was typed is not lost
        return _new_page(work, session, name, error=error, status=422)
    if isinstance(made, Wrong):
        return _new_page(work, session, name, problem={"code": f"passkey-{made.code}"}, status=422)
    return account.show_codes(work, session, made) if made else redirect("account.signing_in", done="passkey-added")


@pages.get("/<authenticator_id>/rename")
@signed_in
@with_session
@recently_proven
def rename(work: Work, session: CurrentSession, authenticator_id: str) -> Response:
    """Ask for another name."""
    found = own_passkeys.own(work, session, authenticator_id)
    return account.own_page(
        work, session, "account/rename_passkey.html", passkey_id=found.id, name=found.name, error=None
    )


@pages.post("/<authenticator_id>/rename")
@signed_in
@with_session
@recently_proven
def renamed(work: Work, session: CurrentSession, authenticator_id: str) -> Response:
    """Give it that name."""
    name = request.form.get("name", "").strip()
    found = own_passkeys.own(work, session, authenticator_id)
    try:
        own_passkeys.rename(work, session, authenticator_id, name)
    except Invalid as error:
        values = {"passkey_id": found.id, "name": name[:100], "error": error}
        return account.own_page(work, session, "account/rename_passkey.html", 422, **values)
    return redirect("account.signing_in", done="passkey-renamed")


@pages.get("/<authenticator_id>/remove")
@signed_in
@with_session
@recently_proven
def remove(work: Work, session: CurrentSession, authenticator_id: str) -> Response:
    """Ask whether to remove one, and say what that means."""
    return account.own_page(
        work,
        session,
        "account/remove_passkey.html",
        passkey=own_passkeys.own(work, session, authenticator_id),
        last_one=own_account.means(work, session).own_second_steps == 1,
    )


@pages.post("/<authenticator_id>/remove")
@signed_in
@with_session
@recently_proven
def removed(work: Work, session: CurrentSession, authenticator_id: str) -> Response:
    """Remove it."""
    own_passkeys.remove(work, session, authenticator_id)
    return redirect("account.signing_in", done="passkey-removed")


def _new_page(
    work: Work,
    session: CurrentSession,
    name: str = "",
    *,
    problem: dict[str, Any] | None = None,
    error: Invalid | None = None,
    status: int = 200,
) -> Response:
    return account.own_page(
        work,
        session,
        "account/add_passkey.html",
        status,
        name=name[:100],
        problem=problem,
        error=error,
        possible=passkeys.party_here() is not None and own_passkeys.may_add(work, session),
    )
