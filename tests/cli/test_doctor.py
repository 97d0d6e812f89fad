"""`idp doctor`: plain words about everything, exit codes for scripts, and no change."""

import sqlite3


def _states(outcome):
    return {(finding["what"], finding["state"]) for finding in outcome.json["findings"]}


def test_a_good_installation_is_healthy(acme):
    done = acme("doctor", "--json")

    assert done.code == 0
    assert done.json["healthy"] is True
    assert {
        ("configuration", "ok"),
        ("keys", "ok"),
        ("database", "ok"),
        ("clock", "ok"),
        ("site acme", "ok"),
    } <= _states(done)


def test_without_a_configuration_it_says_what_to_run(idp):
    done = idp("doctor")

    assert done.code == 78
    assert "idp init" in done.out


def test_every_fault_of_the_configuration_is_a_finding(acme, here):
    (here / "config.yaml").write_text("serve: {port: 0}\nwhat: 1\n")

    done = acme("doctor", "--json")

    assert done.code == 78
    assert len(done.json["findings"]) == 2


def test_what_is_loosened_is_named(acme, here):
    with (here / "config.yaml").open("a") as file:
        file.write(
            "development: {allow_http_loopback_applications: true}\negress: {allow_addresses: [10.0.0.0/8]}\n"
            "throttling: {account_free_failures: 50}\n"
        )

    done = acme("doctor", "--json")

    assert done.code == 0
    assert {
        ("base_url", "warning"),
        ("development.allow_http_loopback_applications", "warning"),
        ("egress.allow_addresses", "warning"),
        ("throttling", "warning"),
    } <= _states(done)


def test_a_site_that_cannot_sign_is_a_fault(acme, here):
    with sqlite3.connect(here / "data" / "ostiary.db") as database:
        database.execute("UPDATE signing_keys SET state = 'gone' WHERE purpose = 'saml-signing'")
    database.close()

    done = acme("doctor")

    assert done.code == 78
    assert "idp keys rotate" in done.out


def test_a_site_of_an_earlier_release_waits_for_its_key_of_a_new_kind(acme, here):
    with sqlite3.connect(here / "data" / "ostiary.db") as database:
        database.execute("DELETE FROM signing_keys WHERE algorithm = 'Ed25519'")
    database.close()

    assert ("site acme", "warning") in _states(acme("doctor", "--json"))


def test_a_certificate_that_ends_soon_is_a_warning(acme, here):
    with sqlite3.connect(here / "data" / "ostiary.db") as database:
        database.execute("UPDATE signing_keys SET activated_at = activated_at - 3600 * 24 * 3600 * 1000000")
    database.close()

    assert ("site acme", "warning") in _states(acme("doctor", "--json"))


def test_a_database_that_is_away_is_a_fault_of_its_own(acme, here):
    (here / "config.yaml").write_text("database: {url: 'postgresql://nobody@127.0.0.1:1/none'}\n")

    assert acme("doctor").code == 6


def test_it_changes_nothing(acme, here):
    before = (here / "data" / "ostiary.db").read_bytes()

    acme("doctor")

    assert (here / "data" / "ostiary.db").read_bytes() == before


def test_at_an_ip_address_it_says_why_there_are_no_passkeys(acme, here):
    assert "passkeys" not in acme("doctor").out
    text = (here / "config.yaml").read_text()
    (here / "config.yaml").write_text(
        "\n".join(line for line in text.splitlines() if not line.startswith("base_url"))
        + "\nbase_url: https://192.0.2.7\n"
    )

    done = acme("doctor")

    assert done.code == 0
    assert "browsers have passkeys and security keys at host names only" in done.out


def test_without_a_server_for_mail_it_says_what_does_not_work(acme, here):
    done = acme("doctor", "--json")
    assert ("mail", "warning") in _states(done)

    with (here / "config.yaml").open("a") as file:
        file.write("mail: {smtp_url: 'smtp://ann:geheim@mail.acme.example:587'}\n")
    done = acme("doctor", "--json")

    assert ("mail", "ok") in _states(done)
    assert "geheim" not in done.out
