"""Registering a client, and what is shown of it."""

import pytest
import sqlalchemy as sa

from idp.base.errors import Forbidden, Invalid, NotFound
from idp.base.ids import fingerprint, is_token
from idp.directory import applications
from idp.oidc import client_facts, clients
from idp.oidc.models import Client
from idp.policy.permissions import AUDITOR
from tests.oidc.support import ANN, CALLBACK
from tests.support.people import as_account, stranger

ASKED = {"client_name": "Notebook", "redirect_uris": [CALLBACK]}


def test_o13_the_secret_is_shown_once_and_kept_as_a_fingerprint(place):
    with place.work() as work:
        application, client, secret = clients.create(work, "acme", ASKED)

        assert is_token(secret, "cls")
        assert client.secret_hash == fingerprint(secret)
        assert clients.represent(client, secret)["client_secret"] == secret
        assert clients.represent(client, secret)["client_secret_expires_at"] == 0
        assert "client_secret" not in clients.represent(client)
        assert client.secret_hash not in str(clients.represent(client))
        assert application.name == "Notebook"


@pytest.mark.parametrize("method", ["none", "private_key_jwt"])
def test_o12_a_client_without_use_for_a_secret_has_none(place, method):
    from tests.oidc.test_client_authentication import KEYS

    with place.work() as work:
        _, client, secret = clients.create(work, "acme", ASKED | {"token_endpoint_auth_method": method, "jwks": KEYS})

        assert secret is None
        assert client.secret_hash == ""


def test_it_is_recorded_in_the_same_transaction(place):
    client = place.register()

    entry = place.audited("client.registered")[-1]
    assert entry.details == {"client_id": client.client_id, "redirect_uris": [CALLBACK]}
    assert entry.target_id == client.application_id


def test_nothing_of_a_refused_registration_stays(place):
    with pytest.raises(Invalid), place.work() as work:
        clients.create(work, "acme", ASKED | {"redirect_uris": ["javascript:x"]})

    with place.work() as work:
        assert work.tx.session.scalar(sa.select(sa.func.count()).select_from(Client)) == 0


def test_a_stranger_knows_no_such_site_and_an_auditor_may_not(place):
    with place.work() as work:
        with pytest.raises(NotFound):
            clients.create(stranger(work), "acme", ASKED)
        with pytest.raises(Forbidden):
            clients.create(as_account(work, place.account(work, ANN), AUDITOR), "acme", ASKED)


def test_t2_a_stranger_finds_no_client(place, client):
    with place.work() as work:
        assert clients.find_application(work, client.client_id).id == client.application_id
        assert clients.find_application(stranger(work), client.client_id) is None
        assert clients.find_application(work, "cli_none") is None


def test_a_deleted_client_is_gone(place, client):
    with place.work() as work:
        applications.delete(work, client.application_id)

    with place.work() as work:
        assert client_facts.of_id(work, client.client_id) is None


@pytest.mark.parametrize(
    ("metadata", "address"),
    [
        ({}, "https://rp.example/"),
        ({"client_uri": "https://rp.example/home"}, "https://rp.example/home"),
        (
            {"initiate_login_uri": "https://rp.example/login", "client_uri": "https://rp.example/home"},
            "https://rp.example/login?iss=https%3A%2F%2Fid.example%2Fsites%2Facme",
        ),
        ({"redirect_uris": ["com.example.app:/cb"], "token_endpoint_auth_method": "none"}, ""),
    ],
    ids=["its home", "its page", "its start", "native"],
)
def test_the_launcher_learns_where_it_starts(place, metadata, address):
    with place.work() as work:
        application, _, _ = clients.create(work, "acme", ASKED | metadata, base_url="https://id.example")

        assert application.launch_url == address


def test_everyone_is_a_grant_like_any_other(place):
    with place.work() as work:
        closed, _, _ = clients.create(work, "acme", ASKED)
        open_, _, _ = clients.create(work, "acme", ASKED, everyone=True)

        assert applications.grants(work, closed) == []
        assert [grant.subject_kind for grant in applications.grants(work, open_)] == ["everyone"]


@pytest.mark.parametrize("client_id", ["", "x" * 65, "ü", "cli_" + "a" * 26])
def test_what_is_no_client_id_is_nobody(place, client_id):
    with place.work() as work:
        assert client_facts.of_id(work, client_id) is None
