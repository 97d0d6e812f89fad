"""Logout that begins at Ostiary, with two service providers that are not ours: one by redirect, one by SOAP."""

from urllib.parse import urlsplit

import httpx
import pytest
from lxml import etree, html
from saml2 import s_utils
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.metadata import entity_descriptor
from saml2.soap import make_soap_enveloped_saml_thingy
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

from idp.saml import names
from idp.samples.xmlsecurity import plug
from tests.journeys.saml import Browser, provider, query_of
from tests.journeys.test_saml_python3_saml import Toolkit
from tests.support.peers import Heard, message_in, serving
from tests.support.saml_world import ANN
from tests.support.service_provider import ServiceProvider, encoded, pair

pytestmark = [pytest.mark.journey, pytest.mark.filterwarnings("ignore::ResourceWarning")]

__all__ = ["provider"]


def pysaml2(folder, metadata: str | None, address: str):
    """pysaml2's client with single logout by SOAP at *address*."""
    keys = pair("pysaml2-soap")
    (folder / "key.pem").write_text(keys.key_pem)
    (folder / "cert.pem").write_text(keys.pem)
    values = {
        "entityid": "https://soap.example/metadata",
        "crypto_backend": "XMLSecurity",
        "key_file": str(folder / "key.pem"),
        "cert_file": str(folder / "cert.pem"),
        "delete_tmpfiles": True,
        "allow_unknown_attributes": True,
        "service": {
            "sp": {
                "endpoints": {
                    "assertion_consumer_service": [("https://soap.example/acs", names.POST)],
                    "single_logout_service": [(address, names.SOAP)],
                },
                "authn_requests_signed": True,
                "want_response_signed": True,
                "want_assertions_signed": True,
                "signing_algorithm": SIG_RSA_SHA256,
                "digest_algorithm": DIGEST_SHA256,
            }
        },
    }
    if metadata is None:
        return SPConfig().load(values)
    values["metadata"] = {"inline": [metadata]}
    return plug(Saml2Client(SPConfig().load(values)), folder / "key.pem")


@pytest.fixture
def signed_in(provider):
    browser = Browser(provider)
    browser.who = provider.browser(ANN)
    browser.http.cookies.set("ostiary_session", browser.who.token, domain="127.0.0.1")
    return browser


def sign_out(browser, provider) -> httpx.Response:
    page = html.fromstring(browser.http.get(f"{provider.address}/signout").text)
    token = page.xpath("//input[@name='csrf_token']/@value")[0]
    answer = browser.http.post(f"{provider.address}/signout", data={"csrf_token": token})
    return browser.http.get(str(answer.url.join(answer.headers["Location"])))


def go_on(browser, page: httpx.Response) -> httpx.Response:
    """Go where the page goes by itself, without following where that leads."""
    content = html.fromstring(page.text).xpath("//meta[@http-equiv='refresh']/@content")[0]
    return browser.http.get(str(page.url.join(content.partition("url=")[2])))


def heading(page: httpx.Response) -> str:
    return " ".join(html.fromstring(page.text).xpath("string(//h1)").split())


def test_python3_saml_takes_our_request_and_we_take_its_answer(provider, signed_in):
    toolkit = Toolkit(provider, "told")
    auth = toolkit.auth()
    done = toolkit.received(signed_in.walk(auth.login(), ANN), auth.get_last_request_id())

    page = sign_out(signed_in, provider)
    assert heading(page) == "Signing out of told.example…"
    assert not provider.alive(signed_in.who)
    visit = go_on(signed_in, page).headers["Location"]
    assert visit.startswith("https://told.example/saml/slo?SAMLRequest=")

    there = toolkit.auth("/saml/slo", query=urlsplit(visit).query)
    back = there.process_slo(delete_session_cb=lambda: None)
    assert there.get_errors() == [], there.get_last_error_reason()
    assert done.get_nameid() in there.get_last_request_xml()
    answer = signed_in.http.get(back)
    assert answer.status_code == 303, answer.text

    page = signed_in.http.get(str(answer.url.join(answer.headers["Location"])))
    assert heading(page) == "You are signed out"


def test_pysaml2_takes_our_request_by_soap_and_we_take_its_answer(provider, signed_in, tmp_path):
    """
    pysaml2 verifies the request with our certificate, and writes the answer and its envelope.

    It is handed the message out of the envelope as it stands: pysaml2 writes what it takes out of an
    envelope anew, with prefixes of its own, so that no signature in one survives.
    """
    asked = []

    def answer(heard: Heard):
        message = message_in(heard.body)
        assert message.find(f"{{{names.DS}}}Signature") is not None
        request = client.parse_logout_request(encoded(etree.tostring(message)), names.POST)
        assert request is not None
        asked.append(request.message)
        response = client.create_logout_response(
            request.message, [names.SOAP], status=s_utils.success_status_factory(), sign=False
        )
        response.destination = None
        return 200, {"Content-Type": "text/xml"}, make_soap_enveloped_saml_thingy(response).encode()

    with serving(answer) as peer:
        document = str(entity_descriptor(pysaml2(tmp_path, None, f"{peer.address}/slo")))
        provider.register(ServiceProvider(), document.encode())
        client = pysaml2(tmp_path, provider.metadata(), f"{peer.address}/slo")
        _, prepared = client.prepare_for_authenticate(binding=names.REDIRECT, sigalg=SIG_RSA_SHA256)
        form = signed_in.walk(dict(prepared["headers"])["Location"], ANN)
        assert form["action"] == "https://soap.example/acs"

        page = sign_out(signed_in, provider)

    assert len(asked) == 1
    assert asked[0].name_id.format == names.PERSISTENT
    assert heading(page) == "You are signed out"


def test_signing_out_at_one_signs_out_of_the_other_first(provider, signed_in):
    starting, other = Toolkit(provider, "starting"), Toolkit(provider, "other")
    names_ = []
    for toolkit in (other, starting):
        auth = toolkit.auth()
        names_.append(toolkit.received(signed_in.walk(auth.login(), ANN), auth.get_last_request_id()))
    leaving = starting.auth()
    address = leaving.logout(
        name_id=names_[1].get_nameid(),
        session_index=names_[1].get_session_index(),
        nq=names_[1].get_nameid_nq(),
        name_id_format=names_[1].get_nameid_format(),
        spnq=names_[1].get_nameid_spnq(),
    )

    answer = signed_in.http.get(address)
    page = signed_in.http.get(str(answer.url.join(answer.headers["Location"])))
    assert heading(page) == "Signing out of other.example…"
    visit = go_on(signed_in, page).headers["Location"]
    back = other.auth("/saml/slo", query=urlsplit(visit).query).process_slo(delete_session_cb=lambda: None)
    answer = signed_in.http.get(back)
    page = signed_in.http.get(str(answer.url.join(answer.headers["Location"])))
    told = go_on(signed_in, page).headers["Location"]

    assert told.startswith("https://starting.example/saml/slo?SAMLResponse=")
    assert query_of(told)["Signature"]
    received = starting.auth("/saml/slo", query=urlsplit(told).query)
    received.process_slo(keep_local_session=True, request_id=leaving.get_last_request_id())
    assert received.get_errors() == [], received.get_last_error_reason()
    assert not provider.alive(signed_in.who)
