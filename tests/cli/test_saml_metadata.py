"""Metadata of service providers on the command line: by hand, from many, changed, fetched again, looked at."""

import json
import os
import pty
import select
import sqlite3
import subprocess
import sys

import pytest

from idp.cli import jobs as jobs_
from idp.settings import Settings
from tests.architecture.source import HERE
from tests.support import aggregate
from tests.support.aggregate import HEAD, TAIL
from tests.support.published import publisher, signed
from tests.support.service_provider import ServiceProvider, pair

SP = ServiceProvider()
VENDOR = ("application", "create-saml", "--site", "acme", "--entity-id", "https://vendor.example/", "--name", "Vendor")
MAIL = "urn:oid:0.9.2342.19200300.100.1.3"


@pytest.fixture
def vendor(acme):
    """A service provider that was described by hand, as JSON."""
    made = acme(*VENDOR, "--acs", "https://vendor.example/acs", "--json")
    assert made.code == 0, made.err
    return made.json


@pytest.fixture
def loopback(acme, here):
    """The same as ``acme``, and addresses on loopback are called."""
    with (here / "config.yaml").open("a") as file:
        file.write("development: {allow_http_loopback_applications: true}\n")
    return acme


def test_by_hand_an_address_and_an_entity_id_are_enough(acme, vendor):
    assert vendor["saml"]["described_by"] == "hand"
    assert vendor["saml"]["assertion_consumers"][0]["location"] == "https://vendor.example/acs"
    assert "by hand: there is no metadata" in acme("application", "saml", "show", vendor["id"]).out


def test_by_hand_with_everything(acme, here):
    (here / "sp.pem").write_text(SP.pair.pem)

    made = acme(
        *VENDOR, "--acs", "https://vendor.example/acs", "--acs", "https://vendor.example/2", "--slo", "https://vendor.example/slo",
        "--slo", "soap=https://vendor.example/soap", "--certificate", "sp.pem", "--everyone", "--require-signed-requests", "--json",
    )  # fmt: skip

    assert made.code == 0, made.err
    saml = made.json["saml"]
    assert [one["binding"].rpartition(":")[2] for one in saml["logout_endpoints"]] == ["HTTP-Redirect", "SOAP"]
    assert saml["require_signed_requests"] is True
    assert len(saml["signing_certificates"]) == len(saml["encryption_certificates"]) == 1


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--metadata", "x.xml", "--acs", "https://vendor.example/acs"),
        ("--acs", "http://vendor.example/acs"),
        ("--acs", "https://vendor.example/acs", "--slo", "artifact=https://vendor.example/slo"),
        ("--acs", "https://vendor.example/acs", "--certificate", "missing.pem"),
    ],
)
def test_by_hand_what_cannot_be_is_refused(acme, words):
    assert acme(*VENDOR, *words).code == 2


def test_every_part_is_set_shown_and_audited(acme, vendor, here):
    (here / "sp.pem").write_text(SP.pair.pem)
    (here / "next.pem").write_text(pair("next").pem)
    name = vendor["id"]

    done = acme(
        "application", "saml", "set", name, "--if-version", str(vendor["saml"]["version"]), "--name", "Vendor two",
        "--add-acs", "https://vendor.example/b", "--acs-index", "9=https://vendor.example/b", "--default-acs",
        "https://vendor.example/b", "--remove-acs", "https://vendor.example/acs", "--add-slo", "post=https://vendor.example/slo",
        "--add-signing-certificate", "sp.pem", "--add-encryption-certificate", "next.pem", "--format",
        "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", "--signs-requests", "--wants-signed-assertions", "--json",
    )  # fmt: skip

    assert done.code == 0, done.err
    saml = done.json["saml"]
    assert done.json["name"] == "Vendor two"
    assert saml["assertion_consumers"] == [
        {
            "binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
            "location": "https://vendor.example/b",
            "index": 9,
            "is_default": True,
        }
    ]
    shown = acme("application", "saml", "show", name).out
    for words in (
        "https://vendor.example/b  (HTTP-POST, index 9, default)",
        "https://vendor.example/slo  (HTTP-POST)",
        saml["signing_certificates"][0],
        "ends 2022-01-01",
        "it signs its requests: yes",
        "nameid-format:persistent",
    ):
        assert words in shown
    (entry,) = acme("audit", "list", "--event", "service-provider.redescribed", "--json").json
    assert len(entry["details"]["changes"]) >= 9
    assert acme("application", "saml", "set", name, "--if-version", "1", "--signs-requests").code == 4
    gone = acme("application", "saml", "set", name, "--remove-signing-certificate", saml["signing_certificates"][0])
    assert "signing certificate removed" in gone.out


