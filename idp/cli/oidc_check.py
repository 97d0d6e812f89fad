"""`idp application oidc check`: each weakness of a client, and why a request of it was refused."""

from typing import Any

import click

from idp.audit.findings import Examination, Finding
from idp.base.errors import Invalid
from idp.base.work import Work
from idp.cli.application_lookup import find
from idp.cli.context import Command, open_work, settings, tell
from idp.cli.findings import counted, in_words
from idp.directory import history
from idp.directory.models import Application
from idp.oidc.checking import examination, remedies
from idp.oidc.checking.access import NOBODY
from idp.settings import Settings


@click.command(cls=Command)
@click.argument("application", metavar="[APP]", required=False)
@click.option("--attempt", metavar="ID", help="A failed attempt (att_…), as an error page or an error names it.")
@click.option("--fix", "fixes", multiple=True, metavar="KIND", help="Apply the fix that is offered for KIND.")
def check(application: str | None, attempt: str | None, fixes: tuple[str, ...]) -> None:
    """
    Say in plain words what is weak in the registration of the client APP, and why an attempt was refused. Changes
    nothing without --fix.
    Exit code 0: nothing serious; 1: something stops people from signing on, or lets a stranger in.
    """
    of = settings()
    if not application and not attempt:
        raise Invalid("Say which application: APP, or --attempt.", field="application")
    done: list[dict[str, Any]] = []
    with open_work() as work:
        kept = history.attempt(work, attempt) if attempt else None
        named = application or (kept.application_id if kept is not None else None)
        app = find(work, named) if named else None
        if app is not None and kept is not None and kept.application_id not in (None, app.id):
            raise Invalid("That attempt is of another application.", field="attempt", advice="Leave APP out.")
        if app is not None:
            examined = of_application(work, of, app, attempt=kept)
            done = _fixed(work, of, app, fixes, examined)
        elif fixes:
            raise Invalid("Nothing can be fixed: that attempt is of no registered application.", field="fix")
        else:
            assert kept is not None
            loopback = of.development.allow_http_loopback_applications
            found = examination.of_attempt(work, kept, base_url=of.base_url, http_loopback=loopback)
            examined = Examination((f"the attempt {kept.id}",), found)
    if done and app is not None:
        with open_work() as work:
            examined = of_application(work, of, app, attempt=kept)
    tell(_value(app, examined, done), "\n".join(_lines(app, examined, done)))
    if examined.serious:
        click.get_current_context().exit(1)


def of_application(work: Work, of: Settings, app: Application, *, attempt: Any = None) -> Examination:
    """Return what there is to say of a registered client, and of an *attempt* of it."""
    loopback = of.development.allow_http_loopback_applications
    return examination.of_application(work, app, attempt, base_url=of.base_url, http_loopback=loopback)


def _fixed(
    work: Work, of: Settings, app: Application, kinds: tuple[str, ...], examined: Examination
) -> list[dict[str, Any]]:
    done = []
    for kind in kinds:
        applied = remedies.apply(
            work,
            app.id,
            kind,
            examined.findings,
            base_url=of.base_url,
            allow_http_loopback=of.development.allow_http_loopback_applications,
        )
        done += [{"kind": kind, "does": fix.does, "risk": fix.risk} for fix in applied]
    return done


def in_short(findings: tuple[Finding, ...], application_id: str, *, access_is_said: bool = False) -> list[str]:
    """
    Return *findings* as lines below what has just been saved: one each, and where more is said.

    Args:
        access_is_said: who may open it stands above them already.
    """
    shown = [one for one in findings if not (access_is_said and one.kind == NOBODY.slug)]
    lines = [f"  {one.severity.value:<8} {one.kind}: {one.evidence}" for one in shown]
    return [*lines, f"  What each means: idp application oidc check {application_id}"] if lines else []


def _value(app: Application | None, examined: Examination, done: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "application_id": None if app is None else app.id,
        "looked_at": list(examined.looked_at),
        "serious": examined.serious,
        "findings": [finding.to_json() for finding in examined.findings],
        "fixed": done,
    }


def _lines(app: Application | None, examined: Examination, done: list[dict[str, Any]]) -> list[str]:
    lines = [f"fixed {one['kind']}: {one['does']}" for one in done]
    lines += [f"{app.name}  {app.id}"] if app is not None else []
    lines += [f"looked at {', '.join(examined.looked_at)}", ""]
    if not examined.findings:
        return [*lines, "Nothing is wrong with what was looked at."]
    return [*lines, *in_words(examined.findings), "", f"{counted(examined.findings)}."]
