"""docs/integrate/attributes.md: every example of it is run, so that it says what is true."""

import json
import re
import shlex

import pytest

from idp.policy import rules
from idp.policy.expressions import evaluate, parse
from idp.policy.release import Level, statements
from idp.policy.rules import Rule
from idp.saml.made_names import made
from tests.architecture.source import HERE
from tests.cli.test_applications import METADATA

PAGE = (HERE / "docs" / "integrate" / "attributes.md").read_text(encoding="utf-8")
ADA, *_ = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.S)]
LEVELS = [Level("organization", tuple(ADA))]
RULES = re.findall(r"```json\n(\{\"name\".*\})\n```\n\nAda: (.*)", PAGE)
CELL = r"((?:`[^`]*`(?:, )?)+|nothing)"
EXPRESSIONS = re.findall(rf"^\| `((?!urn:)[^`]+)` \| {CELL} \| [^|]+ \|$", PAGE, re.M)
NAMES = re.findall(r"^\| `(urn:[^`]+)` \| `([^`]+)` \| `([^`]+)` \|$", PAGE, re.M)
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines()]


def values(cell: str) -> tuple[str, ...]:
    return () if cell == "nothing" else tuple(re.findall(r"`([^`]*)`", cell))


def test_the_page_has_examples():
    assert (len(RULES), len(EXPRESSIONS), len(NAMES), len(COMMANDS)) == (5, 20, 4, 11)


@pytest.mark.parametrize(("rule", "sent"), RULES)
def test_a_rule_sends_what_the_page_says(rule, sent):
    found = statements(ADA, [*LEVELS, Level("application", None, (Rule.from_json(json.loads(rule)),))])

    assert tuple(value for one in found for value in one.values) == values(sent)


@pytest.mark.parametrize(("expression", "sent"), EXPRESSIONS)
def test_an_expression_makes_what_the_page_says(expression, sent):
    found, fault = evaluate(parse(expression), ADA)

    assert (tuple(dict.fromkeys(found)), fault) == (values(sent), "")  # what is there twice is sent once


@pytest.mark.parametrize(("format_", "source", "name"), NAMES)
def test_a_name_is_what_the_page_says(format_, source, name):
    assert made(source, format_, ADA, LEVELS) == (name, "")


def test_every_function_is_explained():
    from idp.policy.expressions import _FUNCTIONS

    assert {name for name in _FUNCTIONS if f"`{name}(" in PAGE} == set(_FUNCTIONS)
    assert all(f"`{source}`" in PAGE for source in (*rules.SOURCES, *rules.TYPES, *rules.NAME_FORMATS))


def test_the_commands_do_what_the_page_says(acme):
    """In the order of the page, on an installation where Ada and the wiki are."""
    acme("account", "create", ADA["email"][0], "--organization", "acme", "--name", "Ada Lovelace")
    for group in ADA["groups"]:
        acme("group", "create", group, "--organization", "acme")
        acme("group", "add", group, ADA["email"][0], "--organization", "acme")
    acme("application", "create-saml", "--site", "acme", "--metadata", "-", "--everyone", stdin=METADATA)

    for line in COMMANDS:
        done = acme(*shlex.split(line)[1:])
        assert done.code == 0, (line, done.err)

    for said in ("ada.lovelace@acme.example may open", "1815", "rule of the application, from the attribute email"):
        assert said in done.out
    for name, value in (("login", "ada.lovelace"), ("tenant", "acme"), ("organization", "acme")):
        assert f"  {name} [basic, xs:string]\n    {value}\n" in done.out
