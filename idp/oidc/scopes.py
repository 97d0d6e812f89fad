"""
What of a scope a client may have now, for itself or for a person (RFC 6749 section 3.3; O20, O22).

A scope of an API is had by grants of that scope: one to the client, and one to the person it acts for.
Every other scope is had by the registration of the client. Asked at every issuance and at every look at
a token; grants are never remembered.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory.access import ACCOUNT, EVERYONE, GROUP
from idp.directory.models import Membership
from idp.oidc import api_facts
from idp.oidc.api_facts import NO_APIS, SiteApis
from idp.oidc.claims import STANDARD_SCOPES
from idp.oidc.client_facts import ClientFacts
from idp.oidc.grants import LiveGrant
from idp.oidc.models import Api, ApiScope, ApiScopeGrant
from idp.signon import consent

APPLICATION = "application"
"""The kind of subject that a client is; the others are those of access grants."""

_NOW = bindparam("now", type_=ApiScopeGrant.valid_from.type)
_WHO = bindparam("account_id", type_=ApiScopeGrant.subject_id.type)
_PERSONS = aliased(ApiScopeGrant)


def _holds(since: InstrumentedAttribute[object], until: InstrumentedAttribute[object]) -> ColumnElement[bool]:
    return and_(since <= _NOW, or_(until.is_(None), until > _NOW))


_MEMBER = exists().where(
    Membership.organization_id == _PERSONS.organization_id,
    Membership.group_id == _PERSONS.subject_id,
    Membership.account_id == _WHO,
    _holds(Membership.valid_from, Membership.valid_to),
)
_PERSON_MAY = exists().where(
    _PERSONS.organization_id == ApiScope.organization_id,
    _PERSONS.scope_id == ApiScope.id,
    _holds(_PERSONS.valid_from, _PERSONS.valid_to),
    or_(
        _PERSONS.subject_kind == EVERYONE,
        and_(_PERSONS.subject_kind == ACCOUNT, _PERSONS.subject_id == _WHO),
        and_(_PERSONS.subject_kind == GROUP, _MEMBER),
    ),
)
_OF_CLIENT = (
    select(ApiScope.name)
    .join(
        ApiScopeGrant,
        and_(ApiScopeGrant.organization_id == ApiScope.organization_id, ApiScopeGrant.scope_id == ApiScope.id),
    )
    .join(Api, and_(Api.organization_id == ApiScope.organization_id, Api.id == ApiScope.api_id))
    .where(
        ApiScopeGrant.organization_id == bindparam("organization_id"),
        ApiScopeGrant.subject_id == bindparam("application_id"),
        ApiScopeGrant.subject_kind == APPLICATION,
        _holds(ApiScopeGrant.valid_from, ApiScopeGrant.valid_to),
        ApiScope.site_id == bindparam("site_id"),
        Api.disabled_at.is_(None),
    )
)
_CLIENT_MAY = Prepared(_OF_CLIENT)
_CLIENT_AND_PERSON_MAY = Prepared(_OF_CLIENT.where(_PERSON_MAY))

_OF_API = Prepared(
    select(ApiScope.name).where(
        ApiScope.organization_id == bindparam("organization_id"),
        ApiScope.api_id == bindparam("api_id"),
        ApiScope.created_at <= bindparam("since", type_=ApiScope.created_at.type),
        _PERSON_MAY,
    )
)


def held_by_account() -> ColumnElement[bool]:
    """Return the condition that an `ApiScope` is held by the account ``:account_id`` at ``:now``."""
    return _PERSON_MAY


def of_account(work: Work, organization_id: str, api_id: str, account_id: str, *, since: datetime) -> frozenset[str]:
    """
    Return the scopes of an API that an account may have now, whatever clients may.

    Args:
        since: only those that there were by then: one that was made anew under a former name is another one.
    """
    rows = work.tx.rows(
        _OF_API, organization_id=organization_id, api_id=api_id, account_id=account_id, since=since, now=work.now
    )
    return frozenset(row.name for row in rows)


def apis_for(work: Work, client: ClientFacts, scope: Iterable[str], resources: Collection[str] = ()) -> SiteApis:
    """Return the APIs that *scope* and *resources* can speak of: none, without a look, where they speak of none."""
    if not resources and STANDARD_SCOPES.issuperset(scope):
        return NO_APIS
    return api_facts.at_site(work, client.organization_id, client.site_id)


def of_client(work: Work, client: ClientFacts, scope: Collection[str]) -> tuple[str, ...]:
    """Return what of *scope* the client may have now, whoever it is for."""
    apis = apis_for(work, client, scope)
    may = granted(work, client) if not apis.by_scope.keys().isdisjoint(scope) else frozenset()
    return _kept(scope, client, apis, may)


def of_person(work: Work, client: ClientFacts, account_id: str, scope: Collection[str]) -> tuple[str, ...]:
    """Return what of *scope* the client may have now for the account."""
    apis = apis_for(work, client, scope)
    return _kept(scope, client, apis, _granted_for(work, client, account_id, apis, scope))


def of_grant(work: Work, client: ClientFacts, grant: LiveGrant, scope: Collection[str]) -> tuple[str, ...]:
    """
    Return what of *scope* the client may have now by *grant*: nothing that it did not allow.

    A scope whose sentence is another now than the one that the person agreed to is not among it.
    """
    allowed = [token for token in scope if token in grant.scope]
    apis = apis_for(work, client, allowed)
    may = _granted_for(work, client, grant.account_id, apis, allowed)
    if grant.details.asks:
        may = frozenset(token for token in may if ask(apis, token) in grant.details.asks)
    return _kept(allowed, client, apis, may)


def ask(apis: SiteApis, scope: str) -> str:
    """Return what a person is asked for *scope*: of an API's, its sentence; of others, their name."""
    api = apis.by_scope.get(scope)
    return scope if api is None else consent.ask(scope, api.name, api.scopes[scope])


def granted(work: Work, client: ClientFacts) -> frozenset[str]:
    """Return the scopes of APIs that are granted to the client now."""
    rows = work.tx.rows(
        _CLIENT_MAY,
        organization_id=client.organization_id,
        site_id=client.site_id,
        application_id=client.application_id,
        now=work.now,
    )
    return frozenset(row.name for row in rows)


def _granted_for(
    work: Work, client: ClientFacts, account_id: str, apis: SiteApis, scope: Collection[str]
) -> frozenset[str]:
    if apis.by_scope.keys().isdisjoint(scope):
        return frozenset()
    rows = work.tx.rows(
        _CLIENT_AND_PERSON_MAY,
        organization_id=client.organization_id,
        site_id=client.site_id,
        application_id=client.application_id,
        account_id=account_id,
        now=work.now,
    )
    return frozenset(row.name for row in rows)


def _kept(scope: Collection[str], client: ClientFacts, apis: SiteApis, may: frozenset[str]) -> tuple[str, ...]:
    return tuple(token for token in scope if token in (may if token in apis.by_scope else client.scopes))
