"""`idp role …`"""

from datetime import UTC, datetime
from typing import Any

import click

from idp.base.errors import Conflict, Invalid, NotFound
from idp.base.work import Work
from idp.cli import show
from idp.cli.context import Group, open_work, tell, tell_all
from idp.directory import held_roles, queries, role_assignments, roles
from idp.directory.held_roles import Held
from idp.directory.roles import AnyRole
from idp.policy.permissions import Permission

_organization = click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
_reason = click.option("--reason", default="", help="Why; it is kept in the audit log.")
_permissions = click.option(
    "--permission",
    "permissions",
    multiple=True,
    type=click.Choice([one.value for one in Permission], case_sensitive=True),
    metavar="NOUN:ACT",
    help="What it holds; once for each. See docs/reference/permissions.md.",
)


def _whom(command: Any) -> Any:
    for option in reversed(
        (
            click.option("--account", metavar="EMAIL", help="An account."),
            click.option("--group", metavar="GROUP", help="Whoever is in this group."),
            click.option("--site", metavar="SITE", help="Only at this site (its short name)."),
            click.option("--application", metavar="ID", help="Only for this application."),
        )
    ):
        command = option(command)
    return command


@click.group(cls=Group)
def role() -> None:
    """Who administers what: roles, and who holds them where."""


@role.command("list")
@_organization
def list_(organization: str) -> None:
    """List the roles that can be given: those that come with Ostiary, then the organization's own."""
    with open_work() as work:
        owner = queries.organization(work, organization)
        found = [_role(one) for one in roles.roles(work, organization_id=owner.id)]
    tell_all(found, lambda one: f"{one['name']:<30} {_where(one['scopes'])}", none="There is no role.")


@role.command("show")
@click.argument("role_", metavar="ROLE")
@_organization
def show_(role_: str, organization: str) -> None:
    """Show what the role ROLE (name or id) holds."""
    with open_work() as work:
        owner = queries.organization(work, organization)
        value = _role(roles.role(work, role_, organization_id=owner.id))
    tell(
        value,
        f"{value['name']}\n"
        + (f"  {value['description']}\n" if value["description"] else "")
        + f"  held         {_where(value['scopes'])}\n"
        + "  permissions  "
        + "\n               ".join(value["permissions"]),
    )


@role.command()
@click.argument("name")
@_organization
@_permissions
@click.option("--description", default="", help="What it is for.")
def create(name: str, organization: str, permissions: tuple[str, ...], description: str) -> None:
    """Create the role NAME of the organization's own; nobody holds it yet."""
    with open_work() as work:
        made = roles.create(work, name, organization=organization, permissions=permissions, description=description)
        value = _role(roles.role(work, made.id, organization_id=made.organization_id))
    tell(value, f"created role {value['name']}")


@role.command("set")
@click.argument("role_", metavar="ROLE")
@_organization
@click.option("--name", help="A new name.")
@click.option("--description", help="What it is for; empty: nothing.")
@_permissions
@click.option("--if-version", type=int, metavar="N", help="Only if the version is still N.")
def set_(
    role_: str,
    organization: str,
    name: str | None,
    description: str | None,
    permissions: tuple[str, ...],
    if_version: int | None,
) -> None:
    """
    Change the role ROLE of the organization's own; what is not named stays.

    The permissions that are named take the place of all that it holds; whoever holds the role holds those at once.
    """
    if name is None and description is None and not permissions:
        raise Invalid("Say what is to change: --name, --description or --permission.", field="name")
    with open_work() as work:
        done = roles.edit(
            work,
            role_,
            organization=organization,
            name=name,
            description=description,
            permissions=permissions or None,
            if_version=if_version,
        )
        value = _role(roles.role(work, done.id, organization_id=done.organization_id))
    tell(value, f"changed role {value['name']}")


@role.command()
@click.argument("role_", metavar="ROLE")
@_organization
def delete(role_: str, organization: str) -> None:
    """Delete the role ROLE of the organization's own, which nobody holds any more."""
    with open_work() as work:
        gone = roles.delete(work, role_, organization=organization)
        tell({"id": gone.id, "name": gone.name, "deleted": True}, f"deleted role {gone.name}")


