"""Invitations: who was invited, one or many at once, anew, and taken back."""

from flask import Blueprint, Response, request

from idp.base.errors import Conflict, IdpError, Invalid, NotFound
from idp.base.work import Work
from idp.directory import invitations as rows
from idp.directory.invitations import State
from idp.signon import invitations
from idp.web import context
from idp.web.console import joining_words, lists
from idp.web.console.desk import Desk, at_desk, console_page, done
from idp.web.console.guarding import guarded
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint("console_invitations", __name__, url_prefix="/admin/invitations")

_PLACE = "invitations"
_NAMED = 5
_ACTS = {"resend": invitations.resend, "revoke": invitations.revoke}


LIST = lists.Listing(
    name="invitations",
    file="console_invitations.as_csv",
    read=lambda work, at, after, limit: rows.invitations(
        work,
        organization_id=at.organization_id,
        state=State(at.chosen["state"]) if at.chosen["state"] else None,
        after=joining_words.after(after),
        limit=limit,
    ),
    key=lambda one: (one.sent_at.isoformat(), one.id),
    heads=("id", "email", "account_id", "state", "sent", "good_until", "invited_by"),
    cells=lambda work, at, found: (
        (
            *(one.id, one.email, one.account_id, rows.state_of(one, work.now).value),
            *(one.sent_at, one.expires_at, one.invited_by_name),
        )
        for one in found
    ),
    filters={"state": lists.one_of(State)},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List invitations, the newest first; ``state`` narrows the list."""
    found = LIST.page(work, desk)
    states = {one.id: rows.state_of(one, work.now).value for one in found.rows}
    return console_page(work, desk, "console/invitations/index.html", place=_PLACE, listed=found, states=states)


@pages.get("/invitations.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the invitations that the address asks for as a CSV file, streamed."""
    return LIST.as_csv(work, desk)


@pages.post("")
@administrator
@at_desk(again=index)
def act(work: Work, desk: Desk) -> Response:
    """Send the chosen invitations anew, or take them back; whichever cannot be is named."""
    verb = _ACTS.get(request.form.get("act", ""))
    chosen = request.form.getlist("invitation")[: lists.ROWS]
    if verb is None or not chosen:
        raise Invalid("Choose invitations first.", field="invitation")
    failed = []
    for reference in chosen:
        try:
            with work.tx.session.begin_nested():
                verb(work, reference, organization_id=desk.organization.id)
        except (Conflict, NotFound) as error:
            failed.append(error.message)
    count = len(chosen) - len(failed)
    if verb is invitations.resend:
        words = _("Sent anew: %(count)s.", count=count)
    else:
        words = _("Taken back: %(count)s.", count=count)
    return done(work, desk, " ".join([words, *failed[:_NAMED]]), "console_invitations.index")


@pages.get("/new")
@administrator
@at_desk
def new(work: Work, desk: Desk) -> Response:
    """Ask whom to invite."""
    sends = bool(context.settings().mail.smtp_url)
    return console_page(work, desk, "console/invitations/new.html", place=_PLACE, sends=sends)


@pages.post("/new")
@administrator
@at_desk(again=new)
def invite(work: Work, desk: Desk) -> Response:
    """Invite everybody who is named; whoever cannot be is named."""
    with guarded(work, desk):
        outcomes = invitations.invite_all(
            work,
            request.form.get("emails", ""),
            organization=desk.organization.slug,
            kind=request.form.get("kind", ""),
            groups=joining_words.groups(),
        )
    failed = [(one.email, one.error) for one in outcomes if one.error is not None]
    if len(failed) == len(outcomes):  # nothing is lost of what was typed
        raise Invalid(_named(failed), field="emails")
    count = len(outcomes) - len(failed)
    words = _("Invited: %(count)s of %(all)s.", count=count, all=len(outcomes))
    return done(work, desk, f"{words} {_named(failed)}".strip(), "console_invitations.index")


def _named(failed: list[tuple[str, IdpError]]) -> str:
    named = [f"{email}: {error.message}" for email, error in failed[:_NAMED]]
    if len(failed) > _NAMED:
        named.append(_("And %(count)s more.", count=len(failed) - _NAMED))
    return " ".join(named)
