"""Access policies: the list, each with its rules in order, its versions, what is on trial, and what is under it."""

from datetime import datetime

from flask import Blueprint, Response, request

from idp.base.errors import Invalid, NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access_assignments, access_names, access_policies, access_trials, history
from idp.policy.access import words
from idp.policy.models import AccessPolicy
from idp.web.console import access_lists, lists, log_filters, replays, seen
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.guarding import guarded
from idp.web.languages import gettext as _
from idp.web.languages import ngettext
from idp.web.render import redirect
from idp.web.security import administrator

pages = Blueprint("console_access", __name__, url_prefix="/admin/access")

_PLACE = "access"
TRIALS = ("", "5", "15", "30", "60")
"""Minutes for which a change can be tried; empty: it stays."""


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List the access policies, and say which one the console is under."""
    slug = desk.organization.slug
    listed = access_lists.LIST.page(work, desk)
    compiled = access_lists.compiled(work, desk.organization.id)
    return console_page(
        work,
        desk,
        "console/access/index.html",
        place=_PLACE,
        listed=listed,
        policies=[(one, compiled[one.id], on_trial(work, one)) for one in listed.rows],
        counts=access_assignments.counts(work, desk.organization.id),
        console=access_assignments.console_policy(work, slug),
    )


@pages.get("/new")
@administrator
@at_desk
def new(work: Work, desk: Desk) -> Response:
    """Ask what a new access policy is called."""
    return console_page(work, desk, "console/access/new.html", place=_PLACE)


@pages.post("/new")
@administrator
@at_desk(again=new)
def create(work: Work, desk: Desk) -> Response:
    """Create an access policy for applications."""
    made = access_assignments.create(work, desk.organization.slug, request.form.get("name", ""))
    words_ = _("The policy was created. It lets everybody pass until it has rules, and no application is under it.")
    return done(work, desk, words_, "console_access.show", policy_id=made.id)


@pages.get("/<policy_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, policy_id: str) -> Response:
    """Show the rules of a policy in the order in which they count."""
    policy = found(work, desk, policy_id)
    rules = access_policies.rules_of(work, policy)
    listed = access_lists.RULES.page(work, desk, policy)
    return console_page(
        work,
        desk,
        "console/access/show.html",
        place=_PLACE,
        policy=policy,
        number=access_policies.number_of(work, policy),
        until=on_trial(work, policy),
        listed=listed,
        guards=[one for one in listed.rows if one.kind == access_lists.GUARD],
        rules=[one for one in listed.rows if one.kind == access_lists.RULE],
        has_guards=bool(rules.guards),
        has_rules=bool(rules.rules),
        otherwise=words.answer(rules.catch_all),
        trials=TRIALS,
    )


@pages.get("/<policy_id>/versions")
@administrator
@at_desk
def versions(work: Work, desk: Desk, policy_id: str) -> Response:
    """Show the versions of a policy's rules, each with what it changed."""
    policy = found(work, desk, policy_id)
    return console_page(
        work,
        desk,
        "console/access/versions.html",
        place=_PLACE,
        policy=policy,
        number=access_policies.number_of(work, policy),
        until=on_trial(work, policy),
        listed=access_lists.VERSIONS.page(work, desk, policy),
    )


@pages.get("/<policy_id>/versions/<number>/restore")
@administrator
@at_desk
@fresh
def restoring(work: Work, desk: Desk, policy_id: str, number: str) -> Response:
    """Ask whether the rules of an older version are to count again."""
    policy = found(work, desk, policy_id)
    now, then = access_policies.rules_of(work, policy), access_policies.rules_of(work, policy, _number(number))
    names = access_names.of_rules(work, desk.organization.id, now, then)
    return console_page(
        work,
        desk,
        "console/access/restore.html",
        place=_PLACE,
        policy=policy,
        number=access_policies.number_of(work, policy),
        older=_number(number),
        changes=words.differences(now, then, names),
        trials=TRIALS,
    )


