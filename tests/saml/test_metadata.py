"""Metadata: a service provider's read and judged, and our own as others read it (SAML Metadata 2.0)."""

from base64 import b64decode

import pytest
from cryptography.x509 import load_der_x509_certificate
from lxml import etree

from idp.base.errors import Invalid
from idp.directory import keys as keys_
from idp.directory import sites
from idp.keyring import keyring
from idp.saml import metadata, names
from idp.saml.description import EncryptionMethod, SpDescription
from idp.saml.encryption import target
from tests.support.hidden_text import WITHOUT_MARK
from tests.support.saml_world import N
from tests.support.schemas import validate
from tests.support.service_provider import NOON, ServiceProvider, consumer, pair, stamp

SP = ServiceProvider()
DER = SP.pair.der
POST, REDIRECT = names.POST, names.REDIRECT


def read(document: bytes, *, http_loopback: bool = False) -> SpDescription:
    return metadata.read(document, now=NOON, http_loopback=http_loopback)


def test_metadata_that_is_valid_until_the_end_of_time_is_read():
    """X30: a refresh must not fall over it, again and again."""
    until = read(SP.metadata(entity=' validUntil="9999-12-31T23:59:59Z"')).valid_until
    assert until is not None
    assert until.year == 9999


def test_everything_that_is_used_is_read():
    described = read(
        SP.metadata(
            signing=DER,
            encryption=DER,
            inside=(
                f'<md:EncryptionMethod Algorithm="{names.RSA_OAEP}"><ds:DigestMethod Algorithm="{names.SHA256}"/>'
                f'<xenc11:MGF xmlns:xenc11="{names.XENC11}" Algorithm="{names.MGF1_SHA256}"/></md:EncryptionMethod>'
                f'<md:EncryptionMethod Algorithm="{names.AES128_GCM}"/>'
            ),
            attributes=' AuthnRequestsSigned="true" WantAssertionsSigned="1"',
            consumers=consumer("https://sp.example/a", index=7, default="true")
            + consumer("https://sp.example/b", binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact", index=8)
            + '<md:AttributeConsumingService index="0"><md:ServiceName xml:lang="de">Wiki (de)</md:ServiceName>'
            '<md:ServiceName xml:lang="en">Team  wiki</md:ServiceName>'
            '<md:RequestedAttribute Name="email" FriendlyName="mail" isRequired="true"/></md:AttributeConsumingService>',
            slo=f'<md:SingleLogoutService Binding="{REDIRECT}" Location="https://sp.example/slo"'
            ' ResponseLocation="https://sp.example/slo/done"/>',
            formats=(names.EMAIL, names.PERSISTENT),
            entity=f' validUntil="{stamp(NOON, hours=1)}"',
        )
    )

    assert described.entity_id == SP.entity_id
    assert described.display_name == "Team wiki"
    assert [(e.location, e.index, e.is_default) for e in described.assertion_consumers] == [
        ("https://sp.example/a", 7, True),
        ("https://sp.example/b", 8, None),
    ]
    assert described.logout_endpoints[0].response_location == "https://sp.example/slo/done"
    assert described.signing_certificates == (DER,)
    assert described.encryption_keys[0].methods == (
        EncryptionMethod(names.RSA_OAEP, names.SHA256, names.MGF1_SHA256),
        EncryptionMethod(names.AES128_GCM),
    )
    assert described.nameid_formats == (names.EMAIL, names.PERSISTENT)
    assert [(a.name, a.friendly_name, a.required) for a in described.requested_attributes] == [("email", "mail", True)]
    assert described.authn_requests_signed
    assert described.want_assertions_signed
    assert described.valid_until.hour == 13
    assert SpDescription.from_json(described.to_json()) == described


def test_the_name_of_the_user_interface_comes_first():
    info = (
        f'<md:Extensions xmlns:md="{names.MD}"><mdui:UIInfo xmlns:mdui="{names.MDUI}">'
        '<mdui:DisplayName xml:lang="en">Wiki</mdui:DisplayName></mdui:UIInfo></md:Extensions><md:KeyDescriptor'
    )
    document = SP.metadata(signing=DER).decode().replace("<md:KeyDescriptor", info, 1).encode()

    assert read(document).display_name == "Wiki"
    assert metadata.name_of(read(document)) == "Wiki"
    assert metadata.name_of(read(SP.metadata())) == "sp.example"


@pytest.mark.parametrize(
    ("shape", "signs", "encrypts"),
    [
        ({"signing": DER}, 1, 0),
        ({"encryption": DER}, 0, 1),
        ({"use_less": DER}, 1, 1),
        ({"signing": DER, "encryption": DER}, 1, 1),
        ({}, 0, 0),
    ],
    ids=["signing", "encryption", "no use", "both", "none"],
)
def test_x14_a_key_without_use_is_for_both(shape, signs, encrypts):
    described = read(SP.metadata(**shape))

    assert (len(described.signing_certificates), len(described.encryption_keys)) == (signs, encrypts)
    assert metadata.can_verify(described) is bool(signs)


@pytest.mark.parametrize(
    "location",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "http://sp.example/acs",
        "HTTPS://sp.example/acs",
        "https:/sp.example",
        "https:sp.example",
        "//sp.example/acs",
        "/acs",
        "",
        "https://",
        "https://user@sp.example/acs",
        "https://user:secret@sp.example/acs",
        "https://sp.example/acs#fragment",
        "https://sp.example/a&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;",
        "https://sp.example/a&#10;Set-Cookie: x",
        "https://sp.example/a&#13;&#10;",
        "https://sp.example/a b",
        "https://sp.example\\@evil.example/",
        "https://sp.example:0/acs",
        "https://sp.example:port/acs",
        "https://sp..example/acs",
        "https://-sp.example/acs",
        "https://sp.example;evil.example/acs",
        "https://bücher.example/acs",
        "ftp://sp.example/acs",
        "file:///etc/passwd",
        "https://sp.example/" + "a" * 2048,
    ],
)
@pytest.mark.parametrize("where", ["consumer", "slo", "response"])
def test_x16_p11_an_address_is_https_and_nothing_but_an_address(where, location):
    documents = {
        "consumer": SP.metadata(consumers=consumer("https://sp.example/ok") + consumer(location, index=1)),
        "slo": SP.metadata(slo=f'<md:SingleLogoutService Binding="{REDIRECT}" Location="{location}"/>'),
        "response": SP.metadata(
            slo=f'<md:SingleLogoutService Binding="{REDIRECT}" Location="https://sp.example/slo"'
            f' ResponseLocation="{location}"/>'
        ),
    }
    if where == "response" and not location:
        return  # an empty ResponseLocation is none
    with pytest.raises(Invalid) as refused:
        read(documents[where])
    assert refused.value.field == "metadata"


