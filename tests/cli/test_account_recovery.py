"""Commands for accounts: invitations, first passwords, addresses, the sign-ons of others."""

import re

import pytest

EVE = "eve@partner.example"


@pytest.fixture
def mailing(acme, monkeypatch):
    """An installation that sends mail."""
    monkeypatch.setenv("OSTIARY_MAIL__SMTP_URL", "smtp://localhost:2525")
    return acme


def test_a_guest_is_invited(mailing):
    done = mailing("account", "invite", EVE, "--organization", "acme", "--name", "Eve", "--kind", "guest", "--json")

    assert done.code == 0, done.err
    assert done.json["email"] == EVE
    assert "inv_" not in done.out
    assert "inv_" not in mailing("jobs", "list", "--json").out


def test_nobody_is_invited_where_no_mail_is_sent(acme):
    refused = acme("account", "invite", EVE, "--organization", "acme", "--name", "Eve", "--json")

    assert refused.code == 2
    assert "--print" in refused.error["advice"]
    assert acme("account", "show", EVE).code == 3


def test_a_link_to_a_first_password_is_printed_and_mailed_nowhere(acme):
    acme("account", "create", EVE, "--organization", "acme", "--name", "Eve")

    done = acme("account", "first-password", EVE, "--print", "--json")

    assert re.fullmatch(r"http://localhost:8000/welcome/fpw_[\w-]{43}", done.json["link"])
    assert done.json["link"] not in acme("audit", "list", "--json").out
    assert acme("account", "first-password", EVE).code == 2


def test_whoever_has_a_password_gets_no_first_one(acme):
    assert acme("account", "first-password", "ann@acme.example", "--print", "--json").code == 4


def test_another_address_is_set_and_shown(acme):
    done = acme("account", "set", "ann@acme.example", "--email", "ann.archer@acme.example", "--json")

    assert done.json["email"] == "ann.archer@acme.example"
    assert acme("account", "show", "ann@acme.example").code == 3


def test_an_address_that_somebody_has_is_refused(acme):
    acme("account", "create", EVE, "--organization", "acme", "--name", "Eve")

    assert acme("account", "set", EVE, "--email", "ANN@acme.example", "--json").code == 4


def test_sessions_are_listed_and_ended(acme, at_the_door):
    acme("policy", "set", "--organization", "acme", "--second-step", "off")
    at_the_door.open("/").submit(username="ann@acme.example", password="a quiet garden gate 7")
    assert at_the_door.title == "Your applications"
    [listed] = acme("account", "sessions", "ann@acme.example", "--json").json["sessions"]
    assert (listed["methods"], listed["ip"]) == (["pwd"], "127.0.0.1")

    done = acme("account", "end-sessions", "ann@acme.example", "--json")

    assert (done.code, done.json["ended"]) == (0, 1)
    assert at_the_door.open("/").title == "Sign in"
    assert "ended 1 sessions of ann@acme.example" in acme("audit", "list").out
    assert "signed in nowhere" in acme("account", "sessions", "ann@acme.example").out
