"""Joining: domains whose people may join by themselves, and who waits for approval."""

from flask import Blueprint, Response, request, url_for

from idp.base.work import Work
from idp.directory import history, imports, join_rules, reaching
from idp.directory.joining_models import JoinRule
from idp.policy.permissions import Permission, require
from idp.signon import joining
from idp.web import context
from idp.web.console import confirming, joining_words, lists
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.languages import gettext as _
from idp.web.languages import ngettext
from idp.web.security import administrator

pages = Blueprint("console_joining", __name__, url_prefix="/admin/joining")

_PLACE = "joining"


LIST = lists.Listing(
    name="join-requests",
    file="console_joining.as_csv",
    read=lambda work, at, after, limit: joining.requests(
        work,
        organization_id=at.organization_id,
        state=at.chosen["state"] or joining.PENDING,
        after=joining_words.after(after),
        limit=limit,
    ),
    key=lambda one: (one.created_at.isoformat(), one.id),
    heads=("id", "email", "name", "state", "asked", "decided_by", "decided"),
    cells=lambda work, at, rows: (
        (one.id, one.email, one.name, one.state, one.created_at, one.decided_by, one.decided_at) for one in rows
    ),
    filters={"state": lists.one_of(joining.STATES)},
)
RULES = lists.Listing(
    name="join-rules",
    file="console_joining.rules_as_csv",
    read=lambda work, at, after, limit: join_rules.page(work, at.organization_id, after=after, limit=limit),
    key=lambda one: (one.domain,),
    heads=("id", "domain", "needs_approval", "notify", "kind", "groups", "created"),
    cells=lambda work, at, rows: (
        (one.id, one.domain, one.needs_approval, one.notify, one.kind, " ".join(one.groups), one.created_at)
        for one in rows
    ),
    cursor="rules_after",
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List the rules, and who waits; ``state`` shows those who were approved or denied."""
    address = context.settings().base_url + url_for("join.ask", organization=desk.organization.slug)
    return console_page(
        work,
        desk,
        "console/joining/index.html",
        place=_PLACE,
        listed=LIST.page(work, desk),
        rules=RULES.page(work, desk),
        address=address,
    )


@pages.get("/requests.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the requests to join that the address asks for as a CSV file, streamed."""
    require(work, Permission.REQUEST_READ, desk.organization.id)
    return LIST.as_csv(work, desk)


@pages.get("/rules.csv")
@administrator
@at_desk
def rules_as_csv(work: Work, desk: Desk) -> Response:
    """Send the rules by which people join as a CSV file, streamed."""
    require(work, Permission.DOMAIN_READ, desk.organization.id)
    return RULES.as_csv(work, desk)


@pages.get("/rules/new")
@administrator
@at_desk
@fresh
def new_rule(work: Work, desk: Desk) -> Response:
    """Ask for a domain, and how its people join."""
    require(work, Permission.DOMAIN_EDIT, desk.organization.id)
    return console_page(work, desk, "console/joining/rule.html", place=_PLACE, rule=None, names=[])


@pages.post("/rules/new")
@administrator
@at_desk(again=new_rule)
@fresh
def create_rule(work: Work, desk: Desk) -> Response:
    """Let people with an address on a domain join; at once, when somebody has said yes to what that does."""
    made = join_rules.create(
        work,
        request.form.get("domain", ""),
        organization=desk.organization.slug,
        needs_approval=request.form.get("how", "approval") != "at-once",
        notify=request.form.get("notify") == "on",
        kind=request.form.get("kind", ""),
        groups=joining_words.groups(),
    )
    if not made.needs_approval:
        _confirmed(work, desk, made, _("Add the rule"), (url_for("console_joining.index"), _("Joining")))
    words = _("People with an address on %(domain)s may join.", domain=made.domain)
    return done(work, desk, words, "console_joining.index")


@pages.get("/rules/<rule_id>")
@administrator
@at_desk
def rule(work: Work, desk: Desk, rule_id: str) -> Response:
    """Show a rule, to change it or to delete it; whoever may do that proves the second step before they type."""
    found = _rule(work, desk, rule_id)
    if desk.may(Permission.DOMAIN_EDIT) and desk.may(Permission.ACCOUNT_CREATE):
        unproven = confirming.second_step(work, desk)
        if unproven is not None:
            return unproven
    names = imports.group_names(work, desk.organization.id, found.groups)
    return console_page(
        work,
        desk,
        "console/joining/rule.html",
        place=_PLACE,
        rule=found,
        names=[names[one] for one in found.groups if one in names],
        entries=history.of_target(work, desk.organization.id, found.id) if desk.may("audit:read") else [],
    )


@pages.post("/rules/<rule_id>")
@administrator
@at_desk(again=rule)
@fresh
def save_rule(work: Work, desk: Desk, rule_id: str) -> Response:
    """Change a rule; where more may be had by it at once than before, when somebody has said yes to that."""
    found = _rule(work, desk, rule_id)
    before = _at_once(found)
    changed = join_rules.edit(
        work,
        found.id,
        organization=desk.organization.slug,
        needs_approval=request.form.get("how", "approval") != "at-once",
        notify=request.form.get("notify") == "on",
        kind=request.form.get("kind", ""),
        groups=joining_words.groups(),
        if_version=lists.version(),
    )
    if _at_once(changed) not in (None, before):
        back = url_for("console_joining.rule", rule_id=changed.id), changed.domain
        _confirmed(work, desk, changed, _("Save"), back)
    return done(work, desk, _("Saved."), "console_joining.index")


@pages.get("/rules/<rule_id>/delete")
@administrator
@at_desk
@fresh
def ask_to_delete(work: Work, desk: Desk, rule_id: str) -> Response:
    """Say what deleting a rule means, and for how many."""
    found = _rule(work, desk, rule_id)
    for permission in (Permission.DOMAIN_EDIT, Permission.ACCOUNT_CREATE):
        require(work, permission, desk.organization.id)
    count = joining.waiting_by(work, found)
    waits = ngettext(
        "%(num)s person who waits by it can still be approved.",
        "%(num)s people who wait by it can still be approved.",
        count,
    )
    question = confirming.Question(
        title=_("Delete the rule for %(domain)s?", domain=found.domain),
        says=[
            _("Nobody with an address on %(domain)s joins any more; who has joined stays.", domain=found.domain),
            waits % {"num": count},
        ],
        button=_("Delete the rule"),
        action=url_for("console_joining.delete_rule", rule_id=found.id),
        back=(url_for("console_joining.rule", rule_id=found.id), found.domain),
        version=found.version,
        danger=True,
    )
    return confirming.ask(work, desk, question, place=_PLACE)


@pages.post("/rules/<rule_id>/delete")
@administrator
@at_desk(again=ask_to_delete)
@fresh
def delete_rule(work: Work, desk: Desk, rule_id: str) -> Response:
    """Delete a rule."""
    found = _rule(work, desk, rule_id)
    join_rules.delete(work, found.id, organization=desk.organization.slug, if_version=lists.version())
    return done(work, desk, _("Nobody joins by %(domain)s any more.", domain=found.domain), "console_joining.index")


@pages.get("/requests/<request_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, request_id: str) -> Response:
    """Show who waits, to decide on it."""
    found = joining.get(work, request_id, organization_id=desk.organization.id)
    return console_page(work, desk, "console/joining/request.html", place=_PLACE, found=found)


@pages.post("/requests/<request_id>")
@administrator
@at_desk(again=show)
def decide(work: Work, desk: Desk, request_id: str) -> Response:
    """Let somebody who waits join, or not."""
    if request.form.get("act") == "approve":
        account = joining.approve(work, request_id, organization_id=desk.organization.id)
        words = _("%(email)s has joined: a link to set a password is on its way.", email=account.email)
    else:
        answer = request.form.get("answer", "")
        found = joining.deny(work, request_id, answer, organization_id=desk.organization.id)
        words = _("%(email)s does not join, and is told why.", email=found.email)
    return done(work, desk, words, "console_joining.index")


def _at_once(of: JoinRule) -> tuple[str, tuple[str, ...]] | None:
    """Return what whoever joins by a rule is, and enters, at once; None: somebody approves first."""
    return None if of.needs_approval else (of.kind, tuple(of.groups))


def _confirmed(work: Work, desk: Desk, of: JoinRule, button: str, back: tuple[str, str]) -> None:
    """Ask before a rule by which people join at once is kept."""
    count = reaching.on_domain(work, desk.organization.id, of.domain)
    said = ngettext(
        "Whoever proves an address on %(domain)s joins at once, without anybody's approval; %(num)s person here has such an address today.",
        "Whoever proves an address on %(domain)s joins at once, without anybody's approval; %(num)s people here have such an address today.",
        count,
    )
    says = [said % {"num": count, "domain": of.domain}]
    if of.groups:
        entered = ngettext(
            "They enter %(num)s group, and get what that opens.",
            "They enter %(num)s groups, and get what these open.",
            len(of.groups),
        )
        says.append(entered % {"num": len(of.groups)})
    question = confirming.Question(
        title=_("Let people with an address on %(domain)s join at once?", domain=of.domain),
        says=says,
        button=button,
        action=request.path,
        back=back,
        carried=confirming.sent_on(),
        version=lists.version(),
    )
    confirming.confirmed(question, place=_PLACE)


def _rule(work: Work, desk: Desk, rule_id: str) -> JoinRule:
    return join_rules.rule(work, rule_id, organization=desk.organization.slug)
