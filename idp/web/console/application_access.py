"""Who may open an application: to give access and to withdraw it."""

from flask import Blueprint, Response, request, url_for

from idp.base.work import Work
from idp.directory import access, application_lists, applications, queries, sizes
from idp.directory.rights import require_on
from idp.policy.permissions import Permission
from idp.web.console import confirming, giving, lists
from idp.web.console.application_page import PLACE, application_of, application_page, guided, onward
from idp.web.console.desk import Desk, at_desk, done, fresh
from idp.web.languages import gettext as _
from idp.web.render import redirect
from idp.web.security import administrator

pages = Blueprint("console_application_access", __name__, url_prefix="/admin/applications/<application_id>/access")

_LATER = "later"
_MOST_GROUPS = 200


LIST = lists.Listing(
    name="access",
    file="console_application_access.as_csv",
    read=lambda work, at, after, limit: application_lists.openers(
        work, at.of, after=after, limit=limit, kind=at.chosen["kind"]
    ),
    key=lambda one: (one.id,),
    heads=("id", "kind", "subject_id", "name", "since", "until", "reason"),
    cells=lambda work, at, rows: (
        (one.id, one.kind, one.subject_id, one.name, one.since, one.until, one.reason) for one in rows
    ),
    filters={"kind": lists.one_of((access.EVERYONE, access.GROUP, access.ACCOUNT))},
)


@pages.get("")
@administrator
@at_desk
def index(work: Work, desk: Desk, application_id: str) -> Response:
    """Show who may open it (``kind``: everyone, groups or accounts), and ask who else shall."""
    application = application_of(work, desk, application_id)
    found = LIST.page(work, desk, application)
    groups = queries.groups(work, organization_id=desk.organization.id, limit=_MOST_GROUPS)
    return application_page(
        work, desk, "access", application, "access", listed=found, groups=groups, all_groups=len(groups) < _MOST_GROUPS
    )


@pages.get("/access.csv")
@administrator
@at_desk
def as_csv(work: Work, desk: Desk, application_id: str) -> Response:
    """Send who may open it as a CSV file, streamed: a line for each grant."""
    return LIST.as_csv(work, desk, application_of(work, desk, application_id))


@pages.get("/give")
@administrator
@at_desk(again=index)
@fresh
def ask_to_give(work: Work, desk: Desk, application_id: str) -> Response:
    """Say who gets access, and how many they are."""
    application = application_of(work, desk, application_id)
    sent = lists.filters("kind", "group", "account", "until", "reason")
    if sent["kind"] == _LATER and guided():
        return redirect("console_application_vendor.index", application_id=application.id, **onward())
    require_on(work, Permission.APPLICATION_GRANT, application)
    until = giving.end_of(sent["until"])
    says = [giving.sentence(work, desk, application, kind=sent["kind"], group=sent["group"], account=sent["account"])]
    if until is not None:
        says.append(_("It ends by itself after %(day)s.", day=sent["until"]))
    question = confirming.Question(
        title=_("Give access to %(name)s?", name=application.name),
        says=says,
        button=_("Give access"),
        action=url_for(
            "console_application_access.give", application_id=application.id, guided="1" if guided() else None
        ),
        back=(
            url_for(
                "console_application_access.index", application_id=application.id, guided="1" if guided() else None
            ),
            application.name,
        ),
        carried=[(name, value) for name, value in sent.items() if value],
    )
    return confirming.ask(work, desk, question, place=PLACE)


@pages.post("")
@administrator
@at_desk(again=index)
@fresh
def give(work: Work, desk: Desk, application_id: str) -> Response:
    """Let everyone, a group or an account open it."""
    application = application_of(work, desk, application_id)
    form, kind = request.form, request.form.get("kind", "")
    giving.check_kind(kind)
    applications.grant(
        work,
        application.id,
        everyone=kind == access.EVERYONE,
        group=form.get("group", "").strip() if kind == access.GROUP else None,
        account=form.get("account", "").strip() if kind == access.ACCOUNT else None,
        until=giving.end_of(form.get("until", "")),
        reason=form.get("reason", "").strip(),
    )
    words = _("Access to %(name)s was given.", name=application.name)
    return done(work, desk, words, "console_application_access.index", application_id=application.id, **onward())


@pages.get("/<grant_id>/withdraw")
@administrator
@at_desk
@fresh
def ask_to_withdraw(work: Work, desk: Desk, application_id: str, grant_id: str) -> Response:
    """Say who loses access, and how many they are."""
    application = application_of(work, desk, application_id)
    return application_page(
        work,
        desk,
        "withdraw",
        application,
        "access",
        opener=application_lists.opener(work, application, grant_id),
        losing=application_lists.losing(work, application, grant_id),
        countable=sizes.MANY,
        back=url_for(
            "console_application_access.index", application_id=application.id, guided="1" if guided() else None
        ),
    )


@pages.post("/<grant_id>/withdraw")
@administrator
@at_desk(again=ask_to_withdraw)
@fresh
def withdraw(work: Work, desk: Desk, application_id: str, grant_id: str) -> Response:
    """End one access grant now."""
    application = application_of(work, desk, application_id)
    applications.withdraw(work, application.id, grant_id, reason=request.form.get("reason", "").strip())
    words = _("Access to %(name)s was withdrawn.", name=application.name)
    return done(work, desk, words, "console_application_access.index", application_id=application.id, **onward())
