"""Sentences with values in them: in English as they stand, in another language as its catalogue says, and kept as JSON."""

import json
from copy import deepcopy

import pytest

from idp.base.texts import Joined, counted, joined, packed, phrase, said, sentence, unpacked

GERMAN = {
    "Disable %(accounts)s": "%(accounts)s sperren",
    "%(others)s or %(last)s": "%(others)s oder %(last)s",
    "a passkey": "ein Passkey",
    "100 % sure": "ganz sicher",
    ", ": "; ",
}
COUNTED = {"%(num)s account": ("%(num)s Konto", "%(num)s Konten")}


def german(text: str) -> str:
    return said(text, lambda words: GERMAN.get(words, words), lambda one, _, number: COUNTED[one][number != 1])


EITHER = phrase("%(others)s or %(last)s", others=joined([phrase("a passkey"), "100 % wool"], ", "), last="a passkey")
SENTENCES = [
    (phrase("Disable %(accounts)s", accounts=counted("%(num)s account", "%(num)s accounts", 1)), "Disable 1 account", "1 Konto sperren"),
    (phrase("Disable %(accounts)s", accounts=counted("%(num)s account", "%(num)s accounts", 3)), "Disable 3 accounts", "3 Konten sperren"),
    (EITHER, "a passkey, 100 % wool or a passkey", "ein Passkey; 100 % wool oder a passkey"),
    (joined(["one", phrase("a passkey")], ", "), "one, a passkey", "one; ein Passkey"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "english", "in_german"), SENTENCES, ids=[one[1] for one in SENTENCES])
def test_a_phrase_is_english_as_it_stands_and_is_said_whole_in_another_language_but_for_names(text, english, in_german):
    assert text == english
    assert german(text) == in_german
    assert said(text, str) == english


@pytest.mark.parametrize("text", [one[0] for one in SENTENCES], ids=[one[1] for one in SENTENCES])
def test_a_phrase_that_was_kept_is_said_as_before(text):
    again = unpacked(json.loads(json.dumps(packed(text))))

    assert (again, german(again)) == (text, german(text))
    assert german(deepcopy(text)) == german(text)


def test_text_that_was_kept_as_text_stays_text():
    assert unpacked(packed("Disable 3 accounts")) == "Disable 3 accounts"
    assert type(unpacked("a passkey")) is str


def test_a_plain_sentence_becomes_a_phrase_that_may_stand_in_others():
    assert sentence("100 % sure") == "100 % sure"
    assert german(phrase("Disable %(accounts)s", accounts=sentence("a passkey"))) == "ein Passkey sperren"
    assert sentence(EITHER) is EITHER


def test_one_alone_is_joined_to_nothing_and_none_is_nothing():
    assert not isinstance(joined(["one"], ", "), Joined)
    assert joined([], ", ") == ""
