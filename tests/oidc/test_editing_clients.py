"""Changing how a client is registered, by an administrator (RFC 7591 section 2; O12, O13, O19)."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.ids import fingerprint, is_token
from idp.directory.models import Application
from idp.oidc import client_facts, clients, metadata
from idp.oidc.models import Client, ClientOrigin
from idp.oidc.registration import changing
from idp.policy.permissions import AUDITOR
from tests.oidc.support import ANN, CALLBACK, answered
from tests.oidc.test_client_authentication import KEYS
from tests.oidc.test_rfc7591_metadata import SCRIPTS
from tests.support.people import as_account, stranger

EVERYTHING = {
    "client_name": "Notebook",
    "redirect_uris": [CALLBACK, "https://rp.example/other?x=y"],
    "post_logout_redirect_uris": ["https://rp.example/bye"],
    "grant_types": ["authorization_code", "refresh_token"],
    "client_uri": "https://rp.example/",
    "logo_uri": "https://rp.example/logo.png",
    "policy_uri": "https://rp.example/policy",
    "tos_uri": "https://rp.example/terms",
    "initiate_login_uri": "https://rp.example/start",
    "backchannel_logout_uri": "https://rp.example/logout",
    "jwks": KEYS,
    "token_endpoint_auth_method": "private_key_jwt",
    "token_endpoint_auth_signing_alg": "ES256",
    "id_token_signed_response_alg": "ES256",
    "default_max_age": 600,
    "require_auth_time": True,
    "default_acr_values": ["urn:x"],
    "contacts": ["ann@rp.example"],
    "software_id": "notebook",
}


def edit(place, client, changes=None, **values):
    with place.work() as work:
        return clients.edit(work, client.application_id, changes or {}, **values)


def stored(place, client):
    with place.work() as work:
        return work.tx.session.scalars(sa.select(Client).where(Client.client_id == client.client_id)).one()


@pytest.mark.parametrize(
    "asked",
    [
        EVERYTHING,
        {
            **EVERYTHING,
            "userinfo_signed_response_alg": "ES256",
            "id_token_encrypted_response_alg": "RSA-OAEP-256",
            "userinfo_encrypted_response_alg": "RSA-OAEP",
            "dpop_bound_access_tokens": True,
        },
        {"redirect_uris": [CALLBACK]},
        {"grant_types": ["client_credentials"], "scope": "reports"},
        {"redirect_uris": ["com.example.app:/cb"], "token_endpoint_auth_method": "none"},
    ],
    ids=["everything", "encrypted", "defaults", "machine", "native"],
)
def test_what_is_registered_can_be_registered_again_as_it_is(asked):
    """Else a change of one field would change another, or be refused for it."""
    registration = metadata.read(asked, allow_http_loopback=False)

    assert metadata.read(registration, allow_http_loopback=False) == registration
    assert metadata.read(changing.merged(registration, {}), allow_http_loopback=False) == registration


def test_what_is_not_named_stays_and_none_takes_one_away(place):
    client = place.register(policy_uri="https://rp.example/policy", tos_uri="https://rp.example/terms")
    before = stored(place, client).registration

    edit(place, client, {"tos_uri": None, "default_max_age": 60})

    after = stored(place, client).registration
    assert after.pop("default_max_age") == 60
    assert before.pop("tos_uri")
    assert after == before


def test_name_and_start_page_are_the_applications_too(place, client):
    edit(
        place,
        client,
        {"client_name": "Better", "initiate_login_uri": "https://rp.example/start?a=b"},
        base_url="https://id.example",
    )

    with place.work() as work:
        application = work.tx.session.scalars(sa.select(Application)).one()
        assert application.name == "Better"
        assert application.launch_url == "https://rp.example/start?a=b&iss=https%3A%2F%2Fid.example%2Fsites%2Facme"
        assert client_facts.of_id(work, client.client_id).name == "Better"


def test_it_counts_at_the_next_request(place, client, browser):
    assert place.authorize(browser, client, redirect_uri="https://rp.example/new").status_code == 400

    edit(place, client, {"redirect_uris": ["https://rp.example/new"]})

    assert "code" in answered(place.authorize(browser, client, redirect_uri="https://rp.example/new"))
    assert place.authorize(browser, client).status_code == 400


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"redirect_uris": ["http://rp.example/cb"]}, "redirect_uris"),
        ({"redirect_uris": []}, "redirect_uris"),
        ({"redirect_uris": None}, "redirect_uris"),
        ({"client_secret": "mine"}, "client_secret"),
        ({"client_id": "mine"}, "client_id"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "jwks"),
        ({"grant_types": ["password"]}, "grant_types"),
        ({"response_types": ["token"]}, "response_types"),
        ({"id_token_signed_response_alg": "none"}, "id_token_signed_response_alg"),
        ({"client_name": ""}, "client_name"),
        ({"jwks": {"keys": []}}, "jwks"),
    ],
    ids=str,
)
def test_o19_a_change_is_judged_as_a_registration_is_and_changes_nothing_when_refused(place, client, changes, field):
    before = stored(place, client)

    with pytest.raises(Invalid) as refused:
        edit(place, client, changes)

    assert refused.value.field == field
    after = stored(place, client)
    assert (after.registration, after.version) == (before.registration, before.version)


@pytest.mark.parametrize(
    "field", ["redirect_uris", "post_logout_redirect_uris", "client_uri", "policy_uri", "jwks_uri"]
)
@pytest.mark.parametrize("address", [one for one in SCRIPTS if one])
def test_o2_no_script_comes_in_by_a_change(place, client, field, address):
    with pytest.raises(Invalid):
        edit(place, client, {field: [address] if field.endswith("uris") else address})


def test_o19_a_public_client_stays_bound_to_pkce_whatever_is_said(place, public):
    edit(place, public, {"client_name": "Other"}, pkce_required=False)

    assert stored(place, public).pkce_required


def test_pkce_and_first_party_are_said_beside_the_metadata(place, client):
    done = edit(place, client, pkce_required=False, first_party=False)

    assert done.after == {"pkce_required": "no", "first_party": "no"}
    assert not stored(place, client).pkce_required
    edit(place, client, {"client_name": "Other"})
    assert not stored(place, client).pkce_required, "what is not named stays"
    edit(place, client, {"token_endpoint_auth_method": "none"})
    assert stored(place, client).pkce_required


def test_o12_o13_another_method_makes_a_secret_or_ends_it(place, client):
    assert edit(place, client, {"client_name": "Other"}).secret is None
    assert edit(place, client, {"token_endpoint_auth_method": "client_secret_post"}).secret is None, "the same secret"
    assert place.token(client, grant_type="client_credentials").json["error"] == "invalid_client"

    ended = edit(place, client, {"token_endpoint_auth_method": "none"})
    assert (ended.secret, ended.client.secret_hash) == (None, "")

    made = edit(place, client, {"token_endpoint_auth_method": "client_secret_basic"})
    assert is_token(made.secret, "cls")
    assert stored(place, client).secret_hash == fingerprint(made.secret)
    assert (made.before["has_secret"], made.after["has_secret"]) == ("no", "yes")


def test_the_origins_of_scripts_are_those_of_the_addresses(place, public):
    def origins():
        with place.work() as work:
            return sorted(work.tx.session.scalars(sa.select(ClientOrigin.origin)))

    edit(place, public, {"redirect_uris": ["https://a.example/cb", "https://b.example/cb"]})
    assert origins() == ["https://a.example", "https://b.example"]
    edit(place, public, {"token_endpoint_auth_method": "client_secret_basic"})
    assert origins() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"jwks_uri": "https://rp.example/jwks"}, {"jwks": None, "jwks_uri": "https://rp.example/jwks"}),
        ({"grant_types": ["client_credentials"], "redirect_uris": None}, {"response_types": [], "redirect_uris": []}),
        (
            {"response_types": [], "grant_types": ["client_credentials"], "redirect_uris": []},
            {"response_types": [], "grant_types": ["client_credentials"]},
        ),
        ({"token_endpoint_auth_method": "client_secret_basic"}, {"token_endpoint_auth_signing_alg": None}),
    ],
    ids=str,
)
def test_what_can_only_change_together_does(place, changes, expected):
    client = place.register(**EVERYTHING)

    edit(place, client, changes)

    registration = stored(place, client).registration
    assert {name: registration.get(name) for name in expected} == expected


def test_response_types_bring_the_grant_types_that_they_need():
    registration = metadata.read(EVERYTHING, allow_http_loopback=False)

    hybrid = changing.merged(registration, {"response_types": ["code id_token"]})
    assert hybrid["grant_types"] == ["authorization_code", "implicit", "refresh_token"]
    implicit = changing.merged(registration, {"response_types": ["id_token"], "grant_types": ["implicit"]})
    assert implicit["grant_types"] == ["implicit"]
    assert changing.merged({**registration, **hybrid}, {"grant_types": ["authorization_code"]})["response_types"] == [
        "code"
    ]


def test_a_pairwise_client_is_held_to_its_sector_at_every_change(place):
    sector = {"subject_type": "pairwise", "sector_identifier_uri": "https://sector.example/uris.json"}
    client = place.register()

    with pytest.raises(Invalid):
        edit(place, client, sector)
    with pytest.raises(Invalid):
        edit(place, client, sector, sector_uris=["https://other.example/cb"])
    done = edit(place, client, sector, sector_uris=[CALLBACK])
    assert (done.after["sector"], stored(place, client).sector) == ("sector.example", "sector.example")
    with pytest.raises(Invalid):
        edit(place, client, {"redirect_uris": ["https://evil.example/cb"]}, sector_uris=[CALLBACK])
    edit(place, client, {"subject_type": None, "sector_identifier_uri": None})
    assert stored(place, client).sector == ""


def test_an_algorithm_without_a_key_at_the_site_is_refused(place, client, monkeypatch):
    monkeypatch.setattr("idp.oidc.signing.algorithms", lambda *_: ("RS256",))

    with pytest.raises(Invalid) as refused:
        edit(place, client, {"id_token_signed_response_alg": "ES256"})

    assert refused.value.field == "id_token_signed_response_alg"


def test_it_is_recorded_with_what_changed_and_no_secret(place, client):
    done = edit(place, client, {"client_name": "Other", "jwks": KEYS, "token_endpoint_auth_method": "private_key_jwt"})
    made = edit(place, client, {"token_endpoint_auth_method": "client_secret_basic", "jwks": None})

    first, second = place.audited("client.changed")
    assert first.details == {"client_id": client.client_id, "before": done.before, "after": done.after}
    assert first.details["before"]["client_name"] == "Notebook"
    assert first.details["after"]["jwks"] == "EC ec, RSA rsa, OKP ed"
    assert made.secret not in str(second.details)
    assert fingerprint(made.secret) not in str(second.details)


def test_nothing_changed_is_nothing_recorded(place, client):
    before = stored(place, client).version

    done = edit(place, client, {"client_name": "Notebook", "client_id": client.client_id})

    assert (done.before, done.after, done.taken_over) == ({}, {}, False)
    assert stored(place, client).version == before
    assert place.audited("client.changed") == []


def test_a_change_for_another_version_is_refused(place, client):
    version = stored(place, client).version
    edit(place, client, {"client_name": "Mine"}, if_version=version)

    with pytest.raises(Conflict):
        edit(place, client, {"client_name": "Yours"}, if_version=version)

    assert stored(place, client).registration["client_name"] == "Mine"


@pytest.mark.both_databases
def test_of_two_who_change_at_once_one_is_told(place):
    client = place.register()
    with pytest.raises(Conflict), place.work() as work:
        held = clients.of_application(work, work.tx.session.scalars(sa.select(Application)).one())
        edit(place, client, {"client_name": "Mine"})
        assert held.registration["client_name"] == "Notebook"
        clients.edit(work, client.application_id, {"client_name": "Yours"})

    assert stored(place, client).registration["client_name"] == "Mine"


def test_t2_it_is_an_administrators_of_the_organization(place, client):
    with place.work() as work:
        for verb in (
            lambda w: clients.edit(w, client.application_id, {}),
            lambda w: clients.rotate_secret(w, client.application_id),
        ):
            with pytest.raises(NotFound):
                verb(stranger(work))
            with pytest.raises(Forbidden):
                verb(as_account(work, place.account(work, ANN), AUDITOR))


# The secret


def test_o13_a_rotated_secret_is_shown_once_and_the_former_one_ends(place, client, browser):
    code = place.code(browser, client)
    with place.work() as work:
        _, _, secret = clients.rotate_secret(work, client.application_id)

    assert is_token(secret, "cls")
    assert place.redeem(client, code).json["error"] == "invalid_client"
    assert place.redeem(replace(client, secret=secret), code).status_code == 200
    assert stored(place, client).secret_hash == fingerprint(secret)
    entry = place.audited("client.secret-rotated")[-1]
    assert entry.details == {"client_id": client.client_id}


@pytest.mark.parametrize("method", ["none", "private_key_jwt"])
def test_a_client_without_a_secret_has_none_to_rotate(place, method):
    client = place.register(token_endpoint_auth_method=method, jwks=KEYS)

    with pytest.raises(Invalid), place.work() as work:
        clients.rotate_secret(work, client.application_id)
