"""Which new passwords may be taken (NIST SP 800-63B-4 section 3.1.1; policy numbers; ASVS 6.2)."""

import time
from datetime import timedelta

import pytest

from idp.policy import blocklist, passwords
from idp.policy.signon import SecondStep
from tests.conftest import NOON

GOOD = "umbrella quartz lantern"
CONTEXT = {"ada.lovelace@example.org", "ada.lovelace", "Ada Lovelace", "Acme Global"}
ASKED = passwords.Rules(minimum=12, score=2)
SHIPPED = blocklist.read(blocklist.SHIPPED)
STORED = {"minimum": 12, "score": 2, "history": 0, "maximum_days": 0, "second_step": SecondStep.REQUIRED}


def weaknesses(password, asked=ASKED):
    return passwords.weaknesses(password, asked=asked, context=CONTEXT, listed=SHIPPED.holds)


def test_a_long_phrase_is_taken():
    assert weaknesses(GOOD) == []


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("velvet oak", passwords.TOO_SHORT.format(minimum=12)),
        ("Ada.Lovelace@example.org", passwords.ABOUT_YOU),
        ("Acme Global 2026!", passwords.ABOUT_YOU),
        ("correcthorsebatterystaple1", passwords.BREACHED),
        ("CORRECTHORSEBATTERYSTAPLE", passwords.BREACHED),
        ("!!monkey203!", passwords.BREACHED_CORE),
        ("Passwort20301122", passwords.BREACHED_CORE),
        ("a" * 20, passwords.REPEATED),
        ("abababababab", passwords.REPEATED),
        ("abcabcabcabcabcabc", passwords.GUESSABLE),
        ("x" * 257, "Use at most 256 characters."),
        ("é" * 600, "Use at most 256 characters."),
    ],
)
def test_refused_with_the_sentence_that_says_why(password, sentence):
    assert weaknesses(password) == [sentence]


def test_6_2_1_a_password_that_stands_alone_has_fifteen_characters_whatever_the_policy_says():
    alone = passwords.rules(**{**STORED, "minimum": 8, "second_step": SecondStep.OFF})

    assert weaknesses("velvet oak rope", alone) == []
    assert weaknesses("velvet oak cup", alone) == [passwords.TOO_SHORT.format(minimum=15)]


@pytest.mark.parametrize(
    ("second_step", "minimum", "least"),
    [
        (SecondStep.OFF, 12, 15),
        (SecondStep.OPTIONAL, 12, 15),
        (SecondStep.OPTIONAL, 20, 20),
        (SecondStep.REQUIRED, 12, 12),
        (SecondStep.REQUIRED, 1, 8),
    ],
)
def test_the_floor_depends_on_the_second_step(second_step, minimum, least):
    assert passwords.rules(**{**STORED, "minimum": minimum, "second_step": second_step}).minimum == least


@pytest.mark.parametrize(
    "password",
    [
        "żółw na rowerze je lody",
        "密码学的花园里有一只安静的猫咪",
        "    velvet  oak  rope    ",
        "\U0001f422 velvet oak rope \U0001f422",
    ],
)
def test_6_2_5_every_character_counts_and_none_is_asked_for(password):
    assert weaknesses(password) == []


def test_6_2_9_sixty_four_characters_and_more_are_taken_and_the_last_one_counts():
    long_ = " ".join(f"velvet{i} oak{i * 7}" for i in range(20))[:256]

    assert weaknesses(long_) == []
    assert weaknesses(long_ + "x") == ["Use at most 256 characters."]


def test_6_2_4_the_three_thousand_commonest_of_that_length_are_refused():
    """The shipped list holds hundreds of thousands: of at least 8 characters for what has a second step, and of 15."""
    assert SHIPPED.description.passwords > 800_000


@pytest.mark.parametrize(
    "password", ["1q2w3e4r5t6y", "qwertyuiop123456", "passwordpassword", "iloveyou123456789", "123456789987654321"]
)
def test_6_2_12_breached_passwords_are_refused(password):
    assert passwords.BREACHED in weaknesses(password)


def test_6_2_11_words_about_the_person_are_refused_alone_and_with_figures_and_signs():
    for password in ("ada lovelace", "1990 Ada Lovelace!!", "ADA.LOVELACE12345"):
        assert passwords.ABOUT_YOU in weaknesses(password)


def test_a_higher_score_asks_for_more():
    assert weaknesses("velvet rope 77") == []
    assert weaknesses("Summer holiday", passwords.Rules(minimum=12, score=0)) == []
    assert weaknesses("Summer holiday", passwords.Rules(minimum=12, score=4)) == [passwords.GUESSABLE]


def test_the_score_is_from_0_to_4_and_knows_whose_password_it_is():
    assert passwords.score("aaaaaaaa", ()) == 0
    assert passwords.score(GOOD, ()) == 4
    assert passwords.score("wolkenkratzerei", {"wolkenkratzerei"}) < passwords.score("wolkenkratzerei", ())


def test_composed_and_decomposed_forms_are_one_password():
    assert passwords.canonical("pässphrase") == passwords.canonical("pa\u0308ssphrase")


def test_a27_a_listed_password_is_refused_in_every_spelling():
    listed = {blocklist.key_of("straße des glücks")}.__contains__

    for spelled in ("straße des glücks", "STRASSE DES GLÜCKS", "Straße des Glu\u0308cks"):
        assert passwords.weaknesses(
            spelled, asked=ASKED, context=(), listed=lambda one: listed(blocklist.key_of(one))
        ) == [passwords.BREACHED]


def test_a26_a_megabyte_costs_nothing():
    """A26, Q10: the length is bounded before anything is normalised, looked up, judged or hashed."""
    before = time.process_time()

    assert passwords.too_long("a\u0301\u0327" * 400_000)
    assert weaknesses("a\u0301\u0327" * 400_000)
    assert passwords.score("a\u0301\u0327" * 400_000, CONTEXT) == 0

    assert time.process_time() - before < 0.5


@pytest.mark.parametrize(
    "password", ["ab" * 128, "a1b2c3" * 42, "\u0301" * 256, "qwertyuiop" * 25, "passwordmonkey" * 18]
)
def test_a26_the_longest_passwords_are_judged_in_bounded_time(password):
    passwords.score("the first one reads its dictionaries", CONTEXT)
    before = time.process_time()

    weaknesses(password)
    passwords.score(password, CONTEXT)

    assert time.process_time() - before < 0.05


def test_a_password_has_no_age_unless_the_policy_says_so():
    assert passwords.expires_at(NOON, 0) is None
    assert passwords.expires_at(NOON, 90) == NOON + timedelta(days=90)
