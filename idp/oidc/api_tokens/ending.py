"""
Telling people that an API token of theirs is over soon, so that whatever uses it does not stop one morning.

Once a day all tokens are looked at, in parts; each is told of once, by mail and on its person's pages: a week before,
or when a quarter of a shorter life is left.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, select, tuple_, update

from idp.base import jobs
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Work
from idp.directory import authentication_policies
from idp.directory.authentication_policies import AuthenticationFacts
from idp.directory.models import Account
from idp.oidc.api_tokens import states
from idp.oidc.api_tokens.states import Owner, State
from idp.oidc.models import Api, ApiToken
from idp.signon import notices

SWEEP = "api-tokens-ending"  # asked for each hour
DAILY = "api-tokens-ending-daily"
AHEAD = timedelta(days=7)
_OF_ITS_LIFE = 4
AT_ONCE = 500

_TABLE = table(ApiToken)
_TOLD = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.id == bindparam("of_token"),
        _TABLE.c.ending_told_at.is_(None),
    )
    .values(ending_told_at=bindparam("at", type_=_TABLE.c.created_at.type))
)

_Policies = Mapping[str | None, AuthenticationFacts]


def sweep(work: Work, payload: Mapping[str, Any]) -> None:
    """Ask for the look of this day, if it was not asked for yet."""
    jobs.defer(work, DAILY, key=f"{DAILY}:{work.now:%Y-%m-%d}")


def daily(work: Work, payload: Mapping[str, Any]) -> None:
    """Look at a part of all tokens, and ask for the next part."""
    after = (str(payload.get("organization_id", "")), str(payload.get("id", "")))
    last = tell_part(work, after)
    if last is not None:
        following = {"organization_id": last[0], "id": last[1]}
        jobs.defer(work, DAILY, key=f"{DAILY}:{work.now:%Y-%m-%d}:{last[0]}:{last[1]}", payload=following)


def tell_part(work: Work, after: tuple[str, str], at_once: int = AT_ONCE) -> tuple[str, str] | None:
    """
    Look at the next *at_once* tokens after the key *after* (organization and id); return the key of the last one.

    None: there are no more.
    """
    query = (
        select(ApiToken, Account, Api)
        .join(Account, and_(Account.organization_id == ApiToken.organization_id, Account.id == ApiToken.account_id))
        .join(Api, and_(Api.organization_id == ApiToken.organization_id, Api.id == ApiToken.api_id))
        .where(tuple_(ApiToken.organization_id, ApiToken.id) > tuple_(*after))
        .order_by(ApiToken.organization_id, ApiToken.id)
        .limit(at_once)
    )
    rows = work.tx.session.execute(query).all()
    policies: dict[str, _Policies] = {}
    for token, account, api in rows:
        if token.ending_told_at is not None or token.revoked_at is not None or token.expires_at <= work.now:
            continue
        of = token.organization_id
        if of not in policies:
            policies[of] = authentication_policies.as_it_is(work, of)
        ends_at = _is_over_soon(token, account, api, policies[of], work.now)
        if ends_at is not None and work.tx.run(_TOLD, of_organization=of, of_token=token.id, at=work.now):
            _tell(work, token, api, ends_at)
    if len(rows) < at_once:
        return None
    return rows[-1][0].organization_id, rows[-1][0].id


def _is_over_soon(token: ApiToken, account: Account, api: Api, policies: _Policies, now: datetime) -> datetime | None:
    """Return when a token is over that is good now and will not be for long; None: there is nothing to tell."""
    if api.disabled_at is not None or not api.takes_api_tokens:
        return None
    policy = policies.get(account.policy_id) or policies[None]
    owner = Owner(account.kind, account.disabled_at, account.api_token_epoch)
    if states.state(token, owner, policy, now) is not State.GOOD:
        return None
    ends_at = states.ends_at(token, policy)
    ahead = min(AHEAD, (ends_at - token.created_at) / _OF_ITS_LIFE)
    return ends_at if ends_at - now <= ahead else None


def _tell(work: Work, token: ApiToken, api: Api, ends_at: datetime) -> None:
    notices.notify(
        work,
        organization_id=token.organization_id,
        account_id=token.account_id,
        kind=notices.API_TOKEN_ENDING,
        facts={"name": token.label, "api": api.name, "until": f"{ends_at:%Y-%m-%d %H:%M} UTC"},
        undoable=False,
    )
