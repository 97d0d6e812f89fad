"""Initial access tokens of a site, by which clients register themselves: what is open, making one, revoking one."""

from datetime import timedelta

from flask import Blueprint, Response, request, url_for

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import queries
from idp.directory.models import Site
from idp.directory.rights import require_on
from idp.oidc.models import RegistrationToken
from idp.oidc.registration import initial_tokens
from idp.policy.permissions import Permission
from idp.web import shown_once
from idp.web.console import confirming, lists
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.languages import gettext as _
from idp.web.render import redirect
from idp.web.security import administrator

pages = Blueprint("console_registration_tokens", __name__, url_prefix="/admin/sites/<slug>/registration-tokens")

_PLACE = "sites"
_TOKEN = "console-registration-token"  # noqa: S105 (a purpose, not a token)
_LIST = "console_site_protocols.show"

LIST = lists.Listing(
    name="registration-tokens",
    file="console_registration_tokens.as_csv",
    read=lambda work, at, after, limit: initial_tokens.page(
        work, at.of, after=after, limit=limit, which=at.chosen["which"]
    ),
    key=lambda one: (one.created_at.isoformat(), one.id),
    heads=("id", "name", "state", "uses_left", "created", "expires", "revoked"),
    cells=lambda work, at, rows: (
        (
            *(one.id, one.name, initial_tokens.state(one, work.now)),
            *("any number" if one.uses_left is None else one.uses_left, one.created_at, one.expires_at),
            one.revoked_at,
        )
        for one in rows
    ),
    filters={"which": lists.one_of(initial_tokens.WHICH)},
)


@pages.get("/export.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk, slug: str) -> Response:
    """Send the tokens of a site that the address asks for as a CSV file, streamed; without their text."""
    site = _site(work, desk, slug)
    require_on(work, Permission.APPLICATION_READ, site)
    return LIST.as_csv(work, desk, site)


@pages.get("/new")
@administrator
@at_desk
@fresh
def new(work: Work, desk: Desk, slug: str) -> Response:
    """Ask what a token is for, how often and how long it is good."""
    site = _site(work, desk, slug)
    require_on(work, Permission.APPLICATION_CREATE, site)
    return console_page(
        work,
        desk,
        "console/sites/registration_token_new.html",
        place=_PLACE,
        subject=site,
        days=initial_tokens.LIVES.days,
        most=(initial_tokens.MOST_USES, initial_tokens.LONGEST.days),
    )


@pages.post("/new")
@administrator
@at_desk(again=new)
@fresh
def create(work: Work, desk: Desk, slug: str) -> Response:
    """Make a token; it is shown once."""
    site = _site(work, desk, slug)
    days, uses = lists.number("days"), lists.number("uses")
    if days is None:
        raise Invalid("Say for how many days it is good.", field="days")
    if uses is None and "any_number" not in request.form:
        raise Invalid("Say for how many registrations it is good.", field="uses")
    made, token = initial_tokens.create(
        work,
        site.slug,
        name=request.form.get("name", ""),
        uses=None if "any_number" in request.form else uses,
        lives=timedelta(days=min(days, 10 * initial_tokens.LONGEST.days)),
    )
    answer = redirect("console_registration_tokens.made", slug=site.slug, token_id=made.id)
    return shown_once.show(answer, _TOKEN, f"{desk.session.id}:{made.id}", (token,), work.now)


@pages.get("/<token_id>/made")
@administrator
@at_desk
def made(work: Work, desk: Desk, slug: str, token_id: str) -> Response:
    """Show a token that was made just now: this once."""
    site = _site(work, desk, slug)
    token = initial_tokens.found(work, site, token_id)
    shown = shown_once.shown(_TOKEN, f"{desk.session.id}:{token.id}", work.now)
    return console_page(
        work,
        desk,
        "console/sites/registration_token_made.html",
        place=_PLACE,
        subject=site,
        token=token,
        text=shown[0] if shown else "",
    )


@pages.get("/<token_id>/revoke")
@administrator
@at_desk
@fresh
def ask_to_revoke(work: Work, desk: Desk, slug: str, token_id: str) -> Response:
    """Say what revoking a token does."""
    site = _site(work, desk, slug)
    require_on(work, Permission.APPLICATION_CREATE, site)
    token = initial_tokens.found(work, site, token_id)
    question = confirming.Question(
        title=_("Revoke the token %(name)s?", name=token.name),
        says=[
            _("Nobody registers a client with it any more, from this moment on. It cannot be undone."),
            _("Clients that were registered with it stay."),
        ],
        button=_("Revoke it"),
        action=url_for("console_registration_tokens.revoke", slug=site.slug, token_id=token.id),
        back=(url_for(_LIST, slug=site.slug), site.name),
        danger=True,
    )
    return confirming.ask(work, desk, question, place=_PLACE)


@pages.post("/<token_id>/revoke")
@administrator
@at_desk(again=ask_to_revoke)
@fresh
def revoke(work: Work, desk: Desk, slug: str, token_id: str) -> Response:
    """End a token."""
    site = _site(work, desk, slug)
    ended: RegistrationToken = initial_tokens.revoke(work, site.slug, token_id)
    return done(work, desk, _("Revoked %(name)s.", name=ended.name), _LIST, slug=site.slug)


def _site(work: Work, desk: Desk, slug: str) -> Site:
    return queries.site(work, slug, organization_id=desk.organization.id)
