"""Zones and access policies from the command line."""

import json

import pytest

from tests.support.place_files import BERLIN, city_file

OFFICE = ("zone", "create", "Office", "--organization", "acme", "--network", "192.0.2.0/24")
DOCUMENT = {
    "guards": [{"name": "Not at night", "conditions": {"times": {"zone": "Europe/Berlin", "begins": "22:00", "ends": "05:00"}}, "text": "Come back in the morning."}],
    "rules": [
        {
            "name": "In the office",
            "conditions": {"networks": {"zones": ["Office"]}, "people": {"accounts": ["ann@acme.example"]}},
            "answer": {"effect": "allow"},
        },
        {
            "name": "Elsewhere",
            "answer": {"effect": "require", "strength": "phishing-resistant", "within_seconds": 3600},
            "mode": "report-only",
        },
    ],
    "catch_all": {"effect": "require", "strength": "second-step"},
}  # fmt: skip


@pytest.fixture
def office(acme):
    made = acme(*OFFICE, "--json")
    assert made.code == 0, made.err
    return acme


def put(idp, document, policy="Sessions", *words: str):
    return idp(
        "access", "set", policy, "--organization", "acme", "--from-json", "-", *words, stdin=json.dumps(document)
    )


def shown(idp, policy="Sessions") -> str:
    return idp("access", "show", policy, "--organization", "acme", "--json").out


def test_what_is_shown_can_be_given_back_and_nothing_changes(office):
    assert put(office, DOCUMENT).code == 0
    first = shown(office)

    again = office("access", "set", "Sessions", "--organization", "acme", "--from-json", "-", stdin=first)

    assert (again.code, shown(office)) == (0, first), again.err
    assert "has these rules already" in again.out
    assert json.loads(first)["rules"][0]["conditions"]["networks"]["zones"] == ["Office"]


def test_rules_are_shown_as_sentences(office):
    put(office, DOCUMENT)

    assert office("access", "show", "Sessions", "--organization", "acme").out.splitlines() == [
        "Sessions, version 2",
        "  guard rail “Not at night”: if it is from 22:00 to 05:00 (Europe/Berlin): deny (“Come back in the morning.”)",
        "  1. “In the office”: if the person is ann@acme.example, and the address is in Office: allow",
        "  2. “Elsewhere” [report-only]: always: require a phishing-resistant second step, not older than 1 hour",
        "  otherwise: require a second step",
    ]


def explain(idp, *words: str):
    return idp("policy", "explain", "--account", "ann@acme.example", "--at", "2030-01-01T12:00", *words)


def test_what_if_tells_every_rule_and_what_a_person_would_be_asked_for(office):
    put(office, DOCUMENT)

    assert explain(office, "--ip", "192.0.2.7").out.splitlines() == [
        "ann@acme.example (member, in no group) → our own pages (browser), Tuesday 2030-01-01 12:00 UTC, from 192.0.2.7",
        "  block list: the address is in no zone of it",
        "  authentication policy Default: a second step (a weak one suffices)",
        "  access policy Sessions (version 2): allow",
        "    guard rail “Not at night”: does not match: only if it is from 22:00 to 05:00 (Europe/Berlin), but there it is"
        " Tuesday, 2030-01-01 13:00",
        "    rule “In the office”: decides: the person is ann@acme.example; the address is in Office",
        "    rule “Elsewhere” [report-only]: matches: it is for every request; not reached: “In the office” decided",
        "    catch-all: not reached: “In the office” decided",
        "  together: a second step (a weak one suffices) (authentication-policy: second step required)",
        "  outcome: ann@acme.example is asked for the first step (password, passkey or what stands in for it), then must"
        " set up a passkey, a security key or an authenticator app, then is let in",
    ]


def test_what_if_at_night_is_a_denial_with_what_the_person_reads(office):
    put(office, DOCUMENT)

    told = explain(office, "--ip", "192.0.2.7", "--at", "2030-01-01T23:00+01:00")
    as_json = explain(office, "--ip", "192.0.2.7", "--at", "2030-01-01T22:00", "--json").json

    assert told.out.splitlines()[-1].endswith(
        "is denied by access-policy Sessions: Not at night, and reads: “Come back in the morning.”"
    )
    assert as_json["requires"] is None
    assert as_json["access_policies"][0]["denied"] is True
    assert [step["matched"] for step in as_json["access_policies"][0]["trace"]] == [True, True, True, False]


