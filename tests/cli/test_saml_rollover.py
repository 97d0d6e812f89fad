"""`idp keys campaign`, `idp application saml rollover`, `idp keys rotate`, `create` and `import`: a new key, application by application."""

import sqlite3
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from idp.base import clock
from tests.cli.test_applications import METADATA
from tests.support.service_provider import pair

NOTES = METADATA.replace("wiki", "notes")
SAML = ("--site", "acme", "--purpose", "saml-signing")


@pytest.fixture
def two(acme):
    """Wiki and Notes, registered; the id of each."""
    found = {}
    for name, document in (("Wiki", METADATA), ("Notes", NOTES)):
        words = ("application", "create-saml", "--site", "acme", "--metadata", "-", "--name", name, "--json")
        found[name] = acme(*words, stdin=document).json["id"]
    return found


def weeks_pass(here) -> None:
    """Everything that has happened to keys happened eight days earlier."""
    with sqlite3.connect(here / "data" / "ostiary.db") as database:
        earlier = 8 * 24 * 3600 * 1_000_000
        database.execute(f"UPDATE signing_keys SET created_at = created_at - {earlier}")
    database.close()


def test_without_a_rollover_it_says_how_to_begin_one(acme, two):
    shown = acme("keys", "campaign", "acme")
    assert shown.code == 0
    assert "idp keys rotate --site acme --purpose saml-signing" in shown.out
    assert acme("keys", "campaign", "acme", "--json").json == {"site": "acme", "rollovers": []}

    one = acme("application", "saml", "rollover", two["Wiki"])
    assert f"/sites/acme/saml/metadata/{two['Wiki']}" in one.out
    assert acme("application", "saml", "rollover", two["Wiki"], "--switch").code == 4


def test_one_is_switched_and_goes_back(acme, two):
    acme("keys", "rotate", *SAML)
    assert acme("application", "saml", "rollover", two["Wiki"], "--switch").code == 4

    switched = acme("application", "saml", "rollover", two["Wiki"], "--switch", "--anyway", "--json")
    assert switched.code == 0, switched.err
    assert switched.json["rollover"]["signs_with"] == "new"
    assert acme("application", "show", two["Wiki"], "--json").json["saml"]["signing_key_id"].startswith("key_")
    back = acme("application", "saml", "rollover", two["Wiki"], "--back", "--if-version", "1")
    assert back.code == 4
    assert "former key" in acme("application", "saml", "rollover", two["Wiki"], "--back").out


def test_two_of_one_name_are_told_apart(acme):
    create = ("application", "create-saml", "--site", "acme", "--metadata", "-", "--name", "Wiki", "--json")
    entities = [acme(*create, stdin=document).json["saml"]["entity_id"] for document in (METADATA, NOTES)]
    client = acme(
        "application",
        "create-oidc",
        "--site",
        "acme",
        "--name",
        "Wiki",
        "--redirect-uri",
        "https://w.example/",
        "--json",
    ).json
    acme("keys", "rotate", *SAML)

    listed, campaign = acme("application", "list").out, acme("keys", "campaign", "acme").out

    assert all(f"Wiki  {one}\n" in listed for one in (*entities, client["client_id"]))
    assert all(f"Wiki         {one} " in campaign for one in entities)


def test_the_table_says_where_each_stands(acme, two):
    acme("keys", "rotate", *SAML)
    acme("application", "saml", "rollover", two["Wiki"], "--confirm")

    shown = acme("keys", "campaign", "acme")
    lines = {line.split()[0]: line for line in shown.out.splitlines() if line.startswith("  ")}
    assert "it can be switched" in lines["Wiki"]
    assert "nothing shows" in lines["Notes"]

    moved = acme("keys", "campaign", "acme", "--switch-all", "--json")
    assert (moved.json["moved"], moved.json["left"]) == ([two["Wiki"]], [two["Notes"]])
    assert "1 were left" not in acme("keys", "campaign", "acme", "--switch-all", "--anyway").out
    standing = {
        one["name"]: one["signs_with"]
        for one in acme("keys", "campaign", "acme", "--json").json["rollovers"][0]["applications"]
    }
    assert standing == {"Wiki": "new", "Notes": "new"}
    assert len(acme("keys", "campaign", "acme", "--back-all", "--json").json["moved"]) == 2


