"""Lists of sites for administrators: by short name, narrowed by whether they are on."""

from idp.base.work import Work
from idp.directory import queries
from idp.directory.keysets import Key, begins, rising
from idp.directory.models import Site
from idp.policy.permissions import Permission

ON, OFF = "on", "off"
STATES = (ON, OFF)


def page(
    work: Work,
    organization_id: str,
    *,
    after: Key | None = None,
    limit: int = 50,
    starting: str = "",
    state: str = "",
    permission: Permission = Permission.SITE_READ,
) -> list[Site]:
    """
    Return sites of an organization that the actor has *permission* at, by short name, at most *limit*.

    Args:
        after: the short name of the last one that was shown; None: from the start.
        starting: only those whose name begins so, whatever the case.
        state: only those that are ``on``, or ``off``.
    """
    query = queries.visible(work, Site, permission).where(Site.organization_id == organization_id)
    if permission is not Permission.SITE_READ:  # what is done at a site is for whoever may see the site
        seen = queries.visible(work, Site, Permission.SITE_READ).with_only_columns(Site.id)
        seen = seen.where(Site.organization_id == organization_id)
        query = query.where(Site.id.in_(seen))
    if starting:
        query = query.where(begins(Site.name, starting))
    if state:
        query = query.where(Site.disabled_at.is_(None) if state == ON else Site.disabled_at.is_not(None))
    return list(work.tx.session.scalars(rising(query, (Site.slug,), after, limit)))
