"""The list at a ``sector_identifier_uri`` (OpenID Connect Dynamic Client Registration 1.0 section 5), read in between."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from idp.oidc import sectors
from idp.oidc.registration import restrictions


@dataclass(frozen=True, slots=True)
class SectorWanted:
    """The list of a client's sector is needed: `read` it while no transaction is open, then ask again."""

    registration: dict[str, Any]

    def read(self, get: Callable[[str], bytes], *, allow_http_loopback: bool) -> tuple[str, ...] | None:
        """
        Return that list, as `sectors.listed` does.

        Raises:
            OAuthError: it cannot be had, or is none.
        """
        return restrictions.in_their_words(
            sectors.listed, self.registration, get, allow_http_loopback=allow_http_loopback
        )


def wanted(registration: Mapping[str, Any], sector_uris: Collection[str] | None) -> SectorWanted | None:
    """Say whether the list of the client's sector must be read, because *sector_uris* is not it."""
    if sector_uris is not None or not registration.get(sectors.FIELD):
        return None
    return SectorWanted(dict(registration))
