"""Networks of zones: where they begin and end, and that IPv4 written as IPv6 (RFC 4291 section 2.5.5.2) is IPv4."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.access.networks import compile_zone


def inside(networks, ip) -> bool | None:
    return compile_zone(networks, [], [], []).contains(ip, "", "", "")


@pytest.mark.parametrize(
    ("network", "within", "outside"),
    [
        ("192.0.2.0/24", ["192.0.2.0", "192.0.2.255"], ["192.0.1.255", "192.0.3.0"]),
        ("192.0.2.7/32", ["192.0.2.7"], ["192.0.2.6", "192.0.2.8"]),
        ("192.0.2.7", ["192.0.2.7"], ["192.0.2.8"]),
        ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::1", "2001:db8::"]),
        ("2001:db8::/32", ["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"], ["2001:db7:ffff::", "2001:db9::"]),
        ("::/0", ["::", "ffff::"], ["192.0.2.1"]),
        ("::1/128", ["::1"], ["::", "::2", "0.0.0.1"]),
    ],
)
def test_the_first_and_the_last_address_of_a_network_are_in_it(network, within, outside):
    assert [inside([network], ip) for ip in within] == [True] * len(within)
    assert [inside([network], ip) for ip in outside] == [False] * len(outside)


@pytest.mark.parametrize("ip", ["::ffff:192.0.2.7", "::ffff:c000:207", "0:0:0:0:0:ffff:c000:0207"])
def test_ipv4_that_is_written_as_ipv6_is_ipv4(ip):
    """Else a dual-stack listener would put everybody outside of every zone of IPv4 addresses."""
    assert inside(["192.0.2.0/24"], ip) is True
    assert inside(["::/0"], ip) is False
    assert inside([f"{ip}/128"], "192.0.2.7") is True
    assert inside(["::ffff:192.0.2.0/120"], "192.0.2.255") is True
    assert inside(["::ffff:192.0.2.0/120"], "192.0.3.0") is False


@pytest.mark.parametrize(
    "ip", ["", "unknown", "192.0.2", "192.0.2.7.1", "192.0.2.007", "192.0.2.7\n", "1e3", "3221225991"]
)
def test_what_is_no_address_is_in_no_network(ip):
    assert inside(["0.0.0.0/0", "::/0"], ip) is False


@pytest.mark.parametrize("network", ["192.0.2.1/24", "192.0.2.0/33", "everywhere", "", "2001:db8::1/32"])
def test_what_is_no_network_is_refused(network):
    with pytest.raises(ValueError):
        compile_zone([network], [], [], [])


def test_networks_that_overlap_or_touch_become_one_range():
    zone = compile_zone(["192.0.2.128/25", "192.0.2.0/25", "192.0.2.5", "192.0.3.0/24"], [], [], [])

    assert len(zone.v4.firsts) == 1
    assert zone.contains("192.0.2.0", "", "", "") is zone.contains("192.0.3.255", "", "", "") is True
    assert zone.contains("192.0.4.0", "", "", "") is False


addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))
networks = st.one_of(
    st.builds(lambda ip, length: ip_network((ip, length), strict=False), st.ip_addresses(v=4), st.integers(0, 32)),
    st.builds(lambda ip, length: ip_network((ip, length), strict=False), st.ip_addresses(v=6), st.integers(0, 128)),
)


@given(st.lists(networks, max_size=30), addresses, st.data())
def test_ranges_say_what_the_standard_library_says(made, ip, data):
    if made:
        edges = [edge + step for n in made for edge in (int(n[0]), int(n[-1])) for step in (-1, 0, 1)]
        number = data.draw(st.sampled_from(edges))
        version = data.draw(st.sampled_from([4, 6]))
        if 0 <= number < (2**32 if version == 4 else 2**128):
            ip = ip_address(number) if version == 4 else ip_address(number.to_bytes(16))
    plain = getattr(ip, "ipv4_mapped", None) or ip
    mapped = ip_network("::ffff:0:0/96")
    expected = any(
        plain in network
        or (
            network.version == 6
            and plain.version == 4
            and network.subnet_of(mapped)
            and ip_address(f"::ffff:{plain}") in network
        )
        for network in made
    )

    assert inside([str(one) for one in made], str(ip)) is expected


def test_places_are_compared_in_one_way_of_writing():
    zone = compile_zone([], ["as64500"], ["de"], ["fr/Saint-Étienne"])

    assert zone.contains("", "DE", "", "") is True
    assert zone.contains("", "", "", "64500") is True
    assert zone.contains("", "FR", "saint-étienne", "") is True
    assert zone.contains("", "FR", "Paris", "64501") is False
    assert zone.contains("", "US", "Saint-Étienne", "") is False
