"""Every SAML message that a test makes the application send is validated by the schemas of OASIS; here is seen that it is."""

import pytest
from lxml import etree

from idp.saml import names
from tests.support.saml_world import posted
from tests.support.schemas import Watched, validate
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

    def leaves(message: str) -> list[bytes]:
        page = f'<form><input type="hidden" name="SAMLResponse" value="{encoded(message)}"></form>'.encode()

        def application(_, start_response):
            start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
            return [page]

        return list(Watched(application)({}, lambda status, headers: None))

    assert leaves(xml)
    with pytest.raises(etree.LxmlError):
        leaves(xml.replace(good, bad))


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