@pytest.mark.parametrize("location", ["http://localhost:8001/acs", "http://127.0.0.1/acs", "http://[::1]:8001/acs"])
def test_x16_plain_http_is_for_loopback_and_only_where_that_is_allowed(location):
    document = SP.metadata(consumers=consumer(location), slo=" ")

    assert read(document, http_loopback=True).assertion_consumers[0].location == location
    with pytest.raises(Invalid):
        read(document)
    with pytest.raises(Invalid):
        read(SP.metadata(consumers=consumer("http://localhost.evil.example/acs"), slo=" "), http_loopback=True)


@pytest.mark.parametrize(
    ("what", "document"),
    [
        ("no XML", b"SAML"),
        ("an identity provider", SP.metadata().replace(b"SPSSODescriptor", b"IDPSSODescriptor")),
        ("another protocol", SP.metadata().replace(names.SAMLP.encode(), b"urn:oasis:names:tc:SAML:1.1:protocol", 2)),
        (
            "several entities",
            SP.metadata(wrap=f'<md:EntitiesDescriptor xmlns:md="{names.MD}">{{}}</md:EntitiesDescriptor>'),
        ),
        ("no entity ID", SP.metadata().replace(b' entityID="https://sp.example/metadata"', b"")),
        ("an empty entity ID", SP.metadata().replace(b'"https://sp.example/metadata"', b'""')),
        ("a blank in the entity ID", SP.metadata().replace(b"sp.example/metadata", b"sp.example/meta data")),
        ("a long entity ID", SP.metadata().replace(b"sp.example/metadata", b"a" * 1025)),
        ("no consumer by post", SP.metadata(consumers=consumer("https://sp.example/a", binding=REDIRECT))),
        ("expired", SP.metadata(entity=f' validUntil="{stamp(NOON, minutes=-4)}"')),
        ("a date that is none", SP.metadata(entity=' validUntil="yesterday"')),
        ("a short key", SP.metadata(signing=pair("short", "rsa-1024").der)),
        ("a certificate that is none", SP.metadata(signing="AAAA")),
        ("a certificate that is no base64", SP.metadata(encryption="not base64!")),
    ],
)
def test_what_cannot_be_worked_with_is_refused_in_plain_words(what, document):
    with pytest.raises(Invalid) as refused:
        read(document)

    assert refused.value.field == "metadata"
    assert refused.value.message.endswith(".")
    assert refused.value.advice.endswith(".")


