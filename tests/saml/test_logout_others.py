"""Single logout of the other applications: called from here, or visited by the browser (X29)."""

import base64
import socket
from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest
import xmlsec
from lxml import etree, html
from sqlalchemy import select

from idp.audit.sentences import sentence
from idp.base import clock
from idp.directory import accounts, applications, sites
from idp.keyring import keyring
from idp.saml import names
from idp.saml.models import ServiceProvider as Row
from idp.signon import logout, logout_steps, own_account, session
from idp.signon.models import Participant
from tests.saml import logouts
from tests.saml.logouts import (
    SIGN,
    carried,
    heading,
    index,
    name_id,
    next_of,
    sign_on,
    sign_out,
    signed_answer,
    states,
    steps,
)
from tests.saml.test_oracles import decrypted
from tests.support.peers import confirming, hanging, in_envelope, logout_response, message_in, serving
from tests.support.saml_world import ANN, posted, refused
from tests.support.schemas import validate
from tests.support.service_provider import ServiceProvider, encoded, pair


@pytest.fixture
def settings(tmp_path, database_url):
    return logouts.calling_loopback(tmp_path, database_url)


@pytest.fixture
def wiki(world) -> ServiceProvider:
    """Told by redirect; its answers come from another address than its requests go to."""
    made = logouts.provider(
        "wiki", slo=logouts.service(names.REDIRECT, "https://wiki.example/slo?a=1", "https://wiki.example/done")
    )
    logouts.register(world, made)
    return made


@pytest.fixture
def board(world) -> ServiceProvider:
    """Told by a form."""
    made = logouts.provider("board", slo=logouts.service(names.POST, "https://board.example/slo"))
    logouts.register(world, made)
    return made


@pytest.fixture
def by_soap(world):
    """Return a function that makes a service provider which is called by SOAP and answers as it is told."""
    with ExitStack() as stack:

        def make(name: str, answer=None, *, more: str = "", signing: bool = True):
            sp = logouts.provider(name, slo="")
            peer = stack.enter_context(serving(answer or confirming(sp, signed=signing)))
            sp.slo = logouts.service(names.SOAP, f"{peer.address}/soap") + more
            logouts.register(world, sp, signing=signing)
            return sp, peer

        yield make


def slo(browser, query: str):
    return browser.client.get(f"/sites/acme/saml/slo?{query}")


# Called from here


def test_by_soap_an_application_is_told_and_its_answer_is_believed(world, by_soap, ann):
    sp, peer = by_soap("calendar")
    signed_on = sign_on(sp, ann)

    page = ann.client.get(sign_out(ann))

    (heard,) = peer.heard
    assert heard.headers["Content-Type"] == "text/xml; charset=utf-8"
    request = message_in(heard.body)
    assert request.tag == names.LOGOUT_REQUEST
    assert request.get("Destination") == f"{peer.address}/soap"
    assert request.findtext(f"{{{names.SAML}}}NameID") == signed_on.one("//saml:NameID")
    assert request.findtext(f"{{{names.SAMLP}}}SessionIndex") == index(signed_on)
    assert states(page) == {"calendar.example": "confirmed"}
    assert heading(page) == "You are signed out"
    assert not world.alive(ann)
    validate(etree.tostring(request))


def test_what_is_sent_by_soap_is_signed(world, by_soap, ann):
    sp, peer = by_soap("calendar")
    sign_on(sp, ann)
    sign_out(ann)

    with world.work() as work:
        site = sites.facts(work, "acme")
        key = keyring.active(work, site.organization_id, site.id, keyring.SAML_SIGNING)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key.certificate_pem, xmlsec.KeyFormat.CERT_PEM)
    root = message_in(peer.heard[0].body)
    context.register_id(root, "ID")
    context.verify(root.find(f"{{{names.DS}}}Signature"))


