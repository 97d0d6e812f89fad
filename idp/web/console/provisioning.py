"""Directories of others that write accounts and groups of the organization: the list, and each one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request, url_for

from idp.base.errors import Invalid, NotFound
from idp.base.work import Work
from idp.directory import history
from idp.directory.provisioning_models import ProvisioningClient
from idp.policy.permissions import Permission, require
from idp.provisioning import calls, clients, ending, handing_over, keeping, taking_over, tokens
from idp.web import context, shown_once
from idp.web.console import confirming, lists, seen
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.languages import gettext as _
from idp.web.languages import ngettext
from idp.web.render import redirect
from idp.web.security import administrator

pages = Blueprint("console_provisioning", __name__, url_prefix="/admin/provisioning")

_PLACE = "provisioning"
_TOKEN = "provisioning-token"  # noqa: S105 (a purpose, no password)


@dataclass(frozen=True, slots=True)
class Act:
    """What can be done to a client as a whole: whether it makes sense now, what does it, what is said then."""

    fits: Callable[[ProvisioningClient], bool]
    do: Callable[..., ProvisioningClient]
    said: Callable[[str], str]


ACTS = {
    "disable": Act(lambda one: one.disabled_at is None, clients.disable, lambda name: _("%(name)s is off.", name=name)),
    "enable": Act(
        lambda one: one.disabled_at is not None, clients.enable, lambda name: _("%(name)s is on.", name=name)
    ),
    "go_on": Act(
        lambda one: one.stopped_at is not None, clients.let_go_on, lambda name: _("%(name)s goes on.", name=name)
    ),
    "delete": Act(lambda _one: True, clients.delete, lambda name: _("%(name)s is ended.", name=name)),
}


def _clients(work: Work, at: lists.At, after: lists.After, limit: int) -> list[ProvisioningClient]:
    require(work, Permission.PROVISIONING_READ, at.organization_id)
    return lists.part(clients.listed(work, at.organization_id), _client_key, after, limit)


def _client_key(one: ProvisioningClient) -> tuple[str, str]:
    return (one.name_key, one.id)


def _client_cells(work: Work, at: lists.At, found: Sequence[ProvisioningClient]) -> Iterator[tuple[object, ...]]:
    kept = clients.kept_by(work, at.organization_id, [one.id for one in found])
    for one in found:
        counts = kept[one.id]
        yield (
            *(one.id, one.name, one.takes_over, one.brake, counts.accounts, counts.groups),
            *(one.created_at, one.last_used_at, one.disabled_at, one.stopped_at, one.failing_since),
        )


LIST = lists.Listing(
    name="provisioning-clients",
    file="console_provisioning.as_csv",
    read=_clients,
    key=_client_key,
    heads=(
        *("id", "name", "takes_over", "brake", "accounts", "groups"),
        *("connected", "called_last", "off_since", "stopped", "failing_since"),
    ),
    cells=_client_cells,
)
CALLS = lists.Listing(
    name="provisioning-calls",
    file="console_provisioning.calls_as_csv",
    read=lambda work, at, after, limit: calls.latest(
        work, at.of, after=after, failed=at.chosen["outcome"] == "failed", limit=limit
    ),
    key=lambda one: (one.id,),
    heads=("at", "method", "what", "target", "status", "said", "attempt"),
    cells=lambda work, at, found: (
        (one.at, one.method, one.what, one.target_id, one.status, one.said, one.id) for one in found
    ),
    filters={"outcome": lists.one_of(("failed",))},
)
ACCOUNTS = lists.Listing(
    name="provisioned-accounts",
    file="console_provisioning.accounts_as_csv",
    read=lambda work, at, after, limit: keeping.accounts(work, at.of, after=after, limit=limit),
    key=lambda one: (one[0].id,),
    heads=("id", "email", "name", "state", "external_id", "since"),
    cells=lambda work, at, found: (
        (
            *(account.id, account.email, account.name, "disabled" if account.disabled_at else "active"),
            *(link.external_id, link.since),
        )
        for account, link in found
    ),
)
GROUPS = lists.Listing(
    name="provisioned-groups",
    file="console_provisioning.groups_as_csv",
    read=lambda work, at, after, limit: keeping.groups(work, at.of, after=after, limit=limit),
    key=lambda one: (one.id,),
    heads=("id", "name", "created"),
    cells=lambda work, at, found: ((one.id, one.name, one.created_at) for one in found),
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List the directories that write into the organization; there are few."""
    found = LIST.page(work, desk)
    kept = clients.kept_by(work, desk.organization.id, [one.id for one in found.rows])
    return console_page(work, desk, "console/provisioning/index.html", place=_PLACE, listed=found, kept=kept)


