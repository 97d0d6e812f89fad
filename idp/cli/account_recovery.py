"""`idp account …`: invitations, first passwords, the sign-ons of others."""

import sys
from typing import Any

import click

from idp.base.errors import Invalid
from idp.cli import errors, show
from idp.cli.account_lookup import ORGANIZATION as _ORGANIZATION
from idp.cli.account_lookup import organization_id as _organization_id
from idp.cli.context import Command, open_work, settings, tell
from idp.policy import invited
from idp.settings import Settings
from idp.signon import invitations, signing_out_others
from idp.signon.models import SignOnSession


@click.command(cls=Command)
@click.argument("emails", metavar="EMAIL...", nargs=-1)
@click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
@click.option("--name", default="", help="The person's name; needed for one new account, made of the address for many.")
@click.option("--kind", type=click.Choice(invitations.INVITED), help="What a new account is (default: member).")
@click.option("--group", "groups", multiple=True, metavar="NAME", help="A group that they enter; may be repeated.")
@click.option("--stdin", "piped", is_flag=True, help="Read addresses from standard input: Ada Lovelace <ada@…>, …")
def invite(
    emails: tuple[str, ...], organization: str, name: str, kind: str | None, groups: tuple[str, ...], piped: bool
) -> None:
    """
    Create the account EMAIL, and mail the person a link to set its password within 7 days.

    If it is there already and has no password yet, a new link is mailed; the older one is good no more. Of several
    people whoever cannot be invited is named and left out; exit code 2 if there was one.
    """
    _check_mail(settings())
    if piped or len(emails) > 1:
        if name:
            raise Invalid("A name is said for one person.", field="name", advice="Write: Ada Lovelace <ada@…>")
        typed = sys.stdin.read(invited.LONGEST + 1) if piped else ""
        _invite_all("\n".join((*emails, typed)), organization, kind or "", groups)
        return
    if not emails:
        raise Invalid("Say whom to invite.", field="emails", advice="Name addresses, or --stdin.")
    with open_work() as work:
        done = invitations.invite(work, emails[0], organization=organization, name=name, kind=kind or "", groups=groups)
        tell(show.account(done), f"invited {done.email}: a link is on its way, good for 7 days")


def _invite_all(text: str, organization: str, kind: str, groups: tuple[str, ...]) -> None:
    with open_work() as work:
        outcomes = invitations.invite_all(work, text, organization=organization, kind=kind, groups=groups)
    done = [one for one in outcomes if one.error is None]
    failed = [(one.email, one.error) for one in outcomes if one.error is not None]
    words = [f"invited {len(done)} of {len(outcomes)} people; the links are good for 7 days"]
    words += [f"  {email}: {error.message}" for email, error in failed]
    value = {
        "invited": [one.email for one in done],
        "faults": [{"email": email, "error": error.code, "message": error.message} for email, error in failed],
    }
    tell(value, "\n".join(words))
    if failed:
        click.get_current_context().exit(errors.EXIT[Invalid])


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
