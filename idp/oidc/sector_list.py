"""Reading what a client's ``sector_identifier_uri`` lists, through the guard, before the client is saved."""

from collections.abc import Mapping, Sequence
from typing import Any

from idp.base import egress
from idp.oidc import sectors


def read(asked: Mapping[str, Any], *, allowed: Sequence[str], http_loopback: bool) -> tuple[str, ...] | None:
    """
    Return the list at the ``sector_identifier_uri`` of *asked*; None where there is none. No transaction may be open.

    Args:
        allowed: addresses that are not public and may be called all the same (`settings.egress`).

    Raises:
        Invalid: as for `sectors.listed`.
    """
    return sectors.listed(
        asked,
        lambda address: egress.fetch(
            address,
            allowed=allowed,
            most_bytes=sectors.LONGEST_BYTES,
            http_loopback=http_loopback,
            accept="application/json",
        ),
        allow_http_loopback=http_loopback,
    )
