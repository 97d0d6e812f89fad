"""What can be done at an API, and who may: its scopes, the applications and the people that each is granted to."""

from flask import Blueprint, Response, request, url_for

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import access, application_lists, queries, reaching
from idp.directory.rights import require_on
from idp.oidc import api_lists, api_scopes
from idp.oidc.api_lists import Held
from idp.oidc.models import Api, ApiScope
from idp.oidc.scopes import APPLICATION
from idp.policy.permissions import Permission
from idp.web.console import confirming, lists, seen
from idp.web.console.api_page import PLACE, api_of, api_page
from idp.web.console.desk import Desk, at_desk, done, fresh
from idp.web.console.giving import end_of
from idp.web.languages import gettext as _
from idp.web.languages import ngettext
from idp.web.security import administrator

pages = Blueprint("console_api_scopes", __name__, url_prefix="/admin/apis/<api_id>")

_MOST_CHOICES = 200
_KINDS = (APPLICATION, access.GROUP, access.ACCOUNT, access.EVERYONE)

SCOPES = lists.Listing(
    name="api-scopes",
    file="console_api_scopes.scopes_as_csv",
    read=lambda work, at, after, limit: api_lists.scopes(
        work, at.of, after=after, limit=limit, starting=at.chosen["q"]
    ),
    key=lambda one: (one.name,),
    heads=("id", "name", "description", "created"),
    cells=lambda work, at, rows: ((one.id, one.name, one.description, one.created_at) for one in rows),
    filters={"q": lists.text},
)


def _holders(name: str, file: str, kinds: tuple[str, ...]) -> lists.Listing[Held]:
    return lists.Listing(
        name=name,
        file=file,
        read=lambda work, at, after, limit: api_lists.grants(
            work,
            at.of,
            (at.chosen["kind"],) if at.chosen.get("kind") else kinds,
            after=after,
            limit=limit,
            scope=at.chosen["scope"],
        ),
        key=lambda one: (one.scope, one.id),
        heads=("id", "scope", "kind", "subject_id", "name", "since", "until"),
        cells=lambda work, at, rows: (
            (one.id, one.scope, one.kind, one.subject_id, one.name, one.since, one.until) for one in rows
        ),
        filters={"scope": lists.text} | ({"kind": lists.one_of(kinds)} if len(kinds) > 1 else {}),
    )


CLIENTS = _holders("api-applications", "console_api_scopes.clients_as_csv", api_lists.CLIENTS)
PEOPLE = _holders("api-people", "console_api_scopes.people_as_csv", api_lists.PEOPLE)


@pages.get("/scopes")
@administrator
@at_desk
def index(work: Work, desk: Desk, api_id: str) -> Response:
    """List what can be done at an API, and ask for one thing more; ``q`` is the beginning of a scope."""
    api = api_of(work, desk, api_id)
    found = SCOPES.page(work, desk, api)
    return api_page(work, desk, "scopes", api, listed=found, counts=api_lists.grant_counts(work, found.rows))


@pages.get("/scopes.csv")
@administrator
@at_desk
def scopes_as_csv(work: Work, desk: Desk, api_id: str) -> Response:
    """Send the scopes of an API as a CSV file, streamed."""
    return SCOPES.as_csv(work, desk, api_of(work, desk, api_id))


@pages.post("/scopes")
@administrator
@at_desk(again=index)
def add(work: Work, desk: Desk, api_id: str) -> Response:
    """Add a scope; nobody has it yet."""
    form = request.form
    made = api_scopes.add(
        work, api_of(work, desk, api_id).id, form.get("name", "").strip(), form.get("description", "")
    )
    words = _("Added %(scope)s. Nobody has it yet: grant it to applications and to people.", scope=made.name)
    return done(work, desk, words, "console_api_scopes.index", api_id=api_id)


