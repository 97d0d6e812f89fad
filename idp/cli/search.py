"""`idp search …`"""

import click

from idp.cli.context import Group, open_database, open_work, settings, tell, tell_all, work_on
from idp.directory import queries
from idp.directory import search as search_
from idp.oidc import finding


@click.group(cls=Group)
def search() -> None:
    """Find people, groups, applications, domains, sites, roles, APIs and attempts by a few letters."""


@search.command()
@click.argument("text")
@click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
@click.option("--limit", type=click.IntRange(1, 100), default=8, show_default=True, help="How many of each kind.")
def find(text: str, organization: str, limit: int) -> None:
    """Find what has a word beginning with each word of TEXT, or the attempt of which TEXT is the reference."""
    with open_work() as work:
        owner = queries.organization(work, organization)
        hits = finding.find(work, owner.id, text, limit)
    tell_all(
        [{"kind": hit.kind, "id": hit.id, "name": hit.name, "detail": hit.detail} for hit in hits],
        lambda one: f"{one['kind']:<12} {one['name']}  {one['detail']}  {one['id']}".rstrip(),
        none="Nothing begins like that.",
    )


@search.command()
def rebuild() -> None:
    """Write the words of everything anew, part by part, at once (nothing needs this as a rule)."""
    written = 0
    with open_database(settings()) as database:
        for kind in search_.KINDS:
            after: tuple[str, str] | None = ("", "")
            while after is not None:
                with work_on(database) as work:
                    after, count = search_.rebuild_part(work, kind, after)
                written += count
    tell({"written": written}, f"wrote the words of {written} things anew")
