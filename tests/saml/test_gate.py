"""The gate: what never reaches an XML library, and what is refused when it has been parsed (threats D2)."""

import base64
import gc
import resource
import time
import zlib

import pytest
from lxml import etree

from idp.saml import gate
from idp.saml.errors import MessageRefused
from idp.saml.names import AUTHN_REQUEST, SAMLP
from tests.support.hidden_text import WITHOUT_MARK
from tests.support.service_provider import ServiceProvider, deflated, encoded

GOOD = ServiceProvider().authn_request()
ROOT = f'<samlp:AuthnRequest xmlns:samlp="{SAMLP}"'


def read(xml: str | bytes):
    return gate.read(xml.encode() if isinstance(xml, str) else xml, AUTHN_REQUEST)


def around(content: str, start: str = ROOT) -> str:
    return f"{start}>{content}</samlp:AuthnRequest>"


_DECLARED = '<?xml version="1.0"?>'
_HIDDEN = '<!DOCTYPE x [<!ENTITY who "_of-an-entity">]><!-- c --><?p x?>'


@pytest.mark.parametrize("encoding", WITHOUT_MARK)
def test_x4_a_message_in_another_encoding_without_a_mark_is_refused(encoding):
    """X2, X4, X7: nothing forbidden stands side by side in it, so the octets alone give nothing away."""
    for xml in (around(""), _DECLARED + around(""), _DECLARED + _HIDDEN + around("")):
        with pytest.raises(MessageRefused) as refused:
            read(xml.encode(encoding))
        assert "UTF-8" in refused.value.cause


@pytest.mark.parametrize("encoding", WITHOUT_MARK)
@pytest.mark.parametrize("parser", [gate._message_parser, gate.metadata_parser], ids=["messages", "metadata"])
def test_x4_no_parser_guesses_an_encoding(encoding, parser):
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring((_DECLARED + around("")).encode(encoding), parser())


def test_a_good_message_passes():
    assert read(GOOD).get("Version") == "2.0"
    assert read('<?xml version="1.0" encoding="UTF-8"?>\n' + GOOD).get("Version") == "2.0"
    assert read(b"\xef\xbb\xbf" + GOOD.encode()).get("Version") == "2.0"


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + around("&e;"),
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + around("&b;"),
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>' + around(""),
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + around(""),
        ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x>' + around("")).encode("utf-16"),
        around("").encode("utf-16"),
        around("").encode("utf-32"),
        '<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x+AD4-' + around(""),
        '<?xml version="1.0" encoding="ISO-8859-1"?>' + around(""),
        '<?xml version="1.1"?>' + around(""),
        around("&undefined;"),
    ],
    ids=range(11),
)
def test_x4_no_doctype_and_no_encoding_but_utf8(xml):
    """X4: refused before there is a tree, fast, and without a look at file or network."""
    began = time.process_time()
    with pytest.raises(MessageRefused) as refused:
        read(xml)

    assert time.process_time() - began < 0.1
    assert "hostname" not in refused.value.message


@pytest.mark.parametrize(
    ("what", "xml"),
    [
        ("comment", around("<!-- c -->")),
        ("comment in a name", around("<saml:Issuer xmlns:saml='urn:x'>a<!-- -->b</saml:Issuer>")),
        ("CDATA", around("<![CDATA[x]]>")),
        ("processing instruction", around("<?php x?>")),
        ("instruction before", "<?xml-stylesheet href='x'?>" + around("")),
        ("second declaration", '<?xml version="1.0"?><?xml version="1.0"?>' + around("")),
        ("two roots", around("") + around("")),
        ("other root", '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>'),
        ("other namespace", '<samlp:AuthnRequest xmlns:samlp="urn:other"/>'),
        ("relative namespace", around("", ROOT + ' xmlns:r="relative"')),
        ("relative namespace below", around('<x xmlns="./y"/>')),
        ("two attributes of one local name", around("", ROOT + ' ID="_a" xmlns:o="urn:o" o:ID="_b"')),
        ("not well-formed", around("<x>")),
        ("not XML", "SAML"),
        ("nothing", ""),
        ("not UTF-8", around("\udcff").encode("utf-8", "surrogateescape")),
        ("NUL", around("\x00")),
    ],
)
def test_x2_p13_what_two_readers_could_read_in_two_ways_is_refused(what, xml):
    with pytest.raises(MessageRefused):
        read(xml)


