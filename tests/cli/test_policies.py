"""`idp policy` and the kinds of accounts: what they take, print and refuse."""

import pytest

from idp.cli.policy_terms import duration

EVERYTHING = (
    "--second-step", "required", "--grace-until", "2099-03-01", "--grace-sign-ins", "3",
    "--method", "pwd", "--method", "otp", "--method", "passkey",
    "--password-minimum", "16", "--password-score", "3", "--password-history", "5", "--password-maximum-days", "180",
    "--session-idle", "30", "--session-absolute", "480", "--known-device-days", "0",
    "--no-upstream", "--no-api-tokens", "--api-token-days", "30", "--recovery", "administrator",
    "--authenticator", "08987058CADC4B81B6E130DE50DCBE96", "--device-bound-only",
)  # fmt: skip


@pytest.fixture
def strict(acme):
    acme("policy", "create", "Strict", "--organization", "acme")
    return acme


def test_every_field_has_an_option(acme):
    made = acme("policy", "create", "Full", "--organization", "acme", *EVERYTHING[2:4], "--json")
    assert made.code == 2  # the day is too far away: within a year
    words = ("policy", "create", "Full", "--organization", "acme", *EVERYTHING[:2], *EVERYTHING[4:], "--json")
    value = acme(*words).json

    assert {name: value[name] for name in value if name not in ("id", "organization_id", "advice")} == {
        "name": "Full",
        "kind": "member",
        "is_default": False,
        "second_step": "required",
        "grace_until": None,
        "grace_sign_ins": 3,
        "methods": ["pwd", "otp", "passkey"],
        "password_minimum": 16,
        "password_score": 3,
        "password_history": 5,
        "password_maximum_days": 180,
        "session_idle_seconds": 1800,
        "session_absolute_seconds": 28800,
        "known_device_days": 0,
        "upstream_allowed": False,
        "api_tokens_allowed": False,
        "api_token_days": 30,
        "recovery": ["administrator"],
        "authenticators": ["08987058-cadc-4b81-b6e1-30de50dcbe96"],
        "device_bound_only": True,
        "version": 1,
        "members": 0,
    }
    assert len(value["advice"]) == 1


def test_a_newcomer_reads_what_a_policy_asks(acme):
    acme(
        "policy", "set", "--organization", "acme", "--grace-sign-ins", "3", "--method", "pwd", "--method", "email-code"
    )
    shown = acme("policy", "show", "--organization", "acme").out

    assert "second step          required (setting one up may be put off 3 times)" in shown
    assert "methods              password, code by e-mail (weak)" in shown
    assert "members              1" in shown
    assert "session              1 h idle, 12 h at most" in shown
    assert "Note: A code by e-mail is weak" in shown


def test_the_words_of_before_go_on_changing_the_default_policy(acme):
    assert acme("policy", "set", "--organization", "acme", "--second-step", "off").code == 0

    assert acme("policy", "show", "--organization", "acme", "--json").json["second_step"] == "off"


def test_a_policy_is_changed_by_name_and_only_at_the_version_that_was_seen(strict):
    words = ("policy", "set", "--organization", "acme", "--policy", "Strict", "--password-minimum", "20")

    assert strict(*words, "--if-version", "2").code == 4
    assert strict(*words, "--if-version", "1").code == 0
    assert strict("policy", "show", "--organization", "acme", "--policy", "Strict", "--json").json["version"] == 2
    assert strict("policy", "show", "--organization", "acme", "--json").json["password_minimum"] == 12


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("set", "--organization", "acme"), 2),
        (("set", "--organization", "acme", "--password-minimum", "7"), 2),
        (("set", "--organization", "acme", "--grace-until", "soon"), 2),
        (("set", "--organization", "acme", "--method", "otp"), 2),
        (("set", "--organization", "acme", "--policy", "None", "--second-step", "off"), 3),
        (("create", "Default", "--organization", "acme"), 4),
        (("default", "Guests", "--organization", "acme"), 4),
        (("delete", "Default", "--organization", "acme"), 4),
        (("move", "ann@acme.example", "--organization", "acme"), 2),
        (("move", "--to", "Guests", "--organization", "acme"), 2),
        (("move", "ann@acme.example", "--to", "Guests", "--organization", "acme"), 4),
        (("move", "nobody@acme.example", "--to", "Default", "--organization", "acme"), 3),
        (("move", "ann@acme.example", "--to", "None", "--organization", "acme"), 3),
    ],
)
def test_what_cannot_be_done_has_its_exit_code(acme, words, code):
    assert acme("policy", *words).code == code


