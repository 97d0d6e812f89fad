"""
What ends or changes the addresses of a site: another short name, switching it off; and what that breaks.

A site's issuer, entity ID and endpoints begin with its short name. A former short name is never given to another
site: applications go on trusting what is signed there until somebody tells them.
"""

from dataclasses import dataclass

from sqlalchemy import func, select

from idp.audit.events import SiteDisabled, SiteEnabled, SiteRenamed
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import names, queries, search
from idp.directory.models import Application, FormerSlug, Site
from idp.directory.rights import require_on
from idp.policy.permissions import Permission

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Dependent:
    """What trusts a site's addresses: how many applications of each protocol, and the first names."""

    saml: int
    oidc: int
    names: tuple[str, ...]

    @property
    def several(self) -> int:
        return self.saml + self.oidc


def dependent(work: Work, site: Site) -> Dependent:
    """Return the applications that must be told when the addresses of *site* change, or that stop when it is off."""
    rows = work.tx.session.execute(
        select(Application.protocol, func.count().label("count"))
        .where(
            Application.organization_id == site.organization_id,
            Application.site_id == site.id,
            Application.deleted_at.is_(None),
        )
        .group_by(Application.protocol)
    )
    counted = {row[0]: row[1] for row in rows}
    first = queries.applications(work, site_id=site.id, limit=SHOWN)
    return Dependent(
        counted.get("saml", 0), counted.get("oidc", 0), tuple(a.name for a in first if a.protocol in ("saml", "oidc"))
    )


def rename(work: Work, slug: str, new_slug: str, *, if_version: int | None = None) -> Site:
    """
    Give a site another short name: its issuer, entity ID and every address of it change at once.

    Raises:
        NotFound: no such site that this actor may see.
        Forbidden: the actor may not edit it.
        Invalid: the short name cannot be used.
        Conflict: another site has it, or had it once.
        ChangedMeanwhile: somebody else has changed the site since.
    """
    site = queries.site(work, slug)
    require_on(work, Permission.SITE_EDIT, site)
    if if_version is not None and if_version != site.version:
        raise ChangedMeanwhile(site.id)
    new_slug = names.slug(new_slug)
    if new_slug == site.slug:
        return site
    check_free(work, new_slug, for_site=site)
    before = site.slug
    former = work.tx.session.get(FormerSlug, new_slug)
    if former is not None:  # its own, from before
        work.tx.session.delete(former)
    work.tx.session.add(
        FormerSlug(slug=before, organization_id=site.organization_id, site_id=site.id, given_up_at=work.now)
    )
    site.slug = new_slug
    work.tx.session.flush()
    record(work, SiteRenamed(organization_id=site.organization_id, target_id=site.id, before=before, after=new_slug))
    search.put(work, site)
    work.tx.after_commit(work.tx.memory.forget)
    return site


def check_free(work: Work, slug: str, *, for_site: Site | None = None) -> None:
    """
    Raises:
        Conflict: another site has this short name, or had it once.
    """
    taken = work.tx.session.scalar(select(func.count()).select_from(Site).where(Site.slug == slug))
    former = work.tx.session.get(FormerSlug, slug)
    own = former is not None and for_site is not None and former.site_id == for_site.id
    if taken or (former is not None and not own):
        raise Conflict(phrase("There is, or was, a site “%(slug)s” already.", slug=slug), field="slug")


def disable(work: Work, slug: str) -> Site:
    """
    Switch a site off: nobody signs on through it, and its addresses answer nobody.

    Raises:
        NotFound: no such site that this actor may see.
        Forbidden: the actor may not edit it.
        Conflict: it is off already.
    """
    site = queries.site(work, slug)
    require_on(work, Permission.SITE_EDIT, site)
    if site.disabled_at is not None:
        raise Conflict(phrase("“%(name)s” is switched off already.", name=site.name))
    site.disabled_at = work.now
    record(work, SiteDisabled(organization_id=site.organization_id, target_id=site.id, name=site.name))
    work.tx.after_commit(work.tx.memory.forget)
    return site


def enable(work: Work, slug: str) -> Site:
    """
    Switch a site on again, as it was.

    Raises:
        NotFound: no such site that this actor may see.
        Forbidden: the actor may not edit it.
        Conflict: it is on.
    """
    site = queries.site(work, slug)
    require_on(work, Permission.SITE_EDIT, site)
    if site.disabled_at is None:
        raise Conflict(phrase("“%(name)s” is not switched off.", name=site.name))
    site.disabled_at = None
    record(work, SiteEnabled(organization_id=site.organization_id, target_id=site.id, name=site.name))
    work.tx.after_commit(work.tx.memory.forget)
    return site
