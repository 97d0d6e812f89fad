"""APIs that applications call with access tokens: the list, each one's tokens, secret, state, end and history."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for

from idp.base.errors import Forbidden, Invalid, NotFound
from idp.base.work import Work
from idp.directory import history, queries, sizes
from idp.directory.models import Site
from idp.directory.rights import require_on
from idp.oidc import api_lists, apis
from idp.oidc.api_facts import FORMATS
from idp.oidc.models import Api
from idp.policy.permissions import Permission
from idp.web import context, shown_once
from idp.web.console import confirming, lists
from idp.web.console.api_page import PLACE, api_of, api_page
from idp.web.console.applications import site_asked
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.lists import At
from idp.web.languages import gettext as _
from idp.web.languages import ngettext
from idp.web.render import redirect
from idp.web.security import administrator

pages = Blueprint("console_apis", __name__, url_prefix="/admin/apis")

_SECRET = "console-api-secret"  # noqa: S105 (a purpose, not a secret)
_LEAST, _MOST, _USUAL = apis.LEAST_SECONDS // 60, apis.MOST_SECONDS // 60, apis.USUAL_SECONDS // 60


def _cells(work: Work, at: At, rows: Sequence[Api]) -> Iterator[Sequence[object]]:
    sites = {one.id: one.slug for one in queries.sites(work, organization_id=at.organization_id)}
    scopes, clients = api_lists.scope_counts(work, rows), api_lists.client_counts(work, rows)
    for one in rows:
        state = api_lists.OFF if one.disabled_at else api_lists.ON
        yield (
            *(one.id, one.name, one.identifier, sites.get(one.site_id, ""), state, one.token_format),
            *(one.token_seconds // 60, one.takes_api_tokens, scopes.get(one.id, 0), clients.get(one.id, 0)),
        )


LIST = lists.Listing(
    name="apis",
    file="console_apis.as_csv",
    read=lambda work, at, after, limit: api_lists.page(
        work,
        at.organization_id,
        after=after,
        limit=limit,
        starting=at.chosen["q"],
        site_id=site_asked(work, at),
        state=at.chosen["state"],
    ),
    key=lambda one: (one.name, one.id),
    heads=(
        *("id", "name", "identifier", "site", "state", "token_format", "minutes", "api_tokens"),
        *("scopes", "applications"),
    ),
    cells=_cells,
    filters={"q": lists.text, "site": lists.text, "state": lists.one_of(api_lists.STATES)},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List APIs by name; ``q`` is the beginning of one, ``site`` and ``state`` narrow the list."""
    found, sites = LIST.page(work, desk), queries.sites(work, organization_id=desk.organization.id)
    return console_page(
        work,
        desk,
        "console/apis/index.html",
        place=PLACE,
        listed=found,
        sites=sites,
        may_see=desk.may(Permission.API_READ) or any(desk.may(Permission.API_READ, site_id=one.id) for one in sites),
        scopes=api_lists.scope_counts(work, found.rows),
        clients=api_lists.client_counts(work, found.rows),
        may_add=desk.may_anywhere(Permission.API_CREATE),
    )


