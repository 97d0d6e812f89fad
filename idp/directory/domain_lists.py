"""Lists of domains for administrators: by name, narrowed by state."""

from sqlalchemy import Select, select

from idp.base.work import Work
from idp.directory.domain_models import Domain
from idp.directory.keysets import Key, begins, rising
from idp.policy.domains import State
from idp.policy.permissions import Permission, require


def page(
    work: Work, organization_id: str, *, after: Key | None = None, limit: int = 50, starting: str = "", state: str = ""
) -> list[Domain]:
    """
    Return domains of an organization by name, at most *limit*.

    Args:
        after: the name and id of the last one that was shown; None: from the start.
        starting: only those whose name begins so.
        state: only those in this `State`; without, all but the removed ones.

    Raises:
        Forbidden: the actor may not see domains there.
    """
    query = matching(work, organization_id, starting=starting, state=state)
    return list(work.tx.session.scalars(rising(query, (Domain.name, Domain.id), after, limit)))


def matching(work: Work, organization_id: str, *, starting: str = "", state: str = "") -> Select[Domain]:
    """
    Return a query for the domains that filters match; see `page`.

    Raises:
        Forbidden: the actor may not see domains there.
    """
    require(work, Permission.DOMAIN_READ, organization_id)
    query = select(Domain).where(Domain.organization_id == organization_id)
    query = query.where(Domain.state == state if state else Domain.state != State.REMOVED)
    return query.where(begins(Domain.name, starting)) if starting else query
