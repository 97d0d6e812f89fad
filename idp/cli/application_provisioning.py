"""`idp application provisioning …`: applications that are told, through SCIM, of the accounts that may open them."""

import sys
from typing import Any

import click

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.cli import show
from idp.cli.application_lookup import find
from idp.cli.context import Group, open_database, open_work, settings, tell, tell_all, work_on
from idp.cli.jobs import dial
from idp.directory.models import Application
from idp.directory.told_models import ProvisioningTarget
from idp.provisioning.targets import carrying, editing, found, lists, noticing, preview, switching, testing
from idp.provisioning.targets.editing import Wanted
from idp.provisioning.targets.lists import There
from idp.provisioning.targets.preview import Person
from idp.provisioning.targets.server import Fault

_APPLICATION = click.argument("application", metavar="APP")
_IF_VERSION = click.option("--if-version", type=int, metavar="N", help="Only if this is still its version.")


@click.group(cls=Group)
def provisioning() -> None:
    """Applications that are told of accounts: whoever may open APP is made there, whoever may not any more goes."""


@provisioning.command("set")
@_APPLICATION
@click.option("--endpoint", metavar="URL", help="The base address of its SCIM server; another one forgets the token.")
@click.option("--token-stdin", is_flag=True, help="Read the token that it has made from standard input.")
@click.option("--group", "groups", multiple=True, metavar="NAME", help="Only members of this group; all of them.")
@click.option("--push-group", "pushed", multiple=True, metavar="NAME", help="Make this group there; all of them.")
@click.option("--no-groups", is_flag=True, help="Make no groups there.")
@click.option("--everybody", is_flag=True, help="Whoever may open it, whatever the group.")
@click.option("--map", "mapped", multiple=True, metavar="SCIM=OURS", help="Which attribute is which; replaces the map.")
@click.option("--on-loss", type=click.Choice(carrying.LOSSES), help="What happens there to who loses access.")
@click.option("--brake", type=int, metavar="PERCENT", help="More at once wait for approval (100: never).")
@_IF_VERSION
def set_(
    application: str,
    endpoint: str | None,
    token_stdin: bool,
    groups: tuple[str, ...],
    pushed: tuple[str, ...],
    no_groups: bool,
    everybody: bool,
    mapped: tuple[str, ...],
    on_loss: str | None,
    brake: int | None,
    if_version: int | None,
) -> None:
    """Say where APP is told, and what; what is not named stays. Nothing is sent until it is switched on."""
    token = sys.stdin.readline().strip() if token_stdin else None
    loopback = settings().development.allow_http_loopback_applications
    with open_work() as work:
        app = find(work, application)
        before = found.of_application(work, app)
        if before is None and endpoint is None:
            raise Invalid("Say where it is told.", field="endpoint", advice="Add --endpoint https://…/scim/v2.")
        if everybody and groups:
            raise Invalid("Either everybody, or members of groups.", field="groups", advice="Leave one of them out.")
        told = any(value is not None for value in (endpoint, on_loss, brake))
        if told or groups or everybody or mapped or pushed or no_groups:
            if before is None and not groups and not everybody:
                raise Invalid(
                    "Say who is told of.",
                    field="groups",
                    advice="Add --everybody, or --group NAME for members of a group.",
                )
            kept_everybody = not groups and (everybody or (before is not None and before.everybody))
            wanted = Wanted(
                everybody=kept_everybody,
                endpoint=endpoint or ("" if before is None else before.endpoint),
                groups=groups or ([] if before is None or kept_everybody else lists.group_names(work, before)),
                pushed_groups=pushed
                or ([] if before is None or no_groups else lists.group_names(work, before, pushed=True)),
                mapping=_mapping(mapped) or (None if before is None else before.mapping),
                on_loss=on_loss or (carrying.DEACTIVATE if before is None else before.on_loss),
                brake_percent=brake if brake is not None else (10 if before is None else before.brake_percent),
            )
            editing.set_up(work, app.id, wanted, if_version=if_version, http_loopback=loopback)
            if_version = None
        if token is not None:
            editing.set_token(work, app.id, token, if_version=if_version)
        target = _target(work, app)
        tell(_shown(work, app, target), _words(work, app, target))


@provisioning.command("show")
@_APPLICATION
def show_(application: str) -> None:
    """Show where APP is told, and how that goes."""
    with open_work() as work:
        app = find(work, application)
        target = _target(work, app)
        tell(_shown(work, app, target), _words(work, app, target))


@provisioning.command()
@_APPLICATION
@_IF_VERSION
def enable(application: str, if_version: int | None) -> None:
    """Tell APP from now on; look at the preview first."""
    with open_work() as work:
        app = find(work, application)
        target = switching.enable(work, app.id, if_version=if_version)
        tell(_shown(work, app, target), f"{app.name} is told of its accounts from now on")


@provisioning.command()
@_APPLICATION
@_IF_VERSION
def disable(application: str, if_version: int | None) -> None:
    """Tell APP of nothing until it is switched on again; what it knows stays."""
    with open_work() as work:
        app = find(work, application)
        target = switching.disable(work, app.id, if_version=if_version)
        tell(_shown(work, app, target), f"{app.name} is told of nothing any more")


@provisioning.command()
@_APPLICATION
@_IF_VERSION
def remove(application: str, if_version: int | None) -> None:
    """Forget where APP is told, its token, and who is known there. Accounts there stay as they are."""
    with open_work() as work:
        app = find(work, application)
        count = editing.remove(work, app.id, if_version=if_version)
        tell({"application_id": app.id, "accounts": count}, f"removed; {count} accounts stay at {app.name} as they are")


