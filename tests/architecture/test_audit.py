"""The catalogue of audit events: each has a well-formed tag and a sentence, and only one function writes."""

import ast
import re
from string import Formatter

import pytest

from idp.audit.events import Event, catalogue
from idp.audit.sentences import sentence
from tests.architecture.source import modules, tree

EVENTS = catalogue()
NOUN_PAST_TENSE = re.compile(r"[a-z]+(-[a-z]+)*\.([a-z]+-)*[a-z]+")
_PAST = re.compile(r"(ed|en|on|made|sent|withdrawn)$")


def test_every_event_has_a_tag_of_its_own():
    assert len(EVENTS) == len({event.__qualname__ for event in Event.__subclasses__()})


@pytest.mark.parametrize("tag", sorted(EVENTS))
def test_a_tag_is_a_noun_and_what_happened_to_it(tag):
    assert NOUN_PAST_TENSE.fullmatch(tag)
    assert _PAST.search(tag)


@pytest.mark.parametrize("tag", sorted(EVENTS))
def test_every_event_has_a_sentence(tag):
    assert EVENTS[tag].sentence


@pytest.mark.parametrize("tag", sorted(EVENTS))
def test_a_sentence_speaks_of_details_that_the_event_has(tag):
    details = set(EVENTS[tag].__dataclass_fields__) - set(Event.__dataclass_fields__)

    assert {name for _, name, _, _ in Formatter().parse(EVENTS[tag].sentence) if name} <= details


def test_i14_details_cannot_reach_into_objects():
    assert sentence("account.created", {"email": "{0.__class__}", "name": "{slug}"}) == (
        "created the account {0.__class__} for {slug}"
    )


def test_only_one_module_writes_the_audit_log():
    """R23, T17: whoever writes entries past `record` could forget the actor, or the cleaning of text."""
    makers = [
        str(file)
        for file in modules()
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "AuditEntry"
    ]
    writers = [str(f) for f in modules() if "insert(table(AuditEntry))" in f.read_text() and f.name != "log.py"]

    assert makers == []
    assert writers == []
