"""What we send, judged by those who did not make it: signxml, python-xmlsec, python3-saml, the schemas."""

import base64
from datetime import UTC, datetime
from functools import cache

import pytest
import xmlsec
from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from signxml import SignatureConfiguration, XMLVerifier

from idp.keyring.keyring import Key
from idp.saml import names, signing
from idp.saml.description import EncryptionKey, EncryptionMethod
from idp.saml.encryption import encrypted, target
from idp.saml.writer import element, write
from tests.support.saml_world import ANN, N, posted
from tests.support.schemas import validate
from tests.support.service_provider import ServiceProvider, pair

DS = f"{{{names.DS}}}"
VALUES = ["Ann", "a & b <c> \"d\" 'e' \r\n\t ü 😀 \u2028 \x7f", " ", "]]>", "&amp;", "-->"]


@cache
def key(kind: str) -> Key:
    made = pair("ours", kind)
    return Key("key_x", "saml-signing", kind.upper(), "active", made.private, made.pem, made.der)


def message(value: str = "x"):
    return element(
        "saml:Assertion",
        {"ID": "_a", "IssueInstant": "2030-01-01T12:00:00Z", "Version": "2.0"},
        element("saml:Issuer", None, value),
        element("saml:Subject", None, element("saml:NameID", {"SPNameQualifier": value}, value)),
    )


def verify_xmlsec(root, certificate_pem: str) -> None:
    for signature in root.iter(DS + "Signature"):
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(certificate_pem, xmlsec.KeyFormat.CERT_PEM)
        context.register_id(signature.getparent(), "ID")
        context.verify(signature)


def verify_signxml(root, certificate_pem: str) -> None:
    expected = SignatureConfiguration(location="./", verification_time=datetime(2031, 1, 1, tzinfo=UTC))
    for signature in list(root.iter(DS + "Signature")):
        XMLVerifier().verify(
            etree.tostring(signature.getparent()), x509_cert=certificate_pem, id_attribute="ID", expect_config=expected
        )


@pytest.mark.parametrize("kind", ["rsa-2048", "rsa-3072", "p-256"])
@pytest.mark.parametrize("value", VALUES)
def test_what_we_sign_is_verified_by_others_whatever_is_in_it(kind, value):
    written = signing.signed(message(value), signing.signer(key(kind))).xml

    root = etree.fromstring(written.encode())
    assert etree.tostring(root, method="c14n", exclusive=True).decode() == written
    assert (root.xpath("//saml:NameID", namespaces=N)[0].text or "") == value
    verify_xmlsec(root, key(kind).certificate_pem)


def test_a_changed_octet_is_noticed():
    written = signing.signed(message("Ann"), signing.signer(key("rsa-2048"))).xml
    with pytest.raises(xmlsec.Error):
        verify_xmlsec(etree.fromstring(written.replace(">Ann<", ">Eve<").encode()), key("rsa-2048").certificate_pem)


def answer_of(world, sp, browser, **switches) -> bytes:
    world.register(sp, sp.metadata(signing=sp.pair.der, encryption=sp.pair.der), **switches)
    return posted(browser.sso(sp.query(sp.authn_request(ID="_mine")))).xml


def our_certificate(world) -> str:
    document = world.app.test_client().get("/sites/acme/saml/metadata").data
    der = etree.fromstring(document).xpath("//ds:X509Certificate/text()", namespaces=N)[0]
    return f"-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n"


def test_a_response_is_canonical_valid_and_verified_by_two_others(world, sp, ann):
    xml = answer_of(world, sp, ann)
    root = etree.fromstring(xml)

    assert etree.tostring(root, method="c14n", exclusive=True) == xml
    assert len(list(root.iter(DS + "Signature"))) == 2
    verify_xmlsec(root, our_certificate(world))
    verify_signxml(root, our_certificate(world))
    validate(xml)


def test_an_assertion_taken_out_of_its_response_is_verified_too(world, sp, ann):
    assertion = etree.fromstring(answer_of(world, sp, ann)).find(f"{{{names.SAML}}}Assertion")
    verify_xmlsec(etree.fromstring(etree.tostring(assertion)), our_certificate(world))


def decrypted(root, private_pem: str):
    data = root.find(f".//{{{names.XENC}}}EncryptedData")
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(private_pem, xmlsec.KeyFormat.PEM))
    return xmlsec.EncryptionContext(manager).decrypt(data)


def test_an_encrypted_assertion_is_decrypted_and_verified_by_others(world, sp, ann):
    xml = answer_of(world, sp, ann, encrypt_assertion=True)
    root = etree.fromstring(xml)
    assert ANN.encode() not in xml
    assert etree.tostring(root, method="c14n", exclusive=True) == xml
    validate(xml)

    verify_xmlsec(root, our_certificate(world))
    assertion = decrypted(root, sp.pair.key_pem)
    assert assertion.xpath(".//saml:NameID/text()", namespaces=N)
    verify_xmlsec(etree.fromstring(etree.tostring(assertion)), our_certificate(world))


