"""Single logout that a service provider asks for by SOAP: gate first, signed, answered on the same line (X28)."""

from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore

import pytest
import xmlsec
from lxml import etree

from idp.base import clock
from idp.directory import sites
from idp.keyring import keyring
from idp.saml import names, soap
from idp.saml.errors import MessageRefused
from idp.web.door import places
from tests.saml import logouts
from tests.saml.logouts import index, name_id, sign_on, steps
from tests.support.peers import SOAP, hanging, in_envelope, message_in, serving
from tests.support.saml_world import Posted
from tests.support.schemas import validate
from tests.support.service_provider import ServiceProvider, pair

HERE = "http://localhost:8000/sites/acme/saml/slo/soap"


@pytest.fixture
def settings(tmp_path, database_url):
    return logouts.calling_loopback(tmp_path, database_url)


@pytest.fixture
def sp(world) -> ServiceProvider:
    made = ServiceProvider()
    world.register(made, made.metadata(signing=made.pair.der, slo=" "))
    return made


@pytest.fixture
def signed_on(sp, ann):
    return sign_on(sp, ann)


def call(world, body: bytes, *, content_type: str = "text/xml; charset=utf-8", to: str = "slo/soap"):
    return world.app.test_client().post(f"/sites/acme/saml/{to}", data=body, content_type=content_type)


def asked(sp, signed_on, **changes) -> str:
    name = changes.pop("name", name_id(signed_on))
    indexes = changes.pop("indexes", (index(signed_on),))
    return sp.logout_request(name, *indexes, **({"Destination": HERE} | changes))


def answer_in(answer) -> Posted:
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/xml"
    return Posted("", etree.tostring(message_in(answer.data)), None)


def refused(answer, status: int = 403) -> None:
    assert answer.status_code == status
    (fault,) = etree.fromstring(answer.data).iter(f"{{{SOAP}}}Fault")
    assert fault.findtext("faultcode").endswith(":Client")
    assert "att_" in fault.findtext("faultstring")
    assert "Response" not in answer.text


@pytest.mark.parametrize("destination", [HERE, None])
def test_the_session_ends_and_the_answer_comes_back_signed(world, sp, ann, signed_on, destination):
    answer = call(world, in_envelope(sp.enveloped(asked(sp, signed_on, ID="_out", Destination=destination))))

    told = answer_in(answer)
    assert told.root.tag == names.LOGOUT_RESPONSE
    assert told.statuses == ["Success"]
    assert told.root.get("InResponseTo") == "_out"
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


def test_others_that_only_the_browser_could_tell_make_it_partial(world, sp, ann, signed_on):
    other = logouts.provider("other", slo=logouts.service(names.REDIRECT, "https://other.example/slo"))
    logouts.register(world, other)
    sign_on(other, ann)

    told = answer_in(call(world, in_envelope(sp.enveloped(asked(sp, signed_on)))))

    assert told.statuses == ["Success", "PartialLogout"]
    assert steps(world) == {"other.example": ("none", "cannot")}
    assert not world.alive(ann)


def test_x29_i8_who_waits_for_somebody_elses_application_holds_nobody_up(world, sp, ann, signed_on):
    """X29, I8: an application that hangs takes no place of those who work: pages of other companies come at once."""
    world.app._working = places(1)  # as if all the others were waiting, too
    with serving(hanging(2.0)) as slow:
        other = logouts.provider("slow", slo=logouts.service(names.SOAP, f"{slow.address}/soap"))
        logouts.register(world, other)
        sign_on(other, ann)
        body = in_envelope(sp.enveloped(asked(sp, signed_on)))
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(call, world, body)
            logouts.wait_until(lambda: slow.heard)
            began = clock.monotonic()
            assert world.app.test_client().get("/livez").status_code == 200
            took = clock.monotonic() - began

    assert took < 1.0
    assert answer_in(waiting.result()).statuses == ["Success", "PartialLogout"]
    assert world.app._working.qsize() == 1, "and its own place is given back once"


def test_x29_i8_not_everybody_can_wait_at_once(world, sp, ann, signed_on):
    world.app._aside = BoundedSemaphore(1)
    world.app._aside.acquire()
    with serving(hanging(3.0)) as slow:
        other = logouts.provider("slow", slo=logouts.service(names.SOAP, f"{slow.address}/soap"))
        logouts.register(world, other)
        sign_on(other, ann)
        began = clock.monotonic()

        told = answer_in(call(world, in_envelope(sp.enveloped(asked(sp, signed_on)))))

        assert clock.monotonic() - began < 2.0
    assert told.statuses == ["Success", "PartialLogout"]
    assert not world.alive(ann)


