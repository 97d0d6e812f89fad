"""`idp join-rule …`: who may join by themselves, and who waits."""

from typing import Any

import click

from idp.base.errors import Invalid
from idp.cli import show
from idp.cli.account_lookup import ORGANIZATION, organization_id
from idp.cli.context import Group, open_work, tell, tell_all
from idp.directory import join_rules
from idp.directory.joining_models import JoinRequest, JoinRule
from idp.signon import joining

_RULE = click.argument("reference", metavar="RULE")
_REQUEST = click.argument("request_id", metavar="REQUEST")
_OF = click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
_KIND = click.option("--kind", type=click.Choice(join_rules.KINDS), help="What their accounts are (default: member).")
_GROUP = click.option("--group", "groups", multiple=True, metavar="NAME", help="A group that they enter; repeatable.")
_APPROVAL = click.option(
    "--approval/--no-approval", default=None, help="Somebody approves first (default); without, the domain is proven."
)
_NOTIFY = click.option(
    "--notify/--no-notify", default=None, help="Tell those who may approve by mail (default) of everybody who waits."
)


@click.group("join-rule", cls=Group)
def join_rule() -> None:
    """Domains whose people may join by themselves, at /join/ORG. RULE is an id (jnr_…) or a domain."""


@join_rule.command()
@click.argument("domain")
@_OF
@_APPROVAL
@_NOTIFY
@_KIND
@_GROUP
def create(
    domain: str,
    organization: str,
    approval: bool | None,
    notify: bool | None,
    kind: str | None,
    groups: tuple[str, ...],
) -> None:
    """Let whoever proves an address on DOMAIN join."""
    with open_work() as work:
        made = join_rules.create(
            work,
            domain,
            organization=organization,
            needs_approval=approval is not False,
            notify=notify is not False,
            kind=kind or "member",
            groups=groups,
        )
        tell(_rule(made), f"people at {made.domain} may join at /join/{organization}{_how(made)}")


@join_rule.command("set")
@_RULE
@_OF
@_APPROVAL
@_NOTIFY
@_KIND
@_GROUP
@click.option("--no-groups", is_flag=True, help="They enter no group.")
def set_(
    reference: str,
    organization: str,
    approval: bool | None,
    notify: bool | None,
    kind: str | None,
    groups: tuple[str, ...],
    no_groups: bool,
) -> None:
    """Change RULE; what is not named stays as it is. Groups take the place of those that were there."""
    if groups and no_groups:
        raise Invalid("Say either --group or --no-groups.", field="groups")
    with open_work() as work:
        done = join_rules.edit(
            work,
            reference,
            organization=organization,
            needs_approval=approval,
            notify=notify,
            kind=kind,
            groups=groups if groups or no_groups else None,
        )
        tell(_rule(done), f"changed the rule for {done.domain}{_how(done)}")


@join_rule.command()
@_RULE
@_OF
def delete(reference: str, organization: str) -> None:
    """Let nobody join by RULE any more; who has joined stays."""
    with open_work() as work:
        done = join_rules.delete(work, reference, organization=organization)
        tell(_rule(done), f"nobody joins by {done.domain} any more")


@join_rule.command("list")
@ORGANIZATION
def list_(organization: str | None) -> None:
    """List the rules by domain."""
    with open_work() as work:
        found = [_rule(one) for one in join_rules.rules(work, organization_id=organization_id(work, organization))]
    tell_all(
        found,
        lambda one: f"{one['id']}  {one['domain']}  {'with approval' if one['needs_approval'] else 'at once'}",
        none="Nobody joins by themselves.",
    )


@join_rule.command()
@ORGANIZATION
@click.option("--state", type=click.Choice(joining.STATES), default=joining.PENDING, show_default=True)
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
def waiting(organization: str | None, state: str, limit: int) -> None:
    """List who has proven an address and waits for approval."""
    with open_work() as work:
        where = organization_id(work, organization)
        found = [_request(one) for one in joining.requests(work, organization_id=where, state=state, limit=limit)]
    tell_all(
        found,
        lambda one: f"{one['id']}  {one['email']}  {one['name']}  {one['created_at']}  {one['state']}",
        none="Nobody waits.",
    )


@join_rule.command()
@_REQUEST
@ORGANIZATION
def approve(request_id: str, organization: str | None) -> None:
    """Make the account of whoever waits with REQUEST (jnq_…), and mail them a link to set its password."""
    with open_work() as work:
        account = joining.approve(work, request_id, organization_id=organization_id(work, organization))
        tell(show.account(account), f"{account.email} has joined: a link is on its way, good for 7 days")


@join_rule.command()
@_REQUEST
@ORGANIZATION
@click.option("--answer", required=True, help="Why; they are told.")
def deny(request_id: str, organization: str | None, answer: str) -> None:
    """Refuse whoever waits with REQUEST (jnq_…)."""
    with open_work() as work:
        done = joining.deny(work, request_id, answer, organization_id=organization_id(work, organization))
        tell(_request(done), f"{done.email} does not join, and is told why")


def _how(of: JoinRule) -> str:
    return " when somebody has approved" if of.needs_approval else " at once"


def _rule(of: JoinRule) -> dict[str, Any]:
    return {
        "id": of.id,
        "organization_id": of.organization_id,
        "domain": of.domain,
        "needs_approval": of.needs_approval,
        "notify": of.notify,
        "kind": of.kind,
        "groups": of.groups,
        "created_at": show.instant(of.created_at),
    }


def _request(of: JoinRequest) -> dict[str, Any]:
    return {
        "id": of.id,
        "organization_id": of.organization_id,
        "email": of.email,
        "name": of.name,
        "state": of.state,
        "created_at": show.instant(of.created_at),
        "decided_at": show.instant(of.decided_at),
        "decided_by": of.decided_by,
        "answer": of.answer,
        "account_id": of.account_id,
    }
