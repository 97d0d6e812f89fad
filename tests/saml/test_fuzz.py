"""Seeded noise: whatever is done to a good message, no assertion for it and no surprise (X8)."""

import base64
import random
from contextlib import suppress
from urllib.parse import quote

import pytest

from idp.base.errors import Invalid
from idp.saml import metadata, names
from tests.support.saml_world import refused
from tests.support.service_provider import NOON, ServiceProvider, deflated, encoded, pair

ROUNDS = 2000
EVIL = "https://evil.example/acs"
PIECES = [
    "<!DOCTYPE x>", "<!--", "-->", "<![CDATA[", "]]>", "<?x?>", "&x;", "&#0;", "&lt;", "\x00", "\ufffe", "<x>", "</x>",
    "xmlns:a='b'", "xmlns='urn:x'", f'ID="{"_a" * 10}"', '"', "'", ">", "=", "é", "\u202e", EVIL, names.SAML, "urn:x",
    "<saml:Issuer>https://other.example/metadata</saml:Issuer>", "<samlp:Extensions><x/></samlp:Extensions>", "A" * 500,
]  # fmt: skip


def mutated(chance: random.Random, xml: str) -> bytes:
    """Return *xml* with one to four things done to it."""
    octets = bytearray(xml.encode())
    for _ in range(chance.randint(1, 4)):
        at, other = sorted((chance.randrange(len(octets) + 1), chance.randrange(len(octets) + 1)))
        match chance.randrange(7):
            case 0:
                octets[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del octets[at:other]
            case 2:
                octets[at:at] = octets[at:other]
            case 3:
                octets[at:at] = chance.choice(PIECES).encode("utf-8", "surrogatepass")
            case 4:
                octets[at:other] = chance.choice(PIECES).encode("utf-8", "surrogatepass")
            case 5:
                octets = bytearray(bytes(octets).replace(b"https://sp.example/acs", EVIL.encode()))
            case _:
                value = chance.choice([b"true", b"", b"1" * 30, b"-1", b"2030-01-01T12:00:00Z", b"_x" * 200])
                parts = bytes(octets).split(b'"')
                parts[chance.randrange(len(parts))] = value
                octets = bytearray(b'"'.join(parts))
    return bytes(octets)


@pytest.fixture
def strict(world):
    made = ServiceProvider()
    world.register(made, require_signed_requests=True)
    return made


def test_x8_two_thousand_mutated_messages_never_yield_an_assertion(world, strict, ann):
    """X1, X8: signed messages, changed: by redirect under the old signature, by form with it inside."""
    chance = random.Random(20300101)
    signed = [strict.enveloped(strict.authn_request()) for _ in range(20)]
    plain = [strict.authn_request() for _ in range(20)]
    queries = [strict.query(xml, "state", sign=names.RSA_SHA256) for xml in plain]
    before = world.account().epoch
    unchanged = 0

    for i in range(ROUNDS):
        if i % 2:
            original = chance.choice(signed)
            octets = mutated(chance, original)
            answer = ann.post(encoded(octets))
            if answer.status_code == 303:
                # Accepted: then it is the signed message, in other octets that say the same.
                unchanged += 1
                assert _says_the_same(octets, original), octets
                continue
        else:
            which = chance.randrange(20)
            octets = mutated(chance, plain[which])
            query = queries[which].partition("&")[2]
            answer = ann.sso(f"SAMLRequest={quote(deflated(octets), safe='')}&{query}")
            if octets == plain[which].encode():
                continue
        refused(answer)

    assert unchanged < ROUNDS // 10
    assert world.audited("application.signed-on") == []
    assert world.account().epoch == before


def _says_the_same(octets: bytes, original: str) -> bool:
    """Changes outside of what is signed (white space in the signature, its KeyInfo) are harmless."""
    from lxml import etree

    def without_signature(xml: bytes) -> bytes:
        root = etree.fromstring(xml)
        root.remove(root.find(f"{{{names.DS}}}Signature"))
        return etree.tostring(root, method="c14n", exclusive=True)

    return without_signature(octets) == without_signature(original.encode())


def test_x8_five_hundred_mutated_parameters_are_no_surprise_either(world, strict, ann):
    chance = random.Random(7)
    good = strict.query(strict.authn_request(), "state", sign=names.RSA_SHA256)

    for _ in range(500):
        octets = bytearray(good.encode())
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(octets))
            octets[at : at + chance.randint(0, 3)] = bytes(
                chance.choice(b"%&=+;A0./\xff") for _ in range(chance.randint(0, 3))
            )
        if bytes(octets) == good.encode():
            continue
        answer = ann.client.get("/sites/acme/saml/sso", query_string=octets.decode("latin-1"))
        assert answer.status_code in (200, 303, 400)
        if answer.status_code == 200:
            assert EVIL not in answer.text

    assert len(world.audited("application.signed-on")) <= 1


def test_x8_unsigned_noise_leads_nowhere_but_to_registered_addresses(world, registered, sp, ann):
    chance = random.Random(11)
    good = sp.authn_request()

    for _ in range(600):
        answer = ann.sso(f"SAMLRequest={quote(deflated(mutated(chance, good)), safe='')}")
        assert answer.status_code in (200, 303, 400), answer.text[:500]
        if answer.status_code == 200:
            assert f'action="{sp.acs}"' in answer.text
        elif answer.status_code == 303:
            assert answer.headers["Location"].startswith("/signin/")


def test_x8_random_octets_are_refused(world, registered, ann):
    chance = random.Random(3)
    for _ in range(200):
        octets = chance.randbytes(chance.randint(0, 300))
        refused(ann.post(encoded(octets)))
        refused(ann.sso("SAMLRequest=" + quote(base64.b64encode(octets).decode(), safe="")))
        refused(ann.sso("SAMLRequest=" + quote(deflated(octets), safe="")))


def test_x8_mutated_metadata_is_read_or_refused_in_words():
    chance = random.Random(5)
    sp = ServiceProvider()
    good = sp.metadata(signing=sp.pair.der, encryption=pair("other").der, formats=(names.EMAIL,)).decode()
    taken = 0
    for _ in range(600):
        with suppress(Invalid):  # anything else is a surprise
            described = metadata.read(mutated(chance, good), now=NOON, http_loopback=False)
            assert all(one.location.startswith("https://") for one in described.assertion_consumers)
            taken += 1
    assert 0 < taken < 300
