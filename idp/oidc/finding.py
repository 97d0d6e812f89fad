"""
Finding anything of an organization by a few letters: what `directory.search` finds, and what there is few of, which is
looked through: its roles, and the APIs of its sites.
"""

from collections.abc import Sequence

from idp.base.work import Work
from idp.directory import queries, roles, search
from idp.directory.search import Hit
from idp.directory.search_words import fits
from idp.oidc.models import Api
from idp.policy.permissions import Permission, reach

ROLE, API = "role", "api"
KINDS = (*search.KINDS, ROLE, API)
_MOST_APIS = 2000


def find(work: Work, organization_id: str, text: str, limit: int = 8) -> list[Hit]:
    """
    Return what of the organization this actor may see and every word of *text* is the beginning of a word of.

    Args:
        limit: how many of each kind at most.
    """
    asked = text.strip()[: search.LONGEST_QUESTION]
    if not asked:
        return []
    found = search.find(work, organization_id, asked, limit)
    return [*found, *_roles(work, organization_id, asked, limit), *_apis(work, organization_id, asked, limit)]


def _roles(work: Work, organization_id: str, asked: str, limit: int) -> Sequence[Hit]:
    if not _somewhere(work, organization_id, Permission.ROLE_READ):
        return ()
    every = roles.roles(work, organization_id=organization_id)
    return [Hit(ROLE, one.key, one.name) for one in every if fits(asked, one.name, one.key)][:limit]


def _apis(work: Work, organization_id: str, asked: str, limit: int) -> Sequence[Hit]:
    query = (
        queries.visible(work, Api, Permission.API_READ)
        .where(Api.organization_id == organization_id)
        .with_only_columns(Api.id, Api.name, Api.identifier)
        .order_by(Api.name, Api.id)
        .limit(_MOST_APIS)
    )
    known = work.tx.session.execute(query)
    return [Hit(API, one.id, one.name, one.identifier) for one in known if fits(asked, one.name, one.identifier)][
        :limit
    ]


def _somewhere(work: Work, organization_id: str, permission: Permission) -> bool:
    where = reach(work.actor, permission)
    inside = {*where.organizations, *(one for one, _ in (*where.sites, *where.applications))}
    return where.everywhere or organization_id in inside
