"""`idp account …`"""

import sys
from collections.abc import Callable

import click

from idp.base.errors import Invalid
from idp.cli import (
    access_paths,
    account_factors,
    account_help,
    account_lifetime,
    account_password,
    account_recovery,
    account_token,
    show,
)
from idp.cli.account_lookup import ORGANIZATION as _ORGANIZATION
from idp.cli.account_lookup import find as _account
from idp.cli.account_lookup import organization_id as _organization_id
from idp.cli.context import Group, open_work, tell, tell_all
from idp.directory import accounts, policy_members, queries, rights
from idp.directory.policy_members import KINDS
from idp.policy.permissions import ORGANIZATION_ADMINISTRATOR, ROLES
from idp.signon import administered_password, email_change
from idp.signon.factors import enrolled, totp
from idp.signon.factors import password as password_
from idp.signon.guarding import guarded

_LONGEST_LINE = 4096
_AUTHENTICATOR = "Authenticator app"
_KINDS = click.Choice([kind.value for kind in KINDS])
_KIND = "guest: an external person; break-glass: for emergencies, every use of it raises an alarm."


@click.group(cls=Group)
def account() -> None:
    """Accounts of people."""


account.add_command(account_factors.factors)
account.add_command(account_factors.remove_factor)
account.add_command(account_help.pass_)
account.add_command(account_token.token)
account.add_command(account_help.reset_factors)
account.add_command(account_help.unlock)
account.add_command(account_help.devices)
account.add_command(account_help.history_)


