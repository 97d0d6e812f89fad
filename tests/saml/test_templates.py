"""Application templates as data: every file is right, and whatever is wrong with one is found when it is read."""

import re
import subprocess
import sys
from dataclasses import FrozenInstanceError
from importlib import resources

import pytest
import yaml

from idp.base import placeholders
from idp.base.errors import NotFound
from idp.base.template_files import TemplateFault
from idp.saml import errors, names, templates
from idp.saml.from_template import answers
from idp.saml.templates.reading import template
from tests.support.template_world import given

VENDORS = {
    "aws-iam", "aws-iam-identity-center", "google-workspace", "microsoft-365", "slack", "github-organization",
    "gitlab-group", "gitlab-self-managed", "atlassian-cloud", "salesforce", "zoom", "grafana", "nextcloud",
    "jira-data-center", "generic",
}  # fmt: skip
EVERY = [pytest.param(of, id=of.name) for of in templates.every()]
STATUS = {f"saml-{code[1].rpartition(':')[2].lower()}" for code in errors.STATUS.values()} | {
    "saml-invalidnameidpolicy",
    "saml-requestunsupported",
}


@pytest.fixture
def slack() -> dict:
    """What the file of Slack's template says."""
    return yaml.safe_load(resources.files(templates).joinpath("slack.yaml").read_text(encoding="utf-8"))


def test_every_vendor_of_the_list_has_a_template():
    assert set(templates.names()) == VENDORS


def test_an_unknown_template_is_not_found_and_the_known_ones_are_named():
    with pytest.raises(NotFound) as refused:
        templates.find("slak")

    assert "slack" in refused.value.advice


@pytest.mark.parametrize("name", ["../slack", "slack.yaml", "", "__init__", "/etc/passwd"])
def test_a_name_never_becomes_a_path(name):
    with pytest.raises(NotFound):
        templates.find(name)


@pytest.mark.parametrize("of", EVERY)
def test_a_template_is_whole(of):
    assert of.documentation
    assert of.vendor.values
    assert of.troubles
    assert all(one.label and one.help for one in of.fields)
    assert set(answers(of, given(of), with_metadata=True)) == {field.name for field in of.fields}


@pytest.mark.parametrize("of", EVERY)
def test_a_template_speaks_of_codes_that_exist(of):
    known = set(errors._WORDS) | STATUS

    assert {one.code for one in of.troubles if one.code} <= known


@pytest.mark.parametrize("of", EVERY)
def test_an_email_name_is_made_of_what_the_vendor_is_told_to_look_for(of):
    if of.name_id.format == names.EMAIL:
        assert of.name_id.source == "email"


@pytest.mark.parametrize("of", EVERY)
def test_a_template_cannot_be_changed(of):
    with pytest.raises(FrozenInstanceError):
        of.title = "x"


def test_start_up_and_sign_on_read_no_template():
    """They cost nothing where nobody asks for one."""
    said = (
        "import idp.app, idp.oidc.templates as o, idp.saml.templates as s; print(len(o.FOLDER.known | s.FOLDER.known))"
    )

    assert subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout == "0\n"


# What a file may say


def broken(values: dict, path: str, value: object) -> dict:
    """Return *values* with one thing changed (None: removed)."""
    *above, last = path.split(".")
    part = values
    for key in above:
        part = part[int(key) if key.isdigit() else key]
    key = int(last) if last.isdigit() else last
    if value is None:
        del part[key]
    else:
        part[key] = value
    return values


def test_what_the_file_says_is_right(slack):
    assert template("slack", slack) == templates.find("slack")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("title", None),
        ("title", ""),
        ("title", "a\nb"),
        ("title", 3),
        ("titel", "Slack"),
        ("vendor.what", "x"),
        ("documentation", []),
        ("needs", "one"),
        ("needs", [""]),
        ("registration", "telephone"),
        ("entity_id", "{nothing}"),
        ("entity_id", "{workspace"),
        ("entity_id", "{workspace!r}"),
        ("entity_id", "{workspace.x}"),
        ("entity_id", "{0}"),
        ("consumers", []),
        ("consumers", ["http://{workspace}.slack.com/sso/saml"]),
        ("consumers", ["javascript:{workspace}"]),
        ("start_url", "data:{workspace}"),
        ("logout_endpoints", [{"binding": "soap", "location": "https://a.example/"}]),
        ("logout_endpoints", [{"binding": "post", "location": "https://{workspace}@a.example/"}]),
        ("fields.0.name", "Workspace"),
        ("fields.1.name", "workspace"),
        ("fields.0.pattern", "("),
        ("fields.0.example", "A B"),
        ("fields.1.default", "https://other.example"),
        ("fields.0.default", "{issuer}"),
        ("fields.0.kind", "secret"),
        ("name_id.format", "kerberos"),
        ("name_id", {"format": "email", "says": "x"}),
        ("name_id", {"format": "transient", "source": "email", "says": "x"}),
        ("name_id", {"format": "persistent", "source": "lower(", "says": "x"}),
        ("rules.0.source", "secret"),
        ("rules.0.optional", "yes"),
        ("rules.0.nmae", "x"),
        ("rules.0.name", "{workspace}"),
        ("rules.0.name_format", "uri"),
        ("rules.1.name", "User.Email"),
        ("rules.0", {"name": "x", "source": "expression", "value": "lower(\"{workspace}\")"}),
        ("rules.0", {"name": "x", "source": "attribute", "value": "groups", "rename": {"a": "{workspace}"}}),
        ("sign", {"response": False, "assertion": False}),
        ("sign.response", 1),
        ("idp_initiated", "no"),
        ("relay_states", ["https://a.example/"]),
        ("vendor.values.0.give", "private_key"),
        ("vendor.values.0", {"label": "x"}),
        ("vendor.values.0", {"label": "x", "give": "sso", "enter": "y"}),
        ("vendor.values.0", {"label": "x", "enter": "{nothing}"}),
        ("notes", ["{nothing}"]),
        ("troubles", [{"sign": "x"}]),
        ("troubles", "x"),
    ],
)  # fmt: skip
def test_x16_whatever_is_wrong_with_a_file_is_found_when_it_is_read(slack, path, value):
    with pytest.raises(TemplateFault):
        template("slack", broken(slack, path, value))


@pytest.mark.parametrize("values", [None, [], "x", {1: "x"}])
def test_a_file_is_a_mapping(values):
    with pytest.raises(TemplateFault):
        template("slack", values)


# Placeholders


def test_i14_a_placeholder_is_replaced_once_and_reaches_nothing():
    """I14: neither format strings nor what is in a value are looked at."""
    values = {"a": "{b}", "b": "secret"}

    assert placeholders.fill("x{a}y", values) == "x{b}y"
    for text in ("{a.__class__}", "{a!r}", "{a:>9}", "{0}", "{}", "{A}", "{{a}}"):
        assert not placeholders.is_clean(text)


def test_braces_of_the_vendor_stay():
    assert placeholders.is_clean("${NameID} ${email} {a}")
    assert placeholders.fill("${email} {a}", {"a": "1"}) == "${email} 1"


def test_a_missing_value_is_an_error_and_is_shown_in_capitals():
    with pytest.raises(KeyError):
        placeholders.fill("{a}", {})
    assert placeholders.shown("{a}-{b}", {"b": "1"}) == "A-1"


def test_no_template_knows_a_secret_or_a_machine():
    for name in templates.names():
        text = resources.files(templates).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
        assert not re.search(r"BEGIN|PRIVATE|password:|!!", text), name
