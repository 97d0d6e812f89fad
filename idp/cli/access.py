"""`idp access …`"""

from typing import Any, BinaryIO

import click

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.cli import access_console, access_replay, access_report, access_trial
from idp.cli.access_document import read_document
from idp.cli.application_lookup import find
from idp.cli.context import Group, open_work, tell, tell_all
from idp.cli.guarded import guarded_work
from idp.cli.show import instant
from idp.directory import access_assignments, access_names, access_policies
from idp.directory.access_policies import Written
from idp.policy.access import document_writing, words
from idp.policy.access.rules import Rules
from idp.policy.models import AccessPolicy, AccessPolicyVersion

_KINDS = {access_policies.SESSION: "every sign-on", access_policies.APPLICATION: "applications"}

_organization = click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
_try = click.option(
    "--try",
    "trial",
    type=click.IntRange(5, 60),
    metavar="MINUTES",
    help="On trial: unless an administrator signs in under it within so many minutes, what was there counts again.",
)
_if_version = click.option("--if-version", type=int, metavar="N", help="Only if the version that counts is still N.")


@click.group(cls=Group)
def access() -> None:
    """Contextual access: rules that say who may sign in from where, with what, when."""


@access.command("list")
@_organization
def list_(organization: str) -> None:
    """List the access policies."""
    with open_work() as work:
        found = [_policy(work, one) for one in access_policies.policies(work, organization)]
    tell_all(
        found,
        lambda one: (
            f"{one['name']:<30} for {_KINDS[one['kind']]}{', the default' if one['is_default'] else ''}"
            f"  version {one['version']}{_trial(one)}"
        ),
        none="There is no access policy.",
    )


@access.command("show")
@click.argument("policy")
@_organization
@click.option("--version", "number", type=int, metavar="N", help="An older version (default: the one that counts).")
def show_(policy: str, organization: str, number: int | None) -> None:
    """
    Show the rules of the access policy POLICY, in the order in which they count.

    With --json it is the document that `idp access set` takes.
    """
    with open_work() as work:
        found = access_policies.policy(work, organization, policy)
        rules = access_policies.rules_of(work, found, number)
        document = _document(work, found, rules)
        lines = _lines(work, found, rules)
        shown = _policy(work, found)
    tell(document, "\n".join([f"{shown['name']}, version {number or shown['version']}{_trial(shown)}", *lines]))


@access.command("set")
@click.argument("policy")
@_organization
@click.option(
    "--from-json", required=True, type=click.File("rb"), metavar="FILE", help="The document of rules; - is stdin."
)
@_if_version
@_try
def set_(policy: str, organization: str, from_json: BinaryIO, if_version: int | None, trial: int | None) -> None:
    """
    Give the access policy POLICY the rules of a document, as a new version that counts at once.

    What `idp access show --json` prints can be edited and given back; it is refused if somebody else has changed the
    policy in between. {} lets everybody pass.
    """
    rules, version = read_document(from_json)
    with guarded_work(organization, on_trial=trial is not None) as work:
        written = access_policies.write(
            work, organization, policy, rules, if_version=version if if_version is None else if_version, trial=trial
        )
        told = _written(work, written)
    tell(*told)


@access.command()
@click.argument("policy")
@_organization
def history(policy: str, organization: str) -> None:
    """List the versions of the access policy POLICY, the newest first."""
    with open_work() as work:
        found = access_policies.policy(work, organization, policy)
        counts = _policy(work, found)["version"]
        versions = [_version(one, counts) for one in access_policies.history(work, found)]
    tell_all(
        versions,
        lambda one: (
            f"{one['version']:>5}  {one['created_at']}  {one['created_by'] or 'at the beginning'}"
            f"  {one['rules']} {'rule' if one['rules'] == 1 else 'rules'}{'  (counts)' if one['counts'] else ''}"
        ),
        none="There is no version.",
    )