@provisioning.command()
@_APPLICATION
def test(application: str) -> None:
    """Try the connection to APP. Nothing is changed there."""
    of = settings()
    with open_database(of) as database:
        with work_on(database) as work:
            question = testing.ask(work, find(work, application).id)
        came = testing.asked(dial(of), question)
        with work_on(database) as work:
            testing.note(work, question, came)
    if isinstance(came, Fault):
        raise testing.refusal(came)
    tell(
        {"works": True, "patch": came.patch, "filter": came.filters},
        f"it works (PATCH: {'yes' if came.patch else 'no'}, looking for accounts: {'yes' if came.filters else 'no'})",
    )


@provisioning.command("preview")
@_APPLICATION
def preview_(application: str) -> None:
    """Say who would be created, updated and taken away at APP, from what is known here."""
    with open_work() as work:
        seen = preview.preview(work, find(work, application).id)
    said = {
        "create": {"count": seen.creates, "first": _people(seen.to_create)},
        "update": {"count": seen.updates, "first": _people(seen.to_update)},
        "deactivate": {"count": seen.deactivations, "first": _people(seen.to_deactivate)},
        "waits_for_approval": seen.brakes,
        "example": seen.document,
    }
    held = " (they would wait for approval)" if seen.brakes else ""
    tell(said, f"create {seen.creates}, update {seen.updates}, take away {seen.deactivations}{held}")


@provisioning.command()
@_APPLICATION
@click.option("--again", is_flag=True, help="Send everything again, also what has not changed.")
def reconcile(application: str, again: bool) -> None:
    """Compare everybody at APP, in steps (`idp jobs run` does them)."""
    with open_work() as work:
        app = find(work, application)
        run = switching.reconcile(work, app.id, again=again)
        tell({"run_id": run.id, "total": run.total}, f"{run.title}: {run.total} accounts ({run.id})")


@provisioning.command()
@_APPLICATION
def approve(application: str) -> None:
    """Let the accounts go that were held back at APP because they were many at once."""
    with open_work() as work:
        app = find(work, application)
        count = switching.approve(work, app.id)
        tell({"application_id": app.id, "approved": count}, f"{count} accounts are taken away at {app.name}")


@provisioning.command()
@_APPLICATION
def retry(application: str) -> None:
    """Try APP again now if it has failed, and send once more what it did not take."""
    with open_work() as work:
        app = find(work, application)
        target = _target(work, app)
        failed = lists.counts(work, app.organization_id, [target.id])[target.id].get(noticing.FAILED, 0)
        if target.failing_since is not None or target.stopped_at is not None or not failed:
            switching.resume(work, app.id)
        count = switching.retry(work, app.id) if failed else 0
        tell({"application_id": app.id, "retried": count}, f"{app.name} is tried again now; {count} accounts once more")


@provisioning.command()
@_APPLICATION
@click.option("--state", type=click.Choice(noticing.STATES), help="Only those in this state.")
@click.option("--starting", default="", metavar="TEXT", help="Only those whose address begins so.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, metavar="N")
def accounts(application: str, state: str | None, starting: str, limit: int) -> None:
    """List the accounts that are known at APP, and what became of them."""
    with open_work() as work:
        target = _target(work, find(work, application))
        every = lists.all_accounts(work, target, state=state or "", starting=starting)
        shown = [_account(one) for one, _ in zip(every, range(limit), strict=False)]
    tell_all(
        shown,
        lambda one: f"{one['state']:<8} {one['act']:<10} {one['email'] or one['account_id']}  {one['error']}",
        none="Nobody is known there.",
    )


def _target(work: Work, app: Application) -> ProvisioningTarget:
    return found.readable(work, app.id)[1]


def _mapping(mapped: tuple[str, ...]) -> dict[str, str]:
    said = {}
    for one in mapped:
        name, equals, ours = one.partition("=")
        if not equals or not ours:
            raise Invalid("This maps no attribute.", field="map", advice="Write it like --map title=job_title.")
        said[name.strip()] = ours.strip()
    return said


def _shown(work: Work, app: Application, of: ProvisioningTarget) -> dict[str, Any]:
    return {
        "application_id": app.id,
        "id": of.id,
        "endpoint": of.endpoint,
        "has_token": bool(of.token_sealed),
        "state": lists.state_of(of),
        "error": of.error,
        "everybody": of.everybody,
        "groups": lists.group_names(work, of),
        "pushed_groups": lists.group_names(work, of, pushed=True),
        "mapping": dict(of.mapping),
        "on_loss": of.on_loss,
        "brake_percent": of.brake_percent,
        "accounts": lists.counts(work, of.organization_id, [of.id])[of.id],
        "enabled_at": show.instant(of.enabled_at),
        "failing_since": show.instant(of.failing_since),
        "told_at": show.instant(of.told_at),
        "version": of.version,
    }


def _words(work: Work, app: Application, of: ProvisioningTarget) -> str:
    said = _shown(work, app, of)
    counts = ", ".join(f"{state} {count}" for state, count in sorted(said["accounts"].items())) or "nobody"
    token = "with a token" if said["has_token"] else "without a token"
    fault = f" ({said['error']})" if said["error"] else ""
    return f"{app.name}: {said['state']}{fault}, at {of.endpoint} {token}; {counts}"


def _people(some: tuple[Person, ...]) -> list[dict[str, str]]:
    return [{"id": one.id, "email": one.email} for one in some]


def _account(one: There) -> dict[str, Any]:
    return {
        "account_id": one.row.account_id,
        "email": "" if one.account is None else one.account.email,
        "remote_id": one.row.remote_id,
        "state": one.row.state,
        "act": one.row.act,
        "error": one.row.error,
        "changed_at": show.instant(one.row.changed_at),
    }