def test_the_rarer_parts_are_set_and_shown_too(acme, vendor, here):
    (here / "sp.pem").write_text(SP.pair.pem)
    command = ("application", "saml", "set", vendor["id"])

    done = acme(
        *command, "--add-encryption-certificate", "sp.pem", "--encryption-method", "aes128-gcm", "--encryption-method",
        "rsa-oaep,digest=sha256,mgf=sha256", "--add-slo", "https://vendor.example/slo", "--response-location",
        "https://vendor.example/slo", "https://vendor.example/slo-answers", "--add-manage-nameid",
        "soap=https://vendor.example/names", "--add-requested-attribute", f"{MAIL},friendly=mail,format=uri,required",
        "--add-requested-attribute", "a,b", "--name-in", "de", "Laden", "--description", "A shop", "--logo-url",
        "https://vendor.example/logo.png", "--information-url", "https://vendor.example/about", "--privacy-url",
        "https://vendor.example/privacy", "--json",
    )  # fmt: skip

    assert done.code == 0, done.err
    saml = done.json["saml"]
    assert saml["requested_attributes"] == [MAIL, "a,b"]
    assert saml["required_attributes"] == [MAIL]
    assert saml["encryption"]["digest"].endswith("sha256")
    shown = acme("application", "saml", "show", vendor["id"]).out
    for words in (
        "by aes128-gcm rsa-oaep,digest=sha256,mgf=sha256",
        "https://vendor.example/slo  (HTTP-Redirect, answers to https://vendor.example/slo-answers)",
        "https://vendor.example/names  (SOAP)",
        f"{MAIL} (mail), required: our email",
        "A shop",
        "https://vendor.example/privacy",
    ):
        assert words in shown, shown
    gone = acme(
        *command, "--any-encryption-method", "--remove-manage-nameid", "https://vendor.example/names",
        "--remove-requested-attribute", "a,b", "--name-in", "de", "", "--description", "", "--dry-run",
    )  # fmt: skip
    assert len(gone.out.splitlines()) == 6
    assert acme(*command, "--any-encryption-method", "--encryption-method", "aes128-gcm").code == 2


def test_by_hand_it_is_said_what_can_be_decrypted(acme, here):
    (here / "sp.pem").write_text(SP.pair.pem)
    made = acme(
        *VENDOR, "--acs", "https://vendor.example/acs", "--certificate", "sp.pem", "--encryption-method",
        "rsa-oaep-mgf1p,digest=sha256", "--encrypt-assertion", "--json",
    )  # fmt: skip
    assert made.json["saml"]["encryption"]["digest"].endswith("#sha256")


