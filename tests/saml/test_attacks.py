"""
Attacks of the threat list through the whole application: a page, nothing that leaves, nobody signed on or off.

What a single function refuses is in the file of that function's subject; here is seen that it is asked.
"""

import gc
import resource
import socket
import time
import zlib
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Thread
from urllib.parse import quote
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from lxml import etree

from idp.audit.models import Attempt
from idp.saml import gate, names, signatures
from idp.saml.certificates import known_keys
from idp.saml.models import ServiceProvider as Row
from idp.signon.models import PendingSignOn, SeenMessage
from tests.support.saml_world import ANN, Browser, posted, refused
from tests.support.service_provider import ServiceProvider, deflated, encoded, pair, signature_template, stamp
from tests.support.wrapping import ATTACKS, signed_and_twin

SIGN = names.RSA_SHA256
BINDINGS = ("redirect", "post")


def sent(browser: Browser, binding: str, xml: str | bytes, *, to: str = "sso", name: str = "SAMLRequest"):
    """Send *xml* unsigned (or signed inside) to our service *to*."""
    if binding == "post":
        bare = browser.client.application.test_client()
        return bare.post(f"/sites/acme/saml/{to}", data={name: encoded(xml)})
    return browser.client.get(f"/sites/acme/saml/{to}?{name}={quote(deflated(xml), safe='')}")


@pytest.fixture
def strict(world) -> ServiceProvider:
    made = ServiceProvider()
    world.register(made, require_signed_requests=True)
    return made


@pytest.fixture
def signed_on(strict, ann):
    """What Ann was signed on with there: her NameID element and the index of her session."""
    answer = posted(ann.sso(strict.query(strict.authn_request(), sign=SIGN)))
    name = etree.tostring(answer.find("//saml:NameID")[0], method="c14n", exclusive=True, with_tail=False).decode()
    return name, answer.one("//saml:AuthnStatement/@SessionIndex")


@contextmanager
def nothing_happens(world, browser):
    """Nobody is signed on or off, no request is used up, nothing waits."""
    counted = (PendingSignOn, SeenMessage)
    before = [world.count(model) for model in counted], len(world.audited("application.signed-on"))
    yield
    assert ([world.count(model) for model in counted], len(world.audited("application.signed-on"))) == before
    assert world.alive(browser)


@pytest.mark.parametrize("binding", BINDINGS)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__.strip("_"))
def test_x1_wrapped_requests_get_nothing_and_wrapped_logouts_end_nothing(
    world, strict, ann, signed_on, attack, binding
):
    """X1: thirteen shapes, both services, both bindings."""
    name, index = signed_on
    with nothing_happens(world, ann):
        refused(sent(ann, binding, etree.tostring(attack(*signed_and_twin(strict, strict.authn_request())))))
        wrapped = attack(*signed_and_twin(strict, strict.logout_request(name, index)))
        refused(sent(ann, binding, etree.tostring(wrapped), to="slo"))


SOURCE = st.text(st.sampled_from("ab<>&\"'; \t\né😀")) | st.text(max_size=40)


@given(provider=SOURCE, state=st.sampled_from(["persistent", "é&<>"]), prefix=st.sampled_from(["samlp", "a", "x-1"]))
@hypothesis.settings(max_examples=60, deadline=None)
def test_x2_what_is_read_says_what_was_signed_and_nothing_more(provider, state, prefix):
    """X2: as a parser of another family reads it, whatever stands in it and however it is prefixed."""
    sp = ServiceProvider()
    legal = "".join(
        c for c in provider if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
    )
    xml = sp.authn_request(f"<samlp:NameIDPolicy Format={quoteattr(state)}/>").replace(
        " Version=", f" ProviderName={quoteattr(legal)} Version=", 1
    )
    xml = xml.replace("samlp:", f"{prefix}:").replace("xmlns:samlp", f"xmlns:{prefix}")
    received = sp.enveloped(xml).encode()

    read, signed = signatures.verified(gate.read(received, names.AUTHN_REQUEST), None, known_keys((sp.pair.der,)))

    assert signed
    other = ElementTree.fromstring(received.decode())
    other.remove(other.find(f"{{{names.DS}}}Signature"))
    assert flat(read) == flat(other)
    assert read.get("ProviderName") == other.get("ProviderName")


def flat(root) -> list[tuple]:
    """Return what a tree of either parser says: names, attributes and text."""
    return [(node.tag, sorted(node.attrib.items()), (node.text or "").strip()) for node in root.iter()]


