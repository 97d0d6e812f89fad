"""Software statements (RFC 7591 section 2.3): nobody's count here, and whoever sends one is told so."""

import binascii
from base64 import urlsafe_b64decode
from typing import Any

import orjson

from idp.oidc.errors import InvalidSoftwareStatement, UnapprovedSoftwareStatement

_NAME = "software_statement"


def check(asked: dict[str, Any]) -> None:
    """
    A statement is somebody's word about the software. We know nobody whose word counts, and a registration
    that ignored it would promise what nobody has checked (section 3.1.1).

    Raises:
        InvalidSoftwareStatement: it is no JWT at all.
        UnapprovedSoftwareStatement: it is one.
    """
    stated = asked.get(_NAME)
    if stated is None:
        return
    if not isinstance(stated, str) or not _is_jwt(stated):
        raise InvalidSoftwareStatement("The software_statement is not a JWT.")
    raise UnapprovedSoftwareStatement("Software statements are not taken here. Leave software_statement out.")


def _is_jwt(text: str) -> bool:
    parts = text.split(".")
    if len(parts) != 3 or not text.isascii():
        return False
    try:
        said = [orjson.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2]]
    except (binascii.Error, ValueError):
        return False
    return all(isinstance(part, dict) for part in said) and "alg" in said[0]
