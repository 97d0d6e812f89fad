"""
Where addresses are, as zones name it: networks as sorted ranges, systems, countries, cities. Pure.

A zone is compiled when it is loaded; an address is looked up in it by bisection.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_V4_IN_V6 = 0xFFFF << 32
_V4_IN_V6_PREFIX = 96


@dataclass(frozen=True, slots=True)
class Ranges:
    """Disjoint ranges of numbers in order: the first number of each, and its last."""

    firsts: tuple[int, ...] = ()
    lasts: tuple[int, ...] = ()

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self.firsts, number) - 1
        return place >= 0 and number <= self.lasts[place]


@dataclass(frozen=True, slots=True)
class CompiledZone:
    """
    What a zone comes to. An address is in it that is in a network, or whose place is one of those named.

    Args:
        v4, v6: ranges of addresses as numbers; an IPv4 address that is written as IPv6
            (::ffff:192.0.2.1, RFC 4291 section 2.5.5.2) is an IPv4 address.
        asns: numbers of autonomous systems as text.
        countries: ISO 3166 codes in capitals.
        cities: country and name of the city, which is compared without regard to capitals.
    """

    v4: Ranges = Ranges()
    v6: Ranges = Ranges()
    asns: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    cities: frozenset[tuple[str, str]] = frozenset()

    @property
    def weight(self) -> int:
        """How much room it takes: ranges and places."""
        networks = len(self.v4.firsts) + len(self.v6.firsts)
        return 1 + networks + len(self.asns) + len(self.countries) + len(self.cities)

    def contains(self, ip: str | None, country: str | None, city: str | None, asn: str | None) -> bool | None:
        """
        Say whether an address is in the zone.

        Args:
            ip: what is no address is in no network.
            country, city, asn: where it is; empty: looked for and not found, so in none.

        Returns:
            None if that cannot be told: a fact that is None might put it there, and nothing else does.
        """
        network = self._by_network(ip)
        if network:
            return True
        place = self._by_place(country, city, asn)
        return place or (None if network is None else place)

    def unknown(self, ip: str | None, country: str | None, city: str | None, asn: str | None) -> frozenset[str]:
        """Return the names of the facts that are None and might put an address into the zone."""
        found = {"ip"} if self._by_network(ip) is None else set()
        found |= {"asn"} if self.asns and asn is None else set()
        found |= {"country"} if (self.countries or self.cities) and country is None else set()
        found |= {"city"} if self._by_city(country, city) is None and city is None else set()
        return frozenset(found)

    def _by_network(self, ip: str | None) -> bool | None:
        if not self.v4.firsts and not self.v6.firsts:
            return False
        if ip is None:
            return None
        address = parsed(ip)
        return address is not None and address[1] in (self.v4 if address[0] == 4 else self.v6)

    def _by_place(self, country: str | None, city: str | None, asn: str | None) -> bool | None:
        answers = (
            bool(self.asns) and (None if asn is None else asn in self.asns),
            bool(self.countries) and (None if country is None else country in self.countries),
            self._by_city(country, city),
        )
        return True if True in answers else None if None in answers else False

    def _by_city(self, country: str | None, city: str | None) -> bool | None:
        """One of the two facts alone can tell that it is none of them."""
        name = None if city is None else city.casefold()
        fits = [
            (country is None or where == country) and (name is None or called == name) for where, called in self.cities
        ]
        if not any(fits):
            return False
        return None if country is None or city is None else True


def compile_zone(
    networks: Iterable[str], asns: Iterable[str], countries: Iterable[str], cities: Iterable[str]
) -> CompiledZone:
    """
    Return the zone made of these.

    Args:
        networks: CIDR, IPv4 or IPv6, or single addresses.
        asns: numbers, with or without "AS".
        countries: ISO 3166 codes.
        cities: "DE/Berlin".

    Raises:
        ValueError: one of the networks is none.
    """
    v4: list[tuple[int, int]] = []
    v6: list[tuple[int, int]] = []
    for written in networks:
        version, first, last = network_range(written)
        (v4 if version == 4 else v6).append((first, last))
    return CompiledZone(
        v4=_merged(v4),
        v6=_merged(v6),
        asns=frozenset(asn.upper().removeprefix("AS") for asn in asns),
        countries=frozenset(country.upper() for country in countries),
        cities=frozenset((country.upper(), name.casefold()) for country, _, name in (c.partition("/") for c in cities)),
    )


def network_range(written: str) -> tuple[int, int, int]:
    """
    Return version, first and last address of a network; IPv4 that is written as IPv6 is IPv4.

    Raises:
        ValueError: it is no network, or has bits set behind its prefix (192.0.2.1/24).
    """
    network: IPv4Network | IPv6Network = ip_network(written)
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.version == 6 and network.prefixlen >= _V4_IN_V6_PREFIX and first >> 32 == _V4_IN_V6 >> 32:
        return 4, first - _V4_IN_V6, last - _V4_IN_V6
    return network.version, first, last


def _merged(ranges: list[tuple[int, int]]) -> Ranges:
    firsts: list[int] = []
    lasts: list[int] = []
    for first, last in sorted(ranges):
        if lasts and first <= lasts[-1] + 1:
            lasts[-1] = max(lasts[-1], last)
        else:
            firsts.append(first)
            lasts.append(last)
    return Ranges(tuple(firsts), tuple(lasts))


@lru_cache(maxsize=4096)
def parsed(ip: str) -> tuple[int, int] | None:
    """Return version and number of an address; None if it is none. IPv4 that is written as IPv6 is IPv4."""
    try:
        address = ip_address(ip)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.version, int(address)
