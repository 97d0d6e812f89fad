"""python3-saml, in strict mode, as a service provider against a running server."""

from urllib.parse import urlsplit

import pytest
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.metadata import OneLogin_Saml2_Metadata
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from idp.saml import names
from tests.journeys.saml import Browser, Provider, provider, query_of
from tests.support.saml_world import ANN, BEN
from tests.support.service_provider import ServiceProvider, encoded, pair, stamp

pytestmark = pytest.mark.journey

__all__ = ["provider"]


class Toolkit:
    """One service provider made with python3-saml; it reads our metadata and writes its own."""

    def __init__(self, provider: Provider, name: str, *, encrypted: bool = False, **switches) -> None:
        self.keys = pair("toolkit")
        self.host = f"{name}.example"
        self.acs = f"https://{self.host}/saml/acs"
        idp = OneLogin_Saml2_IdPMetadataParser.parse(provider.metadata())["idp"]
        if "x509certMulti" in idp:
            idp["x509cert"] = idp.pop("x509certMulti")["signing"][0]
        self.settings = {
            "strict": True,
            "sp": {
                "entityId": f"https://{self.host}/saml/metadata",
                "assertionConsumerService": {"url": self.acs, "binding": names.POST},
                "singleLogoutService": {"url": f"https://{self.host}/saml/slo", "binding": names.REDIRECT},
                "NameIDFormat": names.PERSISTENT,
                "x509cert": self.keys.pem,
                "privateKey": self.keys.key_pem,
            },
            "idp": idp,
            "security": {
                "authnRequestsSigned": True,
                "logoutRequestSigned": True,
                "logoutResponseSigned": True,
                "wantMessagesSigned": True,
                "wantAssertionsSigned": True,
                "wantAssertionsEncrypted": encrypted,
                "wantNameId": True,
                "requestedAuthnContext": [names.PASSWORD_PROTECTED_TRANSPORT],
                "signatureAlgorithm": names.RSA_SHA256,
                "digestAlgorithm": names.SHA256,
                "rejectDeprecatedAlgorithm": True,
            },
        }
        document = OneLogin_Saml2_Metadata.builder(
            self.settings["sp"], authnsign=True, wsign=True, valid_until=int(provider.now.timestamp()) + 3600
        )
        document = OneLogin_Saml2_Metadata.add_x509_key_descriptors(document, self.keys.pem, encrypted)
        self.application_id = provider.register(
            ServiceProvider(),
            document if isinstance(document, bytes) else document.encode(),
            encrypt_assertion=encrypted,
            **switches,
        )

    def auth(self, path: str = "/", form: dict | None = None, query: str = "") -> OneLogin_Saml2_Auth:
        request = {
            "https": "on",
            "http_host": self.host,
            "script_name": path,
            "get_data": query_of("?" + query),
            "post_data": form or {},
            "query_string": query,
            "validate_signature_from_qs": True,
        }
        return OneLogin_Saml2_Auth(request, OneLogin_Saml2_Settings(self.settings))

    def received(self, form: dict[str, str], request_id: str | None) -> OneLogin_Saml2_Auth:
        assert form["action"] == self.acs
        auth = self.auth("/saml/acs", form)
        auth.process_response(request_id)
        assert auth.get_errors() == [], auth.get_last_error_reason()
        assert auth.is_authenticated()
        return auth


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_a_signed_request_by_redirect_and_the_way_back(provider, encrypted):
    toolkit = Toolkit(provider, f"redirect{int(encrypted)}", encrypted=encrypted)
    browser = Browser(provider)
    auth = toolkit.auth()
    address = auth.login(return_to="https://redirect.example/after?a=b&c=d")

    form = browser.walk(address, ANN if not encrypted else BEN)

    done = toolkit.received(form, auth.get_last_request_id())
    assert done.get_attributes()["email"] == [ANN if not encrypted else BEN]
    assert done.get_nameid_format() == names.PERSISTENT
    assert form["RelayState"] == "https://redirect.example/after?a=b&c=d"
    assert browser.asked == ["password", "code"]

    again = toolkit.auth()
    second = browser.walk(again.login(), ANN)
    assert toolkit.received(second, again.get_last_request_id()).get_nameid() == done.get_nameid()
    assert browser.asked == ["password", "code"]