@pytest.mark.parametrize("encoding", WITHOUT_MARK)
def test_x4_metadata_in_another_encoding_without_a_mark_is_refused(encoding):
    """X4: else an entity could stand in the address that assertions go to."""
    hidden = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "https://sp.example/acs">]>'
        + SP.metadata().decode().replace(SP.acs, "&e;")
    )
    for document in (hidden, SP.metadata().decode()):
        with pytest.raises(Invalid) as refused:
            read(document.encode(encoding))
        assert "UTF-8" in refused.value.cause


def test_x4_metadata_with_a_doctype_is_refused():
    with pytest.raises(Invalid):
        read(SP.metadata(wrap='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>{}'))


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        (("", "", ""), 0),
        (("", "true", ""), 1),
        (("false", "", "true"), 2),
        (("false", "", ""), 1),
        (("false", "false", "false"), 0),
    ],
)
def test_the_default_consumer_is_the_one_that_the_standard_says(defaults, expected):
    """SAML Metadata 2.0 section 2.2.3."""
    locations = [f"https://sp.example/{i}" for i in range(3)]
    document = SP.metadata(
        consumers="".join(
            consumer(location, index=i, default=default)
            for i, (location, default) in enumerate(zip(locations, defaults, strict=True))
        )
    )

    assert read(document).default_consumer().location == locations[expected]


def test_x12_encryption_is_chosen_among_what_is_strong():
    """X12, X25: nothing older, whatever a service provider names."""

    def chosen(*methods: str):
        inside = "".join(f'<md:EncryptionMethod Algorithm="{m}"/>' for m in methods)
        return target(read(SP.metadata(encryption=DER, inside=inside)).encryption_keys)

    cbc, rsa15 = names.XENC + "aes256-cbc", names.XENC + "rsa-1_5"
    assert (chosen().data, chosen().transport) == (names.AES256_GCM, names.RSA_OAEP_MGF1P)
    assert chosen(names.AES128_GCM).data == names.AES128_GCM
    assert chosen(names.AES128_GCM, names.AES256_GCM).data == names.AES256_GCM
    assert chosen(cbc, names.AES128_GCM).data == names.AES128_GCM
    assert chosen(cbc, rsa15, names.AES192_GCM, names.RSA_OAEP).data == names.AES192_GCM
    assert chosen(names.RSA_OAEP).transport == names.RSA_OAEP
    assert chosen(rsa15, names.RSA_OAEP_MGF1P).transport == names.RSA_OAEP_MGF1P
    assert chosen(cbc) is None
    assert chosen(rsa15) is None
    assert chosen(names.XENC + "tripledes-cbc") is None
    assert target(read(SP.metadata(encryption=pair("curve", "p-256").der)).encryption_keys) is None


