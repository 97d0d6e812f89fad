"""
How the launcher of a person is laid out: what they may open, what administrators have laid out, what they have
arranged themselves, put together; and the steps by which sections are arranged. Pure.

What may be opened is given, never looked for: an id in a layout or an arrangement that is not among it does not show.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

MOST_SECTIONS = 30
LONGEST_NAME = 80
MOST_PLACES = 2000


class Kind(StrEnum):
    """Who says what is in a section."""

    FIXED = "fixed"
    """Administrators, for good: a layout that goes before what people arrange."""
    OWN = "own"
    """The person; or administrators, until the person does."""
    SITE = "site"
    """Nobody: the applications of one site. The section is named by the site's id."""
    NEW = "new"
    """Nobody yet: what came after the person had arranged theirs."""


@dataclass(frozen=True, slots=True)
class Section:
    """Applications under one name, in order. Names are unique among the sections of a launcher that are not of sites."""

    name: str
    applications: tuple[str, ...] = ()
    kind: Kind = Kind.OWN


@dataclass(frozen=True, slots=True)
class Layout:
    """What administrators have laid out; ``overrides``: it goes before what a person has arranged."""

    sections: tuple[Section, ...]
    overrides: bool = False


def read(stored: Sequence[Mapping[str, Any]], kind: Kind = Kind.OWN) -> tuple[Section, ...]:
    """Return stored sections (``{"name": …, "applications": [id, …]}``)."""
    return tuple(Section(str(one["name"]), tuple(map(str, one["applications"])), kind) for one in stored)


def write(sections: Iterable[Section]) -> list[dict[str, Any]]:
    """Return sections as they are stored."""
    return [{"name": one.name, "applications": list(one.applications)} for one in sections]


def merge(
    openable: Mapping[str, str], layout: Layout | None, arranged: Sequence[Section] | None
) -> tuple[Section, ...]:
    """
    Return the sections of a launcher; each application that may be opened is in exactly one of them.

    Args:
        openable: the id of each application that the person may open, in the order in which those without a place are
            shown, and the id of its site.
        layout: that of the administrators, if there is one.
        arranged: the sections that the person has arranged; None: they have not.
    """
    left = dict(openable)
    fixed: tuple[Section, ...] = ()
    begun = arranged
    if layout is not None:
        if layout.overrides:
            fixed = tuple(_taken(one, left, Kind.FIXED) for one in layout.sections)
        elif begun is None:
            begun = layout.sections
    own = tuple(_taken(one, left, Kind.OWN) for one in begun or ())
    if arranged is not None:
        return (*fixed, *own, *((Section("", tuple(left), Kind.NEW),) if left else ()))
    return (*fixed, *own, *_by_site(left))


def _taken(section: Section, left: dict[str, str], kind: Kind) -> Section:
    """Return *section* with what of it is *left*, which it takes away there."""
    return Section(section.name, tuple(one for one in section.applications if left.pop(one, None) is not None), kind)


def _by_site(left: Mapping[str, str]) -> tuple[Section, ...]:
    of: dict[str, list[str]] = {}
    for application, site in left.items():
        of.setdefault(site, []).append(application)
    return tuple(Section(site, tuple(found), Kind.SITE) for site, found in of.items())


def begin(merged: Iterable[Section], named: Mapping[str, str]) -> tuple[Section, ...]:
    """
    Return what a person begins to arrange with: what they see, without what is fixed.

    Args:
        named: the name of each site by its id.
    """
    found: list[Section] = []
    for one in merged:
        if one.kind in (Kind.OWN, Kind.SITE):
            name = named.get(one.name, one.name) if one.kind is Kind.SITE else one.name
            found.append(Section(free_name(name[:LONGEST_NAME], found), one.applications))
    return tuple(found)


def free_name(name: str, among: Sequence[Section]) -> str:
    """Return *name*, with a number where a section has it already."""
    taken = {one.name.casefold() for one in among}
    if name.casefold() not in taken:
        return name
    return next(
        made
        for number in range(2, len(taken) + 3)
        if (made := f"{name[: LONGEST_NAME - 4]} {number}").casefold() not in taken
    )


def step(sections: Sequence[Section], application: str, by: int, shown: Collection[str]) -> tuple[Section, ...]:
    """
    Move *application* one place up (*by* -1) or down (1); at the end of a section into the one next to it.

    What has no place yet comes to the end of the last section. Ids that are not *shown* count for nothing, and keep
    their places.
    """
    at = next((n for n, one in enumerate(sections) if application in one.applications), None)
    if at is None:
        return put(sections, application, sections[-1].name, None) if sections else tuple(sections)
    seen = [one for one in sections[at].applications if one in shown or one == application]
    place = seen.index(application) + by
    if 0 <= place < len(seen):
        after = [one for one in seen if one != application][place:]
        return put(sections, application, sections[at].name, after[0] if after else None)
    beside = at + by
    if not 0 <= beside < len(sections):
        return tuple(sections)
    first = next((one for one in sections[beside].applications if one in shown), None)
    return put(sections, application, sections[beside].name, first if by > 0 else None)


def put(sections: Sequence[Section], application: str, name: str, before: str | None) -> tuple[Section, ...]:
    """Put *application* into the section *name*, before another one (None, or one that is not there: at its end)."""
    without = [replace(one, applications=tuple(a for a in one.applications if a != application)) for one in sections]
    return tuple(
        replace(one, applications=_with(one, application, before)) if one.name == name else one for one in without
    )


def _with(section: Section, application: str, before: str | None) -> tuple[str, ...]:
    there = list(section.applications)
    there.insert(there.index(before) if before in there else len(there), application)
    return tuple(there)


def take_out(sections: Sequence[Section], application: str) -> tuple[Section, ...]:
    """Leave *application* without a place."""
    return tuple(replace(one, applications=tuple(a for a in one.applications if a != application)) for one in sections)


def add(sections: Sequence[Section], name: str) -> tuple[Section, ...]:
    """Add an empty section at the end."""
    return (*sections, Section(name))


def rename(sections: Sequence[Section], name: str, wanted: str) -> tuple[Section, ...]:
    """Give the section *name* another one."""
    return tuple(replace(one, name=wanted) if one.name == name else one for one in sections)


def remove(sections: Sequence[Section], name: str) -> tuple[Section, ...]:
    """Remove a section; what was in it has no place any more."""
    return tuple(one for one in sections if one.name != name)


def shift(sections: Sequence[Section], name: str, by: int) -> tuple[Section, ...]:
    """Move a section one place up (*by* -1) or down (1), as far as there is one."""
    there = list(sections)
    at = next((n for n, one in enumerate(there) if one.name == name), None)
    if at is None or not 0 <= at + by < len(there):
        return tuple(there)
    there[at], there[at + by] = there[at + by], there[at]
    return tuple(there)


def place(sections: Sequence[Section], name: str, before: str | None) -> tuple[Section, ...]:
    """Put the section *name* before another one (None, or one that is not there: at the end)."""
    moved = next((one for one in sections if one.name == name), None)
    there = [one for one in sections if one.name != name]
    if moved is None or before == name:
        return tuple(sections)
    there.insert(next((n for n, one in enumerate(there) if one.name == before), len(there)), moved)
    return tuple(there)


def bounded(sections: Sequence[Section], shown: Collection[str]) -> tuple[Section, ...]:
    """Return *sections*, without the ids that are not *shown* where there are too many of them to be kept."""
    if sum(len(one.applications) for one in sections) <= MOST_PLACES:
        return tuple(sections)
    return tuple(replace(one, applications=tuple(a for a in one.applications if a in shown)) for one in sections)
