"""pysaml2's client as a service provider against a running server."""

import base64
import gc
from pathlib import Path

import pytest
import xmlsec
from lxml import etree
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.metadata import entity_descriptor
from saml2.response import UnsolicitedResponse
from saml2.saml import NameID
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

from idp.directory import applications
from idp.saml import names
from idp.samples.xmlsecurity import Backend, plug
from tests.journeys.saml import Browser, provider, query_of
from tests.support.saml_world import ANN
from tests.support.service_provider import ServiceProvider, encoded, pair

pytestmark = [pytest.mark.journey, pytest.mark.filterwarnings("ignore::ResourceWarning")]

__all__ = ["provider"]

ENTITY = "https://pysaml2.example/metadata"
ACS, SLO = "https://pysaml2.example/acs", "https://pysaml2.example/slo"


class Decrypting(Backend):
    """pysaml2's client with a key to decrypt with: python-xmlsec does it, in process."""

    def decrypt(self, enctext: str | bytes, key_file: str) -> str:
        root = etree.fromstring(enctext if isinstance(enctext, bytes) else enctext.encode())
        manager = xmlsec.KeysManager()
        manager.add_key(xmlsec.Key.from_file(key_file, xmlsec.KeyFormat.PEM))
        for data in root.findall(f".//{{{names.XENC}}}EncryptedData"):
            xmlsec.EncryptionContext(manager).decrypt(data)
        return etree.tostring(root).decode()


def client_of(
    folder: Path, metadata: str | None, *, decrypts: bool = False, unsolicited: bool = False
) -> SPConfig | Saml2Client:
    keys = pair("pysaml2")
    (folder / "key.pem").write_text(keys.key_pem)
    (folder / "cert.pem").write_text(keys.pem)
    values = {
        "entityid": ENTITY,
        "crypto_backend": "XMLSecurity",
        "key_file": str(folder / "key.pem"),
        "cert_file": str(folder / "cert.pem"),
        "delete_tmpfiles": True,
        "allow_unknown_attributes": True,
        "service": {
            "sp": {
                "endpoints": {
                    "assertion_consumer_service": [(ACS, names.POST)],
                    "single_logout_service": [(SLO, names.REDIRECT)],
                },
                "authn_requests_signed": True,
                "logout_requests_signed": True,
                "want_response_signed": True,
                "want_assertions_signed": True,
                "allow_unsolicited": unsolicited,
                "signing_algorithm": SIG_RSA_SHA256,
                "digest_algorithm": DIGEST_SHA256,
            }
        },
    }
    if decrypts:
        values["encryption_keypairs"] = [{"key_file": values["key_file"], "cert_file": values["cert_file"]}]
    if metadata is None:
        return SPConfig().load(values)
    values["metadata"] = {"inline": [metadata]}
    made = plug(Saml2Client(SPConfig().load(values)), folder / "key.pem")
    if decrypts:
        made.sec.crypto = Decrypting()
    return made


@pytest.fixture
def client_with(provider, tmp_path):
    """Return a function that registers pysaml2's client with *switches* of ours, and returns it."""
    made = []

    def with_(*, decrypts: bool = False, unsolicited: bool = False, **switches) -> Saml2Client:
        options = {"decrypts": decrypts, "unsolicited": unsolicited}
        document = str(entity_descriptor(client_of(tmp_path, None, **options)))
        made.append(provider.register(ServiceProvider(), document.encode(), **switches))
        return client_of(tmp_path, provider.metadata(), **options)

    yield with_
    with provider.work() as work:
        for application_id in made:
            applications.delete(work, application_id)
    gc.collect()  # it leaves temporary files open; they are closed here, where the warning is expected


@pytest.fixture
def client(client_with):
    return client_with()


def signed_in(provider) -> Browser:
    """A browser in which Ann is signed in at ours."""
    browser = Browser(provider)
    browser.http.cookies.set("ostiary_session", provider.browser(ANN).token, domain="127.0.0.1")
    return browser