def test_a_dry_run_says_what_would_change_and_changes_nothing(acme, vendor, here):
    document = ServiceProvider("https://vendor.example/", "https://vendor.example/new").metadata()
    (here / "new.xml").write_bytes(document)
    words = ("application", "saml", "set", vendor["id"], "--metadata", "new.xml")

    ahead = acme(*words, "--dry-run")

    assert "assertion consumer added: https://vendor.example/new" in ahead.out
    assert acme("application", "show", vendor["id"], "--json").json["saml"] == vendor["saml"]
    done = acme(*words)
    assert done.out.splitlines()[1:] == ahead.out.splitlines()[1:]
    assert acme(*words, "--dry-run").out == "Nothing would change.\n"
    assert acme(*words, "--add-acs", "https://vendor.example/x").code == 2


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--no-sign-assertion",), "assertion is signed changed: no (was: yes)"),
        (("--metadata-url", "https://vendor.example/m"), "address of the metadata added: https://vendor.example/m"),
        (("--metadata-key", "sp.pem"), "certificate that the metadata must be signed with added: SHA-256 "),
        (
            ("--encrypt-assertion", "--add-encryption-certificate", "sp.pem"),
            "assertion is encrypted changed: yes (was: no)",
        ),
        (("--name", "Other"), "name changed: Other (was: Vendor)"),
    ],
)
def test_a_dry_run_says_every_kind_of_change_as_the_command_does(acme, vendor, here, words, line):
    (here / "sp.pem").write_text(SP.pair.pem)
    command = ("application", "saml", "set", vendor["id"], *words)

    ahead = acme(*command, "--dry-run")

    assert line in ahead.out
    assert acme("application", "show", vendor["id"], "--json").json["saml"] == vendor["saml"]
    assert acme("audit", "list", "--event", "service-provider.changed", "--json").json == []
    done = acme(*command)
    assert done.out.splitlines()[1:] == ahead.out.splitlines()[1:]
    again = acme(*command)
    assert again.out.startswith("nothing changed: ")
    assert acme(*command, "--dry-run").out == "Nothing would change.\n"


def test_a_dry_run_refuses_what_the_command_refuses(acme, vendor):
    words = ("application", "saml", "set", vendor["id"], "--encrypt-assertion")
    assert (acme(*words, "--dry-run").code, acme(*words).code) == (2, 2)


def test_the_list_of_relay_states_is_emptied_again(acme, vendor):
    command = ("application", "saml", "set", vendor["id"])
    acme(*command, "--idp-initiated", "--relay-state", "a", "--relay-state", "b")

    done = acme(*command, "--no-relay-state")

    assert done.out.splitlines()[1:] == [
        "  RelayState that it may be started with removed: a",
        "  RelayState that it may be started with removed: b",
    ]
    assert acme("application", "show", vendor["id"], "--json").json["saml"]["relay_states"] == []
    assert acme(*command, "--no-relay-state", "--relay-state", "a").code == 2


def test_what_metadata_asks_for_is_proposed_and_released_when_somebody_agrees(acme):
    asks = f'<md:RequestedAttribute Name="{MAIL}" FriendlyName="mail" isRequired="true"/><md:RequestedAttribute Name="eppn"/>'
    document = SP.metadata(
        consumers=f'<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{SP.acs}" index="0"/>'
        f'<md:AttributeConsumingService index="0"><md:ServiceName xml:lang="en">W</md:ServiceName>{asks}</md:AttributeConsumingService>'
    ).decode()
    create = ("application", "create-saml", "--site", "acme", "--metadata", "-")

    made = acme(*create, stdin=document)

    assert f"{MAIL} (mail), required: our email" in made.out
    assert "eppn: we have no such attribute" in made.out
    shown = acme("application", "saml", "show", SP.entity_id).out
    assert f"Asks for:\n  {MAIL} (mail), required: our email\n  eppn: we have no such attribute" in shown
    assert "Proposed:        release email and no other" in made.out
    assert acme("audit", "list", "--event", "release-policy.changed", "--json").json == []
    assert acme("application", "saml", "release-requested", SP.entity_id, "--json").json["attributes"] == ["email"]
    assert len(acme("audit", "list", "--event", "release-policy.changed", "--json").json) == 1
    acme("application", "delete", SP.entity_id, "--yes")
    assert "It now receives: email" in acme(*create, "--release-requested", stdin=document).out


# From metadata of many


@pytest.fixture
def many(here):
    """An aggregate of 300, of which one cannot be taken, one is there twice and one is no service provider."""
    bad = aggregate.entity(900, "AAAA", "AAAA")
    twice = aggregate.entity(0, SP.pair.der, SP.pair.der)
    provider = '<md:EntityDescriptor entityID="https://idp.example/"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></md:EntityDescriptor>'
    return aggregate.write(here / "many.xml", 300, more=bad + twice + provider)


