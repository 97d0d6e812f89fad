"""Lists of APIs for administrators: the APIs, their scopes, who has them; and what ends with one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, tuple_

from idp.base.errors import NotFound
from idp.base.work import Work
from idp.directory import application_names, queries, sizes
from idp.directory.access import ACCOUNT, EVERYONE, GROUP
from idp.directory.keysets import Key, begins, rising
from idp.directory.models import Account, Group
from idp.oidc.api_scopes import holding
from idp.oidc.models import Api, ApiScope, ApiScopeGrant, ApiToken
from idp.oidc.scopes import APPLICATION
from idp.policy.permissions import Permission

ON, OFF = "on", "off"
STATES: Mapping[str, ColumnElement[bool]] = {ON: Api.disabled_at.is_(None), OFF: Api.disabled_at.is_not(None)}
"""What an API may be, and how rows tell."""
CLIENTS, PEOPLE = (APPLICATION,), (EVERYONE, GROUP, ACCOUNT)
"""The two kinds of grants that a scope needs: which subjects each has."""


@dataclass(frozen=True, slots=True)
class Held:
    """
    A grant of a scope that holds now.

    ``name`` is that of a group or an application, the address of an account, empty for everyone; an id where this actor
    may not see what it is of.
    """

    id: str
    scope: str
    kind: str
    subject_id: str
    name: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Dependent:
    """
    What works with an API now, or with one of its scopes.

    Args:
        clients: how many applications may ask for it; ``names`` are the first of them that this actor may see.
        tokens: how many tokens that people made for it are not over, counted up to one more than `sizes.MANY`.
        people: how many people have such tokens, counted so.
    """

    clients: int
    names: tuple[str, ...]
    tokens: int = 0
    people: int = 0


_SHOWN = 20


def page(
    work: Work,
    organization_id: str,
    *,
    after: Key | None = None,
    limit: int = 50,
    starting: str = "",
    site_id: str = "",
    state: str = "",
) -> list[Api]:
    """
    Return APIs of an organization that the actor may see, by name, at most *limit*.

    Args:
        after: the name and id of the last one that was shown; None: from the start.
        starting: only those whose name begins so, whatever the case.
        site_id, state: only those of one site, in one of `STATES`.
    """
    query = queries.visible(work, Api, Permission.API_READ).where(Api.organization_id == organization_id)
    if starting:
        query = query.where(begins(Api.name, starting))
    if site_id:
        query = query.where(Api.site_id == site_id)
    if state in STATES:
        query = query.where(STATES[state])
    return list(work.tx.session.scalars(rising(query, (Api.name, Api.id), after, limit)))


def found(work: Work, organization_id: str, api_id: str) -> Api:
    """
    Return the API with that id.

    Raises:
        NotFound: none of this organization that this actor may see.
    """
    query = queries.visible(work, Api, Permission.API_READ).where(
        Api.organization_id == organization_id, Api.id == api_id
    )
    api = work.tx.session.scalar(query)
    if api is None:
        raise NotFound("There is no such API.", field="api", advice="Look at the list of APIs.")
    return api


def scope_counts(work: Work, apis: Sequence[Api]) -> dict[str, int]:
    """Return how many scopes each of *apis* has, which this actor was given; one without any is not in it."""
    query = (
        select(ApiScope.api_id, func.count())
        .where(
            queries.among(ApiScope.organization_id, ApiScope.api_id, [(one.organization_id, one.id) for one in apis])
        )
        .group_by(ApiScope.api_id)
    )
    return {row[0]: row[1] for row in work.tx.session.execute(query)} if apis else {}


def client_counts(work: Work, apis: Sequence[Api]) -> dict[str, int]:
    """Return how many applications may ask for a scope of each of *apis* now; one that none may ask for is not in it."""
    query = (
        select(ApiScope.api_id, func.count(ApiScopeGrant.subject_id.distinct()))
        .join(ApiScopeGrant, _OF_SCOPE)
        .where(
            queries.among(ApiScope.organization_id, ApiScope.api_id, [(one.organization_id, one.id) for one in apis]),
            ApiScopeGrant.subject_kind == APPLICATION,
            *holding(work),
        )
        .group_by(ApiScope.api_id)
    )
    return {row[0]: row[1] for row in work.tx.session.execute(query)} if apis else {}


def scopes(work: Work, api: Api, *, after: Key | None = None, limit: int = 50, starting: str = "") -> list[ApiScope]:
    """
    Return scopes of an API that the actor has been given, by name, at most *limit*.

    Args:
        after: the name of the last one that was shown; None: from the start.
        starting: only those whose name begins so.
    """
    query = select(ApiScope).where(ApiScope.organization_id == api.organization_id, ApiScope.api_id == api.id)
    if starting:
        query = query.where(begins(ApiScope.name, starting))
    return list(work.tx.session.scalars(rising(query, (ApiScope.name,), after, limit)))


def scope(work: Work, api: Api, scope_id: str) -> ApiScope:
    """
    Return one scope of an API that the actor has been given.

    Raises:
        NotFound: it has no such scope.
    """
    one = work.tx.session.get(ApiScope, (api.organization_id, scope_id))
    if one is None or one.api_id != api.id:
        raise NotFound("This API has no such scope.", field="scope", advice="Look at its scopes again.")
    return one


def grant_counts(work: Work, scopes: Sequence[ApiScope]) -> dict[tuple[str, str], int]:
    """Return how many grants of each of *scopes* hold now, by the scope's id and the kind of subject."""
    query = (
        select(ApiScopeGrant.scope_id, ApiScopeGrant.subject_kind, func.count())
        .where(
            queries.among(
                ApiScopeGrant.organization_id,
                ApiScopeGrant.scope_id,
                [(one.organization_id, one.id) for one in scopes],
            ),
            *holding(work),
        )
        .group_by(ApiScopeGrant.scope_id, ApiScopeGrant.subject_kind)
    )
    return {(row[0], row[1]): row[2] for row in work.tx.session.execute(query)} if scopes else {}


