"""Commands: the words of the reference, their exit codes, and JSON in place of words."""

import pytest

from idp.base.errors import Conflict, Forbidden, IdpError, Invalid, NotFound, Unavailable
from idp.cli import errors
from idp.cli.main import root

NAMES = {
    "init", "serve", "demo", "doctor", "migrate",
    "organization create", "organization list", "site create", "site list", "site set",
    "account create", "account disable", "account enable", "account reset-password", "account show", "account list",
    "account grant-role", "group create", "group add", "group list",
    "application create-saml", "application create-oidc", "application grant", "application list", "application show",
    "application saml set", "application saml check", "application oidc check", "application disable", "application enable", "application delete", "application release",
    "policy show", "policy set", "keys list", "keys rotate", "attempt show", "attempt list", "audit list",
    "jobs run", "jobs list", "jobs retry",
}  # fmt: skip


def _commands(command, path=()):
    if not hasattr(command, "commands"):
        return {" ".join(path)}
    return {name for key, inner in command.commands.items() for name in _commands(inner, (*path, key))}


def test_the_commands_that_scripts_rely_on_are_there():
    assert _commands(root) >= NAMES


def test_every_command_takes_configuration_and_json():
    def leaves(command):
        return (
            [c for inner in command.commands.values() for c in leaves(inner)]
            if hasattr(command, "commands")
            else [command]
        )

    for command in leaves(root):
        options = {option for parameter in command.params for option in parameter.opts}
        assert {"--config", "--json"} <= options, command.name
        assert command.help


def test_every_family_of_errors_has_an_exit_code():
    families = {NotFound, Conflict, Invalid, Forbidden, Unavailable}

    assert set(IdpError.__subclasses__()) == families
    assert families <= set(errors.EXIT)
    assert len({errors.EXIT[family] for family in families}) == len(families)


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("organization", "create", "acme", "--name", "Again"), 4, "conflict"),
        (("organization", "create", "Not A Slug", "--name", "X"), 2, "invalid"),
        (("site", "create", "x", "--organization", "nobody", "--name", "X"), 3, "not-found"),
        (("account", "create", "ann@acme.example", "--organization", "acme", "--name", "Ann"), 4, "conflict"),
        (("account", "create", "no address", "--organization", "acme", "--name", "Ann"), 2, "invalid"),
        (("account", "disable", "nobody@acme.example"), 3, "not-found"),
        (("account", "enable", "ann@acme.example"), 4, "conflict"),
        (("group", "add", "None", "ann@acme.example", "--organization", "acme"), 3, "not-found"),
        (("application", "show", "app_none"), 3, "not-found"),
        (("application", "grant", "cli_none", "--everyone"), 3, "not-found"),
        (("attempt", "show", "att_none"), 3, "not-found"),
        (("policy", "set", "--organization", "acme", "--second-step", "maybe"), 2, "usage"),
        (("account", "create", "x@acme.example"), 2, "usage"),
        (("nonsense",), 2, "usage"),
    ],
)
def test_exit_codes(acme, words, code, error):
    spoken, written = acme(*words), acme(*words, "--json")

    assert (spoken.code, written.code) == (code, code)
    assert written.error["error"] == error
    assert "Traceback" not in spoken.err
    assert (spoken.out, written.out) == ("", "")


def test_json_may_be_asked_for_before_or_after_the_command(acme):
    assert acme("--json", "organization", "list").json == acme("organization", "list", "--json").json
    assert acme("organization", "--json", "list").json[0]["slug"] == "acme"


