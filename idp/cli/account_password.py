"""`idp account require-new-password`, `import-password`, `import-passwords`."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from idp.base.errors import IdpError, Invalid
from idp.cli import errors, show
from idp.cli.context import Command, open_work, rehearsal, tell
from idp.directory import queries
from idp.signon import administered_password

_ORGANIZATION = click.option(
    "--organization", metavar="ORG", help="Short name of the organization, where several know this address."
)
_TOGETHER = 200
_SHOWN = 20
_LONGEST_LINE = 1000

Fault = dict[str, str | int]


@click.command("require-new-password", cls=Command)
@click.argument("email")
@_ORGANIZATION
@click.option("--sign-out", is_flag=True, help="End every sign-on that it has now, too.")
def require_new_password(email: str, organization: str | None, sign_out: bool) -> None:
    """Let the account EMAIL choose a new password when it next signs in with the present one."""
    with open_work() as work:
        where = queries.organization(work, organization).id if organization is not None else None
        done = administered_password.require_new_password(work, email, organization_id=where, sign_out=sign_out)
        words = f"{done.email} chooses a new password at the next sign-in"
        tell({**show.account(done), "signed_out": sign_out}, words + (" and is signed out everywhere" * sign_out))


@click.command("import-password", cls=Command)
@click.argument("email")
@_ORGANIZATION
@click.option("--hash", "given", metavar="HASH", help="The hash. Others on this machine can see it while this runs.")
@click.option("--hash-stdin", is_flag=True, help="Read the hash from the first line of standard input.")
@click.option("--replace", is_flag=True, help="Let it take the place of a password that the account has.")
def import_password(email: str, organization: str | None, given: str | None, hash_stdin: bool, replace: bool) -> None:
    """Give the account EMAIL the hash that another system made of its password."""
    if (given is not None) == hash_stdin:
        raise Invalid("Say either --hash or --hash-stdin.", field="hash")
    text = given if given is not None else sys.stdin.readline(_LONGEST_LINE).strip()
    with open_work() as work:
        where = queries.organization(work, organization).id if organization is not None else None
        done, scheme = administered_password.import_password(work, email, text, organization_id=where, replace=replace)
        words = f"{done.email} signs in with the password of which this is the {scheme} hash"
        tell({**show.account(done), "scheme": scheme}, words)


@click.command("import-passwords", cls=Command)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_ORGANIZATION
@click.option("--replace", is_flag=True, help="Let them take the place of passwords that accounts have.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
def import_passwords(file: Path, organization: str | None, replace: bool, dry_run: bool) -> None:
    """
    Give many accounts the hashes of their passwords elsewhere. FILE is CSV: an e-mail address and a hash a line.

    A line that cannot be taken is named and left out; the others are taken. Exit code 2 if there was one.
    """
    found = [*_lines(file)]
    done = 0
    faults: list[Fault] = []
    for at in range(0, len(found), _TOGETHER) if not dry_run else [0]:
        part = found[at : at + _TOGETHER] if not dry_run else found
        count, failed = _import(part, organization, replace=replace, dry_run=dry_run)
        done, faults = done + count, faults + failed
    words = [f"{'would import' if dry_run else 'imported'} {done} of {len(found)} hashes"]
    words += [f"  line {fault['line']}: {fault['message']}" for fault in faults[:_SHOWN]]
    if len(faults) > _SHOWN:
        words.append(f"  … and {len(faults) - _SHOWN} more lines; with --json all of them")
    tell({"imported": done, "dry_run": dry_run, "faults": faults}, "\n".join(words))
    if faults:
        click.get_current_context().exit(errors.EXIT[Invalid])


def _import(
    lines: list[tuple[int, str, str]], organization: str | None, *, replace: bool, dry_run: bool
) -> tuple[int, list[Fault]]:
    count = 0
    faults: list[Fault] = []
    with rehearsal() if dry_run else open_work() as work:
        where = queries.organization(work, organization).id if organization is not None else None
        for number, email, text in lines:
            try:
                administered_password.import_password(work, email, text, organization_id=where, replace=replace)
            except IdpError as error:  # it has changed nothing
                faults.append({"line": number, "email": email, "error": error.code, "message": error.message})
            else:
                count += 1
    return count, faults


def _lines(file: Path) -> Iterator[tuple[int, str, str]]:
    """
    Raises:
        Invalid: the file is no CSV of two columns.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.reader(opened)
            for row in reader:
                if not row or (reader.line_num == 1 and [cell.strip().lower() for cell in row] == ["email", "hash"]):
                    continue
                if len(row) != 2 or len(row[1]) > _LONGEST_LINE:
                    raise Invalid(
                        f"{file}, line {reader.line_num}: expected an e-mail address and a hash.",
                        field="file",
                        advice="Write it like ann@example.org,$2b$12$… Put a hash that holds a comma into quotes.",
                    )
                yield reader.line_num, row[0].strip(), row[1].strip()
    except (UnicodeDecodeError, csv.Error) as error:
        raise Invalid(f"{file} is no CSV in UTF-8.", field="file") from error
