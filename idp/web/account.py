"""A person's own account: what is known of them, how they sign in, where, and what they share."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, request, url_for

from idp.base.errors import Conflict, Invalid
from idp.base.work import Work
from idp.directory import organizations, own_profile
from idp.signon import consent, notices, own_account, own_devices
from idp.signon.factors import password as password_
from idp.signon.factors import totp
from idp.signon.factors.webauthn_party import relying_party
from idp.signon.lockout import Wait
from idp.signon.session import CurrentSession
from idp.web import context, own_pages, pictures, shown_once, signin, signin_pages
from idp.web.context import open_work
from idp.web.devices import device
from idp.web.launcher import administers, hue
from idp.web.render import page, redirect
from idp.web.security import signed_in

pages = Blueprint("account", __name__, url_prefix="/account")

_AUTHENTICATOR = "Authenticator app"
_DONE = frozenset(
    {
        *("password", "authenticator-added", "authenticator-removed", "session-ended", "sessions-ended"),
        *("consent-withdrawn", "device-forgotten", "devices-forgotten", "email-asked"),
        *("passkey-added", "passkey-renamed", "passkey-removed"),
    }
)

View = Callable[..., Response]


def with_session(view: View) -> View:
    """Open the unit of work of the view and hand it in, with the session: ``view(work, session, …)``."""

    @wraps(view)
    def opened(**values: Any) -> Response:
        with open_work() as work:
            session = context.current_session(work)
            if session is None:  # it ended between the guard and here
                return redirect("account.index")
            return view(work, session, **values)

    return opened


def recently_proven(view: View) -> View:
    """Ask for the password first, where it was not proven within five minutes; then come back (A11)."""

    @wraps(view)
    def proven(work: Work, session: CurrentSession, **values: Any) -> Response:
        if own_account.recently_proven(work, session):
            return view(work, session, **values)
        return own_pages.prove_again(work, session, request.endpoint or "account.index", values)

    return proven


@pages.get("")
@signed_in
@with_session
def index(work: Work, session: CurrentSession) -> Response:
    """Show what is known of the person, and who keeps it."""
    return own_page(
        work,
        session,
        "account/index.html",
        here="account.index",
        profile=own_profile.profile(
            work,
            session.organization_id,
            session.account_id,
            may_change_email=bool(context.settings().mail.smtp_url),
        ),
        means=own_account.means(work, session),
        notices=notices.unseen(work, session.organization_id, session.account_id),
        done=_told(),
    )


@pages.get("/signing-in")
@signed_in
@with_session
def signing_in(work: Work, session: CurrentSession) -> Response:
    """Show how the person signs in: password, second steps, passkeys."""
    return own_page(
        work,
        session,
        "account/signing_in.html",
        here="account.signing_in",
        means=own_account.means(work, session),
        passkeys_possible=relying_party(context.settings()) is not None,
        notices=notices.unseen(work, session.organization_id, session.account_id),
        done=_told(),
    )


@pages.get("/devices")
@signed_in
@with_session
def devices(work: Work, session: CurrentSession) -> Response:
    """Show where the person is signed in, and which devices know them."""
    return own_page(
        work,
        session,
        "account/devices.html",
        here="account.devices",
        sessions=[
            {
                "id": one.id,
                "current": one.id == session.id,
                "device": device(one.user_agent),
                "started_at": one.started_at,
                "ip": one.ip,
            }
            for one in own_account.sessions(work, session)
        ],
        devices=[
            {
                "id": one.row.id,
                "current": one.current,
                "device": device(one.row.user_agent),
                "ip": one.row.ip,
                "place": one.row.place,
                "first_seen_at": one.row.first_seen_at,
                "last_seen_at": one.row.last_seen_at,
                "remembered_until": one.remembered_until,
            }
            for one in own_devices.own(work, session)
        ],
        done=_told(),
    )


@pages.get("/applications")
@signed_in
@with_session
def applications(work: Work, session: CurrentSession) -> Response:
    """Show which applications the person shares something with."""
    return own_page(
        work,
        session,
        "account/applications.html",
        here="account.applications",
        consents=[
            {
                "name": application.name,
                "hue": hue(application.name),
                "picture_id": application.picture_id,
                "application_id": application.id,
                "asks": [consent.read(ask) for ask in given.asks],
                "given_at": given.given_at,
            }
            for given, application in consent.given(work, session.organization_id, session.account_id)
        ],
        done=_told(),
    )


def _told() -> str:
    """Return what the address says was done, if it is one of ours."""
    done = request.args.get("done", "")
    return done if done in _DONE else ""


@pages.get("/password")
@signed_in
@with_session
def password(work: Work, session: CurrentSession) -> Response:
    """Ask for the current password and a new one."""
    return _password_page(work, session)


@pages.post("/password")
@signed_in
def change_password() -> Response:
    """Change the password. Hashes are computed between transactions, as at sign-in."""
    current, wanted = request.form.get("current_password", ""), request.form.get("new_password", "")
    with open_work() as work:
        session = context.current_session(work)
        if session is None:
            return redirect("account.index")
        attempt = own_account.try_current_password(work, session, context.settings().throttling)
        if isinstance(attempt, Wait):
            response = _password_page(work, session, problem=signin_pages.wait(attempt, "password"))
            return signin_pages.throttled(response, attempt)
    vault = context.installation().database.vault
    right = password_.matches(vault, attempt, current)
    with open_work() as work:
        session = context.current_session(work)
        if session is None:
            return redirect("account.index")
        if not right:
            return _password_page(work, session, current_problem=True, status=422)
        new: password_.Proposed | password_.Computed | password_.Unfit
        new = own_account.propose_password(work, session, wanted)
        if isinstance(new, password_.Unfit):
            return _unfit(work, session, attempt, new)
    new = password_.computed(vault, new)
    with open_work() as work:
        session = context.current_session(work)
        if session is None:
            return redirect("account.index")
        if isinstance(new, password_.Unfit):
            return _unfit(work, session, attempt, new)
        context.keep_session(own_account.change_password(work, session, attempt, new))
    return redirect("account.signing_in", done="password")


def _unfit(work: Work, session: CurrentSession, attempt: password_.Try, new: password_.Unfit) -> Response:
    own_account.give_back(work, attempt)
    return _password_page(work, session, reasons=new.reasons, status=422)


@pages.get("/authenticators/new")
@signed_in
@with_session
@recently_proven
def add_authenticator(work: Work, session: CurrentSession) -> Response:
    """Offer a secret to a further authenticator app."""
    return _authenticator_page(work, session)


@pages.get("/authenticators/new.svg")
@signed_in
@with_session
@recently_proven
def authenticator_picture(work: Work, session: CurrentSession) -> Response:
    """Draw that secret."""
    organization = organizations.by_id(work, session.organization_id).name
    secret = own_account.offered_secret(work, session)
    return pictures.qr(totp.provisioning_uri(secret, email=session.email, organization=organization))


@pages.post("/authenticators/new")
@signed_in
@with_session
@recently_proven
def keep_authenticator(work: Work, session: CurrentSession) -> Response:
    """Add the authenticator whose first code was typed."""
    name = request.form.get("name", "").strip() or _AUTHENTICATOR
    try:
        codes = own_account.add_authenticator(work, session, request.form.get("otp", ""), name=name)
    except (Invalid, Conflict) as error:  # shown in the form, so that what was typed is not lost
        return _authenticator_page(work, session, name, problem=error, status=422)
    if codes is None:
        return _authenticator_page(work, session, name, wrong_code=True, status=422)
    if codes:
        return show_codes(work, session, codes)
    return redirect("account.signing_in", done="authenticator-added")


@pages.get("/authenticators/<factor_id>/remove")
@signed_in
@with_session
@recently_proven
def remove_authenticator(work: Work, session: CurrentSession, factor_id: str) -> Response:
    """Ask whether to remove an authenticator, and say what that means."""
    means = own_account.means(work, session)
    return own_page(
        work,
        session,
        "account/remove_authenticator.html",
        factor=own_account.authenticator(work, session, factor_id),
        last_one=means.own_second_steps == 1,
    )


@pages.post("/authenticators/<factor_id>/remove")
@signed_in
@with_session
@recently_proven
def authenticator_removed(work: Work, session: CurrentSession, factor_id: str) -> Response:
    """Remove an authenticator."""
    own_account.remove_authenticator(work, session, factor_id)
    return redirect("account.signing_in", done="authenticator-removed")


@pages.get("/recovery-codes")
@signed_in
@with_session
@recently_proven
def recovery_codes(work: Work, session: CurrentSession) -> Response:
    """Show the codes that were just made, or offer to make new ones."""
    return own_page(
        work,
        session,
        "account/recovery_codes.html",
        recovery_codes=shown_once.shown(signin_pages.RECOVERY_CODES, session.account_id, work.now),
        recovery_codes_left=own_account.means(work, session).recovery_codes_left,
    )


@pages.post("/recovery-codes")
@signed_in
@with_session
@recently_proven
def make_recovery_codes(work: Work, session: CurrentSession) -> Response:
    """Make ten new recovery codes."""
    return show_codes(work, session, own_account.new_recovery_codes(work, session))


@pages.get("/recovery-codes.txt")
@signed_in
@with_session
@recently_proven
def recovery_codes_file(work: Work, session: CurrentSession) -> Response:
    """Return the codes that were just made as a file."""
    codes = shown_once.shown(signin_pages.RECOVERY_CODES, session.account_id, work.now)
    return signin.codes_file(codes, organizations.by_id(work, session.organization_id).name)


@pages.post("/recovery-codes/kept")
@signed_in
def recovery_codes_kept() -> Response:
    """The person has kept the codes: they are shown no more."""
    return shown_once.forget(redirect("account.signing_in"))


@pages.post("/notices/put-away")
@signed_in
@with_session
def put_notices_away(work: Work, session: CurrentSession) -> Response:
    """Show notices no more, and go back to the page that they were on."""
    notices.put_away(
        work, session.organization_id, session.account_id, *request.form.getlist("notice")[: notices.SHOWN]
    )
    return redirect("launcher.index" if request.form.get("at") == "launcher" else "account.index")


@pages.post("/sessions/<session_id>/end")
@signed_in
@with_session
def end_session(work: Work, session: CurrentSession, session_id: str) -> Response:
    """End one of the person's sessions."""
    own_account.end_session(work, session, session_id)
    return redirect("account.devices", done="session-ended")