@pages.get("/export.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the APIs that the address asks for as a CSV file, streamed."""
    return LIST.as_csv(work, desk)


@pages.get("/new")
@administrator
@at_desk
def new(work: Work, desk: Desk) -> Response:
    """Ask for what a new API is called, and how its tokens are."""
    return console_page(
        work,
        desk,
        "console/apis/new.html",
        place=PLACE,
        sites=_sites_to_add_to(work, desk),
        formats=FORMATS,
        minutes=(_LEAST, _USUAL, _MOST),
    )


@pages.post("/new")
@administrator
@at_desk(again=new)
def create(work: Work, desk: Desk) -> Response:
    """Register an API; its secret is shown once."""
    wanted = request.form.get("site", "")
    site = next((one for one in _sites_to_add_to(work, desk) if one.id == wanted), None)
    if site is None:
        raise NotFound("There is no such site.", field="site")
    made, secret = apis.create(
        work,
        site.slug,
        identifier=request.form.get("identifier", "").strip(),
        name=request.form.get("name", ""),
        **_terms(),
        base_url=context.settings().base_url,
    )
    return _show_secret(work, desk, made, secret)


@pages.get("/<api_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, api_id: str) -> Response:
    """Show an API."""
    api = api_of(work, desk, api_id)
    return api_page(
        work,
        desk,
        "show",
        api,
        scopes=api_lists.scope_counts(work, [api]).get(api.id, 0),
        dependent=api_lists.dependent(work, api),
        countable=sizes.MANY,
    )


@pages.get("/<api_id>/edit")
@administrator
@at_desk
def edit(work: Work, desk: Desk, api_id: str) -> Response:
    """Ask what an API is called, and how its tokens are."""
    return api_page(work, desk, "edit", api_of(work, desk, api_id), formats=FORMATS, minutes=(_LEAST, _USUAL, _MOST))


@pages.post("/<api_id>/edit")
@administrator
@at_desk(again=edit)
def save(work: Work, desk: Desk, api_id: str) -> Response:
    """Change it; taking no more of the tokens that people made asks for a second step, and says first how many end."""
    api = api_of(work, desk, api_id)
    require_on(work, Permission.API_EDIT, api)
    terms = _terms()
    ending = api_lists.dependent(work, api).tokens if api.takes_api_tokens and not terms["takes_api_tokens"] else 0
    if ending:
        unproven = confirming.second_step(work, desk)
        if unproven is not None:
            return unproven
    version = api.version
    changed = apis.edit(work, api.id, name=request.form.get("name", ""), **terms, if_version=lists.version())
    if ending:
        confirming.confirmed(_tokens_question(api, version, ending), place=PLACE)
    return done(work, desk, _("Saved."), "console_apis.show", api_id=changed.id)


@pages.get("/<api_id>/switch")
@administrator
@at_desk
@fresh
def switch(work: Work, desk: Desk, api_id: str) -> Response:
    """Say what switching an API off, or on again, does."""
    api = api_of(work, desk, api_id)
    require_on(work, Permission.API_EDIT, api)
    return api_page(work, desk, "switch", api, dependent=api_lists.dependent(work, api), countable=sizes.MANY)


@pages.post("/<api_id>/switch")
@administrator
@at_desk(again=switch)
@fresh
def switched(work: Work, desk: Desk, api_id: str) -> Response:
    """Switch an API off or on."""
    api, to = api_of(work, desk, api_id), request.form.get("to", "")
    if to not in (api_lists.ON, api_lists.OFF):
        raise Invalid("This form cannot be read.", advice="Load the page again.")
    if to == api_lists.ON:
        apis.enable(work, api.id, if_version=lists.version())
        words = _("“%(name)s” is on: tokens are issued for it again.", name=api.name)
    else:
        apis.disable(work, api.id, if_version=lists.version())
        words = _("“%(name)s” is switched off: no token is issued for it.", name=api.name)
    return done(work, desk, words, "console_apis.show", api_id=api.id)


@pages.get("/<api_id>/secret")
@administrator
@at_desk
@fresh
def ask_for_secret(work: Work, desk: Desk, api_id: str) -> Response:
    """Say what happens when the secret is replaced."""
    api = api_of(work, desk, api_id)
    require_on(work, Permission.API_EDIT, api)
    return api_page(work, desk, "secret", api)


@pages.post("/<api_id>/secret")
@administrator
@at_desk(again=ask_for_secret)
@fresh
def replace_secret(work: Work, desk: Desk, api_id: str) -> Response:
    """Give it a new secret; the former one ends at once."""
    api, secret = apis.rotate_secret(work, api_of(work, desk, api_id).id, if_version=lists.version())
    return _show_secret(work, desk, api, secret)


@pages.get("/<api_id>/made")
@administrator
@at_desk
def made(work: Work, desk: Desk, api_id: str) -> Response:
    """Show by what an API proves itself, and its secret if it was made just now: this once."""
    api = api_of(work, desk, api_id)
    shown = shown_once.shown(_SECRET, f"{desk.session.id}:{api.id}", work.now)
    return api_page(work, desk, "made", api, secret=shown[0] if shown else "")


@pages.get("/<api_id>/history")
@administrator
@at_desk
def past(work: Work, desk: Desk, api_id: str) -> Response:
    """Show what was done to an API."""
    api = api_of(work, desk, api_id)
    return api_page(work, desk, "history", api, entries=history.of_target(work, desk.organization.id, api.id))


@pages.get("/<api_id>/delete")
@administrator
@at_desk
@fresh
def farewell(work: Work, desk: Desk, api_id: str) -> Response:
    """Say what deleting an API breaks, and for how many."""
    api = api_of(work, desk, api_id)
    require_on(work, Permission.API_DELETE, api)
    return api_page(
        work,
        desk,
        "delete",
        api,
        scopes=api_lists.scope_counts(work, [api]).get(api.id, 0),
        dependent=api_lists.dependent(work, api),
        countable=sizes.MANY,
    )


@pages.post("/<api_id>/delete")
@administrator
@at_desk(again=farewell)
@fresh
def delete(work: Work, desk: Desk, api_id: str) -> Response:
    """Remove an API for good."""
    gone = apis.delete(work, api_of(work, desk, api_id).id, if_version=lists.version())
    return done(work, desk, _("The API %(name)s is deleted.", name=gone.name), "console_apis.index")


def _show_secret(work: Work, desk: Desk, api: Api, secret: str) -> Response:
    answer = redirect("console_apis.made", api_id=api.id)
    return shown_once.show(answer, _SECRET, f"{desk.session.id}:{api.id}", (secret,), work.now)


def _tokens_question(api: Api, version: int, ending: int) -> confirming.Question:
    said = ngettext(
        "%(num)s API token that a person made for it is good for nothing at once; whatever uses it stops working.",
        "%(num)s API tokens that people made for it are good for nothing at once; whatever uses them stops working.",
        ending,
    )
    return confirming.Question(
        title=_("Take no API tokens at %(name)s any more?", name=api.name),
        says=[said % {"num": ending}, _("They are good again if you allow them again before they are over.")],
        button=_("Take none any more"),
        action=url_for("console_apis.save", api_id=api.id),
        back=(url_for("console_apis.edit", api_id=api.id), api.name),
        carried=confirming.sent_on(),
        version=version,
        danger=True,
    )


def _terms() -> dict[str, Any]:
    """
    Return how tokens of the API are to be, as the verbs take it.

    Raises:
        Invalid: the minutes are missing, or no number.
    """
    minutes = lists.number("minutes")
    if minutes is None:
        raise Invalid("Say for how many minutes a token is good.", field="minutes")
    return {
        "token_format": request.form.get("token_format", ""),
        "token_seconds": minutes * 60,
        "takes_api_tokens": "takes_api_tokens" in request.form,
    }


def _sites_to_add_to(work: Work, desk: Desk) -> list[Site]:
    found = queries.sites(work, organization_id=desk.organization.id)
    allowed = [one for one in found if desk.may(Permission.API_CREATE, site_id=one.id)]
    if not allowed:
        raise Forbidden(
            "You may not do this.", advice="Ask an administrator of your organization for the role that may."
        )
    return allowed