@pytest.mark.parametrize("binding", [names.REDIRECT, names.POST, names.SOAP], ids=lambda one: one.rpartition(":")[2])
def test_x25_a_name_that_must_be_encrypted_is_told_of_a_logout_encrypted(world, ann, binding):
    """X25: the browser, which carries it, learns it no more than it did at the sign-on."""
    sp = logouts.provider("calendar", slo="")
    with serving(confirming(sp)) as peer:
        sp.slo = logouts.service(binding, f"{peer.address}/slo")
        document = sp.metadata(signing=sp.pair.der, encryption=sp.pair.der, slo=sp.slo)
        world.register(sp, document, encrypt_name_id=True)
        name = decrypted(sign_on(sp, ann).root, sp.pair.key_pem)

        request = told(ann, sign_out(ann), peer)

    assert name.text.encode() not in etree.tostring(request)
    validate(etree.tostring(request))
    assert decrypted(request, sp.pair.key_pem).text == name.text


@pytest.mark.parametrize("binding", [names.REDIRECT, names.SOAP], ids=lambda one: one.rpartition(":")[2])
def test_x25_who_cannot_be_told_by_an_encrypted_name_is_not_told_by_a_plain_one(world, ann, binding):
    sp = logouts.provider("calendar", slo="")
    with serving(confirming(sp)) as peer:
        sp.slo = logouts.service(binding, f"{peer.address}/slo")
        application = world.register(
            sp, sp.metadata(signing=sp.pair.der, encryption=sp.pair.der, slo=sp.slo), encrypt_name_id=True
        )
        sign_on(sp, ann)
        with world.work() as work:  # its key has gone since, however that happened
            row = work.tx.session.query(Row).filter(Row.application_id == application).one()
            row.description = {**row.description, "encryption_keys": []}

        page = ann.client.get(sign_out(ann))

    assert states(page) == {"calendar.example": "cannot be told"}
    assert peer.heard == []


def told(browser, place: str, peer):
    """Return the logout request that was sent, by whatever way."""
    page = browser.client.get(place)
    if peer.heard:
        return message_in(peer.heard[0].body)
    visit = browser.client.get(next_of(page))
    if visit.status_code == 303:
        return carried(visit.headers["Location"], "SAMLRequest").root
    return etree.fromstring(
        base64.b64decode(html.fromstring(visit.text).xpath("//input[@name='SAMLRequest']/@value")[0])
    )


def test_an_application_without_a_key_may_answer_by_soap_unsigned(world, by_soap, ann):
    """It answers on the line that we called it on."""
    sp, _ = by_soap("plain", signing=False)
    sign_on(sp, ann)

    assert states(ann.client.get(sign_out(ann))) == {"plain.example": "confirmed"}


@pytest.mark.parametrize(
    "lie",
    [
        {"issuer": "https://mallory.example"},
        {"in_response_to": "_another"},
        {"Version": "1.1"},
        {"codes": (names.RESPONDER,)},
        {"codes": (names.SUCCESS, names.PARTIAL_LOGOUT)},
        {"codes": (names.REQUESTER, names.UNKNOWN_PRINCIPAL)},
        {"instead": ("<samlp:Status>", "<samlp:Status><samlp:Status/>")},
        {"instead": ("<samlp:Status>", "<samlp:Status><saml:Issuer>x</saml:Issuer>")},
        {"instead": ("</samlp:Status>", f'<samlp:StatusCode Value="{names.SUCCESS}"/></samlp:Status>')},
        {"instead": ("</samlp:StatusCode>", "<samlp:Status/></samlp:StatusCode>")},
        {"by": "mallory"},
        {"body": b"<ok/>"},
        {"body": b""},
        {"body": b"<!DOCTYPE a><a/>"},
    ],
    ids=str,
)
def test_x29_an_answer_that_is_not_the_applications_confirms_nothing(world, by_soap, ann, lie):
    sp = logouts.provider("calendar", slo="")

    def answer(heard):
        if "body" in lie:
            return 200, {"Content-Type": "text/xml"}, lie["body"]
        asked = lie.get("in_response_to", message_in(heard.body).get("ID"))
        changes = {"Destination": None} | {k: v for k, v in lie.items() if k in ("issuer", "Version")}
        response = logout_response(sp, asked, *lie.get("codes", ()), **changes).replace(*lie.get("instead", ("", "")))
        return 200, {}, in_envelope(sp.enveloped(response, by=pair("mallory") if "by" in lie else None))

    by_soap("calendar", answer)
    sign_on(sp, ann)
    place = sign_out(ann)
    world.later(seconds=8)

    assert states(ann.client.get(place)) == {"calendar.example": "asked, not confirmed"}
    assert not world.alive(ann)


