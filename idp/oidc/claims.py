"""
What of a person's released attributes a client receives, and under which names
(OpenID Connect Core sections 5.1, 5.4 and 5.5).

A claim leaves if the scope or a single request names it *and* release policy lets its attribute
go. The claims that say who issued what for whom are written by `tokens` and can be named by
nobody else (O26).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.directory.attributes import attributes_of
from idp.directory.models import Account
from idp.directory.policies import release_levels
from idp.oidc.grants import LiveGrant
from idp.policy.release import may_leave, released

OPENID, PROFILE, EMAIL, GROUPS, OFFLINE_ACCESS = "openid", "profile", "email", "groups", "offline_access"
ADDRESS, PHONE = "address", "phone"
SCOPES = (OPENID, PROFILE, EMAIL, ADDRESS, PHONE, GROUPS, OFFLINE_ACCESS)
"""The scopes that mean something to us."""
STANDARD_SCOPES = frozenset(SCOPES)
"""Those that nobody is refused for asking."""
PERSONAL_SCOPES = STANDARD_SCOPES
"""Those that speak of a person, so that a client cannot have them for itself."""

UPDATED_AT = "updated_at"
CLAIMS_OF = {
    PROFILE: (
        *("name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile"),
        *("picture", "website", "gender", "birthdate", "zoneinfo", "locale", UPDATED_AT),
    ),
    EMAIL: ("email", "email_verified"),
    ADDRESS: ("address",),
    PHONE: ("phone_number", "phone_number_verified"),
    GROUPS: ("groups",),
}
ADDRESS_ATTRIBUTES = {
    "formatted": "address_formatted",
    "street_address": "address_street",
    "locality": "address_locality",
    "region": "address_region",
    "postal_code": "address_postal_code",
    "country": "address_country",
}
"""Which attribute of an account makes which member of the claim ``address`` (OpenID Connect Core section 5.1.1)."""
RESERVED = frozenset(
    {"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "auth_time", "nonce", "acr", "amr", "azp", "sid", "at_hash"}
    | {"c_hash", "s_hash", "client_id", "scope", "grant_id", "typ", "cnf", "events"}
)
"""Claims of the protocol itself."""

_SCOPE_OF = {claim: scope for scope, claims in CLAIMS_OF.items() for claim in claims}
CLAIMS = tuple(_SCOPE_OF)
"""Every claim about a person that there is."""
_MADE = ("email_verified", "address", "phone_number_verified", "groups", UPDATED_AT)
_TEXTS = tuple(claim for claim in CLAIMS if claim not in _MADE)
"""The claims that are the first value of the attribute of their name."""
_UPDATED = Prepared(
    select(Account.updated_at, Account.created_at).where(
        Account.organization_id == bindparam("organization_id"), Account.id == bindparam("account_id")
    )
)


def by_scope(scope: Collection[str]) -> tuple[str, ...]:
    """Return the claims that *scope* asks for."""
    return tuple(claim for token in scope for claim in CLAIMS_OF.get(token, ()))


def scopes_for(claims: Collection[str]) -> tuple[str, ...]:
    """Return the scopes that say in plain words what single *claims* ask for."""
    return tuple(dict.fromkeys(_SCOPE_OF[claim] for claim in claims if claim in _SCOPE_OF))


def of_account(
    work: Work, organization_id: str, site_id: str, application_id: str, account_id: str, names: Collection[str]
) -> dict[str, Any]:
    """
    Return those of the claims *names* that may leave to the application, with their values now.

    Other attributes of accounts are no claims: no scope asks for them, so no consent speaks of them.
    ``updated_at`` leaves where policy names it, as if it were an attribute.
    """
    if not any(name in _SCOPE_OF for name in names):
        return {}
    wanted = {name for name in names if name in _SCOPE_OF and name not in RESERVED}
    levels = release_levels(work, organization_id, site_id, application_id)
    known = attributes_of(work, organization_id, account_id, groups="groups" in wanted)
    attributes = released(known, levels)
    made = {name: value for name, value in _as_claims(attributes).items() if name in wanted}
    if UPDATED_AT in wanted and UPDATED_AT in may_leave(levels):
        row = work.tx.row(_UPDATED, organization_id=organization_id, account_id=account_id)
        if row is not None:
            made[UPDATED_AT] = int((row.updated_at or row.created_at).timestamp())
    return made


def of_grant(work: Work, site_id: str, grant: LiveGrant, names: tuple[str, ...]) -> dict[str, Any]:
    """Return those of the claims *names* about the grant's person that may leave to its application now."""
    return of_account(work, grant.organization_id, site_id, grant.application_id, grant.account_id, names)


def _as_claims(attributes: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    made: dict[str, Any] = {name: attributes[name][0] for name in _TEXTS if attributes.get(name)}
    # The organization's administrators give people their addresses and numbers; nobody types in one of their own.
    if "email" in made:
        made["email_verified"] = True
    if "phone_number" in made:
        made["phone_number_verified"] = True
    address = {member: attributes[name][0] for member, name in ADDRESS_ATTRIBUTES.items() if attributes.get(name)}
    if address:
        made["address"] = address
    if "groups" in attributes:
        made["groups"] = list(attributes["groups"])
    return made
