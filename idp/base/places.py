"""
Where addresses are: look-ups in files of MaxMind's format (MaxMind DB 2.0) that an administrator supplies.

A file is read from a copy of ours, so that one which is written over in place takes nobody's page down
(what is mapped into memory and cut short ends the process). It is opened again when it was replaced.
"""

import ipaddress
import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import maxminddb
import structlog

from idp.base import clock
from idp.base.errors import Unavailable
from idp.base.texts import phrase, sentence
from idp.base.work import Place

CITY, ASN = "places.city_file", "places.asn_file"
LOOK_EVERY_SECONDS = 60.0
_HOLDS = {CITY: ("city", "country", "location", "enterprise", "insights"), ASN: ("asn", "isp")}
_NOWHERE = tuple(
    map(
        ipaddress.ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
            *("172.16.0.0/12", "192.168.0.0/16", "::/127", "fc00::/7", "fe80::/10"),
        ),
    )
)

log = structlog.get_logger("idp.base")


class PlacesFault(Unavailable):
    """A file of places cannot be used as it is; the message says which one and what to do."""

    code = "places-unusable"


class _File:
    """One file: its reader, and what it looked like when it was opened."""

    def __init__(self, setting: str, path: Path) -> None:
        self.setting, self.path = setting, path
        self._looking = Lock()
        self._reader, self._seen = _opened(setting, path)
        self._looked_at = clock.monotonic()

    def get(self, ip: str) -> Any:
        """Return what the file holds of *ip*, None where that is nothing."""
        if clock.monotonic() - self._looked_at >= LOOK_EVERY_SECONDS:
            self._look()
        return self._reader.get(ip)

    def _look(self) -> None:
        """Open the file again if it was replaced; one that cannot be read changes nothing."""
        if not self._looking.acquire(blocking=False):
            return  # somebody else is looking
        try:
            self._looked_at = clock.monotonic()
            if _stamp(self.path) != self._seen:
                self._reader, self._seen = _opened(self.setting, self.path)  # the old one goes when nobody reads it
                log.info("places opened again", setting=self.setting)
        except (PlacesFault, OSError) as error:
            log.warning(
                "places cannot be opened again; those of before are used", setting=self.setting, cause=str(error)
            )
        finally:
            self._looking.release()


class Places:
    """
    Says where addresses are, as well as the files know.

    Args:
        city_file: countries, cities and coordinates; None: they are not known.
        asn_file: autonomous systems; None: they are not known.

    Raises:
        PlacesFault: a file is missing, or not of that kind.
    """

    def __init__(self, city_file: Path | None = None, asn_file: Path | None = None) -> None:
        self._city = None if city_file is None else _File(CITY, city_file)
        self._asn = None if asn_file is None else _File(ASN, asn_file)

    @property
    def known(self) -> bool:
        """Whether there is any file to look into."""
        return self._city is not None or self._asn is not None

    def locate(self, ip: str) -> Place:
        """Return where *ip* is; private addresses, and what is no address, are nowhere."""
        if self._city is None and self._asn is None:
            return Place()
        try:
            address = ipaddress.ip_address(ip)
        except ValueError:
            return Place()
        if isinstance(address, ipaddress.IPv6Address):
            address = address.ipv4_mapped or address
        if any(address in network for network in _NOWHERE):
            return Place()
        plain = str(address).partition("%")[0]
        found = self._city.get(plain) if self._city is not None else None
        system = self._asn.get(plain) if self._asn is not None else None
        return _place(found if isinstance(found, dict) else {}, system if isinstance(system, dict) else {})


def built_at(setting: str, path: Path) -> datetime:
    """
    Return when the maker of the file at *path* built it.

    Raises:
        PlacesFault: it is missing, or not of the kind that *setting* wants.
    """
    reader, _ = _opened(setting, path)
    return datetime.fromtimestamp(reader.metadata().build_epoch, UTC)


def _place(found: dict[str, Any], system: dict[str, Any]) -> Place:
    """What is not where MaxMind has it (others build files of this format, too) is not known; it stops nobody."""
    location = _part(found, "location")
    number = system.get("autonomous_system_number")
    return Place(
        country=_text(_part(found, "country"), "iso_code").upper(),
        city=_text(_part(_part(found, "city"), "names"), "en"),
        asn="" if number is None else str(number),
        latitude=_number(location, "latitude"),
        longitude=_number(location, "longitude"),
    )


def _part(of: dict[str, Any], name: str) -> dict[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _text(of: dict[str, Any], name: str) -> str:
    found = of.get(name)
    return found if isinstance(found, str) else ""


def _number(of: dict[str, Any], name: str) -> float | None:
    found = of.get(name)
    return found if isinstance(found, float | int) else None


def _stamp(path: Path) -> tuple[int, int, int]:
    there = path.stat()
    return there.st_mtime_ns, there.st_size, there.st_ino


def _opened(setting: str, path: Path) -> tuple[maxminddb.Reader, tuple[int, int, int]]:
    """Return a reader of a copy of the file that needs no name, and what the file looked like."""
    handle, copy = tempfile.mkstemp(prefix="ostiary-places-")
    try:
        with os.fdopen(handle, "wb") as into, path.open("rb") as file:
            seen = _stamp(path)
            shutil.copyfileobj(file, into, 1 << 20)
        reader = maxminddb.open_database(copy, maxminddb.MODE_AUTO)
    except OSError as error:
        raise _fault(setting, path, phrase("cannot be read: %(why)s", why=error.strerror or error)) from error
    except (maxminddb.InvalidDatabaseError, ValueError) as error:
        raise _fault(setting, path, "is not a file of MaxMind's format (.mmdb), or not all of one") from error
    finally:
        os.unlink(copy)
    kind = reader.metadata().database_type
    if not any(sign in kind.lower() for sign in _HOLDS[setting]):
        raise _fault(
            setting, path, phrase("is a “%(kind)s”; this setting wants %(wants)s", kind=kind, wants=_WANTS[setting])
        )
    return reader, seen


_WANTS = {CITY: "cities or countries (such as GeoLite2-City)", ASN: "autonomous systems (such as GeoLite2-ASN)"}


def _fault(setting: str, path: Path, words: str) -> PlacesFault:
    return PlacesFault(
        phrase("%(setting)s: %(path)s %(words)s.", setting=setting, path=path, words=sentence(words)),
        advice=phrase("Put the file there, name another one in %(setting)s, or leave it out.", setting=setting),
    )