def test_r9_a_key_that_somebody_depends_on_is_not_retired_without_saying_so(acme, two, here):
    acme("application", "saml", "set", two["Notes"], "--certificate-by-hand")
    acme("keys", "rotate", *SAML)
    weeks_pass(here)

    refused = acme("keys", "rotate", *SAML)
    assert refused.code == 4
    assert "Notes" in refused.err
    assert "--anyway" in refused.err
    assert "Wiki" not in refused.err
    assert refused.out == ""
    told = acme("keys", "rotate", *SAML, "--json")
    assert (told.code, told.json, told.error["error"]) == (4, [], "key-held")

    done = acme("keys", "rotate", *SAML, "--anyway")
    assert done.code == 0
    assert "retired" in done.out
    assert "1 application(s) of acme follow to the new key without having shown" in done.err


def test_the_new_certificate_is_printed_for_who_puts_it_there_by_hand(acme, two):
    acme("keys", "rotate", *SAML)
    printed = acme("application", "saml", "rollover", two["Notes"], "--certificate").out
    listed = [one["certificate"] for one in acme("keys", "list", "--json").json if one["state"] == "next"]
    assert [printed] == listed


@pytest.mark.parametrize(
    "words", [("keys", "campaign", "acme", "--switch-all", "--back-all"), ("keys", "campaign", "acme", "--anyway")]
)
def test_words_that_contradict_one_another_are_refused(acme, words):
    assert acme(*words).code == 2


def test_an_ec_key_is_made_once_and_chosen(acme, two):
    assert acme("application", "saml", "set", two["Wiki"], "--signature-algorithm", "ecdsa-sha256").code == 2
    made = acme("keys", "create", "acme", "--algorithm", "P-384", "--json")
    assert (made.code, made.json["algorithm"], made.json["state"]) == (0, "P-384", "active")
    assert acme("keys", "create", "acme").code == 4
    assert acme("application", "saml", "set", two["Wiki"], "--signature-algorithm", "ecdsa-sha256").code == 0


def test_x12_old_algorithms_are_warned_of_everywhere(acme, two, here):
    """X12: in the answer, whenever it is shown, by the doctor, and in the audit log."""
    until = f"{clock.now() + timedelta(days=30):%Y-%m-%d}"
    assert acme("application", "saml", "set", two["Wiki"], "--legacy", "rsa-sha1").code == 2
    done = acme("application", "saml", "set", two["Wiki"], "--legacy", "rsa-sha1", "--legacy-until", until)
    assert "WARNING: old algorithms (rsa-sha1) are allowed until" in done.out
    assert "old algorithms" in acme("application", "show", two["Wiki"]).out
    findings = acme("doctor", "--json").json["findings"]
    assert [(one["what"], one["state"]) for one in findings if "old alg" in one["words"]] == [
        ("application Wiki", "warning")
    ]
    assert "allowed old algorithms (rsa-sha1)" in acme("audit", "list").out

    assert acme("application", "saml", "set", two["Wiki"], "--no-legacy", "--legacy", "rsa-sha1").code == 2
    assert "WARNING" not in acme("application", "saml", "set", two["Wiki"], "--no-legacy").out
    assert "old alg" not in acme("doctor").out


