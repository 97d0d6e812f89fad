"""`idp group …`"""

from typing import Any

import click

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.cli import group_default, group_rule, show
from idp.cli.context import Group, open_work, tell, tell_all
from idp.cli.guarded import guarded_work
from idp.directory import group_mentions, groups, memberships, nesting, queries
from idp.directory.groups import Outcome
from idp.directory.models import Group as GroupRow

SOME_REFUSED = 1
_ORGANIZATION = click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
_VERSION = click.option("--if-version", type=int, metavar="VERSION", help="Only if it still is at this version.")


@click.group(cls=Group)
def group() -> None:
    """Groups of people, to give access to. A group is named by its name or id."""


group.add_command(group_rule.rule)
group.add_command(group_default.default)


@group.command()
@click.argument("name")
@_ORGANIZATION
@click.option("--description", default="", metavar="TEXT", help="What it is for.")
def create(name: str, organization: str, description: str) -> None:
    """Create the group NAME."""
    with open_work() as work:
        made = groups.create(work, name, organization=organization, description=description)
        tell(show.group(made), f"created group {made.name}")


@group.command("set")
@click.argument("name")
@_ORGANIZATION
@click.option("--name", "new_name", metavar="NAME", help="What it is called from now on.")
@click.option("--description", metavar="TEXT", help="What it is for; empty: nothing is said.")
@_VERSION
def set_(name: str, organization: str, new_name: str | None, description: str | None, if_version: int | None) -> None:
    """Change what the group NAME is called, or what it is for."""
    if new_name is None and description is None:
        raise Invalid("Say what is to change: --name or --description.")
    with open_work() as work:
        changed = groups.edit(
            work, name, organization=organization, name=new_name, description=description, if_version=if_version
        )
        tell(show.group(changed), f"changed group {changed.name} (version {changed.version})")


@group.command("show")
@click.argument("name")
@_ORGANIZATION
def show_(name: str, organization: str) -> None:
    """Show the group NAME: what it opens, what it is inside of, and what is inside of it."""
    with open_work() as work:
        value = _shown(work, _found(work, name, organization))
    tell(
        value,
        f"{value['name']}\n"
        f"  id           {value['id']}\n"
        + (f"  for          {value['description']}\n" if value["description"] else "")
        + f"  filled by    {value['kind']}\n"
        f"  members      {value['members']}\n"
        f"  opens        {', '.join(one['name'] for one in value['opens']) or 'nothing'}\n"
        f"  inside of    {', '.join(one['name'] for one in value['inside_of']) or 'no group'}\n"
        f"  in it        {', '.join(one['name'] for one in value['contains']) or 'no group'}\n"
        f"  version      {value['version']}",
    )


@group.command()
@click.argument("name")
@_ORGANIZATION
@_VERSION
def delete(name: str, organization: str, if_version: int | None) -> None:
    """Delete the group NAME for good: its members leave it, and what it opened is closed to them."""
    with guarded_work(organization) as work:
        gone = groups.delete(work, name, organization=organization, if_version=if_version)
        tell({**show.group(gone), "deleted_at": show.instant(gone.deleted_at)}, f"deleted group {gone.name}")


@group.command()
@click.argument("name")
@click.argument("emails", metavar="EMAIL...", nargs=-1, required=True)
@_ORGANIZATION
def add(name: str, emails: tuple[str, ...], organization: str) -> int:
    """Make the accounts EMAIL members of the group NAME; refused where a rule on the group would lock them out."""
    with guarded_work(organization) as work:
        if len(emails) == 1:
            made = groups.add(work, name, emails[0], organization=organization)
            tell(show.membership(made), f"added {emails[0]} to {name}")
            return 0
        outcomes = groups.add_all(work, name, emails, organization=organization)
    return _tell_outcomes(outcomes, f"added to {name}", f"is in {name} already")


@group.command()
@click.argument("name")
@click.argument("emails", metavar="EMAIL...", nargs=-1, required=True)
@_ORGANIZATION
def remove(name: str, emails: tuple[str, ...], organization: str) -> int:
    """
    Take the accounts EMAIL out of the group NAME.

    Whoever is there by a rule becomes an exception to it. Whoever is there through a group inside of this one stays
    until they leave that one.
    """
    with guarded_work(organization) as work:
        if len(emails) == 1:
            gone = groups.remove(work, name, emails[0], organization=organization)
            value = {
                "account_id": gone.account.id,
                "email": gone.account.email,
                "ended": list(gone.ended),
                "exception": gone.excepted,
                "stays_through": list(gone.stays),
            }
            words = f"took {gone.account.email} out of {name}"
            words += "; they are an exception to its rule now" if gone.excepted else ""
            words += "; they stay in it through another group" if gone.stays else ""
            tell(value, words)
            return 0
        outcomes = groups.remove_all(work, name, emails, organization=organization)
    return _tell_outcomes(outcomes, f"taken out of {name}", "unchanged")


