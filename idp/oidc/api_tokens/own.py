"""
What people do with their own API tokens: see what they may make one for, make one, revoke it.

The door asks for a fresh second step before one is made. Of the token itself only a fingerprint stays.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import and_, select, update

from idp.audit.events import ApiTokenMade, ApiTokenRevoked, ApiTokensRevoked
from idp.audit.log import record
from idp.base.errors import Conflict, Invalid, NotFound
from idp.base.ids import fingerprint, is_id, new_id
from idp.base.tables import table
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import names
from idp.directory.authentication_policies import AuthenticationFacts, authentication_policy
from idp.directory.models import Account, Site
from idp.oidc import scopes, subjects
from idp.oidc.api_tokens import states, text
from idp.oidc.api_tokens.states import FOR_GOOD, Owner, State
from idp.oidc.models import Api, ApiScope, ApiToken
from idp.policy.authentication import PolicyKind
from idp.signon import notices
from idp.signon.session import CurrentSession

ID = "atk"
MOST = 25
"""How many a person has at a time, those that are over not counted."""
USUAL_DAYS = 90
SHOWN = 200
BY_PERSON = "the person revoked it"
_LONGEST_LABEL = 100
_LONGEST_SCOPE = 2048


@dataclass(frozen=True, slots=True)
class Target:
    """An API that a person may make a token for. ``scopes``: what they may do there now, with its sentence."""

    id: str
    name: str
    identifier: str
    site: str
    scopes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnToken:
    """A token as its person, or an administrator, sees it. ``api``: the name of the API; ``ends_at``: when it is over."""

    row: ApiToken
    api: str
    state: State
    ends_at: datetime


def most_days(work: Work, session: CurrentSession) -> int:
    """Return for how many days at most the person may make a token; 0: their policy lets them make none."""
    account = _account(work, session)
    policy = authentication_policy(work, account.organization_id, account.policy_id)
    allowed = policy.api_tokens_allowed and account.kind != PolicyKind.BREAK_GLASS
    return policy.api_token_days if allowed else 0


def targets(work: Work, session: CurrentSession) -> list[Target]:
    """Return the APIs that the person may make a token for now, by name: those that take them, where they may do something."""
    query = (
        select(Api.id, Api.name, Api.identifier, Site.name.label("site"), ApiScope.name.label("scope"))
        .add_columns(ApiScope.description)
        .join(Site, and_(Site.organization_id == Api.organization_id, Site.id == Api.site_id))
        .join(ApiScope, and_(ApiScope.organization_id == Api.organization_id, ApiScope.api_id == Api.id))
        .where(
            Api.organization_id == session.organization_id,
            Api.takes_api_tokens.is_(True),
            Api.disabled_at.is_(None),
            Site.disabled_at.is_(None),
            scopes.held_by_account(),
        )
        .order_by(Api.name, Api.id, ApiScope.name)
    )
    found: dict[str, Target] = {}
    for row in work.tx.session.execute(query, {"account_id": session.account_id, "now": work.now}):
        one = found.setdefault(row.id, Target(row.id, row.name, row.identifier, row.site))
        one.scopes[row.scope] = row.description
    return list(found.values())


def target(work: Work, session: CurrentSession, api_id: str) -> Target:
    """
    Return the API with that id, if the person may make a token for it.

    Raises:
        NotFound: they may not.
    """
    found = next((one for one in targets(work, session) if one.id == api_id), None)
    if found is None:
        raise NotFound(
            "There is no API of that name that you can make a token for.",
            advice="An administrator of the API decides who may do what there.",
        )
    return found


def make(
    work: Work, session: CurrentSession, api_id: str, *, label: str, scope: Iterable[str], days: int
) -> tuple[ApiToken, str]:
    """
    Make a token for an API; return it and its text, which is shown this once. Its person is told by mail.

    Args:
        label: what the person calls it.
        scope: what it is to be good for, of what the person may do there now.
        days: after how many it is over.

    Raises:
        NotFound: the person may do nothing at such an API, or it takes no API tokens.
        Conflict: their policy lets them make none, or they have as many as there may be.
        Invalid: the label, the scope or the days cannot be taken.
    """
    account = _held(work, session)
    policy = authentication_policy(work, account.organization_id, account.policy_id)
    _check_allowed(work, account, policy)
    api = target(work, session, api_id)
    chosen = _scope(api, scope)
    if not 1 <= days <= policy.api_token_days:
        raise Invalid(phrase("A token is good for 1 to %(most)s days.", most=policy.api_token_days), field="days")
    called = names.words(label, longest=_LONGEST_LABEL, field="label")
    token = text.new()
    made = ApiToken(
        organization_id=account.organization_id,
        id=new_id(ID),
        account_id=account.id,
        site_id=work.tx.session.get_one(Api, (account.organization_id, api.id)).site_id,
        api_id=api.id,
        label=called,
        scope=chosen,
        subject=subjects.subject_of(work, account.organization_id, account.id, subjects.PUBLIC),
        token_hash=fingerprint(token),
        ending=text.ending(token),
        epoch=account.api_token_epoch,
        created_at=work.now,
        expires_at=work.now + timedelta(days=days),
    )
    work.tx.session.add(made)
    work.tx.session.flush()
    record(
        work,
        ApiTokenMade(
            organization_id=made.organization_id,
            target_id=account.id,
            label=made.label,
            token_id=made.id,
            api=api.identifier,
            scope=made.scope,
            expires=made.expires_at.isoformat(),
        ),
    )
    notices.notify(
        work,
        organization_id=made.organization_id,
        account_id=account.id,
        kind=notices.API_TOKEN_MADE,
        facts={"name": made.label, "api": api.name},
    )
    return made, token


def own(work: Work, session: CurrentSession) -> list[OwnToken]:
    """Return the person's tokens, those that are over for less than 90 days as well, the newest first."""
    return of_account(work, _account(work, session))


