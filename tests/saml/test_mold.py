"""A mold filled is what the writer would have written; nothing but values gets into it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.base.errors import Invalid
from idp.saml import mold
from idp.saml.writer import element, write

ANY = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40)
INNER = write(element("saml:Audience", None, "https://sp.example/&"), frozenset({"saml"}))


def _tree(identifier, name, child):
    return element(
        "saml:Assertion",
        {"Version": "2.0", "ID": identifier},
        element("saml:Issuer", None, name),
        element("saml:Conditions", None, child),
    )


MOLD = mold.mold(_tree(mold.attribute("id"), mold.text("name"), mold.place("inner")))


@given(identifier=ANY, name=ANY)
def test_x22_filled_with_any_values_it_is_what_the_writer_writes(identifier, name):
    try:
        expected = write(_tree(identifier, name, INNER)).xml
    except Invalid:
        with pytest.raises(Invalid):
            MOLD.filled({"id": identifier, "name": name, "inner": INNER.xml})
        return

    assert MOLD.filled({"id": identifier, "name": name, "inner": INNER.xml}) == expected


def test_x22_a_value_that_looks_like_a_mark_is_a_value():
    value = mold.text("name")

    assert MOLD.filled({"id": "a", "name": value, "inner": ""}).count(value) == 1


def test_its_two_halves_are_the_whole():
    values = {"id": "_1", "name": "<&>", "inner": INNER.xml}
    head, tail = MOLD.split_at("inner")

    assert head.filled(values) + INNER.xml + tail.filled(values) == MOLD.filled(values)


def test_a_value_that_is_missing_is_a_mistake():
    with pytest.raises(KeyError):
        MOLD.filled({"id": "_1"})