def test_policies_are_listed_with_their_members(strict):
    listed = strict("policy", "list", "--organization", "acme")

    assert [line.split("  ")[0] for line in listed.out.splitlines()] == ["Default", "Break glass", "Guests", "Strict"]
    assert "1 members  (default)" in listed.out.splitlines()[0]


def test_a_default_is_chosen_and_the_former_one_deleted(strict):
    assert "nobody was moved" in strict("policy", "default", "Strict", "--organization", "acme").out
    assert strict("policy", "delete", "Default", "--organization", "acme").code == 4
    deleted = strict("policy", "delete", "Default", "--organization", "acme", "--move-to", "Strict")

    assert deleted.out == "deleted the policy Default; 1 account is in Strict now\n"
    assert "policy       Strict" in strict("account", "show", "ann@acme.example").out


def test_people_are_moved_by_name_and_by_group(strict):
    moved = strict("policy", "move", "ann@acme.example", "--to", "Strict", "--organization", "acme")
    assert moved.out == "ann@acme.example: moved from Default to Strict\n"

    strict("group", "create", "Staff", "--organization", "acme")
    strict("group", "add", "Staff", "ann@acme.example", "--organization", "acme")
    moved = strict("policy", "move", "--group", "Staff", "--to", "Default", "--organization", "acme", "--json")
    assert moved.json == [
        {"email": "ann@acme.example", "before": "Strict", "after": "Default", "outcome": "moved", "cause": None}
    ]


@pytest.mark.parametrize("dry", [True, False])
def test_a_list_tells_of_every_line_and_a_dry_run_changes_nothing(strict, here, dry):
    (here / "people.csv").write_text(
        "﻿Email,Policy\nann@acme.example,Strict\n\nANN@acme.example,Default\nnobody@acme.example\na,b,c\n",
        encoding="utf-8",
    )
    words = ("policy", "move", "--csv", "people.csv", "--to", "Strict", "--organization", "acme")
    told = strict(*words, *(("--dry-run",) if dry else ()))

    assert told.code == 1
    assert told.out.splitlines() == [
        f"line 2: ann@acme.example: {'would move' if dry else 'moved'} from Default to Strict",
        "line 4: ANN@acme.example: not moved. This address is in the list already.",
        "line 5: nobody@acme.example: not moved. There is no account “nobody@acme.example”.",
        "line 6: a: not moved. A line is: email, or email,policy.",
    ]
    shown = strict("account", "show", "ann@acme.example", "--json").json
    assert shown["authentication_policy"] == ("Default" if dry else "Strict")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00bad", b'"never closed' + b"a" * 200_000, b"x@y.example\n" * 700_000])
def test_a_file_that_is_no_list_moves_nobody(strict, here, content):
    (here / "people.csv").write_bytes(content)

    assert strict("policy", "move", "--csv", "people.csv", "--to", "Strict", "--organization", "acme").code == 2
    assert strict("policy", "list", "--organization", "acme", "--json").json[3]["members"] == 0


def test_guests_and_break_glass_accounts_say_what_they_are(acme):
    made = acme("account", "create", "gil@else.example", "--organization", "acme", "--name", "Gil", "--kind", "guest")
    assert made.out.startswith("created account gil@else.example (guest)")
    assert acme("account", "set", "ann@acme.example", "--kind", "break-glass").code == 0

    shown = acme("account", "show", "ann@acme.example").out
    assert "kind         break-glass" in shown
    assert "policy       Break glass" in shown
    assert "gil@else.example                         Gil  (guest)" in acme("account", "list").out
    refused = acme("policy", "move", "ann@acme.example", "--to", "Default", "--organization", "acme")
    assert refused.code == 4


def test_the_doctor_looks_after_break_glass_accounts(acme):
    assert "break-glass" not in acme("doctor").out
    acme("account", "set", "ann@acme.example", "--kind", "break-glass")

    assert "break-glass accounts: ann@acme.example: it has no second step yet" in acme("doctor").out


@pytest.mark.parametrize(("seconds", "words"), [(86_400, "1 d"), (7200, "2 h"), (5400, "90 min"), (61, "61 s")])
def test_lengths_of_time_are_said_in_their_largest_whole_unit(seconds, words):
    assert duration(seconds) == words