def grants(
    work: Work,
    api: Api,
    kinds: Sequence[str],
    *,
    after: Key | None = None,
    limit: int = 50,
    scope: str = "",
) -> list[Held]:
    """
    Return grants of the scopes of an API that hold now, by scope, at most *limit*; with as many queries as one.

    Args:
        kinds: only those to such subjects: `CLIENTS`, `PEOPLE`, or some of them.
        after: the scope and the id of the last one that was shown; None: from the start.
        scope: only those of this one.
    """
    query = (
        select(ApiScopeGrant, ApiScope.name)
        .join(ApiScope, _OF_SCOPE)
        .where(
            ApiScope.organization_id == api.organization_id,
            ApiScope.api_id == api.id,
            ApiScopeGrant.subject_kind.in_(kinds),
            *holding(work),
        )
    )
    if scope:
        query = query.where(ApiScope.name == scope)
    if after is not None:
        query = query.where(tuple_(ApiScope.name, ApiScopeGrant.id) > tuple_(*after))
    rows = list(work.tx.session.execute(query.order_by(ApiScope.name, ApiScopeGrant.id).limit(limit)))
    called = _called(work, api.organization_id, [row[0] for row in rows])
    return [_held(one, name, called) for one, name in rows]


def grant(work: Work, api: Api, grant_id: str) -> Held:
    """
    Return one grant of a scope of an API that holds now.

    Raises:
        NotFound: there is none.
    """
    query = (
        select(ApiScopeGrant, ApiScope.name)
        .join(ApiScope, _OF_SCOPE)
        .where(
            ApiScopeGrant.organization_id == api.organization_id,
            ApiScopeGrant.id == grant_id,
            ApiScope.api_id == api.id,
            *holding(work),
        )
    )
    row = work.tx.session.execute(query).one_or_none()
    if row is None:
        raise NotFound("There is no such grant now.", field="grant", advice="Look at the list again.")
    one, name = row
    return _held(one, name, _called(work, api.organization_id, [one]))


def dependent(work: Work, api: Api, scope: ApiScope | None = None) -> Dependent:
    """Return what works with an API that the actor has been given, or with one of its *scope*s."""
    query = (
        select(ApiScopeGrant.subject_id)
        .join(ApiScope, _OF_SCOPE)
        .where(
            ApiScope.organization_id == api.organization_id,
            ApiScope.api_id == api.id,
            ApiScopeGrant.subject_kind == APPLICATION,
            *holding(work),
        )
        .distinct()
    )
    if scope is not None:
        query = query.where(ApiScope.id == scope.id)
    ids = list(work.tx.session.scalars(query))
    names = sorted(application_names.named(work, api.organization_id, ids[: 10 * _SHOWN]).values())[:_SHOWN]
    if scope is not None:
        return Dependent(len(ids), tuple(names))
    living = select(ApiToken.account_id).where(
        ApiToken.organization_id == api.organization_id,
        ApiToken.api_id == api.id,
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at > work.now,
    )
    return Dependent(len(ids), tuple(names), sizes.up_to(work, living), sizes.up_to(work, living.distinct()))


_OF_SCOPE = and_(ApiScope.organization_id == ApiScopeGrant.organization_id, ApiScope.id == ApiScopeGrant.scope_id)


def _held(one: ApiScopeGrant, scope: str, called: Mapping[str, str]) -> Held:
    name = "" if one.subject_kind == EVERYONE else called.get(one.subject_id, one.subject_id)
    return Held(one.id, scope, one.subject_kind, one.subject_id, name, one.valid_from, one.valid_to)


def _called(work: Work, organization_id: str, held: Sequence[ApiScopeGrant]) -> dict[str, str]:
    """Return what subjects are called, by id, as far as this actor may see them: a query for each kind."""
    by_kind: dict[str, list[str]] = {}
    for one in held:
        by_kind.setdefault(one.subject_kind, []).append(one.subject_id)
    found: dict[str, str] = application_names.named(work, organization_id, by_kind.get(APPLICATION, []))
    if GROUP in by_kind:
        of_groups = queries.visible(work, Group, Permission.GROUP_READ).where(
            Group.organization_id == organization_id, Group.id.in_(by_kind[GROUP])
        )
        found |= {one.id: one.name for one in work.tx.session.scalars(of_groups)}
    if ACCOUNT in by_kind:
        of_accounts = queries.visible(work, Account, Permission.ACCOUNT_READ).where(
            Account.organization_id == organization_id, Account.id.in_(by_kind[ACCOUNT])
        )
        found |= {one.id: one.email for one in work.tx.session.scalars(of_accounts)}
    return found
