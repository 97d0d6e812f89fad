"""`idp group rule …`: who is in a group by rule."""

from typing import Any

import click

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.cli import show
from idp.cli.context import Group, open_work, tell
from idp.cli.guarded import guarded_work
from idp.directory import group_rule_changes as rules
from idp.directory import group_rule_turns, queries
from idp.directory.group_models import GroupRule
from idp.directory.group_rule_turns import Ran
from idp.directory.group_rules import Plan

_NAME = click.argument("name")
_ORGANIZATION = click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
_ENTERING = click.option("--entering", type=int, metavar="N", help="So many enter, as the preview said.")
_LEAVING = click.option("--leaving", type=int, metavar="N", help="So many leave, as the preview said.")
_CONDITION = click.option("--condition", metavar="TEXT", help='Who belongs to it, like: department is "Sales"')
_EXCEPTIONS = click.option(
    "--exception", "excepted", multiple=True, metavar="EMAIL", help="Whom the rule lets be; several times for several."
)
_NO_EXCEPTIONS = click.option("--no-exceptions", is_flag=True, help="It lets nobody be.")


@click.group(cls=Group)
def rule() -> None:
    """
    Who is in a group by rule: everybody of whom its condition is true.

    A condition asks for attributes and groups: department is "Sales" and city is one of ("Berlin", "Kraków");
    title contains "lead"; email ends with "@acme.example"; phone is set; in group "Staff"; with not, and, or and
    parentheses. Besides further attributes there are email, name, given_name, family_name and account_kind.
    """


@rule.command("set")
@_NAME
@_ORGANIZATION
@_CONDITION
@click.option(
    "--brake",
    type=click.IntRange(0, 100),
    metavar="PERCENT",
    help="A run that would let go of more of the members does nothing, and waits (new: 20).",
)
@_EXCEPTIONS
@_NO_EXCEPTIONS
@_ENTERING
@_LEAVING
@click.option("--if-version", type=int, metavar="VERSION", help="Only if the rule still is at this version.")
def set_(
    name: str,
    organization: str,
    condition: str | None,
    brake: int | None,
    excepted: tuple[str, ...],
    no_exceptions: bool,
    entering: int | None,
    leaving: int | None,
    if_version: int | None,
) -> None:
    """
    Write the rule of the group NAME, or change it; what is not named stays.

    A new rule is off. One that is on changes only as it was previewed: with --entering and --leaving.
    """
    chosen = _chosen(excepted, no_exceptions)
    if condition is None and brake is None and chosen is None:
        raise Invalid("Say what is to change.", advice="The options are listed by: idp group rule set --help")
    with guarded_work(organization) as work:
        written = rules.write(
            work,
            name,
            organization=organization,
            condition=condition,
            brake_percent=brake,
            excepted=chosen,
            seen=_seen(entering, leaving),
            if_version=if_version,
        )
        value = _shown(work, written)
        tell(value, f"the rule of {name}: {value['condition']} ({'on' if value['active_at'] else 'off'})")


@rule.command()
@_NAME
@_ORGANIZATION
@_CONDITION
@_EXCEPTIONS
@_NO_EXCEPTIONS
def preview(
    name: str, organization: str, condition: str | None, excepted: tuple[str, ...], no_exceptions: bool
) -> None:
    """Say who would enter and who would leave the group NAME by its rule now; nothing changes."""
    with open_work() as work:
        planned = rules.preview(
            work,
            name,
            organization=organization,
            condition=condition,
            excepted=_chosen(excepted, no_exceptions),
        )
    tell(_plan(planned), "\n".join(_plan_lines(planned)))


@rule.command()
@_NAME
@_ORGANIZATION
@_ENTERING
@_LEAVING
def on(name: str, organization: str, entering: int | None, leaving: int | None) -> None:
    """Switch the rule of the group NAME on, and run it over everybody."""
    with guarded_work(organization) as work:
        _tell_ran(name, rules.switch_on(work, name, organization=organization, seen=_seen(entering, leaving)))


@rule.command()
@_NAME
@_ORGANIZATION
def off(name: str, organization: str) -> None:
    """Switch the rule of the group NAME off; whoever it has put there stays."""
    with open_work() as work:
        tell(_shown(work, rules.switch_off(work, name, organization=organization)), f"the rule of {name} is off")