@pages.get("/directories.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the directories as a CSV file."""
    return LIST.as_csv(work, desk)


@pages.get("/new")
@administrator
@at_desk
@fresh
def new(work: Work, desk: Desk) -> Response:
    """Ask what a new one is called, and what it may take over."""
    require(work, Permission.PROVISIONING_MANAGE, desk.organization.id)
    return console_page(work, desk, "console/provisioning/edit.html", place=_PLACE, client=None)


@pages.post("/new")
@administrator
@at_desk(again=new)
@fresh
def create(work: Work, desk: Desk) -> Response:
    """Make a client and its first token, which the next page shows once."""
    made = clients.create(
        work,
        request.form.get("name", ""),
        organization=desk.organization.slug,
        takes_over=request.form.get("takes_over", clients.MANAGED),
        brake=_number("brake"),
    )
    if taking_over.count(work, made):
        title, button = _("Connect %(name)s?", name=made.name), _("Connect it")
        _confirmed([_taken_over(work, made)], title, button, (url_for("console_provisioning.index"), _("Provisioning")))
    _made, text = tokens.rotate(work, made.id, organization_id=desk.organization.id, lives=_days())
    return _with_token(work, desk, made, text)


@pages.get("/<client_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, client_id: str) -> Response:
    """Show how a client stands, its tokens, and what to tell the other directory; a new token this once."""
    found = _client(work, desk, client_id)
    shown = shown_once.shown(_TOKEN, f"{desk.session.id}:{found.id}", work.now)
    kept = clients.kept(work, found)
    return _shown(
        work,
        desk,
        "show",
        found,
        kept=kept,
        brake=clients.brake_of(found, kept.accounts),
        members_brake=clients.members_brake_of(found, kept.accounts),
        braking=clients.braking(found, work.now),
        tokens=tokens.good(work, found),
        ends_soon=work.now + tokens.ENDS_SOON,
        token=shown[0] if shown else "",
        address=_address(),
    )


@pages.get("/<client_id>/edit")
@administrator
@at_desk
@fresh
def edit(work: Work, desk: Desk, client_id: str) -> Response:
    """Ask what a client is called, and what it may."""
    found = _client(work, desk, client_id)
    return console_page(work, desk, "console/provisioning/edit.html", place=_PLACE, client=found)


@pages.post("/<client_id>/edit")
@administrator
@at_desk(again=edit)
@fresh
def save(work: Work, desk: Desk, client_id: str) -> Response:
    """Change what a client is called, and what it may; where it may more, when somebody has said yes to that."""
    found = _client(work, desk, client_id)
    kept = clients.kept(work, found).accounts
    took, braked = clients.TAKES_OVER.index(found.takes_over), clients.brake_of(found, kept)
    changed = clients.edit(
        work,
        client_id,
        organization_id=desk.organization.id,
        name=request.form.get("name", ""),
        takes_over=request.form.get("takes_over", ""),
        brake=_number("brake"),
        if_version=lists.version(),
    )
    says = []
    if clients.TAKES_OVER.index(changed.takes_over) > took:
        says.append(_taken_over(work, changed))
    if clients.brake_of(changed, kept) > braked:
        says.append(_braked(changed, kept, braked))
    if says:
        back = url_for("console_provisioning.show", client_id=changed.id), changed.name
        _confirmed(says, _("Let %(name)s do more?", name=changed.name), _("Save"), back)
    return done(work, desk, _("Saved."), "console_provisioning.show", client_id=changed.id)


@pages.get("/<client_id>/calls")
@administrator
@at_desk
def latest(work: Work, desk: Desk, client_id: str) -> Response:
    """List the latest calls of a client, and what came of each."""
    found = _client(work, desk, client_id)
    return _shown(work, desk, "calls", found, listed=CALLS.page(work, desk, found))


@pages.get("/<client_id>/calls.csv")
@administrator
@at_desk
def calls_as_csv(work: Work, desk: Desk, client_id: str) -> Response:
    """Send the calls of a client as a CSV file, streamed."""
    return CALLS.as_csv(work, desk, _client(work, desk, client_id))


@pages.get("/<client_id>/accounts")
@administrator
@at_desk
def accounts(work: Work, desk: Desk, client_id: str) -> Response:
    """List the accounts that a client keeps."""
    found = _client(work, desk, client_id)
    return _shown(work, desk, "accounts", found, listed=ACCOUNTS.page(work, desk, found))


@pages.get("/<client_id>/accounts.csv")
@administrator
@at_desk
def accounts_as_csv(work: Work, desk: Desk, client_id: str) -> Response:
    """Send the accounts that a client keeps as a CSV file, streamed."""
    return ACCOUNTS.as_csv(work, desk, _client(work, desk, client_id))


@pages.get("/<client_id>/groups")
@administrator
@at_desk
def groups(work: Work, desk: Desk, client_id: str) -> Response:
    """List the groups that a client keeps."""
    found = _client(work, desk, client_id)
    return _shown(
        work, desk, "groups", found, listed=GROUPS.page(work, desk, found), taken=handing_over.wanted(work, found)
    )


@pages.get("/<client_id>/groups/<group_id>/hand-over")
@administrator
@at_desk
@fresh
def ask_to_hand_over(work: Work, desk: Desk, client_id: str, group_id: str) -> Response:
    """Say what handing a group of that name over does to its members."""
    found = _client(work, desk, client_id)
    plan = handing_over.would_hand_over(work, found.id, group_id, organization_id=desk.organization.id)
    return _shown(work, desk, "hand_over", found, plan=plan, shown=_plan_mark(plan))


@pages.post("/<client_id>/groups/<group_id>/hand-over")
@administrator
@at_desk(again=ask_to_hand_over)
@fresh
def hand_over(work: Work, desk: Desk, client_id: str, group_id: str) -> Response:
    """Let the directory keep the group from now on, as it was shown."""
    found = _client(work, desk, client_id)
    plan = handing_over.would_hand_over(work, found.id, group_id, organization_id=desk.organization.id)
    seen.unchanged(plan.group.id, _plan_mark(plan))
    handing_over.hand_over(work, found.id, plan.group.id, organization_id=desk.organization.id)
    words = _("%(client)s keeps the group %(name)s from now on.", client=found.name, name=plan.group.name)
    return done(work, desk, words, "console_provisioning.groups", client_id=found.id)


@pages.get("/<client_id>/groups.csv")
@administrator
@at_desk
def groups_as_csv(work: Work, desk: Desk, client_id: str) -> Response:
    """Send the groups that a client keeps as a CSV file, streamed."""
    return GROUPS.as_csv(work, desk, _client(work, desk, client_id))


@pages.get("/<client_id>/history")
@administrator
@at_desk
def past(work: Work, desk: Desk, client_id: str) -> Response:
    """Show what was done to a client."""
    found = _client(work, desk, client_id)
    return _shown(work, desk, "history", found, entries=history.of_target(work, desk.organization.id, found.id))


@pages.get("/<client_id>/token")
@administrator
@at_desk
@fresh
def ask_for_token(work: Work, desk: Desk, client_id: str) -> Response:
    """Say what a new token does to those before."""
    found = _client(work, desk, client_id)
    return _shown(work, desk, "token", found, tokens=tokens.good(work, found))


@pages.post("/<client_id>/token")
@administrator
@at_desk(again=ask_for_token)
@fresh
def rotate(work: Work, desk: Desk, client_id: str) -> Response:
    """Make a new token, which the next page shows once."""
    hours = _number("overlap")
    _made, text = tokens.rotate(
        work,
        client_id,
        organization_id=desk.organization.id,
        lives=_days(),
        overlap=tokens.OVERLAP if hours is None else timedelta(hours=hours),
        if_version=lists.version(),
    )
    return _with_token(work, desk, _client(work, desk, client_id), text)


@pages.get("/<client_id>/tokens/<token_id>/revoke")
@administrator
@at_desk
@fresh
def ask_to_revoke(work: Work, desk: Desk, client_id: str, token_id: str) -> Response:
    """Say what ending a token does."""
    found = _client(work, desk, client_id)
    return _shown(work, desk, "revoke", found, token=tokens.one(work, found, token_id))


@pages.post("/<client_id>/tokens/<token_id>/revoke")
@administrator
@at_desk(again=ask_to_revoke)
@fresh
def revoke(work: Work, desk: Desk, client_id: str, token_id: str) -> Response:
    """End a token."""
    tokens.revoke(work, client_id, token_id, organization_id=desk.organization.id)
    return done(work, desk, _("The token is good no more."), "console_provisioning.show", client_id=client_id)


@pages.get("/<client_id>/<what>")
@administrator
@at_desk
@fresh
def ask(work: Work, desk: Desk, client_id: str, what: str) -> Response:
    """Say what an act does to a client and to what it keeps."""
    found = _client(work, desk, client_id)
    return _shown(
        work,
        desk,
        "act",
        found,
        what=what,
        fits=_act(what).fits(found),
        kept=clients.kept(work, found),
        in_steps=what == "delete" and ending.members(work, found) > ending.AT_ONCE,
    )


@pages.post("/<client_id>/<what>")
@administrator
@at_desk(again=ask)
@fresh
def act(work: Work, desk: Desk, client_id: str, what: str) -> Response:
    """Do it."""
    chosen = _act(what)
    if what == "delete":
        return _end(work, desk, client_id)
    found = chosen.do(work, client_id, organization_id=desk.organization.id, if_version=lists.version())
    words = chosen.said(found.name)
    return done(work, desk, words, "console_provisioning.show", client_id=found.id)


def _end(work: Work, desk: Desk, client_id: str) -> Response:
    found, run = ending.end(work, client_id, organization_id=desk.organization.id, if_version=lists.version())
    if run is not None:
        return done(work, desk, _("It has begun."), "console_runs.show", run_id=run.id)
    return done(work, desk, _act("delete").said(found.name), "console_provisioning.index")


def _plan_mark(plan: handing_over.Handover) -> int:
    return seen.mark(list(plan.staying), list(plan.leaving))


def _taken_over(work: Work, of: ProvisioningClient) -> str:
    count = taking_over.count(work, of)
    said = ngettext(
        "%(client)s may take over up to %(num)s account that is there already; then it says who that is, and may deactivate it.",
        "%(client)s may take over up to %(num)s accounts that are there already; then it says who these are, and may deactivate them.",
        count,
    )
    return said % {"num": count, "client": of.name}


def _braked(of: ProvisioningClient, kept: int, before: int) -> str:
    said = ngettext(
        "%(client)s may deactivate, or give other addresses to, up to %(brake)s accounts within an hour, not %(before)s as before; it keeps %(num)s account.",
        "%(client)s may deactivate, or give other addresses to, up to %(brake)s accounts within an hour, not %(before)s as before; it keeps %(num)s accounts.",
        kept,
    )
    return said % {"num": kept, "client": of.name, "brake": clients.brake_of(of, kept), "before": before}


def _confirmed(says: Sequence[str], title: str, button: str, back: tuple[str, str]) -> None:
    question = confirming.Question(
        title=title,
        says=says,
        button=button,
        action=request.path,
        back=back,
        carried=confirming.sent_on(),
        version=lists.version(),
    )
    confirming.confirmed(question, place=_PLACE)


def _act(what: str) -> Act:
    found = ACTS.get(what)
    if found is None:
        raise NotFound("There is no page at this address.")
    return found


def _client(work: Work, desk: Desk, client_id: str) -> ProvisioningClient:
    return clients.client(work, client_id, organization_id=desk.organization.id)


def _shown(work: Work, desk: Desk, tab: str, client: ProvisioningClient, **values: Any) -> Response:
    return console_page(work, desk, f"console/provisioning/{tab}.html", place=_PLACE, client=client, **values)


def _with_token(work: Work, desk: Desk, client: ProvisioningClient, text: str) -> Response:
    answer = redirect("console_provisioning.show", client_id=client.id)
    return shown_once.show(answer, _TOKEN, f"{desk.session.id}:{client.id}", (text,), work.now)


def _address() -> str:
    return f"{context.settings().base_url}/scim/v2"


def _days() -> timedelta:
    days = _number("days")
    return tokens.LIVES if days is None else timedelta(days=days)


def _number(name: str) -> int | None:
    """Return the number in a field of the form, None where it is empty."""
    said = request.form.get(name, "").strip()
    if not said:
        return None
    if not (said.isascii() and said.isdecimal() and len(said) < 7):
        raise Invalid("This is no number.", field=name)
    return int(said)
