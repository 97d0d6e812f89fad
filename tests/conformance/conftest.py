"""Acme as a provider under certification: PKCE is asked of public clients only (decision 10)."""

import pytest

from idp.directory import accounts, policies, sites
from idp.directory.attributes import ATTRIBUTES
from tests.conformance.support import Suite, Variant
from tests.oidc.conftest import _nothing_fetched, _place_template, place
from tests.oidc.support import ANN

__all__ = ["_nothing_fetched", "_place_template", "place"]

BASIC = (Variant("code"), Variant("code", "form_post"))
IMPLICIT = tuple(Variant(kind, mode) for kind in ("id_token", "id_token token") for mode in (None, "form_post"))
HYBRID = tuple(
    Variant(kind, mode)
    for kind in ("code id_token", "code token", "code id_token token")
    for mode in (None, "form_post")
)
PLANS = (*BASIC, *IMPLICIT, *HYBRID)


def pytest_generate_tests(metafunc):
    """A module runs in every plan that has it: ``suite`` in all, ``code_suite`` where there is a code."""
    if "suite" in metafunc.fixturenames:
        metafunc.parametrize("variant", PLANS, ids=str)
    elif "code_suite" in metafunc.fixturenames:
        metafunc.parametrize("variant", [one for one in PLANS if one.has_code], ids=str)
    elif "nonce_suite" in metafunc.fixturenames:
        metafunc.parametrize("variant", [one for one in PLANS if one.has_front_id_token], ids=str)


ABOUT = {
    "middle_name": "May",
    "nickname": "Annie",
    "preferred_username": "ann",
    "profile": "https://acme.example/ann",
    "picture": "https://acme.example/ann.png",
    "website": "https://ann.example/",
    "gender": "female",
    "birthdate": "1990-04-01",
    "zoneinfo": "Europe/Berlin",
    "locale": "de-DE",
    "phone_number": "+49 30 123456",
    "address_street": "Am Tor 1",
    "address_locality": "Berlin",
    "address_country": "DE",
}


@pytest.fixture
def certified(place):
    with place.work() as work:
        sites.edit(work, "acme", pkce_for_public_clients_only=True)
        ann = place.account(work, ANN)
        accounts.rename(work, ann.id, given_name="Ann", family_name="Archer")
        accounts.set_attributes(work, ann.id, {name: [value] for name, value in ABOUT.items()})
        policies.set_organization_release(work, "acme", (*ATTRIBUTES, *ABOUT, "updated_at"))
    return place


@pytest.fixture
def suite(certified, variant) -> Suite:
    return Suite(certified, variant)


@pytest.fixture
def code_suite(certified, variant) -> Suite:
    return Suite(certified, variant)


@pytest.fixture
def nonce_suite(certified, variant) -> Suite:
    return Suite(certified, variant)
