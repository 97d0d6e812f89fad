"""`idp account …`: invitations, first passwords, the sign-ons of others."""

from typing import Any

import click

from idp.base.errors import Invalid
from idp.cli import show
from idp.cli.account_lookup import ORGANIZATION as _ORGANIZATION
from idp.cli.account_lookup import organization_id as _organization_id
from idp.cli.context import Command, open_work, settings, tell
from idp.settings import Settings
from idp.signon import invitations, signing_out_others
from idp.signon.models import SignOnSession


@click.command(cls=Command)
@click.argument("email")
@click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
@click.option("--name", default="", help="The person's name; needed for a new account.")
@click.option("--kind", type=click.Choice(invitations.INVITED), help="What a new account is (default: member).")
def invite(email: str, organization: str, name: str, kind: str | None) -> None:
    """
    Create the account EMAIL, and mail the person a link to set its password within 7 days.

    If it is there already and has no password yet, a new link is mailed; the older one is good no more.
    """
    _check_mail(settings())
    with open_work() as work:
        done = invitations.invite(work, email, organization=organization, name=name, kind=kind or "")
        tell(show.account(done), f"invited {done.email}: a link is on its way, good for 7 days")


@click.command("first-password", cls=Command)
@click.argument("email")
@_ORGANIZATION
@click.option("--print", "printed", is_flag=True, help="Print the link instead of mailing it. Whoever has it, uses it.")
def first_password(email: str, organization: str | None, printed: bool) -> None:
    """Make a link with which the person sets the first password of the account EMAIL within 24 hours."""
    of = settings()
    if not printed:
        _check_mail(of)
    with open_work() as work:
        done, path = invitations.first_password(
            work, email, organization_id=_organization_id(work, organization), by_mail=not printed
        )
    link = f"{of.base_url}{path}" if printed else ""
    words = f"a link to set the first password of {done.email}, good once and for 24 hours"
    tell({**show.account(done), "link": link or None}, f"{words}:\n  {link}" if link else f"mailed {words}")


@click.command(cls=Command)
@click.argument("email")
@_ORGANIZATION
def sessions(email: str, organization: str | None) -> None:
    """List where the account EMAIL is signed in."""
    with open_work() as work:
        found, live = signing_out_others.sessions(work, email, organization_id=_organization_id(work, organization))
        listed = [_session(one) for one in live]
        value = {**show.account(found), "sessions": listed}
    lines = [f"{one['started_at']}  {one['ip']:<24} {', '.join(one['methods'])}  {one['user_agent']}" for one in listed]
    tell(value, "\n".join(lines) or f"{value['email']} is signed in nowhere")


@click.command("end-sessions", cls=Command)
@click.argument("email")
@_ORGANIZATION
def end_sessions(email: str, organization: str | None) -> None:
    """End every sign-on of the account EMAIL, its known devices and every grant that it gave; the person is told."""
    with open_work() as work:
        done, count = signing_out_others.end_sessions(work, email, organization_id=_organization_id(work, organization))
        tell({**show.account(done), "ended": count}, f"{done.email} is signed out everywhere ({count} sessions)")


def _session(of: SignOnSession) -> dict[str, Any]:
    return {
        "id": of.id,
        "started_at": show.instant(of.started_at),
        "last_seen_at": show.instant(of.last_seen_at),
        "methods": [proof["method"] for proof in of.methods],
        "ip": of.ip,
        "user_agent": of.user_agent,
    }


def _check_mail(of: Settings) -> None:
    if not of.mail.smtp_url:
        raise Invalid(
            "No mail is sent from here.",
            field="mail.smtp_url",
            advice="Set mail.smtp_url, or hand a link over yourself: idp account first-password --print",
        )


COMMANDS = (invite, first_password, sessions, end_sessions)
