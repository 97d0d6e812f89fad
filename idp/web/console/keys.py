"""The keys that sites sign with: their life, and a change of a SAML key, application by application."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, make_response, request

from idp.base.errors import Invalid, NotFound
from idp.base.work import Work
from idp.directory import history, queries, site_lists
from idp.directory import keys as site_keys
from idp.directory.models import Site
from idp.keyring import keyring
from idp.keyring.models import SigningKey
from idp.policy.permissions import Permission
from idp.saml.certificates import read_file, thumbprint_of
from idp.saml.key_change import rollover, rotating
from idp.saml.key_change.rollover import Report
from idp.saml.key_change.rollover_plan import WORDS, Campaign, Standing
from idp.saml.wording import certificate_end
from idp.web.console import lists, seen
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.lists import After, At
from idp.web.languages import gettext as _
from idp.web.languages import ngettext
from idp.web.security import administrator

pages = Blueprint("console_keys", __name__, url_prefix="/admin/keys")

_PLACE = "keys"
_PURPOSES = (keyring.SAML_SIGNING, keyring.TOKEN_SIGNING)
_STATES = (keyring.ACTIVE, keyring.NEXT, keyring.RETIRED, keyring.GONE)
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """A key as it is shown; ``fingerprint`` and ``ends`` are those of its certificate, empty where it has none."""

    id: str
    purpose: str
    algorithm: str
    state: str
    since: datetime
    fingerprint: str
    ends: str


def _cells(work: Work, at: At, rows: Sequence[Site]) -> Iterator[Sequence[object]]:
    held = site_keys.of_sites(work, rows)
    for site in rows:
        for key in _in_order(held[site.id]):
            yield site.slug, key.id, key.purpose, key.algorithm, key.state, key.since, key.fingerprint, key.ends


LIST = lists.Listing(
    name="keys",
    file="console_keys.as_csv",
    read=lambda work, at, after, limit: site_lists.page(
        work,
        at.organization_id,
        after=after,
        limit=limit,
        starting=at.chosen["q"],
        state=at.chosen["state"],
        permission=Permission.KEY_READ,
    ),
    key=lambda one: (one.slug,),
    heads=("site", "id", "purpose", "algorithm", "state", "since", "fingerprint", "certificate_until"),
    cells=_cells,
    filters={"q": lists.text, "state": lists.one_of(site_lists.STATES)},
)


Moving = tuple[Campaign, Report]


def _moving(work: Work, at: At, after: After, limit: int) -> list[Moving]:
    every = [(going, one) for going, found in _campaigns(work, at.of) for one in found]
    return lists.part([one for one in every if at.chosen["standing"] in ("", one[1].standing)], _stage, after, limit)


def _stage(one: Moving) -> tuple[str, str, str]:
    return one[0].kind, one[1].name, one[1].application_id


CHANGE = lists.Listing(
    name="key-change",
    file="console_keys.change_as_csv",
    read=_moving,
    key=_stage,
    heads=("key", "application_id", "application", "entity_id", "standing", "new_key", "metadata_read", "answered"),
    cells=lambda work, at, rows: (
        (
            *(going.new.id, one.application_id, one.name, one.entity_id, one.standing.value, one.on_new),
            *(one.fetched_at, one.answered_at),
        )
        for going, one in rows
    ),
    filters={"standing": lists.one_of(Standing)},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List the sites whose keys may be seen, with how their keys stand; ``q`` and ``state`` are those of the sites."""
    found = LIST.page(work, desk)
    held = site_keys.of_sites(work, found.rows)
    shown = [(site, _in_order(held[site.id])) for site in found.rows]
    return console_page(work, desk, "console/keys/index.html", place=_PLACE, listed=found, sites=shown)