@pytest.mark.parametrize("status", [302, 307, 400, 403, 404, 500, 503])
def test_x29_a_redirect_or_an_error_is_no_answer_and_leads_nowhere(world, by_soap, ann, status):
    with serving(lambda heard: (200, {}, b"")) as elsewhere:
        sp, peer = by_soap("calendar", lambda heard: (status, {"Location": elsewhere.address}, b"no"))
        sign_on(sp, ann)
        place = sign_out(ann)
        world.later(seconds=8)

        assert states(ann.client.get(place)) == {"calendar.example": "asked, not confirmed"}
        logouts.wait_until(lambda: peer.heard)  # a machine that is busy lets it hear after our patience is over
        assert len(peer.heard) == 1
        assert elsewhere.heard == []


def nobody_there(world, name: str = "calendar") -> tuple[ServiceProvider, int]:
    """A service provider whose SOAP address is a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    sp = logouts.provider(name, slo=logouts.service(names.SOAP, f"http://127.0.0.1:{port}/soap"))
    logouts.register(world, sp)
    return sp, port


def test_x29_who_was_never_reached_is_not_said_to_have_been_asked(world, ann):
    sp, _ = nobody_there(world)
    sign_on(sp, ann)

    page = ann.client.get(sign_out(ann))

    assert states(page) == {"calendar.example": "cannot be told"}
    assert next_of(page) == "", "there is nothing to wait for"
    world.later(minutes=11)
    logouts.run_jobs(world)
    (entry,) = world.audited("logout.finished")
    (told,) = entry.details["applications"]
    assert told["outcome"] == "cannot"
    assert "Connect" in told["cause"]
    assert entry.details["summary"].startswith("calendar.example: cannot (its session may live until ")


def test_x29_who_was_not_reached_is_tried_again_and_may_confirm_yet(world, ann):
    sp, port = nobody_there(world)
    sign_on(sp, ann)
    sign_out(ann)
    world.later(seconds=31)
    _, sent = logouts.run_jobs(world)
    assert (sent.sent, sent.failed) == (0, 1)

    with serving(confirming(sp), port) as peer:
        world.later(minutes=1)
        logouts.run_jobs(world)

    assert len(peer.heard) == 1
    assert steps(world) == {"calendar.example": ("back", "confirmed")}


def test_x29_who_was_asked_once_stays_asked_when_it_is_not_reached_later(world, ann):
    sp, port = nobody_there(world)
    with serving(lambda heard: (500, {}, b""), port) as peer:
        sign_on(sp, ann)
        sign_out(ann)
    assert len(peer.heard) == 1
    world.later(seconds=31)
    logouts.run_jobs(world)

    assert steps(world) == {"calendar.example": ("back", "asked")}


def test_x29_who_hangs_delays_nobody(world, by_soap, ann):
    """The session is over and the good one has confirmed while the other hangs; the page comes at once."""
    slow, _ = by_soap("slow", hanging())
    good, _ = by_soap("good")
    sign_on(slow, ann)
    sign_on(good, ann)

    began = clock.monotonic()
    page = ann.client.get(sign_out(ann))
    assert clock.monotonic() - began < 3
    assert not world.alive(ann)
    assert states(page) == {"slow.example": "being asked", "good.example": "being asked"}
    assert next_of(page).startswith("/signout/lgo_")
    logouts.wait_until(lambda: steps(world)["good.example"] == ("back", "confirmed"), 8)
    logouts.wait_until(lambda: steps(world)["slow.example"] == ("back", "asked"), 8)


def test_x29_what_did_not_answer_is_told_again_from_the_outbox_with_the_same_id(world, by_soap, ann):
    sp = logouts.provider("calendar", slo="")
    broken = {"now": True}
    good = confirming(sp)
    _, peer = by_soap("calendar", lambda heard: (500, {}, b"") if broken["now"] else good(heard))
    sign_on(sp, ann)
    sign_out(ann)
    assert steps(world) == {"calendar.example": ("back", "asked")}

    logouts.run_jobs(world)
    assert len(peer.heard) == 1, "not before half a minute"
    world.later(seconds=31)
    _, sent = logouts.run_jobs(world)
    assert (sent.sent, sent.failed) == (0, 1)
    broken["now"] = False
    world.later(seconds=60)
    _, sent = logouts.run_jobs(world)
    assert (sent.sent, sent.failed) == (1, 0)

    assert steps(world) == {"calendar.example": ("back", "confirmed")}
    assert len({message_in(heard.body).get("ID") for heard in peer.heard}) == 1
    world.later(hours=1)
    logouts.run_jobs(world)
    assert len(peer.heard) == 3, "what has confirmed is not told again"


def test_what_does_not_answer_when_called_is_visited_by_the_browser(world, by_soap, ann):
    sp, peer = by_soap(
        "both", lambda heard: (503, {}, b""), more=logouts.service(names.REDIRECT, "https://both.example/slo")
    )
    sign_on(sp, ann)

    page = ann.client.get(sign_out(ann))
    assert heading(page) == "Signing out of both.example…"
    visit = ann.client.get(next_of(page)).headers["Location"]
    assert visit.startswith("https://both.example/slo?SAMLRequest=")
    assert carried(visit, "SAMLRequest").root.get("ID") != message_in(peer.heard[0].body).get("ID")

    page = ann.client.get(slo(ann, signed_answer(sp, visit)).headers["Location"])
    assert states(page) == {"both.example": "confirmed"}


def test_who_was_not_visited_after_all_is_called_again(world, by_soap, ann):
    """The person left the page: what is left is for the outbox."""
    sp = logouts.provider("both", slo="")
    broken = {"now": True}
    good = confirming(sp)
    by_soap(
        "both",
        lambda heard: (503, {}, b"") if broken["now"] else good(heard),
        more=logouts.service(names.REDIRECT, "https://both.example/slo"),
    )
    sign_on(sp, ann)
    sign_out(ann)
    broken["now"] = False
    world.later(seconds=31)
    logouts.run_jobs(world)
    assert steps(world) == {"both.example": ("front", "waiting")}

    world.later(minutes=20)
    logouts.run_jobs(world)

    assert steps(world) == {"both.example": ("back", "confirmed")}


# The page of steps


def test_each_application_is_visited_in_turn_and_the_page_says_what_it_said(world, wiki, board, ann):
    first = sign_on(wiki, ann)
    world.later(seconds=1)
    second = sign_on(board, ann)

    place = sign_out(ann)
    assert not world.alive(ann), "the session here is over before anybody is told (X29)"
    page = ann.client.get(place)
    assert heading(page) == "Signing out of wiki.example…"
    assert states(page) == {"wiki.example": "being asked", "board.example": "comes next"}

    visit = ann.client.get(next_of(page)).headers["Location"]
    assert visit.startswith("https://wiki.example/slo?a=1&SAMLRequest=")
    request = carried(visit, "SAMLRequest")
    assert request.relay_state is None
    assert request.root.get("Destination") == "https://wiki.example/slo?a=1"
    assert request.one("//saml:NameID") == first.one("//saml:NameID")
    assert request.one("//samlp:SessionIndex") == index(first)
    validate(request.xml)
    logouts.proven(world, visit)

    back = slo(ann, signed_answer(wiki, visit))
    assert back.headers["Location"] == place
    page = ann.client.get(place)
    assert heading(page) == "Signing out of board.example…"

    form = ann.client.get(next_of(page))
    carrying = html.fromstring(form.text).xpath("//form[@id='carry']")[0]
    assert carrying.get("action") == "https://board.example/slo"
    assert "https:" in form.headers["Content-Security-Policy"].partition("form-action")[2]
    xml = base64.b64decode(carrying.xpath(".//input[@name='SAMLRequest']/@value")[0])
    validate(xml)
    asked = etree.fromstring(xml)
    assert asked.findtext(f"{{{names.SAML}}}NameID") == second.one("//saml:NameID")
    response = board.enveloped(logout_response(board, asked.get("ID")))
    answer = ann.client.application.test_client().post(
        "/sites/acme/saml/slo", data={"SAMLResponse": encoded(response)}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.headers["Location"] == place

    page = ann.client.get(place)
    assert heading(page) == "You are signed out"
    assert states(page) == {"wiki.example": "confirmed", "board.example": "confirmed"}
    assert next_of(page) == ""


def test_one_that_answers_no_is_not_called_signed_out(world, wiki, ann):
    sign_on(wiki, ann)
    place = sign_out(ann)
    visit = ann.client.get(next_of(ann.client.get(place))).headers["Location"]

    slo(ann, signed_answer(wiki, visit, names.RESPONDER))

    page = ann.client.get(place)
    assert heading(page) == "You are signed out here"
    assert states(page) == {"wiki.example": "asked, not confirmed"}
    assert "Not every application has confirmed" in page.text


def test_x29_one_that_keeps_the_browser_is_given_up_after_ten_seconds(world, wiki, board, ann):
    sign_on(wiki, ann)
    world.later(seconds=1)
    sign_on(board, ann)
    place = sign_out(ann)
    ann.client.get(next_of(ann.client.get(place)))

    page = ann.client.get(place)
    assert heading(page) == "Signing out of wiki.example…"
    assert next_of(page) == place, "it looks again"
    world.later(seconds=11)
    page = ann.client.get(place)
    assert heading(page) == "One application did not answer"
    assert states(page) == {"wiki.example": "did not answer", "board.example": "comes next"}
    assert next_of(page) == "", "the person says when to go on"
    assert "Go on with board.example" in page.text

    ann.client.get(html.fromstring(page.text).xpath("//main//a[contains(., 'Go on with')]/@href")[0])
    world.later(seconds=11)
    page = ann.client.get(place)
    assert heading(page) == "You are signed out here"
    assert states(page) == {"wiki.example": "did not answer", "board.example": "did not answer"}


def test_x29_one_that_sends_the_browser_round_is_asked_once(world, wiki, ann):
    """A loop ends here: an application is visited once, whatever it does with the browser."""
    sign_on(wiki, ann)
    place = sign_out(ann)
    go = next_of(ann.client.get(place))
    assert ann.client.get(go).headers["Location"].startswith("https://wiki.example/")

    for _ in range(3):
        assert ann.client.get(go).headers["Location"] == place


def test_when_its_own_session_may_still_live_is_said(world, wiki, ann):
    """Every assertion told it when at the latest: SessionNotOnOrAfter."""
    signed_on = sign_on(wiki, ann)
    place = sign_out(ann)
    ann.client.get(next_of(ann.client.get(place)))
    world.later(seconds=11)

    until = signed_on.one("//saml:AuthnStatement/@SessionNotOnOrAfter")
    assert f'may live until <time datetime="{until[:19]}Z"' in " ".join(ann.client.get(place).text.split())


def test_the_page_is_this_browsers_alone_and_for_ten_minutes(world, wiki, ann):
    sign_on(wiki, ann)
    place = sign_out(ann)
    go = next_of(ann.client.get(place))

    for address in (place, go):
        answer = world.browser(ANN).client.get(address)
        assert answer.status_code == 400
        assert "begun in another browser" in answer.text
    assert ann.client.get("/signout/lgo_" + "a" * 43).status_code == 400
    world.later(minutes=11)
    assert ann.client.get(place).status_code == 400


# X28: forged answers


@pytest.fixture
def visited(world, wiki, board, ann):
    """Ann's browser was sent to the wiki; return the request that it carried, and the page of steps."""
    sign_on(wiki, ann)
    place = sign_out(ann)
    return ann.client.get(next_of(ann.client.get(place))).headers["Location"], place


