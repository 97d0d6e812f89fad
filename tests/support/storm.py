"""
A storm of mutated SAML messages on every road that takes one, and what must be true of each answer.

What is done, and where, follows from the chance alone. The world may be an application in this process or a server:
it needs people, a clock and clients (`saml_world.World`).
"""

import base64
import random
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote

from lxml import etree

from idp.saml import gate, names
from tests.saml import logouts
from tests.support import mutations
from tests.support.mutations import EVIL
from tests.support.peers import SOAP, in_envelope, logout_response, message_in
from tests.support.saml_world import ANN, BEN, Browser, Posted, World, posted, refused
from tests.support.service_provider import ServiceProvider, deflated, encoded, pair, stamp

FORM, XML = "application/x-www-form-urlencoded", "text/xml; charset=utf-8"
PATHS = {
    "sign-on": "sso",
    "logout": "slo",
    "logout by SOAP": "slo/soap",
    "name": "manage-nameid",
    "name by SOAP": "manage-nameid/soap",
    "answer": "slo",
}
"""What can be sent, and the service that takes it."""
_OFTEN = {"sign-on": 30, "logout": 20, "logout by SOAP": 13, "name": 12, "name by SOAP": 10, "answer": 15}
_UNTOUCHED, _ASTRAY = 0.02, 0.03


def meaning(message: bytes) -> bytes:
    """Return what *message* says, whoever signed it: signatures and their keys left out."""
    root = etree.fromstring(message)
    for signature in list(root.iter(f"{{{names.DS}}}Signature")):
        signature.getparent().remove(signature)
    return etree.tostring(root, method="c14n", exclusive=True)


@dataclass
class Sent:
    """One request to the *service*: its *octets* are its query, the form that it posts, or an envelope."""

    kind: str
    service: str
    binding: str
    octets: bytes

    def message(self) -> bytes:
        """Return what is in it, as another reader finds it."""
        if self.binding == "soap":
            return etree.tostring(message_in(self.octets), method="c14n", exclusive=True, with_tail=False)
        query = parse_qs(self.octets.decode("latin-1"), keep_blank_values=True)
        (value,) = query.get("SAMLRequest") or query["SAMLResponse"]
        return base64.b64decode(value) if self.binding == "post" else gate.inflated(value)