@group.command()
@click.argument("child")
@click.argument("parent")
@_ORGANIZATION
def nest(child: str, parent: str, organization: str) -> None:
    """Put the group CHILD inside of PARENT: whoever is in CHILD is in PARENT, too, now and later."""
    with guarded_work(organization) as work:
        inner, outer = groups.nest(work, child, parent, organization=organization)
        value = {"child": show.group(inner), "parent": show.group(outer), "members": memberships.count(work, outer)}
        tell(value, f"{inner.name} is inside of {outer.name} now, which has {value['members']} members")


@group.command()
@click.argument("child")
@click.argument("parent")
@_ORGANIZATION
def unnest(child: str, parent: str, organization: str) -> None:
    """Take the group CHILD out of PARENT: whoever was in PARENT only by that leaves it."""
    with guarded_work(organization) as work:
        inner, outer = groups.unnest(work, child, parent, organization=organization)
        value = {"child": show.group(inner), "parent": show.group(outer), "members": memberships.count(work, outer)}
        tell(value, f"{inner.name} is not inside of {outer.name} any more, which has {value['members']} members")


@group.command()
@click.argument("name")
@_ORGANIZATION
@click.option("--starting", default="", metavar="EMAIL", help="Only those whose address begins so.")
@click.option("--after", default="", metavar="EMAIL", help="Go on after this member.")
@click.option("--limit", default=50, type=click.IntRange(1, 200), show_default=True, help="At most so many.")
def members(name: str, organization: str, starting: str, after: str, limit: int) -> None:
    """List who is in the group NAME, and every source that says so."""
    with open_work() as work:
        found = _found(work, name, organization)
        last = queries.account(work, after, organization_id=found.organization_id) if after else None
        page = memberships.members(
            work,
            found,
            after=None if last is None else (last.email_key, last.id),
            starting=starting,
            limit=limit,
        )
        inner = {one.id: one.name for one in nesting.nested(work, found, inside=False)}
    tell_all(
        [
            {
                "account_id": one.account.id,
                "email": one.account.email,
                "name": one.account.name,
                "sources": [
                    {"kind": source.kind, "of": source.of or None, "since": show.instant(source.since)}
                    for source in one.sources
                ],
            }
            for one in page
        ],
        lambda one: f"{one['email']:<40} {', '.join(_source_words(source, inner) for source in one['sources'])}",
        none=f"Nobody is in {found.name}.",
    )


@group.command("list")
@click.option("--organization", metavar="ORG", help="Only those of this organization.")
def list_(organization: str | None) -> None:
    """List the groups."""
    with open_work() as work:
        owner = queries.organization(work, organization).id if organization else None
        found = [show.group(one) for one in queries.groups(work, organization_id=owner)]
    tell_all(found, lambda one: str(one["name"]), none="There is no group yet.")


def _found(work: Work, name: str, organization: str) -> GroupRow:
    return queries.group(work, name, organization_id=queries.organization(work, organization).id)


def _shown(work: Work, of: GroupRow) -> dict[str, Any]:
    return {
        **show.group(of),
        "members": memberships.count(work, of),
        "opens": [{"id": one.id, "name": one.name} for one in group_mentions.applications(work, of)],
        "inside_of": [{"id": one.id, "name": one.name} for one in nesting.nested(work, of, inside=True)],
        "contains": [{"id": one.id, "name": one.name} for one in nesting.nested(work, of, inside=False)],
    }


def _source_words(source: dict[str, Any], inner: dict[str, str]) -> str:
    match source["kind"]:
        case "manual":
            return "by hand"
        case "default":
            return "with an application"
        case "rule":
            return "by rule"
        case "group":
            return f"through {inner.get(source['of'], source['of'])}"
    return f"from a directory ({source['kind']})"


def _tell_outcomes(outcomes: list[Outcome], done: str, unchanged: str) -> int:
    values = [
        {
            "reference": one.reference,
            "email": None if one.account is None else one.account.email,
            "changed": one.changed,
            "cause": None if one.error is None else one.error.message,
        }
        for one in outcomes
    ]
    tell_all(
        values,
        lambda one: f"{one['email'] or one['reference']}: {one['cause'] or (done if one['changed'] else unchanged)}",
        none="There is nobody.",
    )
    return SOME_REFUSED if any(one.error is not None for one in outcomes) else 0
