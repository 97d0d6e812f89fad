"""Check the single claims that are asked for (OpenID Connect Core section 5.5)."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from idp.base.texts import is_storable
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import InvalidRequest

LONGEST = 4096
_MOST = 50
_LONGEST_NAME = 128


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    """
    Which claims are asked for, and where. ``subject`` is the only person that will do;
    ``acr`` are the authentication contexts that will do, demanded if ``acr_essential``.
    """

    id_token: tuple[str, ...] = ()
    userinfo: tuple[str, ...] = ()
    subject: str | None = None
    acr: tuple[str, ...] = ()
    acr_essential: bool = False


NOTHING = ClaimsRequest()


def check(request: AuthorizeRequest) -> None:
    """
    Raises:
        InvalidRequest: it is not the JSON of section 5.5, or too much of it.
    """
    read(request)


def read(request: AuthorizeRequest) -> ClaimsRequest:
    """
    Return the single claims asked for.

    Raises:
        InvalidRequest: as for `check`.
    """
    return NOTHING if request.claims is None else parse(request.claims)


@lru_cache(maxsize=256)
def parse(text: str) -> ClaimsRequest:
    """
    Return the single claims that the parameter ``claims`` with that *text* asks for.

    Raises:
        InvalidRequest: as for `check`.
    """
    if len(text) > LONGEST:
        raise InvalidRequest("The claims are too long.")
    try:
        asked = json.loads(text, object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("The claims are no JSON, or repeat a member.") from error
    if not is_storable(asked):
        raise InvalidRequest("The claims hold characters that are none.")
    id_token, userinfo = _member(asked, "id_token"), _member(asked, "userinfo")
    acr = id_token.get("acr") or {}
    return ClaimsRequest(
        id_token=tuple(id_token),
        userinfo=tuple(userinfo),
        subject=_subject(id_token, userinfo),
        acr=_values(acr),
        acr_essential=acr.get("essential") is True,
    )


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a member is repeated")
    return made


def _member(asked: Any, name: str) -> dict[str, dict[str, Any]]:
    if not isinstance(asked, dict):
        raise InvalidRequest("The claims are no JSON object.")
    member = asked.get(name)
    if member is None:
        return {}
    if not isinstance(member, dict) or len(member) > _MOST or any(len(claim) > _LONGEST_NAME for claim in member):
        raise InvalidRequest("A member of the claims is malformed, or asks for too much.")
    for wish in member.values():
        if wish is not None and not isinstance(wish, dict):
            raise InvalidRequest("A claim is asked for with null or an object.")
        if wish is not None and not isinstance(wish.get("essential", False), bool):
            raise InvalidRequest("Whether a claim is essential is true or false.")
        if wish is not None and not isinstance(wish.get("values", []), list):
            raise InvalidRequest("The values of a claim are a list.")
    return {claim: wish or {} for claim, wish in member.items()}


def _subject(*members: dict[str, dict[str, Any]]) -> str | None:
    stated = {value for member in members for value in _values(member.get("sub") or {})}
    if len(stated) > 1:
        raise InvalidRequest("The claims ask for two persons at once.")
    return stated.pop() if stated else None


def _values(wish: dict[str, Any]) -> tuple[str, ...]:
    stated = [wish["value"]] if "value" in wish else wish.get("values", [])
    if len(stated) > _MOST or not all(isinstance(value, str) for value in stated):
        raise InvalidRequest("A value of a claim is malformed.")
    return tuple(stated)
