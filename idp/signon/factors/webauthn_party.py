"""Who we are towards passkeys and security keys: the relying party of WebAuthn (level 3, sections 5.4.2 and 13.4.9)."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from idp.base.errors import Unavailable
from idp.base.texts import phrase
from idp.settings import Settings


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """
    The host that credentials are made for, and the one origin whose pages may use them.

    Never less than that: an origin is compared as a whole, and neither a part of it nor a host below it is taken (A28).
    """

    id: str
    origin: str
    roots_folder: Path | None = None

    def roots(self) -> tuple[bytes, ...]:
        """
        Return the certificates (PEM) that vouch for models; none where no folder is named.

        Raises:
            Unavailable: there is a folder, and nothing to be read in it.
        """
        if self.roots_folder is None:
            return ()
        try:
            found = tuple(file.read_bytes() for file in sorted(self.roots_folder.glob("*.pem")))
        except OSError:
            found = ()
        if not found:
            raise Unavailable(
                "The model of this passkey or security key cannot be checked at the moment.",
                code="attestation-roots",
                cause=phrase(
                    "no certificate can be read in %(roots_folder)s (passkeys.attestation_roots)",
                    roots_folder=self.roots_folder,
                ),
            )
        return found


def relying_party(settings: Settings) -> RelyingParty | None:
    """Return who we are at the address of *settings*; None where browsers offer no WebAuthn: at a bare IP address."""
    parts = urlsplit(settings.base_url)
    host = parts.hostname or ""
    if not host or _is_address(host):
        return None
    port = "" if parts.port in (None, _USUAL.get(parts.scheme)) else f":{parts.port}"
    return RelyingParty(host, f"{parts.scheme}://{host}{port}", settings.passkeys.attestation_roots)


_USUAL = {"https": 443, "http": 80}


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