def test_x27_a_map_of_contexts_is_written_as_people_write_it(acme, two):
    set_ = ("application", "saml", "set", two["Wiki"], "--json")
    done = acme(*set_, "--context-says", "second-step=urn:mfa?a=b", "--context-means", "urn:strong?x=y=second-step")
    assert done.json["saml"]["context_map"] == {
        "says": {"second-step": "urn:mfa?a=b"},
        "means": {"urn:strong?x=y": "second-step"},
    }
    assert "urn:mfa" in acme("application", "show", two["Wiki"]).out
    assert acme(*set_, "--context-says", "second-step").code == 2
    assert acme(*set_, "--context-says", "password=https://refeds.org/profile/mfa").code == 2
    assert acme(*set_, "--standard-contexts", "--context-says", "password=urn:x").code == 2
    assert acme(*set_, "--standard-contexts").json["saml"]["context_map"] == {}


def test_what_a_site_says_of_itself(acme):
    done = acme(
        "site", "set", "acme", "--description", "Ours.", "--logo-url", "https://acme.example/l.png", "--logo-size", "80x60",
        "--organization-url", "https://acme.example/", "--technical-contact", "saml@acme.example", "--sign-metadata",
        "--metadata-valid-days", "30", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.json["logo"] == {"url": "https://acme.example/l.png", "width": 80, "height": 60}
    assert (done.json["sign_metadata"], done.json["metadata_valid_days"]) == (True, 30)
    for wrong in (("--logo-size", "80"), ("--logo-size", "axb"), ("--metadata-valid-days", "0"), ("--logo-url", "x")):
        assert acme("site", "set", "acme", *wrong).code == 2
    assert acme("site", "set", "acme", "--logo-url", "", "--json").json["logo"] is None


def test_x12_everything_that_a_provider_is_answered_with_is_shown_in_words(acme, two):
    """X12, X27, X24: signing, contexts, old algorithms with their risk, our key, rules, and who may open it."""
    wiki = two["Wiki"]
    until = f"{clock.now() + timedelta(days=30):%Y-%m-%d}"
    acme("keys", "rotate", *SAML)
    acme(
        "application", "saml", "set", wiki, "--no-sign-response", "--legacy", "rsa-sha1", "--legacy-until", until,
        "--context-means", "urn:corp=second-step", "--start-url", "https://wiki.example/home", "--certificate-by-hand",
        "--name-id-source", "login", "--nameid-format", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    )  # fmt: skip
    acme("application", "rules", "set", wiki, "--attribute", "mail=email")

    shown = acme("application", "saml", "show", wiki)

    assert shown.code == 0, shown.err
    for line in (
        f"  WARNING: old algorithms (rsa-sha1) are allowed until {until} 00:00 UTC: signatures with SHA-1 can be forged",
        "  open to        nobody; see: idp application grant",
        "  tile leads to  https://wiki.example/home",
        "  signed         assertion, by rsa-sha256",
        "nameid-format:unspecified; made of login",
        "  contexts       urn:corp takes a second-step",
        f"  old algorithms rsa-sha1, until {until}",
        "  signs with     the active one of the site",
        "  it gets it     by hand",
        "its copy of our certificate is kept by hand: put the new one there, then confirm",
        "  mail\n    the attribute email [basic], by the application",
    ):
        assert line in shown.out, line
    value = acme("application", "saml", "show", wiki, "--json").json
    assert (value["rollover"]["standing"], value["release"]["by_rules"]) == ("by-hand", True)


def test_a_key_is_brought_from_files_and_comes_once(acme, two, tmp_path):
    former = pair("former", "rsa-2048")
    certificate = tmp_path / "idp.crt"
    certificate.write_bytes(former.certificate.public_bytes(Encoding.PEM))
    opened = former.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    words = ("keys", "import", "acme", "--key", "-", "--certificate", str(certificate))

    done = acme(*words, stdin=opened)

    assert done.code == 0, done.err
    assert "RSA-2048  next" in done.out
    assert "idp keys campaign acme" in done.out
    assert "PRIVATE" not in done.out
    assert acme("keys", "campaign", "acme").code == 0
    again = acme(*words, stdin=opened)
    assert again.code == 4
    assert "known here" in again.err
    assert acme("keys", "import", "acme", "--key", "-", stdin="no key").code == 2
