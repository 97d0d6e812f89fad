"""The writer: what it writes is canonical by construction, and says what it was given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from idp.base.errors import Invalid
from idp.saml import names
from idp.saml.writer import Written, element, write, write_around

LEGAL = st.text(
    st.one_of(
        st.sampled_from("\t\n\r &<>\"'\x7f\x85\xa0\u2028\ufffd😀é"),
        st.characters(min_codepoint=0x20, max_codepoint=0xD7FF),
        st.characters(min_codepoint=0xE000, max_codepoint=0xFFFD),
        st.characters(min_codepoint=0x10000, max_codepoint=0x10FFFF),
    )
)


def canonical(xml: str) -> str:
    return etree.tostring(etree.fromstring(xml.encode()), method="c14n", exclusive=True).decode()


@given(text=LEGAL, attribute=LEGAL, other=LEGAL)
def test_x22_every_value_comes_back_unchanged_and_alone(text, attribute, other):
    """X22: any string that XML can hold, through a parser that is not ours, with the elements that were written."""
    written = write(
        element(
            "saml:Assertion",
            {"B": attribute, "A": other, "C": None},
            element("saml:Issuer", None, text),
            element("ds:KeyName", {"Id": attribute}, text),
            element("saml:Subject"),
        )
    ).xml

    root = etree.fromstring(written.encode())
    assert [node.tag for node in root.iter()] == [
        f"{{{names.SAML}}}Assertion",
        f"{{{names.SAML}}}Issuer",
        f"{{{names.DS}}}KeyName",
        f"{{{names.SAML}}}Subject",
    ]
    assert root.attrib == {"A": other, "B": attribute}
    assert (root[0].text or "") == (root[1].text or "") == text
    assert root[1].get("Id") == attribute
    assert canonical(written) == written


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1f", "\ufffe", "\uffff", "\ud800"], ids=ascii)
def test_x22_what_xml_cannot_hold_is_refused(character):
    for made in (element("saml:Issuer", None, f"a{character}b"), element("saml:Issuer", {"A": f"a{character}b"})):
        with pytest.raises(Invalid):
            write(made)


def test_a_namespace_is_declared_where_it_is_first_used_and_not_again():
    written = write(
        element(
            "samlp:Response",
            None,
            element("saml:Issuer", None, "a"),
            element("saml:Assertion", None, element("saml:Issuer", None, "b")),
        )
    ).xml

    assert written == (
        f'<samlp:Response xmlns:samlp="{names.SAMLP}"><saml:Issuer xmlns:saml="{names.SAML}">a</saml:Issuer>'
        f'<saml:Assertion xmlns:saml="{names.SAML}"><saml:Issuer>b</saml:Issuer></saml:Assertion></samlp:Response>'
    )
    assert canonical(written) == written


def test_attributes_of_the_xml_namespace_come_last():
    written = write(element("md:OrganizationName", {"xml:lang": "en", "z": "1", "a": "2"}, "x")).xml

    assert written.startswith(f'<md:OrganizationName xmlns:md="{names.MD}" a="2" z="1" xml:lang="en">')
    assert canonical(written) == written


def typed(value: str, type_: str = "xs:string"):
    return element("saml:AttributeValue", {"xsi:type": type_, "xml:lang": "en", "A": value}, value)


def canonical_with_types(xml: str) -> str:
    root = etree.fromstring(xml.encode())
    return etree.tostring(root, method="c14n", exclusive=True, inclusive_ns_prefixes=["xs"]).decode()


def test_a_type_brings_the_namespaces_that_it_needs():
    written = write(typed("7", "xs:integer"))

    assert written.xml == (
        f'<saml:AttributeValue xmlns:saml="{names.SAML}" xmlns:xs="{names.XS}" xmlns:xsi="{names.XSI}"'
        ' A="7" xsi:type="xs:integer" xml:lang="en">7</saml:AttributeValue>'
    )
    assert canonical_with_types(written.xml) == written.xml
    assert written.declares == {"saml", "xs", "xsi"}


@given(text=LEGAL, other=LEGAL)
def test_x22_typed_values_come_back_unchanged_and_the_whole_is_canonical(text, other):
    """X22: siblings declare for themselves; what a sibling declared is out of scope for the next."""
    root = element("saml:Assertion", None, typed(text), typed(other, "xs:boolean"), element("saml:Issuer", None, text))
    written = write(element("samlp:Response", None, write(root), write(root))).xml

    found = etree.fromstring(written.encode())
    assert [node.text or "" for node in found.iter(f"{{{names.SAML}}}AttributeValue")] == [text, other, text, other]
    assert canonical_with_types(written) == written


def test_only_types_of_xml_schema_are_written():
    for wrong in ("string", "evil:string", None):
        with pytest.raises(ValueError, match="XML Schema"):
            write(element("saml:AttributeValue", {"xsi:type": wrong}, "x"))
    with pytest.raises(ValueError, match="prefix"):
        write(element("saml:AttributeValue", {"xsi:nil": "true"}))


def test_what_was_written_for_another_place_is_not_taken():
    alone = write(element("saml:Issuer", None, "a"))
    inside = write(element("saml:Issuer", None, "a"), frozenset({"saml"}))

    with pytest.raises(ValueError, match="another place"):
        write(element("saml:Assertion", None, alone))
    with pytest.raises(ValueError, match="another place"):
        write(element("samlp:Response", None, inside))
    assert (
        canonical(write(element("samlp:Response", None, alone)).xml)
        == write(element("samlp:Response", None, alone)).xml
    )
    assert write(element("saml:Assertion", None, inside)).xml.count("xmlns") == 1


def test_two_parts_are_the_whole():
    root = element("samlp:Response", {"ID": "_a"}, element("saml:Issuer", None, "x"), element("samlp:Status"), "tail")

    for place in range(4):
        head, tail, declares = write_around(root, place)
        assert Written(head + tail, declares) == write(root)
