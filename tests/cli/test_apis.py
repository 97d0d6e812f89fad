"""`idp api …`: registering an API by hand, and saying who may do what there."""

import pytest

ORDERS, READ = "https://api.example/orders", "orders:read"


@pytest.fixture
def orders(acme):
    """A registered API, as JSON, with one scope."""
    made = acme("api", "create", "--site", "acme", "--identifier", ORDERS, "--name", "Orders", "--json")
    assert made.code == 0, made.err
    added = acme("api", "scope", "add", ORDERS, READ, "--description", "See your orders")
    assert added.code == 0, added.err
    return made.json


def test_creating_an_api_says_its_secret_this_once(acme, orders):
    assert orders["secret"].startswith("aps_")
    assert (orders["token_format"], orders["token_seconds"]) == ("jwt", 600)
    assert "secret" not in acme("api", "show", ORDERS, "--json").json

    told = acme("api", "create", "--site", "acme", "--identifier", "urn:b", "--name", "B", "--format", "opaque")
    assert "shown this once" in told.out


def test_granting_and_withdrawing_is_shown(acme, orders):
    client = acme(
        "application", "create-oidc", "--site", "acme", "--name", "Notes", "--redirect-uri", "https://n.example/cb",
        "--json",
    ).json  # fmt: skip
    assert acme("api", "scope", "grant", ORDERS, READ, "--account", "ann@acme.example").code == 0
    grant = ("api", "scope", "grant", orders["id"], READ, "--application", client["client_id"], "--until", "2999-01-31")
    assert acme(*grant).code == 0

    shown = acme("api", "show", ORDERS).out
    assert "  orders:read: See your orders\n" in shown
    assert "    people        account ann@acme.example\n" in shown
    assert "    applications  application Notes until 2999-01-31T00:00:00Z\n" in shown

    assert acme("api", "scope", "withdraw", ORDERS, READ, "--account", "ann@acme.example").code == 0
    assert "    people        nobody\n" in acme("api", "show", ORDERS).out


def test_changing_an_api(acme, orders):
    assert acme("api", "set", ORDERS, "--minutes", "60", "--format", "opaque", "--name", "Sales").code == 0
    assert "  tokens      opaque, 60 minutes\n" in acme("api", "show", ORDERS).out
    acme("api", "scope", "set", ORDERS, READ, "--description", "See all")
    assert "  orders:read: See all\n" in acme("api", "show", ORDERS).out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("api", "show", "urn:nothing"), 3),
        (("api", "create", "--site", "acme", "--identifier", "orders", "--name", "A"), 2),
        (("api", "create", "--site", "acme", "--identifier", ORDERS, "--name", "A"), 4),
        (("api", "create", "--site", "acme", "--identifier", "http://localhost:8000/sites/acme", "--name", "A"), 2),
        (("api", "create", "--site", "nowhere", "--identifier", "urn:a", "--name", "A"), 3),
        (("api", "set", ORDERS, "--minutes", "61"), 2),
        (("api", "scope", "add", ORDERS, READ, "--description", "Again"), 4),
        (("api", "scope", "add", ORDERS, "openid", "--description", "Again"), 2),
        (("api", "scope", "grant", ORDERS, READ), 2),
        (("api", "scope", "grant", ORDERS, READ, "--application", "cli_nothing"), 3),
        (("api", "scope", "withdraw", ORDERS, READ, "--everyone"), 3),
        (("api", "scope", "remove", ORDERS, "nothing"), 3),
        (("api", "enable", ORDERS), 4),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_a_fault_has_its_exit_code(acme, orders, words, code):
    assert acme(*words).code == code


def test_disabling_enabling_rotating_and_deleting(acme, orders):
    assert acme("api", "disable", ORDERS).code == 0
    assert "(disabled)" in acme("api", "list").out
    assert acme("api", "enable", ORDERS).code == 0
    assert acme("api", "rotate-secret", ORDERS, "--json").json["secret"] != orders["secret"]
    assert acme("api", "scope", "remove", ORDERS, READ).code == 0
    assert acme("api", "delete", ORDERS, "--yes").code == 0
    assert acme("api", "list").out == "No API is registered yet.\n"


def test_the_search_finds_apis_and_roles_too(acme, orders):
    made = acme("role", "create", "Orderlies", "--organization", "acme", "--permission", "account:read")
    assert made.code == 0, made.err
    found = acme("search", "find", "order", "--organization", "acme", "--json").json
    assert {(one["kind"], one["name"]) for one in found} == {("api", "Orders"), ("role", "Orderlies")}
