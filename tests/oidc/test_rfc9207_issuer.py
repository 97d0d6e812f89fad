"""RFC 9207: every answer names its issuer, so that a client of several is not mixed up (O11)."""

import pytest

from tests.oidc.support import ISSUER, answered


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"scope": "nonsense"},
        {"response_type": "device"},
        {"prompt": "none", "max_age": "0"},
        {"request": "x"},
        {"state": None},
    ],
    ids=str,
)
def test_o11_success_and_error_alike(place, client, browser, changes):
    place.later(seconds=1)
    found = answered(place.authorize(browser, client, **changes))

    assert found["iss"] == ISSUER
    assert ("code" in found) is (changes in ({}, {"state": None}))


def test_o11_every_site_answers_in_its_own_name(place, browser):
    elsewhere = place.register(site="acme-eu")

    assert answered(place.authorize(browser, elsewhere, site="acme-eu"))["iss"] == "http://localhost:8000/sites/acme-eu"
