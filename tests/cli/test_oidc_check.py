"""`idp application oidc check` as people use it: what they read, and what a script sees."""

import json
import re

import pytest

GOOD = {
    "client_name": "Notes",
    "redirect_uris": ["https://notes.example/callback"],
    "post_logout_redirect_uris": ["https://notes.example/bye"],
    "backchannel_logout_uri": "https://notes.example/logout",
    "initiate_login_uri": "https://notes.example/start",
    "token_endpoint_auth_method": "private_key_jwt",
    "jwks_uri": "https://notes.example/keys",
    "scope": "openid profile",
}


def create(idp, *words, **changes):
    return idp(
        "application", "create-oidc", "--site", "acme", "--from-json", "-", *words, stdin=json.dumps(GOOD | changes)
    )


def check(idp, *words):
    return idp("application", "oidc", "check", *words)


@pytest.fixture
def notes(acme):
    """A client of which nothing is to be said, as JSON."""
    return create(acme, "--everyone", "--json").json


def test_what_is_well_says_so(acme, notes):
    assert notes["findings"] == []

    done = check(acme, notes["client_id"])

    assert done.code == 0, done.out
    assert "Nothing is wrong with what was looked at." in done.out
    assert "looked at the registration of Notes" in done.out


def test_saving_says_each_weakness_in_a_line_and_where_more_is_said(acme):
    made = create(acme, backchannel_logout_uri=None)

    assert made.code == 0, made.err
    assert "  warning  logout-address-missing: neither backchannel_logout_uri nor frontchannel_logout_uri\n" in made.out
    assert "access-nobody" not in made.out, "that nobody may open it yet is said above"
    application = re.search(r"idp application oidc check (app_\w+)", made.out)
    assert check(acme, application[1]).code == 1, "nobody may open it"


def test_saving_as_json_has_the_findings(acme):
    made = create(acme, "--json", backchannel_logout_uri=None).json

    assert {one["kind"] for one in made["findings"]} == {"logout-address-missing", "access-nobody"}
    assert {"kind", "severity", "evidence", "meaning", "here", "vendor", "clause", "fix"} == set(made["findings"][0])


def test_a_finding_says_what_it_means_and_who_changes_what(acme):
    made = create(acme, "--everyone", "--json", backchannel_logout_uri=None).json

    done = check(acme, made["application_id"])

    assert done.code == 0, "a warning stops nobody"
    assert "warning  logout-address-missing\n  seen    neither" in done.out
    assert "  clause  Back-Channel Logout 1.0 section 2.2\n" in done.out
    assert f"  here    In the registration of {made['application_id']}, add" in done.out
    assert "  vendor  “Please tell us" in done.out
    assert done.out.splitlines()[-1] == "1 warning."


def test_json_says_the_same(acme, notes):
    acme("application", "disable", notes["application_id"])

    done = check(acme, notes["application_id"], "--json")

    assert done.code == 1
    assert done.json["serious"] is True
    assert done.json["application_id"] == notes["application_id"]
    assert [one["kind"] for one in done.json["findings"]] == ["application-disabled"]


def test_a_failed_attempt_is_explained_by_its_reference(acme, notes, at_the_door):
    query = f"client_id={notes['client_id']}&redirect_uri=https://notes.example/callback/&response_type=code"
    at_the_door.open(f"/sites/acme/oauth2/authorize?{query}")
    reference = at_the_door.page.xpath("string(//*[@class='reference']/code)")

    shown, checked = acme("attempt", "show", reference), check(acme, "--attempt", reference)

    for done in (shown, checked):
        assert "SERIOUS  redirect-uri-not-registered" in done.out, done.err
        assert "differs by a trailing slash too many" in " ".join(done.out.split())
    assert (shown.code, checked.code) == (0, 1)
    assert acme("attempt", "show", reference, "--json").json["findings"][0]["kind"] == "redirect-uri-not-registered"
    assert check(acme, notes["client_id"], "--attempt", reference).code == 1


def test_an_attempt_of_nobody_is_explained(acme, at_the_door):
    at_the_door.open("/sites/acme/oauth2/authorize?client_id=cli_nobody")
    reference = at_the_door.page.xpath("string(//*[@class='reference']/code)")

    assert "SERIOUS  client-unknown" in check(acme, "--attempt", reference).out


def test_an_attempt_that_cannot_be_read_is_explained_although_no_site_is_known(acme, at_the_door):
    at_the_door.open("/sites/acme/oauth2/authorize?client_id=%zz")
    reference = at_the_door.page.xpath("string(//*[@class='reference']/code)")

    assert "SERIOUS  request-unreadable" in acme("attempt", "show", reference).out


@pytest.mark.parametrize(
    ("words", "code"),
    [((), 2), (("app_nobody",), 3), (("APP", "--attempt", "att_nobody"), 3), (("--attempt", "att_nobody"), 3)],
    ids=str,
)
def test_what_cannot_be_done_is_said(acme, notes, words, code):
    done = check(acme, *(notes["application_id"] if word == "APP" else word for word in words))

    assert done.code == code, done.out + done.err
    assert done.err.startswith("idp: ")


def test_a_service_provider_is_no_client(acme):
    made = acme(
        "application", "create-saml", "--site", "acme", "--entity-id", "https://wiki.example", "--acs",
        "https://wiki.example/acs", "--name", "Wiki", "--json",
    ).json  # fmt: skip

    assert check(acme, made["id"]).code == 3
