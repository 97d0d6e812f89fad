"""`idp application provisioning …`: from the set-up to the accounts that are there."""

import pytest

from tests.support.scim_server import TOKEN, scim_server


@pytest.fixture
def far():
    with scim_server() as made:
        yield made


@pytest.fixture
def app(acme, here) -> str:
    """A client that Ann may open, on an installation that takes applications on loopback."""
    with (here / "config.yaml").open("a") as config:
        config.write("\ndevelopment: {allow_http_loopback_applications: true}\n")
    asked = ("--site", "acme", "--name", "Wiki", "--redirect-uri", "https://wiki.example/cb", "--json")
    made = acme("application", "create-oidc", *asked).json
    assert acme("application", "grant", made["application_id"], "--everyone").code == 0
    return made["application_id"]


def test_it_is_set_up_tried_switched_on_and_run(acme, app, far):
    def idp(*words, stdin=""):
        name, *rest = words
        return acme("application", "provisioning", name, app, *rest, "--json", stdin=stdin)

    assert (idp("show").code, idp("set", "--brake", "5").code) == (3, 2)
    said = idp(
        "set", "--endpoint", far.url, "--everybody", "--token-stdin", "--map", "userName=email", stdin=f"{TOKEN}\n"
    )
    assert said.code == 0, said.err
    assert (said.json["state"], said.json["has_token"], said.json["mapping"]) == ("off", True, {"userName": "email"})
    assert TOKEN not in said.out
    assert idp("test").json == {"works": True, "patch": True, "filter": True}
    assert idp("preview").json["create"]["count"] == 1
    assert idp("enable", "--if-version", "99").code == 4
    assert idp("enable").code == 0
    assert acme("jobs", "run").code == 0
    assert [(one["email"], one["state"]) for one in idp("accounts").json] == [("ann@acme.example", "there")]
    assert idp("set", "--brake", "50").json["mapping"] == {"userName": "email"}
    assert idp("reconcile").json["total"] == 1
    assert idp("approve").code == 4
    assert idp("retry").code == 4
    assert idp("disable").json["state"] == "off"
    assert idp("remove").json["accounts"] == 1
    assert len(far.users) == 1


def test_a_connection_that_does_not_work_is_an_error_in_plain_words(acme, app, far):
    far.token = "other"
    acme(
        "application",
        "provisioning",
        "set",
        app,
        "--endpoint",
        far.url,
        "--everybody",
        "--token-stdin",
        stdin="wrong\n",
    )
    outcome = acme("application", "provisioning", "test", app)

    assert outcome.code != 0
    assert "refuses the token" in outcome.err