@pytest.mark.parametrize("data", [names.AES128_GCM, names.AES192_GCM, names.AES256_GCM])
@pytest.mark.parametrize(
    "transport",
    [
        EncryptionMethod(names.RSA_OAEP_MGF1P),
        EncryptionMethod(names.RSA_OAEP_MGF1P, names.SHA256),
        EncryptionMethod(names.RSA_OAEP, names.SHA256, names.MGF1_SHA256),
        EncryptionMethod(names.RSA_OAEP, names.SHA512, names.MGF1_SHA384),
    ],
    ids=range(4),
)
def test_x12_every_way_that_we_encrypt_can_be_decrypted_by_another(data, transport):
    sp = ServiceProvider()
    to = target((EncryptionKey(sp.pair.der, (EncryptionMethod(data), transport)),))

    element_ = encrypted(write(message("Ann & co")), to)

    root = etree.fromstring(write(element("samlp:Response", None, element_)).xml.encode())
    assert decrypted(root, sp.pair.key_pem).findtext(f"{{{names.SAML}}}Issuer") == "Ann & co"


def test_x25_no_two_encryptions_share_anything(world, sp, ann):
    sp_key = (EncryptionKey(sp.pair.der),)
    values = [write(encrypted(write(message()), target(sp_key))).xml for _ in range(2)]
    found = [etree.fromstring(v.encode()).xpath("//xenc:CipherValue/text()", namespaces=N) for v in values]
    assert len({*found[0], *found[1]}) == 4


def test_x12_p9_only_strong_algorithms_go_out(world, sp, ann):
    """SHA-1 is there only as the mask of RSA-OAEP, where collisions mean nothing."""
    xml = answer_of(world, sp, ann, encrypt_assertion=True)
    assertion = decrypted(etree.fromstring(xml), sp.pair.key_pem)

    used = {value for root in (etree.fromstring(xml), assertion) for value in root.xpath("//@Algorithm")}
    assert used == {
        names.EXCLUSIVE_C14N,
        names.ENVELOPED,
        names.RSA_SHA256,
        names.SHA256,
        names.AES256_GCM,
        names.RSA_OAEP_MGF1P,
        names.SHA1,
    }
    oaep = etree.fromstring(xml).xpath(f"//ds:DigestMethod[@Algorithm='{names.SHA1}']", namespaces=N)
    assert [node.getparent().tag for node in oaep] == [f"{{{names.XENC}}}EncryptionMethod"]


def python3_saml(world, sp: ServiceProvider, idp: dict | None = None, **changes) -> OneLogin_Saml2_Settings:
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {
                "entityId": sp.entity_id,
                "assertionConsumerService": {"url": sp.acs, "binding": names.POST},
                "privateKey": sp.pair.key_pem,
                "x509cert": sp.pair.pem,
            },
            "idp": idp
            or {
                "entityId": f"{sp.idp}/metadata",
                "singleSignOnService": {"url": f"{sp.idp}/sso", "binding": names.REDIRECT},
                "x509cert": our_certificate(world),
            },
            "security": {"wantAssertionsSigned": True, "wantMessagesSigned": True, "wantNameId": True} | changes,
        }
    )


def accepted(
    world, sp, xml: bytes, *, idp: dict | None = None, request_id: str = "_mine", **security
) -> OneLogin_Saml2_Response:
    from onelogin.saml2 import utils

    response = OneLogin_Saml2_Response(python3_saml(world, sp, idp, **security), base64.b64encode(xml).decode())
    real, utils.OneLogin_Saml2_Utils.now = (
        utils.OneLogin_Saml2_Utils.now,
        staticmethod(lambda: int(world.now.timestamp())),
    )
    try:
        request = {"http_host": "sp.example", "script_name": "/acs", "https": "on", "get_data": {}, "post_data": {}}
        response.is_valid(request, request_id=request_id, raise_exceptions=True)
    finally:
        utils.OneLogin_Saml2_Utils.now = real
    return response


@pytest.mark.parametrize("encrypt", [False, True])
def test_x24_python3_saml_in_strict_mode_accepts_it(world, sp, ann, encrypt):
    xml = answer_of(world, sp, ann, encrypt_assertion=encrypt)

    response = accepted(world, sp, xml, wantAssertionsEncrypted=encrypt)

    assert response.get_attributes()["email"] == [ANN]
    assert response.get_nameid_format() == names.PERSISTENT
    assert response.get_session_index()


def test_x24_another_service_provider_refuses_it(world, sp, ann):
    """X24: the audience, the recipient and the request are this one's alone."""
    xml = answer_of(world, sp, ann)
    other = ServiceProvider(entity_id="https://other.example/metadata", acs="https://other.example/acs")

    with pytest.raises(Exception, match=r"audience|destination|Recipient|instance|received at"):
        accepted(world, other, xml)
