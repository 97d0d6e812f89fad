"""
The launcher of one person, and how they have arranged it. Theirs alone, so nothing of it is audited.

Everything here is about an account by the one that is signed in to it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.prepared import Prepared
from idp.base.tables import insert_if_absent
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access, launcher_layouts, names, queries, sites
from idp.directory.launcher_models import LauncherArrangement
from idp.directory.models import Application
from idp.directory.sites import SiteFacts
from idp.policy import launcher
from idp.policy.launcher import Kind, Section
from idp.policy.permissions import Permission, require

_MOST_FAVOURITES = 100
_MOST_OPENED = 6
_BOOKMARK = "bookmark"
_ADD = Prepared(insert_if_absent(LauncherArrangement))

Sections = tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Launcher:
    """
    What a person finds at ``/``: sections, of ``openable`` applications only, and favourites among these.

    ``sites`` are those of the applications, by id; ``arranged``: the person has arranged the sections themselves;
    ``opened``: the bookmarks that they opened last, and when.
    """

    sections: Sections
    favourites: tuple[str, ...]
    openable: Mapping[str, Application]
    sites: Mapping[str, SiteFacts]
    arranged: bool
    opened: tuple[tuple[str, datetime], ...] = ()


def of_account(work: Work, organization_id: str, account_id: str) -> Launcher:
    """Return the launcher of an account: of what the gates would let it open now, and nothing else."""
    openable = {one.id: one for one in access.openable(work, organization_id, account_id)}
    found = {
        site_id: sites.facts_by_id(work, organization_id, site_id) for site_id in {a.site_id for a in openable.values()}
    }
    live = {site_id: one for site_id, one in found.items() if one is not None}
    first = sorted(live.values(), key=lambda one: (one.name.casefold(), one.slug))
    rank = {one.id: place for place, one in enumerate(first)}
    ordered = sorted((a for a in openable.values() if a.site_id in rank), key=lambda a: rank[a.site_id])
    row = work.tx.session.get(LauncherArrangement, (organization_id, account_id))
    arranged = launcher.read(row.sections) if row is not None and row.sections else None
    layout = launcher_layouts.of_account(work, organization_id, account_id)
    shown = {one.id: one for one in ordered}
    return Launcher(
        sections=launcher.merge({one.id: one.site_id for one in ordered}, layout, arranged),
        favourites=tuple(one for one in (row.favourites if row is not None else ()) if one in shown),
        openable=shown,
        sites=live,
        arranged=arranged is not None,
        opened=_read_opened(row.opened if row is not None else (), shown),
    )


def of_other(work: Work, reference: str, *, organization_id: str) -> Launcher:
    """
    Return the launcher of an account (its id or e-mail address) that the actor administers: what that person sees.

    Raises:
        NotFound: no such account that this actor may see.
        Forbidden: the actor may not see the applications of the organization.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    require(work, Permission.APPLICATION_READ, organization_id)
    return of_account(work, organization_id, account.id)


def arrangeable(own: Launcher) -> Sections:
    """Return the sections that the person can arrange, by the names that they would have."""
    return launcher.begin(own.sections, {site_id: one.name for site_id, one in own.sites.items()})


def set_favourite(work: Work, organization_id: str, account_id: str, application_id: str, *, favourite: bool) -> None:
    """
    Make an application a favourite, the last one; or no longer one.

    Raises:
        Forbidden: the account is not the actor's own.
        NotFound: it may not open such an application.
        Conflict: there are as many favourites as there may be.
    """
    _check_own(work, organization_id, account_id)
    if favourite and not access.may_open(work, organization_id, application_id, account_id):
        raise _no_application()
    row = _row(work, organization_id, account_id)
    kept = [one for one in row.favourites if one != application_id]
    if favourite and len(kept) >= _MOST_FAVOURITES:
        openable = {one.id for one in access.openable(work, organization_id, account_id)}
        kept = [one for one in kept if one in openable]
        if len(kept) >= _MOST_FAVOURITES:
            raise Conflict(
                phrase("There are %(most_favourites)s favourites already.", most_favourites=_MOST_FAVOURITES),
                advice="Take one away first.",
            )
    row.favourites = [*kept, application_id] if favourite else kept
    row.updated_at = work.now
    work.tx.session.flush()


def note_opened(work: Work, organization_id: str, account_id: str, application_id: str) -> None:
    """
    Note that the person opens a bookmark now.

    Raises:
        Forbidden: the account is not the actor's own.
        NotFound: it may open no such bookmark.
    """
    _check_own(work, organization_id, account_id)
    found = next((a for a in access.openable(work, organization_id, account_id) if a.id == application_id), None)
    if found is None or found.protocol != _BOOKMARK:
        raise _no_application()
    row = _row(work, organization_id, account_id)
    kept = [one for one in row.opened if one["id"] != application_id]
    row.opened = [{"id": application_id, "at": work.now.isoformat()}, *kept][:_MOST_OPENED]
    work.tx.session.flush()


def step(work: Work, organization_id: str, account_id: str, application_id: str, by: int) -> None:
    """
    Move an application one place up (*by* -1) or down (1), at the end of a section into the next one.

    Raises:
        Forbidden: the account is not the actor's own.
        NotFound: it may not open such an application, or administrators have fixed its place.
    """

    def act(sections: Sections, shown: frozenset[str]) -> Sections:
        _check_free(shown, application_id)
        return launcher.step(sections, application_id, by, shown)

    _arrange(work, organization_id, account_id, act)