@pages.post("/<policy_id>/versions/<number>/restore")
@administrator
@at_desk(again=restoring)
@fresh
def restore(work: Work, desk: Desk, policy_id: str, number: str) -> Response:
    """Let the rules of an older version count again, as a new version."""
    policy, trial = found(work, desk, policy_id), minutes()
    with guarded(work, desk, on_trial=trial is not None):
        access_policies.restore(
            work, desk.organization.slug, policy.id, _number(number), if_version=lists.version(), trial=trial
        )
    return done(work, desk, said(trial), "console_access.show", policy_id=policy_id)


@pages.get("/<policy_id>/confirm")
@administrator
@at_desk
def confirming(work: Work, desk: Desk, policy_id: str) -> Response:
    """Go back to the policy: whoever had to prove a second step first presses there again."""
    return redirect("console_access.show", policy_id=found(work, desk, policy_id).id)


@pages.post("/<policy_id>/confirm")
@administrator
@at_desk
@fresh
def confirm(work: Work, desk: Desk, policy_id: str) -> Response:
    """Keep what is on trial."""
    policy = found(work, desk, policy_id)
    seen.unchanged(policy.id, access_policies.number_of(work, policy))
    kept = access_trials.confirm(work, desk.organization.slug, policy.id)
    words_ = _("Version %(number)s stays.", number=kept.current)
    return done(work, desk, words_, "console_access.show", policy_id=policy_id)


@pages.post("/<policy_id>/roll-back")
@administrator
@at_desk
@fresh
def roll_back(work: Work, desk: Desk, policy_id: str) -> Response:
    """End a trial now."""
    policy = found(work, desk, policy_id)
    seen.unchanged(policy.id, access_policies.number_of(work, policy))
    with guarded(work, desk):
        back = access_trials.give_up(work, desk.organization.slug, policy.id)
    words_ = _("Version %(number)s counts again.", number=back.current)
    return done(work, desk, words_, "console_access.show", policy_id=policy_id)


@pages.get("/<policy_id>/applications")
@administrator
@at_desk
def applications(work: Work, desk: Desk, policy_id: str) -> Response:
    """List the applications under a policy; ``q`` is the beginning of a name."""
    policy = found(work, desk, policy_id)
    console = access_assignments.console_policy(work, desk.organization.slug)
    return console_page(
        work,
        desk,
        "console/access/applications.html",
        place=_PLACE,
        policy=policy,
        until=on_trial(work, policy),
        listed=access_lists.APPLICATIONS.page(work, desk, policy),
        console=console.id == policy.id,
    )


@pages.post("/<policy_id>/applications")
@administrator
@at_desk(again=applications)
@fresh
def assign(work: Work, desk: Desk, policy_id: str) -> Response:
    """Put applications under a policy; or those that were ticked under the default again."""
    policy = found(work, desk, policy_id)
    named = [_application(work, desk, line) for line in request.form.get("names", "").splitlines() if line.strip()]
    ticked = request.form.getlist("application")
    if not named and not ticked:
        raise Invalid("Say which applications.", field="names")
    for application_id in named:
        access_assignments.assign(work, application_id, policy.id)
    for application_id in ticked:
        access_assignments.assign(work, _application(work, desk, application_id), None, if_policy=policy.id)
    words_ = ngettext(
        "%(num)s application is under another policy now.",
        "%(num)s applications are under another policy now.",
        len(named) + len(ticked),
    )
    words_ %= {"num": len(named) + len(ticked)}
    return done(work, desk, words_, "console_access.applications", policy_id=policy_id)


@pages.get("/console")
@administrator
@at_desk
@fresh
def of_console(work: Work, desk: Desk) -> Response:
    """Ask which access policy the console is to be under."""
    slug = desk.organization.slug
    every = [one for one in access_policies.policies(work, slug) if one.kind == access_policies.APPLICATION]
    return console_page(
        work,
        desk,
        "console/access/console.html",
        place=_PLACE,
        policies=every,
        now_under=access_assignments.console_policy(work, slug),
    )


