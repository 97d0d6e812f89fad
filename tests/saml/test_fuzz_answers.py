"""Seeded noise for an answer: what an application says by SOAP that was told of a logout (X8, X28, X29)."""

import os
import random
import time

import pytest
from lxml import etree

from idp.saml import names
from idp.saml.answering import PROTOCOL
from idp.saml.logout import telling
from idp.signon.teller import ASKED, CONFIRMED, Reply, Told
from tests.saml import logouts
from tests.saml.logouts import sign_on, sign_out, states
from tests.support import mutations
from tests.support.peers import in_envelope, logout_response, message_in, serving
from tests.support.saml_world import ANN
from tests.support.service_provider import ServiceProvider, pair
from tests.support.storm import meaning

ANSWERS = int(os.environ.get("FUZZ_MESSAGES", "10000")) // 10
SEED = int(os.environ.get("FUZZ_SEED", "20300101"))
STATUS = f"{{{names.SAMLP}}}Status"
SLOWEST = 0.2
"""CPU seconds."""


@pytest.fixture
def settings(tmp_path, database_url):
    return logouts.calling_loopback(tmp_path, database_url)


class Calendar:
    """An application that answers as it should, before something is done to that."""

    def __init__(self, sp: ServiceProvider) -> None:
        self.sp = sp
        self.chance = random.Random(SEED)
        self.said: set[bytes] = set()

    def answer(self, asked: str) -> str:
        """Return its answer, without a signature."""
        xml = logout_response(self.sp, asked, Destination=None)
        self.said.add(meaning(xml.encode()))
        return xml

    def mutated(self, asked: str) -> bytes:
        """Return its answer with something done to it, or to what is around it."""
        chance, plain = self.chance, self.answer(asked)
        signed, other = self.sp.enveloped(plain), self.sp.enveloped(logout_response(self.sp, "_another"))
        match chance.randrange(11):
            case 0:
                lie = chance.choice(
                    [{"issuer": "https://other.example/metadata"}, {"InResponseTo": "_x"}, {"Version": "1.1"}]
                )
                return in_envelope(logout_response(self.sp, asked, **lie))
            case 1:
                return in_envelope(self.sp.enveloped(plain, by=pair("nobody")))
            case 2:
                return in_envelope(signed, after=other)
            case 3 | 4:
                return mutations.in_the_octets(chance, in_envelope(signed))
            case 5:
                return mutations.in_the_tree(chance, in_envelope(signed).decode().partition("?>")[2], other)
            case 6 | 7:
                return in_envelope(mutations.in_the_tree(chance, plain, other).decode())
            case _:
                return in_envelope(mutations.in_the_tree(chance, signed, other).decode())

    def says(self, envelope: bytes, asked: str) -> bool:
        """
        Say whether another reader finds a confirmation of *asked* there.

        With a signature it must be what was said, to the letter. Without one it is believed on the line that we
        called it by: then it must say so.
        """
        root = message_in(envelope)
        if root.find(f"{{{names.DS}}}Signature") is not None:
            return meaning(etree.tostring(root, method="c14n", exclusive=True, with_tail=False)) in self.said
        codes = [code.get("Value") for code in root.iterfind(f"{STATUS}//{STATUS}Code")]
        return (
            root.tag == names.LOGOUT_RESPONSE
            and (root.get("InResponseTo"), codes) == (asked, [names.SUCCESS])
            and root.findtext(f"{{{names.SAML}}}Issuer") == self.sp.entity_id
        )


def test_x8_x29_no_mutated_answer_confirms_that_somebody_is_signed_out(world, sp):
    """And none is slow, or breaks what reads it."""
    application_id, calendar = world.register(sp), Calendar(sp)
    outcomes: dict[str, int] = {}
    slow: list[bytes] = []
    with world.work() as work:
        told = Told(world.account().organization_id, application_id, "ses_x", "acc_x", {}, "_asked")
        judge = telling.tellers("http://localhost:8000")[PROTOCOL].judge
        assert judge(work, told, Reply(200, in_envelope(calendar.answer("_asked")))).outcome == CONFIRMED
        for _ in range(ANSWERS):
            envelope = calendar.mutated("_asked")
            began = time.process_time()
            outcome = judge(work, told, Reply(200, envelope)).outcome
            if time.process_time() - began > SLOWEST:
                slow.append(envelope)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
            assert outcome != CONFIRMED or calendar.says(envelope, "_asked"), envelope

        for envelope in slow:  # a pause of the collector comes once, what makes a message slow each time
            began = time.process_time()
            judge(work, told, Reply(200, envelope))
            assert time.process_time() - began < SLOWEST, envelope
    assert sum(outcomes.values()) == ANSWERS
    assert outcomes[ASKED] > ANSWERS * 0.8, outcomes


def test_x8_x29_a_mutated_answer_on_the_line_changes_nothing_but_what_is_said_of_its_application(world, ann):
    sp = logouts.provider("calendar", slo="")
    calendar = Calendar(sp)
    sent: list[tuple[str, bytes]] = []

    def answer(heard):
        asked = message_in(heard.body).get("ID")
        sent.append((asked, calendar.mutated(asked)))
        return 200, {"Content-Type": "text/xml"}, sent[-1][1]

    with serving(answer) as peer:
        sp.slo = logouts.service(names.SOAP, f"{peer.address}/soap")
        logouts.register(world, sp)
        for number in range(1, 31):
            browser = world.browser(ANN)
            sign_on(sp, browser)
            page = browser.client.get(sign_out(browser))

            assert page.status_code == 200
            (state,) = states(page).values()
            assert len(sent) == number
            asked, envelope = sent[-1]
            assert state != "confirmed" or calendar.says(envelope, asked), envelope
            assert state in ("confirmed", "asked, not confirmed", "being asked"), envelope
            assert not world.alive(browser)
    assert world.alive(ann), "whose session it is not"
