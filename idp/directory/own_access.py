"""Why somebody cannot open an application, told to that person: facts that are theirs to know, and no rule by name."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from idp.base.errors import NotFound
from idp.base.ids import is_id
from idp.base.work import Work
from idp.directory import access, sites
from idp.directory.models import Application, Site


class Fact(StrEnum):
    """What stands between a person and an application."""

    OPEN = "open"
    """Nothing that is known before they sign on."""
    NOT_GIVEN = "not-given"
    APPLICATION_OFF = "application-off"
    SITE_OFF = "site-off"


@dataclass(frozen=True, slots=True)
class Answer:
    """
    Why not.

    Args:
        name: what the application is called; empty where that is not theirs to know (it is neither open to them nor to
            be asked for).
        launch_url: where it starts; only where it is open to them.
        requestable: they may ask for access to it.
        contact: whom to ask: that of its site, else of another one of the organization; empty: nobody is named.
        is_bookmark: it is an address elsewhere: no rule is asked when it is opened.
    """

    fact: Fact
    name: str
    launch_url: str
    requestable: bool
    contact: str
    is_bookmark: bool = False


def why_not(work: Work, organization_id: str, account_id: str, application_id: str) -> Answer:
    """
    Return why an account cannot open an application of its organization.

    Raises:
        NotFound: there is no such application in the organization, or no more.
    """
    row = None
    if is_id(application_id, "app"):
        query = (
            select(Application, Site)
            .join(Site, (Site.organization_id == Application.organization_id) & (Site.id == Application.site_id))
            .where(
                Application.organization_id == organization_id,
                Application.id == application_id,
                Application.deleted_at.is_(None),
            )
        )
        row = work.tx.session.execute(query).first()
    if row is None:
        raise NotFound("There is no such application here.", advice="Ask whoever gave you this address.")
    application, site = row
    off = site.disabled_at is not None or application.disabled_at is not None
    opens = not off and access.may_open(work, organization_id, application.id, account_id)
    requestable = application.requestable and not off and not opens
    return Answer(
        fact=_fact(application, site, opens=opens),
        name=application.name if opens or application.requestable else "",
        launch_url=application.launch_url if opens else "",
        requestable=requestable,
        is_bookmark=application.protocol == "bookmark",
        contact=site.support_contact or sites.support_contact(work, organization_id),
    )


def _fact(application: Application, site: Site, *, opens: bool) -> Fact:
    if opens:
        return Fact.OPEN
    if application.disabled_at is not None:
        return Fact.APPLICATION_OFF
    return Fact.NOT_GIVEN if site.disabled_at is None else Fact.SITE_OFF