def test_all_of_an_aggregate_and_again_after_it_was_broken_off(acme, many):
    words = ("application", "import-saml", "--site", "acme", "--metadata", "many.xml", "--json")

    done = acme(*words, "--all", "--release-requested")

    assert done.code == 2
    assert (done.json["registered"], done.json["no_service_provider"]) == (300, 1)
    assert [(one["entity_id"].split("//")[1][:6], one["cause"].split(".")[0]) for one in done.json["faults"]] == [
        ("sp0.ex", "It is in the file more than once; the first is taken"),
        ("sp900.", "A certificate in the metadata cannot be used"),
    ]
    again = acme(*words, "--all").json
    assert (again["registered"], again["already_registered"], len(again["faults"])) == (0, 300, 2)
    assert acme("application", "saml", "show", "https://sp7.example/shibboleth").code == 0
    some = acme("application", "list", "--limit", "20", "--json")
    assert len(some.json) == 20
    assert "more than these 20" in some.err


def test_one_is_picked_after_a_look(acme, many):
    listed = acme("application", "saml", "list-entities", "many.xml", "--search", "SERVICE 29")
    assert listed.out.splitlines()[0] == "https://sp29.example/shibboleth  Service 29"
    assert len(listed.out.splitlines()) == 11

    words = ("application", "import-saml", "--site", "acme", "--metadata", "many.xml")
    done = acme(*words, "--entity", "https://sp29.example/shibboleth", "--everyone", "--json")

    assert (done.code, done.json["registered"]) == (0, 1)
    assert done.json["applications"][0]["entity_id"] == "https://sp29.example/shibboleth"
    assert acme("application", "show", "https://sp29.example/shibboleth", "--json").json["access"]
    missing = acme(*words, "--entity", "https://nobody.example/")
    assert missing.code == 2
    assert "not in the file: https://nobody.example/" in missing.out
    assert acme(*words).code == 2
    assert acme(*words, "--all", "--entity", "x").code == 2


def test_an_import_says_which_they_are_and_that_nobody_may_open_them_yet(acme, many):
    words = ("application", "import-saml", "--site", "acme", "--metadata", "many.xml")

    one = acme(*words, "--entity", "https://sp1.example/shibboleth").out
    listed = acme("application", "list", "--json").json
    assert one.splitlines() == [
        "registered 1",
        f"  {listed[0]['id']}  https://sp1.example/shibboleth",
        "  Nobody may open it yet.",
        f"  Give access with: idp application grant {listed[0]['id']} --everyone (or --group, --account)",
    ]
    opened = acme(*words, "--entity", "https://sp2.example/shibboleth", "--everyone").out
    assert "Everyone of the organization may open it." in opened
    every = acme(*words, "--all").out
    assert "To see them: idp application list --site acme" in every
    assert "Nobody may open them yet." in every
    assert "app_" not in every


def test_x30_an_aggregate_that_is_not_proven_registers_nothing(acme, here):
    document = f"{HEAD}>{SP.metadata().decode()}{TAIL}".encode()
    (here / "good.xml").write_bytes(signed(document, pair("federation")))
    (here / "bare.xml").write_bytes(document)
    (here / "key.pem").write_text(pair("federation").pem)
    (here / "other.pem").write_text(pair("stranger").pem)
    words = ("application", "import-saml", "--site", "acme", "--all", "--json", "--metadata")

    assert acme(*words, "bare.xml", "--signed-by", "key.pem").code == 2
    assert acme(*words, "good.xml", "--signed-by", "other.pem").code == 2
    assert acme("application", "list", "--json").json == []
    assert acme(*words, "good.xml", "--signed-by", "key.pem").json["registered"] == 1