def test_the_configuration_may_be_named_before_or_after_the_command(acme, here, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = str(here / "config.yaml")

    assert acme("--config", config, "organization", "list").code == 0
    assert acme("organization", "list", "--config", config).code == 0
    assert acme("organization", "list").code == 78


def test_a_faulty_configuration_is_told_with_every_fault(acme, here):
    (here / "config.yaml").write_text("serve: {port: 0}\nwhat: 1\n")

    refused, as_json = acme("organization", "list"), acme("organization", "list", "--json")

    assert refused.code == 78
    assert "serve.port:" in refused.err
    assert len(as_json.error["faults"]) == 2


@pytest.mark.parametrize("url", ["mysql://user@db/ostiary", "", "mariadb+x://db/ostiary"])
@pytest.mark.parametrize("command", [("init",), ("doctor",), ("organization", "list"), ("serve",)])
def test_a_database_that_is_not_spoken_to_ends_every_command_in_plain_words(acme, here, url, command):
    (here / "config.yaml").write_text(f"database: {{url: '{url}'}}\n")

    refused = acme(*command)

    assert refused.code == 78
    assert "postgresql://user@host/name" in refused.out + refused.err
    assert "Traceback" not in refused.err


def test_an_account_without_a_password_is_made_and_says_so(acme):
    made = acme("account", "create", "bob@acme.example", "--organization", "acme", "--name", "Bob")

    assert made.code == 0
    assert "no password yet" in made.out
    assert acme("account", "show", "bob@acme.example", "--json").json["has_password"] is False


def test_a_refused_password_leaves_no_account_behind(acme):
    refused = acme(
        "account", "create", "bob@acme.example", "--organization", "acme", "--name", "Bob", "--password-stdin",
        stdin="short\n",
    )  # fmt: skip

    assert refused.code == 2
    assert "at least 12 characters" in refused.err
    assert acme("account", "show", "bob@acme.example").code == 3


def test_an_empty_standard_input_is_no_password(acme):
    words = ("account", "create", "bob@acme.example", "--organization", "acme", "--name", "Bob", "--password-stdin")

    assert acme(*words).code == 2


def test_an_administrator_with_an_authenticator(acme):
    made = acme(
        "account", "create", "olga@acme.example", "--organization", "acme", "--name", "Olga", "--admin",
        "--totp-secret", "jbsw y3dp ehpk 3pxp jbsw y3dp ehpk 3pxp",
    )  # fmt: skip
    shown = acme("account", "show", "olga@acme.example", "--json").json

    assert made.code == 0, made.err
    assert shown["roles"] == ["organization-administrator"]
    assert shown["has_second_step"] is True


@pytest.mark.parametrize("secret", ["JBSWY3DPEHPK3PXP", "not base32!", "11111111111111111111111111"])
def test_a_secret_that_is_too_short_or_none_is_refused(acme, secret):
    words = ("account", "create", "x@acme.example", "--organization", "acme", "--name", "X", "--totp-secret", secret)

    assert acme(*words).code == 2


def test_an_address_of_two_organizations_asks_which(acme):
    acme("organization", "create", "other", "--name", "Other")
    acme("account", "create", "ann@acme.example", "--organization", "other", "--name", "Ann")

    ambiguous = acme("account", "disable", "ann@acme.example")
    named = acme("account", "disable", "ann@acme.example", "--organization", "other")

    assert ambiguous.code == 4
    assert "--organization" in ambiguous.err
    assert named.code == 0


def test_no_password_and_no_secret_is_ever_printed(acme):
    words = [("account", "show", "ann@acme.example"), ("account", "list"), ("audit", "list"), ("keys", "list")]

    for one in words:
        done = acme(*one, "--json")
        assert "garden" not in done.out
        assert "argon2" not in done.out
        assert "PRIVATE" not in done.out
        assert "sealed" not in done.out


def test_a_site_says_whom_to_ask(acme):
    changed = acme(
        "site", "set", "acme", "--support-contact", "help@acme.example", "--accent", "#AA0000", "--json"
    ).json
    again = acme("site", "set", "acme", "--support-contact", "", "--json").json

    assert (changed["support_contact"], changed["accent"]) == ("help@acme.example", "#aa0000")
    assert (again["support_contact"], again["accent"]) == ("", "#aa0000")
    assert acme("audit", "list", "--event", "site.changed", "--json").json[0]["details"]["before"] == {
        "support_contact": "help@acme.example"
    }


def test_a_colour_that_is_none_is_refused(acme):
    assert acme("site", "set", "acme", "--accent", "red").code == 2


def test_a_policy_is_shown_and_changed(acme):
    assert acme("policy", "show", "--organization", "acme", "--json").json["second_step"] == "required"

    changed = acme("policy", "set", "--organization", "acme", "--second-step", "off", "--json").json

    assert (changed["second_step"], changed["version"]) == ("off", 2)


def test_keys_are_published_before_they_sign(acme):
    """R9, D14: the first rotation only publishes; asked again at once, nothing moves."""
    first, second = acme("keys", "rotate", "--json").json, acme("keys", "rotate", "--json").json

    assert {key["state"] for key in first} == {"next"}
    assert second == []
    assert {key["state"] for key in acme("keys", "list", "--site", "acme", "--json").json} == {"active", "next"}


def test_what_the_operator_did_is_in_the_audit_log(acme):
    acme("account", "disable", "ann@acme.example")

    entry = acme("audit", "list", "--event", "account.disabled", "--json").json[0]

    assert entry["door"] == "cli"
    assert entry["actor"]["kind"] == "operator"
    assert "disabled the account ann@acme.example" in acme("audit", "list").out


def test_jobs_that_are_due_are_run(acme):
    assert acme("jobs", "run", "--json").json == {"finished": 11, "failed": 0, "sent": 0, "not_sent": 0}
    assert acme("jobs", "run", "--json").json["finished"] == 2  # the looks of the day, which two of them asked for
    assert acme("jobs", "list").out == "No job waits.\n"


def test_r13_an_older_schema_is_refused_with_the_command_to_run(acme, here):
    import sqlite3

    with sqlite3.connect(here / "data" / "ostiary.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()

    for command in (("organization", "list"), ("serve",), ("init",), ("migrate",)):
        refused = acme(*command)
        assert refused.code == 78, command
        assert "9999" in refused.err


def test_r6_a_database_that_is_away_is_told_in_plain_words(acme, here):
    (here / "config.yaml").write_text("database: {url: 'postgresql://nobody@127.0.0.1:1/none'}\n")

    refused = acme("organization", "list")

    assert refused.code == 6
    assert "does not answer" in refused.err


def test_a_port_that_is_taken_is_told_in_plain_words(acme):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = acme("serve", "--port", str(taken.getsockname()[1]))

    assert refused.code == 6
    assert "--port" in refused.err
