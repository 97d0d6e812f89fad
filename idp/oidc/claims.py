"""
What of a person's released attributes a client receives, and under which names
(OpenID Connect Core sections 5.1, 5.4 and 5.5).

A claim leaves if the scope or a single request names it *and* release policy lets its attribute
go. The claims that say who issued what for whom are written by `tokens` and can be named by
nobody else (O26).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from idp.base.work import Work
from idp.directory.attributes import attributes_of
from idp.directory.policies import release_levels
from idp.oidc.grants import LiveGrant
from idp.policy.release import released

OPENID, PROFILE, EMAIL, GROUPS, OFFLINE_ACCESS = "openid", "profile", "email", "groups", "offline_access"
SCOPES = (OPENID, PROFILE, EMAIL, GROUPS, OFFLINE_ACCESS)
"""The scopes that mean something to us."""
STANDARD_SCOPES = frozenset({*SCOPES, "address", "phone"})
"""Those that nobody is refused for asking: OpenID Connect Core 5.4 has two more, for which we keep no attributes."""
PERSONAL_SCOPES = STANDARD_SCOPES
"""Those that speak of a person, so that a client cannot have them for itself."""

CLAIMS_OF = {
    PROFILE: ("name", "given_name", "family_name"),
    EMAIL: ("email", "email_verified"),
    GROUPS: ("groups",),
}
RESERVED = frozenset(
    {"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "auth_time", "nonce", "acr", "amr", "azp", "sid", "at_hash"}
    | {"c_hash", "s_hash", "client_id", "scope", "grant_id", "typ", "cnf", "events"}
)
"""Claims of the protocol itself."""

_SCOPE_OF = {claim: scope for scope, claims in CLAIMS_OF.items() for claim in claims}
CLAIMS = tuple(_SCOPE_OF)
"""Every claim about a person that there is."""


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

    Further attributes of accounts are no claims: no scope asks for them, so no consent speaks of them.
    """
    if not any(name in _SCOPE_OF for name in names):
        return {}
    attributes = released(
        attributes_of(work, organization_id, account_id),
        release_levels(work, organization_id, site_id, application_id),
    )
    wanted = {name for name in names if name in _SCOPE_OF and name not in RESERVED}
    return {name: value for name, value in _as_claims(attributes).items() if name in wanted}


def of_grant(work: Work, site_id: str, grant: LiveGrant, names: tuple[str, ...]) -> dict[str, Any]:
    """Return those of the claims *names* about the grant's person that may leave to its application now."""
    return of_account(work, grant.organization_id, site_id, grant.application_id, grant.account_id, names)


def _as_claims(attributes: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    made: dict[str, Any] = {name: values[0] for name, values in attributes.items() if name != "groups" and values}
    if "email" in made:
        # The organization's administrators give people their addresses; nobody types in one of their own.
        made["email_verified"] = True
    if "groups" in attributes:
        made["groups"] = list(attributes["groups"])
    return made
