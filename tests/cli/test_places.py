"""Files of places on the command line: the start without them, and their age."""

import pytest

from idp.base import clock
from tests.support.place_files import asn_file, city_file


def _configured(here, city="city.mmdb", asn="asn.mmdb"):
    with (here / "config.yaml").open("a") as file:
        file.write(f"places: {{city_file: {city}, asn_file: {asn}}}\n")


def _states(outcome):
    return {(finding["what"], finding["state"]) for finding in outcome.json["findings"]}


@pytest.mark.parametrize("damage", ["missing", "nonsense"])
def test_the_server_does_not_start_without_a_file_that_is_named(acme, here, damage):
    _configured(here)
    asn_file(here / "asn.mmdb")
    if damage == "nonsense":
        (here / "city.mmdb").write_text("not a database")

    refused = acme("serve", "--port", "1")

    assert refused.code == 78
    assert f"places.city_file: {here / 'city.mmdb'}" in refused.err
    assert "Traceback" not in refused.err


def test_doctor_says_how_old_the_files_are(acme, here, monkeypatch):
    _configured(here)
    city_file(here / "city.mmdb")
    asn_file(here / "asn.mmdb")
    young = acme("doctor", "--json")
    real = clock.now()
    monkeypatch.setattr(clock, "now", lambda: real.replace(year=real.year + 1))
    old = acme("doctor", "--json")

    assert {("places.city_file", "ok"), ("places.asn_file", "ok")} <= _states(young)
    assert {("places.city_file", "warning"), ("places.asn_file", "warning")} <= _states(old)
    assert (young.code, old.code) == (0, 0)


def test_doctor_names_a_file_that_is_missing(acme, here):
    _configured(here)
    city_file(here / "city.mmdb")
    found = acme("doctor", "--json")

    assert found.code == 78
    assert {("places.city_file", "ok"), ("places.asn_file", "fault")} <= _states(found)