@pages.get("/scopes/<scope_id>/edit")
@administrator
@at_desk
def edit(work: Work, desk: Desk, api_id: str, scope_id: str) -> Response:
    """Ask what a scope means."""
    api = api_of(work, desk, api_id)
    scope = api_lists.scope(work, api, scope_id)
    return api_page(work, desk, "scope_edit", api, scope=scope, version=_mark(scope))


@pages.post("/scopes/<scope_id>/edit")
@administrator
@at_desk(again=edit)
def save(work: Work, desk: Desk, api_id: str, scope_id: str) -> Response:
    """Say anew what a scope means."""
    api = api_of(work, desk, api_id)
    scope = api_lists.scope(work, api, scope_id)
    seen.unchanged(api.id, _mark(scope))
    api_scopes.edit(work, api.id, scope.name, request.form.get("description", ""))
    return done(work, desk, _("Saved."), "console_api_scopes.index", api_id=api.id)


@pages.get("/scopes/<scope_id>/remove")
@administrator
@at_desk
@fresh
def ask_to_remove(work: Work, desk: Desk, api_id: str, scope_id: str) -> Response:
    """Say what removing a scope breaks, and for how many."""
    api = api_of(work, desk, api_id)
    require_on(work, Permission.API_EDIT, api)
    scope = api_lists.scope(work, api, scope_id)
    return api_page(
        work,
        desk,
        "scope_remove",
        api,
        scope=scope,
        version=_mark(scope),
        dependent=api_lists.dependent(work, api, scope),
        grants=sum(
            count for (_id, kind), count in api_lists.grant_counts(work, [scope]).items() if kind in api_lists.PEOPLE
        ),
    )


@pages.post("/scopes/<scope_id>/remove")
@administrator
@at_desk(again=ask_to_remove)
@fresh
def remove(work: Work, desk: Desk, api_id: str, scope_id: str) -> Response:
    """Remove a scope for good, with its grants."""
    api = api_of(work, desk, api_id)
    scope = api_lists.scope(work, api, scope_id)
    seen.unchanged(api.id, _mark(scope))
    gone = api_scopes.remove(work, api.id, scope.name)
    return done(work, desk, _("Removed %(scope)s.", scope=gone.name), "console_api_scopes.index", api_id=api.id)


@pages.get("/applications")
@administrator
@at_desk
def clients(work: Work, desk: Desk, api_id: str) -> Response:
    """Show which applications may ask for which scopes, and ask who else shall; ``scope`` narrows the list."""
    api = api_of(work, desk, api_id)
    at_site = application_lists.page(
        work, desk.organization.id, limit=_MOST_CHOICES + 1, site_id=api.site_id, protocol="oidc"
    )
    return api_page(
        work,
        desk,
        "clients",
        api,
        listed=CLIENTS.page(work, desk, api),
        scopes=api_scopes.of_api(work, api),
        applications=at_site[:_MOST_CHOICES],
        all_applications=len(at_site) <= _MOST_CHOICES,
    )


@pages.get("/applications.csv")
@administrator
@at_desk
def clients_as_csv(work: Work, desk: Desk, api_id: str) -> Response:
    """Send which applications may ask for which scopes as a CSV file, streamed: a line for each grant."""
    return CLIENTS.as_csv(work, desk, api_of(work, desk, api_id))


@pages.get("/people")
@administrator
@at_desk
def people(work: Work, desk: Desk, api_id: str) -> Response:
    """Show which people have which scopes, and ask who else shall; ``scope`` and ``kind`` narrow the list."""
    api = api_of(work, desk, api_id)
    groups = queries.groups(work, organization_id=desk.organization.id, limit=_MOST_CHOICES)
    return api_page(
        work,
        desk,
        "people",
        api,
        listed=PEOPLE.page(work, desk, api),
        scopes=api_scopes.of_api(work, api),
        groups=groups,
        all_groups=len(groups) < _MOST_CHOICES,
    )


@pages.get("/people.csv")
@administrator
@at_desk
def people_as_csv(work: Work, desk: Desk, api_id: str) -> Response:
    """Send which people have which scopes as a CSV file, streamed: a line for each grant."""
    return PEOPLE.as_csv(work, desk, api_of(work, desk, api_id))


