"""
What administrators see of API tokens, and what they revoke.

Whoever may read APIs sees the tokens for those that they may read; whoever may change credentials of people sees all of
the organization's, and revokes those of people who hold nothing that they do not hold themselves (D17).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_

from idp.base.errors import Forbidden, Invalid, NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import authentication_policies, queries, rights, sizes
from idp.directory.models import Account
from idp.oidc.api_tokens import own, states
from idp.oidc.api_tokens.own import OwnToken
from idp.oidc.api_tokens.states import Owner, State
from idp.oidc.models import Api, ApiToken
from idp.policy import authentication
from idp.policy.authentication import PolicyKind
from idp.policy.models import AuthenticationPolicy
from idp.policy.permissions import Permission, allows, reach

UNUSED, ENDING, LIVE = "unused", "ending", "live"
WHICH = (LIVE, UNUSED, ENDING)
UNUSED_FOR = timedelta(days=90)
ENDING_WITHIN = timedelta(days=14)
MOST_CHOSEN = 100
MOST_APIS = 100
"""So many are offered to choose from; beyond, an address can name any."""
BY_ADMINISTRATOR = "an administrator revoked it"


@dataclass(frozen=True, slots=True)
class Listed:
    """A token in the list of an organization, whose it is and what it is for."""

    row: ApiToken
    account_id: str
    email: str
    name: str
    api: str
    state: State
    ends_at: datetime


def may_see_some(work: Work, organization_id: str) -> bool:
    """Say whether the actor may see tokens of the organization at all: of all of its APIs, or of those at a site."""
    where = reach(work.actor, Permission.API_READ)
    at_a_site = any(organization == organization_id for organization, _ in where.sites)
    return _sees_all(work, organization_id) or at_a_site


def page(
    work: Work,
    organization_id: str,
    *,
    after: tuple[Any, ...] | None = None,
    limit: int = 50,
    api_id: str = "",
    which: str = "",
    starting: str = "",
) -> list[Listed]:
    """
    Return tokens of an organization, the newest first, at most *limit*.

    Args:
        after: when the last token that was shown was made (ISO 8601), and its id; None: from the start.
        api_id: only those for that API.
        which: only those that are not over (`LIVE`), those of them that nobody has used for 90 days (`UNUSED`), or
            those that are over within 14 days (`ENDING`).
        starting: only of accounts whose address begins so.

    Raises:
        Forbidden: the actor may not see API tokens there.
    """
    query = matching(work, organization_id, api_id=api_id, which=which, starting=starting)
    if after is not None:
        at = datetime.fromisoformat(after[0])
        query = query.where(
            or_(ApiToken.created_at < at, and_(ApiToken.created_at == at, ApiToken.id > after[1])),
            ApiToken.created_at <= at,
        )
    query = query.order_by(ApiToken.created_at.desc(), ApiToken.id).limit(limit)
    return _seen(work, organization_id, query)


def matching(
    work: Work, organization_id: str, *, api_id: str = "", which: str = "", starting: str = ""
) -> Select[ApiToken, Account, str]:
    """
    Return a query for the tokens that filters match, with whose they are and the name of their API; see `page`.

    Raises:
        Forbidden: the actor may not see API tokens there.
    """
    query = _listed(work, organization_id)
    if api_id:
        query = query.where(ApiToken.api_id == api_id)
    if starting:
        begin = starting.casefold()
        query = query.where(Account.email_key >= begin, Account.email_key < begin + "\U0010ffff")
    return _narrowed(query, which, work.now)


def apis(work: Work, organization_id: str, chosen: str = "") -> list[tuple[str, str]]:
    """Return APIs that the list can be narrowed to, id and name, by name: the first `MOST_APIS`, and the one that is chosen."""
    query = _apis(work, organization_id).order_by(Api.name, Api.id)
    found = [(row.id, row.name) for row in work.tx.session.execute(query.limit(MOST_APIS))]
    if chosen and chosen not in {id_ for id_, _ in found}:
        found += [(row.id, row.name) for row in work.tx.session.execute(query.where(Api.id == chosen))]
    return found


def is_api(work: Work, organization_id: str, api_id: str) -> bool:
    """Say whether that is an API which the actor may see the tokens for."""
    return work.tx.session.execute(_apis(work, organization_id).where(Api.id == api_id)).first() is not None


def _apis(work: Work, organization_id: str) -> Select[str, str]:
    query = select(Api.id, Api.name).where(Api.organization_id == organization_id)
    if _sees_all(work, organization_id):
        return query
    return query.where(Api.id.in_(queries.visible(work, Api, Permission.API_READ).with_only_columns(Api.id)))


def of_account(work: Work, reference: str, *, organization_id: str | None = None) -> tuple[Account, list[OwnToken]]:
    """
    Return an account and its tokens that the actor may see, the newest first.

    Raises:
        NotFound: no such account, or none that this actor may see.
        Forbidden: the actor may not see API tokens there.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    seen = own.of_account(work, account)
    if _sees_all(work, account.organization_id):
        return account, seen
    require_to_see(work, account.organization_id)
    known = set(work.tx.session.scalars(_apis(work, account.organization_id)))
    return account, [one for one in seen if one.row.api_id in known]


