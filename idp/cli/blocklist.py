"""`idp blocklist …`"""

from pathlib import Path

import click

from idp.cli.context import Group, config_path, settings, tell
from idp.policy import blocklist as blocklist_
from idp.policy import blocklist_building
from idp.policy.blocklist import Description


@click.group(cls=Group)
def blocklist() -> None:
    """The list of breached passwords, which nobody may choose."""


@blocklist.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--into", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where the list goes.")
@click.option("--source", default="", metavar="TEXT", help="Where the passwords are from; kept in the list.")
@click.option("--licence", default="", metavar="TEXT", help="Under which licence they are; kept in the list.")
@click.option(
    "--shortest",
    default=1,
    show_default=True,
    type=click.IntRange(1, 256),
    metavar="N",
    help="Leave out passwords of fewer characters.",
)
def build(inputs: tuple[Path, ...], into: Path, source: str, licence: str, shortest: int) -> None:
    """
    Build a list out of INPUTS: passwords, one a line; SHA1:count a line (Have I Been Pwned); both plain or gzipped;
    or lists that were built before. The same input makes the same file.
    """
    made, taken = blocklist_building.build(inputs, into, source=source, licence=licence, shortest=shortest)
    value = {**_shown(into, made), "skipped": taken.skipped}
    tell(value, f"built {into}: {_counted(made)} ({taken.skipped:,} lines were left out)\n  SHA-256 {made.sha256}")


@blocklist.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def show(file: Path | None) -> None:
    """Check the list in FILE (default: the one that is in use), and say what it holds and where it is from."""
    path = file or _in_use()
    found = blocklist_.read(path).description
    tell(
        _shown(path, found),
        f"{path}: {_counted(found)}\n"
        f"  source         {found.source or 'not stated'}\n"
        f"  licence        {found.licence or 'not stated'}\n"
        f"  normalisation  {found.normalisation}\n"
        f"  SHA-256        {found.sha256}",
    )


def _in_use() -> Path:
    if not config_path().exists():  # before there is an installation
        return blocklist_.SHIPPED
    return settings().passwords.blocklist or blocklist_.SHIPPED


def _counted(described: Description) -> str:
    hashes = f", and {described.sha1:,} known as SHA-1" if described.sha1 else ""
    return f"{described.passwords:,} passwords{hashes}"


def _shown(path: Path, described: Description) -> dict[str, str | int]:
    return {
        "file": str(path),
        "version": described.version,
        "source": described.source,
        "licence": described.licence,
        "normalisation": described.normalisation,
        "passwords": described.passwords,
        "sha1": described.sha1,
        "sha256": described.sha256,
    }