@rule.command("show")
@_NAME
@_ORGANIZATION
def show_(name: str, organization: str) -> None:
    """Show the rule of the group NAME."""
    with open_work() as work:
        owner = queries.organization(work, organization)
        value = _shown(work, group_rule_turns.rule(work, queries.group(work, name, organization_id=owner.id)))
    held = value["held"]
    tell(
        value,
        f"{value['condition']}\n"
        f"  state        {'on' if value['active_at'] else 'off'}"
        + (f", holds itself: {held['leaving']} of {held['members']} would leave\n" if held else "\n")
        + f"  brake        {value['brake_percent']} %\n"
        f"  exceptions   {', '.join(value['exceptions']) or 'none'}\n"
        f"  version      {value['version']}",
    )


@rule.command()
@_NAME
@_ORGANIZATION
@click.option("--keep-members/--let-members-go", default=None, help="Whether those whom it has put there stay.")
def remove(name: str, organization: str, keep_members: bool | None) -> None:
    """Remove the rule of the group NAME."""
    if keep_members is None:
        raise Invalid("Say what becomes of its members: --keep-members or --let-members-go.", field="keep_members")
    with guarded_work(organization) as work:
        group, count = rules.remove(work, name, organization=organization, keep_members=keep_members)
        tell(
            {"group": show.group(group), "members": count, "members_kept": keep_members},
            f"removed the rule of {group.name}; {count} of its members {'stay' if keep_members else 'left'}",
        )


@rule.command()
@_NAME
@_ORGANIZATION
def run(name: str, organization: str) -> None:
    """Run the rule of the group NAME over everybody now; a job does so every hour."""
    with guarded_work(organization) as work:
        _tell_ran(name, rules.run(work, name, organization=organization))


@rule.command()
@_NAME
@_ORGANIZATION
@_ENTERING
@_LEAVING
def confirm(name: str, organization: str, entering: int | None, leaving: int | None) -> None:
    """Let the rule of the group NAME, which holds itself, do what it would do."""
    with guarded_work(organization) as work:
        _tell_ran(name, rules.confirm(work, name, organization=organization, seen=_seen(entering, leaving)))


def _chosen(excepted: tuple[str, ...], none: bool) -> tuple[str, ...] | None:
    if excepted and none:
        raise Invalid("Name exceptions, or none of them.", field="exceptions")
    return excepted if excepted or none else None


def _seen(entering: int | None, leaving: int | None) -> tuple[int, int] | None:
    if (entering is None) != (leaving is None):
        raise Invalid("Name both numbers: --entering and --leaving.", field="entering")
    return None if entering is None or leaving is None else (entering, leaving)


def _shown(work: Work, of: GroupRule) -> dict[str, Any]:
    return {
        "id": of.id,
        "group_id": of.group_id,
        "condition": rules.spelled(work, of),
        "exceptions": [one.email for one in rules.exceptions(work, of)],
        "brake_percent": of.brake_percent,
        "active_at": show.instant(of.active_at),
        "held_at": show.instant(of.held_at),
        "held": of.held or None,
        "version": of.version,
    }


def _plan(planned: Plan) -> dict[str, Any]:
    return {
        "members": planned.members,
        "entering": len(planned.entering),
        "leaving": len(planned.leaving),
        "first_entering": [one.email for one in planned.entering_people],
        "first_leaving": [one.email for one in planned.leaving_people],
    }


def _plan_lines(planned: Plan) -> list[str]:
    lines = [
        f"{len(planned.entering)} would enter, {len(planned.leaving)} of {planned.members} members by rule would leave"
    ]
    for sign, people, count in (
        ("+", planned.entering_people, len(planned.entering)),
        ("-", planned.leaving_people, len(planned.leaving)),
    ):
        lines += [f"  {sign} {one.email}" for one in people]
        lines += [f"  {sign} and {count - len(people)} more"] if count > len(people) else []
    return lines


def _tell_ran(name: str, ran: Ran) -> None:
    planned = ran.plan
    words = (
        f"held: {len(planned.leaving)} of {planned.members} members would leave {name}, more than its brake allows. "
        "Look at: idp group rule preview. Let it do so: idp group rule confirm"
        if ran.held
        else f"{len(planned.entering)} entered {name}, {len(planned.leaving)} left"
    )
    tell({**_plan(planned), "held": ran.held}, words)