@pages.post("/sessions/end-others")
@signed_in
@with_session
def end_other_sessions(work: Work, session: CurrentSession) -> Response:
    """End every session of the person but this one."""
    own_account.end_other_sessions(work, session)
    return redirect("account.devices", done="sessions-ended")


@pages.post("/applications/<application_id>/withdraw")
@signed_in
@with_session
def withdraw_consent(work: Work, session: CurrentSession, application_id: str) -> Response:
    """Take back what an application may receive."""
    consent.withdraw(work, session.organization_id, session.account_id, application_id)
    return redirect("account.applications", done="consent-withdrawn")


def show_codes(work: Work, session: CurrentSession, codes: tuple[str, ...]) -> Response:
    response = redirect("account.recovery_codes")
    return shown_once.show(response, signin_pages.RECOVERY_CODES, session.account_id, codes, work.now)


def own_page(work: Work, session: CurrentSession, template: str, status: int = 200, **values: Any) -> Response:
    organization = organizations.by_id(work, session.organization_id)
    return page(
        template,
        status,
        organization_name=organization.name,
        administers=administers(work, session),
        **{"problem": None, **values},
    )


def _password_page(
    work: Work,
    session: CurrentSession,
    *,
    problem: dict[str, Any] | None = None,
    current_problem: bool = False,
    reasons: tuple[str, ...] = (),
    status: int = 200,
) -> Response:
    return own_page(
        work,
        session,
        "account/password.html",
        status,
        email=session.email,
        minimum=own_account.means(work, session).password_minimum,
        problem=problem,
        current_problem=current_problem,
        reasons=reasons,
    )


def _authenticator_page(
    work: Work,
    session: CurrentSession,
    name: str = "",
    *,
    problem: Invalid | Conflict | None = None,
    wrong_code: bool = False,
    status: int = 200,
) -> Response:
    secret = totp.spelled(own_account.offered_secret(work, session))
    return own_page(
        work,
        session,
        "account/add_authenticator.html",
        status,
        picture=url_for("account.authenticator_picture"),
        secret=secret,
        secret_in_groups=pictures.grouped(secret),
        name=name[:100],
        error=problem,
        wrong_code=wrong_code,
    )
