"""From a registration and what is to change in it to what is asked for; and what a change did, in words."""

from collections.abc import Mapping
from typing import Any

from idp.oidc.metadata import AUTHORIZATION_CODE, CODE, IMPLICIT

_INSTEAD = {"jwks": "jwks_uri", "jwks_uri": "jwks"}
_WITH = {
    "id_token_encrypted_response_alg": "id_token_encrypted_response_enc",
    "userinfo_encrypted_response_alg": "userinfo_encrypted_response_enc",
}
_LONGEST = 500


def merged(registration: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the whole registration that *changes* ask for: what they do not name stays, None takes one away.

    What can only be changed together follows, unless it is named as well: the grant types that response
    types need, keys for the address of keys, the method of an encryption for its algorithm.
    """
    asked = {**registration, **changes}
    for name, other in _INSTEAD.items():
        if changes.get(name) and other not in changes:
            asked.pop(other, None)
    for algorithm, method in _WITH.items():
        if algorithm in changes and not changes[algorithm] and method not in changes:
            asked.pop(method, None)
    if "response_types" in changes and "grant_types" not in changes:
        asked["grant_types"] = _grant_types(registration["grant_types"], changes["response_types"])
    elif "grant_types" in changes and "response_types" not in changes and isinstance(changes["grant_types"], list):
        asked["response_types"] = _response_types(registration["response_types"], changes["grant_types"])
    return {name: value for name, value in asked.items() if value is not None}


def _grant_types(held: list[str], response_types: object) -> list[str]:
    listed = [one for one in response_types if isinstance(one, str)] if isinstance(response_types, list) else []
    kept = [one for one in held if one not in (AUTHORIZATION_CODE, IMPLICIT)]
    follows = [AUTHORIZATION_CODE] if any(CODE in one.split() for one in listed) else []
    follows += [IMPLICIT] if any(one != CODE for one in listed) else []
    return follows + kept


def _response_types(held: list[str], grant_types: list[Any]) -> list[str]:
    kept = [
        one
        for one in held
        if (CODE not in one.split() or AUTHORIZATION_CODE in grant_types) and (one == CODE or IMPLICIT in grant_types)
    ]
    return kept or ([CODE] if AUTHORIZATION_CODE in grant_types else [])


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Return what of a registration changed, as it was and as it is, each field in bounded words. No secret is in it."""
    names = sorted(name for name in {**before, **after} if before.get(name) != after.get(name))
    return {name: _said(before.get(name)) for name in names}, {name: _said(after.get(name)) for name in names}


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)[:_LONGEST]
    if isinstance(value, dict):  # public keys, by the names that they have
        keys = [one for one in value.get("keys", ()) if isinstance(one, dict)]
        return ", ".join(f"{one.get('kty', '')} {one.get('kid', '')}".strip() for one in keys)[:_LONGEST]
    return str(value)[:_LONGEST]