def test_what_if_tells_what_report_only_rules_would_have_decided(office):
    put(office, DOCUMENT)

    said = explain(office, "--ip", "198.51.100.7", "--json").json["access_policies"][0]["report_only"]

    assert [(one["rule"], one["outcome"]) for one in said] == [
        ("Elsewhere", "require a phishing-resistant second step, not older than 1 hour")
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--ip", "somewhere"), 2),
        (("--ip", "192.0.2.7", "--at", "tomorrow"), 2),
        (("--ip", "192.0.2.7", "--proven", "pwd,sms"), 2),
        (("--ip", "192.0.2.7", "--session-age", "5"), 2),
        (("--ip", "192.0.2.7", "--application", "https://nowhere.example"), 3),
        (("--ip", "192.0.2.7", "--account", "nobody@acme.example"), 3),
    ],
)
def test_what_if_refuses_what_cannot_be(office, words, code):
    assert explain(office, *words).code == code


def test_what_if_takes_every_option(office):
    told = explain(
        office, "--ip", "2001:db8::1", "--country", "de", "--city", "Berlin", "--asn", "AS64500", "--organization", "acme",
        "--user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "--known-device",
        "--certificate", "CN=laptop", "--behaviour", "new-device", "--request", "oidc", "--proven", "pwd,otp",
        "--session-age", "5",
    )  # fmt: skip

    assert told.code == 0, told.err
    assert told.out.splitlines()[0].endswith("from 2001:db8::1 (Berlin, DE, AS64500)")
    assert told.out.splitlines()[-1] == "  outcome: ann@acme.example is let in"


def test_a_document_is_refused_with_the_place_of_what_is_wrong(office):
    wrong = put(office, {"rules": [{"name": "R", "answer": {"effect": "permit"}}]}, "Sessions", "--json")

    assert (wrong.code, wrong.error["field"]) == (2, "rules[0].answer.effect")
    assert wrong.error["advice"] == "Choose among: allow, require, deny."


@pytest.mark.parametrize("text", ["", "nothing", "[]", '{"version": "1"}', '{"guards": [], "guards": []}'])
def test_what_is_no_document_is_refused(office, text):
    assert office("access", "set", "Sessions", "--organization", "acme", "--from-json", "-", stdin=text).code == 2


def test_a_document_of_an_older_version_is_refused(office):
    first = shown(office)
    put(office, DOCUMENT)

    stale = office("access", "set", "Sessions", "--organization", "acme", "--from-json", "-", stdin=first)
    meant = office("access", "set", "Sessions", "--organization", "acme", "--from-json", "-", "--if-version", "2", stdin=first)  # fmt: skip

    assert (stale.code, meant.code) == (4, 0)
    assert "Someone else changed this" in stale.err


def test_versions_are_listed_and_restored(office):
    put(office, DOCUMENT)
    put(office, {})

    restored = office("access", "restore", "Sessions", "2", "--organization", "acme")
    listed = office("access", "history", "Sessions", "--organization", "acme", "--json").json

    assert restored.code == 0, restored.err
    assert [(one["version"], one["rules"], one["counts"]) for one in listed] == [
        (4, 3, True),
        (3, 0, False),
        (2, 3, False),
        (1, 0, False),
    ]
    assert "(counts)" in office("access", "history", "Sessions", "--organization", "acme").out.splitlines()[0]
    assert office("access", "restore", "Sessions", "9", "--organization", "acme").code == 3
    older = office("access", "show", "Sessions", "--organization", "acme", "--version", "1").out
    assert older.splitlines() == ["Sessions, version 1", "  otherwise: allow"]


def test_an_application_is_put_under_a_policy(office):
    made = office(
        "application", "create-oidc", "--site", "acme", "--name", "CRM", "--redirect-uri", "https://crm.example/cb", "--json"
    )  # fmt: skip
    assert made.code == 0, made.err
    application = made.json["client_id"]
    assert office("access", "create", "Strict", "--organization", "acme").code == 0

    assigned = office("access", "assign", application, "--policy", "Strict", "--json")
    assert (assigned.json["name"], assigned.json["access_policy"]) == ("CRM", "Strict")
    assert office("access", "delete", "Strict", "--organization", "acme").code == 4
    assert office("access", "assign", application, "--default").code == 0
    assert office("access", "assign", application).code == 2
    assert office("access", "delete", "Strict", "--organization", "acme").code == 0
    names = [one["name"] for one in office("access", "list", "--organization", "acme", "--json").json]
    assert names == ["Sessions", "Applications"]


