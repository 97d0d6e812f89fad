"""Authentication policies: what each asks, who is in it, and what a change would mean before it is made."""

from typing import Any

from flask import Blueprint, Response, request

from idp.base.errors import IdpError, Invalid
from idp.base.work import Work
from idp.directory import authentication_policies, history, memberships, policy_members, queries, sizes
from idp.directory.console_models import Run
from idp.directory.models import Account
from idp.policy import authentication
from idp.policy.authentication import METHODS, RECOVERY, PolicyKind
from idp.policy.models import AuthenticationPolicy
from idp.policy.permissions import Permission
from idp.signon import bulk_acts
from idp.signon.bulk_acts import Chosen
from idp.signon.policy_effects import Effects, effects
from idp.signon.replaying import Replayed, judging, replay, with_terms
from idp.web.console import lists, replays, terms_form
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.guarding import guarded
from idp.web.languages import gettext as _
from idp.web.security import administrator

pages = Blueprint("console_policies", __name__, url_prefix="/admin/policies")

_PLACE = "policies"
_MOST_SHOWN = 50


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List the policies; say which one somebody is in, and why."""
    asked = lists.filters("who")["who"]
    every = authentication_policies.policies(work, desk.organization.slug)
    account, policy = _whose(work, desk, asked)
    return console_page(
        work,
        desk,
        "console/policies/index.html",
        place=_PLACE,
        policies=every,
        counts=authentication_policies.counts(work, desk.organization.id),
        asked=asked,
        account=account,
        policy=policy,
    )


@pages.get("/new")
@administrator
@at_desk
def new(work: Work, desk: Desk) -> Response:
    """Ask what a new policy says."""
    first = authentication.first_terms(PolicyKind.MEMBER)
    return _form(work, desk, None, first)


@pages.post("/new")
@administrator
@at_desk(again=new)
def create(work: Work, desk: Desk) -> Response:
    """Create a policy; nobody is in it yet."""
    kind = _kind(request.form.get("kind", ""))
    made = authentication_policies.create(
        work,
        desk.organization.slug,
        request.form.get("name", ""),
        terms_form.changes(request.form, authentication.first_terms(kind)),
        kind=kind,
    )
    return done(
        work, desk, _("The policy was created. Nobody is in it yet."), "console_policies.show", policy_id=made.id
    )


@pages.get("/<policy_id>")
@administrator
@at_desk
def show(work: Work, desk: Desk, policy_id: str) -> Response:
    """Show what a policy asks, and what standards advise against in it."""
    policy = _policy(work, desk, policy_id)
    terms = authentication_policies.terms_of(policy)
    return console_page(
        work,
        desk,
        "console/policies/show.html",
        place=_PLACE,
        policy=policy,
        terms=terms,
        count=authentication_policies.some_members(work, policy),
        many=sizes.MANY,
        advice=authentication.advice(terms),
    )


@pages.get("/<policy_id>/edit")
@administrator
@at_desk
@fresh
def edit(work: Work, desk: Desk, policy_id: str) -> Response:
    """Ask what is to change in a policy."""
    policy = _policy(work, desk, policy_id)
    return _form(work, desk, policy, authentication_policies.terms_of(policy))


@pages.post("/<policy_id>/edit")
@administrator
@at_desk(again=edit)
@fresh
def save(work: Work, desk: Desk, policy_id: str) -> Response:
    """Change a policy, or say first whom the change would meet."""
    policy = _policy(work, desk, policy_id)
    terms = authentication_policies.terms_of(policy)
    changes = terms_form.changes(request.form, terms)
    if request.form.get("act") == "look":
        found = effects(work, policy, changes)
        return _form(work, desk, policy, terms, found=found, replayed=_replayed(work, desk, policy, changes))
    with guarded(work, desk):
        authentication_policies.edit(
            work,
            desk.organization.slug,
            policy.id,
            changes,
            name=request.form.get("name", ""),
            if_version=lists.version(),
        )
    return done(work, desk, _("Saved. It counts at once."), "console_policies.show", policy_id=policy_id)


@pages.get("/<policy_id>/members")
@administrator
@at_desk
def members(work: Work, desk: Desk, policy_id: str) -> Response:
    """List who is in a policy."""
    return _members(work, desk, policy_id, [])


@pages.post("/<policy_id>/members")
@administrator
@at_desk(again=members)
@fresh
def move(work: Work, desk: Desk, policy_id: str) -> Response:
    """Move those who were ticked, named, or are in a group, to another policy; say what came of each."""
    people = [*request.form.getlist("account"), *request.form.get("people", "").split()]
    group, to = request.form.get("group", "").strip(), request.form.get("to", "")
    if not people and not group:
        raise Invalid(
            "Say who is to be moved.", field="people", advice="Tick people, write addresses, or name a group."
        )
    begun = _move_by_run(work, desk, group, to) if group else None
    if begun is not None and not people:
        words = _("It has begun. You may close your browser meanwhile.")
        return done(work, desk, words, "console_runs.show", run_id=begun.id)
    group = "" if begun is not None else group
    with guarded(work, desk):
        target = _policy(work, desk, to)
        moved = policy_members.move(work, desk.organization.slug, dict.fromkeys(people), target.id)
        if group:
            moved += policy_members.move_group(work, desk.organization.slug, group, target.id)
    refused = [one for one in moved if one.error is not None]
    if refused:
        return _members(work, desk, policy_id, refused, moved=len(moved) - len(refused))
    words = _("%(count)s moved to “%(name)s”.", count=len(moved), name=target.name)
    return done(work, desk, words, "console_policies.members", policy_id=policy_id)


def _move_by_run(work: Work, desk: Desk, group: str, to: str) -> Run | None:
    """Begin to move the members of a large group; None: they are few, and moved at once."""
    found, target = queries.group(work, group, organization_id=desk.organization.id), _policy(work, desk, to)
    chosen = Chosen(filters={"group": found.id})
    if memberships.count(work, found) <= bulk_acts.GROUP_AT_ONCE:
        return None
    return bulk_acts.start(work, bulk_acts.MOVE, organization_id=desk.organization.id, chosen=chosen, to=target.id)


@pages.get("/<policy_id>/history")
@administrator
@at_desk
def past(work: Work, desk: Desk, policy_id: str) -> Response:
    """Show what was done to a policy."""
    policy = _policy(work, desk, policy_id)
    entries = history.of_target(work, desk.organization.id, policy.id)
    return console_page(work, desk, "console/policies/history.html", place=_PLACE, policy=policy, entries=entries)


@pages.get("/<policy_id>/default")
@administrator
@at_desk
@fresh
def choosing(work: Work, desk: Desk, policy_id: str) -> Response:
    """Ask whether a policy is to be the default."""
    policy = _policy(work, desk, policy_id)
    now = authentication_policies.default_policy(work, desk.organization.id)
    count = authentication_policies.counts(work, desk.organization.id).get(now.id, 0)
    return console_page(
        work, desk, "console/policies/default.html", place=_PLACE, policy=policy, before=now, count=count
    )


@pages.post("/<policy_id>/default")
@administrator
@at_desk(again=choosing)
@fresh
def choose(work: Work, desk: Desk, policy_id: str) -> Response:
    """Make a policy the default."""
    with guarded(work, desk):
        chosen = authentication_policies.set_default(
            work, desk.organization.slug, _policy(work, desk, policy_id).id, if_version=lists.version()
        )
    words = _("“%(name)s” is the default now. Nobody was moved.", name=chosen.name)
    return done(work, desk, words, "console_policies.show", policy_id=policy_id)


@pages.get("/<policy_id>/delete")
@administrator
@at_desk
@fresh
def removal(work: Work, desk: Desk, policy_id: str) -> Response:
    """Ask whether a policy is to be deleted, and where those go who are in it."""
    policy = _policy(work, desk, policy_id)
    fits = PolicyKind.MEMBER if policy.kind == PolicyKind.MEMBER else PolicyKind.GUEST
    heirs = [
        one
        for one in authentication_policies.policies(work, desk.organization.slug)
        if one.id != policy.id and one.kind == fits
    ]
    return console_page(
        work,
        desk,
        "console/policies/delete.html",
        place=_PLACE,
        policy=policy,
        count=authentication_policies.some_members(work, policy),
        heirs=heirs,
    )


@pages.post("/<policy_id>/delete")
@administrator
@at_desk(again=removal)
@fresh
def delete(work: Work, desk: Desk, policy_id: str) -> Response:
    """Delete a policy; those who are in it enter another one."""
    policy = _policy(work, desk, policy_id)
    with guarded(work, desk):
        moved = authentication_policies.delete(
            work,
            desk.organization.slug,
            policy.id,
            move_to=request.form.get("move_to") or None,
            if_version=lists.version(),
        )
    words = _("The policy “%(name)s” was deleted; %(count)s were moved.", name=policy.name, count=moved)
    return done(work, desk, words, "console_policies.index")


def _form(
    work: Work,
    desk: Desk,
    policy: AuthenticationPolicy | None,
    terms: authentication.Terms,
    *,
    found: Effects | None = None,
    replayed: Replayed | None = None,
) -> Response:
    typed = request.form
    return console_page(
        work,
        desk,
        "console/policies/edit.html",
        place=_PLACE,
        policy=policy,
        name=typed.get("name", policy.name if policy is not None else ""),
        kind=typed.get("kind", PolicyKind.MEMBER.value),
        filled=terms_form.filled(terms, typed),
        ranges=terms_form.RANGES_SHOWN,
        methods=[str(one) for one in METHODS],
        recovery=RECOVERY,
        effects=found,
        replayed=replayed and replays.shown(replayed),
    )


def _replayed(work: Work, desk: Desk, policy: AuthenticationPolicy, changes: dict[str, Any]) -> Replayed | None:
    if not desk.may(Permission.AUDIT_READ):
        return None
    before = judging(work, desk.organization.id)
    terms = authentication.changed(
        authentication_policies.terms_of(policy), changes, kind=PolicyKind(policy.kind), now=work.now
    )
    after = with_terms(before, policy, terms)
    return replay(work, desk.organization.slug, before, after, days=replays.DAYS, most=replays.MOST)


def _members(work: Work, desk: Desk, policy_id: str, refused: list[Any], *, moved: int = 0) -> Response:
    policy = _policy(work, desk, policy_id)
    found = lists.listed(
        desk,
        "policy-members",
        {"policy": policy.id},
        lambda after, limit: policy_members.page(work, policy, after=after, limit=limit),
        lambda one: (one.email_key, one.id),
        limit=_MOST_SHOWN,
    )
    return console_page(
        work,
        desk,
        "console/policies/members.html",
        place=_PLACE,
        policy=policy,
        listed=found,
        targets=authentication_policies.policies(work, desk.organization.slug),
        refused=refused,
        moved=moved,
        status=409 if refused else 200,
    )


def _whose(work: Work, desk: Desk, asked: str) -> tuple[Account | None, AuthenticationPolicy | None]:
    if not asked:
        return None, None
    try:
        account = queries.account(work, asked, organization_id=desk.organization.id)
    except IdpError:
        return None, None
    return account, policy_members.policy_of(work, account)


def _policy(work: Work, desk: Desk, policy_id: str) -> AuthenticationPolicy:
    return authentication_policies.policy(work, desk.organization.slug, policy_id)


def _kind(said: str) -> PolicyKind:
    if said not in (PolicyKind.MEMBER, PolicyKind.GUEST_TEST):
        raise Invalid("A new policy is for members, or to try something with a few guests.", field="kind")
    return PolicyKind(said)
