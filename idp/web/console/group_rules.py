"""The rule of a group: what it says, what it would do, whether it is on."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from idp.base.errors import Invalid, NotFound
from idp.base.work import Work
from idp.directory import group_exceptions, group_rule_turns, queries, runs, sizes
from idp.directory import group_rule_changes as rules
from idp.directory.group_rule_turns import Ran
from idp.directory.models import Group
from idp.policy.permissions import Permission, require
from idp.signon import group_rule_runs
from idp.signon.group_rule_runs import Previewed
from idp.web.console import lists, seen
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.guarding import guarded
from idp.web.languages import gettext as _
from idp.web.render import redirect
from idp.web.security import administrator

pages = Blueprint("console_group_rules", __name__, url_prefix="/admin/groups/<group_id>/rule")

_PLACE = "groups"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A rule as the form says it; None: the form says nothing of it."""

    condition: str | None
    excepted: tuple[str, ...] | None
    brake_percent: int | None

    @classmethod
    def read(cls) -> "_Wanted":
        """Return what the form, or the address, says."""
        said = request.form if request.method == "POST" else request.args
        brake = said.get("brake", "").strip()
        if brake and not (brake.isascii() and brake.isdecimal() and len(brake) < 4):
            raise Invalid("The brake is a percentage from 0 to 100.", field="brake")
        return cls(
            said.get("condition", "").strip() or None,
            tuple(said["exceptions"].replace(",", " ").split()) if "exceptions" in said else None,
            int(brake) if brake else None,
        )

    def of_run(self) -> group_rule_runs.Wanted:
        """Return it as a run takes it."""
        return group_rule_runs.Wanted(self.condition, self.excepted, self.brake_percent)


@pages.get("")
@administrator
@at_desk
def show(work: Work, desk: Desk, group_id: str) -> Response:
    """Show the rule of a group, or how one is written."""
    group = _group(work, desk, group_id)
    found = group_exceptions.rule_of(work, group)
    said = request.args
    return console_page(
        work,
        desk,
        "console/groups/rule.html",
        place=_PLACE,
        group=group,
        rule=found,
        by_run=sizes.is_large(work, desk.organization.id),
        condition=said.get("condition", "") or ("" if found is None else rules.spelled(work, found)),
        excepted=() if found is None else [one.email for one in rules.exceptions(work, found)],
    )


@pages.get("/preview")
@administrator
@at_desk(again=show)
@fresh
def preview(work: Work, desk: Desk, group_id: str) -> Response:
    """Say who would enter and who would leave; nothing changes. Where that is work for a run, lead back to ask for one."""
    group = _group(work, desk, group_id)
    wanted = _Wanted.read()
    found = group_exceptions.rule_of(work, group)
    if (found is None and wanted.condition is None) or sizes.is_large(work, desk.organization.id):
        return redirect("console_group_rules.show", group_id=group_id, condition=wanted.condition or "")
    planned = rules.preview(
        work,
        group_id,
        organization=desk.organization.slug,
        condition=wanted.condition,
        excepted=wanted.excepted,
    )
    return _previewed(work, desk, group, wanted, group_rule_runs.of_plan(planned))


@pages.post("/look")
@administrator
@at_desk(again=show)
def look(work: Work, desk: Desk, group_id: str) -> Response:
    """Let a run find out who would enter and who would leave, where that takes longer than a page may."""
    group = _group(work, desk, group_id)
    begun = group_rule_runs.start_preview(work, group.id, _Wanted.read().of_run(), organization_id=desk.organization.id)
    return done(work, desk, _begun(), "console_runs.show", run_id=begun.id)


@pages.get("/previewed/<run_id>")
@administrator
@at_desk(again=show)
@fresh
def previewed(work: Work, desk: Desk, group_id: str, run_id: str) -> Response:
    """Say what a run has found out; while it goes on, its page says how far it is."""
    group, run = _group(work, desk, group_id), runs.get(work, desk.organization.id, run_id)
    if run.kind != group_rule_runs.PREVIEW or run.parameters["group_id"] != group.id:
        raise NotFound("There is no such preview.", field="run")
    if run.state != runs.FINISHED:
        return redirect("console_runs.show", run_id=run.id)
    asked = run.parameters
    excepted = None if asked["excepted"] is None else tuple(asked["excepted"])
    wanted = _Wanted(asked["condition"], excepted, asked["brake_percent"])
    return _previewed(work, desk, group, wanted, group_rule_runs.of_run(run))


def _previewed(work: Work, desk: Desk, group: Group, wanted: _Wanted, planned: Previewed) -> Response:
    found = group_exceptions.rule_of(work, group)
    brake = wanted.brake_percent if wanted.brake_percent is not None else 20 if found is None else found.brake_percent
    return console_page(
        work,
        desk,
        "console/groups/rule_preview.html",
        place=_PLACE,
        group=group,
        rule=found,
        wanted=wanted,
        planned=planned,
        brake=brake,
        brakes=planned.brakes(brake),
    )


