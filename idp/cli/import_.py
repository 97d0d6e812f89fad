"""`idp import …`"""

from pathlib import Path
from typing import Any

import click

from idp.base.errors import Invalid
from idp.cli import show
from idp.cli.account_lookup import ORGANIZATION, organization_id
from idp.cli.context import Group, chosen, open_work, settings, tell, tell_all
from idp.directory import import_reading, imports
from idp.directory.joining_models import AccountImport, AccountImportRow
from idp.policy import importing
from idp.policy.importing import Action
from idp.signon import account_imports

_IMPORT = click.argument("import_id", metavar="IMPORT")
_SHOWN = 20


@click.group("import", cls=Group)
def import_() -> None:
    """Accounts from CSV files: see what a file would do, do it, undo it. IMPORT is an id (imp_…)."""


@import_.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
def preview(file: Path, organization: str) -> None:
    """
    Read FILE and show what it would do; nothing is done yet.

    FILE is CSV in UTF-8 whose first line names the columns: email, name, given_name, family_name, groups, kind,
    attribute:NAME. Several groups, or values, in a cell are separated by “|”. An empty cell changes nothing.
    """
    with file.open("rb") as opened:
        octets = opened.read(importing.LONGEST + 1)
    with open_work() as work:
        made = import_reading.preview(work, octets, organization=organization, file_name=file.name)
        listed = [_row(one) for one in imports.rows(work, made, limit=importing.MOST_ROWS) if one.action != "unchanged"]
        counts = ", ".join(f"{made.counts[action]} {action.value}" for action in Action)
        words = [f"{made.id}: {counts}", *map(_line, listed[:_SHOWN])]
        if len(listed) > _SHOWN:
            words.append(f"  … and {len(listed) - _SHOWN} more rows; see: idp import show {made.id}")
        words.append(f"Do it with: idp import apply {made.id}")
        tell({**_import(made), "rows": listed}, "\n".join(words))


@import_.command()
@_IMPORT
@ORGANIZATION
@click.option("--invite", is_flag=True, help="Mail everybody whose account it creates a link to set a password.")
def apply(import_id: str, organization: str | None, invite: bool) -> None:
    """Do what IMPORT showed. Rows whose accounts have changed since are refused; many are done by jobs."""
    if invite and not settings().mail.smtp_url:
        raise Invalid("No mail is sent from here.", field="mail.smtp_url", advice="Set mail.smtp_url.")
    with open_work() as work:
        where = organization_id(work, organization)
        done = account_imports.apply(work, import_id, organization_id=where, invite=invite)
        tell(_import(done), f"{done.id} is {done.state}: {_said(imports.done(work, done))}")


@import_.command()
@_IMPORT
@ORGANIZATION
def undo(import_id: str, organization: str | None) -> None:
    """Take IMPORT back: accounts that nobody has used are removed, values go back unless they were changed since."""
    with open_work() as work:
        done = account_imports.undo(work, import_id, organization_id=organization_id(work, organization))
        tell(_import(done), f"{done.id} is {done.state}: {_said(imports.done(work, done))}")


@import_.command("list")
@ORGANIZATION
def list_(organization: str | None) -> None:
    """List imports, the newest first."""
    with open_work() as work:
        where = organization_id(work, organization)
        found = [_import(one) for one in imports.imports(work, organization_id=where)]
    tell_all(
        found,
        lambda one: f"{one['id']}  {one['state']:<9}  {one['created_at']}  {one['file_name']}",
        none="Nothing was imported yet.",
    )


@import_.command("show")
@_IMPORT
@ORGANIZATION
@click.option("--action", type=click.Choice([one.value for one in Action]), help="Only rows that do this.")
def show_(import_id: str, organization: str | None, action: str | None) -> None:
    """Show IMPORT row by row: what it would do, what it did, and why not."""
    with open_work() as work:
        found = imports.get(work, import_id, organization_id=organization_id(work, organization))
        listed = [_row(one) for one in imports.rows(work, found, action=action or "", limit=importing.MOST_ROWS)]
        value = _import(found)
    if chosen().json:
        tell({**value, "rows": listed}, "")
        return
    tell(value, "\n".join([f"{value['id']}  {value['file_name']}  {value['state']}", *map(_line, listed)]))


def _said(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {outcome or 'to do'}" for outcome, count in sorted(counts.items())) or "nothing to do"


def _line(of: dict[str, Any]) -> str:
    changes = ", ".join(f"{field}: {of['before'].get(field, '')!s} → {value!s}" for field, value in of["after"].items())
    return f"  line {of['line']}  {of['outcome'] or of['action']:<9}  {of['email']}  {of['problem'] or changes}"


def _import(of: AccountImport) -> dict[str, Any]:
    return {
        "id": of.id,
        "organization_id": of.organization_id,
        "file_name": of.file_name,
        "state": of.state,
        "options": of.options,
        "counts": of.counts,
        "created_by_name": of.created_by_name,
        "created_at": show.instant(of.created_at),
        "applied_at": show.instant(of.applied_at),
        "undone_at": show.instant(of.undone_at),
    }


def _row(of: AccountImportRow) -> dict[str, Any]:
    return {
        "line": of.number,
        "email": of.email,
        "action": of.action,
        "before": of.before,
        "after": of.after,
        "outcome": of.outcome,
        "problem": of.problem,
        "account_id": of.account_id,
    }