def chosen(work: Work, organization_id: str, ids: Sequence[str]) -> list[Listed]:
    """
    Return the tokens with *ids* that the actor may see and that are not revoked yet.

    Raises:
        Forbidden: the actor may not see API tokens there.
        Invalid: none was named, or more than there may be at once.
    """
    if not ids:
        raise Invalid("Choose which tokens to revoke.", field="chosen", advice="Go back to the list and choose.")
    if len(ids) > MOST_CHOSEN:
        raise Invalid("That is too many at once.", field="chosen", advice="Choose fewer.")
    query = _listed(work, organization_id).where(ApiToken.id.in_(set(ids)), ApiToken.revoked_at.is_(None))
    return _seen(work, organization_id, query.order_by(ApiToken.created_at.desc(), ApiToken.id))


def revoke(work: Work, organization_id: str, ids: Sequence[str]) -> int:
    """
    Revoke tokens, from this moment on; all of them or none. It cannot be undone. Return how many.

    Raises:
        NotFound: one that there is not, is revoked already, or that this actor may not see.
        Forbidden: the actor may not change credentials there, or one is of somebody who administers what they do not.
        Invalid: none was named, or too many.
    """
    found = chosen(work, organization_id, ids)
    if len(found) != len(set(ids)):
        raise NotFound("There is no such token, or it is revoked already.", advice="Load the list again.")
    by_account: dict[str, list[ApiToken]] = {}
    for one in found:
        by_account.setdefault(one.account_id, []).append(one.row)
    for account_id, rows in by_account.items():
        account = queries.account(work, account_id, organization_id=organization_id)
        rights.require_over(work, Permission.ACCOUNT_CREDENTIALS, account)
        own.end(work, account, rows, because=BY_ADMINISTRATOR)
    return len(found)


def revoke_of_account(work: Work, account: Account, token_id: str) -> int:
    """
    Revoke one token of an account, as `revoke`.

    Raises:
        NotFound: the account has no such token, or it is revoked already.
        Forbidden, Invalid: as for `revoke`.
    """
    _, tokens = of_account(work, account.id, organization_id=account.organization_id)
    if token_id not in {one.row.id for one in tokens}:
        raise NotFound("This account has no such token.", field="token_id", advice="See: idp account token list EMAIL")
    return revoke(work, account.organization_id, [token_id])