@access.command()
@click.argument("policy")
@click.argument("version", type=int)
@_organization
@_if_version
@_try
def restore(policy: str, version: int, organization: str, if_version: int | None, trial: int | None) -> None:
    """Let the rules of VERSION of the access policy POLICY count again, as a new version."""
    with guarded_work(organization, on_trial=trial is not None) as work:
        told = _written(
            work,
            access_policies.restore(work, organization, policy, version, if_version=if_version, trial=trial),
        )
    tell(*told)


@access.command()
@click.argument("name")
@_organization
def create(name: str, organization: str) -> None:
    """Create the access policy NAME for applications; it lets everybody pass until it has rules."""
    with open_work() as work:
        made = access_assignments.create(work, organization, name)
        tell(_policy(work, made), f"created access policy {made.name}; no application is under it yet")


@access.command()
@click.argument("policy")
@_organization
def delete(policy: str, organization: str) -> None:
    """Delete the access policy POLICY and its versions; no application may be under it."""
    with open_work() as work:
        gone = access_assignments.delete(work, organization, policy)
        tell({"id": gone.id, "name": gone.name, "deleted": True}, f"deleted access policy {gone.name}")


@access.command()
@click.argument("application")
@click.option("--policy", metavar="NAME", help="The access policy that it is to be under.")
@click.option("--default", "default", is_flag=True, help="Put it under the organization's default.")
def assign(application: str, policy: str | None, default: bool) -> None:
    """Put APPLICATION (our id, entity ID or client_id) under an access policy."""
    if (policy is None) is not default:
        raise Invalid("Say which policy: --policy NAME, or --default.", field="policy")
    with open_work() as work:
        assigned, under = access_assignments.assign(work, find(work, application).id, policy)
        value = {"application_id": assigned.id, "name": assigned.name, "access_policy": under.name}
    tell(value, f"{value['name']} is now under the access policy {value['access_policy']}")


def _policy(work: Work, of: AccessPolicy) -> dict[str, Any]:
    counts = access_policies.counting(of.current, of.confirmed, of.rolls_back_at, work.now)
    on_trial = of.rolls_back_at is not None and counts == of.current
    return {
        "id": of.id,
        "organization_id": of.organization_id,
        "kind": of.kind,
        "name": of.name,
        "is_default": of.is_default,
        "version": counts,
        "rolls_back_at": instant(of.rolls_back_at) if on_trial else None,
    }


def _trial(of: dict[str, Any]) -> str:
    return f", on trial until {of['rolls_back_at']}" if of["rolls_back_at"] else ""


def _version(of: AccessPolicyVersion, counts: int) -> dict[str, Any]:
    return {
        "version": of.number,
        "created_at": instant(of.created_at),
        "created_by": of.created_by,
        "rules": len(of.rules.get("guards", [])) + len(of.rules.get("rules", [])),
        "counts": of.number == counts,
    }


def _document(work: Work, of: AccessPolicy, rules: Rules) -> dict[str, Any]:
    spelled = access_names.spelled(work, of.organization_id, rules)
    return {"version": _policy(work, of)["version"], **document_writing.rules_to_json(spelled)}


def _lines(work: Work, of: AccessPolicy, rules: Rules) -> list[str]:
    return [f"  {line}" for line in words.sentences(rules, access_names.of_rules(work, of.organization_id, rules))]


def _written(work: Work, written: Written) -> tuple[dict[str, Any], str]:
    rules = access_policies.rules_of(work, written.policy)
    document = _document(work, written.policy, rules)
    if not written.changes:
        return document, f"{written.policy.name} has these rules already (version {written.former})"
    until = instant(written.policy.rolls_back_at)
    lines = [
        f"{written.policy.name} is now at version {document['version']}{f', on trial until {until}' if until else ''}:"
    ]
    lines += [f"  {change}" for change in written.changes]
    if until:
        lines.append("Sign in now: an administrator who does confirms it. Else what was there before counts again.")
    return {**document, "rolls_back_at": until}, "\n".join(lines)


access.add_command(access_trial.confirm)
access.add_command(access_trial.roll_back)
access.add_command(access_replay.replay_)
access.add_command(access_report.report_)
access.add_command(access_console.assign_console)