def test_a_broken_file_keeps_what_was_registered_before(acme, here):
    text = aggregate.write(here / "many.xml", 250).read_text()
    (here / "cut.xml").write_text(text[: text.rindex("<md:EntityDescriptor")])

    done = acme("application", "import-saml", "--site", "acme", "--metadata", "cut.xml", "--all")

    assert done.code == 2
    assert "What was registered before stays" in done.err
    assert len(acme("application", "list", "--json").json) == 200
    again = acme("application", "import-saml", "--site", "acme", "--metadata", "many.xml", "--all", "--json").json
    assert (again["registered"], again["already_registered"]) == (50, 200)


def test_x7_from_standard_input_an_aggregate_is_not_larger_than_other_metadata(acme):
    document = f"{HEAD}>{' ' * 3_000_000}{TAIL}"
    done = acme("application", "import-saml", "--site", "acme", "--metadata", "-", "--all", stdin=document)
    assert done.code == 2


def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere(acme, here, monkeypatch):
    aggregate.write(here / "many.xml", 1000)
    words = ("application", "import-saml", "--site", "acme", "--metadata", "many.xml", "--all")

    assert "1000 read, 1000 registered" in acme(*words).err

    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        acme(*words)
        terminal.flush()
        shown = _read_up_to(leader, "100%")
    os.close(leader)
    assert "importing" in shown
    assert "100%" in shown


def _read_up_to(terminal: int, awaited: str) -> str:
    """What is on the terminal arrives piece by piece."""
    shown = b""
    while awaited.encode() not in shown and select.select([terminal], [], [], 10)[0]:
        shown += os.read(terminal, 65536)
    return shown.decode()


# From an address


def test_metadata_from_an_address_is_fetched_again_and_waits_for_approval(loopback, here):
    other = SP.metadata().replace(b"/acs", b"/other")
    with publisher() as published:
        published.body = SP.metadata()
        made = loopback("application", "create-saml", "--site", "acme", "--metadata", published.url, "--json")
        assert made.code == 0, made.err
        refresh = ("application", "saml", "refresh", SP.entity_id)
        assert "it says what we know already" in loopback(*refresh).out
        published.body = other

        said = loopback(*refresh)
        assert "which waits for you" in said.out
        assert "assertion consumer added: https://sp.example/other" in said.out
        assert "a change" in loopback("application", "saml", "show", SP.entity_id).out
        assert "waits for approval" in loopback("doctor").out
        assert loopback(*refresh, "--show", "--json").json["changes"]
        assert loopback(*refresh, "--discard").code == 0
        assert loopback(*refresh, "--apply").code == 3
        assert "what you have discarded" in loopback(*refresh).out
        published.body = other.replace(b"/other", b"/third")
        loopback(*refresh)
        assert "applied" in loopback(*refresh, "--apply").out

        published.status = 404
        failed = loopback(*refresh)
        assert failed.code == 2
        assert "status 404" in failed.err
        assert "not refreshed" not in failed.out + failed.err, "no log lines among the words of a command"
        assert "could not be taken" in loopback("doctor").out
    third = loopback("application", "show", SP.entity_id, "--json").json["saml"]["assertion_consumers"][0]["location"]
    assert third == "https://sp.example/third"


def test_a_later_validity_alone_is_taken_over_and_said_to_be_that(loopback):
    with publisher() as published:
        published.body = SP.metadata(entity=' validUntil="2090-01-01T00:00:00Z"')
        loopback("application", "create-saml", "--site", "acme", "--metadata", published.url)
        published.body = SP.metadata(entity=' validUntil="2091-01-01T00:00:00Z"')

        said = loopback("application", "saml", "refresh", SP.entity_id).out

    assert "taken over at once: a new validity, and nothing else" in said
    assert "validity of the metadata changed: until 2091-01-01 00:00 UTC" in said


