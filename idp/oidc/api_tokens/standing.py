"""
What an API token is good for at this moment, for the API that asks (RFC 7662; T19, T22).

Its person, their policy, the API, the scopes that the person has and the rules of contextual access are looked at
every time. A token that is known and good for nothing leaves an attempt behind, once an hour at most: so an
administrator can say why a program stopped working.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import and_, bindparam, or_, select, update

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base.ids import fingerprint
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory.authentication_policies import authentication_policy
from idp.directory.models import Account
from idp.oidc import scopes
from idp.oidc.api_facts import ApiFacts
from idp.oidc.api_tokens import states
from idp.oidc.api_tokens.states import Owner, State
from idp.oidc.models import ApiToken
from idp.oidc.provider import Provider
from idp.policy.access.context import AccountKind
from idp.signon import contextual

WRITTEN_EVERY = timedelta(hours=1)
STEP = "api-token"

_TABLE = table(ApiToken)
_FIND = Prepared(
    select(
        ApiToken.organization_id,
        ApiToken.id,
        ApiToken.account_id,
        ApiToken.api_id,
        ApiToken.label,
        ApiToken.scope,
        ApiToken.subject,
        ApiToken.created_at,
        ApiToken.expires_at,
        ApiToken.epoch,
        ApiToken.last_used_at,
        ApiToken.last_refused_at,
        ApiToken.revoked_at,
        Account.kind,
        Account.policy_id,
        Account.disabled_at,
        Account.api_token_epoch,
    )
    .join(Account, and_(Account.organization_id == ApiToken.organization_id, Account.id == ApiToken.account_id))
    .where(ApiToken.organization_id == bindparam("organization_id"), ApiToken.token_hash == bindparam("token_hash"))
)
_AT, _BEFORE = (bindparam(name, type_=_TABLE.c.created_at.type) for name in ("at", "before"))


def _noting(column: str) -> Prepared:
    of = _TABLE.c[column]
    return Prepared(
        update(_TABLE)
        .where(
            _TABLE.c.organization_id == bindparam("of_organization"),
            _TABLE.c.id == bindparam("of_token"),
            or_(of.is_(None), of <= _BEFORE),
        )
        .values({column: _AT})
    )


_USED, _REFUSED = _noting("last_used_at"), _noting("last_refused_at")
_CAUSES = {
    State.REVOKED: phrase("it was revoked"),
    State.OVER: phrase("it is over"),
    State.ENDED: phrase(
        "it was made before its account was disabled, or before its person said that something was not them"
    ),
    State.DISABLED: phrase("its account is disabled"),
    State.BLOCKED: phrase("the authentication policy of its person allows no API tokens"),
}


def introspected(work: Work, provider: Provider, api: ApiFacts, token: str, trail: Trail) -> dict[str, Any] | None:
    """
    Return what *token* is to *api*, which has proven itself; None: nothing that it is to learn of.

    There is no ``client_id``: no client takes part. ``sub`` is as whom clients with public subjects know the person.
    """
    row = work.tx.row(_FIND, organization_id=provider.organization_id, token_hash=fingerprint(token))
    if row is None or row.api_id != api.id:
        return None
    found = _good_for(work, provider, api, row, trail)
    if isinstance(found, str):
        _refuse(work, row, found, trail)
        return None
    if row.last_used_at is None or work.now - row.last_used_at >= WRITTEN_EVERY:
        _note(work, _USED, row)
    policy = authentication_policy(work, provider.organization_id, row.policy_id)
    return {
        "active": True,
        "scope": " ".join(found),
        "token_type": "Bearer",
        "exp": int(states.ends_at(row, policy).timestamp()),
        "iat": int(row.created_at.timestamp()),
        "sub": row.subject,
        "aud": api.identifier,
        "iss": provider.issuer,
        "jti": row.id,
    }


def _good_for(work: Work, provider: Provider, api: ApiFacts, row: Any, trail: Trail) -> tuple[str, ...] | str:
    """Return the scopes that the token has now, or why it is good for nothing."""
    organization_id = provider.organization_id
    owner = Owner(row.kind, row.disabled_at, row.api_token_epoch)
    policy = authentication_policy(work, organization_id, row.policy_id)
    stands = states.state(row, owner, policy, work.now)
    if stands is not State.GOOD:
        return _CAUSES[stands]
    if not api.takes_api_tokens:
        return phrase("the API takes no API tokens any more")
    may = scopes.of_account(work, organization_id, api.id, row.account_id, since=row.created_at)
    left = tuple(one for one in row.scope.split() if one in may)
    if not left:
        return phrase("its person has none of its scopes any more")
    denied = contextual.judge_api_token(
        work,
        organization_id=organization_id,
        site_id=provider.site_id,
        account_id=row.account_id,
        kind=AccountKind(row.kind),
    )
    if denied is not None:
        trail.decision, trail.rule = contextual.DENIED, denied.rule
        return phrase("%(rule)s: denied", rule=denied.rule)
    return left


def _refuse(work: Work, row: Any, cause: str, trail: Trail) -> None:
    if row.last_refused_at is not None and work.now - row.last_refused_at < WRITTEN_EVERY:
        return
    if not _note(work, _REFUSED, row):
        return  # another request wrote it down this very moment
    trail.account_id = row.account_id
    trail.failed(STEP, "api-token-refused", cause, token_id=row.id, label=row.label, api_id=row.api_id)
    attempts.save(work, trail)


def _note(work: Work, what: Prepared, row: Any) -> bool:
    return bool(
        work.tx.run(
            what,
            of_organization=row.organization_id,
            of_token=row.id,
            at=work.now,
            before=work.now - WRITTEN_EVERY,
        )
    )