def test_a_header_that_need_not_be_understood_is_passed_over(world, sp, ann, signed_on):
    header = '<S:Header><t:Trace xmlns:t="urn:trace">1</t:Trace></S:Header>'
    told = answer_in(call(world, in_envelope(sp.enveloped(asked(sp, signed_on)), header=header)))
    assert told.statuses == ["Success"]


def test_x28_forged_requests_end_nothing(world, sp, ann, signed_on):
    mallory = ServiceProvider(
        entity_id="https://mallory.example/metadata", acs="https://mallory.example/acs", pair=pair("mallory")
    )
    world.register(mallory)
    good = asked(sp, signed_on)

    refused(call(world, in_envelope(good)))  # unsigned
    refused(call(world, in_envelope(sp.enveloped(good, by=mallory.pair))))
    for changes in (
        {"Destination": "http://localhost:8000/sites/acme/saml/slo"},
        {"IssueInstant": "2030-01-01T11:50:00Z"},
        {"Version": "1.1"},
        {"issuer": "https://nobody.example"},
    ):
        refused(call(world, in_envelope(sp.enveloped(asked(sp, signed_on, **changes)))))
    theirs = asked(mallory, signed_on)
    assert answer_in(call(world, in_envelope(mallory.enveloped(theirs)))).statuses == ["Requester", "UnknownPrincipal"]
    assert world.alive(ann)


def test_x19_a_request_is_taken_once(world, sp, ann, signed_on):
    body = in_envelope(sp.enveloped(asked(sp, signed_on)))
    call(world, body)
    refused(call(world, body))


def test_x1_what_the_signature_does_not_cover_is_not_read(world, sp, ann, signed_on):
    """The signed request beside another one, or inside of it."""
    good = sp.enveloped(asked(sp, signed_on, name="<saml:NameID>nobody</saml:NameID>", indexes=()))
    wanted = asked(sp, signed_on)
    refused(call(world, in_envelope(good, after=wanted)), 500)
    refused(call(world, in_envelope(wanted, after=good)), 500)
    inside = wanted.replace("</saml:Issuer>", f"</saml:Issuer><samlp:Extensions>{good}</samlp:Extensions>")
    refused(call(world, in_envelope(inside)))
    assert world.alive(ann)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a/>",
        b"not xml",
        f'<S:Envelope xmlns:S="{SOAP}"/>'.encode(),
        f'<S:Envelope xmlns:S="{SOAP}"><S:Body/></S:Envelope>'.encode(),
        f'<S:Envelope xmlns:S="{SOAP}"><S:Body>text<a/></S:Body></S:Envelope>'.encode(),
        f'<S:Envelope xmlns:S="{SOAP}"><S:Body><a/></S:Body><S:Body><a/></S:Body></S:Envelope>'.encode(),
        f'<S:Envelope xmlns:S="{SOAP}"><S:Body><a/></S:Body><S:Header/></S:Envelope>'.encode(),
        f'<!DOCTYPE a [<!ENTITY b "c">]><S:Envelope xmlns:S="{SOAP}"><S:Body><a>&b;</a></S:Body></S:Envelope>'.encode(),
        f'<S:Envelope xmlns:S="{SOAP}"><!-- --><S:Body><a/></S:Body></S:Envelope>'.encode(),
        f'<S:Envelope xmlns:S="{SOAP}"><S:Header><x S:mustUnderstand="1"/></S:Header><S:Body><a/></S:Body></S:Envelope>'.encode(),
        b'<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Body><a/></S:Body></S:Envelope>',
        in_envelope("<a/>" * 1) + b"<a/>",
        in_envelope("<a>" * 40 + "</a>" * 40),
    ],
    ids=range(14),
)
def test_x4_x7_what_is_no_envelope_with_one_message_is_refused(world, sp, body):
    """X4, X7: sizes, no DOCTYPE, one Body with one child, before anything is looked at."""
    refused(call(world, body), 500)


def test_only_xml_is_taken_and_no_more_than_the_limit(world, sp, ann, signed_on):
    body = in_envelope(sp.enveloped(asked(sp, signed_on)))
    for content_type in ("application/x-www-form-urlencoded", "application/soap+xml", ""):
        refused(call(world, body, content_type=content_type), 500)
    assert call(world, body + b" " * 70_000).status_code == 413
    assert world.alive(ann)


def test_an_envelope_of_ours_is_canonical_and_opens_again():
    written = soap.fault("att_x")
    assert etree.tostring(etree.fromstring(written), method="c14n", exclusive=True) == written
    with pytest.raises(MessageRefused):
        soap.opened(written, names.LOGOUT_REQUEST)