def test_x28_an_answer_that_nobody_waits_for_is_refused(world, wiki, board, ann, visited):
    location, place = visited
    forged = {
        "to another request": signed_answer(wiki, location, in_response_to="_another"),
        "to none": signed_answer(wiki, location, in_response_to=""),
        "of another service provider": signed_answer(board, location),
        "in the name of the wiki": signed_answer(wiki, location, by=board.pair),
        "for another address": signed_answer(wiki, location, Destination="http://localhost:8000/sites/acme/saml/sso"),
        "too old": signed_answer(wiki, location, IssueInstant="2030-01-01T11:00:00Z"),
        "unsigned": wiki.query(logout_response(wiki, carried(location, "SAMLRequest").root.get("ID"))).replace(
            "SAMLRequest", "SAMLResponse"
        ),
    }
    for what, query in forged.items():
        refused(slo(ann, query))
        assert steps(world) == {"wiki.example": ("front", "asked")}, what
    assert slo(ann, signed_answer(wiki, location)).headers["Location"] == place


def test_x28_an_answer_brought_by_another_browser_is_refused(world, wiki, ann, visited):
    location, _ = visited
    for browser in (world.browser(), world.browser(ANN)):
        refused(slo(browser, signed_answer(wiki, location)))
    assert steps(world) == {"wiki.example": ("front", "asked")}


