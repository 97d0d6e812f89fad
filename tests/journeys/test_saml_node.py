"""node-saml, a service provider in another language, against a running server: every road, checked by its own code."""

from urllib.parse import urlsplit

import pytest
from lxml import etree, html

from idp.saml import names
from tests.journeys.saml import Browser, Provider, provider, query_of
from tests.journeys.test_saml_logout import go_on, heading, sign_out
from tests.support import node
from tests.support.saml_world import ANN, N
from tests.support.service_provider import ServiceProvider, pair

pytestmark = [pytest.mark.journey, pytest.mark.skipif(not node.is_here(), reason=node.MISSING)]

__all__ = ["provider"]

METHOD = names.PASSWORD_PROTECTED_TRANSPORT


@pytest.fixture
def program():
    with node.running() as made:
        yield made


class NodeSaml:
    """One service provider made with node-saml; we read its metadata, and it knows us by ours."""

    def __init__(self, provider: Provider, program: node.Program, name: str, **options) -> None:
        self.program, self.provider = program, provider
        self.host = f"https://{name}.example"
        self.acs = f"{self.host}/acs"
        self.keys = pair("node")
        metadata = etree.fromstring(provider.metadata().encode())
        switches = options.pop("switches", {})
        slo_binding = options.pop("slo_binding", names.POST)
        self.options = {
            "issuer": f"{self.host}/metadata",
            "callbackUrl": self.acs,
            "logoutCallbackUrl": f"{self.host}/slo",
            "entryPoint": f"{provider.saml}/sso",
            "logoutUrl": f"{provider.saml}/slo",
            "idpIssuer": metadata.get("entityID"),
            "idpCert": metadata.xpath("//md:KeyDescriptor[@use='signing']//ds:X509Certificate/text()", namespaces=N),
            "publicCert": self.keys.pem,
            "privateKey": self.keys.key_pem,
            "signatureAlgorithm": "sha256",
            "digestAlgorithm": "sha256",
            "identifierFormat": names.PERSISTENT,
            "authnContext": [METHOD],
            "wantAuthnResponseSigned": True,
            "wantAssertionsSigned": True,
            "validateInResponseTo": "always",
            "maxAssertionAgeMs": 5 * 60 * 1000,
        } | options
        self.configure()
        document = program.call("metadata").replace(
            f'SingleLogoutService Binding="{names.POST}"', f'SingleLogoutService Binding="{slo_binding}"'
        )
        self.application_id = provider.register(ServiceProvider(), document.encode(), **switches)

    def configure(self, **changes) -> None:
        self.program.call("configure", options=self.options | changes)

    def browser(self) -> Browser:
        """A browser in which Ann is signed in at ours."""
        made = Browser(self.provider)
        signed_in = self.provider.browser(ANN)
        made.http.cookies.set("ostiary_session", signed_in.token, domain="127.0.0.1")
        made.signed_in = signed_in
        return made

    def received(self, form: dict[str, str]) -> dict:
        assert form["action"] == self.acs
        done = self.program.call("response", form=form)
        assert not done["loggedOut"]
        return done["profile"]


def attributes(profile: dict) -> dict:
    return {name: profile[name] for name in ("email", "name", "groups")}


EXPECTED = {"email": ANN, "name": "Ann Example", "groups": "Staff"}


def test_x24_a_signed_request_by_redirect_with_password_and_code(provider, program):
    """X24: the metadata says that requests are signed, so unsigned ones are not taken."""
    sp = NodeSaml(provider, program, "redirect")
    browser = Browser(provider)
    state = "https://redirect.example/after?a=b&c=d+e%20f"

    form = browser.walk(program.call("login", relayState=state), ANN)

    profile = sp.received(form)
    assert attributes(profile) == EXPECTED
    assert form["RelayState"] == state
    assert browser.asked == ["password", "code"]
    assert (profile["nameIDFormat"], profile["spNameQualifier"]) == (names.PERSISTENT, sp.options["issuer"])

    sp.configure(validateInResponseTo="never", privateKey=None)
    unsigned = browser.http.get(program.call("login", relayState=""))
    assert unsigned.status_code == 400


def test_a_signed_request_by_form(provider, program):
    """Its signature is enveloped and xml-crypto's; a form is never inflated, so it must not be compressed."""
    sp = NodeSaml(provider, program, "form", authnRequestBinding="HTTP-POST", skipRequestCompression=True)
    browser = sp.browser()

    sent = program.call("loginForm", relayState="posted")
    form = browser.post(f"{provider.saml}/sso", sent, ANN)

    assert attributes(sp.received(form)) == EXPECTED
    assert form["RelayState"] == "posted"
    assert browser.asked == []


def test_an_encrypted_assertion(provider, program):
    keys = pair("node")
    sp = NodeSaml(provider, program, "encrypted", decryptionPvk=keys.key_pem, switches={"encrypt_assertion": True})
    browser = sp.browser()

    form = browser.walk(program.call("login", relayState=""), ANN)

    assert attributes(sp.received(form)) == EXPECTED
    sp.configure(decryptionPvk=None, validateInResponseTo="never")
    with pytest.raises(node.Refused, match="decryption key"):
        sp.received(form)


