"""The sentence on what giving access to an application, or to a bookmark, does, and to how many."""

from datetime import UTC, datetime

from idp.base.errors import Invalid
from idp.base.work import Work
from idp.directory import access, queries, reaching
from idp.directory.models import Application
from idp.web.console.desk import Desk
from idp.web.languages import gettext as _
from idp.web.languages import ngettext


def check_kind(kind: str) -> None:
    """
    Raises:
        Invalid: *kind* is nobody to whom access is given.
    """
    if kind not in (access.EVERYONE, access.GROUP, access.ACCOUNT):
        raise Invalid("Say who gets access: everyone, one group, or one account.", field="kind")


def sentence(work: Work, desk: Desk, application: Application, *, kind: str, group: str, account: str) -> str:
    """
    Return who would get access to *application*, and how many they are.

    Args:
        kind: ``everyone``, ``group`` or ``account``.
        group, account: which one, by name, address or id.

    Raises:
        NotFound: no such group or account that this actor may see.
        Invalid: there is no such kind.
    """
    check_kind(kind)
    where = desk.organization.id
    if kind == access.EVERYONE:
        count = reaching.everyone(work, where)
        said = ngettext(
            "%(num)s person of the organization may open “%(name)s” at once, and so may everyone who comes later.",
            "%(num)s people of the organization may open “%(name)s” at once, and so may everyone who comes later.",
            count,
        )
        return said % {"num": count, "name": application.name}
    if kind == access.ACCOUNT:
        person = queries.account(work, account, organization_id=where)
        return _("1 person, %(person)s, may open “%(name)s” at once.", person=person.email, name=application.name)
    found = queries.group(work, group, organization_id=where)
    count = reaching.group(work, found)
    said = ngettext(
        "%(num)s person in “%(group)s” may open “%(name)s” at once, and so may whoever comes into the group later.",
        "%(num)s people in “%(group)s” may open “%(name)s” at once, and so may whoever comes into the group later.",
        count,
    )
    return said % {"num": count, "group": found.name, "name": application.name}


def end_of(text: str) -> datetime | None:
    """
    Return the end of the day *text* (UTC), until which something holds; None where it is empty.

    Raises:
        Invalid: it is no day.
    """
    if not text.strip():
        return None
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").replace(hour=23, minute=59, second=59, tzinfo=UTC)
    except ValueError as error:
        raise Invalid("This is no day.", field="until", advice="Write it like 2030-01-31.") from error