def test_an_answer_that_is_refused_leads_back_to_the_page_of_steps(world, wiki, ann, visited):
    """X28: what comes by form has no cookies; where its link leads, the browser is looked at."""
    location, place = visited
    forged = signed_answer(wiki, location, in_response_to="_another")

    page = slo(ann, forged)

    assert heading(page) == "One answer could not be taken"
    (link,) = html.fromstring(page.text).xpath("//main//a[contains(@class,'button')]/@href")
    assert ann.client.get(link).headers["Location"] == place
    response = wiki.enveloped(logout_response(wiki, "_another"))
    by_form = world.browser().client.post("/sites/acme/saml/slo", data={"SAMLResponse": encoded(response)})
    assert html.fromstring(by_form.text).xpath("//main//a[contains(@class,'button')]/@href") == [link]
    stranger = world.browser()
    assert stranger.client.get(link).headers["Location"] == "/"
    assert heading(slo(stranger, forged)) == "This cannot go on"
    world.later(minutes=10)
    assert ann.client.get(link).headers["Location"] == "/"


def test_x19_an_answer_is_taken_once(world, wiki, ann, visited):
    location, _ = visited
    query = signed_answer(wiki, location)
    slo(ann, query)
    refused(slo(ann, query))


@pytest.mark.both_databases
def test_x19_an_answer_is_taken_once_also_where_it_comes_twice_at_the_same_time(world, wiki, ann, visited, monkeypatch):
    """One of two has looked for who waits, when the other is done."""
    query, answers = signed_answer(wiki, visited[0]), []
    look = logout_steps.step_of

    def looked(*of):
        found = look(*of)
        if not answers:
            answers.append(None)
            answers[0] = slo(ann, query)
        return found

    monkeypatch.setattr(logout_steps, "step_of", looked)

    answers.append(slo(ann, query))

    assert [answer.status_code for answer in answers] == [303, 400]
    assert steps(world) == {"wiki.example": ("front", "confirmed")}
    assert sorted(a.outcome for a in world.attempts() if a.kind == "saml.logout") == ["refused", "succeeded"]


