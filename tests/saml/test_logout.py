"""Single logout that a service provider asks for: proven, fresh, once, and only of its own (X28)."""

import base64
import zlib
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import xmlsec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509 import load_pem_x509_certificate
from lxml import etree, html

from idp.directory import sites
from idp.keyring import keyring
from idp.saml import names
from idp.saml.session_index import session_index, session_of
from tests.support.saml_world import ANN, BEN, Posted, posted, refused
from tests.support.schemas import validate
from tests.support.service_provider import NOON, ServiceProvider, encoded, pair, stamp

SIGN = names.RSA_SHA256
BOTH = (
    f'<md:SingleLogoutService Binding="{names.POST}" Location="https://sp.example/slo/post"/>'
    f'<md:SingleLogoutService Binding="{names.REDIRECT}" Location="https://sp.example/slo?x=1"'
    ' ResponseLocation="https://sp.example/slo/done?x=1"/>'
)


@pytest.fixture
def sp(world) -> ServiceProvider:
    made = ServiceProvider()
    world.register(made, made.metadata(signing=made.pair.der, slo=BOTH))
    return made


@pytest.fixture
def other(world) -> ServiceProvider:
    """Another service provider, which can be told by redirect."""
    made = ServiceProvider(
        entity_id="https://other.example/metadata",
        acs="https://other.example/acs",
        slo="https://other.example/slo",
        pair=pair("other"),
    )
    world.register(made)
    return made


def sign_on(sp, browser, content: str = "") -> Posted:
    return posted(browser.sso(sp.query(sp.authn_request(content))))


def name_id(answer: Posted) -> str:
    node = answer.find("//saml:NameID")[0]
    return etree.tostring(node, method="c14n", exclusive=True, with_tail=False).decode()


def index(answer: Posted) -> str:
    return answer.one("//saml:AuthnStatement/@SessionIndex")


def slo(browser, query: str):
    return browser.client.get(f"/sites/acme/saml/slo?{query}")


def response_in(location: str) -> Posted:
    """Return the LogoutResponse in the query of a redirect."""
    message = parse_qs(urlsplit(location).query)["SAMLResponse"][0]
    return Posted(location, zlib.decompress(base64.b64decode(message), -15), None)


def test_by_redirect_the_session_ends_and_the_answer_goes_back_signed(world, sp, ann):
    signed_on = sign_on(sp, ann)
    request = sp.logout_request(name_id(signed_on), index(signed_on), ID="_out")

    answer = slo(ann, sp.query(request, "state", sign=SIGN))

    assert answer.status_code == 303
    location = answer.headers["Location"]
    assert location.startswith("https://sp.example/slo/done?x=1&SAMLResponse=")
    told = response_in(location)
    assert told.statuses == ["Success"]
    assert told.one("/samlp:LogoutResponse/@InResponseTo") == "_out"
    assert told.one("/samlp:LogoutResponse/@Destination") == "https://sp.example/slo/done?x=1"
    assert parse_qs(urlsplit(location).query)["RelayState"] == ["state"]
    assert not world.alive(ann)
    assert any(line.startswith("ostiary_session=;") for line in answer.headers.getlist("Set-Cookie"))
    validate(told.xml)
    with world.work() as work:
        site = sites.facts(work, "acme")
        key = keyring.active(work, site.organization_id, site.id, keyring.SAML_SIGNING)
    signed, _, value = urlsplit(location).query.removeprefix("x=1&").partition("&Signature=")
    public = load_pem_x509_certificate(key.certificate_pem.encode()).public_key()
    public.verify(base64.b64decode(unquote(value)), signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_by_form_the_answer_goes_back_in_a_page(world, ann):
    """Cross-site, so without the browser's cookie: the session is found by its index."""
    sp = ServiceProvider()
    only_form = f'<md:SingleLogoutService Binding="{names.POST}" Location="https://sp.example/slo"/>'
    world.register(sp, sp.metadata(signing=sp.pair.der, slo=only_form))
    signed_on = sign_on(sp, ann)
    request = sp.enveloped(sp.logout_request(name_id(signed_on), index(signed_on)))

    answer = ann.post(encoded(request), to="slo", RelayState="state")

    told = posted(answer)
    assert (told.action, told.statuses, told.relay_state) == ("https://sp.example/slo", ["Success"], "state")
    assert not world.alive(ann)
    validate(told.xml)
    with world.work() as work:
        site = sites.facts(work, "acme")
        key = keyring.active(work, site.organization_id, site.id, keyring.SAML_SIGNING)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key.certificate_pem, xmlsec.KeyFormat.CERT_PEM)
    root = told.root
    context.register_id(root, "ID")
    context.verify(root.find(f"{{{names.DS}}}Signature"))