@at_desk
def _where_it_is_asked(work: Work, desk: Desk, api_id: str) -> Response:
    page = clients if request.values.get("kind") == APPLICATION else people
    return page.bare(work, desk, api_id=api_id)  # type: ignore[attr-defined,no-any-return]  # every view at a desk has one


@pages.get("/grant")
@administrator
@at_desk(again=_where_it_is_asked)
@fresh
def ask_to_grant(work: Work, desk: Desk, api_id: str) -> Response:
    """Say who gets a scope, and how many they are."""
    api = api_of(work, desk, api_id)
    require_on(work, Permission.API_GRANT, api)
    sent = lists.filters("kind", "scope", "application", "group", "account", "until")
    scope = _scope_named(work, api, sent["scope"])
    says = [_gains(work, desk, api, scope, sent), _("What it lets them do: %(what)s", what=scope.description)]
    if end_of(sent["until"]) is not None:
        says.append(_("It ends by itself after %(day)s.", day=sent["until"]))
    question = confirming.Question(
        title=_("Grant %(scope)s of %(name)s?", scope=scope.name, name=api.name),
        says=says,
        button=_("Grant it"),
        action=url_for("console_api_scopes.grant", api_id=api.id),
        back=(_holders_of(api, sent["kind"]), api.name),
        carried=[(name, value) for name, value in sent.items() if value],
        version=_mark(scope),
    )
    return confirming.ask(work, desk, question, place=PLACE)


@pages.post("/grant")
@administrator
@at_desk(again=_where_it_is_asked)
@fresh
def grant(work: Work, desk: Desk, api_id: str) -> Response:
    """Let an application ask for a scope, or let everyone, a group or an account have it."""
    api, form = api_of(work, desk, api_id), request.form
    kind = _kind(form.get("kind", ""))
    scope = _scope_named(work, api, form.get("scope", ""))
    seen.unchanged(api.id, _mark(scope))
    api_scopes.grant(
        work,
        api.id,
        scope.name,
        everyone=kind == access.EVERYONE,
        group=form.get("group", "").strip() if kind == access.GROUP else None,
        account=form.get("account", "").strip() if kind == access.ACCOUNT else None,
        application_id=_application_id(work, api, form.get("application", "")) if kind == APPLICATION else None,
        until=end_of(form.get("until", "")),
    )
    return done(work, desk, _("Granted %(scope)s.", scope=scope.name), _list_of(kind), api_id=api.id)


@pages.get("/grants/<grant_id>/withdraw")
@administrator
@at_desk
@fresh
def ask_to_withdraw(work: Work, desk: Desk, api_id: str, grant_id: str) -> Response:
    """Say who loses a scope, and how many they are at most."""
    api = api_of(work, desk, api_id)
    require_on(work, Permission.API_GRANT, api)
    held = api_lists.grant(work, api, grant_id)
    question = confirming.Question(
        title=_("Withdraw %(scope)s of %(name)s?", scope=held.scope, name=api.name),
        says=_loses(work, desk, api, held),
        button=_("Withdraw"),
        action=url_for("console_api_scopes.withdraw", api_id=api.id, grant_id=held.id),
        back=(_holders_of(api, held.kind), api.name),
        danger=True,
    )
    return confirming.ask(work, desk, question, place=PLACE)


@pages.post("/grants/<grant_id>/withdraw")
@administrator
@at_desk(again=ask_to_withdraw)
@fresh
def withdraw(work: Work, desk: Desk, api_id: str, grant_id: str) -> Response:
    """End one grant of a scope now."""
    api = api_of(work, desk, api_id)
    ended = api_scopes.withdraw_one(work, api.id, grant_id)
    return done(work, desk, _("Withdrawn, from now on."), _list_of(ended.subject_kind), api_id=api.id)