@pytest.mark.parametrize(
    ("what", "xml"),
    [
        ("depth 10,000", ROOT + ">" + "<x>" * 10_000 + "</x>" * 10_000 + "</samlp:AuthnRequest>"),
        ("depth 33", around("<x>" * 32 + "</x>" * 32)),
        ("elements", around("<x/>" * 2000)),
        ("attributes of one", around("", ROOT + "".join(f' a{i}=""' for i in range(65)))),
        ("attributes", around("".join(f'<x a="{i}" b="" c="" d="" e=""/>' for i in range(1500)))),
        ("attributes with blanks", around("", ROOT + "".join(f' a{i} = ""' for i in range(10_000)))),
        ("namespaces", around("", ROOT + "".join(f' xmlns:n{i}="urn:{i}"' for i in range(3900)))),
        ("bytes", around("x" * gate.MOST_BYTES)),
    ],
)
def test_x7_complexity_is_bounded(what, xml):
    began = time.process_time()
    with pytest.raises(MessageRefused):
        read(xml)

    assert time.process_time() - began < 0.2


def test_x7_the_limits_are_where_they_are_said_to_be():
    assert read(around("<x>" * 31 + "</x>" * 31)) is not None
    assert read(around("<x/>" * 1999)) is not None


def test_x5_p1_inflation_is_bounded():
    """100 KB that would be 200 MB."""
    bomb = zlib.compressobj(9, wbits=-15)
    packed = base64.b64encode(bomb.compress(bytes(64 * 1024 * 1024)) + bomb.flush()).decode()
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()

    for _ in range(50):
        with pytest.raises(MessageRefused):
            gate.inflated(packed)

    assert time.process_time() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_x5_a_form_is_never_inflated():
    assert gate.decoded(deflated(GOOD)) != GOOD.encode()
    with pytest.raises(MessageRefused):
        read(gate.decoded(deflated(GOOD)))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "!!!!",
        "YWJj=",
        "YWJjZ",
        "YW Jj",
        "YWJj\tZGVm",
        "YWJj-_==",
        "é" * 8,
        "A" * (gate.MOST_ENCODED_BYTES + 4),
    ],
    ids=range(9),
)
def test_x6_base64_is_strict_and_its_length_comes_first(value):
    with pytest.raises(MessageRefused):
        gate.decoded(value)
    with pytest.raises(MessageRefused):
        gate.inflated(value)


def test_base64_of_a_form_may_have_line_breaks():
    lines = base64.encodebytes(GOOD.encode()).decode().replace("\n", "\r\n")
    assert gate.decoded(lines) == GOOD.encode()


@pytest.mark.parametrize(
    "octets",
    [b"not deflate at all", zlib.compress(GOOD.encode()), b""],
    ids=["noise", "zlib header", "empty"],
)
def test_x6_what_is_no_raw_deflate_is_refused(octets):
    with pytest.raises(MessageRefused):
        gate.inflated(base64.b64encode(octets).decode())


def test_x6_a_stream_that_is_cut_off_or_goes_on_is_refused():
    whole = base64.b64decode(deflated(GOOD))
    for octets in (whole[:-4], whole + b"more"):
        with pytest.raises(MessageRefused):
            gate.inflated(base64.b64encode(octets).decode())


def test_x6_nothing_grows_over_many_malformed_messages():
    """X6: 20,000 of them leave nothing behind."""
    broken = [base64.b64encode(bytes([i % 256]) * 200).decode() for i in range(256)]
    xml = encoded(around("<x"))

    def run(times: int) -> None:
        for i in range(times):
            with pytest.raises(MessageRefused):
                gate.inflated(broken[i % 256])
            with pytest.raises(MessageRefused):
                read(gate.decoded(xml))

    run(2000)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run(10_000)
    gc.collect()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8_000


def test_metadata_may_have_comments_and_nothing_else():
    sp = ServiceProvider()
    commented = sp.metadata(wrap="<?xml version='1.0'?><!-- made by hand -->{}<!-- end -->")
    assert gate.read_metadata(commented).get("entityID") == sp.entity_id
    inside = sp.metadata().replace(b"<md:SPSSODescriptor", b"<!-- <md:X/> --><md:SPSSODescriptor", 1)
    assert gate.read_metadata(inside).get("entityID") == sp.entity_id

    for bad in (
        sp.metadata(wrap="<!DOCTYPE x>{}"),
        sp.metadata(wrap='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>{}'),
        sp.metadata(wrap="<!-- <!DOCTYPE x> -->{}"),
        sp.metadata(wrap="<?php?>{}"),
        sp.metadata() + b" " * gate.MOST_METADATA_BYTES,
    ):
        with pytest.raises(MessageRefused):
            gate.read_metadata(bad)
