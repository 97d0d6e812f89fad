"""The rules of an access policy, one at a time: written, tried, switched on and off, moved, deleted."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from idp.base.errors import Invalid, NotFound
from idp.base.work import Work
from idp.directory import access_names, access_policies, queries, zones
from idp.policy.access import editing, words
from idp.policy.access.context import AccountKind, Behaviour, RequestKind
from idp.policy.access.documents import DAYS, STRENGTHS
from idp.policy.access.rules import BROWSERS, OPERATING_SYSTEMS, Mode, Rule, Rules
from idp.policy.models import AccessPolicy
from idp.policy.permissions import Permission
from idp.policy.signon import STRONG_SECOND_STEPS, Method
from idp.signon.replaying import judging, replay, with_rules
from idp.signon.reporting import report
from idp.web.console import access_form, lists, replays
from idp.web.console.access_policies import TRIALS, found, minutes, on_trial, said
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.guarding import guarded
from idp.web.security import administrator

pages = Blueprint("console_access_rules", __name__, url_prefix="/admin/access/<policy_id>/rules")

_PLACE = "access"
_SHOW = "console_access.show"
Change = Callable[[Rules], Rules]


@pages.get("/new-<kind>")
@administrator
@at_desk
@fresh
def new(work: Work, desk: Desk, policy_id: str, kind: str) -> Response:
    """Ask what a new rule, or guard rail, says."""
    return _form(work, desk, found(work, desk, policy_id), _kind(kind), None)


@pages.post("/new-<kind>")
@administrator
@at_desk(again=new)
@fresh
def create(work: Work, desk: Desk, policy_id: str, kind: str) -> Response:
    """Add a rule, or say first what it would have meant."""
    policy, kind = found(work, desk, policy_id), _kind(kind)
    mode = _mode_of_new(request.form.get("mode", ""))
    looking = request.form.get("act") == "look"
    made = access_form.rule(request.form, kind, "", Mode.ON.value if looking else mode.value)
    first = request.form.get("place") == "first"
    change: Change = lambda rules: editing.added(rules, kind, made, first=first)  # noqa: E731
    if looking:
        return _form(work, desk, policy, kind, None, replayed=_replayed(work, desk, policy, change))
    return _kept(work, desk, policy, change)


@pages.get("/<rule_id>")
@administrator
@at_desk
@fresh
def edit(work: Work, desk: Desk, policy_id: str, rule_id: str) -> Response:
    """Ask what is to change in a rule."""
    policy = found(work, desk, policy_id)
    kind, rule = editing.find(access_policies.rules_of(work, policy), rule_id)
    return _form(work, desk, policy, kind, rule)


@pages.post("/<rule_id>")
@administrator
@at_desk(again=edit)
@fresh
def save(work: Work, desk: Desk, policy_id: str, rule_id: str) -> Response:
    """Change a rule, or say first what the change would have meant. Whether it counts stays as it is."""
    policy = found(work, desk, policy_id)
    kind, rule = editing.find(access_policies.rules_of(work, policy), rule_id)
    looking = request.form.get("act") == "look"
    mode = Mode.ON if looking else rule.mode
    changed = access_form.rule(request.form, kind, rule_id, mode.value)
    change: Change = lambda rules: editing.changed(rules, changed)  # noqa: E731
    if looking:
        return _form(work, desk, policy, kind, rule, replayed=_replayed(work, desk, policy, change))
    return _kept(work, desk, policy, change)


@pages.get("/<rule_id>/mode")
@administrator
@at_desk
@fresh
def switching(work: Work, desk: Desk, policy_id: str, rule_id: str) -> Response:
    """Ask whether a rule is to count, only to report, or to be off; say whom it would have met."""
    policy, rule = _policy_and_rule(work, desk, policy_id, rule_id)
    return _rule_page(
        work,
        desk,
        "mode",
        policy,
        rule,
        **_report(work, desk, rule),
        days=replays.DAYS,
        replayed=None
        if rule.mode is Mode.ON
        else _replayed(work, desk, policy, lambda of: editing.with_mode(of, rule_id, Mode.ON)),
    )


@pages.post("/<rule_id>/mode")
@administrator
@at_desk(again=switching)
@fresh
def switch(work: Work, desk: Desk, policy_id: str, rule_id: str) -> Response:
    """Let a rule count, only report, or be off."""
    mode = request.form.get("mode", "")
    if mode not in set(Mode):
        raise Invalid("A rule counts, only reports, or is off.", field="mode")
    policy = found(work, desk, policy_id)
    return _kept(work, desk, policy, lambda rules: editing.with_mode(rules, rule_id, Mode(mode)))


@pages.post("/<rule_id>/move")
@administrator
@at_desk
@fresh
def move(work: Work, desk: Desk, policy_id: str, rule_id: str) -> Response:
    """Move a rule one place up or down: the first that matches answers."""
    by = -1 if request.form.get("by") == "up" else 1
    return _kept(work, desk, found(work, desk, policy_id), lambda rules: editing.moved(rules, rule_id, by))


@pages.get("/<rule_id>/delete")
@administrator
@at_desk
@fresh
def removal(work: Work, desk: Desk, policy_id: str, rule_id: str) -> Response:
    """Ask whether a rule is to be deleted; say what it would have meant."""
    policy, rule = _policy_and_rule(work, desk, policy_id, rule_id)
    replayed = _replayed(work, desk, policy, lambda of: editing.removed(of, rule_id))
    return _rule_page(work, desk, "delete_rule", policy, rule, replayed=replayed)


@pages.post("/<rule_id>/delete")
@administrator
@at_desk(again=removal)
@fresh
def delete(work: Work, desk: Desk, policy_id: str, rule_id: str) -> Response:
    """Delete a rule."""
    return _kept(work, desk, found(work, desk, policy_id), lambda rules: editing.removed(rules, rule_id))


@pages.get("/otherwise")
@administrator
@at_desk
@fresh
def otherwise(work: Work, desk: Desk, policy_id: str) -> Response:
    """Ask what holds where no rule matches."""
    return _otherwise(work, desk, found(work, desk, policy_id), None)


@pages.post("/otherwise")
@administrator
@at_desk(again=otherwise)
@fresh
def save_otherwise(work: Work, desk: Desk, policy_id: str) -> Response:
    """Change what holds where no rule matches, or say first what that would have meant."""
    policy, answer = found(work, desk, policy_id), access_form.answer(request.form)
    change: Change = lambda rules: editing.with_catch_all(rules, answer)  # noqa: E731
    if request.form.get("act") == "look":
        return _otherwise(work, desk, policy, _replayed(work, desk, policy, change))
    return _kept(work, desk, policy, change)


def _policy_and_rule(work: Work, desk: Desk, policy_id: str, rule_id: str) -> tuple[AccessPolicy, Rule]:
    policy = found(work, desk, policy_id)
    _kind, rule = editing.find(access_policies.rules_of(work, policy), rule_id)
    return policy, rule


def _rule_page(work: Work, desk: Desk, name: str, policy: AccessPolicy, rule: Rule, **values: Any) -> Response:
    names = access_names.of_rules(work, desk.organization.id, Rules(rules=(rule,)))
    return console_page(
        work,
        desk,
        f"console/access/{name}.html",
        place=_PLACE,
        policy=policy,
        rule=rule,
        sentence_=words.sentence(rule, names),
        number=access_policies.number_of(work, policy),
        trials=TRIALS,
        **values,
    )


def _kept(work: Work, desk: Desk, policy: AccessPolicy, change: Change) -> Response:
    """Keep changed rules as a new version; refused if they would lock administrators out."""
    trial = minutes()
    try:
        with guarded(work, desk, on_trial=trial is not None):
            access_policies.write(
                work,
                desk.organization.slug,
                policy.id,
                change(access_policies.rules_of(work, policy)),
                if_version=lists.version(),
                trial=trial,
            )
    except Invalid as error:
        raise access_form.plain(error) from error
    return done(work, desk, said(trial), _SHOW, policy_id=policy.id)


def _replayed(work: Work, desk: Desk, policy: AccessPolicy, change: Change) -> replays.Shown | None:
    """Return whom changed rules would have met, for those who may read the log; what is on trial is not looked at."""
    if not desk.may(Permission.AUDIT_READ) or on_trial(work, policy):
        return None
    before = judging(work, desk.organization.id)
    try:
        after = with_rules(work, before, policy, change(access_policies.rules_of(work, policy)))
    except Invalid as error:
        raise access_form.plain(error) from error
    days = replays.days(request.form.get("days", ""))
    made = replay(work, desk.organization.slug, before, after, days=days, most=replays.MOST)
    return replays.shown(made)


def _report(work: Work, desk: Desk, rule: Rule) -> dict[str, Any]:
    """Return what a rule has reported, and whether only the newest sign-ons were looked at."""
    if rule.mode is not Mode.REPORT_ONLY or not desk.may(Permission.AUDIT_READ):
        return {"report": None, "newest": False}
    made = report(work, desk.organization.slug, days=replays.DAYS, most=replays.MOST)
    return {"report": next((one for one in made.rules if one.rule_id == rule.id), None), "newest": made.newest}


def _form(
    work: Work,
    desk: Desk,
    policy: AccessPolicy,
    kind: str,
    rule: Rule | None,
    *,
    replayed: replays.Shown | None = None,
) -> Response:
    shown = None if rule is None else _spelled(work, desk, rule)
    return console_page(
        work,
        desk,
        "console/access/rule.html",
        place=_PLACE,
        policy=policy,
        kind=kind,
        rule=rule,
        number=access_policies.number_of(work, policy),
        until=on_trial(work, policy),
        filled=access_form.filled(shown, kind, request.form),
        replayed=replayed,
        looked=request.form.get("act") == "look",
        zones=[one.name for one in zones.zones(work, desk.organization.slug)],
        sites=[one.slug for one in queries.sites(work, organization_id=desk.organization.id)],
        form=request.form,
        trials=TRIALS,
        **_CHOICES,
    )


def _otherwise(work: Work, desk: Desk, policy: AccessPolicy, replayed: replays.Shown | None) -> Response:
    rules = access_policies.rules_of(work, policy)
    return console_page(
        work,
        desk,
        "console/access/otherwise.html",
        place=_PLACE,
        policy=policy,
        number=access_policies.number_of(work, policy),
        until=on_trial(work, policy),
        filled=access_form.filled_answer(rules.catch_all, request.form),
        replayed=replayed,
        looked=request.form.get("act") == "look",
        form=request.form,
        trials=TRIALS,
        **_CHOICES,
    )


def _spelled(work: Work, desk: Desk, rule: Rule) -> Rule:
    return access_names.spelled(work, desk.organization.id, Rules(rules=(rule,))).rules[0]


def _kind(said_: str) -> str:
    if said_ not in (editing.GUARD, editing.RULE):
        raise NotFound("There are rules and guard rails, and nothing else.", field="kind")
    return said_


def _mode_of_new(said_: str) -> Mode:
    """A new rule reports only, unless somebody says that it counts: that is asked for on a page of its own."""
    return Mode.OFF if said_ == Mode.OFF else Mode.REPORT_ONLY


_CHOICES: dict[str, Any] = {
    "account_kinds": [one.value for one in AccountKind if one is not AccountKind.BREAK_GLASS],
    "operating_systems": OPERATING_SYSTEMS,
    "browsers": BROWSERS,
    "requests": [one.value for one in RequestKind],
    "weekdays": DAYS,
    "behaviours": [one.value for one in Behaviour],
    "all_methods": [one.value for one in Method],
    "answer_methods": [one.value for one in Method if one in STRONG_SECOND_STEPS],
    "strengths": [one for one in STRENGTHS if one != "password"],
}
