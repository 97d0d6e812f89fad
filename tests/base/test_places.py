"""Where addresses are: files of MaxMind's format, read from a copy, opened again when they are replaced."""

import os
import shutil
import time
from threading import Thread

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from idp.base import clock, places
from idp.base.places import Places, PlacesFault
from idp.base.work import Place
from tests.support.place_files import BERLIN, BERLIN_V6, PARIS, asn_file, city_file


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return city_file(tmp_path_factory.mktemp("city") / "city.mmdb")


@pytest.fixture(scope="module")
def asn(tmp_path_factory):
    return asn_file(tmp_path_factory.mktemp("asn") / "asn.mmdb")


def test_an_address_has_country_city_system_and_coordinates(city, asn):
    assert Places(city, asn).locate(BERLIN) == Place("DE", "Berlin", "64500", 52.52, 13.405)


@pytest.mark.parametrize(("city_there", "asn_there", "found"), [
    (True, False, Place("FR", "Paris", "", 48.8566, 2.3522)),
    (False, True, Place(asn="64501")),
    (False, False, Place()),
])  # fmt: skip
def test_either_file_may_be_missing(city, asn, city_there, asn_there, found):
    assert Places(city if city_there else None, asn if asn_there else None).locate(PARIS) == found


def test_ipv6_is_found_and_ipv4_that_is_written_as_ipv6_too(city):
    known = Places(city)

    assert known.locate(BERLIN_V6).city == "Berlin"
    assert known.locate(f"::ffff:{BERLIN}").city == "Berlin"


@pytest.mark.parametrize("ip", [
    "10.1.2.3", "::ffff:10.1.2.3", "127.0.0.1", "::1", "192.168.1.1", "172.31.0.1", "169.254.1.1", "100.64.0.1",
    "fe80::1", "fd00::1", "0.0.0.0", "", "nonsense", "203.0.113.7:80", "203.0.113", "fe80::1%eth0",
])  # fmt: skip
def test_private_addresses_and_what_is_none_are_nowhere_even_if_the_file_says_otherwise(city, asn, ip):
    assert Places(city, asn).locate(ip) == Place()


def test_a_look_up_takes_less_than_50_microseconds(city, asn):
    known, each = Places(city, asn), 2000
    before = time.thread_time()

    for _ in range(each):
        known.locate(BERLIN)

    assert (time.thread_time() - before) / each < 50e-6


def test_an_address_that_the_file_does_not_know_is_nowhere(city, asn):
    assert Places(city, asn).locate("8.8.8.8") == Place()


@pytest.mark.parametrize("record", [
    {"country": "DE", "city": "Berlin", "loc": "52.52,13.405"}, {"country": {"iso_code": 49}, "location": "Berlin"},
    {"country": [], "city": {"names": "Berlin"}, "location": {"latitude": "52.52"}}, {},
])  # fmt: skip
def test_a_record_of_another_shape_stops_nobody(tmp_path, record):
    writer = MMDBWriter(6, "Somebody City", ipv4_compatible=True)
    writer.insert_network(IPSet(["203.0.113.0/24"]), record)
    writer.to_db_file(str(tmp_path / "city.mmdb"))

    assert Places(tmp_path / "city.mmdb").locate(BERLIN) == Place()


def test_the_interface_in_an_address_does_not_matter(city):
    assert Places(city).locate(f"{BERLIN_V6}%eth0").city == "Berlin"


@pytest.mark.parametrize("damage", ["missing", "empty", "nonsense", "cut", "folder"])
def test_a_file_that_cannot_be_used_is_refused_in_plain_words(tmp_path, city, damage):
    path = tmp_path / "given.mmdb"
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        whole = city.read_bytes()
        path.write_bytes({"empty": b"", "nonsense": b"not a database" * 99, "cut": whole[: len(whole) // 2]}[damage])

    with pytest.raises(PlacesFault) as refused:
        Places(path)
    assert str(path) in refused.value.message
    assert "places.city_file" in refused.value.message
    assert refused.value.advice


def test_files_that_were_swapped_are_refused(city, asn):
    with pytest.raises(PlacesFault, match=r"GeoLite2-ASN.*cities or countries"):
        Places(asn, city)


@pytest.fixture
def moving(monkeypatch):
    moment = {"now": 1000.0}
    monkeypatch.setattr(clock, "monotonic", lambda: moment["now"])
    return moment


def test_a_file_that_was_replaced_is_opened_again_within_a_minute(tmp_path, moving):
    path = city_file(tmp_path / "city.mmdb")
    known = Places(path)
    os.replace(city_file(tmp_path / "new.mmdb", berlin="Spandau"), path)

    assert known.locate(BERLIN).city == "Berlin"
    moving["now"] += places.LOOK_EVERY_SECONDS
    assert known.locate(BERLIN).city == "Spandau"


def test_a_file_is_looked_at_once_a_minute(tmp_path, moving, monkeypatch):
    known = Places(city_file(tmp_path / "city.mmdb"))
    looks = []
    real = places._stamp
    monkeypatch.setattr(places, "_stamp", lambda path: looks.append(path) or real(path))
    for _ in range(5):
        known.locate(BERLIN)
    assert looks == []
    moving["now"] += places.LOOK_EVERY_SECONDS
    for _ in range(5):
        known.locate(BERLIN)

    assert len(looks) == 1


@pytest.mark.parametrize("damage", ["removed", "cut", "emptied"])
def test_a_file_that_is_damaged_in_place_does_no_harm(tmp_path, moving, damage):
    """What is mapped into memory and then cut short ends the process: hence the copy."""
    path = city_file(tmp_path / "city.mmdb")
    known = Places(path)
    if damage == "removed":
        path.unlink()
    else:
        os.truncate(path, 0 if damage == "emptied" else 40)
    for _ in range(2):
        assert known.locate(PARIS).city == "Paris"
        moving["now"] += places.LOOK_EVERY_SECONDS

    shutil.copyfile(city_file(tmp_path / "new.mmdb", berlin="Spandau"), path)
    moving["now"] += places.LOOK_EVERY_SECONDS
    assert known.locate(BERLIN).city == "Spandau"


def test_many_threads_look_while_the_file_is_replaced(tmp_path, moving):
    path = city_file(tmp_path / "city.mmdb")
    known, found = Places(path), []

    def look():
        for _ in range(500):
            moving["now"] += 1.0
            found.append(known.locate(PARIS).city)

    threads = [Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    os.replace(city_file(tmp_path / "new.mmdb"), path)
    for thread in threads:
        thread.join()

    assert found == ["Paris"] * 4000


def test_no_copy_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(places.tempfile, "tempdir", str(tmp_path / "copies"))
    (tmp_path / "copies").mkdir()
    known = Places(city_file(tmp_path / "city.mmdb"))

    assert known.locate(PARIS).city == "Paris"
    assert list((tmp_path / "copies").iterdir()) == []


def test_countries_are_in_capitals_as_zones_have_them(tmp_path):
    writer = MMDBWriter(6, "Somebody City", ipv4_compatible=True)
    writer.insert_network(IPSet(["203.0.113.0/24"]), {"country": {"iso_code": "de"}})
    writer.to_db_file(str(tmp_path / "city.mmdb"))

    assert Places(tmp_path / "city.mmdb").locate(BERLIN) == Place("DE")