def test_x17_x26_relay_state_is_not_followed(world, wiki, ann, visited):
    location, place = visited
    answer = slo(ann, signed_answer(wiki, location) + "&RelayState=https%3A%2F%2Fevil.example")
    # RelayState is not under the signature: the answer is refused, not followed.
    refused(answer)
    assert slo(ann, signed_answer(wiki, location)).headers["Location"] == place


# A service provider started it


def test_who_started_it_is_answered_last_and_with_success_only_if_all_confirmed(world, wiki, ann):
    for confirms in (True, False):
        browser = world.browser(ANN)
        starter = logouts.provider(
            f"start{int(confirms)}", slo=logouts.service(names.REDIRECT, "https://s.example/slo")
        )
        logouts.register(world, starter)
        sign_on(wiki, browser)
        signed_on = sign_on(starter, browser)

        query = starter.query(
            starter.logout_request(name_id(signed_on), index(signed_on)), "https://evil.example", sign=SIGN
        )
        place = slo(browser, query).headers["Location"]
        assert not world.alive(browser)
        page = browser.client.get(place)
        assert list(states(page)) == ["wiki.example"], "who asked need not be told"
        visit = browser.client.get(next_of(page)).headers["Location"]
        slo(browser, signed_answer(wiki, visit, *((names.SUCCESS,) if confirms else (names.RESPONDER,))))

        page = browser.client.get(place)
        done = next_of(page)
        assert done.startswith("/sites/acme/saml/slo/done/")
        told = browser.client.get(done).headers["Location"]
        assert told.startswith("https://s.example/slo?SAMLResponse="), "never where RelayState says"
        assert carried(told).statuses == (["Success"] if confirms else ["Success", "PartialLogout"])
        assert carried(told).relay_state == "https://evil.example"
        assert carried(told).root.get("InResponseTo")
        logouts.proven(world, told)
        assert browser.client.get(done).headers["Location"] == place, "answered once"
        assert next_of(browser.client.get(place)) == ""


