"""`idp policy …`"""

from typing import Any

import click

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.cli import policy_replay, policy_terms, show
from idp.cli.context import Group, open_work, rehearsal, tell, tell_all
from idp.cli.guarded import guarded_work
from idp.cli.policy_explain import explain
from idp.cli.policy_lists import Line, read_list
from idp.directory import authentication_policies, authentication_policy_changes, policy_members
from idp.directory.policy_members import Moved
from idp.policy import authentication
from idp.policy.authentication import PolicyKind
from idp.policy.models import AuthenticationPolicy

SOME_REFUSED = 1
_ORGANIZATION = click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
_POLICY = click.option(
    "--policy", "name", metavar="NAME", help="Name of the policy (default: the organization's default)."
)


@click.group(cls=Group)
def policy() -> None:
    """How the people of an organization sign in."""


@policy.command("list")
@_ORGANIZATION
def list_(organization: str) -> None:
    """List the authentication policies of an organization, each with the number of its members."""
    with open_work() as work:
        found = [_shown(work, one) for one in authentication_policies.policies(work, organization)]
    tell_all(
        found,
        lambda one: (
            f"{one['name']:<30} {one['kind']:<12} second step {one['second_step']:<9} {one['members']} members"
            f"{'  (default)' if one['is_default'] else ''}"
        ),
        none="There is no policy.",
    )


@policy.command("show")
@_ORGANIZATION
@_POLICY
def show_(organization: str, name: str | None) -> None:
    """Show an authentication policy: what it asks, and what standards advise against in it."""
    with open_work() as work:
        found = authentication_policies.policy(work, organization, name)
        value, words = _shown(work, found), _words(found)
    _tell(value, f"{value['name']} (version {value['version']})", words)


@policy.command()
@click.argument("name")
@_ORGANIZATION
@click.option(
    "--kind",
    type=click.Choice([PolicyKind.MEMBER.value, PolicyKind.GUEST_TEST.value]),
    default=PolicyKind.MEMBER.value,
    show_default=True,
    help="guest-test: for at most five guests, to try out what is to come for all of them.",
)
@policy_terms.options
def create(name: str, organization: str, kind: str, **given: Any) -> None:
    """Create the authentication policy NAME. What is not said is as in a new organization."""
    with open_work() as work:
        made = authentication_policy_changes.create(
            work, organization, name, policy_terms.changes(given), kind=PolicyKind(kind)
        )
        _tell(_shown(work, made), f"created the policy {made.name}; nobody is in it yet", _words(made))


@policy.command("set")
@_ORGANIZATION
@_POLICY
@click.option("--name", "new_name", metavar="NAME", help="What it is called from now on.")
@click.option("--if-version", type=int, metavar="VERSION", help="Only if it still is at this version.")
@policy_terms.options
def set_(organization: str, name: str | None, new_name: str | None, if_version: int | None, **given: Any) -> None:
    """
    Change an authentication policy; what is not named stays.

    It counts at once for everybody who is in it; only the length of sessions counts from the next sign-in on.
    """
    changes = policy_terms.changes(given)
    if not changes and new_name is None:
        raise Invalid("Say what is to change.", advice="The options are listed by: idp policy set --help")
    with guarded_work(organization) as work:
        changed = authentication_policy_changes.edit(
            work, organization, name, changes, name=new_name, if_version=if_version
        )
        _tell(_shown(work, changed), f"changed the policy {changed.name} (version {changed.version})", _words(changed))


@policy.command()
@click.argument("name")
@_ORGANIZATION
def default(name: str, organization: str) -> None:
    """
    Make the policy NAME the default: new members enter it.

    Those who are there stay in the policy that they are in.
    """
    with guarded_work(organization) as work:
        chosen = authentication_policy_changes.set_default(work, organization, name)
        tell(_shown(work, chosen), f"{chosen.name} is the default now; nobody was moved")


@policy.command()
@click.argument("name")
@_ORGANIZATION
@click.option("--move-to", metavar="NAME", help="The policy that those enter who are in it.")
def delete(name: str, organization: str, move_to: str | None) -> None:
    """Delete the policy NAME. The default stays, and so do those of guests and break-glass accounts."""
    with guarded_work(organization) as work:
        moved = authentication_policy_changes.delete(work, organization, name, move_to=move_to)
        words = f"deleted the policy {name}" + (f"; {_counted(moved)} in {move_to} now" if moved else "")
        tell({"name": name, "moved": moved, "moved_to": move_to if moved else None}, words)


