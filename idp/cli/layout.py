"""`idp layout …`"""

from collections.abc import Sequence
from typing import Any

import click

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.cli import show
from idp.cli.application_lookup import find
from idp.cli.context import Group, open_work, tell, tell_all
from idp.directory import launcher_arrangements, launcher_layouts, queries
from idp.directory.launcher_models import LauncherLayout
from idp.policy.launcher import Section

_ORGANIZATION = click.option("--organization", required=True, metavar="ORG", help="Short name of the organization.")
_SECTIONS = click.option(
    "--section",
    "sections",
    multiple=True,
    metavar="NAME=APP…",
    help="A section, and the applications in it with blanks between them; give one for each section, in order.",
)
_FIXED = click.option(
    "--fixed/--beginning",
    default=None,
    help="It goes before what people arrange, or is only where they begin (default).",
)


@click.group(cls=Group)
def layout() -> None:
    """How the launcher is laid out, for the members of a group or for everyone. LAYOUT is an id (lay_…)."""


@layout.command("list")
@_ORGANIZATION
def list_(organization: str) -> None:
    """List the layouts; of those that are for a person, the first one counts."""
    with open_work() as work:
        found = launcher_layouts.layouts(work, organization)
        called = launcher_layouts.named(work, found)
        values = [_shown(one, called[one.id]) for one in found]
    tell_all(values, _line, none="There is no layout: everybody begins with the applications of each site.")


@layout.command("show")
@click.argument("layout_id", metavar="LAYOUT")
@_ORGANIZATION
def show_(layout_id: str, organization: str) -> None:
    """Show LAYOUT."""
    with open_work() as work:
        found = launcher_layouts.layout(work, organization, layout_id)
        value = _full(work, found)
    tell(value, "\n".join([_line(value), *_words(value)]))


@layout.command()
@_ORGANIZATION
@click.option("--group", metavar="NAME", help="Whose launcher (default: that of everyone).")
@_SECTIONS
@_FIXED
def create(organization: str, group: str | None, sections: tuple[str, ...], fixed: bool | None) -> None:
    """Lay out the launcher of a group, or of everyone."""
    with open_work() as work:
        made = launcher_layouts.create(
            work, organization, group=group, sections=_sections(work, sections), overrides=bool(fixed)
        )
        value = _full(work, made)
    tell(value, f"created layout {made.id} for {value['for']}")


@layout.command("set")
@click.argument("layout_id", metavar="LAYOUT")
@_ORGANIZATION
@_SECTIONS
@_FIXED
def set_(layout_id: str, organization: str, sections: tuple[str, ...], fixed: bool | None) -> None:
    """Change LAYOUT; what is not named stays as it is, and sections are given all together."""
    with open_work() as work:
        wanted = _sections(work, sections) if sections else None
        changed = launcher_layouts.edit(work, organization, layout_id, sections=wanted, overrides=fixed)
        value = _full(work, changed)
    tell(value, f"changed the layout for {value['for']}")


@layout.command()
@click.argument("layout_ids", nargs=-1, required=True, metavar="LAYOUT...")
@_ORGANIZATION
def order(layout_ids: tuple[str, ...], organization: str) -> None:
    """Say which LAYOUT counts first for people in several groups; name all of them. That of everyone is last."""
    with open_work() as work:
        ordered = launcher_layouts.order(work, organization, layout_ids)
        called = launcher_layouts.named(work, ordered)
        values = [_shown(one, called[one.id]) for one in ordered]
    tell_all(values, _line, none="")


@layout.command()
@click.argument("layout_id", metavar="LAYOUT")
@_ORGANIZATION
def delete(layout_id: str, organization: str) -> None:
    """Delete LAYOUT. What people have arranged themselves stays."""
    with open_work() as work:
        found = launcher_layouts.layout(work, organization, layout_id)
        value = _full(work, found)
        launcher_layouts.delete(work, organization, layout_id)
    tell(value, f"deleted the layout for {value['for']}")


@layout.command()
@click.argument("email")
@_ORGANIZATION
def preview(email: str, organization: str) -> None:
    """Show what EMAIL finds in the launcher now."""
    with open_work() as work:
        owner = queries.organization(work, organization)
        seen = launcher_arrangements.of_other(work, email, organization_id=owner.id)
        values = [
            {
                "name": seen.sites[one.name].name if one.name in seen.sites else one.name,
                "kind": one.kind.value,
                "applications": [{"id": a, "name": seen.openable[a].name} for a in one.applications],
            }
            for one in seen.sections
        ]
    tell_all(
        values,
        lambda one: f"{one['name'] or 'new here':<32} {', '.join(a['name'] for a in one['applications'])}",
        none=f"{email} may open no application.",
    )


def _sections(work: Work, said: Sequence[str]) -> list[Section]:
    found = []
    for one in said:
        name, equals, references = one.partition("=")
        if not equals:
            raise Invalid(
                "A section is written with its name and its applications.",
                field="section",
                advice='Write it like --section "Daily=app_… https://wiki.example/saml".',
            )
        found.append(Section(name.strip(), tuple(find(work, reference).id for reference in references.split())))
    return found


def _shown(of: LauncherLayout, called: str) -> dict[str, Any]:
    return {
        "id": of.id,
        "organization_id": of.organization_id,
        "group_id": of.group_id,
        "for": called,
        "fixed": of.overrides,
        "sections": of.sections,
        "created_at": show.instant(of.created_at),
        "version": of.version,
    }


def _full(work: Work, of: LauncherLayout) -> dict[str, Any]:
    value = _shown(of, launcher_layouts.named(work, [of])[of.id])
    ids = [application for section in of.sections for application in section["applications"]]
    known = launcher_layouts.applications(work, of.organization_id, ids)
    value["names"] = {application: one.name for application, one in known.items()}
    return value


def _line(one: dict[str, Any]) -> str:
    how = "fixed" if one["fixed"] else "a beginning"
    return f"{one['id']}  {one['for']:<32} {how:<12} {', '.join(s['name'] for s in one['sections']) or 'no section'}"


def _words(value: dict[str, Any]) -> list[str]:
    return [
        f"  {section['name']:<30} {', '.join(value['names'].get(a, f'{a} (gone)') for a in section['applications'])}"
        for section in value["sections"]
    ]