@dataclass
class Storm:
    """
    A service provider that must sign, and what happens to its messages.

    Ann is signed on for requests by redirect, and it is her name there that is given up; Ben's session is what logout
    requests name; a third session is over already, and the service provider's answer to that is waited for. Where
    messages are sent ``at_once`` another may have come first to what one is about.
    """

    world: World
    chance: random.Random
    idp: str = "http://localhost:8000/sites/acme/saml"
    genuine: dict[bytes, str] = field(default_factory=dict)
    at_once: bool = False
    taken: set[bytes] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sp = ServiceProvider(
            slo=logouts.service(names.REDIRECT, "https://sp.example/slo")
            + f'<md:ManageNameIDService Binding="{names.REDIRECT}" Location="https://sp.example/names"/>',
            idp=self.idp,
        )
        self.other = ServiceProvider(
            entity_id="https://other.example/metadata",
            acs="https://other.example/acs",
            idp=self.idp,
            pair=pair("other"),
        )
        for one, slo in ((self.sp, self.sp.slo), (self.other, "")):
            self.world.register(one, one.metadata(signing=one.pair.der, slo=slo), require_signed_requests=True)
        self.ann = self.world.browser(ANN)
        self.pools: dict[str, list[tuple[str, str]]] = {}
        self.renew()

    def renew(self) -> None:
        """Let everything that is said be fresh again."""
        self.pools["sign-on"] = [self._asked() for _ in range(20)]
        self.foreign = [self.other.enveloped(self.other.authn_request(IssueInstant=self._now)) for _ in range(5)]
        self.bens_turn()
        self.anns_name()
        self.somebody_leaves()

    @property
    def _now(self) -> str:
        return stamp(self.world.now)

    def _asked(self) -> tuple[str, str]:
        return self._genuine("sign-on", self.sp.authn_request(IssueInstant=self._now))

    def bens_turn(self) -> None:
        """Ben signs on, anew if need be; from now on logout requests name that session."""
        self.ben = self.world.browser(BEN)
        self.bens = self._signed_on(self.ben)
        name, index = logouts.name_id(self.bens), logouts.index(self.bens)
        for kind in ("logout", "logout by SOAP"):
            at = f"{self.idp}/{PATHS[kind]}"
            made = (self.sp.logout_request(name, index, IssueInstant=self._now, Destination=at) for _ in range(4))
            self.pools[kind] = [self._genuine(kind, xml) for xml in made]

    def anns_name(self) -> None:
        """Ann has a name there, a new one if need be; from now on that is what is given up."""
        name = logouts.name_id(self._signed_on(self.ann))
        for kind in ("name", "name by SOAP"):
            attributes = {"Version": "2.0", "IssueInstant": self._now, "Destination": f"{self.idp}/{PATHS[kind]}"}
            self.pools[kind] = [
                self._genuine(kind, self._managed(name, {"ID": self.sp.new_id()} | attributes)) for _ in range(4)
            ]

    def _managed(self, name: str, attributes: dict[str, str | None]) -> str:
        return self.sp._request("ManageNameIDRequest", attributes, "", f"{name}<samlp:Terminate/>")

    def somebody_leaves(self) -> None:
        """Ann signs out in another browser, which goes to the service provider; its answer is what is sent from now on."""
        self.leaving = self.world.browser(ANN)
        self._signed_on(self.leaving)
        page = self.leaving.client.get(logouts.sign_out(self.leaving))
        visit = self.leaving.client.get(logouts.next_of(page)).headers["Location"]
        asked = logouts.carried(visit, "SAMLRequest").root.get("ID")
        made = (logout_response(self.sp, asked, IssueInstant=self._now) for _ in range(4))
        self.pools["answer"] = [self._genuine("answer", xml) for xml in made]
        self.count("own departures")

    def _signed_on(self, browser: Browser) -> Any:
        self.count("own sign-ons")
        request = self.sp.authn_request(IssueInstant=self._now)
        return posted(browser.sso(self.sp.query(request, sign=names.RSA_SHA256)))

    def _genuine(self, kind: str, xml: str) -> tuple[str, str]:
        """Remember that the service provider said this; return it without and with its signature inside."""
        self.genuine[meaning(xml.encode())] = kind
        return xml, self.sp.enveloped(xml)

    def count(self, what: str) -> None:
        """Count one more of *what*."""
        self.counts[what] = self.counts.get(what, 0) + 1

    # What is sent

    def next(self) -> Sent:
        """Return a message with something done to it; a few are left alone."""
        chance = self.chance
        (kind,) = chance.choices(list(_OFTEN), list(_OFTEN.values()))
        plain, inside = chance.choice(self.pools[kind])
        untouched = chance.random() < _UNTOUCHED
        service = PATHS[kind]
        if not untouched and chance.random() < _ASTRAY:
            service = chance.choice([one for one in PATHS.values() if ("soap" in one) == ("soap" in service)])
        if "SOAP" in kind:
            octets = in_envelope(inside) if untouched else self._envelope(plain, inside)
            return Sent(kind, service, "soap", octets)
        field_ = "SAMLResponse" if kind == "answer" else "SAMLRequest"
        if chance.random() < 0.5:
            said = f"SAMLRequest={quote(encoded(inside), safe='')}" if untouched else self._form(inside)
            return Sent(kind, service, "post", said.replace("SAMLRequest=", f"{field_}=").encode())
        state = None if kind == "answer" else chance.choice([None, "", "state"])
        signed = self._signed(field_, plain, state)
        said = signed if untouched else self._redirect(field_, plain, inside, signed)
        return Sent(kind, service, "redirect", said.encode())

    def _signed(self, field_: str, plain: str, state: str | None, by=None) -> str:
        if field_ == "SAMLRequest":
            return self.sp.query(plain, state, sign=names.RSA_SHA256, by=by)
        return logouts.signed(self.sp, f"{field_}={quote(deflated(plain), safe='')}", by=by)

    def _envelope(self, plain: str, inside: str) -> bytes:
        chance = self.chance
        match chance.randrange(10):
            case 0:
                return in_envelope(chance.choice([plain, self._of_another_kind()]))
            case 1:
                return in_envelope(self.sp.enveloped(plain, by=chance.choice([self.other.pair, pair("nobody")])))
            case 2:
                return in_envelope(inside, after=self._another())
            case 3:
                entry = chance.choice([inside, self._another(), '<x S:mustUnderstand="1"/>'])
                header = f"<S:Header>{entry}</S:Header>"
                return in_envelope(chance.choice([plain, inside]), header=header)
            case 4:
                return mutations.damaged_base64(chance, in_envelope(inside)).encode("utf-8", "surrogatepass")
            case 5 | 6:
                return mutations.in_the_octets(chance, in_envelope(inside))
            case 7:
                envelope = in_envelope(inside).decode().partition("?>")[2]
                return mutations.in_the_tree(chance, envelope, self._another())
            case _:
                return in_envelope(mutations.in_the_tree(chance, inside, self._another()).decode())

    def _form(self, inside: str) -> str:
        chance = self.chance
        match chance.randrange(10):
            case 0:
                return f"SAMLRequest={quote(mutations.damaged_base64(chance, inside.encode()), safe='')}"
            case 1:
                whole = f"SAMLRequest={quote(encoded(inside), safe='')}&RelayState=state"
                return mutations.damaged_query(chance, whole)
            case 2:
                squeezed = mutations.damaged_deflate(chance, inside.encode())
                return f"SAMLRequest={quote(base64.b64encode(squeezed).decode(), safe='')}"
            case 3 | 4:
                return f"SAMLRequest={quote(encoded(mutations.in_the_octets(chance, inside)), safe='')}"
            case 5:  # good perhaps, but hardly here
                return f"SAMLRequest={quote(encoded(self._of_another_kind()), safe='')}"
            case _:
                changed = mutations.in_the_tree(chance, inside, self._another())
                return f"SAMLRequest={quote(encoded(changed), safe='')}"

    def _redirect(self, field_: str, plain: str, inside: str, signed: str) -> str:
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
                return f"{field_}={quote(deflated(changed), safe='')}&RelayState=state"
            case 8:  # both: the signature of the query is another's
                message = deflated(mutations.in_the_tree(chance, inside, self._another()))
            case _:
                return self._signed(field_, plain, "state", chance.choice([self.other.pair, pair("nobody")]))
        return f"{field_}={quote(message, safe='')}&{tail}"

    def _of_another_kind(self) -> str:
        return self.chance.choice(self.chance.choice(self.pools[self.chance.choice(list(PATHS))]))

    def _another(self) -> str:
        return self.chance.choice([self._of_another_kind(), self._of_another_kind(), self.chance.choice(self.foreign)])

    def answered(self, sent: Sent) -> Any:
        """Send it as its sender does, by the browser that it is about; return the answer."""
        address = f"/sites/acme/saml/{sent.service}"
        if sent.binding == "redirect":
            browser = {"sign-on": self.ann, "logout": self.ben, "answer": self.leaving}.get(sent.kind, self.ann)
            return browser.client.get(address, query_string=sent.octets.decode("latin-1"))
        kind = XML if sent.binding == "soap" else FORM
        return self.world.app.test_client().post(address, data=sent.octets, content_type=kind)

    # What comes back

    def judge(self, sent: Sent, answer: Any) -> None:
        """Look at what came back, and let what was taken have its consequences."""
        self.count("sent")
        location = answer.headers.get("Location", "")
        assert EVIL not in location
        assert f'action="{EVIL}' not in answer.text
        if sent.binding == "soap" and answer.status_code != 200:
            self._fault(answer)
        elif answer.status_code == 400:
            refused(answer)
        else:
            self._accepted(sent, answer, location)
            return
        self.count("refused")
        self.count(f"{sent.kind} refused")

    def _fault(self, answer: Any) -> None:
        """Who is not proven to be anyone is told a reference; an error of the server's own looks different."""
        assert answer.status_code in (403, 500)
        (fault,) = etree.fromstring(answer.data).iter(f"{{{SOAP}}}Fault")
        assert "the reference att_" in fault.findtext("faultstring")
        assert "Response" not in answer.text

    def _accepted(self, sent: Sent, answer: Any, location: str) -> None:
        """Only what the service provider really said may have been taken, once, and where it was for."""
        said = meaning(sent.message())
        assert said in self.genuine, "taken, although nobody said it"
        assert said not in self.taken, "taken twice"
        self.taken.add(said)
        kind = self.genuine[said]
        assert sent.service == PATHS[kind]
        self.count(kind)
        match kind:
            case "sign-on":
                self._signed_on_by(sent, said, answer, location)
                return
            case "answer":
                assert (answer.status_code, location[:13]) == (303, "/signout/lgo_")
                self.somebody_leaves()
                return
            case "logout" | "name":
                assert answer.status_code == 303
                assert location.startswith(tuple(f"https://sp.example/{to}?SAMLResponse=" for to in ("slo", "names")))
                self._told(logouts.carried(location))
            case _:
                self._told(Posted("", etree.tostring(message_in(answer.data)), None))
        if kind.startswith("name"):
            self.anns_name()
        else:
            self.bens_turn()

    def _told(self, answer: Posted) -> None:
        late = [["Requester", "UnknownPrincipal"]] if self.at_once else []
        assert answer.statuses in [["Success"], *late]

    def _signed_on_by(self, sent: Sent, said: bytes, answer: Any, location: str) -> None:
        self.pools["sign-on"] = [one for one in self.pools["sign-on"] if meaning(one[0].encode()) != said]
        self.pools["sign-on"].append(self._asked())
        if sent.binding == "post":
            assert (answer.status_code, location[:8]) == (303, "/signin/")
            self.count("stored")
        else:
            told = posted(answer)
            assert (told.action, told.statuses) == (self.sp.acs, ["Success"])
            assert told.one("/samlp:Response/@InResponseTo") == etree.fromstring(said).get("ID")
            self.count("assertions")


@contextmanager
def told(seed: int, number: int, sent: Sent):
    """Say with a failure what caused it."""
    try:
        yield
    except Exception as error:
        error.add_note(f"seed {seed}, message {number}: {sent!r}")
        raise
