"""One canonical form for what people are called (D8, A27)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.base.errors import Invalid
from idp.directory import names


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Ada@Example.org", "ada@example.org"),
        ("ada@EXAMPLE.org", "ada@example.org"),
        ("ａda@example.org", "ada@example.org"),
        ("straße@example.org", "strasse@example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        (" ada@example.org ", "ada@example.org"),
    ],
)
def test_a27_one_person_has_one_key(left, right):
    assert names.email_key(left) == names.email_key(right)


@pytest.mark.parametrize(
    "value",
    ["", "ada", "@example.org", "ada@", "ada@example.org.", "a@b@example.org", "ada@exa mple.org", "ad\u200da@example.org",
     "ada\n@example.org", "\u202eada@example.org", '"ada"@example.org', "ada@-example-.org", "x" * 400 + "@example.org"],
)  # fmt: skip
def test_a27_what_is_no_address_is_refused(value):
    with pytest.raises(Invalid):
        names.email(value)


@given(st.text(max_size=60))
def test_canonical_forms_are_stable(value):
    key = names.email_key_or_empty(value + "@example.org")
    if key:
        assert names.email_key(key) == key
    assert names.name_key(names.name_key(value)) == names.name_key(value)


@pytest.mark.parametrize("value", ["", "-a", "a-", "A", "a b", "ä", "a" * 64, "a/b", "a.b"])
def test_a_slug_that_could_confuse_an_address_is_refused(value):
    with pytest.raises(Invalid):
        names.slug(value)


def test_a26_long_input_is_bounded_before_it_is_normalised():
    before = time.process_time()
    with pytest.raises(Invalid):
        names.name("a\u0301\u0327" * 100_000)
    with pytest.raises(Invalid):
        names.email("a\u0301\u0327" * 100_000 + "@example.org")

    assert time.process_time() - before < 0.3