def test_if_all_others_can_be_called_the_answer_goes_back_at_once(world, by_soap, wiki, ann):
    other, peer = by_soap("calendar")
    sign_on(other, ann)
    signed_on = sign_on(wiki, ann)

    answer = slo(ann, wiki.query(wiki.logout_request(name_id(signed_on), index(signed_on)), "s", sign=SIGN))

    assert answer.headers["Location"].startswith("https://wiki.example/done?SAMLResponse=")
    assert carried(answer.headers["Location"]).statuses == ["Success"]
    assert len(peer.heard) == 1


def test_a_logout_by_form_goes_on_in_the_browser_that_shows_up(world, wiki, board, ann):
    """I3: a form of another site comes without cookies; the first browser within a minute has the page."""
    sign_on(wiki, ann)
    signed_on = sign_on(board, ann)
    request = board.enveloped(board.logout_request(name_id(signed_on), index(signed_on)))

    place = ann.post(encoded(request), to="slo").headers["Location"]

    assert not world.alive(ann)
    page = ann.client.get(place)
    assert heading(page) == "Signing out of wiki.example…"
    assert world.browser().client.get(place).status_code == 400
    visit = ann.client.get(next_of(page)).headers["Location"]
    slo(ann, signed_answer(wiki, visit))
    told = posted(ann.client.get(next_of(ann.client.get(place))))
    assert (told.action, told.statuses) == ("https://board.example/slo", ["Success"])


def test_a_logout_by_form_is_nobodys_after_a_minute(world, wiki, board, ann):
    sign_on(wiki, ann)
    signed_on = sign_on(board, ann)
    request = board.enveloped(board.logout_request(name_id(signed_on), index(signed_on)))
    place = ann.post(encoded(request), to="slo").headers["Location"]
    world.later(seconds=61)

    assert ann.client.get(place).status_code == 400


def test_a_session_that_another_logout_ended_is_answered_by_what_is_known(world, wiki, board, ann):
    """Success only where that logout was confirmed by everybody."""
    signed_on = sign_on(wiki, ann)
    sign_on(board, ann)
    sign_out(ann)

    answer = slo(ann, wiki.query(wiki.logout_request(name_id(signed_on), index(signed_on)), sign=SIGN))

    assert carried(answer.headers["Location"]).statuses == ["Success", "PartialLogout"]


def test_an_application_that_was_deleted_cannot_be_told(world, ann):
    sp = logouts.provider("gone", slo=logouts.service(names.REDIRECT, "https://gone.example/slo"))
    application_id = logouts.register(world, sp)
    sign_on(sp, ann)
    with world.work() as work:
        applications.delete(work, application_id)

    assert list(states(ann.client.get(sign_out(ann))).values()) == ["cannot be told"]


def test_one_whose_answer_could_not_be_verified_is_not_visited(world, ann):
    sp = logouts.provider("keyless", slo=logouts.service(names.REDIRECT, "https://keyless.example/slo"))
    logouts.register(world, sp, signing=False)
    sign_on(sp, ann)

    assert states(ann.client.get(sign_out(ann))) == {"keyless.example": "cannot be told"}


def test_x16_an_address_of_scripts_in_the_row_is_never_led_to(world, wiki, ann):
    with world.work() as work:
        row = work.tx.session.query(Row).one()
        forged = [{**row.description["logout_endpoints"][0], "location": "javascript:alert(1)"}]
        row.description = {**row.description, "logout_endpoints": forged}
    sign_on(wiki, ann)

    page = ann.client.get(sign_out(ann))
    assert states(page) == {"wiki.example": "cannot be told"}
    assert "javascript:" not in page.text


# Without a browser


def test_a_disabled_account_is_signed_out_of_what_can_be_called(world, by_soap, wiki, ann):
    sp, peer = by_soap("calendar")
    sign_on(sp, ann)
    sign_on(wiki, ann)
    with world.work() as work:
        accounts.disable(work, ANN)
    assert not world.alive(ann)
    assert peer.heard == []

    for _ in range(3):  # each job asks for the next
        logouts.run_jobs(world)

    assert len(peer.heard) == 1
    assert steps(world) == {"calendar.example": ("back", "confirmed"), "wiki.example": ("none", "cannot")}
    assert [entry.details["cause"] for entry in world.audited("session.ended")] == ["account disabled"]


