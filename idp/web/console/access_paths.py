"""Who can open what, and why: a tab of each account, and one of each application."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time

from flask import Blueprint, Response, request, url_for

from idp.base.errors import IdpError, Invalid, NotFound
from idp.base.work import Work
from idp.directory import account_lists, default_groups, paths, queries, reaching, rights, sizes
from idp.directory.models import Account, Application
from idp.policy.permissions import Permission
from idp.signon import why_not
from idp.web.console import confirming, lists, log_filters, seen
from idp.web.console.application_page import head_of
from idp.web.console.desk import Desk, at_desk, console_page, done, fresh
from idp.web.console.guarding import guarded
from idp.web.console.lists import After, At
from idp.web.languages import gettext as _
from idp.web.languages import ngettext
from idp.web.security import administrator

pages = Blueprint("console_access_paths", __name__, url_prefix="/admin")

_MOST_OFFERED = 100
"""Applications to choose from: where there are more, their name is typed."""


OPENINGS = lists.Listing(
    name="account-applications",
    file="console_access_paths.account_as_csv",
    read=lambda work, at, after, limit: _opened(work, at, after, limit)[1],
    key=lambda one: (one.application.name, one.application.id),
    heads=("application_id", "application", "site", "opens", "by", "through", "source", "since", "reason"),
    cells=lambda work, at, rows: (
        (one.application.id, one.application.name, one.site, one.opens, *_way(way)) for one in rows for way in one.ways
    ),
    filters={"q": lists.text, "at": lists.day},
)


@pages.get("/accounts/<account_id>/access")
@administrator
@at_desk
def account(work: Work, desk: Desk, account_id: str) -> Response:
    """Show what an account can open, now or on a day, and why; ``application`` asks why not."""
    person = queries.account(work, account_id, organization_id=desk.organization.id)
    chosen = lists.filters("at", "application")
    looked: list[paths.AccountPaths] = []

    def read(work: Work, at: At, after: After, limit: int) -> Sequence[paths.Opening]:
        found, rows = _opened(work, at, after, limit)
        looked.append(found)
        return rows

    listed = replace(OPENINGS, read=read).page(work, desk, person)
    answer = None
    if chosen["application"]:
        asked = log_filters.application(work, desk.organization.id, chosen["application"])
        answer = why_not.why_not(work, person.id, asked.id, organization_id=desk.organization.id)
    offered = queries.applications(work, organization_id=desk.organization.id, limit=_MOST_OFFERED + 1)
    grantable = [one for one in offered if _may_grant(desk, one)]
    return console_page(
        work,
        desk,
        "console/access/account.html",
        place="accounts",
        account=person,
        state=account_lists.state_of(person),
        found=looked[-1],
        listed=listed,
        chosen=chosen,
        answer=answer,
        by_name=len(offered) > _MOST_OFFERED,
        offered_choices=[(one.id, one.name) for one in offered],
        grantable=bool(grantable),
        may_take={one.application.id for one in listed.rows if _may_grant(desk, one.application)},
        grantable_choices=[(one.id, one.name) for one in grantable],
    )


@pages.get("/accounts/<account_id>/access.csv")
@administrator
@at_desk
def account_as_csv(work: Work, desk: Desk, account_id: str) -> Response:
    """Send what an account can open as a CSV file, streamed; a line for each chain of facts."""
    return OPENINGS.as_csv(work, desk, _person(work, desk, account_id))


@pages.post("/accounts/<account_id>/access")
@administrator
@at_desk(again=account)
def give(work: Work, desk: Desk, account_id: str) -> Response:
    """Give an application to an account; where its groups give roles, that asks for a second step."""
    asked = log_filters.application(work, desk.organization.id, request.form.get("application", "").strip())
    application = _application(work, desk, asked.id)
    if any(rights.roles_of_group(work, one) for one in default_groups.defaults(work, application)):
        unproven = confirming.second_step(work, desk)
        if unproven is not None:
            return unproven
    with guarded(work, desk):
        given = default_groups.give(
            work,
            _person(work, desk, account_id).id,
            application.id,
            reason=request.form.get("reason", ""),
        )
    if given.groups and desk.may(Permission.GROUP_READ):
        words = _("Added to %(groups)s.", groups=", ".join(one.name for one in given.groups))
    else:
        words = _("%(application)s is open to them now.", application=given.application.name)
    return done(work, desk, words, "console_access_paths.account", account_id=account_id)


@pages.get("/accounts/<account_id>/access/<application_id>/take")
@administrator
@at_desk
@fresh
def farewell(work: Work, desk: Desk, account_id: str, application_id: str) -> Response:
    """Say what taking an application away comes to."""
    person = _person(work, desk, account_id)
    taken = default_groups.would_take(work, person.id, application_id)
    return console_page(
        work,
        desk,
        "console/access/take.html",
        place="accounts",
        account=person,
        taken=taken,
        shown=_taken_mark(taken),
    )


@pages.post("/accounts/<account_id>/access/<application_id>/take")
@administrator
@at_desk(again=farewell)
@fresh
def take(work: Work, desk: Desk, account_id: str, application_id: str) -> Response:
    """Take an application away from an account."""
    person = _person(work, desk, account_id)
    seen.unchanged(person.id, _taken_mark(default_groups.would_take(work, person.id, application_id)))
    with guarded(work, desk):
        taken = default_groups.take(work, person.id, application_id)
    words = _("%(application)s was taken away.", application=taken.application.name)
    if taken.still_open:
        words = _("Done, but %(application)s is still open to them.", application=taken.application.name)
    return done(work, desk, words, "console_access_paths.account", account_id=account_id)


def _lines(work: Work, at: At, rows: Sequence[paths.Person]) -> Iterator[Sequence[object]]:
    for one in rows:
        for way in one.ways:
            yield one.account.id, one.account.email, one.state, *_way(way)


def _way(way: paths.Way) -> tuple[object, ...]:
    through = " > ".join(group.name for group in way.groups)
    return way.kind, through, "" if way.source is None else way.source.kind, way.since, way.reason


PEOPLE = lists.Listing(
    name="application-people",
    file="console_access_paths.people_as_csv",
    read=lambda work, at, after, limit: _found(work, at, after, limit).people,
    key=lambda one: (one.account.email_key, one.account.id),
    heads=("id", "email", "state", "by", "through", "source", "since", "reason"),
    cells=_lines,
    filters={"q": lists.text, "at": lists.day},
)


@pages.get("/applications/<application_id>/people")
@administrator
@at_desk
def people(work: Work, desk: Desk, application_id: str) -> Response:
    """Show who can open an application, now or on a day, and why; ``account`` asks why not."""
    application = _application(work, desk, application_id)
    looked: list[paths.ApplicationPaths] = []

    def read(work: Work, at: At, after: After, limit: int) -> tuple[paths.Person, ...]:
        looked.append(_found(work, at, after, limit))
        return looked[-1].people

    listed = replace(PEOPLE, read=read).page(work, desk, application)
    answer, unknown = _asked(work, desk, application, lists.filters("account")["account"])
    return console_page(
        work,
        desk,
        "console/access/people.html",
        place="applications",
        **head_of(work, desk, application, "people"),
        listed=listed,
        found=looked[-1],
        countable=sizes.MANY,
        chosen={**listed.filters, **lists.filters("account")},
        answer=answer,
        unknown=unknown,
        defaults=default_groups.defaults(work, application) if desk.may(Permission.GROUP_READ) else None,
    )


@pages.get("/applications/<application_id>/people.csv")
@administrator
@at_desk
def people_as_csv(work: Work, desk: Desk, application_id: str) -> Response:
    """Send who can open an application as a CSV file, streamed; a line for each chain of facts."""
    return PEOPLE.as_csv(work, desk, _application(work, desk, application_id))


@pages.get("/applications/<application_id>/people/default")
@administrator
@at_desk(again=people)
@fresh
def ask_to_mark(work: Work, desk: Desk, application_id: str) -> Response:
    """Say what making a group a default group does, and to how many; with ``unmark``, what ending that does."""
    application = _application(work, desk, application_id)
    chosen = lists.filters("group", "unmark")
    if not chosen["group"]:
        raise Invalid("Choose a group.", field="group")
    group = queries.group(work, chosen["group"], organization_id=desk.organization.id)
    count, unmark = reaching.group(work, group), bool(chosen["unmark"])
    if unmark:
        title = _("Is %(group)s to be no default group any more?", group=group.name)
        said = ngettext(
            "%(num)s person who is in it stays there, and goes on opening %(application)s; whoever is given it from now on does not enter it.",
            "%(num)s people who are in it stay there, and go on opening %(application)s; whoever is given it from now on does not enter it.",
            count,
        )
    else:
        title = _("Make %(group)s a default group?", group=group.name)
        said = ngettext(
            "%(num)s person who is in it opens %(application)s from now on, and whoever is given it enters the group and gets all else that it opens.",
            "%(num)s people who are in it open %(application)s from now on, and whoever is given it enters the group and gets all else that it opens.",
            count,
        )
    question = confirming.Question(
        title=title,
        says=[said % {"num": count, "application": application.name}],
        button=_("No default group any more") if unmark else _("Make it a default group"),
        action=url_for("console_access_paths.mark", application_id=application.id),
        back=(url_for("console_access_paths.people", application_id=application.id), application.name),
        carried=[("group", group.id), *([("unmark", "on")] if unmark else [])],
        version=_defaults_mark(work, application),
    )
    return confirming.ask(work, desk, question, place="applications")


@pages.post("/applications/<application_id>/people/default")
@administrator
@at_desk(again=people)
@fresh
def mark(work: Work, desk: Desk, application_id: str) -> Response:
    """Make a group a default group of an application; with ``unmark`` it is none any more."""
    application = _application(work, desk, application_id)
    seen.unchanged(application.id, _defaults_mark(work, application))
    unmark = "unmark" in request.form
    change = default_groups.unmark if unmark else default_groups.mark
    with guarded(work, desk):
        group = change(work, application.id, request.form.get("group", "").strip())
    if unmark:
        words = _("%(group)s is no default group any more. It still opens the application.", group=group.name)
    else:
        words = _("%(group)s is a default group now.", group=group.name)
    return done(work, desk, words, "console_access_paths.people", application_id=application_id)


def _taken_mark(taken: default_groups.Taken) -> int:
    """Stand for what taking an application away was said to come to."""
    groups, kept = ([one.id for one in some] for some in (taken.groups, taken.kept))
    return seen.mark(groups, kept, taken.direct, taken.everyone)


def _defaults_mark(work: Work, application: Application) -> int:
    return seen.mark([one.id for one in default_groups.defaults(work, application)])


def _opened(work: Work, at: At, after: After, limit: int) -> tuple[paths.AccountPaths, Sequence[paths.Opening]]:
    """Read a part of what an account opens; where the beginning of a name is asked for, of all that it opens."""
    asked, moment = at.chosen["q"], _moment(at.chosen["at"])
    if not asked:
        found = paths.of_account(
            work, at.of.id, organization_id=at.organization_id, at=moment, after=after, limit=limit
        )
        return found, found.openings
    every = paths.of_account(work, at.of.id, organization_id=at.organization_id, at=moment)
    matching = [one for one in every.openings if lists.begins(one.application.name, asked)]
    return every, lists.part(matching, OPENINGS.key, after, limit)


def _found(work: Work, at: At, after: After, limit: int) -> paths.ApplicationPaths:
    return paths.of_application(
        work, at.of.id, at=_moment(at.chosen["at"]), after=after, starting=at.chosen["q"], limit=limit
    )


def _asked(work: Work, desk: Desk, application: Application, reference: str) -> tuple[why_not.Answer | None, str]:
    """Return why somebody cannot open an application; or why that cannot be told."""
    if not reference:
        return None, ""
    try:
        return why_not.why_not(work, reference, application.id, organization_id=desk.organization.id), ""
    except IdpError as error:
        return None, error.message


def _moment(written: str) -> datetime | None:
    """Return the end of the day that the address says."""
    if not written:
        return None
    try:
        day = datetime.strptime(written, "%Y-%m-%d").date()  # noqa: DTZ007 (a day, made an instant below)
    except ValueError as error:
        raise Invalid(_("This is no day."), field="at") from error
    return datetime.combine(day, time.max, tzinfo=UTC)


def _person(work: Work, desk: Desk, account_id: str) -> Account:
    return queries.account(work, account_id, organization_id=desk.organization.id)


def _application(work: Work, desk: Desk, application_id: str) -> Application:
    found = queries.application(work, application_id)
    if found.organization_id != desk.organization.id:
        raise NotFound("There is no such application.", field="application")
    return found


def _may_grant(desk: Desk, application: Application) -> bool:
    return desk.may(Permission.APPLICATION_GRANT, site_id=application.site_id, application_id=application.id)
