"""`idp request …`: what people have asked to open, and deciding on it."""

from typing import Any

import click

from idp.base.work import Work
from idp.cli import show
from idp.cli.account_lookup import ORGANIZATION
from idp.cli.context import Group, open_work, tell, tell_all
from idp.cli.instants import read
from idp.directory import access_requests, queries
from idp.directory.access_requests import Asked

_REQUEST = click.argument("request_id", metavar="REQUEST")


@click.group(cls=Group)
def request() -> None:
    """Requests for access to applications. REQUEST is an id (arq_…)."""


@request.command("list")
@click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
@click.option("--state", type=click.Choice(access_requests.STATES), default=access_requests.PENDING, show_default=True)
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
def list_(organization: str, state: str, limit: int) -> None:
    """List requests: those that wait the oldest first, others the newest."""
    with open_work() as work:
        owner = queries.organization(work, organization)
        found = [_asked(one) for one in access_requests.queue(work, owner.id, state=state, limit=limit)]
    tell_all(
        found,
        lambda one: f"{one['id']}  {one['email']}  {one['application']}  {one['created_at']}  {one['reason']}",
        none="Nobody asks for anything.",
    )


@request.command()
@_REQUEST
@ORGANIZATION
@click.option(
    "--until", metavar="TIME", help="When the access ends, as 2026-11-30T08:00Z; default: when it is withdrawn."
)
@click.option("--answer", default="", help="What to tell the person.")
def approve(request_id: str, organization: str | None, until: str | None, answer: str) -> None:
    """Give what REQUEST asks for; the person is told."""
    end = None if until is None else read(until, field="until")
    with open_work() as work:
        done = access_requests.approve(
            work, request_id, organization_id=_where(work, organization), answer=answer, until=end
        )
        tell(_asked(done), f"{done.account.email} may now open {done.application.name}")


@request.command()
@_REQUEST
@ORGANIZATION
@click.option("--answer", required=True, help="Why; the person is told.")
def deny(request_id: str, organization: str | None, answer: str) -> None:
    """Refuse what REQUEST asks for."""
    with open_work() as work:
        done = access_requests.deny(work, request_id, answer, organization_id=_where(work, organization))
        tell(_asked(done), f"{done.account.email} does not get {done.application.name}, and is told why")


def _where(work: Work, slug: str | None) -> str | None:
    return queries.organization(work, slug).id if slug is not None else None


def _asked(of: Asked) -> dict[str, Any]:
    return {
        "id": of.request.id,
        "organization_id": of.request.organization_id,
        "account_id": of.account.id,
        "email": of.account.email,
        "application_id": of.application.id,
        "application": of.application.name,
        "reason": of.request.reason,
        "state": of.request.state,
        "created_at": show.instant(of.request.created_at),
        "decided_at": show.instant(of.request.decided_at),
        "decided_by": of.request.decided_by,
        "answer": of.request.answer,
        "grant_id": of.request.grant_id,
    }
