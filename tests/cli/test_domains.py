"""`idp domain …` and the end of accounts, as people and scripts use them."""

import csv
import io
import json

import pytest

from tests.support import name_server

NAME = "acme.example"


@pytest.fixture
def server():
    with name_server.running() as running:
        yield running


@pytest.fixture
def acme(installed, here, server):
    """An installation that asks a name server of the test's, with two accounts at Acme."""
    config = here / "config.yaml"
    config.write_text(config.read_text() + f"\ndomains:\n  resolver_addresses: [{server.address}]\n")
    assert installed("organization", "create", "acme", "--name", "Acme").code == 0
    for email in ("ann@acme.example", "ben@acme.example"):
        assert installed("account", "create", email, "--organization", "acme", "--name", email[:3]).code == 0
    return installed


def test_a_domain_is_proven_and_its_accounts_claimed(acme, server):
    added = acme("domain", "add", "Acme.Example", "--organization", "acme", "--json").json
    assert added["state"] == "unverified"
    assert acme("domain", "claim", NAME, "--organization", "acme").code == 4
    assert acme("domain", "check", NAME, "--organization", "acme", "--json").json["state"] == "unverified"
    server.txt(added["proof"]["record_names"][0], added["proof"]["content"])

    assert acme("domain", "check", NAME, "--organization", "acme", "--json").json["state"] == "verified"
    preview = acme("domain", "preview", NAME, "--organization", "acme", "--json").json
    assert [one["email"] for one in preview["affected"]] == ["ann@acme.example", "ben@acme.example"]
    assert (
        acme("domain", "claim", NAME, "--organization", "acme", "--addresses", "-", stdin="ben@acme.example\n").code
        == 0
    )
    assert acme("account", "show", "ben@acme.example", "--json").json["managed_at"]
    assert not acme("account", "show", "ann@acme.example", "--json").json["managed_at"]
    assert acme("domain", "claiming", NAME, "automatic", "--organization", "acme").code == 0
    assert acme("domain", "unclaim", NAME, "--organization", "acme", "--json").json["unclaimed"] == 1
    assert [one["name"] for one in acme("domain", "list", "--organization", "acme", "--json").json] == [NAME]
    assert acme("domain", "remove", NAME, "--organization", "acme").code == 0
    assert acme("domain", "show", NAME, "--organization", "acme").code == 3


def test_t20_names_that_are_nobodys_own_are_refused(acme):
    for name in ("co.uk", "gmail.com", "localhost"):
        assert acme("domain", "add", name, "--organization", "acme").code == 2


def test_an_account_is_deleted_brought_back_and_erased(acme):
    assert acme("account", "delete", "ann@acme.example", "--json").json["deletion_at"]
    assert acme("account", "delete", "ann@acme.example").code == 4
    assert acme("account", "enable", "ann@acme.example").code == 4
    assert acme("account", "cancel-deletion", "ann@acme.example", "--json").json["disabled_at"] is None
    assert acme("account", "erase", "ann@acme.example").code == 2
    assert acme("account", "erase", "ann@acme.example", "--yes").code == 0
    assert acme("jobs", "run").code == 0
    assert acme("account", "show", "ann@acme.example").code == 3
    assert json.loads(acme("account", "list", "--json").out)[0]["email"] == "ben@acme.example"


def test_tokens_are_revoked_and_accounts_exported(acme):
    assert acme("account", "revoke-tokens", "ann@acme.example", "--consents", "--json").json["grants"] == 0
    rows = list(csv.DictReader(io.StringIO(acme("account", "export", "--organization", "acme").out)))
    assert [(row["email"], row["state"]) for row in rows] == [
        ("ann@acme.example", "active"),
        ("ben@acme.example", "active"),
    ]