def revoke_all(work: Work, reference: str, *, organization_id: str | None = None) -> tuple[Account, int]:
    """
    Revoke every token of an account; return it, and how many were not over.

    Raises:
        NotFound: no such account, or none that this actor may see.
        Forbidden: the actor may not change credentials there, or the account administers what the actor does not.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    rights.require_over(work, Permission.ACCOUNT_CREDENTIALS, account)
    return account, own.end_all(work, account, because=BY_ADMINISTRATOR)


def counts(work: Work, organization_id: str) -> dict[str, int]:
    """
    Return how many tokens there are of each kind of `WHICH`, counted up to one more than `sizes.MANY`.

    Raises:
        Forbidden: the actor may not see API tokens there.
    """
    # Asked of each token by itself: joined, PostgreSQL would rather read all accounts than look up those that are meant.
    now_at = (
        select(Account.api_token_epoch)
        .where(Account.organization_id == ApiToken.organization_id, Account.id == ApiToken.account_id)
        .correlate(ApiToken)
        .scalar_subquery()
    )
    every = select(ApiToken.id).where(*_visible(work, organization_id), ApiToken.epoch == now_at)
    return sizes.each_up_to(work, {which: every.where(*_kind(which, work.now)) for which in WHICH})


_Row = Select[ApiToken, Account, str]


def _listed(work: Work, organization_id: str) -> _Row:
    return (
        select(ApiToken, Account, Api.name)
        .join(Account, and_(Account.organization_id == ApiToken.organization_id, Account.id == ApiToken.account_id))
        .join(Api, and_(Api.organization_id == ApiToken.organization_id, Api.id == ApiToken.api_id))
        .where(*_visible(work, organization_id))
    )


def _visible(work: Work, organization_id: str) -> tuple[ColumnElement[bool], ...]:
    """Return what holds of the tokens of an organization that the actor may see."""
    require_to_see(work, organization_id)
    own_ones = ApiToken.organization_id == organization_id
    if _sees_all(work, organization_id):
        return (own_ones,)
    return own_ones, tuple_(ApiToken.organization_id, ApiToken.site_id).in_(
        reach(work.actor, Permission.API_READ).sites
    )


def _not_over(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (*_kind(LIVE, now), ApiToken.epoch == Account.api_token_epoch)


def _kind(which: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return what holds of the tokens of a kind of `WHICH`, but for what was ended with their account."""
    good = (ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
    if which == UNUSED:
        return *good, func.coalesce(ApiToken.last_used_at, ApiToken.created_at) <= now - UNUSED_FOR
    if which == ENDING:
        return *good, ApiToken.expires_at <= now + ENDING_WITHIN
    return good


def _narrowed(query: _Row, which: str, now: datetime) -> _Row:
    if which not in WHICH:
        return query
    return query.where(*_kind(which, now), ApiToken.epoch == Account.api_token_epoch)


def _seen(work: Work, organization_id: str, query: _Row) -> list[Listed]:
    policies = authentication_policies.as_it_is(work, organization_id)
    found = []
    for row, account, api in work.tx.session.execute(query):
        policy = policies.get(account.policy_id) or policies[None]
        owner = Owner(account.kind, account.disabled_at, account.api_token_epoch)
        state, ends_at = states.state(row, owner, policy, work.now), states.ends_at(row, policy)
        found.append(Listed(row, account.id, account.email, account.name, api, state, ends_at))
    return found


def _sees_all(work: Work, organization_id: str) -> bool:
    wanted = (Permission.API_READ, Permission.ACCOUNT_CREDENTIALS)
    return any(allows(work.actor, permission, organization_id) for permission in wanted)


def would_stop(work: Work, of: AuthenticationPolicy, changes: Mapping[str, Any]) -> int:
    """
    Return how many tokens of people in the policy *of*, which the actor has been given, are good and would not be so
    after *changes*.

    Raises:
        Invalid: a value of the changes cannot be taken.
    """
    before = authentication_policies.terms_of(of)
    after = authentication.changed(before, changes, kind=PolicyKind(of.kind), now=work.now)
    if not before.api_tokens_allowed or of.kind == PolicyKind.BREAK_GLASS:
        return 0
    if after.api_tokens_allowed and after.api_token_days >= before.api_token_days:
        return 0
    query = (
        select(func.count())
        .select_from(ApiToken)
        .join(Account, and_(Account.organization_id == ApiToken.organization_id, Account.id == ApiToken.account_id))
        .where(
            ApiToken.organization_id == of.organization_id,
            ApiToken.created_at > work.now - timedelta(days=before.api_token_days),
            Account.disabled_at.is_(None),
            authentication_policies.is_in(of),
            *_not_over(work.now),
        )
    )
    if after.api_tokens_allowed:
        query = query.where(ApiToken.created_at <= work.now - timedelta(days=after.api_token_days))
    return work.tx.session.scalar(query) or 0


def ending(work: Work, organization_id: str) -> int:
    """Return how many tokens of those that the actor may see are over within 14 days, counted up to one more than `sizes.MANY`."""
    if not may_see_some(work, organization_id):
        return 0
    query = _narrowed(_listed(work, organization_id), ENDING, work.now).with_only_columns(ApiToken.id)
    return sizes.up_to(work, query)


def require_to_see(work: Work, organization_id: str) -> None:
    """
    As `may_see_some`.

    Raises:
        Forbidden: the actor may see no API token there.
    """
    if not may_see_some(work, organization_id):
        raise Forbidden(
            "You may not do this.",
            advice="Ask an administrator of your organization for the role that may.",
            cause=phrase(
                "%(kind)s %(name)s lacks %(value)s",
                kind=work.actor.kind,
                name=work.actor.name or work.actor.id,
                value=Permission.API_READ.value,
            ),
        )
