"""Who can open what, and why: `idp account access`, `idp account why-not`, `idp application people`; to give and to take."""

from typing import Any

import click

from idp.cli import instants, show
from idp.cli.account_lookup import ORGANIZATION
from idp.cli.account_lookup import find as find_account
from idp.cli.application_lookup import find as find_application
from idp.cli.context import Command, open_work, tell
from idp.cli.guarded import guarded_work
from idp.directory import default_groups, paths, queries
from idp.directory.models import Organization
from idp.directory.paths import Way
from idp.signon import why_not as why_not_

_AT = click.option(
    "--at", metavar="TIME", help="On that day, like 2026-03-01 or 2026-03-01T12:00+01:00 (default: now)."
)
_APPLICATION = click.argument("application", metavar="APP")


@click.command("access", cls=Command)
@click.argument("email")
@ORGANIZATION
@_AT
def account_access(email: str, organization: str | None, at: str | None) -> None:
    """Say what the account EMAIL can open, now or on a day, and every fact that gives it."""
    with open_work() as work:
        account = find_account(work, email, organization)
        moment = None if at is None else instants.read(at, field="at")
        found = paths.of_account(work, account.id, organization_id=account.organization_id, at=moment)
    value = {
        "account_id": account.id,
        "email": account.email,
        "at": show.instant(found.at),
        "state": found.state,
        "applications": [
            {
                "id": one.application.id,
                "name": one.application.name,
                "site": one.site,
                "state": one.state,
                "site_state": one.site_state,
                "ways": [_way(way) for way in one.ways],
            }
            for one in found.openings
        ],
        "limits": list(found.limits),
    }
    lines = [f"{account.email}, {found.at:%Y-%m-%d %H:%M} UTC ({found.state})"]
    for one in found.openings:
        lines.append(f"  {one.application.name} at {one.site}{'' if one.opens else '  (switched off)'}")
        lines += [f"    {way_words(way)}" for way in one.ways]
    lines += [] if found.openings else ["  nothing"]
    tell(value, "\n".join([*lines, *found.limits]))


@click.command("people", cls=Command)
@_APPLICATION
@_AT
@click.option("--starting", default="", metavar="EMAIL", help="Only those whose address begins so.")
@click.option("--after", default="", metavar="EMAIL", help="Go on after this person.")
@click.option("--limit", default=50, type=click.IntRange(1, 200), show_default=True, help="At most so many.")
def application_people(application: str, at: str | None, starting: str, after: str, limit: int) -> None:
    """Say who can open the application APP, now or on a day, and every fact that gives it to them."""
    with open_work() as work:
        of = find_application(work, application)
        last = queries.account(work, after, organization_id=of.organization_id) if after else None
        found = paths.of_application(
            work,
            of.id,
            at=None if at is None else instants.read(at, field="at"),
            after=None if last is None else (last.email_key, last.id),
            starting=starting,
            limit=limit,
            count_to=None,
        )
    value = {
        "application_id": of.id,
        "name": of.name,
        "at": show.instant(found.at),
        "state": found.state,
        "site_state": found.site_state,
        "everyone": found.everyone,
        "count": found.count,
        "people": [
            {
                "account_id": one.account.id,
                "email": one.account.email,
                "state": one.state,
                "ways": [_way(way) for way in one.ways],
            }
            for one in found.people
        ],
        "limits": list(found.limits),
    }
    lines = [f"{of.name}, {found.at:%Y-%m-%d %H:%M} UTC ({found.state})"]
    lines[0] += "" if found.count is None else f": {found.count} people"
    for one in found.people:
        lines.append(f"  {one.account.email}{'' if one.state == paths.ACTIVE else f'  ({one.state})'}")
        lines += [f"    {way_words(way)}" for way in one.ways]
    tell(value, "\n".join([*lines, *found.limits]))


