"""`idp application templates`, `create-saml --template` and `saml vendor-values`, as people and scripts use them."""

import pytest

from idp.saml import templates
from tests.cli.test_applications import METADATA
from tests.support.template_world import far_end, given

SLACK = ("application", "create-saml", "--site", "acme", "--template", "slack")


@pytest.fixture
def slack(acme):
    """Slack, registered, as JSON."""
    made = acme(*SLACK, "--field", "workspace=acme", "--json")
    assert made.code == 0, made.err
    return made.json


def test_the_templates_are_listed(acme):
    assert [one["name"] for one in acme("application", "templates", "--json").json] == list(templates.names())
    assert "slack" in acme("application", "templates").out


@pytest.mark.parametrize("name", templates.names())
def test_each_is_shown_with_what_it_asks_for_and_what_to_enter_at_the_vendor(idp, name):
    """Before there is any installation: whoever evaluates reads it first."""
    of = templates.find(name)
    shown = idp("application", "templates", name)

    assert shown.code == 0, shown.err
    for field in of.fields:
        assert f"--field {field.name}=" in shown.out
    for value in of.vendor.values:
        assert value.label in shown.out
    assert "**" not in shown.out
    assert idp("application", "templates", name, "--json").json["fields"] == [
        {"name": one.name, "label": one.label, "help": one.help, "example": one.example, "default": one.default}
        for one in of.fields
    ]


def test_with_a_site_its_values_are_printed_before_anything_is_registered(acme):
    shown = acme("application", "templates", "google-workspace", "--site", "acme")

    assert "http://localhost:8000/sites/acme/saml/sso" in shown.out
    assert "-----BEGIN CERTIFICATE-----" in shown.out
    assert acme("application", "list", "--json").json == []
    assert acme("application", "templates", "--site", "acme").code == 2
    assert acme("application", "templates", "slack", "--site", "nobody").code == 3


@pytest.mark.parametrize("name", [name for name in templates.names() if name != "salesforce"])
def test_each_is_registered_with_its_fields(acme, name):
    of = templates.find(name)
    words = [word for field, value in given(of).items() for word in ("--field", f"{field}={value}")]

    made = acme("application", "create-saml", "--site", "acme", "--template", name, *words, "--everyone", "--json")

    assert made.code == 0, made.err
    assert made.json["saml"]["entity_id"] == far_end(of).entity_id
    assert [one["subject_kind"] for one in made.json["access"]] == ["everyone"]
    assert len(made.json["vendor"]["values"]) == len(of.vendor.values)


def test_what_it_prints_can_be_printed_again(acme, slack):
    again = acme("application", "saml", "vendor-values", slack["id"], "--json")

    assert again.json["values"] == slack["vendor"]["values"]
    assert (again.json["template"], again.json["where"]) == ("slack", slack["vendor"]["where"])
    assert acme("application", "saml", "vendor-values", "https://slack.com").code == 0


def test_any_application_has_values_for_its_vendor(acme, here):
    (here / "metadata.xml").write_text(METADATA)
    made = acme("application", "create-saml", "--site", "acme", "--metadata", "metadata.xml", "--json").json

    assert acme("application", "saml", "vendor-values", made["id"], "--json").json["template"] == "generic"
    other = acme("application", "saml", "vendor-values", made["id"], "--template", "zoom")
    assert "Issuer (IDP Entity ID)" in other.out
    assert acme("application", "saml", "vendor-values", made["id"], "--template", "slak").code == 3


def test_in_words_it_says_what_was_made_what_is_missing_and_what_to_enter(acme):
    made = acme(
        "application", "create-saml", "--site", "acme", "--template", "microsoft-365", "--field", "domain=acme.example"
    )

    assert made.code == 0, made.err
    assert "registered Microsoft 365: nobody may open it yet" in made.out
    assert "immutable_id is not sent: the organization withholds it. Nobody can sign on without it." in made.out
    assert "-IssuerUri" in made.out


def test_switches_beside_a_template(acme):
    made = acme(*SLACK, "--field", "workspace=acme", "--no-sign-response", "--name", "Chat", "--json")

    assert (made.json["name"], made.json["saml"]["sign_response"]) == ("Chat", False)


def test_metadata_beside_a_template(acme, here):
    (here / "metadata.xml").write_text(METADATA)
    words = ("application", "create-saml", "--site", "acme", "--template", "salesforce", "--metadata", "metadata.xml")

    wrong = acme(*words, "--field", "domain=acme")
    assert wrong.code == 2
    assert "not of “https://acme.my.salesforce.com”" in wrong.err
    assert acme(*words).code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((*SLACK,), 2),
        ((*SLACK, "--field", "workspace"), 2),
        ((*SLACK, "--field", "workspace=a", "--field", "workspace=b"), 2),
        ((*SLACK, "--field", "workspace=a b"), 2),
        ((*SLACK, "--field", "team=a"), 2),
        (("application", "create-saml", "--site", "acme", "--template", "slak"), 3),
        (("application", "create-saml", "--site", "nobody", "--template", "slack", "--field", "workspace=a"), 3),
        (("application", "create-saml", "--site", "acme"), 2),
        (("application", "create-saml", "--site", "acme", "--metadata", "-", "--field", "a=b"), 2),
        (("application", "create-saml", "--site", "acme", "--template", "salesforce", "--field", "domain=acme"), 2),
    ],
)
def test_what_cannot_be_taken_is_said_and_leaves_nothing(acme, words, code):
    refused = acme(*words)

    assert refused.code == code
    assert "Traceback" not in refused.err
    assert acme("application", "list", "--json").json == []


def test_the_same_application_twice_is_a_conflict(acme, slack):
    assert acme(*SLACK, "--field", "workspace=acme").code == 4