def test_x12_the_key_to_encrypt_with_is_chosen_from_the_metadata():
    """The first that we can use: a curve, an old method or a signing key is passed over, none is used by mistake."""
    curve, weak, good, signing = pair("curve", "p-256").der, pair("weak").der, pair("good").der, DER

    def key(der: str, use: str = "", method: str = "") -> str:
        inside = f'<md:EncryptionMethod Algorithm="{method}"/>' if method else ""
        return (
            f"<md:KeyDescriptor{use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{der}</ds:X509Certificate>"
            f"</ds:X509Data></ds:KeyInfo>{inside}</md:KeyDescriptor>"
        )

    encryption = ' use="encryption"'
    keys = (
        key(signing, ' use="signing"')
        + key(curve, encryption)
        + key(weak, encryption, names.XENC + "rsa-1_5")
        + key(good, encryption)
    )
    document = SP.metadata().replace(b"<md:SingleLogoutService", keys.encode() + b"<md:SingleLogoutService", 1)

    assert target(read(document).encryption_keys).certificate == good


# Ours


@pytest.fixture
def answer(world):
    return world.app.test_client().get("/sites/acme/saml/metadata")


def test_our_metadata_is_at_the_entity_id_and_valid(answer):
    root = etree.fromstring(answer.data)

    assert answer.mimetype == "application/samlmetadata+xml"
    assert root.get("entityID") == "http://localhost:8000/sites/acme/saml/metadata"
    assert (
        root.xpath("//md:SingleSignOnService/@Location", namespaces=N)
        == ["http://localhost:8000/sites/acme/saml/sso"] * 2
    )
    assert root.xpath("//md:SingleLogoutService/@Binding", namespaces=N) == [REDIRECT, POST, names.SOAP]
    assert root.xpath("//md:IDPSSODescriptor/@WantAuthnRequestsSigned", namespaces=N) == ["false"]
    assert etree.tostring(root, method="c14n", exclusive=True) == answer.data
    validate(answer.data)


def test_x12_our_metadata_names_no_weak_algorithm_and_no_private_key(answer):
    assert b"sha1" not in answer.data
    assert b"PRIVATE" not in answer.data


def test_our_metadata_is_answered_from_caches(world, answer):
    again = world.app.test_client().get("/sites/acme/saml/metadata", headers={"If-None-Match": answer.headers["ETag"]})

    assert again.status_code == 304
    assert "public" in answer.headers["Cache-Control"]


def test_next_and_retired_certificates_are_published_too(world):
    """Whoever caches us knows the next certificate before it signs, and the last one for as long as it may be needed."""
    with world.work() as work:
        site = sites.facts(work, "acme")
        first = keyring.active(work, site.organization_id, site.id, keyring.SAML_SIGNING)
        for state in (keyring.RETIRED, keyring.NEXT, keyring.GONE):
            keyring.create(
                work,
                site.organization_id,
                site.id,
                purpose=keyring.SAML_SIGNING,
                algorithm="RSA-2048",
                state=state,
                subject=state,
            )
        keys_.add(work, site.organization_id, site.id, subject="acme", algorithm="P-384")

    root = etree.fromstring(world.app.test_client().get("/sites/acme/saml/metadata").data)

    found = root.xpath("//md:KeyDescriptor[@use='signing']//ds:X509Certificate/text()", namespaces=N)
    assert len(found) == len(set(found)) == 4
    assert found[0] == first.certificate_der_base64
    kinds = [type(load_der_x509_certificate(b64decode(der)).public_key()).__name__ for der in found]
    assert kinds[:2] == ["RSAPublicKey", "ECPublicKey"]


def test_an_unknown_site_has_none(world):
    assert world.app.test_client().get("/sites/nobody/saml/metadata").status_code == 404
