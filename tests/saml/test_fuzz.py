"""
Seeded noise: whatever is done to a good message, no assertion for it and no surprise (X8).

``FUZZ_MESSAGES`` and ``FUZZ_SEED`` in the environment say how many and which. What is done, and where,
follows from the seed alone; keys and names are new in every run, so a failure shows what was sent.
"""

import base64
import os
import random
import time
from contextlib import suppress
from urllib.parse import quote

import pytest

from idp.audit.models import Attempt
from idp.base.errors import Invalid
from idp.saml import metadata, names
from idp.settings import ThrottlingSettings
from idp.signon.models import LogoutStep, PendingSignOn, SeenMessage
from idp.signon.teller import CONFIRMED
from tests.support import mutations
from tests.support.saml_world import refused
from tests.support.service_provider import NOON, ServiceProvider, deflated, encoded, pair
from tests.support.storm import PATHS, Sent, Storm, told

MESSAGES = int(os.environ.get("FUZZ_MESSAGES", "10000"))
SEED = int(os.environ.get("FUZZ_SEED", "20300101"))
SLOWEST = 0.2
"""CPU seconds."""


@pytest.fixture
def settings(settings):
    """An installation that writes down every refusal, so that none of them goes uncounted (I10)."""
    return settings.model_copy(update={"throttling": ThrottlingSettings(sign_ons_per_minute=1_000_000)})


def least(storm: Storm, sent: Sent) -> float:
    """Return what a message takes at least: a pause of the collector comes once, what makes a message slow each time."""
    took = []
    for _ in range(5):
        began = time.process_time()
        storm.answered(sent)
        took.append(time.process_time() - began)
    return min(took)


def test_x8_ten_thousand_mutated_messages_never_yield_an_assertion(world):
    """
    X1, X2, X7, X8, X10, X11, X28: nothing is taken but what was said, nothing is slow, nothing breaks, nothing is
    left half done: no session has ended, no name was given up and no application has confirmed for what was not said.
    """
    print(f"FUZZ_SEED={SEED} FUZZ_MESSAGES={MESSAGES}")  # noqa: T201 (pytest shows it with a failure)
    storm = Storm(world, random.Random(SEED))
    slow: list[Sent] = []

    for number in range(MESSAGES):
        sent = storm.next()
        with told(SEED, number, sent):
            began = time.process_time()
            answer = storm.answered(sent)
            if time.process_time() - began >= SLOWEST:
                slow.append(sent)
            storm.judge(sent, answer)

    counts = storm.counts
    assert world.alive(storm.ann)
    assert world.alive(storm.ben)
    accepted = {kind: counts.get(kind, 0) for kind in PATHS}
    # Of every kind some untouched ones were taken, so that the rest was refused for what was done to it.
    assert all(MESSAGES * 0.001 < number < MESSAGES * 0.05 for number in accepted.values()), counts
    assert all(counts[f"{kind} refused"] > MESSAGES * 0.08 for kind in PATHS), counts
    assert counts["sent"] == MESSAGES == counts["refused"] + sum(accepted.values())
    assert accepted["sign-on"] == counts["stored"] + counts["assertions"]
    # Each request is one attempt; each attempt has its entry; what was taken is remembered once; nothing else is there.
    own, departures = counts["own sign-ons"], counts["own departures"]
    logouts_, names_ = (accepted[kind] + accepted[f"{kind} by SOAP"] for kind in ("logout", "name"))
    assert world.count(Attempt) == MESSAGES + own
    outcomes = {outcome: sum(one.outcome == outcome for one in world.attempts()) for outcome in ("pending", "refused")}
    assert outcomes == {"pending": counts["stored"], "refused": counts["refused"]}
    assert world.count(PendingSignOn) == counts["stored"]
    assert world.count(SeenMessage) == len(storm.taken) - accepted["answer"] + own
    assert len(world.audited("application.sign-on-refused")) == counts["refused"]
    assert len(world.audited("application.signed-on")) == counts["assertions"] + own
    assert len(world.audited("session.ended")) == logouts_ + departures
    assert len(world.audited("name-id.terminated")) == names_
    assert confirmed(world) == accepted["answer"]
    for sent in slow:
        assert least(storm, sent) < SLOWEST, repr(sent)


def confirmed(world) -> int:
    """Return how many applications have confirmed that their person is signed out there."""
    with world.work() as work:
        return work.tx.session.query(LogoutStep).filter(LogoutStep.outcome == CONFIRMED).count()


def test_what_is_done_follows_from_the_seed():
    sp = ServiceProvider()
    xml = sp.enveloped(sp.authn_request())

    def done(seed: int) -> list[object]:
        chance = random.Random(seed)
        return [
            made
            for _ in range(200)
            for made in (
                mutations.in_the_tree(chance, xml, xml),
                mutations.in_the_octets(chance, xml),
                mutations.damaged_base64(chance, xml.encode()),
                mutations.damaged_deflate(chance, xml.encode()),
                mutations.damaged_query(chance, "SAMLRequest=x&RelayState=y"),
            )
        ]

    assert done(1) == done(1)
    assert done(1) != done(2)
    assert sum(made == xml.encode() for made in done(1)) < 100


def test_x8_unsigned_noise_leads_nowhere_but_to_registered_addresses(world, registered, sp, ann):
    chance = random.Random(SEED)
    good = sp.authn_request()

    for number in range(1000):
        made = mutations.in_the_tree(chance, good, good) if number % 2 else mutations.in_the_octets(chance, good)
        answer = ann.sso(f"SAMLRequest={quote(deflated(made), safe='')}")
        assert answer.status_code in (200, 303, 400), answer.text[:500]
        if answer.status_code == 200:
            assert f'action="{sp.acs}"' in answer.text
        elif answer.status_code == 303:
            assert answer.headers["Location"].startswith("/signin/")


def test_x8_random_octets_are_refused(world, registered, ann):
    chance = random.Random(SEED)
    for _ in range(200):
        octets = chance.randbytes(chance.randint(0, 300))
        refused(ann.post(encoded(octets)))
        refused(ann.sso("SAMLRequest=" + quote(base64.b64encode(octets).decode(), safe="")))
        refused(ann.sso("SAMLRequest=" + quote(deflated(octets), safe="")))


def test_x8_mutated_metadata_is_read_or_refused_in_words():
    chance = random.Random(SEED)
    sp = ServiceProvider()
    good = sp.metadata(signing=sp.pair.der, encryption=pair("other").der, formats=(names.EMAIL,)).decode()
    taken = 0
    for number in range(1000):
        made = mutations.in_the_tree(chance, good, good) if number % 2 else mutations.in_the_octets(chance, good)
        with suppress(Invalid):  # anything else is a surprise
            described = metadata.read(made, now=NOON, http_loopback=False)
            assert all(one.location.startswith("https://") for one in described.assertion_consumers)
            taken += 1
    assert 0 < taken < 800