@pytest.mark.parametrize(
    "change",
    [
        ("<ds:Signature xmlns:ds=", "<ds:Signature xmlns:ds='urn:other' xmlns:dsx="),
        ("<saml:Issuer>", "<saml:Issuer xmlns:saml='urn:other'>"),
        (' ID="', ' xmlns:x="urn:x" x:ID="_other" ID="'),
        (' ID="', ' Id="_other" ID="'),
        ('<samlp:AuthnRequest xmlns:samlp="', '<samlp:AuthnRequest xmlns="relative" xmlns:samlp="'),
        (' Version="2.0"', ' Version="2.0" xml:base="https://evil.example/"'),
        (' Version="2.0"', ' Version="2.&#48;" Extra="x"'),
        ("</saml:Issuer>", "</saml:Issuer>\r"),
        ("<ds:SignedInfo>", '<ds:SignedInfo Id="_other">'),
        ('URI="#', 'URI="#xpointer(/)#'),
        ('URI="#', 'Type="http://www.w3.org/2000/09/xmldsig#Object" URI="#x'),
        ("<ds:DigestValue>", "<ds:DigestValue>AAAA"),
        ("<ds:SignatureValue>", "<ds:SignatureValue>AAAA"),
        ("</ds:SignedInfo>", "</ds:SignedInfo><ds:SignedInfo/>"),
        (
            f'<ds:CanonicalizationMethod Algorithm="{names.EXCLUSIVE_C14N}"/>',
            f'<ds:CanonicalizationMethod Algorithm="{names.EXCLUSIVE_C14N}#WithComments"/>',
        ),
    ],
    ids=range(15),
)
def test_x2_documents_that_two_parsers_could_take_for_two_messages(world, strict, ann, change):
    """X2: one change to a signed message that was good; the last word is the signature's."""
    good = strict.enveloped(strict.authn_request())
    changed = good.replace(*change, 1)
    assert changed != good
    with nothing_happens(world, ann):
        refused(sent(ann, "post", changed))
    assert sent(ann, "post", good).status_code == 303


# We take assertions from nobody

