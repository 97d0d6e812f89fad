"""RFC 7636: Proof Key for Code Exchange (O6, Q1)."""

from dataclasses import replace

import pytest

from idp.directory import sites
from idp.directory.models import Site
from idp.oidc import client_facts
from idp.oidc.authorize import pkce
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import InvalidGrant, InvalidRequest
from idp.oidc.token import pkce as verifier_
from tests.oidc.support import CALLBACK, CHALLENGE, VERIFIER, answered, claims


@pytest.fixture
def good(place, client):
    with place.work() as work:
        facts = client_facts.of_id(work, client.client_id)
        return AuthorizeRequest(
            place.provider(work), facts, CALLBACK, code_challenge=CHALLENGE, code_challenge_method="S256"
        )


def test_the_example_of_appendix_b():
    verifier_.check("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")


def test_a_good_challenge_passes(good):
    pkce.check(good)


@pytest.mark.parametrize(
    "change",
    [
        {"code_challenge": None},
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": "f" * 42},
        {"code_challenge": "f" * 44},
        {"code_challenge": CHALLENGE + "\n"},
        {"code_challenge": CHALLENGE[:-1] + "="},
        {"code_challenge": CHALLENGE[:-1] + "."},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge_method": None},
    ],
    ids=str,
)
def test_o6_anything_else_is_refused(good, change):
    with pytest.raises(InvalidRequest):
        pkce.check(replace(good, **change))


@pytest.mark.parametrize(("method", "excused"), [("none", False), ("client_secret_basic", False)])
def test_o6_every_client_must_use_it(place, browser, method, excused):
    client = place.register(token_endpoint_auth_method=method)
    refused = place.authorize(browser, client, code_challenge=None, code_challenge_method=None)

    assert answered(refused)["error"] == "invalid_request"


def test_o6_a_confidential_client_may_be_excused_singly(place, browser):
    client = place.register(pkce_required=False)
    code = place.code(browser, client, code_challenge=None, code_challenge_method=None)

    assert place.redeem(client, code, code_verifier=None).status_code == 200


def test_o6_a_site_may_require_it_of_public_clients_only(place, client, public, browser):
    without = {"code_challenge": None, "code_challenge_method": None}
    with place.work() as work:
        site = sites.facts(work, "acme")
        work.tx.session.get_one(Site, (site.organization_id, site.id)).pkce_for_public_clients_only = True

    assert "code" in answered(place.authorize(browser, client, **without))
    assert answered(place.authorize(browser, public, **without))["error"] == "invalid_request"


def test_o6_a_public_client_is_never_excused(place, browser):
    client = place.register(token_endpoint_auth_method="none", pkce_required=False)
    refused = place.authorize(browser, client, code_challenge=None, code_challenge_method=None)

    assert answered(refused)["error"] == "invalid_request"


def test_o6_an_excused_client_that_uses_it_is_held_to_it(place, browser):
    client = place.register(pkce_required=False)

    for wrong in (None, "w" * 43):
        assert place.redeem(client, place.code(browser, client), code_verifier=wrong).json["error"] == "invalid_grant"


def test_o6_a_verifier_without_a_challenge_is_refused(place, browser):
    """A code that somebody obtained without PKCE was slipped to a client that uses it (RFC 9700 section 4.8.2)."""
    client = place.register(pkce_required=False)
    code = place.code(browser, client, code_challenge=None, code_challenge_method=None)

    assert place.redeem(client, code, code_verifier=VERIFIER).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "verifier", [None, "", "short", "w" * 43, VERIFIER + "x", VERIFIER[:-1], "ü" * 43, "a" * 129, VERIFIER + "\n"]
)
def test_o6_only_the_verifier_of_the_challenge_will_do(verifier):
    with pytest.raises(InvalidGrant):
        verifier_.check(CHALLENGE, verifier)


def test_a_public_client_needs_no_secret_but_the_verifier(place, public, browser):
    tokens = place.tokens(browser, public)

    assert claims(tokens["id_token"])["aud"] == public.client_id
    assert place.redeem(public, place.code(browser, public), code_verifier="w" * 43).status_code == 400


def test_a_method_without_a_challenge_makes_no_sense(place, browser):
    client = place.register(pkce_required=False)

    assert answered(place.authorize(browser, client, code_challenge=None))["error"] == "invalid_request"
