"""
Seeded noise: whatever is done to a good message, no assertion for it and no surprise (X8).

``FUZZ_MESSAGES`` and ``FUZZ_SEED`` in the environment say how many and which. What is done, and where,
follows from the seed alone; keys and names are new in every run, so a failure shows what was sent.
"""

import base64
import os
import random
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote

import pytest
from lxml import etree

from idp.audit.models import Attempt
from idp.base.errors import Invalid
from idp.saml import gate, metadata, names
from idp.settings import ThrottlingSettings
from idp.signon.models import PendingSignOn, SeenMessage
from tests.support import mutations
from tests.support.mutations import EVIL
from tests.support.saml_world import ANN, BEN, Browser, World, posted, refused
from tests.support.service_provider import NOON, ServiceProvider, deflated, encoded, pair

MESSAGES = int(os.environ.get("FUZZ_MESSAGES", "10000"))
SEED = int(os.environ.get("FUZZ_SEED", "20300101"))
SLOWEST = 0.2
"""CPU seconds."""
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def settings(settings):
    """An installation that writes down every refusal, so that none of them goes uncounted (I10)."""
    return settings.model_copy(update={"throttling": ThrottlingSettings(sign_ons_per_minute=1_000_000)})


def meaning(message: bytes) -> bytes:
    """Return what *message* says, whoever signed it: signatures and their keys left out."""
    root = etree.fromstring(message)
    for signature in list(root.iter(f"{{{names.DS}}}Signature")):
        signature.getparent().remove(signature)
    return etree.tostring(root, method="c14n", exclusive=True)


@dataclass
class Sent:
    """One request: *post* the octets to the *service*, or put them in its address."""

    service: str
    post: bool
    octets: bytes

    def message(self) -> bytes:
        """Return what is in it, as another reader finds it."""
        value = parse_qs(self.octets.decode("latin-1"), keep_blank_values=True)["SAMLRequest"][0]
        plain = base64.b64decode(value)
        return plain if self.post else gate.inflated(value)


@dataclass
class Storm:
    """
    A service provider that must sign, and what happens to its messages.

    Ann is signed on for requests by redirect; Ben's session there is what logout requests name.
    """

    world: World
    chance: random.Random
    sp: ServiceProvider = field(default_factory=ServiceProvider)
    other: ServiceProvider = field(
        default_factory=lambda: ServiceProvider(
            entity_id="https://other.example/metadata", acs="https://other.example/acs", pair=pair("other")
        )
    )
    genuine: set[bytes] = field(default_factory=set)
    taken: set[bytes] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    slow: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        for one in (self.sp, self.other):
            self.world.register(one, require_signed_requests=True)
        self.ann = self.world.browser(ANN)
        self.requests = [self._genuine(self.sp.authn_request()) for _ in range(20)]
        self.foreign = [self.other.enveloped(self.other.authn_request()) for _ in range(5)]
        self.bens_turn()

    def bens_turn(self) -> None:
        """Ben signs on, anew if need be; from now on logout requests name that session."""
        self.ben: Browser = self.world.browser(BEN)
        signed_on = posted(self.ben.sso(self.sp.query(self.sp.authn_request(), sign=names.RSA_SHA256)))
        name = etree.tostring(signed_on.find("//saml:NameID")[0], method="c14n", exclusive=True, with_tail=False)
        index = signed_on.one("//saml:AuthnStatement/@SessionIndex")
        self.logouts = [self._genuine(self.sp.logout_request(name.decode(), index)) for _ in range(4)]
        self.count("own sign-ons")

    def _genuine(self, xml: str) -> tuple[str, str]:
        """Remember that the service provider said this; return it without and with its signature inside."""
        self.genuine.add(meaning(xml.encode()))
        return xml, self.sp.enveloped(xml)

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def next(self) -> Sent:
        """Return a message with something done to it; every fiftieth is left alone."""
        chance = self.chance
        kind = chance.choice(["sso", "slo"])
        plain, inside = chance.choice(self.requests if kind == "sso" else self.logouts)
        post, untouched = chance.random() < 0.5, chance.random() < 0.02
        service = kind if untouched or chance.random() < 0.97 else chance.choice(["sso", "slo"])
        if post:
            return Sent(service, True, (self._form(inside) if not untouched else _form(inside)).encode())
        signed = self.sp.query(plain, chance.choice([None, "", "state"]), sign=names.RSA_SHA256)
        return Sent(service, False, (signed if untouched else self._redirect(plain, inside, signed)).encode())

    def _form(self, inside: str) -> str:
        chance = self.chance
        match chance.randrange(10):
            case 0:
                return f"SAMLRequest={quote(mutations.damaged_base64(chance, inside.encode()), safe='')}"
            case 1:
                return mutations.damaged_query(chance, _form(inside) + "&RelayState=state")
            case 2:
                squeezed = mutations.damaged_deflate(chance, inside.encode())
                return f"SAMLRequest={quote(base64.b64encode(squeezed).decode(), safe='')}"
            case 3 | 4:
                return _form(mutations.in_the_octets(chance, inside))
            case _:
                return _form(mutations.in_the_tree(chance, inside, self._another()))

    def _redirect(self, plain: str, inside: str, signed: str) -> str:
        chance = self.chance
        tail = signed.partition("&")[2]
        match chance.randrange(10):
            case 0:
                message = mutations.damaged_base64(chance, mutations.packed(plain.encode()))
            case 1:
                message = base64.b64encode(mutations.damaged_deflate(chance, plain.encode())).decode()
            case 2 | 3:
                return mutations.damaged_query(chance, signed)
            case 4:
                message = deflated(mutations.in_the_octets(chance, plain))
            case 5 | 6:
                message = deflated(mutations.in_the_tree(chance, plain, self._another()))
            case 7:  # signed inside, as some do; the query is not
                changed = mutations.in_the_tree(chance, inside, self._another())
                return f"SAMLRequest={quote(deflated(changed), safe='')}&RelayState=state"
            case 8:  # both: the signature of the query is another's
                message = deflated(mutations.in_the_tree(chance, inside, self._another()))
            case _:
                by = chance.choice([self.other.pair, pair("nobody")])
                return self.sp.query(plain, "state", sign=names.RSA_SHA256, by=by)
        return f"SAMLRequest={quote(message, safe='')}&{tail}"

    def _another(self) -> str:
        plain, inside = self.chance.choice(self.requests + self.logouts)
        return self.chance.choice([plain, inside, self.chance.choice(self.foreign)])

    def send(self, sent: Sent) -> None:
        """Send it, and look at what comes back."""
        answer, took = self._answered(sent)
        if took >= SLOWEST:
            self.slow.append(sent)
        self.count("sent")
        assert EVIL not in answer.headers.get("Location", "")
        assert f'action="{EVIL}' not in answer.text
        if answer.status_code == 400:
            refused(answer)
            self.count("refused")
            return
        self._accepted(sent, answer)

    def _answered(self, sent: Sent):
        """Return the answer to a message, and how much CPU it took."""
        address = f"/sites/acme/saml/{sent.service}"
        began = time.process_time()
        if sent.post:
            client = self.world.app.test_client()
            answer = client.post(address, data=sent.octets, content_type=FORM)
        else:
            browser = self.ann if sent.service == "sso" else self.ben
            answer = browser.client.get(address, query_string=sent.octets.decode("latin-1"))
        return answer, time.process_time() - began

    def least(self, sent: Sent) -> float:
        """Return what a message takes at least: a pause of the collector comes once, what makes a message slow each time."""
        return min(self._answered(sent)[1] for _ in range(5))

    def _accepted(self, sent: Sent, answer) -> None:
        """Only what the service provider really said may have been taken, and once."""
        said = meaning(sent.message())
        assert said in self.genuine, "taken, although nobody said it"
        assert said not in self.taken, "taken twice"
        self.taken.add(said)
        location = answer.headers.get("Location", "")
        is_logout = b"LogoutRequest" in said[:200]
        assert is_logout == (sent.service == "slo")
        if is_logout:
            assert answer.status_code == 303
            assert location.startswith(f"{self.sp.slo}?SAMLResponse=")
            self.count("logouts")
            self.bens_turn()
            return
        self.requests = [one for one in self.requests if meaning(one[0].encode()) != said]
        self.requests.append(self._genuine(self.sp.authn_request()))
        if sent.post:
            assert (answer.status_code, location[:8]) == (303, "/signin/")
            self.count("stored")
        else:
            told = posted(answer)
            assert (told.action, told.statuses) == (self.sp.acs, ["Success"])
            assert told.one("/samlp:Response/@InResponseTo") == etree.fromstring(said).get("ID")
            self.count("assertions")


