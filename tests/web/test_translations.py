"""Every sentence of the pages, mails, errors and audit entries is there in every language, with what stands in it."""

import re

import pytest

from tests.support import catalogues

_HOLES = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
KNOWN = catalogues.messages()


@pytest.mark.parametrize("language", catalogues.FOREIGN)
def test_no_language_lacks_a_sentence(language):
    assert catalogues.missing(language, known=KNOWN) == []


@pytest.mark.parametrize("language", catalogues.FOREIGN)
def test_a_translation_has_the_values_of_the_sentence(language):
    wrong = []
    for message in catalogues.read(language):
        if not message.id or not isinstance(message.id, str):
            continue
        if sorted(set(_HOLES.findall(message.id))) != sorted(set(_HOLES.findall(str(message.string)))):
            wrong.append(message.id)
    assert wrong == []


@pytest.mark.parametrize("language", catalogues.FOREIGN)
def test_t11_a_translation_brings_no_markup_of_its_own(language):
    tags = re.compile(r"<[^>]*>")

    wrong = [
        message.id
        for message in catalogues.read(language)
        if isinstance(message.id, str)
        and message.id
        and sorted(tags.findall(message.id)) != sorted(tags.findall(str(message.string)))
    ]
    assert wrong == []


def test_a_sentence_is_said_in_german_and_its_values_are_kept(visitor, front):
    visitor.headers["Accept-Language"] = "de"
    visitor.open(front.ask())

    assert "Anmelden" in visitor.text or "Weiter" in visitor.text
    assert "Sign in" not in visitor.text


@pytest.mark.parametrize(
    "sentence",
    [
        "Accounts",
        "Everyone of %(organization)s, whatever the site.",
        ("%(num)s application", "%(num)s applications"),
        "You administer nothing here.",
        "There is, or was, a site “%(slug)s” already.",
        "created the site {name} ({slug})",
    ],
    ids=str,
)
def test_sentences_of_every_sort_are_found(sentence):
    """In a template, with a value, counted, of an error, of one with a value, of an audit entry."""
    assert sentence in KNOWN
