"""Every SAML message that a test makes the application send is validated by the schemas of OASIS; here is seen that it is."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from lxml import etree

from idp.base import egress
from idp.saml import names, soap
from idp.saml.description import EncryptionKey
from idp.saml.encryption import encrypted, target
from idp.saml.writer import element, write
from idp.web.door import Door
from tests.saml.test_oracles import decrypted
from tests.support import outgoing
from tests.support.peers import in_envelope, serving
from tests.support.saml_world import posted
from tests.support.schemas import validate
from tests.support.service_provider import ServiceProvider, encoded

FORM = f'<md:SingleLogoutService Binding="{names.POST}" Location="https://sp.example/slo"/>'


@pytest.mark.parametrize("slo", ["", FORM], ids=["redirect", "form"])
def test_what_leaves_by_form_by_redirect_and_as_metadata_is_seen(world, ann, slo):
    sp = ServiceProvider()
    world.register(sp, sp.metadata(signing=sp.pair.der, slo=slo))
    answer = posted(ann.sso(sp.query(sp.authn_request())))
    name = etree.tostring(answer.find("//saml:NameID")[0], method="c14n", exclusive=True, with_tail=False).decode()
    request = sp.logout_request(name, answer.one("//saml:AuthnStatement/@SessionIndex"))

    ann.client.get(f"/sites/acme/saml/slo?{sp.query(request, sign=names.RSA_SHA256)}")
    ann.client.get("/sites/acme/saml/metadata")

    assert world.app.watch.seen == {"Response": 1, "LogoutResponse": 1, "EntityDescriptor": 1}


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('Version="2.0"', ""),
        ('Version="2.0"', 'Version="2.0" Unheard="of"'),
        ("<saml:Audience>", "<saml:Audience/><saml:AudienceX>"),
        (' AuthnInstant="', ' AuthnInstant="x'),
        (' ID="_', ' ID="1 is no name'),
        ("<saml:Conditions", "<saml:Advice/><saml:Conditions"),
    ],
    ids=range(6),
)
def test_a_message_that_is_not_valid_stops_its_test(registered, sp, ann, good, bad):
    """One change at a time to a Response that was good, sent again by an application that is watched."""
    xml = posted(ann.sso(sp.query(sp.authn_request()))).xml.decode()
    assert good in xml

    assert leaves(xml)
    with pytest.raises(AssertionError, match="samlp:Response"), outgoing.judged(), pytest.raises(etree.LxmlError):
        leaves(xml.replace(good, bad))


def leaves(xml: str) -> bytes:
    """Let an application of ours send *xml* in a page, by a road that is not under test."""
    page = f'<form><input type="hidden" name="SAMLResponse" value="{encoded(xml)}"></form>'
    application = Door(__name__)
    application.add_url_rule("/", view_func=lambda: page)
    application.testing = True
    return application.test_client().get("/").data


def called(xml: str) -> bytes:
    with serving(lambda heard: (200, {}, b"heard")) as peer:
        made = egress.post(
            f"{peer.address}/soap",
            in_envelope(xml),
            content_type=soap.CONTENT_TYPE,
            allowed=(),
            most_bytes=100,
            http_loopback=True,
        )
    return made.body


def test_a_call_by_soap_that_is_not_valid_stops_its_test():
    xml = ServiceProvider().logout_request("<saml:NameID>a</saml:NameID>")
    assert called(xml) == b"heard"

    with pytest.raises(AssertionError, match="Version"), outgoing.judged(), pytest.raises(etree.LxmlError):
        called(xml.replace(' Version="2.0"', ""))


@pytest.mark.parametrize("version", ["2.0", None])
def test_what_was_encrypted_and_is_not_valid_stops_its_test(version):
    """Its schema does not see into what is encrypted, so it is looked at where it is decrypted."""
    sp = ServiceProvider()
    attributes = {"ID": "_a", "IssueInstant": "2030-01-01T12:00:00Z"} | ({"Version": version} if version else {})
    inside = write(element("saml:Assertion", attributes, element("saml:Issuer", None, "us")))
    around = element("samlp:Response", None, encrypted(inside, target((EncryptionKey(sp.pair.der),))))
    root = etree.fromstring(write(around).xml.encode())

    if version:
        assert decrypted(root, sp.pair.key_pem).get("Version") == version
        return
    with pytest.raises(AssertionError, match="Version"), outgoing.judged(), pytest.raises(etree.LxmlError):
        decrypted(root, sp.pair.key_pem)


def test_what_is_not_valid_stops_its_test_also_where_nobody_hears_of_the_error():
    """Those who are told of a logout at once are called in threads."""
    bad = ServiceProvider().logout_request("<saml:NameID>a</saml:NameID>").replace(' Version="2.0"', "")

    with pytest.raises(AssertionError, match="Version"), outgoing.judged(), ThreadPoolExecutor(1) as pool:
        pool.submit(called, bad)


def test_soap_and_what_stands_in_extensions_of_metadata_are_looked_into():
    soap = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'
    good = ServiceProvider().logout_request("<saml:NameID>a</saml:NameID>")
    validate(soap.format(good).encode())
    validate(soap.format("<s:Fault><faultcode>s:Client</faultcode><faultstring>No</faultstring></s:Fault>").encode())
    with pytest.raises(etree.DocumentInvalid):
        validate(soap.format(good.replace(' Version="2.0"', "")).encode())

    ui = (
        f'<md:Extensions><mdui:UIInfo xmlns:mdui="{names.MDUI}"><mdui:DisplayName xml:lang="en">Wiki</mdui:DisplayName>'
        "</mdui:UIInfo></md:Extensions>"
    )
    document = ServiceProvider().metadata().decode().replace("<md:SingleLogout", f"{ui}<md:SingleLogout")
    validate(document.encode())
    with pytest.raises(etree.DocumentInvalid):
        validate(document.replace(' xml:lang="en"', "").encode())


def test_what_the_tests_send_is_valid_too():
    """A service provider that cannot be told from a good one by the schemas: only what is under test is wrong."""
    sp = ServiceProvider()
    for message in (sp.authn_request(), sp.enveloped(sp.authn_request()), sp.metadata(signing=sp.pair.der).decode()):
        validate(message.encode())