def test_a_second_application_opens_without_a_password(provider):
    first, second = Toolkit(provider, "first"), Toolkit(provider, "second")
    browser = Browser(provider)
    names_ = []
    for toolkit in (first, second):
        auth = toolkit.auth()
        signed_in = provider.browser(ANN)
        browser.http.cookies.set("ostiary_session", signed_in.token, domain="127.0.0.1")
        done = toolkit.received(browser.walk(auth.login(), ANN), auth.get_last_request_id())
        names_.append(done.get_nameid())

    assert browser.asked == []
    assert names_[0] != names_[1]


def test_a_signed_request_by_form_of_another_site(provider):
    toolkit = Toolkit(provider, "form")
    browser = Browser(provider)
    browser.http.cookies.set("ostiary_session", provider.browser(ANN).token, domain="127.0.0.1")
    sp = ServiceProvider(
        entity_id=toolkit.settings["sp"]["entityId"], acs=toolkit.acs, idp=provider.saml, pair=toolkit.keys
    )
    xml = sp.enveloped(sp.authn_request(ID="_by_form", IssueInstant=stamp(provider.now)))

    form = browser.post(f"{provider.saml}/sso", {"SAMLRequest": encoded(xml), "RelayState": "state"}, ANN)

    assert form["RelayState"] == "state"
    assert toolkit.received(form, "_by_form").get_attributes()["email"] == [ANN]


def test_signing_out_at_the_application_ends_the_session_here(provider):
    toolkit = Toolkit(provider, "leaving")
    browser = Browser(provider)
    signed_in = provider.browser(ANN)
    browser.http.cookies.set("ostiary_session", signed_in.token, domain="127.0.0.1")
    auth = toolkit.auth()
    done = toolkit.received(browser.walk(auth.login(), ANN), auth.get_last_request_id())

    leaving = toolkit.auth()
    address = leaving.logout(
        return_to="https://leaving.example/bye",
        name_id=done.get_nameid(),
        session_index=done.get_session_index(),
        nq=done.get_nameid_nq(),
        name_id_format=done.get_nameid_format(),
        spnq=done.get_nameid_spnq(),
    )
    back = browser.leave(address)

    assert back.startswith("https://leaving.example/saml/slo?")
    told = toolkit.auth("/saml/slo", query=urlsplit(back).query)
    told.process_slo(keep_local_session=True, request_id=leaving.get_last_request_id())
    assert told.get_errors() == [], told.get_last_error_reason()
    assert not provider.alive(signed_in)


def test_started_from_our_side(provider):
    toolkit = Toolkit(provider, "started", idp_initiated=True, relay_states=("https://started.example/inbox",))
    browser = Browser(provider)
    browser.http.cookies.set("ostiary_session", provider.browser(ANN).token, domain="127.0.0.1")
    start = f"{provider.saml}/start?sp={toolkit.settings['sp']['entityId']}&RelayState=https://started.example/inbox"

    form = browser.walk(start, ANN)

    assert toolkit.received(form, None).get_attributes()["email"] == [ANN]
    assert form["RelayState"] == "https://started.example/inbox"
    toolkit.settings["security"]["rejectUnsolicitedResponsesWithInResponseTo"] = True
    assert toolkit.received(form, None).is_authenticated()


def test_x9_an_unsigned_request_is_not_taken_from_who_signs(provider):
    """X9: its metadata says AuthnRequestsSigned."""
    toolkit = Toolkit(provider, "unsigned")
    toolkit.settings["security"]["authnRequestsSigned"] = False
    address = toolkit.auth().login()
    assert "Signature=" not in address
    assert Browser(provider).http.get(address).status_code == 400