@pages.post("/preview")
@administrator
@at_desk(again=show)
@fresh
def carry_out(work: Work, desk: Desk, group_id: str) -> Response:
    """Do what was previewed: keep the rule, with ``on`` switch it on; ``confirm`` lets one go on that holds itself."""
    wanted, looked_at, group = _Wanted.read(), _seen(), _group(work, desk, group_id)
    organization = desk.organization.slug
    if sizes.is_large(work, desk.organization.id):
        begun = group_rule_runs.start_change(
            work,
            group.id,
            wanted.of_run(),
            organization_id=desk.organization.id,
            seen=looked_at,
            if_version=lists.version(),
            switch_on="on" in request.form,
            confirm="confirm" in request.form,
        )
        return done(work, desk, _begun(), "console_runs.show", run_id=begun.id)
    with guarded(work, desk):
        if "confirm" in request.form:
            words = _ran(rules.confirm(work, group.id, organization=organization, seen=looked_at))
        else:
            written = rules.write(
                work,
                group.id,
                organization=organization,
                condition=wanted.condition,
                brake_percent=wanted.brake_percent,
                excepted=wanted.excepted,
                seen=looked_at,
                if_version=lists.version(),
            )
            words = _("Saved. The rule is off.") if written.active_at is None else _("Saved.")
            if "on" in request.form and written.active_at is None:
                words = _ran(rules.switch_on(work, group.id, organization=organization, seen=looked_at))
    return done(work, desk, words, "console_group_rules.show", group_id=group_id)


@pages.post("/off")
@administrator
@at_desk(again=show)
def switch_off(work: Work, desk: Desk, group_id: str) -> Response:
    """Switch the rule off."""
    _unchanged(work, desk, group_id)
    rules.switch_off(work, group_id, organization=desk.organization.slug)
    return done(work, desk, _("The rule is off. Its members stay."), "console_group_rules.show", group_id=group_id)


@pages.post("/run")
@administrator
@at_desk(again=show)
def run(work: Work, desk: Desk, group_id: str) -> Response:
    """Run the rule over everybody now."""
    _unchanged(work, desk, group_id)
    if sizes.is_large(work, desk.organization.id):
        begun = group_rule_runs.start_run(work, group_id, organization_id=desk.organization.id)
        return done(work, desk, _begun(), "console_runs.show", run_id=begun.id)
    with guarded(work, desk):
        ran = rules.run(work, group_id, organization=desk.organization.slug)
    return done(work, desk, _ran(ran), "console_group_rules.show", group_id=group_id)


@pages.get("/remove")
@administrator
@at_desk
@fresh
def farewell(work: Work, desk: Desk, group_id: str) -> Response:
    """Ask what becomes of those whom the rule has put into the group."""
    group = _group(work, desk, group_id)
    rule = group_rule_turns.rule(work, group)
    count = rules.members(work, rule)
    return console_page(
        work, desk, "console/groups/rule_remove.html", place=_PLACE, group=group, rule=rule, count=count
    )


@pages.post("/remove")
@administrator
@at_desk(again=farewell)
@fresh
def remove(work: Work, desk: Desk, group_id: str) -> Response:
    """Remove the rule; ``members`` says whether those whom it has put there stay."""
    chosen = request.form.get("members", "")
    if chosen not in ("keep", "let-go"):
        raise Invalid("Say what becomes of its members.", field="members")
    _unchanged(work, desk, group_id)
    with guarded(work, desk):
        rules.remove(work, group_id, organization=desk.organization.slug, keep_members=chosen == "keep")
    return done(work, desk, _("The rule is removed."), "console_group_rules.show", group_id=group_id)


def _begun() -> str:
    return _("It has begun. You may close your browser meanwhile.")


def _unchanged(work: Work, desk: Desk, group_id: str) -> None:
    group = _group(work, desk, group_id)
    seen.unchanged(group.id, group_rule_turns.rule(work, group).version)


def _ran(ran: Ran) -> str:
    if ran.held:
        return _("The rule holds itself: more people would leave than its brake allows.")
    counts = {"entered": len(ran.plan.entering), "left": len(ran.plan.leaving)}
    return _("%(entered)s entered, %(left)s left.", **counts)


def _seen() -> tuple[int, int]:
    """Return the numbers that the preview said."""
    said = [request.form.get(name, "") for name in ("entering", "leaving")]
    if not all(one.isascii() and one.isdecimal() and len(one) < 10 for one in said):
        raise Invalid("This form cannot be read.", field="entering", advice="Load the page again.")
    return int(said[0]), int(said[1])


def _group(work: Work, desk: Desk, group_id: str) -> Group:
    require(work, Permission.GROUP_EDIT, desk.organization.id)
    return queries.group(work, group_id, organization_id=desk.organization.id)
