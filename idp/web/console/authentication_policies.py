"""Authentication policies: what each asks, who is in it, and what a change would mean before it is made."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, request

from idp.base.errors import IdpError, Invalid
from idp.base.work import Work
from idp.directory import (
    account_lists,
    authentication_policies,
    authentication_policy_changes,
    history,
    memberships,
    policy_lists,
    policy_members,
    queries,
    sizes,
)
from idp.directory.console_models import Run
from idp.directory.models import Account
from idp.oidc.api_tokens import administered as api_tokens
from idp.policy import authentication
from idp.policy.authentication import METHODS, RECOVERY, PolicyKind
from idp.policy.models import AuthenticationPolicy
from idp.policy.permissions import Permission
from idp.signon import bulk_account_acts, bulk_acts
from idp.signon.bulk_acts import Chosen
from idp.signon.policy_effects import Effects, effects
from idp.signon.replaying import Replayed, judging, replay, with_terms
from idp.web.console import lists, replays, terms_form
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.guarding import guarded
from idp.web.console.lists import At
from idp.web.languages import gettext as _
from idp.web.languages import ngettext
from idp.web.security import administrator

pages = Blueprint("console_policies", __name__, url_prefix="/admin/policies")

_PLACE = "policies"


def _cells(work: Work, at: At, rows: Sequence[AuthenticationPolicy]) -> Iterator[Sequence[object]]:
    counts = authentication_policies.counts(work, at.organization_id)
    for one in rows:
        yield one.id, one.name, one.kind, one.is_default, one.second_step, counts.get(one.id, 0), one.created_at


LIST = lists.Listing(
    name="authentication-policies",
    file="console_policies.as_csv",
    read=lambda work, at, after, limit: policy_lists.authentication(
        work, at.organization_id, after=after, limit=limit, starting=at.chosen["q"], kind=at.chosen["kind"]
    ),
    key=policy_lists.authentication_key,
    heads=("id", "name", "for", "default", "second_step", "people", "created"),
    cells=_cells,
    filters={"q": lists.text, "kind": lists.one_of(PolicyKind)},
)
MEMBERS = lists.Listing(
    name="policy-members",
    file="console_policies.members_as_csv",
    read=lambda work, at, after, limit: policy_members.page(
        work, at.of, after=after, limit=limit, starting=at.chosen["q"], kind=at.chosen["kind"]
    ),
    key=lambda one: (one.email_key, one.id),
    heads=("id", "email", "name", "kind", "state"),
    cells=lambda work, at, rows: ((one.id, one.email, one.name, one.kind, account_lists.state_of(one)) for one in rows),
    filters={"q": lists.text, "kind": lists.one_of(account_lists.KINDS)},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk) -> Response:
    """List the policies; ``q`` and ``kind`` narrow the list. Say which one somebody (``who``) is in, and why."""
    asked = lists.filters("who")["who"]
    account, policy = _whose(work, desk, asked)
    return console_page(
        work,
        desk,
        "console/policies/index.html",
        place=_PLACE,
        listed=LIST.page(work, desk),
        counts=authentication_policies.counts(work, desk.organization.id),
        asked=asked,
        account=account,
        policy=policy,
    )


@pages.get("/policies.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk) -> Response:
    """Send the policies that the address asks for as a CSV file, streamed."""
    return LIST.as_csv(work, desk)


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
    made = authentication_policy_changes.create(
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
        countable=sizes.MANY,
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
        tokens = api_tokens.would_stop(work, policy, changes)
        replayed = _replayed(work, desk, policy, changes)
        return _form(work, desk, policy, terms, found=found, tokens=tokens, replayed=replayed)
    with guarded(work, desk):
        authentication_policy_changes.edit(
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


@pages.get("/<policy_id>/members.csv")
@administrator
@at_desk
def members_as_csv(work: Work, desk: Desk, policy_id: str) -> Response:
    """Send who is in a policy as a CSV file, streamed."""
    return MEMBERS.as_csv(work, desk, _policy(work, desk, policy_id))


@pages.post("/<policy_id>/members")
@administrator
@at_desk(again=members)
@fresh
def move(work: Work, desk: Desk, policy_id: str) -> Response:
    """Move those who were ticked, named, or are in a group, to another policy; say what came of each."""
    _policy(work, desk, policy_id)
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
    return bulk_acts.start(
        work, bulk_account_acts.MOVE, organization_id=desk.organization.id, chosen=chosen, to=target.id
    )


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
        chosen = authentication_policy_changes.set_default(
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
        moved = authentication_policy_changes.delete(
            work,
            desk.organization.slug,
            policy.id,
            move_to=request.form.get("move_to") or None,
            if_version=lists.version(),
        )
    words = ngettext(
        "The policy “%(name)s” was deleted; %(num)s person was moved.",
        "The policy “%(name)s” was deleted; %(num)s people were moved.",
        moved,
    )
    words %= {"num": moved, "name": policy.name}
    return done(work, desk, words, "console_policies.index")


def _form(
    work: Work,
    desk: Desk,
    policy: AuthenticationPolicy | None,
    terms: authentication.Terms,
    *,
    found: Effects | None = None,
    tokens: int = 0,
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
        tokens=tokens,
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
    return console_page(
        work,
        desk,
        "console/policies/members.html",
        place=_PLACE,
        policy=policy,
        listed=MEMBERS.page(work, desk, policy),
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