ASSERTION = (
    f'<saml:Assertion xmlns:saml="{names.SAML}" ID="_a" Version="2.0" IssueInstant="2030-01-01T12:00:00Z">'
    f"<saml:Issuer>https://sp.example/metadata</saml:Issuer><saml:Subject><saml:NameID>{ANN}</saml:NameID></saml:Subject>"
    "</saml:Assertion>"
)
HIDDEN = f'<saml:EncryptedAssertion xmlns:saml="{names.SAML}"><x/></saml:EncryptedAssertion>'
LAYOUTS = {
    "before": ASSERTION + "{}",
    "after": "{}" + ASSERTION,
    "nested": "<samlp:Extensions>" + ASSERTION + "</samlp:Extensions>{}",
    "encrypted": HIDDEN + "{}",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("to", ["sso", "slo"])
@pytest.mark.parametrize("binding", BINDINGS)
def test_x3_an_assertion_signs_nobody_on_here(world, strict, ann, layout, to, binding):
    """X3: before, after or inside of what is signed, or encrypted; as a request, as a response, at either service."""
    sp = strict
    signed = sp.enveloped(ASSERTION.replace('ID="_a"', 'ID="_signed"'))
    response = (
        f'<samlp:Response xmlns:samlp="{names.SAMLP}" ID="_r" Version="2.0" IssueInstant="2030-01-01T12:00:00Z">'
        f"{LAYOUTS[layout].format(signed)}</samlp:Response>"
    )
    request = sp.authn_request().replace(
        "</samlp:AuthnRequest>", f"{LAYOUTS[layout].format(signed)}</samlp:AuthnRequest>"
    )
    stranger = world.browser()
    with nothing_happens(world, ann):
        refused(sent(stranger, binding, response, to=to, name="SAMLResponse"))
        refused(sent(stranger, binding, response, to=to))
        refused(sent(stranger, binding, request, to=to))


# What a DOCTYPE could do

CANARY = "canary-d1f2a9"


def _payloads(file: str, address: str) -> dict[str, bytes]:
    root = f'<samlp:AuthnRequest xmlns:samlp="{names.SAMLP}">'
    end = "</samlp:AuthnRequest>"
    ladder = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    inside = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{file}">]>'
    return {
        "a file": f"{inside}{root}&e;{end}".encode(),
        "an address": f'<!DOCTYPE x [<!ENTITY e SYSTEM "{address}">]>{root}&e;{end}'.encode(),
        "a parameter entity": f'<!DOCTYPE x [<!ENTITY % p SYSTEM "{address}"> %p;]>{root}{end}'.encode(),
        "a document type elsewhere": f'<!DOCTYPE x SYSTEM "{address}">{root}{end}'.encode(),
        "a ladder of entities": f'<!DOCTYPE x [<!ENTITY l0 "lol">{ladder}]>{root}&l9;{end}'.encode(),
        "UTF-16": f'<?xml version="1.0" encoding="UTF-16"?>{inside}{root}&e;{end}'.encode("utf-16"),
        "UTF-7": f'<?xml version="1.0" encoding="UTF-7"?>{inside.replace("<", "+ADw-")}{root}&e;{end}'.encode(),
        "an entity in the ID": f'<!DOCTYPE x [<!ENTITY e "_a">]>{root[:-1]} ID="&e;">{end}'.encode(),
        "XInclude": (
            f'{root}<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{file}" parse="text"/>{end}'
        ).encode(),
        "a stylesheet": f'<?xml-stylesheet type="text/xsl" href="{address}"?>{root}{end}'.encode(),
    }


@contextmanager
def listening():
    """A door on loopback; yields its address and the list of who came."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        open_ = [True]

        def wait() -> None:
            while open_[0]:
                try:
                    connection, who = server.accept()
                except TimeoutError:
                    continue
                came.append(who)
                connection.close()

        thread = Thread(target=wait)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/x.dtd", came
        finally:
            open_[0] = False
            thread.join()


@pytest.mark.parametrize("what", _payloads("", ""))
def test_x4_no_entity_reads_a_file_or_calls_anybody(world, registered, ann, tmp_path, what):
    """X4: refused in under 100 ms of CPU; nobody calls, nothing of the file is on the page or in the record."""
    secret = tmp_path / "secret.txt"
    secret.write_text(CANARY)
    ann.sso("SAMLRequest=warm")
    with listening() as (address, came):
        payload = _payloads(secret.as_uri(), address)[what]
        for to in ("sso", "slo"):
            for binding in BINDINGS:
                began = time.process_time()
                answer = sent(ann, binding, payload, to=to)
                assert time.process_time() - began < 0.1
                refused(answer)
                assert CANARY not in answer.text
                assert CANARY not in world.last_attempt(answer).cause

    assert came == []


# X5, X6, X7: sizes


def test_x5_fifty_bombs_at_once_hurt_nobody(world, registered, sp, ann):
    """X5: 50 KB that would be 40 MB, fifty at the same time; in a form it is not even inflated."""
    packer = zlib.compressobj(9, wbits=-15)
    bomb = quote(b64encode(packer.compress(bytes(40_000_000)) + packer.flush()).decode(), safe="")
    cookie = {"Cookie": f"ostiary_session={ann.token}"}

    def redirect(message: str) -> int:
        client = world.app.test_client(use_cookies=False)
        return client.get(f"/sites/acme/saml/sso?SAMLRequest={message}", headers=cookie).status_code

    def form(message: str) -> int:
        kind = "application/x-www-form-urlencoded"
        client = world.app.test_client()
        return client.post("/sites/acme/saml/sso", data=f"SAMLRequest={message}", content_type=kind).status_code

    with ThreadPoolExecutor(50) as pool:
        for act in (redirect, form):
            # Fifty threads and their connections cost what they cost; as many letters do not inflate.
            assert set(pool.map(act, ["A" * len(bomb)] * 100)) == {400}
            gc.collect()
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            began = time.process_time()
            assert set(pool.map(act, [bomb] * 50)) == {400}
            assert (time.process_time() - began) / 50 < 0.1
            assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000

    assert posted(ann.sso(sp.query(sp.authn_request()))).statuses == ["Success"]


ROOT = f'<samlp:AuthnRequest xmlns:samlp="{names.SAMLP}"'


@pytest.mark.parametrize(
    ("what", "xml"),
    [
        ("depth 4,000", f"{ROOT}>{'<x>' * 4000}{'</x>' * 4000}</samlp:AuthnRequest>"),
        ("elements", f"{ROOT}>{'<x/>' * 10_000}</samlp:AuthnRequest>"),
        ("attributes", ROOT + "".join(f' a{i}=""' for i in range(4500)) + "/>"),
        ("namespaces", ROOT + "".join(f' xmlns:n{i}="urn:{i}"' for i in range(2200)) + "/>"),
        ("one long name", f"{ROOT}><{'x' * 45_000}/></samlp:AuthnRequest>"),
        ("one long value", f'{ROOT} ID="{"_" * 45_000}"/>'),
        ("references", f"{ROOT}>{'&#x41;' * 8000}</samlp:AuthnRequest>"),
    ],
)
def test_x7_complexity_costs_the_sender_more_than_us(registered, ann, what, xml):
    """X7: each in less than 200 ms of CPU, by both bindings."""
    ann.sso("SAMLRequest=warm")
    for binding in BINDINGS:
        began = time.process_time()
        answer = sent(ann, binding, xml)
        assert time.process_time() - began < 0.2
        refused(answer)


@pytest.mark.parametrize(
    "transform",
    [
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2006/12/xml-c14n11",
        "urn:none",
        "",
    ],
)
def test_x7_a_transform_that_computes_is_not_run(world, strict, ann, transform):
    xslt = '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"/>'
    listed = (
        f'<ds:Transform Algorithm="{names.ENVELOPED}"/><ds:Transform Algorithm="{transform}">'
        f"<ds:XPath>count(//*)</ds:XPath>{xslt}</ds:Transform>"
    )
    root = etree.fromstring(strict.authn_request())
    root.insert(1, etree.fromstring(signature_template(root.get("ID"), transforms=listed)))
    root.find(f".//{{{names.DS}}}DigestValue").text = "AAAA"
    root.find(f".//{{{names.DS}}}SignatureValue").text = "AAAA"
    with nothing_happens(world, ann):
        answer = sent(ann, "post", etree.tostring(root))
        refused(answer)
        assert world.last_attempt(answer).code == "saml-signature"


WEAK = [
    "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160",
    "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
    "http://www.w3.org/2009/xmldsig11#dsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha224",
    "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
    "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1",
    names.RSA_SHA256.upper(),
    names.RSA_SHA256 + " ",
    names.SHA256,
    "",
]


@pytest.mark.parametrize("algorithm", WEAK)
def test_x12_p8_no_request_is_taken_by_a_weak_or_unknown_algorithm(world, strict, ann, algorithm):
    """One request per name, by both bindings."""
    query = strict.query(strict.authn_request(), "state", sign=SIGN)
    named = query.replace(quote(SIGN, safe=""), quote(algorithm, safe=""))
    inside = strict.enveloped(strict.authn_request()).replace(SIGN, algorithm)
    assert named != query
    with nothing_happens(world, ann):
        refused(ann.sso(named))
        refused(sent(ann, "post", inside))


def test_x10_a_signature_that_is_cut_off_is_none(world, strict, ann):
    query = strict.query(strict.authn_request(), "state", sign=SIGN)
    with nothing_happens(world, ann):
        for cut in (1, 4, 100, 344):
            refused(ann.sso(query[:-cut]))
    assert posted(ann.sso(query)).statuses == ["Success"]


# X15, X16, X17, X19: addresses, states and twice


@pytest.mark.parametrize(
    "location", ["javascript:alert(1)", "data:text/html,x", 'https://x/"><script>alert(1)</script>']
)
def test_x16_a_logout_is_not_answered_at_an_address_that_got_into_the_row(world, strict, ann, signed_on, location):
    """X16: forced into the row, neither followed nor shown."""
    with world.work() as work:
        row = work.tx.session.query(Row).one()
        row.description = {
            **row.description,
            "logout_endpoints": [{**one, "location": location} for one in row.description["logout_endpoints"]],
        }

    answer = ann.client.get(f"/sites/acme/saml/slo?{strict.query(strict.logout_request(*signed_on), sign=SIGN)}")

    assert location not in answer.headers.get("Location", "")
    assert "alert(1)" not in answer.text
    assert "text/html,x" not in answer.text


def test_x17_a_megabyte_of_relay_state_is_refused_unread(world, registered, sp, ann):
    """X17: before anything is decoded."""
    xml = sp.authn_request()
    with nothing_happens(world, ann):
        began = time.process_time()
        answer = ann.post(encoded(xml), RelayState="x" * 1_000_000)
        assert time.process_time() - began < 0.2
        assert answer.status_code in (400, 413)
        refused(ann.sso(sp.query(xml, "x" * 60_000)))
    assert posted(ann.sso(sp.query(xml, "é" * 512))).relay_state == "é" * 512


NO_NUL = st.characters(codec="utf-8", exclude_characters="\x00")  # PostgreSQL cannot hold it; no verb takes it


@given(name=st.text(NO_NUL, min_size=1, max_size=60) | st.text(st.sampled_from("ab<>&\"'; \t\né😀")))
@hypothesis.settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_x22_a_name_is_a_name_whatever_it_is(world, strict, ann, name):
    """X22: what a person is called comes out of a parser of another family as it went in, or nothing is sent."""
    with world.work() as work:
        work.tx.session.merge(world.account()).name = name

    answer = ann.sso(strict.query(strict.authn_request(), sign=SIGN))

    if answer.status_code == 422:
        assert any(ord(c) < 32 or ord(c) in (0xFFFE, 0xFFFF) or 0xD800 <= ord(c) < 0xE000 for c in name)
        return
    root = ElementTree.fromstring(posted(answer).xml.decode())
    values = [
        [value.text or "" for value in attribute]
        for attribute in root.iter(f"{{{names.SAML}}}Attribute")
        if attribute.get("Name") == "name"
    ]
    assert values == ([[name]] if name else [])
    assert len(list(root.iter(f"{{{names.SAML}}}Attribute"))) == (3 if name else 2)
    assert len(list(root.iter(f"{{{names.SAML}}}Assertion"))) == 1


@pytest.mark.parametrize("left", ["no key", "a key too short", "only CBC", "only RSA 1.5"])
def test_x25_where_nothing_strong_is_left_nothing_is_sent(world, sp, ann, left):
    """X25: whatever became of the row since it was registered, plain text is never the way out."""
    world.register(sp, sp.metadata(encryption=sp.pair.der), encrypt_assertion=True)
    methods = {
        "only CBC": [{"algorithm": "http://www.w3.org/2001/04/xmlenc#aes256-cbc", "digest": "", "mask": ""}],
        "only RSA 1.5": [{"algorithm": "http://www.w3.org/2001/04/xmlenc#rsa-1_5", "digest": "", "mask": ""}],
    }
    with world.work() as work:
        row = work.tx.session.query(Row).one()
        keys = [{**one, "methods": methods.get(left, [])} for one in row.description["encryption_keys"]]
        if left == "a key too short":
            keys = [{**one, "certificate": pair("short", "rsa-1024").der} for one in keys]
        row.description = {**row.description, "encryption_keys": [] if left == "no key" else keys}

    answer = ann.sso(sp.query(sp.authn_request()))

    refused(answer)
    assert world.last_attempt(answer).code == "saml-not-encryptable"
    assert world.audited("application.signed-on") == []


@pytest.mark.both_databases
def test_x19_of_twenty_logouts_at_once_one_is_taken(world, strict, ann, signed_on):
    """X19: the others are told that it was taken before."""
    query = strict.query(strict.logout_request(*signed_on), sign=SIGN)

    def once(_) -> int:
        asking = world.app.test_client(use_cookies=False)
        while (status := asking.get(f"/sites/acme/saml/slo?{query}").status_code) == 503:
            pass  # a busy machine says to try again in a moment, and browsers do
        return status

    with ThreadPoolExecutor(20) as pool:
        answers = sorted(pool.map(once, range(20)))

    assert answers == [303] + [400] * 19
    assert len(world.audited("session.ended")) == 1
    with world.work() as work:
        codes = [one.code for one in work.tx.session.query(Attempt) if one.outcome == "refused"]
    assert [one for one in codes if one != "unavailable"] == ["saml-used"] * 19


def test_x26_where_nobody_is_proven_nothing_is_told(world, strict, ann):
    """X26: each of these is a page of ours, also when the request asks for silence."""
    passive = {"IsPassive": "true"}
    stranger = world.browser()
    for query in (
        strict.query(strict.authn_request(issuer="https://nobody.example", **passive), sign=SIGN),
        strict.query(
            strict.authn_request(AssertionConsumerServiceURL="https://evil.example/acs", **passive), sign=SIGN
        ),
        strict.query(strict.authn_request(**passive)),
        strict.query(strict.authn_request(IssueInstant=stamp(world.now, hours=-1), **passive), sign=SIGN),
    ):
        answer = stranger.sso(query)
        refused(answer)
        assert "evil.example" not in answer.text