def of_account(work: Work, account: Account, *, limit: int = SHOWN) -> list[OwnToken]:
    """Return the tokens of an account that the caller has been given, the newest first."""
    query = (
        select(ApiToken, Api.name)
        .join(Api, and_(Api.organization_id == ApiToken.organization_id, Api.id == ApiToken.api_id))
        .where(ApiToken.organization_id == account.organization_id, ApiToken.account_id == account.id)
        .order_by(ApiToken.created_at.desc(), ApiToken.id)
        .limit(limit)
    )
    policy = authentication_policy(work, account.organization_id, account.policy_id)
    return [_seen(row, api, account, policy, work.now) for row, api in work.tx.session.execute(query)]


def revoke(work: Work, session: CurrentSession, token_id: str) -> ApiToken:
    """
    Revoke one of the person's own tokens, from this moment on. It cannot be undone.

    Raises:
        NotFound: the person has no such token, or it is revoked already.
    """
    found = work.tx.session.get(ApiToken, (session.organization_id, token_id)) if is_id(token_id, ID) else None
    if found is None or found.account_id != session.account_id or found.revoked_at is not None:
        raise NotFound("You have no such token, or it is revoked already.", advice="Look at your tokens again.")
    account = _account(work, session)
    end(work, account, [found], because=BY_PERSON)
    return found


def revoke_all(work: Work, session: CurrentSession) -> int:
    """Revoke every token of the person; return how many were not over."""
    return end_all(work, _account(work, session), because=BY_PERSON)


def end(work: Work, account: Account, tokens: list[ApiToken], *, because: str) -> None:
    """Revoke *tokens* of an account: the caller has required what it needs."""
    apis = {
        row.id: row.identifier
        for row in work.tx.session.execute(
            select(Api.id, Api.identifier).where(
                Api.organization_id == account.organization_id, Api.id.in_({one.api_id for one in tokens})
            )
        )
    }
    for one in tokens:
        one.revoked_at, one.revoked_because = work.now, because
        record(
            work,
            ApiTokenRevoked(
                organization_id=account.organization_id,
                target_id=account.id,
                email=account.email,
                label=one.label,
                token_id=one.id,
                api=apis[one.api_id],
            ),
        )
    work.tx.session.flush()


def end_all(work: Work, account: Account, *, because: str) -> int:
    """Revoke every token of an account that is not over; return how many: the caller has required what it needs."""
    ended = work.tx.session.execute(
        update(ApiToken)
        .where(
            ApiToken.organization_id == account.organization_id,
            ApiToken.account_id == account.id,
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > work.now,
        )
        .values(revoked_at=work.now, revoked_because=because)
        .returning(ApiToken.id)
        .execution_options(synchronize_session="fetch")
    ).all()
    if ended:
        record(
            work,
            ApiTokensRevoked(
                organization_id=account.organization_id,
                target_id=account.id,
                email=account.email,
                count=len(ended),
            ),
        )
    return len(ended)


def _seen(row: ApiToken, api: str, account: Account, policy: AuthenticationFacts, now: datetime) -> OwnToken:
    owner = Owner(account.kind, account.disabled_at, account.api_token_epoch)
    return OwnToken(row, api, states.state(row, owner, policy, now), states.ends_at(row, policy))


def _account(work: Work, session: CurrentSession) -> Account:
    return work.tx.session.get_one(Account, (session.organization_id, session.account_id))


def _held(work: Work, session: CurrentSession) -> Account:
    """
    Return the person's account as it is, and stays until the end of this transaction.

    Of several tokens that are made at once each sees those before it, so that there are never too many; and whatever
    ends them all comes before or after.
    """
    of = table(Account)
    work.tx.session.execute(
        update(of)
        .where(of.c.organization_id == session.organization_id, of.c.id == session.account_id)
        .values(kind=of.c.kind)
    )
    account = _account(work, session)
    work.tx.session.refresh(account)
    return account


def _check_allowed(work: Work, account: Account, policy: AuthenticationFacts) -> None:
    if not policy.api_tokens_allowed or account.kind == PolicyKind.BREAK_GLASS or account.disabled_at is not None:
        raise Conflict(
            "Your organization lets you make no API tokens.", advice="Its administrators decide on that by its policy."
        )
    if sum(one.state not in FOR_GOOD for one in of_account(work, account)) >= MOST:
        raise Conflict(
            phrase("You have %(most)s API tokens already, which is as many as there may be.", most=MOST),
            advice="Revoke one that you do not use any more.",
        )


def _scope(api: Target, scope: Iterable[str]) -> str:
    asked = frozenset(scope)
    chosen = [one for one in api.scopes if one in asked]
    if not chosen:
        raise Invalid("Choose what the token is good for.", field="scope")
    if len(chosen) != len(asked):
        raise Invalid(
            "You may not do all of this at the API any more.", field="scope", advice="Look at what there is to choose."
        )
    written = " ".join(chosen)
    if len(written) > _LONGEST_SCOPE:
        raise Invalid("That is too much for one token.", field="scope", advice="Make two.")
    return written