def put(
    work: Work, organization_id: str, account_id: str, application_id: str, section: str, *, before: str | None = None
) -> None:
    """
    Put an application into a section, before another one (None: at its end); an empty *section*: leave it without.

    Raises:
        Forbidden: the account is not the actor's own.
        NotFound: it may not open such an application, administrators have fixed its place, or there is no such section.
    """

    def act(sections: Sections, shown: frozenset[str]) -> Sections:
        _check_free(shown, application_id)
        if not section:
            return launcher.take_out(sections, application_id)
        _check_section(sections, section)
        return launcher.put(sections, application_id, section, before)

    _arrange(work, organization_id, account_id, act)


def add_section(work: Work, organization_id: str, account_id: str, name: str) -> None:
    """
    Add an empty section at the end.

    Raises:
        Forbidden: the account is not the actor's own.
        Invalid: the name cannot be used, or there are as many sections as there may be.
        Conflict: there is a section of that name.
    """
    wanted = launcher_layouts.section_name(name)

    def act(sections: Sections, _: frozenset[str]) -> Sections:
        if len(sections) >= launcher.MOST_SECTIONS:
            raise Invalid(
                phrase("A launcher has at most %(most_sections)s sections.", most_sections=launcher.MOST_SECTIONS),
                field="section",
            )
        _check_name(sections, wanted)
        return launcher.add(sections, wanted)

    _arrange(work, organization_id, account_id, act)


def rename_section(work: Work, organization_id: str, account_id: str, section: str, name: str) -> None:
    """
    Give a section another name.

    Raises:
        Forbidden: the account is not the actor's own.
        NotFound: there is no such section.
        Invalid: the name cannot be used.
        Conflict: there is another section of that name.
    """
    wanted = launcher_layouts.section_name(name)

    def act(sections: Sections, _: frozenset[str]) -> Sections:
        _check_section(sections, section)
        _check_name([one for one in sections if one.name != section], wanted)
        return launcher.rename(sections, section, wanted)

    _arrange(work, organization_id, account_id, act)


def remove_section(work: Work, organization_id: str, account_id: str, section: str) -> None:
    """
    Remove a section; its applications are shown as new ones again.

    Raises:
        Forbidden: the account is not the actor's own.
        NotFound: there is no such section.
    """

    def act(sections: Sections, _: frozenset[str]) -> Sections:
        _check_section(sections, section)
        return launcher.remove(sections, section)

    _arrange(work, organization_id, account_id, act)


def shift_section(work: Work, organization_id: str, account_id: str, section: str, by: int) -> None:
    """
    Move a section one place up (*by* -1) or down (1).

    Raises:
        Forbidden: the account is not the actor's own.
        NotFound: there is no such section.
    """

    def act(sections: Sections, _: frozenset[str]) -> Sections:
        _check_section(sections, section)
        return launcher.shift(sections, section, by)

    _arrange(work, organization_id, account_id, act)


def place_section(
    work: Work, organization_id: str, account_id: str, section: str, *, before: str | None = None
) -> None:
    """
    Put a section before another one (None: at the end).

    Raises:
        Forbidden: the account is not the actor's own.
        NotFound: there is no such section.
    """

    def act(sections: Sections, _: frozenset[str]) -> Sections:
        _check_section(sections, section)
        return launcher.place(sections, section, before)

    _arrange(work, organization_id, account_id, act)


def start_anew(work: Work, organization_id: str, account_id: str) -> None:
    """
    Forget how the person has arranged their sections. Favourites stay.

    Raises:
        Forbidden: the account is not the actor's own.
    """
    _check_own(work, organization_id, account_id)
    row = _row(work, organization_id, account_id)
    row.sections, row.updated_at = [], work.now
    work.tx.session.flush()


def _arrange(
    work: Work, organization_id: str, account_id: str, act: Callable[[Sections, frozenset[str]], Sections]
) -> None:
    _check_own(work, organization_id, account_id)
    seen = of_account(work, organization_id, account_id)
    fixed = {a for one in seen.sections if one.kind is Kind.FIXED for a in one.applications}
    shown = frozenset(seen.openable) - fixed
    row = _row(work, organization_id, account_id)
    there = launcher.read(row.sections) if row.sections else arrangeable(seen)
    row.sections = launcher.write(launcher.bounded(act(there, shown), shown))
    row.updated_at = work.now
    work.tx.session.flush()


def _row(work: Work, organization_id: str, account_id: str) -> LauncherArrangement:
    work.tx.run(
        _ADD, organization_id=organization_id, id=account_id, sections=[], favourites=[], opened=[], updated_at=work.now
    )
    return work.tx.session.get_one(LauncherArrangement, (organization_id, account_id))


def _read_opened(
    kept: Iterable[Mapping[str, str]], shown: Mapping[str, Application]
) -> tuple[tuple[str, datetime], ...]:
    return tuple((one["id"], datetime.fromisoformat(one["at"])) for one in kept if one["id"] in shown)


def _check_own(work: Work, organization_id: str, account_id: str) -> None:
    if (work.actor.kind, work.actor.id, work.actor.organization_id) != ("account", account_id, organization_id):
        raise Forbidden(
            "Everybody arranges their own launcher.",
            cause=phrase("%(kind)s %(id)s", kind=work.actor.kind, id=work.actor.id),
        )


def _check_free(shown: frozenset[str], application_id: str) -> None:
    if application_id not in shown:
        raise _no_application()


def _check_section(sections: Sections, name: str) -> None:
    if all(one.name != name for one in sections):
        raise NotFound("There is no such section any more.", advice="Load the page again.", field="section")


def _check_name(sections: list[Section] | Sections, wanted: str) -> None:
    if any(names.name_key(one.name) == names.name_key(wanted) for one in sections):
        raise Conflict(phrase("There is a section “%(wanted)s” already.", wanted=wanted), field="section")


def _no_application() -> NotFound:
    return NotFound("There is no such application here.", advice="Load the page again.", field="application")