@account.command()
@click.argument("email")
@click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
@click.option("--name", required=True, help="The person's name.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@click.option("--totp-secret", metavar="BASE32", help="Give the account an authenticator with this secret.")
@click.option(
    "--attribute",
    "attributes",
    multiple=True,
    metavar="NAME=VALUE",
    help="A further attribute; several times for several, and for several values of one.",
)
@click.option("--admin", is_flag=True, help="Make the account an administrator of the organization.")
@click.option("--kind", type=_KINDS, default="member", show_default=True, help=_KIND)
def create(
    email: str,
    organization: str,
    name: str,
    password_stdin: bool,
    totp_secret: str | None,
    attributes: tuple[str, ...],
    admin: bool,
    kind: str,
) -> None:
    """Create the account EMAIL."""
    password = _password_from_stdin() if password_stdin else None
    secret = totp.read_secret(totp_secret) if totp_secret is not None else None
    further = _named(attributes)
    with open_work() as work:
        made = accounts.create(work, email, organization=organization, name=name, further=further, kind=kind)
        if admin:
            accounts.grant_role(work, made.id, ORGANIZATION_ADMINISTRATOR, organization_id=made.organization_id)
        if secret is not None:
            totp.add(work, made.id, secret, organization_id=made.organization_id, name=_AUTHENTICATOR)
        if password is not None:
            # Hashed inside the transaction, so that a refused password leaves no account behind.
            password_.set_password(work, made.id, password, organization_id=made.organization_id)
    what = "" if kind == "member" else f" ({kind})"
    words = [f"created account {made.email}{what}" + (", administrator of its organization" if admin else "")]
    if password is None:
        words.append("  It has no password yet, so nobody can sign in with it.")
        words.append(f"  Set one with: idp account reset-password {made.email} --password-stdin")
    if secret is not None:
        words.append("  It has an authenticator with the secret you gave.")
    told = {**show.account(made), "has_password": password is not None, "has_second_step": secret is not None}
    tell(told, "\n".join(words))


@account.command("reset-password")
@click.argument("email")
@_ORGANIZATION
@click.option("--password-stdin", is_flag=True, required=True, help="Read the password from standard input.")
@click.option("--keep", is_flag=True, help="Let the person keep it; else they choose one at their next sign-in.")
def reset_password(email: str, organization: str | None, password_stdin: bool, keep: bool) -> None:
    """Give the account EMAIL a new password; every sign-on it has ends, and its throttling is cleared."""
    password, due = _password_from_stdin(), "" if keep else password_.RESET
    with open_work() as work:
        found = _account(work, email, organization)
        administered_password.reset_password(work, found.id, password, organization_id=found.organization_id, due=due)
        words = f"{found.email} has a new password and is signed out everywhere"
        if due:
            words += "\n  At the next sign-in the person chooses another."
        tell({**show.account(found), "must_change": due}, words)


def _telling(command: Callable[..., None]) -> Callable[..., None]:
    """Give *command* the options that say what its person is told."""
    quiet = click.option("--quiet", is_flag=True, help="Send the person no mail.")
    return quiet(click.option("--message", default="", help="What the mail says beside, on one line.")(command))


@account.command()
@click.argument("email")
@_ORGANIZATION
@_telling
def disable(email: str, organization: str | None, quiet: bool, message: str) -> None:
    """Stop the account EMAIL from signing in, end every sign-on it has, and tell its person by mail."""
    with open_work() as work:
        found = queries.account(work, email, organization_id=_organization_id(work, organization))
        with guarded(work, found.organization_id):
            done = accounts.disable(
                work, found.id, organization_id=found.organization_id, told=not quiet, message=message
            )
        tell(show.account(done), f"disabled {done.email}")


@account.command()
@click.argument("email")
@_ORGANIZATION
@_telling
def enable(email: str, organization: str | None, quiet: bool, message: str) -> None:
    """Let the disabled account EMAIL sign in again, and tell its person by mail."""
    with open_work() as work:
        done = accounts.enable(
            work, email, organization_id=_organization_id(work, organization), told=not quiet, message=message
        )
        tell(show.account(done), f"enabled {done.email}")


@account.command("set")
@click.argument("email")
@_ORGANIZATION
@click.option(
    "--attribute",
    "attributes",
    multiple=True,
    metavar="NAME=VALUE",
    help="Its values take the place of those it has; several times for several values; NAME= removes it.",
)
@click.option("--name", help="The person's name.")
@click.option("--given-name", help="A part of it; empty: none.")
@click.option("--family-name", help="A part of it; empty: none.")
@click.option("--kind", type=_KINDS, help=f"{_KIND} It enters the authentication policy of its kind.")
@click.option("--email", "new_email", help="Another e-mail address, for which you vouch; the old one is told.")
def set_(
    email: str,
    organization: str | None,
    attributes: tuple[str, ...],
    name: str | None,
    given_name: str | None,
    family_name: str | None,
    kind: str | None,
    new_email: str | None,
) -> None:
    """Change names, address, further attributes or the kind of the account EMAIL; what is not named stays as it is."""
    changes = _named(attributes)
    if not changes and name is given_name is family_name is kind is new_email is None:
        raise Invalid(
            "Say what is to change: --attribute, --name, --given-name, --family-name, --kind or --email.",
            field="attribute",
        )
    with open_work() as work:
        where = _organization_id(work, organization)
        done = accounts.rename(
            work, email, name=name, given_name=given_name, family_name=family_name, organization_id=where
        )
        if changes:
            done = accounts.set_attributes(work, email, changes, organization_id=where)
        if kind is not None:
            with guarded(work, done.organization_id):
                done = policy_members.set_kind(work, email, kind, organization_id=where)
        if new_email is not None:
            done = email_change.administer(work, email, new_email, organization_id=where)
        listed = "\n".join(f"  {name:<12} {', '.join(values)}" for name, values in done.attributes.items())
        what = "" if kind is None else f"  {'kind':<12} {done.kind}\n"
        tell(show.account(done), f"changed {done.email}\n{what}{listed or '  no further attributes'}")


@account.command("grant-role")
@click.argument("email")
@click.argument("role")
@_ORGANIZATION
def grant_role(email: str, role: str, organization: str | None) -> None:
    """Let the account EMAIL administer its organization in ROLE."""
    with open_work() as work:
        found = _account(work, email, organization)
        accounts.grant_role(work, found.id, role, organization_id=found.organization_id)
        tell({**show.account(found), "role": role}, f"{found.email} is now {role} of its organization")


grant_role.help = f"{grant_role.help} Roles: {', '.join(sorted(set(ROLES) - {'operator'}))}."


@account.command("show")
@click.argument("email")
@_ORGANIZATION
def show_(email: str, organization: str | None) -> None:
    """Show the account EMAIL."""
    with open_work() as work:
        found = _account(work, email, organization)
        scheme, due = password_.state(work, found.organization_id, found.id)
        value = {
            **show.account(found),
            "authentication_policy": policy_members.policy_of(work, found).name,
            "roles": sorted(held.role for held in rights.roles_of(work, found.organization_id, found.id)),
            "has_password": password_.has_password(work, found.organization_id, found.id),
            "password_imported": scheme,
            "password_must_change": due,
            "has_second_step": enrolled.exists(work, found.organization_id, found.id),
            "factors": account_factors.of(work, found),
        }
    tell(
        value,
        f"{value['email']} ({value['name']})\n"
        f"  id           {value['id']}\n"
        f"  state        {'disabled' if value['disabled_at'] else 'active'}\n"
        f"  kind         {value['kind']}\n"
        f"  policy       {value['authentication_policy']}\n"
        f"  roles        {', '.join(value['roles']) or 'none'}\n"
        f"  password     {'set' if value['has_password'] else 'not set'}"
        + (f", imported ({scheme}) and not used yet" if scheme else "")
        + (f", a new one is due ({due})" if due else "")
        + "\n"
        f"  second step  {'set up' if value['has_second_step'] else 'not set up'}"
        + "".join(f"\n    {account_factors.line(one)}" for one in value["factors"])
        + "".join(f"\n  {name:<12} {', '.join(values)}" for name, values in value["attributes"].items()),
    )


@account.command("list")
@click.option("--starting", default="", metavar="EMAIL", help="Begin at this address.")
@click.option("--limit", default=50, type=click.IntRange(1, 1000), show_default=True, help="At most so many.")
def list_(starting: str, limit: int) -> None:
    """List accounts by e-mail address."""
    with open_work() as work:
        found = [show.account(one) for one in queries.accounts(work, starting=starting, limit=limit)]
    tell_all(
        found,
        lambda one: (
            f"{one['email']:<40} {one['name']}"
            f"{'' if one['kind'] == 'member' else '  (' + one['kind'] + ')'}{'  (disabled)' if one['disabled_at'] else ''}"
        ),
        none="There is no account yet.",
    )


for further_command in (
    account_password.require_new_password,
    account_password.import_password,
    account_password.import_passwords,
):
    account.add_command(further_command)


def _named(attributes: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the values of each attribute; none where only its name was given."""
    found: dict[str, list[str]] = {}
    for given in attributes:
        name, sign, value = given.partition("=")
        if not sign:
            raise Invalid(
                f"“{given[:120]}” is no NAME=VALUE.", field="attributes", advice="Write it like department=Research."
            )
        found.setdefault(name, []).extend([value] if value else [])
    return found


def _password_from_stdin() -> str:
    line: str = sys.stdin.readline(_LONGEST_LINE)
    password = line.rstrip("\r\n")
    if not password:
        raise Invalid(
            "Standard input holds no password.", field="password", advice="Write it as one line to the command."
        )
    return password


for _command in (*account_recovery.COMMANDS, *account_lifetime.COMMANDS, *access_paths.ACCOUNT_COMMANDS):
    account.add_command(_command)