@pytest.mark.parametrize(
    ("switches", "wants"),
    [
        ({"sign_assertion": False}, {"wantAssertionsSigned": False}),
        ({"sign_response": False}, {"wantAuthnResponseSigned": False}),
    ],
    ids=["response", "assertion"],
)
def test_one_signature_is_enough_where_it_asks_for_one(provider, program, switches, wants):
    sp = NodeSaml(provider, program, f"one-{next(iter(switches)).replace('_', '-')}", switches=switches, **wants)

    assert attributes(sp.received(sp.browser().walk(program.call("login", relayState=""), ANN))) == EXPECTED


def test_started_from_our_side(provider, program):
    """Nobody asked: there is no InResponseTo, and only who does not insist on one takes it."""
    sp = NodeSaml(provider, program, "unsolicited", switches={"idp_initiated": True, "relay_states": ("/inbox",)})
    start = f"{provider.saml}/start?sp={sp.options['issuer']}&RelayState=/inbox"

    form = sp.browser().walk(start, ANN)

    with pytest.raises(node.Refused, match="InResponseTo is missing"):
        sp.received(form)
    sp.configure(validateInResponseTo="ifPresent")
    assert attributes(sp.received(form)) == EXPECTED
    assert form["RelayState"] == "/inbox"


def test_x24_what_is_another_s_is_not_taken(provider, program):
    """X24: an answer for one service provider is worth nothing at another, nor to the same one twice."""
    first = NodeSaml(provider, program, "mine")
    form = first.browser().walk(program.call("login", relayState=""), ANN)
    first.received(form)
    with pytest.raises(node.Refused, match="InResponseTo"):
        first.received(form)

    NodeSaml(provider, program, "theirs", validateInResponseTo="never")
    with pytest.raises(node.Refused, match="audience"):
        program.call("response", form=form)


def test_x26_it_understands_that_nobody_may_be_asked(provider, program):
    """X26: NoPassive, signed, is no error to node-saml but an answer."""
    NodeSaml(provider, program, "passive", passive=True)
    form = Browser(provider).walk(program.call("login", relayState=""), ANN)

    assert program.call("response", form=form) == {"profile": None, "loggedOut": False}


def test_signing_out_there_by_redirect_ends_the_session_here_and_is_answered_by_form(provider, program):
    """node-saml's own metadata names a form for answers."""
    sp = NodeSaml(provider, program, "leaving")
    browser = sp.browser()
    profile = sp.received(browser.walk(program.call("login", relayState=""), ANN))

    form = browser.walk(program.call("logout", profile=profile, relayState="bye"), ANN)

    assert (form["action"], form["RelayState"]) == (f"{sp.host}/slo", "bye")
    sp.configure(validateInResponseTo="ifPresent")  # of a LogoutResponse it does not see the one that is there
    assert program.call("response", form=form) == {"profile": None, "loggedOut": True}
    assert not provider.alive(browser.signed_in)


def test_signing_out_there_by_redirect_is_answered_by_redirect(provider, program):
    sp = NodeSaml(provider, program, "leaving-again", slo_binding=names.REDIRECT)
    browser = sp.browser()
    profile = sp.received(browser.walk(program.call("login", relayState=""), ANN))

    back = browser.leave(program.call("logout", profile=profile, relayState="bye"))

    assert back.startswith(f"{sp.host}/slo?")
    query = urlsplit(back).query
    assert program.call("logoutRedirect", query=query) == {"profile": None, "loggedOut": True}
    assert query_of(back)["RelayState"] == "bye"
    assert not provider.alive(browser.signed_in)
    with pytest.raises(node.Refused, match="signature"):
        program.call("logoutRedirect", query=query.replace("RelayState=bye", "RelayState=other"))


def test_no_host_of_a_registry_is_in_the_lock_file():
    for file in ("package.json", "package-lock.json", ".npmrc"):
        text = (node.SOURCES / file).read_text()
        assert "://" not in text
        assert '"resolved"' not in text


@pytest.mark.parametrize("binding", [names.REDIRECT, names.POST], ids=["redirect", "form"])
def test_signing_out_here_asks_it_and_takes_its_answer(provider, program, binding):
    """Logout from our side: node-saml verifies our request, by either binding, and we verify its answer."""
    sp = NodeSaml(provider, program, f"asked-{binding.rpartition('-')[2].lower()}", slo_binding=binding)
    browser = sp.browser()
    profile = sp.received(browser.walk(program.call("login", relayState=""), ANN))

    page = sign_out(browser, provider)
    assert not provider.alive(browser.signed_in)
    visit = go_on(browser, page)
    if binding == names.REDIRECT:
        location = visit.headers["Location"]
        assert location.startswith(f"{sp.host}/slo?SAMLRequest=")
        asked = program.call("logoutRedirect", query=urlsplit(location).query)
        relay_state = query_of(location).get("RelayState", "")
    else:
        form = html.fromstring(visit.text).xpath("//form[@id='carry']")[0]
        assert form.get("action") == f"{sp.host}/slo"
        values = {one.get("name"): one.get("value") for one in form.xpath(".//input")}
        asked = program.call("logoutForm", form=values)
        relay_state = values.get("RelayState", "")

    assert asked["loggedOut"]
    assert [asked["profile"][name] for name in ("nameID", "nameIDFormat", "sessionIndex")] == [
        profile[name] for name in ("nameID", "nameIDFormat", "sessionIndex")
    ]
    address = program.call("logoutAnswer", profile=asked["profile"], relayState=relay_state, success=True)
    answer = browser.http.get(address)
    assert answer.status_code == 303, answer.text
    page = browser.http.get(str(answer.url.join(answer.headers["Location"])))
    assert heading(page) == "You are signed out"