def _form(message: str | bytes) -> str:
    return f"SAMLRequest={quote(encoded(message), safe='')}"


@contextmanager
def told(number: int, sent: Sent):
    """Say with a failure what caused it."""
    try:
        yield
    except Exception as error:
        error.add_note(f"seed {SEED}, message {number}: {sent!r}")
        raise


def test_x8_ten_thousand_mutated_messages_never_yield_an_assertion(world):
    """X1, X2, X7, X8, X10, X11: nothing is taken but what was said, nothing is slow, nothing breaks, nothing is left half done."""
    print(f"FUZZ_SEED={SEED} FUZZ_MESSAGES={MESSAGES}")  # noqa: T201 (pytest shows it with a failure)
    storm = Storm(world, random.Random(SEED))

    for number in range(MESSAGES):
        sent = storm.next()
        with told(number, sent):
            storm.send(sent)

    counts = storm.counts
    assert world.alive(storm.ann)
    assert world.alive(storm.ben)
    accepted = {name: counts.get(name, 0) for name in ("stored", "assertions", "logouts")}
    # The untouched ones were taken, so that the rest was refused for what was done to it.
    assert all(MESSAGES * 0.003 < number < MESSAGES * 0.1 for number in accepted.values()), counts
    assert counts["sent"] == MESSAGES == counts["refused"] + sum(accepted.values())
    # Each request is one attempt; each attempt has its entry; what was taken is remembered once; nothing else is there.
    own = counts["own sign-ons"]
    assert world.count(Attempt) == MESSAGES + own
    outcomes = {outcome: sum(one.outcome == outcome for one in world.attempts()) for outcome in ("pending", "refused")}
    assert outcomes == {"pending": accepted["stored"], "refused": counts["refused"]}
    assert world.count(PendingSignOn) == accepted["stored"]
    assert world.count(SeenMessage) == len(storm.taken) + own
    assert len(world.audited("application.sign-on-refused")) == counts["refused"]
    assert len(world.audited("application.signed-on")) == accepted["assertions"] + own
    assert len(world.audited("session.ended")) == accepted["logouts"]
    for sent in storm.slow:
        assert storm.least(sent) < SLOWEST, repr(sent)


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