@role.command()
@click.argument("role_", metavar="ROLE")
@_organization
@_whom
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    metavar="DATE",
    help="It ends by itself then, in UTC: 2027-01-31, or 2027-01-31T12:00:00Z.",
)
@_reason
def grant(
    role_: str,
    organization: str,
    account: str | None,
    group: str | None,
    site: str | None,
    application: str | None,
    until: datetime | None,
    reason: str,
) -> None:
    """Let an account or a group administer the organization, one site or one application in ROLE."""
    with open_work() as work:
        made = role_assignments.grant(
            work,
            role_,
            organization=organization,
            account=account,
            group=group,
            site=site,
            application=application,
            until=None if until is None else until.replace(tzinfo=UTC),
            reason=reason,
        )
        value = _held(held_roles.in_words(work, [made])[0])
    tell(value, f"{value['subject']} is now {value['role']} for {value['scope_name']}")


@role.command()
@click.argument("role_", metavar="ROLE")
@_organization
@_whom
@_reason
def withdraw(
    role_: str,
    organization: str,
    account: str | None,
    group: str | None,
    site: str | None,
    application: str | None,
    reason: str,
) -> None:
    """Take ROLE from an account or a group, where it was given: name the site or application, if it was for one."""
    with open_work() as work:
        found = _find(work, role_, organization, account=account, group=group, site=site, application=application)
        role_assignments.withdraw(work, found.assignment.id, organization=organization, reason=reason)
        tell(_held(found), f"{found.subject} is {found.role} for {found.scope_name} no more")


@role.command()
@_organization
@click.option("--role", "role_", metavar="ROLE", help="Only of this role.")
@_whom
def holders(
    organization: str,
    role_: str | None,
    account: str | None,
    group: str | None,
    site: str | None,
    application: str | None,
) -> None:
    """List who administers what in the organization, the last given first."""
    with open_work() as work:
        found = _assignments(work, role_, organization, account, group, site, application)
        listed = [_held(one) for one in found]
    tell_all(listed, _line, none="Nobody administers this.")


def _find(work: Work, role_: str, organization: str, **of: str | None) -> Held:
    if (of["account"] is None) == (of["group"] is None):
        raise Invalid("Say from whom: one --account or one --group.", field="subject")
    scope = "application" if of["application"] else "site" if of["site"] else "organization"
    every = _assignments(work, role_, organization, of["account"], of["group"], of["site"], of["application"])
    found = [one for one in every if one.scope == scope]
    if not found:
        raise NotFound("They do not have this role there.", field="role", advice="See: idp role holders")
    if len(found) > 1:
        raise Conflict("They have this role there several times.", advice="See: idp role holders")
    return found[0]


def _assignments(
    work: Work,
    role_: str | None,
    organization: str,
    account: str | None,
    group: str | None,
    site: str | None,
    application: str | None,
) -> list[Held]:
    owner = queries.organization(work, organization)
    where = held_roles.scope(work, owner.id, site=site, application=application)
    return held_roles.assignments(
        work,
        organization_id=owner.id,
        role=None if role_ is None else roles.role(work, role_, organization_id=owner.id).key,
        account_id=None if account is None else queries.account(work, account, organization_id=owner.id).id,
        group_id=None if group is None else queries.group(work, group, organization_id=owner.id).id,
        site_id=None if where.site is None else where.site.id,
        application_id=where.application_id,
    )


def _role(of: AnyRole) -> dict[str, Any]:
    return {
        "id": None if of.own is None else of.own.id,
        "name": of.name,
        "description": "" if of.own is None else of.own.description,
        "permissions": [one.value for one in Permission if one in of.permissions],
        "scopes": [one for one in roles.SCOPE_NAMES if one in of.scopes],
        "version": None if of.own is None else of.own.version,
    }


def _held(of: Held) -> dict[str, Any]:
    return {
        "id": of.assignment.id,
        "role": of.role,
        "subject_kind": of.subject_kind,
        "subject_id": of.subject_id,
        "subject": of.subject,
        "scope": of.scope,
        "scope_name": of.scope_name,
        "site_id": of.assignment.site_id,
        "application_id": of.assignment.application_id,
        "valid_from": show.instant(of.assignment.valid_from),
        "valid_to": show.instant(of.assignment.valid_to),
    }


def _where(scopes: list[str]) -> str:
    words = {"organization": "in the organization", "site": "at a site", "application": "for an application"}
    return ", ".join(words[one] for one in scopes)


def _line(one: dict[str, Any]) -> str:
    until = f"  until {one['valid_to']}" if one["valid_to"] else ""
    return f"{one['role']:<28} {one['subject_kind']} {one['subject']}  for {one['scope_name']}{until}"