@pages.get("/keys.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the keys of the sites that the address asks for as a CSV file, streamed; a line for each key."""
    return LIST.as_csv(work, desk)


@pages.get("/<site_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, site_id: str) -> Response:
    """Show a site's keys, and where its applications stand with a new one."""
    site = _site(work, desk, site_id)
    keys = _in_order(site_keys.keys(work, site.organization_id, site.id))
    return console_page(
        work,
        desk,
        "console/keys/show.html",
        place=_PLACE,
        at_site=site,
        keys=keys,
        entries=history.of_targets(work, site.organization_id, [one.id for one in keys], limit=20),
        campaigns=_campaigns(work, site),
        listed=CHANGE.page(work, desk, site),
        words=WORDS,
        may_rotate=desk.may(Permission.KEY_ROTATE, site_id=site.id),
    )


@pages.get("/<site_id>/change.csv")
@administrator
@at_desk
def change_as_csv(work: Work, desk: Desk, site_id: str) -> Response:
    """Send where the applications of a site stand with its new SAML key as a CSV file, streamed."""
    return CHANGE.as_csv(work, desk, _site(work, desk, site_id))


@pages.get("/<site_id>/certificates/<key_id>.pem")
@administrator
@at_desk
def certificate(work: Work, desk: Desk, site_id: str, key_id: str) -> Response:
    """Return the certificate of a key as a file."""
    site = _site(work, desk, site_id)
    found = next((one for one in site_keys.keys(work, site.organization_id, site.id) if one.id == key_id), None)
    if found is None or not found.certificate_pem:
        raise NotFound("There is no such certificate.")
    answer = make_response(found.certificate_pem)
    answer.headers["Content-Type"] = "application/x-pem-file"
    answer.headers["Content-Disposition"] = f'attachment; filename="{site.slug}-{found.state}.pem"'
    return answer


@pages.get("/<site_id>/rotate")
@administrator
@at_desk
def ask_to_rotate(work: Work, desk: Desk, site_id: str) -> Response:
    """Say what the next step of rotating does, and to how many."""
    site = _site(work, desk, site_id)
    purpose = request.args.get("purpose", keyring.SAML_SIGNING)
    if purpose not in _PURPOSES:
        raise NotFound("There are no such keys.")
    keys = [key for key in site_keys.keys(work, site.organization_id, site.id) if key.purpose == purpose]
    waiting = [one for _going, found in _campaigns(work, site) for one in found if not one.on_new]
    return console_page(
        work,
        desk,
        "console/keys/rotate.html",
        place=_PLACE,
        at_site=site,
        purpose=purpose,
        shown=_keys_mark(keys),
        has_next=any(key.state == keyring.NEXT for key in keys),
        waiting=len(waiting) if purpose == keyring.SAML_SIGNING else 0,
    )


@pages.post("/<site_id>/rotate")
@administrator
@at_desk(again=ask_to_rotate)
@fresh
def rotate(work: Work, desk: Desk, site_id: str) -> Response:
    """Move the keys of one purpose one step on."""
    site = _site(work, desk, site_id)
    purpose = request.form.get("purpose", "")
    if purpose not in _PURPOSES:
        raise Invalid("This form cannot be read.", field="purpose", advice="Load the page again.")
    keys = [key for key in site_keys.keys(work, site.organization_id, site.id) if key.purpose == purpose]
    _unchanged(keys, _keys_mark(keys))
    turned = rotating.rotate(work, site, purpose=purpose, anyway=request.form.get("anyway") == "on")
    said = [_("The key %(id)s is %(state)s now.", id=key.id, state=key.state) for key in turned.changed]
    for one in turned.held:
        names = ", ".join(one.names[:_MOST_NAMED])
        said.append(_("The key %(id)s stays: %(names)s depend on it.", id=one.key.id, names=names))
    nothing = _("Nothing to do now: a published key waits until applications have seen it.")
    return done(work, desk, " ".join(said) or nothing, "console_keys.show", site_id=site.id)


@pages.get("/<site_id>/campaign")
@administrator
@at_desk
def ask_to_move(work: Work, desk: Desk, site_id: str) -> Response:
    """Say what switching all, or taking all back, does, and to how many."""
    site = _site(work, desk, site_id)
    keys = site_keys.keys(work, site.organization_id, site.id)
    reports = [one for _going, found in _campaigns(work, site) for one in found]
    return console_page(
        work,
        desk,
        "console/keys/move.html",
        place=_PLACE,
        at_site=site,
        shown=_keys_mark(keys),
        back=request.args.get("act") == "back",
        ready=[one for one in reports if one.standing is Standing.READY],
        unknown=[one for one in reports if one.standing is Standing.UNKNOWN],
        switched=[one for one in reports if one.on_new],
    )


@pages.post("/<site_id>/campaign")
@administrator
@at_desk(again=ask_to_move)
@fresh
def move(work: Work, desk: Desk, site_id: str) -> Response:
    """Sign with the new key for all that are ready, or with the former one for all again."""
    site, act = _site(work, desk, site_id), request.form.get("act")
    keys = site_keys.keys(work, site.organization_id, site.id)
    _unchanged(keys, _keys_mark(keys))
    if act == "switch":
        moved = rollover.switch_all(work, site, anyway=request.form.get("anyway") == "on")
    elif act == "back":
        moved = rollover.back_all(work, site)
    else:
        raise Invalid("This form cannot be read.", field="act", advice="Load the page again.")
    changed = ngettext("%(num)s application was changed,", "%(num)s applications were changed,", len(moved.done))
    left = ngettext("%(num)s was left as it is.", "%(num)s were left as they are.", len(moved.left))
    words = f"{changed % {'num': len(moved.done)}} {left % {'num': len(moved.left)}}"
    return done(work, desk, words, "console_keys.show", site_id=site.id)


def _keys_mark(keys: list[SigningKey]) -> int:
    return seen.mark(sorted((key.id, key.state) for key in keys))


def _unchanged(keys: list[SigningKey], mark: int) -> None:
    """Refuse a step that was asked for while the keys stood otherwise: two steps at once would lock people out."""
    newest = max(
        keys, key=lambda key: key.gone_at or key.retired_at or key.activated_at or key.created_at, default=None
    )
    seen.unchanged("" if newest is None else newest.id, mark)


def _campaigns(work: Work, site: Site) -> list[tuple[Campaign, list[Report]]]:
    return [(going, rollover.reports(work, site, going)) for going in rollover.going_on(work, site)]


def _sites(work: Work, desk: Desk) -> list[Site]:
    found = queries.sites(work, organization_id=desk.organization.id)
    return [one for one in found if desk.may(Permission.KEY_READ, site_id=one.id)]


def _site(work: Work, desk: Desk, site_id: str) -> Site:
    found = next((one for one in _sites(work, desk) if one.id == site_id), None)
    if found is None:
        raise NotFound("There is no such site.", field="site")
    return found


def _in_order(keys: list[SigningKey]) -> list[Shown]:
    """Return keys as they are shown: SAML's before those for tokens, and what signs first."""
    return [_shown(key) for key in sorted(keys, key=lambda key: (key.purpose, _STATES.index(key.state), key.id))]


def _shown(key: SigningKey) -> Shown:
    since = {keyring.ACTIVE: key.activated_at, keyring.RETIRED: key.retired_at, keyring.GONE: key.gone_at}
    der = read_file(key.certificate_pem.encode())[0] if key.certificate_pem else ""
    return Shown(
        key.id,
        key.purpose,
        key.algorithm,
        key.state,
        since.get(key.state) or key.created_at,
        thumbprint_of(der) if der else "",
        certificate_end(der) if der else "",
    )
