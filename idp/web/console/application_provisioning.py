"""An application that is told of accounts: where, what, to try it, to switch it on; who is there; what is held back."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, g, request, url_for

from idp.base.errors import IdpError, Invalid
from idp.base.work import Work
from idp.directory import attributes, history
from idp.directory.models import Application
from idp.directory.told_models import ProvisioningTarget, ToldGroup
from idp.policy.permissions import Permission, allows
from idp.provisioning.targets import editing, found, lists, noticing, preview, rendering, switching, testing, wanted
from idp.provisioning.targets import server as scim
from idp.provisioning.targets.editing import Wanted
from idp.provisioning.targets.lists import There
from idp.provisioning.targets.server import Fault, Probed
from idp.web import context
from idp.web.console import confirming, outside
from idp.web.console import lists as pages_of
from idp.web.console import seen as marks
from idp.web.console.application_page import application_of, application_page, loopback
from idp.web.console.desk import Desk, at_desk, done, fresh
from idp.web.console.lists import At
from idp.web.languages import gettext as _
from idp.web.languages import ngettext
from idp.web.security import administrator

pages = Blueprint(
    "console_application_provisioning", __name__, url_prefix="/admin/applications/<application_id>/provisioning"
)

_HOME = "console_application_provisioning.index"
_TAB = "provisioning"
_WHO = ("everybody", "groups")


def _sees_people(work: Work, organization_id: str) -> bool:
    return allows(work.actor, Permission.ACCOUNT_READ, organization_id)


def _cells(work: Work, at: At, rows: Sequence[There]) -> Iterator[Sequence[object]]:
    sees = _sees_people(work, at.organization_id)
    for one in rows:
        row, email = one.row, one.account.email if sees and one.account is not None else ""
        yield (row.account_id, email, row.remote_id, row.state, row.act, row.error, row.changed_at)


ACCOUNTS = pages_of.Listing(
    name="told-accounts",
    file="console_application_provisioning.accounts_as_csv",
    read=lambda work, at, after, limit: lists.accounts(
        work, at.of, after=after, limit=limit, state=at.chosen["state"], starting=at.chosen["q"]
    ),
    key=lambda one: (one.row.account_id,),
    heads=("id", "email", "id_there", "state", "last_act", "error", "changed"),
    cells=_cells,
    filters={"q": pages_of.text, "state": pages_of.one_of(noticing.STATES)},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk, application_id: str) -> Response:
    """Show where an application is told of accounts, and how that goes."""
    application = application_of(work, desk, application_id)
    target = found.of_application(work, application)
    known: dict[str, int] = {}
    groups: list[str] = []
    pushed: list[tuple[str, ToldGroup | None]] = []
    if target is not None:
        known = lists.counts(work, desk.organization.id, [target.id])[target.id]
        groups = lists.group_names(work, target)
        pushed = lists.pushed(work, target)
    return application_page(
        work,
        desk,
        "provisioning",
        application,
        _TAB,
        target=target,
        state="" if target is None else lists.state_of(target),
        counts=known,
        told_of=0 if target is None else wanted.count(work, target, application),
        groups=groups,
        pushed=pushed,
    )


@pages.get("/set-up")
@administrator
@at_desk
@fresh
def ask(work: Work, desk: Desk, application_id: str) -> Response:
    """Ask where an application is told, and what."""
    application = application_of(work, desk, application_id)
    target = found.of_application(work, application)
    mapping = rendering.DEFAULT_MAPPING if target is None else target.mapping
    return application_page(
        work,
        desk,
        "provisioning_set_up",
        application,
        _TAB,
        target=target,
        openers=wanted.openers_count(work, application),
        told_of=0 if target is None else wanted.count(work, target, application),
        groups=[] if target is None else lists.group_names(work, target),
        pushed=[] if target is None else lists.group_names(work, target, pushed=True),
        mapping="\n".join(f"{name}: {ours}" for name, ours in sorted(mapping.items())),
        known=rendering.ATTRIBUTES,
        ours=[one for one in attributes.ATTRIBUTES if one != "groups"],
    )


@pages.post("/set-up")
@administrator
@at_desk(again=ask)
@fresh
def set_up(work: Work, desk: Desk, application_id: str) -> Response:
    """Keep where an application is told, and what."""
    application = application_of(work, desk, application_id)
    form = request.form
    before = found.of_application(work, application)
    told = None if before is None or before.enabled_at is None else wanted.count(work, before, application)
    target = editing.set_up(
        work,
        application.id,
        Wanted(
            endpoint=form.get("endpoint", ""),
            everybody=_everybody(form.get("who", "")),
            groups=form.get("groups", "").splitlines(),
            pushed_groups=form.get("pushed_groups", "").splitlines(),
            mapping=editing.read_mapping(form.get("mapping", "")),
            on_loss=form.get("on_loss", ""),
            brake_percent=_percent(form.get("brake_percent", "")),
        ),
        if_version=pages_of.version(),
        http_loopback=loopback(),
    )
    if told is not None and target.enabled_at is not None:
        _confirmed_if_more(work, target, application, told)
    return done(work, desk, _("Saved."), _HOME, application_id=application.id)


@pages.post("/token")
@administrator
@at_desk(again=index)
@fresh
def set_token(work: Work, desk: Desk, application_id: str) -> Response:
    """Keep the token that the application is called with; nobody is shown it again."""
    application = application_of(work, desk, application_id)
    editing.set_token(work, application.id, request.form.get("token", ""), if_version=pages_of.version())
    return done(work, desk, _("The token is kept. Nobody is shown it again."), _HOME, application_id=application.id)


@pages.post("/test")
@administrator
def test(application_id: str) -> Response:
    """Try the connection, while no unit of work is open."""
    g.came = g.fault = None
    try:
        question = outside.at_work(lambda work, desk: testing.ask(work, application_of(work, desk, application_id).id))
        with context.aside():
            g.came = testing.asked(_dial, question)
        outside.at_work(lambda work, _desk: testing.note(work, question, g.came))
    except IdpError as error:
        g.fault = error
    return _tested(application_id=application_id)


@at_desk(again=index)
def _tested(work: Work, desk: Desk, application_id: str) -> Response:
    if g.fault is not None:
        fault: IdpError = g.fault
        raise fault
    if isinstance(g.came, Fault):
        raise testing.refusal(g.came)
    came: Probed = g.came
    words = _("The connection works: it speaks SCIM and takes the token.")
    if not came.patch:
        words = f"{words} {_('It does not know PATCH: whole accounts are sent.')}"
    if not came.filters:
        words = f"{words} {_('It cannot look for accounts: who is there already cannot be linked.')}"
    return done(work, desk, words, _HOME, application_id=application_id)


@pages.get("/preview")
@administrator
@at_desk
def look(work: Work, desk: Desk, application_id: str) -> Response:
    """Show who would be created, updated and deactivated there."""
    return _preview(work, desk, application_id, switching_on=False)


@pages.get("/on")
@administrator
@at_desk
@fresh
def ask_to_enable(work: Work, desk: Desk, application_id: str) -> Response:
    """Say what switching on does, and to whom."""
    return _preview(work, desk, application_id, switching_on=True)


@pages.post("/on")
@administrator
@at_desk(again=ask_to_enable)
@fresh
def enable(work: Work, desk: Desk, application_id: str) -> Response:
    """Tell the application of accounts from now on."""
    application = application_of(work, desk, application_id)
    switching.enable(work, application.id, if_version=pages_of.version())
    words = _(
        "%(name)s is told of its accounts from now on. The first of them go in some seconds.", name=application.name
    )
    return done(work, desk, words, _HOME, application_id=application.id)


@pages.get("/off")
@administrator
@at_desk
def ask_to_disable(work: Work, desk: Desk, application_id: str) -> Response:
    """Say what switching off does."""
    return _act(work, desk, application_id, "off")


@pages.post("/off")
@administrator
@at_desk(again=ask_to_disable)
def disable(work: Work, desk: Desk, application_id: str) -> Response:
    """Tell the application of nothing any more."""
    application = application_of(work, desk, application_id)
    switching.disable(work, application.id, if_version=pages_of.version())
    words = _("%(name)s is told of nothing any more.", name=application.name)
    return done(work, desk, words, _HOME, application_id=application.id)


@pages.get("/remove")
@administrator
@at_desk
@fresh
def ask_to_remove(work: Work, desk: Desk, application_id: str) -> Response:
    """Say what removing the endpoint does."""
    return _act(work, desk, application_id, "remove")


@pages.post("/remove")
@administrator
@at_desk(again=ask_to_remove)
@fresh
def remove(work: Work, desk: Desk, application_id: str) -> Response:
    """Forget the endpoint, its token, and who is there."""
    application = application_of(work, desk, application_id)
    editing.remove(work, application.id, if_version=pages_of.version())
    words = _("%(name)s is told of nothing any more.", name=application.name)
    return done(work, desk, words, _HOME, application_id=application.id)


@pages.get("/approve")
@administrator
@at_desk
@fresh
def ask_to_approve(work: Work, desk: Desk, application_id: str) -> Response:
    """Say whose deactivation waits, and how many they are."""
    return _act(work, desk, application_id, "approve")


@pages.post("/approve")
@administrator
@at_desk(again=ask_to_approve)
@fresh
def approve(work: Work, desk: Desk, application_id: str) -> Response:
    """Let what was held back be done."""
    application = application_of(work, desk, application_id)
    _of, target = found.editable(work, application.id)
    marks.unchanged(target.id, _held_mark(lists.counts(work, desk.organization.id, [target.id])[target.id]))
    count = switching.approve(work, application.id)
    words = _("Accounts that are taken away now: %(count)s.", count=count)
    return done(work, desk, words, _HOME, application_id=application.id)


@pages.post("/retry")
@administrator
@at_desk(again=index)
def retry(work: Work, desk: Desk, application_id: str) -> Response:
    """Send once more what was not taken: of one account, or of all."""
    application = application_of(work, desk, application_id)
    count = switching.retry(work, application.id, account_ids=request.form.getlist("account")[:100])
    words = _("Accounts that are sent once more: %(count)s.", count=count)
    return done(work, desk, words, "console_application_provisioning.accounts", application_id=application.id)


@pages.post("/resume")
@administrator
@at_desk(again=index)
def resume(work: Work, desk: Desk, application_id: str) -> Response:
    """Try an endpoint again that has failed."""
    application = application_of(work, desk, application_id)
    switching.resume(work, application.id)
    return done(work, desk, _("It is tried again now."), _HOME, application_id=application.id)


@pages.post("/reconcile")
@administrator
@at_desk(again=index)
def reconcile(work: Work, desk: Desk, application_id: str) -> Response:
    """Look at everybody, in steps."""
    application = application_of(work, desk, application_id)
    run = switching.reconcile(work, application.id, again=request.form.get("again") == "on")
    return done(work, desk, _("It has begun."), "console_runs.show", run_id=run.id)


@pages.get("/accounts")
@administrator
@at_desk
def accounts(work: Work, desk: Desk, application_id: str) -> Response:
    """List the accounts that are known there, by state."""
    application = application_of(work, desk, application_id)
    _, target = found.readable(work, application.id)
    return application_page(
        work,
        desk,
        "provisioning_accounts",
        application,
        _TAB,
        target=target,
        listed=ACCOUNTS.page(work, desk, target),
        states=noticing.STATES,
        sees_people=_sees_people(work, application.organization_id),
    )


@pages.get("/accounts.csv")
@administrator
@at_desk
def accounts_as_csv(work: Work, desk: Desk, application_id: str) -> Response:
    """Send the accounts that the address asks for as a CSV file, streamed."""
    _, target = found.readable(work, application_of(work, desk, application_id).id)
    return ACCOUNTS.as_csv(work, desk, target)


@pages.get("/history")
@administrator
@at_desk
def past(work: Work, desk: Desk, application_id: str) -> Response:
    """Show what was done to where the application is told."""
    application = application_of(work, desk, application_id)
    _, target = found.readable(work, application.id)
    entries = history.of_target(work, desk.organization.id, target.id)
    return application_page(work, desk, "provisioning_history", application, _TAB, target=target, entries=entries)


def _dial(endpoint: str, token: str) -> scim.Call:
    of = context.settings()
    return scim.calling(endpoint, token, tuple(of.egress.allow_addresses), http_loopback=loopback())


def _preview(work: Work, desk: Desk, application_id: str, *, switching_on: bool) -> Response:
    application = application_of(work, desk, application_id)
    seen = preview.preview(work, application.id)
    _, target = found.readable(work, application.id)
    return application_page(
        work,
        desk,
        "provisioning_preview",
        application,
        _TAB,
        target=target,
        seen=seen,
        switching_on=switching_on and target.enabled_at is None,
    )


def _act(work: Work, desk: Desk, application_id: str, act: str) -> Response:
    application = application_of(work, desk, application_id)
    _, target = found.editable(work, application.id)
    counts = lists.counts(work, desk.organization.id, [target.id])[target.id]
    held: list[Any] = []
    if act == "approve":
        held = lists.accounts(work, target, limit=preview.SHOWN, state=noticing.HELD)
    return application_page(
        work,
        desk,
        "provisioning_act",
        application,
        _TAB,
        target=target,
        act_name=act,
        shown=_held_mark(counts) if act == "approve" else target.version,
        counts=counts,
        held=held,
        sees_people=_sees_people(work, application.organization_id),
    )


def _held_mark(counts: Mapping[str, int]) -> int:
    """Stand for how many wait: whoever lets three go does not let the five hundred go that came meanwhile."""
    return marks.mark(counts.get(noticing.HELD, 0))


def _everybody(chosen: str) -> bool:
    if chosen not in _WHO:
        raise Invalid("Say who is told of: everybody who may open it, or members of certain groups.", field="who")
    return chosen == _WHO[0]


def _confirmed_if_more(work: Work, target: ProvisioningTarget, application: Application, before: int) -> None:
    """Where it is switched on, and told of more people from now on: say to how many it happens, before it does."""
    count = wanted.count(work, target, application)
    if count <= before:
        return
    said = ngettext(
        "%(name)s is told of %(num)s account from now on, not of %(before)s.",
        "%(name)s is told of %(num)s accounts from now on, not of %(before)s.",
        count,
    )
    question = confirming.Question(
        title=_("Tell %(name)s of more accounts?", name=application.name),
        says=[said % {"name": application.name, "num": count, "before": before}],
        button=_("Save"),
        action=request.path,
        back=(url_for(_HOME, application_id=application.id), application.name),
        carried=confirming.sent_on(),
        version=pages_of.version(),
    )
    confirming.confirmed(question, place="applications")


def _percent(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 4):
        raise Invalid("The brake is a number from 0 to 100.", field="brake_percent")
    return int(text)