@pages.post("/console")
@administrator
@at_desk(again=of_console)
@fresh
def assign_console(work: Work, desk: Desk) -> Response:
    """Put the console under an access policy."""
    with guarded(work, desk):
        _owner, under = access_assignments.assign_console(
            work,
            desk.organization.slug,
            found(work, desk, request.form.get("policy", "")).id,
            if_policy=request.form.get("now_under") or None,
        )
    words_ = _("The console is under the policy “%(name)s” now.", name=under.name)
    return done(work, desk, words_, "console_access.index")


@pages.get("/<policy_id>/delete")
@administrator
@at_desk
@fresh
def removal(work: Work, desk: Desk, policy_id: str) -> Response:
    """Ask whether a policy is to be deleted."""
    policy = found(work, desk, policy_id)
    return console_page(
        work,
        desk,
        "console/access/delete.html",
        place=_PLACE,
        policy=policy,
        number=access_policies.number_of(work, policy),
        count=access_assignments.counts(work, desk.organization.id).get(policy.id, 0),
    )


@pages.post("/<policy_id>/delete")
@administrator
@at_desk(again=removal)
@fresh
def delete(work: Work, desk: Desk, policy_id: str) -> Response:
    """Delete an access policy that nothing is under."""
    gone = access_assignments.delete(
        work, desk.organization.slug, found(work, desk, policy_id).id, if_version=lists.version()
    )
    return done(work, desk, _("The policy “%(name)s” was deleted.", name=gone.name), "console_access.index")


@pages.get("/<policy_id>/history")
@administrator
@at_desk
def past(work: Work, desk: Desk, policy_id: str) -> Response:
    """Show what was done to a policy."""
    policy = found(work, desk, policy_id)
    return console_page(
        work,
        desk,
        "console/access/history.html",
        place=_PLACE,
        policy=policy,
        until=on_trial(work, policy),
        entries=history.of_target(work, desk.organization.id, policy.id),
    )


@pages.get("/report")
@administrator
@at_desk
def reported(work: Work, desk: Desk) -> Response:
    """Say what the rules in report-only would have done: twenty rules on a page, of each those whom it met most."""
    made, days = access_lists.reported(work, desk)
    found = access_lists.REPORT.page(work, desk, made)
    return console_page(
        work,
        desk,
        "console/access/report.html",
        place=_PLACE,
        report=made,
        listed=found,
        rules=[(rule, replays.most_met(rule)) for rule in found.rows],
        days=days,
    )


def found(work: Work, desk: Desk, policy_id: str) -> AccessPolicy:
    """Return an access policy of the organization by its id."""
    return access_policies.policy(work, desk.organization.slug, policy_id)


def on_trial(work: Work, policy: AccessPolicy) -> datetime | None:
    """Return until when a version of a policy is on trial; None: none is."""
    ends = policy.rolls_back_at
    return ends if ends is not None and ends > work.now else None


def minutes() -> int | None:
    """
    Return for how long the change of a form is to be tried; None: it stays.

    Raises:
        Invalid: for no time that is offered.
    """
    asked = request.form.get("trial", "")
    if asked not in TRIALS:
        raise Invalid("A trial takes 5 to 60 minutes.", field="trial")
    return int(asked) if asked else None


def said(trial: int | None) -> str:
    """Return what a page says after a change of rules."""
    if trial is None:
        return _("Saved. It counts at once.")
    return _(
        "On trial for %(minutes)s minutes. Sign in now in another browser: an administrator who does confirms it. Else "
        "what was there before counts again.",
        minutes=trial,
    )


def _number(said_: str) -> int:
    if not (said_.isascii() and said_.isdecimal() and len(said_) < 10):
        raise NotFound("There is no such version of this policy.", field="version")
    return int(said_)


def _application(work: Work, desk: Desk, line: str) -> str:
    asked = log_filters.application(work, desk.organization.id, line.strip())
    if asked.unknown:
        raise Invalid(
            phrase("There is no application “%(value)s”, or several.", value=line.strip()[:80]),
            field="names",
            advice="Write its id.",
        )
    return asked.id