def test_where_others_cannot_be_told_the_logout_is_partial_and_says_so(world, sp, ann):
    deaf = ServiceProvider(entity_id="https://deaf.example/metadata", acs="https://deaf.example/acs")
    world.register(deaf, deaf.metadata(signing=deaf.pair.der, slo=" "))
    sign_on(deaf, ann)
    signed_on = sign_on(sp, ann)

    answer = slo(ann, sp.query(sp.logout_request(name_id(signed_on), index(signed_on)), "state", sign=SIGN))

    assert not world.alive(ann)
    assert answer.headers["Location"].startswith("/signout/lgo_")
    page = ann.client.get(answer.headers["Location"])
    assert "cannot be told" in page.text
    back = html.fromstring(page.text).xpath("//main//a/@href")[0]
    told = ann.client.get(back).headers["Location"]
    assert response_in(told).statuses == ["Success", "PartialLogout"]
    assert parse_qs(urlsplit(told).query)["RelayState"] == ["state"]


def test_without_an_index_every_session_of_the_person_there_ends(world, sp, ann):
    at_home, elsewhere = world.browser(ANN), world.browser(ANN)
    signed_on = sign_on(sp, ann)
    sign_on(sp, at_home)

    answer = slo(ann, sp.query(sp.logout_request(name_id(signed_on)), sign=SIGN))

    assert response_in(answer.headers["Location"]).statuses == ["Success"]
    assert [world.alive(one) for one in (ann, at_home, elsewhere)] == [False, False, True]


def test_a_transient_name_is_enough_with_its_index_or_its_browser(world, sp):
    for with_index in (True, False):
        browser = world.browser(ANN)
        signed_on = sign_on(sp, browser, f'<samlp:NameIDPolicy Format="{names.TRANSIENT}"/>')
        indexes = (index(signed_on),) if with_index else ()

        answer = slo(browser, sp.query(sp.logout_request(name_id(signed_on), *indexes), sign=SIGN))

        assert response_in(answer.headers["Location"]).statuses == ["Success"]
        assert not world.alive(browser)


def test_a_session_that_is_over_already_is_no_error(world, sp, ann):
    signed_on = sign_on(sp, ann)
    world.later(hours=13)
    request = sp.logout_request(name_id(signed_on), index(signed_on), IssueInstant=stamp(world.now))

    answer = slo(ann, sp.query(request, sign=SIGN))

    assert response_in(answer.headers["Location"]).statuses == ["Success"]


def test_without_an_address_for_answers_the_session_ends_all_the_same(world, ann):
    sp = ServiceProvider()
    world.register(sp, sp.metadata(signing=sp.pair.der, slo=" "))
    signed_on = sign_on(sp, ann)

    answer = slo(ann, sp.query(sp.logout_request(name_id(signed_on), index(signed_on)), sign=SIGN))

    assert answer.headers["Location"] == "/signout/done"
    assert not world.alive(ann)


# X28: forgeries. The victim's session survives each.


@pytest.fixture
def victim(world, sp, other, ann):
    """Ann, signed on at both; Ben as well, in his own browser."""
    answers = {"sp": sign_on(sp, ann), "other": sign_on(other, ann)}
    ben = world.browser(BEN)
    answers["ben"] = sign_on(sp, ben)
    return answers, ben


def told_unknown(answer) -> None:
    assert answer.status_code == 303
    assert response_in(answer.headers["Location"]).statuses == ["Requester", "UnknownPrincipal"]


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_x28_p7_an_unsigned_logout_is_refused(world, sp, ann, victim, binding):
    """Whatever the service provider's switch says."""
    request = sp.logout_request(name_id(victim[0]["sp"]), index(victim[0]["sp"]))

    answer = slo(ann, sp.query(request)) if binding == "redirect" else ann.post(encoded(request), to="slo")

    refused(answer)
    assert world.alive(ann)


def test_x28_a_logout_signed_by_another_service_provider_is_refused(world, sp, other, ann, victim):
    request = sp.logout_request(name_id(victim[0]["sp"]), index(victim[0]["sp"]))
    refused(slo(ann, sp.query(request, sign=SIGN, by=other.pair)))
    refused(ann.post(encoded(sp.enveloped(request, by=other.pair)), to="slo"))
    assert world.alive(ann)


def test_x28_a_service_provider_ends_no_session_by_anothers_name_or_index(world, sp, other, ann, victim):
    answers, _ = victim
    for name, indexes in (
        (answers["sp"], ()),
        (answers["sp"], (index(answers["sp"]),)),
        (answers["other"], (index(answers["sp"]),)),
    ):
        request = other.logout_request(name_id(name), *indexes)
        answer = slo(ann, other.query(request, sign=SIGN))
        told_unknown(answer)
    assert world.alive(ann)


