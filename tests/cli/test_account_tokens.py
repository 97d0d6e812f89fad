"""`idp account token`, and the switch of `idp api` that lets people make tokens."""

from datetime import timedelta

import pytest

from idp.base import clock
from idp.cli.context import open_database
from idp.directory.models import Account
from idp.oidc.models import Api, ApiToken
from idp.settings import load

ANN, ORDERS = "ann@acme.example", "https://api.acme.example"


@pytest.fixture
def orders(acme, here):
    """An API that takes API tokens, and two of Ann's: the command line of its installation."""
    acme("api", "create", "--site", "acme", "--identifier", ORDERS, "--name", "Orders", "--api-tokens")
    with open_database(load(here / "config.yaml")) as database, database.transaction() as tx:
        account, api, now = tx.session.query(Account).one(), tx.session.query(Api).one(), clock.now()
        for number in range(2):
            row = ApiToken(
                organization_id=account.organization_id, id=f"atk_{number}", account_id=account.id, site_id=api.site_id,
                api_id=api.id, label=f"Token {number}", scope="read", subject="s", token_hash=f"SECRET-{number}",
                ending="abcd", epoch=0, created_at=now - timedelta(seconds=number), expires_at=now + timedelta(days=9),
            )  # fmt: skip
            tx.session.add(row)
    return acme


def test_an_api_is_told_whether_to_take_them(orders):
    assert orders("api", "show", ORDERS, "--json").json["takes_api_tokens"] is True
    assert "people      may make tokens of their own" in orders("api", "show", ORDERS).out
    assert orders("api", "set", ORDERS, "--no-api-tokens", "--json").json["takes_api_tokens"] is False
    assert orders("api", "set", ORDERS, "--name", "Other", "--json").json["takes_api_tokens"] is False


def test_the_tokens_of_an_account_are_listed(orders):
    listed = orders("account", "token", "list", ANN, "--json").json
    assert [(one["label"], one["state"], one["api"]) for one in listed] == [
        ("Token 0", "good", "Orders"),
        ("Token 1", "good", "Orders"),
    ]
    out = orders("account", "token", "list", ANN).out
    assert "Token 0  for Orders: read  last used never" in out
    assert "SECRET" not in out + str(listed)


def test_one_is_revoked_or_all(orders):
    assert "revoked 1 API token of" in orders("account", "token", "revoke", ANN, "atk_0").out
    assert orders("account", "token", "revoke", ANN, "atk_0").code == 3
    assert orders("account", "token", "revoke", ANN, "atk_9").code == 3
    assert orders("account", "token", "revoke", ANN, "--all", "--json").json["revoked"] == 1
    assert [one["state"] for one in orders("account", "token", "list", ANN, "--json").json] == ["revoked"] * 2


def test_one_or_all_must_be_named(orders):
    assert orders("account", "token", "revoke", ANN).code == 2
    assert orders("account", "token", "revoke", ANN, "atk_0", "--all").code == 2
