"""HTTP-Redirect and HTTP-POST: one message from the octets of a query or a form (SAML Bindings 2.0 sections 3.4, 3.5)."""

from urllib.parse import quote

import pytest

from idp.saml import bindings, names
from idp.saml.errors import MessageRefused
from tests.support.service_provider import ServiceProvider, deflated, encoded

SP = ServiceProvider()
XML = SP.authn_request()
MESSAGE = quote(deflated(XML), safe="")
FORM = f"SAMLRequest={quote(encoded(XML), safe='')}"


def test_a_redirect_gives_its_message_and_relay_state():
    incoming = bindings.from_query(f"SAMLRequest={MESSAGE}&RelayState=a%20b%2Fc".encode())

    assert incoming.message.decode() == XML
    assert (incoming.kind, incoming.binding, incoming.relay_state) == ("SAMLRequest", names.REDIRECT, "a b/c")
    assert incoming.signature is None


def test_a_form_gives_its_message():
    incoming = bindings.from_form(FORM.encode() + b"&RelayState=x+y")

    assert incoming.message.decode() == XML
    assert (incoming.binding, incoming.relay_state) == (names.POST, "x y")


@pytest.mark.parametrize(
    "query",
    [
        f"SAMLRequest={MESSAGE}&SAMLRequest={MESSAGE}",
        f"SAMLRequest={MESSAGE}&SAMLResponse={MESSAGE}",
        f"SAMLResponse={MESSAGE}&SAMLResponse={MESSAGE}",
        f"SAMLRequest={MESSAGE}&%53AMLRequest={MESSAGE}",
        f"SAMLRequest={MESSAGE}&RelayState=a&RelayState=b",
        f"SAMLRequest={MESSAGE}&RelayState=a&Relay%53tate=b",
        f"SAMLRequest={MESSAGE}&SigAlg=a&SigAlg=b&Signature=YWJj",
        f"SAMLRequest={MESSAGE}&SigAlg=a&Signature=YWJj&Signature=YWJj",
        f"SAMLRequest={MESSAGE}&SigAlg=a",
        f"SAMLRequest={MESSAGE}&Signature=YWJj",
        f"SAMLRequest={MESSAGE}&SigAlg=a&Signature=%21",
        f"SAMLRequest={MESSAGE}&SAMLEncoding=urn:other",
        f"SAMLRequest={MESSAGE}%2",
        f"SAMLRequest={MESSAGE}&RelayState=%zz",
        f"SAMLRequest={MESSAGE}&RelayState=%ff",
        "RelayState=a",
        "",
        "&" * 100 + f"SAMLRequest={MESSAGE}",
        f"SAMLRequest={'A' * 70_000}",
    ],
    ids=range(19),
)
def test_x11_a_query_that_can_be_read_in_two_ways_is_refused(query):
    """X11: nothing comes twice, a request and a response never together, escapes are whole."""
    with pytest.raises(MessageRefused):
        bindings.from_query(query.encode())


@pytest.mark.parametrize(
    "body",
    [
        f"{FORM}&{FORM}",
        f"{FORM}&SAMLResponse=YWJj",
        f"{FORM}&RelayState=a&RelayState=b",
        f"{FORM}&SigAlg=x&Signature=YWJj",
        f"{FORM}&Signature=",
    ],
    ids=range(5),
)
def test_x11_a_form_that_can_be_read_in_two_ways_is_refused(body):
    with pytest.raises(MessageRefused):
        bindings.from_form(body.encode())


def test_the_encoding_that_everyone_uses_may_be_named():
    query = f"SAMLRequest={MESSAGE}&SAMLEncoding={quote(names.DEFLATE, safe='')}"
    assert bindings.from_query(query.encode()).message.decode() == XML


@pytest.mark.parametrize("value", ["a" * 1025, "é" * 513, "a\r\nb", "a\x00b", "\x85"], ids=range(5))
def test_x17_relay_state_is_short_and_without_control_characters(value):
    with pytest.raises(MessageRefused):
        bindings.from_query(f"SAMLRequest={MESSAGE}&RelayState={quote(value, safe='')}".encode())


def test_x11_p10_the_octets_that_were_sent_are_those_that_count():
    """Lower-case escapes, blanks as %20 or +, and any order; the octets themselves are kept."""
    lower = "".join(part.lower() if part.startswith("%") else part for part in _split(MESSAGE))
    query = f"Signature=YWJj&RelayState=a%20b&SigAlg=x%3a&SAMLRequest={lower}"

    signature = bindings.from_query(query.encode()).signature

    assert signature.octets == (f"SAMLRequest={lower}&RelayState=a%20b&SigAlg=x%3a".encode(),)
    assert signature.algorithm == "x:"


def test_an_empty_relay_state_may_have_been_signed_or_left_out():
    signature = bindings.from_query(f"SAMLRequest={MESSAGE}&RelayState=&SigAlg=x&Signature=YWJj".encode()).signature

    assert signature.octets == (
        f"SAMLRequest={MESSAGE}&RelayState=&SigAlg=x".encode(),
        f"SAMLRequest={MESSAGE}&SigAlg=x".encode(),
    )


def _split(text: str) -> list[str]:
    out, at = [], 0
    while at < len(text):
        step = 3 if text[at] == "%" else 1
        out.append(text[at : at + step])
        at += step
    return out
