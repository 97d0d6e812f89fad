"""Reading what a client's ``sector_identifier_uri`` lists, before the client is saved."""

from collections.abc import Mapping
from typing import Any

from idp.base import egress
from idp.oidc import sectors
from idp.settings import Settings


def read(asked: Mapping[str, Any], of: Settings) -> tuple[str, ...] | None:
    """
    Return the list at the ``sector_identifier_uri`` of *asked*; None where there is none. No transaction may be open.

    Raises:
        Invalid: as for `sectors.listed`.
    """
    loopback = of.development.allow_http_loopback_applications
    return sectors.listed(
        asked,
        lambda address: egress.fetch(
            address,
            allowed=of.egress.allow_addresses,
            most_bytes=sectors.LONGEST_BYTES,
            http_loopback=loopback,
            accept="application/json",
        ),
        allow_http_loopback=loopback,
    )
