"""A mold filled is what the writer would have written; nothing but values gets into it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.base.errors import Invalid
from idp.policy.release import Statement
from idp.saml import mold, responses
from idp.saml.names import ATTRIBUTE_NAME_FORMATS
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


def test_what_we_make_ourselves_needs_no_escaping():
    """Ids, moments, digests and signatures go in as they are: nothing in them would be written otherwise."""
    alphabet = "ABCXYZabcxyz0189+/=_:.-"
    made = mold.mold(_tree(mold.ours("id"), mold.ours("name"), mold.place("inner")))

    assert made.filled({"id": alphabet, "name": alphabet, "inner": ""}) == write(_tree(alphabet, alphabet, "")).xml


def test_x22_a_value_that_looks_like_a_mark_is_a_value():
    value = mold.text("name")

    assert MOLD.filled({"id": "a", "name": value, "inner": ""}).count(value) == 1


def test_x22_what_others_chose_cannot_pass_for_a_mark():
    """X22: an entity ID or an attribute's name is molded; what marks look like in the source is not enough."""
    chosen = "\ue000tname\ue001"
    made = mold.mold(_tree(mold.attribute("id"), chosen, mold.text("name")))

    assert made.filled({"id": "a", "name": "Ann"}).count("Ann") == 1
    assert chosen in made.filled({"id": "a", "name": "Ann"})


def test_its_two_halves_are_the_whole():
    values = {"id": "_1", "name": "<&>", "inner": INNER.xml}
    head, tail = MOLD.split_at("inner")

    assert head.filled(values) + INNER.xml + tail.filled(values) == MOLD.filled(values)


def test_a_value_that_is_missing_is_a_mistake():
    with pytest.raises(KeyError):
        MOLD.filled({"id": "_1"})


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
STATEMENTS = st.lists(
    st.builds(
        Statement,
        NAMES,
        st.one_of(st.just(""), NAMES),
        st.sampled_from(sorted(ATTRIBUTE_NAME_FORMATS)),
        st.sampled_from(["string", "boolean", "integer", "none"]),
        st.lists(ANY, min_size=1, max_size=40).map(tuple),
        st.just("because"),
    ),
    min_size=1,
    max_size=4,
).map(tuple)


@given(STATEMENTS)
def test_x22_attributes_are_what_the_writer_writes_of_them(statements):
    try:
        expected = write(responses._attribute_statement(statements), responses._INSIDE)
    except Invalid:
        with pytest.raises(Invalid):
            responses._attributes(statements)
        return

    assert responses._attributes(statements) == expected