def test_a_pinned_key_holds_from_the_first_time_on(loopback, here):
    (here / "key.pem").write_text(pair("federation").pem)
    document = SP.metadata(entity=' ID="_m"')
    create = ("application", "create-saml", "--site", "acme", "--metadata-key", "key.pem", "--json", "--metadata")
    with publisher() as published:
        published.body = document
        assert loopback(*create, published.url).code == 2
        published.body = signed(document, pair("federation"))
        assert loopback(*create, published.url).code == 0
        published.body = document
        assert "not signed" in loopback("application", "saml", "refresh", SP.entity_id).err
        loopback("application", "saml", "set", SP.entity_id, "--no-metadata-key")
        assert loopback("application", "saml", "refresh", SP.entity_id).code == 0


@pytest.mark.parametrize("which", [("--entity", SP.entity_id), ("--all",)], ids=["one", "all"])
def test_what_is_taken_from_an_aggregate_at_an_address_is_looked_for_there_again(loopback, which):
    with publisher() as published:
        published.body = f"{HEAD}>{SP.metadata().decode()}{TAIL}".encode()
        words = ("application", "import-saml", "--site", "acme", "--metadata", published.url)
        assert loopback(*words, *which, "--json").json["registered"] == 1
        published.body = published.body.replace(b"/acs", b"/other")
        assert "waits for you" in loopback("application", "saml", "refresh", SP.entity_id).out


def test_the_hourly_job_refreshes_what_is_due(loopback, here):
    with publisher() as published:
        published.body = SP.metadata()
        loopback("application", "create-saml", "--site", "acme", "--metadata", published.url)
        with sqlite3.connect(here / "data" / "ostiary.db") as database:
            database.execute("UPDATE service_providers SET refresh_due_at = updated_at")
        database.close()
        asked = len(published.asked)

        assert loopback("jobs", "run", "--json").json["failed"] == 0
        assert loopback("jobs", "run", "--json").json["failed"] == 0

        assert len(published.asked) == asked + 1
    assert jobs_.refreshing.SWEEP in jobs_.handlers(Settings())


def test_what_a_job_logs_is_not_among_the_results_of_the_command(loopback, here):
    with publisher() as published:
        published.body = SP.metadata()
        loopback("application", "create-saml", "--site", "acme", "--metadata", published.url)
        published.status = 500
        with sqlite3.connect(here / "data" / "ostiary.db") as database:
            database.execute("UPDATE service_providers SET refresh_due_at = updated_at")
        database.close()
        loopback("jobs", "run")  # finds what is to be refreshed
        done = _in_a_process(here, "jobs", "run", "--json")

    assert done.returncode == 0
    assert json.loads(done.stdout)["failed"] == 0
    assert "metadata not refreshed" in done.stderr


def test_whoever_asked_for_a_refresh_is_told_once_that_it_failed(loopback, here):
    with publisher() as published:
        published.body = SP.metadata()
        loopback("application", "create-saml", "--site", "acme", "--metadata", published.url)
        published.status = 500
        done = _in_a_process(here, "application", "saml", "refresh", SP.entity_id, "--json")

    assert done.returncode == 2
    assert done.stdout == ""
    assert [json.loads(line)["error"] for line in done.stderr.splitlines()] == ["saml-metadata"]


def _in_a_process(here, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "idp", *words]
    path = {**os.environ, "PYTHONPATH": str(HERE)}
    return subprocess.run(command, cwd=here, capture_output=True, text=True, env=path)


def test_the_doctor_says_what_ends_soon(acme, here):
    from datetime import UTC, datetime, timedelta

    from tests.support.service_provider import ending

    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(days=10)
    (here / "sp.xml").write_bytes(SP.metadata(signing=ending(soon)))
    acme("application", "create-saml", "--site", "acme", "--metadata", "sp.xml", "--name", "Wiki")

    done = acme("doctor", "--json")

    assert done.code == 0
    (finding,) = [one for one in done.json["findings"] if one["what"] == "application Wiki"]
    assert finding["state"] == "warning"
    assert f"ends on {soon:%Y-%m-%d}, within 14 days" in finding["words"]
    acme("jobs", "run")
    acme("jobs", "run")
    entries = acme("audit", "list", "--event", "service-provider.expiry-warned", "--json").json
    assert [one["details"]["within_days"] for one in entries] == [14]
    assert json.dumps(entries)