def test_a_session_that_the_person_ends_elsewhere_is_told_of(world, by_soap, ann):
    sp, peer = by_soap("calendar")
    sign_on(sp, ann)
    other = world.browser(ANN)
    with world.work() as work:
        own_account.end_session(work, session.find(work, other.token), ann.session_id)

    for _ in range(2):
        logouts.run_jobs(world)

    assert len(peer.heard) == 1
    assert steps(world) == {"calendar.example": ("back", "confirmed")}
    logouts.run_jobs(world)
    assert len(peer.heard) == 1


def test_the_audit_log_has_the_same_list_once(world, by_soap, wiki, ann):
    sp, _ = by_soap("calendar")
    sign_on(sp, ann)
    sign_on(wiki, ann)
    place = sign_out(ann)
    visit = ann.client.get(next_of(ann.client.get(place))).headers["Location"]
    assert world.audited("logout.finished") == []
    world.later(seconds=11)
    ann.client.get(place)
    ann.client.get(place)

    (entry,) = world.audited("logout.finished")
    told = {one["name"]: one for one in entry.details["applications"]}
    assert entry.details["cause"] == "signed out"
    until = datetime.fromisoformat(told["wiki.example"]["may_live_until"])
    lives = f"its session may live until {until:%Y-%m-%d %H:%M} UTC"
    assert (until.date() - world.now.date()).days == 1
    expected = ["calendar.example: confirmed", f"wiki.example: asked ({lives})"]
    assert sorted(entry.details["summary"].split("; ")) == expected
    assert sentence(entry.tag, entry.details).startswith(
        "told the applications of an ended session of ann@acme.example ("
    )
    assert lives in sentence(entry.tag, entry.details)
    assert told["calendar.example"]["outcome"] == "confirmed"
    assert told["wiki.example"]["outcome"] == "asked"
    assert datetime.fromisoformat(told["wiki.example"]["may_live_until"]) > world.now + timedelta(hours=1)
    assert visit


def test_who_leaves_in_the_middle_is_signed_out_and_it_is_written_down(world, wiki, ann):
    sign_on(wiki, ann)
    sign_out(ann)
    world.later(minutes=11)
    logouts.run_jobs(world)

    (entry,) = world.audited("logout.finished")
    assert entry.details["applications"][0]["outcome"] == "cannot"
    assert not world.alive(ann)


# A sign-on beside a logout


@pytest.mark.both_databases
@pytest.mark.parametrize("again", [False, True], ids=["for the first time", "once more"])
def test_x29_who_signed_on_while_the_session_ended_is_told_too(world, by_soap, ann, again):
    """X29: its sign-on had found the session live and is committed after the end; nobody could see it before."""
    sp, peer = by_soap("calendar")
    sign_on(sp, ann)
    other = logouts.provider("other", slo=logouts.service(names.REDIRECT, "https://other.example/slo"))
    other_id = logouts.register(world, other)
    with world.work() as work:
        (joined,) = work.tx.session.scalars(select(Participant))
        session_id, calendar_id, subject = joined.session_id, joined.application_id, joined.subject
        organization_id = joined.organization_id
    world.later(seconds=1)

    with world.work() as beside:
        assert session.alive(beside, organization_id, session_id)
        with world.work() as work:
            account = session.find_by_id(work, organization_id, session_id).account_id
            logout.start(work, logouts.tellers(), organization_id, {session_id: account}, because="signed out")
        session.join(beside, organization_id, session_id, calendar_id if again else other_id, subject)
    world.later(seconds=61)
    logouts.run_jobs(world)
    logouts.run_jobs(world)

    assert len(peer.heard) == (2 if again else 1)
    finished = [one["name"] for entry in world.audited("logout.finished") for one in entry.details["applications"]]
    assert sorted(finished) == ["calendar.example", "calendar.example" if again else "other.example"]


def test_who_took_part_when_the_session_ended_is_told_once(world, by_soap, ann):
    sp, peer = by_soap("calendar")
    sign_on(sp, ann)
    sign_out(ann)
    world.later(seconds=61)
    logouts.run_jobs(world)

    assert len(peer.heard) == 1