@click.command("why-not", cls=Command)
@click.argument("email")
@_APPLICATION
@ORGANIZATION
@click.option("--ip", default="", metavar="IP", help="From this address (default: that of their last attempt).")
def why_not(email: str, application: str, organization: str | None, ip: str) -> None:
    """Say in one sentence why the account EMAIL cannot open the application APP."""
    with open_work() as work:
        account = find_account(work, email, organization)
        of = find_application(work, application)
        found = why_not_.why_not(work, account.id, of.id, organization_id=account.organization_id, ip=ip)
    tell(
        {
            "account_id": account.id,
            "application_id": of.id,
            "opens": found.opens,
            "code": found.code,
            "sentence": found.sentence(),
            "groups": [{"id": one.id, "name": one.name} for one in found.groups],
            "requestable": found.requestable,
            "ip": found.ip or None,
        },
        found.sentence() + (" They may ask for it in the launcher." if found.requestable else ""),
    )


@click.command("give", cls=Command)
@click.argument("email")
@_APPLICATION
@ORGANIZATION
@click.option("--reason", default="", metavar="TEXT", help="Why, kept with a grant of their own.")
def give(email: str, application: str, organization: str | None, reason: str) -> None:
    """Give the account EMAIL the application APP: by its default groups, or where there is none by a grant of its own."""
    with open_work() as work:
        account = find_account(work, email, organization)
        slug = work.tx.session.get_one(Organization, account.organization_id).slug
    with guarded_work(slug) as work:
        given = default_groups.give(work, account.id, find_application(work, application).id, reason=reason)
        by = f"by the groups {', '.join(one.name for one in given.groups)}" if given.groups else "by a grant of its own"
        tell(
            {
                "account_id": account.id,
                "application_id": given.application.id,
                "groups": [{"id": one.id, "name": one.name} for one in given.groups],
                "grant_id": None if given.grant is None else given.grant.id,
            },
            f"gave {account.email} {given.application.name} {by}",
        )


@click.command("take", cls=Command)
@click.argument("email")
@_APPLICATION
@ORGANIZATION
@click.option("--dry-run", is_flag=True, help="Say what would come of it, and change nothing.")
def take(email: str, application: str, organization: str | None, dry_run: bool) -> None:
    """Take the application APP from the account EMAIL: out of every group that gives it, and its own grant."""
    with open_work() as work:
        account = find_account(work, email, organization)
        slug = work.tx.session.get_one(Organization, account.organization_id).slug
    with guarded_work(slug) as work:
        of = find_application(work, application)
        taken = (default_groups.would_take if dry_run else default_groups.take)(work, account.id, of.id)
    leaves = ", ".join(one.name for one in taken.groups) or "no group"
    words = f"{account.email} {'would leave' if dry_run else 'left'}: {leaves}"
    words += "; their own grant ends" if taken.direct else ""
    words += "; it is open to everyone all the same" if taken.everyone else ""
    words += f"; it stays open through {taken.kept[0].name}" if taken.kept else ""
    tell(
        {
            "account_id": account.id,
            "application_id": of.id,
            "groups": [{"id": one.id, "name": one.name} for one in taken.groups],
            "direct": taken.direct,
            "still_open": taken.still_open,
            "dry_run": dry_run,
        },
        words,
    )


ACCOUNT_COMMANDS = (account_access, why_not, give, take)


def way_words(way: Way) -> str:
    """Return one chain of facts in words."""
    since = f"since {way.since:%Y-%m-%d}"
    because = f" ({way.reason})" if way.reason else ""
    if way.kind == "everyone":
        return f"it is open to everyone, {since}{because}"
    if way.kind == "account":
        return f"a grant of their own, {since}{because}"
    chain = ", which is inside of ".join(one.name for one in way.groups)
    how = (
        ""
        if way.source is None
        else {"manual": " by hand", "default": " with it", "rule": " by rule"}.get(way.source.kind, " from a directory")
    )
    entered = "" if way.source is None else f" since {way.source.since:%Y-%m-%d}"
    return f"in {chain}{how}{entered}{', a default group of it' if way.default else ''}{because}"


def _way(way: Way) -> dict[str, Any]:
    return {
        "kind": way.kind,
        "since": show.instant(way.since),
        "until": show.instant(way.until),
        "reason": way.reason,
        "groups": [{"id": one.id, "name": one.name} for one in way.groups],
        "source": None
        if way.source is None
        else {"kind": way.source.kind, "of": way.source.of or None, "since": show.instant(way.source.since)},
        "default": way.default,
    }
