"""`idp application saml check` as people use it: what they paste, what they read, and what a script sees."""

import re
import sqlite3
from contextlib import contextmanager

import pytest

from idp.app import create
from idp.settings import load
from tests.support.vendors import OKTA, SHIBBOLETH, SIMPLESAMLPHP, SSO, VENDORS, encoded, query


@pytest.fixture
def library(acme, here):
    """A registered service provider, as JSON; its metadata is in metadata.xml."""
    (here / "metadata.xml").write_bytes(SHIBBOLETH.metadata())
    made = acme("application", "create-saml", "--site", "acme", "--metadata", "metadata.xml", "--everyone", "--json")
    assert made.code == 0, made.err
    return made.json


def check(idp, *words: str, **how):
    return idp("application", "saml", "check", *words, **how)


def test_what_is_well_says_so_and_what_was_looked_at(acme, here):
    (here / "metadata.xml").write_bytes(SIMPLESAMLPHP.metadata())
    acme(
        "application",
        "create-saml",
        "--site",
        "acme",
        "--metadata",
        "metadata.xml",
        "--everyone",
        "--encrypt-assertion",
    )

    done = check(acme, SIMPLESAMLPHP.entity_id, "--metadata", "metadata.xml")

    assert done.code == 0, done.out
    assert f"the given metadata ({len(SIMPLESAMLPHP.metadata())} bytes)" in done.out
    assert "Nothing is wrong with what was looked at." in done.out


@pytest.mark.parametrize("how", ["text", "file", "stdin"])
def test_a_request_as_text_as_a_file_or_from_standard_input(acme, library, here, how):
    message = encoded(SHIBBOLETH.request((SHIBBOLETH.acs, "https://evil.example/acs")))
    (here / "request.txt").write_text(message)
    given = {"text": message, "file": "request.txt", "stdin": "-"}[how]

    done = check(acme, library["id"], "--request", given, stdin=message)

    assert done.code == 1
    assert "SERIOUS  acs-not-registered" in done.out
    assert "https://evil.example/acs" in done.out
    assert "vendor  “Please" in done.out
    assert "serious" in done.out.splitlines()[-1]


def test_json_says_the_same(acme, library):
    done = check(acme, library["id"], "--request", encoded(SHIBBOLETH.request()), "--json")

    assert done.json["application_id"] == library["id"]
    assert done.json["serious"] is (done.code == 1)
    assert {"kind", "severity", "evidence", "meaning", "here", "vendor", "clause", "fix"} == set(
        done.json["findings"][0]
    )
    assert done.json["looked_at"][0] == "the given request (base64)"


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_metadata_is_looked_at_before_it_is_registered(acme, vendor):
    done = check(acme, "--site", "acme", "--metadata", "-", stdin=vendor.metadata().decode())

    assert done.out.startswith("looked at the given metadata (")
    assert "SERIOUS" not in done.out


def test_a_fix_is_applied_and_what_is_left_is_shown(acme, here):
    (here / "metadata.xml").write_bytes(OKTA.metadata())
    acme(
        "application",
        "create-saml",
        "--site",
        "acme",
        "--metadata",
        "metadata.xml",
        "--everyone",
        "--no-sign-assertion",
    )
    before = check(acme, OKTA.entity_id)

    done = check(acme, OKTA.entity_id, "--fix", "assertion-not-signed")

    assert "--fix assertion-not-signed: signs assertions." in before.out
    assert (before.code, done.code) == (1, 0)
    assert done.out.startswith("fixed assertion-not-signed: signs assertions\n")
    assert "SERIOUS" not in done.out
    assert "applied the doctor's fix for assertion-not-signed: signs assertions" in acme("audit", "list").out
    assert check(acme, OKTA.entity_id, "--fix", "assertion-not-signed").code == 2


def test_the_address_of_the_metadata_is_asked_and_a_failure_is_a_finding(acme, library, here, monkeypatch):
    """X30: asked while no transaction is open, by the one guarded client."""
    assert check(acme, library["id"], "--url").code == 2
    with acme_database(here) as change:
        change("UPDATE service_providers SET metadata_url = 'https://127.0.0.1:9/metadata'")

    done = check(acme, library["id"], "--url")

    assert "metadata-unreachable" in done.out
    assert "https://127.0.0.1:9/metadata was asked" in done.out


def test_an_attempt_is_explained_by_its_reference(acme, library, here):
    attempt = failed_attempt(here)

    shown = acme("attempt", "show", attempt)
    checked = check(acme, "--attempt", attempt)

    for done in (shown, checked):
        assert "SERIOUS  destination-wrong" in done.out
        assert "the host old.example instead of localhost" in done.out
    assert (shown.code, checked.code) == (0, 1)
    assert acme("attempt", "show", attempt, "--json").json["findings"][0]["kind"] == "destination-wrong"
    assert f"the attempt {attempt}" in checked.out


def test_an_attempt_of_nobody_is_explained_and_cannot_be_fixed(acme, library, here):
    attempt = failed_attempt(here, (SHIBBOLETH.entity_id, "https://nobody.example/"))

    assert "SERIOUS  issuer-unknown" in check(acme, "--attempt", attempt).out
    assert check(acme, "--attempt", attempt, "--fix", "issuer-unknown").code == 2


def test_an_attempt_of_another_application_is_not_mixed_with_this_one(acme, library, here):
    (here / "wiki.xml").write_bytes(SIMPLESAMLPHP.metadata())
    acme("application", "create-saml", "--site", "acme", "--metadata", "wiki.xml")

    assert check(acme, SIMPLESAMLPHP.entity_id, "--attempt", failed_attempt(here)).code == 2


def test_an_attempt_of_no_site_tells_nothing(acme, library, here):
    attempt = failed_attempt(here)
    with acme_database(here) as change:
        change("UPDATE attempts SET site_id = NULL, application_id = NULL")

    assert acme("attempt", "show", attempt, "--json").json["findings"] == []
    assert check(acme, "--attempt", attempt).code == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("--site", "acme"), 2),
        (("app_nobody",), 3),
        (("APP", "--site", "acme", "--metadata", "metadata.xml"), 2),
        (("APP", "--url", "--metadata", "metadata.xml"), 2),
        (("--site", "acme", "--metadata", "metadata.xml", "--fix", "x"), 2),
        (("APP", "--metadata", "-", "--request", "-"), 2),
        (("APP", "--metadata", "missing.xml"), 2),
        (("APP", "--request", "missing.xml"), 2),
        (("APP", "--attempt", "att_nobody"), 3),
        (("APP", "--fix", "nothing"), 2),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_said(acme, library, words, code):
    done = check(acme, *(library["id"] if word == "APP" else word for word in words))

    assert done.code == code, done.out + done.err
    assert done.err.startswith("idp: ")


def acme_database(folder):
    """Return a way to change the database of *folder* by hand."""

    @contextmanager
    def opened():
        connection = sqlite3.connect(next(folder.rglob("*.db")))
        yield connection.execute
        connection.commit()
        connection.close()

    return opened()


def failed_attempt(folder, *changes: tuple[str, str]) -> str:
    """Send a request for an old address of ours to the application of *folder*; return the attempt's reference."""
    browser = create(load(folder / "config.yaml")).test_client()
    message = SHIBBOLETH.request((SSO, "http://old.example/sites/acme/saml/sso"), *changes)
    answer = browser.get(f"/sites/acme/saml/sso?{query(message).decode()}")
    return re.search(r"att_[a-z0-9]+", answer.text)[0]