def _gains(work: Work, desk: Desk, api: Api, scope: ApiScope, sent: dict[str, str]) -> str:
    """Return the sentence on who would get a scope, and how many they are."""
    kind, where = _kind(sent["kind"]), desk.organization.id
    if kind == APPLICATION:
        application = queries.application(work, _application_id(work, api, sent["application"]))
        return _(
            "“%(name)s” may ask for “%(scope)s” from its next token on: for itself, and for those people who have it, too.",
            name=application.name,
            scope=scope.name,
        )
    if kind == access.ACCOUNT:
        person = queries.account(work, sent["account"], organization_id=where)
        return _("1 person, %(person)s, has “%(scope)s” at once.", person=person.email, scope=scope.name)
    if kind == access.EVERYONE:
        count = reaching.everyone(work, where)
        said = ngettext(
            "%(num)s person of the organization has “%(scope)s” at once, and so has everyone who comes later.",
            "%(num)s people of the organization have “%(scope)s” at once, and so has everyone who comes later.",
            count,
        )
        return said % {"num": count, "scope": scope.name}
    group = queries.group(work, sent["group"], organization_id=where)
    count = reaching.group(work, group)
    said = ngettext(
        "%(num)s person in “%(group)s” has “%(scope)s” at once, and so has whoever comes into the group later.",
        "%(num)s people in “%(group)s” have “%(scope)s” at once, and so has whoever comes into the group later.",
        count,
    )
    return said % {"num": count, "group": group.name, "scope": scope.name}


def _loses(work: Work, desk: Desk, api: Api, held: Held) -> list[str]:
    minutes = api.token_seconds // 60
    last = ngettext(
        "Where the API checks tokens by itself, those that there are go on until they are over: %(num)s minute at most.",
        "Where the API checks tokens by itself, those that there are go on until they are over: %(num)s minutes at most.",
        minutes,
    ) % {"num": minutes}
    if held.kind == APPLICATION:
        said = _(
            "“%(name)s” gets no more tokens for “%(scope)s”, whoever they are for.", name=held.name, scope=held.scope
        )
        return [said, last]
    if held.kind == access.ACCOUNT:
        said = _(
            "1 person, %(person)s, loses “%(scope)s” at once, unless another grant keeps it.",
            person=held.name,
            scope=held.scope,
        )
        return [said, last]
    everyone = held.kind == access.EVERYONE
    where = desk.organization.id
    count = reaching.everyone(work, where) if everyone else reaching.group_by_id(work, where, held.subject_id)
    said = ngettext(
        "%(num)s person has “%(scope)s” by this, and loses it at once unless another grant keeps it.",
        "%(num)s people have “%(scope)s” by this, and lose it at once unless another grant keeps it.",
        count,
    )
    return [said % {"num": count, "scope": held.scope}, last]


def _kind(said: str) -> str:
    if said not in _KINDS:
        raise Invalid("Say whom: everyone, one group, one account or one application.", field="subject")
    return said


def _scope_named(work: Work, api: Api, name: str) -> ApiScope:
    found = next((one for one in api_scopes.of_api(work, api) if one.name == name), None)
    if found is None:
        raise Invalid("Choose a scope of this API.", field="scope", advice="Add one first where there is none.")
    return found


def _application_id(work: Work, api: Api, said: str) -> str:
    """Return the id of the application that a form names by its id or, at this site, by its whole name."""
    said = said.strip()
    if not said:
        raise Invalid("Choose an application.", field="application")
    begun = application_lists.page(work, api.organization_id, limit=10, starting=said, site_id=api.site_id)
    called = [one.id for one in begun if one.name == said]
    return called[0] if len(called) == 1 else said


def _mark(scope: ApiScope) -> int:
    return seen.mark(scope.id, scope.name, scope.description)


def _list_of(kind: str) -> str:
    return "console_api_scopes.clients" if kind == APPLICATION else "console_api_scopes.people"


def _holders_of(api: Api, kind: str) -> str:
    return url_for(_list_of(kind), api_id=api.id)