def test_x24_sign_on_with_a_signed_redirect_and_sign_out(provider, client):
    browser = Browser(provider)
    signed_in = provider.browser(ANN)
    browser.http.cookies.set("ostiary_session", signed_in.token, domain="127.0.0.1")
    request_id, prepared = client.prepare_for_authenticate(
        binding=names.REDIRECT, sigalg=SIG_RSA_SHA256, relay_state="back"
    )

    form = browser.walk(dict(prepared["headers"])["Location"], ANN)

    asserted = client.parse_authn_request_response(form["SAMLResponse"], names.POST, outstanding={request_id: "/"})
    assert asserted.ava["email"] == [ANN]
    assert asserted.ava["groups"] == ["Staff"]
    assert form["RelayState"] == "back"
    subject: NameID = asserted.name_id
    assert subject.format == names.PERSISTENT

    _, message = client.create_logout_request(
        f"{provider.saml}/slo",
        f"{provider.saml}/metadata",
        name_id=subject,
        session_indexes=[asserted.assertion.authn_statement[0].session_index],
        sign=False,
    )
    out = client.apply_binding(
        names.REDIRECT, str(message), f"{provider.saml}/slo", relay_state="bye", sign=True, sigalg=SIG_RSA_SHA256
    )
    back = browser.leave(dict(out["headers"])["Location"])
    answer = client.parse_logout_request_response(query_of(back)["SAMLResponse"], names.REDIRECT)
    assert answer.response.status.status_code.value == names.SUCCESS
    assert not provider.alive(signed_in)


def test_its_post_binding_carries_an_enveloped_signature(provider, client):
    """pysaml2 writes the request, python-xmlsec signs it: the sample's key, another's form."""
    browser = Browser(provider)
    browser.http.cookies.set("ostiary_session", provider.browser(ANN).token, domain="127.0.0.1")
    request_id, request = client.create_authn_request(f"{provider.saml}/sso", binding=names.POST, sign=False)
    xml = ServiceProvider(pair=pair("pysaml2")).enveloped(str(request))

    form = browser.post(f"{provider.saml}/sso", {"SAMLRequest": encoded(xml)}, ANN)

    asserted = client.parse_authn_request_response(form["SAMLResponse"], names.POST, outstanding={request_id: "/"})
    assert asserted.ava["name"] == ["Ann Example"]


def test_x25_an_encrypted_assertion(provider, client_with):
    client = client_with(decrypts=True, encrypt_assertion=True)
    request_id, prepared = client.prepare_for_authenticate(binding=names.REDIRECT, sigalg=SIG_RSA_SHA256)

    form = signed_in(provider).walk(dict(prepared["headers"])["Location"], ANN)

    xml = base64.b64decode(form["SAMLResponse"])
    assert b"EncryptedAssertion" in xml
    assert ANN.encode() not in xml
    asserted = client.parse_authn_request_response(form["SAMLResponse"], names.POST, outstanding={request_id: "/"})
    assert asserted.ava["email"] == [ANN]


def test_started_from_our_side(provider, client_with):
    """Who does not allow that says so."""
    client = client_with(unsolicited=True, idp_initiated=True, relay_states=("/inbox",))
    form = signed_in(provider).walk(f"{provider.saml}/start?sp={ENTITY}&RelayState=/inbox", ANN)

    asserted = client.parse_authn_request_response(form["SAMLResponse"], names.POST)
    assert asserted.came_from is None
    assert asserted.ava["email"] == [ANN]
    assert form["RelayState"] == "/inbox"
    client.allow_unsolicited = False
    with pytest.raises(UnsolicitedResponse):
        client.parse_authn_request_response(form["SAMLResponse"], names.POST)


def test_an_unsigned_request_is_not_taken_from_who_signs(provider, client):
    """X9: its metadata says AuthnRequestsSigned."""
    _, prepared = client.prepare_for_authenticate(binding=names.REDIRECT, sign=False)
    address = dict(prepared["headers"])["Location"]
    assert "Signature=" not in address
    assert signed_in(provider).http.get(address).status_code == 400
