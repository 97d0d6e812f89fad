"""
Grants: what a person allowed a client in one sign-on. They own the tokens that come of it.

`standing` is asked at every issuance and at every look at a token (D11, O22): who it was for,
the session, the client's access and the person's consent are judged as they are now.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, insert, select, update

from idp.audit.events import TokenRevoked
from idp.audit.log import record
from idp.base.ids import new_id
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.texts import phrase, sentence
from idp.base.values import quickly_made
from idp.base.work import Work
from idp.directory import access
from idp.directory.authentication_policies import AuthenticationFacts, authentication_policy
from idp.directory.models import Account
from idp.oidc.client_facts import ClientFacts
from idp.oidc.models import Grant
from idp.policy.signon import Method, Strength, decide
from idp.policy.signon import strength as strength_of
from idp.signon import consent
from idp.signon import session as session_
from idp.signon.factors import enrolled
from idp.signon.request import SignOnResult

LIVES_OFFLINE = timedelta(days=30)

_TABLE = table(Grant)
_INSERT = Prepared(insert(_TABLE))
_FIND = Prepared(
    select(
        Grant.organization_id,
        Grant.id,
        Grant.application_id,
        Grant.account_id,
        Grant.session_id,
        Grant.epoch,
        Grant.subject,
        Grant.scope,
        Grant.offline,
        Grant.details,
        Grant.key_thumbprint,
        Grant.authenticated_at,
        Grant.expires_at,
        Grant.revoked_at,
        Grant.revoked_because,
        Account.epoch.label("account_epoch"),
        Account.disabled_at,
        Account.policy_id,
        Account.grace_used,
        enrolled.exists_for(Account).label("has_second_step"),
    )
    .join(Account, and_(Account.organization_id == Grant.organization_id, Account.id == Grant.account_id))
    .where(Grant.organization_id == bindparam("organization_id"), Grant.id == bindparam("grant_id"))
)
_REVOKE = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.id == bindparam("of_grant"),
        _TABLE.c.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("at", type_=_TABLE.c.revoked_at.type), revoked_because=bindparam("because"))
)

_BIND = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.id == bindparam("of_grant"),
        _TABLE.c.key_thumbprint == "",
    )
    .values(key_thumbprint=bindparam("to_key"))
)


@quickly_made
@dataclass(frozen=True, slots=True)
class Details:
    """
    What a grant remembers of its sign-on: the contexts reached, single claims asked for, what was agreed to,
    which APIs were named (RFC 8707; none: any whose scopes were granted), the strength of what was proven, the sector
    that its subject is of (None: of a former release, which did not say), the methods (none: likewise).
    """

    acr: str
    amr: tuple[str, ...]
    id_token_claims: tuple[str, ...]
    userinfo_claims: tuple[str, ...]
    asks: tuple[str, ...]
    resources: tuple[str, ...] = ()
    strength: int = 0
    sector: str | None = None
    methods: tuple[str, ...] = ()

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Details":
        """Return the details that were stored."""
        return cls(
            acr=stored["acr"],
            amr=tuple(stored["amr"]),
            id_token_claims=tuple(stored["id_token_claims"]),
            userinfo_claims=tuple(stored["userinfo_claims"]),
            asks=tuple(stored["asks"]),
            resources=tuple(stored.get("resources", ())),
            strength=stored.get("strength", 0),
            sector=stored.get("sector"),
            methods=tuple(stored.get("methods", ())),
        )

    def reached(self, allowed: frozenset[Method]) -> Strength | None:
        """
        Return what was proven by methods that are *allowed*; None where no first step is among them.

        Grants of former releases say it by their strength only, or by what they tell of their methods.
        """
        if self.methods:
            return strength_of(allowed & frozenset(map(Method, self.methods)), weak=True)
        if self.strength:
            return Strength(self.strength)
        return Strength.SECOND_STEP if "mfa" in self.amr else Strength.PASSWORD


@quickly_made
@dataclass(frozen=True, slots=True)
class LiveGrant:
    """A grant of which tokens may be issued now."""

    id: str
    organization_id: str
    application_id: str
    account_id: str
    session_id: str
    subject: str
    scope: tuple[str, ...]
    offline: bool
    details: Details
    key_thumbprint: str
    authenticated_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Dead:
    """A grant of which nothing may be issued any more; *cause* is for the administrator."""

    cause: str


def create(
    work: Work,
    result: SignOnResult,
    *,
    subject: str,
    scope: tuple[str, ...],
    offline: bool,
    details: dict[str, Any],
    key_thumbprint: str = "",
) -> str:
    """
    Keep what a person allowed in the sign-on *result*; return its id. It lives as long as the session, or 30 days offline.

    Args:
        key_thumbprint: of the key that its refresh tokens are bound to (RFC 9449 section 5); empty: none.
    """
    grant_id = new_id("gra")
    work.tx.run(
        _INSERT,
        organization_id=result.organization_id,
        id=grant_id,
        application_id=result.application_id,
        account_id=result.account_id,
        session_id=result.session_id,
        epoch=result.account_epoch,
        subject=subject,
        scope=" ".join(scope),
        offline=offline,
        details=details,
        key_thumbprint=key_thumbprint,
        authenticated_at=result.authenticated_at,
        created_at=work.now,
        expires_at=work.now + LIVES_OFFLINE if offline else result.expires_at,
        revoked_at=None,
        revoked_because="",
    )
    return grant_id


def standing(work: Work, client: ClientFacts, grant_id: str) -> LiveGrant | Dead:
    """Return the grant if tokens of it may be issued to *client* and honoured now, else why not."""
    row = work.tx.row(_FIND, organization_id=client.organization_id, grant_id=grant_id)
    if row is None or row.application_id != client.application_id:
        return Dead("there is no such grant of this client")
    details = Details.of(row.details)
    cause = _why_dead(work, client, row, details)
    if cause is not None:
        return Dead(cause)
    return LiveGrant(
        id=row.id,
        organization_id=client.organization_id,
        application_id=row.application_id,
        account_id=row.account_id,
        session_id=row.session_id,
        subject=row.subject,
        scope=tuple(row.scope.split()),
        offline=row.offline,
        details=details,
        key_thumbprint=row.key_thumbprint,
        authenticated_at=row.authenticated_at,
        expires_at=row.expires_at,
    )


def _why_dead(work: Work, client: ClientFacts, row: Any, details: Details) -> str | None:
    if row.revoked_at is not None:
        return phrase("the grant was revoked: %(because)s", because=sentence(row.revoked_because))
    if row.expires_at <= work.now:
        return phrase("the grant is over")
    if details.sector not in (
        None,
        client.sector,
    ):  # what it knows of one sector must not meet what it learns of another
        return phrase("the client is of another sector now")
    if row.disabled_at is not None:
        return phrase("the account is disabled")
    if row.epoch != row.account_epoch:
        return phrase("the account was signed out everywhere, or its password changed")
    if not row.offline and not session_.alive(work, client.organization_id, row.session_id):
        return phrase("the session is over")
    if not access.may_open(work, client.organization_id, client.application_id, row.account_id):
        return phrase("no access grant of this application holds for the account")
    policy = authentication_policy(work, client.organization_id, row.policy_id)
    less = _proved_less(work, row, details, policy)
    if less:
        return less
    asks = details.asks
    if asks and consent.missing(work, client.organization_id, row.account_id, client.application_id, asks):
        return phrase("the consent was withdrawn")
    return None


def _proved_less(work: Work, row: Any, details: Details, policy: AuthenticationFacts) -> str:
    """Return why what was proven would not do today; empty: it would. Whoever keeps no session is in no grace of one."""
    today = policy.deciding(work.now, row.grace_used)
    reached = details.reached(today.methods)
    if reached is None:
        return phrase("the sign-on was by a method that is not allowed any more")
    if row.offline:
        today = today.anew()
    made = decide(today, has_second_step=row.has_second_step, asked=None)
    if reached < made.required and row.has_second_step:  # one that the policy does not allow asks for nothing
        has_one = enrolled.exists(work, row.organization_id, row.account_id, today.methods)
        made = decide(today, has_second_step=has_one, asked=None)
    if reached < made.required:
        return phrase("the sign-on proved less than is asked for now (%(rule)s)", rule=made.rule)
    return ""


def bind(work: Work, grant: LiveGrant, key_thumbprint: str) -> None:
    """Bind the refresh tokens of *grant* to a key, once and for all (RFC 9449 section 5)."""
    work.tx.run(_BIND, of_organization=grant.organization_id, of_grant=grant.id, to_key=key_thumbprint)


def revoke(work: Work, client: ClientFacts, grant_id: str, *, because: str) -> bool:
    """
    End a grant and with it every token that came of it; say whether it was alive until now.

    Effective only if the caller's transaction commits: whoever revokes and refuses at once
    returns the refusal instead of raising it (O21).
    """
    ended = work.tx.run(
        _REVOKE, of_organization=client.organization_id, of_grant=grant_id, at=work.now, because=str(because)
    )
    if not ended:
        return False
    record(
        work,
        TokenRevoked(
            organization_id=client.organization_id,
            target_id=client.application_id,
            client_id=client.client_id,
            grant_id=grant_id,
            cause=because,
        ),
    )
    return True
