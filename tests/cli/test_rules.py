"""Rules of release, further attributes and the preview, from the command line."""

import json

import pytest

from idp.saml import nameid

ENTITY_ID = "https://wiki.example/saml/metadata"
METADATA = f"""<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY_ID}">
<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<md:AssertionConsumerService index="0" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
 Location="https://wiki.example/saml/acs"/></md:SPSSODescriptor></md:EntityDescriptor>"""
ANN = "ann@acme.example"


@pytest.fixture
def wiki(acme):
    """The command line, with a registered service provider."""
    made = acme(
        "application", "create-saml", "--site", "acme", "--metadata", "-", "--name", "Wiki", "--everyone",
        stdin=METADATA,
    )  # fmt: skip
    assert made.code == 0, made.err
    return acme


def rules(wiki, *words: str, of=("application", ENTITY_ID), stdin=""):
    return wiki(of[0], "rules", "set", of[1], *words, "--json", stdin=stdin)


def test_rules_are_added_changed_and_removed_by_name(wiki):
    made = rules(
        wiki, "--attribute", "mail=email", "--attribute", 'id=lower(before(email, "@"))', "--constant", "t=a=b"
    )
    assert made.code == 0, made.err
    assert [(r["name"], r["source"], r["value"]) for r in made.json["rules"]] == [
        ("mail", "attribute", "email"),
        ("id", "expression", 'lower(before(email, "@"))'),
        ("t", "constant", "a=b"),
    ]

    changed = rules(wiki, "--attribute", "mail=name", "--remove", "t").json
    assert [(r["name"], r["value"]) for r in changed["rules"]] == [
        ("mail", "name"),
        ("id", made.json["rules"][1]["value"]),
    ]
    assert rules(wiki, "--clear", "--constant", "only=this").json["rules"][0]["name"] == "only"
    assert rules(wiki, "--clear").json["rules"] == []


def test_what_is_shown_can_be_edited_and_given_back_unless_somebody_was_faster(wiki, here):
    rules(wiki, "--attribute", "mail=email")
    shown = wiki("application", "rules", "show", ENTITY_ID, "--json").json
    shown["rules"][0] |= {"friendly_name": "E-mail", "only": ["*@acme.example"], "type": "none"}
    (here / "rules.json").write_text(json.dumps(shown))

    given_back = rules(wiki, "--from-json", "rules.json")
    assert given_back.code == 0, given_back.err
    assert given_back.json["rules"] == shown["rules"]
    assert given_back.json["version"] == shown["version"] + 1

    assert rules(wiki, "--from-json", "rules.json").code == 4
    assert rules(wiki, "--attribute", "x=email", "--if-version", "1").code == 4
    assert rules(wiki, "--attribute", "x=email", "--if-version", "2").code == 0


def test_a_bare_list_from_standard_input_takes_the_place_of_all(wiki):
    rules(wiki, "--attribute", "mail=email")
    made = rules(
        wiki, "--from-json", "-", stdin='[{"name": "urn:oid:2.5.4.3", "source": "attribute", "value": "name"}]'
    )

    assert [(r["name"], r["name_format"]) for r in made.json["rules"]] == [("urn:oid:2.5.4.3", "uri")]


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        ((), ""),
        (("--attribute", "mail"), ""),
        (("--attribute", "=email"), ""),
        (("--attribute", "mail="), ""),
        (("--attribute", "mail=first("), ""),
        (("--remove", "nothing"), ""),
        (("--from-json", "-"), "{"),
        (("--from-json", "-"), "[" * 100000),
        (("--from-json", "-"), '{"rules": {}}'),
        (("--from-json", "-"), '[{"name": "a", "source": "constant", "value": "\\u0000"}]'),
        (("--from-json", "-"), '[{"name": "a", "source": "constant", "value": "\\ud800"}]'),
        (("--from-json", "-", "--clear"), "[]"),
        (("--from-json", "no-such-file"), ""),
    ],
    ids=range(13),
)
def test_what_cannot_be_taken_is_said(wiki, words, stdin):
    refused = rules(wiki, *words, stdin=stdin)

    assert refused.code == 2
    assert len(refused.error["message"]) > 10
    assert wiki("application", "rules", "show", ENTITY_ID, "--json").json["rules"] == []


def test_sites_and_organizations_have_rules_too_and_wider_ones_are_shown(wiki):
    assert rules(wiki, "--constant", "from=organization", "--constant", "o=1", of=("organization", "acme")).code == 0
    assert rules(wiki, "--constant", "from=site", of=("site", "acme")).code == 0

    site = wiki("site", "rules", "show", "acme", "--json").json
    assert [(r["level"], r["name"]) for r in site["wider"]] == [("organization", "o")]
    shown = wiki("application", "rules", "show", ENTITY_ID)
    assert "the constant site [basic], by the site" in shown.out
    assert "the constant 1 [basic], by the organization" in shown.out
    assert wiki("organization", "rules", "show", "acme").out.startswith("acme: 2 rules of its own")


def test_a_rule_that_can_send_nothing_yet_is_said_so(wiki):
    made = wiki("application", "rules", "set", ENTITY_ID, "--attribute", "dept=department")

    assert (
        "note: nothing is sent as dept yet: the attribute department may not leave: the organization withholds it"
        in made.out
    )
    wiki("organization", "release", "acme", "--attribute", "email", "--attribute", "department")
    assert "note:" not in wiki("application", "rules", "set", ENTITY_ID, "--attribute", "d=department").out