def test_x28_the_name_of_one_person_ends_no_session_of_another(world, sp, ann, victim):
    answers, ben = victim
    told_unknown(slo(ann, sp.query(sp.logout_request(name_id(answers["ben"]), index(answers["sp"])), sign=SIGN)))
    assert world.alive(ann)
    assert world.alive(ben)


def test_x28_the_index_of_an_old_session_ends_no_new_one(world, sp, ann):
    old = sign_on(sp, ann)
    slo(ann, sp.query(sp.logout_request(name_id(old), index(old)), sign=SIGN))
    again = world.browser(ANN)
    sign_on(sp, again)

    slo(again, sp.query(sp.logout_request(name_id(old), index(old)), sign=SIGN))

    assert world.alive(again)


@pytest.mark.parametrize("made_up", ["_" + "0" * 92, "_00", "", "1", "_" + "z" * 92, "x" * 300, "ses_a"])
def test_x28_a_made_up_index_is_no_session(world, sp, ann, victim, made_up):
    told_unknown(slo(ann, sp.query(sp.logout_request(name_id(victim[0]["sp"]), made_up), sign=SIGN)))
    assert world.alive(ann)


@pytest.mark.parametrize(
    "changes",
    [
        {"Destination": None},
        {"Destination": "http://localhost:8000/sites/acme/saml/sso"},
        {"Destination": "http://localhost:8000/sites/rival/saml/slo"},
        {"IssueInstant": stamp(NOON, minutes=-6)},
        {"NotOnOrAfter": stamp(NOON, minutes=-3)},
        {"Version": "1.1"},
        {"issuer": "https://nobody.example"},
    ],
    ids=str,
)
def test_x18_x19_a_logout_is_for_this_address_and_fresh(world, sp, ann, changes):
    signed_on = sign_on(sp, ann)
    refused(slo(ann, sp.query(sp.logout_request(name_id(signed_on), index(signed_on), **changes), sign=SIGN)))
    assert world.alive(ann)


def test_a_logout_request_may_be_good_until_the_end_of_time(world, sp, ann):
    signed_on = sign_on(sp, ann)
    asked = sp.logout_request(name_id(signed_on), index(signed_on), NotOnOrAfter="9999-12-31T23:59:59Z")

    assert response_in(slo(ann, sp.query(asked, sign=SIGN)).headers["Location"]).statuses == ["Success"]
    assert not world.alive(ann)


def test_x19_a_logout_is_taken_once(world, sp, ann):
    signed_on = sign_on(sp, ann)
    query = sp.query(sp.logout_request(name_id(signed_on)), sign=SIGN)
    slo(ann, query)
    again = world.browser(ANN)
    sign_on(sp, again)

    refused(slo(again, query))

    assert world.alive(again)


@pytest.mark.parametrize(
    "name",
    [
        "<saml:EncryptedID/>",
        "",
        '<saml:NameID Format="urn:other">{}</saml:NameID>',
        '<saml:NameID NameQualifier="https://other.example">{}</saml:NameID>',
        '<saml:NameID SPNameQualifier="https://other.example">{}</saml:NameID>',
    ],
)
def test_x28_another_kind_of_name_is_another_name(world, sp, ann, name):
    signed_on = sign_on(sp, ann)
    written = name.format(signed_on.one("//saml:NameID"))
    told_unknown(slo(ann, sp.query(sp.logout_request(written, index(signed_on)), sign=SIGN)))
    assert world.alive(ann)


def test_an_answer_that_nobody_waits_for_is_refused(sp, ann):
    query = sp.query(sp.logout_request("<saml:NameID>a</saml:NameID>"), sign=SIGN)
    refused(slo(ann, query.replace("SAMLRequest", "SAMLResponse")))


def test_what_was_ended_and_what_was_refused_is_recorded(world, sp, other, ann):
    signed_on = sign_on(sp, ann)
    slo(ann, sp.query(sp.logout_request("<saml:NameID>nobody</saml:NameID>", index(signed_on)), sign=SIGN))
    slo(ann, sp.query(sp.logout_request(name_id(signed_on), index(signed_on)), sign=SIGN))

    outcomes = [(a.outcome, a.code) for a in world.attempts() if a.kind == "saml.logout"]
    assert sorted(outcomes) == [("refused", "saml-unknownprincipal"), ("succeeded", "")]
    (ended,) = world.audited("session.ended")
    assert ended.details["session_id"] == ann.session_id


def test_an_index_is_one_applications_own(vault):
    one = session_index(vault, "app_a", "ses_x")

    assert one == session_index(vault, "app_a", "ses_x")
    assert one != session_index(vault, "app_b", "ses_x")
    assert session_of(vault, "app_a", one) == "ses_x"
    assert session_of(vault, "app_b", one) is None
    assert session_of(vault, "app_a", one[:-2] + ("00" if one[-2:] != "00" else "11")) is None
