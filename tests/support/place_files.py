"""Files of places in MaxMind's format, for tests: documentation networks in cities that everybody knows."""

from pathlib import Path

from mmdb_writer import MmdbF64, MMDBWriter
from netaddr import IPSet

BERLIN, PARIS, SYDNEY = "203.0.113.7", "198.51.100.7", "192.0.2.77"
BERLIN_V6 = "2001:db8:30::7"
_CITIES = (
    (("203.0.113.0/24", "2001:db8:30::/48"), "DE", "Berlin", 52.52, 13.405),
    (("198.51.100.0/24",), "FR", "Paris", 48.8566, 2.3522),
    (("192.0.2.0/24",), "AU", "Sydney", -33.8688, 151.2093),
    (("10.0.0.0/8",), "US", "Private", 0.0, 0.0),
)
_SYSTEMS = (("203.0.113.0/24", 64500), ("198.51.100.0/24", 64501), ("10.0.0.0/8", 64999))


def city_file(path: Path, *, kind: str = "GeoLite2-City", berlin: str = "Berlin") -> Path:
    """Write a file of cities to *path*; *berlin* is what Berlin is called in it."""
    writer = MMDBWriter(6, kind, ipv4_compatible=True, languages=["en"])
    for networks, country, name, latitude, longitude in _CITIES:
        called = berlin if name == "Berlin" else name
        found = {
            "country": {"iso_code": country, "names": {"en": country}},
            "city": {"names": {"en": called, "de": f"{called} (de)"}},
            "location": {"latitude": MmdbF64(latitude), "longitude": MmdbF64(longitude)},
        }
        writer.insert_network(IPSet(list(networks)), found)
    writer.to_db_file(str(path))
    return path


def asn_file(path: Path) -> Path:
    """Write a file of autonomous systems to *path*."""
    writer = MMDBWriter(6, "GeoLite2-ASN", ipv4_compatible=True)
    for network, number in _SYSTEMS:
        writer.insert_network(IPSet([network]), {"autonomous_system_number": number})
    writer.to_db_file(str(path))
    return path