def test_a_zone_is_made_changed_tested_and_deleted(acme, here):
    (here / "networks.txt").write_text("# offices\n192.0.2.0/24\n\n2001:db8::/32  # Berlin\n")

    made = acme("zone", "create", "Office", "--organization", "acme", "--networks-from", "networks.txt", "--asn", "AS64500", "--json")  # fmt: skip
    assert (made.json["networks"], made.json["asns"]) == (["192.0.2.0/24", "2001:db8::/32"], ["64500"])

    changed = acme("zone", "set", "Office", "--organization", "acme", "--country", "de", "--clear", "asns", "--json")
    assert (changed.json["networks"], changed.json["asns"], changed.json["countries"], changed.json["version"]) == (
        ["192.0.2.0/24", "2001:db8::/32"],
        [],
        ["DE"],
        2,
    )
    assert acme("zone", "set", "Office", "--organization", "acme", "--if-version", "1", "--name", "HQ").code == 4

    def tested(*words):
        return acme("zone", "test", *words, "--organization", "acme", "--json").json[0]["inside"]

    assert (tested("192.0.2.1"), tested("198.51.100.1"), tested("198.51.100.1", "--country", "de")) == (
        True,
        False,
        True,
    )
    assert acme("zone", "test", "x", "--organization", "acme").code == 2
    assert acme("zone", "list", "--organization", "acme").out.split()[:2] == ["Office", "2"]
    assert "2001:db8::/32" in acme("zone", "show", "office", "--organization", "acme").out
    assert acme("zone", "delete", "Office", "--organization", "acme").code == 0
    assert acme("zone", "show", "Office", "--organization", "acme").code == 3


def test_a_zone_that_a_rule_names_is_not_deleted(office):
    put(office, DOCUMENT)

    refused = office("zone", "delete", "Office", "--organization", "acme")

    assert refused.code == 4
    assert "the rule “In the office” of the access policy “Sessions” names it" in refused.err


def test_the_audit_log_tells_changes_in_words(office):
    put(office, DOCUMENT)

    assert (
        "gave the access policy Sessions version 2 of its rules: added the guard rail “Not at night”"
        in office("audit", "list").out
    )


def test_where_an_address_is_is_looked_up_unless_it_is_said(acme, here):
    city_file(here / "city.mmdb")
    with (here / "config.yaml").open("a") as configuration:
        configuration.write("\nplaces:\n  city_file: city.mmdb\n")
    acme("zone", "create", "Berlin", "--organization", "acme", "--city", "DE/Berlin")

    def inside(*words):
        return acme("zone", "test", BERLIN, *words, "--organization", "acme", "--json").json[0]["inside"]

    assert (inside(), inside("--country", "FR")) == (True, False)
    assert explain(acme, "--ip", BERLIN).out.splitlines()[0].endswith(f"from {BERLIN} (Berlin, DE)")


def test_an_administrator_does_not_enter_a_group_that_a_rule_denies(acme):
    assert acme("account", "grant-role", "ann@acme.example", "organization-administrator").code == 0
    acme("group", "create", "Contractors", "--organization", "acme")
    rule = {
        "name": "No contractors",
        "conditions": {"people": {"groups": ["Contractors"]}},
        "answer": {"effect": "deny"},
    }
    assert put(acme, {"rules": [rule]}).code == 0
    refused = acme("group", "add", "Contractors", "ann@acme.example", "--organization", "acme")

    assert refused.code == 4, refused.out
    assert "ann@acme.example could no longer sign in to our own pages" in refused.err
    assert "No contractors" in refused.err


def test_what_if_takes_an_application_by_its_name(office):
    made = office(
        *("application", "create-oidc", "--site", "acme", "--name", "Ledger", "--everyone", "--json"),
        *("--redirect-uri", "https://ledger.example/cb"),
    )
    assert made.code == 0, made.err

    told = explain(office, "--ip", "192.0.2.7", "--application", "Ledger")
    assert told.code == 0, told.err
    assert "→ Ledger (oidc)" in told.out
    assert explain(office, "--ip", "192.0.2.7", "--application", "Nothing").code == 3