@policy.command()
@click.argument("emails", nargs=-1, metavar="[EMAIL]...")
@_ORGANIZATION
@click.option("--to", metavar="NAME", help="The policy that they enter.")
@click.option("--group", metavar="GROUP", help="Everybody who is in this group now.")
@click.option(
    "--csv",
    "file",
    type=click.File("r", encoding="utf-8-sig"),
    metavar="FILE",
    help="A line for each account: email, or email,policy. - reads standard input.",
)
@click.option("--dry-run", is_flag=True, help="Say what would come of it, and change nothing.")
def move(
    emails: tuple[str, ...], organization: str, to: str | None, group: str | None, file: Any, dry_run: bool
) -> int:
    """
    Move accounts to another authentication policy: those named EMAIL, a group, or the lines of a file.

    Every account is in exactly one. Whoever cannot be moved stays, and is told; the exit code is 1 then.
    """
    if sum(map(bool, (emails, group, file))) != 1:
        raise Invalid("Say who: e-mail addresses, --group or --csv.", field="email")
    if to is None and not file:
        raise Invalid("Say where to: --to.", field="to")
    lines = read_list(file, to) if file else [Line(0, email, to or "") for email in emails]
    with rehearsal() if dry_run else guarded_work(organization) as work:
        if group is not None:
            moved = policy_members.move_group(work, organization, group, to or "")
            outcomes = [(Line(0, one.person, to or ""), one) for one in moved]
        else:
            outcomes = _move(work, organization, lines)
        if len(outcomes) == 1 and not file and outcomes[0][1].error is not None:
            raise outcomes[0][1].error
    tell_all([_outcome(*one) for one in outcomes], lambda one: _line(one, dry_run), none="There is nobody to move.")
    return SOME_REFUSED if any(one.error is not None for _, one in outcomes) else 0


def _move(work: Work, organization: str, lines: list[Line]) -> list[tuple[Line, Moved]]:
    """Move each to the policy of its line: all of one policy at once, told in the order of the lines."""
    found: dict[int, Moved] = {at: Moved(line.email, error=line.error) for at, line in enumerate(lines) if line.error}
    for policy_name in sorted({line.policy for line in lines if line.error is None}):
        places = [at for at, line in enumerate(lines) if line.error is None and line.policy == policy_name]
        moved = policy_members.move(work, organization, [lines[at].email for at in places], policy_name)
        found.update(zip(places, moved, strict=True))
    return [(line, found[at]) for at, line in enumerate(lines)]


def _outcome(line: Line, moved: Moved) -> dict[str, Any]:
    value: dict[str, Any] = {"email": moved.person, "before": moved.before or None, "after": moved.after or None}
    if line.number:
        value["line"] = line.number
    refused = moved.error is not None
    value["outcome"] = "refused" if refused else "moved" if moved.before != moved.after else "unchanged"
    value["cause"] = moved.error.message if moved.error is not None else None
    return value


def _line(one: dict[str, Any], dry_run: bool) -> str:
    place = f"line {one['line']}: " if "line" in one else ""
    match one["outcome"]:
        case "refused":
            return f"{place}{one['email']}: not moved. {one['cause']}"
        case "unchanged":
            return f"{place}{one['email']}: is in {one['after']} already"
    return f"{place}{one['email']}: {'would move' if dry_run else 'moved'} from {one['before']} to {one['after']}"


def _counted(members: int) -> str:
    return "1 account is" if members == 1 else f"{members} accounts are"


def _shown(work: Work, one: AuthenticationPolicy) -> dict[str, Any]:
    return show.authentication_policy(one, authentication_policies.members(work, one))


def _words(one: AuthenticationPolicy) -> list[str]:
    return authentication.advice(authentication_policies.terms_of(one))


def _tell(value: dict[str, Any], first: str, advised: list[str]) -> None:
    advice = "".join(f"\n  Note: {sentence}" for sentence in advised)
    tell({**value, "advice": advised}, f"{first}\n{policy_terms.lines(value)}{advice}")


policy.add_command(explain)
policy.add_command(policy_replay.replay_)