def test_what_may_leave_is_said_at_every_level(wiki):
    assert wiki("organization", "release", "acme", "--nothing", "--json").json["attributes"] == []
    assert wiki("site", "release", "acme", "--attribute", "email", "--json").json["attributes"] == ["email"]
    assert wiki("site", "release", "acme", "--attribute", "shoe_size").code == 2
    assert wiki("site", "release", "acme").code == 2
    shown = wiki("application", "show", ENTITY_ID)
    assert "organization lets out  nothing" in shown.out
    assert "site lets out          email" in shown.out
    assert "no rule: what may leave is sent under its own name" in shown.out


def test_a_level_that_was_narrowed_can_be_opened_again(wiki):
    for of in (("site", "release", "acme"), ("application", "release", ENTITY_ID)):
        assert wiki(*of, "--attribute", "email", "--json").json["attributes"] == ["email"]
        assert wiki(*of, "--everything", "--json").json["attributes"] is None
        assert wiki(*of, "--everything", "--nothing").code == 2
    assert wiki("organization", "release", "acme", "--everything").code == 2
    log = wiki("audit", "list", "--limit", "1").out
    assert "from email to everything that wider levels let out" in log


def test_the_application_shows_what_is_sent_under_which_names(wiki):
    rules(wiki, "--attribute", "mail=email")
    shown = wiki("application", "show", ENTITY_ID)

    assert "mail\n      the attribute email [basic], by the application" in shown.out
    assert wiki("application", "show", ENTITY_ID, "--json").json["release"]["rules"][0]["level"] == "application"


def test_rules_are_said_to_be_for_saml(wiki):
    made = wiki(
        "application",
        "create-oidc",
        "--site",
        "acme",
        "--name",
        "Notes",
        "--redirect-uri",
        "https://n.example/cb",
        "--json",
    )
    notes = made.json["application_id"]

    assert "rules are for SAML" in wiki("application", "rules", "set", notes, "--attribute", "mail=email").out
    assert "rules are for SAML" in wiki("application", "show", notes).out


def test_further_attributes_of_an_account(wiki):
    made = wiki("account", "set", ANN, "--attribute", "department=IT", "--attribute", "department=R&D", "--json")
    assert made.json["attributes"] == {"department": ["IT", "R&D"]}
    assert "department   IT, R&D" in wiki("account", "show", ANN).out

    assert "no further attributes" in wiki("account", "set", ANN, "--attribute", "department=").out
    for wrong in ("department", "=x", "sub=x", "email=x@y.example", "a b=c"):
        assert wiki("account", "set", ANN, "--attribute", wrong).code == 2
    assert wiki("account", "set", ANN).code == 2


def test_the_preview_in_words_and_as_json(wiki):
    rules(wiki, "--attribute", "mail=email", "--attribute", "cost=salary")
    words = wiki("application", "saml", "preview", ENTITY_ID, "--account", ANN)

    assert words.code == 0, words.err
    for said in (
        f"{ANN} may open Wiki",
        "_WOULD-BE-MADE",
        "← rule of the application, from the attribute email",
        "cost: the attribute salary may not leave: the organization withholds it",
        "the response is signed with the key key_",
        "<saml:Audience>https://wiki.example/saml/metadata</saml:Audience>",
    ):
        assert said in words.out
    value = wiki("application", "saml", "preview", ENTITY_ID, "--account", ANN, "--json").json
    assert value["statements"][0]["values"] == [ANN]
    assert value["xml"].startswith("<saml:Assertion ")
    assert wiki("application", "saml", "preview", ENTITY_ID, "--account", "nobody@acme.example").code == 3
    asked = (
        "--context",
        "https://refeds.org/profile/mfa",
        "--comparison",
        "minimum",
        "--acs",
        "9",
        "--ip",
        "198.51.100.7",
    )
    value = wiki("application", "saml", "preview", ENTITY_ID, "--account", ANN, *asked, "--known-device", "--json").json
    assert value["faults"] == ["no assertion consumer has the index 9"]
    assert value["circumstances"].endswith("from 198.51.100.7, on a device that is known")


def test_a_preview_with_a_format_that_is_none_names_those_that_are(wiki):
    words = wiki("application", "saml", "preview", ENTITY_ID, "--account", ANN, "--nameid-format", "foo").out

    assert "the NameID format 'foo' is not given; those that are: " in words
    assert all(format_ in words for format_ in nameid.FORMATS)


def test_a_preview_of_what_cannot_be_sent_says_so(wiki):
    wiki("application", "disable", ENTITY_ID)
    windows = "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName"
    words = wiki("application", "saml", "preview", ENTITY_ID, "--account", ANN, "--nameid-format", windows)

    assert words.code == 0
    assert "MAY NOT OPEN Wiki: the application is disabled" in words.out
    assert "NOTHING WOULD BE SENT" in words.out
    assert "<saml:" not in words.out


def test_a_windows_name_by_the_switches(wiki):
    windows = "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName"
    assert wiki("application", "saml", "set", ENTITY_ID, "--nameid-format", windows).code == 2
    source = r'"ACME\\" + before(email, "@")'
    made = wiki(
        "application", "saml", "set", ENTITY_ID, "--nameid-format", windows, "--name-id-source", source, "--json"
    )
    assert made.json["saml"]["name_id_source"] == source
    preview = wiki("application", "saml", "preview", ENTITY_ID, "--account", ANN, "--json").json
    assert (preview["name_id"], preview["faults"]) == (r"ACME\ann", [])
    assert wiki("application", "saml", "free-name", ENTITY_ID, r"ACME\ann", "--yes").code == 3
